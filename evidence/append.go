package evidence

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

const (
	// MaxSubject and MaxContent bound an entry, in bytes.
	MaxSubject = 255
	MaxContent = 8 << 20

	// reserved begins the subjects that only the log itself writes.
	reserved = "log/"
)

// Entry is what one leaf holds.
type Entry struct {
	// Subject is whom the content is about: a household's id, "device/…" for a device that is not assigned, "ledger"
	// for events of the workflow. Valid UTF-8 without NUL, 1 to 255 bytes, not beginning with "log/".
	Subject string
	// Content is what was accepted, byte for byte as it was received; at most 8 MiB.
	Content []byte
}

// Position is where the entries of one Append are: at Index, Index+1, … Index+Count-1, all received at Received.
type Position struct {
	Index    int64
	Count    int
	Received time.Time
}

// Append adds the entries, in order, as leaves with consecutive indexes, and returns when they are durable: all of
// them or, with an error, none of them acknowledged (see the package's promises). The entries may be changed once it
// returned. No entries are no leaves and no error.
//
// When ctx ends while the call waits its turn, it is withdrawn and ctx's error returned: nothing was written. When the
// commit has begun, Append awaits its outcome, so that the answer is always the truth.
func (l *Log) Append(ctx context.Context, entries []Entry) (Position, error) {
	if len(entries) == 0 {
		return Position{Index: l.Size()}, nil
	}
	if err := l.refuse(entries); err != nil {
		return Position{}, err
	}
	if err := ctx.Err(); err != nil {
		return Position{}, err
	}
	c := calls.Get().(*call)
	defer recycle(c)
	c.fill(entries)
	return l.submit(ctx, c)
}

// submit queues a call and awaits its outcome.
func (l *Log) submit(ctx context.Context, c *call) (Position, error) {
	if err := l.queue.put(c); err != nil {
		return Position{}, err
	}
	select {
	case o := <-c.done:
		return o.position, o.err
	case <-ctx.Done():
		if l.queue.withdraw(c) {
			return Position{}, ctx.Err()
		}
		o := <-c.done
		return o.position, o.err
	}
}

// refuse names every entry that cannot be a leaf.
func (l *Log) refuse(entries []Entry) error {
	var errs []error
	total := 0
	for i, e := range entries {
		total += len(e.Subject) + len(e.Content) + saltSize
		switch {
		case e.Subject == "" || len(e.Subject) > MaxSubject || !utf8.ValidString(e.Subject) || strings.IndexByte(e.Subject, 0) >= 0:
			errs = append(errs, fmt.Errorf("evidence: entry %d: subject %q: want 1 to %d bytes of UTF-8 without NUL", i, e.Subject, MaxSubject))
		case strings.HasPrefix(e.Subject, reserved):
			errs = append(errs, fmt.Errorf("evidence: entry %d: subject %q: %s… is the log's own", i, e.Subject, reserved))
		case len(e.Content) > MaxContent:
			errs = append(errs, fmt.Errorf("evidence: entry %d: content of %d bytes; at most %d", i, len(e.Content), MaxContent))
		}
	}
	if total > l.queue.maxBytes {
		errs = append(errs, fmt.Errorf("evidence: %d entries of %d bytes together; at most %d in one call", len(entries), total, l.queue.maxBytes))
	}
	return errors.Join(errs...)
}

// calls keeps the buffers of finished calls: an Append of 1,700 entries needs some 300 kB of them.
var calls = sync.Pool{New: func() any { return &call{done: make(chan outcome, 1)} }}

// recycle gives a call's buffers back, unless they are so large that keeping them would cost more than making them.
func recycle(c *call) {
	if cap(c.records) > 1<<20 {
		return
	}
	c.erase = nil
	calls.Put(c)
}

// fill encodes and hashes the entries: in the caller's goroutine, so that the committer is left with what must be done
// in order.
func (c *call) fill(entries []Entry) {
	if need := len(entries) * saltSize; cap(c.salts) < need {
		c.salts = make([]byte, need)
	} else {
		c.salts = c.salts[:need]
	}
	if cap(c.commitments) < len(entries) {
		c.commitments = make([][32]byte, len(entries))
	} else {
		c.commitments = c.commitments[:len(entries)]
	}
	_, _ = rand.Read(c.salts) // never returns an error
	c.records = c.records[:0]
	h := sha256.New()
	for i, e := range entries {
		var payload []byte
		c.records, payload = appendRecord(c.records, e.Subject, e.Content)
		commitmentOf(h, &c.commitments[i], c.salts[i*saltSize:(i+1)*saltSize], payload)
	}
}

// commitAll is the one goroutine that writes leaves.
func (l *Log) commitAll() {
	defer close(l.drained)
	var batch []*call
	var buffers commitBuffers
	for {
		batch = l.queue.take(batch)
		if len(batch) == 0 {
			return
		}
		before, err := l.commit(batch, &buffers)
		for _, c := range batch {
			o := outcome{err: err}
			if err == nil {
				o.position = Position{Index: before, Count: len(c.commitments), Received: time.Unix(0, c.received).UTC()}
				before += int64(len(c.commitments))
			}
			c.done <- o // c belongs to its caller again
		}
		if err == nil {
			l.grown.notify()
		}
	}
}

// commitBuffers are reused from commit to commit.
type commitBuffers struct {
	raw, salts, blob, tail []byte
	tiles                  []fullTile
}

// commit writes one batch and returns the index of its first leaf.
func (l *Log) commit(batch []*call, b *commitBuffers) (int64, error) {
	l.writing.Lock()
	defer l.writing.Unlock()
	ctx, cancel := l.db.commitContext()
	defer cancel()
	row, doubtful, err := l.attempt(ctx, batch, b)
	if err != nil && (!doubtful || !l.arrived(&row)) {
		return 0, fmt.Errorf("evidence: append: %w", err)
	}
	return row.first, nil
}

// attempt writes one batch after all that is in the log. Doubtful: an error came as it was committed, and it may be there.
func (l *Log) attempt(ctx context.Context, batch []*call, b *commitBuffers) (row commitRow, doubtful bool, err error) {
	tx, err := l.db.lock(ctx)
	if err != nil {
		return row, false, err
	}
	defer tx.unlock()
	before, err := l.follow(ctx, tx, tx.head)
	if err != nil {
		return row, false, err
	}
	var erased *commitRow
	if e := batch[0].erase; e != nil {
		if erased, err = l.withoutLeaf(before, *e); err != nil {
			return row, false, err
		}
	}
	after, row := l.prepareCommit(before, batch, b)
	if err := l.db.append(ctx, tx, before.head, after.head, row, b.tiles, erased); err != nil {
		return row, false, err
	}
	if err := tx.Commit(); err != nil {
		return row, true, err
	}
	l.current.Store(after)
	return row, false, nil
}

// prepareCommit computes the state after the batch and the row that holds it. It changes nothing that is published.
func (l *Log) prepareCommit(before *state, batch []*call, b *commitBuffers) (*state, commitRow) {
	after := *before
	b.raw, b.salts, b.tiles = b.raw[:0], b.salts[:0], b.tiles[:0]
	var since int64
	for _, c := range batch {
		// Never before the last leaf, even if that came from another process.
		c.received = max(c.received, after.received)
		after.received = c.received
		b.raw = appendCall(b.raw, c.received-since, len(c.commitments))
		since = c.received
		b.raw = append(b.raw, c.records...)
		b.salts = append(b.salts, c.salts...)
		for i := range c.commitments {
			b.tiles = after.tree.push(leafHash(&c.commitments[i], c.received), b.tiles)
		}
	}
	after.size = after.tree.size
	after.root = after.tree.root()

	row := commitRow{first: before.size, count: after.size - before.size}
	tail := after.tree.tails[0]
	b.tail = append(b.tail[:0], hashBytes(tail[int64(len(tail))-(after.size-row.tailStart()):])...)
	b.tail, b.salts = seal(b.tail), seal(b.salts)
	b.blob = seal(l.codec.enc.EncodeAll(b.raw, b.blob[:0]))
	row.tail, row.salts, row.blob = b.tail, b.salts, b.blob
	return &after, row
}
