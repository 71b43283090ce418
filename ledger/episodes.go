package ledger

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"

	"github.com/nuanju/nuanju/sensors"
)

// episodeRow is an episode as it is kept.
type episodeRow struct {
	id            int64
	household     string
	tests         string // JSON
	confirmations string // JSON
	because       string
	Episode
}

// same reports whether two rows say the same.
func (r *episodeRow) same(o *episodeRow) bool {
	return r.Room == o.Room && r.Start == o.Start && r.End == o.End && r.Status == o.Status && r.Below == o.Below &&
		r.Confirmed == o.Confirmed && r.Dismissed == o.Dismissed && r.Digest == o.Digest &&
		r.tests == o.tests && r.confirmations == o.confirmations && r.because == o.because
}

// spliceEpisodes is what changes when a judgment comes, of the kept episodes of a household.
func spliceEpisodes(kept []episodeRow, j *Judgment) (superseded []int64, added []episodeRow) {
	next := make([]episodeRow, 0, len(j.Episodes))
	for _, e := range j.Episodes {
		e.Digest = j.Digest
		next = append(next, episodeRow{
			Episode: e, tests: ids(e.Tests), confirmations: ids(e.Confirmations), because: string(stepsOf(e.Because)),
		})
	}
	for i := range kept {
		if kept[i].End <= j.EpisodesFrom {
			continue
		}
		at := slices.IndexFunc(next, func(n episodeRow) bool { return kept[i].same(&n) })
		if at < 0 {
			superseded = append(superseded, kept[i].id)
		} else {
			next = slices.Delete(next, at, at+1)
		}
	}
	return superseded, next
}

// ids is a list of ids as JSON.
func ids(list []string) string {
	text, err := json.Marshal(append([]string{}, list...))
	if err != nil {
		return "[]" // strings always marshal
	}
	return string(text)
}

const episodeColumns = `row_id, household, room, start_ns, end_ns, status, below_ns, confirmed_ns, dismissed_ns, tests, confirmations,
	digest, because`

func (r *episodeRow) columns() []any {
	return []any{
		&r.id, &r.household, &r.Room, &r.Start, &r.End, &r.Status, &r.Below, &r.Confirmed, &r.Dismissed, &r.tests, &r.confirmations,
		&r.Digest, &r.because,
	}
}

func (t tx) episodesAfter(ctx context.Context, households []string, from sensors.Instant) (map[string][]episodeRow, error) {
	rows, err := t.QueryContext(ctx, "SELECT "+episodeColumns+" FROM episodes WHERE superseded_at IS NULL AND household IN ("+
		placeholders(len(households))+") AND end_ns > ?", append(anys(households), int64(from))...)
	found, err := collect(rows, err, (*episodeRow).columns)
	if err != nil {
		return nil, err
	}
	all := map[string][]episodeRow{}
	for _, e := range found {
		all[e.household] = append(all[e.household], e)
	}
	return all, nil
}

func (t tx) insertEpisodes(ctx context.Context, rows []keptEpisode) error {
	return t.insert(ctx, `INSERT INTO episodes (household, room, start_ns, end_ns, status, below_ns, confirmed_ns, dismissed_ns, tests,
		confirmations, version, known_from, digest, because) VALUES`, "", 14, len(rows), func(i int, to []any) []any {
		r := &rows[i]
		return append(to, r.household, r.Room, int64(r.Start), int64(r.End), string(r.Status), int64(r.Below), int64(r.Confirmed),
			int64(r.Dismissed), r.tests, r.confirmations, r.version, int64(r.knownFrom), r.Digest, r.because)
	})
}

// Episodes is the episodes of a household that overlap [from, to), whole, by room and start.
func (l *Ledger) Episodes(ctx context.Context, household string, from, to sensors.Instant) ([]Episode, error) {
	return l.episodes(ctx, household, func(q querier) ([]episodeRow, error) {
		rows, err := q.QueryContext(ctx, "SELECT "+episodeColumns+` FROM episodes WHERE superseded_at IS NULL AND household = ?
			AND end_ns > ? AND start_ns < ?`, household, int64(from), int64(to))
		return collect(rows, err, (*episodeRow).columns)
	})
}

// EpisodesKnownAt is what Episodes would have returned at an earlier instant.
func (l *Ledger) EpisodesKnownAt(ctx context.Context, household string, from, to, known sensors.Instant) ([]Episode, error) {
	return l.episodes(ctx, household, func(q querier) ([]episodeRow, error) {
		return knownAt(ctx, q, "episodes", episodeColumns, household, from, to, known, (*episodeRow).columns)
	})
}

func (l *Ledger) episodes(ctx context.Context, household string, read func(querier) ([]episodeRow, error)) (all []Episode, err error) {
	err = l.reading(ctx, "reading episodes of household "+household, func(q querier) error {
		rows, err := read(q)
		if err != nil {
			return err
		}
		for _, r := range rows {
			e := r.Episode
			e.Because = json.RawMessage(r.because)
			if err := cmp.Or(json.Unmarshal([]byte(r.tests), &e.Tests), json.Unmarshal([]byte(r.confirmations), &e.Confirmations)); err != nil {
				return err
			}
			all = append(all, e)
		}
		slices.SortFunc(all, func(a, b Episode) int { return cmp.Or(cmp.Compare(a.Room, b.Room), cmp.Compare(a.Start, b.Start)) })
		return nil
	})
	return all, err
}
