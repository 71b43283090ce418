package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/nuanju/nuanju/billing"
	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/sensors"
)

// Payment is money of a resident, of a channel under the channel's own reference.
type Payment struct {
	Channel, Reference string
	Household, Account string
	Winter             int // the year in which the winter begins that it is for
	Date               compliance.Date
	Fen                billing.Fen
	Import             string // the id of the file that it came in; empty: recorded singly
	RecordedAt         sensors.Instant
	RecordedBy         string
	VoidedAt           sensors.Instant // 0: it holds
	VoidedWhy          string
}

// PaymentImport is a channel's file.
type PaymentImport struct {
	ID       string // of its content
	Channel  string
	Payments int
	Fen      billing.Fen
}

// CarriedOver is the channel of what was paid too much for one winter and counts for the next.
const CarriedOver = "carry_over"

// ImportPayments records a channel's payments, all or none. With a file's id the file is recorded too. again: the file was taken over
// before, and nothing was recorded now. ErrExists: a reference of the channel was used before.
func (l *Ledger) ImportPayments(ctx context.Context, from PaymentImport, all []Payment, by string, now sensors.Instant) (again bool, err error) {
	const doing = "recording payments"
	for i := range all {
		p := &all[i]
		if p.Channel == "" || p.Reference == "" || p.Fen <= 0 {
			return false, invalid(doing, "a payment has a channel, a reference and an amount")
		}
	}
	err = l.writing(ctx, doing, func(t tx) error {
		if from.ID != "" {
			var there int
			if err := t.QueryRowContext(ctx, "SELECT count(*) FROM payment_imports WHERE id = ?", from.ID).Scan(&there); err != nil {
				return err
			}
			if again = there > 0; again {
				return nil
			}
			if _, err := t.exec(ctx, "INSERT INTO payment_imports (id, channel, payments, fen, recorded_at, recorded_by) VALUES (?, ?, ?, ?, ?, ?)",
				from.ID, from.Channel, from.Payments, int64(from.Fen), int64(now), by); err != nil {
				return err
			}
			if err := t.record(ctx, "payments/"+from.ID, now, map[string]any{
				"import": from.ID, "channel": from.Channel, "payments": from.Payments, "fen": int64(from.Fen), "by": by,
			}); err != nil {
				return err
			}
		}
		return t.insertPayments(ctx, all, from.ID, by, now)
	})
	return again, err
}

func (t tx) insertPayments(ctx context.Context, all []Payment, from, by string, now sensors.Instant) error {
	if err := t.insert(ctx, `INSERT INTO payments (channel, reference, household, account, winter, day, fen, import, recorded_at, recorded_by,
		voided_why) VALUES`, "", 11, len(all), func(i int, to []any) []any {
		p := &all[i]
		return append(to, p.Channel, p.Reference, p.Household, p.Account, p.Winter, int64(p.Date), int64(p.Fen), from, int64(now), by, "")
	}); err != nil {
		return err
	}
	if from != "" { // the file's own record names them by its content
		return nil
	}
	for i := range all {
		p := &all[i]
		if err := t.record(ctx, "payment/"+p.Channel+"/"+p.Reference, now, map[string]any{
			"payment": p.Reference, "channel": p.Channel, "household": p.Household, "winter": p.Winter, "date": p.Date, "fen": int64(p.Fen), "by": by,
		}); err != nil {
			return err
		}
	}
	return nil
}

// VoidPayment says that a payment was recorded by mistake: it counts no more, and stays. ErrConflict if it was voided before.
func (l *Ledger) VoidPayment(ctx context.Context, channel, reference, why, by string, now sensors.Instant) error {
	return l.writing(ctx, "voiding a payment", func(t tx) error {
		var voided sql.NullInt64
		if err := t.QueryRowContext(ctx, "SELECT voided_at FROM payments WHERE channel = ? AND reference = ?", channel, reference).Scan(&voided); err != nil {
			return err
		}
		n, err := t.exec(ctx, "UPDATE payments SET voided_at = ?, voided_why = ? WHERE channel = ? AND reference = ? AND voided_at IS NULL",
			int64(now), why, channel, reference)
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrConflict
		}
		return t.record(ctx, "payment/"+channel+"/"+reference+"/voided", now, map[string]any{
			"payment": reference, "channel": channel, "voided": why, "by": by,
		})
	})
}

const paymentColumns = "channel, reference, household, account, winter, day, fen, import, recorded_at, recorded_by, coalesce(voided_at, 0), voided_why"

func (p *Payment) columns() []any {
	return []any{
		&p.Channel, &p.Reference, &p.Household, &p.Account, &p.Winter, &p.Date, &p.Fen, &p.Import, &p.RecordedAt, &p.RecordedBy, &p.VoidedAt, &p.VoidedWhy,
	}
}

// Payments are those of households for a winter that hold, by household, in order of day, channel and reference.
func (l *Ledger) Payments(ctx context.Context, households []string, winter int) (map[string][]Payment, error) {
	all := make(map[string][]Payment)
	err := l.snapshot(ctx, "reading payments", func(q querier) error {
		return chunks(households, func(some []string) error {
			rows, err := q.QueryContext(ctx, "SELECT "+paymentColumns+" FROM payments WHERE voided_at IS NULL AND winter = ? AND household IN ("+
				placeholders(len(some))+") ORDER BY household, day, channel, reference", append([]any{winter}, anys(some)...)...)
			found, err := collect(rows, err, (*Payment).columns)
			for _, p := range found {
				all[p.Household] = append(all[p.Household], p)
			}
			return err
		})
	})
	return all, err
}

// PaymentsByReference are the payments of a channel that have one of the references, by reference; voided ones too.
func (l *Ledger) PaymentsByReference(ctx context.Context, channel string, references []string) (map[string]Payment, error) {
	all := make(map[string]Payment)
	err := l.reading(ctx, "looking payments up", func(q querier) error {
		return chunks(references, func(some []string) error {
			rows, err := q.QueryContext(ctx, "SELECT "+paymentColumns+" FROM payments WHERE channel = ? AND reference IN ("+placeholders(len(some))+")",
				append([]any{channel}, anys(some)...)...)
			found, err := collect(rows, err, (*Payment).columns)
			for _, p := range found {
				all[p.Reference] = p
			}
			return err
		})
	})
	return all, err
}

// AccountsOf is the household of each account number that the registry has; an account of several households is left out.
func (l *Ledger) AccountsOf(ctx context.Context, accounts []string) (map[string]string, error) {
	all, twice := make(map[string]string), make(map[string]bool)
	err := l.reading(ctx, "looking accounts up", func(q querier) error {
		return chunks(accounts, func(some []string) error {
			type row struct{ account, household string }
			rows, err := q.QueryContext(ctx, "SELECT account, id FROM households WHERE superseded_at IS NULL AND account <> '' AND account IN ("+
				placeholders(len(some))+")", anys(some)...)
			found, err := collect(rows, err, func(r *row) []any { return []any{&r.account, &r.household} })
			for _, r := range found {
				if other, ok := all[r.account]; ok && other != r.household {
					twice[r.account] = true
				}
				all[r.account] = r.household
			}
			return err
		})
	})
	for account := range twice {
		delete(all, account)
	}
	return all, err
}

// TakenOver reports whether a channel's file was imported before.
func (l *Ledger) TakenOver(ctx context.Context, id string) (taken bool, err error) {
	err = l.reading(ctx, "looking an import up", func(q querier) error {
		var n int
		err := q.QueryRowContext(ctx, "SELECT 1 FROM payment_imports WHERE id = ?", id).Scan(&n)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		taken = err == nil
		return err
	})
	return taken, err
}

// Arrears is what a household owes for a winter, or has to its credit.
type Arrears struct {
	Household, Account string
	Winter             int
	Balance            billing.Fen // of all statements, with payments since; negative: owed
	PaidOut            billing.Fen
	LastStatement      sensors.Instant
}

// Due is what is owed, in fen; 0 when nothing is.
func (a Arrears) Due() billing.Fen { return max(0, a.PaidOut-a.Balance) }

// ArrearsOf lists the households that owe something for a winter, in order of id, after one; at most limit. A payment that no
// statement has counted yet counts.
func (l *Ledger) ArrearsOf(ctx context.Context, winter int, after string, limit int) ([]Arrears, error) {
	return l.arrears(ctx, winter, "s.household > ?", after, page(limit))
}

// ArrearsOfHome is what a household owes for a winter; nothing is Due if it owes nothing.
func (l *Ledger) ArrearsOfHome(ctx context.Context, household string, winter int) (Arrears, error) {
	all, err := l.arrears(ctx, winter, "s.household = ?", household, 1)
	if err != nil || len(all) == 0 {
		return Arrears{}, err
	}
	return all[0], nil
}

// arrears lists at most so many of the households of which the condition on one value holds.
func (l *Ledger) arrears(ctx context.Context, winter int, of, value string, limit int) (all []Arrears, err error) {
	err = l.reading(ctx, "listing arrears", func(q querier) error {
		rows, err := q.QueryContext(ctx, `SELECT household, account, CAST(balance AS BIGINT), CAST(paid_out AS BIGINT), made_at FROM (
			SELECT s.household AS household, max(s.account) AS account, max(s.made_at) AS made_at,
				sum(s.balance)
				+ coalesce((SELECT sum(p.fen) FROM payments p WHERE p.household = s.household AND p.winter = s.winter AND p.voided_at IS NULL), 0)
				- coalesce((SELECT sum(n.fen) FROM statements x JOIN statement_lines n ON n.statement = x.id AND n.item = 'prepaid'
					WHERE x.household = s.household AND x.winter = s.winter), 0) AS balance,
				coalesce((SELECT sum(o.fen) FROM payouts o WHERE o.household = s.household AND o.winter = s.winter), 0) AS paid_out
			FROM statements s WHERE s.winter = ? AND `+of+` GROUP BY s.household, s.winter) t
			WHERE balance < paid_out ORDER BY household LIMIT ?`, winter, value, limit)
		all, err = collect(rows, err, func(a *Arrears) []any {
			return []any{&a.Household, &a.Account, &a.Balance, &a.PaidOut, &a.LastStatement}
		})
		for i := range all {
			all[i].Winter = winter
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("winter %d: %w", winter, err)
	}
	return all, nil
}
