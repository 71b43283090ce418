package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// Vulnerabilities keeps which households asked to be seen to first; see the methods of ledger.Ledger.
type Vulnerabilities interface {
	AddVulnerability(ctx context.Context, v ledger.Vulnerability) error
	EndVulnerability(ctx context.Context, household string, now sensors.Instant) (int, error)
	Vulnerabilities(ctx context.Context, household string) ([]ledger.Vulnerability, error)
}

// vulnerable is the households that ask to be seen to first: children, illness. It says a category and never a diagnosis.
type vulnerable struct {
	failing
	clock  clock
	ledger Vulnerabilities
	homes  Homes
}

func vulnerableAccess() []access {
	return []access{
		{method: http.MethodPost, pattern: "/api/v1/households/:id/vulnerable", who: filers, maxBody: form, delegates: reporters},
		{method: http.MethodPost, pattern: "/api/v1/households/:id/vulnerable/end", who: filers, delegates: reporters},
		{method: http.MethodGet, pattern: "/api/v1/households/:id/vulnerable", who: filers},
	}
}

func (h *vulnerable) register(api huma.API) {
	op := func(id, method, path, summary string) huma.Operation {
		return huma.Operation{
			OperationID: id, Method: method, Path: "/api/v1/households/{id}/vulnerable" + path, Tags: []string{"households"}, Summary: summary,
			Errors: errorsOf(http.StatusNotFound),
		}
	}
	add := op("note-vulnerable", http.MethodPost, "", "Ask for a household to be seen to first")
	add.DefaultStatus = http.StatusCreated
	huma.Register(api, add, h.add)
	huma.Register(api, op("end-vulnerable", http.MethodPost, "/end", "Say that it need not be any more, from now on"), h.end)
	huma.Register(api, op("list-vulnerable", http.MethodGet, "", "When it asked for that"), h.list)
}

// longestVulnerable is how long it holds before it is asked for again.
const longestVulnerable = 366 * 24 * time.Hour

// vulnerableInput is a household that is to be seen to first.
type vulnerableInput struct {
	ID   string `path:"id" doc:"The household's id."`
	Key  string `header:"Idempotency-Key" maxLength:"255" doc:"Chosen by the client: the same request sent again under it is noted once."`
	Body struct {
		Reason string `json:"reason" enum:"children,elderly,illness,disability,other" doc:"A category; no diagnosis."`
		From   string `json:"from,omitempty" format:"date-time" doc:"From when on; now if absent."`
		Until  string `json:"until" format:"date-time" doc:"Until when, not included; at most 366 days after from."`
	}
	from, until sensors.Instant
}

// Resolve reads the times.
func (in *vulnerableInput) Resolve(huma.Context) (errs []error) {
	for _, f := range []struct {
		name, text string
		to         *sensors.Instant
	}{{"from", in.Body.From, &in.from}, {"until", in.Body.Until, &in.until}} {
		var ok bool
		if *f.to, ok = parseTime(f.text); !ok && f.text != "" {
			errs = append(errs, &huma.ErrorDetail{Location: "body." + f.name, Message: "is not a time such as 2015-12-01T08:00:00+08:00", Value: f.text})
		}
	}
	return errs
}

var _ huma.Resolver = (*vulnerableInput)(nil)

// vulnerableView is when a household is to be seen to first.
type vulnerableView struct {
	Reason   string    `json:"reason"`
	From     time.Time `json:"from"`
	Until    time.Time `json:"until"`
	Role     string    `json:"role"`
	Actor    string    `json:"actor"`
	Recorded time.Time `json:"recorded"`
}

// vulnerableOutput is one.
type vulnerableOutput struct{ Body vulnerableView }

// vulnerablesOutput is all of a household, the last first.
type vulnerablesOutput struct {
	Body struct {
		Vulnerable []vulnerableView `json:"vulnerable" nullable:"false"`
	}
}

func (h *vulnerable) home(ctx context.Context, id string) (Home, error) {
	if sensors.CheckID(id) != nil || !callerOf(ctx).token.coversHome(id, h.homes) {
		return Home{}, newProblem(http.StatusForbidden, "the token is not for this household")
	}
	home, ok := h.homes.Home(id)
	if !ok {
		return home, newProblem(http.StatusNotFound, "the household is not registered")
	}
	return home, nil
}

func (h *vulnerable) add(ctx context.Context, in *vulnerableInput) (*vulnerableOutput, error) {
	home, err := h.home(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	now := h.clock.now()
	from := in.from
	if in.Body.From == "" {
		from = now
	}
	wrong := ""
	switch {
	case in.until <= max(from, now):
		wrong = "is not after from and now"
	case in.until.Sub(from) > longestVulnerable:
		wrong = "is more than 366 days after from"
	}
	if wrong != "" {
		return nil, newProblem(http.StatusUnprocessableEntity, "validation failed", &huma.ErrorDetail{Location: "body.until", Message: wrong})
	}
	actor := actorOf(ctx)
	v := ledger.Vulnerability{
		ID: newID("V", in.Key, actor, in.ID), Household: in.ID, Reason: in.Body.Reason, From: from, Until: in.until, By: actor, Recorded: now,
	}
	err = h.ledger.AddVulnerability(ctx, v)
	if errors.Is(err, ledger.ErrExists) && in.Key != "" {
		err = h.notedBefore(ctx, v)
	}
	if err != nil {
		return nil, h.problem(ctx, "noting a vulnerable household", err)
	}
	return &vulnerableOutput{showVulnerable(v, home.Zone)}, nil
}

// notedBefore is an error unless what an Idempotency-Key was used for before said the same.
func (h *vulnerable) notedBefore(ctx context.Context, v ledger.Vulnerability) error {
	all, err := h.ledger.Vulnerabilities(ctx, v.Household)
	if err != nil {
		return err
	}
	for _, before := range all {
		if before.ID == v.ID && before.Reason == v.Reason && before.Until == v.Until {
			return nil
		}
	}
	return newProblem(http.StatusUnprocessableEntity, "the Idempotency-Key was used for another request")
}

func showVulnerable(v ledger.Vulnerability, zone *time.Location) vulnerableView {
	at := func(i sensors.Instant) time.Time { return i.Time().In(zone) }
	return vulnerableView{v.Reason, at(v.From), at(v.Until), string(v.By.Role), v.By.ID, at(v.Recorded)}
}

// vulnerableHome names a household.
type vulnerableHome struct {
	ID string `path:"id" doc:"The household's id."`
}

func (h *vulnerable) list(ctx context.Context, in *vulnerableHome) (*vulnerablesOutput, error) {
	home, err := h.home(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	all, err := h.ledger.Vulnerabilities(ctx, in.ID)
	if err != nil {
		return nil, h.problem(ctx, "reading of a vulnerable household", err)
	}
	out := &vulnerablesOutput{}
	out.Body.Vulnerable = make([]vulnerableView, 0, len(all))
	for _, v := range all {
		if callerOf(ctx).token.seesAt(in.ID, h.homes, v.Recorded) { // who lived there before asked for themselves
			out.Body.Vulnerable = append(out.Body.Vulnerable, showVulnerable(v, home.Zone))
		}
	}
	return out, nil
}

func (h *vulnerable) end(ctx context.Context, in *vulnerableHome) (*vulnerablesOutput, error) {
	if _, err := h.home(ctx, in.ID); err != nil {
		return nil, err
	}
	n, err := h.ledger.EndVulnerability(ctx, in.ID, h.clock.now())
	if err == nil && n == 0 {
		err = disputes.ErrConflict
	}
	if err != nil {
		return nil, h.problem(ctx, "noting that a household is vulnerable no more", err)
	}
	return h.list(ctx, in)
}
