package billing

import (
	"embed"

	"github.com/nuanju/nuanju/compliance"
)

//go:embed testdata
var testdata embed.FS

// Articles is the clauses of money, in contract order.
func Articles() []compliance.Article {
	return []compliance.Article{
		article("A1.3", "热计量点", "Where heat is measured", []any{(*account).share, (*account).explainShare},
			"以楼栋热力入口热表为准，按计费面积分摊，或以户用热表为准。先分摊，后按零计量，邻户不为此付费。",
			"The register is the building's at its heat entry, allocated by charged area, or the household's own. Allocation comes first and zeroing after: a neighbour never pays for it."),
		article("A4.1", "结算", "Settlement", []any{(*account).charge, (*account).settle},
			"应付热费为面积热费与热计量热费合计中较低者；多预付的退还或结转，热计量热费合计高于面积热费时不再加收。",
			"Payable is the lower of the area fee and the metered total. What was prepaid above it is returned or carried over; if the metered total is higher nothing is added."),
		article("A4.2.1", "热费构成", "The fees", []any{(*account).areaFee, (*account).baseFee, (*account).usage, (*account).heatFee, (*account).explainPrices},
			"面积热费 = 面积热价 × 计费面积；基本热费 = 基本热价 × 计费面积；计量热费 = 计量热价 × 计费用热量；后两项之和为热计量热费合计。价格依采暖季首日施行的版本，季中调价不影响本采暖季。",
			"Area fee = area price × charged area. Metered total = base fee (base price × area) + heat fee (heat price × billed usage). The prices of a season are those in force on its first day; a change within it does not touch it."),
		article("A4.2.2", "约定采暖季", "An agreed season", []any{(*account).baseFee},
			"约定采暖季与法定采暖季不同时，基本热费 = 基本热价 ÷ 121 × 天数 × 计费面积；面积热费不变。",
			"For a season agreed otherwise than the statutory one the base fee is base price / 121 × days × area; the area fee stays."),
		article("A4.4", "热表故障", "Meter fault", []any{(*account).faultDays, (*account).faultFee, CheckMeter},
			"热表故障的每一天，按（面积热价 − 基本热价）÷ 采暖季天数 × 计费面积计费，当日用热量不计；经确认不达标的部分予以扣除。",
			"For each day of a meter fault (area price − base price) / days in the season × area is charged and the day's usage left out; confirmed failing time takes its share of the day off."),
		article("A7.1.1", "逾期付款", "Late payment", []any{(*account).latePayment, (*account).interestRuns},
			"以未付金额为本金，自最迟付款日的次日起至付款当日逐日计息，年利率为当日施行的一年期贷款市场报价利率，日利率为其 1/365；暂停用热的，以应付的 30% 为限。",
			"What is outstanding bears interest from the day after the due date to the day of payment, each day at a 365th of the one-year loan prime rate in force on it; when heating is suspended, of the 30 % only."),
		article("A7.2.1", "未按时供热", "Heat not supplied", []any{(*account).lateSupply, (*account).statutoryDays},
			"采暖季内未供热的，退还面积热费 ÷ 法定采暖季天数 × 未供热天数，以面积热费为限，另付等额违约金；以面积热费已付清且未暂停用热为前提。",
			"For days of the season without supply: area fee / statutory days × days back, at most the area fee, and an equal penalty; only if the area fee is fully paid and heating is not suspended."),
		article("A8", "暂停用热", "Heating suspended", []any{(*account).suspendedFee},
			"整个采暖季暂停用热的，按面积热费的 30% 交费，不计量用热。",
			"A household whose heating is suspended for the season pays 30 % of the area fee; nothing is metered."),
	}
}

func article(id compliance.Clause, zh, en string, rules []any, plainZH, plainEN string) compliance.Article {
	return compliance.Article{
		Clause: id, Title: compliance.Words{ZH: zh, EN: en}, Rules: rules, Files: testdata,
		Plain: compliance.Words{ZH: plainZH, EN: plainEN},
	}
}
