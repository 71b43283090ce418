package ledger

import (
	"context"
	"encoding/json"
	"time"

	"github.com/nuanju/nuanju/notify"
	"github.com/nuanju/nuanju/sensors"
)

var _ notify.Outbox = (*Ledger)(nil)

const notificationColumns = `id, key, channel, recipient, language, message, vals, state, attempts, next_at, until_ns, error, created_at,
	coalesce(done_at, 0)`

// ClaimNotifications implements notify.Outbox. Whoever claims a notification moves its next attempt to the end of the lease and counts
// this one; of two who try it at once one changes the row, and the other one finds it changed.
func (l *Ledger) ClaimNotifications(ctx context.Context, channels []notify.Channel, now sensors.Instant, lease time.Duration, limit int) (claimed []notify.Notification, err error) {
	if len(channels) == 0 {
		return nil, nil
	}
	args := []any{int64(now)}
	for _, c := range channels {
		args = append(args, string(c))
	}
	// Looked for on a connection for reading: as long as nothing is due, nobody waits for the writer.
	var due []notify.Notification
	err = l.reading(ctx, "reading notifications that are due", func(q querier) error {
		due, err = notifications(ctx, q, "state = 'waiting' AND next_at <= ? AND channel IN ("+placeholders(len(channels))+
			") ORDER BY next_at, id LIMIT ?", append(args, page(limit))...)
		return err
	})
	if err != nil || len(due) == 0 {
		return nil, err
	}
	err = l.writing(ctx, "claiming notifications", func(t tx) error {
		claimed = nil
		for _, n := range due {
			until := now.Add(lease)
			changed, err := t.exec(ctx, `UPDATE notifications SET attempts = attempts + 1, next_at = ? WHERE id = ? AND state = 'waiting'
				AND attempts = ? AND next_at = ?`, int64(until), n.ID, n.Attempts, int64(n.NextAt))
			if err != nil {
				return err
			}
			if changed == 1 {
				n.Attempts, n.NextAt = n.Attempts+1, until
				claimed = append(claimed, n)
			}
		}
		return nil
	})
	return claimed, err
}

// SettleNotification implements notify.Outbox.
func (l *Ledger) SettleNotification(ctx context.Context, n notify.Notification) error {
	return l.writing(ctx, "settling notification "+n.Key, func(t tx) error {
		var done any
		set := ""
		if n.State != notify.Waiting {
			done = int64(n.DoneAt)
			if n.Message.Secret() {
				set = ", vals = '{}'"
			}
		}
		_, err := t.exec(ctx, "UPDATE notifications SET state = ?, next_at = ?, error = ?, done_at = ?"+set+
			" WHERE id = ? AND state = 'waiting' AND attempts = ?", string(n.State), int64(n.NextAt), n.Error, done, n.ID, n.Attempts)
		return err
	})
}

// NotificationFilter chooses notifications; a zero field does not choose.
type NotificationFilter struct {
	State  notify.State
	Before int64 // those with smaller ids than this
	Limit  int   // at most so many; at most 1000, also if it is 0
}

// Notifications is the chosen ones, the last made first. Values that are secret are left out.
func (l *Ledger) Notifications(ctx context.Context, f NotificationFilter) (all []notify.Notification, err error) {
	where, args := "1 = 1", []any{}
	if f.State != "" {
		where, args = where+" AND state = ?", append(args, string(f.State))
	}
	if f.Before != 0 {
		where, args = where+" AND id < ?", append(args, f.Before)
	}
	err = l.reading(ctx, "listing notifications", func(q querier) error {
		all, err = notifications(ctx, q, where+" ORDER BY id DESC LIMIT ?", append(args, page(f.Limit))...)
		return err
	})
	for i := range all {
		if all[i].Message.Secret() {
			all[i].Values = nil
		}
	}
	return all, err
}

// RetryNotification makes one that failed or was given up wait again, with all its attempts before it. ErrNotFound for an unknown id, ErrConflict for one
// that is in another state, or whose values are not kept.
func (l *Ledger) RetryNotification(ctx context.Context, id int64, now sensors.Instant) (n notify.Notification, err error) {
	err = l.writing(ctx, "trying a notification again", func(t tx) error {
		found, err := notifications(ctx, t, "id = ?", id)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return ErrNotFound
		}
		n = found[0]
		if n.Message.Secret() || n.State != notify.Failed && n.State != notify.GivenUp {
			return ErrConflict
		}
		changed, err := t.exec(ctx, `UPDATE notifications SET state = 'waiting', attempts = 0, next_at = ?, until_ns = 0, done_at = NULL
			WHERE id = ? AND state = ?`, int64(now), id, string(n.State))
		if err == nil && changed == 0 {
			err = ErrConflict
		}
		n.State, n.Attempts, n.NextAt, n.Until, n.DoneAt = notify.Waiting, 0, now, 0, 0
		return err
	})
	return n, err
}

// CountNotifications is how many there are that wait, failed or were given up, and how many alerts' notifications are still to be made.
func (l *Ledger) CountNotifications(ctx context.Context) (by map[notify.State]int, alerts int, err error) {
	type row struct {
		state notify.State
		n     int
	}
	err = l.reading(ctx, "counting notifications", func(q querier) error {
		rows, err := q.QueryContext(ctx, "SELECT state, count(*) FROM notifications WHERE state IN ('waiting', 'failed', 'given_up') GROUP BY state")
		found, err := collect(rows, err, func(r *row) []any { return []any{&r.state, &r.n} })
		if err != nil {
			return err
		}
		by = map[notify.State]int{}
		for _, r := range found {
			by[r.state] = r.n
		}
		return q.QueryRowContext(ctx, "SELECT count(*) FROM alerts WHERE made_at IS NULL").Scan(&alerts)
	})
	return by, alerts, err
}

// notifications reads rows of notifications.
func notifications(ctx context.Context, q querier, where string, args ...any) (all []notify.Notification, err error) {
	type row struct {
		notify.Notification
		vals []byte
	}
	rows, err := q.QueryContext(ctx, "SELECT "+notificationColumns+" FROM notifications WHERE "+where, args...)
	found, err := collect(rows, err, func(r *row) []any {
		return []any{
			&r.ID, &r.Key, &r.Channel, &r.Address, &r.Language, &r.Message, &r.vals, &r.State, &r.Attempts, &r.NextAt, &r.Until, &r.Error,
			&r.CreatedAt, &r.DoneAt,
		}
	})
	if err != nil {
		return nil, err
	}
	for _, r := range found {
		if err := json.Unmarshal(r.vals, &r.Values); err != nil {
			return nil, err
		}
		all = append(all, r.Notification)
	}
	return all, nil
}
