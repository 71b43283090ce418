package checker_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/compliance/checker"
	"github.com/nuanju/nuanju/configs"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/blocks"
	"github.com/nuanju/nuanju/sensors/ingest"
	"github.com/nuanju/nuanju/sensors/intake"
)

// town is homes with a real store and a real ledger, in which tests say what happens and when.
type town struct {
	t        testing.TB
	now      sensors.Instant
	store    sensors.Store
	ledger   *ledger.Ledger
	registry sensors.Registry
	said     []intake.Event
	declared map[string]ledger.Declarations
	official []compliance.OfficialDay
	policy   *compliance.Policy
	checker  *checker.Checker
	homes    *checker.Homes // nil: of the registry as it is

	batches []sensors.Batch // that are written before the next tick, with their marks after them
	marks   []ledger.Mark
	events  []intake.Event
	lines   int64 // of the evidence log
}

var (
	_ checker.Ledger   = (*ledger.Ledger)(nil)
	_ checker.Declared = (*ledger.Ledger)(nil)
)

func newTown(t testing.TB) *town {
	t.Helper()
	store, err := blocks.Open(t.Context(), filepath.Join(t.TempDir(), "blocks.db"))
	must(t, err)
	return newTownOn(t, store)
}

// newTownOn is newTown with a store of the caller's choice.
func newTownOn(t testing.TB, store sensors.Store) *town {
	t.Helper()
	l, err := ledger.Open(t.Context(), "sqlite://"+filepath.Join(t.TempDir(), "ledger.db"))
	must(t, err)
	t.Cleanup(func() {
		must(t, store.Close())
		must(t, l.Close())
	})
	policy, err := configs.Policy(configs.DefaultPolicy)
	must(t, err)
	w := &town{
		t: t, store: store, ledger: l, policy: policy, declared: map[string]ledger.Declarations{},
	}
	w.start(checker.Config{})
	return w
}

// start makes a new checker, as a new process does: what the one before remembered is gone.
func (w *town) start(c checker.Config) {
	w.t.Helper()
	if c.Ledger == nil {
		c.Ledger = w.ledger
	}
	if c.Store == nil {
		c.Store = w.store
	}
	c.Registry, c.Events, c.Declared = w, w.ledger, w
	c.Policies = map[string]*compliance.Policy{w.policy.Name: w.policy}
	c.Clock = func() time.Time { return w.now.Time() }
	var err error
	w.checker, err = checker.New(c)
	must(w.t, err)
}

func (w *town) Homes(context.Context) (*checker.Homes, error) {
	return checker.NewHomes(&w.registry), nil
}

func (w *town) Declarations(context.Context, []string) (map[string]ledger.Declarations, error) {
	return w.declared, nil
}

func (w *town) OfficialDays(_ context.Context, station string, first, last compliance.Date) (days []compliance.OfficialDay, err error) {
	if station != w.station() {
		return nil, fmt.Errorf("station %s", station)
	}
	for _, d := range w.official {
		if first <= d.Date && d.Date <= last {
			days = append(days, d)
		}
	}
	return days, nil
}

func (w *town) station() string { return w.policy.Editions[0].Outdoor.Station }

// home registers a household with rooms, each with a device of its own from the beginning of 2010 on: HOUSEHOLD-ROOM.
func (w *town) home(id, season string, rooms ...compliance.Room) {
	w.registry.Households = append(w.registry.Households, sensors.Household{ID: id, Policy: w.policy.Name, Season: season})
	for _, r := range rooms {
		room := sensors.RoomID{Household: id, Room: r.ID}
		w.registry.Rooms = append(w.registry.Rooms, sensors.Room{RoomID: room, Kind: sensors.RoomKind(r.Kind)})
		w.registry.Assignments = append(w.registry.Assignments, sensors.Assignment{
			Device: id + "-" + r.ID, Target: sensors.InRoom(room), From: w.local("2010-01-01T00:00"), To: sensors.Forever,
		})
	}
}

// mark is what the forwarder does after it wrote a fact of an instant.
func (w *town) mark(household string, from sensors.Instant) {
	w.marks = append(w.marks, ledger.Mark{Household: household, From: from})
}

// forward writes what has arrived, as the forwarder does it: samples first.
func (w *town) forward() {
	w.t.Helper()
	_, err := w.store.Write(w.t.Context(), w.batches)
	must(w.t, err)
	must(w.t, w.ledger.AppendEvents(w.t.Context(), w.events))
	must(w.t, w.ledger.MarkDirty(w.t.Context(), w.marks, w.now))
	w.batches, w.marks, w.events = nil, nil, nil
}

// read stores a reading of a room, received now.
func (w *town) read(household, room string, at sensors.Instant, celsius float64) {
	w.t.Helper()
	w.write(sensors.Series{Quantity: sensors.Temperature, Owner: household + "-" + room}, sensors.Sample{At: at, Value: celsius})
	w.mark(household, at)
}

// observe stores an outdoor temperature, which concerns every household.
func (w *town) observe(at sensors.Instant, celsius float64) {
	w.t.Helper()
	w.write(sensors.Series{Quantity: sensors.Outdoor, Owner: w.station()}, sensors.Sample{At: at, Value: celsius})
	for _, h := range w.registry.Households {
		w.mark(h.ID, at)
	}
}

func (w *town) write(series sensors.Series, samples ...sensors.Sample) {
	w.t.Helper()
	for i := range samples {
		samples[i].Received = max(w.now, 1)
	}
	w.batches = append(w.batches, sensors.Batch{Series: series, Samples: samples})
}

// at sets the clock and ticks.
func (w *town) at(local string) checker.Report {
	w.t.Helper()
	w.now = w.local(local)
	return w.tick()
}

func (w *town) tick() checker.Report {
	w.t.Helper()
	w.forward()
	r, err := w.checker.Tick(w.t.Context())
	must(w.t, err)
	for _, f := range r.Failures {
		w.t.Errorf("%s was not judged: %v", f.Household, f.Err)
	}
	if r.Waiting > 0 {
		w.t.Errorf("%d households still wait", r.Waiting)
	}
	return r
}

func (w *town) local(s string) sensors.Instant {
	w.t.Helper()
	t, err := time.ParseInLocation("2006-01-02T15:04", s, w.policy.Zone)
	must(w.t, err)
	return sensors.At(t)
}

// say keeps events of a household in the order of giving, and marks it.
func (w *town) say(household string, switches []compliance.Switch, setpoints []compliance.Setpoint) {
	w.t.Helper()
	keep := func(e intake.Event) {
		w.lines++
		e.Household, e.LineKey, e.Received = household, intake.LineKey{Leaf: w.lines}, w.now
		w.said, w.events = append(w.said, e), append(w.events, e)
		w.mark(household, e.At)
	}
	for _, s := range switches {
		keep(intake.Event{Kind: ingest.Heating, At: s.At, On: s.On})
	}
	for _, s := range setpoints {
		keep(intake.Event{Kind: ingest.Setpoint, Room: s.Room, At: s.At, Celsius: s.Celsius})
	}
}

// tiles is a room's tiles, of the household with an empty room, a line each in local time.
func (w *town) tiles(household, room string) (lines []string) {
	w.t.Helper()
	all, err := w.ledger.Tiles(w.t.Context(), household, sensors.Earliest, sensors.Latest)
	must(w.t, err)
	for _, r := range all {
		if r.Room != room {
			continue
		}
		for _, t := range r.Tiles {
			lines = append(lines, tileLine(w.policy.Zone, t.Start, t.End, t.Status, t.Clause, t.Provisional))
		}
	}
	return lines
}

func tileLine(zone *time.Location, start, end sensors.Instant, s compliance.Status, c compliance.Clause, provisional bool) string {
	const form = "01-02T15:04:05.999999999"
	line := fmt.Sprintf("%s %s %s", start.Time().In(zone).Format(form), end.Time().In(zone).Format(form), s)
	if c != "" && s != compliance.Compliant {
		line += " " + string(c)
	}
	if provisional {
		line += " provisional"
	}
	return line
}

func (w *town) wantTiles(household, room string, want ...string) {
	w.t.Helper()
	if got := w.tiles(household, room); !slices.Equal(got, want) {
		w.t.Errorf("tiles of %s %s at %s:\ngot  %q\nwant %q", household, room, w.now.Time().In(w.policy.Zone).Format(time.DateTime), got, want)
	}
}

// matches compares what the ledger has of a household in a season with one judging of everything.
func matches(w *town, v *compliance.Verdict) (differences []string) {
	w.t.Helper()
	zone := w.policy.Zone
	differ := func(what string, want, got []string) {
		if !slices.Equal(want, got) {
			differences = append(differences, fmt.Sprintf("%s:\nwant %q\ngot  %q", what, want, got))
		}
	}
	lines := func(tiles []compliance.Tile) (out []string) {
		for _, t := range tiles {
			out = append(out, tileLine(zone, t.Start, t.End, t.Status, t.Clause, t.Provisional))
		}
		return out
	}
	differ("household", lines(v.Tiles), w.tiles(v.Household, ""))
	for _, r := range v.Rooms {
		differ(r.Room, lines(r.Tiles), w.tiles(v.Household, r.Room))
	}
	all, err := w.ledger.Episodes(w.t.Context(), v.Household, sensors.Earliest, sensors.Latest)
	must(w.t, err)
	var want, got []string
	for _, e := range v.Episodes {
		want = append(want, fmt.Sprint(e.Room, e.Hull, e.Status, e.Below, e.Confirmed, e.Dismissed, e.Tests, e.Confirmations))
	}
	for _, e := range all {
		got = append(got, fmt.Sprint(e.Room, compliance.Interval{Start: e.Start, End: e.End}, e.Status, time.Duration(e.Below),
			time.Duration(e.Confirmed), time.Duration(e.Dismissed), e.Tests, e.Confirmations))
	}
	slices.Sort(want)
	slices.Sort(got)
	differ("episodes", want, got)
	return differences
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
