package disputes

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/nuanju/nuanju/sensors"
)

// EventKind is what happened to a ticket.
type EventKind string

// The events. Those from BreachReply on are the monitor's, as is Cleared. Appointed, of a visit, and Escalated, to whoever is next in line when a
// clock is overdue, are declared with the events of matters.
const (
	Filed        EventKind = "filed"
	Replied      EventKind = "reply"
	Updated      EventKind = "update"
	ResolvedIt   EventKind = "resolve"
	Reopened     EventKind = "reopen"
	CancelledIt  EventKind = "cancel"
	Assigned     EventKind = "assign"
	Visited      EventKind = "visit"
	Attached     EventKind = "attach"
	Joined       EventKind = "join"
	Left         EventKind = "leave"
	Cleared      EventKind = "clear"
	BreachReply  EventKind = "breach_reply" // a clock passed its due instant unanswered
	BreachUpdate EventKind = "breach_update"
	MissTarget   EventKind = "miss_target"
	WarnReply    EventKind = "warn_reply" // a clock is near its due instant and unanswered
	WarnUpdate   EventKind = "warn_update"
	WarnTarget   EventKind = "warn_target"
)

// Event is one entry of a ticket's timeline. It is never changed.
type Event struct {
	Seq   int64 // from 1, without a gap: the ticket's version after it
	Event EventKind
	// At is when it happened: of a filing the time of the report, of a breach exactly the due instant, of anything else
	// the server's time.
	At sensors.Instant
	// Recorded is the server's time of writing it down.
	Recorded sensors.Instant
	Actor    Actor
	Text     string
	From, To State // of the ticket; equal when the state did not change
	Facts    Facts // what it says beside its text
}

// Key names the event among all events of all tickets.
func (e Event) Key(t Ticket) string { return "ticket/" + t.ID + "/" + strconv.FormatInt(e.Seq, 10) }

// record is an event as the evidence log keeps it. Fields are only ever added.
type record struct {
	Key       string    `json:"key"`
	Ticket    string    `json:"ticket"`
	Household string    `json:"household"`
	Kind      Kind      `json:"kind"`
	Emergency bool      `json:"emergency"`
	Reported  time.Time `json:"reported_at"`
	Seq       int64     `json:"seq"`
	Event     EventKind `json:"event"`
	At        time.Time `json:"at"`
	Recorded  time.Time `json:"recorded"`
	Role      Role      `json:"role"`
	Actor     string    `json:"actor"`
	From      State     `json:"from"`
	To        State     `json:"to"`
	Text      string    `json:"text"`

	Facts *FactsView `json:"facts,omitempty"`
}

// Record is what the evidence log keeps of an event, as JSON: enough to rebuild the timeline without the ledger. Its bytes
// depend only on the event and on what never changes of its ticket, so that one event delivered twice can be told by its key.
func (e Event) Record(t Ticket) ([]byte, error) {
	return json.Marshal(record{
		e.Key(t), t.ID, t.Household, t.Kind, t.Emergency, t.ReportedAt.Time(), e.Seq, e.Event, e.At.Time(), e.Recorded.Time(),
		e.Actor.Role, e.Actor.ID, e.From, e.To, e.Text, e.Facts.show(time.UTC),
	})
}
