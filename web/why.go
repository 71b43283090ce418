package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/intake"
)

// whyInput is an instant of a room, or of the household.
type whyInput struct {
	ID   string `path:"id" doc:"The household's id."`
	Room string `query:"room" doc:"The room's id; the household as a whole if absent."`
	At   string `query:"at" required:"true" format:"date-time" doc:"The instant, RFC 3339 with an offset."`
}

// clauseView is a clause in plain words.
type clauseView struct {
	Clause string     `json:"clause"`
	Title  twoTongues `json:"title"`
	Plain  twoTongues `json:"plain" doc:"The rule in plain words, not the contract's text."`
}

// stepView is a step of the reasoning.
type stepView struct {
	Clause  string       `json:"clause,omitempty"`
	Rule    string       `json:"rule"`
	Says    twoTongues   `json:"says"`
	Sources []sourceView `json:"sources" nullable:"false" doc:"The rows that the values came from."`
}

// sourceView is where a value came from.
type sourceView struct {
	Kind string     `json:"kind"`
	ID   string     `json:"id,omitempty"`
	Time *time.Time `json:"time,omitempty"`
}

// editionView is the words that judged.
type editionView struct {
	Policy    string     `json:"policy"`
	Title     twoTongues `json:"title"`
	Digest    string     `json:"digest"`
	From      string     `json:"from,omitempty" doc:"Its first local date; absent for one that holds from the beginning, or that the server does not have any more."`
	Standard  float64    `json:"standard,omitempty" doc:"°C"`
	Source    string     `json:"source,omitempty" doc:"Where its numbers are from."`
	Certainty string     `json:"certainty,omitempty"`
}

// usedReading is a reading of a letter.
type usedReading struct {
	Room    string    `json:"room"`
	Device  string    `json:"device"`
	Time    time.Time `json:"time"`
	Celsius float64   `json:"celsius" doc:"Exactly as received."`
	Offset  float64   `json:"offset" doc:"Of the calibration in force; added before judging."`
	Why     string    `json:"why,omitempty" enum:"other_device,conflict" doc:"Why it was left out: another device judges the room, or another value of that time was received first."`
	Raw     string    `json:"raw,omitempty" doc:"Of a conflict, the line as received."`
}

// whyOutput is the reasons of a tile.
type whyOutput struct {
	Body struct {
		Household    string        `json:"household"`
		Address      string        `json:"address,omitempty"`
		Account      string        `json:"account,omitempty" doc:"To whoever lives there now."`
		Room         string        `json:"room,omitempty"`
		Kind         string        `json:"kind,omitempty"`
		At           time.Time     `json:"at"`
		Now          time.Time     `json:"now"`
		Tile         tileView      `json:"tile"`
		Clauses      []clauseView  `json:"clauses" nullable:"false" doc:"The tile's clause first, then the others of the reasoning."`
		Steps        []stepView    `json:"steps" nullable:"false"`
		Edition      editionView   `json:"edition"`
		Readings     []usedReading `json:"readings" nullable:"false" doc:"Those that were used, in order of time; at most 200."`
		ReadingCount int           `json:"reading_count" doc:"How many were used."`
		LeftOut      []usedReading `json:"left_out" nullable:"false" doc:"Those that were not, and why; at most 200."`
		LeftOutCount int           `json:"left_out_count"`
		Curves       []roomCurve   `json:"curves" nullable:"false" doc:"Of the rooms that the letter is about, some time around the tile."`
		CurveFrom    time.Time     `json:"curve_from"`
		CurveTo      time.Time     `json:"curve_to"`
		WouldChange  []twoTongues  `json:"would_change" nullable:"false" doc:"What evidence would change it."`
	}
}

// around is how far the tiles around an instant are looked at, to find the whole of one.
const around = 190 * 24 * time.Hour

func (h *homePart) why(ctx context.Context, in *whyInput) (*whyOutput, error) {
	at, ok := parseTime(in.At)
	var details []*huma.ErrorDetail
	if !ok {
		details = append(details, &huma.ErrorDetail{Location: "query.at", Message: "is not a time such as 2015-12-01T08:00:00+08:00, whose + is written %2B in a query"})
	}
	if in.Room != "" && sensors.CheckID(in.Room) != nil {
		details = append(details, &huma.ErrorDetail{Location: "query.room", Message: "is not an id"})
	}
	if details != nil {
		return nil, newProblem(http.StatusUnprocessableEntity, "validation failed", details...)
	}
	s, err := h.find(ctx, &rangeInput{in.ID, rfc3339(at.Add(-around)), rfc3339(at.Add(around))})
	if err != nil {
		return nil, err
	}
	tile, err := h.tileAt(ctx, s, in.Room, at)
	if err != nil {
		return nil, h.problem(ctx, "reading reasons", err)
	}
	out, err := h.letter(ctx, &s, in.Room, at, tile)
	if err != nil {
		return nil, h.problem(ctx, "reading reasons", err)
	}
	return out, nil
}

func rfc3339(at sensors.Instant) string { return at.Time().UTC().Format(time.RFC3339Nano) }

// tileAt is the tile of a room at an instant, ledger.ErrNotFound if there is none.
func (h *homePart) tileAt(ctx context.Context, s span, room string, at sensors.Instant) (ledger.Tile, error) {
	all, err := h.ownTiles(ctx, s)
	if err != nil {
		return ledger.Tile{}, err
	}
	for _, r := range all {
		for _, t := range r.Tiles {
			if r.Room == room && t.Start <= at && at < t.End {
				return t, nil
			}
		}
	}
	return ledger.Tile{}, ledger.ErrNotFound
}

// letter is what there is to say about a tile.
func (h *homePart) letter(ctx context.Context, s *span, room string, at sensors.Instant, tile ledger.Tile) (*whyOutput, error) {
	zone, home := s.home.Zone, &s.home
	steps := []compliance.Step{}
	if len(tile.Because) > 0 {
		var err error
		if steps, err = compliance.ReadSteps(tile.Because); err != nil {
			return nil, err
		}
	}
	out := &whyOutput{}
	b := &out.Body
	now := h.clock.now()
	b.Household, b.Address, b.Room, b.Kind, b.At, b.Now = home.ID, home.Address, room, string(home.kindOf(room)), at.Time().In(zone), now.Time().In(zone)
	if s.token.seesAt(home.ID, h.homes, now) {
		b.Account = home.Account
	}
	b.Tile = showTile(tile, zone, false)
	b.Steps, b.Clauses = showSteps(steps, zone), clausesOf(tile.Clause, steps)
	b.Edition = h.editionOf(home, tile.Digest)
	b.WouldChange = []twoTongues{}
	for _, w := range compliance.WouldChange(tile.Status, tile.Clause) {
		b.WouldChange = append(b.WouldChange, wordsOf(w))
	}
	rooms := func(r string) bool { return r == room || room == "" && compliance.RoomKind(home.kindOf(r)).Judged() }
	return out, h.addReadings(ctx, s, tile, rooms, out)
}

// showSteps is the reasoning as sentences.
func showSteps(steps []compliance.Step, zone *time.Location) []stepView {
	views := make([]stepView, len(steps))
	for i, s := range steps {
		v := stepView{Clause: string(s.Clause), Rule: string(s.Rule), Sources: []sourceView{}, Says: twoTongues{
			s.Say(compliance.RuleWords(), compliance.ZH, zone), s.Say(compliance.RuleWords(), compliance.EN, zone),
		}}
		for _, from := range s.Sources {
			v.Sources = append(v.Sources, sourceView{string(from.Kind), from.ID, timeOf(from.At, zone)})
		}
		views[i] = v
	}
	return views
}

// clausesOf is the clauses of a tile and of the steps that led to it, in plain words, each once.
func clausesOf(first compliance.Clause, steps []compliance.Step) []clauseView {
	views := []clauseView{}
	articles := compliance.Articles()
	add := func(c compliance.Clause) {
		at := slices.IndexFunc(articles, func(a compliance.Article) bool { return a.Clause == c })
		if at < 0 || slices.ContainsFunc(views, func(v clauseView) bool { return v.Clause == string(c) }) {
			return
		}
		views = append(views, clauseView{string(c), wordsOf(articles[at].Title), wordsOf(articles[at].Plain)})
	}
	add(first)
	for _, s := range steps {
		add(s.Clause)
	}
	return views
}

// editionOf is the edition of a digest; of one that the program does not know any more, its digest.
func (h *homePart) editionOf(home *Home, digest string) editionView {
	v := editionView{Policy: home.Pack.Name, Title: wordsOf(home.Pack.Title), Digest: digest}
	for i := range home.Pack.Editions {
		e := &home.Pack.Editions[i]
		if home.Pack.Digest(e) != digest {
			continue
		}
		v.Standard, v.Source, v.Certainty = e.Standard, e.Source, e.Certainty
		if i > 0 {
			v.From = e.From.String()
		}
	}
	return v
}

// mostListed bounds the readings that a letter lists.
const mostListed = 200

// addReadings adds what was measured in the time of a tile, and a curve with some time around it.
func (h *homePart) addReadings(ctx context.Context, s *span, tile ledger.Tile, rooms func(string) bool, out *whyOutput) error {
	b := &out.Body
	b.Readings, b.LeftOut = []usedReading{}, []usedReading{}
	gap := s.home.Pack.EditionAt(tile.Start).ReadingMaxGap
	during := *s
	during.from, during.to = tile.Start.Add(-gap), tile.End // what was read before may still hold
	var spans []sensors.Span
	var of []sensors.Target
	for _, one := range during.ownSeries(h.homes) {
		for _, sp := range one.spans {
			if rooms(one.target.Room) {
				spans, of = append(spans, sp), append(of, one.target)
			}
		}
	}
	err := h.store.ReadMany(ctx, spans, func(i int, samples []sensors.Sample) error {
		device, target := spans[i].Series.Owner, of[i]
		judges := s.home.Resolver.Judges(target, spans[i].From, spans[i].To)
		for _, sample := range samples {
			c, _ := s.home.Resolver.Calibration(device, sample.At)
			r := usedReading{Room: target.Room, Device: device, Time: sample.At.Time().In(s.home.Zone), Celsius: sample.Value, Offset: c.OffsetCelsius}
			if judgesAt(judges, device, sample.At) {
				b.Readings, b.ReadingCount = listed200(b.Readings, r), b.ReadingCount+1
				continue
			}
			r.Why = "other_device"
			b.LeftOut, b.LeftOutCount = listed200(b.LeftOut, r), b.LeftOutCount+1
		}
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	if err := h.addConflicts(ctx, &during, out); err != nil {
		return err
	}
	for _, list := range [][]usedReading{b.Readings, b.LeftOut} {
		slices.SortStableFunc(list, func(x, y usedReading) int { return x.Time.Compare(y.Time) })
	}
	return h.addCurves(ctx, s, tile, rooms, out)
}

// judgesAt reports whether a device judges at an instant.
func judgesAt(judges []sensors.Stretch, device string, at sensors.Instant) bool {
	return slices.ContainsFunc(judges, func(j sensors.Stretch) bool { return j.Device == device && j.From <= at && at < j.To })
}

func listed200(all []usedReading, r usedReading) []usedReading {
	if len(all) < mostListed {
		all = append(all, r)
	}
	return all
}

// addConflicts adds what was received of a time for which another value had been received (section 2).
func (h *homePart) addConflicts(ctx context.Context, s *span, out *whyOutput) error {
	lines, err := h.lines.ListQuarantine(ctx, ledger.QuarantineFilter{Reason: intake.Conflict, Household: s.home.ID, After: ledger.LineKey{Leaf: -1}})
	if err != nil {
		return err
	}
	b := &out.Body
	for _, l := range lines {
		if l.DeviceTime < s.from || l.DeviceTime >= s.to {
			continue
		}
		r := usedReading{Device: l.Owner, Time: l.DeviceTime.Time().In(s.home.Zone), Why: "conflict", Raw: fmt.Sprintf("%.300q", l.Raw)}
		if place, ok := s.home.Resolver.Place(l.Owner, l.DeviceTime); ok {
			r.Room = place.Target.Room
		}
		b.LeftOut, b.LeftOutCount = listed200(b.LeftOut, r), b.LeftOutCount+1
	}
	return nil
}

// addCurves adds the curves of a letter: of the tile, and of some time around a short one.
func (h *homePart) addCurves(ctx context.Context, s *span, tile ledger.Tile, rooms func(string) bool, out *whyOutput) (err error) {
	margin := max(6*time.Hour, min(48*time.Hour, time.Duration(tile.End-tile.Start)/4))
	wide := *s
	wide.from, wide.to = tile.Start.Add(-margin), min(tile.End.Add(margin), h.clock.now())
	if wide.to <= wide.from {
		wide.to = tile.End
	}
	out.Body.CurveFrom, out.Body.CurveTo = wide.from.Time().In(s.home.Zone), wide.to.Time().In(s.home.Zone)
	out.Body.Curves, err = h.roomCurves(ctx, &wide, 300, rooms)
	return err
}
