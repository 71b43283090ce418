package web

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// Matters keeps matters and who lives where; see the methods of ledger.Ledger.
type Matters interface {
	SaveMatters(ctx context.Context, w ledger.MatterWrite, now sensors.Instant) error
	Matter(ctx context.Context, kind disputes.MatterKind, id string) (disputes.Matter, []disputes.MatterEvent, error)
	MatterTimelines(ctx context.Context, kind disputes.MatterKind, ids []string) (map[string][]disputes.MatterEvent, error)
	Matters(ctx context.Context, f ledger.MatterFilter) ([]disputes.Matter, string, error)
	HouseholdsAt(ctx context.Context, p disputes.Place) ([]string, error)
}

// matters is what the parts whose things are matters have in common: who sees one, how one is opened and how it changes.
type matters struct {
	failing
	clock  clock
	ledger Matters
	homes  Homes
	zone   *time.Location
	files  Files
}

func newMatters(o Options, f failing) matters {
	return matters{f, o.Clock, o.Ledger, o.Homes, o.Zone, o.Files}
}

// sees reports whether a token's holder may see what concerns a place. A resident does if it concerns one of their homes, a mediator if it
// concerns one whose dispute has come to mediation.
func (h *matters) sees(ctx context.Context, t *token, p disputes.Place) (bool, error) {
	switch {
	case p.Kind == disputes.AtHousehold:
		return t.coversHome(p.ID, h.homes), nil
	case t.Role == disputes.Resident, t.Role == disputes.Mediator:
	case t.Scope.Everything():
		return true, nil
	case p.Kind == disputes.AtBuilding && slices.Contains(t.Scope.Buildings, p.ID):
		return true, nil
	}
	households, err := h.ledger.HouseholdsAt(ctx, p)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(households, func(home string) bool { return t.coversHome(home, h.homes) }), nil
}

// covers reports whether a token's holder may act on all of a place: whoever has rights on part of a building stops no heat in all
// of it.
func (h *matters) covers(ctx context.Context, t *token, p disputes.Place) (bool, error) {
	switch {
	case p.Kind == disputes.AtHousehold:
		return t.coversHome(p.ID, h.homes), nil
	case t.Role == disputes.Resident:
		return false, nil
	case t.Role == disputes.Mediator: // what is decided of one home's dispute is decided of the order or the stoppage, wherever it holds
		return h.sees(ctx, t, p)
	case t.Scope.Everything():
		return true, nil
	}
	households, err := h.ledger.HouseholdsAt(ctx, p)
	if err != nil || len(households) == 0 {
		return false, err
	}
	return !slices.ContainsFunc(households, func(home string) bool { return !t.coversHome(home, h.homes) }), nil
}

// find is a matter that the caller may see. One that they may not is not found: its id tells nothing.
func (h *matters) find(ctx context.Context, kind disputes.MatterKind, id string) (disputes.Matter, []disputes.MatterEvent, error) {
	if sensors.CheckID(id) != nil {
		return disputes.Matter{}, nil, ledger.ErrNotFound
	}
	m, events, err := h.ledger.Matter(ctx, kind, id)
	if err != nil {
		return m, nil, err
	}
	ok, err := h.sees(ctx, callerOf(ctx).token, m.Place)
	if err == nil && ok {
		ok, err = callerOf(ctx).token.seesMatter(m, h.homes)
	}
	if err == nil && !ok {
		err = ledger.ErrNotFound
	}
	return m, events, err
}

// opened is a matter that somebody wants to open, and what is written with it.
type opened struct {
	disputes.Opening
	prefix string // of its id
	key    string // the Idempotency-Key, or empty
	// also is what is written with the matter, of the matter as it is opened.
	also func(m disputes.Matter) (ledger.MatterWrite, error)
}

// newID is a new id: random, or with an Idempotency-Key the one that follows from it, so that what is sent again meets itself.
func newID(prefix, key string, actor disputes.Actor, about ...string) string {
	if key == "" {
		return prefix + rand.Text()[:20]
	}
	return prefix + derived(append([]string{string(actor.Role), actor.ID, key}, about...)...)
}

// derived is a part of an id that follows from texts.
func derived(texts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(texts, "\x00")))
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:])[:32]
}

// open opens a matter at a place that the caller has rights to. Sent again under one Idempotency-Key, it is the matter that it made.
func (h *matters) open(ctx context.Context, o opened) (disputes.Matter, []disputes.MatterEvent, error) {
	o.Actor = actorOf(ctx)
	if o.ID == "" {
		o.ID = newID(o.prefix, o.key, o.Actor, string(o.Place.Kind), o.Place.ID)
	}
	if err := h.placed(ctx, o.Place); err != nil {
		return disputes.Matter{}, nil, err
	}
	now := h.clock.now()
	m, events, err := disputes.Begin(o.Opening, now)
	if err != nil {
		return m, nil, err
	}
	w := ledger.MatterWrite{}
	if o.also != nil {
		if w, err = o.also(m); err != nil {
			return m, nil, err
		}
	}
	w.Changes = append(w.Changes, ledger.MatterChange{After: m, Events: events})
	err = h.ledger.SaveMatters(ctx, w, now)
	if errors.Is(err, ledger.ErrExists) && o.key != "" {
		return h.openedBefore(ctx, m, events[0])
	}
	return m, events, err
}

// openedBefore is the matter that an Idempotency-Key made before, if it was the same.
func (h *matters) openedBefore(ctx context.Context, m disputes.Matter, first disputes.MatterEvent) (disputes.Matter, []disputes.MatterEvent, error) {
	before, events, err := h.find(ctx, m.Kind, m.ID)
	if err != nil {
		return m, nil, err
	}
	if before.Place != m.Place || events[0].Text != first.Text || string(events[0].Detail) != string(first.Detail) {
		return m, nil, newProblem(http.StatusUnprocessableEntity, "the Idempotency-Key was used for something else")
	}
	return before, events, nil
}

// placed is a problem unless a place is known and the caller may act on it.
func (h *matters) placed(ctx context.Context, p disputes.Place) error {
	wrong := func(message string) error {
		return newProblem(http.StatusUnprocessableEntity, "validation failed", &huma.ErrorDetail{Location: "body.place", Message: message, Value: p.ID})
	}
	if err := p.Check(); err != nil {
		return wrong(err.Error())
	}
	ok, err := h.covers(ctx, callerOf(ctx).token, p)
	if err != nil {
		return err
	}
	if !ok {
		return newProblem(http.StatusForbidden, "the token is not for this "+string(p.Kind))
	}
	homes, err := h.ledger.HouseholdsAt(ctx, p)
	if err == nil && len(homes) == 0 {
		return wrong("nobody is registered there")
	}
	return err
}

// change reads a matter, does something to it and writes it. One that changed between reading and writing is read again and the
// move tried on what it is now. Move makes what is to be written of the matter and its timeline as they are; the first of its
// changes is the matter's own.
func (h *matters) change(ctx context.Context, kind disputes.MatterKind, id string,
	move func(m disputes.Matter, events []disputes.MatterEvent, now sensors.Instant) (ledger.MatterWrite, error),
) (disputes.Matter, []disputes.MatterEvent, error) {
	for range maxAttempts {
		before, events, err := h.find(ctx, kind, id)
		if err != nil {
			return before, nil, err
		}
		if t := callerOf(ctx).token; t.Role != disputes.Resident { // a resident of one home may contest what concerns many
			if ok, err := h.covers(ctx, t, before.Place); err != nil || !ok {
				return before, nil, cmp.Or(err, error(newProblem(http.StatusForbidden, "the token is not for all of this "+string(before.Place.Kind))))
			}
		}
		now := h.clock.now()
		w, err := move(before, events, now)
		if err != nil {
			return before, nil, err
		}
		err = h.ledger.SaveMatters(ctx, w, now)
		if errors.Is(err, ledger.ErrConflict) || errors.Is(err, ledger.ErrExists) { // of what is written with it, too
			continue
		}
		return w.Changes[0].After, append(events, w.Changes[0].Events...), err
	}
	return disputes.Matter{}, nil, disputes.Stale(kind, "others are changing it")
}

// advance is what a move alone writes.
func advance(m disputes.Matter, c disputes.Move, now sensors.Instant) (ledger.MatterWrite, error) {
	after, events, err := disputes.Advance(m, c, now)
	if err != nil {
		return ledger.MatterWrite{}, err
	}
	return ledger.MatterWrite{Changes: []ledger.MatterChange{{Before: m, After: after, Events: events}}}, nil
}

// zoneOf is the zone in which times of a place are shown: that of a home's policy, or the server's.
func (h *matters) zoneOf(p disputes.Place) *time.Location {
	if home, ok := h.homes.Home(p.ID); ok && p.Kind == disputes.AtHousehold {
		return home.Zone
	}
	return h.zone
}

// matterView is a matter as the API shows it, with what is particular to its kind.
type matterView[T any] struct {
	ID       string                 `json:"id"`
	Place    placeView              `json:"place" doc:"Whom it concerns."`
	State    disputes.State         `json:"state"`
	Version  int64                  `json:"version"`
	OpenedAt time.Time              `json:"opened_at"`
	About    T                      `json:"about" doc:"What is now known of it."`
	Timeline []disputes.MatterEntry `json:"timeline" nullable:"false"`
}

// placeView is a place.
type placeView struct {
	Kind string `json:"kind" enum:"household,riser,building,substation,everywhere"`
	ID   string `json:"id,omitempty" maxLength:"255" doc:"Absent for everywhere."`
}

func (p placeView) place() disputes.Place {
	return disputes.Place{Kind: disputes.PlaceKind(p.Kind), ID: p.ID}
}

// showMatter is a matter as the API shows it. About makes the view of a body.
func showMatter[T any](h *matters, m disputes.Matter, events []disputes.MatterEvent, about func(m disputes.Matter, zone *time.Location) (T, error)) (matterView[T], error) {
	zone := h.zoneOf(m.Place)
	body, err := about(m, zone)
	return matterView[T]{
		m.ID,
		placeView{string(m.Place.Kind), m.Place.ID},
		m.State, m.Version, m.Opened.Time().In(zone), body,
		disputes.ShowMatterEvents(events, zone),
	}, err
}

// matterList is a list of matters.
type matterList[T any] struct {
	Body struct {
		Items []matterView[T] `json:"items" nullable:"false"`
		Next  string          `json:"next,omitempty" doc:"The cursor for more; absent at the end."`
	}
}

// listMatters is the matters of a filter that concern what the caller may see: a token for some households or buildings only names
// one of its households, or has only one. A mediator who names none gets what touches the homes with disputes that came to mediation.
func listMatters[T any](ctx context.Context, h *matters, f ledger.MatterFilter, household string,
	about func(m disputes.Matter, zone *time.Location) (T, error),
) (*matterList[T], error) {
	if t := callerOf(ctx).token; household == "" && t.Role == disputes.Mediator && len(t.involved.mediated) <= maxMediated {
		f.Touching = t.mediatedHomes(h.homes)
	} else {
		household, p := scopedTo(ctx, household, h.homes)
		if p != nil {
			return nil, p
		}
		if household != "" {
			f.Touching = []string{household}
		}
	}
	found, next, err := h.ledger.Matters(ctx, f)
	if err != nil {
		return nil, h.problem(ctx, "listing matters", cursorProblem(err))
	}
	if found, err = seenMatters(callerOf(ctx).token, found, h.homes); err != nil {
		return nil, h.problem(ctx, "reading whose time matters are of", err)
	}
	ids := make([]string, len(found))
	for i := range found {
		ids[i] = found[i].ID
	}
	timelines, err := h.ledger.MatterTimelines(ctx, f.Kind, ids)
	if err != nil {
		return nil, h.problem(ctx, "reading timelines", err)
	}
	out := &matterList[T]{}
	out.Body.Items, out.Body.Next = make([]matterView[T], 0, len(found)), next
	for _, m := range found {
		v, err := showMatter(h, m, timelines[m.ID], about)
		if err != nil {
			return nil, h.problem(ctx, "showing a matter", err)
		}
		out.Body.Items = append(out.Body.Items, v)
	}
	return out, nil
}

// bodyOf reads a matter's body.
func bodyOf[T any](m disputes.Matter) (T, error) { return disputes.Body[T](json.RawMessage(m.Body)) }
