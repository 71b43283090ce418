package web

import (
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
)

// callers are the tokens that every endpoint is tried with: each role, with a scope that covers household h1 and one that
// does not.
var callers = []string{
	"", "gateway", "sensor", "dispatcher", "building2", "auditor", "admin", "resident", "neighbour", "nowhere", "billing", "tester", "mediator",
}

// trial is what is expected of an endpoint, written down a second time and by hand, and a request to try it with.
type trial struct {
	// may names the callers whom it does not turn away with 401 or 403 (or 404, where hidden says that a foreign thing answers so).
	// Everybody else must be. "anybody" needs no token.
	may    string
	hidden bool
	// ask is a request that would succeed for whoever may, about household h1: its path, body and headers. Without it the
	// endpoint's own path is asked, with no body.
	ask func(t *testing.T, h *house) (path, body string, headers []string)
}

// trials are those of all endpoints, each part's beside its other tests.
func trials() map[string]trial {
	all := map[string]trial{}
	for _, some := range []map[string]trial{standingTrials(), writeTrials(), ticketTrials(), ticketWorkTrials(), outageTrials(), exemptionTrials(), householdTrials()} {
		maps.Copy(all, some)
	}
	return all
}

// at is a request of a path and a body.
func at(path, body string, headers ...string) func(*testing.T, *house) (string, string, []string) {
	return func(*testing.T, *house) (string, string, []string) { return path, body, headers }
}

func standingTrials() map[string]trial {
	return map[string]trial{
		"GET /openapi.json": {may: "gateway sensor dispatcher building2 auditor admin resident neighbour nowhere billing tester mediator"},
		"GET /metrics":      {may: "auditor admin"},
		"GET /healthz":      {may: "anybody"},
		"GET /readyz":       {may: "anybody"},
		"GET /health":       {may: "anybody"},
		"GET /ping":         {may: "anybody"},
		"HEAD /ping":        {may: "anybody"},
		"GET /log/*path":    {may: "anybody", ask: at("/log/checkpoint", "")},
		"HEAD /log/*path":   {may: "anybody", ask: at("/log/checkpoint", "")},
	}
}

func writeTrials() map[string]trial {
	return map[string]trial{
		"POST /api/v2/write": {may: "gateway sensor admin", ask: at("/api/v2/write", "temperature,device=d4 celsius=18")}, // of sensor's own device
		"POST /api/v1/readings": {may: "gateway sensor admin", ask: at("/api/v1/readings",
			"time,device,celsius\n2015-12-01T12:00:00+08:00,d4,18\n", "Content-Type", "text/csv")},
	}
}

func householdTrials() map[string]trial {
	const day = "?from=2015-12-01T00:00:00Z&to=2015-12-02T00:00:00Z"
	const who = "dispatcher auditor admin resident" // of h1
	return map[string]trial{
		"GET /api/v1/quarantine":              {may: "dispatcher building2 auditor admin"}, // building2 must name a household of its own
		"GET /api/v1/households/:id/tiles":    {may: who, ask: at("/api/v1/households/h1/tiles"+day, "")},
		"GET /api/v1/households/:id/episodes": {may: who, ask: at("/api/v1/households/h1/episodes"+day, "")},
		"GET /api/v1/households/:id/readings": {may: who, ask: at("/api/v1/households/h1/readings"+day, "")},
	}
}

func ticketTrials() map[string]trial {
	on := func(verb, body string) func(*testing.T, *house) (string, string, []string) {
		return func(t *testing.T, h *house) (string, string, []string) {
			return "/api/v1/tickets/" + h.report(t, "") + verb, body, nil
		}
	}
	const done = `{"text":"done"}`
	return map[string]trial{
		"POST /api/v1/tickets":             {may: "dispatcher admin resident", ask: at("/api/v1/tickets", `{"household":"h1","kind":"leak"}`)},
		"GET /api/v1/tickets":              {may: "dispatcher building2 auditor admin resident neighbour nowhere"},
		"GET /api/v1/tickets/:id":          {may: "dispatcher auditor admin resident", hidden: true, ask: on("", "")}, // of h1
		"POST /api/v1/tickets/:id/reply":   {may: "dispatcher admin", hidden: true, ask: on("/reply", done)},
		"POST /api/v1/tickets/:id/update":  {may: "dispatcher admin", hidden: true, ask: on("/update", done)},
		"POST /api/v1/tickets/:id/resolve": {may: "dispatcher admin", hidden: true, ask: on("/resolve", done)},
	}
}

// Every endpoint is tried with every caller. An endpoint without a row here, or in the table, fails.
func TestWhoMayCallWhat(t *testing.T) {
	h := open(t, nil)
	rows := map[route]access{}
	for _, row := range accessTable() {
		rows[route{row.method, row.pattern}] = row
	}
	seen := map[string]bool{}
	expected := trials()
	for _, r := range h.engine.Routes() {
		name := r.Method + " " + r.Path
		seen[name] = true
		if _, ok := rows[route{r.Method, r.Path}]; !ok {
			t.Errorf("%s has no row in the table", name)
		}
		want, ok := expected[name]
		if !ok {
			t.Errorf("%s has no row in this test", name)
			continue
		}
		for _, caller := range callers {
			path, body, headers := r.Path, "", []string(nil)
			if want.ask != nil {
				path, body, headers = want.ask(t, h)
			}
			w := h.ask(caller, r.Method, path, body, headers...)
			turnedAway := w.Code == http.StatusUnauthorized || w.Code == http.StatusForbidden || w.Code == http.StatusNotFound && want.hidden
			is := want.may == "anybody" || strings.Contains(" "+want.may+" ", " "+caller+" ") && caller != ""
			if turnedAway == is {
				t.Errorf("%s by %q: %d %s", name, caller, w.Code, w.Body)
			}
			if caller == "" && !is && w.Code != http.StatusUnauthorized {
				t.Errorf("%s without a token: %d", name, w.Code)
			}
		}
	}
	for name := range expected {
		if !seen[name] {
			t.Errorf("%s is in this test and is not served", name)
		}
	}
}

// A route that nobody gave a row, and a row that nobody gave a route, keep the server from starting.
func TestRouteWithoutRow(t *testing.T) {
	g := &guard{rows: map[route]access{{"GET", "/a"}: {}, {"GET", "/b"}: {}}}
	err := g.agrees(gin.RoutesInfo{{Method: "GET", Path: "/a"}, {Method: "GET", Path: "/c"}})
	if err == nil || err.Error() != "web: GET /c: nothing says who may call it\nweb: GET /b: is not served" {
		t.Fatal(err)
	}
}
