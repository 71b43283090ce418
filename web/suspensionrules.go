package web

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/nuanju/nuanju/billing/payment"
	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/disputes"
)

// rulesOf is what a home's pack says of a winter; nil where it says nothing.
func (h *suspensions) rulesOf(home *Home, winter int) (*payment.Rules, error) {
	all, err := h.rules(home.Policy)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(r payment.Rules) bool { return r.Winter == winter })
	if i < 0 {
		return nil, nil
	}
	return &all[i], nil
}

// wayOf is the way of applying that an application names, and the papers that it asks for, each by all its names.
func (in *suspensionInput) wayOf(r *payment.Rules) (title string, needed [][]string, err error) {
	var ways []payment.Way
	if r != nil {
		ways = r.Suspension.Ways
	}
	named := func(w compliance.Words) bool { return in.Body.Way == w.EN || in.Body.Way == w.ZH }
	i := slices.IndexFunc(ways, func(w payment.Way) bool { return named(w.Title) })
	switch {
	case len(ways) == 0 && in.Body.Way == "":
		return "", nil, nil
	case len(ways) == 1 && in.Body.Way == "":
		i = 0
	case i < 0:
		var names []string
		for _, w := range ways {
			names = append(names, w.Title.ZH+" / "+w.Title.EN)
		}
		return "", nil, &disputes.FieldError{Field: "way", Reason: "is none of those that the pack names: " + strings.Join(names, ", ")}
	}
	papers := slices.Clone(ways[i].Bring)
	if in.Body.Delegate {
		papers = append(papers, ways[i].Delegate...)
	}
	for _, p := range papers {
		needed = append(needed, []string{p.ZH, p.EN})
	}
	return ways[i].Title.EN, needed, nil
}

// suspensionRulesInput is a home and a winter.
type suspensionRulesInput struct {
	ID     string `path:"id" doc:"The household's id."`
	Season int    `query:"season" required:"true" minimum:"1950" maximum:"2200" doc:"The year in which the winter begins."`
}

// suspensionWay is a way to apply.
type suspensionWay struct {
	Title    compliance.Words   `json:"title"`
	Bring    []compliance.Words `json:"bring" nullable:"false"`
	Delegate []compliance.Words `json:"delegate" nullable:"false" doc:"What somebody who applies in the owner's stead brings beside."`
}

// suspensionRulesOutput is what the pack says of applying.
type suspensionRulesOutput struct {
	Body struct {
		Household string          `json:"household"`
		Season    int             `json:"season"`
		Known     bool            `json:"known" doc:"Whether the pack has rules for this winter."`
		ApplyBy   string          `json:"apply_by,omitempty" doc:"The last day; absent where none is named."`
		Open      bool            `json:"open" doc:"Whether an application may be made today."`
		Ways      []suspensionWay `json:"ways" nullable:"false"`
		Source    string          `json:"source,omitempty"`
		Certainty string          `json:"certainty,omitempty"`
	}
}

func (h *suspensions) told(ctx context.Context, in *suspensionRulesInput) (*suspensionRulesOutput, error) {
	home, ok := h.homes.Home(in.ID)
	if !ok || !callerOf(ctx).token.coversHome(in.ID, h.homes) {
		return nil, newProblem(http.StatusForbidden, "the token is not for this household")
	}
	r, err := h.rulesOf(&home, in.Season)
	if err != nil {
		return nil, h.problem(ctx, "reading rules of suspensions", err)
	}
	out := &suspensionRulesOutput{}
	b := &out.Body
	b.Household, b.Season, b.Open, b.Ways = in.ID, in.Season, true, []suspensionWay{}
	if r == nil {
		return out, nil
	}
	b.Known, b.Source, b.Certainty = true, r.Source, r.Certainty
	b.Open = r.Suspension.Open(compliance.DateIn(h.clock.now(), home.Zone))
	if r.Suspension.By != 0 {
		b.ApplyBy = r.Suspension.By.String()
	}
	for _, w := range r.Suspension.Ways {
		b.Ways = append(b.Ways, suspensionWay{w.Title, append([]compliance.Words{}, w.Bring...), append([]compliance.Words{}, w.Delegate...)})
	}
	return out, nil
}
