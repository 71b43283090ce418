package billing

import (
	"cmp"
	"math/big"
	"slices"

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

	// FaultDays is the days for which FaultFee is due, less what confirmed time takes off (A4.4); nil when suspended.
	FaultDays *big.Rat
	// UnsuppliedDays is the days that the refund is for (A7.2.1).
	UnsuppliedDays int

	// Because says how each amount came about, in the order of computing: every rule's words are in RuleWords, every row
	// that it rests on is a source.
	Because []compliance.Step
}

// account is one billing in progress.
type account struct {
	policy  *compliance.Policy
	edition *compliance.Edition // whose prices hold: that of the season's first day
	money   *compliance.Money   // of the edition
	facts   *Facts
	season  compliance.Interval
	until   compliance.Instant
	lastDay compliance.Date
	paid    []Payment // up to the last day, by date
	bill    Bill
}

// Compute bills a household that is charged by meter (section 7); Charge bills any. Confirmed is the verdict's confirmed
// time. The meter must have passed CheckMeter.
func Compute(policy *compliance.Policy, facts *Facts, confirmed compliance.Spans) (Usage, Bill) {
	a := begin(policy, facts)
	a.explainPrices()
	a.bill.AreaFee = a.areaFee()
	usage := a.charge(confirmed)
	a.settle()
	a.lateSupply()
	a.latePayment()
	return usage, a.bill
}

// begin is the account of a season, with nothing charged yet.
func begin(policy *compliance.Policy, facts *Facts) *account {
	a := &account{policy: policy, facts: facts, season: facts.Season.In(policy.Zone)}
	a.edition = policy.EditionOn(facts.Season.Start)
	a.money = &a.edition.Money
	asOf := facts.AsOf
	if asOf == 0 {
		asOf = a.season.End
	}
	a.until = min(a.season.End, asOf)
	a.lastDay = compliance.DateIn(asOf-1, policy.Zone)
	return a
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
	usage := a.usage(days, confirmed)
	b.HeatFee = a.heatFee(usage.Billed)
	a.sayFee("A4.2.1", ruleHeatFee, nil, b.HeatFee, decimal("price", a.money.HeatPrice), rational("billed", usage.Billed))
	charged := a.faultDays(days, confirmed)
	b.FaultFee, b.FaultDays = a.faultFee(charged), charged
	a.explainFaultFee(days, charged)
	total := b.BaseFee + b.HeatFee + b.FaultFee
	b.Payable = min(b.AreaFee, total)
	a.say("A4.2.1", ruleMeteredTotal, nil,
		fen("base_fee", b.BaseFee), fen("heat_fee", b.HeatFee), fen("fault_fee", b.FaultFee), fen("amount", total))
	a.say("A4.1", rulePayable, nil, fen("area_fee", b.AreaFee), fen("metered_total", total), fen("amount", b.Payable))
	a.remedy(b.BaseFee + a.heatFee(usage.Metered) + a.faultFee(a.faultDays(days, nil)))
	return usage
}

// remedy is by how much zeroing lowers what is payable; total is the metered total without it (A7.2.2). Shown also when
// the area fee, which caps both, leaves nothing of it.
func (a *account) remedy(total Fen) {
	b := &a.bill
	without := min(b.AreaFee, total)
	b.RemedyValue = without - b.Payable
	rule := ruleRemedy
	if total > b.AreaFee {
		rule = ruleRemedyCapped
	}
	a.say("A7.2.2", rule, nil,
		fen("total", total), fen("without", without), fen("with", b.Payable), fen("amount", b.RemedyValue))
}

// areaFee is area price × charged area (A4.2.1).
func (a *account) areaFee() Fen {
	fee := roundFen(new(big.Rat).Mul(a.money.AreaPrice.Rat(), a.facts.AreaM2.Rat()))
	a.sayFee("A4.2.1", ruleAreaFee, nil, fee, decimal("price", a.money.AreaPrice), decimal("area", a.facts.AreaM2))
	return fee
}

// baseFee is base price × charged area (A4.2.1); for an agreed season the base price's part for its days (A4.2.2).
func (a *account) baseFee() Fen {
	yuan := new(big.Rat).Mul(a.money.BasePrice.Rat(), a.facts.AreaM2.Rat())
	price, area := decimal("price", a.money.BasePrice), decimal("area", a.facts.AreaM2)
	if !a.facts.Season.Agreed {
		fee := roundFen(yuan)
		a.sayFee("A4.2.1", ruleBaseFee, nil, fee, price, area)
		return fee
	}
	days := a.facts.Season.Days()
	fee := roundFen(yuan.Mul(yuan, big.NewRat(int64(days), int64(a.money.AgreedBaseDays))))
	a.sayFee("A4.2.2", ruleAgreedBaseFee, nil, fee, price, area, number("days", days), number("of", a.money.AgreedBaseDays))
	return fee
}

// suspendedFee is the share of the area fee that a household pays whose heating is suspended for the season (A8).
func (a *account) suspendedFee() Fen {
	fee := roundHalfUp(new(big.Rat).Mul(fenRat(a.bill.AreaFee), a.money.SuspendedShare.Rat()))
	a.sayFee("A8", ruleSuspendedFee, nil, fee, fen("area_fee", a.bill.AreaFee), decimal("share", a.money.SuspendedShare))
	return fee
}

// heatFee is heat price × usage (A4.2.1).
func (a *account) heatFee(kwh *big.Rat) Fen {
	return roundFen(new(big.Rat).Mul(a.money.HeatPrice.Rat(), kwh))
}

// settle counts what was paid up to the last day.
func (a *account) settle() {
	b := &a.bill
	for _, p := range a.facts.Payments {
		if p.Date <= a.lastDay {
			a.paid = append(a.paid, p)
			b.Prepaid = (b.Prepaid + p.Fen.held()).held()
		}
	}
	slices.SortStableFunc(a.paid, func(x, y Payment) int { return cmp.Compare(x.Date, y.Date) })
	b.Settlement = b.Prepaid - b.Payable
	rule, amount := ruleSettlementEven, Fen(0)
	switch {
	case b.Settlement > 0:
		rule, amount = ruleSettlementBack, b.Settlement
	case b.Settlement < 0:
		rule, amount = ruleSettlementOwed, -b.Settlement
	}
	a.say("A4.1", rule, paymentSources(a.paid), fen("prepaid", b.Prepaid), fen("payable", b.Payable), fen("amount", amount))
}
