package disputes

import (
	"errors"
	"time"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/sensors"
)

// Exemption is the body of an exemption. Times are in UTC.
type Exemption struct {
	Clause compliance.Clause `json:"clause"` // A7.2.2.1, .2 or .3
	Start  time.Time         `json:"start"`
	End    time.Time         `json:"end"`
	Proofs
}

// Claimable reports whether a clause is one that the supplier claims. The cold of A7.2.2④ is measured, and the stoppages of ⑤ are
// announced.
func Claimable(c compliance.Clause) bool {
	return c == compliance.A7221 || c == compliance.A7222 || c == compliance.A7223
}

// ClaimExemption is the opening of an exemption. What is wrong with its clause, place or interval is an error at once. What one resident
// did (①, ②) is claimed of their household: no neighbour goes without heat for it.
func ClaimExemption(o Opening, clause compliance.Clause, start, end time.Time) (Opening, error) {
	o.Kind, o.Event = ExemptionMatter, Claimed
	o.Body = Exemption{Clause: clause, Start: start.UTC(), End: end.UTC()}
	var err error
	if !Claimable(clause) {
		err = &FieldError{"clause", "is not one of A7.2.2.1, A7.2.2.2, A7.2.2.3"}
	} else if clause != compliance.A7223 && o.Place.Kind != AtHousehold {
		err = &FieldError{"place.kind", "is not household: " + string(clause) + " is what one resident did, and exempts nothing at the neighbours'"}
	}
	return o, errors.Join(unjoined(err, CheckInterval(start, end))...)
}

// ExemptionMove is what somebody does to an exemption. Attachments are of a proof.
type ExemptionMove struct {
	Move
	Attachments []string
}

// AdvanceExemption does a move to an exemption. An error is Advance's.
func AdvanceExemption(m Matter, c ExemptionMove, now sensors.Instant) (Matter, []MatterEvent, error) {
	x, err := Body[Exemption](m.Body)
	if err != nil {
		return m, nil, err
	}
	if c.Event == Proof {
		x.Proofs, err = x.with(c.Text, c.Attachments)
		c.Detail, c.Body = Proofs{Attachments: c.Attachments}, x
	}
	after, events, err2 := Advance(m, c.Move, now)
	if err := both(err2, err); err != nil {
		return m, nil, err
	}
	return after, events, nil
}

// ExemptionFact is what the judge takes of an exemption; nil for one that was withdrawn. Only what is proved exempts; a proof that is
// contested holds until it is decided (I10), and a rejected one is a claim without proof.
func ExemptionFact(m Matter) (*compliance.Exemption, error) {
	x, err := Body[Exemption](m.Body)
	if err != nil || m.State == StateWithdrawn {
		return nil, err
	}
	f := &compliance.Exemption{ID: m.ID, Clause: x.Clause, Start: sensors.At(x.Start), End: sensors.At(x.End)}
	if m.State == StateProved || m.State == StateContested || m.State == StateUpheld {
		f.Proof = x.Proof
	}
	return f, nil
}
