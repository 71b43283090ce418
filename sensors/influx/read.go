package influx

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/nuanju/nuanju/sensors"
)

func byTime(a, b sensors.Sample) int { return cmp.Compare(a.At, b.At) }

// between is the part of samples, which are ordered, in [from, to).
func between(samples []sensors.Sample, from, to sensors.Instant) []sensors.Sample {
	at := func(s sensors.Sample, t sensors.Instant) int { return cmp.Compare(s.At, t) }
	i, _ := slices.BinarySearchFunc(samples, from, at)
	j, _ := slices.BinarySearchFunc(samples, to, at)
	return samples[i:max(i, j)]
}

// Read appends the samples of a series in [from, to). See sensors.Store.
func (s *Store) Read(ctx context.Context, series sensors.Series, from, to sensors.Instant, into []sensors.Sample) ([]sensors.Sample, error) {
	if !s.gate.Enter() {
		return into, ErrClosed
	}
	defer s.gate.Leave()
	all, err := s.ask(ctx, question{quantity: series.Quantity, owners: []string{series.Owner}, from: from, to: to})
	if err != nil {
		return into, s.failed(ctx, fmt.Errorf("%v: %w", series, err))
	}
	return append(into, between(all[series], from, to)...), ctx.Err()
}

// Bounds of one query: its length, and what its answer may hold at a reading every 15 min.
const (
	maxOwners     = 1000
	maxSeriesDays = 20_000
)

// ReadMany reads many spans, those of many series by one query. See sensors.Store.
func (s *Store) ReadMany(ctx context.Context, spans []sensors.Span, visit func(i int, samples []sensors.Sample) error) error {
	if !s.gate.Enter() {
		return ErrClosed
	}
	defer s.gate.Leave()
	for done := 0; done < len(spans); {
		chunk := spans[done : done+chunkLength(spans[done:])]
		all, err := s.readChunk(ctx, chunk)
		if err != nil {
			return s.failed(ctx, err)
		}
		for i, span := range chunk {
			if err := visit(done+i, between(all[span.Series], span.From, span.To)); err != nil {
				return err
			}
		}
		done += len(chunk)
	}
	return ctx.Err()
}

// chunkLength is how many of the first spans are read at once.
func chunkLength(spans []sensors.Span) int {
	from, to := sensors.Instant(math.MaxInt64), sensors.Instant(math.MinInt64)
	for i, span := range spans {
		if i == maxOwners {
			return i
		}
		if span.From >= span.To {
			continue
		}
		from, to = min(from, span.From), max(to, span.To)
		days := (float64(to) - float64(from)) / float64(24*time.Hour) // a difference may not fit an Instant
		if i > 0 && days*float64(i+1) > maxSeriesDays {
			return i
		}
	}
	return len(spans)
}

// readChunk asks once for each quantity.
func (s *Store) readChunk(ctx context.Context, spans []sensors.Span) (answer, error) {
	questions := make(map[sensors.Quantity]*question)
	for _, span := range spans {
		if span.From >= span.To {
			continue
		}
		q := questions[span.Series.Quantity]
		if q == nil {
			q = &question{quantity: span.Series.Quantity, from: span.From, to: span.To}
			questions[span.Series.Quantity] = q
		}
		q.owners = append(q.owners, span.Series.Owner)
		q.from, q.to = min(q.from, span.From), max(q.to, span.To)
	}
	all := make(answer)
	for _, quantity := range sensors.Quantities() {
		q := questions[quantity]
		if q == nil {
			continue
		}
		some, err := s.ask(ctx, *q)
		if err != nil {
			return nil, err
		}
		for series, samples := range some {
			all[series] = samples
		}
	}
	return all, nil
}

// lookBack is how far Last looks, one after the other: 1.8 reads all that it is asked to find the last of.
var lookBack = []time.Duration{2 * 24 * time.Hour, 32 * 24 * time.Hour, 512 * 24 * time.Hour}

// Last is the latest sample of a series before an instant. See sensors.Store.
func (s *Store) Last(ctx context.Context, series sensors.Series, before sensors.Instant) (sensors.Sample, bool, error) {
	if !s.gate.Enter() {
		return sensors.Sample{}, false, ErrClosed
	}
	defer s.gate.Leave()
	to := before
	for i := 0; i <= len(lookBack) && to > sensors.Earliest; i++ {
		from := sensors.Earliest
		if i < len(lookBack) && before > sensors.Earliest.Add(lookBack[i]) {
			from = before.Add(-lookBack[i])
		}
		last, found, err := s.lastIn(ctx, series, from, to)
		if err != nil {
			return sensors.Sample{}, false, s.failed(ctx, fmt.Errorf("%v: %w", series, err))
		}
		if found {
			return last, true, nil
		}
		to = from
	}
	return sensors.Sample{}, false, ctx.Err()
}

// lastIn is the last sample in [from, to), which is not empty.
func (s *Store) lastIn(ctx context.Context, series sensors.Series, from, to sensors.Instant) (sensors.Sample, bool, error) {
	q := question{quantity: series.Quantity, owners: []string{series.Owner}, from: from, to: to, last: true}
	all, err := s.ask(ctx, q)
	if samples := all[series]; err == nil && len(samples) > 0 && samples[len(samples)-1].At >= to {
		// The server counts to in. Then it counts the instant before in, too.
		if q.to--; q.to == from {
			q.to, q.last = to, false
		}
		all, err = s.ask(ctx, q)
	}
	samples := between(all[series], from, to)
	if err != nil || len(samples) == 0 {
		return sensors.Sample{}, false, err
	}
	return samples[len(samples)-1], true, nil
}
