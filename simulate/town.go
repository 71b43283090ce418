package simulate

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/nuanju/nuanju/ledger/registrycsv"
	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/ingest"
)

// What a sensor says is never farther than SensorError (°C) from some true temperature of the SensorLag before it, unless a
// fault says otherwise.
const (
	SensorError = 0.4
	SensorLag   = 45 * time.Minute
)

// Options are what a town is made of. Two towns of equal options are equal in every byte.
type Options struct {
	Seed      uint64
	Homes     int             // 0: 60; at most MaxHomes
	Buildings int             // 0: one for each 20 homes
	From      sensors.Instant // when it begins; a local midnight is best
	Days      int             // in which faults happen; the town goes on living afterwards. 0: 121
	Policy    string          // that judges the homes. Empty: beijing-metered
	Station   string          // whose observations that policy takes. Empty: beijing
	Zone      *time.Location  // of people's days. Nil: UTC+8
	Weather   Weather         // nil: a winter of the seed's, into which cold spells are injected
	DeepCold  bool            // the seed's winter is always in the middle of January, whatever the date
	Faults    []Kind          // which are injected; nil: every kind; empty and not nil: none
	Planned   []Planned       // faults at places and times of the caller's choice, beside those
}

// MaxHomes bounds a town: what it costs grows with its homes.
const MaxHomes = 20_000

// Town is a town as it was drawn: its homes and its faults, before anything happens. It never changes.
type Town struct {
	options   Options
	dice      dice
	offset    time.Duration
	weather   Weather
	buildings []building
	homes     []home
	rooms     []room // as they are at the beginning
	places    []sensors.Room
	sensors   []sensor // of each room
	faults    []Fault
}

type building struct {
	id, substation string
	area           float64
}

type home struct {
	id           string
	building     int
	riser        string
	first, after int       // its rooms
	area         float64   // m², of its rooms
	comfort      float64   // °C that its people set the valve to
	airs         bool      // whether they open a window in the morning
	said         []demand  // in order of time
	away         [2]minute // when it is off
}

// demand is what a household says.
type demand struct {
	at       sensors.Instant
	setpoint bool
	celsius  float64
	on       bool
}

// minute counts from the beginning of the town.
type minute = int64

// New draws a town. It is an error if the options are impossible.
func New(o Options) (*Town, error) {
	o.Homes, o.Days = cmp.Or(o.Homes, 60), cmp.Or(o.Days, 121)
	o.Buildings = cmp.Or(o.Buildings, max(1, (o.Homes+10)/20))
	o.Policy, o.Station = cmp.Or(o.Policy, "beijing-metered"), cmp.Or(o.Station, "beijing")
	if o.Zone == nil {
		o.Zone = time.FixedZone("UTC+8", 8*3600)
	}
	switch {
	case o.Homes < 1 || o.Homes > MaxHomes:
		return nil, fmt.Errorf("%d homes: want 1 to %d", o.Homes, MaxHomes)
	case o.Buildings < 1 || o.Buildings > o.Homes:
		return nil, fmt.Errorf("%d buildings for %d homes", o.Buildings, o.Homes)
	case o.Days < 1 || o.Days > 366:
		return nil, fmt.Errorf("%d days: want 1 to 366", o.Days)
	case o.From <= sensors.Earliest || o.From > sensors.Latest.Add(-800*day):
		return nil, errors.New("it must begin between 1970 and 2258")
	}
	_, seconds := o.From.Time().In(o.Zone).Zone()
	t := &Town{options: o, dice: dice(o.Seed), offset: time.Duration(seconds) * time.Second, weather: o.Weather}
	t.build()
	return t, t.plan()
}

// build draws the buildings and their homes.
func (t *Town) build() {
	for b := range t.options.Buildings {
		id := "b" + strconv.Itoa(b+1)
		t.buildings = append(t.buildings, building{id: id, substation: "s" + strconv.Itoa(b/2+1)})
		homes := t.options.Homes*(b+1)/t.options.Buildings - t.options.Homes*b/t.options.Buildings
		beside := max(2, (homes+5)/6) // on a storey
		storeys := (homes + beside - 1) / beside
		for k := range homes {
			at := site{storey: k/beside + 1, storeys: storeys, corner: k%beside == 0 || k%beside == beside-1}
			t.addHome(b, k%beside+1, at)
		}
	}
}

// addHome draws a home: a living room to the south, a bedroom or two, and now and then a kitchen with a sensor, which is
// shown and not judged.
func (t *Town) addHome(b, door int, at site) {
	id := fmt.Sprintf("%s-%d%02d", t.buildings[b].id, at.storey, door)
	d := t.dice.of("home " + id)
	h := home{
		id: id, building: b, riser: fmt.Sprintf("%s-r%d", t.buildings[b].id, door), first: len(t.rooms),
		comfort: d.between(1, 19.6, 22.5), airs: d.unit(2) < 0.4,
	}
	add := func(name string, kind sensors.RoomKind, area, sunny float64) {
		rd := t.dice.of("room " + id + "/" + name)
		r := newRoom(rd, area, at, sunny, rd.between(3, 1.10, 1.25))
		t.rooms = append(t.rooms, r)
		t.places = append(t.places, sensors.Room{
			RoomID: sensors.RoomID{Household: id, Room: name}, Kind: kind, Area: strconv.FormatFloat(area, 'f', 1, 64),
		})
		t.sensors = append(t.sensors, newSensor(t.dice, id, name))
		t.buildings[b].area += area
		h.area += area
	}
	tenths := func(n int64, low, high float64) float64 { return float64(int(d.between(n, low, high)*10)) / 10 }
	add("living", sensors.LivingRoom, tenths(3, 16, 26), 1)
	add("bedroom", sensors.Bedroom, tenths(4, 11, 17), 0)
	if d.unit(5) < 0.5 {
		add("bedroom2", sensors.Bedroom, tenths(6, 9, 13), 0.5)
	}
	if d.unit(7) < 0.1 {
		add("kitchen", sensors.Kitchen, tenths(8, 5, 8), 0)
	}
	h.after = len(t.rooms)
	t.live(d, &h)
	for i := h.first; i < h.after; i++ {
		t.rooms[i].mass, t.rooms[i].air = h.comfort, h.comfort+0.2
	}
	t.homes = append(t.homes, h)
}

// live draws what a household asks for. A few ask for less than the standard for some weeks; a few are away for a night, with the heat off.
func (t *Town) live(d dice, h *home) {
	span := t.options.Days
	switch lot := d.unit(10); {
	case lot < 0.07 && span >= 10:
		from := 1 + d.below(11, span-8)
		to := min(from+3+d.below(12, 18), span-2)
		low := 16 + float64(d.below(13, 3))/2
		h.said = []demand{
			{at: t.at(from, 9, 30), setpoint: true, celsius: low},
			{at: t.at(to, 19, 15), setpoint: true, celsius: 20},
		}
	case lot < 0.11 && span >= 10:
		from := 2 + d.below(11, span-5)
		h.said = []demand{{at: t.at(from, 8, 0)}, {at: t.at(from+1, 18, 0), on: true}}
		h.away = [2]minute{t.minutes(h.said[0].at), t.minutes(h.said[1].at)}
	}
}

// at is a time of the n-th day from the beginning, in people's zone.
func (t *Town) at(n, hour, minutes int) sensors.Instant {
	y, m, d := t.options.From.Time().In(t.options.Zone).Date()
	return sensors.At(time.Date(y, m, d+n, hour, minutes, 0, 0, t.options.Zone))
}

func (t *Town) minutes(at sensors.Instant) minute { return int64(at.Sub(t.options.From) / time.Minute) }

// End is when the days are over in which faults happen.
func (t *Town) End() sensors.Instant { return t.at(t.options.Days, 0, 0) }

// Rooms are the town's rooms, in the order in which a Simulation tells their temperatures.
func (t *Town) Rooms() []sensors.Room { return slices.Clone(t.places) }

// Device is the id of the i-th room's sensor.
func (t *Town) Device(i int) string { return t.sensors[i].id }

// Faults are all that will go wrong, in order of time: the truth.
func (t *Town) Faults() []Fault { return slices.Clone(t.faults) }

// Registry is the town as its supplier registers it. Names and numbers are nobody's.
func (t *Town) Registry() *registrycsv.Registry {
	r := new(registrycsv.Registry)
	r.Stations = []registrycsv.Station{{ID: t.options.Station, Name: "模拟气象站"}}
	installed := t.options.From.Add(-30 * day)
	assign := func(device string, to sensors.Target) {
		r.Devices = append(r.Devices, sensors.Device{ID: device, Model: "simulated"})
		r.Assignments = append(r.Assignments, sensors.Assignment{Device: device, Target: to, From: installed, To: sensors.Forever})
	}
	for i, b := range t.buildings {
		if n := len(r.Substations); n == 0 || r.Substations[n-1].ID != b.substation {
			r.Substations = append(r.Substations, sensors.Substation{ID: b.substation, Name: fmt.Sprintf("第%d换热站", n+1)})
		}
		r.Buildings = append(r.Buildings, sensors.Building{
			ID: b.id, Substation: b.substation, Name: fmt.Sprintf("%d号楼", i+1), Address: fmt.Sprintf("暖苑小区%d号楼", i+1),
		})
		r.HeatMeters = append(r.HeatMeters, sensors.HeatMeter{ID: "m-" + b.id, Building: b.id})
		assign(meterDevice(b.id), sensors.OnMeter("m-"+b.id))
	}
	risers := map[string]bool{}
	for i, h := range t.homes {
		if !risers[h.riser] {
			risers[h.riser] = true
			r.Risers = append(r.Risers, sensors.Riser{ID: h.riser, Building: t.buildings[h.building].id})
		}
		for j := h.first; j < h.after; j++ {
			r.Rooms = append(r.Rooms, t.places[j])
			assign(t.sensors[j].id, sensors.InRoom(t.places[j].RoomID))
		}
		r.Households = append(r.Households, sensors.Household{
			ID: h.id, Building: t.buildings[h.building].id, Riser: h.riser, Account: fmt.Sprintf("9%09d", 1000+i*37),
			Area: strconv.FormatFloat(h.area*1.25, 'f', 2, 64), BuildingArea: strconv.FormatFloat(h.area*1.33, 'f', 2, 64), Policy: t.options.Policy,
		})
	}
	return r
}

func meterDevice(building string) string { return "heat-" + building }

// Households are the ids of the town's homes.
func (t *Town) Households() []string {
	ids := make([]string, len(t.homes))
	for i, h := range t.homes {
		ids[i] = h.id
	}
	return ids
}

// Said is what households ask for in all the days of the town, in order of time by household: demand for heat and setpoints, as
// Heating and Setpoint messages.
func (t *Town) Said() (all []Message) {
	for i := range t.homes {
		for _, d := range t.homes[i].said {
			all = append(all, d.message(&t.homes[i]))
		}
	}
	return all
}

func (d demand) message(h *home) Message {
	m := Message{Kind: ingest.Heating, Owner: h.id, At: d.at, Sent: d.at.Add(4 * time.Second), On: d.on}
	if d.setpoint {
		m.Kind, m.Value = ingest.Setpoint, d.celsius
	}
	return m
}
