package web

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/nuanju/nuanju/configs"
	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/evidence"
	"github.com/nuanju/nuanju/evidence/files"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/ledger/pgtest"
	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/blocks"
	"github.com/nuanju/nuanju/sensors/intake"
	"github.com/nuanju/nuanju/web/signin"
)

// handClock is a clock that only moves when it is told to.
type handClock struct {
	mu sync.Mutex
	at time.Time
}

func (c *handClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *handClock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = t
}

func (c *handClock) add(d time.Duration) { c.set(c.now().Add(d)) }

// house is a whole server on temporary files: ledger, evidence log, store, intake, forwarder, and one registry.
type house struct {
	handed    int // tests
	clock     *handClock
	ledger    *ledger.Ledger
	log       *evidence.Log
	store     *blocks.Store
	forwarder *intake.Forwarder
	options   Options
	engine    *gin.Engine
	logged    *safeBuffer
	tokens    map[string]string // by name
	secrets   map[string]string // of sessions, by name; see people
	sent      *sentCodes
}

// safeBuffer may be written to by many.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// noon is when tests begin, in the heating season.
var noon = time.Date(2015, 12, 1, 12, 0, 0, 0, time.FixedZone("", 8*3600))

// town is the registry of the tests: two buildings, three households, with a device that was replaced and one beside it.
func town() *sensors.Registry {
	long := sensors.At(noon.AddDate(-1, 0, 0))
	yesterday := sensors.At(noon.AddDate(0, 0, -1))
	r := &sensors.Registry{
		Substations: []sensors.Substation{{ID: "S1", Name: "东四"}},
		Buildings:   []sensors.Building{{ID: "B1", Substation: "S1"}, {ID: "B2", Substation: "S1"}},
		Households: []sensors.Household{
			{ID: "h1", Building: "B1", Area: "80", Policy: "beijing-metered"},
			{ID: "h2", Building: "B1", Area: "60", Policy: "beijing-metered", Season: "2015-11-15/2015-11-30"},
			{ID: "b2/h3", Building: "B2", Area: "60", Policy: "beijing-metered"},
		},
		Rooms: []sensors.Room{
			{RoomID: sensors.RoomID{Household: "h1", Room: "bed"}, Kind: sensors.Bedroom},
			{RoomID: sensors.RoomID{Household: "h1", Room: "living"}, Kind: sensors.LivingRoom},
			{RoomID: sensors.RoomID{Household: "h2", Room: "bed"}, Kind: sensors.Bedroom},
			{RoomID: sensors.RoomID{Household: "b2/h3", Room: "bed"}, Kind: sensors.Bedroom},
		},
		Calibrations: []sensors.Calibration{{Device: "d2", OffsetCelsius: 0.25, Certificate: "C1", From: yesterday}},
	}
	in := func(device, household, room string, from, to sensors.Instant) {
		r.Devices = append(r.Devices, sensors.Device{ID: device})
		r.Assignments = append(r.Assignments, sensors.Assignment{
			Device: device, Target: sensors.InRoom(sensors.RoomID{Household: household, Room: room}), From: from, To: to,
		})
	}
	in("d1", "h1", "bed", long, yesterday)
	in("d2", "h1", "bed", yesterday, sensors.Forever)
	in("d3", "h1", "bed", long, sensors.Forever) // beside d1, then beside d2
	in("d4", "h1", "living", long, sensors.Forever)
	in("d5", "h2", "bed", long, sensors.Forever)
	in("d6", "b2/h3", "bed", long, sensors.Forever)
	r.Devices = append(r.Devices, sensors.Device{ID: "spare"})
	return r
}

// everywhere runs a test on a house of each database that the ledger may be in. Change may alter the options, or be nil.
func everywhere(t *testing.T, change func(*Options), test func(t *testing.T, h *house)) {
	t.Parallel() // they mostly wait for the disk
	for _, db := range []struct {
		name string
		url  func(testing.TB) string
	}{{"sqlite", sqlite}, {"postgres", pgtest.Start}} {
		t.Run(db.name, func(t *testing.T) {
			t.Parallel()
			test(t, openOn(t, db.url(t), town(), change))
		})
	}
}

// sqlite is the URL of an empty ledger.
func sqlite(t testing.TB) string { return "sqlite://" + filepath.Join(t.TempDir(), "ledger.db") }

// open starts a house. Change may alter the options before the handler is made.
func open(t testing.TB, change func(*Options)) *house {
	t.Helper()
	return openRegistry(t, town(), change)
}

func openRegistry(t testing.TB, registry *sensors.Registry, change func(*Options)) *house {
	t.Helper()
	return openOn(t, sqlite(t), registry, change)
}

// openOn starts a house with the ledger of a URL.
func openOn(t testing.TB, url string, registry *sensors.Registry, change func(*Options)) *house {
	t.Helper()
	dir, ctx := t.TempDir(), t.Context()
	h := &house{clock: &handClock{at: noon}, logged: &safeBuffer{}, tokens: map[string]string{}, secrets: map[string]string{}, sent: &sentCodes{}}
	var err error
	if h.ledger, err = ledger.Open(ctx, url); err != nil {
		t.Fatal(err)
	}
	key, err := evidence.NewKey("heating.example/evidence")
	if err != nil {
		t.Fatal(err)
	}
	if h.log, err = evidence.Open(ctx, "sqlite://"+filepath.Join(dir, "log.db"), key, evidence.Options{Clock: h.clock.now}); err != nil {
		t.Fatal(err)
	}
	if h.store, err = blocks.Open(ctx, filepath.Join(dir, "blocks.db")); err != nil {
		t.Fatal(err)
	}
	homes, err := NewDirectory(registry, configs.Policy)
	if err != nil {
		t.Fatal(err)
	}
	places := intake.NewRegistry(intake.NewPlaces(registry, map[string][]intake.Audience{"54511": nil}))
	stats := new(intake.Stats)
	h.forwarder = intake.NewForwarder(h.log, h.store, h.ledger, places, stats, intake.Options{Clock: h.clock.now})
	folder, err := files.Open(filepath.Join(dir, "files"))
	if err != nil {
		t.Fatal(err)
	}
	h.options = Options{
		Files: folder, Answers: h.judge(t, registry).Answers,
		Ledger: h.ledger, Log: h.log, Store: h.store, Intake: intake.New(h.log, places, stats), Homes: homes, Stats: stats,
		Logger:   slog.New(slog.NewJSONHandler(h.logged, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Policies: packs(t), Registry: prometheus.NewRegistry(), Clock: h.clock.now, Version: "v0-test",
		Lag: func() Lag {
			n, age := h.forwarder.Lag()
			return Lag{n, age}
		},
		Rate:  signin.Rate{Burst: 1 << 20, Every: time.Microsecond},
		Ticks: func() Ticks { return Ticks{Last: noon, LastGood: noon, Took: time.Second} },
	}
	h.options.Settler = settlerOf(t, &h.options, registry)
	if change != nil {
		change(&h.options)
	}
	if h.options.Door == nil {
		h.options.Door = signin.NewDoor(h.door())
	}
	h.start(t)
	t.Cleanup(func() {
		for _, c := range []io.Closer{h.log, h.store, h.ledger} {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	h.addTokens(t)
	h.settle(t, registry)
	return h
}

// start makes the handler of the house's options.
func (h *house) start(t testing.TB) {
	t.Helper()
	o, err := h.options.complete()
	if err != nil {
		t.Fatal(err)
	}
	if h.engine, err = newEngine(o); err != nil {
		t.Fatal(err)
	}
}

// addTokens makes a token of each kind, by the names that scripts call them.
func (h *house) addTokens(t testing.TB) {
	t.Helper()
	for name, spec := range map[string]ledger.Token{
		"gateway":    {Role: disputes.Device},
		"sensor":     {Role: disputes.Device, Scope: ledger.Scope{Devices: []string{"d4"}}},
		"dispatcher": {Role: disputes.Dispatcher},
		"building2":  {Role: disputes.Dispatcher, Scope: ledger.Scope{Buildings: []string{"B2"}}},
		"auditor":    {Role: disputes.Auditor},
		"admin":      {Role: disputes.Admin},
		"resident":   {Role: disputes.Resident, Scope: ledger.Scope{Households: []string{"h1"}}},
		"neighbour":  {Role: disputes.Resident, Scope: ledger.Scope{Households: []string{"h2"}}},
		"nowhere":    {Role: disputes.Resident},
		"billing":    {Role: disputes.Billing},
		"tester":     {Role: disputes.Tester, Scope: ledger.Scope{Institution: "CTI"}},
		"tester2":    {Role: disputes.Tester, Scope: ledger.Scope{Institution: "SGS"}},
		"mediator":   {Role: disputes.Mediator},
		"mediator2":  {Role: disputes.Mediator, Scope: ledger.Scope{Buildings: []string{"B2"}}},
	} {
		spec.Name, spec.ExpiresAt = name, sensors.At(noon.AddDate(1, 0, 0))
		token, _, err := h.ledger.CreateToken(t.Context(), spec, sensors.At(noon))
		if err != nil {
			t.Fatal(err)
		}
		h.tokens[name] = token
	}
}

// forward brings everything that the log has into the store and the ledger.
func (h *house) forward(t testing.TB) {
	t.Helper()
	if _, err := h.forwarder.CatchUp(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
}

// ask sends a request with a named token ("" for none), or after signIn with the session of "session:NAME".
func (h *house) ask(token, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if person, ok := strings.CutPrefix(token, "session:"); ok {
		h.showSession(r, person)
	} else if token != "" {
		r.Header.Set("Authorization", "Bearer "+h.tokens[token])
	}
	if body != "" && strings.HasPrefix(body, "{") {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.engine.ServeHTTP(w, r)
	return w
}

// want fails the test unless an answer has a status.
func want(t testing.TB, w *httptest.ResponseRecorder, status int) *httptest.ResponseRecorder {
	t.Helper()
	if w.Code != status {
		t.Fatalf("%d, want %d: %s", w.Code, status, w.Body)
	}
	return w
}

// report files a report of h1 as a dispatcher and returns the ticket's id.
func (h *house) report(t testing.TB, reportedAt string) string {
	t.Helper()
	at := ""
	if reportedAt != "" {
		at = fmt.Sprintf(`,"reported_at":%q`, reportedAt)
	}
	w := want(t, h.ask("dispatcher", http.MethodPost, "/api/v1/tickets", `{"household":"h1","kind":"low_temperature","text":"冷"`+at+`}`), http.StatusCreated)
	return strings.TrimPrefix(w.Header().Get("Location"), "/api/v1/tickets/")
}
