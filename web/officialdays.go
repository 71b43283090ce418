package web

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// OfficialDays keeps published daily means; see the methods of ledger.Ledger.
type OfficialDays interface {
	PutOfficialDays(ctx context.Context, b ledger.DayBook, dirty []ledger.Mark, now sensors.Instant) (int, error)
	OfficialDays(ctx context.Context, station string, first, last compliance.Date) ([]compliance.OfficialDay, error)
}

// officialDays is published daily means of the outdoor temperature, which take precedence over observations (A7.2.2④).
type officialDays struct {
	matters
	days OfficialDays
}

// officialDayAccess is who may enter and read daily means.
func officialDayAccess() []access {
	return []access{
		{method: http.MethodPost, pattern: "/api/v1/official-days", who: dispatch, maxBody: form},
		{method: http.MethodGet, pattern: "/api/v1/official-days", who: matterReader},
	}
}

func (h *officialDays) register(api huma.API) {
	const path, tag = "/api/v1/official-days", "outdoor"
	put := operationOf(tag, "put-official-days", http.MethodPost, path, "Enter published daily means of a station",
		"They take precedence over observations (A7.2.2.4). A day that has another value is superseded; sent again, nothing changes.")
	put.Errors = errorsOf()
	huma.Register(api, put, h.put)
	huma.Register(api, operationOf(tag, "list-official-days", http.MethodGet, path, "Published daily means of a station", ""), h.list)
}

// dayView is a day's mean.
type dayView struct {
	Date    string  `json:"date" format:"date"`
	Celsius float64 `json:"celsius" minimum:"-60" maximum:"60" doc:"°C."`
}

// officialDaysInput is published daily means.
type officialDaysInput struct {
	Body struct {
		Station string    `json:"station" minLength:"1" maxLength:"255" doc:"As the policy names it."`
		Days    []dayView `json:"days" minItems:"1" maxItems:"400" nullable:"false"`
		Source  string    `json:"source" minLength:"1" maxLength:"500" doc:"Where they were published."`
	}
}

func (in *officialDaysInput) read() (all []compliance.OfficialDay, errs []error) {
	wrong := func(field, reason string) { errs = append(errs, &disputes.FieldError{Field: field, Reason: reason}) }
	if in.Body.Station != "" {
		if err := sensors.CheckID(in.Body.Station); err != nil {
			wrong("station", err.Error())
		}
	}
	errs = append(errs, disputes.CheckText("source", in.Body.Source, in.Body.Source != ""))
	seen := map[compliance.Date]bool{}
	for i, d := range in.Body.Days {
		date, err := compliance.ParseDate(d.Date)
		switch {
		case err != nil:
			wrong(fmt.Sprintf("days[%d].date", i), err.Error())
		case seen[date]:
			wrong(fmt.Sprintf("days[%d].date", i), "is given twice")
		case math.IsNaN(d.Celsius):
			wrong(fmt.Sprintf("days[%d].celsius", i), "is no temperature")
		}
		seen[date] = true
		all = append(all, compliance.OfficialDay{Date: date, Celsius: d.Celsius})
	}
	return all, errs
}

// Resolve finds everything that is wrong with it, beside what its schema says.
func (in *officialDaysInput) Resolve(huma.Context) []error {
	_, errs := in.read()
	return details(nil, errs...)
}

// changedOutput is how many days changed.
type changedOutput struct {
	Body struct {
		Changed int `json:"changed" doc:"How many days have a value that they did not have."`
	}
}

func (h *officialDays) put(ctx context.Context, in *officialDaysInput) (*changedOutput, error) {
	days, _ := in.read()
	now := h.clock.now()
	var errs []error
	for i, d := range days {
		if d.Date.Start(time.UTC) > now.Add(14*time.Hour) { // it has begun nowhere
			errs = append(errs, &disputes.FieldError{Field: fmt.Sprintf("days[%d].date", i), Reason: "has not begun"})
		}
	}
	if found := details(nil, errs...); len(found) > 0 {
		p := newProblem(http.StatusUnprocessableEntity, "validation failed")
		for _, e := range found {
			if d, ok := e.(*huma.ErrorDetail); ok {
				p.Errors = append(p.Errors, d)
			}
		}
		return nil, p
	}
	if t := callerOf(ctx).token; !t.Scope.Everything() {
		return nil, newProblem(http.StatusForbidden, "a station's means concern more than what the token is for")
	}
	marks, err := h.concerned(ctx, in.Body.Station, days)
	if err != nil {
		return nil, h.problem(ctx, "finding whom official days concern", err)
	}
	out := &changedOutput{}
	out.Body.Changed, err = h.days.PutOfficialDays(ctx, ledger.DayBook{
		Station: in.Body.Station, Days: days, Source: in.Body.Source, Actor: actorOf(ctx),
	}, marks, now)
	if err != nil {
		return nil, h.problem(ctx, "writing official days", err)
	}
	return out, nil
}

// concerned is every household that is judged by a station in some edition of its policy, from the first of the days on.
func (h *officialDays) concerned(ctx context.Context, station string, days []compliance.OfficialDay) (marks []ledger.Mark, err error) {
	first := days[0].Date
	for _, d := range days {
		first = min(first, d.Date)
	}
	all, err := h.ledger.HouseholdsAt(ctx, disputes.Place{Kind: disputes.Everywhere})
	from := map[*compliance.Policy]sensors.Instant{} // 0: not concerned
	for _, household := range all {
		home, ok := h.homes.Home(household)
		if !ok {
			continue
		}
		start, known := from[home.Pack]
		if !known {
			for i := range home.Pack.Editions {
				if o := home.Pack.Editions[i].Outdoor; o != nil && o.Station == station {
					start = first.Start(home.Pack.Zone)
				}
			}
			from[home.Pack] = start
		}
		if start != 0 {
			marks = append(marks, ledger.Mark{Household: household, From: start})
		}
	}
	return marks, err
}

// officialDaysRange chooses days.
type officialDaysRange struct {
	Station string `query:"station" required:"true" minLength:"1" maxLength:"255"`
	From    string `query:"from" required:"true" format:"date" doc:"The first day."`
	To      string `query:"to" required:"true" format:"date" doc:"The last day, included; at most 400 days."`
}

// officialDaysOutput is published daily means.
type officialDaysOutput struct {
	Body struct {
		Station string    `json:"station"`
		Days    []dayView `json:"days" nullable:"false"`
	}
}

func (h *officialDays) list(ctx context.Context, in *officialDaysRange) (*officialDaysOutput, error) {
	from, err := compliance.ParseDate(in.From)
	to, err2 := compliance.ParseDate(in.To)
	if err != nil || err2 != nil || to < from || from.Days(to) > 400 || sensors.CheckID(in.Station) != nil {
		return nil, newProblem(http.StatusUnprocessableEntity, "validation failed",
			&huma.ErrorDetail{Location: "query", Message: "station is an id, and from and to are days, at most 400, the first not after the last"})
	}
	days, err := h.days.OfficialDays(ctx, in.Station, from, to)
	if err != nil {
		return nil, h.problem(ctx, "reading official days", err)
	}
	out := &officialDaysOutput{}
	out.Body.Station, out.Body.Days = in.Station, make([]dayView, 0, len(days))
	for _, d := range days {
		out.Body.Days = append(out.Body.Days, dayView{d.Date.String(), d.Celsius})
	}
	return out, nil
}
