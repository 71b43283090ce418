package web

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// Seasons counts what an auditor looks at; see the method of ledger.Ledger.
type Seasons interface {
	Season(ctx context.Context, from, to sensors.Instant) (ledger.SeasonCount, error)
}

// seasonReport is a season as those see it who look on.
type seasonReport struct {
	failing
	clock    clock
	ledger   Seasons
	zone     *time.Location
	policies map[string]*compliance.Policy
}

func seasonReportAccess() []access {
	return []access{{method: http.MethodGet, pattern: "/api/v1/season-report", who: watchers}}
}

func (h *seasonReport) register(api huma.API) {
	huma.Register(api, huma.Operation{
		OperationID: "season-report", Method: http.MethodGet, Path: "/api/v1/season-report", Tags: []string{"audit"}, Errors: errorsOf(),
		Summary: "A season in numbers: how homes stood, hours by exemption, missed duties, what was decided, and the stations",
		Description: "Of the whole town, and no household is named. What now stands is counted; the report of a time may change when late facts change verdicts. " +
			"A time that has not ended is counted up to now.",
	}, h.get)
}

// seasonReportInput is a time.
type seasonReportInput struct {
	From string `query:"from" required:"true" format:"date-time" doc:"The beginning, RFC 3339 with an offset."`
	To   string `query:"to" required:"true" format:"date-time" doc:"The end, not included; at most 400 days later."`
}

// statusTimeView is how long homes had a status.
type statusTimeView struct {
	Status  string  `json:"status"`
	Clause  string  `json:"clause,omitempty"`
	Homes   int     `json:"homes" doc:"That had it at some time."`
	Seconds float64 `json:"seconds" doc:"Of all homes together."`
}

// episodeCountView is the episodes of a status.
type episodeCountView struct {
	Status    string  `json:"status"`
	Episodes  int     `json:"episodes"`
	Below     float64 `json:"below_seconds" doc:"Of all rooms together."`
	Confirmed float64 `json:"confirmed_seconds"`
	Dismissed float64 `json:"dismissed_seconds"`
}

// eventCountView is how often something happened.
type eventCountView struct {
	Kind  string `json:"kind,omitempty" doc:"Of the matter; absent: tickets."`
	Event string `json:"event"`
	Count int    `json:"count"`
}

// stationView is where a policy takes the outdoor daily mean from.
type stationView struct {
	Policy  string `json:"policy"`
	Station string `json:"station"`
	Method  string `json:"method"`
}

// seasonReportOutput is a season in numbers.
type seasonReportOutput struct {
	Body struct {
		From     time.Time          `json:"from"`
		To       time.Time          `json:"to"`
		Tickets  int                `json:"tickets" doc:"Reports of residents."`
		Times    []statusTimeView   `json:"times" nullable:"false"`
		Episodes []episodeCountView `json:"episodes" nullable:"false"`
		Missed   []eventCountView   `json:"missed" nullable:"false" doc:"Clocks of A6.6 that ran out."`
		Decided  []eventCountView   `json:"decided" nullable:"false" doc:"What was contested, upheld, rejected or settled."`
		Stations []stationView      `json:"stations" nullable:"false" doc:"Of the policies in force now."`
	}
}

func (h *seasonReport) get(ctx context.Context, in *seasonReportInput) (*seasonReportOutput, error) {
	s, p := (&rangeInput{From: in.From, To: in.To}).times()
	if p != nil {
		return nil, p
	}
	if !callerOf(ctx).token.everywhere() {
		return nil, newProblem(http.StatusForbidden, "the token is for a part of the town only")
	}
	now := h.clock.now()
	s.to = min(s.to, max(now, s.from))
	found, err := h.ledger.Season(ctx, s.from, s.to)
	if err != nil {
		return nil, h.problem(ctx, "counting a season", err)
	}
	out := &seasonReportOutput{}
	b := &out.Body
	b.From, b.To, b.Tickets = s.from.Time().In(h.zone), s.to.Time().In(h.zone), found.Tickets
	b.Times, b.Episodes, b.Stations = []statusTimeView{}, []episodeCountView{}, []stationView{}
	for _, t := range found.Times {
		b.Times = append(b.Times, statusTimeView{string(t.Status), string(t.Clause), t.Homes, t.Seconds})
	}
	for _, e := range found.Episodes {
		b.Episodes = append(b.Episodes, episodeCountView{string(e.Status), e.Episodes, e.Below.Seconds(), e.Confirmed.Seconds(), e.Dismissed.Seconds()})
	}
	b.Missed, b.Decided = showCounts(found.Missed), showCounts(found.Decided)
	for _, name := range slices.Sorted(maps.Keys(h.policies)) {
		policy := h.policies[name]
		if o := policy.EditionOn(compliance.DateIn(now, policy.Zone)).Outdoor; o != nil {
			b.Stations = append(b.Stations, stationView{name, o.Station, string(o.Method)})
		}
	}
	return out, nil
}

func showCounts(all []ledger.EventCount) []eventCountView {
	views := make([]eventCountView, 0, len(all))
	for _, e := range all {
		views = append(views, eventCountView{e.Kind, e.Event, e.Count})
	}
	return views
}
