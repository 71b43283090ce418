package oracle

import (
	"slices"
	"sort"
	"time"
)

const (
	standard = 18.0      // °C, of all policies but one
	heatUp   = 12 * hour // also for a raised setpoint
	maxGap   = 90 * minute
)

// risen is what Heilongjiang owes from 29 October 2021 on, °C.
const risen = 20.0

// rise is when the standard rises, far off where it does not.
func (f *facts) rise() instant {
	if f.policy != "heilongjiang" {
		return 1 << 62
	}
	return time.Date(2021, time.October, 29, 0, 0, 0, 0, zone()).UnixNano()
}

// standardAt is the standard in force at t.
func (f *facts) standardAt(t instant) float64 {
	if t >= f.rise() {
		return risen
	}
	return standard
}

// raw is the room's threshold at t before the grace for raised setpoints (section 3). The setpoint in force is the one
// set last, at equal times the one in the later row, of those given for the room and those given for all rooms.
func (f *facts) raw(room string, t instant) float64 {
	threshold, since := f.standardAt(t), instant(-1<<63)
	for _, s := range f.setpoints {
		if (s.room == room || s.room == "") && s.at <= t && s.at >= since {
			threshold, since = min(s.celsius, f.standardAt(t)), s.at
		}
	}
	return threshold
}

// threshold is the minimum of raw over (t − 12 h, t]. What holds just after t − 12 h is what holds at t − 12 h, as
// a setpoint holds from its own time on.
func (f *facts) threshold(room string, t instant) float64 {
	lowest := f.raw(room, t-heatUp)
	for _, s := range f.setpoints {
		if t-heatUp < s.at && s.at <= t {
			lowest = min(lowest, f.raw(room, s.at))
		}
	}
	return lowest
}

// holding is the reading that speaks for the room at t, if one does.
func (f *facts) holding(room string, t instant) (reading, bool) {
	rs := f.readings[room]
	next := sort.Search(len(rs), func(i int) bool { return rs[i].at > t })
	if next == 0 || t-rs[next-1].at >= maxGap {
		return reading{}, false
	}
	return rs[next-1], true
}

// demand says whether the resident wants heat at t, and since when. Before the season it says nothing.
func (f *facts) demand(t instant) (on bool, since instant) {
	on, since = true, f.season.start
	for _, e := range f.switches {
		switch {
		case e.at <= f.season.start:
			on = e.on // heating on from before counts as switched on at the start of the season
		case e.at <= t && e.on != on:
			on, since = e.on, e.at
		}
	}
	return on, since
}

// A verdict is the status of a room or household at an instant, with its clause.
type verdict struct{ status, clause string }

// inactive is off or grace if the household is so at t, else the zero verdict.
func (f *facts) inactive(t instant) verdict {
	switch on, since := f.demand(t); {
	case !on:
		return verdict{"off", "A3"}
	case t-since < heatUp:
		return verdict{"grace", "A3"}
	}
	return verdict{}
}

// roomAt is section 4's table for a judged room.
func (f *facts) roomAt(room string, t instant, exempt func(instant) string) verdict {
	if v := f.inactive(t); v.status != "" {
		return v
	}
	r, ok := f.holding(room, t)
	if !ok {
		return verdict{"unknown", ""}
	}
	if r.celsius >= f.threshold(room, t) {
		return verdict{"compliant", "A3"}
	}
	if clause := exempt(t); clause != "" {
		return verdict{"exempt", clause}
	}
	return verdict{"below", "A7.2.2"}
}

// householdOf joins the verdicts of the judged rooms at one instant.
func householdOf(rooms []verdict) verdict {
	for _, status := range []string{"off", "grace", "below"} {
		for _, v := range rooms {
			if v.status == status {
				return v
			}
		}
	}
	first := verdict{}
	for _, v := range rooms {
		if v.status == "exempt" && (first.clause == "" || v.clause < first.clause) { // clauses differ in their last digit
			first = v
		}
	}
	if first.clause != "" {
		return first
	}
	for _, v := range rooms {
		if v.status == "unknown" {
			return v
		}
	}
	return verdict{"compliant", "A3"}
}

// cuts are all instants of the judged span at which anything can change, its two ends included; nil if it is empty.
func (f *facts) cuts() []instant {
	span := span{f.season.start, f.judgedTo}
	if span.end <= span.start {
		return nil
	}
	at := []instant{span.start, span.end, span.start + heatUp, f.rise(), f.rise() + heatUp}
	for _, rs := range f.readings {
		for _, r := range rs {
			at = append(at, r.at, r.at+maxGap)
		}
	}
	for _, s := range f.setpoints {
		at = append(at, s.at, s.at+heatUp)
	}
	for _, e := range f.switches {
		at = append(at, e.at, e.at+heatUp)
	}
	for _, o := range f.outages {
		at = append(at, o.start, o.end)
	}
	for _, e := range f.exemptions {
		at = append(at, e.start, e.end)
	}
	for _, d := range f.seasonDays() {
		at = append(at, midnight(d))
	}
	for _, t := range f.tests {
		at = append(at, t.start, t.end)
	}
	for _, c := range f.confirmations {
		at = append(at, c.start, c.end)
	}
	for _, r := range f.reports {
		at = append(at, r.at)
		if r.resolved != nil {
			at = append(at, *r.resolved)
		}
	}
	at = slices.DeleteFunc(at, func(t instant) bool { return t < span.start || t > span.end })
	slices.Sort(at)
	return slices.Compact(at)
}

// tiles merges neighbouring elementary intervals of equal verdict.
func tiles(cuts []instant, at []verdict) []Tile {
	merged := []Tile{}
	for i, v := range at {
		start, end := local(cuts[i]), local(cuts[i+1])
		if n := len(merged) - 1; n >= 0 && merged[n].Status == v.status && merged[n].Clause == v.clause {
			merged[n].End = end
			continue
		}
		merged = append(merged, Tile{start, end, v.status, v.clause})
	}
	return merged
}

// spans merges the neighbouring elementary intervals that are in a set.
func spans(cuts []instant, in []bool) []span {
	var merged []span
	for i, yes := range in {
		if !yes {
			continue
		}
		if n := len(merged) - 1; n >= 0 && merged[n].end == cuts[i] {
			merged[n].end = cuts[i+1]
			continue
		}
		merged = append(merged, span{cuts[i], cuts[i+1]})
	}
	return merged
}

func seconds(d instant) float64 { return time.Duration(d).Seconds() }
