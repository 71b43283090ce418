package oracle

import (
	"cmp"
	"slices"
	"time"
)

const (
	coldDay   = -7.6 // °C, strictly below
	coldGuard = 1e-9
	tolerance = 30 * minute
	longest   = 6 * hour // a stoppage's
	firstFew  = 3        // stoppages of a season
)

// outdoorDays judges every day of the season that has begun before the moment of judging (A7.2.2.4).
func (f *facts) outdoorDays() []OutdoorDay {
	days := []OutdoorDay{}
	for _, d := range f.seasonDays() {
		if midnight(d) < f.judgedTo {
			days = append(days, f.outdoorDay(d))
		}
	}
	return days
}

func (f *facts) outdoorDay(d time.Time) OutdoorDay {
	day := OutdoorDay{Date: d.Format(time.DateOnly), Source: "undetermined"}
	if f.noOutdoor() {
		return day // the policy knows no such exemption
	}
	if dayOf(d).end > f.asOf {
		return day // has not ended: undetermined whatever was observed or published
	}
	mean, source := 0.0, "four_observations"
	if value, ok := f.official[day.Date]; ok {
		mean, source = value, "official"
	} else {
		for _, h := range []instant{2, 8, 14, 20} {
			value, ok := f.observed(midnight(d) + h*hour)
			if !ok {
				return day
			}
			mean += value / 4
		}
	}
	day.Mean, day.Source = &mean, source
	day.Exempt = mean < coldDay-coldGuard
	return day
}

// noOutdoor says whether no cold outside excuses: only Beijing's policies have that exemption.
func (f *facts) noOutdoor() bool { return f.policy == "heilongjiang" || f.policy == "xian" }

// observed is the observation nearest to t within ±30 min, the earlier of two equally near.
func (f *facts) observed(t instant) (celsius float64, ok bool) {
	best := tolerance + 1
	for _, o := range f.observations { // in order of time: the earlier one is met first
		if off := max(o.at-t, t-o.at); off < best {
			best, celsius, ok = off, o.celsius, true
		}
	}
	return celsius, ok
}

// seasonOutages are the season's stoppages known at the moment of judging, in order of start, then id, with the verdict
// on each (A7.2.2.5).
func (f *facts) seasonOutages() (of []outage, verdicts []Outage) {
	verdicts = []Outage{}
	for _, o := range f.outages {
		if o.start >= f.season.start && o.start < f.judgedTo {
			of = append(of, o)
		}
	}
	slices.SortFunc(of, func(a, b outage) int { return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.id, b.id)) })
	for rank, o := range of {
		reason := ""
		switch {
		case o.announced == nil || *o.announced >= o.start:
			reason = "not_announced"
		case o.end-o.start > longest:
			reason = "too_long"
		case rank >= firstFew:
			reason = "over_three"
		case o.proof == "":
			reason = "not_proved"
		}
		verdicts = append(verdicts, Outage{o.id, reason == "", reason})
	}
	return of, verdicts
}

// proved makes the function that gives the clause of the exemption proved for an instant, the first in contract order,
// or "".
func (f *facts) proved(days []OutdoorDay) func(instant) string {
	cold := map[string]bool{}
	for _, d := range days {
		cold[d.Date] = d.Exempt
	}
	outages, verdicts := f.seasonOutages()
	return func(t instant) string {
		for _, clause := range []string{"A7.2.2.1", "A7.2.2.2", "A7.2.2.3"} {
			for _, e := range f.exemptions {
				if e.clause == clause && e.proof != "" && e.holds(t) {
					return clause
				}
			}
		}
		if cold[dateOf(t)] {
			return "A7.2.2.4"
		}
		for i, o := range outages {
			if verdicts[i].Exempt && o.holds(t) {
				return "A7.2.2.5"
			}
		}
		return ""
	}
}
