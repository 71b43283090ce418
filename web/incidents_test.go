package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/sensors"
)

// openedIncident opens one at h1's building, or finds the one that is open, with some tickets.
func (h *house) openedIncident(t testing.TB, tickets ...string) string {
	t.Helper()
	body, err := json.Marshal(map[string]any{"place": map[string]string{"kind": "building", "id": "B1"}, "text": "no heat", "tickets": append([]string{}, tickets...)})
	if err != nil {
		t.Fatal(err)
	}
	w := h.ask("dispatcher", http.MethodPost, "/api/v1/incidents", string(body))
	if w.Code == http.StatusConflict {
		id, err := h.ledger.OpenIncidentAt(t.Context(), disputes.Place{Kind: disputes.AtBuilding, ID: "B1"})
		if err != nil || id == "" {
			t.Fatal(err)
		}
		return id
	}
	want(t, w, http.StatusCreated)
	var out struct{ Incident struct{ ID string } }
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
		t.Fatal(err)
	}
	return out.Incident.ID
}

func incidentTrials() map[string]trial {
	on := func(verb, body string) func(*testing.T, *house) (string, string, []string) {
		return func(t *testing.T, h *house) (string, string, []string) {
			return "/api/v1/incidents/" + h.openedIncident(t) + verb, body, nil
		}
	}
	const suppliers, readers = "dispatcher admin", "dispatcher auditor admin" // building2's own has none
	const time = "?from=2015-12-01T00:00:00Z&to=2015-12-02T00:00:00Z"
	const soon = `{"reason":"children","until":"2015-12-31T00:00:00+08:00"}`
	const home = "/api/v1/households/h1/vulnerable"
	return map[string]trial{
		"POST /api/v1/incidents":             {may: suppliers, ask: at("/api/v1/incidents", `{"place":{"kind":"substation","id":"S1"}}`)},
		"GET /api/v1/incidents":              {may: "dispatcher building2 auditor admin"},
		"GET /api/v1/incidents/:id":          {may: readers, hidden: true, ask: on("", "")},
		"POST /api/v1/incidents/:id/reply":   {may: suppliers, hidden: true, ask: on("/reply", `{"text":"coming"}`)},
		"POST /api/v1/incidents/:id/update":  {may: suppliers, hidden: true, ask: on("/update", `{"text":"did it"}`)},
		"POST /api/v1/incidents/:id/resolve": {may: suppliers, hidden: true, ask: on("/resolve", `{"text":"done"}`)},
		"POST /api/v1/incidents/:id/join":    {may: suppliers, hidden: true, ask: on("/join", `{"tickets":["T0"]}`)},
		"POST /api/v1/incidents/:id/leave":   {may: suppliers, hidden: true, ask: on("/leave", `{"tickets":["T0"]}`)},
		"GET /api/v1/handover":               {may: readers, ask: at("/api/v1/handover"+time, "")},

		"POST /api/v1/households/:id/vulnerable":     {may: "dispatcher admin resident", delegates: "reporter", ask: at(home, soon)},
		"POST /api/v1/households/:id/vulnerable/end": {may: "dispatcher admin resident", delegates: "reporter", ask: at(home+"/end", "")},
		"GET /api/v1/households/:id/vulnerable":      {may: "dispatcher admin resident", ask: at(home, "")},
	}
}

// reportOf files a report and returns the ticket's id.
func (h *house) reportOf(t testing.TB, household, kind string) string {
	t.Helper()
	w := want(t, h.ask("admin", http.MethodPost, "/api/v1/tickets", fmt.Sprintf(`{"household":%q,"kind":%q}`, household, kind)), http.StatusCreated)
	return strings.TrimPrefix(w.Header().Get("Location"), "/api/v1/tickets/")
}

// One trouble of a building: a ticket given at the beginning, one that is filed later, and one that is taken in by hand are
// answered once; one that left is not. Each answer says what became of each ticket.
func TestAnIncident(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, h *house) {
		first, stranger := h.reportOf(t, "h1", "no_heat"), h.reportOf(t, "b2/h3", "no_heat")
		id := h.openedIncident(t, first)
		later := h.reportOf(t, "h2", "low_temperature")
		wrong := h.reportOf(t, "h1", "other")
		type answered struct {
			Incident struct {
				State   string
				Tickets []disputes.View
			}
			Outcomes []struct {
				Ticket string
				Status int
			}
		}
		do := func(verb, body string) string {
			t.Helper()
			w := want(t, h.ask("dispatcher", http.MethodPost, "/api/v1/incidents/"+id+"/"+verb, body), http.StatusOK)
			var a answered
			if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
				t.Fatal(err)
			}
			var all []string
			for _, o := range a.Outcomes {
				all = append(all, fmt.Sprint(o.Status))
			}
			return strings.Join(all, " ")
		}
		if got := do("leave", `{"tickets":["`+wrong+`","`+stranger+`","nothing"]}`); got != "200 409 404" {
			t.Errorf("leave: %s", got)
		}
		if got := do("join", `{"tickets":["`+stranger+`","`+later+`"]}`); got != "200 409" {
			t.Errorf("join: %s", got)
		}
		if got := do("reply", `{"text":"the pump failed"}`); got != "200 200 200" {
			t.Errorf("reply: %s", got)
		}
		for _, ticket := range []string{first, later, stranger} {
			v := h.view(t, ticket)
			last := v.Timeline[len(v.Timeline)-1]
			// No clock runs for h2, whose season is over; it is told all the same.
			if v.Clocks.Reply == nil && v.Household != "h2" || v.Clocks.Reply != nil && v.Clocks.Reply.MetAt == nil || last.Event != disputes.Replied || last.Facts.Incident != id || v.Incident != id {
				t.Errorf("%+v", v)
			}
		}
		if v := h.view(t, wrong); v.Incident != "" || v.Clocks.Reply.MetAt != nil {
			t.Errorf("%+v", v)
		}
		h.act(t, "dispatcher", first, "resolve", `{"text":"warm"}`)
		if got := do("resolve", `{"text":"a new pump"}`); got != "200 200" {
			t.Errorf("resolve: %s", got)
		}
		for _, verb := range []string{"reply", "update", "resolve"} {
			want(t, h.ask("dispatcher", http.MethodPost, "/api/v1/incidents/"+id+"/"+verb, `{"text":"again"}`), http.StatusConflict)
		}
		want(t, h.ask("dispatcher", http.MethodPost, "/api/v1/incidents/"+id+"/join", `{"tickets":["`+wrong+`"]}`), http.StatusConflict)
		if v := h.view(t, h.reportOf(t, "h1", "no_heat")); v.Incident != "" {
			t.Errorf("joined one that is resolved: %+v", v)
		}
		var a answered
		h.read(t, "/api/v1/incidents/"+id, &a)
		if a.Incident.State != "resolved" || len(a.Incident.Tickets) != 3 {
			t.Errorf("%+v", a)
		}
	})
}

// Fifty who resolve one incident at once: one does, and each ticket has one event of it.
func TestOneResolvesAnIncident(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, h *house) {
		ticket := h.reportOf(t, "h1", "no_heat")
		id := h.openedIncident(t, ticket)
		counts := together(50, func(int) int {
			return h.ask("dispatcher", http.MethodPost, "/api/v1/incidents/"+id+"/resolve", `{"text":"done"}`).Code
		})
		if v := h.view(t, ticket); counts[200] != 1 || counts[409] != 49 || len(v.Timeline) != 3 {
			t.Errorf("%v, %d events", counts, len(v.Timeline))
		}
		counts = together(50, func(int) int {
			return h.ask("dispatcher", http.MethodPost, "/api/v1/incidents", `{"place":{"kind":"building","id":"B1"}}`).Code
		})
		if counts[201] != 1 || counts[409] != 49 {
			t.Errorf("opened: %v", counts)
		}
	})
}

// The queue: a leak before a vulnerable household before the clock that runs out first; what is found is found by what people know.
func TestQueueAndSearch(t *testing.T) {
	registry := town()
	for i, h := range registry.Households {
		registry.Households[i].Account, registry.Households[i].Phone = "A-"+h.ID, fmt.Sprintf("138 0000-000%d", i)
	}
	registry.Buildings[0].Address, registry.Buildings[1].Address = "东四 十条 1号楼", "东四 十条 2号楼"
	h := openRegistry(t, registry, nil)
	first := h.reportOf(t, "h1", "no_heat")
	h.clock.add(time.Minute)
	second := h.reportOf(t, "b2/h3", "no_heat")
	h.clock.add(time.Minute)
	child := h.reportOf(t, "h1", "other")
	answered := h.reportOf(t, "b2/h3", "low_temperature")
	h.act(t, "dispatcher", answered, "reply", `{"text":"coming"}`)
	leak := h.reportOf(t, "b2/h3", "leak")
	list := func(query string) (ids []string) {
		t.Helper()
		for cursor := ""; ; {
			var page struct {
				Tickets []disputes.View
				Next    string
			}
			h.read(t, "/api/v1/tickets?limit=2&"+query+"&cursor="+cursor, &page)
			for _, v := range page.Tickets {
				ids = append(ids, v.ID)
			}
			if cursor = page.Next; cursor == "" {
				return ids
			}
		}
	}
	if got := list("queue=true"); !slices.Equal(got, []string{leak, first, second, child, answered}) {
		t.Errorf("%v", got)
	}
	want(t, h.ask("resident", http.MethodPost, "/api/v1/households/h1/vulnerable", `{"reason":"children","until":"2015-12-31T00:00:00+08:00"}`), http.StatusCreated)
	if got := list("queue=true"); !slices.Equal(got, []string{leak, first, child, second, answered}) {
		t.Errorf("with a child: %v", got)
	}
	if !h.view(t, first).Vulnerable || h.view(t, second).Vulnerable {
		t.Error("the ticket does not say who is vulnerable")
	}
	want(t, h.ask("resident", http.MethodPost, "/api/v1/households/h1/vulnerable/end", ""), http.StatusOK)
	want(t, h.ask("resident", http.MethodPost, "/api/v1/households/h1/vulnerable/end", ""), http.StatusConflict)
	if got := list("queue=true"); !slices.Equal(got, []string{leak, first, second, child, answered}) {
		t.Errorf("no more: %v", got)
	}

	of := []string{child, first}
	for query, wanted := range map[string][]string{
		"q=h1": of, "q=A-h1": of, "q=13800000000": of, "q=138+0000+0000": of, "q=1号楼+东四": of, "q=" + first: {first}, "q=3号楼": nil, "q=A-h": nil,
		"q=东四&state=resolved": nil, "q=A-h1&kind=other": {child},
	} {
		if got := list(query); !slices.Equal(got, wanted) {
			t.Errorf("%s: %v, want %v", query, got, wanted)
		}
	}
	w := want(t, h.ask("resident", http.MethodGet, "/api/v1/tickets?q=东四", ""), http.StatusOK)
	if strings.Contains(w.Body.String(), second) || !strings.Contains(w.Body.String(), first) {
		t.Errorf("a resident finds %s", w.Body)
	}
	want(t, h.ask("resident", http.MethodGet, "/api/v1/tickets?queue=true", ""), http.StatusForbidden)
	want(t, h.ask("admin", http.MethodGet, "/api/v1/tickets?queue=true&kind=leak", ""), http.StatusUnprocessableEntity)
	want(t, h.ask("admin", http.MethodGet, "/api/v1/tickets?queue=true&cursor=MTIzIHQx", ""), http.StatusUnprocessableEntity)
}

// What one shift leaves to the next.
func TestHandover(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, h *house) {
		late := h.reportOf(t, "h1", "other")
		promised, leak := h.reportOf(t, "b2/h3", "no_heat"), h.reportOf(t, "b2/h3", "leak")
		h.act(t, "dispatcher", promised, "reply", `{"text":"coming"}`)
		h.act(t, "dispatcher", promised, "appoint", appointment)
		h.act(t, "dispatcher", leak, "reply", `{"text":"coming"}`)
		h.openedIncident(t)
		h.clock.add(90 * time.Minute)
		var got struct {
			Open, Emergencies, Breached, Promised struct {
				Count   int
				Tickets []disputes.View
			}
			Incidents struct{ Count int }
		}
		h.read(t, "/api/v1/handover?from=2015-12-01T04:00:00Z&to=2015-12-01T12:00:00Z", &got)
		only := func(views []disputes.View, id string) bool { return len(views) == 1 && views[0].ID == id }
		if got.Open.Count != 3 || len(got.Open.Tickets) != 3 || got.Open.Tickets[0].ID != leak || !only(got.Emergencies.Tickets, leak) ||
			!only(got.Breached.Tickets, late) || !only(got.Promised.Tickets, promised) || got.Incidents.Count != 1 {
			t.Errorf("%+v", got)
		}
		h.read(t, "/api/v1/handover?from=2015-12-01T10:00:00Z&to=2015-12-01T12:00:00Z", &got)
		if got.Breached.Count != 0 || got.Promised.Count != 0 || got.Open.Count != 3 {
			t.Errorf("the next shift: %+v", got)
		}
	})
}

// A page of 10,000 open tickets through HTTP: the queue, lists and searches in turn.
func BenchmarkList10000OpenTickets(b *testing.B) {
	const tickets = 10_000
	registry := bigTown()
	for i := range registry.Households {
		registry.Households[i].Account, registry.Households[i].Phone = fmt.Sprintf("A%06d", i), fmt.Sprintf("138%08d", i)
	}
	h := openRegistry(b, registry, nil)
	always := disputes.ContractDuties(func(sensors.Instant) bool { return true })
	for i := range tickets {
		f := disputes.Filing{
			ID: fmt.Sprintf("t%05d", i), Household: fmt.Sprintf("h%04d", i%benchHomes), Kind: disputes.LowTemperature, Text: "冷",
			Emergency: i%100 == 0, Actor: disputes.Actor{Role: disputes.Resident, ID: "r"},
		}
		t, events, err := disputes.File(f, always, sensors.At(noon.Add(time.Duration(i)*time.Second)))
		if err != nil {
			b.Fatal(err)
		}
		if err := h.ledger.FileTicket(b.Context(), t, events, nil); err != nil {
			b.Fatal(err)
		}
	}
	for i := range 100 {
		path := fmt.Sprintf("/api/v1/households/h%04d/vulnerable", i*17)
		want(b, h.ask("admin", http.MethodPost, path, `{"reason":"children","until":"2016-03-15T00:00:00+08:00"}`), http.StatusCreated)
	}
	h.clock.add(2 * time.Hour)
	var middle struct{ Next string }
	w := want(b, h.ask("admin", http.MethodGet, "/api/v1/tickets?queue=true&limit=200", ""), http.StatusOK)
	if err := json.Unmarshal(w.Body.Bytes(), &middle); err != nil {
		b.Fatal(err)
	}
	queries := []string{
		"queue=true", "queue=true&cursor=" + middle.Next, "state=open", "state=open&breached=true", "household=h0042", "q=A000042", "q=13800000042", "q=h0042", "q=t00042",
	}
	took := make([]time.Duration, 0, 1024)
	for i := 0; b.Loop(); i++ {
		begun := time.Now()
		want(b, h.ask("admin", http.MethodGet, "/api/v1/tickets?"+queries[i%len(queries)], ""), http.StatusOK)
		took = append(took, time.Since(begun))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "ms-p99")
}
