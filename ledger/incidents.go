package ledger

import (
	"context"

	"github.com/nuanju/nuanju/disputes"
)

// incidentOpen is ErrConflict unless an incident is open. What is written with it is undone if it is resolved meanwhile.
func (w tx) incidentOpen(ctx context.Context, id string) error {
	n, err := w.exec(ctx, "UPDATE incidents SET version = version WHERE id = ? AND state = 'open'", id) // PostgreSQL locks the row
	if err == nil && n == 0 {
		return ErrConflict
	}
	return err
}

// OpenIncidentAt is the id of the incident that is open at a place; empty for none.
func (l *Ledger) OpenIncidentAt(ctx context.Context, place disputes.Place) (id string, err error) {
	err = l.reading(ctx, "looking for an incident", func(q querier) error {
		return q.QueryRowContext(ctx, "SELECT coalesce(max(id), '') FROM incidents WHERE place = ? AND place_id = ? AND state = 'open'",
			string(place.Kind), place.ID).Scan(&id)
	})
	return id, err
}
