package intake_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/blocks"
	"github.com/nuanju/nuanju/sensors/ingest"
	"github.com/nuanju/nuanju/sensors/intake"
)

var errKilled = errors.New("killed")

// kills are after how many calls each the process is killed: before the call has done anything, or when it has done all.
type kills struct{ gaps []int }

func (k *kills) around(call func() error) error {
	if k.now() {
		return errKilled
	}
	if err := call(); err != nil {
		return err
	}
	if k.now() {
		return errKilled
	}
	return nil
}

func (k *kills) now() bool {
	if len(k.gaps) == 0 {
		return false
	}
	if k.gaps[0]--; k.gaps[0] > 0 {
		return false
	}
	k.gaps = k.gaps[1:]
	return true
}

type killedStore struct {
	sensors.Store
	*kills
}

func (s killedStore) Write(ctx context.Context, b []sensors.Batch) (c []sensors.Conflict, err error) {
	err = s.around(func() error { c, err = s.Store.Write(ctx, b); return err })
	return c, err
}

type killedLedger struct {
	*ledger.Ledger
	*kills
}

func (l killedLedger) Watermark(ctx context.Context, name string) (v int64, err error) {
	err = l.around(func() error { v, err = l.Ledger.Watermark(ctx, name); return err })
	return v, err
}

func (l killedLedger) Advance(ctx context.Context, s intake.Step, now sensors.Instant) error {
	return l.around(func() error { return l.Ledger.Advance(ctx, s, now) })
}

func (l killedLedger) ListQuarantine(ctx context.Context, f intake.QuarantineFilter) (lines []intake.Quarantined, err error) {
	err = l.around(func() error { lines, err = l.Ledger.ListQuarantine(ctx, f); return err })
	return lines, err
}

func (l killedLedger) Release(ctx context.Context, lines []intake.LineKey, why string, dirty []intake.Mark, now sensors.Instant) (n int, err error) {
	err = l.around(func() error { n, err = l.Ledger.Release(ctx, lines, why, dirty, now); return err })
	return n, err
}

// delivered is a line as the log has it: in the order of receipt, with its stamp.
type delivered struct {
	text     string
	record   ingest.Record
	received sensors.Instant
}

// grown is the registry at the end: what was unknown or nowhere at the beginning has a place. Station is one of the two that send.
func grown() *sensors.Registry {
	r := home("h1", "h2", "h3")
	r.Devices = append(r.Devices, sensors.Device{ID: "new"})
	r.Assignments[2].From = noon // d3 from noon on
	r.Assignments = append(r.Assignments, sensors.Assignment{Device: "new", Target: r.Assignments[0].Target, From: noon, To: sensors.Forever})
	return r
}

// expected is what must have become of deliveries under the registry at the end, said in the plainest way.
type expected struct {
	samples map[sensors.Series]map[sensors.Instant]sensors.Sample
	held    []string
	dirty   map[string]sensors.Instant
	events  map[string][]string
}

func expect(all []delivered) expected {
	e := expected{map[sensors.Series]map[sensors.Instant]sensors.Sample{}, nil, map[string]sensors.Instant{}, map[string][]string{}}
	mark := func(household string, from sensors.Instant) {
		if old, ok := e.dirty[household]; !ok || from < old {
			e.dirty[household] = from
		}
	}
	for _, d := range all {
		reason := e.take(d)
		switch owner := d.record.Owner; {
		case reason != "":
			e.held = append(e.held, fmt.Sprintf("%s %s %d", reason, d.text, d.received))
		case owner == station:
			for _, h := range []string{"h1", "h2", "h3"} {
				mark(h, noon.Add(-12*time.Hour))
			}
		case owner == "new":
			mark("h1", d.record.At)
		default:
			mark("h"+owner[1:], d.record.At)
		}
	}
	slices.Sort(e.held)
	return e
}

// take is what becomes of one delivery: why it is held, or "".
func (e *expected) take(d delivered) string {
	r := &d.record
	switch {
	case r.Value == 99:
		return "out_of_range"
	case r.At > d.received+sensors.Instant(5*time.Minute):
		return "clock_ahead"
	}
	if r.Kind == ingest.Heating {
		if r.Owner == "h9" {
			return "unknown_household"
		}
		said := fmt.Sprint(r.At, r.On)
		if !slices.Contains(e.events[r.Owner], said) {
			e.events[r.Owner] = append(e.events[r.Owner], said)
		}
		return ""
	}
	series := room(r.Owner)
	if r.Kind == ingest.Outdoor {
		series.Quantity = sensors.Outdoor
	}
	if e.samples[series] == nil {
		e.samples[series] = map[sensors.Instant]sensors.Sample{}
	}
	if first, ok := e.samples[series][r.At]; !ok {
		e.samples[series][r.At] = sensors.Sample{At: r.At, Received: d.received, Value: r.Value}
	} else if first.Value != r.Value {
		return "conflict"
	}
	switch {
	case r.Owner == "other":
		return "unknown_station"
	case r.Owner == "x":
		return "unknown_device"
	case (r.Owner == "new" || r.Owner == "d3") && r.At < noon:
		return "unassigned_device"
	}
	return ""
}

func drawLine(r *rapid.T) string {
	at := int64(noon) + int64(rapid.IntRange(-2, 2).Draw(r, "at"))*int64(4*time.Minute)
	switch rapid.IntRange(0, 9).Draw(r, "kind") {
	case 0:
		return fmt.Sprintf("outdoor,station=%s celsius=%d %d", rapid.SampledFrom([]string{station, "other"}).Draw(r, "station"), rapid.IntRange(-8, -7).Draw(r, "celsius"), at)
	case 1:
		return fmt.Sprintf("heating,household=%s on=%v %d", rapid.SampledFrom([]string{"h1", "h9"}).Draw(r, "household"), rapid.Bool().Draw(r, "on"), at)
	}
	device := rapid.SampledFrom([]string{"d1", "d2", "d3", "new", "x"}).Draw(r, "device")
	return fmt.Sprintf("temperature,device=%s celsius=%d %d", device, rapid.SampledFrom([]int{17, 18, 99}).Draw(r, "celsius"), at)
}

// Whatever is delivered, late, twice or contradicting, however it is divided into requests and steps, wherever between two calls the
// process is killed, and whenever the registry learns where a device is: store, quarantine, events and marks are those that
// follow from the log and the registry alone; and a store that is built from the log again is equal.
func TestWhatBecomesOfTheLogFollowsFromTheLog(t *testing.T) {
	run := 0
	dir := t.TempDir()
	rapid.Check(t, func(r *rapid.T) {
		run++
		begin := home("h1", "h2")
		begin.Households = append(begin.Households, sensors.Household{ID: "h3"})
		begin.Devices = append(begin.Devices, sensors.Device{ID: "d3"})
		m := startIn(r, filepath.Join(dir, fmt.Sprint(run)), begin)
		defer func() {
			if err := m.close(); err != nil {
				r.Error(err)
			}
		}()
		w := &life{monitor: m, r: r, kills: &kills{rapid.SliceOfN(rapid.IntRange(1, 9), 0, 8).Draw(r, "kills")}, store: m.store}
		w.born()
		var all []delivered
		renewAt := rapid.IntRange(0, 7).Draw(r, "renew at")
		for i := range 8 {
			if i == renewAt {
				w.survive(func(f *intake.Forwarder) error {
					_, err := f.Renew(r.Context(), places(grown()), "surveyed")
					return err
				})
			}
			m.clock.set(sensors.At(m.clock.read()).Add(time.Duration(rapid.IntRange(0, 2).Draw(r, "later")) * time.Minute))
			all = append(all, w.deliver(rapid.SliceOfN(rapid.Custom(drawLine), 1, 8).Draw(r, "lines"))...)
			if rapid.Bool().Draw(r, "step") {
				w.survive(func(f *intake.Forwarder) error { _, err := f.Step(r.Context()); return err })
			}
		}
		catchUp := func(f *intake.Forwarder) error { _, err := f.CatchUp(r.Context()); return err }
		w.survive(catchUp)
		want := expect(all)
		w.check(want)

		again, err := blocks.Open(r.Context(), filepath.Join(dir, fmt.Sprint(run), "again.db"))
		if err != nil {
			r.Fatal(err)
		}
		defer again.Close()
		w.store = again
		w.gaps = rapid.SliceOfN(rapid.IntRange(1, 9), 0, 4).Draw(r, "kills while rebuilding")
		w.born()
		w.survive(func(f *intake.Forwarder) error { _, err := f.Rebuild(r.Context()); return err })
		w.check(want)
	})
}

// life is a sequence of processes, each but the last of which is killed.
type life struct {
	*monitor
	*kills
	r         *rapid.T
	store     sensors.Store
	forwarder *intake.Forwarder
}

// born starts a process: nothing of the one before is left but what it wrote.
func (w *life) born() {
	o := intake.Options{Lines: rapid.IntRange(1, 20).Draw(w.r, "lines a step")}
	w.forwarder = w.monitor.forwarder(killedStore{w.store, w.kills}, killedLedger{w.books, w.kills}, o)
}

// survive does something until it succeeds.
func (w *life) survive(do func(*intake.Forwarder) error) {
	err := do(w.forwarder)
	for errors.Is(err, errKilled) {
		w.born()
		if _, err = w.forwarder.Release(w.r.Context(), "started"); err == nil {
			err = do(w.forwarder)
		}
	}
	if err != nil {
		w.r.Fatal(err)
	}
}

// deliver sends lines in one request; they come back in the order of the log.
func (w *life) deliver(lines []string) []delivered {
	body := ""
	for _, l := range lines {
		body += l + "\n"
	}
	b := decode(body, 0)
	records := slices.Clone(b.Records)
	receipt, err := w.Accept(w.r.Context(), b, &everything)
	if err != nil || len(records) != len(lines) {
		w.r.Fatal(err, b.Errors)
	}
	all := make([]delivered, len(lines))
	for i := range lines {
		all[i] = delivered{lines[i], records[i], receipt.Received}
	}
	return all
}

func (w *life) check(want expected) {
	ctx := w.r.Context()
	list, err := w.store.List(ctx)
	if err != nil {
		w.r.Fatal(err)
	}
	for series := range want.samples {
		got, err := w.store.Read(ctx, series, sensors.Earliest, sensors.Latest, nil)
		if err != nil {
			w.r.Fatal(err)
		}
		var samples []sensors.Sample
		for _, at := range slices.Sorted(maps.Keys(want.samples[series])) {
			samples = append(samples, want.samples[series][at])
		}
		if !slices.Equal(got, samples) || !slices.Contains(list, series) {
			w.r.Errorf("%v: got %v, want %v", series, got, samples)
		}
	}
	lines, err := w.books.ListQuarantine(ctx, intake.QuarantineFilter{})
	if err != nil {
		w.r.Fatal(err)
	}
	var held []string
	for _, q := range lines {
		reason := q.Reason
		if reason == "unknown_device" && (q.Owner == "new" || q.Owner == "d3") {
			reason = "unassigned_device" // the reason is the one at the time
		}
		held = append(held, fmt.Sprintf("%s %s %d", reason, q.Raw, q.Received))
	}
	slices.Sort(held)
	if !slices.Equal(held, want.held) {
		w.r.Errorf("held:\n%q, want\n%q", held, want.held)
	}
	w.checkLedger(want)
}

func (w *life) checkLedger(want expected) {
	marks, err := w.books.TakeDirty(w.r.Context(), 100)
	if err != nil {
		w.r.Fatal(err)
	}
	got := map[string]sensors.Instant{}
	for _, d := range marks {
		got[d.Household] = d.From
	}
	for household, from := range want.dirty {
		if at, ok := got[household]; !ok || at > from {
			w.r.Errorf("%s is dirty from %v (%v), want %v or before", household, at, ok, from)
		}
	}
	events, err := w.books.Events(w.r.Context(), []string{"h1"}, sensors.Earliest)
	if err != nil {
		w.r.Fatal(err)
	}
	var said []string
	for _, e := range events["h1"] {
		if s := fmt.Sprint(e.At, e.On); !slices.Contains(said, s) {
			said = append(said, s)
		}
	}
	if !slices.Equal(said, want.events["h1"]) {
		w.r.Errorf("events %v, want %v", said, want.events["h1"])
	}
}
