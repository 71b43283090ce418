package web

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// tickets is the reports of residents and what is done about them (A6.6).
type tickets struct {
	failing
	clock  clock
	ledger Tickets
	homes  Homes
	zone   *time.Location
}

// ticketAccess is who may file reports and work on them.
func ticketAccess() []access {
	return []access{
		{method: http.MethodPost, pattern: "/api/v1/tickets", who: filers, maxBody: form, delegates: reporters},
		{method: http.MethodGet, pattern: "/api/v1/tickets", who: homeReader},
		{method: http.MethodGet, pattern: "/api/v1/tickets/:id", who: homeReader},
		{method: http.MethodPost, pattern: "/api/v1/tickets/:id/reply", who: dispatch, maxBody: form},
		{method: http.MethodPost, pattern: "/api/v1/tickets/:id/update", who: dispatch, maxBody: form},
		{method: http.MethodPost, pattern: "/api/v1/tickets/:id/resolve", who: dispatch, maxBody: form},
	}
}

func (h *tickets) register(api huma.API) {
	const tag = "tickets"
	huma.Register(api, huma.Operation{
		OperationID: "file-ticket", Method: http.MethodPost, Path: "/api/v1/tickets", Tags: []string{tag}, DefaultStatus: http.StatusCreated,
		Summary: "File a report", Errors: errorsOf(http.StatusConflict),
		Description: "The clocks of A6.6 run from the time of the report. Only a dispatcher gives another time than now: that of a call.",
	}, h.file)
	huma.Register(api, huma.Operation{
		OperationID: "list-tickets", Method: http.MethodGet, Path: "/api/v1/tickets", Tags: []string{tag},
		Summary: "List tickets, those reported last first", Errors: errorsOf(),
	}, h.list)
	huma.Register(api, huma.Operation{
		OperationID: "get-ticket", Method: http.MethodGet, Path: "/api/v1/tickets/{id}", Tags: []string{tag},
		Summary: "One ticket with its timeline", Errors: errorsOf(http.StatusNotFound),
	}, h.get)
	for _, verb := range []struct {
		path    string
		event   disputes.EventKind
		summary string
	}{
		{"reply", disputes.Replied, "Reply to the resident; answers the reply clock"},
		{"update", disputes.Updated, "Say what was done; answers the update clock"},
		{"resolve", disputes.ResolvedIt, "Say that the work is done"},
	} {
		huma.Register(api, huma.Operation{
			OperationID: verb.path + "-ticket", Method: http.MethodPost, Path: "/api/v1/tickets/{id}/" + verb.path, Tags: []string{tag},
			Summary: verb.summary, Errors: errorsOf(http.StatusNotFound, http.StatusConflict),
			Description: "The time is the server's. 409 when the ticket is no longer in a state, or at the version, for it.",
		}, h.does(verb.event))
	}
	h.registerWork(api)
}

// ticketInput names a ticket.
type ticketInput struct {
	ID string `path:"id" doc:"The ticket's id."`
}

// ticketOutput is one ticket.
type ticketOutput struct{ Body disputes.View }

func (h *tickets) get(ctx context.Context, in *ticketInput) (*ticketOutput, error) {
	t, events, err := h.find(ctx, in.ID)
	if err != nil {
		return nil, h.problem(ctx, "reading a ticket", err)
	}
	out := &ticketOutput{h.show(ctx, t, events)}
	vulnerable, err := h.ledger.VulnerableAmong(ctx, []string{t.Household}, h.clock.now())
	if err != nil {
		return nil, h.problem(ctx, "reading a ticket", err)
	}
	out.Body.Vulnerable = vulnerable[t.Household]
	return out, nil
}

// find is a ticket that the caller may see. One that they may not is not found: its id tells nothing.
func (h *tickets) find(ctx context.Context, id string) (disputes.Ticket, []disputes.Event, error) {
	if sensors.CheckID(id) != nil {
		return disputes.Ticket{}, nil, ledger.ErrNotFound
	}
	t, events, err := h.ledger.Ticket(ctx, id)
	who := callerOf(ctx)
	if err == nil && (!who.token.seesAt(t.Household, h.homes, t.ReportedAt) || changes(who.http.Method) && !who.token.coversHome(t.Household, h.homes)) {
		return disputes.Ticket{}, nil, ledger.ErrNotFound
	}
	return t, events, err
}

// show is a ticket as the caller may see it: without the number of whoever reported it for those who do not call.
func (h *tickets) show(ctx context.Context, t disputes.Ticket, events []disputes.Event) disputes.View {
	zone := h.zone
	if home, ok := h.homes.Home(t.Household); ok {
		zone = home.Zone
	}
	if hidesPhones(ctx, t.Household) {
		t.Phone = lastDigits(t.Phone)
	}
	return disputes.Show(t, events, h.clock.now(), zone)
}

// ticketsInput chooses tickets.
type ticketsInput struct {
	State     string `query:"state" enum:"open,resolved,cancelled" doc:"Only tickets in this state."`
	Breached  string `query:"breached" enum:"true,false" doc:"Only tickets of which a clock was breached, or of which none was."`
	Household string `query:"household" doc:"Only tickets of this household."`
	Kind      string `query:"kind" enum:"low_temperature,no_heat,leak,other,finding" doc:"Only tickets of this kind."`
	Q         string `query:"q" maxLength:"200" doc:"Only tickets that are found by it: a ticket's, household's or account's number, a phone number, or words of an address."`
	Queue     string `query:"queue" enum:"true" doc:"The open tickets in the order in which they are to be worked on: emergencies, vulnerable households, the clock that runs out first. Alone, and for the supplier's people only."`
	Cursor    string `query:"cursor" doc:"Where the list before this one ended: its next."`
	Limit     int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many at most."`
}

// ticketsOutput is a list of tickets.
type ticketsOutput struct {
	Body struct {
		Tickets []disputes.View `json:"tickets" nullable:"false"`
		Next    string          `json:"next,omitempty" doc:"The cursor for more; absent at the end."`
	}
}

func (h *tickets) list(ctx context.Context, in *ticketsInput) (*ticketsOutput, error) {
	household, p := listed(ctx, in.Household, h.homes)
	if p != nil {
		return nil, p
	}
	if in.Queue != "" {
		return h.queue(ctx, in)
	}
	search, p := h.search(in.Q)
	if p != nil {
		return nil, p
	}
	now := h.clock.now()
	breached := map[string]ledger.Choice{"": ledger.Any, "true": ledger.Only, "false": ledger.Without}[in.Breached]
	found, next, err := h.ledger.Tickets(ctx, ledger.TicketFilter{
		State: disputes.State(in.State), Household: household, Kind: disputes.Kind(in.Kind), Breached: breached, Search: search,
		After: in.Cursor, Limit: cmp.Or(in.Limit, 50),
	}, now)
	if err != nil {
		return nil, h.problem(ctx, "listing tickets", cursorProblem(err))
	}
	// Of what was reported in another's time nothing is told; a page may have fewer than were asked for.
	found = slices.DeleteFunc(found, func(t disputes.Ticket) bool { return !callerOf(ctx).token.seesAt(t.Household, h.homes, t.ReportedAt) })
	return h.showAll(ctx, found, next)
}

// scopedTo is the household whose things a caller lists. A token that is for some households only lists one of
// them: the one that is named, or its only one.
func scopedTo(ctx context.Context, household string, homes Homes) (string, *problem) {
	t := callerOf(ctx).token
	if household != "" && sensors.CheckID(household) != nil {
		return "", newProblem(http.StatusUnprocessableEntity, "validation failed",
			&huma.ErrorDetail{Location: "query.household", Message: "is not an id"})
	}
	switch {
	case household != "" && t.coversHome(household, homes):
		return household, nil
	case household != "":
		return "", newProblem(http.StatusForbidden, "the token is not for this household")
	case t.everywhere():
		return "", nil
	case len(t.Scope.Households) == 1 && len(t.Scope.Buildings) == 0:
		return t.Scope.Households[0], nil
	}
	return "", newProblem(http.StatusUnprocessableEntity, "validation failed",
		&huma.ErrorDetail{Location: "query.household", Message: "is needed: the token is for some households only"})
}

// cursorProblem tells a caller of a cursor that no list gave, which is all that can be invalid in a list.
func cursorProblem(err error) error {
	if isInvalid(err) {
		return newProblem(http.StatusUnprocessableEntity, "validation failed",
			&huma.ErrorDetail{Location: "query.cursor", Message: "is not one that a list gave"})
	}
	return err
}
