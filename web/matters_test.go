package web

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/ledger/registrycsv"
	"github.com/nuanju/nuanju/sensors"
)

// settle puts a registry into the ledger too, which says who lives where.
func (h *house) settle(t testing.TB, r *sensors.Registry) {
	t.Helper()
	d := &registrycsv.Declared{Registry: registrycsv.Registry{Registry: *r}}
	if _, err := h.ledger.ImportRegistry(t.Context(), d, ledger.ImportOptions{}, sensors.At(noon)); err != nil {
		t.Fatal(err)
	}
	dirty, err := h.ledger.TakeDirty(t.Context(), 1000)
	if err == nil {
		err = h.ledger.CompleteDirty(t.Context(), dirty)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// post sends a form and returns the last part of the Location that it answers.
func (h *house) post(t testing.TB, who, path, body string) string {
	t.Helper()
	w := h.ask(who, http.MethodPost, path, body)
	if w.Code != http.StatusCreated && w.Code != http.StatusOK {
		t.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
	at := w.Header().Get("Location")
	return at[strings.LastIndex(at, "/")+1:]
}

const (
	soonOutage = `{"place":{"kind":"household","id":"h1"},"start":"2015-12-01T13:00:00+08:00","end":"2015-12-01T15:00:00+08:00","reason":"valves"}`
	rationing  = `{"clause":"A7.2.2.3","place":{"kind":"household","id":"h1"},"start":"2015-12-01T08:00:00+08:00","end":"2015-12-01T12:00:00+08:00","text":"gas"}`
	words      = `{"text":"because"}`
)

// recorded is a stoppage of h1 that has its record, and proved an exemption that is proved.
func (h *house) recorded(t testing.TB) string {
	id := h.post(t, "dispatcher", "/api/v1/outages", strings.Replace(soonOutage, "13:00", "11:00", 1))
	h.post(t, "dispatcher", "/api/v1/outages/"+id+"/end", `{}`)
	h.post(t, "dispatcher", "/api/v1/outages/"+id+"/record", words)
	return id
}

func (h *house) proved(t testing.TB) string {
	return h.provedOf(t, rationing)
}

func (h *house) provedOf(t testing.TB, claim string) string {
	id := h.post(t, "dispatcher", "/api/v1/exemptions", claim)
	h.post(t, "dispatcher", "/api/v1/exemptions/"+id+"/proofs", words)
	return id
}

// after is a request about a thing that is made first.
func after(base string, make func(t testing.TB, h *house) string, verb, body string) func(*testing.T, *house) (string, string, []string) {
	return func(t *testing.T, h *house) (string, string, []string) {
		return base + "/" + make(t, h) + verb, body, nil
	}
}

func outageTrials() map[string]trial {
	const base, one = "/api/v1/outages", "POST /api/v1/outages/:id/"
	announced := func(t testing.TB, h *house) string { return h.post(t, "dispatcher", base, soonOutage) }
	begun := func(t testing.TB, h *house) string {
		return h.post(t, "dispatcher", base, strings.Replace(soonOutage, "13:00", "11:00", 1))
	}
	recorded := func(t testing.TB, h *house) string { return h.recorded(t) }
	const other = `{"start":"2015-12-02T13:00:00+08:00","end":"2015-12-02T15:00:00+08:00","text":"late"}`
	return map[string]trial{
		"POST /api/v1/outages":    {may: "dispatcher admin", ask: at(base, soonOutage)},
		"GET /api/v1/outages":     {may: "dispatcher building2 auditor admin resident neighbour nowhere mediator mediator2", former: true},
		"GET /api/v1/outages/:id": {may: "dispatcher auditor admin resident mediator", hidden: true, ask: after(base, announced, "", "")},
		one + "reschedule":        {may: "dispatcher admin", hidden: true, ask: after(base, announced, "/reschedule", other)},
		one + "cancel":            {may: "dispatcher admin", hidden: true, ask: after(base, announced, "/cancel", words)},
		one + "end":               {may: "dispatcher admin", hidden: true, ask: after(base, begun, "/end", `{}`)},
		one + "record":            {may: "dispatcher admin", hidden: true, ask: after(base, recorded, "/record", words)},
		one + "contest":           {may: "resident", hidden: true, ask: after(base, recorded, "/contest", words)},
		one + "uphold":            {may: "mediator", hidden: true, ask: after(base, recorded, "/uphold", words)},
		one + "reject":            {may: "mediator", hidden: true, ask: after(base, recorded, "/reject", words)},

		"GET /api/v1/households/:id/maintenance": {may: "dispatcher auditor admin resident mediator", ask: at("/api/v1/households/h1/maintenance", "")},
	}
}

func exemptionTrials() map[string]trial {
	const base, one = "/api/v1/exemptions", "POST /api/v1/exemptions/:id/"
	claimed := func(t testing.TB, h *house) string { return h.post(t, "dispatcher", base, rationing) }
	proved := func(t testing.TB, h *house) string { return h.proved(t) }
	days := 0
	another := func(t testing.TB, h *house) string { // of a day of its own: what was rejected is not claimed again
		days++
		return h.provedOf(t, strings.ReplaceAll(rationing, "2015-12-01", noon.AddDate(0, 0, -days).Format(time.DateOnly)))
	}
	return map[string]trial{
		"POST /api/v1/exemptions":    {may: "dispatcher admin", ask: at(base, rationing)},
		"GET /api/v1/exemptions":     {may: "dispatcher building2 auditor admin resident neighbour nowhere mediator mediator2", former: true},
		"GET /api/v1/exemptions/:id": {may: "dispatcher auditor admin resident mediator", hidden: true, ask: after(base, claimed, "", "")},
		one + "proofs":               {may: "dispatcher admin", hidden: true, ask: after(base, claimed, "/proofs", words)},
		one + "withdraw":             {may: "dispatcher admin", hidden: true, ask: after(base, proved, "/withdraw", words)},
		one + "contest":              {may: "resident", hidden: true, ask: after(base, proved, "/contest", words)},
		one + "uphold":               {may: "mediator", hidden: true, ask: after(base, proved, "/uphold", words)},
		one + "reject":               {may: "mediator", hidden: true, ask: after(base, another, "/reject", words)},
	}
}

// Of fifty who decide one exemption at once, this way and that, one does; the others learn that it has changed, and there is one event.
func TestOneDecidesAnExemption(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, h *house) {
		h.involve(t) // the mediator decides where there is a dispute
		id := h.proved(t)
		counts := together(50, func(i int) int {
			verb := []string{"uphold", "reject"}[i%2]
			return h.ask("mediator", http.MethodPost, "/api/v1/exemptions/"+id+"/"+verb, `{"text":"seen","version":2}`).Code
		})
		var v matterView[exemptionView]
		h.read(t, "/api/v1/exemptions/"+id, &v)
		if counts[200] != 1 || counts[409] != 49 || len(v.Timeline) != 3 || v.Version != 3 {
			t.Fatalf("%v %+v", counts, v)
		}
	})
}

// The same claim sent fifty times at once under one key is made once.
func TestOneClaimAKey(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, h *house) {
		counts := together(50, func(int) int {
			return h.ask("dispatcher", http.MethodPost, "/api/v1/exemptions", rationing, "Idempotency-Key", "k").Code
		})
		var list matterList[exemptionView]
		h.read(t, "/api/v1/exemptions", &list.Body)
		if counts[201] != 50 || len(list.Body.Items) != 1 {
			t.Fatalf("%v %+v", counts, list.Body)
		}
	})
}

// facts are what the judge has of h1, as JSON, and from when on it is marked; its mark is taken off.
func (h *house) facts(t testing.TB) (declared string, marked sensors.Instant) {
	t.Helper()
	all, err := h.ledger.Declarations(t.Context(), []string{"h1"})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(all["h1"])
	if err != nil {
		t.Fatal(err)
	}
	dirty, err := h.ledger.TakeDirty(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range dirty {
		if d.Household == "h1" {
			marked = d.From
		}
	}
	if err := h.ledger.CompleteDirty(t.Context(), dirty); err != nil {
		t.Fatal(err)
	}
	return string(text), marked
}

// What is said of a stoppage is what the judge has of it, with the server's time as that of the announcement, and has the home judged
// again from its start on.
func TestAStoppageIsDeclared(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, h *house) {
		h.involve(t) // the mediator decides where there is a dispute
		start := sensors.At(noon.Add(time.Hour))
		id := h.post(t, "dispatcher", "/api/v1/outages", soonOutage)
		check := func(wantMark sensors.Instant, wanted ...string) {
			t.Helper()
			got, marked := h.facts(t)
			if marked != wantMark {
				t.Errorf("marked from %v, want %v", marked, wantMark)
			}
			for _, w := range wanted {
				if !strings.Contains(got, w) {
					t.Errorf("declared %s, want %s", got, w)
				}
			}
		}
		number := func(d time.Duration) string {
			text, _ := json.Marshal(sensors.At(noon.Add(d)))
			return string(text)
		}
		check(start, `"ID":"`+id+`","Announced":`+number(0)+`,"Start":`+number(time.Hour)+`,"End":`+number(3*time.Hour)+`,"Proof":""`)
		h.clock.add(3 * time.Hour)
		h.post(t, "dispatcher", "/api/v1/outages/"+id+"/end", `{"end":"2015-12-01T14:30:00+08:00"}`)
		check(start, `"End":`+number(150*time.Minute))
		h.post(t, "dispatcher", "/api/v1/outages/"+id+"/record", `{"text":"log 7"}`)
		check(start, `"Proof":"log 7"`)
		h.post(t, "resident", "/api/v1/outages/"+id+"/contest", words)
		check(0, `"Proof":"log 7"`)
		h.post(t, "mediator", "/api/v1/outages/"+id+"/reject", words)
		check(start, `"Proof":""`)
	})
}

// A resident sees what concerns their home, also as part of its building, and nothing else.
func TestResidentsSeeWhatTouchesTheirHome(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, h *house) {
		for _, place := range []string{`{"kind":"building","id":"B1"}`, `{"kind":"building","id":"B2"}`, `{"kind":"household","id":"h2"}`, `{"kind":"everywhere"}`, `{"kind":"substation","id":"S1"}`} {
			h.post(t, "admin", "/api/v1/exemptions", strings.Replace(rationing, `{"kind":"household","id":"h1"}`, place, 1))
		}
		for who, wanted := range map[string]int{"resident": 3, "neighbour": 4, "admin": 5, "auditor": 5} {
			w := want(t, h.ask(who, http.MethodGet, "/api/v1/exemptions", ""), http.StatusOK)
			var list matterList[exemptionView]
			if err := json.Unmarshal(w.Body.Bytes(), &list.Body); err != nil || len(list.Body.Items) != wanted {
				t.Errorf("%s sees %d, want %d: %v", who, len(list.Body.Items), wanted, err)
			}
			for _, v := range list.Body.Items {
				want(t, h.ask(who, http.MethodGet, "/api/v1/exemptions/"+url.PathEscape(v.ID), ""), http.StatusOK)
			}
		}
		// A dispatcher of one building may not speak for others.
		for body, status := range map[string]int{
			strings.Replace(rationing, `{"kind":"household","id":"h1"}`, `{"kind":"building","id":"B2"}`, 1): http.StatusCreated,
			strings.Replace(rationing, `{"kind":"household","id":"h1"}`, `{"kind":"everywhere"}`, 1):         http.StatusForbidden,
			strings.Replace(rationing, `{"kind":"household","id":"h1"}`, `{"kind":"building","id":"B9"}`, 1): http.StatusForbidden,
		} {
			want(t, h.ask("building2", http.MethodPost, "/api/v1/exemptions", body), status)
		}
		want(t, h.ask("dispatcher", http.MethodPost, "/api/v1/exemptions", strings.Replace(rationing, `"h1"`, `"h9"`, 1)), http.StatusUnprocessableEntity)
	})
}

// told is what waits for the evidence log, but for the registry with which the house began.
func (h *house) told(t testing.TB) ([]ledger.OutboxEntry, error) {
	t.Helper()
	entries, err := h.ledger.Outbox(t.Context(), 100)
	return slices.DeleteFunc(entries, func(e ledger.OutboxEntry) bool { return e.Key == "registry/1" }), err
}

func proofTrials() map[string]trial {
	const paper = "%PDF-1.7\nthe order"
	named := func(base string, make func(*house, testing.TB) string, verb string) func(*testing.T, *house) (string, string, []string) {
		return func(t *testing.T, h *house) (string, string, []string) {
			want(t, h.ask("dispatcher", http.MethodPost, "/api/v1/proofs", paper), http.StatusCreated)
			id := make(h, t)
			h.post(t, "dispatcher", base+"/"+id+verb, `{"text":"because","attachments":["`+digestOf(paper)+`"]}`)
			return base + "/" + id + "/proofs/" + digestOf(paper), "", nil
		}
	}
	const who = "dispatcher auditor admin resident mediator"
	return map[string]trial{
		"POST /api/v1/proofs":                       {may: "resident neighbour dispatcher building2 billing admin", ask: at("/api/v1/proofs", paper)},
		"GET /api/v1/outages/:id/proofs/:digest":    {may: who, hidden: true, ask: named("/api/v1/outages", (*house).recorded, "/record")},
		"GET /api/v1/exemptions/:id/proofs/:digest": {may: who, hidden: true, ask: named("/api/v1/exemptions", (*house).proved, "/proofs")},
	}
}
