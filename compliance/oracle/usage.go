package oracle

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
	"time"
)

// A stretch is the time between two values of one meter's register, over which its usage is linear.
type stretch struct {
	span
	kwh *big.Rat // of the household: a building's is allocated already
}

// stretches cuts the register's life at every value that counts, meter changes included.
func (f *facts) stretches() (of []stretch, err error) {
	type value struct {
		at    instant
		order int // of values at one time: the row, the old meter's last, the new meter's first
		kwh   *big.Rat
	}
	var values []value
	for _, r := range f.registers {
		if !f.insideFault(r.at) {
			values = append(values, value{r.at, 0, r.value})
		}
	}
	for _, c := range f.changes {
		values = append(values, value{c.at, 1, c.final}, value{c.at, 2, c.initial})
	}
	slices.SortStableFunc(values, func(a, b value) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.order, b.order)) })
	for i := 1; i < len(values); i++ {
		from, to := values[i-1], values[i]
		if to.order == 2 {
			continue // from the old meter to the new one nothing is used
		}
		used := new(big.Rat).Sub(to.kwh, from.kwh)
		if used.Sign() < 0 {
			return nil, fmt.Errorf("the register falls between %s and %s", local(from.at), local(to.at))
		}
		if from.at == to.at {
			if used.Sign() != 0 {
				return nil, fmt.Errorf("the register has two values at %s", local(to.at))
			}
			continue
		}
		if f.building != nil {
			used.Mul(used, f.area).Quo(used, f.building)
		}
		of = append(of, stretch{span{from.at, to.at}, used})
	}
	return of, nil
}

// insideFault says whether t lies strictly inside a run of fault days.
func (f *facts) insideFault(t instant) bool {
	return f.faultDays[dateOf(t)] && f.faultDays[dateOf(t-1)]
}

// usedIn is the usage in an interval.
func usedIn(stretches []stretch, s span) *big.Rat {
	sum := new(big.Rat)
	for _, p := range stretches {
		start, end := max(p.start, s.start), min(p.end, s.end)
		if start < end {
			share := big.NewRat(end-start, p.end-p.start)
			sum.Add(sum, share.Mul(share, p.kwh))
		}
	}
	return sum
}

// days gives the whole days of the season, by day; until is the last day that counts.
func (f *facts) daysUntil(until string) (days []time.Time) {
	for _, d := range f.seasonDays() {
		if d.Format(time.DateOnly) <= until {
			days = append(days, d)
		}
	}
	return days
}

// kwh is the usage of the season without fault days, and of the confirmed time in it.
func (f *facts) kwh(confirmed []span) (metered, zeroed *big.Rat, err error) {
	stretches, err := f.stretches()
	if err != nil {
		return nil, nil, err
	}
	metered, zeroed = new(big.Rat), new(big.Rat)
	for _, d := range f.seasonDays() {
		day := dayOf(d)
		if f.faultDays[d.Format(time.DateOnly)] {
			continue
		}
		metered.Add(metered, usedIn(stretches, day))
		for _, c := range confirmed {
			if c.overlaps(day) {
				zeroed.Add(zeroed, usedIn(stretches, span{max(c.start, day.start), min(c.end, day.end)}))
			}
		}
	}
	return metered, zeroed, nil
}

// faultShare is the number of fault days that count, and of those what confirmed time leaves of them.
func (f *facts) faultShare(confirmed []span) (whole, left *big.Rat) {
	whole, left = new(big.Rat), new(big.Rat)
	for _, d := range f.daysUntil(f.lastDay()) {
		if !f.faultDays[d.Format(time.DateOnly)] {
			continue
		}
		day := dayOf(d)
		cold := new(big.Rat)
		for _, c := range confirmed {
			if c.overlaps(day) {
				cold.Add(cold, big.NewRat(min(c.end, day.end)-max(c.start, day.start), day.end-day.start))
			}
		}
		whole.Add(whole, big.NewRat(1, 1))
		left.Add(left, cold.Sub(big.NewRat(1, 1), cold))
	}
	return whole, left
}
