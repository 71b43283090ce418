package compliance

import "time"

// Status is how a room or a household stands at an instant (section 4).
type Status string

// The statuses of section 4.
const (
	Off       Status = "off"
	Grace     Status = "grace"
	Unknown   Status = "unknown"
	Compliant Status = "compliant"
	Exempt    Status = "exempt"
	Below     Status = "below"
)

// Verdict is what Judge finds. Equal facts and policy give equal verdicts. The reasons of tiles are many and long, and
// most are never read: RoomBecause and TileBecause tell them when asked, from the facts that were judged, which must not
// be changed meanwhile.
type Verdict struct {
	Household string
	Policy    PolicyRef
	Season    Interval
	// From is where tiles begin: the season's start, or Facts.From.
	From Instant
	// Until is where tiles end: the earlier of the season's end and the moment of judging.
	Until Instant
	// JudgedAt is the moment of judging.
	JudgedAt Instant
	// Settled is up to where only other facts can change the verdict: the start of the local day of the moment of judging,
	// or the season's end.
	Settled Instant

	Rooms     []RoomVerdict // in the order of the facts
	Tiles     []Tile        // the household's
	Days      []OutdoorDay
	Stoppages []StoppageVerdict // those of the season, in order of start, then id
	Episodes  []Episode         // by room in the order of the facts, then by start
	Confirmed Spans             // all confirmed time of the household
	Tests     []TestVerdict     // in the order of the facts
	Claims    []Claim           // exemptions claimed under A7.2.2①–③, proved or not

	judge *judge // what reasons are told from
	rooms []*roomState
}

// PolicyRef says which words judged.
type PolicyRef struct {
	Name     string
	Digest   string // of the edition in force on the season's first day
	Editions []EditionRef
}

// EditionRef is an edition that judged some day of the season.
type EditionRef struct {
	From   Date
	Digest string
}

// RoomVerdict is one room's tiles; none if the room is not judged.
type RoomVerdict struct {
	Room   string
	Kind   RoomKind
	Judged bool
	Tiles  []Tile
}

// Tile is a maximal interval of one status and clause (section 4).
type Tile struct {
	Interval
	Status Status
	Clause Clause
	// Provisional is true where the tile may change without any fact changing: the local day has not ended, so that
	// its outdoor mean is undetermined.
	Provisional bool
}

// OutdoorDay is what the outdoor daily mean of a local day is and whether it exempts the day (A7.2.2④).
type OutdoorDay struct {
	Date   Date
	Mean   float64   // °C, the exact mean to the nearest float64; meaningless when Source is Undetermined
	Source DaySource // where Mean is from
	Exempt bool
	// Because is the observations used, or what is missing.
	Because []Step
}

// DaySource is where a daily mean is from.
type DaySource string

// The sources of daily means; an OutdoorMethod's name is one too.
const (
	Official     DaySource = "official"
	Undetermined DaySource = "undetermined"
)

// StoppageVerdict is whether a planned stoppage is exempt (A7.2.2⑤).
type StoppageVerdict struct {
	ID      string
	Exempt  bool
	Reason  StoppageReason // why not; empty when exempt
	Ordinal int            // how many of the season's stoppages count, up to and with this one
	Span    Interval       // as declared, unclipped
	Because []Step
}

// StoppageReason is why a stoppage is not exempt: the first that applies, in the order below.
type StoppageReason string

// The reasons of A7.2.2⑤.
const (
	NotAnnounced StoppageReason = "not_announced"
	TooLong      StoppageReason = "too_long"
	OverThree    StoppageReason = "over_three"
	NotProved    StoppageReason = "not_proved"
)

// Claim is an exemption under A7.2.2①–③ as the supplier declared it.
type Claim struct {
	ID     string
	Clause Clause
	Span   Interval // clipped to the judged time
	Proved bool
}

// EpisodeStatus is how far an episode's below time has been decided (section 6).
type EpisodeStatus string

// The statuses of episodes.
const (
	Suspected     EpisodeStatus = "suspected"
	Confirmed     EpisodeStatus = "confirmed"
	Dismissed     EpisodeStatus = "dismissed"
	PartlyDecided EpisodeStatus = "partly_decided"
)

// Episode joins a room's below tiles that lie close together (section 6).
type Episode struct {
	Room          string
	Hull          Interval
	Status        EpisodeStatus
	Below         time.Duration
	Confirmed     time.Duration
	Dismissed     time.Duration
	Tests         []string // standing tests that meet it, sorted
	Confirmations []string // joint confirmations that overlap it, sorted
	// ConfirmedTime and DismissedTime are the parts of its below time that were decided.
	ConfirmedTime Spans
	DismissedTime Spans
	Because       []Step
}

// Finding is what a test shows, computed and not taken from the tester's word (section 6).
type Finding string

// The findings.
const (
	Noncompliant  Finding = "noncompliant"
	CompliantTest Finding = "compliant"
	NotApplicable Finding = "not_applicable"
)

// TestVerdict is what a test decides and who pays for it.
type TestVerdict struct {
	ID      string
	Room    string
	Start   Instant
	Finding Finding
	Stands  bool
	Payer   Side // "" when the test is not applicable
	// SensorOff is true when the room's own reading disagreed with the test by more than the agreed margin; the
	// sensor wants calibration.
	SensorOff bool
	// Difference is how far the reading that holds at the test's start is from the test, °C; 0 where none was compared.
	Difference float64
	Because    []Step
}
