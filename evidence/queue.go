package evidence

import (
	"slices"
	"sync"
	"time"
)

// commitBytes is where a commit stops taking further calls, in bytes of content. A call is never split.
const commitBytes = 8 << 20

// call is one Append (or Erase) on its way through the queue, already hashed and encoded.
type call struct {
	received    int64  // ns since 1970
	records     []byte // of all entries, encoded
	salts       []byte // saltSize an entry
	commitments [][32]byte
	erase       *int64 // the leaf to erase, if this is an Erase
	done        chan outcome
}

type outcome struct {
	position Position
	err      error
}

func (c *call) bytes() int { return len(c.records) + len(c.salts) }

// queue is what waits for the committer: bounded, in order of receipt.
type queue struct {
	clock              func() time.Time
	maxCalls, maxBytes int
	wake               chan struct{} // holds a token when something waits or the queue was closed

	mu       sync.Mutex
	waiting  []*call
	bytes    int
	received int64 // last stamp given
	closed   bool
}

func newQueue(clock func() time.Time, maxCalls, maxBytes int) *queue {
	return &queue{clock: clock, maxCalls: maxCalls, maxBytes: maxBytes, wake: make(chan struct{}, 1)}
}

// put stamps a call and lets it wait. The stamp is given under the lock that orders the queue, so that order and
// stamps cannot contradict each other.
func (q *queue) put(c *call) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return ErrClosed
	}
	if len(q.waiting) >= q.maxCalls || len(q.waiting) > 0 && q.bytes+c.bytes() > q.maxBytes {
		return ErrBusy
	}
	q.received = max(q.received, q.clock().UnixNano())
	c.received = q.received
	q.waiting = append(q.waiting, c)
	q.bytes += c.bytes()
	q.signal()
	return nil
}

// withdraw takes a call back and reports whether it still waited.
func (q *queue) withdraw(c *call) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.Index(q.waiting, c)
	if i < 0 {
		return false
	}
	q.waiting = slices.Delete(q.waiting, i, i+1)
	q.bytes -= c.bytes()
	return true
}

// take waits for calls and appends the next commit's to batch[:0]: none when the queue was closed and is empty. An
// erasure goes alone.
func (q *queue) take(batch []*call) []*call {
	batch = batch[:0]
	for {
		q.mu.Lock()
		size := 0
		for _, c := range q.waiting {
			if len(batch) > 0 && (size+c.bytes() > commitBytes || c.erase != nil) {
				break
			}
			batch = append(batch, c)
			size += c.bytes()
			if c.erase != nil {
				break
			}
		}
		q.waiting = slices.Delete(q.waiting, 0, len(batch))
		q.bytes -= size
		closed := q.closed
		q.mu.Unlock()
		if len(batch) > 0 || closed {
			return batch
		}
		<-q.wake
	}
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.signal()
}

// notBefore keeps stamps from falling behind what is already in the log.
func (q *queue) notBefore(received int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.received = max(q.received, received)
}

func (q *queue) load() (calls, bytes int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting), q.bytes
}

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default: // a token is there already
	}
}
