package disputes

import (
	"errors"
	"fmt"
	"net/mail"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/sensors"
)

// Contract is one version of a household's heating contract. A contract that is changed gets another version, and the one before
// stays; it ends, and another begins, by their dates.
type Contract struct {
	ID        string // chosen by the server
	Version   int64  // from 1
	Number    string // as on the paper
	Household string
	Account   string   // the household's number with the supplier; the same in all versions
	Residents []Person // who signed as the resident (用热人), the first of them first
	Supplier  Supplier
	Address   string // for service: where notices go (A12)
	Signed    compliance.Date
	From      compliance.Date // its first day
	Until     compliance.Date // its last day, inclusive; 0: no end was agreed
	Policy    string          // the pack by which the home is judged
	Season    string          // the season agreed (A2), such as 2015-11-15/2016-03-15; empty: the statutory one
	// Commission is the arbitration commission that the contract names (A11); empty: none, so that a dispute ends with mediation.
	Commission string
	// SettleWithin is within how many days of its end the season is settled (A4.1); 0: none was agreed.
	SettleWithin int
	Note         string // why this version was made
}

// Person is somebody who signed a contract.
type Person struct {
	Name     string `json:"name"`
	Phone    string `json:"phone,omitempty"` // digits, with + before a country's code; empty: not given
	Email    string `json:"email,omitempty"` // empty: not given
	Language string `json:"language"`        // of messages: zh or en
}

// Supplier is the supplier as a contract names it.
type Supplier struct {
	Name    string `json:"name"`
	Phone   string `json:"phone,omitempty"` // the service number
	Address string `json:"address,omitempty"`
}

// Bounds of a contract's fields, in bytes unless it says something else.
const (
	MaxResidents = 8   // people
	maxName      = 200 // of names, numbers, phones
	maxAddress   = 500
	maxSettle    = 366 // days
)

// Check is everything that is wrong with the contract, a join of *FieldError, or nil. What needs the registry or other contracts is
// not looked at.
func (c Contract) Check() error {
	var f fields
	f.id("household", c.Household)
	f.id("account", c.Account)
	f.line("number", c.Number, maxName, true)
	f.line("address", c.Address, maxAddress, true)
	f.line("supplier.name", c.Supplier.Name, maxName, true)
	f.phone("supplier.phone", c.Supplier.Phone)
	f.line("supplier.address", c.Supplier.Address, maxAddress, false)
	f.line("commission", c.Commission, maxName, false)
	if reason := textProblem(c.Note, c.Version > 1); reason != "" {
		f.wrong("note", "%s", reason)
	}
	if n := len(c.Residents); n == 0 || n > MaxResidents {
		f.wrong("residents", "%d people, want 1 to %d", n, MaxResidents)
	}
	for i, p := range c.Residents {
		at := fmt.Sprintf("residents[%d].", i)
		f.line(at+"name", p.Name, maxName, true)
		f.phone(at+"phone", p.Phone)
		f.email(at+"email", p.Email)
		if p.Language != "zh" && p.Language != "en" {
			f.wrong(at+"language", "%q is not zh or en", p.Language)
		}
	}
	c.checkDates(&f)
	if c.SettleWithin < 0 || c.SettleWithin > maxSettle {
		f.wrong("settle_within_days", "%d is not in 0 to %d", c.SettleWithin, maxSettle)
	}
	return errors.Join(f...)
}

func (c Contract) checkDates(f *fields) {
	earliest := compliance.DateOf(1990, time.January, 1)
	if c.Signed < earliest {
		f.wrong("signed", "%s lies before %s", c.Signed, earliest)
	}
	if c.From < earliest {
		f.wrong("from", "%s lies before %s", c.From, earliest)
	}
	if c.Until != 0 && c.Until < c.From {
		f.wrong("until", "%s lies before the first day, %s", c.Until, c.From)
	}
}

// Span is the time in which the contract is in force: from 00:00 of its first day to 24:00 of its last, in the policy's zone.
func (c Contract) Span(zone *time.Location) (from, until sensors.Instant) {
	if c.Until == 0 {
		return c.From.Start(zone), sensors.Forever
	}
	return c.From.Start(zone), c.Until.End(zone)
}

// fields gathers what is wrong with the fields of a form.
type fields []error

func (f *fields) wrong(field, format string, args ...any) {
	*f = append(*f, &FieldError{field, fmt.Sprintf(format, args...)})
}

func (f *fields) id(field, id string) {
	if err := sensors.CheckID(id); err != nil {
		f.wrong(field, "%v", err)
	}
}

// line checks a text of one line.
func (f *fields) line(field, s string, most int, needed bool) {
	switch {
	case needed && strings.TrimSpace(s) == "":
		f.wrong(field, "is needed")
	case len(s) > most:
		f.wrong(field, "%d bytes are more than %d", len(s), most)
	case !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 }):
		f.wrong(field, "is not one line of UTF-8")
	}
}

var phoneForm = regexp.MustCompile(`^\+?[0-9]{3,20}$`)

// PhoneProblem says what is wrong with a phone number, or nothing: digits, with a + before those that have a country's code.
func PhoneProblem(s string) string {
	if !phoneForm.MatchString(s) {
		return "is not a number such as 13800000000 or +8613800000000: digits only"
	}
	return ""
}

func (f *fields) phone(field, s string) {
	if reason := PhoneProblem(s); s != "" && reason != "" {
		f.wrong(field, "%s", reason)
	}
}

// EmailProblem says what is wrong with an e-mail address, or nothing: it is bare, without a name or brackets.
func EmailProblem(s string) string {
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || len(s) > 254 {
		return "is not an address such as li@heating.example"
	}
	return ""
}

func (f *fields) email(field, s string) {
	if reason := EmailProblem(s); s != "" && reason != "" {
		f.wrong(field, "%s", reason)
	}
}
