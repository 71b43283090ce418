package disputes

import (
	"time"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/sensors"
)

// Confirmation is the body of a confirmation: an interval of a household in which both sides may agree that it was too cold. Times are in
// UTC.
type Confirmation struct {
	Start   time.Time `json:"start"`
	End     time.Time `json:"end"`
	Episode string    `json:"episode,omitempty"` // for which it was made; of a dispute's outcome, none
	Dispute string    `json:"dispute,omitempty"` // whose outcome it is
}

// Confirms is the event by which somebody in a role confirms an interval. An admin acts for the supplier.
func Confirms(role Role) EventKind {
	if role == Resident {
		return ResidentConfirms
	}
	return SupplierConfirms
}

// ConfirmationFact is what the judge takes of a confirmation: nothing, nil, until both sides confirm it (A7.2.2).
func ConfirmationFact(m Matter) (*compliance.Confirmation, error) {
	c, err := Body[Confirmation](m.Body)
	if err != nil || m.State != StateConfirmed {
		return nil, err
	}
	return &compliance.Confirmation{ID: m.ID, Start: sensors.At(c.Start), End: sensors.At(c.End), Resident: true, Supplier: true}, nil
}
