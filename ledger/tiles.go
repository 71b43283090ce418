package ledger

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/nuanju/nuanju/sensors"
)

const tileColumns = "row_id, household, room, start_ns, end_ns, status, clause, provisional, digest, because"

// foundTile is a row of tiles as it is read.
type foundTile struct {
	household   string
	because     string
	provisional int64
	tileRow
}

func (f *foundTile) columns() []any {
	return []any{&f.id, &f.household, &f.room, &f.start, &f.end, &f.Status, &f.Clause, &f.provisional, &f.Digest, &f.because}
}

// row is the tile that was found.
func (f *foundTile) row() tileRow {
	r := f.tileRow
	r.Because, r.Provisional, r.open = json.RawMessage(f.because), f.provisional != 0, f.end == sensors.Forever
	return r
}

// tilesAfter is the current tiles of households that end after an instant or go on.
func (t tx) tilesAfter(ctx context.Context, households []string, from sensors.Instant) (map[string][]tileRow, error) {
	// The reasons of tiles that go on are with the judgment, and long.
	columns := strings.Replace(tileColumns, "because", "CASE WHEN end_ns = 9223372036854775807 THEN '' ELSE because END", 1)
	rows, err := t.QueryContext(ctx, "SELECT "+columns+" FROM tiles WHERE superseded_at IS NULL AND household IN ("+
		placeholders(len(households))+") AND end_ns > ?", append(anys(households), int64(from))...)
	found, err := collect(rows, err, (*foundTile).columns)
	if err != nil {
		return nil, err
	}
	all := make(map[string][]tileRow, len(households))
	for i := range found {
		all[found[i].household] = append(all[found[i].household], found[i].row())
	}
	return all, nil
}

// Tiles is the tiles of a household and of its rooms in [from, to), clipped to it: the household's first, then the
// rooms by name. Neighbours of one status and clause are one tile.
func (l *Ledger) Tiles(ctx context.Context, household string, from, to sensors.Instant) (all []RoomTiles, err error) {
	err = l.snapshot(ctx, "reading tiles of household "+household, func(q querier) error {
		judged, err := readJudged(ctx, q, []string{household}, true)
		if err != nil {
			return err
		}
		rows, err := q.QueryContext(ctx, "SELECT "+tileColumns+` FROM tiles WHERE superseded_at IS NULL AND household = ?
			AND end_ns > ? AND start_ns < ? ORDER BY room, start_ns`, household, int64(from), int64(to))
		found, err := collect(rows, err, (*foundTile).columns)
		if err != nil {
			return err
		}
		j := judged[household]
		reasons, err := j.reasons()
		if err != nil {
			return err
		}
		all = byRoom(found, func(r *tileRow) {
			if r.open {
				r.end = j.Until
				if because := reasons[r.room]; because != nil {
					r.Because = because
				}
			}
		}, from, to)
		return nil
	})
	return all, err
}

// TilesKnownAt is what Tiles would have returned at an earlier instant. Of a tile that went on then, the reasons are those of
// when it began to stand there; between two judgments that changed nothing it ends at that instant.
func (l *Ledger) TilesKnownAt(ctx context.Context, household string, from, to, known sensors.Instant) (all []RoomTiles, err error) {
	err = l.snapshot(ctx, "reading tiles of household "+household, func(q querier) error {
		until, err := untilKnownAt(ctx, q, household, known)
		if err != nil || until == 0 {
			return err
		}
		found, err := knownAt(ctx, q, "tiles", tileColumns, household, from, to, known, (*foundTile).columns)
		if err != nil {
			return err
		}
		all = byRoom(found, func(r *tileRow) { r.end = min(r.end, until) }, from, to)
		return nil
	})
	return all, err
}

// knownAt is the rows of a household that were current at an instant, of a table with a history, by room and start.
func knownAt[T any](ctx context.Context, q querier, table, columns, household string, from, to, known sensors.Instant,
	scan func(*T) []any,
) ([]T, error) {
	half := "SELECT " + columns + " FROM " + table + " WHERE household = ? AND known_from <= ? AND start_ns < ? AND end_ns > ? AND superseded_at "
	args := []any{household, int64(known), int64(to), int64(from)}
	rows, err := q.QueryContext(ctx, half+"IS NULL UNION ALL "+half+"> ? ORDER BY room, start_ns", slices.Concat(args, args, []any{int64(known)})...)
	return collect(rows, err, scan)
}

// untilKnownAt is where the tiles of a household ended at an instant; 0 when it had none.
func untilKnownAt(ctx context.Context, q querier, household string, known sensors.Instant) (sensors.Instant, error) {
	type version struct{ until, before, at sensors.Instant }
	rows, err := q.QueryContext(ctx, `SELECT until_ns, prev_until, judged_at FROM judgings WHERE household = ? ORDER BY version`, household)
	versions, err := collect(rows, err, func(v *version) []any { return []any{&v.until, &v.before, &v.at} })
	if err != nil {
		return 0, err
	}
	i, _ := slices.BinarySearchFunc(versions, known, func(v version, known sensors.Instant) int {
		if v.at <= known {
			return -1
		}
		return 1
	})
	if i == 0 {
		return 0, nil
	}
	first := versions[i-1].until
	if i < len(versions) { // the version ended at last where the next one says
		return max(first, min(known, versions[i].before)), nil
	}
	judged, err := readJudged(ctx, q, []string{household}, false)
	if err != nil {
		return 0, err
	}
	return max(first, min(known, judged[household].Until)), nil
}

// byRoom joins rows, which are in order of room and start, after mending each.
func byRoom(found []foundTile, mend func(*tileRow), from, to sensors.Instant) (all []RoomTiles) {
	for len(found) > 0 {
		n := slices.IndexFunc(found, func(f foundTile) bool { return f.room != found[0].room })
		if n < 0 {
			n = len(found)
		}
		rows := make([]tileRow, n)
		for i := range rows {
			rows[i] = found[i].row()
			mend(&rows[i])
		}
		if tiles := join(rows, from, to); len(tiles) > 0 {
			all = append(all, RoomTiles{Room: found[0].room, Tiles: tiles})
		}
		found = found[n:]
	}
	slices.SortFunc(all, func(a, b RoomTiles) int { return strings.Compare(a.Room, b.Room) }) // by bytes, on every database
	return all
}
