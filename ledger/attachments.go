package ledger

import (
	"context"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/sensors"
)

// Attached is a file of a ticket.
type Attached struct {
	Ticket, Household string
	ReportedAt        sensors.Instant // of the ticket
	disputes.Attachment
}

// addAttachments writes the files that events add. ErrExists for one that the ticket has.
func (w tx) addAttachments(ctx context.Context, t disputes.Ticket, events []disputes.Event) error {
	for _, e := range events {
		a := e.Facts.Attachment
		if e.Event != disputes.Attached || a == nil {
			continue
		}
		if _, err := w.exec(ctx, "INSERT INTO attachments (ticket, digest, type, size, name, added_at) VALUES (?, ?, ?, ?, ?, ?)",
			t.ID, a.Digest, a.Type, a.Size, a.Name, int64(e.Recorded)); err != nil {
			return err
		}
	}
	return nil
}

// Attachment is the tickets that have a file, by id; none if no ticket has it. At most 100.
func (l *Ledger) Attachment(ctx context.Context, digest string) (all []Attached, err error) {
	err = l.reading(ctx, "reading who has a file", func(q querier) error {
		rows, err := q.QueryContext(ctx, `SELECT a.ticket, t.household, t.reported_at, a.digest, a.type, a.size, a.name FROM attachments a
			JOIN tickets t ON t.id = a.ticket WHERE a.digest = ? ORDER BY a.ticket LIMIT 100`, digest)
		all, err = collect(rows, err, func(a *Attached) []any {
			return []any{&a.Ticket, &a.Household, &a.ReportedAt, &a.Digest, &a.Type, &a.Size, &a.Name}
		})
		return err
	})
	return all, err
}
