package ledger

import (
	"context"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/sensors"
)

// StatusTime is how long all homes together had a status under a clause.
type StatusTime struct {
	Status  compliance.Status
	Clause  compliance.Clause
	Homes   int     // that had it
	Seconds float64 // to the millisecond of each tile: a large town's winter has more nanoseconds than a number holds
}

// EventCount is how often something happened.
type EventCount struct {
	Kind  string // of the matter; empty: a ticket
	Event string
	Count int
}

// SeasonCount is what an auditor looks at of a time: how homes stood in it, which duties were missed (A6.6), and what people decided.
type SeasonCount struct {
	Times    []StatusTime
	Episodes []Hours
	Tickets  int          // that were reported by residents
	Missed   []EventCount // clocks of tickets that ran out
	Decided  []EventCount // matters that were contested, upheld, rejected or settled
}

// Season counts a time, not including its end. It counts what now stands; a verdict that was superseded does not.
func (l *Ledger) Season(ctx context.Context, from, to sensors.Instant) (s SeasonCount, err error) {
	err = l.snapshot(ctx, "counting a season", func(q querier) error {
		start, end := int64(from), int64(to)
		rows, err := q.QueryContext(ctx, `SELECT status, clause, count(DISTINCT household),
			CAST(sum(((CASE WHEN end_ns > ? THEN ? ELSE end_ns END) - (CASE WHEN start_ns < ? THEN ? ELSE start_ns END)) / 1000000) AS DOUBLE PRECISION) / 1000
			FROM tiles WHERE superseded_at IS NULL AND room = '' AND start_ns < ? AND end_ns > ? GROUP BY status, clause ORDER BY status, clause`,
			end, end, start, start, end, start)
		if s.Times, err = collect(rows, err, func(t *StatusTime) []any { return []any{&t.Status, &t.Clause, &t.Homes, &t.Seconds} }); err != nil {
			return err
		}
		rows, err = q.QueryContext(ctx, `SELECT status, count(*), sum(below_ns), sum(confirmed_ns), sum(dismissed_ns) FROM episodes
			WHERE superseded_at IS NULL AND end_ns > ? AND start_ns < ? GROUP BY status ORDER BY status`, start, end)
		if s.Episodes, err = collect(rows, err, func(h *Hours) []any {
			return []any{&h.Status, &h.Episodes, &h.Below, &h.Confirmed, &h.Dismissed}
		}); err != nil {
			return err
		}
		rows, err = q.QueryContext(ctx, `SELECT event, count(*) FROM ticket_events
			WHERE event IN ('breach_reply', 'breach_update') AND at_ns >= ? AND at_ns < ? GROUP BY event ORDER BY event`, start, end)
		if s.Missed, err = collect(rows, err, func(e *EventCount) []any { return []any{&e.Event, &e.Count} }); err != nil {
			return err
		}
		rows, err = q.QueryContext(ctx, `SELECT kind, event, count(*) FROM matter_events
			WHERE event IN ('contest', 'uphold', 'reject', 'settle', 'accept') AND kind <> 'test_request' AND at_ns >= ? AND at_ns < ?
			GROUP BY kind, event ORDER BY kind, event`, start, end)
		if s.Decided, err = collect(rows, err, func(e *EventCount) []any { return []any{&e.Kind, &e.Event, &e.Count} }); err != nil {
			return err
		}
		return q.QueryRowContext(ctx, `SELECT count(*) FROM tickets WHERE kind <> 'finding' AND reported_at >= ? AND reported_at < ?`, start, end).Scan(&s.Tickets)
	})
	return s, err
}
