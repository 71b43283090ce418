package web

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// households is what is known of a home in a time: its tiles, its episodes and its rooms' readings.
type households struct {
	failing
	clock    clock
	verdicts Verdicts
	store    Store
	homes    Homes
}

// householdAccess is who may see what was found of a home.
func householdAccess() []access {
	return []access{
		{method: http.MethodGet, pattern: "/api/v1/households/:id/tiles", who: findReader},
		{method: http.MethodGet, pattern: "/api/v1/households/:id/episodes", who: findReader},
		{method: http.MethodGet, pattern: "/api/v1/households/:id/readings", who: readReader},
	}
}

func (h *households) register(api huma.API) {
	operation := func(what, summary, description string) huma.Operation {
		return huma.Operation{
			OperationID: "household-" + what, Method: http.MethodGet, Path: "/api/v1/households/{id}/" + what, Tags: []string{"households"},
			Summary: summary, Description: description, Errors: errorsOf(http.StatusNotFound),
		}
	}
	huma.Register(api, operation("tiles", "Which status the household and its rooms had",
		"Neighbours differ in status or clause (section 4). They end where the checker has come to."), h.tiles)
	huma.Register(api, operation("episodes", "Its rooms' episodes of cold", "Those that overlap the time, whole (section 6)."), h.episodes)
	op := operation("readings", "Its rooms' readings",
		"As received, with the calibration offset that is added before judging (section 2), and whether the device is the one that judges.")
	h.describeReadings(api, &op)
	huma.Register(api, op, h.readings)
}

// maxRange bounds how much time one request asks for: a season and some more.
const maxRange = 400 * 24 * time.Hour

// rangeInput is a household and a time.
type rangeInput struct {
	ID   string `path:"id" doc:"The household's id."`
	From string `query:"from" required:"true" format:"date-time" doc:"The beginning, RFC 3339 with an offset."`
	To   string `query:"to" required:"true" format:"date-time" doc:"The end, not included; at most 400 days later."`
}

// span is what was asked for.
type span struct {
	home     Home
	from, to sensors.Instant
	token    *token
	// own is the parts of it of which the caller may see something, in order; nothing of a tester, who sees readings only.
	own []stretch
}

// find is the home and time of a request that may be answered.
func (h *households) find(ctx context.Context, in *rangeInput) (span, error) {
	t := callerOf(ctx).token
	if sensors.CheckID(in.ID) != nil || !t.ever(in.ID, h.homes) {
		return span{}, newProblem(http.StatusForbidden, "the token is not for this household")
	}
	s, p := in.times()
	if p != nil {
		return span{}, p
	}
	home, ok := h.homes.Home(in.ID)
	if !ok {
		return span{}, newProblem(http.StatusNotFound, "the household is not registered")
	}
	s.home, s.token, s.own = home, t, t.ownTime(in.ID, h.homes, s.from, s.to)
	return s, nil
}

func (in *rangeInput) times() (s span, p *problem) {
	var details []*huma.ErrorDetail
	wrong := func(name, message string) {
		details = append(details, &huma.ErrorDetail{Location: "query." + name, Message: message})
	}
	var okFrom, okTo bool
	if s.from, okFrom = parseTime(in.From); !okFrom {
		wrong("from", "is not a time such as 2015-12-01T08:00:00+08:00, whose + is written %2B in a query")
	}
	if s.to, okTo = parseTime(in.To); !okTo {
		wrong("to", "is not a time such as 2015-12-01T08:00:00+08:00, whose + is written %2B in a query")
	}
	switch {
	case !okFrom || !okTo:
	case s.to <= s.from:
		wrong("to", "is not after from")
	case s.to > s.from.Add(maxRange):
		wrong("to", "is more than 400 days after from")
	}
	if details != nil {
		return s, newProblem(http.StatusUnprocessableEntity, "validation failed", details...)
	}
	return s, nil
}

// tilesInput is a household and a time, and whether reasons are wanted.
type tilesInput struct {
	ID      string `path:"id" doc:"The household's id."`
	From    string `query:"from" required:"true" format:"date-time" doc:"The beginning, RFC 3339 with an offset."`
	To      string `query:"to" required:"true" format:"date-time" doc:"The end, not included; at most 400 days later."`
	Because bool   `query:"because" default:"true" doc:"Whether each tile or episode tells its reasons."`
}

func (in *tilesInput) span() *rangeInput { return &rangeInput{in.ID, in.From, in.To} }

// tileView is a tile.
type tileView struct {
	Start       time.Time       `json:"start"`
	End         time.Time       `json:"end"`
	Status      string          `json:"status"`
	Clause      string          `json:"clause"`
	Provisional bool            `json:"provisional" doc:"Whether it may still change without a fact changing."`
	Policy      string          `json:"policy" doc:"The digest of the policy's edition that judged it."`
	Because     json.RawMessage `json:"because,omitempty" doc:"The steps that led there."`
}

// roomTilesView is a room's tiles.
type roomTilesView struct {
	Room   string     `json:"room"`
	Kind   string     `json:"kind,omitempty"`
	Judged bool       `json:"judged" doc:"Whether its temperature is owed (A3)."`
	Tiles  []tileView `json:"tiles" nullable:"false"`
}

// tilesOutput is the tiles of a household and its rooms.
type tilesOutput struct {
	Body struct {
		Household string          `json:"household"`
		From      time.Time       `json:"from"`
		To        time.Time       `json:"to"`
		Rooms     []roomTilesView `json:"rooms" nullable:"false"`
		Tiles     []tileView      `json:"tiles" nullable:"false" doc:"The household's."`
	}
}

func (h *households) tiles(ctx context.Context, in *tilesInput) (*tilesOutput, error) {
	s, err := h.find(ctx, in.span())
	if err != nil {
		return nil, err
	}
	all, err := h.ownTiles(ctx, s)
	if err != nil {
		return nil, h.problem(ctx, "reading tiles", err)
	}
	out := &tilesOutput{}
	b := &out.Body
	b.Household, b.From, b.To = in.ID, s.from.Time().In(s.home.Zone), s.to.Time().In(s.home.Zone)
	b.Rooms, b.Tiles = []roomTilesView{}, []tileView{}
	for _, room := range all {
		views := make([]tileView, 0, len(room.Tiles))
		for _, t := range room.Tiles {
			views = append(views, showTile(t, s.home.Zone, in.Because))
		}
		if room.Room == "" {
			b.Tiles = views
			continue
		}
		kind := s.home.kindOf(room.Room)
		b.Rooms = append(b.Rooms, roomTilesView{room.Room, string(kind), compliance.RoomKind(kind).Judged(), views})
	}
	return out, nil
}

// kindOf is what a room is used for; empty for one that the registry does not have any more.
func (h *Home) kindOf(room string) sensors.RoomKind {
	for _, r := range h.Rooms {
		if r.Room == room {
			return r.Kind
		}
	}
	return ""
}

func showTile(t ledger.Tile, zone *time.Location, because bool) tileView {
	v := tileView{
		Start: t.Start.Time().In(zone), End: t.End.Time().In(zone), Status: string(t.Status), Clause: string(t.Clause),
		Provisional: t.Provisional, Policy: t.Digest,
	}
	if because {
		v.Because = t.Because
	}
	return v
}

// episodeView is an episode.
type episodeView struct {
	ID            string          `json:"id" doc:"Made of the household, the room and the start; it is another one when late readings move the start."`
	Room          string          `json:"room"`
	Start         time.Time       `json:"start"`
	End           time.Time       `json:"end"`
	Status        string          `json:"status"`
	Below         float64         `json:"below_seconds"`
	Confirmed     float64         `json:"confirmed_seconds"`
	Dismissed     float64         `json:"dismissed_seconds"`
	Tests         []string        `json:"tests" nullable:"false"`
	Confirmations []string        `json:"confirmations" nullable:"false"`
	Policy        string          `json:"policy" doc:"The digest of the policy's edition that judged it."`
	Because       json.RawMessage `json:"because,omitempty" doc:"The steps that led there."`
	Cut           bool            `json:"cut,omitempty" doc:"Whether it is the part of a longer one: the rest lies in a time that the caller may not see."`
}

// episodesOutput is a household's episodes.
type episodesOutput struct {
	Body struct {
		Household string        `json:"household"`
		Episodes  []episodeView `json:"episodes" nullable:"false"`
	}
}

func (h *households) episodes(ctx context.Context, in *tilesInput) (*episodesOutput, error) {
	s, err := h.find(ctx, in.span())
	if err != nil {
		return nil, err
	}
	all, err := h.ownEpisodes(ctx, s)
	if err != nil {
		return nil, h.problem(ctx, "reading episodes", err)
	}
	out := &episodesOutput{}
	out.Body.Household, out.Body.Episodes = in.ID, make([]episodeView, 0, len(all))
	for _, e := range all {
		v := episodeView{
			ID: episodeID(in.ID, e.Room, e.Start), Room: e.Room, Start: e.Start.Time().In(s.home.Zone), End: e.End.Time().In(s.home.Zone), Status: string(e.Status),
			Below: inSeconds(e.Below), Confirmed: inSeconds(e.Confirmed), Dismissed: inSeconds(e.Dismissed),
			Tests: append([]string{}, e.Tests...), Confirmations: append([]string{}, e.Confirmations...), Policy: e.Digest, Cut: e.cut,
		}
		if in.Because {
			v.Because = e.Because
		}
		out.Body.Episodes = append(out.Body.Episodes, v)
	}
	return out, nil
}

// inSeconds is a length in s.
func inSeconds(ns sensors.Instant) float64 { return float64(ns) / 1e9 }
