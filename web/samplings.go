package web

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// samplings is free samplings of room temperatures on request (A6.1).
type samplings struct{ matters }

// samplingAccess is who may request samplings and act on them.
func samplingAccess() []access {
	const one = "/api/v1/samplings/:id"
	return []access{
		{method: http.MethodPost, pattern: "/api/v1/samplings", who: bothSides, maxBody: form},
		{method: http.MethodGet, pattern: "/api/v1/samplings", who: homeReader},
		{method: http.MethodGet, pattern: one, who: homeReader},
		{method: http.MethodPost, pattern: one + "/appoint", who: dispatch, maxBody: form},
		{method: http.MethodPost, pattern: one + "/record", who: dispatch, maxBody: form},
		{method: http.MethodPost, pattern: one + "/decline", who: dispatch, maxBody: form},
		{method: http.MethodPost, pattern: one + "/cancel", who: onlyResident, maxBody: form},
	}
}

func (h *samplings) register(api huma.API) {
	const base, tag = "/api/v1/samplings", "samplings"
	huma.Register(api, operationOf(tag, "request-sampling", http.MethodPost, base, "Request a free sampling of temperatures", ""), h.request)
	huma.Register(api, operationOf(tag, "list-samplings", http.MethodGet, base, "List samplings, those requested last first", ""), h.list)
	huma.Register(api, operationOf(tag, "get-sampling", http.MethodGet, base+"/{id}", "One sampling with its timeline", ""), h.get)
	huma.Register(api, operationOf(tag, "appoint-sampling", http.MethodPost, base+"/{id}/appoint", "Say when somebody comes", ""), h.appoint)
	huma.Register(api, operationOf(tag, "record-sampling", http.MethodPost, base+"/{id}/record", "Record what was measured",
		"It is shown and proves nothing: only a third party's test decides (A7.2.2)."), h.record)
	huma.Register(api, operationOf(tag, "decline-sampling", http.MethodPost, base+"/{id}/decline", "Decline it, with the reason", ""), h.does(disputes.Declined))
	huma.Register(api, operationOf(tag, "cancel-sampling", http.MethodPost, base+"/{id}/cancel", "Cancel it, as the resident", ""), h.does(disputes.CancelledIt))
}

// samplingView is what is known of a sampling.
type samplingView struct {
	From     *time.Time          `json:"from,omitempty" doc:"When somebody comes at the earliest."`
	Until    *time.Time          `json:"until,omitempty" doc:"And at the latest."`
	Measured []disputes.Measured `json:"measured" nullable:"false" doc:"What was measured, °C; it proves nothing."`
}

func aboutSampling(m disputes.Matter, zone *time.Location) (samplingView, error) {
	s, err := bodyOf[disputes.Sampling](m)
	return samplingView{inZone(s.From, zone), inZone(s.Until, zone), append([]disputes.Measured{}, s.Measured...)}, err
}

// samplingInput is a request.
type samplingInput struct {
	Key  string `header:"Idempotency-Key" maxLength:"255" doc:"Chosen by the client: the same sent again under it is done once."`
	Body struct {
		Household string `json:"household"`
		Text      string `json:"text,omitempty" doc:"At most 8192 bytes."`
	}
}

func (in *samplingInput) opening() disputes.Opening {
	return disputes.Opening{
		Kind: disputes.SamplingMatter, Event: disputes.Requested, Place: disputes.Home(in.Body.Household), Text: in.Body.Text, Body: disputes.Sampling{},
	}
}

// Resolve finds everything that is wrong with it, beside what its schema says.
func (in *samplingInput) Resolve(huma.Context) []error {
	return openingDetails(in.opening(), disputes.Resident, map[string]string{"place": "household"})
}

// samplingOutput is one sampling.
type samplingOutput struct {
	Location string `header:"Location"`
	Body     matterView[samplingView]
}

func (h *samplings) answer(ctx context.Context, doing string, m disputes.Matter, events []disputes.MatterEvent, err error) (*samplingOutput, error) {
	out := &samplingOutput{Location: "/api/v1/samplings/" + m.ID}
	if err == nil {
		out.Body, err = showMatter(&h.matters, m, events, aboutSampling)
	}
	if err != nil {
		return nil, h.problem(ctx, doing, err)
	}
	return out, nil
}

func (h *samplings) request(ctx context.Context, in *samplingInput) (*samplingOutput, error) {
	m, events, err := h.open(ctx, opened{Opening: in.opening(), prefix: "S", key: in.Key})
	return h.answer(ctx, "requesting a sampling", m, events, err)
}

func (h *samplings) moved(ctx context.Context, id string, c disputes.SamplingMove) (*samplingOutput, error) {
	c.Actor = actorOf(ctx)
	m, events, err := h.change(ctx, disputes.SamplingMatter, id,
		func(m disputes.Matter, _ []disputes.MatterEvent, now sensors.Instant) (ledger.MatterWrite, error) {
			after, events, err := disputes.AdvanceSampling(m, c, now)
			return ledger.MatterWrite{Changes: []ledger.MatterChange{{Before: m, After: after, Events: events}}}, err
		})
	return h.answer(ctx, "changing a sampling", m, events, err)
}

func (h *samplings) does(event disputes.EventKind) func(context.Context, *moveInput) (*samplingOutput, error) {
	return func(ctx context.Context, in *moveInput) (*samplingOutput, error) {
		return h.moved(ctx, in.ID, disputes.SamplingMove{Move: in.move(event)})
	}
}

// samplingVisitInput says when somebody comes.
type samplingVisitInput struct {
	ID   string `path:"id"`
	Body struct {
		From    string `json:"from" format:"date-time"`
		Until   string `json:"until" format:"date-time" doc:"At most 24 h after from."`
		Text    string `json:"text,omitempty" doc:"At most 8192 bytes."`
		Version int64  `json:"version,omitempty" minimum:"1" doc:"The version that was seen; on another one nothing is done."`
	}
}

// Resolve finds what is wrong with its times.
func (in *samplingVisitInput) Resolve(huma.Context) []error {
	_, err := parseMoment("from", in.Body.From)
	_, err2 := parseMoment("until", in.Body.Until)
	return details(nil, err, err2, disputes.CheckText("text", in.Body.Text, false))
}

func (h *samplings) appoint(ctx context.Context, in *samplingVisitInput) (*samplingOutput, error) {
	from, _ := parseMoment("from", in.Body.From)
	until, _ := parseMoment("until", in.Body.Until)
	return h.moved(ctx, in.ID, disputes.SamplingMove{
		Move: disputes.Move{Event: disputes.Appointed, Text: in.Body.Text, Version: in.Body.Version}, From: from, Until: until,
	})
}

// measuredInput is what was measured.
type measuredInput struct {
	ID   string `path:"id"`
	Body struct {
		Measured []disputes.Measured `json:"measured" minItems:"1" maxItems:"50" nullable:"false" doc:"Room by room, °C."`
		Text     string              `json:"text,omitempty" doc:"At most 8192 bytes."`
		Version  int64               `json:"version,omitempty" minimum:"1" doc:"The version that was seen; on another one nothing is done."`
	}
}

func (h *samplings) record(ctx context.Context, in *measuredInput) (*samplingOutput, error) {
	return h.moved(ctx, in.ID, disputes.SamplingMove{
		Move: disputes.Move{Event: disputes.Sampled, Text: in.Body.Text, Version: in.Body.Version}, Measured: in.Body.Measured,
	})
}

func (h *samplings) get(ctx context.Context, in *matterInput) (*samplingOutput, error) {
	m, events, err := h.find(ctx, disputes.SamplingMatter, in.ID)
	return h.answer(ctx, "reading a sampling", m, events, err)
}

// samplingsInput chooses samplings.
type samplingsInput struct {
	Listing
	State string `query:"state" enum:"requested,appointed,sampled,declined,cancelled" doc:"Only those in this state."`
}

func (h *samplings) list(ctx context.Context, in *samplingsInput) (*matterList[samplingView], error) {
	return listMatters(ctx, &h.matters, in.filter(disputes.SamplingMatter, in.State), in.Household, aboutSampling)
}
