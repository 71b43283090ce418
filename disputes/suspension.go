package disputes

import (
	"errors"
	"fmt"
	"strings"

	"github.com/nuanju/nuanju/sensors"
)

// SuspensionMatter is an application to suspend heating for a winter, or to resume it (A8).
const SuspensionMatter MatterKind = "suspension"

// What happens to an application, beside what happens to other matters.
const (
	Applied  EventKind = "apply"
	Approved EventKind = "approve"
	Refused  EventKind = "refuse"

	StateApplied  State = "applied"
	StateApproved State = "approved"
	StateRefused  State = "refused"
)

// SuspensionWish is what an application asks for.
type SuspensionWish string

// The wishes.
const (
	ToSuspend SuspensionWish = "suspend"
	ToResume  SuspensionWish = "resume"
)

// Document is a paper that an application has to have, and the file that is it.
type Document struct {
	What       string `json:"what"`       // as the pack calls it
	Attachment string `json:"attachment"` // digest
}

// Suspension is the body of an application. What the pack asked for on the day is kept with it: an old application is judged by old
// words.
type Suspension struct {
	Proofs                   // the documents' files
	Wish      SuspensionWish `json:"kind"`
	Winter    int            `json:"season"`             // the year in which the winter begins
	Way       string         `json:"way,omitempty"`      // of applying, as the pack calls it
	Delegate  bool           `json:"delegate"`           // somebody applies in the owner's stead
	Documents []Document     `json:"documents"`          // as they were given
	By        string         `json:"apply_by,omitempty"` // the last day to apply; empty where the pack names none
	Source    string         `json:"source,omitempty"`   // of these rules
}

// maxDocuments bounds the papers of one application.
const maxDocuments = 20

// suspensionMachine is A8. An approval notes in the same transaction what the bill of the winter follows from.
func suspensionMachine() Machine {
	return Machine{SuspensionMatter, "暂停或恢复用热申请", "an application to suspend or resume heating", []Row{
		{None, Applied, StateApplied, append(residents(), cashiers()...), false, "申请暂停或恢复用热", "somebody applies"},
		{StateApplied, Approved, StateApproved, cashiers(), false, "同意", "it is approved, and the bill follows"},
		{StateApplied, Refused, StateRefused, cashiers(), true, "不同意，说明理由", "it is refused, with the reason"},
		{StateApplied, Withdrawn, StateWithdrawn, residents(), false, "用热人撤回申请", "the resident takes it back"},
	}}
}

// ApplySuspension completes the opening of an application. Needed are the papers that the way of applying asks for; each is in one of
// several words. The opening is checked by Begin; the fields are documents and kind.
func ApplySuspension(o Opening, s Suspension, needed [][]string) (Opening, error) {
	var errs []error
	if s.Wish != ToSuspend && s.Wish != ToResume {
		errs = append(errs, &FieldError{"kind", "is neither suspend nor resume"})
	}
	if len(s.Documents) > maxDocuments {
		errs = append(errs, &FieldError{"documents", fmt.Sprintf("%d are more than %d", len(s.Documents), maxDocuments)})
	}
	s.Attachments = nil
	for i, d := range s.Documents[:min(len(s.Documents), maxDocuments)] {
		if !digest.MatchString(d.Attachment) {
			errs = append(errs, &FieldError{fmt.Sprintf("documents[%d].attachment", i), "is not a digest of 64 hexadecimal digits"})
		}
		if strings.TrimSpace(d.What) == "" || len(d.What) > MaxName {
			errs = append(errs, &FieldError{fmt.Sprintf("documents[%d].what", i), fmt.Sprintf("is empty, or longer than %d bytes", MaxName)})
		}
		s.Attachments = append(s.Attachments, d.Attachment)
	}
	var missing []string
	for _, words := range needed {
		if !s.has(words) {
			missing = append(missing, strings.Join(words, " / "))
		}
	}
	if missing != nil {
		errs = append(errs, &FieldError{"documents", "these are missing: " + strings.Join(missing, ", ")})
	}
	o.Kind, o.Event, o.Body = SuspensionMatter, Applied, s
	return o, errors.Join(errs...)
}

// has reports whether a paper that goes by any of some words is there.
func (s *Suspension) has(words []string) bool {
	for _, d := range s.Documents {
		for _, w := range words {
			if strings.EqualFold(strings.TrimSpace(d.What), w) {
				return true
			}
		}
	}
	return false
}

// AdvanceSuspension does a move to an application, and says what the application asks for. An error is Advance's.
func AdvanceSuspension(m Matter, c Move, now sensors.Instant) (after Matter, events []MatterEvent, s Suspension, err error) {
	if s, err = Body[Suspension](m.Body); err != nil {
		return m, nil, s, err
	}
	after, events, err = Advance(m, c, now)
	return after, events, s, err
}
