package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
)

// callers are the tokens that every endpoint is tried with: each role, with a scope that covers household h1 and one that
// does not.
var callers = []string{
	"", "gateway", "sensor", "dispatcher", "building2", "auditor", "admin", "resident", "neighbour", "nowhere", "billing", "tester", "mediator",
}

// may is what is expected, written down a second time and by hand: for each endpoint the callers whom it does not turn away with
// 401 or 403 (or 404, where that is how a foreign ticket answers). Everybody else must be.
var may = map[string]string{
	"POST /api/v2/write":    "gateway sensor admin", // of sensor's own device
	"POST /api/v1/readings": "gateway sensor admin",

	"GET /api/v1/quarantine": "dispatcher building2 auditor admin", // building2 must name a household of its own

	"POST /api/v1/tickets":             "dispatcher admin resident", // of h1
	"GET /api/v1/tickets":              "dispatcher building2 auditor admin resident neighbour nowhere",
	"GET /api/v1/tickets/:id":          "dispatcher auditor admin resident", // of h1
	"POST /api/v1/tickets/:id/reply":   "dispatcher admin",
	"POST /api/v1/tickets/:id/update":  "dispatcher admin",
	"POST /api/v1/tickets/:id/resolve": "dispatcher admin",

	"GET /api/v1/households/:id/tiles":    "dispatcher auditor admin resident", // of h1
	"GET /api/v1/households/:id/episodes": "dispatcher auditor admin resident",
	"GET /api/v1/households/:id/readings": "dispatcher auditor admin resident",

	"GET /openapi.json": "gateway sensor dispatcher building2 auditor admin resident neighbour nowhere billing tester mediator",
	"GET /metrics":      "auditor admin",

	"GET /healthz":    "anybody",
	"GET /readyz":     "anybody",
	"GET /health":     "anybody",
	"GET /ping":       "anybody",
	"HEAD /ping":      "anybody",
	"GET /log/*path":  "anybody",
	"HEAD /log/*path": "anybody",
}

// Every endpoint is tried with every caller. An endpoint without a row here, or in the table, fails.
func TestWhoMayCallWhat(t *testing.T) {
	h := open(t, nil)
	rows := map[route]access{}
	for _, row := range accessTable() {
		rows[route{row.method, row.pattern}] = row
	}
	seen := map[string]bool{}
	for _, r := range h.engine.Routes() {
		name := r.Method + " " + r.Path
		seen[name] = true
		if _, ok := rows[route{r.Method, r.Path}]; !ok {
			t.Errorf("%s has no row in the table", name)
		}
		allowed, ok := may[name]
		if !ok {
			t.Errorf("%s has no row in this test", name)
			continue
		}
		for _, caller := range callers {
			w := h.sample(t, caller, r)
			turnedAway := w.Code == http.StatusUnauthorized || w.Code == http.StatusForbidden ||
				w.Code == http.StatusNotFound && strings.HasPrefix(r.Path, "/api/v1/tickets/")
			is := allowed == "anybody" || strings.Contains(" "+allowed+" ", " "+caller+" ") && caller != ""
			if turnedAway == is {
				t.Errorf("%s by %q: %d %s", name, caller, w.Code, w.Body)
			}
			if caller == "" && !is && w.Code != http.StatusUnauthorized {
				t.Errorf("%s without a token: %d", name, w.Code)
			}
		}
	}
	for name := range may {
		if !seen[name] {
			t.Errorf("%s is in this test and is not served", name)
		}
	}
}

// sample sends a request that would succeed for whoever may, about household h1.
func (h *house) sample(t *testing.T, caller string, r gin.RouteInfo) *httptest.ResponseRecorder {
	t.Helper()
	path, body := r.Path, ""
	var headers []string
	switch {
	case r.Path == "/api/v2/write":
		body = "temperature,device=d4 celsius=18"
	case r.Path == "/api/v1/readings":
		body, headers = "time,device,celsius\n2015-12-01T12:00:00+08:00,d4,18\n", []string{"Content-Type", "text/csv"}
	case r.Path == "/api/v1/tickets" && r.Method == http.MethodPost:
		body = `{"household":"h1","kind":"leak"}`
	case strings.HasPrefix(r.Path, "/api/v1/tickets/"):
		path = strings.Replace(path, ":id", h.report(t, ""), 1)
		if r.Method == http.MethodPost {
			body = `{"text":"done"}`
		}
	case strings.HasPrefix(r.Path, "/api/v1/households/"):
		path = strings.Replace(path, ":id", "h1", 1) + "?from=2015-12-01T00:00:00Z&to=2015-12-02T00:00:00Z"
	case strings.HasPrefix(r.Path, "/log/"):
		path = "/log/checkpoint"
	}
	return h.ask(caller, r.Method, path, body, headers...)
}

// A route that nobody gave a row, and a row that nobody gave a route, keep the server from starting.
func TestRouteWithoutRow(t *testing.T) {
	g := &guard{rows: map[route]access{{"GET", "/a"}: {}, {"GET", "/b"}: {}}}
	err := g.agrees(gin.RoutesInfo{{Method: "GET", Path: "/a"}, {Method: "GET", Path: "/c"}})
	if err == nil || err.Error() != "web: GET /c: nothing says who may call it\nweb: GET /b: is not served" {
		t.Fatal(err)
	}
}
