package ledger

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/nuanju/nuanju/ledger/registrycsv"
	"github.com/nuanju/nuanju/sensors"
)

// Import is what an import of the registry does.
type Import struct {
	Added, Changed, Same int
	// Dirty is the households whose verdicts the import can change, each from the earliest instant that it reaches.
	Dirty []Mark

	digest importDigest
}

// RegistryWatermark is the watermark that counts the imports that changed something: while it stays, so does the registry. It is
// written in the transaction of the import, with the marks.
const RegistryWatermark = "registry"

// ImportOptions say how a registry is imported.
type ImportOptions struct {
	Policies []string // the names that a household's policy may have; empty: any
	DryRun   bool     // nothing is written; the result is what would be
}

// ImportRegistry writes what files declare, at now, in one transaction: a row that is new is added, one that says something
// else supersedes what the registry says, one that says the same changes nothing, and what is not declared stays. The
// households that it concerns are marked. An error of what the files refer to is registrycsv.Problems, all at once; then, and
// on any other error, nothing is written.
func (l *Ledger) ImportRegistry(ctx context.Context, d *registrycsv.Declared, o ImportOptions, now sensors.Instant) (Import, error) {
	var result Import
	var problems registrycsv.Problems
	err := l.writing(ctx, "importing the registry", func(t tx) error {
		if err := t.alone(ctx, turnRegistry); err != nil {
			return err
		}
		before, err := readRegistry(ctx, t, sensors.Forever)
		if err != nil {
			return err
		}
		if problems = registrycsv.Check(before, d, o.Policies); len(problems) > 0 {
			return errDry
		}
		for _, table := range registryTables() {
			if err := table.write(ctx, t, before, &d.Registry, now, &result); err != nil {
				return err
			}
		}
		after, err := readRegistry(ctx, t, sensors.Forever)
		if err != nil {
			return err
		}
		result.Dirty = affected(before, after)
		if o.DryRun {
			return errDry
		}
		if result.Added+result.Changed > 0 {
			if _, err := t.exec(ctx, `INSERT INTO watermarks (name, value, updated_at) VALUES (?, 1, ?)
				ON CONFLICT (name) DO UPDATE SET value = watermarks.value + 1, updated_at = excluded.updated_at`,
				RegistryWatermark, int64(now)); err != nil {
				return err
			}
			if err := t.tellImport(ctx, &result, now); err != nil {
				return err
			}
		}
		return t.markDirty(ctx, result.Dirty, now)
	})
	result.digest = nil
	if len(problems) > 0 {
		return Import{}, problems
	}
	if err != nil && !(o.DryRun && isDry(err)) {
		return Import{}, err
	}
	return result, nil
}

// errDry undoes a transaction that went well.
var errDry = &Error{Doing: "importing the registry", Kind: ErrInvalid}

func isDry(err error) bool { return err == error(errDry) }

// Registry is the registry as it was known at an instant: what was imported at it or before.
func (l *Ledger) Registry(ctx context.Context, at sensors.Instant) (r *registrycsv.Registry, err error) {
	err = l.snapshot(ctx, "reading the registry", func(q querier) error {
		r, err = readRegistry(ctx, q, at)
		return err
	})
	return r, err
}

func readRegistry(ctx context.Context, q querier, at sensors.Instant) (*registrycsv.Registry, error) {
	r := &registrycsv.Registry{}
	for _, table := range registryTables() {
		if err := table.read(ctx, q, r, at); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// A registryTable is the table of one kind of thing, of whatever type.
type registryTable interface {
	// read appends the rows that held at an instant to the registry, in the order of their keys.
	read(ctx context.Context, q querier, r *registrycsv.Registry, at sensors.Instant) error
	// write makes the rows of declared hold from now on, and counts.
	write(ctx context.Context, t tx, before, declared *registrycsv.Registry, now sensors.Instant, result *Import) error
}

// kept is how a kind of thing is kept. Values and pointers are in the order of the columns, of which the first are the key.
type kept[T any] struct {
	name     string
	columns  []string
	keys     int
	rows     func(*registrycsv.Registry) *[]T
	values   func(*T) []any // comparable
	pointers func(*T) []any
}

func (k kept[T]) read(ctx context.Context, q querier, r *registrycsv.Registry, at sensors.Instant) error {
	rows, err := q.QueryContext(ctx, "SELECT "+list(k.columns)+" FROM "+k.name+
		" WHERE valid_from <= ? AND (superseded_at IS NULL OR superseded_at > ?)", int64(at), int64(at))
	all, err := collect(rows, err, k.pointers)
	slices.SortFunc(all, k.compare) // here, by bytes: databases order texts by their own locales
	*k.rows(r) = all
	return err
}

// compare orders rows by key: its first part is a text, its second, if it has one, a text or an instant.
func (k kept[T]) compare(a, b T) int {
	x, y := k.values(&a)[:k.keys], k.values(&b)[:k.keys]
	for i := range x {
		if c := compareValues(x[i], y[i]); c != 0 {
			return c
		}
	}
	return 0
}

func compareValues(a, b any) int {
	switch a := a.(type) {
	case string:
		b, _ := b.(string)
		return cmp.Compare(a, b)
	case int64:
		b, _ := b.(int64)
		return cmp.Compare(a, b)
	}
	return 0
}

// key is a row's key, to look it up by.
func (k kept[T]) key(v *T) string { return fmt.Sprintf("%#v", k.values(v)[:k.keys]) }

func (k kept[T]) write(ctx context.Context, t tx, before, declared *registrycsv.Registry, now sensors.Instant, result *Import) error {
	old := map[string]*T{}
	was := *k.rows(before)
	for i := range was {
		old[k.key(&was[i])] = &was[i]
	}
	var added, superseded [][]any
	rows := *k.rows(declared)
	for i := range rows {
		values := k.values(&rows[i])
		switch prior := old[k.key(&rows[i])]; {
		case prior == nil:
			result.Added++
		case slices.Equal(k.values(prior), values):
			result.Same++
			continue
		default:
			result.Changed++
			superseded = append(superseded, values[:k.keys])
		}
		added = append(added, values)
	}
	condition := ""
	for _, c := range k.columns[:k.keys] {
		condition += " AND " + c + " = ?"
	}
	for _, key := range superseded {
		if _, err := t.exec(ctx, "UPDATE "+k.name+" SET superseded_at = ? WHERE superseded_at IS NULL"+condition,
			append([]any{int64(now)}, key...)...); err != nil {
			return err
		}
	}
	if err := result.digest.note(k.name, added); err != nil {
		return err
	}
	return t.insert(ctx, "INSERT INTO "+k.name+" ("+list(k.columns)+", valid_from) VALUES", "", len(k.columns)+1, len(added),
		func(i int, to []any) []any { return append(append(to, added[i]...), int64(now)) })
}
