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
		article("A1.3", "热计量点", "Where heat is measured", []any{(*account).share},
			"以楼栋热力入口热表为准，按计费面积分摊，或以户用热表为准。先分摊，后按零计，邻户不为此付费。",
			"The register is the building's at its heat entry, allocated by charged area, or the household's own. Allocation comes first and zeroing after: a neighbour never pays for it."),
		article("A4.1", "结算", "Settlement", []any{(*account).charge, (*account).settle},
			"应付为面积热费与计量热费合计中较低者；预付多出的退还或结转，合计更高时不再加收。",
			"Payable is the lower of the area fee and the metered total. What was prepaid above it is returned or carried over; if the metered total is higher nothing is added."),
		article("A4.2.1", "热费构成", "The fees", []any{(*account).areaFee, (*account).baseFee, (*account).heatFee},
			"面积热费 = 面积热价 × 计费面积；计量热费 = 基本热价 × 面积 + 计量热价 × 计费用热量。",
			"Area fee = area price × charged area. Metered fee = base price × area + heat price × billed usage."),
		article("A4.2.2", "约定采暖期", "An agreed season", []any{(*account).baseFee},
			"约定采暖期与法定不同时，基本热费 = 基本热价 ÷ 121 × 天数 × 面积；面积热费不变。",
			"For a season agreed otherwise than the statutory one the base fee is base price / 121 × days × area; the area fee stays."),
		article("A4.4", "热表故障", "Meter fault", []any{(*account).faultFee, CheckMeter},
			"热表故障的每一天，按（面积热价 − 基本热价）÷ 采暖季天数 × 面积计，当日用热量不计；确认不达标的部分扣除。",
			"For each day of a meter fault (area price − base price) / days in the season × area is charged and the day's usage left out; confirmed failing time takes its share of the day off."),
		article("A7.1.1", "逾期付款", "Late payment", []any{(*account).latePayment},
			"到期日后逐日按未付金额与当日贷款市场报价利率 ÷ 365 计息；暂停用热的以应付的 30% 为基数。",
			"From the day after the due date, what is outstanding bears interest at that day's loan prime rate / 365; of the 30 % when heating is suspended."),
		article("A7.2.1", "未按时供热", "Heat not supplied", []any{(*account).lateSupply, (*account).statutoryDays},
			"采暖季内未供热的天数：面积热费 ÷ 法定天数 × 天数退还，另付等额违约金；仅限面积热费付清且未暂停用热。",
			"For days of the season without supply: area fee / statutory days × days back, and an equal penalty; only if the area fee is fully paid and heating is not suspended."),
		article("A8", "暂停用热", "Heating suspended", []any{(*account).suspendedFee},
			"整个采暖季暂停用热的，按面积热费的 30% 交费，不计量。",
			"A household whose heating is suspended for the season pays 30 % of the area fee; nothing is metered."),
	}
}

func article(id compliance.Clause, zh, en string, rules []any, plainZH, plainEN string) compliance.Article {
	return compliance.Article{
		Clause: id, Title: compliance.Words{ZH: zh, EN: en}, Rules: rules, Files: testdata,
		Plain: compliance.Words{ZH: plainZH, EN: plainEN},
	}
}
