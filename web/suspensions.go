package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"github.com/nuanju/nuanju/billing/payment"
	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// suspensions is applications to suspend heating for a winter, or to resume it (A8).
type suspensions struct {
	matters
	bills Bills
	rules func(policy string) ([]payment.Rules, error)
}

// papersReader is who sees the papers of an application: nobody else has to do with somebody's deed and identity card.
var papersReader = []disputes.Role{disputes.Resident, disputes.Billing, disputes.Auditor, disputes.Admin}

func suspensionAccess() []access {
	const one = "/api/v1/suspensions/:id"
	return []access{
		{method: http.MethodGet, pattern: "/api/v1/households/:id/suspension-rules", who: billReader},
		{method: http.MethodPost, pattern: "/api/v1/suspensions", who: billParty, maxBody: form},
		{method: http.MethodGet, pattern: "/api/v1/suspensions", who: papersReader},
		{method: http.MethodGet, pattern: one, who: papersReader},
		{method: http.MethodPost, pattern: one + "/approve", who: billMaker, maxBody: form},
		{method: http.MethodPost, pattern: one + "/refuse", who: billMaker, maxBody: form},
		{method: http.MethodPost, pattern: one + "/withdraw", who: onlyResident, maxBody: form},
		{method: http.MethodGet, pattern: one + "/proofs/:digest", who: papersReader},
	}
}

func (h *suspensions) register(api huma.API) {
	const base, tag = "/api/v1/suspensions", "suspensions"
	huma.Register(api, operationOf(tag, "suspension-rules", http.MethodGet, "/api/v1/households/{id}/suspension-rules",
		"By when and how a home applies to suspend or resume heating, and with which papers", ""), h.told)
	huma.Register(api, operationOf(tag, "apply-suspension", http.MethodPost, base, "Apply to suspend heating for a winter, or to resume it (A8)",
		"By the day that the household's pack names, with the papers that the way of applying asks for; each was uploaded before with POST /api/v1/proofs. "+
			"409 while another application for the winter is open, or when heating is that way already."), h.apply)
	huma.Register(api, operationOf(tag, "list-suspensions", http.MethodGet, base, "List applications, the last first", ""), h.list)
	huma.Register(api, operationOf(tag, "get-suspension", http.MethodGet, base+"/{id}", "One application with its timeline", ""), h.get)
	huma.Register(api, operationOf(tag, "approve-suspension", http.MethodPost, base+"/{id}/approve", "Approve it",
		"In the same transaction it is noted that heating is suspended in the winter, or no longer is; the bill follows when the winter is settled."), h.does(disputes.Approved))
	huma.Register(api, operationOf(tag, "refuse-suspension", http.MethodPost, base+"/{id}/refuse", "Refuse it, with the reason", ""), h.does(disputes.Refused))
	huma.Register(api, operationOf(tag, "withdraw-suspension", http.MethodPost, base+"/{id}/withdraw", "Take it back, as the resident", ""), h.does(disputes.Withdrawn))
}

// paperView is a paper of an application.
type paperView struct {
	What       string `json:"what" minLength:"1" maxLength:"200" doc:"As the pack calls it, in either language."`
	Attachment string `json:"attachment" doc:"The digest of the file."`
}

// suspensionView is what is known of an application.
type suspensionView struct {
	Household string      `json:"household"`
	Kind      string      `json:"kind"`
	Season    int         `json:"season" doc:"The year in which its winter begins."`
	Way       string      `json:"way,omitempty"`
	Delegate  bool        `json:"delegate"`
	ApplyBy   string      `json:"apply_by,omitempty" doc:"The last day to apply, as the pack named it then."`
	Source    string      `json:"source,omitempty"`
	Documents []paperView `json:"documents" nullable:"false"`
}

func aboutSuspension(m disputes.Matter, _ *time.Location) (suspensionView, error) {
	s, err := bodyOf[disputes.Suspension](m)
	v := suspensionView{m.Place.ID, string(s.Wish), s.Winter, s.Way, s.Delegate, s.By, s.Source, []paperView{}}
	for _, d := range s.Documents {
		v.Documents = append(v.Documents, paperView(d))
	}
	return v, err
}

// suspensionInput is an application.
type suspensionInput struct {
	Key  string `header:"Idempotency-Key" maxLength:"255" doc:"Chosen by the client: the same sent again under it is done once."`
	Body struct {
		Household string      `json:"household"`
		Kind      string      `json:"kind" enum:"suspend,resume"`
		Season    int         `json:"season" minimum:"1950" maximum:"2200" doc:"The year in which its winter begins."`
		Way       string      `json:"way,omitempty" maxLength:"200" doc:"One of the pack's ways to apply; may be left out where there is one or none."`
		Delegate  bool        `json:"delegate,omitempty" doc:"Somebody applies in the owner's stead."`
		Documents []paperView `json:"documents,omitempty" maxItems:"20"`
		Text      string      `json:"text,omitempty" doc:"At most 8192 bytes."`
	}
}

func (in *suspensionInput) opening(r *payment.Rules, needed [][]string, way string) (disputes.Opening, error) {
	b := &in.Body
	s := disputes.Suspension{Wish: disputes.SuspensionWish(b.Kind), Winter: b.Season, Way: way, Delegate: b.Delegate}
	for _, d := range b.Documents {
		s.Documents = append(s.Documents, disputes.Document(d))
	}
	if r != nil {
		s.Source = r.Source
		if r.Suspension.By != 0 {
			s.By = r.Suspension.By.String()
		}
	}
	return disputes.ApplySuspension(disputes.Opening{Place: disputes.Home(b.Household), Text: b.Text}, s, needed)
}

// Resolve finds everything that is wrong with it, beside what its schema and the pack say.
func (in *suspensionInput) Resolve(huma.Context) []error {
	o, err := in.opening(nil, nil, "")
	return openingDetails(o, disputes.Resident, map[string]string{"place": "household"}, err)
}

// suspensionOutput is one application.
type suspensionOutput struct {
	Location string `header:"Location"`
	Body     matterView[suspensionView]
}

func (h *suspensions) answer(ctx context.Context, doing string, m disputes.Matter, events []disputes.MatterEvent, err error) (*suspensionOutput, error) {
	out := &suspensionOutput{Location: "/api/v1/suspensions/" + m.ID}
	if err == nil {
		out.Body, err = showMatter(&h.matters, m, events, aboutSuspension)
	}
	if err != nil {
		return nil, h.problem(ctx, doing, err)
	}
	return out, nil
}

func (h *suspensions) apply(ctx context.Context, in *suspensionInput) (*suspensionOutput, error) {
	const doing = "applying to suspend or resume heating"
	b := &in.Body
	if err := h.placed(ctx, disputes.Home(b.Household)); err != nil {
		return nil, h.problem(ctx, doing, err)
	}
	home, ok := h.homes.Home(b.Household)
	if !ok {
		return nil, newProblem(http.StatusForbidden, "the token is not for this household")
	}
	r, err := h.rulesOf(&home, b.Season)
	if err != nil {
		return nil, h.problem(ctx, doing, err)
	}
	way, needed, wrongWay := in.wayOf(r)
	o, wrong := in.opening(r, needed, way)
	papers, err := h.uploaded(b.Documents)
	if err != nil {
		return nil, h.problem(ctx, doing, err)
	}
	o.ID = newID("A", in.Key, actorOf(ctx), b.Household, strconv.Itoa(b.Season), b.Kind)
	_, _, err = h.ledger.Matter(ctx, disputes.SuspensionMatter, o.ID)
	sentAgain := err == nil
	if err != nil && !errors.Is(err, ledger.ErrNotFound) {
		return nil, h.problem(ctx, doing, err)
	}
	var late error
	if today := compliance.DateIn(h.clock.now(), home.Zone); r != nil && !sentAgain && !r.Suspension.Open(today) {
		late = &disputes.FieldError{Field: "season", Reason: fmt.Sprintf(
			"an application for the winter of %d is made by %s, and today is %s (A8; %s)", b.Season, r.Suspension.By, today, r.Source)}
	}
	if all := details(nil, wrongWay, wrong, papers, late); all != nil {
		return nil, newProblem(http.StatusUnprocessableEntity, "validation failed", errorDetails(all)...)
	}
	if !sentAgain {
		if err := h.possible(ctx, in); err != nil {
			return nil, h.problem(ctx, doing, err)
		}
	}
	m, events, err := h.open(ctx, opened{Opening: o, key: in.Key})
	return h.answer(ctx, doing, m, events, err)
}

func errorDetails(all []error) (out []*huma.ErrorDetail) {
	for _, err := range all {
		if d, ok := errors.AsType[*huma.ErrorDetail](err); ok {
			out = append(out, d)
		}
	}
	return out
}

// uploaded is a *disputes.FieldError for each paper whose file is not kept, joined.
func (h *suspensions) uploaded(papers []paperView) (wrong, err error) {
	var all []error
	for i, p := range papers {
		err := h.attached([]string{p.Attachment})
		switch _, missing := errors.AsType[*disputes.FieldError](err); {
		case missing:
			all = append(all, &disputes.FieldError{Field: fmt.Sprintf("documents[%d].attachment", i), Reason: "was not uploaded"})
		case err != nil:
			return nil, err
		}
	}
	return errors.Join(all...), nil
}

// possible is a conflict while another application for the winter is open, or when heating is already as is asked for.
func (h *suspensions) possible(ctx context.Context, in *suspensionInput) error {
	b := &in.Body
	open, _, err := h.ledger.Matters(ctx, ledger.MatterFilter{
		Kind: disputes.SuspensionMatter, States: []disputes.State{disputes.StateApplied}, Place: disputes.Home(b.Household), Limit: 1000,
	})
	if err != nil {
		return err
	}
	for _, m := range open {
		s, err := bodyOf[disputes.Suspension](m)
		if err != nil {
			return err
		}
		if s.Winter == b.Season {
			return newProblem(http.StatusConflict, "another application for that winter is open: "+m.ID)
		}
	}
	noted, err := h.suspended(ctx, b.Household, b.Season)
	if err != nil {
		return err
	}
	switch {
	case b.Kind == string(disputes.ToSuspend) && len(noted) > 0:
		return newProblem(http.StatusConflict, "heating is suspended in that winter already")
	case b.Kind == string(disputes.ToResume) && len(noted) == 0:
		return newProblem(http.StatusConflict, "heating is not suspended in that winter")
	}
	return nil
}

// suspended is the facts by which heating is suspended in a winter.
func (h *suspensions) suspended(ctx context.Context, household string, winter int) (all []ledger.BillingFact, err error) {
	found, _, err := h.bills.BillingFacts(ctx, []string{household}, nil)
	for _, f := range found[household] {
		if f.Suspension != nil && f.Suspension.Winter == winter {
			all = append(all, f)
		}
	}
	return all, err
}

// follows is what the bill has to know after an approval.
func (h *suspensions) follows(ctx context.Context, household string, s disputes.Suspension) ([]ledger.BillingFact, error) {
	by := actorOf(ctx).ID
	if s.Wish == disputes.ToSuspend {
		return []ledger.BillingFact{{
			ID: "suspended-" + derived(household, strconv.Itoa(s.Winter)), Place: disputes.Home(household), NotedBy: by,
			Suspension: &ledger.Suspension{Winter: s.Winter},
		}}, nil
	}
	all, err := h.suspended(ctx, household, s.Winter)
	for i := range all {
		all[i].Withdrawn, all[i].NotedBy = true, by
	}
	return all, err
}

func (h *suspensions) does(event disputes.EventKind) func(context.Context, *moveInput) (*suspensionOutput, error) {
	return func(ctx context.Context, in *moveInput) (*suspensionOutput, error) {
		c := in.move(event)
		c.Actor = actorOf(ctx)
		m, events, err := h.change(ctx, disputes.SuspensionMatter, in.ID,
			func(m disputes.Matter, _ []disputes.MatterEvent, now sensors.Instant) (w ledger.MatterWrite, err error) {
				if !callerOf(ctx).token.seesAt(m.Place.ID, h.homes, m.Opened) {
					return w, ledger.ErrNotFound
				}
				after, events, s, err := disputes.AdvanceSuspension(m, c, now)
				if err == nil && event == disputes.Approved {
					w.Bills, err = h.follows(ctx, m.Place.ID, s)
				}
				w.Changes = []ledger.MatterChange{{Before: m, After: after, Events: events}}
				return w, err
			})
		return h.answer(ctx, "changing an application to suspend or resume heating", m, events, err)
	}
}

// own is an application that the caller may see: not one of whoever lived there before.
func (h *suspensions) own(ctx context.Context, id string) (disputes.Matter, []disputes.MatterEvent, error) {
	m, events, err := h.find(ctx, disputes.SuspensionMatter, id)
	if err == nil && !callerOf(ctx).token.seesAt(m.Place.ID, h.homes, m.Opened) {
		err = ledger.ErrNotFound
	}
	return m, events, err
}

func (h *suspensions) get(ctx context.Context, in *matterInput) (*suspensionOutput, error) {
	m, events, err := h.own(ctx, in.ID)
	return h.answer(ctx, "reading an application to suspend or resume heating", m, events, err)
}

// suspensionsInput chooses applications.
type suspensionsInput struct {
	Listing
	State string `query:"state" enum:"applied,approved,refused,withdrawn" doc:"Only those in this state."`
}

func (h *suspensions) list(ctx context.Context, in *suspensionsInput) (*matterList[suspensionView], error) {
	out, err := listMatters(ctx, &h.matters, in.filter(disputes.SuspensionMatter, in.State), in.Household, aboutSuspension)
	if err != nil {
		return nil, err
	}
	keepOwn(ctx, h.homes, out)
	return out, nil
}

// paper serves a file of an application.
func (h *suspensions) paper(c *gin.Context) {
	ctx := c.Request.Context()
	if _, _, err := h.own(ctx, c.Param("id")); err != nil {
		reject(c, false, problemOf(h.problem(ctx, "serving a paper", err)))
		return
	}
	h.serveProof(disputes.SuspensionMatter)(c)
}
