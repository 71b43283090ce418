package ledger

import (
	"context"

	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/intake"
)

// LineKey is the place of a line in the evidence log.
type LineKey = intake.LineKey

// Quarantined is a line that was accepted, is in the evidence log and is set aside until its cause is mended.
type Quarantined = intake.Quarantined

// quarantine keeps lines; one that is there already stays as it is.
func (t tx) quarantine(ctx context.Context, lines []Quarantined) error {
	return t.insert(ctx, "INSERT INTO quarantine (leaf, line, reason, owner, household, raw, device_time, received) VALUES",
		"ON CONFLICT (leaf, line) DO NOTHING", 8, len(lines), func(i int, to []any) []any {
			q := &lines[i]
			raw := q.Raw
			if raw == nil {
				raw = []byte{}
			}
			return append(to, q.Leaf, q.Line, q.Reason, q.Owner, q.Household, raw, int64(q.DeviceTime), int64(q.Received))
		})
}

// Quarantine sets lines aside. One that was set aside before stays as it is, released or not.
func (l *Ledger) Quarantine(ctx context.Context, lines []Quarantined) error {
	return l.writing(ctx, "quarantining lines", func(t tx) error { return t.quarantine(ctx, lines) })
}

// QuarantineFilter chooses quarantined lines. Its Limit is at most 1000, also if it is 0.
type QuarantineFilter = intake.QuarantineFilter

// maxPage bounds what one call lists.
const maxPage = 1000

// page is a limit that is given or the greatest.
func page(limit int) int {
	if limit <= 0 || limit > maxPage {
		return maxPage
	}
	return limit
}

// ListQuarantine is the chosen lines in the order of the log. The last one's key continues the list.
func (l *Ledger) ListQuarantine(ctx context.Context, f QuarantineFilter) (lines []Quarantined, err error) {
	where, args := "1 = 1", []any{}
	if f.After != (LineKey{}) {
		where, args = "(leaf, line) > (?, ?)", []any{f.After.Leaf, f.After.Line}
	}
	for _, c := range []struct{ column, value string }{{"reason", f.Reason}, {"owner", f.Owner}, {"household", f.Household}} {
		if c.value != "" {
			where, args = where+" AND "+c.column+" = ?", append(args, c.value)
		}
	}
	if !f.Released {
		where += " AND released_at IS NULL"
	}
	err = l.reading(ctx, "listing the quarantine", func(q querier) error {
		rows, err := q.QueryContext(ctx, `SELECT leaf, line, reason, owner, household, raw, device_time, received, coalesce(released_at, 0),
			coalesce(released_why, '') FROM quarantine WHERE `+where+" ORDER BY leaf, line LIMIT ?", append(args, page(f.Limit))...)
		lines, err = collect(rows, err, func(q *Quarantined) []any {
			return []any{
				&q.Leaf, &q.Line, &q.Reason, &q.Owner, &q.Household, &q.Raw, &q.DeviceTime, &q.Received, &q.ReleasedAt, &q.ReleasedWhy,
			}
		})
		return err
	})
	return lines, err
}

// CountQuarantine is how many lines are held, by reason.
func (l *Ledger) CountQuarantine(ctx context.Context) (map[string]int, error) {
	type count struct {
		reason string
		n      int
	}
	counts := map[string]int{}
	err := l.reading(ctx, "counting the quarantine", func(q querier) error {
		rows, err := q.QueryContext(ctx, "SELECT reason, count(*) FROM quarantine WHERE released_at IS NULL GROUP BY reason")
		all, err := collect(rows, err, func(c *count) []any { return []any{&c.reason, &c.n} })
		for _, c := range all {
			counts[c.reason] = c.n
		}
		return err
	})
	return counts, err
}

// Release lets lines go whose cause was mended, says why, and marks the households that they concern in the same transaction. Lines
// that were released before keep their first reason. It returns how many were released now.
func (l *Ledger) Release(ctx context.Context, lines []LineKey, why string, dirty []Mark, now sensors.Instant) (released int, err error) {
	err = l.writing(ctx, "releasing quarantined lines", func(t tx) error {
		err := chunks(lines, func(some []LineKey) error {
			args := []any{int64(now), why}
			for _, k := range some {
				args = append(args, k.Leaf, k.Line)
			}
			n, err := t.exec(ctx, "UPDATE quarantine SET released_at = ?, released_why = ? WHERE released_at IS NULL AND "+
				t.dialect.in("(leaf, line)", len(some)), args...)
			released += int(n)
			return err
		})
		if err != nil {
			return err
		}
		return t.markDirty(ctx, dirty, now)
	})
	if err != nil {
		return 0, err
	}
	return released, nil
}
