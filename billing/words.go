package billing

import "github.com/nuanju/nuanju/compliance"

// RuleWords is the words of the rules of a bill. Callers must not change it. English sentences read alike for one and
// for many: counts follow a colon or stand in a product.
func RuleWords() compliance.Sentences { return sentences }

var sentences = compliance.Sentences{
	rulePrices: {
		ZH: "本采暖季的价格依首日（{first_day}）施行的版本，该版本自 {edition} 起施行；采暖季中途的调价不影响本采暖季。",
		EN: "The prices of the season are those of the edition in force on its first day, {first_day}; that edition holds from {edition} on. A change of prices within the season does not touch it.",
	},
	rulePricesFirst: {
		ZH: "本采暖季的价格依首日（{first_day}）施行的版本，即最初版本，施行至 {until}；采暖季中途的调价不影响本采暖季。",
		EN: "The prices of the season are those of the edition in force on its first day, {first_day}: the first one, which holds up to {until}. A change of prices within the season does not touch it.",
	},
	ruleAreaFee: {
		ZH: "面积热费：面积热价 {price} 元/平方米 × 计费面积 {area} 平方米 = {amount} 元。",
		EN: "Area fee: area price {price} yuan/m² × charged area {area} m² = {amount} yuan.",
	},
	ruleBaseFee: {
		ZH: "基本热费：基本热价 {price} 元/平方米 × 计费面积 {area} 平方米 = {amount} 元。",
		EN: "Base fee: base price {price} yuan/m² × charged area {area} m² = {amount} yuan.",
	},
	ruleAgreedBaseFee: {
		ZH: "约定采暖季的基本热费：基本热价 {price} 元/平方米 ÷ {of} 天 × 约定采暖季 {days} 天 × 计费面积 {area} 平方米 = {amount} 元。",
		EN: "Base fee of the agreed season: base price {price} yuan/m² × {days}/{of} (days of the agreed season / days that the price is for) × charged area {area} m² = {amount} yuan.",
	},
	ruleSuspendedFee: {
		ZH: "本采暖季暂停用热，不计量用热：面积热费 {area_fee} 元 × {share} = 应付热费 {amount} 元。",
		EN: "Heating is suspended for the season and nothing is metered: area fee {area_fee} × {share} = {amount} yuan payable.",
	},
	ruleDistrusted: {
		ZH: "热表故障日内的示数不予采用，共 {values} 个。",
		EN: "Register values inside days of meter fault are not used: {values}.",
	},
	ruleMetered: {
		ZH: "热表示数 {first_at} 为 {first} 千瓦时，{last_at} 为 {last} 千瓦时，其间换表 {changes} 次，共用热 {between} 千瓦时；其中计入本采暖季的时间为 {from} 至 {until}（两个示数之间按时间均匀折算），计量用热 {usage} 千瓦时。",
		EN: "The meter showed {first} kWh at {first_at} and {last} kWh at {last_at} (meter changes in between: {changes}), a usage of {between} kWh. The time that counts is {from} to {until}, with usage even between two register values: {usage} kWh metered.",
	},
	ruleMeteredFaults: {
		ZH: "热表示数 {first_at} 为 {first} 千瓦时，{last_at} 为 {last} 千瓦时，其间换表 {changes} 次，共用热 {between} 千瓦时；其中计入本采暖季的时间为 {from} 至 {until}（两个示数之间按时间均匀折算），用热 {spanned} 千瓦时；热表故障 {left_out}内的 {left_out_kwh} 千瓦时不计，计量用热 {usage} 千瓦时。",
		EN: "The meter showed {first} kWh at {first_at} and {last} kWh at {last_at} (meter changes in between: {changes}), a usage of {between} kWh. The time that counts is {from} to {until}, with usage even between two register values: {spanned} kWh, less {left_out_kwh} kWh in {left_out} of meter fault: {usage} kWh metered.",
	},
	ruleNothingMetered: {
		ZH: "有效的热表示数（共 {values} 个）之间没有属于本采暖季的时间，计量用热为 0。",
		EN: "Between the register values that count (there being: {values}) lies no time of the season, so the metered usage is 0.",
	},
	ruleAllocated: {
		ZH: "楼栋热表按计费面积分摊：楼栋用热 {building} 千瓦时 × 本户 {area} 平方米 ÷ 楼栋 {building_area} 平方米（份额 {share}）= 本户用热 {amount} 千瓦时。",
		EN: "The building's meter, allocated by charged area: {building} kWh × the household's {area} m² / the building's {building_area} m² (share {share}) = {amount} kWh.",
	},
	ruleAllocatedByValve: {
		ZH: "楼栋热表按通断时间面积法逐日分摊：楼栋用热 {building} 千瓦时，每日按各户计费面积 × 阀门开启时间分摊（本户 {area} 平方米，共 {days} 日）= 本户用热 {amount} 千瓦时。",
		EN: "The building's meter, allocated day by day by charged area × the time that each home's valve was open: of {building} kWh the household with its {area} m² has {amount} kWh (days: {days}).",
	},
	ruleZeroed: {
		ZH: "本户计量用热 {metered} 千瓦时，其中经确认不达标的 {intervals} 段时间（共 {confirmed}）内的 {zeroed} 千瓦时按零计量，计费用热量为 {billed} 千瓦时。",
		EN: "Of the household's {metered} kWh metered, {zeroed} kWh were used in confirmed failing time ({confirmed} in all; intervals: {intervals}) and count as zero: {billed} kWh billed.",
	},
	ruleHeatFee: {
		ZH: "计量热费：计量热价 {price} 元/千瓦时 × 计费用热量 {billed} 千瓦时 = {amount} 元。",
		EN: "Heat fee: heat price {price} yuan/kWh × billed usage {billed} kWh = {amount} yuan.",
	},
	ruleFaultFee: {
		ZH: "热表故障期间热费：故障 {days} 天，扣除其中经确认不达标的时间折合 {off} 天，按 {charged} 天计：（面积热价 {area_price} − 基本热价 {base_price}）元/平方米 ÷ 采暖季 {of} 天 × 计费面积 {area} 平方米 × {charged} 天 = {amount} 元。",
		EN: "Fault fee. Days of meter fault: {days}, less their share in confirmed failing time: {off}, leaves: {charged}. (Area price {area_price} − base price {base_price}) yuan/m² × charged area {area} m² × {charged}/{of} (of the season's days) = {amount} yuan.",
	},
	ruleMeteredTotal: {
		ZH: "热计量热费合计：基本热费 {base_fee} 元 + 计量热费 {heat_fee} 元 + 热表故障期间热费 {fault_fee} 元 = {amount} 元。",
		EN: "Metered total: base fee {base_fee} + heat fee {heat_fee} + fault fee {fault_fee} = {amount} yuan.",
	},
	rulePayable: {
		ZH: "应付热费：面积热费 {area_fee} 元与热计量热费合计 {metered_total} 元中取较低者，为 {amount} 元。",
		EN: "Payable: the lower of the area fee {area_fee} and the metered total {metered_total} = {amount} yuan.",
	},
	ruleRemedy: {
		ZH: "按零计量减少的应付金额：不按零计量应付 {without} 元，按零计量应付 {with} 元，减少 {amount} 元。",
		EN: "What zeroing takes off the payable fee: {without} yuan without it, {with} yuan with it, {amount} yuan less.",
	},
	ruleRemedyCapped: {
		ZH: "按零计量减少的应付金额：不按零计量时，热计量热费合计 {total} 元高于面积热费，应付以面积热费 {without} 元为限；按零计量应付 {with} 元，减少 {amount} 元。",
		EN: "What zeroing takes off the payable fee: without it the metered total would be {total} yuan, and the area fee caps it at {without} yuan; with it {with} yuan are payable, {amount} yuan less.",
	},
	ruleSettlementBack: {
		ZH: "热费结算：已预付 {prepaid} 元，应付 {payable} 元，多付的 {amount} 元由供热人退还用热人，或结转至下一采暖季。",
		EN: "Settlement of the fee: prepaid {prepaid} − payable {payable}: the supplier returns {amount} yuan to the resident, or carries it over to the next season.",
	},
	ruleSettlementOwed: {
		ZH: "热费结算：已预付 {prepaid} 元，应付 {payable} 元，用热人还应向供热人支付 {amount} 元。",
		EN: "Settlement of the fee: prepaid {prepaid} − payable {payable}: the resident still owes the supplier {amount} yuan.",
	},
	ruleSettlementEven: {
		ZH: "热费结算：已预付 {prepaid} 元，应付 {payable} 元，恰好付清，双方就热费互不再付。",
		EN: "Settlement of the fee: prepaid {prepaid} − payable {payable}: paid exactly, and neither side owes the other any of the fee.",
	},
	ruleLateSupply: {
		ZH: "采暖季内未供热 {days} 天：面积热费 {area_fee} 元 ÷ 该冬季法定采暖季 {of} 天 × {days} 天 = {amount} 元，由供热人退还用热人，并另付等额违约金 {penalty} 元。",
		EN: "Days of the season without supply: {days}. Area fee {area_fee} × {days}/{of} (of that winter's statutory days) = {amount} yuan, which the supplier returns to the resident, with an equal penalty of {penalty} yuan.",
	},
	ruleLateSupplyMost: {
		ZH: "采暖季内未供热 {days} 天，多于该冬季法定采暖季的 {of} 天，退款以面积热费 {area_fee} 元为限：供热人退还用热人 {amount} 元，并另付等额违约金 {penalty} 元。",
		EN: "Days of the season without supply: {days}, more than that winter's {of} statutory days. The refund is at most the area fee {area_fee}: the supplier returns {amount} yuan to the resident, with an equal penalty of {penalty} yuan.",
	},
	ruleSupplyUnpaid: {
		ZH: "采暖季内未供热 {days} 天，但截至 {last_day} 已付 {prepaid} 元，面积热费 {area_fee} 元尚未付清，故不退款，也无违约金。",
		EN: "Days of the season without supply: {days}. Up to {last_day} {prepaid} yuan of the area fee {area_fee} were paid, which is not all of it: no refund and no penalty.",
	},
	ruleSupplySuspended: {
		ZH: "采暖季内未供热 {days} 天，但本户整个采暖季暂停用热，故不退款，也无违约金。",
		EN: "Days of the season without supply: {days}. The household's heating is suspended for the season: no refund and no penalty.",
	},
	ruleInterestRun: {
		ZH: "{from} 至 {until}（首尾两日均计入，共 {days} 天）：未付本金 {outstanding} 元 × 年利率 {percent}%（该期间施行的贷款市场报价利率）÷ 365 × {days} = 利息 {interest} 元（各段相加后才舍入）。",
		EN: "{from} to {until}, both included: principal outstanding {outstanding} yuan × {percent} % a year (the loan prime rate in force) × {days}/365 = {interest} yuan of interest, rounded only in the sum.",
	},
	ruleLatePayment: {
		ZH: "逾期利息：热费 {owed} 元最迟应于 {due} 付清（当日付清不计息）；{from} 至 {until} 共逾期 {days} 天，各段利息相加后四舍五入到分，用热人应付 {amount} 元。",
		EN: "Late-payment interest: {owed} yuan were to be paid by {due} at the latest (that day bears no interest). Days overdue: {days}, from {from} to {until}, both included. The interest of these stretches, added and then rounded half up to a fen: the resident owes {amount} yuan.",
	},
	rulePaidInTime: {
		ZH: "热费 {owed} 元最迟应于 {due} 付清（当日付清不计息）；截至该日已付 {paid} 元，没有逾期利息。",
		EN: "{owed} yuan were to be paid by {due} at the latest (that day bears no interest); {paid} yuan were paid by then: no interest.",
	},
	ruleNotDueYet: {
		ZH: "热费 {owed} 元最迟应于 {due} 付清（当日付清不计息）；截至 {last_day} 期限未过，没有逾期利息。",
		EN: "{owed} yuan are to be paid by {due} at the latest (that day bears no interest); on {last_day} that has not passed: no interest.",
	},
	ruleTierPercent: {
		ZH: "{day} 房间 {room} 经确认、不属免责的最低室温为 {at} 的 {coldest}，应达 {threshold}，低 {below_by}：该日退该房间热费的 {percent}%。",
		EN: "{day}, room {room}: the lowest temperature in confirmed time that nothing excuses is {coldest}, of {at}; {threshold} was owed, {below_by} more: {percent} % of the room's fee for the day.",
	},
	ruleTierAmount: {
		ZH: "面积热费 {area_fee} 元 ÷ 采暖季 {days} 天 × {percent}% × 房间占各房间面积之和的 {share} = {amount} 元。",
		EN: "Area fee {area_fee} / {days} (days of the season) × {percent} % × {share} (the room's share of the rooms' area) = {amount} yuan.",
	},
	ruleTierAmountBase: {
		ZH: "（面积热费 {area_fee} 元 − 基本热费 {base_fee} 元 = {fee} 元）÷ 采暖季 {days} 天 × {percent}% × 房间占各房间面积之和的 {share} = {amount} 元。",
		EN: "(Area fee {area_fee} − base fee {base_fee} = {fee}) / {days} (days of the season) × {percent} % × {share} (the room's share of the rooms' area) = {amount} yuan.",
	},
	ruleTierMended: {
		ZH: "{day} 房间 {room} 不退费：供热人于 {notice} 得知，该次低温于 {end} 结束，未超过 {within}。",
		EN: "{day}, room {room}: nothing is due. The supplier was told at {notice}, and the cold spell ended at {end}, within {within}.",
	},
	ruleTiersSum: {
		ZH: "按档退费合计（{lines} 项，各项先四舍五入到分）：{amount} 元。",
		EN: "Remedy in tiers, the sum of its lines ({lines} of them, each rounded to a fen first): {amount} yuan.",
	},
	ruleTiersUnpriced: {
		ZH: "规则包 {policy} 没有热价：只给出退费比例，不出金额和账单。",
		EN: "Pack {policy} knows no price: percentages are told, but no amounts, and no bill is made.",
	},
	ruleTiersSuspended: {
		ZH: "本采暖季暂停用热，不按档退费。",
		EN: "Heating is suspended for the season: there is no remedy in tiers.",
	},
	ruleRemedyUnknown: {
		ZH: "不达标如何退费，规则包 {policy}（可信度 {certainty}）并不知道：不计算退费。这不等于无需退费，请查当地现行文件。",
		EN: "What failed time does to the fee is not known to pack {policy} (certainty {certainty}): no remedy is computed. That does not mean that none is due; see the local documents in force.",
	},
	rulePayableArea: {
		ZH: "按面积计费，应付热费即面积热费 {amount} 元。",
		EN: "Charged by area: the area fee, {amount} yuan, is payable.",
	},
	rulePayableTiers: {
		ZH: "应付热费：面积热费 {area_fee} 元 − 按档退费 {remedy} 元 = {amount} 元。",
		EN: "Payable: area fee {area_fee} − remedy in tiers {remedy} = {amount} yuan.",
	},
}
