package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// Commissions tells which contract holds for a household; see the method of ledger.Ledger.
type Commissions interface {
	ContractAt(ctx context.Context, household string, at sensors.Instant) (ledger.KeptContract, error)
}

// hearings is disputes between the two sides and what they come to (A11).
type hearings struct {
	matters
	contracts Commissions
}

// hearingAccess is who may open disputes and act on them.
func hearingAccess() []access {
	const one = "/api/v1/disputes/:id"
	return []access{
		{method: http.MethodPost, pattern: "/api/v1/disputes", who: bothSides, maxBody: form},
		{method: http.MethodGet, pattern: "/api/v1/disputes", who: matterReader},
		{method: http.MethodGet, pattern: one, who: matterReader},
		{method: http.MethodPost, pattern: one + "/say", who: disputants, maxBody: form},
		{method: http.MethodPost, pattern: one + "/offer", who: bothSides, maxBody: form},
		{method: http.MethodPost, pattern: one + "/accept", who: bothSides, maxBody: form},
		{method: http.MethodPost, pattern: one + "/escalate", who: bothSides, maxBody: form},
		{method: http.MethodPost, pattern: one + "/settle", who: deciding, maxBody: form},
		{method: http.MethodPost, pattern: one + "/withdraw", who: bothSides, maxBody: form},
	}
}

func (h *hearings) register(api huma.API) {
	const base, tag = "/api/v1/disputes", "disputes"
	huma.Register(api, operationOf(tag, "open-dispute", http.MethodPost, base, "Open a dispute", "It begins in negotiation (A11)."), h.start)
	huma.Register(api, operationOf(tag, "list-disputes", http.MethodGet, base, "List disputes, those opened last first", ""), h.list)
	huma.Register(api, operationOf(tag, "get-dispute", http.MethodGet, base+"/{id}", "One dispute with its timeline", ""), h.get)
	huma.Register(api, operationOf(tag, "offer-settlement", http.MethodPost, base+"/{id}/offer", "Offer the other side a settlement",
		"In negotiation. The last offer is the one that may be accepted."), h.outcome(disputes.Offered))
	huma.Register(api, operationOf(tag, "accept-settlement", http.MethodPost, base+"/{id}/accept", "Accept what the other side offered",
		"Its outcome is carried out at once. Give the version that was seen, so that no later offer is accepted unread."), h.accept)
	huma.Register(api, operationOf(tag, "settle-dispute", http.MethodPost, base+"/{id}/settle", "Record what mediation or the award came to",
		"By a mediator: an admin acts for one of the sides. Its outcome is carried out at once."), h.outcome(disputes.Settled))
	huma.Register(api, operationOf(tag, "escalate-dispute", http.MethodPost, base+"/{id}/escalate", "Go from negotiation to mediation, or from there to arbitration",
		"Arbitration is before the commission that the contract names; where no contract is entered, the one that is given."), h.escalate)
	for _, verb := range []matterVerb{
		{"say", disputes.Said, "State something", ""},
		{"withdraw", disputes.Withdrawn, "Withdraw it, as the side that opened it", ""},
	} {
		huma.Register(api, operationOf(tag, verb.path+"-dispute", http.MethodPost, base+"/{id}/"+verb.path, verb.summary, verb.description), h.does(verb.event))
	}
}

// subjectView is what a dispute is about.
type subjectView struct {
	Kind string `json:"kind" enum:"episode,exemption,outage,outdoor_day,test,statement,ticket,other"`
	ID   string `json:"id,omitempty" maxLength:"800" doc:"Of that; of an outdoor day its date. Absent for other."`
}

// disputeView is what is known of a dispute.
type disputeView struct {
	About      subjectView       `json:"about"`
	By         string            `json:"by" enum:"resident,supplier" doc:"The side that opened it."`
	Open       bool              `json:"open" doc:"Whether it is neither settled nor withdrawn."`
	Commission string            `json:"commission,omitempty" doc:"The arbitration commission before which it is."`
	Offer      *disputes.Offer   `json:"offer,omitempty" doc:"The last one, in negotiation."`
	Outcome    *disputes.Outcome `json:"outcome,omitempty" doc:"What it came to, once settled."`
}

func aboutDispute(m disputes.Matter, _ *time.Location) (disputeView, error) {
	d, err := bodyOf[disputes.Dispute](m)
	open := m.State != disputes.StateSettled && m.State != disputes.StateWithdrawn
	return disputeView{subjectView{d.About.Kind, d.About.ID}, string(d.By), open, d.Commission, d.Offer, d.Outcome}, err
}

// disputeInput opens a dispute.
type disputeInput struct {
	Key  string `header:"Idempotency-Key" maxLength:"255" doc:"Chosen by the client: the same sent again under it is done once."`
	Body struct {
		Household string      `json:"household"`
		About     subjectView `json:"about"`
		Text      string      `json:"text" doc:"What is claimed; at most 8192 bytes."`
	}
}

func (in *disputeInput) opening(actor disputes.Actor) (disputes.Opening, error) {
	b := &in.Body
	return disputes.OpenDispute(disputes.Opening{Place: disputes.Home(b.Household), Text: b.Text, Actor: actor}, disputes.Subject(b.About))
}

// Resolve finds everything that is wrong with it, beside what its schema says.
func (in *disputeInput) Resolve(ctx huma.Context) []error {
	o, err := in.opening(actorOf(ctx.Context()))
	return openingDetails(o, disputes.Resident, map[string]string{"place": "household"}, err)
}

// disputeOutput is one dispute.
type disputeOutput struct {
	Location string `header:"Location"`
	Body     matterView[disputeView]
}

func (h *hearings) answer(ctx context.Context, doing string, m disputes.Matter, events []disputes.MatterEvent, err error) (*disputeOutput, error) {
	out := &disputeOutput{Location: "/api/v1/disputes/" + m.ID}
	if err == nil {
		out.Body, err = showMatter(&h.matters, m, events, aboutDispute)
	}
	if err != nil {
		return nil, h.problem(ctx, doing, err)
	}
	return out, nil
}

func (h *hearings) start(ctx context.Context, in *disputeInput) (*disputeOutput, error) {
	o, _ := in.opening(actorOf(ctx))
	m, events, err := h.open(ctx, opened{Opening: o, prefix: "D", key: in.Key})
	return h.answer(ctx, "opening a dispute", m, events, err)
}

// moved does a move to a dispute and carries out what it comes to.
func (h *hearings) moved(ctx context.Context, id string, c disputes.DisputeMove) (*disputeOutput, error) {
	c.Actor = actorOf(ctx)
	m, events, err := h.change(ctx, disputes.DisputeMatter, id,
		func(m disputes.Matter, _ []disputes.MatterEvent, now sensors.Instant) (ledger.MatterWrite, error) {
			after, events, outcome, err := disputes.AdvanceDispute(m, c, now)
			if err != nil {
				return ledger.MatterWrite{}, err
			}
			w := ledger.MatterWrite{Changes: []ledger.MatterChange{{Before: m, After: after, Events: events}}}
			if outcome != nil {
				err = h.carryOut(ctx, &w, after, *outcome, c.Event == disputes.Accepted, now)
			}
			return w, err
		})
	return h.answer(ctx, "changing a dispute", m, events, err)
}

func (h *hearings) does(event disputes.EventKind) func(context.Context, *moveInput) (*disputeOutput, error) {
	return func(ctx context.Context, in *moveInput) (*disputeOutput, error) {
		return h.moved(ctx, in.ID, disputes.DisputeMove{Move: in.move(event)})
	}
}

// acceptInput accepts an offer.
type acceptInput struct {
	ID   string `path:"id"`
	Body struct {
		Text    string `json:"text,omitempty" doc:"At most 8192 bytes."`
		Version int64  `json:"version" minimum:"1" doc:"The version that was seen; on another one nothing is done."`
	}
}

func (h *hearings) accept(ctx context.Context, in *acceptInput) (*disputeOutput, error) {
	return h.moved(ctx, in.ID, disputes.DisputeMove{Move: disputes.Move{Event: disputes.Accepted, Text: in.Body.Text, Version: in.Body.Version}})
}

// escalateInput takes a dispute on.
type escalateInput struct {
	ID   string `path:"id"`
	Body struct {
		Text       string `json:"text" doc:"Why; at most 8192 bytes."`
		Commission string `json:"commission,omitempty" maxLength:"200" doc:"The arbitration commission, where no contract is entered that names it."`
		Version    int64  `json:"version,omitempty" minimum:"1" doc:"The version that was seen; on another one nothing is done."`
	}
}

func (h *hearings) escalate(ctx context.Context, in *escalateInput) (*disputeOutput, error) {
	c := disputes.DisputeMove{
		Move: disputes.Move{Event: disputes.Escalated, Text: in.Body.Text, Version: in.Body.Version}, Commission: in.Body.Commission,
	}
	m, _, err := h.find(ctx, disputes.DisputeMatter, in.ID)
	if err != nil {
		return nil, h.problem(ctx, "reading a dispute", err)
	}
	contract, err := h.contracts.ContractAt(ctx, m.Place.ID, h.clock.now())
	switch {
	case err == nil && contract.Commission != "":
		c.Commission = contract.Commission
	case err != nil && !errors.Is(err, ledger.ErrNotFound):
		return nil, h.problem(ctx, "reading a contract", err)
	}
	return h.moved(ctx, in.ID, c)
}

func (h *hearings) get(ctx context.Context, in *matterInput) (*disputeOutput, error) {
	m, events, err := h.find(ctx, disputes.DisputeMatter, in.ID)
	return h.answer(ctx, "reading a dispute", m, events, err)
}

// disputesInput chooses disputes.
type disputesInput struct {
	Listing
	State string `query:"state" enum:"open,negotiation,mediation,arbitration,settled,withdrawn" doc:"Only those in this state; open is the first three."`
}

func (h *hearings) list(ctx context.Context, in *disputesInput) (*matterList[disputeView], error) {
	f := in.filter(disputes.DisputeMatter, in.State)
	if in.State == "open" {
		f.States = disputes.DisputeOpen()
	}
	return listMatters(ctx, &h.matters, f, in.Household, aboutDispute)
}
