package compliance

// Step is one step of the reasoning that led to a tile, an episode, or a finding: a rule of the contract, the values
// that it compared and where they came from. Steps are values: equal facts give equal steps, in the same order.
type Step struct {
	Clause  Clause  // "" where the contract has none: a reading we chose, or arithmetic
	Rule    Rule    // which sentence of the rules; Texts has it in words
	Values  []Value // by the names that the rule's text uses
	Sources []Source
}

// Rule is the stable key of a sentence in a Because, the same in every language.
type Rule string

// Value is one named value of a step. Exactly one of Number, At, Date and Text is meant, as Kind says.
type Value struct {
	Name   string
	Kind   ValueKind
	Number float64 // °C, seconds or a count
	At     Instant
	Date   Date
	Text   string
}

// ValueKind says what a value is and in which unit.
type ValueKind uint8

// The kinds of values.
const (
	KindCelsius ValueKind = iota + 1
	KindSeconds
	KindCount
	KindInstant
	KindDate
	KindText
	KindTerm // a status, a side, a source or a kind of room: a word of the program's, which Term translates
)

// Source is where a value came from: a row that somebody gave.
type Source struct {
	Kind SourceKind
	ID   string  // of the row, or the room of a reading; may be empty
	At   Instant // of a reading or an observation; else 0
	Line int32   // in the file that the kind names; 0 when the facts did not come from files
}

// SourceKind is what kind of row a source is.
type SourceKind string

// The kinds of sources, one a file of a case.
const (
	FromReading      SourceKind = "reading"
	FromObservation  SourceKind = "observation"
	FromOfficialDay  SourceKind = "official_day"
	FromSwitch       SourceKind = "switch"
	FromSetpoint     SourceKind = "setpoint"
	FromStoppage     SourceKind = "outage"
	FromExemption    SourceKind = "exemption"
	FromReport       SourceKind = "report"
	FromTest         SourceKind = "test"
	FromConfirmation SourceKind = "confirmation"
	FromPolicy       SourceKind = "policy"
)

func celsius(name string, v float64) Value { return Value{Name: name, Kind: KindCelsius, Number: v} }

func count(name string, n int) Value       { return Value{Name: name, Kind: KindCount, Number: float64(n)} }
func instant(name string, t Instant) Value { return Value{Name: name, Kind: KindInstant, At: t} }
func day(name string, d Date) Value        { return Value{Name: name, Kind: KindDate, Date: d} }
func text(name, s string) Value            { return Value{Name: name, Kind: KindText, Text: s} }
func term(name, s string) Value            { return Value{Name: name, Kind: KindTerm, Text: s} }

func seconds(name string, ns Instant) Value {
	return Value{Name: name, Kind: KindSeconds, Number: float64(ns) / 1e9}
}
