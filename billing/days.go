package billing

import (
	"math/big"
	"slices"
	"time"

	"github.com/nuanju/nuanju/compliance"
)

// upToLastDay is the calendar days of the rows that are not after the last day, joined, each once.
func (a *account) upToLastDay(rows []Days) []Days {
	var out []Days
	for _, d := range rows {
		d.End = min(d.End, a.lastDay)
		if d.Start <= d.End {
			out = append(out, d)
		}
	}
	return joinDays(out)
}

// inSeason is how many days of the runs lie in the season.
func (a *account) inSeason(runs []Days) int {
	n := 0
	for _, run := range runs {
		n += max(run.Start, a.facts.Season.Start).Days(min(run.End, a.facts.Season.End))
	}
	return n
}

// seasonSoFar is the season's days up to the last day.
func (a *account) seasonSoFar() Days {
	return Days{Start: a.facts.Season.Start, End: min(a.facts.Season.End, a.lastDay)}
}

// faultDays is the days of meter faults in the season for which a fee is due: confirmed time takes its share of each
// day off (A4.4).
func (a *account) faultDays(days []Days, confirmed compliance.Spans) *big.Rat {
	sum := new(big.Rat)
	for _, run := range days {
		for d := max(run.Start, a.facts.Season.Start); d <= min(run.End, a.facts.Season.End); d++ {
			whole := compliance.Interval{Start: d.Start(a.policy.Zone), End: d.End(a.policy.Zone)}
			failed := confirmed.Clip(whole).Length()
			sum.Add(sum, big.NewRat(int64(whole.Length()-failed), int64(whole.Length())))
		}
	}
	return sum
}

// faultFee is, for each of the days, (area price − base price) / days in the season × area (A4.4).
func (a *account) faultFee(days *big.Rat) Fen {
	yuan := new(big.Rat).Sub(a.money.AreaPrice.Rat(), a.money.BasePrice.Rat())
	yuan.Mul(yuan, a.facts.AreaM2.Rat()).Mul(yuan, big.NewRat(1, int64(a.facts.Season.Days())))
	return roundFen(yuan.Mul(yuan, days))
}

// explainFaultFee gives the fault fee's reason, if a day of a fault lies in the season.
func (a *account) explainFaultFee(days []Days, charged *big.Rat) {
	n := a.inSeason(days)
	if n == 0 {
		return
	}
	off := new(big.Rat).Sub(big.NewRat(int64(n), 1), charged)
	a.sayFee("A4.4", ruleFaultFee, daySources(FromMeterFault, a.facts.Faults, a.seasonSoFar()), a.bill.FaultFee,
		decimal("area_price", a.money.AreaPrice), decimal("base_price", a.money.BasePrice), decimal("area", a.facts.AreaM2),
		number("days", n), number("of", a.facts.Season.Days()), rational("off", off), rational("charged", charged))
}

// lateSupply is the refund for days of the season on which nothing was supplied, and the equal penalty: only if the
// area fee is fully paid, and neither while heating is suspended (A7.2.1).
func (a *account) lateSupply() {
	b := &a.bill
	days := a.inSeason(a.upToLastDay(a.facts.UnsuppliedDays))
	if days == 0 {
		return
	}
	sources := daySources(FromUnsupplied, a.facts.UnsuppliedDays, a.seasonSoFar())
	switch {
	case a.facts.Suspended:
		a.say("A7.2.1", ruleSupplySuspended, sources, number("days", days))
		return
	case b.Prepaid < b.AreaFee:
		a.say("A7.2.1", ruleSupplyUnpaid, append(sources, paymentSources(a.paid)...), number("days", days),
			fen("area_fee", b.AreaFee), fen("prepaid", b.Prepaid), date("last_day", a.lastDay))
		return
	}
	statutory := a.statutoryDays()
	refund := roundHalfUp(new(big.Rat).Mul(fenRat(b.AreaFee), big.NewRat(int64(days), int64(statutory))))
	rule := ruleLateSupply
	if refund > b.AreaFee {
		rule, refund = ruleLateSupplyMost, b.AreaFee
	}
	b.LateSupplyRefund, b.LateSupplyPenalty, b.UnsuppliedDays = refund, refund, days
	a.say("A7.2.1", rule, sources, fen("area_fee", b.AreaFee), number("days", days), number("of", statutory),
		fen("amount", refund), fen("penalty", refund))
}

// statutoryDays is the length of the policy's statutory season in the winter of the season, also when another season
// is agreed (A2, A7.2.1).
func (a *account) statutoryDays() int {
	winter := a.facts.Season.Winter()
	start, end := a.money.SeasonStart.In(winter), a.money.SeasonEnd.In(winter)
	if end < start {
		end = a.money.SeasonEnd.In(winter + 1)
	}
	return start.Days(end)
}

// faultTime is the fault days as time in the zone.
func faultTime(days []Days, zone *time.Location) compliance.Spans {
	spans := make([]compliance.Interval, len(days))
	for i, d := range days {
		spans[i] = compliance.Interval{Start: d.Start.Start(zone), End: d.End.End(zone)}
	}
	return compliance.Union(spans...)
}

// joinDays is the days as runs that neither overlap nor touch.
func joinDays(days []Days) []Days {
	days = slices.Clone(days)
	slices.SortStableFunc(days, func(a, b Days) int { return int(a.Start) - int(b.Start) })
	out := days[:0]
	for _, d := range days {
		if n := len(out); n > 0 && d.Start <= out[n-1].End+1 {
			out[n-1].End = max(out[n-1].End, d.End)
			continue
		}
		out = append(out, d)
	}
	return out
}
