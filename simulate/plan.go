package simulate

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/nuanju/nuanju/sensors"
)

// scope is what a kind of fault befalls.
type scope int

const (
	everywhere scope = iota
	ofSubstation
	ofRiser
	ofBuilding
	ofMeter
	ofRoom
)

// habit is how a kind of fault comes about.
type habit struct {
	kind     Kind
	scope    scope
	shortest time.Duration
	longest  time.Duration
	// rest is how long before and after it nothing else befalls its homes: as long as rooms take to forget it.
	rest time.Duration
	// most is how many a season has; 0: one for each 40 days.
	most int
	// cold: it comes in the coldest of several nights, since it must be felt to be found.
	cold bool
}

// habits are in order of planning: what befalls many homes first.
var habits = []habit{
	{ColdSpell, everywhere, 72 * time.Hour, 96 * time.Hour, 40 * time.Hour, 2, true},
	{SubstationWeak, ofSubstation, 60 * time.Hour, 84 * time.Hour, 24 * time.Hour, 0, true},
	{StoppagePlanned, ofSubstation, 5 * time.Hour, 6 * time.Hour, 18 * time.Hour, 2, true},
	{StoppageLong, ofSubstation, 8 * time.Hour, 11 * time.Hour, 18 * time.Hour, 1, true},
	{StoppageUnannounced, ofSubstation, 8 * time.Hour, 12 * time.Hour, 18 * time.Hour, 0, true},
	{RiserBlocked, ofRiser, 40 * time.Hour, 72 * time.Hour, 24 * time.Hour, 0, true},
	{GatewayOffline, ofBuilding, 4 * time.Hour, 20 * time.Hour, 3 * time.Hour, 0, false},
	{MeterReset, ofMeter, day, day, 3 * time.Hour, 0, false},
	{ValveStuck, ofRoom, 48 * time.Hour, 96 * time.Hour, 24 * time.Hour, 0, true},
	{WindowOpen, ofRoom, 2 * time.Hour, 5 * time.Hour, 12 * time.Hour, 0, true},
	{SensorOff, ofRoom, 5 * day / 2, 9 * day, 6 * time.Hour, 0, false},
	{SensorDead, ofRoom, 5 * time.Hour, 40 * time.Hour, 3 * time.Hour, 0, false},
	{SensorGarbage, ofRoom, 3 * time.Hour, 12 * time.Hour, 3 * time.Hour, 0, false},
	{SensorStale, ofRoom, 4 * time.Hour, 20 * time.Hour, 3 * time.Hour, 0, false},
	{ClockAhead, ofRoom, 6 * time.Hour, 48 * time.Hour, 3 * time.Hour, 0, false},
	{ClockBehind, ofRoom, 24 * time.Hour, 72 * time.Hour, 12 * time.Hour, 0, false},
	{Duplicates, ofRoom, 12 * time.Hour, 48 * time.Hour, 3 * time.Hour, 0, false},
	{OutOfOrder, ofRoom, 12 * time.Hour, 48 * time.Hour, 3 * time.Hour, 0, false},
	{Conflicts, ofRoom, 3 * time.Hour, 24 * time.Hour, 3 * time.Hour, 0, false},
}

const (
	// tries is how many places and times are looked at for a fault; one that finds none is not injected.
	tries = 400
	// nights is how many of them are compared for the coldest.
	nights = 12
	// warmest is the mean outdoors, °C, in which a fault of heat is felt.
	warmest = 3.0
)

// plan draws the faults.
func (t *Town) plan() error {
	var natural *winter
	if t.weather == nil {
		natural = newWinter(t.dice.of("weather"), t.offset, t.options.DeepCold)
		t.weather = natural
	}
	if !t.weather.Covers(t.options.From, t.End()) {
		return fmt.Errorf("the weather does not cover %s to %s", t.options.From.Time().Format(time.DateOnly), t.End().Time().Format(time.DateOnly))
	}
	for n := range t.options.Planned {
		f, err := t.order(n, &t.options.Planned[n])
		if err != nil {
			return err
		}
		t.faults = append(t.faults, f)
	}
	for _, h := range habits {
		if t.options.Faults != nil && !slices.Contains(t.options.Faults, h.kind) || h.kind == ColdSpell && natural == nil {
			continue
		}
		count := max(1, t.options.Days/40)
		if h.most > 0 {
			count = min(count, h.most)
		}
		for n := range count {
			if f, ok := t.draw(&h, n); ok {
				t.faults = append(t.faults, f)
			}
		}
	}
	slices.SortStableFunc(t.faults, func(a, b Fault) int { return cmp.Compare(a.From, b.From) })
	if natural != nil {
		for _, f := range t.faults {
			if f.Kind == ColdSpell {
				natural.spells = append(natural.spells, f)
			}
		}
	}
	return nil
}

// draw finds a place and a time for the n-th fault of a kind.
func (t *Town) draw(h *habit, n int) (best Fault, ok bool) {
	d := t.dice.of(fmt.Sprintf("fault %s %d", h.kind, n))
	coldest, seen := 0.0, 0
	for try := range int64(tries) {
		f := t.candidate(d, h, try)
		if f.To > t.End().Add(-36*time.Hour) || f.From < t.options.From.Add(36*time.Hour) || !t.free(h, &f) {
			continue
		}
		if !h.cold {
			best, ok = f, true
			break
		}
		mean := t.mean(f.From, f.To)
		if !ok || mean < coldest {
			best, coldest, ok = f, mean, true
		}
		if seen++; seen >= nights && coldest < warmest {
			break
		}
	}
	if !ok || h.cold && h.kind != ColdSpell && coldest >= warmest {
		return Fault{}, false
	}
	best.ID = fmt.Sprintf("%s-%d", h.kind, n+1)
	t.detail(d, n, &best)
	return best, true
}

// mean is the mean temperature outdoors.
func (t *Town) mean(from, to sensors.Instant) float64 {
	sum, n := 0.0, 0
	for at := from; at < to; at = at.Add(time.Hour) {
		celsius, _ := t.weather.At(at)
		sum, n = sum+celsius, n+1
	}
	return sum / float64(max(1, n))
}

// candidate is a fault at some place and time.
func (t *Town) candidate(d dice, h *habit, try int64) Fault {
	d = dice(mix(uint64(d) ^ mix(uint64(try))))
	length := time.Duration(d.between(1, float64(h.shortest), float64(h.longest+time.Minute))).Truncate(time.Minute)
	if h.scope == ofRoom && h.longest > day { // a town of two weeks has no sensor that is off for one and a half
		length = min(length, time.Duration(t.options.Days)*day/4).Truncate(time.Minute)
	}
	from := t.at(d.below(2, t.options.Days), d.below(3, 24), d.below(4, 60))
	switch h.kind {
	case ColdSpell: // whole days: a half day's mean is no fault's but the weather's
		from, length = t.at(d.below(2, t.options.Days), 0, 0), length.Truncate(day)
	case StoppagePlanned, StoppageLong, StoppageUnannounced, WindowOpen:
		from = t.at(d.below(2, t.options.Days), 20+d.below(3, 7), d.below(4, 60)) // the coldest hours
	}
	f := Fault{Kind: h.kind, From: from, To: from.Add(length)}
	t.befall(d, h.scope, &f)
	return f
}

// befall chooses the place of a fault.
func (t *Town) befall(d dice, s scope, f *Fault) {
	switch s {
	case everywhere:
		t.affect(f, func(*home) bool { return true })
	case ofSubstation:
		f.Substation = t.buildings[d.below(5, len(t.buildings))].substation
		f.Place = f.Substation
		t.affect(f, func(h *home) bool { return t.buildings[h.building].substation == f.Substation })
	case ofRiser:
		f.Place = t.homes[d.below(5, len(t.homes))].riser
		t.affect(f, func(h *home) bool { return h.riser == f.Place })
	case ofBuilding:
		b := d.below(5, len(t.buildings))
		f.Place = t.buildings[b].id
		t.affect(f, func(h *home) bool { return h.building == b })
		f.Devices = append(f.Devices, meterDevice(f.Place))
	case ofMeter:
		b := t.buildings[d.below(5, len(t.buildings))].id
		f.Place, f.Devices = "m-"+b, []string{meterDevice(b)}
	case ofRoom:
		t.inRoom(f, d.below(5, len(t.rooms)))
	}
}

// inRoom makes it a fault of one room.
func (t *Town) inRoom(f *Fault, i int) {
	f.Place, f.rooms, f.Rooms = t.places[i].RoomID.String(), []int{i}, []sensors.RoomID{t.places[i].RoomID}
	f.Devices = []string{t.sensors[i].id}
	f.homes = []int{slices.IndexFunc(t.homes, func(h home) bool { return h.first <= i && i < h.after })}
}

// affect adds homes with their rooms and devices.
func (t *Town) affect(f *Fault, which func(*home) bool) {
	for i := range t.homes {
		h := &t.homes[i]
		if !which(h) {
			continue
		}
		f.homes = append(f.homes, i)
		for j := h.first; j < h.after; j++ {
			f.rooms, f.Rooms, f.Devices = append(f.rooms, j), append(f.Rooms, t.places[j].RoomID), append(f.Devices, t.sensors[j].id)
		}
	}
}

// free reports whether nothing else befalls the fault's homes near it, and, of a single room, whether it is judged and its
// people stay at home and ask for the standard: a fault that nothing is owed in cannot show.
func (t *Town) free(h *habit, f *Fault) bool {
	if h.scope == ofRoom {
		i := f.rooms[0]
		if k := t.places[i].Kind; k != sensors.Bedroom && k != sensors.LivingRoom || len(t.homes[f.homes[0]].said) > 0 {
			return false
		}
	}
	for i := range t.faults {
		o := &t.faults[i]
		rest := max(h.rest, habits[slices.IndexFunc(habits, func(h habit) bool { return h.kind == o.Kind })].rest)
		if f.From < o.To.Add(rest) && o.From < f.To.Add(rest) && (f.Place == o.Place || meet(f.homes, o.homes)) {
			return false
		}
	}
	return true
}

// meet reports whether two ordered lists have something in common.
func meet(a, b []int) bool {
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] == b[j]:
			return true
		case a[i] < b[j]:
			i++
		default:
			j++
		}
	}
	return false
}

// detail draws how bad the n-th of its kind is.
func (t *Town) detail(d dice, n int, f *Fault) {
	switch f.Kind {
	case RiserBlocked:
		f.Size = d.between(20, 0.05, 0.12)
	case SubstationWeak:
		f.Size = d.between(20, 0.2, 0.35)
	case StoppagePlanned, StoppageLong:
		f.Announced = f.From.Add(-time.Duration(24+d.below(20, 48)) * time.Hour)
	case SensorOff:
		f.Size = float64(int(d.between(20, 8, 21))) / 10 // 0.8 to 2.0
		if d.unit(21) < 0.5 {
			f.Size = -f.Size
		}
		if n == 0 { // so broken that a warm room reads as a cold one
			f.Size = -3 - math.Abs(f.Size)
		}
		f.Test = f.From.Add(f.To.Sub(f.From) / 2).Add(-time.Duration(f.From.Add(f.To.Sub(f.From)/2)) % time.Minute)
	}
}
