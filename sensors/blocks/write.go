package blocks

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/nuanju/nuanju/sensors"
)

// part is the samples of a call that go into one block, ordered by time and, of one time, as they were given.
type part struct {
	key     int64
	name    string // of the series
	batch   int    // the first that has a sample in it
	samples []sensors.Sample
}

// Write is one transaction. See sensors.Store.
func (s *Store) Write(ctx context.Context, batches []sensors.Batch) ([]sensors.Conflict, error) {
	if !s.gate.Enter() {
		return nil, ErrClosed
	}
	defer s.gate.Leave()
	if err := sensors.CheckBatches(batches); err != nil {
		return nil, fmt.Errorf("blocks: %w", err)
	}
	select {
	case s.writing <- struct{}{}:
		defer func() { <-s.writing }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	conflicts, err := s.writeLocked(ctx, batches)
	if err != nil {
		return nil, fmt.Errorf("blocks: %s: %w", s.path, err)
	}
	return conflicts, nil
}

func (s *Store) writeLocked(ctx context.Context, batches []sensors.Batch) ([]sensors.Conflict, error) {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer tx.Rollback()
	ids, added, err := s.identify(ctx, tx, batches)
	if err != nil {
		return nil, err
	}
	w := writer{
		Store: s,
		block: tx.StmtContext(ctx, s.statements.block), put: tx.StmtContext(ctx, s.statements.put),
		replace: tx.StmtContext(ctx, s.statements.replace),
	}
	for _, p := range split(batches, ids) {
		if err := w.merge(ctx, batches[p.batch].Series, p); err != nil {
			return nil, err
		}
	}
	if err := tx.Commit(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for series, id := range added {
		s.ids[series] = id
	}
	return w.conflicts, nil
}

// identify is the id of each batch's series, and those that are new in this transaction.
func (s *Store) identify(ctx context.Context, tx *sql.Tx, batches []sensors.Batch) ([]seriesID, map[sensors.Series]seriesID, error) {
	ids := make([]seriesID, len(batches))
	added := make(map[sensors.Series]seriesID)
	for i, b := range batches {
		if len(b.Samples) == 0 {
			continue
		}
		id, ok := s.id(b.Series)
		if !ok {
			id, ok = added[b.Series]
		}
		if !ok {
			id.name = b.Series.String()
			// Another program may have added it since the file was opened.
			err := tx.QueryRowContext(ctx, "INSERT INTO series (name) VALUES (?) ON CONFLICT (name) DO UPDATE SET name = name RETURNING id",
				id.name).Scan(&id.id)
			if err != nil {
				return nil, nil, err
			}
			added[b.Series] = id
		}
		ids[i] = id
	}
	return ids, added, nil
}

// split divides the batches into parts, in the order of their keys, that is of their places in the file.
func split(batches []sensors.Batch, ids []seriesID) []part {
	byTime := func(a, b sensors.Sample) int { return cmp.Compare(a.At, b.At) }
	parts := make([]part, 0, len(batches))
	for i, b := range batches {
		samples := b.Samples
		if !slices.IsSortedFunc(samples, byTime) {
			samples = slices.Clone(samples)
			slices.SortStableFunc(samples, byTime)
		}
		for len(samples) > 0 {
			d := day(samples[0].At)
			n, _ := slices.BinarySearchFunc(samples, d+1, func(s sensors.Sample, d int64) int { return cmp.Compare(day(s.At), d) })
			parts = append(parts, part{keyOf(d, ids[i].id), ids[i].name, i, samples[:n]})
			samples = samples[n:]
		}
	}
	slices.SortStableFunc(parts, func(a, b part) int { return cmp.Compare(a.key, b.key) })
	out := parts[:0]
	for _, p := range parts {
		if n := len(out); n > 0 && out[n-1].key == p.key {
			joined := slices.Concat(out[n-1].samples, p.samples)
			slices.SortStableFunc(joined, byTime)
			out[n-1].samples = joined
			continue
		}
		out = append(out, p)
	}
	return out
}

// mergeRoom is scratch space that is used for one block after another.
type mergeRoom struct {
	dec            decoder
	stored, merged []sensors.Sample
	packed         []byte
}

// writer is one transaction's work.
type writer struct {
	*Store
	block, put, replace *sql.Stmt
	conflicts           []sensors.Conflict
}

// merge adds a part to its block. A *sensors.BatchError says that this part is at fault: its block is full or damaged.
func (w *writer) merge(ctx context.Context, series sensors.Series, p part) error {
	m := &w.merging
	name, d := p.name, dayOf(p.key)
	var raw []byte
	err := w.block.QueryRowContext(ctx, p.key).Scan(&raw)
	statement := w.replace
	switch {
	case errors.Is(err, sql.ErrNoRows):
		m.stored, statement = m.stored[:0], w.put
	case err != nil:
		return err
	default:
		if m.stored, err = m.dec.block(raw, name, d, m.stored[:0]); err != nil {
			return &sensors.BatchError{Index: p.batch, Series: series, Err: err}
		}
	}
	var changed bool
	m.merged, w.conflicts, changed = settle(m.merged[:0], m.stored, p.samples, series, w.conflicts)
	if !changed {
		return nil
	}
	if len(m.merged) > maxSamples {
		full := fmt.Errorf("more than %d samples on %s", maxSamples, date(d))
		return &sensors.BatchError{Index: p.batch, Series: series, Err: full}
	}
	m.packed = w.enc.encode(m.packed[:0], name, d, m.merged)
	_, err = statement.ExecContext(ctx, p.key, m.packed)
	return err
}

// settle merges new samples, ordered by time, into those that are stored, and says whether that changed anything.
func settle(into, stored, next []sensors.Sample, series sensors.Series, conflicts []sensors.Conflict) ([]sensors.Sample, []sensors.Conflict, bool) {
	changed := false
	for _, n := range next {
		i, found := 0, false
		if len(stored) > 0 {
			i, found = slices.BinarySearchFunc(stored, n.At, func(s sensors.Sample, t sensors.Instant) int { return cmp.Compare(s.At, t) })
			if found {
				i++
			}
			into, stored = append(into, stored[:i]...), stored[i:]
		}
		last := len(into) - 1
		if last < 0 || into[last].At != n.At {
			into, changed = append(into, n), true
			continue
		}
		stands, c, conflict := sensors.Settle(into[last], n)
		if conflict {
			c.Series = series
			conflicts = append(conflicts, c)
		}
		changed = changed || stands != into[last]
		into[last] = stands
	}
	return append(into, stored...), conflicts, changed
}
