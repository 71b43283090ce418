package disputes

import (
	"time"

	"github.com/nuanju/nuanju/sensors"
)

// Kind is what a ticket is about; see Kinds for what follows from it.
type Kind string

// The kinds of tickets.
const (
	LowTemperature Kind = "low_temperature"
	NoHeat         Kind = "no_heat"
	Leak           Kind = "leak"
	Other          Kind = "other"
	// Finding is what the monitor found by itself. The resident's clocks do not run on it (A6.6).
	Finding Kind = "finding"
)

// State is how far the work on a ticket has come. The clocks do not depend on it.
type State string

// The states. None is the state before a ticket is filed.
const (
	None      State = ""
	Open      State = "open"
	Resolved  State = "resolved"
	Cancelled State = "cancelled"
)

// Role is what somebody may do, as their account says.
type Role string

// The roles. Monitor is the server itself, never an account.
const (
	Resident   Role = "resident"
	Dispatcher Role = "dispatcher"
	Billing    Role = "billing"
	Tester     Role = "tester"
	Mediator   Role = "mediator"
	Auditor    Role = "auditor"
	Device     Role = "device"
	Admin      Role = "admin"
	Monitor    Role = "monitor"
)

// Known reports whether an account can have the role.
func (r Role) Known() bool {
	switch r {
	case Resident, Dispatcher, Billing, Tester, Mediator, Auditor, Device, Admin:
		return true
	}
	return false
}

// Actor is who did something.
type Actor struct {
	Role Role
	ID   string // of the account; empty only for the monitor
}

// Ticket is a report and what has become of it. It is a value: File and Apply return a new one.
type Ticket struct {
	ID        string
	Household string
	Kind      Kind
	Text      string
	State     State
	// Emergency is a leak, or what whoever filed it called one: it is handled at once, and people are paged when it is
	// filed (A6.6). Its reply clock is the same.
	Emergency bool
	// ReportedAt is when the resident reported it: the server's time of filing, or the time of a call that a
	// dispatcher took. The clocks count from it.
	ReportedAt sensors.Instant
	// ClosedAt is when it was resolved or cancelled; 0 while it is neither.
	ClosedAt sensors.Instant
	Reply    Clock
	Update   Clock
	// Target is the supplier's own aim for what the monitor found: nothing that is owed to the resident (section 8).
	Target Clock
	// Phone is where whoever reported it can be called, as [PlainPhone] writes it; empty: as the registry says.
	Phone string
	// Assignee is the crew or person that works on it; empty: nobody yet.
	Assignee string
	// VisitFrom and VisitUntil are the appointment that the resident was told; 0: none stands.
	VisitFrom, VisitUntil sensors.Instant
	// Incident is the id of the incident that it is a part of; empty: of none.
	Incident string
	// Attachments is how many files were added.
	Attachments int64
	// Version is the number of the ticket's events. Whoever writes a ticket compares the version that it read.
	Version int64
}

// Clock is one of the two duties of A6.6. The zero value is a clock that does not run.
type Clock struct {
	Due sensors.Instant // 0: nothing is owed
	Met sensors.Instant // when it was first answered, in time or not; 0: not yet
	// Recorded is whether the breach stands in the timeline.
	Recorded bool
	// Alert is when the monitor next draws attention to the clock, 0: never again; Alerts is how often it has. See Alerts.
	Alert  sensors.Instant
	Alerts int64
}

// ClockState is how a clock stands at an instant.
type ClockState string

// The states of a clock.
const (
	Running  ClockState = "running"
	Met      ClockState = "met"
	Breached ClockState = "breached"
)

// Runs reports whether anything is owed.
func (c Clock) Runs() bool { return c.Due != 0 }

// State is how the clock stands at now: met if it was answered at its due instant or before, breached from just after the
// due instant on if it was not. Empty for a clock that does not run.
func (c Clock) State(now sensors.Instant) ClockState {
	switch {
	case !c.Runs():
		return ""
	case c.Met != 0 && c.Met <= c.Due:
		return Met
	case c.Met == 0 && now <= c.Due:
		return Running
	}
	return Breached
}

// BreachAt is the due instant of a clock that was not answered by then, or will be breached there unless it is; 0 when
// nothing is owed or it was met. The clock is breached at every instant after it.
func (c Clock) BreachAt() sensors.Instant {
	if c.State(c.Due) == Met {
		return 0
	}
	return c.Due
}

// PendingBreach is the due instant of a breach that is not in the timeline yet, or will have to be; 0 for none.
func (c Clock) PendingBreach() sensors.Instant {
	if c.Recorded {
		return 0
	}
	return c.BreachAt()
}

// Duties are what is owed on a report and when.
type Duties struct {
	ReplyWithin  time.Duration // 1 h (A6.6); exactly as long is in time
	UpdateWithin time.Duration // 6 h (A6.6), for reports of cold
	// WarnBefore is how long before its due instant a clock that is not answered is pointed out.
	WarnBefore time.Duration
	// InSeason reports whether an instant lies in the household's season. The clocks run on reports made in it.
	InSeason func(sensors.Instant) bool
}

// ContractDuties are the duties of A6.6 in the season given.
func ContractDuties(inSeason func(sensors.Instant) bool) Duties {
	return Duties{ReplyWithin: time.Hour, UpdateWithin: 6 * time.Hour, WarnBefore: 15 * time.Minute, InSeason: inSeason}
}
