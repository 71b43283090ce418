package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nuanju/nuanju/billing/payment"
	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/configs"
	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
)

const deed = "%PDF-1.7\nthe deed"

// applied is the path of an application of h1 for a winter; the pack of the tests tells nothing of applying.
func (h *house) applied(t testing.TB, winter string) string {
	t.Helper()
	want(t, h.ask("resident", "POST", "/api/v1/proofs", deed), http.StatusCreated)
	w := want(t, h.ask("resident", "POST", "/api/v1/suspensions", `{"household":"h1","kind":"suspend","season":`+winter+
		`,"documents":[{"what":"deed","attachment":"`+digestOf(deed)+`"}]}`, "Idempotency-Key", "of"+winter), http.StatusCreated)
	return w.Header().Get("Location")
}

func suspensionTrials() map[string]trial {
	const papers = "resident billing auditor admin"
	winter := 1950 // a new one each time
	on := func(verb, body string) func(*testing.T, *house) (string, string, []string) {
		return func(t *testing.T, h *house) (string, string, []string) {
			winter++
			return h.applied(t, time.Date(winter, 1, 1, 0, 0, 0, 0, time.UTC).Format("2006")) + verb, body, nil
		}
	}
	return map[string]trial{
		"GET /api/v1/households/:id/suspension-rules": {may: papers + " dispatcher", ask: at("/api/v1/households/h1/suspension-rules?season=2015", "")},
		"POST /api/v1/suspensions": {may: "resident billing admin", ask: at("/api/v1/suspensions",
			`{"household":"h1","kind":"resume","season":2015}`)}, // 409: nothing is suspended
		"GET /api/v1/suspensions":                    {may: papers, ask: at("/api/v1/suspensions?household=h1", "")},
		"GET /api/v1/suspensions/:id":                {may: papers, hidden: true, ask: on("", "")},
		"POST /api/v1/suspensions/:id/approve":       {may: "billing admin", hidden: true, ask: on("/approve", `{"text":""}`)},
		"POST /api/v1/suspensions/:id/refuse":        {may: "billing admin", hidden: true, ask: on("/refuse", `{"text":"no deed"}`)},
		"POST /api/v1/suspensions/:id/withdraw":      {may: "resident", hidden: true, ask: on("/withdraw", `{"text":""}`)},
		"GET /api/v1/suspensions/:id/proofs/:digest": {may: papers, hidden: true, ask: on("/proofs/"+digestOf(deed), "")},
	}
}

// inQingdao is a house whose pack has Qingdao's rules of applying, for the winter that begins in 2025, two days before the last one.
func inQingdao(t *testing.T) *house {
	t.Helper()
	h := open(t, func(o *Options) {
		o.PaymentRules = func(string) ([]payment.Rules, error) { return configs.Payment("qingdao") }
	})
	h.until(t, "2025-10-14T09:00:00+08:00")
	h.addTokensUntil(t, "2027-01-01T00:00:00Z")
	return h
}

// An application comes by the day that the pack names, with the papers that it asks for; an approval is what the bill follows; and all of
// it is undone by an application to resume.
func TestHeatingIsSuspendedAndResumed(t *testing.T) {
	h := inQingdao(t)
	told := want(t, h.ask("resident2", "GET", "/api/v1/households/h1/suspension-rules?season=2025", ""), http.StatusOK).Body.String()
	for _, part := range []string{`"known":true`, `"open":true`, `"apply_by":"2025-10-16"`, "identity card", "a letter of the owner's"} {
		if !strings.Contains(told, part) {
			t.Errorf("%s is not told: %s", part, told)
		}
	}
	apply := func(status int, more string, parts ...string) string {
		t.Helper()
		w := want(t, h.ask("resident2", "POST", "/api/v1/suspensions", `{"household":"h1","season":2025,`+more+`}`), status)
		for _, part := range parts {
			if !strings.Contains(w.Body.String(), part) {
				t.Errorf("%q is not told: %s", part, w.Body)
			}
		}
		return w.Header().Get("Location")
	}
	want(t, h.ask("resident2", "POST", "/api/v1/proofs", deed), http.StatusCreated)
	paper := func(what string) string { return `{"what":"` + what + `","attachment":"` + digestOf(deed) + `"}` }
	apply(http.StatusUnprocessableEntity, `"kind":"suspend"`, "body.way", "online")
	apply(http.StatusUnprocessableEntity, `"kind":"suspend","way":"at a counter","delegate":true,"documents":[`+paper("deed")+`,{"what":"identity card","attachment":"`+digestOf("x")+`"}]`,
		"documents[1].attachment", "was not uploaded", "a letter of the owner's")
	apply(http.StatusConflict, `"kind":"resume","way":"online","documents":[`+paper("photos")+`]`, "is not suspended")
	path := apply(http.StatusCreated, `"kind":"suspend","way":"at a counter","documents":[`+paper("deed")+`,`+paper("Identity Card")+`]`,
		`"apply_by":"2025-10-16"`, `"state":"applied"`)
	apply(http.StatusConflict, `"kind":"suspend","way":"online","documents":[`+paper("photos")+`]`, "is open")
	want(t, h.ask("neighbour", "GET", path, ""), http.StatusUnauthorized) // of 2016
	want(t, h.ask("dispatcher2", "GET", path+"/proofs/"+digestOf(deed), ""), http.StatusForbidden)
	if got := want(t, h.ask("billing2", "GET", path+"/proofs/"+digestOf(deed), ""), http.StatusOK).Body.String(); got != deed {
		t.Errorf("the deed is %q", got)
	}
	if n := h.suspendedIn(t, 2025); n != 0 {
		t.Errorf("%d suspensions are noted before anybody approves", n)
	}
	want(t, h.ask("billing2", "POST", path+"/refuse", `{"text":""}`), http.StatusUnprocessableEntity)
	want(t, h.ask("billing2", "POST", path+"/approve", `{"text":"","version":7}`), http.StatusConflict)
	want(t, h.ask("billing2", "POST", path+"/approve", `{"text":""}`), http.StatusOK)
	want(t, h.ask("billing2", "POST", path+"/approve", `{"text":""}`), http.StatusConflict)
	if n := h.suspendedIn(t, 2025); n != 1 {
		t.Errorf("%d suspensions are noted after the approval", n)
	}
	apply(http.StatusConflict, `"kind":"suspend","way":"online","documents":[`+paper("photos")+`]`, "already")
	again := apply(http.StatusCreated, `"kind":"resume","way":"online","documents":[`+paper("photos")+`]`)
	want(t, h.ask("billing2", "POST", again+"/approve", `{"text":"welcome back"}`), http.StatusOK)
	if n := h.suspendedIn(t, 2025); n != 0 {
		t.Errorf("%d suspensions are noted after it was resumed", n)
	}
}

// suspendedIn is how many facts suspend heating of h1 in a winter.
func (h *house) suspendedIn(t *testing.T, winter int) (n int) {
	t.Helper()
	all, _, err := h.ledger.BillingFacts(t.Context(), []string{"h1"}, nil)
	must(t, err)
	for _, f := range all["h1"] {
		if f.Suspension != nil && f.Suspension.Winter == winter {
			n++
		}
	}
	return n
}

// The last day is in time to its last second, and the day after is not: the clause, the day and the source are told. A winter of which the
// pack tells nothing has no last day.
func TestApplyingIsByADay(t *testing.T) {
	h := inQingdao(t)
	want(t, h.ask("resident2", "POST", "/api/v1/proofs", deed), http.StatusCreated)
	apply := func(key, winter string, status int) string {
		t.Helper()
		way := `,"way":"online","documents":[{"what":"photos","attachment":"` + digestOf(deed) + `"}]`
		if winter != "2025" {
			way = ""
		}
		return want(t, h.ask("resident2", "POST", "/api/v1/suspensions", `{"household":"h1","kind":"suspend","season":`+winter+way+`}`,
			"Idempotency-Key", key), status).Body.String()
	}
	h.until(t, "2025-10-17T00:00:00+08:00")
	late := apply("a", "2025", http.StatusUnprocessableEntity)
	for _, part := range []string{"body.season", "2025-10-16", "2025-10-17", "A8"} {
		if !strings.Contains(late, part) {
			t.Errorf("%q is not told: %s", part, late)
		}
	}
	h.until(t, "2025-10-16T23:59:59+08:00")
	first := apply("b", "2025", http.StatusCreated)
	h.until(t, "2025-10-17T00:00:01+08:00")
	if again := apply("b", "2025", http.StatusCreated); again != first { // what was in time stays in time when it is sent again
		t.Errorf("%s\n%s", first, again)
	}
	apply("c", "2026", http.StatusCreated)
}

// What an approval notes and that it was approved are one: when the fact is refused the application stands as it was.
func TestAnApprovalAndItsFactAreOne(t *testing.T) {
	h := open(t, nil)
	id := strings.TrimPrefix(h.applied(t, "2015"), "/api/v1/suspensions/")
	m, _, err := h.ledger.Matter(t.Context(), disputes.SuspensionMatter, id)
	must(t, err)
	after, events, _, err := disputes.AdvanceSuspension(m, disputes.Move{Event: disputes.Approved, Actor: disputes.Actor{Role: disputes.Billing, ID: "b"}}, m.Updated+1)
	must(t, err)
	bad := ledger.BillingFact{ID: "x", Place: ledger.Place{Kind: ledger.AtHousehold, ID: "h1"}, Unsupplied: &ledger.DayRun{First: compliance.DateOf(2015, 12, 2), Last: compliance.DateOf(2015, 12, 1)}}
	w := ledger.MatterWrite{Changes: []ledger.MatterChange{{Before: m, After: after, Events: events}}, Bills: []ledger.BillingFact{bad}}
	if err := h.ledger.SaveMatters(t.Context(), w, m.Updated+1); err == nil {
		t.Error("a fact of no days is noted")
	}
	if now, _, err := h.ledger.Matter(t.Context(), disputes.SuspensionMatter, id); err != nil || now.State != disputes.StateApplied {
		t.Errorf("%+v, %v", now, err)
	}
}
