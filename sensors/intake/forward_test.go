package intake_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nuanju/nuanju/evidence"
	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/ingest"
	"github.com/nuanju/nuanju/sensors/intake"
)

type dirty = map[string]sensors.Instant

// A reading is in the store with the log's stamp as its time of receipt, and its household is to be judged from its time on.
func TestAReadingReachesTheStore(t *testing.T) {
	m := open(t, home("h1", "h2"))
	earlier := noon.Add(-time.Hour)
	m.send(t, temperature("d1", noon, 19.87)+temperature("d1", earlier, 17.9967))
	m.forward(t)
	wantSamples(t, m.store, room("d1"), sensors.Sample{At: earlier, Received: noon, Value: 17.9967}, sensors.Sample{At: noon, Received: noon, Value: 19.87})
	m.wantHeld(t)
	m.wantDirty(t, dirty{"h1": earlier})
	if n, err := m.Step(t.Context()); n != 0 || err != nil {
		t.Errorf("a step with nothing to do: %d, %v", n, err)
	}
	if lag, age := m.Lag(); lag != 0 || age != 0 {
		t.Errorf("lag %d, %v", lag, age)
	}
}

// The time of receipt is the log's stamp, whenever the request was decoded: a line without a time was measured then, and a
// clock that is more than five minutes ahead of it is ahead.
func TestReceiptIsTheLogsStamp(t *testing.T) {
	m := open(t, home("h1", "h2", "h3"))
	const limit = 5 * time.Minute
	body := "temperature,device=d1 celsius=18\n" + temperature("d2", noon.Add(limit), 18) + temperature("d3", noon.Add(limit)+1, 18)
	b := decode(body, noon.Add(-time.Hour)) // as if it had waited for an hour
	_, err := m.Accept(t.Context(), b, &everything)
	must(t, err)
	m.forward(t)
	wantSamples(t, m.store, room("d1"), sensors.Sample{At: noon, Received: noon, Value: 18})
	wantSamples(t, m.store, room("d2"), sensors.Sample{At: noon.Add(limit), Received: noon, Value: 18})
	wantSamples(t, m.store, room("d3"))
	m.wantHeld(t, "2/1 clock_ahead h3")
}

func TestWhatIsSetAside(t *testing.T) {
	r := home("h1")
	r.Devices = append(r.Devices, sensors.Device{ID: "spare"})
	at := fmt.Sprintf(" %d\n", int64(noon))
	for name, c := range map[string]struct{ line, want string }{
		"too hot":             {temperature("d1", noon, 99), "out_of_range h1"},
		"before any device":   {temperature("d1", 0, 20), "clock_behind "},
		"unknown device":      {temperature("x", noon, 20), "unknown_device "},
		"an id of no device":  {`temperature,device=a\b celsius=20` + at, "unknown_device "},
		"unassigned device":   {temperature("spare", noon, 20), "unassigned_device "},
		"before it was there": {temperature("d1", noon.Add(-2000*time.Hour), 20), "unassigned_device "},
		"unknown station":     {"outdoor,station=x celsius=-8" + at, "unknown_station "},
		"unknown household":   {"heating,household=x on=false" + at, "unknown_household x"},
		"unknown room":        {"setpoint,household=h1,room=x celsius=20" + at, "unknown_room h1"},
		"valve of none":       {"valve,household=h1,room=x open=true" + at, "unknown_room h1"},
		"no consent":          {`heating,household=h1 on=false,source="supplier"` + at, "no_consent h1"},
		"heat meter, unknown": {"heat_meter,device=x kwh=1" + at, "unknown_device "},
	} {
		t.Run(name, func(t *testing.T) {
			m := open(t, r)
			m.send(t, c.line)
			m.forward(t)
			m.wantHeld(t, "0/1 "+c.want)
			m.wantDirty(t, dirty{})
			reason, _, _ := strings.Cut(c.want, " ")
			if n := m.stats.Quarantined()[reason]; n != 1 {
				t.Errorf("%s is counted %d times", reason, n)
			}
			held, err := m.books.ListQuarantine(t.Context(), intake.QuarantineFilter{})
			must(t, err)
			if string(held[0].Raw)+"\n" != c.line || held[0].Received != noon {
				t.Errorf("held %q, received %d", held[0].Raw, held[0].Received)
			}
		})
	}
}

// The same value twice is one reading. Of two values the first received stands, in whatever requests they come; every line with the
// other is set aside.
func TestOfTwoValuesTheFirstReceivedStands(t *testing.T) {
	m := open(t, home("h1"))
	m.send(t, temperature("d1", noon, 20)+temperature("d1", noon, 20)+temperature("d1", noon, 21)) // leaf 0
	m.clock.set(noon.Add(time.Second))
	m.send(t, temperature("d1", noon, 22)) // leaf 1, forwarded with leaf 0
	m.forward(t)
	m.wantHeld(t, "0/3 conflict h1", "1/1 conflict h1")
	m.send(t, temperature("d1", noon, 20)+temperature("d1", noon, 21)) // leaf 2, alone
	m.forward(t)
	m.wantHeld(t, "0/3 conflict h1", "1/1 conflict h1", "2/2 conflict h1")
	wantSamples(t, m.store, room("d1"), sensors.Sample{At: noon, Received: noon, Value: 20})
}

// A heat meter's line is several series; one that contradicts sets the line aside, and the others are in the store.
func TestAHeatMetersLine(t *testing.T) {
	r := home("h1")
	r.HeatMeters = []sensors.HeatMeter{{ID: "m1", Household: "h1"}}
	r.Devices = append(r.Devices, sensors.Device{ID: "reg"})
	r.Assignments = append(r.Assignments, sensors.Assignment{Device: "reg", Target: sensors.OnMeter("m1"), To: sensors.Forever})
	m := open(t, r)
	m.send(t, fmt.Sprintf("heat_meter,device=reg kwh=5,supply=60 %d\n", int64(noon)))
	m.send(t, fmt.Sprintf("heat_meter,device=reg kwh=5,m3=1,supply=61,return=40 %d\n", int64(noon)))
	m.send(t, fmt.Sprintf("heat_meter,device=reg gj=7 %d\n", int64(noon)))
	m.forward(t)
	m.wantHeld(t, "1/1 conflict h1")
	for q, v := range map[sensors.Quantity]float64{
		sensors.HeatKWh: 5, sensors.HeatGJ: 7, sensors.WaterM3: 1, sensors.Supply: 60, sensors.Return: 40,
	} {
		wantSamples(t, m.store, sensors.Series{Quantity: q, Owner: "reg"}, sensors.Sample{At: noon, Received: noon, Value: v})
	}
	m.wantDirty(t, dirty{}) // a register judges nobody
}

// Of two switches or setpoints at one time the one given later holds, whichever request it came in; a repetition is no new one.
func TestOfTwoDeclarationsTheLaterHolds(t *testing.T) {
	m := open(t, home("h1"))
	say := func(what string) { m.send(t, fmt.Sprintf("%s %d\n", what, int64(noon))) }
	say("heating,household=h1 on=true")
	say("heating,household=h1 on=false")
	say("setpoint,household=h1 celsius=20")
	say("setpoint,household=h1,room=living celsius=19")
	m.forward(t)
	say("setpoint,household=h1 celsius=18")
	say("heating,household=h1 on=true") // the first again: its answer was lost
	m.send(t, fmt.Sprintf("valve,household=h1 open=true %d\n", int64(noon)))
	m.forward(t)
	var got []string
	for _, e := range m.inForce(t, "h1") {
		got = append(got, fmt.Sprint(e.Leaf, " ", e.Kind, " ", e.Room, " ", e.On, " ", e.Celsius))
	}
	want := []string{"0 heating  true 0", "1 heating  false 0", "2 setpoint  false 20", "3 setpoint living false 19", "4 setpoint  false 18"}
	if !slices.Equal(got, want) {
		t.Errorf("in force: %q, want %q", got, want)
	}
	m.wantHeld(t)
	m.wantDirty(t, dirty{"h1": noon})
	wantSamples(t, m.store, sensors.Series{Quantity: sensors.Valve, Owner: "h1"}, sensors.Sample{At: noon, Received: noon, Value: 1})
}

// An observation is part of its local day's mean: all who are judged by the station are dirty from that day's start (A7.2.2④).
func TestAnObservationReachesBackToItsLocalDay(t *testing.T) {
	m := open(t, home("h1", "h2"))
	m.send(t, fmt.Sprintf("outdoor,station=%s celsius=-7.6 %d\n", station, int64(noon.Add(-11*time.Hour)))) // 01:00 in Beijing, the day before in UTC
	m.forward(t)
	midnight := noon.Add(-12 * time.Hour)
	m.wantDirty(t, dirty{"h1": midnight, "h2": midnight})
}

// What is not readings is passed by, what was erased too; a content that cannot be read is set aside as a whole, and nothing
// behind it waits.
func TestNoEntryHoldsUpTheNext(t *testing.T) {
	m := open(t, home("h1"))
	m.send(t, temperature("d1", noon-2, 20))
	_, err := m.log.Append(t.Context(), []evidence.Entry{
		{Subject: "ledger", Content: []byte(`{"ticket": 1}`)},
		{Subject: "h1", Content: []byte("nuanju-readings/1 line ns 1\n3 x\n")},
		{Subject: "h1", Content: []byte("nuanju-readings/9 " + strings.Repeat("y", 10_000))},
	})
	must(t, err)
	m.send(t, temperature("d1", noon, 20))
	_, err = m.log.Erase(t.Context(), 0, "the resident asked for it")
	must(t, err)
	m.forward(t)
	m.wantHeld(t, "2/0 unreadable ", "3/0 unreadable ")
	wantSamples(t, m.store, room("d1"), sensors.Sample{At: noon, Received: noon, Value: 20})
	if at := m.stats.Entries.Load(); at != m.log.Size() {
		t.Errorf("%d entries of %d", at, m.log.Size())
	}
}

// away is a store that fails a number of times, or refuses a series, and then works.
type away struct {
	sensors.Store
	failures int
	refused  sensors.Series
}

var errAway = errors.New("no route to host")

func (s *away) Write(ctx context.Context, batches []sensors.Batch) ([]sensors.Conflict, error) {
	if s.failures > 0 {
		s.failures--
		return nil, errAway
	}
	for i, b := range batches {
		if b.Series == s.refused && len(b.Samples) > 0 {
			return nil, fmt.Errorf("a store: %w", &sensors.BatchError{Index: i, Series: b.Series, Err: errors.New("is full")})
		}
	}
	return s.Store.Write(ctx, batches)
}

// What a store can never take is set aside, and holds up nothing else; once the store was mended it is written.
func TestWhatTheStoreRefusesIsSetAside(t *testing.T) {
	m := open(t, home("h1", "h2", "h3"))
	store := &away{Store: m.store, refused: room("d2")}
	f := m.forwarder(store, m.books, intake.Options{})
	m.send(t, temperature("d1", noon, 20)+temperature("d2", noon, 20)+temperature("d3", noon, 20))
	_, err := f.CatchUp(t.Context())
	must(t, err)
	m.wantHeld(t, "1/1 store_refused h2")
	m.wantDirty(t, dirty{"h1": noon, "h3": noon})
	wantSamples(t, m.store, room("d3"), sensors.Sample{At: noon, Received: noon, Value: 20})
	store.refused = sensors.Series{}
	if n, err := f.Recheck(t.Context(), "the disk was replaced"); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	m.wantHeld(t)
	m.wantDirty(t, dirty{"h2": noon})
	wantSamples(t, m.store, room("d2"), sensors.Sample{At: noon, Received: noon, Value: 20})
}

// With the store away readings are acknowledged, the lag grows, and Run brings everything when it is back.
func TestAStoreThatIsAwayCostsLag(t *testing.T) {
	m := open(t, home("h1"))
	store := &away{Store: m.store, failures: 5}
	f := m.forwarder(store, m.books, intake.Options{Backoff: time.Millisecond, Linger: time.Millisecond})
	m.send(t, temperature("d1", noon-1, 20))
	if n, err := f.Step(t.Context()); n != 0 || !errors.Is(err, errAway) {
		t.Fatal(n, err)
	}
	m.send(t, temperature("d1", noon, 21))
	m.clock.set(noon.Add(time.Hour))
	if n, age := f.Lag(); n != 2 || age != time.Hour || m.stats.Failure() == nil || m.stats.Retries.Load() != 1 {
		t.Errorf("lag %d, %v, failure %v", n, age, m.stats.Failure())
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { f.Run(ctx); close(done) }()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for n, _ := f.Lag(); n > 0 && t.Context().Err() == nil; n, _ = f.Lag() {
		<-tick.C
	}
	stop()
	<-done
	if m.stats.Failure() != nil {
		t.Errorf("it still says %v", m.stats.Failure())
	}
	wantSamples(t, m.store, room("d1"), sensors.Sample{At: noon - 1, Received: noon, Value: 20}, sensors.Sample{At: noon, Received: noon, Value: 21})
}

// A rebuilt store is equal, also to what the registry said at the time: whom a sample judges is not in the store.
func TestARebuiltStoreIsEqual(t *testing.T) {
	r := home("h1")
	m := open(t, r)
	m.send(t, temperature("d1", noon, 20)+temperature("d1", noon, 21)+temperature("new", noon, 19)+temperature("d1", noon+1, 99)+
		fmt.Sprintf("heating,household=h1 on=false %d\n", int64(noon)))
	m.forward(t)
	more := home("h1", "h2")
	more.Assignments[0].To = noon // d1 was taken away at noon, as is found out now
	more.Devices = append(more.Devices, sensors.Device{ID: "new"})
	more.Assignments = append(more.Assignments, sensors.Assignment{Device: "new", Target: more.Assignments[1].Target, From: noon, To: sensors.Forever})
	if n, err := m.Renew(t.Context(), places(more), "new was put up"); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	second := open(t, r)
	f := m.forwarder(second.store, m.books, intake.Options{})
	if n, err := f.Rebuild(t.Context()); n != m.log.Size() || err != nil {
		t.Fatal(n, err)
	}
	for _, series := range []sensors.Series{room("d1"), room("new"), {Quantity: sensors.Heating, Owner: "h1"}} {
		want, err := m.store.Read(t.Context(), series, sensors.Earliest, sensors.Latest, nil)
		must(t, err)
		wantSamples(t, second.store, series, want...)
	}
	// What is held is what was, and what the registry says otherwise now.
	m.wantHeld(t, "0/1 unassigned_device ", "0/2 conflict h1", "0/3 out_of_range h1")
	if all := m.inForce(t, "h1"); len(all) != 1 || all[0].LineKey != (intake.LineKey{Leaf: 0, Line: 4}) {
		t.Errorf("events %v", all)
	}
	again := m.forwarder(second.store, m.books, intake.Options{})
	if n, err := again.CatchUp(t.Context()); n != 0 || err != nil {
		t.Errorf("after the rebuilding: %d, %v", n, err)
	}
}

// A reading leaf begins as the forwarder thinks.
func TestContentIsKnownByItsBeginning(t *testing.T) {
	content := ingest.AppendCanonical(nil, ingest.Form{Format: ingest.JSON}, nil)
	if !strings.HasPrefix(string(content), intake.ContentPrefix) {
		t.Errorf("%q does not begin with %q", content, intake.ContentPrefix)
	}
}
