package disputes

import "slices"

// Transition is one row of the table: what an event does to a ticket in a state, and who may cause it.
type Transition struct {
	From  State
	Event EventKind
	To    State
	Who   []Role
	// NeedsText is whether the event must say something.
	NeedsText bool
	// Answers is the clock that the event answers; empty for none.
	Answers Duty
	ZH, EN  string
}

// Duty names a clock.
type Duty string

// The two clocks of A6.6, and the supplier's own.
const (
	ReplyDuty  Duty = "reply"
	UpdateDuty Duty = "update"
	// TargetDuty is the supplier's own aim for a finding. Whatever the supplier does about one answers it.
	TargetDuty Duty = "target"
)

// Transitions is the whole table, in order. What is not in it cannot happen. A supplier cannot cancel a resident's report: it
// would end what is owed from the report on (section 6). What the monitor records of clocks leaves the state as it is.
func Transitions() []Transition {
	supplier := []Role{Dispatcher, Admin}
	either := []Role{Resident, Dispatcher, Admin}
	monitor := []Role{Monitor}
	return []Transition{
		{None, Filed, Open, []Role{Resident, Dispatcher, Admin, Monitor}, false, "", "报修或报告", "a report, or what the monitor found"},

		{Open, Replied, Open, supplier, true, ReplyDuty, "答复用热人", "the resident is replied to"},
		{Open, Updated, Open, supplier, true, UpdateDuty, "告知处理情况", "the resident is told what was done"},
		{Open, Assigned, Open, supplier, false, "", "派单", "it is given to a crew or person"},
		{Open, Appointed, Open, supplier, false, "", "预约上门时间", "the resident is told when somebody comes"},
		{Open, Visited, Open, supplier, true, "", "上门结果", "what the visit found"},
		{Open, Attached, Open, either, false, "", "附件", "a file is added"},
		{Open, Joined, Open, []Role{Dispatcher, Admin, Monitor}, false, "", "并入群体事件", "it becomes part of an incident"},
		{Open, Left, Open, supplier, false, "", "移出群体事件", "it is taken out of an incident"},
		{Open, ResolvedIt, Resolved, supplier, true, "", "处理完毕", "the work is done"},
		{Open, CancelledIt, Cancelled, []Role{Resident}, true, "", "用热人撤回", "the resident withdraws it"},
		{Open, Cleared, Resolved, monitor, false, "", "监测已恢复", "the monitor finds it warm again"},
		{Open, BreachReply, Open, monitor, false, "", "一小时内未答复", "not replied to within the hour"},
		{Open, BreachUpdate, Open, monitor, false, "", "六小时内未告知处理情况", "not told within six hours what was done"},
		{Open, WarnReply, Open, monitor, false, "", "答复时限将到", "soon not replied to in time"},
		{Open, WarnUpdate, Open, monitor, false, "", "告知时限将到", "soon not told in time what was done"},
		{Open, Escalated, Open, monitor, false, "", "逾期上报", "overdue: told to the next in line"},
		{Open, WarnTarget, Open, monitor, false, "", "内部时限将到", "the internal target is near"},
		{Open, MissTarget, Open, monitor, false, "", "超过内部时限", "the internal target is missed"},

		{Resolved, Replied, Resolved, supplier, true, ReplyDuty, "处理完毕后答复", "replied to after the work"},
		{Resolved, Updated, Resolved, supplier, true, UpdateDuty, "处理完毕后告知处理情况", "told after the work what was done"},
		{Resolved, Attached, Resolved, either, false, "", "处理完毕后附件", "a file is added after the work"},
		{Resolved, Reopened, Open, either, true, "", "问题仍在，重新打开", "the trouble is still there"},
		{Resolved, BreachReply, Resolved, monitor, false, "", "一小时内未答复", "not replied to within the hour"},
		{Resolved, BreachUpdate, Resolved, monitor, false, "", "六小时内未告知处理情况", "not told within six hours what was done"},
		{Resolved, WarnReply, Resolved, monitor, false, "", "答复时限将到", "soon not replied to in time"},
		{Resolved, WarnUpdate, Resolved, monitor, false, "", "告知时限将到", "soon not told in time what was done"},
		{Resolved, Escalated, Resolved, monitor, false, "", "逾期上报", "overdue: told to the next in line"},

		{Cancelled, Replied, Cancelled, supplier, true, ReplyDuty, "撤回后答复", "replied to after it was withdrawn"},
		{Cancelled, Updated, Cancelled, supplier, true, UpdateDuty, "撤回后告知处理情况", "told after it was withdrawn what was done"},
		{Cancelled, Attached, Cancelled, supplier, false, "", "撤回后附件", "a file is added after it was withdrawn"},
		{Cancelled, BreachReply, Cancelled, monitor, false, "", "一小时内未答复", "not replied to within the hour"},
		{Cancelled, BreachUpdate, Cancelled, monitor, false, "", "六小时内未告知处理情况", "not told within six hours what was done"},
		{Cancelled, WarnReply, Cancelled, monitor, false, "", "答复时限将到", "soon not replied to in time"},
		{Cancelled, WarnUpdate, Cancelled, monitor, false, "", "告知时限将到", "soon not told in time what was done"},
		{Cancelled, Escalated, Cancelled, monitor, false, "", "逾期上报", "overdue: told to the next in line"},
	}
}

// transition is the row for an event in a state.
func transition(from State, event EventKind) (Transition, bool) {
	for _, row := range Transitions() {
		if row.From == from && row.Event == event {
			return row, true
		}
	}
	return Transition{}, false
}

// KindRule is what follows from a ticket's kind.
type KindRule struct {
	Kind      Kind
	Files     []Role // who may file one
	Reply     bool   // the reply clock runs, in season
	Update    bool   // the update clock runs, in season
	Emergency bool
	ZH, EN    string
}

// Kinds is what follows from each kind of ticket, in order.
func Kinds() []KindRule {
	people := []Role{Resident, Dispatcher, Admin}
	return []KindRule{
		{LowTemperature, people, true, true, false, "温度不达标", "too cold"},
		{NoHeat, people, true, true, false, "不热", "no heat"},
		{Leak, people, true, false, true, "漏水", "a leak"},
		{Other, people, true, false, false, "其他报修", "another report"},
		{Finding, []Role{Monitor}, false, false, false, "监测发现", "found by the monitor"},
	}
}

// rule is the rule of a kind, or false for one that is not known.
func (k Kind) rule() (KindRule, bool) {
	for _, r := range Kinds() {
		if r.Kind == k {
			return r, true
		}
	}
	return KindRule{}, false
}

// Cold reports whether a ticket of this kind is a report of cold (section 6, I11).
func (k Kind) Cold() bool { return k == LowTemperature || k == NoHeat }

func mayAct(who []Role, role Role) bool { return slices.Contains(who, role) }
