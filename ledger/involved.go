package ledger

import (
	"context"
	"time"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/sensors"
)

// AskedRoom is a room that an institution was asked to test, and the time of whose readings it may see.
type AskedRoom struct {
	Household, Room string
	From            sensors.Instant
	Until           sensors.Instant // not included; sensors.Forever while the test is not handed in
}

// askedAround is how much before it was asked and after it has handed the test in an institution sees of a room: the day in
// which tests are each other's rivals (A7.2.2).
const askedAround = 24 * time.Hour

// AskedRooms is the rooms that an institution was asked to test and has accepted to, at now, in the order of being asked.
func (l *Ledger) AskedRooms(ctx context.Context, institution string, now sensors.Instant) (all []AskedRoom, err error) {
	type row struct {
		household, state, body string
		opened, updated        sensors.Instant
	}
	err = l.reading(ctx, "reading what an institution was asked to test", func(q querier) error {
		rows, err := q.QueryContext(ctx, `SELECT place_id, state, body, opened_at, updated_at FROM matters
			WHERE kind = 'test_request' AND place = 'household' AND (state = 'accepted' OR state = 'submitted' AND updated_at > ?)
			ORDER BY opened_at, id LIMIT 10000`, int64(now.Add(-askedAround)))
		found, err := collect(rows, err, func(r *row) []any { return []any{&r.household, &r.state, &r.body, &r.opened, &r.updated} })
		if err != nil {
			return err
		}
		for _, r := range found {
			asked, err := disputes.Body[struct {
				Room        string `json:"room"`
				Institution string `json:"institution"`
			}]([]byte(r.body))
			if err != nil {
				return err
			}
			if asked.Institution != institution || institution == "" {
				continue
			}
			one := AskedRoom{r.household, asked.Room, r.opened.Add(-askedAround), sensors.Forever}
			if r.state == "submitted" {
				one.Until = r.updated.Add(askedAround)
			}
			all = append(all, one)
		}
		return nil
	})
	return all, err
}

// MediatedHouseholds is the households with a dispute that has come to mediation, whatever has become of it since (A11), sorted.
func (l *Ledger) MediatedHouseholds(ctx context.Context) (all []string, err error) {
	type row struct{ household string }
	err = l.reading(ctx, "reading which households have a dispute at mediation", func(q querier) error {
		rows, err := q.QueryContext(ctx, `SELECT DISTINCT m.place_id FROM matters m
			JOIN matter_events e ON e.kind = m.kind AND e.matter = m.id
			WHERE m.kind = ? AND m.place = 'household' AND e.to_st = ? ORDER BY 1`, string(disputes.DisputeMatter), string(disputes.StateMediation))
		found, err := collect(rows, err, func(r *row) []any { return []any{&r.household} })
		for _, r := range found {
			all = append(all, r.household)
		}
		return err
	})
	return all, err
}
