package ledger

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/nuanju/nuanju/notify"
	"github.com/nuanju/nuanju/sensors"
)

// Notify writes alerts, in one transaction. One whose key was used is the alert of that key, and is not written again.
func (l *Ledger) Notify(ctx context.Context, alerts []notify.Alert, now sensors.Instant) error {
	return l.writing(ctx, "writing alerts", func(t tx) error { return t.alert(ctx, alerts, now) })
}

// alert writes alerts in the transaction of what they tell of.
func (t tx) alert(ctx context.Context, alerts []notify.Alert, now sensors.Instant) error {
	for _, a := range alerts {
		if err := a.Check(); err != nil {
			return invalid("writing alert "+a.Key, err.Error())
		}
	}
	texts := make([]string, len(alerts))
	for i, a := range alerts {
		text, err := json.Marshal(a.Values)
		if err != nil {
			return err
		}
		texts[i] = string(text)
	}
	return t.insert(ctx, "INSERT INTO alerts (key, audience, who, message, language, vals, until_ns, created_at) VALUES",
		"ON CONFLICT (key) DO NOTHING", 8, len(alerts), func(i int, to []any) []any {
			a := &alerts[i]
			return append(to, a.Key, string(a.To.Kind), a.To.ID, string(a.Message), a.Language, texts[i], int64(a.Until), int64(now))
		})
}

// Alerts implements notify.Outbox.
func (l *Ledger) Alerts(ctx context.Context, limit int) (all []notify.Alert, err error) {
	type row struct {
		notify.Alert
		vals []byte
	}
	err = l.reading(ctx, "reading alerts", func(q querier) error {
		rows, err := q.QueryContext(ctx, `SELECT id, key, audience, who, message, language, vals, until_ns, created_at FROM alerts
			WHERE made_at IS NULL ORDER BY id LIMIT ?`, page(limit))
		found, err := collect(rows, err, func(r *row) []any {
			return []any{&r.ID, &r.Key, &r.To.Kind, &r.To.ID, &r.Message, &r.Language, &r.vals, &r.Until, &r.CreatedAt}
		})
		for _, r := range found {
			if err := json.Unmarshal(r.vals, &r.Values); err != nil {
				return err
			}
			all = append(all, r.Alert)
		}
		return err
	})
	return all, err
}

// MakeNotifications implements notify.Outbox.
func (l *Ledger) MakeNotifications(ctx context.Context, a notify.Alert, to []notify.Recipient, now sensors.Instant) error {
	return l.writing(ctx, "making the notifications of alert "+a.Key, func(t tx) error {
		statement := "UPDATE alerts SET made_at = ? WHERE id = ? AND made_at IS NULL"
		if a.Message.Secret() {
			statement = "UPDATE alerts SET made_at = ?, vals = '{}' WHERE id = ? AND made_at IS NULL"
		}
		n, err := t.exec(ctx, statement, int64(now), a.ID)
		if err != nil || n == 0 {
			return err
		}
		vals, err := json.Marshal(a.Values)
		if err != nil {
			return err
		}
		return t.insert(ctx, `INSERT INTO notifications (key, channel, recipient, message, language, vals, state, attempts, next_at, until_ns,
			error, created_at) VALUES`, "", 12, len(to), func(i int, args []any) []any {
			r := &to[i]
			return append(args, a.Key+"#"+strconv.Itoa(i+1), string(r.Channel), r.Address, string(a.Message), r.Language, string(vals),
				string(notify.Waiting), 0, int64(now), int64(a.Until), "", int64(a.CreatedAt))
		})
	})
}

// ResidentsToTell implements notify.Outbox. Without a contract in force then it is the phone that the registry has.
func (l *Ledger) ResidentsToTell(ctx context.Context, household string, at sensors.Instant) (to []notify.Recipient, err error) {
	parties, err := l.PartiesOfHousehold(ctx, household)
	if err != nil {
		return nil, err
	}
	known := false
	for _, p := range parties {
		if !p.Holds(at) {
			continue
		}
		known = true
		switch {
		case p.Phone != "":
			to = append(to, notify.Recipient{Channel: notify.SMS, Address: p.Phone, Language: p.Language})
		case p.Email != "":
			to = append(to, notify.Recipient{Channel: notify.Mail, Address: p.Email, Language: p.Language})
		}
	}
	if known {
		return to, nil
	}
	err = l.reading(ctx, "reading the phone of household "+household, func(q querier) error {
		rows, err := q.QueryContext(ctx, "SELECT phone FROM households WHERE superseded_at IS NULL AND id = ? AND phone <> ''", household)
		to, err = collect(rows, err, func(r *notify.Recipient) []any {
			r.Channel, r.Language = notify.SMS, "zh"
			return []any{&r.Address}
		})
		return err
	})
	return to, err
}
