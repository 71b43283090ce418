package ledger

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/sensors"
)

const ticketColumns = `id, household, kind, text, state, emergency, reported_at, closed_at, reply_due, reply_met, reply_recorded,
	update_due, update_met, update_recorded, version, phone, assignee, visit_from, visit_until, incident, attachments,
	target_due, target_met, target_recorded, reply_alert, reply_alerts, update_alert, update_alerts, target_alert, target_alerts`

// ticketValues are in the order of ticketColumns, and behind them next_due, breach_at, alert_at and owed.
func ticketValues(t disputes.Ticket) []any {
	return []any{
		t.ID, t.Household, string(t.Kind), t.Text, string(t.State), asInt(t.Emergency), int64(t.ReportedAt), int64(t.ClosedAt),
		int64(t.Reply.Due), int64(t.Reply.Met), asInt(t.Reply.Recorded),
		int64(t.Update.Due), int64(t.Update.Met), asInt(t.Update.Recorded), t.Version,
		t.Phone, t.Assignee, int64(t.VisitFrom), int64(t.VisitUntil), t.Incident, t.Attachments,
		int64(t.Target.Due), int64(t.Target.Met), asInt(t.Target.Recorded),
		int64(t.Reply.Alert), t.Reply.Alerts, int64(t.Update.Alert), t.Update.Alerts, int64(t.Target.Alert), t.Target.Alerts,
		orNull(t.NextBreach()), orNull(t.BreachAt()), orNull(t.NextAlert()), owed(t),
	}
}

// ticketChanges is what an event can change of a ticket: the columns and their values.
func ticketChanges(t disputes.Ticket) (set string, values []any) {
	columns := []string{
		"state", "closed_at", "reply_met", "reply_recorded", "update_met", "update_recorded", "version", "assignee", "visit_from",
		"visit_until", "incident", "attachments", "target_met", "target_recorded", "reply_alert", "reply_alerts", "update_alert",
		"update_alerts", "target_alert", "target_alerts", "next_due", "breach_at", "alert_at", "owed",
	}
	return strings.Join(columns, " = ?, ") + " = ?", []any{
		string(t.State), int64(t.ClosedAt), int64(t.Reply.Met), asInt(t.Reply.Recorded), int64(t.Update.Met), asInt(t.Update.Recorded),
		t.Version, t.Assignee, int64(t.VisitFrom), int64(t.VisitUntil), t.Incident, t.Attachments, int64(t.Target.Met),
		asInt(t.Target.Recorded), int64(t.Reply.Alert), t.Reply.Alerts, int64(t.Update.Alert), t.Update.Alerts,
		int64(t.Target.Alert), t.Target.Alerts, orNull(t.NextBreach()), orNull(t.BreachAt()), orNull(t.NextAlert()), owed(t),
	}
}

// owed is what tickets are queued by: the clock that runs out first, or the end of time.
func owed(t disputes.Ticket) int64 {
	if due := t.Owed(); due != 0 {
		return int64(due)
	}
	return int64(sensors.Forever)
}

// orNull is an instant of which 0 is none.
func orNull(i sensors.Instant) any {
	if i == 0 {
		return nil
	}
	return int64(i)
}

// factsText is facts as they are kept: JSON, or nothing.
func factsText(f disputes.Facts) (string, error) {
	if f == (disputes.Facts{}) {
		return "", nil
	}
	text, err := json.Marshal(f)
	return string(text), err
}

// foundTicket is a row of tickets as it is read.
type foundTicket struct {
	disputes.Ticket
	emergency, replyRecorded, updateRecorded, targetRecorded int64
}

func (f *foundTicket) columns() []any {
	t := &f.Ticket
	return []any{
		&t.ID, &t.Household, &t.Kind, &t.Text, &t.State, &f.emergency, &t.ReportedAt, &t.ClosedAt, &t.Reply.Due, &t.Reply.Met,
		&f.replyRecorded, &t.Update.Due, &t.Update.Met, &f.updateRecorded, &t.Version,
		&t.Phone, &t.Assignee, &t.VisitFrom, &t.VisitUntil, &t.Incident, &t.Attachments,
		&t.Target.Due, &t.Target.Met, &f.targetRecorded,
		&t.Reply.Alert, &t.Reply.Alerts, &t.Update.Alert, &t.Update.Alerts, &t.Target.Alert, &t.Target.Alerts,
	}
}

func (f *foundTicket) ticket() disputes.Ticket {
	t := f.Ticket
	t.Emergency, t.Reply.Recorded, t.Update.Recorded = f.emergency != 0, f.replyRecorded != 0, f.updateRecorded != 0
	t.Target.Recorded = f.targetRecorded != 0
	return t
}

// AlertTickets is up to limit tickets to whose clocks attention is to be drawn by now, the earliest first.
func (l *Ledger) AlertTickets(ctx context.Context, now sensors.Instant, limit int) (all []disputes.Ticket, err error) {
	err = l.reading(ctx, "reading tickets that need attention", func(q querier) error {
		rows, err := q.QueryContext(ctx, "SELECT "+ticketColumns+" FROM tickets WHERE alert_at <= ? ORDER BY alert_at, id LIMIT ?",
			int64(now), page(limit))
		all, err = tickets(collect(rows, err, (*foundTicket).columns))
		return err
	})
	return all, err
}
