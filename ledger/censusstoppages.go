package ledger

import (
	"context"
	"encoding/json"
	"time"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/sensors"
)

// goesOn is how long a stoppage whose end nobody stated is taken to go on: afterwards somebody forgot to say so.
const goesOn = 7 * 24 * time.Hour

// stoppages counts those that began since an instant. One goes on until somebody says that heat is back, also past its announced end.
func (c *Census) stoppages(ctx context.Context, q querier, since, now sensors.Instant) error {
	type row struct {
		disputes.Place
		body string
	}
	rows, err := q.QueryContext(ctx, "SELECT place, place_id, body FROM matters WHERE kind = ? AND state <> ? AND opened_at >= ?",
		string(disputes.StoppageMatter), string(disputes.Cancelled), int64(since))
	found, err := collect(rows, err, func(r *row) []any { return []any{&r.Kind, &r.ID, &r.body} })
	if err != nil {
		return err
	}
	c.Planned = map[string]int{}
	for _, r := range found {
		var s disputes.Stoppage
		if err := json.Unmarshal([]byte(r.body), &s); err != nil {
			return err
		}
		lasted := now.Time().Sub(s.Start)
		if s.Ended == nil && lasted >= 0 && lasted < goesOn {
			c.Stoppages++
			c.Longest = max(c.Longest, lasted)
		}
		if !s.Planned || lasted < 0 {
			continue
		}
		buildings, err := buildingsOf(ctx, q, r.Place)
		if err != nil {
			return err
		}
		for _, b := range buildings {
			c.Planned[b]++
		}
	}
	return nil
}

// buildingsOf is the buildings that a place is in or has.
func buildingsOf(ctx context.Context, q querier, p disputes.Place) ([]string, error) {
	queries := map[disputes.PlaceKind]string{
		AtHousehold:  "SELECT building FROM households WHERE superseded_at IS NULL AND id = ?",
		AtRiser:      "SELECT building FROM risers WHERE superseded_at IS NULL AND id = ?",
		AtBuilding:   "SELECT id FROM buildings WHERE superseded_at IS NULL AND id = ?",
		AtSubstation: "SELECT id FROM buildings WHERE superseded_at IS NULL AND substation = ?",
		Everywhere:   "SELECT id FROM buildings WHERE superseded_at IS NULL AND '' = ?",
	}
	rows, err := q.QueryContext(ctx, queries[p.Kind], p.ID)
	return collect(rows, err, func(s *string) []any { return []any{s} })
}

// Changes is a number that changes with every event of the workflow and every judgment: pages that are open ask whether it did.
func (l *Ledger) Changes(ctx context.Context) (int64, error) {
	var events, judged int64
	err := l.reading(ctx, "asking for changes", func(q querier) error {
		return q.QueryRowContext(ctx, "SELECT coalesce((SELECT max(id) FROM outbox), 0), coalesce((SELECT max(judged_at) FROM judged), 0)").Scan(&events, &judged)
	})
	return events ^ judged, err
}
