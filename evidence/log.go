package evidence

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// Options are the settings of a log; the zero value is usable.
type Options struct {
	// Clock gives receipt times; time.Now if nil.
	Clock func() time.Time
	// MaxCalls and MaxBytes bound the queue before the committer: calls and bytes of content waiting. Beyond them
	// Append answers ErrBusy. Zero means 4096 calls and 64 MiB; the most is 512 MiB, for a commit is one blob.
	MaxCalls, MaxBytes int
	// Trusted are further public keys whose checkpoints belong to this log: those used before the present one.
	Trusted []string
	// Logger gets what a stranger who fetches tiles must not see: the errors of the database. Nil discards them.
	Logger *slog.Logger
}

// Errors that callers tell apart, by errors.Is. After each of them nothing of the call was written.
var (
	// ErrBusy means that the queue is full: try again later.
	ErrBusy = errors.New("evidence: the queue is full")
	// ErrClosed means that the log was closed.
	ErrClosed = errors.New("evidence: the log is closed")
	// ErrNoKey means that the log was opened without a key to sign with.
	ErrNoKey = errors.New("evidence: no key to sign with")
	// ErrNotSigned means that no checkpoint covers what was asked for yet.
	ErrNotSigned = errors.New("evidence: not covered by a signed checkpoint yet")
	// ErrNoLeaf means that the log has no leaf of that index.
	ErrNoLeaf = errors.New("evidence: no such leaf")
	// ErrErased means that the leaf was erased: its hash is there, its content is not.
	ErrErased = errors.New("evidence: the leaf was erased")
)

// Log is an open evidence log. Its methods may be called concurrently.
type Log struct {
	db      *database
	key     *Key
	trusted []note.Verifier
	logger  *slog.Logger
	codec   *codec
	queue   *queue

	// writing is held over every write to the database: commits, checkpoints and erasures never interleave.
	writing sync.Mutex

	current atomic.Pointer[state]
	signed  atomic.Pointer[Checkpoint] // the latest; nil before the first
	grown   broadcast
	drained chan struct{} // closed when the committer has ended
	closing sync.Once

	watching sync.WaitGroup // what looks for other processes' leaves
	unwatch  func()         // ends it; nil in SQLite
}

// Open opens the log at storeURL: sqlite:///path (its own file, created if absent, readable by its owner only) or
// postgres://… (tables named evidence_*, created if absent). It reads and checks the right edge of the tree, and
// refuses a damaged one; [VerifyStore] then names the damage. The key may be nil for a log that is never signed.
func Open(ctx context.Context, storeURL string, key *Key, options Options) (*Log, error) {
	trusted, err := verifiers(options.Trusted)
	if err != nil {
		return nil, err
	}
	if key != nil {
		trusted = append(trusted, key.verifier)
	}
	if options.MaxBytes < 0 || options.MaxCalls < 0 || options.MaxBytes > maxBlob/2 {
		return nil, fmt.Errorf("evidence: a queue of %d calls and %d bytes; at most %d bytes", options.MaxCalls, options.MaxBytes, maxBlob/2)
	}
	codec, err := newCodec()
	if err != nil {
		return nil, fmt.Errorf("evidence: %w", err)
	}
	db, err := openDatabase(ctx, storeURL, false)
	if err != nil {
		return nil, err
	}
	l := &Log{
		db: db, key: key, trusted: trusted, codec: codec,
		logger:  cmp.Or(options.Logger, slog.New(slog.DiscardHandler)),
		drained: make(chan struct{}),
	}
	clock := options.Clock
	if clock == nil {
		clock = time.Now
	}
	l.queue = newQueue(clock, cmp.Or(options.MaxCalls, 4096), cmp.Or(options.MaxBytes, 64<<20))
	if err := l.reload(ctx); err != nil {
		return nil, errors.Join(err, db.close())
	}
	go l.commitAll()
	if db.postgres {
		watching, stop := context.WithCancel(context.Background())
		l.watching.Go(func() { l.watch(watching) })
		l.unwatch = stop
	}
	return l, nil
}

// reload reads the state of the database.
func (l *Log) reload(ctx context.Context) error {
	tx, err := l.db.snapshot(ctx)
	if err != nil {
		return fmt.Errorf("evidence: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // nothing was written
	s, err := l.db.load(ctx, tx)
	if err != nil {
		return err
	}
	latest, err := l.newest(ctx, tx, 1)
	if err != nil {
		return err
	}
	if latest != nil && latest.Size > s.size {
		return fmt.Errorf("evidence: the log has %d leaves; its last checkpoint says %d", s.size, latest.Size)
	}
	l.queue.notBefore(s.received)
	l.current.Store(s)
	l.signed.Store(latest)
	return nil
}

// Close refuses new appends, commits those that wait, and closes the database. It does not sign: call Sign before.
// A second Close does nothing.
func (l *Log) Close() error {
	var err error
	l.closing.Do(func() {
		l.queue.close()
		<-l.drained
		if l.unwatch != nil {
			l.unwatch()
		}
		l.watching.Wait()
		l.grown.notify()
		l.codec.dec.Close()
		err = l.db.close()
	})
	return err
}

// Size is the number of leaves: everything below it is durable.
func (l *Log) Size() int64 { return l.current.Load().size }

// Latest is the last signed checkpoint; false before the first.
func (l *Log) Latest() (Checkpoint, bool) {
	c := l.signed.Load()
	if c == nil {
		return Checkpoint{}, false
	}
	return *c, true
}

// Queued is how many calls and bytes wait for the committer, for a metric.
func (l *Log) Queued() (calls, bytes int) { return l.queue.load() }

// Wait returns when the log has more than n leaves: at once, or after the commit that adds them. It ends with ctx's
// error, or with ErrClosed.
func (l *Log) Wait(ctx context.Context, n int64) error {
	for {
		changed := l.grown.wait()
		if l.Size() > n {
			return nil
		}
		select {
		case <-changed:
		case <-l.drained:
			if l.Size() > n {
				return nil
			}
			return ErrClosed
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// broadcast wakes everyone who waits.
type broadcast struct {
	mu sync.Mutex
	ch chan struct{}
}

func (b *broadcast) wait() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ch == nil {
		b.ch = make(chan struct{})
	}
	return b.ch
}

func (b *broadcast) notify() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ch != nil {
		close(b.ch)
		b.ch = nil
	}
}
