package compliance

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// demand is a stretch in which heating is on or off (A3).
type demand struct {
	Interval
	on     bool
	since  Instant // when on: the instant that the 12 hours count from
	source Source  // the switch event, or the policy's default [I2]
	early  Instant // when it was switched on, if that was before the season; else 0
}

// demandOver is the resident's demand from the start of the season to the end of judging (A3). Heating that is on from
// before counts as switched on at the start of the season. An on while on, or an off while off, changes nothing. Of
// events at one time the one given last counts.
func (j *judge) demandOver() []demand {
	events := slices.Clone(j.facts.Switches)
	events = slices.DeleteFunc(events, func(s Switch) bool { return s.At >= j.asOf })
	slices.SortStableFunc(events, func(a, b Switch) int { return cmp.Compare(a.At, b.At) })

	now := demand{
		Interval: Interval{Start: j.season.Start},
		on:       j.policy.EditionAt(j.season.Start).OnAtSeasonStart,
		since:    j.season.Start,
		source:   Source{Kind: FromPolicy, ID: "I2"},
	}
	var out []demand
	for i, e := range events {
		if i+1 < len(events) && events[i+1].At == e.At {
			continue
		}
		source := Source{Kind: FromSwitch, At: e.At, Line: e.Line}
		switch {
		case e.At <= j.season.Start:
			now.on, now.source, now.early = e.On, source, e.At
		case e.On != now.on && e.At < j.until:
			now.End = e.At
			out = append(out, now)
			now = demand{Interval: Interval{Start: e.At}, on: e.On, since: e.At, source: source}
		}
	}
	now.End = j.until
	return append(out, now)
}

// demandAt is the stretch of demand that t lies in; t lies in the judged time.
func (j *judge) demandAt(t Instant) *demand { return &j.demand[j.demandIndex(t)] }

func (j *judge) demandIndex(t Instant) int {
	i, found := slices.BinarySearchFunc(j.demand, t, func(d demand, t Instant) int { return cmp.Compare(d.Start, t) })
	if !found {
		i--
	}
	return i
}

// owed is the status that demand alone gives: off, grace for less than HeatUp since switching on, or "" when the
// threshold is owed (A3).
func (j *judge) owed(t Instant) Status {
	switch d := j.demandAt(t); {
	case !d.on:
		return Off
	case t.Sub(d.since) < j.policy.EditionAt(t).HeatUp:
		return Grace
	}
	return ""
}

// step is the raw threshold from an instant on: min(setpoint, standard) (A3).
type step struct {
	at       Instant
	raw      float64
	setpoint int // index into the facts' setpoints, or −1
}

// rawThreshold is a room's raw threshold as steps in order of time, the first from the beginning of time. Of the
// room's own and a household-wide setpoint the one set later holds, at the same time the one given later.
func (j *judge) rawThreshold(room string) []step {
	var given []int
	for i, s := range j.facts.Setpoints {
		if s.At < j.asOf && (s.Room == room || s.Room == "") {
			given = append(given, i)
		}
	}
	slices.SortStableFunc(given, func(a, b int) int {
		return cmp.Compare(j.facts.Setpoints[a].At, j.facts.Setpoints[b].At)
	})

	steps := []step{{at: math.MinInt64, raw: j.policy.Editions[0].Standard, setpoint: -1}}
	add := func(at Instant, setpoint int, standard float64) {
		s := step{at: at, raw: standard, setpoint: setpoint}
		if setpoint >= 0 {
			s.raw = min(standard, j.facts.Setpoints[setpoint].Celsius)
		}
		if steps[len(steps)-1].at == at {
			steps[len(steps)-1] = s
			return
		}
		steps = append(steps, s)
	}
	boundaries := j.editions
	for _, i := range given {
		at := j.facts.Setpoints[i].At
		for len(boundaries) > 0 && boundaries[0] < at {
			add(boundaries[0], steps[len(steps)-1].setpoint, j.policy.EditionAt(boundaries[0]).Standard)
			boundaries = boundaries[1:]
		}
		add(at, i, j.policy.EditionAt(at).Standard)
	}
	for _, b := range boundaries {
		add(b, steps[len(steps)-1].setpoint, j.policy.EditionAt(b).Standard)
	}
	return steps
}

// rawAt is the step of the raw threshold that holds at t.
func rawAt(steps []step, t Instant) step {
	k, found := slices.BinarySearchFunc(steps, t, func(s step, t Instant) int { return cmp.Compare(s.at, t) })
	if !found {
		k--
	}
	return steps[k]
}

// thresholdAt is the threshold in force at t: the least raw threshold over (t − HeatUp, t], so that a raised one is
// owed HeatUp later and a lowered one at once [I3]. It returns the step that sets it.
func (j *judge) thresholdAt(steps []step, t Instant) step {
	k, found := slices.BinarySearchFunc(steps, t, func(s step, t Instant) int { return cmp.Compare(s.at, t) })
	if !found {
		k--
	}
	least := steps[k]
	from := t.Add(-j.riseGrace(t))
	for ; k > 0 && steps[k].at > from; k-- {
		if steps[k-1].raw < least.raw {
			least = steps[k-1]
		}
	}
	return least
}

// riseGrace is how long a raised setpoint is not owed yet [I3].
func (j *judge) riseGrace(t Instant) time.Duration {
	if e := j.policy.EditionAt(t); e.SetpointRiseGrace {
		return e.HeatUp
	}
	return 0
}
