package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// Publications keeps what is published; see the methods of ledger.Ledger.
type Publications interface {
	Publish(ctx context.Context, p ledger.Publication) (ledger.Publication, error)
	Published(ctx context.Context, at sensors.Instant) ([]ledger.Publication, error)
}

// published is what the supplier tells everybody: numbers, prices, procedures, stoppages and restorations (A6.7, A6.8).
type published struct {
	failing
	clock    clock
	ledger   Publications
	matters  Matters
	zone     *time.Location
	policies map[string]*compliance.Policy
}

// publishedAccess is who may read what is published, which is anybody, and who may change it.
func publishedAccess() []access {
	return []access{
		{method: http.MethodGet, pattern: "/api/v1/published", public: true},
		{method: http.MethodPost, pattern: "/api/v1/published", who: onlyAdmin, maxBody: form},
	}
}

func (h *published) register(api huma.API) {
	const path, tag = "/api/v1/published", "published"
	o := operationOf(tag, "get-published", http.MethodGet, path, "What is published: numbers, prices, procedures, stoppages and restorations",
		"Anybody may read it. It names no household.")
	o.Security, o.Errors = []map[string][]string{}, []int{http.StatusServiceUnavailable}
	huma.Register(api, o, h.get)
	huma.Register(api, operationOf(tag, "publish", http.MethodPost, path, "Publish the next version of something",
		"The versions before stay, in the ledger and in the evidence log. What is published already is not published again."), h.publish)
}

// publicationView is a version of something that is published.
type publicationView struct {
	Item    string    `json:"item"`
	Version int64     `json:"version"`
	From    time.Time `json:"from"`
	ZH      string    `json:"zh"`
	EN      string    `json:"en"`
}

// priceView is the prices of a pack's edition.
type priceView struct {
	Policy    string           `json:"policy"`
	Title     compliance.Words `json:"title"`
	AreaPrice string           `json:"area_price" doc:"Yuan per m² and season."`
	BasePrice string           `json:"base_price" doc:"Yuan per m² and season."`
	HeatPrice string           `json:"heat_price" doc:"Yuan per kWh."`
	Source    string           `json:"source"`
	Certainty string           `json:"certainty" doc:"H: official text, M: press or copy, L: inferred."`
}

// publicStoppage is a stoppage as everybody may know it.
type publicStoppage struct {
	Place placeView      `json:"place"`
	State disputes.State `json:"state"`
	Start time.Time      `json:"start"`
	End   time.Time      `json:"end" doc:"As announced."`
	Ended *time.Time     `json:"restored,omitempty" doc:"When heat was back."`
}

// publishedOutput is what is published.
type publishedOutput struct {
	ETag         string `header:"ETag"`
	CacheControl string `header:"Cache-Control"`
	Body         publishedBody
}

type publishedBody struct {
	Items     []publicationView `json:"items" nullable:"false" doc:"What is in force, and what will be."`
	Prices    []priceView       `json:"prices" nullable:"false" doc:"In force today."`
	Stoppages []publicStoppage  `json:"stoppages" nullable:"false" doc:"Now, planned, and over since at most a week."`
}

// publishedInput asks for what is published.
type publishedInput struct {
	Known string `header:"If-None-Match" maxLength:"1024" doc:"What the caller has: 304 if it is still that."`
}

func (h *published) get(ctx context.Context, in *publishedInput) (*publishedOutput, error) {
	now := h.clock.now()
	items, err := h.ledger.Published(ctx, now)
	if err != nil {
		return nil, h.problem(ctx, "reading what is published", err)
	}
	out := &publishedOutput{CacheControl: "public, max-age=60"}
	b := &out.Body
	b.Items = make([]publicationView, 0, len(items))
	for _, p := range items {
		b.Items = append(b.Items, h.show(p))
	}
	b.Prices = h.prices(now)
	if b.Stoppages, err = h.stoppages(ctx, now); err != nil {
		return nil, h.problem(ctx, "reading stoppages", err)
	}
	text, err := json.Marshal(b)
	if err != nil {
		return nil, h.problem(ctx, "writing what is published", err)
	}
	sum := sha256.Sum256(text)
	out.ETag = `"` + hex.EncodeToString(sum[:16]) + `"`
	for known := range strings.SplitSeq(in.Known, ",") {
		if strings.TrimPrefix(strings.TrimSpace(known), "W/") == out.ETag {
			return nil, huma.ErrorWithHeaders(huma.Status304NotModified(), http.Header{"Etag": {out.ETag}, "Cache-Control": {out.CacheControl}})
		}
	}
	return out, nil
}

func (h *published) show(p ledger.Publication) publicationView {
	return publicationView{p.Item, p.Version, p.From.Time().In(h.zone), p.ZH, p.EN}
}

// prices are those of every pack on its local day.
func (h *published) prices(now sensors.Instant) []priceView {
	all := make([]priceView, 0, len(h.policies))
	for _, name := range slices.Sorted(maps.Keys(h.policies)) {
		p := h.policies[name]
		e := p.EditionOn(compliance.DateIn(now, p.Zone))
		all = append(all, priceView{
			name, p.Title, e.Money.AreaPrice.String(), e.Money.BasePrice.String(), e.Money.HeatPrice.String(), e.Source, e.Certainty,
		})
	}
	return all
}

const (
	shownStoppages = 500
	restoredFor    = 7 * 24 * time.Hour // how long it is said that heat is back
)

// stoppages are those that go on, are to come, or ended not long ago, of more than one home.
func (h *published) stoppages(ctx context.Context, now sensors.Instant) ([]publicStoppage, error) {
	found, _, err := h.matters.Matters(ctx, ledger.MatterFilter{Kind: disputes.StoppageMatter, Limit: shownStoppages})
	all := make([]publicStoppage, 0, len(found))
	for _, m := range found {
		s, bad := bodyOf[disputes.Stoppage](m)
		if bad != nil {
			return nil, bad
		}
		over := s.End
		if s.Ended != nil {
			over = *s.Ended
		}
		if m.Place.Kind == disputes.AtHousehold || m.State == disputes.Cancelled || over.Before(now.Add(-restoredFor).Time()) {
			continue
		}
		all = append(all, publicStoppage{
			placeView{string(m.Place.Kind), m.Place.ID},
			m.State, s.Start.In(h.zone), s.End.In(h.zone), inZone(s.Ended, h.zone),
		})
	}
	return all, err
}

// publishInput is something to be published.
type publishInput struct {
	Body struct {
		Item string `json:"item" enum:"numbers,procedures,contract,prices,other" doc:"Service numbers, procedures, where the contract's text is, a word on prices, or anything else."`
		From string `json:"from,omitempty" format:"date-time" doc:"From when on; now if absent, and not before."`
		ZH   string `json:"zh" doc:"At most 8192 bytes."`
		EN   string `json:"en" doc:"At most 8192 bytes."`
	}
}

// Resolve finds everything that is wrong with it, beside what its schema says.
func (in *publishInput) Resolve(huma.Context) []error {
	_, err := parseMoment("from", in.Body.From)
	return details(nil, err, disputes.CheckText("zh", in.Body.ZH, true), disputes.CheckText("en", in.Body.EN, true))
}

// publicationOutput is what was published.
type publicationOutput struct{ Body publicationView }

func (h *published) publish(ctx context.Context, in *publishInput) (*publicationOutput, error) {
	now := h.clock.now()
	p := ledger.Publication{Item: in.Body.Item, From: now, ZH: in.Body.ZH, EN: in.Body.EN, By: actorOf(ctx), Recorded: now}
	if at, _ := parseMoment("from", in.Body.From); !at.IsZero() {
		p.From = sensors.At(at)
	}
	if p.From < now {
		return nil, validation("body.from", "lies in the past: what was published then stays what it was")
	}
	there, err := h.ledger.Published(ctx, now)
	if err != nil {
		return nil, h.problem(ctx, "reading what is published", err)
	}
	for _, q := range there {
		if q.Item == p.Item && q.ZH == p.ZH && q.EN == p.EN && (q.From == p.From || q.From <= now && p.From == now) {
			return &publicationOutput{h.show(q)}, nil // sent again: it is published already
		}
	}
	p, err = h.ledger.Publish(ctx, p)
	if err != nil {
		return nil, h.problem(ctx, "publishing", err)
	}
	return &publicationOutput{h.show(p)}, nil
}
