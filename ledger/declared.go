package ledger

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/sensors"
)

// Declarations are what people declared of a household, of any season (sections 5 and 6).
type Declarations struct {
	Stoppages     []compliance.Stoppage
	Exemptions    []compliance.Exemption
	Tests         []compliance.Test
	Confirmations []compliance.Confirmation
}

// The kinds of declarations.
const (
	kindStoppage     = "stoppage"
	kindExemption    = "exemption"
	kindTest         = "test"
	kindConfirmation = "confirmation"
)

// declaration is one of them as it is kept.
type declaration struct {
	kind, id, body string
	reaches        sensors.Instant // from when on it can change a verdict
}

// list is the declarations as they are kept. Lines of files are left out: what was declared twice is one declaration.
func (d *Declarations) list() ([]declaration, error) {
	var all []declaration
	add := func(kind, id string, reaches sensors.Instant, v any) error {
		body, err := json.Marshal(v)
		all = append(all, declaration{kind, id, string(body), reaches})
		return err
	}
	for _, v := range d.Stoppages {
		v.Line = 0
		if err := add(kindStoppage, v.ID, v.Start, v); err != nil {
			return nil, err
		}
	}
	for _, v := range d.Exemptions {
		v.Line = 0
		if err := add(kindExemption, v.ID, v.Start, v); err != nil {
			return nil, err
		}
	}
	for _, v := range d.Tests {
		v.Line = 0
		if err := add(kindTest, v.ID, sensors.Earliest, v); err != nil { // it may confirm what lies long before it
			return nil, err
		}
	}
	for _, v := range d.Confirmations {
		v.Line = 0
		if err := add(kindConfirmation, v.ID, v.Start, v); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Declare keeps declarations of a household, at now, in one transaction, and marks it as far back as they reach. One that
// is new is added, one of a known kind and id that says something else supersedes it, one that says the same changes nothing.
// A stoppage that comes or goes changes which are the season's first three, so that it reaches all that come after it.
func (l *Ledger) Declare(ctx context.Context, household string, d Declarations, now sensors.Instant) error {
	doing := "declaring for household " + household
	all, err := d.list()
	if err != nil {
		return fail(doing, err)
	}
	return l.writing(ctx, doing, func(t tx) error {
		mark, changed := Mark{household, sensors.Forever}, false
		for _, x := range all {
			before, err := t.supersede(ctx, household, x, now)
			if err != nil {
				return err
			}
			if before == x.body {
				continue
			}
			changed, mark.From = true, min(mark.From, x.reaches, reachOf(x.kind, before))
		}
		if !changed {
			return nil
		}
		return t.markDirty(ctx, []Mark{mark}, now)
	})
}

// supersede writes a declaration unless it is there, and returns what was said before, "" if nothing was.
func (t tx) supersede(ctx context.Context, household string, x declaration, now sensors.Instant) (before string, err error) {
	const this = " WHERE household = ? AND kind = ? AND id = ? AND superseded_at IS NULL"
	key := []any{household, x.kind, x.id}
	row := t.QueryRowContext(ctx, "SELECT coalesce(max(body), '') FROM declarations"+this, key...)
	if err := row.Scan(&before); err != nil || before == x.body {
		return before, err
	}
	if _, err := t.exec(ctx, "UPDATE declarations SET superseded_at = ?"+this, append([]any{int64(now)}, key...)...); err != nil {
		return "", err
	}
	_, err = t.exec(ctx, "INSERT INTO declarations (household, kind, id, body, valid_from) VALUES (?, ?, ?, ?, ?)",
		append(key, x.body, int64(now))...)
	return before, err
}

// reachOf is from when on a superseded declaration could change a verdict.
func reachOf(kind, body string) sensors.Instant {
	var v struct{ Start sensors.Instant }
	if body == "" {
		return sensors.Forever
	}
	if json.Unmarshal([]byte(body), &v) != nil || kind == kindTest {
		return sensors.Earliest
	}
	return v.Start
}

// Declarations is what was declared of some households, by household; one without any is left out.
func (l *Ledger) Declarations(ctx context.Context, households []string) (all map[string]Declarations, err error) {
	type row struct{ household, kind, body string }
	all = make(map[string]Declarations)
	err = l.snapshot(ctx, "reading declarations", func(q querier) error {
		return chunks(households, func(some []string) error {
			rows, err := q.QueryContext(ctx, "SELECT household, kind, body FROM declarations WHERE household IN ("+placeholders(len(some))+
				") AND superseded_at IS NULL ORDER BY household, kind, id", anys(some)...)
			found, err := collect(rows, err, func(r *row) []any { return []any{&r.household, &r.kind, &r.body} })
			if err != nil {
				return err
			}
			for _, r := range found {
				d := all[r.household]
				if err := d.add(r.kind, r.body); err != nil {
					return fmt.Errorf("declaration of household %s: %w", r.household, err)
				}
				all[r.household] = d
			}
			return nil
		})
	})
	return all, err
}

func (d *Declarations) add(kind, body string) error {
	switch kind {
	case kindStoppage:
		return appendJSON(&d.Stoppages, body)
	case kindExemption:
		return appendJSON(&d.Exemptions, body)
	case kindTest:
		return appendJSON(&d.Tests, body)
	case kindConfirmation:
		return appendJSON(&d.Confirmations, body)
	}
	return fmt.Errorf("of unknown kind %q: it was written by a newer program", kind)
}

func appendJSON[T any](to *[]T, body string) error {
	var v T
	err := json.Unmarshal([]byte(body), &v)
	*to = append(*to, v)
	return err
}

// PublishDays keeps official daily means of a station and marks the households that it judges from the first of them on.
func (l *Ledger) PublishDays(
	ctx context.Context, station string, days []compliance.OfficialDay, dirty []Mark, now sensors.Instant,
) error {
	days = slices.Clone(days)
	return l.writing(ctx, "publishing daily means", func(t tx) error {
		for _, d := range days {
			if _, err := t.exec(ctx, "UPDATE official_days SET superseded_at = ? WHERE station = ? AND day = ? AND superseded_at IS NULL",
				int64(now), station, int64(d.Date)); err != nil {
				return err
			}
			if _, err := t.exec(ctx, "INSERT INTO official_days (station, day, celsius, valid_from) VALUES (?, ?, ?, ?)",
				station, int64(d.Date), d.Celsius, int64(now)); err != nil {
				return err
			}
		}
		return t.markDirty(ctx, dirty, now)
	})
}

// OfficialDays is the published daily means of a station, first and last included, by date.
func (l *Ledger) OfficialDays(ctx context.Context, station string, first, last compliance.Date) (all []compliance.OfficialDay, err error) {
	err = l.reading(ctx, "reading daily means", func(q querier) error {
		rows, err := q.QueryContext(ctx, `SELECT day, celsius FROM official_days
			WHERE station = ? AND day BETWEEN ? AND ? AND superseded_at IS NULL ORDER BY day`, station, int64(first), int64(last))
		all, err = collect(rows, err, func(d *compliance.OfficialDay) []any { return []any{&d.Date, &d.Celsius} })
		return err
	})
	return all, err
}
