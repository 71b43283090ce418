package intake

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/nuanju/nuanju/evidence"
	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/ingest"
)

// contentPrefix begins every content of readings, of whatever version. Other leaves tell of other things.
const contentPrefix = "nuanju-readings/"

// maxRaw bounds what the quarantine keeps of an unreadable content. The log has all of it.
const maxRaw = 4096

// chunk is the lines of some entries on their way.
type chunk struct {
	from, to       int64           // leaves in [from, to)
	oldest, newest sensors.Instant // receipts of the first and the last
	records        []record
	unread         []Quarantined // contents as a whole
	series         map[sensors.Series]int32
	batches        []sensors.Batch
	values         []value
	samples        []sensors.Sample // the batches'
}

// record is a line.
type record struct {
	ingest.Record
	leaf     int64
	received sensors.Instant
	reason   string // why it is set aside, as far as the registry has no part in it
}

// value is a sample of a line.
type value struct {
	sensors.Sample
	record, series int32
}

// reset forgets everything and keeps the room for it.
func (c *chunk) reset() {
	clear(c.records)
	clear(c.batches)
	clear(c.series)
	*c = chunk{
		records: c.records[:0], series: c.series, batches: c.batches[:0], values: c.values[:0], samples: c.samples[:0],
	}
}

// gather reads a chunk that begins with a leaf.
func (f *Forwarder) gather(ctx context.Context, c *chunk, from int64) error {
	c.from, c.to = from, from
	if from >= f.log.Size() {
		return nil
	}
	for leaf, err := range f.log.Leaves(ctx, from) {
		if err != nil {
			return err
		}
		if c.to == from {
			c.oldest = sensors.At(leaf.Received)
		}
		f.read(c, &leaf)
		c.to, c.newest = leaf.Index+1, sensors.At(leaf.Received)
		if len(c.records) >= f.options.Lines || c.to-from >= int64(f.options.Lines) {
			break
		}
	}
	c.arrange()
	return nil
}

// read adds what a leaf holds.
func (f *Forwarder) read(c *chunk, leaf *evidence.Leaf) {
	if leaf.Erased || !bytes.HasPrefix(leaf.Content, []byte(contentPrefix)) {
		return
	}
	received := sensors.At(leaf.Received)
	if err := f.decoder.Reparse(&f.batch, leaf.Content, received); err != nil {
		c.unread = append(c.unread, Quarantined{
			LineKey: LineKey{Leaf: leaf.Index}, Reason: Unreadable, Owner: leaf.Subject,
			Raw: bytes.Clone(leaf.Content[:min(len(leaf.Content), maxRaw)]), Received: received,
		})
		return
	}
	for i := range f.batch.Records {
		c.add(&f.batch.Records[i], leaf.Index, received, f.options.Limits)
	}
}

// add adds a line and, if it is plausible by itself, its samples.
func (c *chunk) add(r *ingest.Record, leaf int64, received sensors.Instant, limits *ingest.Limits) {
	n := int32(len(c.records))
	c.records = append(c.records, record{Record: *r, leaf: leaf, received: received, reason: string(ingest.Check(r, received, limits))})
	if c.records[n].reason != "" {
		return
	}
	put := func(q sensors.Quantity, v float64) {
		s := c.seriesOf(sensors.Series{Quantity: q, Owner: r.Owner, Room: r.Room})
		sample := sensors.Sample{At: r.At, Received: received, Value: v}
		switch {
		case s < 0:
			c.records[n].reason = unknown(r)
		case sample.Check() != nil:
			c.records[n].reason = StoreRefused
		default:
			c.values = append(c.values, value{sample, n, s})
		}
	}
	switch r.Kind {
	case ingest.Temperature:
		put(sensors.Temperature, r.Value)
	case ingest.Outdoor:
		put(sensors.Outdoor, r.Value)
	case ingest.Setpoint:
		put(sensors.Setpoint, r.Value)
	case ingest.Heating:
		put(sensors.Heating, oneIf(r.On))
	case ingest.Valve:
		put(sensors.Valve, oneIf(r.On))
	case ingest.HeatMeter:
		if r.Unit == ingest.GJ {
			put(sensors.HeatGJ, r.Value)
		} else {
			put(sensors.HeatKWh, r.Value)
		}
		if w := r.Water; w != nil {
			putGiven(put, sensors.WaterM3, w.Volume)
			putGiven(put, sensors.Supply, w.Supply)
			putGiven(put, sensors.Return, w.Return)
		}
	}
}

// unknown is the reason of a line with an id that cannot be registered.
func unknown(r *ingest.Record) string {
	switch {
	case r.Kind == ingest.Outdoor:
		return UnknownStation
	case r.Kind == ingest.Temperature || r.Kind == ingest.HeatMeter:
		return UnknownDevice
	case sensors.CheckID(r.Owner) != nil:
		return UnknownHousehold
	}
	return UnknownRoom
}

func putGiven(put func(sensors.Quantity, float64), q sensors.Quantity, v ingest.Quantity) {
	if v.Given {
		put(q, v.Value)
	}
}

func oneIf(on bool) float64 {
	if on {
		return 1
	}
	return 0
}

// seriesOf is the number of a series, or -1 if no store takes it: an id that is good enough to be sent may not be one that
// can be registered.
func (c *chunk) seriesOf(s sensors.Series) int32 {
	if i, ok := c.series[s]; ok {
		return i
	}
	if c.series == nil {
		c.series = make(map[sensors.Series]int32)
	}
	i := int32(-1)
	if s.Check() == nil {
		i = int32(len(c.batches))
		c.batches = append(c.batches, sensors.Batch{Series: s})
	}
	c.series[s] = i
	return i
}

// arrange gives each series its samples, in the order of the log: of those received at once the first written stands.
func (c *chunk) arrange() {
	ends := make([]int, len(c.batches)+1)
	for i := range c.values {
		ends[c.values[i].series+1]++
	}
	for i := range c.batches {
		ends[i+1] += ends[i]
	}
	if cap(c.samples) < len(c.values) {
		c.samples = make([]sensors.Sample, len(c.values), len(c.values)+len(c.values)/4)
	}
	c.samples = c.samples[:len(c.values)]
	for i := range c.batches {
		c.batches[i].Samples = c.samples[ends[i]:ends[i]:ends[i+1]]
	}
	for i := range c.values {
		b := &c.batches[c.values[i].series]
		b.Samples = append(b.Samples, c.values[i].Sample)
	}
}

// clash is a value that does not stand.
type clash struct {
	series sensors.Series
	at     sensors.Instant
	value  float64 // 0 and -0 are equal here too
}

// write writes the chunk's samples to the store, and tells its lines why the store did not keep them. Values that do
// not stand and are of none of the lines are returned, with their receipt.
func (f *Forwarder) write(ctx context.Context, c *chunk) (map[clash]sensors.Instant, error) {
	if len(c.values) == 0 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, f.options.WriteTimeout)
	defer cancel()
	for {
		conflicts, err := f.store.Write(ctx, c.batches)
		if err == nil {
			return c.blame(conflicts), nil
		}
		refused, ok := errors.AsType[*sensors.BatchError](err)
		if !ok || refused.Index < 0 || refused.Index >= len(c.batches) || len(c.batches[refused.Index].Samples) == 0 {
			return nil, fmt.Errorf("writing to the store: %w", err)
		}
		// What can never be written must not hold up what can.
		c.batches[refused.Index].Samples = nil
		for i := range c.values {
			if v := &c.values[i]; int(v.series) == refused.Index {
				c.records[v.record].reason = StoreRefused
			}
		}
	}
}

// blame tells the lines which of their values are in conflict, and returns the conflicts that are none of theirs.
func (c *chunk) blame(conflicts []sensors.Conflict) map[clash]sensors.Instant {
	clashes := make(map[clash]sensors.Instant)
	for _, k := range conflicts {
		if q := k.Series.Quantity; q != sensors.Heating && q != sensors.Setpoint { // of those the ledger says which holds
			clashes[clash{k.Series, k.Later.At, k.Later.Value}] = k.Later.Received
		}
	}
	if len(clashes) == 0 {
		return nil
	}
	told := make(map[clash]bool)
	for i := range c.values {
		v := &c.values[i]
		k := clash{c.batches[v.series].Series, v.At, v.Value}
		if _, ok := clashes[k]; ok {
			told[k] = true
			if r := &c.records[v.record]; r.reason == "" {
				r.reason = Conflict
			}
		}
	}
	for k := range told {
		delete(clashes, k)
	}
	return clashes
}
