package disputes

import (
	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/sensors"
)

// The kinds of matters of third-party tests.
const (
	TestRequestMatter MatterKind = "test_request"
	TestMatter        MatterKind = "test"
)

// The events of tests and of requests for them, beside those of other matters.
const (
	JointProposed EventKind = "propose_joint"
	JointAgreed   EventKind = "agree"
	Submitted     EventKind = "submit"
	Relinquished  EventKind = "relinquish"
)

// The states of tests and of requests for them, beside those of other matters.
const (
	StateProposed  State = "proposed"
	StateAccepted  State = "accepted"
	StateSubmitted State = "submitted"
)

// TestRequest is the body of a request for a test of one room. Who commissions follows from who asks: a resident for the resident's side,
// the supplier for the supplier's; a joint one is proposed by one side and agreed to by the other.
type TestRequest struct {
	Household   string          `json:"household"`
	Room        string          `json:"room"`
	Institution string          `json:"institution"`
	Side        compliance.Side `json:"commissioned_by"`
	ProposedBy  Role            `json:"proposed_by,omitempty"` // of a joint one
	Test        string          `json:"test,omitempty"`        // that came of it
}

// Test is the body of a test. What it decides is judged, and not in it.
type Test struct {
	Household   string          `json:"household"`
	Room        string          `json:"room"`
	Institution string          `json:"institution"`
	Accredited  bool            `json:"accredited"` // on the local day of From, by the register when it was handed in
	Side        compliance.Side `json:"commissioned_by"`
	Request     string          `json:"request,omitempty"`
	From        sensors.Instant `json:"from_ns"`
	To          sensors.Instant `json:"to_ns"`
	Celsius     float64         `json:"celsius"`
	Record      string          `json:"record"` // SHA-256 of the record as it is kept
	Report      string          `json:"report"` // SHA-256 of the signed PDF
	Instrument  string          `json:"instrument"`
	Certificate string          `json:"certificate"`
}

// Fact is the test as the judge takes it.
func (t *Test) Fact(id string) compliance.Test {
	return compliance.Test{
		ID: id, Institution: t.Institution, Accredited: t.Accredited, CommissionedBy: t.Side, Room: t.Room,
		Start: t.From, End: t.To, Celsius: t.Celsius,
	}
}

func testers() []Role { return []Role{Tester} }

// uploaders hand tests in: the tester, or the supplier's people for a tester who sent paper.
func uploaders() []Role { return []Role{Tester, Dispatcher, Admin} }

// testRequestMachine is the request for a test of one room (A7.2.2): whom a tester may measure for, and for which side.
func testRequestMachine() Machine {
	return Machine{TestRequestMatter, "委托检测", "a request for a test", []Row{
		{None, Requested, StateRequested, parties(), false, "委托检测机构", "an institution is asked"},
		{None, JointProposed, StateProposed, parties(), false, "提议双方共同委托", "one side proposes to ask jointly"},
		{StateProposed, JointAgreed, StateRequested, parties(), false, "对方同意共同委托", "the other side agrees"},
		{StateProposed, CancelledIt, Cancelled, parties(), true, "撤回提议", "the proposal is taken back"},
		{StateRequested, Accepted, StateAccepted, testers(), false, "检测机构受理", "the institution accepts"},
		{StateRequested, Declined, StateDeclined, testers(), true, "检测机构不予受理", "the institution declines"},
		{StateRequested, CancelledIt, Cancelled, parties(), true, "取消委托", "it is cancelled"},
		{StateRequested, Submitted, StateSubmitted, suppliers(), false, "代交检测结果", "the supplier hands in what came on paper"},
		{StateAccepted, Submitted, StateSubmitted, uploaders(), false, "提交检测结果", "the test is handed in"},
		{StateAccepted, Declined, StateDeclined, testers(), true, "检测机构退出", "the institution cannot do it after all"},
		{StateAccepted, CancelledIt, Cancelled, parties(), true, "取消委托", "it is cancelled"},
		{StateSubmitted, Relinquished, StateAccepted, testers(), true, "检测结果撤回", "the test is withdrawn"},
	}}
}

// testMachine is a test that was handed in. It counts from then on, unless the institution withdraws it or a decision sets it aside.
func testMachine() Machine {
	return Machine{TestMatter, "第三方检测", "a third-party test", []Row{
		{None, Submitted, StateSubmitted, uploaders(), false, "提交检测结果", "it is handed in"},
		{StateSubmitted, Withdrawn, StateWithdrawn, testers(), true, "检测机构撤回", "the institution withdraws it"},
		{StateSubmitted, Contested, StateContested, parties(), true, "一方提出异议", "a side contests it"},
		{StateSubmitted, Upheld, StateUpheld, outcomes(), true, "认定有效", "it is upheld"},
		{StateSubmitted, Rejected, StateRejected, outcomes(), true, "认定无效", "it is rejected and counts no longer"},
		{StateContested, Upheld, StateUpheld, outcomes(), true, "认定有效", "it is upheld"},
		{StateContested, Rejected, StateRejected, outcomes(), true, "认定无效", "it is rejected and counts no longer"},
		{StateUpheld, Rejected, StateRejected, outcomes(), true, "改判无效", "it is rejected after all"},
		{StateRejected, Upheld, StateUpheld, outcomes(), true, "改判有效", "it is upheld after all"},
	}}
}
