package billing

import (
	"cmp"
	"math/big"
	"slices"
	"time"

	"github.com/nuanju/nuanju/compliance"
)

// The kinds of sources of a bill, one a file of a case; see compliance.SourceKind.
const (
	FromRegister    compliance.SourceKind = "register"     // At is its time
	FromMeterChange compliance.SourceKind = "meter_change" // At is its time
	FromMeterFault  compliance.SourceKind = "meter_fault"  // ID is its day, or its first and last as FIRST/LAST
	FromPayment     compliance.SourceKind = "payment"      // ID is its date
	FromUnsupplied  compliance.SourceKind = "unsupplied"   // ID as of a meter fault
)

// The sentences of a bill's reasons; their words are in words.go.
const (
	rulePrices           compliance.Rule = "prices_of_edition"
	rulePricesFirst      compliance.Rule = "prices_of_first_edition"
	ruleAreaFee          compliance.Rule = "area_fee"
	ruleBaseFee          compliance.Rule = "base_fee"
	ruleAgreedBaseFee    compliance.Rule = "agreed_base_fee"
	ruleSuspendedFee     compliance.Rule = "suspended_fee"
	ruleDistrusted       compliance.Rule = "registers_in_fault"
	ruleMetered          compliance.Rule = "metered"
	ruleMeteredFaults    compliance.Rule = "metered_without_faults"
	ruleNothingMetered   compliance.Rule = "nothing_metered"
	ruleAllocated        compliance.Rule = "allocated"
	ruleAllocatedByValve compliance.Rule = "allocated_by_valve"
	ruleZeroed           compliance.Rule = "zeroed_usage"
	ruleHeatFee          compliance.Rule = "heat_fee"
	ruleFaultFee         compliance.Rule = "fault_fee"
	ruleMeteredTotal     compliance.Rule = "metered_total"
	rulePayable          compliance.Rule = "payable"
	ruleRemedy           compliance.Rule = "remedy_value"
	ruleRemedyCapped     compliance.Rule = "remedy_value_capped"
	ruleSettlementBack   compliance.Rule = "settlement_to_resident"
	ruleSettlementOwed   compliance.Rule = "settlement_to_supplier"
	ruleSettlementEven   compliance.Rule = "settlement_even"
	ruleLateSupply       compliance.Rule = "late_supply"
	ruleLateSupplyMost   compliance.Rule = "late_supply_at_most"
	ruleSupplyUnpaid     compliance.Rule = "late_supply_fee_unpaid"
	ruleSupplySuspended  compliance.Rule = "late_supply_suspended"
	ruleInterestRun      compliance.Rule = "late_payment_run"
	ruleLatePayment      compliance.Rule = "late_payment"
	rulePaidInTime       compliance.Rule = "paid_in_time"
	ruleNotDueYet        compliance.Rule = "not_due_yet"
	ruleTierPercent      compliance.Rule = "tier"
	ruleTierAmount       compliance.Rule = "tier_amount"
	ruleTierAmountBase   compliance.Rule = "tier_amount_without_base_fee"
	ruleTierMended       compliance.Rule = "tier_mended_in_time"
	ruleTiersSum         compliance.Rule = "tiers_sum"
	ruleTiersUnpriced    compliance.Rule = "tiers_without_prices"
	ruleTiersSuspended   compliance.Rule = "tiers_suspended"
	ruleRemedyUnknown    compliance.Rule = "remedy_unknown"
	rulePayableArea      compliance.Rule = "payable_by_area"
	rulePayableTiers     compliance.Rule = "payable_less_tiers"
)

// say adds a reason.
func (a *account) say(clause compliance.Clause, rule compliance.Rule, sources []compliance.Source, values ...compliance.Value) {
	a.bill.Because = append(a.bill.Because, compliance.Step{Clause: clause, Rule: rule, Values: values, Sources: sources})
}

// sayFee adds the reason of a fee. Where the policy has several editions it names the one whose prices were taken.
func (a *account) sayFee(clause compliance.Clause, rule compliance.Rule, sources []compliance.Source, fee Fen, values ...compliance.Value) {
	values = append(values, fen("amount", fee))
	if len(a.policy.Editions) > 1 {
		values = append(values, date("edition", a.edition.From))
	}
	a.say(clause, rule, sources, values...)
}

// explainPrices says which edition's prices hold, if there is a choice: that of the season's first day, for all of it.
func (a *account) explainPrices() {
	editions := a.policy.Editions
	if len(editions) < 2 {
		return
	}
	first := date("first_day", a.facts.Season.Start)
	if a.edition == &editions[0] { // its from may be the beginning of the calendar, which tells nobody anything
		a.say("A4.2.1", rulePricesFirst, nil, first, date("until", editions[1].From-1))
		return
	}
	a.say("A4.2.1", rulePrices, nil, first, date("edition", a.edition.From))
}

// daySources names the rows of days that have a part in the run, by date.
func daySources(kind compliance.SourceKind, rows []Days, within Days) []compliance.Source {
	var in []Days
	for _, d := range rows {
		if d.Start <= within.End && within.Start <= d.End {
			in = append(in, d)
		}
	}
	slices.SortFunc(in, func(a, b Days) int { return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End)) })
	out := make([]compliance.Source, len(in))
	for i, d := range in {
		id := d.Start.String()
		if d.End != d.Start {
			id += "/" + d.End.String()
		}
		out[i] = compliance.Source{Kind: kind, ID: id}
	}
	return out
}

// paymentSources names payments, which are in order of date. Nothing was paid by one of 0 yuan.
func paymentSources(payments []Payment) []compliance.Source {
	var out []compliance.Source
	for _, p := range payments {
		if p.Fen != 0 {
			out = append(out, compliance.Source{Kind: FromPayment, ID: p.Date.String()})
		}
	}
	return out
}

func decimal(name string, d compliance.Decimal) compliance.Value { return text(name, d.String()) }

// rational is an exact number, with at most six decimals.
func rational(name string, r *big.Rat) compliance.Value { return text(name, shortest(r)) }

func fen(name string, f Fen) compliance.Value { return text(name, f.String()) }

func text(name, s string) compliance.Value {
	return compliance.Value{Name: name, Kind: compliance.KindText, Text: s}
}

func celsius(name string, v float64) compliance.Value {
	return compliance.Value{Name: name, Kind: compliance.KindCelsius, Number: v}
}

func number(name string, n int) compliance.Value {
	return compliance.Value{Name: name, Kind: compliance.KindCount, Number: float64(n)}
}

func date(name string, d compliance.Date) compliance.Value {
	return compliance.Value{Name: name, Kind: compliance.KindDate, Date: d}
}

func instant(name string, t compliance.Instant) compliance.Value {
	return compliance.Value{Name: name, Kind: compliance.KindInstant, At: t}
}

func duration(name string, d time.Duration) compliance.Value {
	return compliance.Value{Name: name, Kind: compliance.KindSeconds, Number: d.Seconds()}
}
