package billing

import "github.com/nuanju/nuanju/compliance"

// The sentences of a bill's reasons; their words are in words.go.
const (
	ruleAreaFee       compliance.Rule = "area_fee"
	ruleBaseFee       compliance.Rule = "base_fee"
	ruleAgreedBaseFee compliance.Rule = "agreed_base_fee"
	ruleSuspendedFee  compliance.Rule = "suspended_fee"
	ruleHeatFee       compliance.Rule = "heat_fee"
	ruleZeroed        compliance.Rule = "zeroed_usage"
	ruleFaultFee      compliance.Rule = "fault_fee"
	rulePayable       compliance.Rule = "payable"
	ruleRemedy        compliance.Rule = "remedy_value"
	ruleSettlement    compliance.Rule = "settlement"
	ruleLateSupply    compliance.Rule = "late_supply"
	ruleNoLateSupply  compliance.Rule = "late_supply_not_due"
	ruleLatePayment   compliance.Rule = "late_payment"
)

// say adds the reason of an amount.
func (a *account) say(clause compliance.Clause, rule compliance.Rule, amount Fen, values ...compliance.Value) {
	a.bill.Because = append(a.bill.Because, compliance.Step{
		Clause: clause, Rule: rule, Values: append(values, fen("amount", amount)),
	})
}

// explainCharge gives the reasons of the metered fee.
func (a *account) explainCharge(u Usage, days []Days, without Fen) {
	b := &a.bill
	if u.Zeroed.Sign() > 0 {
		a.say("A7.2.2", ruleZeroed, b.HeatFee, rational("metered", u.Metered), rational("zeroed", u.Zeroed))
	}
	a.say("A4.2.1", ruleHeatFee, b.HeatFee, decimal("price", a.money.HeatPrice), rational("billed", u.Billed))
	if len(days) > 0 {
		n := 0
		for _, d := range days {
			n += a.inSeason(d)
		}
		a.say("A4.4", ruleFaultFee, b.FaultFee, number("days", n), number("of", a.facts.Season.Days()))
	}
	a.say("A4.1", rulePayable, b.Payable, fen("area_fee", b.AreaFee), fen("metered", b.BaseFee+b.HeatFee+b.FaultFee))
	a.say("A7.2.2", ruleRemedy, b.RemedyValue, fen("without", without), fen("with", b.Payable))
}
