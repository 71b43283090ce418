package intake

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nuanju/nuanju/evidence"
	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/ingest"
)

// Log is the evidence log as it is read. *evidence.Log is one.
type Log interface {
	Leaves(ctx context.Context, from int64) iter.Seq2[evidence.Leaf, error]
	Size() int64
	Wait(ctx context.Context, n int64) error
}

// Options are the settings of a forwarder; the zero value is usable.
type Options struct {
	// Name is the name of the store's watermark: a store that was filled under one name is not taken for another. "forward" if empty.
	Name string
	// Limits are what is plausible; ingest.DefaultLimits if nil.
	Limits *ingest.Limits
	// Clock says when something was written down; it decides nothing. time.Now if nil.
	Clock func() time.Time
	// Linger is how long Run lets entries gather before it forwards them: a block that gets ten samples at once is written
	// once. Zero means 200 ms.
	Linger time.Duration
	// Backoff is the longest wait between attempts. Zero means 30 s.
	Backoff time.Duration
	// WriteTimeout ends an attempt to write to the store. Zero means a minute.
	WriteTimeout time.Duration
	// Lines bounds the lines of one step, up to the last leaf's. Zero means 131,072.
	Lines int
	// Logger is told when forwarding begins to fail and when it works again. Nil discards it.
	Logger *slog.Logger
}

// Forwarder brings what is in the log to the store and to the ledger. Its methods may be called concurrently; steps are
// taken one at a time.
type Forwarder struct {
	log      Log
	store    sensors.Store
	ledger   Ledger
	registry *Registry
	stats    *Stats
	options  Options
	logger   *slog.Logger

	// settling is held while lines are judged by the state of the registry and written down, so that a new state comes
	// before or after and never between.
	settling sync.Mutex
	owing    atomic.Bool // a Renew has not looked at all lines that it may mend

	stepping sync.Mutex // held during a step; guards what follows
	decoder  *ingest.Decoder
	batch    ingest.Batch
	chunk    chunk
	place    *position // nil: not known
}

// position is how far the forwarder has come.
type position struct {
	watermark string
	next      int64 // leaf
}

// NewForwarder makes a forwarder. It begins where the ledger's watermark says.
func NewForwarder(log Log, store sensors.Store, ledger Ledger, registry *Registry, stats *Stats, o Options) *Forwarder {
	o.Name = cmp.Or(o.Name, "forward")
	o.Linger = cmp.Or(o.Linger, 200*time.Millisecond)
	o.Backoff = cmp.Or(o.Backoff, 30*time.Second)
	o.WriteTimeout = cmp.Or(o.WriteTimeout, time.Minute)
	o.Lines = cmp.Or(o.Lines, 1<<17)
	if o.Limits == nil {
		limits := ingest.DefaultLimits()
		o.Limits = &limits
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	return &Forwarder{
		log: log, store: store, ledger: ledger, registry: registry, stats: stats, options: o,
		logger:  cmp.Or(o.Logger, slog.New(slog.DiscardHandler)),
		decoder: ingest.NewDecoder(ingest.DefaultBounds()),
	}
}

func (f *Forwarder) now() sensors.Instant { return sensors.At(f.options.Clock()) }

// Run forwards until ctx ends, and returns then. It wakes when the log grows. What fails is tried again, after waits that
// double up to Options.Backoff and are drawn anew each time; the log keeps what waits.
func (f *Forwarder) Run(ctx context.Context) {
	wait := time.Duration(0)
	for ctx.Err() == nil {
		n, err := f.Step(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			if wait == 0 {
				f.logger.Warn("forwarding from the evidence log fails and is tried again", "error", err)
			}
			wait = min(max(2*wait, 100*time.Millisecond), f.options.Backoff)
			pause(ctx, wait/2+rand.N(wait/2+1))
			continue
		case wait > 0:
			wait = 0
			f.logger.Info("forwarding from the evidence log works again")
		}
		if n == 0 && f.log.Wait(ctx, f.stats.watermark.Load()) != nil {
			pause(ctx, f.options.Linger) // the log was closed, or ctx ended
		}
		f.linger(ctx)
	}
}

// linger returns when a full step waits, or after Options.Linger.
func (f *Forwarder) linger(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, f.options.Linger)
	defer cancel()
	_ = f.log.Wait(ctx, f.stats.watermark.Load()+int64(f.options.Lines)) // whatever it says, the next step finds out
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// CatchUp takes steps until everything is forwarded that is in the log now, and returns how many entries it was.
func (f *Forwarder) CatchUp(ctx context.Context) (int64, error) {
	entries := int64(0)
	for end := f.log.Size(); ; {
		n, err := f.Step(ctx)
		entries += n
		if err != nil || n == 0 || f.stats.watermark.Load() >= end {
			return entries, err
		}
	}
}

// Step forwards the entries after the watermark, up to Options.Lines, and returns how many they were: 0 when nothing waits. After an
// error nothing is lost, and the next step begins again; a part of what it wrote may be there and is found equal.
//
// A damaged cell of the log is an error, step after step, until it is mended: it is no sender's doing, and to
// go on without it would be to judge by half of the evidence.
func (f *Forwarder) Step(ctx context.Context) (int64, error) {
	f.stepping.Lock()
	defer f.stepping.Unlock()
	n, err := f.step(ctx)
	if err != nil {
		f.place = nil // another may have written, or the outcome is not known: the ledger says where to go on
		err = fmt.Errorf("forwarding: %w", err)
		if ctx.Err() == nil {
			f.stats.Retries.Add(1)
			f.stats.failure.Store(&Failure{f.now(), err})
		}
		return 0, err
	}
	f.stats.failure.Store(nil)
	return n, nil
}

func (f *Forwarder) step(ctx context.Context) (int64, error) {
	if err := f.find(ctx); err != nil {
		return 0, err
	}
	c := &f.chunk
	defer c.reset()
	if err := f.gather(ctx, c, f.place.next); err != nil {
		return 0, err
	}
	if c.to == c.from {
		return 0, nil
	}
	f.stats.oldest.Store(int64(c.oldest))
	clashes, err := f.write(ctx, c)
	if err != nil {
		return 0, err
	}
	displaced, err := f.displaced(ctx, clashes)
	if err != nil {
		return 0, err
	}
	if err := f.advance(ctx, c, displaced); err != nil {
		return 0, err
	}
	f.place.next = c.to
	f.stats.watermark.Store(c.to)
	f.stats.oldest.Store(0)
	if c.to < f.log.Size() {
		f.stats.oldest.Store(int64(c.newest)) // what comes next was not received before it
	}
	f.stats.Entries.Add(c.to - c.from)
	f.stats.Forwarded.Add(int64(len(c.records)))
	return c.to - c.from, nil
}

// advance judges the chunk's lines by the registry and writes down what came of them, with the watermark.
func (f *Forwarder) advance(ctx context.Context, c *chunk, displaced []Quarantined) error {
	f.settling.Lock()
	defer f.settling.Unlock()
	o := c.settle(f.registry.current.Load())
	s := Step{
		Watermark: f.place.watermark, From: c.from, To: c.to,
		Dirty: o.marks.list(), Quarantine: append(o.held, displaced...), Events: o.events,
	}
	if err := f.ledger.Advance(ctx, s, f.now()); err != nil {
		return err
	}
	f.stats.countQuarantined(s.Quarantine)
	return nil
}

// find makes sure that the forwarder knows where it is.
func (f *Forwarder) find(ctx context.Context) error {
	if f.place != nil {
		return nil
	}
	generation, err := f.ledger.Watermark(ctx, f.generations())
	if err != nil {
		return err
	}
	p := position{watermark: f.options.Name}
	if generation > 0 {
		p.watermark = fmt.Sprintf("%s.%d", f.options.Name, generation)
	}
	if p.next, err = f.ledger.Watermark(ctx, p.watermark); err != nil {
		return err
	}
	if size := f.reaches(ctx, p.next); p.next > size {
		return fmt.Errorf("%d entries of the evidence log were forwarded, but it has %d: it is not this ledger's log", p.next, size)
	}
	f.place = &p
	f.stats.watermark.Store(p.next)
	return nil
}

// reaches is the log's size. If another process has forwarded leaves that this one has not heard of, it waits until it has.
func (f *Forwarder) reaches(ctx context.Context, n int64) int64 {
	if f.log.Size() < n {
		ctx, cancel := context.WithTimeout(ctx, hearsay)
		defer cancel()
		_ = f.log.Wait(ctx, n-1) // the size says what came of it
	}
	return f.log.Size()
}

// hearsay is within which time a process hears of what others appended.
const hearsay = 2 * time.Second

// Position is how many entries of the log have been forwarded. It is an error if the log has fewer: then it is another
// log, or an older copy of it, and what it receives would not be forwarded.
func (f *Forwarder) Position(ctx context.Context) (int64, error) {
	f.stepping.Lock()
	defer f.stepping.Unlock()
	if err := f.find(ctx); err != nil {
		return 0, err
	}
	return f.place.next, nil
}

// Follow finds out how far the log was forwarded by another process, for Lag.
func (f *Forwarder) Follow(ctx context.Context) error {
	f.stepping.Lock()
	defer f.stepping.Unlock()
	f.place = nil
	err := f.find(ctx)
	f.place = nil
	return err
}

// generations is the name of the watermark that counts rebuilds. Each has a watermark of its own, so that none ever goes back.
func (f *Forwarder) generations() string { return f.options.Name + ".generation" }

// Rebuild forwards the whole log again, from its first entry, and returns how many entries it was. The store should be
// empty; what is there and equal stays. The ledger keeps what it has: lines in quarantine and those released, events and verdicts. A
// process that ends meanwhile goes on with the rebuilding when it is started again. Then lines are looked at again that the
// old store refused, or whose limits have changed.
func (f *Forwarder) Rebuild(ctx context.Context) (int64, error) {
	if err := f.beginAgain(ctx); err != nil {
		return 0, fmt.Errorf("rebuilding: %w", err)
	}
	n, err := f.CatchUp(ctx)
	if err != nil {
		return n, err
	}
	_, err = f.Recheck(ctx, "the store was built again from the evidence log")
	return n, err
}

func (f *Forwarder) beginAgain(ctx context.Context) error {
	f.stepping.Lock()
	defer f.stepping.Unlock()
	generation, err := f.ledger.Watermark(ctx, f.generations())
	if err != nil {
		return err
	}
	f.place = nil
	return f.ledger.Advance(ctx, Step{Watermark: f.generations(), From: generation, To: generation + 1}, f.now())
}
