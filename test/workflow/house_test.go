package workflow_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/nuanju/nuanju/billing/settlement"
	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/compliance/casefile"
	"github.com/nuanju/nuanju/compliance/checker"
	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/evidence"
	"github.com/nuanju/nuanju/evidence/files"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/ledger/registrycsv"
	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/blocks"
	"github.com/nuanju/nuanju/sensors/intake"
	"github.com/nuanju/nuanju/web"
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

func (c *handClock) set(at sensors.Instant) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = at.Time()
}

func (c *handClock) instant() sensors.Instant { return sensors.At(c.now()) }

// house is a whole server in this process, for the household of a case.
type house struct {
	t         testing.TB
	clock     *handClock
	policy    *compliance.Policy
	ledger    *ledger.Ledger
	log       *evidence.Log
	forwarder *intake.Forwarder
	checker   *checker.Checker
	handler   http.Handler
	tokens    map[string]string // by role
}

// homes is a registry that does not change.
type homes func() *checker.Homes

// Homes implements checker.Registry.
func (h homes) Homes(context.Context) (*checker.Homes, error) { return h(), nil }

// open starts a house a day before the case's season.
func open(t testing.TB, url string, c *casefile.Case) *house {
	t.Helper()
	ctx, dir := t.Context(), t.TempDir()
	start := c.Facts.Season.In(c.Policy.Zone).Start.Add(-24 * time.Hour)
	h := &house{t: t, clock: &handClock{}, policy: c.Policy, tokens: map[string]string{}}
	h.clock.set(start)
	registry := registryOf(c, start)

	var err error
	h.ledger, err = ledger.Open(ctx, url)
	h.must(err)
	_, err = h.ledger.ImportRegistry(ctx, &registrycsv.Declared{Registry: registrycsv.Registry{
		Registry: *registry, Stations: []registrycsv.Station{{ID: "beijing"}},
	}}, ledger.ImportOptions{}, start)
	h.must(err)
	key, err := evidence.NewKey("heating.example/evidence")
	h.must(err)
	h.log, err = evidence.Open(ctx, "sqlite://"+filepath.Join(dir, "log.db"), key, evidence.Options{Clock: h.clock.now})
	h.must(err)
	store, err := blocks.Open(ctx, filepath.Join(dir, "blocks.db"))
	h.must(err)
	t.Cleanup(func() {
		for _, c := range []io.Closer{h.log, store, h.ledger} {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
	})

	policies := map[string]*compliance.Policy{c.Policy.Name: c.Policy}
	find := func(name string) (*compliance.Policy, error) { return policies[name], nil }
	directory, err := web.NewDirectory(registry, find)
	h.must(err)
	places := intake.NewRegistry(intake.NewPlaces(registry, map[string][]intake.Audience{
		"beijing": {{Zone: c.Policy.Zone, Households: []string{c.Facts.Household}}},
	}))
	stats := new(intake.Stats)
	h.forwarder = intake.NewForwarder(h.log, store, h.ledger, places, stats, intake.Options{Clock: h.clock.now})
	known := checker.NewHomes(registry)
	h.checker, err = checker.New(checker.Config{
		Ledger: h.ledger, Store: store, Registry: homes(func() *checker.Homes { return known }), Events: h.ledger, Declared: h.ledger,
		Policies: policies, Clock: h.clock.now,
	})
	h.must(err)
	settler, err := settlement.New(settlement.Config{
		Ledger: h.ledger, Store: store, Verdicts: h.checker, Policies: policies, Clock: h.clock.now,
		Registry: func(context.Context) (*sensors.Registry, error) { return registry, nil },
	})
	h.must(err)
	folder, err := files.Open(filepath.Join(dir, "files"))
	h.must(err)
	h.handler, err = web.New(web.Options{
		Ledger: h.ledger, Log: h.log, Store: store, Intake: intake.New(h.log, places, stats), Homes: directory, Stats: stats, Files: folder,
		Logger: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry(), Clock: h.clock.now, Zone: c.Policy.Zone,
		Answers: h.checker.Answers, Settler: settler,
	})
	h.must(err)
	for role, scope := range map[disputes.Role]ledger.Scope{
		disputes.Resident: {Households: []string{c.Facts.Household}}, disputes.Dispatcher: {}, disputes.Device: {}, disputes.Auditor: {}, disputes.Admin: {},
		disputes.Billing: {},
	} {
		spec := ledger.Token{Role: role, Name: string(role), Scope: scope, ExpiresAt: start.Add(400 * 24 * time.Hour)}
		h.tokens[string(role)], _, err = h.ledger.CreateToken(ctx, spec, start)
		h.must(err)
	}
	return h
}

// registryOf is the registry of a case's household, with a device in each room, and on the meter of the household or of its building.
func registryOf(c *casefile.Case, from sensors.Instant) *sensors.Registry {
	f := &c.Facts
	r := &sensors.Registry{
		Substations: []sensors.Substation{{ID: "S1"}},
		Buildings:   []sensors.Building{{ID: "B1", Substation: "S1"}},
		Households: []sensors.Household{{
			ID: f.Household, Building: "B1", Account: account, Area: c.Billing.AreaM2.String(), Policy: c.Policy.Name,
			Season: f.Season.Start.String() + "/" + f.Season.End.String(),
		}},
		HeatMeters:  []sensors.HeatMeter{{ID: meter, Household: f.Household}},
		Devices:     []sensors.Device{{ID: meter}},
		Assignments: []sensors.Assignment{{Device: meter, Target: sensors.OnMeter(meter), From: from, To: sensors.Forever}},
	}
	if c.Billing.Meter.Share != nil {
		r.HeatMeters[0] = sensors.HeatMeter{ID: meter, Building: "B1"}
	}
	for _, room := range f.Rooms {
		id := sensors.RoomID{Household: f.Household, Room: room.ID}
		device := f.Household + "-" + room.ID
		r.Rooms = append(r.Rooms, sensors.Room{RoomID: id, Kind: sensors.RoomKind(room.Kind)})
		r.Devices = append(r.Devices, sensors.Device{ID: device})
		r.Assignments = append(r.Assignments, sensors.Assignment{Device: device, Target: sensors.InRoom(id), From: from, To: sensors.Forever})
	}
	return r
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// forward brings everything that the log has into the store and the ledger.
func (h *house) forward() {
	h.t.Helper()
	_, err := h.forwarder.CatchUp(context.WithoutCancel(h.t.Context()))
	h.must(err)
}

// tick judges until nobody waits.
func (h *house) tick() {
	h.t.Helper()
	for range 5 {
		_, err := h.checker.Tick(h.t.Context())
		h.must(err)
		n, _, err := h.ledger.CountDirty(h.t.Context())
		h.must(err)
		if n == 0 {
			return
		}
	}
	h.t.Fatal("households are still to be judged")
}

// ask sends a request as somebody in a role.
func (h *house) ask(role, method, path, body string, status int) *httptest.ResponseRecorder {
	h.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+h.tokens[role])
	if strings.HasPrefix(body, "{") {
		r.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, r)
	if w.Code != status && (status != http.StatusOK || w.Code != http.StatusCreated) {
		h.t.Fatalf("%s %s as %s: %d %s", method, path, role, w.Code, w.Body)
	}
	return w
}

// does sends a form.
func (h *house) does(role, path string, form map[string]any) *httptest.ResponseRecorder {
	h.t.Helper()
	body, err := json.Marshal(form)
	h.must(err)
	return h.ask(role, http.MethodPost, "/api/v1"+path, string(body), http.StatusOK)
}

// get reads what an auditor sees.
func (h *house) get(path string, into any) {
	h.t.Helper()
	h.must(json.Unmarshal(h.ask("auditor", http.MethodGet, "/api/v1"+path, "", http.StatusOK).Body.Bytes(), into))
}
