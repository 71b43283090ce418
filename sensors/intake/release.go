package intake

import (
	"context"
	"fmt"

	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/ingest"
)

// pageLines is how many held lines are looked at together.
const pageLines = 1000

// Renew brings a new state of the registry into force and releases what it mends; it returns how many lines. It marks the households of
// every device that is assigned otherwise than before: a step that ran between the change in the ledger and this call went
// by the old state. After an error it can be called again.
func (f *Forwarder) Renew(ctx context.Context, p *Places, why string) (int, error) {
	f.settling.Lock()
	before := f.registry.current.Load()
	_, err := f.ledger.Release(ctx, nil, why, moved(before, p), f.now())
	if err == nil {
		f.registry.current.Store(p)
	}
	f.settling.Unlock()
	if err != nil {
		return 0, fmt.Errorf("renewing the registry: %w", err)
	}
	owners := mended(before, p)
	owing := f.owing.Swap(true)
	switch {
	case owing || len(owners) > pageLines: // one look at all lines costs less, or an earlier one was not ended
		owners = nil
	case len(owners) == 0:
		f.owing.Store(false)
		return 0, nil
	}
	n, err := f.Release(ctx, why, owners...)
	if err == nil {
		f.owing.Store(false)
	}
	return n, err
}

// Release lets lines go that were set aside because of the registry and that it has a place for now, says why, and marks
// the households that they judge, each from its earliest line; it returns how many lines. With owners (ids of devices,
// stations or households) only their lines are looked at. Samples are in the store already: nothing is written there. Call it once
// after a start: the process may have been killed between a change of the registry and Renew.
func (f *Forwarder) Release(ctx context.Context, why string, owners ...string) (int, error) {
	var filters []QuarantineFilter
	for _, owner := range owners {
		filters = append(filters, QuarantineFilter{Owner: owner, Limit: pageLines})
	}
	if len(owners) == 0 {
		for _, reason := range []string{UnknownDevice, UnassignedDevice, UnknownStation, UnknownHousehold, UnknownRoom} {
			filters = append(filters, QuarantineFilter{Reason: reason, Limit: pageLines})
		}
	}
	released := 0
	for _, filter := range filters {
		n, err := f.pages(ctx, filter, func(lines []Quarantined) (int, error) { return f.releasePage(ctx, lines, why) })
		released += n
		if err != nil {
			return released, fmt.Errorf("releasing lines: %w", err)
		}
	}
	return released, nil
}

// pages gives the held lines of a filter to do, page by page, under the lock of settling.
func (f *Forwarder) pages(ctx context.Context, filter QuarantineFilter, do func([]Quarantined) (int, error)) (int, error) {
	page := func() (int, bool, error) {
		f.settling.Lock()
		defer f.settling.Unlock()
		lines, err := f.ledger.ListQuarantine(ctx, filter)
		if err != nil || len(lines) == 0 {
			return 0, false, err
		}
		filter.After = lines[len(lines)-1].LineKey
		n, err := do(lines)
		return n, err == nil, err
	}
	released := 0
	for {
		n, more, err := page()
		released += n
		f.stats.Released.Add(int64(n))
		if !more {
			return released, err
		}
	}
}

// releasePage releases those of one page's lines that the registry has a place for.
func (f *Forwarder) releasePage(ctx context.Context, lines []Quarantined, why string) (int, error) {
	p := f.registry.current.Load()
	m := newMarks(p)
	var keys []LineKey
	for i := range lines {
		r, err := f.recall(ctx, &lines[i])
		if err != nil {
			return 0, err
		}
		if r != nil && p.doubt(r) == "" {
			keys = append(keys, lines[i].LineKey)
			m.add(r)
		}
	}
	if len(keys) == 0 {
		return 0, nil
	}
	return f.ledger.Release(ctx, keys, why, m.list(), f.now())
}

// recall is as much of a line as tells whom it concerns, or nil if the registry is not why it is held or if it was erased. What a
// device's line holds is not kept beside it; as a temperature it marks at least those whom it judges. Only a household's
// line must be read again: there are few, and its room is nowhere else.
func (f *Forwarder) recall(ctx context.Context, q *Quarantined) (*ingest.Record, error) {
	switch q.Reason {
	case UnknownDevice, UnassignedDevice:
		return &ingest.Record{Kind: ingest.Temperature, Owner: q.Owner, At: q.DeviceTime}, nil
	case UnknownStation:
		return &ingest.Record{Kind: ingest.Outdoor, Owner: q.Owner, At: q.DeviceTime}, nil
	case UnknownHousehold, UnknownRoom:
		leaf, err := f.leaf(ctx, q.Leaf)
		if err != nil {
			return nil, err
		}
		var batch ingest.Batch
		decoder := ingest.NewDecoder(ingest.DefaultBounds())
		if leaf.Erased || decoder.Reparse(&batch, leaf.Content, sensors.At(leaf.Received)) != nil || q.Line < 1 || q.Line > len(batch.Records) {
			return nil, nil
		}
		return &batch.Records[q.Line-1], nil
	}
	return nil, nil
}

// Recheck looks again at lines that were set aside for what they hold, or that the store refused: after the limits have changed, or the
// store was mended. What is plausible now and has a place goes to the store and the ledger, and is released; it returns how many lines.
// Lines in conflict stay: the first received stands.
func (f *Forwarder) Recheck(ctx context.Context, why string) (int, error) {
	f.stepping.Lock() // it uses the decoder
	defer f.stepping.Unlock()
	released := 0
	for _, reason := range []string{
		string(ingest.OutOfRange), string(ingest.ClockAhead), string(ingest.ClockBehind), string(ingest.NoConsent), StoreRefused, Unreadable,
	} {
		n, err := f.pages(ctx, QuarantineFilter{Reason: reason, Limit: pageLines}, func(lines []Quarantined) (int, error) {
			return f.recheckPage(ctx, lines, why)
		})
		released += n
		if err != nil {
			return released, fmt.Errorf("rechecking lines: %w", err)
		}
	}
	return released, nil
}

func (f *Forwarder) recheckPage(ctx context.Context, lines []Quarantined, why string) (int, error) {
	var c chunk
	var keys []LineKey
	if err := f.reread(ctx, &c, lines, &keys); err != nil {
		return 0, err
	}
	c.arrange()
	clashes, err := f.write(ctx, &c)
	if err != nil {
		return 0, err
	}
	displaced, err := f.displaced(ctx, clashes)
	if err != nil {
		return 0, err
	}
	o := c.settle(f.registry.current.Load())
	still := make(map[LineKey]bool, len(o.held))
	for i := range o.held {
		still[o.held[i].LineKey] = true
	}
	for i := range c.records {
		if k := c.records[i].key(); !still[k] {
			keys = append(keys, k)
		}
	}
	if err := f.ledger.Quarantine(ctx, append(o.held, displaced...)); err != nil {
		return 0, err
	}
	f.stats.countQuarantined(displaced)
	if err := f.ledger.AppendEvents(ctx, o.events); err != nil {
		return 0, err
	}
	return f.ledger.Release(ctx, keys, why, o.marks.list(), f.now())
}

// reread reads held lines again from the log. A content that was unreadable as a whole and can be read now gives all of
// its lines, and its key to those that are released.
func (f *Forwarder) reread(ctx context.Context, c *chunk, lines []Quarantined, keys *[]LineKey) error {
	for i := 0; i < len(lines); {
		leaf, err := f.leaf(ctx, lines[i].Leaf)
		if err != nil {
			return err
		}
		readable := !leaf.Erased && f.decoder.Reparse(&f.batch, leaf.Content, sensors.At(leaf.Received)) == nil
		for ; i < len(lines) && lines[i].Leaf == leaf.Index; i++ {
			switch {
			case !readable:
			case lines[i].Line == 0:
				*keys = append(*keys, lines[i].LineKey)
				for j := range f.batch.Records {
					c.add(&f.batch.Records[j], leaf.Index, sensors.At(leaf.Received), f.options.Limits)
				}
			case lines[i].Line <= len(f.batch.Records):
				c.add(&f.batch.Records[lines[i].Line-1], leaf.Index, sensors.At(leaf.Received), f.options.Limits)
			}
		}
	}
	return nil
}
