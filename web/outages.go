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

// outages is planned and other stoppages of heat (A7.2.2⑤, A6.8).
type outages struct{ matters }

// outageAccess is who may announce stoppages and act on them.
func outageAccess() []access {
	const one = "/api/v1/outages/:id"
	return []access{
		{method: http.MethodPost, pattern: "/api/v1/outages", who: dispatch, maxBody: form},
		{method: http.MethodGet, pattern: "/api/v1/outages", who: matterReader},
		{method: http.MethodGet, pattern: one, who: matterReader},
		{method: http.MethodPost, pattern: one + "/reschedule", who: dispatch, maxBody: form},
		{method: http.MethodPost, pattern: one + "/cancel", who: dispatch, maxBody: form},
		{method: http.MethodPost, pattern: one + "/end", who: dispatch, maxBody: form},
		{method: http.MethodPost, pattern: one + "/record", who: dispatch, maxBody: form},
		{method: http.MethodPost, pattern: one + "/contest", who: onlyResident, maxBody: form},
		{method: http.MethodPost, pattern: one + "/uphold", who: deciding, maxBody: form},
		{method: http.MethodPost, pattern: one + "/reject", who: deciding, maxBody: form},
	}
}

func (h *outages) register(api huma.API) {
	const base, tag = "/api/v1/outages", "outages"
	huma.Register(api, operationOf(tag, "announce-outage", http.MethodPost, base, "Announce a stoppage",
		"The time of the announcement is the server's. A planned one is exempt if it was announced before it starts, is at most as long as "+
			"the policy says, is among the first of the season and its record is given (A7.2.2.5)."), h.announce)
	huma.Register(api, operationOf(tag, "list-outages", http.MethodGet, base, "List stoppages, those announced last first", ""), h.list)
	huma.Register(api, operationOf(tag, "get-outage", http.MethodGet, base+"/{id}", "One stoppage with its timeline", ""), h.get)
	huma.Register(api, operationOf(tag, "reschedule-outage", http.MethodPost, base+"/{id}/reschedule", "Announce it anew for another time",
		"It is announced at the server's time then. Not possible once it has begun."), h.reschedule)
	huma.Register(api, operationOf(tag, "end-outage", http.MethodPost, base+"/{id}/end", "Say when heat was back",
		"Its length is judged by this time; until then by the announced one."), h.end)
	huma.Register(api, operationOf(tag, "record-outage", http.MethodPost, base+"/{id}/record", "Give its record, which proves it", ""), h.record)
	for _, verb := range []matterVerb{
		{"cancel", disputes.CancelledIt, "Say that it will not take place", "Not possible once it has begun. It then counts for nothing."},
		{"contest", disputes.Contested, "Contest it, as a resident whom it concerns", "It still exempts until it is decided (I10)."},
		{"uphold", disputes.Upheld, "Decide that its record holds", ""},
		{"reject", disputes.Rejected, "Decide that its record does not hold", "It then exempts nothing and counts towards the season's all the same (I5)."},
	} {
		huma.Register(api, operationOf(tag, verb.path+"-outage", http.MethodPost, base+"/{id}/"+verb.path, verb.summary, verb.description), h.does(verb.event))
	}
}

// outageView is what is known of a stoppage.
type outageView struct {
	Start       time.Time  `json:"start"`
	End         time.Time  `json:"end" doc:"As announced."`
	Planned     bool       `json:"planned"`
	Announced   time.Time  `json:"announced" doc:"When it was announced last, by the server's clock."`
	Ended       *time.Time `json:"ended,omitempty" doc:"When heat was back, as stated."`
	Proof       string     `json:"proof,omitempty"`
	Attachments []string   `json:"attachments" nullable:"false"`
}

func aboutOutage(m disputes.Matter, zone *time.Location) (outageView, error) {
	s, err := bodyOf[disputes.Stoppage](m)
	v := outageView{
		Start: s.Start.In(zone), End: s.End.In(zone), Planned: s.Planned, Announced: m.Opened.Time().In(zone), Ended: inZone(s.Ended, zone),
		Proof: s.Proof, Attachments: append([]string{}, s.Attachments...),
	}
	if s.Announced != nil {
		v.Announced = s.Announced.In(zone)
	}
	return v, err
}

// announceInput is a stoppage.
type announceInput struct {
	Key  string `header:"Idempotency-Key" maxLength:"255" doc:"Chosen by the client: the same sent again under it is done once."`
	Body struct {
		Place   placeView `json:"place" doc:"Where there will be no heat."`
		Start   string    `json:"start" format:"date-time"`
		End     string    `json:"end" format:"date-time" doc:"As planned; at most 200 days after start."`
		Reason  string    `json:"reason" doc:"What residents are told; at most 8192 bytes."`
		Planned *bool     `json:"planned,omitempty" default:"true" doc:"Whether it is planned safety maintenance (A7.2.2.5)."`
	}
}

func (in *announceInput) opening() (disputes.Opening, []error) {
	b := &in.Body
	start, end, errs := parseInterval(b.Start, b.End)
	o, err := disputes.AnnounceStoppage(disputes.Opening{Place: b.Place.place(), Text: b.Reason}, start, end, b.Planned == nil || *b.Planned)
	return o, append(errs, err)
}

// Resolve finds everything that is wrong with it, beside what its schema says.
func (in *announceInput) Resolve(huma.Context) []error {
	o, errs := in.opening()
	return openingDetails(o, disputes.Dispatcher, map[string]string{"text": "reason"}, errs...)
}

// outageOutput is one stoppage.
type outageOutput struct {
	Location string `header:"Location"`
	Body     matterView[outageView]
}

func (h *outages) answer(ctx context.Context, doing string, m disputes.Matter, events []disputes.MatterEvent, err error) (*outageOutput, error) {
	out := &outageOutput{Location: "/api/v1/outages/" + m.ID}
	if err == nil {
		out.Body, err = showMatter(&h.matters, m, events, aboutOutage)
	}
	if err != nil {
		return nil, h.problem(ctx, doing, err)
	}
	return out, nil
}

func (h *outages) announce(ctx context.Context, in *announceInput) (*outageOutput, error) {
	o, _ := in.opening()
	m, events, err := h.open(ctx, opened{Opening: o, prefix: "O", key: in.Key, also: stoppageFacts})
	return h.answer(ctx, "announcing a stoppage", m, events, err)
}

// stoppageFacts is what the judge takes of a stoppage as it now is.
func stoppageFacts(m disputes.Matter) (ledger.MatterWrite, error) {
	f, err := disputes.StoppageFact(m)
	if f == nil {
		return ledger.MatterWrite{Retractions: []ledger.FactID{{Kind: "stoppage", ID: m.ID}}}, err
	}
	return ledger.MatterWrite{Declarations: []ledger.Declaration{{Place: m.Place, Stoppage: f}}}, err
}

// moved is what a move of a stoppage writes.
func (h *outages) moved(ctx context.Context, id string, c disputes.StoppageMove) (*outageOutput, error) {
	c.Actor = actorOf(ctx)
	m, events, err := h.change(ctx, disputes.StoppageMatter, id,
		func(m disputes.Matter, _ []disputes.MatterEvent, now sensors.Instant) (ledger.MatterWrite, error) {
			return changeStoppage(m, c, now)
		})
	return h.answer(ctx, "changing a stoppage", m, events, err)
}

// changeStoppage is what is written when something is done to a stoppage.
func changeStoppage(m disputes.Matter, c disputes.StoppageMove, now sensors.Instant) (ledger.MatterWrite, error) {
	after, events, err := disputes.AdvanceStoppage(m, c, now)
	if err != nil {
		return ledger.MatterWrite{}, err
	}
	w, err := stoppageFacts(after)
	w.Changes = []ledger.MatterChange{{Before: m, After: after, Events: events}}
	return w, err
}

func (h *outages) does(event disputes.EventKind) func(context.Context, *moveInput) (*outageOutput, error) {
	return func(ctx context.Context, in *moveInput) (*outageOutput, error) {
		return h.moved(ctx, in.ID, disputes.StoppageMove{Move: in.move(event)})
	}
}

// rescheduleInput is another time for a stoppage.
type rescheduleInput struct {
	ID   string `path:"id"`
	Body struct {
		Start   string `json:"start" format:"date-time"`
		End     string `json:"end" format:"date-time"`
		Text    string `json:"text" doc:"Why; at most 8192 bytes."`
		Version int64  `json:"version,omitempty" minimum:"1" doc:"The version that was seen; on another one nothing is done."`
	}
}

// Resolve finds what is wrong with its times.
func (in *rescheduleInput) Resolve(huma.Context) []error {
	start, end, errs := parseInterval(in.Body.Start, in.Body.End)
	return details(nil, append(errs, disputes.CheckInterval(start, end), disputes.CheckText("text", in.Body.Text, true))...)
}

func (h *outages) reschedule(ctx context.Context, in *rescheduleInput) (*outageOutput, error) {
	start, end, _ := parseInterval(in.Body.Start, in.Body.End)
	return h.moved(ctx, in.ID, disputes.StoppageMove{
		Move: disputes.Move{Event: disputes.Rescheduled, Text: in.Body.Text, Version: in.Body.Version}, Start: start, End: end,
	})
}

// outageEndInput says when heat was back.
type outageEndInput struct {
	ID   string `path:"id"`
	Body struct {
		End     string `json:"end,omitempty" format:"date-time" doc:"Not in the future; now if absent."`
		Text    string `json:"text,omitempty" doc:"At most 8192 bytes."`
		Version int64  `json:"version,omitempty" minimum:"1" doc:"The version that was seen; on another one nothing is done."`
	}
}

// Resolve finds what is wrong with its time.
func (in *outageEndInput) Resolve(huma.Context) []error {
	_, err := parseMoment("end", in.Body.End)
	return details(nil, err, disputes.CheckText("text", in.Body.Text, false))
}

func (h *outages) end(ctx context.Context, in *outageEndInput) (*outageOutput, error) {
	end, _ := parseMoment("end", in.Body.End)
	return h.moved(ctx, in.ID, disputes.StoppageMove{
		Move: disputes.Move{Event: disputes.Ended, Text: in.Body.Text, Version: in.Body.Version}, End: end,
	})
}

func (h *outages) record(ctx context.Context, in *proofInput) (*outageOutput, error) {
	if err := h.attached(in.Body.Attachments); err != nil {
		return nil, h.problem(ctx, "looking for a proof's files", err)
	}
	return h.moved(ctx, in.ID, disputes.StoppageMove{Move: in.move(disputes.RecordGiven), Attachments: in.Body.Attachments})
}

func (h *outages) get(ctx context.Context, in *matterInput) (*outageOutput, error) {
	m, events, err := h.find(ctx, disputes.StoppageMatter, in.ID)
	return h.answer(ctx, "reading a stoppage", m, events, err)
}

// outagesInput chooses stoppages.
type outagesInput struct {
	Listing
	State string `query:"state" enum:"announced,ended,recorded,contested,upheld,rejected,cancelled" doc:"Only those in this state."`
}

func (h *outages) list(ctx context.Context, in *outagesInput) (*matterList[outageView], error) {
	f := in.filter(disputes.StoppageMatter, in.State)
	return listMatters(ctx, &h.matters, f, in.Household, aboutOutage)
}
