package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/nuanju/nuanju/compliance/checker"
	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/disputes/measured"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// Tests keeps third-party tests and the register of institutions; see the methods of ledger.Ledger.
type Tests interface {
	Tests(ctx context.Context, f ledger.TestFilter) ([]ledger.KeptTest, string, error)
	TestPaper(ctx context.Context, kind disputes.MatterKind, id string) (ledger.TestPaper, error)
	TestFindingsOf(ctx context.Context, household string) ([]ledger.TestFinding, error)
	SensorsOff(ctx context.Context, before sensors.Instant, beforeTest string, limit int) ([]ledger.TestFinding, error)

	PutInstitution(ctx context.Context, i measured.Institution, version int64, by disputes.Actor, now sensors.Instant) (ledger.KeptInstitution, error)
	Institution(ctx context.Context, id string) (ledger.KeptInstitution, error)
	InstitutionHistory(ctx context.Context, id string) ([]ledger.KeptInstitution, error)
	Institutions(ctx context.Context, after string, limit int) ([]ledger.KeptInstitution, error)
}

// Answers judges questions from the facts that ticks judge and writes nothing; see checker.Checker.
type Answers func(ctx context.Context, questions []checker.Question, visit func(i int, a checker.Answer, err error) error) error

// testPart is what the parts for third-party tests have in common: who may see and act on a test or the request for one.
type testPart struct {
	matters
	tests   Tests
	files   Files
	answers Answers
}

func newTestPart(o Options, f failing) testPart {
	return testPart{newMatters(o, f), o.Ledger, o.Files, o.Answers}
}

// testReader may look at tests: a tester at those of their institution, a resident at those of their homes.
var testReader = []disputes.Role{
	disputes.Resident, disputes.Dispatcher, disputes.Tester, disputes.Mediator, disputes.Auditor, disputes.Admin,
}

// concerns reports whether a token's holder may see what a paper is of. A tester sees what their institution was asked for, and
// nothing else of the home.
func (h *testPart) concerns(t *token, p *ledger.TestPaper) bool {
	if t.Role == disputes.Tester {
		return t.Scope.Institution != "" && t.Scope.Institution == p.Institution
	}
	return t.coversHome(p.Household, h.homes)
}

// find is a test, or a request for one, that the caller may see, with its paper. One that they may not is not found.
func (h *testPart) find(ctx context.Context, kind disputes.MatterKind, id string) (m disputes.Matter, events []disputes.MatterEvent, p ledger.TestPaper, err error) {
	if sensors.CheckID(id) != nil {
		return m, nil, p, ledger.ErrNotFound
	}
	if p, err = h.tests.TestPaper(ctx, kind, id); err != nil {
		return m, nil, p, err
	}
	if !h.concerns(callerOf(ctx).token, &p) {
		return m, nil, p, ledger.ErrNotFound
	}
	if m, events, err = h.ledger.Matter(ctx, kind, id); err != nil {
		return m, nil, p, err
	}
	ok, err := callerOf(ctx).token.seesMatter(m, h.homes)
	if err == nil && !ok {
		err = ledger.ErrNotFound
	}
	return m, events, p, err
}

// change reads a test, or a request for one, does something to it and writes it; again when it changed meanwhile.
func (h *testPart) change(ctx context.Context, kind disputes.MatterKind, id string,
	move func(m disputes.Matter, p *ledger.TestPaper, now sensors.Instant) (ledger.MatterWrite, error),
) (disputes.Matter, []disputes.MatterEvent, error) {
	for range maxAttempts {
		m, events, p, err := h.find(ctx, kind, id)
		if err != nil {
			return m, nil, err
		}
		now := h.clock.now()
		w, err := move(m, &p, now)
		if err != nil {
			return m, nil, err
		}
		err = h.ledger.SaveMatters(ctx, w, now)
		if errors.Is(err, ledger.ErrConflict) {
			continue
		}
		return w.Changes[0].After, append(events, w.Changes[0].Events...), err
	}
	return disputes.Matter{}, nil, disputes.Stale(kind, "others are changing it")
}

// seen is those of some tests, or of requests for them, that the caller may see.
func (h *testPart) seen(ctx context.Context, all []ledger.KeptTest) (out []ledger.KeptTest, _ error) {
	for i := range all {
		ok, err := callerOf(ctx).token.seesMatter(all[i].Matter, h.homes)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, all[i])
		}
	}
	return out, nil
}

// filter is the tests of a list that the caller may see.
func (h *testPart) filter(ctx context.Context, f ledger.TestFilter) (ledger.TestFilter, *problem) {
	t := callerOf(ctx).token
	if t.Role == disputes.Tester {
		if t.Scope.Institution == "" {
			return f, newProblem(http.StatusForbidden, "the tester belongs to no institution")
		}
		if f.Institution != "" && f.Institution != t.Scope.Institution {
			return f, newProblem(http.StatusForbidden, "a tester sees the tests of their own institution")
		}
		f.Institution = t.Scope.Institution
		return f, nil
	}
	var p *problem
	f.Household, p = scopedTo(ctx, f.Household, h.homes)
	return f, p
}

// testListing chooses tests or requests.
type testListing struct {
	Household   string `query:"household" maxLength:"128" doc:"Only those of this household."`
	Institution string `query:"institution" maxLength:"128" doc:"Only those of this institution."`
	Cursor      string `query:"cursor" doc:"Where the list before this one ended: its next."`
	Limit       int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many at most."`
}

// requestForm asks for a test.
type requestForm struct {
	Key  string `header:"Idempotency-Key" maxLength:"255" doc:"Chosen by the client: the same sent again under it is done once."`
	Body struct {
		Household   string `json:"household" maxLength:"128"`
		Room        string `json:"room" maxLength:"128"`
		Institution string `json:"institution" maxLength:"128" doc:"One of the register."`
		Joint       bool   `json:"joint,omitempty" doc:"Whether both sides are to commission it: the other side has to agree."`
		Text        string `json:"text,omitempty" doc:"At most 8192 bytes."`
	}
}

// Resolve finds what is wrong beside what the schema says.
func (in *requestForm) Resolve(huma.Context) []error {
	b := &in.Body
	var errs []error
	for _, f := range [][2]string{{"household", b.Household}, {"room", b.Room}, {"institution", b.Institution}} {
		if err := sensors.CheckID(f[1]); err != nil {
			errs = append(errs, &disputes.FieldError{Field: f[0], Reason: err.Error()})
		}
	}
	return details(nil, append(errs, disputes.CheckText("text", b.Text, false))...)
}

// Request is a request for a test as the API shows it.
type requestView struct {
	Household   string `json:"household"`
	Room        string `json:"room"`
	Institution string `json:"institution"`
	Side        string `json:"commissioned_by"`
	ProposedBy  string `json:"proposed_by,omitempty"`
	Test        string `json:"test,omitempty" doc:"That came of it."`
}

func aboutRequest(m disputes.Matter, _ *time.Location) (requestView, error) {
	b, err := bodyOf[disputes.TestRequest](m)
	return requestView{b.Household, b.Room, b.Institution, string(b.Side), string(b.ProposedBy), b.Test}, err
}
