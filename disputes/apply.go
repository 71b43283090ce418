package disputes

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/nuanju/nuanju/sensors"
)

// What can be wrong with a command; the errors returned wrap one of these.
var (
	// ErrConflict: the ticket is not in a state in which that can happen, or no longer as it was read.
	ErrConflict = errors.New("the ticket has changed")
	// ErrNotAllowed: the actor may not do that.
	ErrNotAllowed = errors.New("not allowed")
	// ErrInvalid: a field of the command is wrong.
	ErrInvalid = errors.New("invalid")
)

// MaxText is the greatest length of a text, in bytes.
const MaxText = 8 << 10

// FieldError says what is wrong with one field of a command. It is an ErrInvalid.
type FieldError struct {
	Field  string // as in the API: household, kind, text, reported_at
	Reason string
}

// Error is the field and the reason.
func (e *FieldError) Error() string { return e.Field + ": " + e.Reason }

// Unwrap is ErrInvalid.
func (e *FieldError) Unwrap() error { return ErrInvalid }

// Filing is a report to be filed.
type Filing struct {
	ID        string // chosen by the caller, never used before
	Household string
	Kind      Kind
	Text      string // may be empty
	// Emergency marks another kind than a leak as an emergency.
	Emergency bool
	// ReportedAt is the time of the call; 0: now. Only a dispatcher may give it, and never one in the future.
	ReportedAt sensors.Instant
	// Phone is where whoever reports it can be called; may be empty.
	Phone string
	// Incident is an open incident at the home, which the report joins; empty: none.
	Incident string
	Actor    Actor
}

// File makes a ticket of a report. The events are its filing and the breaches that had already happened by now, when it
// is filed late. All that is wrong with the filing is returned at once: a join of *FieldError, or ErrNotAllowed.
func File(f Filing, duties Duties, now sensors.Instant) (Ticket, []Event, error) {
	if err := f.check(now); err != nil {
		return Ticket{}, nil, err
	}
	rule, _ := f.Kind.rule()
	reported := cmp.Or(f.ReportedAt, now)
	t := Ticket{
		ID: f.ID, Household: f.Household, Kind: f.Kind, Text: f.Text, State: Open,
		Emergency: rule.Emergency || f.Emergency, ReportedAt: reported, Version: 1, Phone: PlainPhone(f.Phone),
	}
	if duties.InSeason(reported) {
		if rule.Reply {
			t.Reply = starting(reported.Add(duties.ReplyWithin), duties.WarnBefore)
		}
		if rule.Update {
			t.Update = starting(reported.Add(duties.UpdateWithin), duties.WarnBefore)
		}
	}
	events := []Event{{Seq: 1, Event: Filed, At: reported, Recorded: now, Actor: f.Actor, Text: f.Text, From: None, To: Open}}
	if f.Incident != "" {
		t.Incident = f.Incident
		t, events = t.add(events, Event{Event: Joined, At: now, Recorded: now, Actor: Actor{Role: Monitor}, Facts: Facts{Incident: f.Incident}})
	}
	t, breaches := Breaches(t, now)
	return t, append(events, breaches...), nil
}

// starting is a clock that is due at an instant.
func starting(due sensors.Instant, warnBefore time.Duration) Clock {
	return Clock{Due: due, Alert: due.Add(-warnBefore)}
}

// add gives an event that leaves the ticket's state alone its number.
func (t Ticket) add(events []Event, e Event) (Ticket, []Event) {
	t.Version++
	e.Seq, e.From, e.To = t.Version, t.State, t.State
	return t, append(events, e)
}

func (f Filing) check(now sensors.Instant) error {
	var errs []error
	wrong := func(field, format string, args ...any) {
		errs = append(errs, &FieldError{field, fmt.Sprintf(format, args...)})
	}
	if err := sensors.CheckID(f.ID); err != nil {
		wrong("id", "%v", err)
	}
	if err := sensors.CheckID(f.Household); err != nil {
		wrong("household", "%v", err)
	}
	rule, known := f.Kind.rule()
	if !known {
		wrong("kind", "%q is not one of low_temperature, no_heat, leak, other", f.Kind)
	}
	if reason := textProblem(f.Text, false); reason != "" {
		wrong("text", "%s", reason)
	}
	if reason := phoneProblem(f.Phone); reason != "" {
		wrong("phone", "%s", reason)
	}
	switch {
	case f.ReportedAt == 0:
	case f.ReportedAt > now:
		wrong("reported_at", "%s is in the future", f.ReportedAt.Time().Format(time.RFC3339Nano))
	case f.Actor.Role != Dispatcher:
		errs = append(errs, fmt.Errorf("%w: reported_at is given by a dispatcher only, who took the call", ErrNotAllowed))
	}
	if known && !mayAct(rule.Files, f.Actor.Role) {
		errs = append(errs, fmt.Errorf("%w: a %s does not file a ticket of kind %s", ErrNotAllowed, f.Actor.Role, f.Kind))
	}
	return errors.Join(errs...)
}

// Command is what somebody wants to do to a ticket.
type Command struct {
	Event EventKind
	Text  string
	Facts Facts // those that the event needs; see Facts
	Actor Actor
	// Version, unless 0, is the version of the ticket that the actor saw; on another one nothing is done.
	Version int64
}

// Apply does a command to a ticket at now, the server's time. The events are the breaches that had happened
// by then and were not yet recorded, and last the command's own. An error wraps ErrConflict, ErrNotAllowed or
// ErrInvalid; the ticket is then returned as it was.
func Apply(t Ticket, c Command, now sensors.Instant) (Ticket, []Event, error) {
	row, ok := transition(t.State, c.Event)
	switch {
	case c.Version != 0 && c.Version != t.Version:
		return t, nil, fmt.Errorf("%w: version %d was seen, it is at %d", ErrConflict, c.Version, t.Version)
	case !ok:
		return t, nil, fmt.Errorf("%w: it is %s, and %q cannot happen then", ErrConflict, t.State, c.Event)
	case !mayAct(row.Who, c.Actor.Role), c.Actor.Role == Monitor && c.Event != Joined: // the rest is Breaches', Alerts' and Clear's alone
		return t, nil, fmt.Errorf("%w: a %s does not %s a ticket that is %s", ErrNotAllowed, c.Actor.Role, c.Event, t.State)
	}
	if err := c.check(t, row.NeedsText, now); err != nil {
		return t, nil, err
	}
	next, events := Breaches(t, now)
	next, events = next.does(row, c, events, now)
	return next, events, nil
}

// does is the ticket after a command that may be done.
func (t Ticket) does(row Transition, c Command, events []Event, now sensors.Instant) (Ticket, []Event) {
	next := t
	switch row.Answers {
	case ReplyDuty:
		next.Reply = next.Reply.answered(now)
	case UpdateDuty:
		next.Update = next.Update.answered(now)
	}
	if c.Actor.Role == Dispatcher || c.Actor.Role == Admin {
		next.Target = next.Target.answered(now)
	}
	next.take(c)
	switch {
	case row.To == t.State:
	case row.To == Open:
		next.ClosedAt = 0
	default:
		next.ClosedAt = now
	}
	next.State = row.To
	next.Version++
	return next, append(events, Event{
		Seq: next.Version, Event: c.Event, At: now, Recorded: now, Actor: c.Actor, Text: c.Text, From: t.State, To: row.To, Facts: c.Facts,
	})
}

// answered is the clock after an answer; only the first one counts.
func (c Clock) answered(now sensors.Instant) Clock {
	if c.Runs() && c.Met == 0 {
		c.Met, c.Alert = now, 0
	}
	return c
}

// Breaches records the breaches of a ticket that have happened by now and are not in its timeline, each at exactly
// its due instant, in order of time. A second call adds nothing. Whenever and however often it is called, the breaches
// of a ticket are the same.
func Breaches(t Ticket, now sensors.Instant) (Ticket, []Event) {
	type clock struct {
		c     *Clock
		event EventKind
	}
	clocks := []clock{{&t.Reply, BreachReply}, {&t.Update, BreachUpdate}, {&t.Target, MissTarget}}
	slices.SortStableFunc(clocks, func(a, b clock) int { return cmp.Compare(a.c.Due, b.c.Due) })
	var events []Event
	for _, k := range clocks {
		due := k.c.PendingBreach()
		if due == 0 || now <= due {
			continue
		}
		k.c.Recorded = true
		t.Version++
		events = append(events, Event{
			Seq: t.Version, Event: k.event, At: due, Recorded: now, Actor: Actor{Role: Monitor}, From: t.State, To: t.State,
		})
	}
	return t, events
}

// NextBreach is the earliest due instant of a breach that is yet to be recorded; 0 for none. Breaches adds nothing
// before it has passed.
func (t Ticket) NextBreach() sensors.Instant {
	return earliest(t.Reply.PendingBreach(), t.Update.PendingBreach(), t.Target.PendingBreach())
}

// BreachAt is the instant after which the ticket counts as breached, by one clock or the other; 0 for never.
func (t Ticket) BreachAt() sensors.Instant { return earliest(t.Reply.BreachAt(), t.Update.BreachAt()) }

// earliest is the least of instants of which 0 is none.
func earliest(all ...sensors.Instant) (first sensors.Instant) {
	for _, i := range all {
		if first == 0 || i != 0 && i < first {
			first = i
		}
	}
	return first
}

// CheckText says what is wrong with the text of a field, as a *FieldError, or nil.
func CheckText(field, s string, needed bool) error {
	if reason := textProblem(s, needed); reason != "" {
		return &FieldError{field, reason}
	}
	return nil
}

// textProblem says what is wrong with a text, or nothing. Both databases and the evidence log keep it as it is.
func textProblem(s string, needed bool) string {
	switch {
	case len(s) > MaxText:
		return fmt.Sprintf("%d bytes are more than %d", len(s), MaxText)
	case !utf8.ValidString(s):
		return "is not UTF-8"
	}
	blank := true
	for _, r := range s {
		if unicode.IsControl(r) && r != '\n' && r != '\t' && r != '\r' {
			return fmt.Sprintf("has the control character %U", r)
		}
		blank = blank && unicode.IsSpace(r)
	}
	if needed && blank {
		return "is needed: say what was done or why"
	}
	return ""
}
