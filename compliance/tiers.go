package compliance

import (
	"math/big"
	"strconv"
	"time"
)

// Tiers is a remedy in steps: of each day on which a room failed, a percentage of that day's fee for the room, by how
// cold it was (cities.md). It is that of contracts billed by area.
type Tiers struct {
	// Ladder is the steps from the mildest to the worst. All measure in the same way; the last has no bound.
	Ladder []Tier
	// MendWithin spares the supplier a cold spell that ends at most this long after it was told of it. 0 spares none.
	MendWithin time.Duration `json:",omitzero"`
	// BaseFeeFirst takes the base fee off before the percentage is taken.
	BaseFeeFirst bool `json:",omitzero"`
}

// Tier is one step of a ladder: it is for a value inside its bound and outside of those before.
type Tier struct {
	Bound   TierBound // "" of the last one, which has none
	Edge    Decimal   // °C
	Percent Decimal   // of the day's fee
}

// TierBound says what a tier measures, and whether its edge belongs to it.
type TierBound string

// The bounds. LessThan and UpTo measure how far below the threshold the room was, AtLeast and Above its temperature.
const (
	LessThan TierBound = "less_than" // the edge is the next tier's
	UpTo     TierBound = "up_to"     // the edge belongs to this tier
	AtLeast  TierBound = "at_least"  // the edge belongs to this tier
	Above    TierBound = "above"     // the edge is the next tier's
)

// Absolute reports whether the bound is one of the room's temperature.
func (b TierBound) Absolute() bool { return b == AtLeast || b == Above }

// Of is the tier of a temperature that was owed up to a threshold, both °C. It compares the decimal numbers that they
// were written as: 18 − 16.1 is less than 2 whatever floats make of it.
func (t *Tiers) Of(celsius, threshold float64) *Tier {
	at := writtenAs(celsius)
	by := new(big.Rat).Sub(writtenAs(threshold), at)
	for i := range t.Ladder {
		tier := &t.Ladder[i]
		edge := tier.Edge.Rat()
		var inside bool
		switch tier.Bound {
		case LessThan:
			inside = by.Cmp(edge) < 0
		case UpTo:
			inside = by.Cmp(edge) <= 0
		case AtLeast:
			inside = at.Cmp(edge) >= 0
		case Above:
			inside = at.Cmp(edge) > 0
		default:
			inside = true
		}
		if inside {
			return tier
		}
	}
	return &t.Ladder[len(t.Ladder)-1]
}

// writtenAs is the shortest decimal that reads back as the value, exact. The value is finite.
func writtenAs(v float64) *big.Rat {
	r, ok := new(big.Rat).SetString(strconv.FormatFloat(v, 'g', -1, 64))
	if !ok {
		return new(big.Rat)
	}
	return r
}

// Law is mandatory local law that sets a higher standard than the contract does (A13). Both are cited.
type Law struct {
	Policy   string  // the pack that holds it
	Digest   string  // of the pack's edition
	Contract float64 // the contract's own standard, °C, which the law's replaces
}

// ChargedBy is what a contract's fee is made from.
type ChargedBy string

// The ways to charge.
const (
	ByMeter      ChargedBy = ""        // area fee, base fee and heat fee, the lower total (A4.1)
	ByArea       ChargedBy = "area"    // the area fee alone
	PriceUnknown ChargedBy = "unknown" // the pack knows no price: percentages can be told, bills cannot
)

// AreaKinds says which area is charged, where a pack knows it. It is for whoever writes a household's area down.
type AreaKinds struct {
	Homes  AreaKind `json:",omitempty"`
	Others AreaKind `json:",omitempty"`
}

// AreaKind is a way to measure a home.
type AreaKind string

// The kinds of areas.
const (
	UsableArea AreaKind = "usable" // inside the walls
	BuiltArea  AreaKind = "built"  // with walls and a share of what is common
)
