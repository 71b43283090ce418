package ledger

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/notify"
	"github.com/nuanju/nuanju/sensors"
)

// MatterChange is what became of one matter. Before is the zero Matter for one that was opened.
type MatterChange struct {
	Before, After disputes.Matter
	Events        []disputes.MatterEvent
}

// MatterWrite is what is written at once when matters change.
type MatterWrite struct {
	Changes []MatterChange
	// Declarations are the facts that now hold for the judge; each supersedes that of its kind and id.
	Declarations []Declaration
	// Retractions are facts that hold no longer.
	Retractions []FactID
	// Papers are written with matters that are tests or requests for tests.
	Papers []TestPaper
	// Bills are facts that bills follow from; each supersedes that of its kind and id.
	Bills []BillingFact
	// Dirty is marked beside the households of declarations and retractions, which are marked anyway.
	Dirty []Mark
}

// FactID names a fact that somebody declared: its kind is stoppage, exemption, test or confirmation.
type FactID struct{ Kind, ID string }

// SaveMatters writes changes of matters with the events that made them, puts these into the outbox for the evidence log, declares
// and retracts facts and marks the households that they concern: all of it in one transaction, or nothing. ErrConflict if a matter is
// no longer as before; ErrExists if the id of a new one was used.
func (l *Ledger) SaveMatters(ctx context.Context, w MatterWrite, now sensors.Instant) error {
	const doing = "saving matters"
	if len(w.Changes) == 0 {
		return invalid(doing, "nothing changed")
	}
	for i := range w.Changes {
		if err := w.Changes[i].check(); err != nil {
			return err
		}
	}
	facts := make([]fact, len(w.Declarations))
	for i, d := range w.Declarations {
		var err error
		if facts[i], err = d.fact(); err != nil {
			return err
		}
	}
	for i := range w.Bills {
		if err := w.Bills[i].Check(); err != nil {
			return invalid(doing, err.Error())
		}
	}
	changes := slices.Clone(w.Changes) // writers that meet wait for each other in the same order
	slices.SortStableFunc(changes, func(a, b MatterChange) int {
		return cmp.Or(cmp.Compare(a.After.Kind, b.After.Kind), cmp.Compare(a.After.ID, b.After.ID))
	})
	return l.writing(ctx, doing, func(t tx) error {
		if len(facts)+len(w.Retractions)+len(w.Bills) > 0 {
			if err := t.alone(ctx, turnDeclarations); err != nil {
				return err
			}
		}
		for i := range changes {
			if err := t.saveMatter(ctx, &changes[i]); err != nil {
				return err
			}
		}
		if err := t.insertPapers(ctx, w.Papers); err != nil {
			return err
		}
		for _, f := range facts {
			if _, err := t.declare(ctx, f, now); err != nil { // its matter's event tells the log
				return err
			}
		}
		for i := range w.Bills {
			if err := t.putBillingFact(ctx, &w.Bills[i], now); err != nil {
				return err
			}
		}
		for _, id := range w.Retractions {
			if err := t.retract(ctx, id, now); err != nil {
				return err
			}
		}
		return t.markDirty(ctx, w.Dirty, now)
	})
}

// check says what is wrong with a change, or nil.
func (c *MatterChange) check() error {
	doing := "saving " + string(c.After.Kind) + " " + c.After.ID
	from := c.Before.Version
	switch {
	case from != 0 && (c.Before.Kind != c.After.Kind || c.Before.ID != c.After.ID || c.Before.Place != c.After.Place):
		return invalid(doing, "it was another one before")
	case len(c.Events) == 0 || c.After.Version != from+int64(len(c.Events)):
		return invalid(doing, fmt.Sprintf("%d events do not lead from version %d to %d", len(c.Events), from, c.After.Version))
	}
	for i, e := range c.Events {
		if e.Seq != from+int64(i)+1 {
			return invalid(doing, fmt.Sprintf("event %d comes after version %d", e.Seq, from+int64(i)))
		}
	}
	return nil
}

func (t tx) saveMatter(ctx context.Context, c *MatterChange) error {
	m := c.After
	if c.Before.Version == 0 {
		if _, err := t.exec(ctx, "INSERT INTO matters ("+matterColumns+") VALUES ("+placeholders(9)+")", string(m.Kind), m.ID,
			string(m.Place.Kind), m.Place.ID, string(m.State), m.Version, int64(m.Opened), int64(m.Updated), string(m.Body)); err != nil {
			return err
		}
	} else {
		n, err := t.exec(ctx, "UPDATE matters SET state = ?, version = ?, updated_at = ?, body = ? WHERE kind = ? AND id = ? AND version = ? AND state = ?",
			string(m.State), m.Version, int64(m.Updated), string(m.Body), string(m.Kind), m.ID, c.Before.Version, string(c.Before.State))
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrConflict
		}
	}
	err := t.insert(ctx, "INSERT INTO matter_events (kind, matter, seq, event, at_ns, role, actor, text, from_st, to_st, detail) VALUES", "", 11,
		len(c.Events), func(i int, to []any) []any {
			e := &c.Events[i]
			return append(to, string(m.Kind), m.ID, e.Seq, string(e.Event), int64(e.At), string(e.Actor.Role), e.Actor.ID, e.Text,
				string(e.From), string(e.To), string(e.Detail))
		})
	if err != nil {
		return err
	}
	entries := make([]OutboxEntry, 0, len(c.Events))
	for _, e := range c.Events {
		content, err := e.Record(m)
		if err != nil {
			return err
		}
		entries = append(entries, OutboxEntry{Key: e.Key(m), Subject: WorkflowSubject, Content: content, CreatedAt: e.At})
	}
	if err := t.enqueue(ctx, entries); err != nil {
		return err
	}
	return t.alert(ctx, notify.OfMatter(m, c.Events), m.Updated)
}

// retract ends a fact and marks where it held. One that is not there changes nothing.
func (t tx) retract(ctx context.Context, id FactID, now sensors.Instant) error {
	rows, err := t.QueryContext(ctx, "SELECT place, place_id, from_ns FROM declarations WHERE superseded_at IS NULL AND kind = ? AND id = ?",
		id.Kind, id.ID)
	found, err := collect(rows, err, func(f *fact) []any { return []any{&f.Kind, &f.ID, &f.from} })
	if err != nil || len(found) == 0 {
		return err
	}
	if _, err := t.exec(ctx, "UPDATE declarations SET superseded_at = ? WHERE superseded_at IS NULL AND kind = ? AND id = ?",
		int64(now), id.Kind, id.ID); err != nil {
		return err
	}
	return t.markPlace(ctx, found[0].Place, found[0].from, now)
}

const matterColumns = "kind, id, place, place_id, state, version, opened_at, updated_at, body"

// foundMatter is a row of matters as it is read.
type foundMatter struct {
	disputes.Matter
	body string
}

func (f *foundMatter) columns() []any {
	m := &f.Matter
	return []any{&m.Kind, &m.ID, &m.Place.Kind, &m.Place.ID, &m.State, &m.Version, &m.Opened, &m.Updated, &f.body}
}

func matters(found []foundMatter, err error) (all []disputes.Matter, _ error) {
	for i := range found {
		found[i].Body = json.RawMessage(found[i].body)
		all = append(all, found[i].Matter)
	}
	return all, err
}

// Matter is a matter with its timeline. ErrNotFound for an unknown one.
func (l *Ledger) Matter(ctx context.Context, kind disputes.MatterKind, id string) (m disputes.Matter, events []disputes.MatterEvent, err error) {
	err = l.snapshot(ctx, "reading "+string(kind)+" "+id, func(q querier) error {
		var f foundMatter
		if err := q.QueryRowContext(ctx, "SELECT "+matterColumns+" FROM matters WHERE kind = ? AND id = ?", string(kind), id).Scan(f.columns()...); err != nil {
			return err
		}
		m = f.Matter
		m.Body = json.RawMessage(f.body)
		all, err := matterTimelines(ctx, q, kind, []string{id})
		events = all[id]
		return err
	})
	return m, events, err
}

// MatterTimelines is the events of matters of a kind, by matter, in order.
func (l *Ledger) MatterTimelines(ctx context.Context, kind disputes.MatterKind, ids []string) (all map[string][]disputes.MatterEvent, err error) {
	all = make(map[string][]disputes.MatterEvent, len(ids))
	err = l.reading(ctx, "reading the timelines of matters", func(q querier) error {
		return chunks(ids, func(some []string) error {
			found, err := matterTimelines(ctx, q, kind, some)
			for id, events := range found {
				all[id] = events
			}
			return err
		})
	})
	return all, err
}

func matterTimelines(ctx context.Context, q querier, kind disputes.MatterKind, ids []string) (map[string][]disputes.MatterEvent, error) {
	type row struct {
		matter, detail string
		disputes.MatterEvent
	}
	rows, err := q.QueryContext(ctx, `SELECT matter, seq, event, at_ns, role, actor, text, from_st, to_st, detail FROM matter_events
		WHERE kind = ? AND matter IN (`+placeholders(len(ids))+") ORDER BY matter, seq", append([]any{string(kind)}, anys(ids)...)...)
	found, err := collect(rows, err, func(r *row) []any {
		e := &r.MatterEvent
		return []any{&r.matter, &e.Seq, &e.Event, &e.At, &e.Actor.Role, &e.Actor.ID, &e.Text, &e.From, &e.To, &r.detail}
	})
	all := map[string][]disputes.MatterEvent{}
	for _, r := range found {
		if r.detail != "" {
			r.Detail = json.RawMessage(r.detail)
		}
		all[r.matter] = append(all[r.matter], r.MatterEvent)
	}
	return all, err
}

// MatterFilter chooses matters of a kind; a zero field does not choose.
type MatterFilter struct {
	Kind   disputes.MatterKind // needed
	States []disputes.State
	// Place is exactly where they are.
	Place disputes.Place
	// Touching are households, of each of which it chooses what concerns it: its own, and those of its riser, building and substation,
	// and of everywhere. Nil does not choose.
	Touching []string
	After    string // the cursor that a list gave
	Limit    int    // at most so many; at most 1000, also if it is 0
}

// Matters is the chosen matters, those opened last first, and a cursor for more; it is empty when there are none. ErrInvalid for a
// cursor that no list gave.
func (l *Ledger) Matters(ctx context.Context, f MatterFilter) (all []disputes.Matter, next string, err error) {
	const doing = "listing matters"
	where, args := "kind = ?", []any{string(f.Kind)}
	choose := func(condition string, values ...any) { where, args = where+" AND "+condition, append(args, values...) }
	if len(f.States) > 0 {
		states := make([]any, len(f.States))
		for i, s := range f.States {
			states[i] = string(s)
		}
		choose("state IN ("+placeholders(len(states))+")", states...)
	}
	if f.Place.Kind != "" {
		choose("place = ? AND place_id = ?", string(f.Place.Kind), f.Place.ID)
	}
	if f.After != "" {
		at, id, ok := parseCursor(f.After)
		if !ok {
			return nil, "", invalid(doing, "the cursor is not one")
		}
		choose("(opened_at, id) < (?, ?)", int64(at), id)
	}
	if f.Touching != nil && len(f.Touching) == 0 {
		return nil, "", nil
	}
	limit := page(f.Limit)
	err = l.snapshot(ctx, doing, func(q querier) error {
		if f.Touching != nil {
			var pairs []any
			at, err := placesOf(ctx, q, f.Touching)
			if err != nil {
				return err
			}
			for p := range at {
				pairs = append(pairs, string(p.Kind), p.ID)
			}
			if len(pairs) == 0 {
				return nil // nobody registered lives there
			}
			choose(l.dialect.in("(place, place_id)", len(pairs)/2), pairs...)
		}
		rows, err := q.QueryContext(ctx, "SELECT "+matterColumns+" FROM matters WHERE "+where+" ORDER BY opened_at DESC, id DESC LIMIT ?",
			append(args, limit+1)...)
		all, err = matters(collect(rows, err, (*foundMatter).columns))
		return err
	})
	if len(all) > limit {
		all = all[:limit]
		last := all[limit-1]
		next = base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(int64(last.Opened), 10) + " " + last.ID))
	}
	return all, next, err
}

// HouseholdsAt are those that the registry has at a place now, sorted; none for a place that it does not have, or where nobody lives.
func (l *Ledger) HouseholdsAt(ctx context.Context, p disputes.Place) (all []string, err error) {
	err = l.reading(ctx, "reading who lives at a place", func(q querier) error {
		all, err = householdsAt(ctx, q, p)
		return err
	})
	slices.Sort(all)
	return all, err
}

// OpenDisputes are the ids of the disputes of households that are open, by household, those opened first first; a household without any is
// left out. While one is open a bill is not final (A11).
func (l *Ledger) OpenDisputes(ctx context.Context, households []string) (all map[string][]string, err error) {
	all = map[string][]string{}
	type row struct{ household, id string }
	err = l.reading(ctx, "reading open disputes", func(q querier) error {
		return chunks(households, func(some []string) error {
			args := []any{string(disputes.DisputeMatter), string(disputes.AtHousehold)}
			for _, s := range disputes.DisputeOpen() {
				args = append(args, string(s))
			}
			rows, err := q.QueryContext(ctx, "SELECT place_id, id FROM matters WHERE kind = ? AND place = ? AND state IN ("+
				placeholders(len(args)-2)+") AND place_id IN ("+placeholders(len(some))+") ORDER BY opened_at, id", append(args, anys(some)...)...)
			found, err := collect(rows, err, func(r *row) []any { return []any{&r.household, &r.id} })
			for _, r := range found {
				all[r.household] = append(all[r.household], r.id)
			}
			return err
		})
	})
	return all, err
}
