package billing

import (
	"math/big"
	"slices"

	"github.com/nuanju/nuanju/compliance"
)

// RoomArea is a room's part of the household.
type RoomArea struct {
	Room   string
	AreaM2 compliance.Decimal // 0 where it was not given: then all rooms count alike
}

// Remedy is what the tiers of a contract charged by area take off its fee (cities.md).
type Remedy struct {
	Lines []RemedyLine // by date, then in the order of the rooms
	Sum   Fen          // of the lines; 0 without prices
	// Because is what is to be said of all lines, or of why there are none.
	Because []compliance.Step
}

// RemedyLine is a room's day: percentage × area fee / days in the season × the room's share of the rooms' area, rounded
// half up once.
type RemedyLine struct {
	compliance.ColdDay
	Percent compliance.Decimal
	Fen     Fen
	Priced  bool // false: the pack knows no price, and Fen means nothing
	Because []compliance.Step
}

// Charged is what a season costs a household under its policy.
type Charged struct {
	Usage  *Usage  // nil without a meter, or where none counts
	Bill   *Bill   // nil without a meter that the contract charges by, or without prices
	Remedy *Remedy // nil where failed time zeroes usage
}

// Charge bills the household by its verdict, as its contract charges: by meter, if there is one, or by area. The verdict
// must have been judged from the season's start, and the meter have passed CheckMeter.
func Charge(policy *compliance.Policy, facts *Facts, v *compliance.Verdict) Charged {
	var out Charged
	e := policy.EditionOn(facts.Season.Start)
	if tiered(policy, facts.Season) {
		if len(facts.Rooms) == 0 {
			equal := *facts
			for _, room := range v.Rooms {
				equal.Rooms = append(equal.Rooms, RoomArea{Room: room.Room})
			}
			facts = &equal
		}
		r := Tiers(policy, facts, v.ColdDays())
		out.Remedy = &r
	}
	switch e.Money.Charged {
	case compliance.ByMeter:
		if len(facts.Meter.Registers) > 0 {
			usage, bill := Compute(policy, facts, v.Confirmed)
			out.Usage, out.Bill = &usage, &bill
		}
	case compliance.ByArea:
		bill := byArea(policy, facts, out.Remedy)
		out.Bill = &bill
	}
	return out
}

// tiered reports whether any edition of the season has another remedy than zeroing.
func tiered(policy *compliance.Policy, s compliance.Season) bool {
	for d := s.Start; d <= s.End; d++ {
		if policy.EditionOn(d).Remedy != compliance.RemedyZeroUsage {
			return true
		}
	}
	return false
}

// Tiers is the remedy for the days on which rooms failed: those of compliance.Verdict.ColdDays. A day goes by the tiers of
// the edition in force on it, its fee by the prices of the season's first day.
func Tiers(policy *compliance.Policy, facts *Facts, cold []compliance.ColdDay) Remedy {
	a := begin(policy, facts)
	t := &tiers{account: a, share: a.roomShares()}
	t.fee = a.areaFee()
	switch {
	case a.facts.Suspended:
		t.note("A8", ruleTiersSuspended)
		return t.out
	case a.money.Charged == compliance.PriceUnknown:
		t.note("A7.2.2", ruleTiersUnpriced, text("policy", policy.Name))
	}
	for i := range cold {
		t.day(&cold[i])
	}
	if !slices.ContainsFunc(t.out.Because, func(s compliance.Step) bool { return s.Rule == ruleRemedyUnknown }) &&
		a.edition.Remedy == compliance.RemedyUnknown {
		t.unknown(a.edition.From, a.edition)
	}
	if len(t.out.Lines) > 0 && a.money.Charged != compliance.PriceUnknown {
		t.note("A7.2.2", ruleTiersSum, number("lines", len(t.out.Lines)), fen("amount", t.out.Sum))
	}
	return t.out
}

// tiers is one remedy in progress.
type tiers struct {
	*account
	fee   Fen
	share map[string]*big.Rat // of the rooms' area, by room
	out   Remedy
}

func (t *tiers) note(clause compliance.Clause, rule compliance.Rule, values ...compliance.Value) {
	t.out.Because = append(t.out.Because, compliance.Step{Clause: clause, Rule: rule, Values: values})
}

// unknown says, once an edition, that it knows no remedy.
func (t *tiers) unknown(from compliance.Date, e *compliance.Edition) {
	t.note("A7.2.2", ruleRemedyUnknown, text("policy", t.policy.Name), text("certainty", e.Certainty), date("edition", from))
}

// day adds the line of a room's day, or says why it has none.
func (t *tiers) day(d *compliance.ColdDay) {
	e := t.policy.EditionOn(d.Date)
	switch {
	case e.Remedy == compliance.RemedyUnknown:
		said := func(s compliance.Step) bool {
			return s.Rule == ruleRemedyUnknown && s.Values[len(s.Values)-1].Date == e.From
		}
		if !slices.ContainsFunc(t.out.Because, said) {
			t.unknown(e.From, e)
		}
		return
	case e.Tiers == nil:
		return
	case d.Mended:
		t.out.Because = append(t.out.Because, compliance.Step{
			Clause: "A7.2.2", Rule: ruleTierMended, Sources: []compliance.Source{d.Source},
			Values: []compliance.Value{
				text("room", d.Room), date("day", d.Date), instant("notice", d.Notice), instant("end", d.Spell.End),
				duration("within", e.Tiers.MendWithin),
			},
		})
		return
	}
	line := RemedyLine{ColdDay: *d, Percent: e.Tiers.Of(d.Celsius, d.Threshold).Percent, Priced: t.money.Charged != compliance.PriceUnknown}
	step := compliance.Step{Clause: "A7.2.2", Rule: ruleTierPercent, Sources: []compliance.Source{d.Source}, Values: []compliance.Value{
		text("room", d.Room), date("day", d.Date), celsius("coldest", d.Celsius), instant("at", d.At),
		celsius("threshold", d.Threshold), celsius("below_by", d.BelowBy()), decimal("percent", line.Percent),
	}}
	line.Because = []compliance.Step{step}
	if line.Priced {
		line.Fen = t.amount(&line, e.Tiers)
		t.out.Sum = (t.out.Sum + line.Fen).held()
	}
	t.out.Lines = append(t.out.Lines, line)
}

// amount is the line's, and adds how it was computed.
func (t *tiers) amount(line *RemedyLine, of *compliance.Tiers) Fen {
	fee, rule := t.fee, ruleTierAmount
	days, share := t.facts.Season.Days(), t.share[line.Room]
	if share == nil {
		share = new(big.Rat) // a room that the facts do not list
	}
	values := []compliance.Value{
		fen("area_fee", fee), number("days", days), decimal("percent", line.Percent), text("share", fraction(share)),
	}
	if of.BaseFeeFirst {
		base := roundFen(new(big.Rat).Mul(t.money.BasePrice.Rat(), t.facts.AreaM2.Rat()))
		fee, rule = fee-base, ruleTierAmountBase
		values = append(values, fen("base_fee", base), fen("fee", fee))
	}
	exact := new(big.Rat).Mul(fenRat(fee), line.Percent.Rat())
	exact.Mul(exact, big.NewRat(1, 100*int64(days))).Mul(exact, share)
	amount := roundHalfUp(exact)
	line.Because = append(line.Because, compliance.Step{Clause: "A7.2.2", Rule: rule, Values: append(values, fen("amount", amount))})
	return amount
}

// roomShares is each room's share of the area of all rooms of the household, judged or not; equal ones where areas were not
// given.
func (a *account) roomShares() map[string]*big.Rat {
	sum := new(big.Rat)
	for _, r := range a.facts.Rooms {
		sum.Add(sum, r.AreaM2.Rat())
	}
	out := make(map[string]*big.Rat, len(a.facts.Rooms))
	for _, r := range a.facts.Rooms {
		if sum.Sign() == 0 {
			out[r.Room] = big.NewRat(1, int64(len(a.facts.Rooms)))
			continue
		}
		out[r.Room] = new(big.Rat).Quo(r.AreaM2.Rat(), sum)
	}
	return out
}

// fraction is a share as people write it: 1/3, or 1.
func fraction(r *big.Rat) string {
	if r.IsInt() {
		return r.Num().String()
	}
	return r.String()
}

// byArea bills a contract that is charged by area: the area fee less the remedy (A4.2.1, A4.1, A7.2.2).
func byArea(policy *compliance.Policy, facts *Facts, remedy *Remedy) Bill {
	a := begin(policy, facts)
	a.explainPrices()
	b := &a.bill
	b.AreaFee = a.areaFee()
	b.Payable = b.AreaFee
	switch {
	case facts.Suspended:
		b.BaseFee = a.suspendedFee()
		b.Payable = b.BaseFee
	case remedy != nil && remedy.Sum > 0:
		b.RemedyValue = min(remedy.Sum, b.AreaFee)
		b.Payable = b.AreaFee - b.RemedyValue
		a.say("A4.1", rulePayableTiers, nil, fen("area_fee", b.AreaFee), fen("remedy", b.RemedyValue), fen("amount", b.Payable))
	default:
		a.say("A4.1", rulePayableArea, nil, fen("amount", b.Payable))
	}
	a.settle()
	a.lateSupply()
	a.latePayment()
	return a.bill
}
