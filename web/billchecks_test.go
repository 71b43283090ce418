package web

import (
	"net/http"
	"strings"
	"testing"

	"github.com/nuanju/nuanju/billing"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// stated is an id of a statement of h1 for a winter, the next of its number. It is written as a settlement writes it.
func (h *house) stated(t testing.TB, winter int, balance billing.Fen) string {
	t.Helper()
	ctx, now := t.Context(), sensors.At(h.clock.now())
	all, err := h.ledger.Statements(ctx, ledger.StatementFilter{Household: "h1", Winter: winter})
	must(t, err)
	seq, kind := int64(len(all)+1), billing.SeasonEnd
	if seq > 1 {
		kind = billing.Correction
	}
	id := ledger.StatementID("h1", winter, seq)
	x, _, err := h.ledger.BeginSettlement(ctx, ledger.Settlement{ID: "R" + id, Winter: winter, Kind: billing.SeasonEnd, Scope: []string{id}, AsOf: now, StartedAt: now, StartedBy: "clerk"})
	must(t, err)
	s := ledger.Statement{
		ID: id, Household: "h1", Account: "Ah1", Winter: winter, Season: "2015-11-15/2016-03-15", Seq: seq, Kind: kind, AsOf: now, MadeAt: now,
		Settlement: x.ID, Policy: "beijing-metered", Balance: balance, Body: []byte(`{}`),
		Lines: []billing.Line{{Item: billing.ItemPayable, Clause: "A4.1", Fen: -balance, Balance: balance}},
	}
	_, err = h.ledger.WriteStatements(ctx, x, []ledger.Statement{s}, nil, "h1", 1, now)
	must(t, err)
	return id
}

// asked is the path of a check of a new statement of h1.
func (h *house) asked(t testing.TB) string {
	t.Helper()
	w := want(t, h.ask("resident", "POST", "/api/v1/bill-checks", `{"statement":"`+h.stated(t, 2014, -100)+`","text":"too much"}`), http.StatusCreated)
	return w.Header().Get("Location")
}

func billCheckTrials() map[string]trial {
	const read, who = "dispatcher auditor admin resident billing", "resident billing admin"
	on := func(verb, body string) func(*testing.T, *house) (string, string, []string) {
		return func(t *testing.T, h *house) (string, string, []string) { return h.asked(t) + verb, body, nil }
	}
	return map[string]trial{
		"POST /api/v1/bill-checks": {may: who, hidden: true, ask: func(t *testing.T, h *house) (string, string, []string) {
			return "/api/v1/bill-checks", `{"statement":"` + h.stated(t, 2014, -100) + `","text":"too much"}`, nil
		}},
		"GET /api/v1/bill-checks":               {may: read, ask: at("/api/v1/bill-checks?household=h1", "")},
		"GET /api/v1/bill-checks/:id":           {may: read, hidden: true, ask: on("", "")},
		"POST /api/v1/bill-checks/:id/answer":   {may: "billing admin", hidden: true, ask: on("/answer", `{"outcome":"upheld","text":"it is right"}`)},
		"POST /api/v1/bill-checks/:id/withdraw": {may: "resident", hidden: true, ask: on("/withdraw", `{"text":""}`)},
	}
}

type checkSeen struct {
	ID    string `json:"id"`
	State string `json:"state"`
	About struct {
		Statement  string `json:"statement"`
		Correction string `json:"correction"`
	} `json:"about"`
	Timeline []struct {
		Role string `json:"role"`
		Text string `json:"text"`
	} `json:"timeline"`
}

// A resident asks for a bill to be checked. Until it is answered the statement says so; the answer names a later statement, and nothing
// is edited.
func TestABillIsChecked(t *testing.T) {
	h := open(t, nil)
	first := h.stated(t, 2015, -100)
	other := h.stated(t, 2014, -50)
	ask := func(status int) string {
		t.Helper()
		return want(t, h.ask("resident", "POST", "/api/v1/bill-checks", `{"statement":"`+first+`","text":"一月我不在家"}`, "Idempotency-Key", "k1"), status).Header().Get("Location")
	}
	path := ask(http.StatusCreated)
	if again := ask(http.StatusCreated); again != path || path == "" {
		t.Errorf("sent again it is %q and %q", path, again)
	}
	w := want(t, h.ask("billing", "POST", "/api/v1/bill-checks", `{"statement":"`+first+`","text":"they telephoned"}`), http.StatusConflict)
	if !strings.Contains(w.Body.String(), "being checked already") {
		t.Error(w.Body)
	}
	listed := func() (checking []string) {
		t.Helper()
		got := reads[struct {
			Statements []struct {
				Checking string `json:"being_checked"`
			}
		}](t, h, "resident", "GET", "/api/v1/households/h1/statements", "", http.StatusOK)
		for _, s := range got.Statements {
			checking = append(checking, s.Checking)
		}
		return checking
	}
	id := strings.TrimPrefix(path, "/api/v1/bill-checks/")
	if got := listed(); len(got) != 2 || got[0] != "" || got[1] != id {
		t.Errorf("being checked: %q", got)
	}
	wrong := func(body string, status int, parts ...string) {
		t.Helper()
		w := want(t, h.ask("billing", "POST", path+"/answer", body), status)
		for _, part := range parts {
			if !strings.Contains(w.Body.String(), part) {
				t.Errorf("%q is not told: %s", part, w.Body)
			}
		}
	}
	wrong(`{"outcome":"maybe","text":"","version":0}`, http.StatusUnprocessableEntity, "body.outcome", "body.text", "body.version")
	wrong(`{"outcome":"corrected","text":""}`, http.StatusUnprocessableEntity, "body.correction", "body.text")
	wrong(`{"outcome":"upheld","text":"right","correction":"`+other+`"}`, http.StatusUnprocessableEntity, "with nothing else")
	wrong(`{"outcome":"corrected","text":"wrong","correction":"`+other+`"}`, http.StatusUnprocessableEntity, "is no later statement")
	wrong(`{"outcome":"corrected","text":"wrong","correction":"none"}`, http.StatusUnprocessableEntity, "names no statement")
	wrong(`{"outcome":"upheld","text":"right","version":7}`, http.StatusConflict)
	second := h.stated(t, 2015, 100)
	got := reads[checkSeen](t, h, "billing", "POST", path+"/answer", `{"outcome":"corrected","text":"抄表有误","correction":"`+second+`"}`, http.StatusOK)
	if got.State != "corrected" || got.About.Correction != second || len(got.Timeline) != 2 || got.Timeline[1].Role != "billing" {
		t.Errorf("%+v", got)
	}
	wrong(`{"outcome":"upheld","text":"right"}`, http.StatusConflict)
	want(t, h.ask("resident", "POST", path+"/withdraw", `{"text":""}`), http.StatusConflict)
	if got := listed(); len(got) != 3 || strings.Join(got, "") != "" {
		t.Errorf("being checked: %q", got)
	}
	for query, n := range map[string]int{"?state=corrected": 1, "?state=asked": 0, "?household=h1": 1} {
		all := reads[struct{ Items []checkSeen }](t, h, "billing", "GET", "/api/v1/bill-checks"+query, "", http.StatusOK)
		if len(all.Items) != n {
			t.Errorf("%s: %+v", query, all)
		}
	}
}

// Who moves in sees nothing of what those before asked, and those before have not lost their own time's.
func TestChecksOfWhoLivedThereBefore(t *testing.T) {
	h := open(t, nil)
	h.people(t)
	path := h.asked(t)
	want(t, h.ask("session:former", "GET", path, ""), http.StatusNotFound)
	want(t, h.ask("session:resident", "GET", path, ""), http.StatusOK)
	want(t, h.ask("neighbour", "GET", path, ""), http.StatusNotFound)
	want(t, h.ask("neighbour", "POST", "/api/v1/bill-checks", `{"statement":"`+ledger.StatementID("h1", 2014, 1)+`","text":"hm"}`), http.StatusNotFound)
}
