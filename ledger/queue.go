package ledger

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/sensors"
)

// TicketSearch finds tickets by what people know of them: any of these. It finds nothing when all are empty.
type TicketSearch struct {
	ID         string
	Phone      string   // as [disputes.PlainPhone] writes it
	Households []string // at most MaxFound
}

// MaxFound bounds the households of a search.
const MaxFound = 500

// condition is the search as SQL.
func (s *TicketSearch) condition() (string, []any) {
	where, args := "id IN (SELECT id FROM tickets WHERE id = ?", []any{s.ID}
	if s.Phone != "" {
		where, args = where+" UNION SELECT id FROM tickets WHERE phone = ? AND phone <> ''", append(args, s.Phone)
	}
	if some := s.Households[:min(len(s.Households), MaxFound)]; len(some) > 0 {
		where, args = where+" UNION SELECT id FROM tickets WHERE household IN ("+placeholders(len(some))+")", append(args, anys(some)...)
	}
	return where + ")", args
}

// The classes of the queue, in order.
const (
	emergencies = iota
	vulnerables
	others
)

// queuePlace is the place of a ticket in the queue.
type queuePlace struct {
	class          int
	owed, reported int64
	id             string
}

func (p queuePlace) cursor() string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d %d %d %s", p.class, p.owed, p.reported, p.id))
}

func parseQueuePlace(cursor string) (p queuePlace, ok bool) {
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return p, false
	}
	parts := strings.SplitN(string(text), " ", 4) // an id may have spaces
	if len(parts) < 4 {
		return p, false
	}
	_, err = fmt.Sscan(strings.Join(parts[:3], " "), &p.class, &p.owed, &p.reported)
	p.id = parts[3]
	return p, err == nil && sensors.CheckID(p.id) == nil && p.class >= emergencies && p.class <= others && p.cursor() == cursor
}

// Queue is the open tickets in the order in which they are to be worked on: emergencies, then those of vulnerable households, then the
// others; in each class first the one whose clock runs out first, and those that are owed nothing by when they were reported. The
// cursor is for more; it is empty at the end. ErrInvalid for one that no queue gave.
func (l *Ledger) Queue(ctx context.Context, after string, limit int, now sensors.Instant) (all []disputes.Ticket, next string, err error) {
	const doing = "reading the queue of tickets"
	from := queuePlace{owed: -1}
	if after != "" {
		var ok bool
		if from, ok = parseQueuePlace(after); !ok {
			return nil, "", invalid(doing, "the cursor is not one")
		}
	}
	limit = page(limit)
	last := from
	err = l.snapshot(ctx, doing, func(q querier) error {
		for class := from.class; class <= others && len(all) <= limit; class++ {
			if class > from.class {
				from = queuePlace{class: class, owed: -1}
			}
			some, err := queueOf(ctx, q, from, limit+1-len(all), now)
			if err != nil {
				return err
			}
			for _, t := range some {
				if len(all) < limit {
					last = queuePlace{class, owed(t), int64(t.ReportedAt), t.ID}
				}
				all = append(all, t)
			}
		}
		return nil
	})
	if len(all) > limit {
		all, next = all[:limit], last.cursor()
	}
	return all, next, err
}

// queueOf is the tickets of one class after a place. Each class is read along an index.
func queueOf(ctx context.Context, q querier, after queuePlace, limit int, now sensors.Instant) ([]disputes.Ticket, error) {
	const today = "SELECT household FROM vulnerable WHERE from_ns <= ? AND until_ns > ?"
	where, args := "emergency = 1", []any{}
	switch after.class {
	case vulnerables:
		where, args = "emergency = 0 AND household IN ("+today+")", []any{int64(now), int64(now)}
	case others:
		where, args = "emergency = 0 AND household NOT IN ("+today+")", []any{int64(now), int64(now)}
	}
	args = append(args, after.owed, after.reported, after.id, limit)
	rows, err := q.QueryContext(ctx, "SELECT "+ticketColumns+" FROM tickets WHERE state = 'open' AND "+where+
		" AND (owed, reported_at, id) > (?, ?, ?) ORDER BY owed, reported_at, id LIMIT ?", args...)
	return tickets(collect(rows, err, (*foundTicket).columns))
}

// Handover is what one shift leaves to the next: of each at most the number that was asked for, and how many there are.
type Handover struct {
	Open        []disputes.Ticket // the queue
	Emergencies []disputes.Ticket // those of them that are emergencies
	Breached    []disputes.Ticket // whose clock ran out unanswered in the time, the last report first
	Promised    []disputes.Ticket // open, with an appointment that had not ended when the time began, the earliest first
	Incidents   []disputes.Incident

	OpenCount, EmergencyCount, BreachedCount, PromisedCount, IncidentCount int
}

// Handover is the report of a shift that lasted from an instant to another, as things are at now.
func (l *Ledger) Handover(ctx context.Context, from, to sensors.Instant, limit int, now sensors.Instant) (h Handover, err error) {
	if h.Open, _, err = l.Queue(ctx, "", limit, now); err != nil {
		return h, err
	}
	err = l.snapshot(ctx, "reading what a shift hands over", func(q querier) error {
		for _, list := range []struct {
			to    *[]disputes.Ticket
			count *int
			where string
			order string
			args  []any
		}{
			{nil, &h.OpenCount, "state = 'open'", "", nil},
			{&h.Emergencies, &h.EmergencyCount, "state = 'open' AND emergency = 1", "owed, reported_at, id", nil},
			{&h.Breached, &h.BreachedCount, "breach_at >= ? AND breach_at < ?", "reported_at DESC, id DESC", []any{int64(from), int64(min(to, now))}},
			{&h.Promised, &h.PromisedCount, "state = 'open' AND visit_until > 0 AND visit_until > ?", "visit_from, id", []any{int64(from)}},
		} {
			if err := q.QueryRowContext(ctx, "SELECT count(*) FROM tickets WHERE "+list.where, list.args...).Scan(list.count); err != nil {
				return err
			}
			if list.to == nil {
				continue
			}
			rows, err := q.QueryContext(ctx, "SELECT "+ticketColumns+" FROM tickets WHERE "+list.where+" ORDER BY "+list.order+" LIMIT ?",
				append(list.args, page(limit))...)
			if *list.to, err = tickets(collect(rows, err, (*foundTicket).columns)); err != nil {
				return err
			}
		}
		if err := q.QueryRowContext(ctx, "SELECT count(*) FROM incidents WHERE state = 'open'").Scan(&h.IncidentCount); err != nil {
			return err
		}
		h.Incidents, err = incidentsWhere(ctx, q, "state = 'open' ORDER BY opened_at DESC, id DESC LIMIT ?", page(limit))
		return err
	})
	return h, err
}
