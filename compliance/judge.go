// Package compliance is what the heating contract says: whether a household was kept as warm as promised, at every
// instant of a season, and which clause says so (sections 1–6 of the contract). It is pure: no I/O, no clock, no
// machine's zone; equal facts and policy give equal verdicts.
package compliance

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
)

// judge is one judging: the facts, the policy and what has been computed so far.
type judge struct {
	policy   *Policy
	facts    *Facts
	season   Interval
	asOf     Instant
	explicit bool    // asOf was given, not taken from the season's end
	from     Instant // where tiles begin
	until    Instant // where tiles end

	editions []Instant // where another edition begins
	demand   []demand
	days     []OutdoorDay
	stopped  []StoppageVerdict
	exempt   []exemption

	claimed []Exemption    // the facts' own, in an order that does not depend on theirs
	agreed  []Confirmation // likewise
	reports []Report       // by time, one a time
}

// Judge says for every instant from the start of the season (or Facts.From) to the earlier of its end and the moment of
// judging how the household stood and why. It returns an error, and no verdict, when the facts are not of the form that their
// types promise.
func Judge(policy *Policy, facts *Facts) (*Verdict, error) {
	if err := check(policy, facts); err != nil {
		return nil, err
	}
	j := begin(policy, facts)
	v := &Verdict{
		Household: facts.Household, Policy: j.policyRef(), Season: j.season, From: j.from, Until: j.until, JudgedAt: j.asOf,
		Settled: j.settled(),
		Days:    j.days, Stoppages: j.stopped, Claims: j.claims(), judge: j,
	}
	rooms := make([]*roomState, len(facts.Rooms))
	for i := range facts.Rooms {
		rooms[i] = j.room(&facts.Rooms[i])
		v.Rooms = append(v.Rooms, RoomVerdict{
			Room: rooms[i].ID, Kind: rooms[i].Kind, Judged: rooms[i].Kind.Judged(), Tiles: rooms[i].tiles,
		})
	}
	v.rooms = rooms
	v.Tiles = householdTiles(v.Rooms, j.judged())

	tests := j.rule(rooms)
	var confirmed []Interval
	for _, r := range rooms {
		if r.Kind.Judged() {
			episodes, spans := j.decide(r, tests)
			v.Episodes = append(v.Episodes, episodes...)
			confirmed = append(confirmed, spans...)
		}
	}
	v.Confirmed = Union(confirmed...)
	v.Tests = j.verdictsOf(tests)
	return v, nil
}

// begin computes what holds for the whole household.
func begin(policy *Policy, facts *Facts) *judge {
	j := &judge{policy: policy, facts: facts, season: facts.Season.In(policy.Zone)}
	j.asOf, j.explicit = facts.AsOf, facts.AsOf != 0
	if !j.explicit {
		j.asOf = j.season.End
	}
	j.from = max(j.season.Start, facts.From)
	j.until = max(j.from, min(j.season.End, j.asOf))
	for i := range policy.Editions[1:] {
		j.editions = append(j.editions, policy.Editions[i+1].From.Start(policy.Zone))
	}
	if !j.judged().Empty() {
		j.demand = j.demandOver()
	}
	j.claimed = slices.Clone(facts.Exemptions)
	slices.SortStableFunc(j.claimed, func(a, b Exemption) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End), cmp.Compare(a.ID, b.ID))
	})
	j.agreed = slices.Clone(facts.Confirmations)
	slices.SortStableFunc(j.agreed, func(a, b Confirmation) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End), cmp.Compare(a.ID, b.ID))
	})
	j.reports = j.reportsKnown()
	j.days = j.outdoorDays()
	j.stopped = j.stoppages()
	j.exempt = j.exemptions(j.days, j.stopped)
	return j
}

// room judges one room; one that is not judged has no tiles.
func (j *judge) room(room *Room) *roomState {
	r := &roomState{Room: room, readings: knownBy(room.Readings, j.asOf, j.explicit)}
	if !room.Kind.Judged() || j.judged().Empty() {
		return r
	}
	r.steps = j.rawThreshold(room.ID)
	r.frames = j.frames(r.steps)
	r.drafts = j.roomDrafts(r.readings, r.frames)
	r.tiles = make([]Tile, len(r.drafts))
	for i := range r.drafts {
		d := &r.drafts[i]
		r.tiles[i] = Tile{Interval: d.Interval, Status: d.status, Clause: d.clause, Provisional: j.provisional(d)}
	}
	return r
}

// judged is the time that tiles cover.
func (j *judge) judged() Interval { return Interval{j.from, j.until} }

// settled is up to where only other facts can change what was judged: the start of the local day of the moment of
// judging, since that day's outdoor mean is still open, or the season's end.
func (j *judge) settled() Instant {
	if j.asOf >= j.season.End {
		return j.season.End
	}
	return max(j.season.Start, DateIn(j.asOf, j.policy.Zone).Start(j.policy.Zone))
}

func (j *judge) policyRef() PolicyRef {
	ref := PolicyRef{Name: j.policy.Name}
	first, last := j.policy.EditionOn(j.facts.Season.Start), j.policy.EditionOn(j.facts.Season.End)
	for i := range j.policy.Editions {
		e := &j.policy.Editions[i]
		if e.From >= first.From && e.From <= last.From {
			ref.Editions = append(ref.Editions, EditionRef{From: e.From, Digest: j.policy.Digest(e)})
		}
	}
	ref.Digest = ref.Editions[0].Digest
	return ref
}

// check finds facts that break the promises of their types; a judge must not guess what they meant.
func check(policy *Policy, facts *Facts) error {
	var errs []error
	if len(policy.Editions) == 0 || policy.Zone == nil {
		return fmt.Errorf("policy %s has no edition or no zone", policy.Name)
	}
	if season := facts.Season.In(policy.Zone); facts.From > season.End {
		errs = append(errs, fmt.Errorf("judging from %s, after the season's end", facts.From.Time()))
	}
	if facts.Season.End < facts.Season.Start {
		errs = append(errs, fmt.Errorf("season ends on %s, before it starts on %s", facts.Season.End, facts.Season.Start))
	}
	if !slices.ContainsFunc(facts.Rooms, func(r Room) bool { return r.Kind.Judged() }) {
		errs = append(errs, fmt.Errorf("household %s has no bedroom or living room to judge", facts.Household))
	}
	known := make(map[string]bool, len(facts.Rooms))
	for i := range facts.Rooms {
		r := &facts.Rooms[i]
		if known[r.ID] {
			errs = append(errs, fmt.Errorf("room %s is given twice", r.ID))
		}
		known[r.ID] = true
		errs = append(errs, checkReadings(r))
	}
	for _, t := range facts.Tests {
		if !known[t.Room] {
			errs = append(errs, fmt.Errorf("test %s measured room %q, which the household does not have", t.ID, t.Room))
		}
		if t.End < t.Start {
			errs = append(errs, fmt.Errorf("test %s ends before it starts", t.ID))
		}
	}
	return errors.Join(errs...)
}

func checkReadings(r *Room) error {
	before := Instant(math.MinInt64)
	for i := range r.Readings {
		x := &r.Readings[i]
		if x.At <= before {
			return fmt.Errorf("readings of room %s are not in order at %s", r.ID, x.At.Time())
		}
		before = x.At
		if v := x.Celsius + x.Offset; v-v != 0 { // NaN or infinite
			return fmt.Errorf("reading of room %s at %s is not a number", r.ID, x.At.Time())
		}
	}
	return nil
}
