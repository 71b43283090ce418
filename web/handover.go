package web

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/nuanju/nuanju/disputes"
)

func (h *incidents) registerHandover(api huma.API) {
	huma.Register(api, huma.Operation{
		OperationID: "handover", Method: http.MethodGet, Path: "/api/v1/handover", Tags: []string{"tickets"},
		Summary:     "What one shift leaves to the next",
		Description: "What is open, in the order of the queue; emergencies; clocks that ran out in the time; visits that were promised and had not ended when it began; open incidents. At most 200 of each, and how many there are.",
		Errors:      errorsOf(),
	}, h.handover)
}

// handoverInput is a shift.
type handoverInput struct {
	From string `query:"from" required:"true" format:"date-time" doc:"The beginning, RFC 3339 with an offset."`
	To   string `query:"to" required:"true" format:"date-time" doc:"The end, not included; at most 400 days later."`
}

// handedOver is some tickets, and how many there are of the kind.
type handedOver struct {
	Count   int             `json:"count"`
	Tickets []disputes.View `json:"tickets" nullable:"false"`
}

// handoverOutput is what a shift hands over.
type handoverOutput struct {
	Body struct {
		From        time.Time  `json:"from"`
		To          time.Time  `json:"to"`
		Open        handedOver `json:"open"`
		Emergencies handedOver `json:"emergencies"`
		Breached    handedOver `json:"breached"`
		Promised    handedOver `json:"promised"`
		Incidents   struct {
			Count     int            `json:"count"`
			Incidents []incidentView `json:"incidents" nullable:"false"`
		} `json:"incidents"`
	}
}

func (h *incidents) handover(ctx context.Context, in *handoverInput) (*handoverOutput, error) {
	s, p := (&rangeInput{From: in.From, To: in.To}).times()
	if p != nil {
		return nil, p
	}
	if !callerOf(ctx).token.everywhere() {
		return nil, newProblem(http.StatusForbidden, "the token is for a part of the town only")
	}
	const most = 200
	found, err := h.ledger.Handover(ctx, s.from, s.to, most, h.clock.now())
	if err != nil {
		return nil, h.problem(ctx, "reading what a shift hands over", err)
	}
	out := &handoverOutput{}
	b := &out.Body
	b.From, b.To = s.from.Time().In(h.zone), s.to.Time().In(h.zone)
	for _, list := range []struct {
		to      *handedOver
		count   int
		tickets []disputes.Ticket
	}{
		{&b.Open, found.OpenCount, found.Open},
		{&b.Emergencies, found.EmergencyCount, found.Emergencies},
		{&b.Breached, found.BreachedCount, found.Breached},
		{&b.Promised, found.PromisedCount, found.Promised},
	} {
		views, err := h.views(ctx, list.tickets)
		if err != nil {
			return nil, h.problem(ctx, "reading what a shift hands over", err)
		}
		*list.to = handedOver{list.count, views}
	}
	b.Incidents.Count, b.Incidents.Incidents = found.IncidentCount, []incidentView{}
	for _, i := range found.Incidents {
		b.Incidents.Incidents = append(b.Incidents.Incidents, h.viewOf(i))
	}
	return out, nil
}
