package web

import (
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nuanju/nuanju/disputes"
)

func ticketWorkTrials() map[string]trial {
	on := func(verb, body string) func(*testing.T, *house) (string, string, []string) {
		return func(t *testing.T, h *house) (string, string, []string) {
			return "/api/v1/tickets/" + h.report(t, "") + verb, body, nil
		}
	}
	const suppliers = "dispatcher admin"
	all := map[string]trial{
		"POST /api/v1/tickets/:id/reopen": {
			may: "dispatcher admin resident", hidden: true, delegates: "reporter",
			ask: func(t *testing.T, h *house) (string, string, []string) {
				id := h.report(t, "")
				h.act(t, "dispatcher", id, "resolve", `{"text":"done"}`)
				return "/api/v1/tickets/" + id + "/reopen", `{"text":"still cold"}`, nil
			},
		},
		"POST /api/v1/tickets/:id/cancel":  {may: "resident", delegates: "reporter", hidden: true, ask: on("/cancel", `{"text":"never mind"}`)},
		"POST /api/v1/tickets/:id/assign":  {may: suppliers, hidden: true, ask: on("/assign", `{"assignee":"crew-3"}`)},
		"POST /api/v1/tickets/:id/appoint": {may: suppliers, hidden: true, ask: on("/appoint", appointment)},
		"POST /api/v1/tickets/:id/visit":   {may: suppliers, hidden: true, ask: on("/visit", `{"text":"the valve was stuck","celsius":16.5}`)},
	}
	maps.Copy(all, attachmentTrials())
	maps.Copy(all, incidentTrials())
	return all
}

const appointment = `{"from":"2015-12-01T14:00:00+08:00","until":"2015-12-01T16:00:00+08:00"}`

// act does something to a ticket, which must succeed.
func (h *house) act(t testing.TB, who, id, verb, body string) {
	t.Helper()
	want(t, h.ask(who, http.MethodPost, "/api/v1/tickets/"+id+"/"+verb, body), http.StatusOK)
}

// A whole ticket, as a dispatcher and a resident make one together.
func TestAWholeTicket(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, h *house) {
		w := want(t, h.ask("dispatcher", http.MethodPost, "/api/v1/tickets",
			`{"household":"h1","kind":"low_temperature","text":"冷","phone":"138 0000-1111"}`), http.StatusCreated)
		id := strings.TrimPrefix(w.Header().Get("Location"), "/api/v1/tickets/")
		h.act(t, "dispatcher", id, "reply", `{"text":"coming"}`)
		h.act(t, "dispatcher", id, "assign", `{"assignee":"crew-3","text":"bring a valve"}`)
		h.act(t, "dispatcher", id, "appoint", appointment)
		v := h.view(t, id)
		if v.Phone != "13800001111" || v.Assignee != "crew-3" || v.Appointment == nil || !v.Appointment.From.Equal(noon.Add(2*time.Hour)) {
			t.Errorf("%+v", v)
		}
		h.clock.add(3 * time.Hour)
		h.act(t, "dispatcher", id, "visit", `{"text":"stuck","celsius":16.5}`)
		h.act(t, "dispatcher", id, "resolve", `{"text":"freed"}`)
		h.act(t, "resident", id, "reopen", `{"text":"still cold"}`)
		h.act(t, "resident", id, "cancel", `{"text":"warm now"}`)
		v = h.view(t, id)
		var did []string
		for _, e := range v.Timeline {
			did = append(did, string(e.Event))
		}
		if got := strings.Join(did, " "); got != "filed reply assign appoint visit resolve reopen cancel" || v.Appointment != nil || v.State != disputes.Cancelled {
			t.Errorf("%s: %+v", got, v)
		}
		if f := v.Timeline[4].Facts; f == nil || f.Celsius == nil || *f.Celsius != 16.5 {
			t.Errorf("%+v", v.Timeline[4])
		}
		entries, err := h.told(t)
		if err != nil || len(entries) != len(did) || !strings.Contains(string(entries[2].Content), `"facts":{"assignee":"crew-3"}`) || strings.Contains(string(entries[0].Content), "1380000") {
			t.Errorf("%d for the evidence log (%v); a phone number is none of its business", len(entries), err)
		}
	})
}

// Everything that is wrong with what is done to a ticket is told at once.
func TestEveryErrorOfAnAppointmentAtOnce(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, h *house) {
		id := h.report(t, "")
		for _, c := range []struct {
			verb, body string
			status     int
			said       []string
		}{
			{"appoint", `{"from":"soon","until":"later","text":1}`, 422, []string{"body.from", "body.until", "body.text"}},
			{"appoint", `{"from":"1500-01-01T00:00:00Z","until":"2300-01-01T00:00:00Z"}`, 422, []string{"body.from", "body.until"}},
			{"appoint", `{"from":"2015-12-01T10:00:00+08:00","until":"2015-12-01T11:00:00+08:00","text":"\u0007"}`, 422, []string{"in the past", "control character"}},
			{"assign", `{"assignee":"","text":"\u0007"}`, 422, []string{"body.assignee", "body.text"}},
			{"visit", `{"text":" ","celsius":1000}`, 422, []string{"body.text", "body.celsius"}},
			{"reopen", `{"text":"x"}`, 409, []string{"it is open"}},
		} {
			w := want(t, h.ask("dispatcher", http.MethodPost, "/api/v1/tickets/"+id+"/"+c.verb, c.body), c.status)
			for _, said := range c.said {
				if !strings.Contains(w.Body.String(), said) {
					t.Errorf("%s %s does not tell of %s: %s", c.verb, c.body, said, w.Body)
				}
			}
		}
		if v := h.view(t, id); len(v.Timeline) != 1 {
			t.Errorf("something was written: %+v", v)
		}
	})
}

// Fifty clients race each verb: one gets 200, the others 409, and there is one event. Those that leave the state alone are sent with
// the version that was seen.
func TestOneWinsEachVerb(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, h *house) {
		for _, c := range []struct{ verb, who, body string }{
			{"resolve", "dispatcher", `{"text":"done"}`},
			{"cancel", "resident", `{"text":"warm"}`},
			{"reopen", "resident", `{"text":"cold"}`},
			{"reply", "dispatcher", `{"text":"coming","version":1}`},
			{"update", "dispatcher", `{"text":"did it","version":1}`},
			{"assign", "dispatcher", `{"assignee":"crew-3","version":1}`},
			{"appoint", "dispatcher", strings.TrimSuffix(appointment, "}") + `,"version":1}`},
			{"visit", "dispatcher", `{"text":"stuck","version":1}`},
		} {
			id := h.report(t, "")
			if c.verb == "reopen" {
				h.act(t, "dispatcher", id, "resolve", `{"text":"done"}`)
			}
			before := len(h.view(t, id).Timeline)
			counts := together(50, func(int) int {
				return h.ask(c.who, http.MethodPost, "/api/v1/tickets/"+id+"/"+c.verb, c.body).Code
			})
			if counts[200] != 1 || counts[409] != 49 || len(h.view(t, id).Timeline) != before+1 {
				t.Errorf("%s: %v, %d events", c.verb, counts, len(h.view(t, id).Timeline)-before)
			}
		}
	})
}

// Whatever a client says that it accepts, the API answers in JSON.
func TestStrangeAcceptHeaders(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, h *house) {
		for _, accept := range []string{"x;", ";", "a;q", "a;q,b", ",;,", "text/html", "\x00;\xff", "application/json;q=", "*/*;"} {
			for path, status := range map[string]int{"/api/v1/tickets": 200, "/api/v1/tickets?limit=no": 422} {
				w := want(t, h.ask("admin", http.MethodGet, path, "", "Accept", accept), status)
				if !strings.HasSuffix(w.Header().Get("Content-Type"), "json") {
					t.Errorf("Accept %q: %s", accept, w.Header())
				}
			}
		}
	})
}
