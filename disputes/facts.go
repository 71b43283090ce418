package disputes

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strings"
	"time"

	"github.com/nuanju/nuanju/sensors"
)

// Facts is what an event says beside its text. Each kind of event has its own; the others are zero.
type Facts struct {
	Assignee   string          `json:"assignee,omitempty"`   // Assigned
	From       sensors.Instant `json:"from,omitempty"`       // Appointed: the visit's earliest time
	Until      sensors.Instant `json:"until,omitempty"`      // Appointed: its latest
	Celsius    *float64        `json:"celsius,omitempty"`    // Visited: measured then, °C; a note that proves nothing
	Attachment *Attachment     `json:"attachment,omitempty"` // Attached
	Incident   string          `json:"incident,omitempty"`   // Joined and Left; of an answer, that it went to a whole incident
	Clock      Duty            `json:"clock,omitempty"`      // Escalated: which one is overdue
	Step       int             `json:"step,omitempty"`       // Escalated: from 1
	To         string          `json:"to,omitempty"`         // Escalated: who is told
}

// Attachment is a file that belongs to a ticket. Its digest is in the evidence log with the event, and so are its bytes held to it.
type Attachment struct {
	Digest string `json:"digest"` // sha-256, in hexadecimal
	Type   string `json:"type"`   // media type, as its content shows
	Size   int64  `json:"size"`   // bytes
	Name   string `json:"name"`   // as whoever sent it calls it; may be empty
}

// Bounds of what events may say.
const (
	MaxAttachments = 30             // of one ticket
	MaxName        = 200            // of a file, in bytes
	maxVisit       = 24 * time.Hour // how long an appointment may be
	maxAhead       = 90 * 24 * time.Hour
)

// check is an error that names all that is wrong with a command's text and facts.
func (c Command) check(t Ticket, needsText bool, now sensors.Instant) error {
	var errs []error
	wrong := func(field, format string, args ...any) {
		errs = append(errs, &FieldError{field, fmt.Sprintf(format, args...)})
	}
	if reason := textProblem(c.Text, needsText); reason != "" {
		wrong("text", "%s", reason)
	}
	f := c.Facts
	switch c.Event {
	case Assigned:
		if err := sensors.CheckID(f.Assignee); err != nil {
			wrong("assignee", "%v", err)
		}
	case Appointed:
		switch {
		case f.From >= f.Until:
			wrong("until", "is not after from")
		case f.Until.Sub(f.From) > maxVisit:
			wrong("until", "is more than 24 h after from")
		case f.Until <= now:
			wrong("until", "is in the past")
		case f.From > now.Add(maxAhead):
			wrong("from", "is more than 90 days ahead")
		}
	case Visited:
		if v := f.Celsius; v != nil && (math.IsNaN(*v) || *v < -50 || *v > 80) {
			wrong("celsius", "is no temperature of a room in °C")
		}
	case Attached:
		if t.Attachments >= MaxAttachments {
			wrong("attachments", "the ticket has %d files, and no more are taken", MaxAttachments)
		}
		if f.Attachment == nil || len(f.Attachment.Digest) != 64 {
			wrong("attachment", "is absent")
		} else if reason := nameProblem(f.Attachment.Name); reason != "" {
			wrong("name", "%s", reason)
		}
	case Joined, Left:
		errs = append(errs, c.checkIncident(t)...)
	}
	return errors.Join(errs...)
}

func (c Command) checkIncident(t Ticket) []error {
	switch {
	case sensors.CheckID(c.Facts.Incident) != nil:
		return []error{&FieldError{"incident", "is not an id"}}
	case c.Event == Joined && t.Incident != "":
		return []error{fmt.Errorf("%w: it is a part of incident %s", ErrConflict, t.Incident)}
	case c.Event == Left && t.Incident != c.Facts.Incident:
		return []error{fmt.Errorf("%w: it is no part of that incident", ErrConflict)}
	}
	return nil
}

func nameProblem(name string) string {
	switch reason := textProblem(name, false); {
	case len(name) > MaxName:
		return fmt.Sprintf("%d bytes are more than %d", len(name), MaxName)
	case reason != "":
		return reason
	case strings.ContainsAny(name, "/\\\n\r\t\""):
		return "has a slash, a quotation mark or a line break"
	}
	return ""
}

// take keeps in the ticket what a command's facts say.
func (t *Ticket) take(c Command) {
	switch c.Event {
	case Assigned:
		t.Assignee = c.Facts.Assignee
	case Appointed:
		t.VisitFrom, t.VisitUntil = c.Facts.From, c.Facts.Until
	case Visited, CancelledIt:
		t.VisitFrom, t.VisitUntil = 0, 0
	case Attached:
		t.Attachments++
	case Joined:
		t.Incident = c.Facts.Incident
	case Left:
		t.Incident = ""
	}
}

var plainPhone = regexp.MustCompile(`^\+?[0-9]{3,20}$`)

// PlainPhone is a phone number without the spaces, hyphens and brackets that people write into it.
func PlainPhone(s string) string {
	return strings.NewReplacer(" ", "", "-", "", "(", "", ")", "", "（", "", "）", "").Replace(s)
}

func phoneProblem(s string) string {
	if s != "" && !plainPhone.MatchString(PlainPhone(s)) {
		return "is not a phone number of 3 to 20 digits"
	}
	return ""
}

// FactsView is an event's facts as the API and the evidence log show them.
type FactsView struct {
	Assignee   string      `json:"assignee,omitempty"`
	From       *time.Time  `json:"from,omitempty"`
	Until      *time.Time  `json:"until,omitempty"`
	Celsius    *float64    `json:"celsius,omitempty"`
	Attachment *Attachment `json:"attachment,omitempty"`
	Incident   string      `json:"incident,omitempty"`
	Clock      Duty        `json:"clock,omitempty"`
	Step       int         `json:"step,omitempty"`
	To         string      `json:"to,omitempty"`
}

// show is the facts with times in a zone; nil for none.
func (f Facts) show(zone *time.Location) *FactsView {
	if f == (Facts{}) {
		return nil
	}
	return &FactsView{
		f.Assignee, moment(f.From, zone), moment(f.Until, zone), f.Celsius, f.Attachment, f.Incident, f.Clock, f.Step, f.To,
	}
}
