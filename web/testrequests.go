package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// testRequests is who asks an institution to test which room (A7.2.2). For whom a test speaks follows from who asked.
type testRequests struct{ testPart }

const requestsPath = "/api/v1/tests/requests"

// testRequestAccess is who may ask for tests, and answer.
func testRequestAccess() []access {
	tester := []disputes.Role{disputes.Tester}
	return []access{
		{method: http.MethodPost, pattern: requestsPath, who: bothSides, maxBody: form},
		{method: http.MethodGet, pattern: requestsPath, who: testReader},
		{method: http.MethodGet, pattern: requestsPath + "/:id", who: testReader},
		{method: http.MethodPost, pattern: requestsPath + "/:id/agree", who: bothSides, maxBody: form},
		{method: http.MethodPost, pattern: requestsPath + "/:id/cancel", who: bothSides, maxBody: form},
		{method: http.MethodPost, pattern: requestsPath + "/:id/accept", who: tester, maxBody: form},
		{method: http.MethodPost, pattern: requestsPath + "/:id/decline", who: tester, maxBody: form},
	}
}

func (h *testRequests) register(api huma.API) {
	const tag = "tests"
	create := operationOf(tag, "request-test", http.MethodPost, requestsPath, "Ask an institution to test a room",
		"A resident asks for the resident's side, the supplier for the supplier's. A joint test is proposed by one side and agreed to by the other.")
	create.DefaultStatus = http.StatusCreated
	huma.Register(api, create, h.create)
	huma.Register(api, operationOf(tag, "list-test-requests", http.MethodGet, requestsPath, "List requests, the last first",
		"A tester sees those of their institution, a resident those of their homes."), h.list)
	huma.Register(api, operationOf(tag, "get-test-request", http.MethodGet, requestsPath+"/{id}", "One request with its timeline", ""), h.get)
	for _, verb := range []matterVerb{
		{"agree", disputes.JointAgreed, "Agree to commission it jointly", "By the side that did not propose it."},
		{"cancel", disputes.CancelledIt, "Cancel it", "By the side that asked."},
		{"accept", disputes.Accepted, "Accept it, as the institution", "From then on its testers hand in tests of this room."},
		{"decline", disputes.Declined, "Decline it, as the institution", ""},
	} {
		huma.Register(api, operationOf(tag, verb.path+"-test-request", http.MethodPost, requestsPath+"/{id}/"+verb.path, verb.summary, verb.description), h.does(verb.event))
	}
}

// requestOutput is one request.
type requestOutput struct {
	Location string `header:"Location"`
	Body     matterView[requestView]
}

func (h *testRequests) answer(ctx context.Context, doing string, m disputes.Matter, events []disputes.MatterEvent, err error) (*requestOutput, error) {
	out := &requestOutput{Location: requestsPath + "/" + m.ID}
	if err == nil {
		out.Body, err = showMatter(&h.matters, m, events, aboutRequest)
	}
	if err != nil {
		return nil, h.problem(ctx, doing, err)
	}
	return out, nil
}

// sideOf is the side that a role speaks for.
func sideOf(role disputes.Role) compliance.Side {
	if role == disputes.Resident {
		return compliance.Resident
	}
	return compliance.Supplier
}

func (h *testRequests) create(ctx context.Context, in *requestForm) (*requestOutput, error) {
	const doing = "asking for a test"
	b := &in.Body
	if !callerOf(ctx).token.coversHome(b.Household, h.homes) {
		return nil, newProblem(http.StatusForbidden, "the token is not for this household")
	}
	if err := h.known(ctx, b.Household, b.Room, b.Institution); err != nil {
		return nil, h.problem(ctx, doing, err)
	}
	actor := actorOf(ctx)
	body := disputes.TestRequest{Household: b.Household, Room: b.Room, Institution: b.Institution, Side: sideOf(actor.Role)}
	event := disputes.Requested
	if b.Joint {
		event, body.Side, body.ProposedBy = disputes.JointProposed, compliance.Joint, actor.Role
	}
	o := opened{
		Opening: disputes.Opening{Kind: disputes.TestRequestMatter, Place: disputes.Home(b.Household), Event: event, Text: b.Text, Body: body},
		prefix:  "Q", key: in.Key,
		also: func(m disputes.Matter) (ledger.MatterWrite, error) {
			return ledger.MatterWrite{Papers: []ledger.TestPaper{{
				Kind: m.Kind, Matter: m.ID, Household: b.Household, Room: b.Room, Institution: b.Institution, Opened: m.Opened,
			}}}, nil
		},
	}
	m, events, err := h.open(ctx, o)
	return h.answer(ctx, doing, m, events, err)
}

// known is a problem that names every one of household, room and institution that is not registered.
func (h *testRequests) known(ctx context.Context, household, room, institution string) error {
	var wrong []*huma.ErrorDetail
	home, ok := h.homes.Home(household)
	switch {
	case !ok:
		wrong = append(wrong, &huma.ErrorDetail{Location: "body.household", Message: "is not registered", Value: household})
	case !hasRoom(home, room):
		wrong = append(wrong, &huma.ErrorDetail{Location: "body.room", Message: "is not a room of the household", Value: room})
	}
	if _, err := h.tests.Institution(ctx, institution); errors.Is(err, ledger.ErrNotFound) {
		wrong = append(wrong, &huma.ErrorDetail{Location: "body.institution", Message: "is not in the register", Value: institution})
	} else if err != nil {
		return err
	}
	if len(wrong) > 0 {
		return newProblem(http.StatusUnprocessableEntity, "validation failed", wrong...)
	}
	return nil
}

func hasRoom(home Home, room string) bool {
	return slices.ContainsFunc(home.Rooms, func(r sensors.Room) bool { return r.Room == room })
}

func (h *testRequests) get(ctx context.Context, in *matterInput) (*requestOutput, error) {
	m, events, _, err := h.find(ctx, disputes.TestRequestMatter, in.ID)
	return h.answer(ctx, "reading a request", m, events, err)
}

func (h *testRequests) list(ctx context.Context, in *testListing) (*matterList[requestView], error) {
	f, p := h.filter(ctx, ledger.TestFilter{
		Kind: disputes.TestRequestMatter, Household: in.Household, Institution: in.Institution, After: in.Cursor, Limit: in.Limit,
	})
	if p != nil {
		return nil, p
	}
	found, next, err := h.tests.Tests(ctx, f)
	if err == nil {
		found, err = h.seen(ctx, found)
	}
	if err != nil {
		return nil, h.problem(ctx, "listing requests", cursorProblem(err))
	}
	ids := make([]string, len(found))
	for i := range found {
		ids[i] = found[i].ID
	}
	timelines, err := h.ledger.MatterTimelines(ctx, disputes.TestRequestMatter, ids)
	if err != nil {
		return nil, h.problem(ctx, "listing requests", err)
	}
	out := &matterList[requestView]{}
	out.Body.Items, out.Body.Next = []matterView[requestView]{}, next
	for i := range found {
		v, err := showMatter(&h.matters, found[i].Matter, timelines[found[i].ID], aboutRequest)
		if err != nil {
			return nil, h.problem(ctx, "listing requests", err)
		}
		out.Body.Items = append(out.Body.Items, v)
	}
	return out, nil
}

// does is the handler of an event of a request.
func (h *testRequests) does(event disputes.EventKind) func(context.Context, *moveInput) (*requestOutput, error) {
	return func(ctx context.Context, in *moveInput) (*requestOutput, error) {
		m, events, err := h.change(ctx, disputes.TestRequestMatter, in.ID,
			func(m disputes.Matter, _ *ledger.TestPaper, now sensors.Instant) (ledger.MatterWrite, error) {
				c := in.move(event)
				c.Actor = actorOf(ctx)
				if err := mayMoveRequest(m, c); err != nil {
					return ledger.MatterWrite{}, err
				}
				return advance(m, c, now)
			})
		return h.answer(ctx, "changing a request", m, events, err)
	}
}

// mayMoveRequest holds to whose turn it is: the other side agrees to what one proposed, and who asked cancels. A test that both
// commissioned is cancelled by either.
func mayMoveRequest(m disputes.Matter, c disputes.Move) error {
	b, err := disputes.Body[disputes.TestRequest](json.RawMessage(m.Body))
	if err != nil {
		return err
	}
	side := sideOf(c.Actor.Role)
	switch {
	case c.Event == disputes.JointAgreed && side == sideOf(b.ProposedBy):
		return newProblem(http.StatusForbidden, "the other side agrees to what this side proposed")
	case c.Event == disputes.CancelledIt && b.Side != compliance.Joint && side != b.Side:
		return newProblem(http.StatusForbidden, "the side that asked cancels it")
	}
	return nil
}
