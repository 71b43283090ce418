package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/ingest"
	"github.com/nuanju/nuanju/sensors/intake"
)

// brokenIntake fails as it is told to.
type brokenIntake struct{ err error }

func (b brokenIntake) Accept(context.Context, *ingest.Batch, *intake.Scope) (intake.Receipt, error) {
	if b.err == nil {
		panic("the intake's secret")
	}
	return intake.Receipt{}, b.err
}

// A panic is a 500 that says nothing, and is in the log under the request's id.
func TestPanic(t *testing.T) {
	h := open(t, func(o *Options) { o.Intake = brokenIntake{} })
	w := want(t, h.ask("gateway", http.MethodPost, "/api/v2/write", "temperature,device=d2 celsius=18", "X-Request-Id", "r-1"), http.StatusInternalServerError)
	if strings.Contains(w.Body.String(), "secret") || !strings.Contains(w.Body.String(), `"code":"internal error"`) {
		t.Error(w.Body)
	}
	if log := h.logged.String(); !strings.Contains(log, "the intake's secret") || !strings.Contains(log, `"request":"r-1"`) {
		t.Error(log)
	}
}

// The log of requests has no token, no path (it names homes), no query and no body.
func TestLogHasNoSecrets(t *testing.T) {
	h := open(t, nil)
	want(t, h.ask("resident", http.MethodGet, "/api/v1/tickets?household=h1", "", "X-Request-Id", "not plain"), http.StatusOK)
	want(t, h.ask("resident", http.MethodPost, "/api/v1/tickets", `{"household":"h1","kind":"leak","text":"private words"}`), http.StatusCreated)
	h.ask("resident", http.MethodGet, "/api/v1/households/h1/tiles?from=a", "")
	h.ask("", http.MethodGet, "/api/v1/secret-path", "")
	log := h.logged.String()
	for _, secret := range []string{strings.SplitN(h.tokens["resident"], "_", 3)[2], "private words", "households/h1", "from=", "secret-path", "not plain"} {
		if strings.Contains(log, secret) {
			t.Errorf("the log has %q: %s", secret, log)
		}
	}
	if n := strings.Count(log, `"msg":"request"`); n != 4 {
		t.Errorf("%d requests in the log: %s", n, log)
	}
}

// Metrics tell what goes on, by labels that name no home, no room and no device.
func TestMetrics(t *testing.T) {
	h := open(t, nil)
	want(t, h.ask("gateway", http.MethodPost, "/api/v2/write", "temperature,device=d2 celsius=18\ntemperature,device=dX celsius=18\nx"), http.StatusBadRequest)
	h.report(t, "2015-12-01T08:00:00+08:00")
	h.ask("", http.MethodGet, "/no/such/path", "")
	h.forward(t)
	for name, value := range map[string]string{
		`nuanju_readings_total{result="accepted"}`:                                       "2",
		`nuanju_readings_total{result="refused"}`:                                        "1",
		`nuanju_quarantine_lines{reason="unknown_device"}`:                               "1",
		`nuanju_quarantined_total{reason="unknown_device"}`:                              "1",
		`nuanju_tickets_open`:                                                            "1",
		`nuanju_tickets_breached`:                                                        "1",
		`nuanju_log_leaves`:                                                              "2",
		`nuanju_forwarder_lag_leaves`:                                                    "0",
		`nuanju_checker_last_good_tick_timestamp_seconds`:                                "1.4489424e+09",
		`nuanju_ticket_clocks{clock="reply",left="overdue"}`:                             "1",
		`nuanju_outbox_entries`:                                                          "3", // with the registry
		`nuanju_metrics_unreadable`:                                                      "0",
		`nuanju_http_requests_total{method="POST",route="/api/v2/write",status="400"}`:   "1",
		`nuanju_http_requests_total{method="POST",route="/api/v1/tickets",status="201"}`: "1",
		`nuanju_http_requests_total{method="",route="none",status="404"}`:                "1",
	} {
		if got := h.metric(t, name); got != value {
			t.Errorf("%s is %q, want %s", name, got, value)
		}
	}
	text := want(t, h.ask("admin", http.MethodGet, "/metrics", ""), http.StatusOK).Body.String()
	for _, name := range []string{"h1", "d2", "dX", "bed", "no/such"} {
		if strings.Contains(text, `"`+name) {
			t.Errorf("a label names %s", name)
		}
	}
}

// metric is the value of a metric as /metrics shows it; empty for one that it does not.
func (h *house) metric(t testing.TB, name string) string {
	t.Helper()
	for line := range strings.Lines(want(t, h.ask("admin", http.MethodGet, "/metrics", ""), http.StatusOK).Body.String()) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func TestMetricsElsewhere(t *testing.T) {
	h := open(t, func(o *Options) { o.MetricsElsewhere = true })
	want(t, h.ask("admin", http.MethodGet, "/metrics", ""), http.StatusNotFound)
	w := httptest.NewRecorder()
	Metrics(h.options.Registry).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "nuanju_tickets_open 0") {
		t.Error(w.Code, w.Body)
	}
}

// Without its ledger the server says that it is not ready, and nothing of why.
func TestNotReady(t *testing.T) {
	h := open(t, nil)
	want(t, h.ask("", http.MethodGet, "/readyz", ""), http.StatusOK)
	if err := h.ledger.Close(); err != nil {
		t.Fatal(err)
	}
	want(t, h.ask("", http.MethodGet, "/readyz", ""), http.StatusOK) // asked a moment ago
	h.clock.add(checkedFor)
	w := want(t, h.ask("", http.MethodGet, "/readyz", ""), http.StatusServiceUnavailable)
	if !strings.Contains(w.Body.String(), `"ledger":"does not answer"`) || strings.Contains(w.Body.String(), "closed") {
		t.Error(w.Body)
	}
	want(t, h.ask("", http.MethodGet, "/health", ""), http.StatusServiceUnavailable)
	want(t, h.ask("", http.MethodGet, "/healthz", ""), http.StatusOK)
	h.clock.add(h.options.TokenTTL + 1e10)
	w = want(t, h.ask("admin", http.MethodGet, "/api/v1/tickets", ""), http.StatusServiceUnavailable)
	if w.Header().Get("Retry-After") == "" || w.Header().Get("Content-Type") != "application/problem+json" {
		t.Error(w.Header(), w.Body)
	}
}

// A store that fails in the middle breaks the answer off: nobody takes a part for the whole.
func TestReadingsBreakOff(t *testing.T) {
	failed := errors.New("the store's secret")
	h := open(t, func(o *Options) { o.Store = halfStore{failed, 0} })
	path := "/api/v1/households/h1/readings?from=2015-12-01T00:00:00Z&to=2015-12-02T00:00:00Z"
	w := want(t, h.ask("admin", http.MethodGet, path, ""), http.StatusInternalServerError)
	if strings.Contains(w.Body.String(), "secret") || w.Header().Get("Content-Type") != "application/problem+json" {
		t.Error(w.Header(), w.Body)
	}
	h = open(t, func(o *Options) { o.Store = halfStore{failed, 5000} })
	server := httptest.NewServer(h.engine)
	defer server.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+h.tokens["admin"])
	resp, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	_, err = b.ReadFrom(resp.Body)
	_ = resp.Body.Close()
	if err == nil || b.Len() == 0 {
		t.Fatalf("%d bytes, %v", b.Len(), err)
	}
	if !strings.Contains(h.logged.String(), "the store's secret") {
		t.Error(h.logged)
	}
}

// halfStore gives some samples of the first span and fails.
type halfStore struct {
	err error
	n   int
}

func (s halfStore) ReadMany(_ context.Context, _ []sensors.Span, visit func(int, []sensors.Sample) error) error {
	samples := make([]sensors.Sample, s.n)
	for i := range samples {
		samples[i] = sensors.Sample{At: sensors.At(noon).Add(-1e9 * 3600 * 3).Add(1e9), Value: 18}
	}
	return errors.Join(visit(0, samples), s.err)
}

func (s halfStore) Last(context.Context, sensors.Series, sensors.Instant) (sensors.Sample, bool, error) {
	return sensors.Sample{}, false, nil
}

func TestIncompleteOptions(t *testing.T) {
	_, err := New(Options{MaxBody: -1})
	for _, name := range []string{"Ledger", "Log", "Store", "Intake", "Homes", "Logger", "Registry", "negative"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not in: %v", name, err)
		}
	}
	h := open(t, nil)
	if _, err := New(h.options); err == nil {
		t.Error("metrics were registered twice")
	}
	h.options.Registry = prometheus.NewRegistry()
	if _, err := New(h.options); err != nil {
		t.Error(err)
	}
}

// The document describes every route of the API, and clients can read it.
func TestDocumentDescribesTheAPI(t *testing.T) {
	h := open(t, nil)
	var document struct {
		OpenAPI string
		Paths   map[string]map[string]any
	}
	h.read(t, "/openapi.json", &document)
	if !strings.HasPrefix(document.OpenAPI, "3.1") {
		t.Error(document.OpenAPI)
	}
	for _, r := range h.engine.Routes() {
		path := regexp.MustCompile(`:(\w+)`).ReplaceAllString(r.Path, "{$1}")
		if strings.HasPrefix(path, "/api/") && document.Paths[path][strings.ToLower(r.Method)] == nil {
			t.Errorf("%s %s is not described", r.Method, r.Path)
		}
	}
	text, err := json.Marshal(document)
	if err != nil || bytes.Contains(text, []byte("http://")) || bytes.Contains(text, []byte("cdn")) {
		t.Error(err)
	}
}

// countedTokens counts the looks into the ledger.
type countedTokens struct {
	Tokens
	looks int
}

func (c *countedTokens) VerifyToken(ctx context.Context, token string, now sensors.Instant) (ledger.Token, error) {
	c.looks++
	return c.Tokens.VerifyToken(ctx, token, now)
}

// A token is looked up once in a while, a bad one too, and guesses do not push out what is known to be good.
func TestTokenCache(t *testing.T) {
	h := open(t, nil)
	counted := &countedTokens{Tokens: h.ledger}
	c := newTokenCache(counted, nil, 3e9)
	now := sensors.At(noon)
	verify := func(token string, at sensors.Instant, good bool, looks int) {
		t.Helper()
		_, err := c.verify(t.Context(), token, at)
		if (err == nil) != good || counted.looks != looks {
			t.Errorf("%v after %d looks, want %d", err, counted.looks, looks)
		}
	}
	verify(h.tokens["admin"], now, true, 1)
	verify(h.tokens["admin"], now+3e9-1, true, 1)
	verify("nuanju_guess", now, false, 2)
	verify("nuanju_guess", now+1, false, 2)
	for i := range maxTokens + 10 {
		_, _ = c.verify(t.Context(), "guess"+string(rune('a'+i%26))+strings.Repeat("x", i/26%300)+strings.Repeat("y", i/7800), now)
	}
	before := counted.looks
	verify(h.tokens["admin"], now+1, true, before)
	verify(h.tokens["admin"], now+3e9, true, before+1)
	verify(h.tokens["admin"], now-1, true, before+2) // the clock went back
	if len(c.bad) > maxTokens {
		t.Errorf("%d bad tokens are remembered", len(c.bad))
	}
}
