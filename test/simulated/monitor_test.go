package simulated_test

import (
	"context"
	"io"
	"math/big"
	"path/filepath"
	"strconv"
	"testing"
	"testing/fstest"
	"time"

	"github.com/nuanju/nuanju/billing"
	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/compliance/checker"
	"github.com/nuanju/nuanju/configs"
	"github.com/nuanju/nuanju/evidence"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/ledger/registrycsv"
	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/blocks"
	"github.com/nuanju/nuanju/sensors/ingest"
	"github.com/nuanju/nuanju/sensors/intake"
	"github.com/nuanju/nuanju/simulate"
)

// monitor is all of the server but HTTP, on temporary files. Its clock is the town's.
type monitor struct {
	t         testing.TB
	now       sensors.Instant
	policy    *compliance.Policy
	ledger    *ledger.Ledger
	store     *blocks.Store
	registry  *registrycsv.Registry
	intake    *intake.Intake
	forwarder *intake.Forwarder
	checker   *checker.Checker
	decoder   *ingest.Decoder
	batch     ingest.Batch
	body      []byte
	lines     int
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newMonitor starts a monitor that knows a registry from an instant on.
func newMonitor(t testing.TB, r *registrycsv.Registry, now sensors.Instant) *monitor {
	t.Helper()
	dir, ctx := t.TempDir(), t.Context()
	m := &monitor{t: t, now: now, decoder: ingest.NewDecoder(ingest.DefaultBounds())}
	clock := func() time.Time { return m.now.Time() }
	var err error
	m.policy, err = configs.Policy(configs.DefaultPolicy)
	must(t, err)
	m.ledger, err = ledger.Open(ctx, "sqlite://"+filepath.Join(dir, "ledger.db"))
	must(t, err)
	key, err := evidence.NewKey("heating.example/evidence")
	must(t, err)
	log, err := evidence.Open(ctx, "sqlite://"+filepath.Join(dir, "log.db"), key, evidence.Options{Clock: clock})
	must(t, err)
	m.store, err = blocks.Open(ctx, filepath.Join(dir, "blocks.db"))
	must(t, err)
	t.Cleanup(func() {
		for _, c := range []io.Closer{log, m.store, m.ledger} {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	m.register(r)
	places := intake.NewRegistry(m.places())
	stats := new(intake.Stats)
	m.intake = intake.New(log, places, stats)
	m.forwarder = intake.NewForwarder(log, m.store, m.ledger, places, stats, intake.Options{Clock: clock})
	m.checker, err = checker.New(checker.Config{
		Ledger: m.ledger, Store: m.store, Registry: m, Events: m.ledger, Declared: m.ledger, Clock: clock,
		Policies: map[string]*compliance.Policy{m.policy.Name: m.policy},
	})
	must(t, err)
	return m
}

// register imports a registry as its CSV files.
func (m *monitor) register(r *registrycsv.Registry) {
	m.t.Helper()
	files, err := registrycsv.Write(r)
	must(m.t, err)
	dir := fstest.MapFS{}
	for _, f := range files {
		dir[f.Name] = &fstest.MapFile{Data: f.Text}
	}
	declared, problems := registrycsv.Read(dir)
	if len(problems) > 0 {
		m.t.Fatal(problems)
	}
	_, err = m.ledger.ImportRegistry(m.t.Context(), declared, ledger.ImportOptions{Policies: configs.Policies()}, m.now)
	must(m.t, err)
	m.registry, err = m.ledger.Registry(m.t.Context(), sensors.Forever)
	must(m.t, err)
}

func (m *monitor) places() *intake.Places {
	audience := intake.Audience{Zone: m.policy.Zone}
	for _, h := range m.registry.Households {
		audience.Households = append(audience.Households, h.ID)
	}
	return intake.NewPlaces(&m.registry.Registry, map[string][]intake.Audience{"beijing": {audience}})
}

// Homes implements checker.Registry.
func (m *monitor) Homes(context.Context) (*checker.Homes, error) {
	return checker.NewHomes(&m.registry.Registry), nil
}

// hear keeps a message for the next request.
func (m *monitor) hear(one *simulate.Message) error {
	m.body = one.AppendLine(m.body)
	m.lines++
	return nil
}

// receive takes a request with everything that was heard in, at an instant.
func (m *monitor) receive(at sensors.Instant) {
	m.t.Helper()
	m.now = at
	if len(m.body) == 0 {
		return
	}
	precision, err := ingest.ParsePrecision(simulate.Precision)
	must(m.t, err)
	m.decoder.LineProtocol(&m.batch, m.body, precision, at)
	if m.batch.Rejected > 0 {
		m.t.Fatal(m.batch.Errors)
	}
	all := intake.NewScope(intake.Names{}, "")
	_, err = m.intake.Accept(m.t.Context(), &m.batch, &all)
	must(m.t, err)
	m.body = m.body[:0]
}

// tick forwards and judges.
func (m *monitor) tick() {
	m.t.Helper()
	_, err := m.forwarder.CatchUp(m.t.Context())
	must(m.t, err)
	r, err := m.checker.Tick(m.t.Context())
	must(m.t, err)
	if len(r.Failures) > 0 || r.Waiting > 0 {
		m.t.Fatalf("%d households wait; %v", r.Waiting, r.Failures)
	}
}

func (m *monitor) declare(d ledger.Declaration) {
	m.t.Helper()
	must(m.t, m.ledger.Declare(m.t.Context(), []ledger.Declaration{d}, m.now))
}

// quarantined is every line that is set aside, by its owner.
func (m *monitor) quarantined() map[string][]ledger.Quarantined {
	m.t.Helper()
	all := map[string][]ledger.Quarantined{}
	f := ledger.QuarantineFilter{Limit: 1000}
	for {
		lines, err := m.ledger.ListQuarantine(m.t.Context(), f)
		must(m.t, err)
		for _, l := range lines {
			all[l.Owner] = append(all[l.Owner], l)
		}
		if len(lines) < f.Limit {
			return all
		}
		f.After = lines[len(lines)-1].LineKey
	}
}

// samples is what the store has of a device.
func (m *monitor) samples(q sensors.Quantity, device string, from, to sensors.Instant) []sensors.Sample {
	m.t.Helper()
	all, err := m.store.Read(m.t.Context(), sensors.Series{Quantity: q, Owner: device}, from, to, nil)
	must(m.t, err)
	return all
}

// judgeTests is what the tests of a household decide, by id.
func (m *monitor) judgeTests(household string, season compliance.Season) map[string]compliance.TestVerdict {
	m.t.Helper()
	declared, err := m.ledger.Declarations(m.t.Context(), []string{household})
	must(m.t, err)
	facts := compliance.Facts{Household: household, Season: season, Tests: declared[household].Tests}
	span := season.In(m.policy.Zone)
	for _, a := range m.registry.Assignments {
		room, ok := a.Target.RoomID()
		if !ok || room.Household != household {
			continue
		}
		one := compliance.Room{ID: room.Room, Kind: compliance.Bedroom}
		for _, s := range m.samples(sensors.Temperature, a.Device, span.Start, span.End) {
			one.Readings = append(one.Readings, compliance.Reading{At: s.At, Received: s.Received, Celsius: s.Value})
		}
		facts.Rooms = append(facts.Rooms, one)
	}
	verdict, err := compliance.Judge(m.policy, &facts)
	must(m.t, err)
	out := map[string]compliance.TestVerdict{}
	for _, v := range verdict.Tests {
		out[v.ID] = v
	}
	return out
}

// falls is when a meter's register falls without a change that explains it.
func (m *monitor) falls(device string, from, to sensors.Instant) (at []sensors.Instant) {
	m.t.Helper()
	var meter billing.Meter
	samples := m.samples(sensors.HeatKWh, device, from, to)
	for i, s := range samples {
		kwh, ok := new(big.Rat).SetString(strconv.FormatFloat(s.Value, 'f', -1, 64))
		if !ok {
			m.t.Fatalf("%v kWh", s.Value)
		}
		meter.Registers = append(meter.Registers, billing.Register{At: s.At, KWh: kwh, Line: i})
	}
	for _, f := range billing.CheckMeter(meter, nil, m.policy.Zone) {
		at = append(at, samples[f.Line].At)
	}
	return at
}
