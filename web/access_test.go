package web

import (
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
)

// callers are those with whom every endpoint is tried: each role, with a scope that covers household h1 and one that does not. Each
// has a token. The mediator has a dispute about h1 at mediation, the tester was asked to test its bedroom; mediator2 and tester2 were
// not. Those of sessionCallers are signed in as well, and must get the same answers.
var callers = []string{
	"", "gateway", "sensor", "dispatcher", "building2", "auditor", "admin", "resident", "neighbour", "nowhere", "billing", "tester", "mediator",
	"tester2", "mediator2",
}

// sessionCallers are those who sign in; see people. The last three have no token: what delegates and a former resident may do
// follows from what a resident may, unless a trial says otherwise.
var sessionCallers = []string{
	"dispatcher", "building2", "auditor", "admin", "resident", "neighbour", "billing", "tester", "mediator",
	"tester2", "mediator2", "delegate", "reporter", "former",
}

// trial is what is expected of an endpoint, written down a second time and by hand, and a request to try it with.
type trial struct {
	// may names the callers whom it does not turn away with 401 or 403 (or 404, where hidden says that a foreign thing answers so).
	// Everybody else must be. "anybody" needs no token.
	may    string
	hidden bool
	// delegates names those of delegate and reporter who may; when it is empty, both may where the resident may and nothing is
	// changed, and else neither.
	delegates string
	// sessions names who may besides, but only signed in: no token does it.
	sessions string
	// former: the former resident of h1 is not turned away, and sees their own time or nothing.
	former bool
	// ask is a request that would succeed for whoever may, about household h1: its path, body and headers. Without it the
	// endpoint's own path is asked, with no body.
	ask func(t *testing.T, h *house) (path, body string, headers []string)
}

// lets reports whether an endpoint is expected to answer a caller.
func (want trial) lets(method, caller string, session bool) bool {
	has := func(list, name string) bool { return name != "" && strings.Contains(" "+list+" ", " "+name+" ") }
	switch {
	case want.may == "anybody", session && has(want.sessions, caller):
		return true
	case caller == "former":
		return want.former
	case caller != "delegate" && caller != "reporter":
		return has(want.may, caller)
	case want.delegates == "":
		return has(want.may, "resident") && !changes(method)
	}
	return has(want.delegates, caller)
}

// trials are those of all endpoints, each part's beside its other tests.
func trials() map[string]trial {
	all := map[string]trial{}
	for _, some := range []map[string]trial{
		standingTrials(),
		sessionTrials(),
		delegationTrials(),
		writeTrials(),
		ticketTrials(),
		ticketWorkTrials(),
		outageTrials(),
		exemptionTrials(),
		testTrials(),
		confirmationTrials(),
		hearingTrials(),
		samplingTrials(),
		officialDayTrials(),
		proofTrials(),
		householdTrials(),
		homePartTrials(),
		homeListTrials(),
		seasonReportTrials(),
		contractTrials(),
		messageTrials(),
		noticeTrials(),
		billTrials(),
		billCheckTrials(),
		suspensionTrials(),
		publishedTrials(),
	} {
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
		"GET /openapi.json": {may: "gateway sensor dispatcher building2 auditor admin resident neighbour nowhere billing tester mediator tester2 mediator2", former: true},
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
	const found, read = "dispatcher auditor admin resident billing mediator", "dispatcher auditor admin resident mediator tester" // of h1
	return map[string]trial{
		"GET /api/v1/quarantine":              {may: "dispatcher building2 auditor admin"}, // building2 must name a household of its own
		"GET /api/v1/households/:id/tiles":    {may: found, former: true, ask: at("/api/v1/households/h1/tiles"+day, "")},
		"GET /api/v1/households/:id/episodes": {may: found, former: true, ask: at("/api/v1/households/h1/episodes"+day, "")},
		"GET /api/v1/households/:id/readings": {may: read, former: true, ask: at("/api/v1/households/h1/readings"+day, "")},
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
		"POST /api/v1/tickets":             {may: "dispatcher admin resident", delegates: "reporter", ask: at("/api/v1/tickets", `{"household":"h1","kind":"leak"}`)},
		"GET /api/v1/tickets":              {may: "dispatcher building2 auditor admin resident neighbour nowhere", former: true},
		"GET /api/v1/tickets/:id":          {may: "dispatcher auditor admin resident", hidden: true, ask: on("", "")}, // of h1
		"POST /api/v1/tickets/:id/reply":   {may: "dispatcher admin", hidden: true, ask: on("/reply", done)},
		"POST /api/v1/tickets/:id/update":  {may: "dispatcher admin", hidden: true, ask: on("/update", done)},
		"POST /api/v1/tickets/:id/resolve": {may: "dispatcher admin", hidden: true, ask: on("/resolve", done)},
	}
}

// Every endpoint is tried with every caller, by token and by session. An endpoint without a row here, or in the table, fails.
func TestWhoMayCallWhat(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, h *house) {
		h.people(t)
		rows := map[route]access{}
		for _, row := range accessTable() {
			rows[route{row.method, row.pattern}] = row
		}
		seen := map[string]bool{}
		answered := rightsTable{}
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
				answered.note(r, caller, tryEndpoint(t, h, r, want, caller, caller))
			}
			for _, caller := range sessionCallers {
				answered.note(r, caller, tryEndpoint(t, h, r, want, "session:"+caller, caller))
				if name == "DELETE /api/v1/session" {
					h.secrets[caller] = h.another(t, caller)
				}
			}
		}
		for name := range expected {
			if !seen[name] {
				t.Errorf("%s is in this test and is not served", name)
			}
		}
		answered.compare(t)
	})
}

// tryEndpoint asks an endpoint with a token or session and compares what it says with what is expected of the caller. It reports whether
// the caller was let.
func tryEndpoint(t *testing.T, h *house, r gin.RouteInfo, want trial, shown, caller string) bool {
	t.Helper()
	path, body, headers := r.Path, "", []string(nil)
	if want.ask != nil {
		path, body, headers = want.ask(t, h)
	}
	w := h.ask(shown, r.Method, path, body, headers...)
	turnedAway := w.Code == http.StatusUnauthorized || w.Code == http.StatusForbidden || w.Code == http.StatusNotFound && want.hidden
	if turnedAway == want.lets(r.Method, caller, shown != caller) {
		t.Errorf("%s %s by %q: %d %s", r.Method, r.Path, shown, w.Code, w.Body)
	}
	if shown == "" && want.may != "anybody" && w.Code != http.StatusUnauthorized {
		t.Errorf("%s %s without a token: %d", r.Method, r.Path, w.Code)
	}
	if w.Code >= 500 {
		t.Errorf("%s %s by %q: %d %s", r.Method, r.Path, shown, w.Code, w.Body)
	}
	return !turnedAway
}

// A route that nobody gave a row, and a row that nobody gave a route, keep the server from starting.
func TestRouteWithoutRow(t *testing.T) {
	g := &guard{rows: map[route]access{{"GET", "/a"}: {}, {"GET", "/b"}: {}}}
	err := g.agrees(gin.RoutesInfo{{Method: "GET", Path: "/a"}, {Method: "GET", Path: "/c"}})
	if err == nil || err.Error() != "web: GET /c: nothing says who may call it\nweb: GET /b: is not served" {
		t.Fatal(err)
	}
}
