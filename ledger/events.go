package ledger

import (
	"context"

	"github.com/nuanju/nuanju/sensors"
)

// EventKind is what was said of a household.
type EventKind string

// The kinds of events (A3).
const (
	HeatingEvent  EventKind = "heating"
	SetpointEvent EventKind = "setpoint"
)

// Event is what a resident said of heating or of a setpoint, as it stands in the evidence log.
type Event struct {
	LineKey
	Kind      EventKind
	Household string
	Room      string // of a setpoint; empty: all rooms
	At        sensors.Instant
	Received  sensors.Instant
	On        bool    // of heating
	Celsius   float64 // of a setpoint, as received
	Source    string  // of heating: who said it, as sent
	Consent   string  // of heating: what documents the resident's, as sent
}

// appendEvents keeps events; one whose place in the log is known already stays as it is.
func (t tx) appendEvents(ctx context.Context, events []Event) error {
	return t.insert(ctx, "INSERT INTO events (leaf, line, kind, household, room, at_ns, received, switch_on, celsius, source, consent) VALUES",
		"ON CONFLICT (leaf, line) DO NOTHING", 11, len(events), func(i int, to []any) []any {
			e := &events[i]
			on := 0
			if e.On {
				on = 1
			}
			return append(to, e.Leaf, e.Line, string(e.Kind), e.Household, e.Room, int64(e.At), int64(e.Received), on, e.Celsius, e.Source, e.Consent)
		})
}

// AppendEvents keeps events. One whose place in the log is known already stays as it is.
func (l *Ledger) AppendEvents(ctx context.Context, events []Event) error {
	return l.writing(ctx, "keeping events", func(t tx) error { return t.appendEvents(ctx, events) })
}

// Events is those of some households from an instant on, in the order of the evidence log.
func (l *Ledger) Events(ctx context.Context, households []string, from sensors.Instant) (all []Event, err error) {
	err = l.snapshot(ctx, "reading events", func(q querier) error {
		return chunks(households, func(some []string) error {
			rows, err := q.QueryContext(ctx, `SELECT leaf, line, kind, household, room, at_ns, received, switch_on <> 0, celsius, source, consent
				FROM events WHERE household IN (`+placeholders(len(some))+") AND at_ns >= ? ORDER BY leaf, line",
				append(anys(some), int64(from))...)
			found, err := collect(rows, err, func(e *Event) []any {
				return []any{
					&e.Leaf, &e.Line, &e.Kind, &e.Household, &e.Room, &e.At, &e.Received, &e.On, &e.Celsius, &e.Source, &e.Consent,
				}
			})
			all = append(all, found...)
			return err
		})
	})
	return all, err
}
