package intake

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/ingest"
)

// Audience is households that are judged by what a station observes, and the zone of their policy's days.
type Audience struct {
	Zone       *time.Location
	Households []string
}

// Places is what the registry says of whom a reading concerns. It never changes: a new state of the registry is a new Places.
type Places struct {
	resolver    *sensors.Resolver
	devices     map[string]bool
	households  map[string]string // to their buildings
	rooms       map[sensors.RoomID]bool
	meters      map[string]sensors.HeatMeter
	stations    map[string][]Audience
	assignments map[string][]sensors.Assignment
}

// NewPlaces indexes a registry. The stations are all that are known, with those who are judged by them. The registry must
// not be changed afterwards.
func NewPlaces(r *sensors.Registry, stations map[string][]Audience) *Places {
	p := &Places{
		resolver:    sensors.NewResolver(r.Assignments, r.Calibrations),
		devices:     make(map[string]bool, len(r.Devices)),
		households:  make(map[string]string, len(r.Households)),
		rooms:       make(map[sensors.RoomID]bool, len(r.Rooms)),
		meters:      make(map[string]sensors.HeatMeter, len(r.HeatMeters)),
		stations:    stations,
		assignments: make(map[string][]sensors.Assignment),
	}
	for _, d := range r.Devices {
		p.devices[d.ID] = true
	}
	for _, h := range r.Households {
		p.households[h.ID] = h.Building
	}
	for _, room := range r.Rooms {
		p.rooms[room.RoomID] = true
	}
	for _, m := range r.HeatMeters {
		p.meters[m.ID] = m
	}
	for _, a := range r.Assignments {
		p.assignments[a.Device] = append(p.assignments[a.Device], a)
	}
	return p
}

// home is whom a record concerns: a household, or one that is "" and a building, or neither.
func (p *Places) home(r *ingest.Record) (household, building string) {
	switch r.Kind {
	case ingest.Temperature, ingest.HeatMeter:
		a, ok := p.resolver.Place(r.Owner, r.At)
		if !ok {
			return "", ""
		}
		switch a.Target.Kind {
		case sensors.RoomTarget:
			household = a.Target.ID
		case sensors.MeterTarget:
			m := p.meters[a.Target.ID]
			household, building = m.Household, m.Building
		}
	case ingest.Heating, ingest.Setpoint, ingest.Valve:
		household = r.Owner
	}
	if household != "" {
		building = p.households[household]
	}
	return household, building
}

// doubt is why the registry does not say whom a record concerns, or "" if it does.
func (p *Places) doubt(r *ingest.Record) string {
	switch r.Kind {
	case ingest.Temperature, ingest.HeatMeter:
		if !p.devices[r.Owner] {
			return UnknownDevice
		}
		if _, ok := p.resolver.Place(r.Owner, r.At); !ok {
			return UnassignedDevice
		}
	case ingest.Outdoor:
		if _, ok := p.stations[r.Owner]; !ok {
			return UnknownStation
		}
	default:
		if _, ok := p.households[r.Owner]; !ok {
			return UnknownHousehold
		}
		if r.Room != "" && !p.rooms[sensors.RoomID{Household: r.Owner, Room: r.Room}] {
			return UnknownRoom
		}
	}
	return ""
}

// The subjects of the log that are not a household's id begin so. A household whose id does is written with its kind, too.
const (
	deviceSubject    = "device/"
	stationSubject   = "station/"
	householdSubject = "household/"
)

// subject is whom the log says that a record is about: its household, or the device or the station if it is of none.
func (p *Places) subject(r *ingest.Record) string {
	if r.Kind == ingest.Outdoor {
		return stationSubject + r.Owner
	}
	household, _ := p.home(r)
	switch {
	case household == "":
		return deviceSubject + r.Owner
	case household == "ledger", strings.IndexByte(household, '/') >= 0 && reservedSubject(household):
		return householdSubject + household
	}
	return household
}

func reservedSubject(id string) bool {
	return slices.ContainsFunc([]string{deviceSubject, stationSubject, householdSubject, "log/"},
		func(prefix string) bool { return strings.HasPrefix(id, prefix) })
}

// marks collects which households have to be judged again, from the earliest instant that a record reaches.
type marks struct {
	places     *Places
	households map[string]sensors.Instant
	stations   map[string]sensors.Instant
}

func newMarks(p *Places) *marks {
	return &marks{p, make(map[string]sensors.Instant), make(map[string]sensors.Instant)}
}

// add marks those whom a record judges. A room's reading, a switch and a setpoint change nothing before their time. Registers
// and valves judge nobody: billing reads them when it counts.
func (m *marks) add(r *ingest.Record) {
	switch r.Kind {
	case ingest.Temperature:
		a, ok := m.places.resolver.Place(r.Owner, r.At)
		switch {
		case ok && a.Target.Kind == sensors.RoomTarget:
			earlier(m.households, a.Target.ID, r.At)
		case ok && a.Target.Kind == sensors.StationTarget:
			earlier(m.stations, a.Target.ID, r.At)
		}
	case ingest.Outdoor:
		earlier(m.stations, r.Owner, r.At)
	case ingest.Heating, ingest.Setpoint:
		earlier(m.households, r.Owner, r.At)
	}
}

func earlier(all map[string]sensors.Instant, name string, at sensors.Instant) {
	if old, ok := all[name]; !ok || at < old {
		all[name] = at
	}
}

// list is what was collected. An observation reaches back to the start of its local day, whose mean it is part of (A7.2.2④).
func (m *marks) list() []Mark {
	for station, at := range m.stations {
		for _, audience := range m.places.stations[station] {
			y, month, d := at.Time().In(audience.Zone).Date()
			from := sensors.At(time.Date(y, month, d, 0, 0, 0, 0, audience.Zone))
			for _, h := range audience.Households {
				earlier(m.households, h, from)
			}
		}
	}
	all := make([]Mark, 0, len(m.households))
	for household, from := range m.households {
		all = append(all, Mark{household, from})
	}
	return all
}

// moved is the households in which a device is or was by an assignment that only one of two states of the registry has.
func moved(before, after *Places) []Mark {
	all := make(map[string]sensors.Instant)
	note := func(some, others *Places) {
		for device, assignments := range some.assignments {
			for _, a := range assignments {
				if room, ok := a.Target.RoomID(); ok && !slices.Contains(others.assignments[device], a) {
					earlier(all, room.Household, a.From)
				}
			}
		}
	}
	note(before, after)
	note(after, before)
	marks := make([]Mark, 0, len(all))
	for household, from := range all {
		marks = append(marks, Mark{household, from})
	}
	return marks
}

// mended is the ids of devices, stations and households of which the registry says something that it did not say before.
func mended(before, after *Places) []string {
	all := make(map[string]bool)
	added(all, before.devices, after.devices)
	added(all, before.households, after.households)
	added(all, before.stations, after.stations)
	for room := range after.rooms {
		if !before.rooms[room] {
			all[room.Household] = true
		}
	}
	for device, assignments := range after.assignments {
		if !slices.Equal(before.assignments[device], assignments) {
			all[device] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

func added[V any](all map[string]bool, before, after map[string]V) {
	for id := range after {
		if _, ok := before[id]; !ok {
			all[id] = true
		}
	}
}
