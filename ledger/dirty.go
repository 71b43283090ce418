package ledger

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/intake"
)

// Mark says that a household has to be judged again from an instant on.
type Mark = intake.Mark

// Dirty is a household that has to be judged again. Whoever has done so gives it back with the judgment.
type Dirty struct {
	Household string
	From      sensors.Instant // the earliest of its marks
	MarkedAt  sensors.Instant // when the last one was made
	// Version counts the marks that were ever made of the household.
	Version int64
	// Claim is whose it is to judge; 0: nobody claimed it. See ClaimDirty.
	Claim int64
}

// clean is the from of a household that need not be judged.
const clean = sensors.Forever

// MarkDirty marks households. Of several marks of one the earliest From counts. It is repeatable.
func (l *Ledger) MarkDirty(ctx context.Context, marks []Mark, now sensors.Instant) error {
	return l.writing(ctx, "marking households", func(t tx) error { return t.markDirty(ctx, marks, now) })
}

func (t tx) markDirty(ctx context.Context, marks []Mark, now sensors.Instant) error {
	all := earliestMarks(marks)
	for _, m := range all {
		if m.From >= clean {
			return invalid("marking households", fmt.Sprintf("household %s from the end of time", m.Household))
		}
	}
	return t.insert(ctx, "INSERT INTO dirty (household, from_ns, version, marked_at) VALUES",
		`ON CONFLICT (household) DO UPDATE SET version = dirty.version + 1, marked_at = excluded.marked_at,
			from_ns = CASE WHEN excluded.from_ns < dirty.from_ns THEN excluded.from_ns ELSE dirty.from_ns END`,
		4, len(all), func(i int, to []any) []any {
			return append(to, all[i].Household, int64(all[i].From), 1, int64(now))
		})
}

// earliestMarks is one mark a household, in its order: writers that meet wait for each other in the same order.
func earliestMarks(marks []Mark) []Mark {
	all := slices.Clone(marks)
	slices.SortFunc(all, func(a, b Mark) int {
		return cmp.Or(cmp.Compare(a.Household, b.Household), cmp.Compare(a.From, b.From))
	})
	return slices.CompactFunc(all, func(a, b Mark) bool { return a.Household == b.Household })
}

// TakeDirty is up to limit households that have to be judged again, those that have waited longest first. They stay
// marked until they are given to CompleteDirty or WriteJudgments.
func (l *Ledger) TakeDirty(ctx context.Context, limit int) (all []Dirty, err error) {
	err = l.reading(ctx, "reading which households are to be judged", func(q querier) error {
		rows, err := q.QueryContext(ctx, `SELECT household, from_ns, marked_at, version FROM dirty
			WHERE from_ns < 9223372036854775807 ORDER BY marked_at, household LIMIT ?`, limit)
		all, err = collect(rows, err, func(d *Dirty) []any { return []any{&d.Household, &d.From, &d.MarkedAt, &d.Version} })
		return err
	})
	return all, err
}

// CountDirty is how many households have to be judged again, and since when the one waits that waits longest (0 without one).
func (l *Ledger) CountDirty(ctx context.Context) (n int, since sensors.Instant, err error) {
	err = l.reading(ctx, "counting households to be judged", func(q querier) error {
		return q.QueryRowContext(ctx, `SELECT count(*), coalesce(min(marked_at), 0) FROM dirty
			WHERE from_ns < 9223372036854775807`).Scan(&n, &since)
	})
	return n, since, err
}

// CompleteDirty takes the marks off households that were judged. One that was marked again since it was taken stays marked, and one
// whose claim was lost is another's.
func (l *Ledger) CompleteDirty(ctx context.Context, done []Dirty) error {
	return l.writing(ctx, "completing households", func(t tx) error {
		mine, err := t.held(ctx, done, true)
		if err != nil {
			return err
		}
		return t.completeDirty(ctx, mine)
	})
}

func (t tx) completeDirty(ctx context.Context, done []Dirty) error {
	done = slices.Clone(done)
	slices.SortFunc(done, func(a, b Dirty) int { return cmp.Compare(a.Household, b.Household) })
	if err := t.unclaim(ctx, done); err != nil {
		return err
	}
	return chunks(done, func(some []Dirty) error {
		args := make([]any, 0, 2*len(some))
		for _, d := range some {
			args = append(args, d.Household, d.Version)
		}
		_, err := t.exec(ctx, "UPDATE dirty SET from_ns = 9223372036854775807 WHERE "+
			t.dialect.in("(household, version)", len(some)), args...)
		return err
	})
}

// Watermark is how far something has come, as it last said; 0 if it never did.
func (l *Ledger) Watermark(ctx context.Context, name string) (value int64, err error) {
	err = l.reading(ctx, "reading the watermark "+name, func(q querier) error {
		return q.QueryRowContext(ctx, "SELECT coalesce(max(value), 0) FROM watermarks WHERE name = ?", name).Scan(&value)
	})
	return value, err
}

// Step is how far a reader of the evidence log goes at once: the watermark with what came of the leaves up to it.
type Step = intake.Step

// Advance writes a step in one transaction: either the marks, the quarantined lines and the events are there and the
// watermark is at To, or nothing is. A line or an event that is there already stays as it is. If the watermark is not at From, it is ErrConflict: another reader was there.
func (l *Ledger) Advance(ctx context.Context, s Step, now sensors.Instant) error {
	doing := "advancing the watermark " + s.Watermark
	if s.To < s.From || s.From < 0 {
		return invalid(doing, fmt.Sprintf("from %d to %d", s.From, s.To))
	}
	return l.writing(ctx, doing, func(t tx) error {
		if _, err := t.exec(ctx, "INSERT INTO watermarks (name, value, updated_at) VALUES (?, 0, ?) ON CONFLICT (name) DO NOTHING",
			s.Watermark, int64(now)); err != nil {
			return err
		}
		n, err := t.exec(ctx, "UPDATE watermarks SET value = ?, updated_at = ? WHERE name = ? AND value = ?",
			s.To, int64(now), s.Watermark, s.From)
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrConflict
		}
		if err := t.quarantine(ctx, s.Quarantine); err != nil {
			return err
		}
		if err := t.appendEvents(ctx, s.Events); err != nil {
			return err
		}
		return t.markDirty(ctx, s.Dirty, now)
	})
}
