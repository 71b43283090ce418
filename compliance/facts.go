package compliance

import (
	"time"

	"github.com/nuanju/nuanju/sensors"
)

// Facts are all that is known of one household in one season: what was measured and what was declared. Judge is a
// pure function of them and of a policy. Slices other than readings may be in any order, except where the
// contract lets the one given later hold; there the slice's order is the order of giving.
type Facts struct {
	Household string
	Season    Season
	// AsOf is the moment of judging; later facts are ignored. 0 means the end of the season, with every fact known.
	AsOf Instant
	// From lets judging go on from a local midnight of the season instead of its start; 0 means the start. What is given
	// must be enough to judge from there: readings from ReadingMaxGap before it on, observations from half a day before it
	// on, and all switches, setpoints, stoppages, exemptions and confirmations of the season. Tests look back further: with
	// any that began before From, judge from the season's start.
	From  Instant
	Rooms []Room // in the order in which verdicts list them

	Outdoor       []Observation
	OfficialDays  []OfficialDay
	Switches      []Switch
	Setpoints     []Setpoint
	Stoppages     []Stoppage
	Exemptions    []Exemption
	Reports       []Report
	Tests         []Test
	Confirmations []Confirmation
}

// Season is the days on which heat is owed, both inclusive (A2).
type Season struct {
	Start  Date
	End    Date
	Agreed bool // agreed otherwise than the statutory season (A4.2.2); it changes money, not judging
}

// Days is the number of days of the season.
func (s Season) Days() int { return s.Start.Days(s.End) }

// Winter is the year in which the season's winter begins: that of its start from July on, else the year before.
func (s Season) Winter() int {
	if s.Start.Month() >= time.July {
		return s.Start.Year()
	}
	return s.Start.Year() - 1
}

// In is the season as time, from 00:00 local of the first day to 24:00 of the last (A2).
func (s Season) In(zone *time.Location) Interval {
	return Interval{s.Start.Start(zone), s.End.End(zone)}
}

// Room is a room of the household with its readings.
type Room struct {
	ID       string
	Kind     RoomKind
	Readings []Reading // as OrderReadings returns them: by time, one a time
	// Carried is the below time before From that what comes after may still join: see Verdict.Carry.
	Carried []Interval
}

// RoomKind is what a room is used for.
type RoomKind string

// The kinds of rooms; only the first two are judged (A3).
const (
	Bedroom    = RoomKind(sensors.Bedroom)
	LivingRoom = RoomKind(sensors.LivingRoom)
	Kitchen    = RoomKind(sensors.Kitchen)
	Bathroom   = RoomKind(sensors.Bathroom)
	OtherRoom  = RoomKind(sensors.OtherRoom)
)

// Judged reports whether the standard is owed in rooms of this kind: bedrooms and living rooms (A3).
func (k RoomKind) Judged() bool { return k == Bedroom || k == LivingRoom }

// Known reports whether the kind is one of those above.
func (k RoomKind) Known() bool { return sensors.RoomKind(k).Known() }

// Reading is one measured room temperature (section 2).
type Reading struct {
	At       Instant // of measurement, by the device's clock
	Received Instant // 0 when it was not recorded
	Celsius  float64 // exactly as received
	Offset   float64 // calibration of the device in force at At, °C
	Line     int32   // where it was given: a line of a file, or 0
}

// Judged is the value that is judged: as received plus the calibration, added as the decimal numbers that they are and
// never rounded to fewer digits (section 2).
func (r *Reading) Judged() float64 {
	if r.Offset == 0 {
		return r.Celsius
	}
	return decimalSum(1, r.Celsius, r.Offset)
}

// Observation is one outdoor temperature of the policy's station.
type Observation struct {
	At      Instant
	Celsius float64
	Line    int32
}

// OfficialDay is a published daily mean, which takes precedence over observations (A7.2.2④).
type OfficialDay struct {
	Date    Date
	Celsius float64
	Line    int32
}

// Switch is the resident's demand for heat going on or off (A3). Valves and stoppages are not switches.
type Switch struct {
	At   Instant
	On   bool
	Line int32
}

// Setpoint is the temperature that the resident asks for from At on, in one room or, with Room empty, in all (A3).
type Setpoint struct {
	At      Instant
	Room    string
	Celsius float64
	Line    int32
}

// Stoppage is a planned maintenance (A7.2.2⑤).
type Stoppage struct {
	ID        string
	Announced Instant // 0: never announced
	Start     Instant
	End       Instant
	Proof     string // its record; empty: not proved
	Line      int32
}

// Exemption is the supplier's claim that A7.2.2①, ② or ③ applies.
type Exemption struct {
	ID     string
	Clause Clause
	Start  Instant
	End    Instant
	Proof  string // empty: only claimed, exempts nothing
	Line   int32
}

// Report is a resident's report of cold.
type Report struct {
	ID       string
	At       Instant
	Resolved Instant // 0: not resolved
	Line     int32
}

// Side is who commissioned a test.
type Side string

// The sides in order of precedence, the highest first (A7.2.2).
const (
	Resident Side = "resident"
	Joint    Side = "joint"
	Supplier Side = "supplier"
)

// rank is the precedence of a side: the lower wins.
func (s Side) rank() int {
	switch s {
	case Resident:
		return 0
	case Joint:
		return 1
	}
	return 2
}

// Known reports whether the side is one of those above.
func (s Side) Known() bool { return s == Resident || s == Joint || s == Supplier }

// Test is a third party's measurement of one room in [Start, End], both inclusive when they are equal.
type Test struct {
	ID             string
	Institution    string
	Accredited     bool // on that day
	CommissionedBy Side
	Room           string
	Start          Instant
	End            Instant
	Celsius        float64
	Line           int32
}

// Confirmation is an interval of cold that one side or both sides agree to.
type Confirmation struct {
	ID       string
	Start    Instant
	End      Instant
	Resident bool
	Supplier bool
	Line     int32
}

// Both reports whether both sides confirm; only then does it confirm anything (A7.2.2).
func (c Confirmation) Both() bool { return c.Resident && c.Supplier }
