package disputes

import (
	"errors"
	"fmt"

	"github.com/nuanju/nuanju/sensors"
)

// PlaceKind is what something is about: a household, or all that hang on something.
type PlaceKind string

// The kinds of places.
const (
	AtHousehold  PlaceKind = "household"
	AtRiser      PlaceKind = "riser"
	AtBuilding   PlaceKind = "building"
	AtSubstation PlaceKind = "substation"
	Everywhere   PlaceKind = "everywhere" // with an empty id
)

// Place is where something holds. It holds for the households that the registry has there now.
type Place struct {
	Kind PlaceKind
	ID   string
}

// Home is the place of one household.
func Home(household string) Place { return Place{AtHousehold, household} }

// Check says what is wrong with a place, or nil.
func (p Place) Check() error {
	switch p.Kind {
	case AtHousehold, AtRiser, AtBuilding, AtSubstation:
		return sensors.CheckID(p.ID)
	case Everywhere:
		if p.ID != "" {
			return errors.New("a declaration for everywhere has no id of a place")
		}
		return nil
	}
	return fmt.Errorf("no kind of place %q", p.Kind)
}
