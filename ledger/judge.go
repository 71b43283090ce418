package ledger

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/nuanju/nuanju/sensors"
)

// Judged is where the judging of a household stands.
type Judged struct {
	Household string
	Version   int64 // counts the judgments that changed something
	At        sensors.Instant
	Until     sensors.Instant
	Settled   sensors.Instant
	Digest    string
	Carry     []byte
	Due       sensors.Instant // when it is judged again although no fact comes
	Mark      int64           // the version of the mark that it was judged for last
	// because is the reasons of the tiles that go on: a JSON object, by room.
	because string
}

// reasons is the reasons of the tiles that go on, by room.
func (j *Judged) reasons() (map[string]json.RawMessage, error) {
	byRoom := map[string]json.RawMessage{}
	if j.because == "" {
		return byRoom, nil
	}
	if err := json.Unmarshal([]byte(j.because), &byRoom); err != nil {
		return nil, fmt.Errorf("household %s: %w", j.Household, err)
	}
	return byRoom, nil
}

// reasonsOf is a JSON object of the reasons of the tiles of a judgment that go on. It is written by hand: each is JSON already.
func reasonsOf(j *Judgment) (string, error) {
	object := []byte{'{'}
	for _, room := range j.Rooms {
		n := len(room.Tiles)
		if n == 0 || room.Tiles[n-1].End != j.Until {
			continue
		}
		name, err := json.Marshal(room.Room)
		if err != nil {
			return "", err
		}
		if len(object) > 1 {
			object = append(object, ',')
		}
		object = append(append(append(object, name...), ':'), stepsOf(room.Tiles[n-1].Because)...)
	}
	return string(append(object, '}')), nil
}

// WriteJudgments writes what was found at now of some households, in one transaction. Only what changed gets new rows; what they
// replace is superseded and stays. The dirty marks that led to the judgments are taken off, unless the household was marked again. Writing the
// same judgments twice changes nothing. One whose claim was lost is left out: another server judges that household.
func (l *Ledger) WriteJudgments(ctx context.Context, all []Judgment, now sensors.Instant) error {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b Judgment) int { return cmp.Compare(a.Household, b.Household) })
	for i := range all {
		if err := all[i].check(); err != nil {
			return err
		}
		if i > 0 && all[i-1].Household == all[i].Household {
			return invalid("writing judgments", "household "+all[i].Household+" twice")
		}
	}
	return l.writing(ctx, "writing judgments", func(t tx) error {
		if err := t.alone(ctx, turnVerdicts); err != nil {
			return err
		}
		mine, err := t.withoutLost(ctx, all)
		if err != nil {
			return err
		}
		if err := chunks(mine, func(some []Judgment) error { return t.writeJudgments(ctx, some, now) }); err != nil {
			return err
		}
		return t.completeJudged(ctx, mine)
	})
}

// reasonsOfCut reads the reasons of tiles that go on and are cut by a judgment. They are long, and most ticks cut nothing.
func (t tx) reasonsOfCut(ctx context.Context, all []Judgment, tiles map[string][]tileRow, before map[string]Judged) error {
	var households []string
	for i := range all {
		j := &all[i]
		if slices.ContainsFunc(tiles[j.Household], func(r tileRow) bool { return r.open && r.start < j.From }) {
			households = append(households, j.Household)
		}
	}
	if len(households) == 0 {
		return nil
	}
	found, err := readJudged(ctx, t, households, true)
	for h, j := range found {
		before[h] = j
	}
	return err
}

// tick is what one call writes, by table.
type tick struct {
	superseded, supersededEpisodes []int64
	tiles                          []keptTile
	episodes                       []keptEpisode
	judged                         []Judged
	changed                        []change
}

type keptTile struct {
	household string
	version   int64
	knownFrom sensors.Instant
	tileRow
}

type keptEpisode struct {
	household string
	version   int64
	knownFrom sensors.Instant
	episodeRow
}

// change is a judgment that changed something.
type change struct {
	Judged
	prevUntil sensors.Instant
}

func (t tx) writeJudgments(ctx context.Context, all []Judgment, now sensors.Instant) error {
	households, from, episodesFrom := make([]string, len(all)), sensors.Forever, sensors.Forever
	for i := range all {
		households[i] = all[i].Household
		from, episodesFrom = min(from, all[i].From), min(episodesFrom, all[i].EpisodesFrom)
	}
	before, err := readJudged(ctx, t, households, false)
	if err != nil {
		return err
	}
	tiles, err := t.tilesAfter(ctx, households, from)
	if err != nil {
		return err
	}
	if err := t.reasonsOfCut(ctx, all, tiles, before); err != nil {
		return err
	}
	episodes, err := t.episodesAfter(ctx, households, episodesFrom)
	if err != nil {
		return err
	}
	var k tick
	for i := range all {
		j := &all[i]
		if err := k.add(j, before[j.Household], tiles[j.Household], episodes[j.Household], now); err != nil {
			return err
		}
	}
	if err := k.write(ctx, t, now); err != nil {
		return err
	}
	return t.spliceFindings(ctx, all, now)
}

// add decides what a judgment changes.
func (k *tick) add(j *Judgment, before Judged, tiles []tileRow, episodes []episodeRow, now sensors.Instant) error {
	kept, err := touched(j, before, tiles)
	if err != nil {
		return err
	}
	next := Judged{
		Household: j.Household, Version: before.Version, At: max(now, before.At), Until: j.Until, Settled: j.Settled,
		Digest: j.Digest, Carry: j.Carry, Due: j.Due, Mark: cmp.Or(j.Mark, before.Mark),
	}
	if next.because, err = reasonsOf(j); err != nil {
		return err
	}
	superseded, added := splice(kept, j)
	endedEpisodes, newEpisodes := spliceEpisodes(episodes, j)
	if len(superseded)+len(added)+len(endedEpisodes)+len(newEpisodes) > 0 {
		next.Version++
		k.changed = append(k.changed, change{next, max(before.Until, 0)})
	}
	k.superseded = append(k.superseded, superseded...)
	for _, r := range added {
		k.tiles = append(k.tiles, keptTile{j.Household, next.Version, next.At, r})
	}
	k.supersededEpisodes = append(k.supersededEpisodes, endedEpisodes...)
	for _, e := range newEpisodes {
		k.episodes = append(k.episodes, keptEpisode{j.Household, next.Version, next.At, e})
	}
	k.judged = append(k.judged, next)
	return nil
}

// touched is the kept tiles that a judgment can change, with where those that go on end so far. One of those that the judgment cuts
// gets its latest reasons.
func touched(j *Judgment, before Judged, tiles []tileRow) ([]tileRow, error) {
	var reasons map[string]json.RawMessage
	kept := tiles[:0]
	for _, r := range tiles {
		if r.open {
			r.end = before.Until
			if r.start < j.From {
				if reasons == nil {
					var err error
					if reasons, err = before.reasons(); err != nil {
						return nil, err
					}
				}
				r.Because = stepsOf(reasons[r.room])
			}
		}
		if r.open || r.end > j.From { // the query's from was the least of several households
			kept = append(kept, r)
		}
	}
	return kept, nil
}

func (k *tick) write(ctx context.Context, t tx, now sensors.Instant) error {
	if err := t.supersede(ctx, "tiles", k.superseded, now); err != nil {
		return err
	}
	if err := t.supersede(ctx, "episodes", k.supersededEpisodes, now); err != nil {
		return err
	}
	if err := t.insertTiles(ctx, k.tiles); err != nil {
		return err
	}
	if err := t.insertEpisodes(ctx, k.episodes); err != nil {
		return err
	}
	err := t.insert(ctx, "INSERT INTO judgings (household, version, judged_at, until_ns, prev_until) VALUES", "", 5, len(k.changed),
		func(i int, to []any) []any {
			c := &k.changed[i]
			return append(to, c.Household, c.Version, int64(c.At), int64(c.Until), int64(c.prevUntil))
		})
	if err != nil {
		return err
	}
	return t.writeJudged(ctx, k.judged)
}

// completeJudged takes off the marks that led to judgments, unless a claim was lost meanwhile: then nothing of them is written.
func (t tx) completeJudged(ctx context.Context, all []Judgment) error {
	if err := t.fence(ctx, all); err != nil {
		return err
	}
	var done []Dirty
	for i := range all {
		if j := &all[i]; j.Mark != 0 {
			done = append(done, Dirty{Household: j.Household, Version: j.Mark, Claim: j.Claim})
		}
	}
	return t.completeDirty(ctx, done)
}

// supersede ends rows of a table, each for the first and only time.
func (t tx) supersede(ctx context.Context, table string, rows []int64, now sensors.Instant) error {
	return chunks(rows, func(some []int64) error {
		n, err := t.exec(ctx, "UPDATE "+table+` SET superseded_at = CASE WHEN known_from > ? THEN known_from ELSE ? END
			WHERE superseded_at IS NULL AND row_id IN (`+placeholders(len(some))+")",
			append([]any{int64(now), int64(now)}, anys(some)...)...)
		if err == nil && n != int64(len(some)) {
			return fmt.Errorf("%w: %d of %d rows of %s", ErrConflict, n, len(some), table)
		}
		return err
	})
}

func (t tx) insertTiles(ctx context.Context, rows []keptTile) error {
	return t.insert(ctx, `INSERT INTO tiles (household, room, start_ns, end_ns, status, clause, provisional, version, known_from, digest, because)
		VALUES`, "", 11, len(rows), func(i int, to []any) []any {
		r := &rows[i]
		end := r.end
		if r.open {
			end = sensors.Forever
		}
		return append(to, r.household, r.room, int64(r.start), int64(end), string(r.Status), string(r.Clause),
			asInt(r.Provisional), r.version, int64(r.knownFrom), r.Digest, string(r.Because))
	})
}

func asInt(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func (t tx) writeJudged(ctx context.Context, rows []Judged) error {
	return t.insert(ctx, "INSERT INTO judged (household, version, judged_at, until_ns, settled_ns, digest, carry, open_because, due_ns, mark) VALUES",
		`ON CONFLICT (household) DO UPDATE SET version = excluded.version, judged_at = excluded.judged_at, until_ns = excluded.until_ns,
			settled_ns = excluded.settled_ns, digest = excluded.digest, carry = excluded.carry, open_because = excluded.open_because, due_ns = excluded.due_ns,
			mark = excluded.mark`,
		10, len(rows), func(i int, to []any) []any {
			r := &rows[i]
			carry := r.Carry
			if carry == nil {
				carry = []byte{}
			}
			return append(to, r.Household, r.Version, int64(r.At), int64(r.Until), int64(r.Settled), r.Digest, carry, r.because, int64(r.Due), r.Mark)
		})
}

// Judged is where the judging of households stands, by household; those that were never judged are left out.
func (l *Ledger) Judged(ctx context.Context, households []string) (all map[string]Judged, err error) {
	all = make(map[string]Judged, len(households))
	err = l.reading(ctx, "reading how far households are judged", func(q querier) error {
		return chunks(households, func(some []string) error {
			found, err := readJudged(ctx, q, some, false)
			for h, j := range found {
				all[h] = j
			}
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// readJudged reads where households stand, with the reasons of their tiles that go on or without.
func readJudged(ctx context.Context, q querier, households []string, reasons bool) (map[string]Judged, error) {
	because := "''"
	if reasons {
		because = "open_because"
	}
	rows, err := q.QueryContext(ctx, "SELECT household, version, judged_at, until_ns, settled_ns, digest, carry, due_ns, mark, "+because+
		" FROM judged WHERE household IN ("+placeholders(len(households))+")", anys(households)...)
	found, err := collect(rows, err, func(j *Judged) []any {
		return []any{&j.Household, &j.Version, &j.At, &j.Until, &j.Settled, &j.Digest, &j.Carry, &j.Due, &j.Mark, &j.because}
	})
	if err != nil {
		return nil, err
	}
	all := make(map[string]Judged, len(found))
	for _, j := range found {
		all[j.Household] = j
	}
	return all, nil
}
