package compliance

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// Policy is one contract as numbers and options: a name, a zone and dated editions. The edition in force on a local
// date judges that date, so that old disputes are judged by old words (section 10).
type Policy struct {
	Name  string
	Title Words
	// Zone is where the policy's calendar days are cut (section 1).
	Zone *time.Location
	// Editions are in order of From; each is in force until the next one's From. Parsing has made sure that they
	// neither overlap nor leave a hole.
	Editions []Edition
}

// Words is a text in both languages of the product.
type Words struct {
	ZH string `json:"zh"`
	EN string `json:"en"`
}

// In is the text in the language; anything but English gives Chinese.
func (w Words) In(l Lang) string {
	if l == EN {
		return w.EN
	}
	return w.ZH
}

// Lang is a language of texts for people.
type Lang string

// The languages of the product.
const (
	ZH Lang = "zh"
	EN Lang = "en"
)

// Edition is the policy's numbers from a date on. Durations are physical time, temperatures °C. The question ids in
// brackets are those of section 9.
type Edition struct {
	// From is the first local date of the edition. Until is the last, or 0 where none is written: then it is in force until
	// the next edition's From, or without end.
	From  Date
	Until Date

	Standard          float64       // what bedrooms and living rooms reach, °C (A3)
	StandardBasis     Words         // the local law that sets it, if it is not the contract (A13)
	HeatUp            time.Duration // from switching on to the threshold (A3)
	ReadingMaxGap     time.Duration // how long a reading speaks for its room [I1]
	OnAtSeasonStart   bool          // demand with no event [I2]
	SetpointRiseGrace bool          // a raised setpoint starts HeatUp again [I3]
	EpisodeGap        time.Duration // cold spells closer than this are one dispute [I8]
	RivalWindow       time.Duration // tests this close are rivals [I12]
	SensorAgreement   float64       // °C within which a test vouches for a sensor [I12]
	Unsensed          Unsensed      // failing time of a home without a sensor [I11]

	Outdoor     *Outdoor    // A7.2.2④; nil where the pack has no such exemption
	Maintenance Maintenance // A7.2.2⑤

	// TestMethod is how a third party measures; nil where the edition does not say. Editions without it keep the digest that
	// they had before there was one.
	TestMethod *TestMethod `json:",omitempty"`

	Remedy Remedy
	Tiers  *Tiers `json:",omitempty"` // of RemedyTiers; nil otherwise
	Law    *Law   `json:",omitempty"` // local law whose higher standard holds (A13); nil where the contract's own does
	Money  Money

	Source    string // where the numbers are from
	Certainty string // H official text, M press or copy, L inferred
	Notes     Words
}

// Unsensed says which time a test confirms in a room where no reading holds [I11].
type Unsensed string

// The readings of I11.
const (
	UnsensedReport Unsensed = "report" // from the report to the first proof of warmth
	UnsensedWindow Unsensed = "window" // the test's own window alone
)

// Remedy is what failed time does to the bill.
type Remedy string

// The remedies of the packs (cities.md).
const (
	RemedyZeroUsage Remedy = "zero_usage"
	RemedyTiers     Remedy = "tiers"
	RemedyUnknown   Remedy = "unknown"
)

// Outdoor is the cold-weather exemption (A7.2.2④).
type Outdoor struct {
	Below     float64 // °C; strictly below is exempt
	Method    OutdoorMethod
	Tolerance time.Duration // how far from its slot an observation may lie, inclusive
	Station   string        // whose observations count; informative in a case directory
}

// OutdoorMethod is how a daily mean is taken [I4].
type OutdoorMethod string

// The methods of I4.
const (
	FourObservations OutdoorMethod = "four_observations"
	Hourly24         OutdoorMethod = "hourly_24"
)

// Hours are the local hours at which the method wants an observation; those that a day does not have are not wanted.
func (m OutdoorMethod) Hours() []int {
	if m == FourObservations {
		return []int{2, 8, 14, 20}
	}
	hours := make([]int, 24)
	for h := range hours {
		hours[h] = h
	}
	return hours
}

// Maintenance is the planned-stoppage exemption (A7.2.2⑤).
type Maintenance struct {
	MaxLength time.Duration // exactly this long still counts
	PerSeason int           // how many are exempt in a season
	Count     CountRule     // which stoppages count towards PerSeason [I5]
	Overrun   OverrunRule   // what of a longer one is exempt [I6]
	Recovery  time.Duration // reheating that is exempt after one [I7]
}

// CountRule is a reading of I5.
type CountRule string

// The readings of I5.
const (
	CountAll        CountRule = "all"        // every planned one counts, also one that does not qualify
	CountQualifying CountRule = "qualifying" // only announced, short and proved ones count
)

// OverrunRule is a reading of I6.
type OverrunRule string

// The readings of I6.
const (
	OverrunNone  OverrunRule = "none"  // none of a stoppage that is too long is exempt
	OverrunFirst OverrunRule = "first" // its first MaxLength is
)

// Money is the prices and dates of section 7. Prices are yuan per m² or kWh.
type Money struct {
	// Charged says which of the prices there are; the others are 0.
	Charged ChargedBy `json:",omitempty"`
	Areas   AreaKinds `json:",omitzero"`

	AreaPrice      Decimal // per m² and season (A4.2.1)
	BasePrice      Decimal // per m² and season (A4.2.1)
	HeatPrice      Decimal // per kWh (A4.2.1)
	SeasonStart    MonthDay
	SeasonEnd      MonthDay // the statutory season (A2), inclusive
	AgreedBaseDays int      // divisor of the base price for an agreed season (A4.2.2)
	SuspendedShare Decimal  // of the area fee (A8)
	Due            MonthDay // of the year in which the season starts (A7.1.1)
	LPR            []Rate   // one-year loan prime rate, by date, the first from the beginning of time
}

// Rate is a yearly interest rate in percent from a date on.
type Rate struct {
	From    Date
	Percent Decimal
}

// EditionOn is the edition in force on the local date. Before the first edition the first holds, after the last the
// last: whoever reads a case refuses a season that the editions do not reach.
func (p *Policy) EditionOn(d Date) *Edition {
	for i := len(p.Editions) - 1; i > 0; i-- {
		if p.Editions[i].From <= d {
			return &p.Editions[i]
		}
	}
	return &p.Editions[0]
}

// EditionAt is the edition in force on the local date of the instant.
func (p *Policy) EditionAt(t Instant) *Edition {
	if len(p.Editions) == 1 {
		return &p.Editions[0]
	}
	return p.EditionOn(DateIn(t, p.Zone))
}

// Digest is "sha256:" and the hash of every value of the edition and of the policy's name and zone, in a canonical
// form. Two policies that judge alike but were written differently (comments, order of keys, 12.0 for 12) have equal
// digests; any change of a value changes it.
func (p *Policy) Digest(e *Edition) string {
	canonical, err := json.Marshal(struct {
		Format  int
		Policy  string
		Zone    string
		Edition *Edition
	}{1, p.Name, p.Zone.String(), e})
	if err != nil { // only a NaN or infinite number could do this, and parsing refuses them
		panic(fmt.Sprintf("compliance: edition %s of %s cannot be written: %v", e.From, p.Name, err))
	}
	sum := sha256.Sum256(canonical)
	return "sha256:" + hex.EncodeToString(sum[:])
}
