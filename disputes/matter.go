package disputes

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nuanju/nuanju/sensors"
)

// MatterKind is what a matter is; see Machines for what can happen to each.
type MatterKind string

// Matter is anything but a ticket that people open, act on and close: a stoppage, an exemption, a test, a confirmation, a dispute.
// It is a value: Begin and Advance return a new one. What is particular to its kind is in its body.
type Matter struct {
	Kind  MatterKind
	ID    string // unique in its kind
	Place Place  // whom it concerns; of a household's own matter, the household
	State State
	// Version is the number of its events. Whoever writes a matter compares the version that it read.
	Version int64
	Opened  sensors.Instant // by the server's clock
	Updated sensors.Instant // of its last event
	// Body is what is now known of it: JSON of the type that its kind has (see Body).
	Body json.RawMessage
}

// Body reads the body of a matter, or the detail of an event, as the type that its kind has.
func Body[T any](text json.RawMessage) (v T, err error) {
	if len(text) == 0 {
		return v, nil
	}
	err = json.Unmarshal(text, &v)
	return v, err
}

// MatterEvent is one entry of a matter's timeline. It is never changed.
type MatterEvent struct {
	Seq      int64 // from 1, without a gap: the matter's version after it
	Event    EventKind
	At       sensors.Instant // the server's time
	Actor    Actor
	Text     string
	From, To State // equal when the state did not change
	// Detail is the facts that came with it, such as an interval or the digests of proofs: JSON, or nothing. That of the first
	// event is the body with which the matter began.
	Detail json.RawMessage
}

// MaxDetail is the greatest length of a body or a detail, in bytes.
const MaxDetail = 64 << 10

// Row is one row of a machine's table: what an event does to a matter in a state, and who may cause it. An event from None opens
// a matter.
type Row struct {
	From  State
	Event EventKind
	To    State
	Who   []Role
	// NeedsText is whether the event must say something.
	NeedsText bool
	ZH, EN    string
}

// Machine is all that can happen to matters of a kind. What is not in its rows cannot happen.
type Machine struct {
	Kind   MatterKind
	ZH, EN string
	Rows   []Row
}

// MachineOf is the machine of a kind, or false for a kind that is not known.
func MachineOf(kind MatterKind) (Machine, bool) {
	for _, m := range Machines() {
		if m.Kind == kind {
			return m, true
		}
	}
	return Machine{}, false
}

// row is the row of an event in a state.
func (m Machine) row(from State, event EventKind) (Row, bool) {
	for _, r := range m.Rows {
		if r.From == from && r.Event == event {
			return r, true
		}
	}
	return Row{}, false
}

// States are those of the machine, each once, in the order in which its rows reach them.
func (m Machine) States() (all []State) {
	seen := map[State]bool{None: true}
	for _, r := range m.Rows {
		if !seen[r.To] {
			seen[r.To] = true
			all = append(all, r.To)
		}
	}
	return all
}

// changed is an ErrConflict that names the kind of matter.
type changed struct {
	kind   MatterKind
	reason string
}

// Error says what has changed.
func (e *changed) Error() string { return "the " + string(e.kind) + " has changed: " + e.reason }

// Is reports that it is an ErrConflict.
func (e *changed) Is(target error) bool { return target == ErrConflict }

// Stale is an ErrConflict: a matter of the kind is not, or no longer, as somebody needs it, for the reason given.
func Stale(kind MatterKind, format string, args ...any) error {
	return &changed{kind, fmt.Sprintf(format, args...)}
}

// Opening is a matter that somebody opens.
type Opening struct {
	Kind  MatterKind
	ID    string // chosen by the caller, never used before in its kind
	Place Place
	Event EventKind // one of the machine's from None
	Text  string
	Body  any // of the type that its kind has; marshalled as JSON
	Actor Actor
}

// Begin opens a matter at now, the server's time. All that is wrong is returned at once: a join of *FieldError, or ErrNotAllowed.
// The fields are id, place, text and body.
func Begin(o Opening, now sensors.Instant) (Matter, []MatterEvent, error) {
	var errs []error
	machine, _ := MachineOf(o.Kind)
	row, ok := machine.row(None, o.Event)
	switch {
	case !ok:
		return Matter{}, nil, fmt.Errorf("%w: no %s begins with %q", ErrInvalid, o.Kind, o.Event)
	case !mayAct(row.Who, o.Actor.Role):
		errs = append(errs, notAllowed(o.Actor.Role, o.Event, o.Kind))
	}
	if err := sensors.CheckID(o.ID); err != nil {
		errs = append(errs, &FieldError{"id", err.Error()})
	}
	if err := o.Place.Check(); err != nil {
		errs = append(errs, &FieldError{"place", err.Error()})
	}
	if reason := textProblem(o.Text, row.NeedsText); reason != "" {
		errs = append(errs, &FieldError{"text", reason})
	}
	body, err := marshalDetail("body", o.Body)
	if err != nil {
		errs = append(errs, err)
	}
	if len(errs) > 0 {
		return Matter{}, nil, errors.Join(errs...)
	}
	m := Matter{Kind: o.Kind, ID: o.ID, Place: o.Place, State: row.To, Version: 1, Opened: now, Updated: now, Body: body}
	return m, []MatterEvent{{Seq: 1, Event: o.Event, At: now, Actor: o.Actor, Text: o.Text, From: None, To: row.To, Detail: body}}, nil
}

// Move is what somebody wants to do to a matter.
type Move struct {
	Event EventKind
	Text  string
	Actor Actor
	// Version, unless 0, is the version of the matter that the actor saw; on another one nothing is done.
	Version int64
	Detail  any // the facts that come with it; marshalled as JSON; nil: none
	Body    any // what is known of the matter after it; nil: what was before
}

// Advance does a move to a matter at now, the server's time. An error wraps ErrConflict, ErrNotAllowed or ErrInvalid; the matter
// is then returned as it was.
func Advance(m Matter, c Move, now sensors.Instant) (Matter, []MatterEvent, error) {
	machine, _ := MachineOf(m.Kind)
	row, ok := machine.row(m.State, c.Event)
	switch {
	case c.Version != 0 && c.Version != m.Version:
		return m, nil, Stale(m.Kind, "version %d was seen, it is at %d", c.Version, m.Version)
	case !ok && !machine.knows(c.Event, c.Actor.Role):
		return m, nil, notAllowed(c.Actor.Role, c.Event, m.Kind)
	case !ok:
		return m, nil, Stale(m.Kind, "it is %s, and %q cannot happen then", m.State, c.Event)
	case !mayAct(row.Who, c.Actor.Role):
		return m, nil, fmt.Errorf("%w: %s %s may not come from a %s while it is %s", ErrNotAllowed, m.Kind, c.Event, c.Actor.Role, m.State)
	}
	var errs []error
	if reason := textProblem(c.Text, row.NeedsText); reason != "" {
		errs = append(errs, &FieldError{"text", reason})
	}
	detail, err := marshalDetail("detail", c.Detail)
	if err != nil {
		errs = append(errs, err)
	}
	body, err := marshalDetail("body", c.Body)
	if err != nil {
		errs = append(errs, err)
	}
	if len(errs) > 0 {
		return m, nil, errors.Join(errs...)
	}
	next := m
	next.State, next.Updated = row.To, max(m.Updated, now)
	next.Version++
	if body != nil {
		next.Body = body
	}
	return next, []MatterEvent{{
		Seq: next.Version, Event: c.Event, At: now, Actor: c.Actor, Text: c.Text, From: m.State, To: row.To, Detail: detail,
	}}, nil
}

// knows reports whether a role may cause the event in any state.
func (m Machine) knows(event EventKind, role Role) bool {
	for _, r := range m.Rows {
		if r.Event == event && mayAct(r.Who, role) {
			return true
		}
	}
	return false
}

func notAllowed(role Role, event EventKind, kind MatterKind) error {
	return fmt.Errorf("%w: %s %s may not come from a %s", ErrNotAllowed, kind, event, role)
}

// marshalDetail is a value as compact JSON; nil for nil.
func marshalDetail(field string, v any) (json.RawMessage, error) {
	if v == nil {
		return nil, nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, &FieldError{field, "cannot be written as JSON"}
	}
	text := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	if len(text) > MaxDetail {
		return nil, &FieldError{field, fmt.Sprintf("%d bytes are more than %d", len(text), MaxDetail)}
	}
	return text, nil
}

// Key names the event among all events of all matters.
func (e MatterEvent) Key(m Matter) string {
	return "matter/" + string(m.Kind) + "/" + m.ID + "/" + strconv.FormatInt(e.Seq, 10)
}

// matterRecord is an event as the evidence log keeps it. Fields are only ever added.
type matterRecord struct {
	Key     string          `json:"key"`
	Kind    MatterKind      `json:"kind"`
	Matter  string          `json:"matter"`
	Place   PlaceKind       `json:"place"`
	PlaceID string          `json:"place_id"`
	Opened  time.Time       `json:"opened_at"`
	Seq     int64           `json:"seq"`
	Event   EventKind       `json:"event"`
	At      time.Time       `json:"at"`
	Role    Role            `json:"role"`
	Actor   string          `json:"actor"`
	From    State           `json:"from"`
	To      State           `json:"to"`
	Text    string          `json:"text"`
	Detail  json.RawMessage `json:"detail,omitempty"`
}

// Record is what the evidence log keeps of an event, as JSON: enough to rebuild the matter without the ledger. Its bytes depend only
// on the event and on what never changes of its matter.
func (e MatterEvent) Record(m Matter) ([]byte, error) {
	return json.Marshal(matterRecord{
		e.Key(m), m.Kind, m.ID, m.Place.Kind, m.Place.ID, m.Opened.Time(), e.Seq, e.Event, e.At.Time(), e.Actor.Role, e.Actor.ID,
		e.From, e.To, e.Text, e.Detail,
	})
}

// MatterEntry is an event of a matter as the API shows it.
type MatterEntry struct {
	Seq    int64           `json:"seq"`
	Event  EventKind       `json:"event"`
	At     time.Time       `json:"at"`
	Role   Role            `json:"role"`
	Actor  string          `json:"actor,omitempty"`
	Text   string          `json:"text,omitempty"`
	From   State           `json:"from,omitempty"`
	To     State           `json:"to"`
	Detail json.RawMessage `json:"detail,omitempty"`
}

// ShowMatterEvents is a timeline as the API shows it, with times in zone.
func ShowMatterEvents(events []MatterEvent, zone *time.Location) []MatterEntry {
	all := make([]MatterEntry, 0, len(events))
	for _, e := range events {
		all = append(all, MatterEntry{
			e.Seq, e.Event, e.At.Time().In(zone), e.Actor.Role, e.Actor.ID, e.Text, e.From, e.To, e.Detail,
		})
	}
	return all
}
