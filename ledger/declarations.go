package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/sensors"
)

// PlaceKind is what a declaration is about.
type PlaceKind = disputes.PlaceKind

// Place is where a declaration holds. It holds for the households that the registry has there now.
type Place = disputes.Place

// The kinds of places.
const (
	AtHousehold  = disputes.AtHousehold
	AtRiser      = disputes.AtRiser
	AtBuilding   = disputes.AtBuilding
	AtSubstation = disputes.AtSubstation
	Everywhere   = disputes.Everywhere
)

// Declaration is a fact that somebody declared. Exactly one of its pointers is set.
type Declaration struct {
	Place
	// From is when it begins to matter: households there are judged again from it on. 0: when it starts.
	From         sensors.Instant
	Stoppage     *compliance.Stoppage
	Exemption    *compliance.Exemption
	Test         *compliance.Test
	Confirmation *compliance.Confirmation
}

// Declarations are the facts that people declared of a household, each kind in order of id.
type Declarations struct {
	Stoppages     []compliance.Stoppage
	Exemptions    []compliance.Exemption
	Tests         []compliance.Test
	Confirmations []compliance.Confirmation
}

// fact is a declaration as it is kept.
type fact struct {
	Place
	kind, id, body string
	from           sensors.Instant
}

// The kinds of facts.
const (
	stoppage     = "stoppage"
	exemption    = "exemption"
	test         = "test"
	confirmation = "confirmation"
)

// fact is the declaration as it is kept. Lines of files are left out: what was declared twice is one declaration.
func (d Declaration) fact() (fact, error) {
	var all []fact
	var body any
	note := func(kind, id string, start sensors.Instant, v any) {
		all, body = append(all, fact{Place: d.Place, kind: kind, id: id, from: cmp.Or(d.From, start)}), v
	}
	if d.Stoppage != nil {
		v := *d.Stoppage
		v.Line = 0
		note(stoppage, v.ID, v.Start, v)
	}
	if d.Exemption != nil {
		v := *d.Exemption
		v.Line = 0
		note(exemption, v.ID, v.Start, v)
	}
	if d.Test != nil {
		v := *d.Test
		v.Line = 0
		note(test, v.ID, v.Start, v)
	}
	if d.Confirmation != nil {
		v := *d.Confirmation
		v.Line = 0
		note(confirmation, v.ID, v.Start, v)
	}
	if len(all) != 1 {
		return fact{}, invalid("declaring", fmt.Sprintf("%d facts in one declaration", len(all)))
	}
	f := all[0]
	if err := cmp.Or(sensors.CheckID(f.id), f.Place.Check()); err != nil {
		return fact{}, invalid("declaring", f.kind+" "+f.id+": "+err.Error())
	}
	text, err := json.Marshal(body)
	f.body = string(text)
	return f, err
}

// Declare writes facts and marks the households that they concern, in one transaction. A fact of the same kind and id is superseded;
// where it held before is marked too. One that is there already as it is changes nothing.
func (l *Ledger) Declare(ctx context.Context, all []Declaration, now sensors.Instant) error {
	return l.writing(ctx, "declaring", func(t tx) error {
		if err := t.alone(ctx, turnDeclarations); err != nil {
			return err
		}
		for _, d := range all {
			f, err := d.fact()
			if err != nil {
				return err
			}
			changed, err := t.declare(ctx, f, now)
			if err == nil && changed {
				err = t.tellDeclaration(ctx, f, now)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// declare writes a fact unless it is there already as it is, and reports whether it did.
func (t tx) declare(ctx context.Context, f fact, now sensors.Instant) (changed bool, _ error) {
	before := fact{kind: f.kind, id: f.id}
	err := t.QueryRowContext(ctx, "SELECT place, place_id, from_ns, body FROM declarations WHERE superseded_at IS NULL AND kind = ? AND id = ?",
		f.kind, f.id).Scan(&before.Kind, &before.ID, &before.from, &before.body)
	switch {
	case errors.Is(err, sql.ErrNoRows):
	case err != nil:
		return false, err
	case before == f:
		return false, nil
	default:
		if _, err := t.exec(ctx, "UPDATE declarations SET superseded_at = ? WHERE superseded_at IS NULL AND kind = ? AND id = ?",
			int64(now), f.kind, f.id); err != nil {
			return false, err
		}
		if err := t.markPlace(ctx, before.Place, before.from, now); err != nil {
			return false, err
		}
	}
	if _, err := t.exec(ctx, "INSERT INTO declarations (kind, id, place, place_id, from_ns, body, valid_from) VALUES (?, ?, ?, ?, ?, ?, ?)",
		f.kind, f.id, string(f.Kind), f.ID, int64(f.from), f.body, int64(now)); err != nil {
		return false, err
	}
	return true, t.markPlace(ctx, f.Place, f.from, now)
}

// markPlace marks every household of a place.
func (t tx) markPlace(ctx context.Context, p Place, from, now sensors.Instant) error {
	households, err := householdsAt(ctx, t, p)
	if err != nil {
		return err
	}
	marks := make([]Mark, len(households))
	for i, h := range households {
		marks[i] = Mark{Household: h, From: from}
	}
	return t.markDirty(ctx, marks, now)
}

// householdsAt is the households that the registry has at a place now, in any order.
func householdsAt(ctx context.Context, q querier, p Place) ([]string, error) {
	rows, err := q.QueryContext(ctx, "SELECT id FROM households WHERE superseded_at IS NULL AND "+placeCondition(p.Kind), p.ID)
	return collect(rows, err, func(h *string) []any { return []any{h} })
}

// placeCondition is which rows of households are at a place of a kind; its argument is the place's id.
func placeCondition(kind PlaceKind) string {
	return map[PlaceKind]string{
		AtHousehold: "id = ?", AtRiser: "riser = ?", AtBuilding: "building = ?", Everywhere: "'' = ?",
		AtSubstation: "building IN (SELECT id FROM buildings WHERE superseded_at IS NULL AND substation = ?)",
	}[kind]
}

// Declarations are the facts that people declared of households that are registered, by household; one without any is left out.
func (l *Ledger) Declarations(ctx context.Context, households []string) (all map[string]Declarations, err error) {
	all = map[string]Declarations{}
	err = l.snapshot(ctx, "reading declarations", func(q querier) error {
		return chunks(households, func(some []string) error {
			at, err := placesOf(ctx, q, some)
			if err != nil {
				return err
			}
			facts, err := l.factsAt(ctx, q, slices.Collect(maps.Keys(at)))
			if err != nil {
				return err
			}
			for _, f := range facts {
				for _, household := range at[f.Place] {
					d := all[household]
					if err := d.add(f.kind, []byte(f.body)); err != nil {
						return fmt.Errorf("%s %s: %w", f.kind, f.id, err)
					}
					all[household] = d
				}
			}
			return nil
		})
	})
	return all, err
}

// placesOf is the households of every place that one of them hangs on.
func placesOf(ctx context.Context, q querier, households []string) (map[Place][]string, error) {
	type row struct{ household, riser, building, substation string }
	rows, err := q.QueryContext(ctx, `SELECT h.id, h.riser, h.building, coalesce(b.substation, '') FROM households h
		LEFT JOIN buildings b ON b.id = h.building AND b.superseded_at IS NULL
		WHERE h.superseded_at IS NULL AND h.id IN (`+placeholders(len(households))+")", anys(households)...)
	found, err := collect(rows, err, func(r *row) []any { return []any{&r.household, &r.riser, &r.building, &r.substation} })
	if err != nil {
		return nil, err
	}
	at := map[Place][]string{}
	for _, r := range found {
		for _, p := range []Place{
			disputes.Home(r.household),
			{Kind: AtRiser, ID: r.riser},
			{Kind: AtBuilding, ID: r.building},
			{Kind: AtSubstation, ID: r.substation},
			{Kind: Everywhere},
		} {
			if p.ID != "" || p.Kind == Everywhere {
				at[p] = append(at[p], r.household)
			}
		}
	}
	return at, nil
}

// factsAt is the facts that hold at places, by kind and id.
func (l *Ledger) factsAt(ctx context.Context, q querier, places []Place) (all []fact, err error) {
	err = chunks(places, func(some []Place) error {
		args := make([]any, 0, 2*len(some))
		for _, p := range some {
			args = append(args, string(p.Kind), p.ID)
		}
		rows, err := q.QueryContext(ctx, "SELECT place, place_id, kind, id, body FROM declarations WHERE superseded_at IS NULL AND "+
			l.dialect.in("(place, place_id)", len(some)), args...)
		found, err := collect(rows, err, func(f *fact) []any { return []any{&f.Kind, &f.ID, &f.kind, &f.id, &f.body} })
		all = append(all, found...)
		return err
	})
	slices.SortFunc(all, func(a, b fact) int { return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.id, b.id)) })
	return all, err
}

// add reads the body of a fact.
func (d *Declarations) add(kind string, body []byte) error {
	switch kind {
	case stoppage:
		return appendJSON(&d.Stoppages, body)
	case exemption:
		return appendJSON(&d.Exemptions, body)
	case test:
		return appendJSON(&d.Tests, body)
	case confirmation:
		return appendJSON(&d.Confirmations, body)
	}
	return fmt.Errorf("no kind of declaration %q", kind)
}

func appendJSON[T any](to *[]T, body []byte) error {
	var v T
	if err := json.Unmarshal(body, &v); err != nil {
		return err
	}
	*to = append(*to, v)
	return nil
}

// OfficialDays are the published daily means of a station, first and last included, in order.
func (l *Ledger) OfficialDays(ctx context.Context, station string, first, last compliance.Date) (all []compliance.OfficialDay, err error) {
	err = l.reading(ctx, "reading official days of station "+station, func(q querier) error {
		rows, err := q.QueryContext(ctx, `SELECT day, celsius FROM official_days WHERE superseded_at IS NULL AND station = ?
			AND day BETWEEN ? AND ? ORDER BY day`, station, int64(first), int64(last))
		all, err = collect(rows, err, func(d *compliance.OfficialDay) []any { return []any{&d.Date, &d.Celsius} })
		return err
	})
	return all, err
}
