package configs

import (
	"math/big"
	"time"

	"github.com/nuanju/nuanju/compliance"
)

// remedy reads what failed time does to the fee, and holds it to how the fee is charged: usage can only be zeroed where it is
// metered, and tiers are of an area fee.
func remedy(m *Map, e *compliance.Edition) {
	kind := m.Need("remedy")
	e.Remedy = OneOf(kind, compliance.RemedyZeroUsage, compliance.RemedyTiers, compliance.RemedyUnknown)
	given := m.May("tiers")
	switch metered := e.Money.Charged == compliance.ByMeter; {
	case e.Remedy == compliance.RemedyZeroUsage && !metered:
		kind.Report("zero_usage is for a metered contract; money.heat_price is not a number")
	case e.Remedy == compliance.RemedyTiers && metered:
		kind.Report("tiers are for a contract charged by area; money.heat_price is to be none")
	}
	if e.Remedy != compliance.RemedyTiers {
		if given.Given() && e.Remedy != "" {
			given.Report("only remedy: tiers has them")
		}
		given.Map().readTiers(e)
		return
	}
	e.Tiers = m.Need("tiers").Map().readTiers(e)
}

// readTiers is nil for a nil Map.
func (m *Map) readTiers(e *compliance.Edition) *compliance.Tiers {
	if m == nil {
		return nil
	}
	list := m.Need("ladder")
	maps := list.Maps()
	if list.is(sequence) && len(list.node.items) == 0 {
		list.Report("a ladder has at least one tier")
	}
	t := &compliance.Tiers{}
	for i, step := range maps {
		t.Ladder = append(t.Ladder, tier(step, i == len(maps)-1))
		if i > 0 {
			climbs(step, &t.Ladder[i-1], &t.Ladder[i])
		}
	}
	for i, step := range maps {
		if b := &t.Ladder[i]; b.Bound.Absolute() && b.Edge.Rat().Cmp(new(big.Rat).SetFloat64(e.Standard)) > 0 {
			step.May(string(b.Bound)).Report("%s °C is above the standard, %g", b.Edge, e.Standard)
		}
	}
	if v := m.Need("mended_within"); !v.Is("never") {
		t.MendWithin = v.Duration(time.Minute, 30*24*time.Hour)
	}
	base := m.Need("base_fee_first")
	t.BaseFeeFirst = base.Bool()
	if t.BaseFeeFirst && e.Money.Charged == compliance.ByArea && e.Money.BasePrice.Sign() == 0 {
		base.Report("there is no base fee to take off: money.base_price is none")
	}
	return t
}

// tier is one step: a bound, unless it is the last, and a percentage.
func tier(m *Map, last bool) compliance.Tier {
	var t compliance.Tier
	for _, bound := range []compliance.TierBound{compliance.LessThan, compliance.UpTo, compliance.AtLeast, compliance.Above} {
		v := m.May(string(bound))
		if !v.Given() {
			continue
		}
		if t.Bound != "" {
			v.Report("a tier has one bound; %s is given as well", t.Bound)
			continue
		}
		t.Bound = bound
		t.Edge, _ = between(v, 0, 40)
	}
	percent := m.Need("percent")
	t.Percent, _ = between(percent, 0, 100)
	switch {
	case last && t.Bound != "":
		m.May(string(t.Bound)).Report("the last tier has no bound: it is for whatever is worse")
	case !last && t.Bound == "" && percent.Given():
		percent.Report("no bound beside it; want less_than, up_to, at_least or above in every tier but the last")
	}
	return t
}

// climbs reports a tier that is not worse than the one before.
func climbs(m *Map, before, t *compliance.Tier) {
	if percent := m.May("percent"); percent.OK() && t.Percent.Rat().Cmp(before.Percent.Rat()) <= 0 {
		percent.Report("%s is not above the tier before, %s", t.Percent, before.Percent)
	}
	if t.Bound == "" || before.Bound == "" {
		return
	}
	edge := m.May(string(t.Bound))
	switch order := t.Edge.Rat().Cmp(before.Edge.Rat()); {
	case t.Bound.Absolute() != before.Bound.Absolute():
		edge.Report("the tier before is bounded by %s; a ladder measures in one way", before.Bound)
	case !edge.OK():
	case t.Bound.Absolute() && order >= 0:
		edge.Report("%s is not below the tier before, %s", t.Edge, before.Edge)
	case !t.Bound.Absolute() && order <= 0:
		edge.Report("%s is not above the tier before, %s", t.Edge, before.Edge)
	}
}

// prices reads the three prices. A contract that is charged by area has none for heat, and one of which the prices are not
// known says so; neither can just be left out.
func prices(m *Map) compliance.Money {
	var out compliance.Money
	areaValue, baseValue, heatValue := m.Need("area_price"), m.Need("base_price"), m.Need("heat_price")
	switch {
	case areaValue.Is("unknown"):
		out.Charged = compliance.PriceUnknown
		for _, v := range []Value{baseValue, heatValue} {
			if v.Given() && !v.Is("unknown") && !v.Is("none") {
				v.Report("want unknown or none, since the area price is unknown")
			}
		}
		return out
	case heatValue.Is("none"):
		out.Charged = compliance.ByArea
	}
	area, areaOK := between(areaValue, 0, maxPrice)
	out.AreaPrice = area
	if out.Charged == compliance.ByArea && baseValue.Is("none") {
		return out
	}
	base, baseOK := between(baseValue, 0, maxPrice)
	if areaOK && baseOK && base.Rat().Cmp(area.Rat()) > 0 { // a day of meter fault would cost less than nothing (A4.4)
		baseValue.Report("%s is above the area price, %s", base, area)
	}
	out.BasePrice = base
	if out.Charged == compliance.ByMeter {
		out.HeatPrice, _ = between(heatValue, 0, maxPrice)
	}
	return out
}

// areas reads which area is charged, where the pack knows it.
func areas(m *Map) compliance.AreaKinds {
	if m == nil {
		return compliance.AreaKinds{}
	}
	return compliance.AreaKinds{
		Homes:  OneOf(m.Need("homes"), compliance.UsableArea, compliance.BuiltArea),
		Others: OneOf(m.May("others"), compliance.UsableArea, compliance.BuiltArea),
	}
}

// underLaw is the editions as mandatory local law lets them be (A13): wherever the law's pack sets a higher standard than
// the contract, the law's holds, and the edition tells both. An edition is cut where the law's changes.
func underLaw(editions []compliance.Edition, law *compliance.Policy) []compliance.Edition {
	var out []compliance.Edition
	for i, e := range editions {
		end := e.Until
		if i+1 < len(editions) {
			end = editions[i+1].From - 1
		}
		for k := range law.Editions {
			l := &law.Editions[k]
			piece := e
			piece.From, piece.Until = max(e.From, l.From), e.Until
			if k+1 < len(law.Editions) {
				next := law.Editions[k+1].From
				if next <= e.From {
					continue
				}
				if end == 0 || next <= end {
					piece.Until = 0 // it ends where the next piece begins
				}
			}
			if end != 0 && l.From > end {
				break
			}
			if l.Standard > e.Standard {
				piece.Law = &compliance.Law{Policy: law.Name, Digest: law.Digest(l), Contract: e.Standard}
				piece.Standard, piece.StandardBasis = l.Standard, l.StandardBasis
			}
			out = append(out, piece)
		}
	}
	return out
}

// law is the pack whose standard goes before the policy's own; nil without one.
func law(v Value, own string) *compliance.Policy {
	name := v.Text()
	switch {
	case name == "":
		return nil
	case name == own:
		v.Report("%q is the policy itself", shorten(name))
		return nil
	}
	p, err := Policy(name)
	if err != nil {
		v.Report("%v", err)
		return nil
	}
	return p
}
