package web

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// outcomeInput is an offer, or what a dispute came to.
type outcomeInput struct {
	ID   string `path:"id"`
	Body struct {
		Text    string     `json:"text" doc:"In words, with the award's number if it has one; at most 8192 bytes."`
		Confirm []spanView `json:"confirm,omitempty" maxItems:"20" doc:"Intervals that are confirmed as by both sides: below time in them counts as zero."`
		Uphold  []refView  `json:"uphold,omitempty" maxItems:"20" doc:"Exemptions and stoppages that hold, tests that count."`
		Reject  []refView  `json:"reject,omitempty" maxItems:"20" doc:"Exemptions and stoppages that do not hold, tests that do not count."`
		Version int64      `json:"version,omitempty" minimum:"1" doc:"The version that was seen; on another one nothing is done."`
	}
}

// spanView is an interval.
type spanView struct {
	Start string `json:"start" format:"date-time"`
	End   string `json:"end" format:"date-time"`
}

// refView names an exemption, a stoppage or a third-party test.
type refView struct {
	Kind string `json:"kind" enum:"exemption,stoppage,test"`
	ID   string `json:"id"`
}

// outcome is what the form says. Errors are of times that are none.
func (in *outcomeInput) outcome() (o disputes.Outcome, errs []error) {
	for _, s := range in.Body.Confirm {
		start, end, wrong := parseInterval(s.Start, s.End)
		if len(wrong) > 0 {
			errs = append(errs, &disputes.FieldError{Field: "confirm", Reason: "has what is not a time such as 2015-12-01T08:00:00+08:00"})
		}
		o.Confirm = append(o.Confirm, disputes.Span{Start: start.UTC(), End: end.UTC()})
	}
	for _, r := range in.Body.Uphold {
		o.Uphold = append(o.Uphold, disputes.Ref{Kind: disputes.MatterKind(r.Kind), ID: r.ID})
	}
	for _, r := range in.Body.Reject {
		o.Reject = append(o.Reject, disputes.Ref{Kind: disputes.MatterKind(r.Kind), ID: r.ID})
	}
	return o, errs
}

// Resolve finds everything that is wrong with it, beside what its schema says.
func (in *outcomeInput) Resolve(huma.Context) []error {
	o, errs := in.outcome()
	return details(nil, append(errs, disputes.CheckText("text", in.Body.Text, true), o.Check())...)
}

// outcome is the handler of an offer or a settlement. What cannot be carried out is refused, an offer too.
func (h *hearings) outcome(event disputes.EventKind) func(context.Context, *outcomeInput) (*disputeOutput, error) {
	return func(ctx context.Context, in *outcomeInput) (*disputeOutput, error) {
		o, _ := in.outcome()
		m, _, err := h.find(ctx, disputes.DisputeMatter, in.ID)
		if err == nil && event == disputes.Offered {
			err = h.carryOut(ctx, &ledger.MatterWrite{}, m, o, true, h.clock.now())
		}
		if err != nil {
			return nil, h.problem(ctx, "settling a dispute", err)
		}
		return h.moved(ctx, in.ID, disputes.DisputeMove{
			Move: disputes.Move{Event: event, Text: in.Body.Text, Version: in.Body.Version}, Outcome: o,
		})
	}
}

// carryOut adds to a write what an outcome of a dispute changes: in the same transaction, so that what was settled has happened. The
// monitor does it, and each matter's timeline names the dispute. What the sides agree on between themselves binds no other household:
// they uphold only what is of the household alone.
func (h *hearings) carryOut(ctx context.Context, w *ledger.MatterWrite, d disputes.Matter, o disputes.Outcome, agreed bool, now sensors.Instant) error {
	move := disputes.Move{Actor: disputes.Actor{Role: disputes.Monitor}, Text: "争议 " + d.ID + " 的结果 · outcome of dispute " + d.ID}
	for _, s := range o.Confirm {
		more, err := h.confirm(ctx, d, s, move, now)
		if err != nil {
			return err
		}
		add(w, more)
	}
	for i, r := range slices.Concat(o.Uphold, o.Reject) {
		m, err := h.referred(ctx, d, r)
		if err != nil {
			return err
		}
		move.Event = disputes.Rejected
		if i < len(o.Uphold) {
			move.Event = disputes.Upheld
		}
		if move.Event == disputes.Upheld && agreed && m.Place != d.Place {
			return newProblem(http.StatusUnprocessableEntity, "two sides do not uphold between themselves what concerns other households: "+r.ID)
		}
		more, err := decide(m, move, now)
		if err != nil {
			return err
		}
		add(w, more)
	}
	return nil
}

// decide is what is written when an exemption, a stoppage or a test is upheld or rejected.
func decide(m disputes.Matter, move disputes.Move, now sensors.Instant) (ledger.MatterWrite, error) {
	switch m.Kind {
	case disputes.StoppageMatter:
		return changeStoppage(m, disputes.StoppageMove{Move: move}, now)
	case disputes.TestMatter:
		return changeTest(m, move, now)
	}
	return changeExemption(m, disputes.ExemptionMove{Move: move}, now)
}

// referred is an exemption, a stoppage or a test that an outcome names. It must concern the dispute's household.
func (h *hearings) referred(ctx context.Context, d disputes.Matter, r disputes.Ref) (disputes.Matter, error) {
	m, _, err := h.ledger.Matter(ctx, r.Kind, r.ID)
	if err == nil {
		var homes []string
		if homes, err = h.ledger.HouseholdsAt(ctx, m.Place); err == nil && slices.Contains(homes, d.Place.ID) {
			return m, nil
		}
	}
	if err == nil || errors.Is(err, ledger.ErrNotFound) {
		err = newProblem(http.StatusUnprocessableEntity, "there is no "+string(r.Kind)+" "+r.ID+" that concerns the household")
	}
	return m, err
}

// confirm is what is written when an outcome confirms an interval. One that both sides have confirmed already stays as it is.
func (h *hearings) confirm(ctx context.Context, d disputes.Matter, s disputes.Span, move disputes.Move, now sensors.Instant) (w ledger.MatterWrite, err error) {
	c := disputes.Confirmation{Start: s.Start, End: s.End, Dispute: d.ID}
	id := confirmationID(d.Place.ID, c)
	move.Event = disputes.OutcomeConfirms
	m, _, err := h.ledger.Matter(ctx, disputes.ConfirmationMatter, id)
	switch {
	case err == nil && m.State == disputes.StateConfirmed:
		return w, nil
	case err == nil:
		before, err := bodyOf[disputes.Confirmation](m)
		if err != nil {
			return w, err
		}
		before.Dispute = d.ID
		move.Body = before
		return changeConfirmation(m, move, now)
	case !errors.Is(err, ledger.ErrNotFound):
		return w, err
	}
	m, events, err := disputes.Begin(disputes.Opening{
		Kind: disputes.ConfirmationMatter, ID: id, Place: d.Place, Event: move.Event, Text: move.Text, Body: c, Actor: move.Actor,
	}, now)
	if err != nil {
		return w, err
	}
	return confirmed(ledger.MatterWrite{Changes: []ledger.MatterChange{{After: m, Events: events}}})
}

// add adds a write to another.
func add(w *ledger.MatterWrite, more ledger.MatterWrite) {
	w.Changes = append(w.Changes, more.Changes...)
	w.Declarations = append(w.Declarations, more.Declarations...)
	w.Retractions = append(w.Retractions, more.Retractions...)
	w.Dirty = append(w.Dirty, more.Dirty...)
}
