package intake

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/nuanju/nuanju/evidence"
	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/ingest"
)

// Appender is the end of the evidence log at which it grows. *evidence.Log is one.
type Appender interface {
	Append(ctx context.Context, entries []evidence.Entry) (evidence.Position, error)
}

// Registry holds the state of the registry that is in force. Make it with NewRegistry; it may be used concurrently.
type Registry struct{ current atomic.Pointer[Places] }

// NewRegistry starts with a state. [Forwarder.Renew] replaces it.
func NewRegistry(p *Places) *Registry {
	r := new(Registry)
	r.current.Store(p)
	return r
}

// Intake takes what was received into the evidence log. Its methods may be called concurrently.
type Intake struct {
	log      Appender
	registry *Registry
	stats    *Stats
	scratch  sync.Pool
}

// New makes an intake that writes to the log.
func New(log Appender, registry *Registry, stats *Stats) *Intake {
	return &Intake{log: log, registry: registry, stats: stats, scratch: sync.Pool{New: func() any { return new(scratch) }}}
}

// scratch is what an Accept needs and the next one can use again.
type scratch struct {
	contents []byte
	entries  []evidence.Entry
}

const (
	// leafBytes is where one owner's content goes on in a further leaf; the log takes leaves of up to 8 MiB.
	leafBytes = 4 << 20
	// maxListed bounds the errors that Accept lists in a batch; further ones are counted.
	maxListed = 1000
	// maxScratch is the size from which buffers are not kept.
	maxScratch = 16 << 20
)

// Receipt says where in the log a request is.
type Receipt struct {
	Accepted int             // lines; the others are the batch's Errors
	Index    int64           // of the first leaf
	Leaves   int             // how many; 0 if nothing was accepted
	Received sensors.Instant // the log's stamp: the time of receipt of every line
}

// Accept appends the records of a decoded body to the evidence log. When it returns without an error they are durable, all of them,
// and will be judged or visibly set aside; with an error nothing is acknowledged: evidence.ErrBusy (the caller answers 429
// or 503), a context that ended, or the log's failure.
//
// A record that the scope does not cover is refused like a line that cannot be read: it is taken out of b.Records and listed in
// b.Errors with its line. The bytes that b refers to are not needed afterwards.
func (in *Intake) Accept(ctx context.Context, b *ingest.Batch, scope *Scope) (Receipt, error) {
	places := in.registry.current.Load()
	refuse(b, scope, places)
	if len(b.Records) == 0 {
		in.stats.Refused.Add(int64(b.Rejected))
		return Receipt{}, nil
	}
	s := in.scratch.Get().(*scratch)
	defer in.recycle(s)
	s.fill(b, places)
	position, err := in.log.Append(ctx, s.entries)
	if err != nil {
		if errors.Is(err, evidence.ErrBusy) {
			in.stats.Busy.Add(1)
		}
		return Receipt{}, fmt.Errorf("intake: %w", err)
	}
	in.stats.Refused.Add(int64(b.Rejected))
	in.stats.Accepted.Add(int64(len(b.Records)))
	return Receipt{
		Accepted: len(b.Records), Index: position.Index, Leaves: position.Count, Received: sensors.At(position.Received),
	}, nil
}

// refuse takes the records that the scope does not cover out of the batch.
func refuse(b *ingest.Batch, scope *Scope, p *Places) {
	before := len(b.Errors)
	kept := b.Records[:0]
	for i := range b.Records {
		r := &b.Records[i]
		reason := scope.refuses(p, r)
		if reason == "" {
			if len(kept) < i { // an assignment to itself would cost as much as one that is needed
				kept = append(kept, *r)
			} else {
				kept = b.Records[:i+1]
			}
			continue
		}
		b.Rejected++
		if len(b.Errors) >= maxListed {
			b.Unlisted++
			continue
		}
		b.Errors = append(b.Errors, ingest.Error{Line: int(r.Line), Reason: reason})
	}
	clear(b.Records[len(kept):])
	b.Records = kept
	if len(b.Errors) > before && before > 0 {
		slices.SortStableFunc(b.Errors, func(x, y ingest.Error) int { return x.Line - y.Line })
	}
}

// fill makes the log's entries of a batch: one an owner, in the order of their first records.
func (s *scratch) fill(b *ingest.Batch, p *Places) {
	shares := ingest.Group(b.Records, p.subject)
	need := 0
	for i := range b.Records {
		need += len(b.Records[i].Raw) + 8
	}
	need += len(shares) * (64 + len(b.Header))
	s.contents = slices.Grow(s.contents[:0], need)
	s.entries = s.entries[:0]
	for i := range shares {
		records := shares[i].Records
		for len(records) > 0 {
			n := fitting(records)
			from := len(s.contents)
			s.contents = ingest.AppendCanonical(s.contents, b.Form, records[:n])
			s.entries = append(s.entries, evidence.Entry{Subject: shares[i].Owner, Content: s.contents[from:len(s.contents):len(s.contents)]})
			records = records[n:]
		}
	}
}

// fitting is how many of the records go into one leaf: at least one.
func fitting(records []ingest.Record) int {
	size := 0
	for i := range records {
		size += len(records[i].Raw) + 8
		if size > leafBytes {
			return max(1, i)
		}
	}
	return len(records)
}

func (in *Intake) recycle(s *scratch) {
	clear(s.entries)
	if cap(s.contents) <= maxScratch {
		in.scratch.Put(s)
	}
}
