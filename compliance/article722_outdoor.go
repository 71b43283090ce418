package compliance

import (
	"cmp"
	"slices"
)

// outdoorGuard keeps a mean that is exactly the limit on paper from falling below it by the last bits of a sum.
const outdoorGuard = 1e-9

// outdoorDays is the outdoor daily mean of every local day that is judged, up to the moment of judging, and whether it
// exempts the day (A7.2.2④): strictly below the limit. A missing observation leaves the day undetermined and not
// exempt, since the proof is the supplier's; so does a day that has not ended. An official value takes precedence.
func (j *judge) outdoorDays() []OutdoorDay {
	observations := slices.Clone(j.facts.Outdoor)
	observations = slices.DeleteFunc(observations, func(o Observation) bool { return o.At >= j.asOf })
	byTime := func(a, b Observation) int { return cmp.Compare(a.At, b.At) }
	if !slices.IsSortedFunc(observations, byTime) {
		slices.SortStableFunc(observations, byTime)
	}
	official := make(map[Date]OfficialDay, len(j.facts.OfficialDays))
	for _, o := range j.facts.OfficialDays {
		official[o.Date] = o
	}

	first := DateIn(j.from, j.policy.Zone)
	days := make([]OutdoorDay, 0, first.Days(j.facts.Season.End))
	for d := first; d <= j.facts.Season.End && d.Start(j.policy.Zone) < j.until; d++ {
		published, isOfficial := official[d]
		switch rule := j.policy.EditionOn(d).Outdoor; {
		case rule == nil:
			days = append(days, OutdoorDay{Date: d, Source: Undetermined, Because: []Step{{
				Clause: A7224, Rule: ruleNoOutdoorRule, Values: []Value{day("day", d)},
			}}})
		case d.End(j.policy.Zone) > j.asOf:
			days = append(days, OutdoorDay{Date: d, Source: Undetermined, Because: []Step{{
				Clause: A7224, Rule: ruleDayNotEnded, Values: []Value{day("day", d)},
			}}})
		case isOfficial:
			days = append(days, judgeDay(rule, OutdoorDay{Date: d, Source: Official, Mean: published.Celsius},
				[]Source{{Kind: FromOfficialDay, ID: d.String(), Line: published.Line}}))
		default:
			days = append(days, j.observedDay(rule, d, observations))
		}
	}
	return days
}

// observedDay takes the day's mean from observations. A missing slot never shrinks the divisor.
func (j *judge) observedDay(rule *Outdoor, d Date, observations []Observation) OutdoorDay {
	hours := rule.Method.Hours()
	wanted := len(hours)
	values := make([]float64, 0, 24)
	used := make([]Source, 0, len(hours))
	var missing []Value
	for _, hour := range hours {
		slot, exists := d.Hour(hour, j.policy.Zone)
		if !exists { // clocks were put forward: a day has no observation of an hour that it does not have
			wanted--
			continue
		}
		o, ok := nearest(observations, slot, rule)
		if !ok {
			missing = append(missing, instant("slot", slot))
			continue
		}
		values = append(values, o.Celsius)
		used = append(used, Source{Kind: FromObservation, At: o.At, Line: o.Line})
	}
	if len(missing) > 0 {
		return OutdoorDay{Date: d, Source: Undetermined, Because: []Step{{
			Clause: A7224, Rule: ruleObservationsMissing,
			Values:  append([]Value{day("day", d), count("missing", len(missing)), count("wanted", wanted)}, missing...),
			Sources: used,
		}}}
	}
	mean := decimalSum(len(values), values...)
	return judgeDay(rule, OutdoorDay{Date: d, Source: DaySource(rule.Method), Mean: mean}, used)
}

// judgeDay compares a determined mean with the limit: exactly the limit is not below it.
func judgeDay(rule *Outdoor, d OutdoorDay, used []Source) OutdoorDay {
	d.Exempt = d.Mean < rule.Below-outdoorGuard
	r := ruleOutdoorNotBelow
	if d.Exempt {
		r = ruleOutdoorBelow
	}
	d.Because = []Step{{
		Clause: A7224, Rule: r,
		Values:  []Value{day("day", d.Date), celsius("mean", d.Mean), term("source", string(d.Source)), celsius("limit", rule.Below)},
		Sources: used,
	}}
	return d
}

// nearest is the observation nearest to the slot within the tolerance, the earlier of two equally near.
func nearest(observations []Observation, slot Instant, rule *Outdoor) (Observation, bool) {
	after, _ := slices.BinarySearchFunc(observations, slot, func(o Observation, t Instant) int { return cmp.Compare(o.At, t) })
	best, found := Observation{}, false
	if after > 0 && slot.Sub(observations[after-1].At) <= rule.Tolerance {
		best, found = observations[after-1], true
	}
	if after < len(observations) && observations[after].At.Sub(slot) <= rule.Tolerance {
		if o := observations[after]; !found || o.At.Sub(slot) < slot.Sub(best.At) {
			best, found = o, true
		}
	}
	return best, found
}
