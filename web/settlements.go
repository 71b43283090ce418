package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/nuanju/nuanju/billing"
	"github.com/nuanju/nuanju/billing/settlement"
	"github.com/nuanju/nuanju/billing/sheet"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// Settler settles winters; *settlement.Settler is one.
type Settler interface {
	Run(ctx context.Context, q settlement.Request) (settlement.Result, error)
}

// settlements is what makes statements of a winter (A4.1).
type settlements struct {
	statements
	settler Settler
}

func settlementAccess() []access {
	return []access{
		{method: http.MethodPost, pattern: "/api/v1/settlements", who: billMaker, maxBody: form},
		{method: http.MethodGet, pattern: "/api/v1/settlements/:id", who: billDesk},
		{method: http.MethodGet, pattern: "/api/v1/settlements/:id/transfers", who: billMaker},
	}
}

func (h *settlements) register(api huma.API) {
	const base, tag = "/api/v1/settlements", "bills"
	huma.Register(api, huma.Operation{
		OperationID: "settle", Method: http.MethodPost, Path: base, Tags: []string{tag}, DefaultStatus: http.StatusCreated,
		Summary: "Settle a winter, or go on with settling it", Errors: errorsOf(http.StatusConflict),
		Description: "Each home whose bill is not what its statements come to gets a statement: the first in full, later ones the differences. One that was " +
			"stopped, also because the client left, is gone on with by the same request, at its own moment; no home gets two statements of it. " +
			"With dry_run nothing is written. 409 when another settles the same at the same time.",
	}, h.settle)
	huma.Register(api, huma.Operation{
		OperationID: "get-settlement", Method: http.MethodGet, Path: base + "/{id}", Tags: []string{tag},
		Summary: "How far a settlement has come", Errors: errorsOf(http.StatusNotFound),
	}, h.get)
	huma.Register(api, huma.Operation{
		OperationID: "settlement-transfers", Method: http.MethodGet, Path: base + "/{id}/transfers", Tags: []string{tag},
		Summary: "What it gives back by bank transfer, as CSV", Errors: errorsOf(http.StatusNotFound, http.StatusConflict),
		Description: "409 while a home that is to get money back by transfer has no bank account noted.",
		Responses:   map[string]*huma.Response{"200": tableResponse()},
	}, h.transfers)
}

// settleInput says what is to be settled.
type settleInput struct {
	Key  string `header:"Idempotency-Key" maxLength:"255" doc:"Chosen by the client: the same sent again under it is done once."`
	Body struct {
		Winter     int      `json:"winter" minimum:"1950" maximum:"2200" doc:"The year in which the winter begins."`
		Households []string `json:"households,omitempty" maxItems:"1000" doc:"Only these; all if absent."`
		AsOf       string   `json:"as_of,omitempty" format:"date-time" doc:"What was known by then is settled; now if absent."`
		MoveOut    bool     `json:"move_out,omitempty" doc:"Settle one home's account to the moment, because its owner or tenant leaves (A9.1)."`
		DryRun     bool     `json:"dry_run,omitempty" doc:"Write nothing."`
	}
}

// Resolve finds everything that is wrong with it, beside what its schema says.
func (in *settleInput) Resolve(huma.Context) (errs []error) {
	wrong := func(where, message string) {
		errs = append(errs, &huma.ErrorDetail{Location: "body." + where, Message: message})
	}
	for _, id := range in.Body.Households {
		if err := sensors.CheckID(id); err != nil {
			wrong("households", err.Error())
		}
	}
	if in.Body.MoveOut && len(in.Body.Households) != 1 {
		wrong("move_out", "settles one household")
	}
	if in.Body.AsOf != "" {
		if _, ok := parseTime(in.Body.AsOf); !ok {
			wrong("as_of", "is not a time such as 2016-04-01T00:00:00+08:00")
		}
	}
	return errs
}

var _ huma.Resolver = (*settleInput)(nil)

// settlementView is a settlement.
type settlementView struct {
	ID        string     `json:"id,omitempty" doc:"Absent after a dry run."`
	Winter    int        `json:"winter"`
	Kind      string     `json:"kind" enum:"season,move_out"`
	AsOf      time.Time  `json:"as_of"`
	StartedBy string     `json:"started_by,omitempty"`
	Done      int        `json:"households_done"`
	Made      int        `json:"statements_made"`
	Finished  *time.Time `json:"finished_at,omitempty"`
}

func (h *settlements) show(s ledger.Settlement) settlementView {
	return settlementView{
		s.ID, s.Winter, string(s.Kind), s.AsOf.Time().In(h.zone), s.StartedBy, s.Done, s.Made, timeOf(s.Finished, h.zone),
	}
}

// changeView is how a home's balance changes.
type changeView struct {
	Household string      `json:"household"`
	Before    billing.Fen `json:"before_fen"`
	After     billing.Fen `json:"after_fen"`
}

// failureView is why a home was not billed.
type failureView struct {
	Household string `json:"household"`
	Why       string `json:"why"`
}

// settleOutput is what settling came to.
type settleOutput struct {
	Status   int
	Location string `header:"Location"`
	Body     struct {
		Settlement settlementView `json:"settlement"`
		DryRun     bool           `json:"dry_run"`
		Resumed    bool           `json:"resumed" doc:"Whether it went on with one that was stopped."`
		Households int            `json:"households" doc:"That were looked at now."`
		Totals     struct {
			Made      int         `json:"statements"`
			Unchanged int         `json:"unchanged"`
			Payable   billing.Fen `json:"payable_fen"`
			Prepaid   billing.Fen `json:"prepaid_fen"`
			Remedy    billing.Fen `json:"remedy_value_fen"`
			Back      billing.Fen `json:"given_back_fen" doc:"Or carried over."`
			Owed      billing.Fen `json:"owed_fen"`
		} `json:"totals"`
		Largest  []changeView    `json:"largest_changes" nullable:"false"`
		Failed   int             `json:"failed" doc:"Homes that could not be billed."`
		Failures []failureView   `json:"failures" nullable:"false" doc:"The first of them."`
		Drafts   []statementView `json:"drafts,omitempty" doc:"After a dry run of few homes, what would be written."`
	}
}

func (h *settlements) settle(ctx context.Context, in *settleInput) (*settleOutput, error) {
	if p := wholeTown(ctx); p != nil {
		return nil, p
	}
	if h.settler == nil {
		return nil, newProblem(http.StatusServiceUnavailable, "this server does not settle; use nuanju settle")
	}
	b := &in.Body
	actor := actorOf(ctx)
	q := settlement.Request{
		ID: newID("R", in.Key, actor), Winter: b.Winter, Households: b.Households, MoveOut: b.MoveOut, DryRun: b.DryRun, By: actor.ID,
	}
	if b.AsOf != "" {
		q.AsOf, _ = parseTime(b.AsOf) // Resolve has read it
	}
	var details []*huma.ErrorDetail
	if q.AsOf > h.clock.now() {
		details = append(details, &huma.ErrorDetail{Location: "body.as_of", Message: "is in the future"})
	}
	for _, id := range b.Households {
		if _, ok := h.homes.Home(id); !ok {
			details = append(details, &huma.ErrorDetail{Location: "body.households", Message: "is not registered", Value: id})
		}
	}
	if details != nil {
		return nil, newProblem(http.StatusUnprocessableEntity, "validation failed", details...)
	}
	if in.Key != "" && !b.DryRun {
		done, err := h.ledger.SettlementByID(ctx, q.ID)
		switch {
		case err == nil && (done.Winter != b.Winter || (done.Kind == billing.MoveOut) != b.MoveOut):
			return nil, newProblem(http.StatusUnprocessableEntity, "the Idempotency-Key was used for something else")
		case err == nil && done.Finished != 0:
			return h.answer(settlement.Result{Settlement: done}, false), nil
		case err != nil && !errors.Is(err, ledger.ErrNotFound):
			return nil, h.problem(ctx, "looking a settlement up", err)
		}
	}
	r, err := h.settler.Run(ctx, q)
	if err != nil {
		return nil, h.problem(ctx, "settling", err)
	}
	return h.answer(r, b.DryRun), nil
}

func (h *settlements) answer(r settlement.Result, dry bool) *settleOutput {
	out := &settleOutput{Status: http.StatusCreated, Location: "/api/v1/settlements/" + r.Settlement.ID}
	if dry {
		out.Status, out.Location = http.StatusOK, ""
	}
	b := &out.Body
	b.Settlement, b.DryRun, b.Resumed, b.Households, b.Failed = h.show(r.Settlement), dry, r.Resumed, r.Households, r.Failed
	t := r.Totals
	b.Totals.Made, b.Totals.Unchanged, b.Totals.Payable, b.Totals.Prepaid = t.Made, t.Unchanged, t.Payable, t.Prepaid
	b.Totals.Remedy, b.Totals.Back, b.Totals.Owed = t.Remedy, t.Back, t.Owed
	b.Largest, b.Failures = []changeView{}, []failureView{}
	for _, c := range r.Largest {
		b.Largest = append(b.Largest, changeView(c))
	}
	for _, f := range r.Failures {
		b.Failures = append(b.Failures, failureView{f.Household, f.Err.Error()})
	}
	for i := range r.Statements {
		b.Drafts = append(b.Drafts, showStatement(&r.Statements[i], h.zoneOf(r.Statements[i].Household)))
	}
	return out
}

// settlementInput names a settlement.
type settlementInput struct {
	ID string `path:"id"`
}

// settlementOutput is a settlement.
type settlementOutput struct{ Body settlementView }

// find is a settlement that the caller may see.
func (h *settlements) find(ctx context.Context, id string) (ledger.Settlement, error) {
	if p := wholeTown(ctx); p != nil {
		return ledger.Settlement{}, p
	}
	if sensors.CheckID(id) != nil {
		return ledger.Settlement{}, ledger.ErrNotFound
	}
	return h.ledger.SettlementByID(ctx, id)
}

func (h *settlements) get(ctx context.Context, in *settlementInput) (*settlementOutput, error) {
	s, err := h.find(ctx, in.ID)
	if err != nil {
		return nil, h.problem(ctx, "reading a settlement", err)
	}
	return &settlementOutput{h.show(s)}, nil
}

// transfers is the bank transfer file, whole: it is held until all of it is known to be good.
func (h *settlements) transfers(ctx context.Context, in *settlementInput) (*huma.StreamResponse, error) {
	if _, err := h.find(ctx, in.ID); err != nil {
		return nil, h.problem(ctx, "reading a settlement", err)
	}
	var all []ledger.Payout
	var missing []*huma.ErrorDetail
	for after := ""; ; {
		some, err := h.ledger.Payouts(ctx, in.ID, ledger.Transfer, after, exportedAtOnce)
		if err != nil {
			return nil, h.problem(ctx, "listing transfers", err)
		}
		for _, p := range some {
			after = p.Household
			if p.Holder == "" || p.BankNo == "" {
				missing = append(missing, &huma.ErrorDetail{Location: "household " + p.Household, Message: sheet.ErrNoBank.Error()})
			}
		}
		if all = append(all, some...); len(some) < exportedAtOnce {
			break
		}
	}
	if missing != nil {
		return nil, newProblem(http.StatusConflict, "some homes that are to get money back have no bank account noted", missing[:min(len(missing), 100)]...)
	}
	return &huma.StreamResponse{Body: func(c huma.Context) {
		table, err := openTable(c, "transfers", "csv")
		if err == nil {
			err = sheet.Transfers(table)
		}
		for i := 0; i < len(all) && err == nil; i++ {
			err = sheet.TransferTo(table, all[i])
		}
		if err == nil {
			err = table.Close()
		}
		h.broken(ctx, err)
	}}, nil
}
