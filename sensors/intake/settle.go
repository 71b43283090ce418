package intake

import (
	"bytes"
	"context"
	"sort"

	"github.com/nuanju/nuanju/evidence"
	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/ingest"
)

// outcome is what became of a chunk's lines.
type outcome struct {
	held   []Quarantined
	events []Event
	marks  *marks
}

// settle judges the lines by a state of the registry.
func (c *chunk) settle(p *Places) *outcome {
	o := &outcome{held: c.unread, marks: newMarks(p)}
	for i := range c.records {
		r := &c.records[i]
		if declared(r) {
			o.events = append(o.events, r.event())
		}
		reason := r.reason
		if reason == "" {
			reason = p.doubt(&r.Record)
		}
		if reason != "" {
			o.held = append(o.held, r.held(p, reason))
			continue
		}
		o.marks.add(&r.Record)
	}
	return o
}

// declared reports whether a line is an event that is plausible by itself.
func declared(r *record) bool {
	return r.reason == "" && (r.Kind == ingest.Heating || r.Kind == ingest.Setpoint)
}

func (r *record) key() LineKey { return LineKey{r.leaf, int(r.Line)} }

func (r *record) held(p *Places, reason string) Quarantined {
	household, _ := p.home(&r.Record)
	return Quarantined{
		LineKey: r.key(), Reason: reason, Owner: r.Owner, Household: household, Raw: bytes.Clone(r.Raw),
		DeviceTime: r.At, Received: r.received,
	}
}

func (r *record) event() Event {
	e := Event{LineKey: r.key(), Kind: r.Kind, Household: r.Owner, Room: r.Room, At: r.At, Received: r.received}
	if r.Kind == ingest.Setpoint {
		e.Celsius = r.Value
		return e
	}
	e.On = r.On
	if r.Demand != nil {
		e.Source, e.Consent = r.Demand.Source, r.Demand.Consent
	}
	return e
}

// displaced finds the lines of values that stood until the chunk brought one that was received before them. That takes a line
// that was held while others were forwarded, so it is rare; and the log is in the order of receipt, so it is quick.
func (f *Forwarder) displaced(ctx context.Context, clashes map[clash]sensors.Instant) ([]Quarantined, error) {
	receipts := make(map[sensors.Instant]bool)
	for _, received := range clashes {
		receipts[received] = true
	}
	var lines []Quarantined
	for received := range receipts {
		c, err := f.receivedAt(ctx, received)
		if err != nil {
			return nil, err
		}
		p := f.registry.current.Load()
		for i := range c.values {
			v := &c.values[i]
			if at, ok := clashes[clash{c.batches[v.series].Series, v.At, v.Value}]; ok && at == received {
				lines = append(lines, c.records[v.record].held(p, Conflict))
			}
		}
	}
	return lines, nil
}

// receivedAt is the lines of one receipt.
func (f *Forwarder) receivedAt(ctx context.Context, received sensors.Instant) (*chunk, error) {
	var failed error
	first := sort.Search(int(f.log.Size()), func(i int) bool {
		leaf, err := f.leaf(ctx, int64(i))
		if err != nil {
			failed = err
		}
		return failed != nil || sensors.At(leaf.Received) >= received
	})
	c := new(chunk)
	if failed != nil || int64(first) >= f.log.Size() {
		return c, failed
	}
	for leaf, err := range f.log.Leaves(ctx, int64(first)) {
		if err != nil {
			return nil, err
		}
		if sensors.At(leaf.Received) != received {
			break
		}
		f.read(c, &leaf)
	}
	return c, nil
}

// leaf is one leaf of the log.
func (f *Forwarder) leaf(ctx context.Context, index int64) (evidence.Leaf, error) {
	for leaf, err := range f.log.Leaves(ctx, index) {
		return leaf, err
	}
	return evidence.Leaf{}, evidence.ErrNoLeaf
}
