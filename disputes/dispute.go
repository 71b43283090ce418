package disputes

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nuanju/nuanju/sensors"
)

// Dispute is the body of a dispute (A11).
type Dispute struct {
	About Subject `json:"about"`
	// By is the side that opened it, and alone withdraws it.
	By Side `json:"by"`
	// Commission is the arbitration commission before which it is, as the contract names it.
	Commission string   `json:"commission,omitempty"`
	Offer      *Offer   `json:"offer,omitempty"`   // the last one that was made; only in negotiation
	Outcome    *Outcome `json:"outcome,omitempty"` // of a settled one
}

// Subject is what a dispute is about.
type Subject struct {
	Kind string `json:"kind"` // episode, exemption, outage, outdoor_day, test, statement, ticket, other
	ID   string `json:"id,omitempty"`
}

// Subjects are the kinds of what disputes are about.
func Subjects() []string {
	return []string{"episode", "exemption", "outage", "outdoor_day", "test", "statement", "ticket", "other"}
}

// Side is a side of the contract.
type Side string

// The sides.
const (
	ResidentSide Side = "resident"
	SupplierSide Side = "supplier"
)

// SideOf is the side that a role acts for; none for a mediator. An admin acts for the supplier.
func SideOf(role Role) Side {
	switch role {
	case Resident:
		return ResidentSide
	case Dispatcher, Admin:
		return SupplierSide
	}
	return ""
}

// Offer is a settlement that one side offers the other.
type Offer struct {
	By      Side    `json:"by"`
	Outcome Outcome `json:"outcome"`
}

// Outcome is what a settled dispute changes; with nothing in it, it changes nothing. It is carried out in the transaction that settles the
// dispute.
type Outcome struct {
	Confirm []Span `json:"confirm,omitempty"` // intervals that are confirmed as by both sides
	Uphold  []Ref  `json:"uphold,omitempty"`
	Reject  []Ref  `json:"reject,omitempty"`
}

// Span is [Start, End) in UTC.
type Span struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}

// Ref names an exemption, a stoppage or a third-party test.
type Ref struct {
	Kind MatterKind `json:"kind"` // exemption, stoppage or test
	ID   string     `json:"id"`
}

// maxEffects bounds each list of an outcome.
const maxEffects = 20

// Check is everything that is wrong with an outcome, as *FieldError of confirm, uphold and reject.
func (o Outcome) Check() error {
	var errs []error
	wrong := func(field, format string, args ...any) {
		errs = append(errs, &FieldError{field, fmt.Sprintf(format, args...)})
	}
	if len(o.Confirm) > maxEffects || len(o.Uphold) > maxEffects || len(o.Reject) > maxEffects {
		wrong("confirm", "a list has more than %d", maxEffects)
		return errors.Join(errs...)
	}
	spans := map[Span]bool{}
	for i, s := range o.Confirm {
		if spans[s] {
			wrong(fmt.Sprintf("confirm[%d]", i), "is confirmed twice")
		}
		spans[s] = true
		if f := (*FieldError)(nil); errors.As(CheckInterval(s.Start, s.End), &f) {
			wrong(fmt.Sprintf("confirm[%d].%s", i, f.Field), "%s", f.Reason)
		}
	}
	seen := map[Ref]bool{}
	for i, r := range slices.Concat(o.Uphold, o.Reject) {
		field := fmt.Sprintf("uphold[%d]", i)
		if n := len(o.Uphold); i >= n {
			field = fmt.Sprintf("reject[%d]", i-n)
		}
		switch {
		case !slices.Contains([]MatterKind{ExemptionMatter, StoppageMatter, TestMatter}, r.Kind):
			wrong(field+".kind", "is not one of exemption, stoppage, test")
		case sensors.CheckID(r.ID) != nil:
			wrong(field+".id", "is not an id")
		case seen[r]:
			wrong(field, "is decided twice")
		}
		seen[r] = true
	}
	return errors.Join(errs...)
}

// OpenDispute is the opening of a dispute by whoever acts. What is wrong with its subject is an error at once.
func OpenDispute(o Opening, about Subject) (Opening, error) {
	o.Kind, o.Event = DisputeMatter, DisputeOpened
	o.Body = Dispute{About: about, By: SideOf(o.Actor.Role)}
	switch {
	case !slices.Contains(Subjects(), about.Kind):
		return o, &FieldError{"about.kind", "is none that is known"}
	case about.Kind == "other":
		if about.ID != "" {
			return o, &FieldError{"about.id", "is not expected"}
		}
	case sensors.CheckID(about.ID) != nil:
		return o, &FieldError{"about.id", "is needed, and is not an id"}
	}
	return o, nil
}

// DisputeMove is what somebody does to a dispute. Outcome is of an offer or a settlement; Commission of an escalation to arbitration.
type DisputeMove struct {
	Move
	Outcome    Outcome
	Commission string
}

// AdvanceDispute does a move to a dispute. A side accepts only what the other offered, and withdraws only what it opened. The outcome is
// what is to be carried out with it, nil for none. An error is Advance's.
func AdvanceDispute(m Matter, c DisputeMove, now sensors.Instant) (_ Matter, _ []MatterEvent, outcome *Outcome, _ error) {
	d, err := Body[Dispute](m.Body)
	if err != nil {
		return m, nil, nil, err
	}
	side := SideOf(c.Actor.Role)
	switch c.Event {
	case Offered:
		err = c.Outcome.Check()
		d.Offer = &Offer{By: side, Outcome: c.Outcome}
		c.Detail, c.Body = d.Offer, d
	case Accepted:
		switch {
		case d.Offer == nil || d.Offer.By == side:
			err = Stale(m.Kind, "the other side has offered nothing")
		default:
			outcome = &d.Offer.Outcome
			d.Outcome = outcome
			c.Detail, c.Body = outcome, d
		}
	case Escalated:
		d.Offer = nil
		if m.State == StateMediation {
			err = CheckText("commission", c.Commission, true)
			d.Commission = c.Commission
			c.Detail = map[string]string{"commission": c.Commission}
		}
		c.Body = d
	case Settled:
		err = c.Outcome.Check()
		d.Outcome, outcome = &c.Outcome, &c.Outcome
		c.Detail, c.Body = c.Outcome, d
	case Withdrawn:
		if side != d.By {
			err = fmt.Errorf("%w: the %s opened it, and alone withdraws it", ErrNotAllowed, d.By)
		}
	}
	after, events, err2 := Advance(m, c.Move, now)
	if err := both(err2, err); err != nil {
		return m, nil, nil, err
	}
	return after, events, outcome, nil
}

// DisputeOpen are the states in which a dispute is open.
func DisputeOpen() []State { return []State{StateNegotiation, StateMediation, StateArbitration} }
