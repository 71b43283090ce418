package web

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// Incidents keeps incidents; see the methods of ledger.Ledger.
type Incidents interface {
	OpenIncidentAt(ctx context.Context, place disputes.Place) (string, error)
	AddIncident(ctx context.Context, i disputes.Incident, first disputes.IncidentEvent) error
	SaveIncident(ctx context.Context, before, after disputes.Incident, event disputes.IncidentEvent) error
	Incident(ctx context.Context, id string) (disputes.Incident, []disputes.IncidentEvent, []disputes.Ticket, error)
	Incidents(ctx context.Context, state disputes.State, after string, limit int) ([]disputes.Incident, string, error)
	Handover(ctx context.Context, from, to sensors.Instant, limit int, now sensors.Instant) (ledger.Handover, error)
}

// incidents is one trouble of many homes, answered once for all of their tickets.
type incidents struct{ tickets }

func incidentAccess() []access {
	return []access{
		{method: http.MethodPost, pattern: "/api/v1/incidents", who: dispatch, maxBody: form},
		{method: http.MethodGet, pattern: "/api/v1/incidents", who: staff},
		{method: http.MethodGet, pattern: "/api/v1/incidents/:id", who: staff},
		{method: http.MethodPost, pattern: "/api/v1/incidents/:id/reply", who: dispatch, maxBody: form},
		{method: http.MethodPost, pattern: "/api/v1/incidents/:id/update", who: dispatch, maxBody: form},
		{method: http.MethodPost, pattern: "/api/v1/incidents/:id/resolve", who: dispatch, maxBody: form},
		{method: http.MethodPost, pattern: "/api/v1/incidents/:id/join", who: dispatch, maxBody: form},
		{method: http.MethodPost, pattern: "/api/v1/incidents/:id/leave", who: dispatch, maxBody: form},
		{method: http.MethodGet, pattern: "/api/v1/handover", who: staff},
	}
}

func (h *incidents) register(api huma.API) {
	op := func(id, method, path, summary, description string) huma.Operation {
		return huma.Operation{
			OperationID: id, Method: method, Path: "/api/v1/incidents" + path, Tags: []string{"incidents"}, Summary: summary, Description: description,
			Errors: errorsOf(http.StatusNotFound, http.StatusConflict),
		}
	}
	file := op("open-incident", http.MethodPost, "", "Open an incident at a riser, building or substation",
		"One of a place is open at a time. A ticket that a home there files while it is open joins it.")
	file.DefaultStatus = http.StatusCreated
	huma.Register(api, file, h.open)
	huma.Register(api, op("list-incidents", http.MethodGet, "", "List incidents, those opened last first", ""), h.listIncidents)
	huma.Register(api, op("get-incident", http.MethodGet, "/{id}", "One incident with its timeline and tickets", ""), h.getIncident)
	const each = "Each open ticket in a transaction of its own; the answer says what became of each."
	huma.Register(api, op("reply-incident", http.MethodPost, "/{id}/reply", "Reply to all of its open tickets", each), h.answers(disputes.Replied))
	huma.Register(api, op("update-incident", http.MethodPost, "/{id}/update", "Tell all of its open tickets what was done", each), h.answers(disputes.Updated))
	huma.Register(api, op("resolve-incident", http.MethodPost, "/{id}/resolve", "Say that the work is done, for all of its open tickets", each), h.answers(disputes.ResolvedIt))
	huma.Register(api, op("join-incident", http.MethodPost, "/{id}/join", "Make tickets a part of it", each), h.moves(disputes.Joined))
	huma.Register(api, op("leave-incident", http.MethodPost, "/{id}/leave", "Take tickets out of it", each), h.moves(disputes.Left))
	h.registerHandover(api)
}

// incidentInput is a new incident.
type incidentInput struct {
	Key  string `header:"Idempotency-Key" maxLength:"255" doc:"Chosen by the client: the same incident sent again under it is opened once."`
	Body struct {
		Place struct {
			Kind string `json:"kind" enum:"riser,building,substation" doc:"How much of the town it is about."`
			ID   string `json:"id" doc:"The riser's, building's or substation's id."`
		} `json:"place"`
		Text    string   `json:"text,omitempty" doc:"What it is about; at most 8192 bytes."`
		Tickets []string `json:"tickets,omitempty" maxItems:"500" doc:"Tickets that are a part of it from the beginning."`
	}
}

// incidentView is an incident.
type incidentView struct {
	ID       string              `json:"id"`
	Place    string              `json:"place" enum:"riser,building,substation"`
	PlaceID  string              `json:"place_id"`
	Text     string              `json:"text"`
	State    disputes.State      `json:"state"`
	OpenedAt time.Time           `json:"opened_at"`
	ClosedAt *time.Time          `json:"closed_at,omitempty"`
	Role     disputes.Role       `json:"role"`
	Actor    string              `json:"actor,omitempty"`
	Version  int64               `json:"version"`
	Timeline []incidentEventView `json:"timeline,omitempty"`
	Tickets  []disputes.View     `json:"tickets,omitempty"`
}

type incidentEventView struct {
	Seq   int64              `json:"seq"`
	Event disputes.EventKind `json:"event"`
	At    time.Time          `json:"at"`
	Role  disputes.Role      `json:"role"`
	Actor string             `json:"actor,omitempty"`
	Text  string             `json:"text,omitempty"`
}

// ticketOutcome is what became of one ticket.
type ticketOutcome struct {
	Ticket string `json:"ticket"`
	Status int    `json:"status" doc:"As if it had been asked for alone: 200, 403, 404, 409, 422."`
	Detail string `json:"detail,omitempty" doc:"Why nothing was done."`
}

// incidentOutput is an incident, and what became of the tickets that something was done to.
type incidentOutput struct {
	Body struct {
		Incident incidentView    `json:"incident"`
		Outcomes []ticketOutcome `json:"outcomes,omitempty"`
	}
}

func (h *incidents) viewOf(i disputes.Incident) incidentView {
	v := incidentView{
		ID: i.ID, Place: string(i.Place.Kind), PlaceID: i.Place.ID, Text: i.Text, State: i.State, OpenedAt: i.OpenedAt.Time().In(h.zone),
		Role: i.OpenedBy.Role, Actor: i.OpenedBy.ID, Version: i.Version,
	}
	if i.ClosedAt != 0 {
		at := i.ClosedAt.Time().In(h.zone)
		v.ClosedAt = &at
	}
	return v
}

func (h *incidents) output(i disputes.Incident, outcomes []ticketOutcome) *incidentOutput {
	out := &incidentOutput{}
	out.Body.Incident, out.Body.Outcomes = h.viewOf(i), outcomes
	return out
}

// sees reports whether a caller's rights reach over a whole place.
func (h *incidents) sees(ctx context.Context, p disputes.Place) bool {
	t := callerOf(ctx).token
	return t.everywhere() || p.Kind == disputes.AtBuilding && slices.Contains(t.Scope.Buildings, p.ID)
}

func (h *incidents) open(ctx context.Context, in *incidentInput) (*incidentOutput, error) {
	place := disputes.Place{Kind: disputes.PlaceKind(in.Body.Place.Kind), ID: in.Body.Place.ID}
	actor := actorOf(ctx)
	i, first, err := disputes.OpenIncident(newID("I", in.Key, actor, string(place.Kind), place.ID), place, in.Body.Text, actor, h.clock.now())
	if err != nil {
		return nil, h.problem(ctx, "opening an incident", err)
	}
	if !h.sees(ctx, place) {
		return nil, newProblem(http.StatusForbidden, "the token is not for this place")
	}
	if !h.homes.Anybody(place) {
		return nil, newProblem(http.StatusUnprocessableEntity, "validation failed",
			&huma.ErrorDetail{Location: "body.place.id", Message: "no home is registered there", Value: place.ID})
	}
	err = h.ledger.AddIncident(ctx, i, first)
	if errors.Is(err, ledger.ErrExists) {
		before, _, _, err := h.ledger.Incident(ctx, i.ID)
		if in.Key == "" || err != nil {
			return nil, newProblem(http.StatusConflict, "an incident is open at this place already")
		}
		if before.Text != i.Text {
			return nil, newProblem(http.StatusUnprocessableEntity, "the Idempotency-Key was used for another incident")
		}
		i = before
	} else if err != nil {
		return nil, h.problem(ctx, "opening an incident", err)
	}
	return h.output(i, h.each(ctx, in.Body.Tickets, disputes.Command{Event: disputes.Joined, Facts: disputes.Facts{Incident: i.ID}})), nil
}

// each does a command of the caller's to tickets, one after the other, and says what became of each.
func (h *incidents) each(ctx context.Context, ids []string, c disputes.Command) (all []ticketOutcome) {
	c.Actor = actorOf(ctx)
	for _, id := range ids {
		o := ticketOutcome{Ticket: id, Status: http.StatusOK}
		if _, _, err := h.change(ctx, id, c, nil); err != nil {
			var p *problem
			errors.As(h.problem(ctx, "changing a ticket", err), &p)
			o.Status, o.Detail = p.Status, p.Detail
		}
		all = append(all, o)
	}
	return all
}

// incidentPath names an incident.
type incidentPath struct {
	ID string `path:"id" doc:"The incident's id."`
}

func (h *incidents) findIncident(ctx context.Context, id string) (disputes.Incident, []disputes.IncidentEvent, []disputes.Ticket, error) {
	if sensors.CheckID(id) != nil {
		return disputes.Incident{}, nil, nil, ledger.ErrNotFound
	}
	i, events, parts, err := h.ledger.Incident(ctx, id)
	if err == nil && !h.sees(ctx, i.Place) {
		err = ledger.ErrNotFound
	}
	return i, events, parts, err
}

func (h *incidents) getIncident(ctx context.Context, in *incidentPath) (*incidentOutput, error) {
	i, events, parts, err := h.findIncident(ctx, in.ID)
	if err != nil {
		return nil, h.problem(ctx, "reading an incident", err)
	}
	out := h.output(i, nil)
	for _, e := range events {
		out.Body.Incident.Timeline = append(out.Body.Incident.Timeline,
			incidentEventView{e.Seq, e.Event, e.At.Time().In(h.zone), e.Actor.Role, e.Actor.ID, e.Text})
	}
	if out.Body.Incident.Tickets, err = h.views(ctx, parts); err != nil {
		return nil, h.problem(ctx, "reading an incident", err)
	}
	return out, nil
}

// incidentsInput chooses incidents.
type incidentsInput struct {
	State  string `query:"state" enum:"open,resolved" doc:"Only incidents in this state."`
	Cursor string `query:"cursor" doc:"Where the list before this one ended: its next."`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many at most."`
}

// incidentsOutput is a list of incidents.
type incidentsOutput struct {
	Body struct {
		Incidents []incidentView `json:"incidents" nullable:"false"`
		Next      string         `json:"next,omitempty" doc:"The cursor for more; absent at the end."`
	}
}

func (h *incidents) listIncidents(ctx context.Context, in *incidentsInput) (*incidentsOutput, error) {
	all, next, err := h.ledger.Incidents(ctx, disputes.State(in.State), in.Cursor, cmp.Or(in.Limit, 50))
	if err != nil {
		return nil, h.problem(ctx, "listing incidents", cursorProblem(err))
	}
	out := &incidentsOutput{}
	out.Body.Incidents, out.Body.Next = make([]incidentView, 0, len(all)), next
	for _, i := range all {
		if h.sees(ctx, i.Place) {
			out.Body.Incidents = append(out.Body.Incidents, h.viewOf(i))
		}
	}
	return out, nil
}

// answers is the handler of what is said or done once for all open tickets. The incident comes first: of two who do it at once, one
// does.
func (h *incidents) answers(event disputes.EventKind) func(context.Context, *eventInput) (*incidentOutput, error) {
	return func(ctx context.Context, in *eventInput) (*incidentOutput, error) {
		const doing = "answering an incident"
		before, _, parts, err := h.findIncident(ctx, in.ID)
		if err != nil {
			return nil, h.problem(ctx, doing, err)
		}
		after, e, err := before.Do(event, in.Body.Text, in.Body.Version, actorOf(ctx), h.clock.now())
		if err == nil {
			err = h.ledger.SaveIncident(ctx, before, after, e)
		}
		if err != nil {
			return nil, h.problem(ctx, doing, err)
		}
		var open []string
		for _, t := range parts {
			if t.State == disputes.Open {
				open = append(open, t.ID)
			}
		}
		return h.output(after, h.each(ctx, open, disputes.Command{Event: event, Text: in.Body.Text, Facts: disputes.Facts{Incident: in.ID}})), nil
	}
}

// movesInput is tickets that join or leave.
type movesInput struct {
	ID   string `path:"id" doc:"The incident's id."`
	Body struct {
		Tickets []string `json:"tickets" minItems:"1" maxItems:"500" doc:"The tickets."`
	}
}

func (h *incidents) moves(event disputes.EventKind) func(context.Context, *movesInput) (*incidentOutput, error) {
	return func(ctx context.Context, in *movesInput) (*incidentOutput, error) {
		i, _, _, err := h.findIncident(ctx, in.ID)
		if err == nil && i.State != disputes.Open {
			err = disputes.ErrConflict
		}
		if err != nil {
			return nil, h.problem(ctx, "changing an incident", err)
		}
		return h.output(i, h.each(ctx, in.Body.Tickets, disputes.Command{Event: event, Facts: disputes.Facts{Incident: in.ID}})), nil
	}
}
