package web

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// confirmations is what the two sides say of episodes of cold (A7.2.2).
type confirmations struct {
	matters
	verdicts Verdicts
}

// confirmationAccess is who may confirm and contest.
func confirmationAccess() []access {
	return []access{
		{method: http.MethodPost, pattern: "/api/v1/episodes/:id/confirm", who: bothSides, maxBody: form},
		{method: http.MethodPost, pattern: "/api/v1/episodes/:id/contest", who: bothSides, maxBody: form},
		{method: http.MethodPost, pattern: "/api/v1/confirmations", who: bothSides, maxBody: form},
		{method: http.MethodGet, pattern: "/api/v1/confirmations", who: matterReader},
		{method: http.MethodGet, pattern: "/api/v1/confirmations/:id", who: matterReader},
		{method: http.MethodPost, pattern: "/api/v1/confirmations/:id/withdraw", who: bothSides, maxBody: form},
	}
}

func (h *confirmations) register(api huma.API) {
	const tag = "confirmations"
	huma.Register(api, operationOf(tag, "confirm-episode", http.MethodPost, "/api/v1/episodes/{id}/confirm", "Confirm an episode, or a part of it",
		"When both sides have confirmed the same interval, all below time of the household in it is confirmed, and stands even against a test "+
			"(A7.2.2). Another interval than the other side's is an offer of its own, which stands beside theirs until one of the two is confirmed by both."), h.says(false))
	huma.Register(api, operationOf(tag, "contest-episode", http.MethodPost, "/api/v1/episodes/{id}/contest", "Contest an episode, or a part of it",
		"Recorded, and an answer to the other side's confirmation of that interval. It decides nothing by itself."), h.says(true))
	huma.Register(api, operationOf(tag, "confirm-interval", http.MethodPost, "/api/v1/confirmations", "Confirm an interval of a household",
		"As of an episode, for an interval that holds several of them or a part of one. It may not end in the future."), h.confirmInterval)
	huma.Register(api, operationOf(tag, "list-confirmations", http.MethodGet, "/api/v1/confirmations", "List confirmations, those made last first", ""), h.list)
	huma.Register(api, operationOf(tag, "get-confirmation", http.MethodGet, "/api/v1/confirmations/{id}", "One confirmation with its timeline", ""), h.get)
	huma.Register(api, operationOf(tag, "withdraw-confirmation", http.MethodPost, "/api/v1/confirmations/{id}/withdraw",
		"Take back what the other side has not confirmed yet", ""), h.withdraw)
}

// episodeID names an episode by its household, its room and where it starts. While late readings do not move its start, it stays.
func episodeID(household, room string, start sensors.Instant) string {
	return base64.RawURLEncoding.EncodeToString([]byte(household + "\n" + room + "\n" + strconv.FormatInt(int64(start), 10)))
}

// maxEpisodeID is the longest id of an episode: two ids of things and a number.
const maxEpisodeID = 800

func parseEpisodeID(id string) (household, room string, start sensors.Instant, ok bool) {
	if len(id) > maxEpisodeID {
		return "", "", 0, false
	}
	text, err := base64.RawURLEncoding.DecodeString(id)
	parts := strings.Split(string(text), "\n")
	if err != nil || len(parts) != 3 || sensors.CheckID(parts[0]) != nil || sensors.CheckID(parts[1]) != nil {
		return "", "", 0, false
	}
	n, err := strconv.ParseInt(parts[2], 10, 64)
	return parts[0], parts[1], sensors.Instant(n), err == nil && n > int64(sensors.Earliest) && n < int64(sensors.Forever)-1
}

// confirmInput is what a side says of an episode.
type confirmInput struct {
	ID   string `path:"id" doc:"The episode's id, as a household's episodes have it."`
	Body struct {
		Start   string `json:"start,omitempty" format:"date-time" doc:"Not before the episode; its start if absent."`
		End     string `json:"end,omitempty" format:"date-time" doc:"Not after the episode; its end if absent."`
		Text    string `json:"text,omitempty" doc:"At most 8192 bytes; whoever contests says why."`
		Version int64  `json:"version,omitempty" minimum:"1" doc:"The confirmation's version that was seen; on another one nothing is done."`
	}
}

// Resolve finds everything that is wrong with it, beside what its schema says.
func (in *confirmInput) Resolve(huma.Context) []error {
	start, end, errs := parseInterval(in.Body.Start, in.Body.End)
	errs = append(errs, disputes.CheckInterval(start, end), disputes.CheckText("text", in.Body.Text, false))
	return details(nil, errs...)
}

// confirmationView is what is known of a confirmation.
type confirmationView struct {
	Start   time.Time `json:"start"`
	End     time.Time `json:"end"`
	Episode string    `json:"episode,omitempty" doc:"For which it was made."`
	Dispute string    `json:"dispute,omitempty" doc:"Whose outcome it is."`
}

func aboutConfirmation(m disputes.Matter, zone *time.Location) (confirmationView, error) {
	c, err := bodyOf[disputes.Confirmation](m)
	return confirmationView{c.Start.In(zone), c.End.In(zone), c.Episode, c.Dispute}, err
}

// confirmationOutput is one confirmation.
type confirmationOutput struct {
	Location string `header:"Location"`
	Body     matterView[confirmationView]
}

func (h *confirmations) answer(ctx context.Context, doing string, m disputes.Matter, events []disputes.MatterEvent, err error) (*confirmationOutput, error) {
	out := &confirmationOutput{Location: "/api/v1/confirmations/" + m.ID}
	if err == nil {
		out.Body, err = showMatter(&h.matters, m, events, aboutConfirmation)
	}
	if err != nil {
		return nil, h.problem(ctx, doing, err)
	}
	return out, nil
}

// says is the handler of confirming or contesting an episode.
func (h *confirmations) says(contest bool) func(context.Context, *confirmInput) (*confirmationOutput, error) {
	return func(ctx context.Context, in *confirmInput) (*confirmationOutput, error) {
		household, c, err := h.interval(ctx, in)
		if err != nil {
			return nil, h.problem(ctx, "reading an episode", err)
		}
		move := disputes.Move{Event: disputes.Confirms(actorOf(ctx).Role), Text: in.Body.Text, Actor: actorOf(ctx), Version: in.Body.Version}
		if contest {
			move.Event = disputes.Contested
		}
		m, events, err := h.say(ctx, household, c, move)
		return h.answer(ctx, "confirming an episode", m, events, err)
	}
}

// interval is the household of an episode and the part of it that is meant.
func (h *confirmations) interval(ctx context.Context, in *confirmInput) (household string, c disputes.Confirmation, err error) {
	household, room, start, ok := parseEpisodeID(in.ID)
	if !ok || !callerOf(ctx).token.coversHome(household, h.homes) {
		return "", c, ledger.ErrNotFound
	}
	all, err := h.verdicts.Episodes(ctx, household, start, start+1)
	if err != nil {
		return "", c, err
	}
	for _, e := range all {
		if e.Room != room || e.Start != start {
			continue
		}
		c = disputes.Confirmation{Start: e.Start.Time().UTC(), End: e.End.Time().UTC(), Episode: in.ID}
		var wrong []error
		if from, _ := parseMoment("start", in.Body.Start); !from.IsZero() {
			if from.Before(c.Start) || !from.Before(c.End) {
				wrong = append(wrong, &disputes.FieldError{Field: "start", Reason: "does not lie in the episode"})
			}
			c.Start = from.UTC()
		}
		if to, _ := parseMoment("end", in.Body.End); !to.IsZero() {
			if !to.After(e.Start.Time()) || to.After(c.End) {
				wrong = append(wrong, &disputes.FieldError{Field: "end", Reason: "does not lie in the episode"})
			}
			c.End = to.UTC()
		}
		return household, c, errors.Join(wrong...)
	}
	return "", c, ledger.ErrNotFound
}

// intervalInput is an interval that a side confirms.
type intervalInput struct {
	Body struct {
		Household string `json:"household"`
		Start     string `json:"start" format:"date-time"`
		End       string `json:"end" format:"date-time" doc:"Not in the future; at most 200 days after start."`
		Text      string `json:"text,omitempty" doc:"At most 8192 bytes."`
		Version   int64  `json:"version,omitempty" minimum:"1" doc:"The confirmation's version that was seen; on another one nothing is done."`
	}
}

// Resolve finds everything that is wrong with it, beside what its schema says.
func (in *intervalInput) Resolve(huma.Context) []error {
	start, end, errs := parseInterval(in.Body.Start, in.Body.End)
	if err := sensors.CheckID(in.Body.Household); err != nil {
		errs = append(errs, &disputes.FieldError{Field: "household", Reason: err.Error()})
	}
	return details(nil, append(errs, disputes.CheckInterval(start, end), disputes.CheckText("text", in.Body.Text, false))...)
}

// confirmInterval is the handler of confirming an interval. What the other side has confirmed already is then confirmed by both.
func (h *confirmations) confirmInterval(ctx context.Context, in *intervalInput) (*confirmationOutput, error) {
	const doing = "confirming an interval"
	start, end, _ := parseInterval(in.Body.Start, in.Body.End)
	place := disputes.Home(in.Body.Household)
	err := h.placed(ctx, place)
	if err == nil && end.After(h.clock.now().Time()) {
		err = &disputes.FieldError{Field: "end", Reason: "is in the future"}
	}
	if err != nil {
		return nil, h.problem(ctx, doing, err)
	}
	m, events, err := h.say(ctx, place.ID, disputes.Confirmation{Start: start.UTC(), End: end.UTC()}, disputes.Move{
		Event: disputes.Confirms(actorOf(ctx).Role), Text: in.Body.Text, Actor: actorOf(ctx), Version: in.Body.Version,
	})
	return h.answer(ctx, doing, m, events, err)
}

// confirmationID is that of an interval of a household: whoever means the same interval meets on it.
func confirmationID(household string, c disputes.Confirmation) string {
	return "C" + derived(household, c.Start.Format(time.RFC3339Nano), c.End.Format(time.RFC3339Nano))
}

// say opens the confirmation of an interval or, where there is one, moves it.
func (h *confirmations) say(ctx context.Context, household string, c disputes.Confirmation, move disputes.Move) (disputes.Matter, []disputes.MatterEvent, error) {
	if !callerOf(ctx).token.ownsTime(household, h.homes, c.Start, c.End) {
		return disputes.Matter{}, nil, newProblem(http.StatusForbidden, "a part of the interval is not of the time of your contract; give start and end")
	}
	id := confirmationID(household, c)
	for range maxAttempts {
		m, events, err := h.change(ctx, disputes.ConfirmationMatter, id,
			func(m disputes.Matter, _ []disputes.MatterEvent, now sensors.Instant) (ledger.MatterWrite, error) {
				return changeConfirmation(m, move, now)
			})
		if !errors.Is(err, ledger.ErrNotFound) {
			return m, events, err
		}
		if move.Version != 0 {
			return m, nil, disputes.Stale(disputes.ConfirmationMatter, "version %d was seen, and there is none", move.Version)
		}
		m, events, err = h.open(ctx, opened{Opening: disputes.Opening{
			Kind: disputes.ConfirmationMatter, ID: id, Place: disputes.Home(household), Event: move.Event, Text: move.Text, Body: c,
		}})
		if !errors.Is(err, ledger.ErrExists) {
			return m, events, err
		}
	}
	return disputes.Matter{}, nil, disputes.Stale(disputes.ConfirmationMatter, "others are changing it")
}

// changeConfirmation is what is written when something is done to a confirmation: when both sides confirm it, the judge has it.
func changeConfirmation(m disputes.Matter, move disputes.Move, now sensors.Instant) (ledger.MatterWrite, error) {
	w, err := advance(m, move, now)
	if err != nil {
		return w, err
	}
	return confirmed(w)
}

// confirmed adds to a write of a confirmation what the judge takes of it.
func confirmed(w ledger.MatterWrite) (ledger.MatterWrite, error) {
	after := w.Changes[0].After
	f, err := disputes.ConfirmationFact(after)
	if f != nil {
		w.Declarations = append(w.Declarations, ledger.Declaration{Place: after.Place, Confirmation: f})
	}
	return w, err
}

// withdrawInput takes something back.
type withdrawInput struct {
	ID   string `path:"id"`
	Body struct {
		Text    string `json:"text,omitempty" doc:"At most 8192 bytes."`
		Version int64  `json:"version,omitempty" minimum:"1" doc:"The version that was seen; on another one nothing is done."`
	}
}

func (h *confirmations) withdraw(ctx context.Context, in *withdrawInput) (*confirmationOutput, error) {
	move := disputes.Move{Event: disputes.Withdrawn, Text: in.Body.Text, Actor: actorOf(ctx), Version: in.Body.Version}
	m, events, err := h.change(ctx, disputes.ConfirmationMatter, in.ID,
		func(m disputes.Matter, _ []disputes.MatterEvent, now sensors.Instant) (ledger.MatterWrite, error) {
			return changeConfirmation(m, move, now)
		})
	return h.answer(ctx, "withdrawing a confirmation", m, events, err)
}

func (h *confirmations) get(ctx context.Context, in *matterInput) (*confirmationOutput, error) {
	m, events, err := h.find(ctx, disputes.ConfirmationMatter, in.ID)
	return h.answer(ctx, "reading a confirmation", m, events, err)
}

// confirmationsInput chooses confirmations.
type confirmationsInput struct {
	Listing
	State string `query:"state" enum:"confirmed_by_resident,confirmed_by_supplier,confirmed,contested,withdrawn" doc:"Only those in this state."`
}

func (h *confirmations) list(ctx context.Context, in *confirmationsInput) (*matterList[confirmationView], error) {
	return listMatters(ctx, &h.matters, in.filter(disputes.ConfirmationMatter, in.State), in.Household, aboutConfirmation)
}
