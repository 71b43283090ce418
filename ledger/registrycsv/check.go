package registrycsv

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/nuanju/nuanju/sensors"
)

// Check says what is wrong with what the rows refer to: two rows for one thing, things that neither the files nor the registry
// know, periods that end before they begin. Policies, unless empty, are the names that a household's may have. Problems
// come by file and line.
func Check(known *Registry, d *Declared, policies []string) Problems {
	c := checker{d: d, all: index(known, &d.Registry)}
	c.twice()
	c.places(policies)
	c.meters()
	c.assignments()
	for i, k := range d.Calibrations {
		c.needs(Calibrations, i, "device", k.Device, c.all.devices)
	}
	slices.SortStableFunc(c.problems, func(a, b Problem) int { return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line)) })
	return c.problems
}

type checker struct {
	d        *Declared
	all      things
	problems Problems
}

func (c *checker) wrong(file string, i int, format string, args ...any) {
	c.problems = append(c.problems, Problem{file, c.d.Line(file, i), fmt.Sprintf(format, args...)})
}

// needs reports a thing that nobody declared.
func (c *checker) needs(file string, i int, what, id string, there map[string]bool) {
	if id != "" && !there[id] {
		c.wrong(file, i, "%s: no %s %q is registered", what, what, id)
	}
}

// things is every id, of the registry and the files together.
type things struct {
	substations, buildings, risers, households, meters, devices, stations map[string]bool
	rooms                                                                 map[sensors.RoomID]bool
	riserOf                                                               map[string]string // the building of a riser
}

func index(registries ...*Registry) things {
	t := things{
		map[string]bool{},
		map[string]bool{},
		map[string]bool{},
		map[string]bool{},
		map[string]bool{},
		map[string]bool{},
		map[string]bool{},
		map[sensors.RoomID]bool{},
		map[string]string{},
	}
	for _, r := range registries {
		add(t.substations, r.Substations, func(v sensors.Substation) string { return v.ID })
		add(t.buildings, r.Buildings, func(v sensors.Building) string { return v.ID })
		add(t.risers, r.Risers, func(v sensors.Riser) string { return v.ID })
		add(t.households, r.Households, func(v sensors.Household) string { return v.ID })
		add(t.meters, r.HeatMeters, func(v sensors.HeatMeter) string { return v.ID })
		add(t.devices, r.Devices, func(v sensors.Device) string { return v.ID })
		add(t.stations, r.Stations, func(v Station) string { return v.ID })
		add(t.rooms, r.Rooms, func(v sensors.Room) sensors.RoomID { return v.RoomID })
		for _, v := range r.Risers {
			t.riserOf[v.ID] = v.Building
		}
	}
	return t
}

func add[T any, K comparable](to map[K]bool, rows []T, key func(T) K) {
	for _, v := range rows {
		to[key(v)] = true
	}
}

// twice reports rows that declare one thing again.
func (c *checker) twice() {
	type dated struct {
		device string
		from   sensors.Instant
	}
	again(c, Substations, c.d.Substations, "substation", func(v sensors.Substation) string { return v.ID })
	again(c, Buildings, c.d.Buildings, "building", func(v sensors.Building) string { return v.ID })
	again(c, Risers, c.d.Risers, "riser", func(v sensors.Riser) string { return v.ID })
	again(c, Households, c.d.Households, "household", func(v sensors.Household) string { return v.ID })
	again(c, Rooms, c.d.Rooms, "room", func(v sensors.Room) sensors.RoomID { return v.RoomID })
	again(c, HeatMeters, c.d.HeatMeters, "heat meter", func(v sensors.HeatMeter) string { return v.ID })
	again(c, Devices, c.d.Devices, "device", func(v sensors.Device) string { return v.ID })
	again(c, Stations, c.d.Stations, "station", func(v Station) string { return v.ID })
	again(c, Assignments, c.d.Assignments, "assignment of one device from one time", func(v sensors.Assignment) dated { return dated{v.Device, v.From} })
	again(c, Calibrations, c.d.Calibrations, "calibration of one device from one time", func(v sensors.Calibration) dated { return dated{v.Device, v.From} })
}

func again[T any, K comparable](c *checker, file string, rows []T, what string, key func(T) K) {
	first := make(map[K]int, len(rows))
	for i, v := range rows {
		if j, ok := first[key(v)]; ok {
			c.wrong(file, i, "the same %s as in line %d", what, c.d.Line(file, j))
			continue
		}
		first[key(v)] = i
	}
}

func (c *checker) places(policies []string) {
	for i, v := range c.d.Buildings {
		c.needs(Buildings, i, "substation", v.Substation, c.all.substations)
	}
	for i, v := range c.d.Risers {
		c.needs(Risers, i, "building", v.Building, c.all.buildings)
	}
	for i, v := range c.d.Households {
		c.needs(Households, i, "building", v.Building, c.all.buildings)
		c.needs(Households, i, "riser", v.Riser, c.all.risers)
		if b, ok := c.all.riserOf[v.Riser]; ok && b != v.Building {
			c.wrong(Households, i, "riser: %q is in building %q", v.Riser, b)
		}
		if len(policies) > 0 && !slices.Contains(policies, v.Policy) {
			c.wrong(Households, i, "policy: no policy %q is there", v.Policy)
		}
	}
	for i, v := range c.d.Rooms {
		c.needs(Rooms, i, "household", v.Household, c.all.households)
	}
}

func (c *checker) meters() {
	for i, v := range c.d.HeatMeters {
		if (v.Building == "") == (v.Household == "") {
			c.wrong(HeatMeters, i, "it measures a building or a household: one of the two is given")
		}
		c.needs(HeatMeters, i, "building", v.Building, c.all.buildings)
		c.needs(HeatMeters, i, "household", v.Household, c.all.households)
	}
}

func (c *checker) assignments() {
	for i, a := range c.d.Assignments {
		c.needs(Assignments, i, "device", a.Device, c.all.devices)
		if a.To <= a.From {
			c.wrong(Assignments, i, "to: it ends at %s, before it begins or as it does", a.To.Time().Format(time.RFC3339Nano))
		}
		room, isRoom := a.Target.RoomID()
		switch {
		case isRoom && room.Room == "":
			c.wrong(Assignments, i, "room: it is missing")
		case isRoom && !c.all.rooms[room]:
			c.wrong(Assignments, i, "room: no room %q of household %q is registered", room.Room, room.Household)
		case !isRoom && a.Target.Room != "":
			c.wrong(Assignments, i, "room: a %s has none", a.Target.Kind)
		case a.Target.Kind == sensors.MeterTarget:
			c.needs(Assignments, i, "heat meter", a.Target.ID, c.all.meters)
		case a.Target.Kind == sensors.StationTarget:
			c.needs(Assignments, i, "station", a.Target.ID, c.all.stations)
		}
	}
}
