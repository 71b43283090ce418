package influx

import (
	"context"
	"fmt"
	"slices"

	"github.com/influxdata/line-protocol/v2/lineprotocol"

	"github.com/nuanju/nuanju/sensors"
)

// maxLines bounds the points of one request; InfluxDB advises 5,000 to 10,000.
const maxLines = 5000

// Write adds samples. See sensors.Store. InfluxDB has no transactions: after an error some samples may have been
// written, and writing them again does no harm.
func (s *Store) Write(ctx context.Context, batches []sensors.Batch) ([]sensors.Conflict, error) {
	if !s.gate.Enter() {
		return nil, ErrClosed
	}
	defer s.gate.Leave()
	if err := sensors.CheckBatches(batches); err != nil {
		return nil, fmt.Errorf("influx: %w", err)
	}
	select {
	case s.writing <- struct{}{}:
		defer func() { <-s.writing }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	conflicts, err := s.writeLocked(ctx, batches)
	return conflicts, s.failed(ctx, err)
}

func (s *Store) writeLocked(ctx context.Context, batches []sensors.Batch) ([]sensors.Conflict, error) {
	if err := s.prepare(ctx); err != nil {
		return nil, err
	}
	parts := gather(batches)
	if err := s.learn(ctx, parts); err != nil {
		return nil, err
	}
	stored, err := s.stored(ctx, parts)
	if err != nil {
		return nil, err
	}
	var conflicts []sensors.Conflict
	for i := range parts {
		p := &parts[i]
		p.samples, conflicts = settle(stored[p.series], p.samples, p.series, conflicts)
	}
	if err := s.send(ctx, parts); err != nil {
		return nil, err
	}
	return conflicts, nil
}

// part is the samples of a call of one series, ordered by time and, of one time, as they were given.
type part struct {
	series  sensors.Series
	samples []sensors.Sample
}

func (p part) first() sensors.Instant { return p.samples[0].At }
func (p part) last() sensors.Instant  { return p.samples[len(p.samples)-1].At }

// gather joins the batches of each series.
func gather(batches []sensors.Batch) []part {
	parts := make([]part, 0, len(batches))
	place := make(map[sensors.Series]int, len(batches))
	for _, b := range batches {
		if len(b.Samples) == 0 {
			continue
		}
		i, ok := place[b.Series]
		if !ok {
			i = len(parts)
			place[b.Series] = i
			parts = append(parts, part{series: b.Series})
		}
		parts[i].samples = append(parts[i].samples, b.Samples...)
	}
	for _, p := range parts {
		slices.SortStableFunc(p.samples, byTime)
	}
	return parts
}

// learn finds the newest point of each series that this store has not written to yet. It only asks for
// what is later than the call's own samples, which in the normal case is nothing: what is among or before them is read
// anyway, since until now newest was not known.
func (s *Store) learn(ctx context.Context, parts []part) error {
	var unknown []part
	for _, p := range parts {
		w := s.series[p.series]
		if w == nil {
			w = new(written)
			s.series[p.series] = w
		}
		if !w.known {
			unknown = append(unknown, p)
		}
	}
	for _, q := range perQuantity(unknown, func(p part) (from, to sensors.Instant) { return p.first(), sensors.Latest + 1 }) {
		q.last = true
		last, err := s.ask(ctx, q)
		if err != nil {
			return err
		}
		for series, samples := range last {
			if w := s.series[series]; w != nil && !w.known {
				w.newest = max(w.newest, samples[len(samples)-1].At)
			}
		}
	}
	return nil
}

// perQuantity makes the questions for parts, of bounded length.
func perQuantity(parts []part, span func(part) (from, to sensors.Instant)) []question {
	var all []question
	open := make(map[sensors.Quantity]int) // the question in all that is not yet full
	for _, p := range parts {
		from, to := span(p)
		i, ok := open[p.series.Quantity]
		if !ok || len(all[i].owners) == maxOwners {
			i = len(all)
			open[p.series.Quantity] = i
			all = append(all, question{quantity: p.series.Quantity, from: from, to: to})
		}
		q := &all[i]
		q.owners = append(q.owners, p.series.Owner)
		q.from, q.to = min(q.from, from), max(q.to, to)
	}
	return all
}

// stored reads what is in the bucket where parts may meet it: nothing of a part that is newer than all that was written.
func (s *Store) stored(ctx context.Context, parts []part) (answer, error) {
	var spans []sensors.Span
	for _, p := range parts {
		w := s.series[p.series]
		if w.known && p.first() > w.newest {
			continue
		}
		to := p.last() + 1
		if w.known {
			to = min(to, w.newest+1)
		}
		spans = append(spans, sensors.Span{Series: p.series, From: p.first(), To: to})
	}
	all := make(answer)
	for len(spans) > 0 {
		n := chunkLength(spans)
		some, err := s.readChunk(ctx, spans[:n])
		if err != nil {
			return nil, err
		}
		for series, samples := range some {
			all[series] = samples
		}
		spans = spans[n:]
	}
	return all, nil
}

// settle is what has to be written so that samples, ordered by time, are in the series beside what is stored.
func settle(stored, samples []sensors.Sample, series sensors.Series, conflicts []sensors.Conflict) ([]sensors.Sample, []sensors.Conflict) {
	var out []sensors.Sample
	for i := 0; i < len(samples); {
		at := samples[i].At
		stands, changed := samples[i], true
		if old := between(stored, at, at+1); len(old) > 0 {
			stands, changed = old[0], false
		} else {
			i++
		}
		for ; i < len(samples) && samples[i].At == at; i++ {
			before := stands
			var c sensors.Conflict
			var conflict bool
			if stands, c, conflict = sensors.Settle(stands, samples[i]); conflict {
				c.Series = series
				conflicts = append(conflicts, c)
			}
			changed = changed || stands != before
		}
		if changed {
			out = append(out, stands)
		}
	}
	return out, conflicts
}

// send writes the points, and lists the series that are not listed yet.
func (s *Store) send(ctx context.Context, parts []part) error {
	var enc lineprotocol.Encoder
	enc.SetPrecision(lineprotocol.Nanosecond)
	lines := 0
	var listing []*written
	flush := func() error {
		if err := enc.Err(); err != nil {
			return err
		}
		if lines > 0 {
			if err := s.write.WriteRecord(ctx, string(enc.Bytes())); err != nil {
				return err
			}
		}
		for _, w := range listing {
			w.listed = true
		}
		enc.Reset()
		lines, listing = 0, listing[:0]
		return nil
	}
	for _, p := range parts {
		w := s.series[p.series]
		if !w.listed {
			appendListed(&enc, p.series)
			listing = append(listing, w)
			lines++
		}
		for _, sample := range p.samples {
			// Before it is sent: after an error nobody knows whether it was written, and then what follows has to look.
			if !w.known || sample.At > w.newest {
				w.newest = max(w.newest, sample.At)
			}
			appendPoint(&enc, p.series, sample)
			if lines++; lines >= maxLines {
				if err := flush(); err != nil {
					return err
				}
			}
		}
		w.known = true
	}
	return flush()
}

func appendPoint(enc *lineprotocol.Encoder, series sensors.Series, sample sensors.Sample) {
	q := series.Quantity
	enc.StartLine(q.Measurement())
	enc.AddTag(q.OwnerTag(), series.Owner)
	if series.Room != "" {
		enc.AddTag("room", series.Room)
	}
	value, _ := lineprotocol.FloatValue(sample.Value) // a number: CheckBatches says so
	enc.AddField(q.Field(), value)
	enc.AddField(receivedField(q), lineprotocol.IntValue(int64(sample.Received)))
	enc.EndLine(sample.At.Time())
}
