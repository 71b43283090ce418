package ledger

import (
	"context"

	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/intake"
)

// Event is what was said for a household, its demand for heat or a setpoint, as it stands in the evidence log (A3).
type Event = intake.Event

// appendEvents keeps events; one whose place in the log is known already stays as it is.
func (t tx) appendEvents(ctx context.Context, events []Event) error {
	return t.insert(ctx, "INSERT INTO events (leaf, line, kind, household, room, at_ns, received, is_on, celsius, source, consent) VALUES",
		"ON CONFLICT (leaf, line) DO NOTHING", 11, len(events), func(i int, to []any) []any {
			e := &events[i]
			on := 0
			if e.On {
				on = 1
			}
			return append(to, e.Leaf, e.Line, int64(e.Kind), e.Household, e.Room, int64(e.At), int64(e.Received), on, e.Celsius, e.Source, e.Consent)
		})
}

// AppendEvents keeps events. One whose place in the log is known already stays as it is.
func (l *Ledger) AppendEvents(ctx context.Context, events []Event) error {
	return l.writing(ctx, "keeping events", func(t tx) error { return t.appendEvents(ctx, events) })
}

// Events is those of some households from an instant on, by household, each in the order of the evidence log. A household
// without any is left out.
func (l *Ledger) Events(ctx context.Context, households []string, from sensors.Instant) (map[string][]Event, error) {
	all := make(map[string][]Event)
	err := l.snapshot(ctx, "reading events", func(q querier) error {
		return chunks(households, func(some []string) error {
			rows, err := q.QueryContext(ctx, `SELECT leaf, line, kind, household, room, at_ns, received, is_on <> 0, celsius, source, consent
				FROM events WHERE household IN (`+placeholders(len(some))+") AND at_ns >= ? ORDER BY leaf, line",
				append(anys(some), int64(from))...)
			found, err := collect(rows, err, func(e *Event) []any {
				return []any{
					&e.Leaf, &e.Line, &e.Kind, &e.Household, &e.Room, &e.At, &e.Received, &e.On, &e.Celsius, &e.Source, &e.Consent,
				}
			})
			for _, e := range found {
				all[e.Household] = append(all[e.Household], e)
			}
			return err
		})
	})
	return all, err
}
