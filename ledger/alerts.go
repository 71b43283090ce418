package ledger

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/nuanju/nuanju/disputes"
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

// ResidentsToTell implements notify.Outbox. Of a household without a contract in force then it is the phone that the registry has.
func (l *Ledger) ResidentsToTell(ctx context.Context, at disputes.Place, when sensors.Instant) (to []notify.Recipient, err error) {
	type home struct{ id, phone string }
	err = l.snapshot(ctx, "reading whom to tell", func(q querier) error {
		where := placeCondition(at.Kind)
		rows, err := q.QueryContext(ctx, "SELECT id, phone FROM households WHERE superseded_at IS NULL AND "+where+" ORDER BY id", at.ID)
		homes, err := collect(rows, err, func(h *home) []any { return []any{&h.id, &h.phone} })
		if err != nil {
			return err
		}
		if len(homes) == 0 && at.Kind == disputes.AtHousehold { // its contract may be there before the registry has it
			homes = []home{{id: at.ID}}
		}
		return chunks(homes, func(some []home) error {
			args := make([]any, 0, len(some)+2)
			for _, h := range some {
				args = append(args, h.id)
			}
			found, err := contracts(ctx, q, "superseded_at IS NULL AND household IN ("+placeholders(len(some))+
				") AND from_ns <= ? AND until_ns > ?", append(args, int64(when), int64(when))...)
			if err != nil {
				return err
			}
			bound := map[string][]disputes.Person{}
			for _, k := range found {
				bound[k.Household] = k.Residents
			}
			for _, h := range some {
				people, known := bound[h.id]
				if !known {
					people = []disputes.Person{{Phone: h.phone, Language: "zh"}}
				}
				to = append(to, reached(people)...)
			}
			return nil
		})
	})
	return to, err
}

// reached is where people are: at their phones, or if they have none at their addresses.
func reached(people []disputes.Person) (to []notify.Recipient) {
	for _, p := range people {
		switch {
		case p.Phone != "":
			to = append(to, notify.Recipient{Channel: notify.SMS, Address: p.Phone, Language: p.Language})
		case p.Email != "":
			to = append(to, notify.Recipient{Channel: notify.Mail, Address: p.Email, Language: p.Language})
		}
	}
	return to
}
