package web

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// billChecks is residents' requests to have a bill checked (A5.2).
type billChecks struct {
	matters
	bills Bills
}

// billParty is who asks for something about a bill: the resident, or billing for one who telephones.
var billParty = []disputes.Role{disputes.Resident, disputes.Billing, disputes.Admin}

func billCheckAccess() []access {
	const one = "/api/v1/bill-checks/:id"
	return []access{
		{method: http.MethodPost, pattern: "/api/v1/bill-checks", who: billParty, maxBody: form},
		{method: http.MethodGet, pattern: "/api/v1/bill-checks", who: billReader},
		{method: http.MethodGet, pattern: one, who: billReader},
		{method: http.MethodPost, pattern: one + "/answer", who: billMaker, maxBody: form},
		{method: http.MethodPost, pattern: one + "/withdraw", who: onlyResident, maxBody: form},
	}
}

func (h *billChecks) register(api huma.API) {
	const base, tag = "/api/v1/bill-checks", "bill-checks"
	huma.Register(api, operationOf(tag, "ask-bill-check", http.MethodPost, base, "Ask for a statement to be checked (A5.2)",
		"409 while another check of the same statement is open. Until it is answered the statement is shown as being checked."), h.request)
	huma.Register(api, operationOf(tag, "list-bill-checks", http.MethodGet, base, "List checks of bills, those asked for last first", ""), h.list)
	huma.Register(api, operationOf(tag, "get-bill-check", http.MethodGet, base+"/{id}", "One check with its timeline", ""), h.get)
	huma.Register(api, operationOf(tag, "answer-bill-check", http.MethodPost, base+"/{id}/answer", "Answer it: upheld with the reasons, or corrected",
		"A statement is never edited: corrected names the later statement of the same household and winter."), h.answered)
	huma.Register(api, operationOf(tag, "withdraw-bill-check", http.MethodPost, base+"/{id}/withdraw", "Take it back, as the resident", ""), h.withdraw)
}

// billCheckView is what is known of a check.
type billCheckView struct {
	Statement  string `json:"statement"`
	Winter     int    `json:"winter" doc:"The year in which its winter begins."`
	Number     int64  `json:"number" doc:"Of the statement in its winter."`
	Correction string `json:"correction,omitempty" doc:"The statement that corrects it."`
}

func aboutBillCheck(m disputes.Matter, _ *time.Location) (billCheckView, error) {
	b, err := bodyOf[disputes.BillCheck](m)
	return billCheckView{b.Statement, b.Winter, b.Number, b.Correction}, err
}

// billCheckInput is a request.
type billCheckInput struct {
	Key  string `header:"Idempotency-Key" maxLength:"255" doc:"Chosen by the client: the same sent again under it is done once."`
	Body struct {
		Statement string `json:"statement" doc:"The statement's id."`
		Text      string `json:"text" doc:"What seems wrong; at most 8192 bytes."`
	}
}

// Resolve finds everything that is wrong with it, beside what its schema says.
func (in *billCheckInput) Resolve(huma.Context) []error {
	o, err := disputes.AskBillCheck(disputes.Opening{Text: in.Body.Text}, disputes.BillCheck{Statement: in.Body.Statement})
	return openingDetails(o, disputes.Resident, nil, err)
}

// billCheckOutput is one check.
type billCheckOutput struct {
	Location string `header:"Location"`
	Body     matterView[billCheckView]
}

func (h *billChecks) answer(ctx context.Context, doing string, m disputes.Matter, events []disputes.MatterEvent, err error) (*billCheckOutput, error) {
	out := &billCheckOutput{Location: "/api/v1/bill-checks/" + m.ID}
	if err == nil {
		out.Body, err = showMatter(&h.matters, m, events, aboutBillCheck)
	}
	if err != nil {
		return nil, h.problem(ctx, doing, err)
	}
	return out, nil
}

// statement is a statement that the caller may see; nil for any other, whose id tells nothing.
func (h *billChecks) statement(ctx context.Context, id string) (*ledger.Statement, error) {
	if sensors.CheckID(id) != nil {
		return nil, nil
	}
	found, err := h.bills.Statements(ctx, ledger.StatementFilter{ID: id, Limit: 1})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	s := &found[0]
	if !seesBill(callerOf(ctx).token.ownTime(s.Household, h.homes, 0, sensors.Forever), s) {
		return nil, nil
	}
	return s, nil
}

func (h *billChecks) request(ctx context.Context, in *billCheckInput) (*billCheckOutput, error) {
	const doing = "asking for a bill to be checked"
	s, err := h.statement(ctx, in.Body.Statement)
	if err != nil {
		return nil, h.problem(ctx, doing, err)
	}
	if s == nil {
		return nil, newProblem(http.StatusNotFound, "there is no such statement")
	}
	o, err := disputes.AskBillCheck(
		disputes.Opening{ID: newID("K", in.Key, actorOf(ctx), s.ID), Place: disputes.Home(s.Household), Text: in.Body.Text},
		disputes.BillCheck{Statement: s.ID, Winter: s.Winter, Number: s.Seq},
	)
	if err != nil {
		return nil, h.problem(ctx, doing, err)
	}
	open, err := openChecks(ctx, h.ledger, s.Household)
	if err != nil {
		return nil, h.problem(ctx, doing, err)
	}
	if other := open[s.ID]; other != "" && other != o.ID {
		return nil, newProblem(http.StatusConflict, "the statement is being checked already: "+other)
	}
	m, events, err := h.open(ctx, opened{Opening: o, key: in.Key})
	return h.answer(ctx, doing, m, events, err)
}

// openChecks is the checks of a household's statements that nobody has answered yet, by statement.
func openChecks(ctx context.Context, l interface {
	Matters(ctx context.Context, f ledger.MatterFilter) ([]disputes.Matter, string, error)
}, household string,
) (map[string]string, error) {
	all := map[string]string{}
	for f := (ledger.MatterFilter{
		Kind: disputes.BillCheckMatter, States: []disputes.State{disputes.StateAsked}, Place: disputes.Home(household), Limit: 1000,
	}); ; {
		some, next, err := l.Matters(ctx, f)
		if err != nil {
			return nil, err
		}
		for _, m := range some {
			b, err := bodyOf[disputes.BillCheck](m)
			if err != nil {
				return nil, err
			}
			all[b.Statement] = m.ID
		}
		if next == "" {
			return all, nil
		}
		f.After = next
	}
}

// checkAnswer is an answer.
type checkAnswer struct {
	ID   string `path:"id"`
	Body struct {
		Outcome    string `json:"outcome" enum:"upheld,corrected"`
		Text       string `json:"text" doc:"The reasons; at most 8192 bytes."`
		Correction string `json:"correction,omitempty" doc:"With corrected: the later statement that corrects it."`
		Version    int64  `json:"version,omitempty" minimum:"1" doc:"The version that was seen; on another one nothing is done."`
	}
}

// Resolve finds everything that is wrong with it, beside what its schema says.
func (in *checkAnswer) Resolve(huma.Context) []error {
	var err error
	if (in.Body.Outcome == "corrected") != (in.Body.Correction != "") {
		err = &disputes.FieldError{Field: "correction", Reason: "is needed with corrected, and with nothing else"}
	}
	return details(nil, disputes.CheckText("text", in.Body.Text, true), err)
}

func (h *billChecks) answered(ctx context.Context, in *checkAnswer) (*billCheckOutput, error) {
	const doing = "answering a check of a bill"
	c := disputes.Move{Event: disputes.Upheld, Text: in.Body.Text, Version: in.Body.Version, Actor: actorOf(ctx)}
	var by *disputes.Later
	if in.Body.Outcome == "corrected" {
		c.Event = disputes.BillCorrected
		s, err := h.statement(ctx, in.Body.Correction)
		if err != nil {
			return nil, h.problem(ctx, doing, err)
		}
		if s != nil {
			by = &disputes.Later{ID: s.ID, Household: s.Household, Winter: s.Winter, Number: s.Seq}
		}
	}
	return h.moved(ctx, in.ID, doing, c, by)
}

func (h *billChecks) withdraw(ctx context.Context, in *moveInput) (*billCheckOutput, error) {
	c := in.move(disputes.Withdrawn)
	c.Actor = actorOf(ctx)
	return h.moved(ctx, in.ID, "withdrawing a check of a bill", c, nil)
}

func (h *billChecks) moved(ctx context.Context, id, doing string, c disputes.Move, by *disputes.Later) (*billCheckOutput, error) {
	m, events, err := h.change(ctx, disputes.BillCheckMatter, id,
		func(m disputes.Matter, _ []disputes.MatterEvent, now sensors.Instant) (ledger.MatterWrite, error) {
			if !callerOf(ctx).token.seesAt(m.Place.ID, h.homes, m.Opened) {
				return ledger.MatterWrite{}, ledger.ErrNotFound
			}
			after, events, err := disputes.AnswerBillCheck(m, c, by, now)
			return ledger.MatterWrite{Changes: []ledger.MatterChange{{Before: m, After: after, Events: events}}}, err
		})
	return h.answer(ctx, doing, m, events, err)
}

func (h *billChecks) get(ctx context.Context, in *matterInput) (*billCheckOutput, error) {
	m, events, err := h.find(ctx, disputes.BillCheckMatter, in.ID)
	if err == nil && !callerOf(ctx).token.seesAt(m.Place.ID, h.homes, m.Opened) { // of whoever lived there before
		err = ledger.ErrNotFound
	}
	return h.answer(ctx, "reading a check of a bill", m, events, err)
}

// billChecksInput chooses checks.
type billChecksInput struct {
	Listing
	State string `query:"state" enum:"asked,upheld,corrected,withdrawn" doc:"Only those in this state."`
}

func (h *billChecks) list(ctx context.Context, in *billChecksInput) (*matterList[billCheckView], error) {
	out, err := listMatters(ctx, &h.matters, in.filter(disputes.BillCheckMatter, in.State), in.Household, aboutBillCheck)
	if err != nil {
		return nil, err
	}
	keepOwn(ctx, h.homes, out)
	return out, nil
}

// keepOwn leaves out of a list of households' own matters those of a time that is not the caller's.
func keepOwn[T any](ctx context.Context, homes Homes, out *matterList[T]) {
	t := callerOf(ctx).token
	out.Body.Items = slices.DeleteFunc(out.Body.Items, func(v matterView[T]) bool {
		return !t.seesAt(v.Place.ID, homes, sensors.At(v.OpenedAt))
	})
}
