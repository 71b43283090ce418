package notify

import (
	"slices"
	"time"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/sensors"
)

// telling is one row of the table of what is told of tickets' events, and whom.
type telling struct {
	event disputes.EventKind
	// when is whether it is told of this ticket and event; nil: always.
	when func(disputes.Ticket, disputes.Event) bool
	// list is who on call is told; residents: those of the home; named: whom the event's facts name.
	list    string
	message Message
}

const (
	residents = "residents"
	named     = "named"
)

// tellings is the whole table. What has no row is told nobody.
func tellings() []telling {
	return []telling{
		{disputes.Filed, isEmergency, Emergency, EmergencyFiled},
		{disputes.Filed, isFinding, Desk, FindingOpened},
		{disputes.Filed, filedWithClock, Desk, TicketFiled},
		{disputes.Filed, filedWithout, Desk, TicketNoted},

		{disputes.Replied, isReport, residents, TicketReplied},
		{disputes.Updated, isReport, residents, TicketUpdated},
		{disputes.ResolvedIt, isReport, residents, TicketResolved},
		{disputes.Reopened, byResident, Desk, TicketReopened},

		{disputes.Appointed, isReport, residents, VisitAppointed},

		{disputes.WarnReply, nil, Desk, ReplyDueSoon},
		{disputes.WarnUpdate, nil, Desk, UpdateDueSoon},
		{disputes.WarnTarget, nil, Desk, TargetDueSoon},
		{disputes.BreachReply, nil, Desk, ReplyBreached},
		{disputes.BreachUpdate, nil, Desk, UpdateBreached},
		{disputes.Escalated, nil, named, TicketEscalated},
	}
}

func isEmergency(t disputes.Ticket, _ disputes.Event) bool { return t.Emergency }

func isFinding(t disputes.Ticket, _ disputes.Event) bool { return t.Kind == disputes.Finding }

func isReport(t disputes.Ticket, _ disputes.Event) bool { return t.Kind != disputes.Finding }

func byResident(_ disputes.Ticket, e disputes.Event) bool { return e.Actor.Role == disputes.Resident }

// filedWithClock is whether the desk is to be told of a report that it owes a reply: one that it has not taken itself.
func filedWithClock(t disputes.Ticket, e disputes.Event) bool {
	return isReport(t, e) && e.Actor.Role != disputes.Dispatcher && t.Reply.Runs()
}

func filedWithout(t disputes.Ticket, e disputes.Event) bool {
	return isReport(t, e) && e.Actor.Role != disputes.Dispatcher && !t.Reply.Runs()
}

// OfTicket is what is to be told of a ticket's events, each once: the keys follow from the events' own. It depends on nothing else.
func OfTicket(t disputes.Ticket, events []disputes.Event) (all []Alert) {
	for _, e := range events {
		for _, row := range tellings() {
			if row.event != e.Event || row.when != nil && !row.when(t, e) {
				continue
			}
			to := Audience{OnCall, row.list}
			switch row.list {
			case residents:
				to = ResidentsAt(disputes.Home(t.Household))
			case named:
				to.ID = e.Facts.To
			}
			all = append(all, Alert{Key: e.Key(t) + "/" + to.name(), To: to, Message: row.message, Values: ticketValues(row.message, t, e)})
		}
	}
	return all
}

// name is an audience's part of an alert's key.
func (a Audience) name() string {
	if a.Kind == OnCall {
		return a.ID
	}
	return residents
}

// ticketValues are what a message about a ticket says, and no more.
func ticketValues(m Message, t disputes.Ticket, e disputes.Event) map[string]string {
	all := map[string]string{
		"ticket": t.ID, "kind": string(t.Kind), "household": t.Household, "text": bounded(oneLine(e.Text), 300),
		"due_at": moment(t.Reply.Due), "clock": string(e.Facts.Clock), "from_at": moment(e.Facts.From), "to_at": moment(e.Facts.Until),
	}
	switch m {
	case UpdateBreached, UpdateDueSoon:
		all["due_at"] = moment(t.Update.Due)
	case TargetDueSoon:
		all["due_at"] = moment(t.Target.Due)
	}
	for name := range all {
		if !slices.Contains(needs()[m], name) {
			delete(all, name)
		}
	}
	return all
}

// moment is an instant as a value has it.
func moment(at sensors.Instant) string { return at.Time().Format(time.RFC3339) }
