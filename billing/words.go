package billing

import "github.com/nuanju/nuanju/compliance"

// RuleWords is the words of the rules of a bill. Callers must not change it.
func RuleWords() compliance.Sentences { return sentences }

var sentences = compliance.Sentences{
	ruleAreaFee: {
		ZH: "面积热费：{price} 元/平方米 × {area} 平方米 = {amount} 元。",
		EN: "Area fee: {price} yuan/m² × {area} m² = {amount} yuan.",
	},
	ruleBaseFee: {
		ZH: "基本热费：{price} 元/平方米 × {area} 平方米 = {amount} 元。",
		EN: "Base fee: {price} yuan/m² × {area} m² = {amount} yuan.",
	},
	ruleAgreedBaseFee: {
		ZH: "约定采暖期基本热费：{price} 元/平方米 ÷ {of} 天 × {days} 天 × {area} 平方米 = {amount} 元。",
		EN: "Base fee of the agreed season: {price} yuan/m² / {of} days × {days} days × {area} m² = {amount} yuan.",
	},
	ruleSuspendedFee: {
		ZH: "本采暖季暂停用热：面积热费 × {share} = {amount} 元，不计量。",
		EN: "Heating is suspended for the season: area fee × {share} = {amount} yuan; nothing is metered.",
	},
	ruleHeatFee: {
		ZH: "计量热费：{price} 元/千瓦时 × {billed} 千瓦时 = {amount} 元。",
		EN: "Heat fee: {price} yuan/kWh × {billed} kWh = {amount} yuan.",
	},
	ruleZeroed: {
		ZH: "用热 {metered} 千瓦时，其中确认不达标时间的 {zeroed} 千瓦时按零计。",
		EN: "{metered} kWh metered, of which the {zeroed} kWh in confirmed failing time count as zero.",
	},
	ruleFaultFee: {
		ZH: "热表故障 {days} 天：按（面积热价 − 基本热价）÷ {of} 天 × 面积计，扣除确认不达标的部分，= {amount} 元。",
		EN: "Meter fault on {days} days: (area price − base price) / {of} days × area for each, less its confirmed failing share = {amount} yuan.",
	},
	rulePayable: {
		ZH: "应付：面积热费 {area_fee} 元与计量合计 {metered} 元取低者 = {amount} 元。",
		EN: "Payable: the lower of the area fee {area_fee} and the metered total {metered} = {amount} yuan.",
	},
	ruleRemedy: {
		ZH: "补救价值：不按零计应付 {without} 元，按零计应付 {with} 元，相差 {amount} 元。",
		EN: "Value of the remedy: {without} yuan payable without zeroing, {with} with it: {amount} yuan.",
	},
	ruleSettlement: {
		ZH: "结算：预付 {prepaid} 元 − 应付 {payable} 元 = {amount} 元（正数退还或结转）。",
		EN: "Settlement: prepaid {prepaid} − payable {payable} = {amount} yuan (positive goes back to the resident).",
	},
	ruleLateSupply: {
		ZH: "未供热 {days} 天：面积热费 {area_fee} 元 ÷ {of} 天 × {days} 天 = 退还 {amount} 元，另付等额违约金。",
		EN: "Not supplied on {days} days: area fee {area_fee} / {of} days × {days} days = {amount} yuan back, and an equal penalty.",
	},
	ruleNoLateSupply: {
		ZH: "未供热 {days} 天，但面积热费 {area_fee} 元未付清（已付 {prepaid} 元）或已暂停用热，不退还、无违约金。",
		EN: "Not supplied on {days} days, but the area fee {area_fee} is not fully paid (prepaid {prepaid}) or heating is suspended: no refund, no penalty.",
	},
	ruleLatePayment: {
		ZH: "应于 {due} 前付清；至 {until} 逾期 {days} 天，按当日贷款市场报价利率计息 {amount} 元。",
		EN: "Due on {due}; unpaid on {days} days up to {until}, at each day's loan prime rate: {amount} yuan interest.",
	},
}
