// Package payment is what a resident is told about paying: until when, by which ways, and why the others are not open to
// an account. It is pure; what it knows is the `payment` section of a policy pack, season by season.
package payment

import (
	"slices"
	"strings"
	"time"

	"github.com/nuanju/nuanju/compliance"
)

// Rules are how a season is paid for, as the supplier's notice of that season says.
type Rules struct {
	Winter  int             // the year in which the season begins
	From    compliance.Date // first day of the window; 0 where none is named
	Until   compliance.Date // last day of the window, which is the due date
	InFull  bool            // the whole fee at once
	Always  bool            // counters are open on holidays too
	Late    compliance.Words
	Account AccountRule

	Subsidiaries []Subsidiary
	Channels     []Channel
	Exclusions   []Exclusion
	Documents    []Document
	Suspension   Suspension
	Notes        []Note

	Source    string
	Certainty string // H official text, M press or copy, L inferred
}

// AccountRule says what an account is known by.
type AccountRule struct {
	Number  compliance.Words // which number, and where it stands
	BoundBy []Binding        // what must agree before somebody may act for the account
}

// Binding is a thing that must agree.
type Binding string

// The bindings.
const (
	ByNumber Binding = "number"
	ByName   Binding = "name"
)

// Identity is an account's number and the name that it is under.
type Identity struct{ Number, Name string }

// Binds reports whether what somebody gave agrees with what is registered, in all that the rule asks for. Spaces around do
// not matter; an empty number or name never agrees.
func (r *AccountRule) Binds(given, registered Identity) bool {
	same := func(a, b string) bool {
		a, b = strings.TrimSpace(a), strings.TrimSpace(b)
		return a != "" && a == b
	}
	for _, b := range r.BoundBy {
		if b == ByNumber && !same(given.Number, registered.Number) || b == ByName && !same(given.Name, registered.Name) {
			return false
		}
	}
	return len(r.BoundBy) > 0
}

// Subsidiary is a company of the supplier's that has customers of its own.
type Subsidiary struct {
	ID    string
	Title compliance.Words
}

// Channel is a way to pay.
type Channel struct {
	ID     string
	Title  compliance.Words
	Online bool
	Places []Place // of one that is open at times and places of its own; else none
	Note   compliance.Words
}

// Place is where and when a temporary counter stands, both days included.
type Place struct {
	Title compliance.Words
	From  compliance.Date
	Until compliance.Date
}

// Exclusion closes channels to accounts of which a fact holds, or which are customers of a subsidiary.
type Exclusion struct {
	Fact         Fact     // "" for one by subsidiary
	Subsidiaries []string // empty for one by fact
	Closes       []string // the channels that it closes
	Why          compliance.Words
	Bring        []compliance.Words // what the account has to bring to the channels that stay open
}

// applies reports whether the exclusion is one of the account's.
func (e *Exclusion) applies(a *Account) bool {
	if e.Fact != "" {
		return slices.Contains(a.Facts, e.Fact)
	}
	return slices.Contains(e.Subsidiaries, a.Subsidiary)
}

// Document is an invoice, or what else is done about a payment, and where it is to be had.
type Document struct {
	ID       string
	Title    compliance.Words
	Channels []string // the ways of paying that it is for; empty: all
	At       []string // where it is to be had, if not where it was paid
	// WorkingDays is how many working days after the payment it is to be had, from Clock on (a time of day, local; empty:
	// from the start of the day), for Within days after the payment. 0 and 0: at once, without end.
	WorkingDays int
	Clock       string
	Within      int
}

// Ready is the first and the last day on which a document for a payment of that day is to be had, by a calendar that says
// which days are worked; on the first one from Clock on. last is 0 where there is no end. A calendar that works on no day
// within a year gives first 0.
func (d *Document) Ready(paid compliance.Date, worked func(compliance.Date) bool) (first, last compliance.Date) {
	if d.Within > 0 {
		last = paid + compliance.Date(d.Within)
	}
	first = paid
	for left := d.WorkingDays; left > 0; {
		first++
		if first > paid+366 {
			return 0, last
		}
		if worked(first) {
			left--
		}
	}
	return first, last
}

// Weekdays is the calendar of Monday to Friday, for whoever knows no holidays.
func Weekdays(d compliance.Date) bool {
	day := time.Unix(int64(d)*86400, 0).UTC().Weekday()
	return day != time.Saturday && day != time.Sunday
}

// Suspension is how heating is suspended for a season, or resumed after one.
type Suspension struct {
	By   compliance.Date // the last day to apply; 0 where none is named
	Ways []Way
}

// Way is one way to apply.
type Way struct {
	Title    compliance.Words
	Bring    []compliance.Words
	Delegate []compliance.Words // what somebody else brings in the owner's stead, beside
}

// Open reports whether an application may still be made on the day.
func (s *Suspension) Open(on compliance.Date) bool { return s.By == 0 || on <= s.By }

// Note is something else that residents are told.
type Note struct {
	ID   string
	Text compliance.Words
}
