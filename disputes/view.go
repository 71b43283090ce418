package disputes

import (
	"time"

	"github.com/nuanju/nuanju/sensors"
)

// View is a ticket as the API shows it.
type View struct {
	ID         string     `json:"id"`
	Household  string     `json:"household"`
	Kind       Kind       `json:"kind"`
	State      State      `json:"state"`
	Emergency  bool       `json:"emergency"`
	Text       string     `json:"text"`
	ReportedAt time.Time  `json:"reported_at"`
	ClosedAt   *time.Time `json:"closed_at,omitempty"`
	Version    int64      `json:"version"`
	Clocks     ClocksView `json:"clocks"`
	Timeline   []Entry    `json:"timeline"`

	Phone       string           `json:"phone,omitempty" doc:"Where whoever reported it can be called, if they said so."`
	Assignee    string           `json:"assignee,omitempty" doc:"The crew or person that works on it."`
	Appointment *AppointmentView `json:"appointment,omitempty" doc:"When somebody comes, as the resident was told."`
	Incident    string           `json:"incident,omitempty" doc:"The incident that it is a part of."`
	// Vulnerable is set by whoever knows; the ticket does not.
	Vulnerable bool `json:"vulnerable,omitempty" doc:"Whether the household asked to be seen to first: children, illness."`
}

// AppointmentView is when somebody comes.
type AppointmentView struct {
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
}

// ClocksView is the clocks; one that does not run is absent.
type ClocksView struct {
	Reply  *ClockView `json:"reply,omitempty"`
	Update *ClockView `json:"update,omitempty"`
	Target *ClockView `json:"target,omitempty" doc:"The supplier's own aim for a finding; nothing is owed by it."`
}

// ClockView is a clock at the time of showing it. A met_at after due is a late answer: the clock stays breached.
type ClockView struct {
	Due   time.Time  `json:"due"`
	MetAt *time.Time `json:"met_at"`
	State ClockState `json:"state"`
}

// Entry is an event as the API shows it: at is when it happened, recorded the server's time of writing it down.
type Entry struct {
	Seq      int64     `json:"seq"`
	Event    EventKind `json:"event"`
	At       time.Time `json:"at"`
	Recorded time.Time `json:"recorded"`
	Role     Role      `json:"role"`
	Actor    string    `json:"actor,omitempty"`
	Text     string    `json:"text,omitempty"`
	From     State     `json:"from,omitempty"`
	To       State     `json:"to"`

	Facts *FactsView `json:"facts,omitempty"`
}

// Show is the ticket and its timeline at now, with times in zone.
func Show(t Ticket, events []Event, now sensors.Instant, zone *time.Location) View {
	v := View{
		ID: t.ID, Household: t.Household, Kind: t.Kind, State: t.State, Emergency: t.Emergency, Text: t.Text,
		ReportedAt: t.ReportedAt.Time().In(zone), ClosedAt: moment(t.ClosedAt, zone), Version: t.Version,
		Clocks:   ClocksView{t.Reply.show(now, zone), t.Update.show(now, zone), t.Target.show(now, zone)},
		Timeline: make([]Entry, 0, len(events)),
		Phone:    t.Phone, Assignee: t.Assignee, Incident: t.Incident,
	}
	if t.VisitUntil != 0 {
		v.Appointment = &AppointmentView{t.VisitFrom.Time().In(zone), t.VisitUntil.Time().In(zone)}
	}
	for _, e := range events {
		v.Timeline = append(v.Timeline, Entry{
			e.Seq, e.Event, e.At.Time().In(zone), e.Recorded.Time().In(zone), e.Actor.Role, e.Actor.ID, e.Text, e.From, e.To,
			e.Facts.show(zone),
		})
	}
	return v
}

func (c Clock) show(now sensors.Instant, zone *time.Location) *ClockView {
	if !c.Runs() {
		return nil
	}
	return &ClockView{c.Due.Time().In(zone), moment(c.Met, zone), c.State(now)}
}

func moment(i sensors.Instant, zone *time.Location) *time.Time {
	if i == 0 {
		return nil
	}
	t := i.Time().In(zone)
	return &t
}
