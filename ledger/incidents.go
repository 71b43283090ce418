package ledger

import "context"

// incidentOpen is ErrConflict unless an incident is open. What is written with it is undone if it is resolved meanwhile.
func (w tx) incidentOpen(ctx context.Context, id string) error {
	n, err := w.exec(ctx, "UPDATE incidents SET version = version WHERE id = ? AND state = 'open'", id) // PostgreSQL locks the row
	if err == nil && n == 0 {
		return ErrConflict
	}
	return err
}
