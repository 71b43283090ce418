package checker

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// outcome is what judging a job gave.
type outcome struct {
	job      *job
	judgment *ledger.Judgment // nil: nothing to write
	due      sensors.Instant
	readings int
	err      error // the household cannot be judged
}

// judge judges a job. A fault of the judge itself is that household's error: it must not keep others waiting.
func (c *Checker) judge(j *job, f *compliance.Facts, readings int) (o outcome) {
	o = outcome{job: j, readings: readings}
	defer func() {
		if fault := recover(); fault != nil {
			o.err = fmt.Errorf("judging household %s: %v", j.home.id, fault)
		}
	}()
	o.due = c.dueAfter(j, f.Rooms)
	if over := j.season.In(j.policy.Zone).End <= j.asOf; over && readings == 0 && !j.tests && j.season.Start < *j.oldest {
		return o // a past winter of which nothing is known is not judged
	}
	var parts []*compliance.Verdict
	var kept *carry
	var err error
	if j.tests {
		var v *compliance.Verdict
		v, err = compliance.Judge(j.policy.Policy, f)
		parts = append(parts, v)
		kept = &carry{Format: carryFormat, First: day(j.season.Start), Last: day(j.season.End), Policy: j.policy.id}
	} else {
		parts, kept, err = j.inParts(f)
	}
	if err != nil {
		o.err = fmt.Errorf("household %s: %w", j.home.id, err)
		return o
	}
	*j.oldest = min(*j.oldest, j.season.Start)
	kept.Oldest = day(*j.oldest)
	o.judgment = j.written(parts, kept)
	o.judgment.Due = o.due
	return o
}

// settleAfter is how long after the end of a local day its facts may come late without the season being judged from its start.
const settleAfter = 12 * time.Hour

// inParts judges what has settled and what came after it apart, the latter from what is carried.
func (j *job) inParts(f *compliance.Facts) (parts []*compliance.Verdict, kept *carry, err error) {
	settled := max(j.from, min(j.policy.midnight(j.asOf.Add(-settleAfter)), j.season.In(j.policy.Zone).End))
	switch {
	case settled > j.from:
		past := *f
		past.AsOf = settled
		v, err := compliance.Judge(j.policy.Policy, &past)
		if err != nil {
			return nil, nil, err
		}
		parts = append(parts, v)
		kept = carriedAt(settled, f, v, j.policy)
	case j.carry != nil:
		kept = j.carry
	default:
		kept = carriedAt(settled, f, nil, j.policy)
	}
	rest := *f
	rest.From = settled
	rest.Outdoor = weather{observations: f.Outdoor}.since(settled)
	rest.Rooms = make([]compliance.Room, len(f.Rooms))
	for i := range f.Rooms {
		rest.Rooms[i] = f.Rooms[i]
		r := &rest.Rooms[i]
		r.Readings = r.Readings[max(0, readingsBefore(r.Readings, settled)-1):]
		r.Carried = nil
		for _, s := range kept.Rooms[i].Below {
			r.Carried = append(r.Carried, compliance.Interval{Start: s[0], End: s[1]})
		}
	}
	v, err := compliance.Judge(j.policy.Policy, &rest)
	if err != nil {
		return nil, nil, err
	}
	return append(parts, v), kept, nil
}

// written is the judgment for the ledger: the parts one after the other. An episode stands in the last part that tells of it.
func (j *job) written(parts []*compliance.Verdict, kept *carry) *ledger.Judgment {
	last := parts[len(parts)-1]
	out := &ledger.Judgment{
		Household: j.home.id, From: j.from, Until: last.Until, Settled: last.Settled, Digest: last.Policy.Digest,
		EpisodesFrom: j.from, Carry: kept.encode(),
	}
	out.Season = j.season.In(j.policy.Zone)
	if j.tests {
		out.Tests = j.findings(last)
	}
	if j.carry != nil {
		out.EpisodesFrom = max(j.season.Start.Start(j.policy.Zone), j.from.Add(-j.policy.episodeGap))
	}
	if j.final {
		out.Mark = j.dirty.Version
	}
	out.Claim = j.dirty.Claim
	zone := j.policy.Zone
	household := ledger.RoomTiles{}
	rooms := make([]ledger.RoomTiles, len(last.Rooms))
	for _, v := range parts {
		household.Tiles = appendTiles(household.Tiles, v.Tiles, v.TileBecause, zone)
		for i := range v.Rooms {
			rooms[i].Room = v.Rooms[i].Room
			because := func(k int) []compliance.Step { return v.RoomBecause(i, k) }
			rooms[i].Tiles = appendTiles(rooms[i].Tiles, v.Rooms[i].Tiles, because, zone)
		}
		for i := range v.Episodes {
			if e := &v.Episodes[i]; v == last || e.Hull.End <= last.From.Add(-j.policy.episodeGap) {
				out.Episodes = append(out.Episodes, episode(e, zone))
			}
		}
	}
	for _, r := range append([]ledger.RoomTiles{household}, rooms...) {
		if len(r.Tiles) > 0 {
			out.Rooms = append(out.Rooms, r)
		}
	}
	return out
}

func appendTiles(out []ledger.Tile, tiles []compliance.Tile, because func(i int) []compliance.Step, zone *time.Location) []ledger.Tile {
	for i, t := range tiles {
		out = append(out, ledger.Tile{
			Start: t.Start, End: t.End, Status: t.Status, Clause: t.Clause, Provisional: t.Provisional, Because: reasons(because(i), zone),
		})
	}
	return out
}

func episode(e *compliance.Episode, zone *time.Location) ledger.Episode {
	return ledger.Episode{
		Room: e.Room, Start: e.Hull.Start, End: e.Hull.End, Status: e.Status, Below: sensors.Instant(e.Below),
		Confirmed: sensors.Instant(e.Confirmed), Dismissed: sensors.Instant(e.Dismissed),
		Tests: e.Tests, Confirmations: e.Confirmations, Because: reasons(e.Because, zone),
	}
}

// findings is what the tests of the season decide.
func (j *job) findings(v *compliance.Verdict) (out []ledger.TestFinding) {
	for i := range v.Tests {
		t := &v.Tests[i]
		out = append(out, ledger.TestFinding{
			Test: t.ID, Room: t.Room, Start: t.Start, Finding: t.Finding, Stands: t.Stands, Payer: t.Payer, SensorOff: t.SensorOff,
			Difference: t.Difference, Because: reasons(t.Because, j.policy.Zone),
		})
	}
	return out
}

// reasons is steps as a JSON array.
func reasons(steps []compliance.Step, zone *time.Location) json.RawMessage {
	out := make([]byte, 0, 512)
	out = append(out, '[')
	for i := range steps {
		if i > 0 {
			out = append(out, ',')
		}
		out = steps[i].AppendJSON(out, zone)
	}
	return append(out, ']')
}
