package disputes

import (
	"errors"

	"github.com/nuanju/nuanju/sensors"
)

// BillCheckMatter is that a resident has a statement checked (A5.2).
const BillCheckMatter MatterKind = "bill_check"

// What happens to a check of a bill, beside what happens to other matters.
const (
	CheckAsked    EventKind = "ask"
	BillCorrected EventKind = "correct"

	StateAsked     State = "asked"
	StateCorrected State = "corrected"
)

// BillCheck is the body of a check of a bill. Statements are never edited: one that was wrong is corrected by a later one of its winter.
type BillCheck struct {
	Statement string `json:"statement"` // the one to be checked
	Winter    int    `json:"winter"`    // the year in which its winter begins
	Number    int64  `json:"number"`    // of the statement in its winter
	// Correction is the statement by which it was corrected; empty until then, or when it was upheld.
	Correction string `json:"correction,omitempty"`
}

// cashiers are those who make bills for the supplier.
func cashiers() []Role { return []Role{Billing, Admin} }

// billCheckMachine is A5.2. Only the resident takes a request back: who made the bill cannot make it go away, and answers it.
func billCheckMachine() Machine {
	return Machine{BillCheckMatter, "账单核对", "a bill that is to be checked", []Row{
		{None, CheckAsked, StateAsked, append(residents(), cashiers()...), true, "申请核对账单", "somebody asks for a statement to be checked"},
		{StateAsked, Upheld, StateUpheld, cashiers(), true, "核对无误，说明理由", "it was checked and is right, for the reasons told"},
		{StateAsked, BillCorrected, StateCorrected, cashiers(), true, "核对有误，已更正", "it was wrong, and a later statement corrects it"},
		{StateAsked, Withdrawn, StateWithdrawn, residents(), false, "用热人撤回申请", "the resident takes it back"},
	}}
}

// AskBillCheck completes the opening of a check. The opening is checked by Begin; the fields are statement and winter.
func AskBillCheck(o Opening, c BillCheck) (Opening, error) {
	o.Kind, o.Event, o.Body = BillCheckMatter, CheckAsked, c
	var errs []error
	if err := sensors.CheckID(c.Statement); err != nil {
		errs = append(errs, &FieldError{"statement", err.Error()})
	}
	return o, errors.Join(errs...)
}

// Later is a statement that may correct another.
type Later struct {
	ID        string
	Household string
	Winter    int
	Number    int64
}

// AnswerBillCheck does a move to a check. With BillCorrected, by is the statement that corrects it: a later one of the same household and
// winter. An error is Advance's, or a *FieldError of correction.
func AnswerBillCheck(m Matter, c Move, by *Later, now sensors.Instant) (Matter, []MatterEvent, error) {
	b, err := Body[BillCheck](m.Body)
	if err != nil {
		return m, nil, err
	}
	switch {
	case c.Event == BillCorrected && by == nil:
		err = &FieldError{"correction", "names no statement of the household"}
	case c.Event == BillCorrected && (by.Household != m.Place.ID || by.Winter != b.Winter || by.Number <= b.Number):
		err = &FieldError{"correction", "is no later statement of the same household and winter"}
	case c.Event == BillCorrected:
		b.Correction = by.ID
		c.Detail, c.Body = b, b
	case by != nil:
		err = &FieldError{"correction", "is named only where the statement was wrong"}
	}
	after, events, err2 := Advance(m, c, now)
	if err := both(err2, err); err != nil {
		return m, nil, err
	}
	return after, events, nil
}
