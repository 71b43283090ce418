package compliance

// Duties is the clauses that this program does not compute a verdict for, each with the reason. Some are kept by the
// desk as deadlines; none changes a tile or a bill.
func Duties() []Article {
	duty := func(id Clause, title, plain, why Words) Article {
		return Article{Clause: id, Title: title, Plain: plain, Uncomputed: why}
	}
	desk := Words{
		"这是服务时限，由值班台的工单计时，不影响温度判定与账单。",
		"A deadline of service: tickets keep it at the desk. It changes no tile and no bill.",
	}
	record := Words{
		"这是应当记录和公开的事项，不是可由数据算出的结论。",
		"Something to be recorded and published, not a conclusion that follows from data.",
	}
	return []Article{
		duty("A5.2", Words{"账单核对", "Checking a bill"}, Words{
			"用热人可要求核对账单。", "A resident may ask for a bill to be checked.",
		}, record),
		duty("A6.1", Words{"免费测温", "Free sampling"}, Words{
			"供热人定期并应要求免费入户测温。", "The supplier samples room temperatures free of charge, at regular times and on request.",
		}, desk),
		duty("A6.3", Words{"隐患告知", "Notice of hazards"}, Words{
			"发现隐患或违规的，三日内书面告知。", "A hazard or violation at the resident's is notified in writing within 3 days.",
		}, desk),
		duty("A6.5", Words{"注水试压公告", "Filling and pressure tests"}, Words{
			"注水、试压提前七日公告。", "Filling and pressure tests are announced 7 days ahead.",
		}, desk),
		duty("A6.6", Words{"报修响应", "Reply to reports"}, Words{
			"采暖季内报修一小时内答复，低温报修六小时内告知处理情况；两个时限互不影响，恰满时限仍为按时。",
			"In the season a report gets a reply within 1 hour and, if of low temperature, word of what was done within 6. The clocks are independent; exactly on time is in time.",
		}, desk),
		duty("A6.7", Words{"公开与通知", "Publication"}, Words{
			"电话、价格、办事程序、停供与恢复应公开。", "Numbers, prices, procedures, stoppages and restorations are published.",
		}, record),
		duty("A6.8", Words{"信息更新", "Keeping it current"}, Words{
			"公开的信息应及时更新。", "What is published is kept current.",
		}, record),
		duty("A7.1", Words{"用热人责任", "The resident's side"}, Words{
			"欠费、擅自改动、拒绝入户由用热人负责，同样记录。", "Unpaid fees, tampering and refused access are the resident's; they are recorded with the same care.",
		}, record),
		duty("A9.1", Words{"变更结清", "Moving out"}, Words{
			"产权人或承租人变更时结清至当日。", "When an owner or tenant leaves, the account is settled to that day.",
		}, record),
		duty("A11", Words{"争议解决", "Disputes"}, Words{
			"先协商，再调解，后按合同约定仲裁。", "Negotiation, then mediation, then the arbitration commission named in the contract.",
		}, record),
		duty("A12", Words{"通知送达", "Notices"}, Words{
			"通知送至合同地址；被退回的，退回之日视为送达。", "Notices go to the contract's address; a returned one counts as delivered on the day it came back.",
		}, record),
	}
}
