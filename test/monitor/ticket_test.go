package monitor_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/nuanju/nuanju/test/servertest"
)

type clock struct {
	Due   time.Time
	MetAt *time.Time `json:"met_at"`
	State string
}

type ticket struct {
	ID         string
	State      string
	ReportedAt time.Time `json:"reported_at"`
	Clocks     struct{ Reply, Update clock }
	Timeline   []ticketEvent
}

type ticketEvent struct {
	Event        string
	At, Recorded time.Time
}

// event is when something happened to a ticket; false: it has not.
func (t *ticket) event(kind string) (time.Time, bool) {
	for _, e := range t.Timeline {
		if e.Event == kind {
			return e.At, true
		}
	}
	return time.Time{}, false
}

// A dispatcher enters calls some time after they came (A6.6): a reply within the hour is in time, one after it is not, and the
// breach stands at the moment when the reply was due. The update has a clock of its own.
func TestTicketsOverHTTP(t *testing.T) {
	t.Parallel()
	now := time.Now()
	h := newHome("3-2-601", 1)
	h.season = now.AddDate(0, 0, -30).Format(time.DateOnly) + "/" + now.AddDate(0, 0, 30).Format(time.DateOnly)
	s := newServer(t)
	s.register(h)
	s.Token("dispatcher")
	s.Start()
	hourAgo := func(before time.Duration) time.Time {
		return time.Now().Add(-time.Hour - before).Truncate(time.Millisecond)
	}

	t.Run("entered 59:50 after the call and replied to at once: met", func(t *testing.T) {
		called := hourAgo(-10 * time.Second)
		filed := s.file(t, called)
		got := s.act(t, filed.ID, "reply")
		if reply := got.Clocks.Reply; reply.State != "met" || reply.MetAt == nil || reply.MetAt.After(reply.Due) || !reply.Due.Equal(called.Add(time.Hour)) {
			t.Errorf("the reply's clock: %s", asJSON(reply))
		}
		if _, breached := got.event("breach_reply"); breached || got.Clocks.Update.State != "running" {
			t.Errorf("after the reply: %s", asJSON(got))
		}
	})

	t.Run("entered 60:01 after the call: breached when it was due", func(t *testing.T) {
		called := hourAgo(time.Second)
		filed := s.file(t, called)
		s.breached(t, filed.ID, "breach_reply", called.Add(time.Hour))
		got := s.act(t, filed.ID, "reply")
		if reply := got.Clocks.Reply; reply.State != "breached" || reply.MetAt == nil || !reply.MetAt.After(reply.Due) {
			t.Errorf("a late reply: %s", asJSON(reply))
		}
	})

	t.Run("a clock runs out while nobody asks", func(t *testing.T) {
		called := hourAgo(-3 * time.Second)
		filed := s.file(t, called)
		if filed.Clocks.Reply.State == "running" {
			if _, breached := filed.event("breach_reply"); breached {
				t.Errorf("breached before it was due: %s", asJSON(filed))
			}
		}
		s.breached(t, filed.ID, "breach_reply", called.Add(time.Hour))
	})

	t.Run("update, then reply", func(t *testing.T) {
		filed := s.file(t, time.Now().Add(-30*time.Minute))
		if got := s.act(t, filed.ID, "update"); got.Clocks.Update.State != "met" || got.Clocks.Reply.State != "running" {
			t.Errorf("after the update: %s", asJSON(got.Clocks))
		}
		s.bothMet(t, s.act(t, filed.ID, "reply"), "filed", "update", "reply")
	})

	t.Run("reply, then update", func(t *testing.T) {
		filed := s.file(t, time.Now().Add(-30*time.Minute))
		if got := s.act(t, filed.ID, "reply"); got.Clocks.Reply.State != "met" || got.Clocks.Update.State != "running" {
			t.Errorf("after the reply: %s", asJSON(got.Clocks))
		}
		s.bothMet(t, s.act(t, filed.ID, "update"), "filed", "reply", "update")
	})

	t.Run("an update after 6 hours is late, and the reply's clock has been, too", func(t *testing.T) {
		called := time.Now().Add(-6*time.Hour - time.Second).Truncate(time.Millisecond)
		filed := s.file(t, called)
		s.breached(t, filed.ID, "breach_update", called.Add(6*time.Hour))
		s.breached(t, filed.ID, "breach_reply", called.Add(time.Hour))
	})

	t.Run("nobody enters a call of the future", func(t *testing.T) {
		if status, answer := s.post(t, "/api/v1/tickets", map[string]any{
			"household": "3-2-601", "kind": "no_heat", "reported_at": time.Now().Add(time.Hour).Format(time.RFC3339),
		}); status != http.StatusUnprocessableEntity {
			t.Errorf("%d %s", status, answer)
		}
	})

	// Three tickets have a clock that was breached. Metrics and the list say so, and the log has what happened.
	if n := s.metric("nuanju_tickets_breached"); n != 3 {
		t.Errorf("nuanju_tickets_breached is %v, want 3", n)
	}
	var list struct{ Tickets []ticket }
	decode(t, s.Get("auditor", "/api/v1/tickets?breached=true"), &list)
	if len(list.Tickets) != 3 {
		t.Errorf("%d tickets are listed as breached, want 3", len(list.Tickets))
	}
	servertest.Until(t, "the log has what happened", func() bool { return s.metric("nuanju_log_leaves") > 0 })

	before := asJSON(withoutEscalations(list.Tickets))
	s.Kill()
	s.Start()
	decode(t, s.Get("auditor", "/api/v1/tickets?breached=true"), &list)
	if after := asJSON(withoutEscalations(list.Tickets)); after != before {
		t.Errorf("after kill -9 the tickets are\n%s\nbefore they were\n%s", after, before)
	}
}

// file enters a call.
func (s *server) file(t *testing.T, called time.Time) ticket {
	t.Helper()
	status, answer := s.post(t, "/api/v1/tickets", map[string]any{
		"household": "3-2-601", "kind": "low_temperature", "text": "卧室 15 °C", "reported_at": called.Format(time.RFC3339Nano),
	})
	if status != http.StatusCreated {
		t.Fatalf("filing: %d %s", status, answer)
	}
	var filed ticket
	decode(t, answer, &filed)
	return filed
}

// act does something to a ticket.
func (s *server) act(t *testing.T, id, verb string) ticket {
	t.Helper()
	status, answer := s.post(t, "/api/v1/tickets/"+id+"/"+verb, map[string]any{"text": "a technician comes at 8"})
	if status != http.StatusOK {
		t.Fatalf("%s: %d %s", verb, status, answer)
	}
	var after ticket
	decode(t, answer, &after)
	return after
}

func (s *server) post(t *testing.T, path string, body any) (status int, answer []byte) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	status, answer, err = s.Do("dispatcher", http.MethodPost, path, text, map[string]string{"Content-Type": "application/json"})
	if err != nil {
		t.Fatal(err)
	}
	return status, answer
}

// breached waits until a breach is recorded, which must stand at the due time to the nanosecond.
func (s *server) breached(t *testing.T, id, event string, due time.Time) {
	t.Helper()
	var got ticket
	servertest.Until(t, "the breach is recorded", func() bool {
		got = ticket{}
		decode(t, s.Get("auditor", "/api/v1/tickets/"+id), &got)
		_, recorded := got.event(event)
		return recorded
	})
	if at, _ := got.event(event); !at.Equal(due) {
		t.Errorf("the breach stands at %s, it was due at %s", at, due)
	}
}

// bothMet holds a ticket to both clocks being met, in the order of events.
func (s *server) bothMet(t *testing.T, got ticket, events ...string) {
	t.Helper()
	var happened []string
	for _, e := range got.Timeline {
		happened = append(happened, e.Event)
	}
	if got.Clocks.Reply.State != "met" || got.Clocks.Update.State != "met" || !slices.Equal(happened, events) {
		t.Errorf("want both clocks met by %v, got %s", events, asJSON(got))
	}
}

// withoutEscalations are tickets without who was told of a breach: that follows within seconds of it, before a kill or after.
func withoutEscalations(all []ticket) []ticket {
	for i := range all {
		all[i].Timeline = slices.DeleteFunc(all[i].Timeline, func(e ticketEvent) bool { return e.Event == "escalate" })
	}
	return all
}
