package ledger

import (
	"context"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/notify"
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

const incidentColumns = "id, place, place_id, text, state, opened_at, closed_at, role, actor, version"

func incidentPointers(i *disputes.Incident) []any {
	return []any{&i.ID, &i.Place.Kind, &i.Place.ID, &i.Text, &i.State, &i.OpenedAt, &i.ClosedAt, &i.OpenedBy.Role, &i.OpenedBy.ID, &i.Version}
}

// AddIncident writes a new incident with its first event. ErrExists if the id was used, or if another one of the place is open.
func (l *Ledger) AddIncident(ctx context.Context, i disputes.Incident, first disputes.IncidentEvent) error {
	return l.writing(ctx, "opening an incident", func(w tx) error {
		if _, err := w.exec(ctx, "INSERT INTO incidents ("+incidentColumns+") VALUES ("+placeholders(10)+")",
			i.ID, string(i.Place.Kind), i.Place.ID, i.Text, string(i.State), int64(i.OpenedAt), int64(i.ClosedAt),
			string(i.OpenedBy.Role), i.OpenedBy.ID, i.Version); err != nil {
			return err
		}
		return w.addIncidentEvent(ctx, i, first)
	})
}

// SaveIncident writes what became of an incident, with the event that made it so, for the evidence log too. ErrConflict if it is no longer as before: then
// nothing is written.
func (l *Ledger) SaveIncident(ctx context.Context, before, after disputes.Incident, event disputes.IncidentEvent) error {
	const doing = "saving an incident"
	if before.ID != after.ID || after.Version != before.Version+1 || event.Seq != after.Version {
		return invalid(doing, "its event does not follow")
	}
	return l.writing(ctx, doing, func(w tx) error {
		n, err := w.exec(ctx, "UPDATE incidents SET state = ?, closed_at = ?, version = ? WHERE id = ? AND version = ? AND state = ?",
			string(after.State), int64(after.ClosedAt), after.Version, after.ID, before.Version, string(before.State))
		if err == nil && n == 0 {
			err = ErrConflict
		}
		if err != nil {
			return err
		}
		return w.addIncidentEvent(ctx, after, event)
	})
}

func (w tx) addIncidentEvent(ctx context.Context, i disputes.Incident, e disputes.IncidentEvent) error {
	if _, err := w.exec(ctx, "INSERT INTO incident_events (incident, seq, event, at_ns, role, actor, text) VALUES (?, ?, ?, ?, ?, ?, ?)",
		i.ID, e.Seq, string(e.Event), int64(e.At), string(e.Actor.Role), e.Actor.ID, e.Text); err != nil {
		return err
	}
	content, err := e.Record(i)
	if err != nil {
		return err
	}
	if err := w.enqueue(ctx, []OutboxEntry{{Key: e.Key(i), Subject: WorkflowSubject, Content: content, CreatedAt: e.At}}); err != nil {
		return err
	}
	return w.alert(ctx, notify.OfIncident(i, e), e.At)
}

// Incident is an incident with its timeline and its tickets, the first report first; at most 1000 of them. ErrNotFound for an unknown id.
func (l *Ledger) Incident(ctx context.Context, id string) (i disputes.Incident, events []disputes.IncidentEvent, parts []disputes.Ticket, err error) {
	err = l.snapshot(ctx, "reading an incident", func(q querier) error {
		if err := q.QueryRowContext(ctx, "SELECT "+incidentColumns+" FROM incidents WHERE id = ?", id).Scan(incidentPointers(&i)...); err != nil {
			return err
		}
		rows, err := q.QueryContext(ctx, "SELECT seq, event, at_ns, role, actor, text FROM incident_events WHERE incident = ? ORDER BY seq", id)
		if events, err = collect(rows, err, func(e *disputes.IncidentEvent) []any {
			return []any{&e.Seq, &e.Event, &e.At, &e.Actor.Role, &e.Actor.ID, &e.Text}
		}); err != nil {
			return err
		}
		rows, err = q.QueryContext(ctx, "SELECT "+ticketColumns+" FROM tickets WHERE incident = ? AND incident <> '' ORDER BY reported_at, id LIMIT ?", id, page(0))
		parts, err = tickets(collect(rows, err, (*foundTicket).columns))
		return err
	})
	return i, events, parts, err
}

// Incidents is those in a state (empty: any), opened last first, and a cursor for more; it is empty at the end. ErrInvalid for a cursor that
// no list gave.
func (l *Ledger) Incidents(ctx context.Context, state disputes.State, after string, limit int) (all []disputes.Incident, next string, err error) {
	const doing = "listing incidents"
	where, args := "1 = 1", []any{}
	if state != "" {
		where, args = "state = ?", []any{string(state)}
	}
	if after != "" {
		at, id, ok := parseCursor(after)
		if !ok {
			return nil, "", invalid(doing, "the cursor is not one")
		}
		where, args = where+" AND (opened_at, id) < (?, ?)", append(args, int64(at), id)
	}
	limit = page(limit)
	err = l.reading(ctx, doing, func(q querier) (err error) {
		all, err = incidentsWhere(ctx, q, where+" ORDER BY opened_at DESC, id DESC LIMIT ?", append(args, limit+1)...)
		return err
	})
	if len(all) > limit {
		all = all[:limit]
		next = cursorAfter(disputes.Ticket{ReportedAt: all[limit-1].OpenedAt, ID: all[limit-1].ID})
	}
	return all, next, err
}

func incidentsWhere(ctx context.Context, q querier, where string, args ...any) ([]disputes.Incident, error) {
	rows, err := q.QueryContext(ctx, "SELECT "+incidentColumns+" FROM incidents WHERE "+where, args...)
	return collect(rows, err, incidentPointers)
}
