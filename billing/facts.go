// Package billing is what heat costs: usage, zeroing, the payable fee and what stands beside it (section 7 of the
// contract). It is pure: exact rationals in, integer fen out, each line rounded half up once at its end.
package billing

import (
	"math/big"

	"github.com/nuanju/nuanju/compliance"
)

// Fen is a hundredth of a yuan, the only form in which money is kept.
type Fen int64

// Facts are what a household's bill is made from, beside the verdict.
type Facts struct {
	Season    compliance.Season
	AsOf      compliance.Instant // as in compliance.Facts
	AreaM2    compliance.Decimal // charged area, m²
	Suspended bool               // heating suspended for the season (A8)
	Rooms     []RoomArea         // all rooms, for remedies in tiers; their areas all given or none

	Meter          Meter
	Faults         []Days // calendar days on which the meter was out of order (A4.4)
	UnsuppliedDays []Days // calendar days on which nothing was supplied (A7.2.1)
	Payments       []Payment
}

// Meter is a cumulative register and its exchanges. The rows may be in any order; CheckMeter names what is wrong.
type Meter struct {
	Registers []Register
	Changes   []Change
	// Share is the household's part of the building's charged area, above 0 and at most 1, if the register is the
	// building's (A1.3). Nil means that it is the household's own.
	Share *big.Rat
	// Portions are the household's parts of the building's charged register where they change over time, as AllocateByValve
	// gives them, in order of time; Share is then nil. Where none is given nothing is the household's.
	Portions []Portion
}

// Register is what the meter showed at an instant.
type Register struct {
	At   compliance.Instant
	KWh  *big.Rat // cumulative, 0 to 10^12; 1 GJ is 2500/9 kWh
	Line int
}

// Change is an exchange of the meter: the last value of the old one and the first of the new. A register value at the
// very time of a change is the old meter's.
type Change struct {
	At      compliance.Instant
	Final   *big.Rat // kWh, 0 to 10^12
	Initial *big.Rat // kWh, 0 to 10^12
	Line    int
}

// Days is a run of calendar days, both inclusive.
type Days struct {
	Start compliance.Date
	End   compliance.Date
	Line  int
}

// Payment is money of the resident for this season.
type Payment struct {
	Date compliance.Date
	Fen  Fen
	Line int
}
