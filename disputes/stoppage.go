package disputes

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/sensors"
)

// Stoppage is the body of a stoppage. Times are in UTC.
type Stoppage struct {
	Start   time.Time `json:"start"`
	End     time.Time `json:"end"` // as announced
	Planned bool      `json:"planned"`
	// Announced is when it was announced anew for another time; zero: when it was opened. It is always the server's time.
	Announced *time.Time `json:"announced,omitempty"`
	// Ended is when heat was back; nil: not yet, or not said.
	Ended *time.Time `json:"ended,omitempty"`
	Proofs
}

// Proofs are what was given as proof. The texts are in the timeline; the facts have a line of the first.
type Proofs struct {
	Proof       string   `json:"proof,omitempty"`       // the first text, shortened to a line
	Attachments []string `json:"attachments,omitempty"` // digests
}

const (
	// MaxStoppage bounds a stoppage and an exemption: what lasts longer is a mistake of the year.
	MaxStoppage = 200 * 24 * time.Hour
	// MaxProofs bounds how many attachments prove a matter.
	MaxProofs = 100
	proofLine = 120 // runes
)

// CheckInterval is what is wrong with an interval that somebody states, as *FieldError of start and end.
func CheckInterval(start, end time.Time) error {
	switch {
	case start.IsZero() || end.IsZero():
		return nil // whoever read them has complained
	case !end.After(start):
		return &FieldError{"end", "is not after start"}
	case end.Sub(start) > MaxStoppage:
		return &FieldError{"end", "is more than 200 days after start"}
	}
	return nil
}

var digest = regexp.MustCompile(`^[0-9a-f]{64}$`)

// CheckAttachments is what is wrong with digests of attachments, as *FieldError of attachments.
func CheckAttachments(digests []string) error {
	var errs []error
	if len(digests) > MaxProofs {
		errs = append(errs, &FieldError{"attachments", fmt.Sprintf("%d are more than %d", len(digests), MaxProofs)})
	}
	for i, d := range digests {
		if i < MaxProofs && !digest.MatchString(d) {
			errs = append(errs, &FieldError{fmt.Sprintf("attachments[%d]", i), "is not a digest of 64 hexadecimal digits"})
		}
	}
	return errors.Join(errs...)
}

// with is the proofs with another one.
func (p Proofs) with(text string, attachments []string) (Proofs, error) {
	if err := CheckAttachments(attachments); err != nil {
		return p, err
	}
	if len(p.Attachments)+len(attachments) > MaxProofs {
		return p, &FieldError{"attachments", fmt.Sprintf("it would have more than %d", MaxProofs)}
	}
	if p.Proof == "" {
		line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
		runes := []rune(strings.TrimSpace(line))
		p.Proof = string(runes[:min(len(runes), proofLine)])
	}
	p.Attachments = append(append([]string{}, p.Attachments...), attachments...)
	return p, nil
}

// AnnounceStoppage is the opening of a stoppage. Whatever is wrong with its interval is an error at once with what Begin finds.
func AnnounceStoppage(o Opening, start, end time.Time, planned bool) (Opening, error) {
	o.Kind, o.Event = StoppageMatter, Announced
	o.Body = Stoppage{Start: start.UTC(), End: end.UTC(), Planned: planned}
	return o, CheckInterval(start, end)
}

// StoppageMove is what somebody does to a stoppage. Start and End are of a rescheduling; of an end, End is when heat was back, or zero
// for now; Attachments are of its record.
type StoppageMove struct {
	Move
	Start, End  time.Time
	Attachments []string
}

// AdvanceStoppage does a move to a stoppage. A stoppage that has begun is neither rescheduled nor cancelled. An error is Advance's.
func AdvanceStoppage(m Matter, c StoppageMove, now sensors.Instant) (Matter, []MatterEvent, error) {
	s, err := Body[Stoppage](m.Body)
	if err != nil {
		return m, nil, err
	}
	begun := !now.Time().Before(s.Start)
	switch c.Event {
	case Rescheduled:
		err = CheckInterval(c.Start, c.End)
		at := now.Time().UTC()
		s.Start, s.End, s.Announced = c.Start.UTC(), c.End.UTC(), &at
		c.Detail, c.Body = s, s
	case CancelledIt:
	case Ended:
		at := now.Time().UTC()
		if !c.End.IsZero() {
			at = c.End.UTC()
		}
		switch {
		case at.After(now.Time()):
			err = &FieldError{"end", "is in the future"}
		case !at.After(s.Start):
			err = &FieldError{"end", "is not after its start"}
		}
		s.Ended = &at
		c.Detail, c.Body = map[string]time.Time{"ended": at}, s
	case RecordGiven:
		s.Proofs, err = s.with(c.Text, c.Attachments)
		c.Detail, c.Body = Proofs{Attachments: c.Attachments}, s
	}
	after, events, err2 := Advance(m, c.Move, now)
	if err2 == nil && err == nil && begun && (c.Event == Rescheduled || c.Event == CancelledIt) {
		err = Stale(m.Kind, "it has begun, and %q cannot happen then", c.Event)
	}
	if err := both(err2, err); err != nil {
		return m, nil, err
	}
	return after, events, nil
}

// both is an error of two: every wrong field, but nothing of fields where the move is impossible anyway.
func both(move, fields error) error {
	if move != nil && !errors.Is(move, ErrInvalid) {
		return move
	}
	return errors.Join(unjoined(move, fields)...)
}

// unjoined is the errors that errors.Join joined in some, without nils.
func unjoined(some ...error) (all []error) {
	for _, err := range some {
		if many, ok := err.(interface{ Unwrap() []error }); ok {
			all = append(all, many.Unwrap()...)
		} else if err != nil {
			all = append(all, err)
		}
	}
	return all
}

// StoppageFact is what the judge takes of a stoppage; nil for one that was cancelled before it began, or was not planned (A7.2.2⑤
// is of planned ones). Until its end is stated it is the announced one. Its record proves it unless it was rejected: while it is
// contested the presumption holds (I10).
func StoppageFact(m Matter) (*compliance.Stoppage, error) {
	s, err := Body[Stoppage](m.Body)
	if err != nil || !s.Planned || m.State == Cancelled {
		return nil, err
	}
	f := &compliance.Stoppage{ID: m.ID, Announced: m.Opened, Start: sensors.At(s.Start), End: sensors.At(s.End)}
	if s.Announced != nil {
		f.Announced = sensors.At(*s.Announced)
	}
	if s.Ended != nil {
		f.End = sensors.At(*s.Ended)
	}
	if m.State == StateRecorded || m.State == StateContested || m.State == StateUpheld {
		f.Proof = s.Proof
	}
	return f, nil
}
