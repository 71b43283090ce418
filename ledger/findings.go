package ledger

import (
	"context"
	"time"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/sensors"
)

// Suspicion is a home that is too cold and of which nobody has decided why, and when its last finding was closed (0: it had none).
type Suspicion struct {
	disputes.Cold
	Closed sensors.Instant
}

// Suspicions is the homes without an open finding of which an episode that is suspected began at an instant or before and still goes on,
// by household, each with its longest. A home that was judged last before fresh is left out: what is known of it is old.
func (l *Ledger) Suspicions(ctx context.Context, began, fresh sensors.Instant) (all []Suspicion, err error) {
	err = l.reading(ctx, "reading who is cold", func(q querier) error {
		rows, err := q.QueryContext(ctx, `SELECT e.household, e.room, e.start_ns,
				(SELECT coalesce(max(t.closed_at), 0) FROM tickets t WHERE t.household = e.household AND t.kind = 'finding')
			FROM episodes e JOIN judged j ON j.household = e.household
			WHERE e.superseded_at IS NULL AND e.status = 'suspected' AND e.end_ns >= ? AND e.end_ns >= j.until_ns AND e.start_ns <= ?
				AND NOT EXISTS (SELECT 1 FROM tickets t WHERE t.household = e.household AND t.kind = 'finding' AND t.state = 'open')
			ORDER BY e.household, e.start_ns, e.room`, int64(fresh), int64(began))
		found, err := collect(rows, err, func(s *Suspicion) []any { return []any{&s.Household, &s.Room, &s.Since, &s.Closed} })
		for _, s := range found {
			if len(all) == 0 || all[len(all)-1].Household != s.Household {
				all = append(all, s)
			}
		}
		return err
	})
	return all, err
}

// WarmFor is which of some households have been compliant, and nothing else, for as long, up to where they were judged last.
func (l *Ledger) WarmFor(ctx context.Context, households []string, long time.Duration) (map[string]bool, error) {
	warm := map[string]bool{}
	err := l.reading(ctx, "reading who is warm again", func(q querier) error {
		return chunks(households, func(some []string) error {
			rows, err := q.QueryContext(ctx, `SELECT t.household FROM tiles t JOIN judged j ON j.household = t.household
				WHERE t.superseded_at IS NULL AND t.room = '' AND t.end_ns > j.until_ns - ? AND t.household IN (`+placeholders(len(some))+`)
				GROUP BY t.household, j.until_ns
				HAVING min(CASE WHEN t.status = 'compliant' THEN 1 ELSE 0 END) = 1 AND min(t.start_ns) <= j.until_ns - ?`,
				append(append([]any{int64(long)}, anys(some)...), int64(long))...)
			names, err := collect(rows, err, func(s *string) []any { return []any{s} })
			for _, name := range names {
				warm[name] = true
			}
			return err
		})
	})
	return warm, err
}

// LooseTickets is the open findings and reports of cold since an instant that are a part of no incident, and that nobody has taken out of one, the
// first report first; at most 20,000.
func (l *Ledger) LooseTickets(ctx context.Context, since sensors.Instant) (all []disputes.Ticket, err error) {
	err = l.reading(ctx, "reading tickets without an incident", func(q querier) error {
		rows, err := q.QueryContext(ctx, "SELECT "+ticketColumns+` FROM tickets WHERE state = 'open' AND reported_at >= ? AND incident = ''
			AND kind IN ('finding', 'low_temperature', 'no_heat')
			AND NOT EXISTS (SELECT 1 FROM ticket_events e WHERE e.ticket = tickets.id AND e.event = 'leave')
			ORDER BY reported_at, id LIMIT 20000`, int64(since))
		all, err = tickets(collect(rows, err, (*foundTicket).columns))
		return err
	})
	return all, err
}
