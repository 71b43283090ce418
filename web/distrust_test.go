package web

import (
	"net/http"
	"strings"
	"testing"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// Of two claims of the same, made beforehand, the second is not proved once the first was rejected; upheld after all, nothing stands in its way.
func TestARejectedExemptionIsNotProvedUnderAnotherNumber(t *testing.T) {
	h := open(t, nil)
	h.involve(t)
	const base = "/api/v1/exemptions/"
	second := h.post(t, "dispatcher", "/api/v1/exemptions", strings.Replace(rationing, "12:00", "10:00", 1))
	first := h.proved(t)
	want(t, h.ask("mediator", http.MethodPost, base+first+"/reject", words), http.StatusOK)
	if w := want(t, h.ask("dispatcher", http.MethodPost, base+second+"/proofs", words), http.StatusConflict); !strings.Contains(w.Body.String(), first) {
		t.Errorf("it does not say which: %s", w.Body)
	}
	want(t, h.ask("dispatcher", http.MethodPost, "/api/v1/exemptions", rationing), http.StatusConflict)
	want(t, h.ask("mediator", http.MethodPost, base+first+"/uphold", words), http.StatusOK)
	want(t, h.ask("dispatcher", http.MethodPost, base+second+"/proofs", words), http.StatusOK)
}

// Whoever moved in sees nothing of what was between the supplier and those who lived there before, and confirms nothing for them.
func TestWhoMovedInHasNoSayInWhatWasBefore(t *testing.T) {
	h := open(t, nil)
	h.people(t) // h1 changed hands when 14 November ended
	before := h.provedOf(t, strings.ReplaceAll(rationing, "2015-12-01", "2015-11-10"))
	now := h.proved(t)
	for id, status := range map[string]int{before: http.StatusNotFound, now: http.StatusOK} {
		want(t, h.ask("session:resident", http.MethodGet, "/api/v1/exemptions/"+id, ""), status)
		want(t, h.ask("session:resident", http.MethodPost, "/api/v1/exemptions/"+id+"/contest", words), status)
	}
	if list := want(t, h.ask("session:resident", http.MethodGet, "/api/v1/exemptions", ""), http.StatusOK).Body.String(); strings.Contains(list, before) || !strings.Contains(list, now) {
		t.Errorf("%s of before, or not %s of now: %s", before, now, list)
	}
	interval := func(who, start, end string) int {
		return h.ask(who, http.MethodPost, "/api/v1/confirmations", `{"household":"h1","start":"`+start+`T08:00:00+08:00","end":"`+end+`T08:00:00+08:00"}`).Code
	}
	for _, c := range []struct {
		who, start, end string
		status          int
	}{
		{"dispatcher", "2015-11-12", "2015-11-13", http.StatusCreated},
		{"session:resident", "2015-11-12", "2015-11-13", http.StatusForbidden}, // would bind others' money
		{"session:resident", "2015-11-14", "2015-11-20", http.StatusForbidden}, // partly
		{"session:resident", "2015-11-15", "2015-11-20", http.StatusCreated},
	} {
		if got := interval(c.who, c.start, c.end); got != c.status {
			t.Errorf("%s confirms %s to %s: %d, want %d", c.who, c.start, c.end, got, c.status)
		}
	}
	if err := h.ledger.AddVulnerability(t.Context(), ledger.Vulnerability{
		ID: "V1", Household: "h1", Reason: "illness", From: sensors.At(noon.AddDate(0, -1, 0)), Until: sensors.At(noon.AddDate(0, 5, 0)),
		By: disputes.Actor{Role: disputes.Resident, ID: "李四"}, Recorded: sensors.At(noon.AddDate(0, -1, 0)),
	}); err != nil {
		t.Fatal(err)
	}
	for who, seen := range map[string]bool{"session:resident": false, "dispatcher": true} {
		w := want(t, h.ask(who, http.MethodGet, "/api/v1/households/h1/vulnerable", ""), http.StatusOK)
		if strings.Contains(w.Body.String(), "illness") != seen {
			t.Errorf("%s: %s", who, w.Body)
		}
	}
}

// The number that somebody left with a report is for those who call them, and for the home itself.
func TestPhonesOfReportsAreForThoseWhoCall(t *testing.T) {
	h := open(t, nil)
	h.people(t)
	id := h.post(t, "dispatcher", "/api/v1/tickets", `{"household":"h1","kind":"leak","phone":"13900001111"}`)
	for who, seen := range map[string]bool{
		"dispatcher": true, "admin": true, "session:resident": true, "auditor": false, "session:auditor": false, "session:delegate": false, "session:reporter": false,
	} {
		for _, path := range []string{"/api/v1/tickets/" + id, "/api/v1/tickets?household=h1"} {
			w := want(t, h.ask(who, http.MethodGet, path, ""), http.StatusOK)
			if strings.Contains(w.Body.String(), "13900001111") != seen {
				t.Errorf("%s %s: %s", who, path, w.Body)
			}
		}
	}
}

// A mediator decides of a building where a dispute of one of its homes has come to them, and of no other.
func TestMediatorsDecideWhereADisputeIs(t *testing.T) {
	h := open(t, nil)
	h.involve(t) // h1 in B1
	for place, status := range map[string]int{"B1": http.StatusOK, "B2": http.StatusNotFound} {
		id := h.provedOf(t, strings.Replace(rationing, `{"kind":"household","id":"h1"}`, `{"kind":"building","id":"`+place+`"}`, 1))
		want(t, h.ask("mediator", http.MethodGet, "/api/v1/exemptions/"+id, ""), status)
		want(t, h.ask("mediator", http.MethodPost, "/api/v1/exemptions/"+id+"/reject", words), status)
	}
}
