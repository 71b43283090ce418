package billing

import (
	"math/big"
	"slices"
	"time"

	"github.com/nuanju/nuanju/compliance"
)

// Usage is heat in kWh, exact, without the usage of fault days.
type Usage struct {
	Metered *big.Rat
	Zeroed  *big.Rat // in confirmed below time (A7.2.2)
	Billed  *big.Rat // Metered − Zeroed
}

// Bill is what a household owes for a season and what stands beside it. Every amount is one line, rounded half up once
// at its end; sums, minima and shares are of the rounded lines.
type Bill struct {
	AreaFee           Fen // area price × charged area (A4.2.1)
	BaseFee           Fen // base price × charged area (A4.2.1, A4.2.2, A8)
	HeatFee           Fen // heat price × billed usage (A4.2.1)
	FaultFee          Fen // for days of a meter fault (A4.4)
	Payable           Fen // min(area fee, metered total) (A4.1)
	Prepaid           Fen
	Settlement        Fen // prepaid − payable; positive goes back to the resident (A4.1)
	RemedyValue       Fen // payable without zeroing − payable with it (A7.2.2)
	LateSupplyRefund  Fen // A7.2.1
	LateSupplyPenalty Fen // A7.2.1
	LateInterest      Fen // A7.1.1

	// Because says how each amount came about, in the order above.
	Because []compliance.Step
}

// account is one billing in progress.
type account struct {
	policy  *compliance.Policy
	money   *compliance.Money
	facts   *Facts
	season  compliance.Interval
	until   compliance.Instant
	lastDay compliance.Date
	bill    Bill
}

// Compute bills the household (section 7). Confirmed is the verdict's confirmed time. The meter must have passed
// CheckMeter.
func Compute(policy *compliance.Policy, facts *Facts, confirmed compliance.Spans) (Usage, Bill) {
	zone := policy.Zone
	a := &account{policy: policy, facts: facts, season: facts.Season.In(zone)}
	a.money = &policy.EditionOn(facts.Season.Start).Money
	asOf := facts.AsOf
	if asOf == 0 {
		asOf = a.season.End
	}
	a.until = min(a.season.End, asOf)
	a.lastDay = compliance.DateIn(asOf-1, zone)

	b := &a.bill
	b.AreaFee = a.areaFee()
	usage := a.charge(confirmed)
	a.settle()
	a.lateSupply()
	a.latePayment()
	return usage, *b
}

// charge fills in the fees and the value of the remedy.
func (a *account) charge(confirmed compliance.Spans) Usage {
	b := &a.bill
	if a.facts.Suspended {
		b.BaseFee = a.suspendedFee()
		b.Payable = b.BaseFee
		return Usage{new(big.Rat), new(big.Rat), new(big.Rat)}
	}
	b.BaseFee = a.baseFee()
	days := a.upToLastDay(a.facts.Faults)
	faults := faultTime(days, a.policy.Zone)
	counted := compliance.Union(compliance.Interval{Start: a.season.Start, End: a.until}).Subtract(faults)
	// A value inside a fault is not to be trusted, wherever the fault ends; usage is left out up to the last day.
	register := a.facts.Meter.usage(faultTime(a.facts.Faults, a.policy.Zone), a.facts.AsOf)
	usage := Usage{Metered: a.share(register.over(counted)), Zeroed: a.share(register.over(counted.Intersect(confirmed)))}
	usage.Billed = new(big.Rat).Sub(usage.Metered, usage.Zeroed)

	b.HeatFee = a.heatFee(usage.Billed)
	b.FaultFee = a.faultFee(days, confirmed)
	b.Payable = min(b.AreaFee, b.BaseFee+b.HeatFee+b.FaultFee)
	without := min(b.AreaFee, b.BaseFee+a.heatFee(usage.Metered)+a.faultFee(days, nil))
	b.RemedyValue = without - b.Payable
	a.explainCharge(usage, days, without)
	return usage
}

// share is the household's part of the register's usage. Allocation comes first, zeroing after: a neighbour never
// pays for it (A7.2.2).
func (a *account) share(kwh *big.Rat) *big.Rat {
	if a.facts.Meter.Share == nil {
		return kwh
	}
	return new(big.Rat).Mul(kwh, a.facts.Meter.Share)
}

// areaFee is area price × charged area (A4.2.1).
func (a *account) areaFee() Fen {
	fee := roundFen(new(big.Rat).Mul(a.money.AreaPrice.Rat(), a.facts.AreaM2.Rat()))
	a.say("A4.2.1", ruleAreaFee, fee, decimal("price", a.money.AreaPrice), decimal("area", a.facts.AreaM2))
	return fee
}

// baseFee is base price × charged area (A4.2.1); for an agreed season the base price's part for its days (A4.2.2).
func (a *account) baseFee() Fen {
	yuan := new(big.Rat).Mul(a.money.BasePrice.Rat(), a.facts.AreaM2.Rat())
	if !a.facts.Season.Agreed {
		fee := roundFen(yuan)
		a.say("A4.2.1", ruleBaseFee, fee, decimal("price", a.money.BasePrice), decimal("area", a.facts.AreaM2))
		return fee
	}
	days := a.facts.Season.Days()
	fee := roundFen(yuan.Mul(yuan, big.NewRat(int64(days), int64(a.money.AgreedBaseDays))))
	a.say("A4.2.2", ruleAgreedBaseFee, fee, decimal("price", a.money.BasePrice), decimal("area", a.facts.AreaM2),
		number("days", days), number("of", a.money.AgreedBaseDays))
	return fee
}

// suspendedFee is the share of the area fee that a household pays whose heating is suspended for the season (A8).
func (a *account) suspendedFee() Fen {
	fee := roundHalfUp(new(big.Rat).Mul(fenRat(a.bill.AreaFee), a.money.SuspendedShare.Rat()))
	a.say("A8", ruleSuspendedFee, fee, decimal("share", a.money.SuspendedShare))
	return fee
}

// heatFee is heat price × usage (A4.2.1).
func (a *account) heatFee(kwh *big.Rat) Fen {
	return roundFen(new(big.Rat).Mul(a.money.HeatPrice.Rat(), kwh))
}

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

// inSeason is how many days of the run lie in the season.
func (a *account) inSeason(run Days) int {
	return max(run.Start, a.facts.Season.Start).Days(min(run.End, a.facts.Season.End))
}

// faultFee is, for each day of a meter fault in the season, (area price − base price) / days in the season × area;
// confirmed time takes its share of the day off (A4.4).
func (a *account) faultFee(days []Days, confirmed compliance.Spans) Fen {
	sum := new(big.Rat)
	for _, run := range days {
		for d := max(run.Start, a.facts.Season.Start); d <= min(run.End, a.facts.Season.End); d++ {
			whole := compliance.Interval{Start: d.Start(a.policy.Zone), End: d.End(a.policy.Zone)}
			failed := confirmed.Clip(whole).Length()
			sum.Add(sum, big.NewRat(int64(whole.Length()-failed), int64(whole.Length())))
		}
	}
	perDay := new(big.Rat).Sub(a.money.AreaPrice.Rat(), a.money.BasePrice.Rat())
	perDay.Mul(perDay, a.facts.AreaM2.Rat()).Mul(perDay, big.NewRat(1, int64(a.facts.Season.Days())))
	return roundFen(sum.Mul(sum, perDay))
}

// settle counts what was paid up to the last day.
func (a *account) settle() {
	b := &a.bill
	for _, p := range a.facts.Payments {
		if p.Date <= a.lastDay {
			b.Prepaid += p.Fen
		}
	}
	b.Settlement = b.Prepaid - b.Payable
	a.say("A4.1", ruleSettlement, b.Settlement, fen("prepaid", b.Prepaid), fen("payable", b.Payable))
}

// lateSupply is the refund for days of the season on which nothing was supplied, and the equal penalty: only if the
// area fee is fully paid, and neither while heating is suspended (A7.2.1).
func (a *account) lateSupply() {
	b := &a.bill
	days := 0
	for _, run := range a.upToLastDay(a.facts.UnsuppliedDays) {
		days += a.inSeason(run)
	}
	if days == 0 {
		return
	}
	statutory := a.statutoryDays()
	if a.facts.Suspended || b.Prepaid < b.AreaFee {
		a.say("A7.2.1", ruleNoLateSupply, 0, number("days", days), fen("prepaid", b.Prepaid), fen("area_fee", b.AreaFee))
		return
	}
	refund := roundHalfUp(new(big.Rat).Mul(fenRat(b.AreaFee), big.NewRat(int64(days), int64(statutory))))
	b.LateSupplyRefund = min(b.AreaFee, refund)
	b.LateSupplyPenalty = b.LateSupplyRefund
	a.say("A7.2.1", ruleLateSupply, b.LateSupplyRefund, number("days", days), number("of", statutory), fen("area_fee", b.AreaFee))
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

// latePayment is the interest on what is owed and not paid, for every day after the due date up to the last day, at
// the LPR of that day (A7.1.1).
func (a *account) latePayment() {
	owed := a.bill.AreaFee
	if a.facts.Suspended {
		owed = a.bill.BaseFee
	}
	payments := slices.Clone(a.facts.Payments)
	slices.SortStableFunc(payments, func(x, y Payment) int { return int(x.Date) - int(y.Date) })
	due := a.money.Due.In(a.facts.Season.Start.Year())
	weighted := new(big.Rat) // fen × percent × days
	days := 0
	lot, rate := new(big.Rat), compliance.Decimal{}
	var sameRate Fen
	flush := func() { weighted.Add(weighted, lot.Mul(fenRat(sameRate), rate.Rat())); sameRate = 0 }
	for d := due + 1; d <= a.lastDay; d++ {
		for len(payments) > 0 && payments[0].Date < d {
			owed -= payments[0].Fen
			payments = payments[1:]
		}
		if owed <= 0 {
			continue
		}
		if r := rateOn(a.policy.EditionOn(d).Money.LPR, d); r != rate {
			flush()
			rate = r
		}
		sameRate += owed
		days++
	}
	flush()
	if days == 0 {
		return
	}
	a.bill.LateInterest = roundHalfUp(weighted.Mul(weighted, big.NewRat(1, 100*365)))
	a.say("A7.1.1", ruleLatePayment, a.bill.LateInterest, date("due", due), number("days", days), date("until", a.lastDay))
}

// rateOn is the rate of the day; before the first date the first rate holds.
func rateOn(rates []compliance.Rate, d compliance.Date) compliance.Decimal {
	if len(rates) == 0 {
		return compliance.Decimal{}
	}
	for i := len(rates) - 1; i > 0; i-- {
		if rates[i].From <= d {
			return rates[i].Percent
		}
	}
	return rates[0].Percent
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
