package ledger

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/notify"
	"github.com/nuanju/nuanju/sensors"
)

// FileTicket writes a new ticket with its first events, puts them into the outbox for the evidence log and marks households, in one
// transaction. ErrExists if the id was used.
func (l *Ledger) FileTicket(ctx context.Context, t disputes.Ticket, events []disputes.Event, dirty []Mark) error {
	doing := "filing ticket " + t.ID
	if err := follows(doing, 0, t, events); err != nil {
		return err
	}
	return l.writing(ctx, doing, func(w tx) error {
		if t.Incident != "" {
			if err := w.incidentOpen(ctx, t.Incident); err != nil {
				return err
			}
		}
		values := ticketValues(t)
		if _, err := w.exec(ctx, "INSERT INTO tickets ("+ticketColumns+", next_due, breach_at, alert_at, owed) VALUES ("+
			placeholders(len(values))+")", values...); err != nil {
			return err
		}
		return w.addEvents(ctx, t, events, dirty)
	})
}

// SaveTicket writes what became of a ticket, with the events that made it so, puts them into the outbox and marks
// households, in one transaction. ErrConflict if the ticket is no longer as before: then nothing is written.
func (l *Ledger) SaveTicket(ctx context.Context, before, after disputes.Ticket, events []disputes.Event, dirty []Mark) error {
	doing := "saving ticket " + after.ID
	if err := follows(doing, before.Version, after, events); err != nil {
		return err
	}
	if before.ID != after.ID {
		return invalid(doing, "it was another one before")
	}
	return l.writing(ctx, doing, func(w tx) error {
		return w.saveTicket(ctx, before, after, events, dirty)
	})
}

func (w tx) saveTicket(ctx context.Context, before, after disputes.Ticket, events []disputes.Event, dirty []Mark) error {
	if after.Incident != "" && after.Incident != before.Incident {
		if err := w.incidentOpen(ctx, after.Incident); err != nil {
			return err
		}
	}
	set, args := ticketChanges(after)
	n, err := w.exec(ctx, "UPDATE tickets SET "+set+" WHERE id = ? AND version = ? AND state = ?",
		append(args, after.ID, before.Version, string(before.State))...)
	switch {
	case kindOf(err) == ErrExists && err != nil: // a finding that is opened again while another one of the household is open
		return ErrConflict
	case err != nil:
		return err
	case n == 0:
		return ErrConflict
	}
	return w.addEvents(ctx, after, events, dirty)
}

// follows checks that events lead from a version to the ticket's.
func follows(doing string, from int64, t disputes.Ticket, events []disputes.Event) error {
	if len(events) == 0 || t.Version != from+int64(len(events)) {
		return invalid(doing, fmt.Sprintf("%d events do not lead from version %d to %d", len(events), from, t.Version))
	}
	for i, e := range events {
		if e.Seq != from+int64(i)+1 {
			return invalid(doing, fmt.Sprintf("event %d comes after version %d", e.Seq, from+int64(i)))
		}
	}
	return nil
}

// addEvents writes events and what must go with them.
func (w tx) addEvents(ctx context.Context, t disputes.Ticket, events []disputes.Event, dirty []Mark) error {
	facts := make([]string, len(events))
	for i, e := range events {
		var err error
		if facts[i], err = factsText(e.Facts); err != nil {
			return err
		}
	}
	err := w.insert(ctx, "INSERT INTO ticket_events (ticket, seq, event, at_ns, recorded, role, actor, text, from_st, to_st, facts) VALUES", "", 11,
		len(events), func(i int, to []any) []any {
			e := &events[i]
			return append(to, t.ID, e.Seq, string(e.Event), int64(e.At), int64(e.Recorded), string(e.Actor.Role), e.Actor.ID,
				e.Text, string(e.From), string(e.To), facts[i])
		})
	if err != nil {
		return err
	}
	if err := w.addAttachments(ctx, t, events); err != nil {
		return err
	}
	entries := make([]OutboxEntry, 0, len(events))
	for _, e := range events {
		content, err := e.Record(t)
		if err != nil {
			return err
		}
		entries = append(entries, OutboxEntry{Key: e.Key(t), Subject: WorkflowSubject, Content: content, CreatedAt: e.Recorded})
	}
	if err := w.enqueue(ctx, entries); err != nil {
		return err
	}
	if err := w.alert(ctx, notify.OfTicket(t, events), events[len(events)-1].Recorded); err != nil {
		return err
	}
	return w.markDirty(ctx, dirty, events[len(events)-1].Recorded)
}

// Ticket is a ticket with its timeline. ErrNotFound for an unknown id.
func (l *Ledger) Ticket(ctx context.Context, id string) (t disputes.Ticket, events []disputes.Event, err error) {
	err = l.snapshot(ctx, "reading ticket "+id, func(q querier) error {
		var f foundTicket
		if err := q.QueryRowContext(ctx, "SELECT "+ticketColumns+" FROM tickets WHERE id = ?", id).Scan(f.columns()...); err != nil {
			return err
		}
		t = f.ticket()
		byTicket, err := timelines(ctx, q, []string{id})
		events = byTicket[id]
		return err
	})
	return t, events, err
}

// Timelines is the events of tickets, by ticket, in order.
func (l *Ledger) Timelines(ctx context.Context, tickets []string) (all map[string][]disputes.Event, err error) {
	all = make(map[string][]disputes.Event, len(tickets))
	err = l.reading(ctx, "reading the timelines of tickets", func(q querier) error {
		return chunks(tickets, func(some []string) error {
			found, err := timelines(ctx, q, some)
			for id, events := range found {
				all[id] = events
			}
			return err
		})
	})
	return all, err
}

func timelines(ctx context.Context, q querier, tickets []string) (map[string][]disputes.Event, error) {
	type row struct {
		ticket, facts string
		disputes.Event
	}
	rows, err := q.QueryContext(ctx, `SELECT ticket, seq, event, at_ns, recorded, role, actor, text, from_st, to_st, facts FROM ticket_events
		WHERE ticket IN (`+placeholders(len(tickets))+") ORDER BY ticket, seq", anys(tickets)...)
	found, err := collect(rows, err, func(r *row) []any {
		e := &r.Event
		return []any{&r.ticket, &e.Seq, &e.Event, &e.At, &e.Recorded, &e.Actor.Role, &e.Actor.ID, &e.Text, &e.From, &e.To, &r.facts}
	})
	all := map[string][]disputes.Event{}
	for _, r := range found {
		if r.facts != "" {
			if err := json.Unmarshal([]byte(r.facts), &r.Facts); err != nil {
				return nil, err
			}
		}
		all[r.ticket] = append(all[r.ticket], r.Event)
	}
	return all, err
}

// TicketFilter chooses tickets; a zero field does not choose.
type TicketFilter struct {
	State     disputes.State
	Household string
	Kind      disputes.Kind
	Breached  Choice
	Search    *TicketSearch
	After     string // the cursor that a list gave
	Limit     int    // at most so many; at most 1000, also if it is 0
}

// Choice is a filter's yes or no.
type Choice int

// The choices. Any is the zero value.
const (
	Any Choice = iota
	Only
	Without
)

// Tickets is the chosen tickets as they are at now, those reported last first, and a cursor for more; it is empty when there are none.
// ErrInvalid for a cursor that no list gave.
func (l *Ledger) Tickets(ctx context.Context, f TicketFilter, now sensors.Instant) (all []disputes.Ticket, next string, err error) {
	const doing = "listing tickets"
	where, args := "1 = 1", []any{}
	choose := func(condition string, values ...any) { where, args = where+" AND "+condition, append(args, values...) }
	if f.State != "" {
		choose("state = ?", string(f.State))
	}
	if f.Household != "" {
		choose("household = ?", f.Household)
	}
	if f.Kind != "" {
		choose("kind = ?", string(f.Kind))
	}
	switch f.Breached {
	case Only:
		choose("breach_at < ?", int64(now))
	case Without:
		choose("(breach_at IS NULL OR breach_at >= ?)", int64(now))
	}
	if f.Search != nil {
		found, values := f.Search.condition()
		choose(found, values...)
	}
	if f.After != "" {
		at, id, ok := parseCursor(f.After)
		if !ok {
			return nil, "", invalid(doing, "the cursor is not one")
		}
		choose("(reported_at, id) < (?, ?)", int64(at), id)
	}
	limit := page(f.Limit)
	err = l.reading(ctx, doing, func(q querier) error {
		rows, err := q.QueryContext(ctx, "SELECT "+ticketColumns+" FROM tickets WHERE "+where+" ORDER BY reported_at DESC, id DESC LIMIT ?",
			append(args, limit+1)...)
		all, err = tickets(collect(rows, err, (*foundTicket).columns))
		return err
	})
	if len(all) > limit {
		all = all[:limit]
		next = cursorAfter(all[limit-1])
	}
	return all, next, err
}

func tickets(found []foundTicket, err error) (all []disputes.Ticket, _ error) {
	for i := range found {
		all = append(all, found[i].ticket())
	}
	return all, err
}

// cursorAfter names the place after a ticket in a list.
func cursorAfter(t disputes.Ticket) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(int64(t.ReportedAt), 10) + " " + t.ID))
}

func parseCursor(cursor string) (at sensors.Instant, id string, ok bool) {
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	number, id, found := strings.Cut(string(text), " ")
	n, err2 := strconv.ParseInt(number, 10, 64)
	return sensors.Instant(n), id, err == nil && err2 == nil && found && sensors.CheckID(id) == nil
}

// DueTickets is up to limit tickets with a breach that has happened by now and is not in their timeline, the earliest first.
func (l *Ledger) DueTickets(ctx context.Context, now sensors.Instant, limit int) (all []disputes.Ticket, err error) {
	err = l.reading(ctx, "reading tickets that are due", func(q querier) error {
		rows, err := q.QueryContext(ctx, "SELECT "+ticketColumns+" FROM tickets WHERE next_due < ? ORDER BY next_due, id LIMIT ?",
			int64(now), page(limit))
		all, err = tickets(collect(rows, err, (*foundTicket).columns))
		return err
	})
	return all, err
}

// CountTickets is how many tickets are open, and how many of those are breached at now.
func (l *Ledger) CountTickets(ctx context.Context, now sensors.Instant) (open, breached int, err error) {
	err = l.reading(ctx, "counting tickets", func(q querier) error {
		return q.QueryRowContext(ctx, "SELECT count(*), coalesce(sum(CASE WHEN breach_at < ? THEN 1 ELSE 0 END), 0) FROM tickets WHERE state = ?",
			int64(now), string(disputes.Open)).Scan(&open, &breached)
	})
	return open, breached, err
}

// Reports is the reports of cold of a household, in order of time, as the judge takes them (section 6, I11). One that was
// resolved or withdrawn has that time.
func (l *Ledger) Reports(ctx context.Context, household string) (all []compliance.Report, err error) {
	err = l.reading(ctx, "reading the reports of household "+household, func(q querier) error {
		rows, err := q.QueryContext(ctx, `SELECT id, reported_at, closed_at FROM tickets WHERE household = ? AND kind IN (?, ?)
			ORDER BY reported_at, id`, household, string(disputes.LowTemperature), string(disputes.NoHeat))
		all, err = collect(rows, err, func(r *compliance.Report) []any { return []any{&r.ID, &r.At, &r.Resolved} })
		return err
	})
	return all, err
}
