package ledger

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/nuanju/nuanju/billing"
	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/sensors"
)

// Standing is how many homes or rooms of a building stand in one way.
type Standing struct {
	Substation, Building string
	Rooms                bool // judged rooms are counted; else homes
	Status               compliance.Status
	Clause               compliance.Clause
	Count                int
}

// Hours is how long it was too cold in the episodes of one status.
type Hours struct {
	Status                      compliance.EpisodeStatus
	Episodes                    int
	Below, Confirmed, Dismissed time.Duration // of all rooms together
}

// ClockCount is how many open tickets have so much left on a clock that runs and is not answered (A6.6).
type ClockCount struct {
	Clock disputes.Duty
	Left  ClockLeft
	Count int
}

// ClockLeft says how much is left on a clock.
type ClockLeft string

// What can be left, the least first.
const (
	LeftNothing ClockLeft = "overdue"
	LeftQuarter ClockLeft = "15m" // at most so much
	LeftHour    ClockLeft = "1h"
	LeftMore    ClockLeft = "6h"
)

// Answers is how fast tickets were answered that were reported in a time: how many within each bound.
type Answers struct {
	Clock disputes.Duty
	// Within counts the answers that took at most AnswerBounds[i], those of shorter bounds included.
	Within []int
	Count  int           // all answers
	Sum    time.Duration // of all answers
}

// ItemSum is what an item comes to in many statements.
type ItemSum struct {
	Item billing.Item
	KWh  float64 // of items that are energy; shown, never charged
	Fen  billing.Fen
}

// summed are the items that dashboards show.
var summed = []billing.Item{billing.ItemMetered, billing.ItemZeroed, billing.ItemPayable, billing.ItemRemedy, billing.ItemTestFee, billing.ItemRefund, billing.ItemPenalty}

// AnswerBounds are the bounds that Answers counts by. Those of the contract, 1 h and 6 h, are among them (A6.6).
func AnswerBounds() []time.Duration {
	return []time.Duration{
		5 * time.Minute, 15 * time.Minute, 30 * time.Minute, 45 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour,
	}
}

// Census is what dashboards show of the whole town.
type Census struct {
	Standing []Standing
	Hours    []Hours
	Clocks   []ClockCount
	Answers  []Answers
	// Stoppages is how many go on, and Longest how long the longest of them has lasted (A7.2.2.5).
	Stoppages int
	Longest   time.Duration
	// Planned is how many planned stoppages touched a building, by its id; the first three of a home may be exempt.
	Planned map[string]int
	// Money is what the statements made since then come to, by item: corrections are differences, so their sum is what holds.
	Money []ItemSum
}

// current is how long after its last judgment a household is counted: every home is judged each day of its season.
const current = 26 * time.Hour

// Census counts the homes as they stand at now, the episodes that ended since an instant, and the tickets reported since then.
func (l *Ledger) Census(ctx context.Context, since, now sensors.Instant) (c Census, err error) {
	err = l.snapshot(ctx, "counting homes", func(q querier) error {
		if c.Standing, err = standings(ctx, q, now); err != nil {
			return err
		}
		rows, err := q.QueryContext(ctx, `SELECT status, count(*), sum(below_ns), sum(confirmed_ns), sum(dismissed_ns) FROM episodes
			WHERE superseded_at IS NULL AND end_ns >= ? GROUP BY status ORDER BY status`, int64(since))
		if c.Hours, err = collect(rows, err, func(h *Hours) []any {
			return []any{&h.Status, &h.Episodes, &h.Below, &h.Confirmed, &h.Dismissed}
		}); err != nil {
			return err
		}
		if err := c.stoppages(ctx, q, since, now); err != nil {
			return err
		}
		if c.Money, err = sums(ctx, q, since); err != nil {
			return err
		}
		for _, clock := range []disputes.Duty{disputes.ReplyDuty, disputes.UpdateDuty} {
			counts, err := clocksLeft(ctx, q, clock, now)
			if err != nil {
				return err
			}
			c.Clocks = append(c.Clocks, counts...)
			answers, err := answered(ctx, q, clock, since)
			if err != nil {
				return err
			}
			c.Answers = append(c.Answers, answers)
		}
		return nil
	})
	return c, err
}

func standings(ctx context.Context, q querier, now sensors.Instant) ([]Standing, error) {
	type row struct {
		Standing
		rooms int64
	}
	rows, err := q.QueryContext(ctx, `SELECT coalesce(b.substation, ''), h.building, CASE WHEN t.room = '' THEN 0 ELSE 1 END AS of_rooms, t.status, t.clause, count(*)
		FROM tiles t
		JOIN judged j ON j.household = t.household AND j.until_ns > ?
		JOIN households h ON h.id = t.household AND h.superseded_at IS NULL
		LEFT JOIN buildings b ON b.id = h.building AND b.superseded_at IS NULL
		WHERE t.superseded_at IS NULL AND t.end_ns = 9223372036854775807
		GROUP BY coalesce(b.substation, ''), h.building, CASE WHEN t.room = '' THEN 0 ELSE 1 END, t.status, t.clause`, int64(now.Add(-current)))
	found, err := collect(rows, err, func(r *row) []any {
		return []any{&r.Substation, &r.Building, &r.rooms, &r.Status, &r.Clause, &r.Count}
	})
	all := make([]Standing, len(found))
	for i, r := range found {
		all[i] = r.Standing
		all[i].Rooms = r.rooms == 1
	}
	slices.SortFunc(all, func(a, b Standing) int {
		return cmp.Or(cmp.Compare(a.Substation, b.Substation), cmp.Compare(a.Building, b.Building), cmp.Compare(a.Status, b.Status), cmp.Compare(a.Clause, b.Clause))
	})
	return all, err
}

// sums is what statements come to.
func sums(ctx context.Context, q querier, since sensors.Instant) ([]ItemSum, error) {
	type row struct {
		ItemSum
		millionths int64
	}
	rows, err := q.QueryContext(ctx, `SELECT l.item, coalesce(sum(l.quantity), 0), coalesce(sum(l.fen), 0) FROM statement_lines l
		JOIN statements s ON s.id = l.statement AND s.made_at >= ? WHERE l.item IN (`+placeholders(len(summed))+") GROUP BY l.item ORDER BY l.item",
		append([]any{int64(since)}, anys(summed)...)...)
	found, err := collect(rows, err, func(r *row) []any { return []any{&r.Item, &r.millionths, &r.Fen} })
	all := make([]ItemSum, len(found))
	for i, r := range found {
		all[i] = r.ItemSum
		if r.Item == billing.ItemMetered || r.Item == billing.ItemZeroed {
			all[i].KWh = float64(r.millionths) / 1e6
		}
	}
	return all, err
}

// clocksLeft counts the open tickets of which a clock runs unanswered, by what is left.
func clocksLeft(ctx context.Context, q querier, clock disputes.Duty, now sensors.Instant) ([]ClockCount, error) {
	due, met := columnsOf(clock)
	n := [4]int{}
	const sum = "coalesce(sum(CASE WHEN "
	at := func(d time.Duration) int64 { return int64(now.Add(d)) }
	err := q.QueryRowContext(ctx, "SELECT "+
		sum+due+" < ? THEN 1 ELSE 0 END), 0), "+
		sum+due+" >= ? AND "+due+" <= ? THEN 1 ELSE 0 END), 0), "+
		sum+due+" > ? AND "+due+" <= ? THEN 1 ELSE 0 END), 0), "+
		sum+due+" > ? THEN 1 ELSE 0 END), 0) FROM tickets WHERE state = ? AND "+due+" > 0 AND "+met+" = 0",
		at(0), at(0), at(15*time.Minute), at(15*time.Minute), at(time.Hour), at(time.Hour), string(disputes.Open)).Scan(&n[0], &n[1], &n[2], &n[3])
	all := make([]ClockCount, 0, len(n))
	for i, left := range []ClockLeft{LeftNothing, LeftQuarter, LeftHour, LeftMore} {
		all = append(all, ClockCount{clock, left, n[i]})
	}
	return all, err
}

// answered counts the answers to tickets reported since an instant.
func answered(ctx context.Context, q querier, clock disputes.Duty, since sensors.Instant) (Answers, error) {
	_, met := columnsOf(clock)
	bounds := AnswerBounds()
	a := Answers{Clock: clock, Within: make([]int, len(bounds))}
	query, args, to := "SELECT count(*), coalesce(sum("+met+" - reported_at), 0)", []any{}, []any{&a.Count, &a.Sum}
	for i, b := range bounds {
		query += ", coalesce(sum(CASE WHEN " + met + " - reported_at <= ? THEN 1 ELSE 0 END), 0)"
		args, to = append(args, int64(b)), append(to, &a.Within[i])
	}
	err := q.QueryRowContext(ctx, query+" FROM tickets WHERE reported_at >= ? AND "+met+" > 0", append(args, int64(since))...).Scan(to...)
	return a, err
}

// columnsOf are the columns of a clock: when an answer is due and when the first was given.
func columnsOf(clock disputes.Duty) (due, met string) {
	if clock == disputes.ReplyDuty {
		return "reply_due", "reply_met"
	}
	return "update_due", "update_met"
}
