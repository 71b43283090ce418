package main

import (
	"context"
	"errors"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// clocks records the breaches of tickets that have happened, each at its due time (A6.6), and draws attention to clocks that nobody
// answers. Two servers that do it at once do it once: whoever comes second finds the ticket changed.
func (s *server) clocks(ctx context.Context) error {
	return errors.Join(
		s.eachTicket(ctx, s.ledger.DueTickets, disputes.Breaches),
		s.eachTicket(ctx, s.ledger.AlertTickets, s.alerts),
	)
}

// alerts records what has been breached and whom it is told to.
func (s *server) alerts(t disputes.Ticket, now sensors.Instant) (disputes.Ticket, []disputes.Event) {
	after, events := disputes.Breaches(t, now)
	after, more := disputes.Alerts(after, s.attention(), now)
	return after, append(events, more...)
}

// attention is the settings' as package disputes takes them.
func (s *server) attention() disputes.Attention {
	a := disputes.Attention{WarnBefore: s.settings.Attention.WarnBefore}
	for _, e := range s.settings.Attention.Escalate {
		a.Steps = append(a.Steps, disputes.Step{After: e.After, To: e.To})
	}
	return a
}

// eachTicket does something to the tickets that are found, until none is found that it changes.
func (s *server) eachTicket(
	ctx context.Context, find func(ctx context.Context, now sensors.Instant, limit int) ([]disputes.Ticket, error),
	do func(disputes.Ticket, sensors.Instant) (disputes.Ticket, []disputes.Event),
) error {
	const atOnce = 1000
	for {
		now := sensors.At(s.now())
		found, err := find(ctx, now, atOnce)
		if err != nil {
			return err
		}
		changed := 0
		for _, t := range found {
			after, events := do(t, now)
			if len(events) == 0 {
				continue // what is due of it is due later
			}
			changed++
			if err := s.ledger.SaveTicket(ctx, t, after, events, nil); err != nil && !errors.Is(err, ledger.ErrConflict) {
				return err // after a conflict somebody was faster, and the next tick looks again
			}
		}
		if len(found) < atOnce || changed == 0 {
			return nil
		}
	}
}
