package disputes

import (
	"time"

	"github.com/nuanju/nuanju/sensors"
)

// Attention is how the monitor draws people's attention to clocks that nobody answers. It changes no state, stops no clock and
// is no part of what is owed.
type Attention struct {
	// WarnBefore is how long before its due instant a clock is pointed out.
	WarnBefore time.Duration
	// Steps are who is told when it has passed, in order of time. Without any nobody is.
	Steps []Step
}

// Step is one step of an escalation.
type Step struct {
	After time.Duration // the due instant; 0: as soon as it has passed
	To    string        // a role or an on-call list of the settings
}

// Alerts is a ticket after the monitor has drawn attention to its clocks at now: one event for each warning and each step that has
// come due since it last did. They are what the monitor did, so that their time is now, and there is none for a clock that was answered
// before it looked. A second call at the same time adds nothing.
func Alerts(t Ticket, a Attention, now sensors.Instant) (Ticket, []Event) {
	var events []Event
	for _, k := range []struct {
		c    *Clock
		duty Duty
		warn EventKind
	}{{&t.Reply, ReplyDuty, WarnReply}, {&t.Update, UpdateDuty, WarnUpdate}, {&t.Target, TargetDuty, WarnTarget}} {
		for k.c.Alert != 0 && k.c.Met == 0 {
			at, ok := a.at(*k.c)
			if !ok || now < at {
				k.c.Alert = at
				break
			}
			e := Event{Event: k.warn, At: now, Recorded: now, Actor: Actor{Role: Monitor}}
			if step := int(k.c.Alerts); step > 0 {
				e.Event, e.Facts = Escalated, Facts{Clock: k.duty, Step: step, To: a.Steps[step-1].To}
			}
			k.c.Alerts++
			if e.Event == k.warn && now > k.c.Due && len(a.Steps) > 0 {
				continue // too late to warn: whoever is told that it is overdue knows
			}
			t, events = t.add(events, e)
		}
	}
	return t, events
}

// at is when a clock's next alert is due, and whether there is one.
func (a Attention) at(c Clock) (sensors.Instant, bool) {
	switch i := int(c.Alerts); {
	case i == 0:
		return c.Due.Add(-a.WarnBefore), true
	case i <= len(a.Steps):
		return c.Due.Add(a.Steps[i-1].After) + 1, true // exactly at the due instant is in time
	}
	return 0, false
}

// NextAlert is when the monitor is to look at the ticket for Alerts; 0: never. While it is not 0 and has not come, Alerts adds nothing.
func (t Ticket) NextAlert() sensors.Instant {
	return earliest(t.Reply.Alert, t.Update.Alert, t.Target.Alert)
}

// Owed is the due instant of the clock that runs out first of those that nobody has answered, or has run out first; 0 for none. What
// is to be done is done in this order.
func (t Ticket) Owed() sensors.Instant {
	var all []sensors.Instant
	for _, c := range []Clock{t.Reply, t.Update, t.Target} {
		if c.Runs() && c.Met == 0 {
			all = append(all, c.Due)
		}
	}
	return earliest(all...)
}
