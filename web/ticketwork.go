package web

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
)

// ticketWorkAccess is who works on tickets, beside answering them.
func ticketWorkAccess() []access {
	return slices.Concat(attachmentAccess(), vulnerableAccess(), incidentAccess(), []access{
		{method: http.MethodPost, pattern: "/api/v1/tickets/:id/reopen", who: filers, maxBody: form, delegates: reporters},
		{method: http.MethodPost, pattern: "/api/v1/tickets/:id/cancel", who: residents, maxBody: form, delegates: reporters},
		{method: http.MethodPost, pattern: "/api/v1/tickets/:id/assign", who: dispatch, maxBody: form},
		{method: http.MethodPost, pattern: "/api/v1/tickets/:id/appoint", who: dispatch, maxBody: form},
		{method: http.MethodPost, pattern: "/api/v1/tickets/:id/visit", who: dispatch, maxBody: form},
	})
}

// residents only: a supplier who could withdraw a report would end what is owed from it on.
var residents = []disputes.Role{disputes.Resident}

func (h *tickets) registerWork(api huma.API) {
	op := func(verb, summary string) huma.Operation {
		return huma.Operation{
			OperationID: verb + "-ticket", Method: http.MethodPost, Path: "/api/v1/tickets/{id}/" + verb, Tags: []string{"tickets"},
			Summary: summary, Errors: errorsOf(http.StatusNotFound, http.StatusConflict),
			Description: "The time is the server's. 409 when the ticket is no longer in a state, or at the version, for it.",
		}
	}
	huma.Register(api, op("reopen", "Say that the trouble is still there"), h.does(disputes.Reopened))
	huma.Register(api, op("cancel", "Withdraw a report; residents only"), h.does(disputes.CancelledIt))
	huma.Register(api, op("assign", "Give it to a crew or person"), h.assign)
	huma.Register(api, op("appoint", "Tell the resident when somebody comes; a new appointment takes the place of the one before"), h.appoint)
	huma.Register(api, op("visit", "Write down what a visit found"), h.visit)
}

// assignInput is who is to work on a ticket.
type assignInput struct {
	ID   string `path:"id" doc:"The ticket's id."`
	Body struct {
		Assignee string `json:"assignee" doc:"The crew or person: an id of your own, at most 128 bytes."`
		Text     string `json:"text,omitempty" doc:"What they should know; at most 8192 bytes."`
		Version  int64  `json:"version,omitempty" minimum:"1" doc:"The ticket's version that was seen; on another one nothing is done."`
	}
}

func (h *tickets) assign(ctx context.Context, in *assignInput) (*ticketOutput, error) {
	return h.apply(ctx, in.ID, disputes.Command{
		Event: disputes.Assigned, Text: in.Body.Text, Facts: disputes.Facts{Assignee: in.Body.Assignee}, Version: in.Body.Version,
	})
}

// appointInput is when somebody comes.
type appointInput struct {
	ID   string `path:"id" doc:"The ticket's id."`
	Body struct {
		From    string `json:"from" format:"date-time" doc:"The earliest time, RFC 3339 with an offset."`
		Until   string `json:"until" format:"date-time" doc:"The latest; after from, at most 24 h after it, not in the past."`
		Text    string `json:"text,omitempty" doc:"What the resident is told beside; at most 8192 bytes."`
		Version int64  `json:"version,omitempty" minimum:"1" doc:"The ticket's version that was seen; on another one nothing is done."`
	}
}

// Resolve finds times that the schema lets pass and the ledger cannot keep.
func (in *appointInput) Resolve(huma.Context) (errs []error) {
	for _, f := range []struct{ name, value string }{{"from", in.Body.From}, {"until", in.Body.Until}} {
		if _, ok := parseTime(f.value); !ok && f.value != "" {
			errs = append(errs, &huma.ErrorDetail{Location: "body." + f.name, Message: "is not a time such as 2015-12-01T08:00:00+08:00", Value: f.value})
		}
	}
	return errs
}

var _ huma.Resolver = (*appointInput)(nil)

func (h *tickets) appoint(ctx context.Context, in *appointInput) (*ticketOutput, error) {
	var facts disputes.Facts
	facts.From, _ = parseTime(in.Body.From) // Resolve has checked them
	facts.Until, _ = parseTime(in.Body.Until)
	return h.apply(ctx, in.ID, disputes.Command{Event: disputes.Appointed, Text: in.Body.Text, Facts: facts, Version: in.Body.Version})
}

// visitInput is what a visit found.
type visitInput struct {
	ID   string `path:"id" doc:"The ticket's id."`
	Body struct {
		Text    string   `json:"text" doc:"What was found and done; at most 8192 bytes."`
		Celsius *float64 `json:"celsius,omitempty" doc:"What was measured in passing, in °C: a note that proves nothing; tests do."`
		Version int64    `json:"version,omitempty" minimum:"1" doc:"The ticket's version that was seen; on another one nothing is done."`
	}
}

func (h *tickets) visit(ctx context.Context, in *visitInput) (*ticketOutput, error) {
	return h.apply(ctx, in.ID, disputes.Command{
		Event: disputes.Visited, Text: in.Body.Text, Facts: disputes.Facts{Celsius: in.Body.Celsius}, Version: in.Body.Version,
	})
}

// apply does a command of the caller's to a ticket that they may see.
func (h *tickets) apply(ctx context.Context, id string, c disputes.Command) (*ticketOutput, error) {
	c.Actor = actorOf(ctx)
	after, events, err := h.change(ctx, id, c, nil)
	if err != nil {
		return nil, h.problem(ctx, "changing a ticket", err)
	}
	return &ticketOutput{h.show(ctx, after, events)}, nil
}

// change does a command to a ticket that the caller may see. A ticket that changed between reading and writing is read again and the
// command done to what it is now, at the time that it is now: the monitor that records a breach meanwhile must not cost a dispatcher
// their reply. Two who change its state meet in the table of transitions, which lets one of them. Save writes the change; nil: as it is.
func (h *tickets) change(ctx context.Context, id string, c disputes.Command, save saver) (disputes.Ticket, []disputes.Event, error) {
	if save == nil {
		save = h.ledger.SaveTicket
	}
	for range maxAttempts {
		before, events, err := h.find(ctx, id)
		if err != nil {
			return before, nil, err
		}
		after, added, err := disputes.Apply(before, c, h.clock.now())
		if err != nil {
			return before, nil, err
		}
		var dirty []ledger.Mark
		if after.ClosedAt != before.ClosedAt {
			dirty = marksOf(after)
		}
		err = save(ctx, before, after, added, dirty)
		if errors.Is(err, ledger.ErrConflict) {
			continue
		}
		return after, append(events, added...), err
	}
	return disputes.Ticket{}, nil, disputes.ErrConflict
}

// saver writes what became of a ticket; see ledger.SaveTicket.
type saver func(ctx context.Context, before, after disputes.Ticket, events []disputes.Event, dirty []ledger.Mark) error

// openIncident is the incident that a report of a home joins: one at its riser, else its building, else its substation.
func (h *tickets) openIncident(ctx context.Context, home Home) (string, error) {
	for _, place := range home.Places() {
		id, err := h.ledger.OpenIncidentAt(ctx, place)
		if err != nil || id != "" {
			return id, err
		}
	}
	return "", nil
}

// Places are where a home is, as incidents are, from the smallest on.
func (h Home) Places() (all []disputes.Place) {
	for _, p := range []disputes.Place{{Kind: disputes.AtRiser, ID: h.Riser}, {Kind: disputes.AtBuilding, ID: h.Building}, {Kind: disputes.AtSubstation, ID: h.Substation}} {
		if p.ID != "" {
			all = append(all, p)
		}
	}
	return all
}

// fileOnce writes a new ticket. An incident that was resolved meanwhile is not joined.
func (h *tickets) fileOnce(ctx context.Context, f disputes.Filing, home Home) (t disputes.Ticket, events []disputes.Event, err error) {
	if f.Incident, err = h.openIncident(ctx, home); err != nil {
		return t, nil, err
	}
	for {
		t, events, err = disputes.File(f, disputes.ContractDuties(home.InSeason), h.clock.now())
		if err == nil {
			err = h.ledger.FileTicket(ctx, t, events, marksOf(t))
		}
		if errors.Is(err, ledger.ErrConflict) && f.Incident != "" {
			f.Incident = ""
			continue
		}
		return t, events, err
	}
}
