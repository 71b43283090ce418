package intake_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nuanju/nuanju/evidence"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/blocks"
	"github.com/nuanju/nuanju/sensors/ingest"
	"github.com/nuanju/nuanju/sensors/intake"
)

var _ intake.Ledger = (*ledger.Ledger)(nil)

// inForce is the events of a household as they hold.
func (m *monitor) inForce(t testing.TB, household string) []intake.Event {
	t.Helper()
	all, err := m.books.Events(t.Context(), []string{household}, sensors.Earliest)
	must(t, err)
	return intake.InForce(all[household])
}

var beijing = time.FixedZone("Asia/Shanghai", 8*60*60)

// noon is a time in the heating season.
var noon = sensors.At(time.Date(2026, 1, 15, 12, 0, 0, 0, beijing))

// clock is the machine's: tests set it.
type clock struct {
	mu  sync.Mutex
	now sensors.Instant
}

func (c *clock) read() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now.Time()
}

func (c *clock) set(at sensors.Instant) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = at
}

// station is the weather station of every household.
const station = "54511"

// home is a registry of households that each have a room with a device: h1 with d1 in h1's living room.
func home(households ...string) *sensors.Registry {
	var r sensors.Registry
	for _, h := range households {
		room := sensors.RoomID{Household: h, Room: "living"}
		r.Households = append(r.Households, sensors.Household{ID: h, Building: "b1"})
		r.Rooms = append(r.Rooms, sensors.Room{RoomID: room, Kind: sensors.LivingRoom})
		r.Devices = append(r.Devices, sensors.Device{ID: "d" + h[1:]})
		r.Assignments = append(r.Assignments, sensors.Assignment{Device: "d" + h[1:], Target: sensors.InRoom(room), From: noon.Add(-1000 * time.Hour), To: sensors.Forever})
	}
	return &r
}

func places(r *sensors.Registry) *intake.Places {
	var all []string
	for _, h := range r.Households {
		all = append(all, h.ID)
	}
	return intake.NewPlaces(r, map[string][]intake.Audience{station: {{Zone: beijing, Households: all}}})
}

// monitor is everything a reading passes through, real, in a directory.
type monitor struct {
	*intake.Intake
	*intake.Forwarder
	log      *evidence.Log
	store    *blocks.Store
	books    *ledger.Ledger
	registry *intake.Registry
	stats    *intake.Stats
	clock    *clock
}

// start opens everything in a directory.
func start(dir string, p *intake.Places) (*monitor, error) {
	ctx := context.Background()
	m := &monitor{registry: intake.NewRegistry(p), stats: new(intake.Stats), clock: &clock{now: noon}}
	var failed [3]error
	m.log, failed[0] = evidence.Open(ctx, "sqlite://"+filepath.Join(dir, "evidence.db"), nil, evidence.Options{Clock: m.clock.read})
	m.store, failed[1] = blocks.Open(ctx, filepath.Join(dir, "blocks.db"))
	m.books, failed[2] = ledger.Open(ctx, "sqlite://"+filepath.Join(dir, "ledger.db"))
	if err := errors.Join(failed[:]...); err != nil {
		return nil, err
	}
	m.Intake = intake.New(m.log, m.registry, m.stats)
	m.Forwarder = m.forwarder(m.store, m.books, intake.Options{})
	return m, nil
}

// forwarder is another forwarder of the same log.
func (m *monitor) forwarder(s sensors.Store, l intake.Ledger, o intake.Options) *intake.Forwarder {
	o.Clock = m.clock.read
	return intake.NewForwarder(m.log, s, l, m.registry, m.stats, o)
}

func (m *monitor) close() error {
	return errors.Join(m.log.Close(), m.store.Close(), m.books.Close())
}

func open(t testing.TB, r *sensors.Registry) *monitor {
	t.Helper()
	m, err := start(t.TempDir(), places(r))
	must(t, err)
	t.Cleanup(func() { must(t, m.close()) })
	return m
}

// startIn opens everything in a new directory.
func startIn(t interface{ Fatal(...any) }, dir string, r *sensors.Registry) *monitor {
	err := os.Mkdir(dir, 0o700)
	if err != nil {
		t.Fatal(err)
	}
	m, err := start(dir, places(r))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// everything is the scope of a gateway.
var everything = intake.NewScope(intake.Names{}, "")

// decode reads line protocol that is received at an instant.
func decode(body string, received sensors.Instant) *ingest.Batch {
	var b ingest.Batch
	ingest.NewDecoder(ingest.DefaultBounds()).LineProtocol(&b, []byte(body), ingest.Nanosecond, received)
	return &b
}

// send accepts lines at the present time of the clock.
func (m *monitor) send(t testing.TB, lines string) intake.Receipt {
	t.Helper()
	b := decode(lines, sensors.At(m.clock.read()))
	receipt, err := m.Accept(t.Context(), b, &everything)
	must(t, err)
	if len(b.Errors) > 0 {
		t.Fatal(b.Errors)
	}
	return receipt
}

// forward forwards all that waits.
func (m *monitor) forward(t testing.TB) {
	t.Helper()
	_, err := m.CatchUp(t.Context())
	must(t, err)
}

func temperature(device string, at sensors.Instant, celsius float64) string {
	return fmt.Sprintf("temperature,device=%s celsius=%v %d\n", device, celsius, int64(at))
}

func room(device string) sensors.Series {
	return sensors.Series{Quantity: sensors.Temperature, Owner: device}
}

func wantSamples(t testing.TB, s sensors.Store, series sensors.Series, want ...sensors.Sample) {
	t.Helper()
	got, err := s.Read(t.Context(), series, sensors.Earliest, sensors.Latest, nil)
	must(t, err)
	if !slices.Equal(got, want) {
		t.Errorf("%v: got %v, want %v", series, got, want)
	}
}

// wantHeld checks which lines are in quarantine: KEY REASON HOUSEHOLD each.
func (m *monitor) wantHeld(t testing.TB, want ...string) {
	t.Helper()
	lines, err := m.books.ListQuarantine(t.Context(), intake.QuarantineFilter{})
	must(t, err)
	var got []string
	for _, q := range lines {
		got = append(got, fmt.Sprintf("%d/%d %s %s", q.Leaf, q.Line, q.Reason, q.Household))
	}
	if !slices.Equal(got, want) {
		t.Errorf("held: %q, want %q", got, want)
	}
}

// dirty takes the marks.
func (m *monitor) dirty(t testing.TB) map[string]sensors.Instant {
	t.Helper()
	all, err := m.books.TakeDirty(t.Context(), 100_000)
	must(t, err)
	must(t, m.books.CompleteDirty(t.Context(), all))
	marks := make(map[string]sensors.Instant)
	for _, d := range all {
		marks[d.Household] = d.From
	}
	return marks
}

func (m *monitor) wantDirty(t testing.TB, want map[string]sensors.Instant) {
	t.Helper()
	if got := m.dirty(t); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("to be judged again: %v, want %v", got, want)
	}
}
