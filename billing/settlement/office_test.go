package settlement_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/nuanju/nuanju/billing"
	"github.com/nuanju/nuanju/billing/settlement"
	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/compliance/checker"
	"github.com/nuanju/nuanju/configs"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/ledger/pgtest"
	"github.com/nuanju/nuanju/ledger/registrycsv"
	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/blocks"
)

var (
	_ settlement.Ledger   = (*ledger.Ledger)(nil)
	_ settlement.Verdicts = (*checker.Checker)(nil)
)

// office is a billing desk with a real ledger, a real store and the checker that judges for it, in which tests say what happens.
type office struct {
	t        testing.TB
	now      sensors.Instant
	policy   *compliance.Policy
	ledger   *ledger.Ledger
	store    *blocks.Store
	checker  *checker.Checker
	settler  *settlement.Settler
	registry registrycsv.Registry
	runs     int
}

// everywhere runs a test on each database.
func everywhere(t *testing.T, test func(w *office)) {
	t.Parallel()
	for name, url := range map[string]func(testing.TB) string{"sqlite": sqlite, "postgres": pgtest.Start} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(newOffice(t, url(t)))
		})
	}
}

func sqlite(t testing.TB) string { return "sqlite://" + filepath.Join(t.TempDir(), "ledger.db") }

func newOffice(t testing.TB, url string) *office {
	t.Helper()
	l, err := ledger.Open(t.Context(), url)
	must(t, err)
	store, err := blocks.Open(t.Context(), filepath.Join(t.TempDir(), "blocks.db"))
	must(t, err)
	t.Cleanup(func() {
		must(t, store.Close())
		must(t, l.Close())
	})
	policy, err := configs.Policy(configs.DefaultPolicy)
	must(t, err)
	w := &office{t: t, ledger: l, store: store, policy: policy}
	w.registry.Buildings = []sensors.Building{{ID: "B1"}}
	w.registry.Stations = []registrycsv.Station{{ID: "beijing"}}
	policies := map[string]*compliance.Policy{policy.Name: policy}
	for _, name := range []string{"beijing-area", "xian"} {
		policies[name], err = configs.Policy(name)
		must(t, err)
	}
	clock := func() time.Time { return w.now.Time() }
	w.checker, err = checker.New(checker.Config{
		Ledger: l, Store: store, Registry: w, Events: l, Declared: l, Policies: policies, Clock: clock,
	})
	must(t, err)
	w.settler, err = settlement.New(settlement.Config{
		Ledger: l, Store: store, Verdicts: w.checker, Policies: policies, Clock: clock,
		Registry: func(ctx context.Context) (*sensors.Registry, error) { return &w.registry.Registry, nil },
	})
	must(t, err)
	return w
}

// Homes implements checker.Registry.
func (w *office) Homes(context.Context) (*checker.Homes, error) {
	return checker.NewHomes(&w.registry.Registry), nil
}

// home adds a household with a bedroom.
func (w *office) home(id, building, area string) {
	w.registry.Households = append(w.registry.Households, sensors.Household{
		ID: id, Building: building, Area: area, Policy: w.policy.Name, Account: "A-" + id,
	})
	w.room(id, "bed", sensors.Bedroom)
}

// room adds a room of a household with its device HOUSEHOLD-ROOM.
func (w *office) room(household, room string, kind sensors.RoomKind) {
	id := sensors.RoomID{Household: household, Room: room}
	w.registry.Rooms = append(w.registry.Rooms, sensors.Room{RoomID: id, Kind: kind})
	w.device(household+"-"+room, sensors.InRoom(id))
}

// meter adds a heat meter of a building or of a household, read by the device of its name.
func (w *office) meter(m sensors.HeatMeter) {
	w.registry.HeatMeters = append(w.registry.HeatMeters, m)
	w.device(m.ID, sensors.OnMeter(m.ID))
}

func (w *office) device(id string, target sensors.Target) {
	w.registry.Devices = append(w.registry.Devices, sensors.Device{ID: id})
	w.registry.Assignments = append(w.registry.Assignments, sensors.Assignment{Device: id, Target: target, From: w.local("2010-01-01 00:00"), To: sensors.Forever})
}

// register takes the registry over.
func (w *office) register() {
	w.t.Helper()
	_, err := w.ledger.ImportRegistry(w.t.Context(), &registrycsv.Declared{Registry: w.registry}, ledger.ImportOptions{}, max(w.now, 1))
	must(w.t, err)
}

// shows stores register values of a meter, kWh, a step apart from a local time on.
func (w *office) shows(meter, from string, step time.Duration, kwh ...float64) {
	w.t.Helper()
	w.samples(sensors.Series{Quantity: sensors.HeatKWh, Owner: meter}, from, step, kwh...)
}

func (w *office) samples(series sensors.Series, from string, step time.Duration, values ...float64) {
	w.t.Helper()
	at, samples := w.local(from), make([]sensors.Sample, len(values))
	for i, v := range values {
		samples[i] = sensors.Sample{At: at, Received: at, Value: v}
		at = at.Add(step)
	}
	w.write(series, samples)
}

func (w *office) write(series sensors.Series, samples []sensors.Sample) {
	w.t.Helper()
	_, err := w.store.Write(w.t.Context(), []sensors.Batch{{Series: series, Samples: samples}})
	must(w.t, err)
}

// pays records a payment for the winter of its day.
func (w *office) pays(household, day string, fen billing.Fen) {
	w.t.Helper()
	d, err := compliance.ParseDate(day)
	must(w.t, err)
	w.runs++
	s := compliance.Season{Start: d}
	_, err = w.ledger.ImportPayments(w.t.Context(), ledger.PaymentImport{}, []ledger.Payment{{
		Channel: "counter", Reference: fmt.Sprint("r", w.runs), Household: household, Account: "A-" + household, Winter: s.Winter(), Date: d, Fen: fen,
	}}, "clerk", w.now)
	must(w.t, err)
}

// notes notes a fact for bills.
func (w *office) notes(f ledger.BillingFact) {
	w.t.Helper()
	must(w.t, w.ledger.PutBillingFacts(w.t.Context(), []ledger.BillingFact{f}, w.now))
}

// settles settles a winter as it is known at a local time, which becomes now.
func (w *office) settles(winter int, local string, change ...func(*settlement.Request)) settlement.Result {
	w.t.Helper()
	w.now = w.local(local)
	w.runs++
	q := settlement.Request{ID: fmt.Sprint("run", w.runs), Winter: winter, By: "clerk"}
	for _, c := range change {
		c(&q)
	}
	r, err := w.settler.Run(w.t.Context(), q)
	must(w.t, err)
	return r
}

// said is all lines of a household's statements of a winter, and the last of the statements.
func (w *office) said(household string, winter int) (lines []billing.Line, all []ledger.Statement) {
	w.t.Helper()
	all, err := w.ledger.Statements(w.t.Context(), ledger.StatementFilter{Household: household, Winter: winter})
	must(w.t, err)
	for _, s := range all {
		lines = append(lines, s.Lines...)
	}
	return lines, all
}

func (w *office) local(s string) sensors.Instant {
	w.t.Helper()
	t, err := time.ParseInLocation("2006-01-02 15:04", s, w.policy.Zone)
	must(w.t, err)
	return sensors.At(t)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
