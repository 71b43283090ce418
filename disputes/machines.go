package disputes

// The kinds of matters.
const (
	StoppageMatter     MatterKind = "stoppage"
	ExemptionMatter    MatterKind = "exemption"
	ConfirmationMatter MatterKind = "confirmation"
	DisputeMatter      MatterKind = "dispute"
	SamplingMatter     MatterKind = "sampling"
)

// The events of matters, beside those of tickets.
const (
	Announced   EventKind = "announce"
	Rescheduled EventKind = "reschedule"
	Ended       EventKind = "end"
	RecordGiven EventKind = "record"

	Claimed   EventKind = "claim"
	Proof     EventKind = "prove"
	Contested EventKind = "contest"
	Upheld    EventKind = "uphold"
	Rejected  EventKind = "reject"
	Withdrawn EventKind = "withdraw"

	ResidentConfirms EventKind = "confirm_resident"
	SupplierConfirms EventKind = "confirm_supplier"
	OutcomeConfirms  EventKind = "confirm_outcome"

	DisputeOpened EventKind = "open"
	Said          EventKind = "say"
	Offered       EventKind = "offer"
	Accepted      EventKind = "accept"
	Escalated     EventKind = "escalate"
	Settled       EventKind = "settle"

	Requested EventKind = "request"
	Appointed EventKind = "appoint"
	Sampled   EventKind = "sample"
	Declined  EventKind = "decline"
)

// The states of matters, beside those of tickets.
const (
	StateAnnounced State = "announced"
	StateEnded     State = "ended"
	StateRecorded  State = "recorded"

	StateClaimed   State = "claimed"
	StateProved    State = "proved"
	StateContested State = "contested"
	StateUpheld    State = "upheld"
	StateRejected  State = "rejected"
	StateWithdrawn State = "withdrawn"

	StateByResident State = "confirmed_by_resident"
	StateBySupplier State = "confirmed_by_supplier"
	StateConfirmed  State = "confirmed"

	StateNegotiation State = "negotiation"
	StateMediation   State = "mediation"
	StateArbitration State = "arbitration"
	StateSettled     State = "settled"

	StateRequested State = "requested"
	StateAppointed State = "appointed"
	StateSampled   State = "sampled"
	StateDeclined  State = "declined"
)

// Who does what to matters. An admin acts for the supplier, and decides nothing between it and a resident.
func suppliers() []Role { return []Role{Dispatcher, Admin} }
func residents() []Role { return []Role{Resident} }
func parties() []Role   { return []Role{Resident, Dispatcher, Admin} }
func deciders() []Role  { return []Role{Mediator} }

// outcomes are the deciders and the monitor, which carries out what a dispute came to.
func outcomes() []Role { return append(deciders(), Monitor) }

// Machines are the tables of all kinds of matters, in order. TRANSITIONS.md shows them.
func Machines() []Machine {
	return []Machine{
		stoppageMachine(),
		exemptionMachine(),
		confirmationMachine(),
		disputeMachine(),
		samplingMachine(),
		noticeMachine(),
		testRequestMachine(),
		testMachine(),
		billCheckMachine(),
		suspensionMachine(),
	}
}

// stoppageMachine is planned safety maintenance (A7.2.2⑤, A6.8). Its record proves it, and may be contested (I10).
func stoppageMachine() Machine {
	return Machine{StoppageMatter, "计划检修停热", "a planned stoppage", []Row{
		{None, Announced, StateAnnounced, suppliers(), true, "公告停热", "it is announced"},
		{StateAnnounced, Rescheduled, StateAnnounced, suppliers(), true, "重新公告时间", "it is announced anew for another time"},
		{StateAnnounced, CancelledIt, Cancelled, suppliers(), true, "取消停热", "it will not take place"},
		{StateAnnounced, Ended, StateEnded, suppliers(), false, "恢复供热", "heat is back"},
		{StateEnded, RecordGiven, StateRecorded, suppliers(), true, "提交检修记录", "its record is given"},
		{StateRecorded, RecordGiven, StateRecorded, suppliers(), true, "补充检修记录", "its record is added to"},
		{StateRecorded, Contested, StateContested, residents(), true, "用热人提出异议", "a resident contests it"},
		{StateRecorded, Upheld, StateUpheld, outcomes(), true, "认定成立", "it is upheld"},
		{StateRecorded, Rejected, StateRejected, outcomes(), true, "认定不成立", "its record is rejected"},
		{StateContested, RecordGiven, StateContested, suppliers(), true, "补充检修记录", "its record is added to"},
		{StateContested, Upheld, StateUpheld, outcomes(), true, "认定成立", "it is upheld"},
		{StateContested, Rejected, StateRejected, outcomes(), true, "认定不成立", "its record is rejected"},
		{StateUpheld, Rejected, StateRejected, outcomes(), true, "改判不成立", "its record is rejected after all"},
		{StateRejected, Upheld, StateUpheld, outcomes(), true, "改判成立", "it is upheld after all"},
	}}
}

// exemptionMachine is the supplier's claim that A7.2.2①, ② or ③ applies. A claim exempts nothing, a proof does; that it caused the cold
// is presumed until a decision (I10).
func exemptionMachine() Machine {
	return Machine{ExemptionMatter, "免责主张", "an exemption that is claimed", []Row{
		{None, Claimed, StateClaimed, suppliers(), true, "主张免责", "it is claimed"},
		{StateClaimed, Proof, StateProved, suppliers(), true, "提交证明", "it is proved"},
		{StateClaimed, Withdrawn, StateWithdrawn, suppliers(), true, "撤回主张", "the claim is withdrawn"},
		{StateProved, Proof, StateProved, suppliers(), true, "补充证明", "the proof is added to"},
		{StateProved, Contested, StateContested, residents(), true, "用热人提出异议", "a resident contests it"},
		{StateProved, Upheld, StateUpheld, outcomes(), true, "认定成立", "it is upheld"},
		{StateProved, Rejected, StateRejected, outcomes(), true, "认定不成立", "it is rejected"},
		{StateProved, Withdrawn, StateWithdrawn, suppliers(), true, "撤回主张", "the claim is withdrawn"},
		{StateContested, Proof, StateContested, suppliers(), true, "补充证明", "the proof is added to"},
		{StateContested, Upheld, StateUpheld, outcomes(), true, "认定成立", "it is upheld"},
		{StateContested, Rejected, StateRejected, outcomes(), true, "认定不成立", "it is rejected"},
		{StateContested, Withdrawn, StateWithdrawn, suppliers(), true, "撤回主张", "the claim is withdrawn"},
		{StateUpheld, Rejected, StateRejected, outcomes(), true, "改判不成立", "it is rejected after all"},
		{StateUpheld, Withdrawn, StateWithdrawn, suppliers(), true, "撤回主张", "the claim is withdrawn"},
		{StateRejected, Upheld, StateUpheld, outcomes(), true, "改判成立", "it is upheld after all"},
	}}
}

// confirmationMachine is an interval of cold that the sides confirm (A7.2.2). Only what both confirm confirms anything, and that
// stands, even against a test.
func confirmationMachine() Machine {
	rows := []Row{
		{None, OutcomeConfirms, StateConfirmed, []Role{Monitor}, false, "争议结果确认", "the outcome of a dispute confirms it"},
	}
	for _, from := range []State{None, StateContested, StateWithdrawn} {
		rows = append(rows,
			Row{from, ResidentConfirms, StateByResident, residents(), false, "用热人确认", "the resident confirms it"},
			Row{from, SupplierConfirms, StateBySupplier, suppliers(), false, "供热人确认", "the supplier confirms it"})
		if from == None {
			rows = append(rows, Row{from, Contested, StateContested, parties(), true, "提出异议", "a side contests it"})
		} else {
			rows = append(rows, Row{from, OutcomeConfirms, StateConfirmed, []Role{Monitor}, false, "争议结果确认", "the outcome of a dispute confirms it"})
		}
	}
	rows = append(rows,
		Row{StateByResident, SupplierConfirms, StateConfirmed, suppliers(), false, "双方确认", "now both confirm it"},
		Row{StateByResident, Contested, StateContested, suppliers(), true, "供热人提出异议", "the supplier contests it"},
		Row{StateByResident, Withdrawn, StateWithdrawn, residents(), false, "用热人撤回", "the resident takes it back"},
		Row{StateByResident, OutcomeConfirms, StateConfirmed, []Role{Monitor}, false, "争议结果确认", "the outcome of a dispute confirms it"},
		Row{StateBySupplier, ResidentConfirms, StateConfirmed, residents(), false, "双方确认", "now both confirm it"},
		Row{StateBySupplier, Contested, StateContested, residents(), true, "用热人提出异议", "the resident contests it"},
		Row{StateBySupplier, Withdrawn, StateWithdrawn, suppliers(), false, "供热人撤回", "the supplier takes it back"},
		Row{StateBySupplier, OutcomeConfirms, StateConfirmed, []Role{Monitor}, false, "争议结果确认", "the outcome of a dispute confirms it"},
	)
	return Machine{ConfirmationMatter, "双方确认", "an interval that the sides confirm", rows}
}

// disputeMachine is A11: negotiation, mediation, arbitration, or their outcome. Whose turn it is to accept an offer, and who may
// withdraw, is in Dispute.
func disputeMachine() Machine {
	rows := []Row{{None, DisputeOpened, StateNegotiation, parties(), true, "提出争议", "a side opens it"}}
	for _, s := range []State{StateNegotiation, StateMediation, StateArbitration} {
		who := parties()
		if s != StateNegotiation {
			who = append(who, Mediator)
		}
		rows = append(rows, Row{s, Said, s, who, true, "陈述", "somebody states something"})
		switch s {
		case StateNegotiation:
			rows = append(rows,
				Row{s, Offered, s, parties(), true, "提出和解方案", "a side offers a settlement"},
				Row{s, Accepted, StateSettled, parties(), false, "接受和解方案", "the other side accepts it"},
				Row{s, Escalated, StateMediation, parties(), true, "申请调解", "it goes to mediation"})
		case StateMediation:
			rows = append(rows,
				Row{s, Settled, StateSettled, deciders(), true, "调解达成协议", "mediation has settled it"},
				Row{s, Escalated, StateArbitration, parties(), true, "申请仲裁", "it goes to the arbitration commission"})
		case StateArbitration:
			rows = append(rows, Row{s, Settled, StateSettled, deciders(), true, "仲裁裁决", "the award has settled it"})
		}
		rows = append(rows, Row{s, Withdrawn, StateWithdrawn, parties(), true, "撤回争议", "the side that opened it withdraws it"})
	}
	return Machine{DisputeMatter, "争议", "a dispute", rows}
}

// samplingMachine is a free sampling of room temperatures on request (A6.1). What it finds is shown and proves nothing.
func samplingMachine() Machine {
	return Machine{SamplingMatter, "免费抽测", "a free sampling of temperatures", []Row{
		{None, Requested, StateRequested, parties(), false, "申请抽测", "it is requested"},
		{StateRequested, Appointed, StateAppointed, suppliers(), false, "预约上门", "a visit is appointed"},
		{StateRequested, Declined, StateDeclined, suppliers(), true, "不予抽测", "it is declined"},
		{StateRequested, CancelledIt, Cancelled, residents(), false, "用热人取消", "the resident cancels it"},
		{StateAppointed, Appointed, StateAppointed, suppliers(), false, "改约", "another time is appointed"},
		{StateAppointed, Sampled, StateSampled, suppliers(), false, "记录测温结果", "what was measured is recorded"},
		{StateAppointed, Declined, StateDeclined, suppliers(), true, "不予抽测", "it is declined"},
		{StateAppointed, CancelledIt, Cancelled, residents(), false, "用热人取消", "the resident cancels it"},
	}}
}
