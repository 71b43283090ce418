package billing

import (
	"math/big"

	"github.com/nuanju/nuanju/compliance"
)

// usage is the household's heat up to the moment of judging (A1.3, A4.2.1, A7.2.2). Days are those of meter faults, up
// to the last day.
func (a *account) usage(days []Days, confirmed compliance.Spans) Usage {
	faults := faultTime(days, a.policy.Zone)
	season := compliance.Union(compliance.Interval{Start: a.season.Start, End: a.until})
	counted := season.Subtract(faults)
	// A value inside a fault is not to be trusted, wherever the fault ends; usage is left out up to the last day.
	distrusted := faultTime(a.facts.Faults, a.policy.Zone)
	a.explainDistrusted(distrusted)
	rows := a.facts.Meter.known(distrusted, a.facts.AsOf)
	register := usageOf(rows)
	metered, zeroed := register.over(counted), counted.Intersect(confirmed)
	u := Usage{Metered: a.allocated(register, counted), Zeroed: a.allocated(register, zeroed)}
	u.Billed = new(big.Rat).Sub(u.Metered, u.Zeroed)

	a.explainMetered(rows, register, season.Clip(register.span()), faults, metered)
	switch {
	case a.facts.Meter.Portions != nil:
		a.say("A1.3", ruleAllocatedByValve, nil, rational("building", metered), decimal("area", a.facts.AreaM2),
			number("days", len(a.facts.Meter.Portions)), rational("amount", u.Metered))
	case a.facts.Meter.Share != nil:
		a.explainShare(metered, u.Metered)
	}
	if len(zeroed) > 0 {
		a.say("A7.2.2", ruleZeroed, nil, number("intervals", len(zeroed)), duration("confirmed", zeroed.Length()),
			rational("metered", u.Metered), rational("zeroed", u.Zeroed), rational("billed", u.Billed))
	}
	return u
}

// allocated is the household's part of the register's usage in the spans.
func (a *account) allocated(r register, spans compliance.Spans) *big.Rat {
	if a.facts.Meter.Portions == nil {
		return a.share(r.over(spans))
	}
	sum := new(big.Rat)
	for _, p := range a.facts.Meter.Portions {
		if in := spans.Clip(p.Interval); len(in) > 0 {
			sum.Add(sum, new(big.Rat).Mul(p.Share, r.over(in)))
		}
	}
	return sum
}

// share is the household's part of the register's usage. Allocation comes first, zeroing after: a neighbour never
// pays for it (A7.2.2).
func (a *account) share(kwh *big.Rat) *big.Rat {
	if a.facts.Meter.Share == nil {
		return kwh
	}
	return new(big.Rat).Mul(kwh, a.facts.Meter.Share)
}

// explainShare gives the allocation's reason. The building's area is the household's, divided by its share (A1.3).
func (a *account) explainShare(metered, allocated *big.Rat) {
	share := a.facts.Meter.Share
	building := new(big.Rat)
	if share.Sign() > 0 {
		building.Quo(a.facts.AreaM2.Rat(), share)
	}
	a.say("A1.3", ruleAllocated, nil, rational("building", metered), decimal("area", a.facts.AreaM2),
		rational("building_area", building), text("share", share.RatString()), rational("amount", allocated))
}

// explainDistrusted says which register values are not used because the meter was out of order (A4.4).
func (a *account) explainDistrusted(faults compliance.Spans) {
	var rows []row
	for _, r := range (Meter{Registers: a.facts.Meter.Registers}).known(nil, a.facts.AsOf) {
		if strictlyInside(faults, r.at) {
			rows = append(rows, r)
		}
	}
	if len(rows) > 0 {
		a.say("A4.4", ruleDistrusted, rowSources(rows), number("values", len(rows)))
	}
}

// explainMetered says from which register values the usage was taken: those nearest around the time that counts, which
// is the part of the season so far that lies between two values at all.
func (a *account) explainMetered(rows []row, r register, season, faults compliance.Spans, metered *big.Rat) {
	if len(season) == 0 {
		a.say("A4.2.1", ruleNothingMetered, rowSources(rows), number("values", len(rows)))
		return
	}
	counts := season[0]
	first, last := 0, len(rows)-1
	for first+1 < len(rows) && rows[first+1].at <= counts.Start {
		first++
	}
	for last > 0 && rows[last-1].at >= counts.End {
		last--
	}
	between := new(big.Rat).Sub(rows[last].before, rows[first].after)
	changes := 0
	for _, c := range rows[first+1 : last] {
		if c.isChange {
			between.Add(between, c.before).Sub(between, c.after)
			changes++
		}
	}
	values := []compliance.Value{
		instant("first_at", rows[first].at), rational("first", rows[first].after),
		instant("last_at", rows[last].at), rational("last", rows[last].before),
		number("changes", changes), rational("between", between),
		instant("from", counts.Start), instant("until", counts.End),
	}
	rule, sources := ruleMetered, ends(rows[first:last+1])
	if out := season.Intersect(faults); len(out) > 0 {
		rule = ruleMeteredFaults
		values = append(values, rational("spanned", r.over(season)),
			duration("left_out", out.Length()), rational("left_out_kwh", r.over(out)))
		sources = append(sources, daySources(FromMeterFault, a.facts.Faults, Days{
			Start: compliance.DateIn(counts.Start, a.policy.Zone), End: compliance.DateIn(counts.End-1, a.policy.Zone),
		})...)
	}
	a.say("A4.2.1", rule, sources, append(values, rational("usage", metered))...)
}

// ends names the first and the last row, and the meter changes between them. No other value between them matters.
func ends(rows []row) []compliance.Source {
	kept := []row{rows[0]}
	for _, r := range rows[1 : len(rows)-1] {
		if r.isChange {
			kept = append(kept, r)
		}
	}
	return rowSources(append(kept, rows[len(rows)-1]))
}

// rowSources names rows, which are in order of time.
func rowSources(rows []row) []compliance.Source {
	out := make([]compliance.Source, len(rows))
	for i, r := range rows {
		out[i] = compliance.Source{Kind: FromRegister, At: r.at}
		if r.isChange {
			out[i].Kind = FromMeterChange
		}
	}
	return out
}
