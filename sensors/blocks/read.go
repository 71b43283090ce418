package blocks

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nuanju/nuanju/sensors"
)

// block unpacks a whole block.
func (d *decoder) block(raw []byte, name string, day int64, into []sensors.Sample) ([]sensors.Sample, error) {
	body, err := open(raw, name, day)
	if err == nil {
		into, err = d.decode(body, day, into)
	}
	if err != nil {
		return into, fmt.Errorf("the block of %s on %s %w", name, date(day), err)
	}
	return into, nil
}

func date(day int64) string { return time.Unix(day*86400, 0).UTC().Format(time.DateOnly) }

// Read appends the samples of a series in [from, to). See sensors.Store.
func (s *Store) Read(ctx context.Context, series sensors.Series, from, to sensors.Instant, into []sensors.Sample) ([]sensors.Sample, error) {
	if !s.gate.Enter() {
		return into, ErrClosed
	}
	defer s.gate.Leave()
	var d decoder
	return s.span(ctx, &d, sensors.Span{Series: series, From: from, To: to}, into)
}

// ReadMany reads many spans. See sensors.Store.
func (s *Store) ReadMany(ctx context.Context, spans []sensors.Span, visit func(i int, samples []sensors.Sample) error) error {
	if !s.gate.Enter() {
		return ErrClosed
	}
	defer s.gate.Leave()
	var d decoder
	var samples []sensors.Sample
	for i, span := range spans {
		var err error
		if samples, err = s.span(ctx, &d, span, samples[:0]); err != nil {
			return err
		}
		if err := visit(i, samples); err != nil { // no connection is held: visit may read, too
			return err
		}
	}
	return nil
}

// span appends the samples of a span.
func (s *Store) span(ctx context.Context, d *decoder, span sensors.Span, into []sensors.Sample) ([]sensors.Sample, error) {
	id, ok := s.id(span.Series)
	if !ok || span.From >= span.To {
		return into, ctx.Err()
	}
	kept := len(into)
	rows, err := s.statements.span.QueryContext(ctx, id.id, keyOf(day(span.From), id.id), keyOf(day(span.To-1), id.id))
	if err == nil {
		into, err = s.unpack(rows, d, id.name, span, into)
	}
	if err != nil {
		return into[:kept], fmt.Errorf("blocks: %s: %v: %w", s.path, span.Series, err)
	}
	return into, nil
}

func (s *Store) unpack(rows *sql.Rows, d *decoder, name string, span sensors.Span, into []sensors.Sample) ([]sensors.Sample, error) {
	defer rows.Close()
	var raw sql.RawBytes
	for rows.Next() {
		var key int64
		if err := rows.Scan(&key, &raw); err != nil {
			return into, err
		}
		kept := len(into)
		var err error
		if into, err = d.block(raw, name, dayOf(key), into); err != nil {
			return into, err
		}
		into = clip(into, kept, span.From, span.To)
	}
	return into, rows.Err()
}

// clip leaves of samples[kept:], which are ordered, those in [from, to).
func clip(samples []sensors.Sample, kept int, from, to sensors.Instant) []sensors.Sample {
	byTime := func(s sensors.Sample, t sensors.Instant) int { return cmp.Compare(s.At, t) }
	if n := len(samples); n > kept && samples[n-1].At >= to {
		i, _ := slices.BinarySearchFunc(samples[kept:], to, byTime)
		samples = samples[:kept+i]
	}
	if len(samples) > kept && samples[kept].At < from {
		i, _ := slices.BinarySearchFunc(samples[kept:], from, byTime)
		samples = slices.Delete(samples, kept, kept+i)
	}
	return samples
}

// Last is the latest sample of a series before an instant. See sensors.Store.
func (s *Store) Last(ctx context.Context, series sensors.Series, before sensors.Instant) (sensors.Sample, bool, error) {
	if !s.gate.Enter() {
		return sensors.Sample{}, false, ErrClosed
	}
	defer s.gate.Leave()
	id, ok := s.id(series)
	if !ok {
		return sensors.Sample{}, false, ctx.Err()
	}
	last, found, err := s.last(ctx, id, before)
	if err != nil {
		return sensors.Sample{}, false, fmt.Errorf("blocks: %s: %v: %w", s.path, series, err)
	}
	return last, found, nil
}

// last looks at two blocks: all samples of the day of before may be at before or after it.
func (s *Store) last(ctx context.Context, id seriesID, before sensors.Instant) (last sensors.Sample, found bool, err error) {
	rows, err := s.statements.last.QueryContext(ctx, id.id, keyOf(day(before), id.id))
	if err != nil {
		return last, false, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var d decoder
	var raw sql.RawBytes
	var samples []sensors.Sample
	for rows.Next() {
		var key int64
		if err := rows.Scan(&key, &raw); err != nil {
			return last, false, err
		}
		if samples, err = d.block(raw, id.name, dayOf(key), samples[:0]); err != nil {
			return last, false, err
		}
		i, _ := slices.BinarySearchFunc(samples, before, func(s sensors.Sample, t sensors.Instant) int { return cmp.Compare(s.At, t) })
		if i > 0 {
			return samples[i-1], true, nil
		}
	}
	return last, false, rows.Err()
}

// Day is the summary of one UTC day of a series.
type Day struct {
	Date string // 2016-01-23, of UTC
	Summary
}

// Days summarizes the days of a series that have samples and meet [from, to), in order, from the headers of their blocks.
func (s *Store) Days(ctx context.Context, series sensors.Series, from, to sensors.Instant) ([]Day, error) {
	if !s.gate.Enter() {
		return nil, ErrClosed
	}
	defer s.gate.Leave()
	id, ok := s.id(series)
	if !ok || from >= to {
		return nil, ctx.Err()
	}
	rows, err := s.statements.span.QueryContext(ctx, id.id, keyOf(day(from), id.id), keyOf(day(to-1), id.id))
	if err != nil {
		return nil, fmt.Errorf("blocks: %s: %v: %w", s.path, series, err)
	}
	defer rows.Close()
	var days []Day
	var raw sql.RawBytes
	for rows.Next() {
		var key int64
		if err := rows.Scan(&key, &raw); err != nil {
			return nil, fmt.Errorf("blocks: %s: %v: %w", s.path, series, err)
		}
		d := Day{Date: date(dayOf(key))}
		body, err := open(raw, id.name, dayOf(key))
		if err == nil {
			d.Summary, _, err = readSummary(body)
		}
		if err != nil {
			return nil, fmt.Errorf("blocks: %s: the block of %v on %s %w", s.path, series, d.Date, err)
		}
		days = append(days, d)
	}
	return days, rows.Err()
}
