package web

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// exemptions is what the supplier claims under A7.2.2①–③, and its proofs.
type exemptions struct{ matters }

// exemptionAccess is who may claim exemptions and act on them.
func exemptionAccess() []access {
	const one = "/api/v1/exemptions/:id"
	return []access{
		{method: http.MethodPost, pattern: "/api/v1/exemptions", who: dispatch, maxBody: form},
		{method: http.MethodGet, pattern: "/api/v1/exemptions", who: matterReader},
		{method: http.MethodGet, pattern: one, who: matterReader},
		{method: http.MethodPost, pattern: one + "/proofs", who: dispatch, maxBody: form},
		{method: http.MethodPost, pattern: one + "/withdraw", who: dispatch, maxBody: form},
		{method: http.MethodPost, pattern: one + "/contest", who: onlyResident, maxBody: form},
		{method: http.MethodPost, pattern: one + "/uphold", who: deciding, maxBody: form},
		{method: http.MethodPost, pattern: one + "/reject", who: deciding, maxBody: form},
	}
}

func (h *exemptions) register(api huma.API) {
	const base, tag = "/api/v1/exemptions", "exemptions"
	huma.Register(api, operationOf(tag, "claim-exemption", http.MethodPost, base, "Claim an exemption",
		"Of A7.2.2.1, .2 or .3. A claim without proof exempts nothing; it is shown as claimed."), h.claim)
	huma.Register(api, operationOf(tag, "list-exemptions", http.MethodGet, base, "List exemptions, those claimed last first",
		"Those in the state claimed await their proof."), h.list)
	huma.Register(api, operationOf(tag, "get-exemption", http.MethodGet, base+"/{id}", "One exemption with its timeline", ""), h.get)
	huma.Register(api, operationOf(tag, "prove-exemption", http.MethodPost, base+"/{id}/proofs", "Give proof of it", "From then on it exempts."), h.prove)
	for _, verb := range []matterVerb{
		{"withdraw", disputes.Withdrawn, "Withdraw the claim", "It exempts nothing any more."},
		{"contest", disputes.Contested, "Contest it, as a resident whom it concerns", "It still exempts until it is decided (I10)."},
		{"uphold", disputes.Upheld, "Decide that it holds", ""},
		{"reject", disputes.Rejected, "Decide that it does not hold", "It exempts nothing any more and stays as a claim."},
	} {
		huma.Register(api, operationOf(tag, verb.path+"-exemption", http.MethodPost, base+"/{id}/"+verb.path, verb.summary, verb.description), h.does(verb.event))
	}
}

// exemptionView is what is known of an exemption.
type exemptionView struct {
	Clause      string    `json:"clause"`
	Start       time.Time `json:"start"`
	End         time.Time `json:"end"`
	Proof       string    `json:"proof,omitempty" doc:"The first line of its first proof; the timeline has all."`
	Attachments []string  `json:"attachments" nullable:"false"`
	Exempts     bool      `json:"exempts" doc:"Whether it exempts as it now stands: proved, and not rejected or withdrawn."`
}

func aboutExemption(m disputes.Matter, zone *time.Location) (exemptionView, error) {
	x, err := bodyOf[disputes.Exemption](m)
	if err != nil {
		return exemptionView{}, err
	}
	f, err := disputes.ExemptionFact(m)
	return exemptionView{
		string(x.Clause), x.Start.In(zone), x.End.In(zone), x.Proof, append([]string{}, x.Attachments...), f != nil && f.Proof != "",
	}, err
}

// claimInput is a claim.
type claimInput struct {
	Key  string `header:"Idempotency-Key" maxLength:"255" doc:"Chosen by the client: the same sent again under it is done once."`
	Body struct {
		Clause string    `json:"clause" enum:"A7.2.2.1,A7.2.2.2,A7.2.2.3" doc:"Which exemption. The cold of A7.2.2.4 is measured, the stoppages of A7.2.2.5 are announced."`
		Place  placeView `json:"place" doc:"Whom it concerns."`
		Start  string    `json:"start" format:"date-time"`
		End    string    `json:"end" format:"date-time" doc:"Not included; at most 200 days after start."`
		Text   string    `json:"text" doc:"What happened; at most 8192 bytes."`
	}
}

func (in *claimInput) opening() (disputes.Opening, []error) {
	b := &in.Body
	start, end, errs := parseInterval(b.Start, b.End)
	clause := compliance.Clause(b.Clause)
	if !disputes.Claimable(clause) {
		clause = compliance.A7221 // the schema has complained
	}
	o, err := disputes.ClaimExemption(disputes.Opening{Place: b.Place.place(), Text: b.Text}, clause, start, end)
	return o, append(errs, err)
}

// Resolve finds everything that is wrong with it, beside what its schema says.
func (in *claimInput) Resolve(huma.Context) []error {
	o, errs := in.opening()
	return openingDetails(o, disputes.Dispatcher, nil, errs...)
}

// exemptionOutput is one exemption.
type exemptionOutput struct {
	Location string `header:"Location"`
	Body     matterView[exemptionView]
}

func (h *exemptions) answer(ctx context.Context, doing string, m disputes.Matter, events []disputes.MatterEvent, err error) (*exemptionOutput, error) {
	out := &exemptionOutput{Location: "/api/v1/exemptions/" + m.ID}
	if err == nil {
		out.Body, err = showMatter(&h.matters, m, events, aboutExemption)
	}
	if err != nil {
		return nil, h.problem(ctx, doing, err)
	}
	return out, nil
}

func (h *exemptions) claim(ctx context.Context, in *claimInput) (*exemptionOutput, error) {
	o, _ := in.opening()
	m, events, err := h.open(ctx, opened{Opening: o, prefix: "X", key: in.Key, also: func(m disputes.Matter) (ledger.MatterWrite, error) {
		if err := h.rejectedBefore(ctx, m); err != nil {
			return ledger.MatterWrite{}, err
		}
		return exemptionFacts(m)
	}})
	return h.answer(ctx, "claiming an exemption", m, events, err)
}

// exemptionFacts is what the judge takes of an exemption as it now is.
func exemptionFacts(m disputes.Matter) (ledger.MatterWrite, error) {
	f, err := disputes.ExemptionFact(m)
	if f == nil {
		return ledger.MatterWrite{Retractions: []ledger.FactID{{Kind: "exemption", ID: m.ID}}}, err
	}
	return ledger.MatterWrite{Declarations: []ledger.Declaration{{Place: m.Place, Exemption: f}}}, err
}

func (h *exemptions) moved(ctx context.Context, id string, c disputes.ExemptionMove) (*exemptionOutput, error) {
	c.Actor = actorOf(ctx)
	m, events, err := h.change(ctx, disputes.ExemptionMatter, id,
		func(m disputes.Matter, _ []disputes.MatterEvent, now sensors.Instant) (ledger.MatterWrite, error) {
			return changeExemption(m, c, now)
		})
	return h.answer(ctx, "changing an exemption", m, events, err)
}

// changeExemption is what is written when something is done to an exemption.
func changeExemption(m disputes.Matter, c disputes.ExemptionMove, now sensors.Instant) (ledger.MatterWrite, error) {
	after, events, err := disputes.AdvanceExemption(m, c, now)
	if err != nil {
		return ledger.MatterWrite{}, err
	}
	w, err := exemptionFacts(after)
	w.Changes = []ledger.MatterChange{{Before: m, After: after, Events: events}}
	return w, err
}

func (h *exemptions) does(event disputes.EventKind) func(context.Context, *moveInput) (*exemptionOutput, error) {
	return func(ctx context.Context, in *moveInput) (*exemptionOutput, error) {
		return h.moved(ctx, in.ID, disputes.ExemptionMove{Move: in.move(event)})
	}
}

func (h *exemptions) prove(ctx context.Context, in *proofInput) (*exemptionOutput, error) {
	if err := h.attached(in.Body.Attachments); err != nil {
		return nil, h.problem(ctx, "looking for a proof's files", err)
	}
	m, _, err := h.find(ctx, disputes.ExemptionMatter, in.ID)
	if err == nil && m.State == disputes.StateClaimed {
		err = h.rejectedBefore(ctx, m)
	}
	if err != nil {
		return nil, h.problem(ctx, "looking for a rejected exemption", err)
	}
	return h.moved(ctx, in.ID, disputes.ExemptionMove{Move: in.move(disputes.Proof), Attachments: in.Body.Attachments})
}

func (h *exemptions) get(ctx context.Context, in *matterInput) (*exemptionOutput, error) {
	m, events, err := h.find(ctx, disputes.ExemptionMatter, in.ID)
	return h.answer(ctx, "reading an exemption", m, events, err)
}

// exemptionsInput chooses exemptions.
type exemptionsInput struct {
	Listing
	State string `query:"state" enum:"claimed,proved,contested,upheld,rejected,withdrawn" doc:"Only those in this state; claimed ones await their proof."`
}

func (h *exemptions) list(ctx context.Context, in *exemptionsInput) (*matterList[exemptionView], error) {
	return listMatters(ctx, &h.matters, in.filter(disputes.ExemptionMatter, in.State), in.Household, aboutExemption)
}
