package simulated_test

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/simulate"
)

var (
	zone   = time.FixedZone("", 8*3600)
	season = compliance.Season{Start: compliance.DateOf(2024, time.November, 15), End: compliance.DateOf(2025, time.March, 15)}
)

// A season of 60 homes: every fault that is injected is found, and nothing is invented. What is known of sensors that are off is
// taken into account as a desk would: a tester finds them, they are calibrated, and everything is judged again.
func TestSeason(t *testing.T) {
	for _, seed := range seeds(t) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			began := time.Now()
			w := live(t, seed)
			w.judge(t)
			t.Logf("%d lines, %d room minutes compared, %.0f s", w.lines, w.minutes, time.Since(began).Seconds())
		})
	}
}

// seeds are those of NUANJU_SEEDS (3, or 1-10), or one.
func seeds(t *testing.T) (all []uint64) {
	text := os.Getenv("NUANJU_SEEDS")
	if text == "" {
		return []uint64{1}
	}
	first, last, more := strings.Cut(text, "-")
	if !more {
		last = first
	}
	from, err := strconv.ParseUint(first, 10, 32)
	must(t, err)
	to, err := strconv.ParseUint(last, 10, 32)
	must(t, err)
	for s := from; s <= to; s++ {
		all = append(all, s)
	}
	return all
}

// winter is a season that a town has lived through, with what the monitor made of it.
type winter struct {
	*monitor
	town    *simulate.Town
	span    compliance.Interval
	rooms   []*record
	byRoom  map[sensors.RoomID]*record
	aside   map[string][]ledger.Quarantined
	midway  map[string]sensors.Instant // of a gateway's fault: a moment at which was ticked while it lasted
	minutes int
	// sent is what devices whose readings come twice or in disorder measured in that time.
	sent map[string]map[sensors.Instant]float64
}

// live has a town live through the season and a day before it, and the monitor listen: a request an hour, a tick a day.
func live(t *testing.T, seed uint64) *winter {
	t.Helper()
	from := sensors.At(time.Date(2024, 11, 14, 0, 0, 0, 0, zone))
	town, err := simulate.New(simulate.Options{Seed: seed, From: from, Days: 122})
	must(t, err)
	w := &winter{
		monitor: newMonitor(t, town.Registry(), from.Add(-24*time.Hour)), town: town, span: season.In(zone),
		midway: map[string]sensors.Instant{}, sent: map[string]map[sensors.Instant]float64{},
	}
	s := town.Start()
	due := w.agenda()
	hear := w.listen()
	for hour := from.Add(time.Hour); hour <= town.End().Add(time.Hour); hour = hour.Add(time.Hour) {
		for len(due) > 0 && due[0].at <= hour {
			must(t, s.Advance(due[0].at, hear))
			w.receive(due[0].at)
			due[0].do(s)
			due = due[1:]
		}
		must(t, s.Advance(hour, hear))
		w.receive(hour)
		if hour.Time().In(zone).Hour() == 1 {
			w.tick()
		}
	}
	w.aside = w.quarantined()
	return w
}

// listen is the monitor's ear, which notes what is needed later of what it hears.
func (w *winter) listen() func(*simulate.Message) error {
	noted := map[string]simulate.Fault{}
	for _, f := range w.town.Faults() {
		if f.Sign() == simulate.ShowsNothing {
			noted[f.Devices[0]], w.sent[f.Devices[0]] = f, map[sensors.Instant]float64{}
		}
	}
	return func(m *simulate.Message) error {
		if f, ok := noted[m.Owner]; ok && f.Holds(m.At) {
			w.sent[m.Owner][m.At] = m.Value
		}
		return w.hear(m)
	}
}

// task is something that somebody does at a time.
type task struct {
	at sensors.Instant
	do func(*simulate.Simulation)
}

// agenda is what the desk and the testers do: announce stoppages and record them, measure rooms; and ticks while a gateway is
// offline, to see what the monitor says then.
func (w *winter) agenda() (all []task) {
	add := func(at sensors.Instant, do func(*simulate.Simulation)) { all = append(all, task{at, do}) }
	for _, f := range w.town.Faults() {
		switch f.Kind {
		case simulate.StoppagePlanned, simulate.StoppageLong:
			stoppage := func(proof string) {
				w.declare(ledger.Declaration{
					Place:    ledger.Place{Kind: ledger.AtSubstation, ID: f.Substation},
					Stoppage: &compliance.Stoppage{ID: f.ID, Announced: f.Announced, Start: f.From, End: f.To, Proof: proof},
				})
			}
			add(f.Announced, func(*simulate.Simulation) { stoppage("") })
			add(f.To.Add(time.Hour), func(*simulate.Simulation) { stoppage("record " + f.ID) })
		case simulate.SensorOff:
			add(f.Test, func(s *simulate.Simulation) {
				place := slices.IndexFunc(w.town.Rooms(), func(r sensors.Room) bool { return r.RoomID == f.Rooms[0] })
				w.declare(ledger.Declaration{
					Place: ledger.Place{Kind: ledger.AtHousehold, ID: f.Rooms[0].Household},
					Test: &compliance.Test{
						ID: f.ID, Institution: "tester", Accredited: true, CommissionedBy: compliance.Joint, Room: f.Rooms[0].Room,
						Start: f.Test, End: f.Test, Celsius: float64(int(s.Celsius(place)*100)) / 100,
					},
				})
			})
		case simulate.GatewayOffline:
			at := f.From.Add(f.To.Sub(f.From) * 3 / 4)
			w.midway[f.ID] = at
			add(at, func(*simulate.Simulation) { w.tick() })
		}
	}
	slices.SortStableFunc(all, func(a, b task) int { return int(a.at.Sub(b.at) / time.Second) })
	return all
}

// look reads the verdicts of all judged rooms.
func (w *winter) look(t *testing.T) {
	t.Helper()
	said := map[string][]simulate.Message{}
	for _, m := range w.town.Said() {
		said[m.Owner] = append(said[m.Owner], m)
	}
	tiles := map[sensors.RoomID][]ledger.Tile{}
	for _, h := range w.town.Households() {
		all, err := w.ledger.Tiles(t.Context(), h, w.span.Start, w.span.End)
		must(t, err)
		for _, r := range all {
			tiles[sensors.RoomID{Household: h, Room: r.Room}] = r.Tiles
		}
	}
	w.rooms, w.byRoom = nil, map[sensors.RoomID]*record{}
	for i, r := range w.town.Rooms() {
		if !compliance.RoomKind(r.Kind).Judged() {
			continue
		}
		one := &record{id: r.RoomID, place: i, tiles: tiles[r.RoomID], said: said[r.Household]}
		if n := len(one.tiles); n == 0 || one.tiles[0].Start != w.span.Start || one.tiles[n-1].End != w.span.End {
			t.Fatalf("the tiles of %s do not cover the season", r.RoomID)
		}
		w.rooms, w.byRoom[r.RoomID] = append(w.rooms, one), one
	}
}

// judge holds everything against the truth, twice: as it is while sensors that are off are only known to be, and when
// they have been calibrated.
func (w *winter) judge(t *testing.T) {
	t.Helper()
	w.look(t)
	w.doubt(simulate.ClockBehind, simulate.SensorOff)
	d := compare(w.town, w.rooms, w.span.Start, w.span.End)
	w.minutes = d.minutes
	w.report(t, "as received", d)
	if d.doubted == 0 {
		t.Error("no sensor that is off made a warm room look cold: nothing shows that calibrating it helps")
	}
	w.found(t)
	w.unexplained(t)

	calibrated := w.town.Registry()
	calibrated.Calibrations = w.town.Calibrations()
	w.register(calibrated)
	_, err := w.forwarder.Renew(t.Context(), w.places(), "sensors were calibrated")
	must(t, err)
	w.tick()
	w.look(t)
	w.doubt(simulate.ClockBehind)
	w.report(t, "calibrated", compare(w.town, w.rooms, w.span.Start, w.span.End))
}

// doubt notes the times in which sensors with faults of these kinds must not be believed.
func (w *winter) doubt(kinds ...simulate.Kind) {
	for _, f := range w.town.Faults() {
		if slices.Contains(kinds, f.Kind) {
			from, to := f.Doubts()
			r := w.byRoom[f.Rooms[0]]
			r.doubts = append(r.doubts, compliance.Interval{Start: from, End: to})
		}
	}
}

// report fails the test for what was invented or missed.
func (w *winter) report(t *testing.T, when string, d difference) {
	t.Helper()
	below := 0
	for _, r := range w.rooms {
		for _, tile := range r.tiles {
			if tile.Status == compliance.Below {
				below++
			}
		}
	}
	t.Logf("%s: %d tiles below, %d invented, %d more of sensors known to be at fault, %d minutes below without cold, %d minutes of cold missed",
		when, below, len(d.invented), d.doubted, d.early, d.missed)
	for _, tile := range d.invented[:min(len(d.invented), 10)] {
		t.Error("invented:", tile)
	}
	if below == 0 || d.early > 0 || d.missed > 0 || len(d.invented) > 0 {
		t.Errorf("%s: %d tiles below, %d invented, %d and %d minutes", when, below, len(d.invented), d.early, d.missed)
	}
}
