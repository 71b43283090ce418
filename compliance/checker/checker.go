// Package checker keeps verdicts current: households that have to be judged again → facts → compliance.Judge → ledger.
//
// # What a tick means
//
// A tick means "catch up". It judges what is marked when it begins, household by household, from facts and the time alone;
// so a tick that is missed, late, doubled or interrupted changes nothing of what stands in the end: what was not
// written is still marked, and what was written would be written again without a change.
//
// # From where a household is judged
//
// A judgment leaves a carry beside the tiles: a local midnight, at least twelve hours ago, with all that judging from there on
// needs of the time before it: the last demand and setpoints, each room's last reading, and the below time that later below time
// may still join in an episode. The next judging goes on from there, if no mark reaches back behind it and season and policy
// are the same. Otherwise, and where a tester has measured, it begins at the season's start. A mark reaches back to the start of its
// local day, since an outdoor temperature speaks for its whole day (A7.2.2④). One that reaches into earlier winters
// has those judged again as well, oldest first.
//
// Time up to the carry is judged apart from the time after it, once a day, so that the reasons of what is settled tell only
// of readings before that and stay as they were written.
//
// # Time that passes without readings
//
// Tiles end at the last judgment of their household. For every household the checker remembers when it is due although no
// fact has come: when the last reading of a room stops speaking for it [I1], when the local day ends and its outdoor mean with it, and in
// season at least every Config.Refresh. So tiles of a silent household turn unknown at the next tick and go on growing; no
// tile is older than Refresh and a tick. After a start every household is due at once.
//
// # Several servers
//
// Servers of one ledger share the work: each claims households, so that no other judges them for the same mark, and the ledger writes
// nothing of a server whose claim has lapsed, as when it was killed or stood still. When a household is due by time alone is in the ledger
// too, so that one server marks it.
package checker

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/intake"
)

// Ledger is what the checker needs of a ledger.Ledger, with its promises.
type Ledger interface {
	MarkDirty(ctx context.Context, marks []ledger.Mark, now sensors.Instant) error
	MarkDue(ctx context.Context, households []string, all bool, now sensors.Instant) (later map[string]sensors.Instant, err error)
	ClaimDirty(ctx context.Context, limit int) (all []ledger.Dirty, release func(), err error)
	CompleteDirty(ctx context.Context, done []ledger.Dirty) error
	CountDirty(ctx context.Context) (n int, since sensors.Instant, err error)
	Judged(ctx context.Context, households []string) (map[string]ledger.Judged, error)
	WriteJudgments(ctx context.Context, all []ledger.Judgment, now sensors.Instant) error
	Reports(ctx context.Context, household string) ([]compliance.Report, error)
}

// Store is what the checker needs of a sensors.Store, with its promises.
type Store interface {
	ReadMany(ctx context.Context, spans []sensors.Span, visit func(i int, samples []sensors.Sample) error) error
}

// Events tells what was said for households: their demand for heat and their setpoints (A3).
type Events interface {
	// Events are those of the households from an instant on, of any season, by household, each in any order; one without any
	// may be left out.
	Events(ctx context.Context, households []string, from sensors.Instant) (map[string][]intake.Event, error)
}

// Registry tells which homes there are.
type Registry interface {
	// Homes is what the registry says now. It must not be older than a mark that the ledger already shows; it is asked once
	// for every few thousand households, so an answer that has not changed should be kept.
	Homes(ctx context.Context) (*Homes, error)
}

// Declared tells what people declared.
type Declared interface {
	// Declarations are those of the households, of any season, by household; one without any may be left out.
	Declarations(ctx context.Context, households []string) (map[string]ledger.Declarations, error)
	// OfficialDays are the published daily means of a station, first and last included.
	OfficialDays(ctx context.Context, station string, first, last compliance.Date) ([]compliance.OfficialDay, error)
}

// Config is what a checker works with.
type Config struct {
	Ledger   Ledger
	Store    Store
	Registry Registry
	Events   Events                        // nil: nobody has said anything
	Policies map[string]*compliance.Policy // by the name that a household of the registry gives
	Declared Declared                      // nil: nobody has declared anything
	Clock    func() time.Time              // nil: time.Now
	Refresh  time.Duration                 // 0: DefaultRefresh
	Workers  int                           // 0: GOMAXPROCS
}

// DefaultRefresh is how old tiles may grow in season without a fact: no longer than sensors usually take between readings.
const DefaultRefresh = 15 * time.Minute

const (
	takeAtOnce  = 4_000 // households that are planned together
	writeAtOnce = 1_000 // households written in one transaction of the ledger
)

// Checker judges households. Any number of goroutines may call its methods; ticks wait for each other.
type Checker struct {
	Config
	policies map[string]*policy
	lastGood atomic.Int64

	tick sync.Mutex                 // held by the tick that runs; guards due
	due  map[string]sensors.Instant // when a household is judged although no fact has come, as far as this process knows
	// begun: all households were marked since the start.
	begun bool
}

// New makes a checker. It is an error if a part is missing or a policy cannot judge.
func New(c Config) (*Checker, error) {
	if c.Ledger == nil || c.Store == nil || c.Registry == nil || len(c.Policies) == 0 {
		return nil, errors.New("checker: needs a ledger, a store, a registry and policies")
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Refresh <= 0 {
		c.Refresh = DefaultRefresh
	}
	if c.Workers <= 0 {
		c.Workers = runtime.GOMAXPROCS(0)
	}
	k := &Checker{Config: c, policies: make(map[string]*policy, len(c.Policies)), due: make(map[string]sensors.Instant)}
	for name, p := range c.Policies {
		if p == nil || len(p.Editions) == 0 || p.Zone == nil {
			return nil, fmt.Errorf("checker: policy %s has no edition or no zone", name)
		}
		k.policies[name] = newPolicy(p)
	}
	return k, nil
}

// LastGood is when the last tick ended that had no error, or 0.
func (c *Checker) LastGood() sensors.Instant { return sensors.Instant(c.lastGood.Load()) }

// Tick catches up with what is marked or due when it begins. Households that cannot be judged are told in the report and
// do not keep others waiting: those of which a fact is broken or cannot be read stay marked, behind all others. The error is that of
// the ledger, of the registry, or of a store that does not answer; what was judged until then is written, the rest stays marked.
func (c *Checker) Tick(ctx context.Context) (Report, error) {
	c.tick.Lock()
	defer c.tick.Unlock()
	began := c.Clock()
	r := Report{At: sensors.At(began)}
	err := c.catchUp(ctx, &r)
	ended := c.Clock()
	r.Duration = ended.Sub(began)
	if err == nil {
		err = c.count(ctx, &r, sensors.At(ended))
	}
	if err != nil {
		return r, fmt.Errorf("checker: %w", err)
	}
	c.lastGood.Store(int64(sensors.At(ended)))
	return r, nil
}

func (c *Checker) count(ctx context.Context, r *Report, now sensors.Instant) error {
	n, since, err := c.Ledger.CountDirty(ctx)
	r.Waiting = n
	if n > 0 {
		r.OldestWait = max(0, now.Sub(since))
	}
	return err
}

// catchUp judges as many households as were marked or due when it began. Those marked meanwhile stand behind them in the queue:
// they are the next tick's, so that a tick ends also under load.
func (c *Checker) catchUp(ctx context.Context, r *Report) error {
	if err := c.markDue(ctx); err != nil {
		return err
	}
	left, _, err := c.Ledger.CountDirty(ctx)
	for err == nil && left > 0 {
		taken, release, failed := c.Ledger.ClaimDirty(ctx, min(left, takeAtOnce))
		if failed != nil || len(taken) == 0 { // what is left is another server's
			release()
			return failed
		}
		left -= len(taken)
		err = c.round(ctx, taken, r)
		release()
	}
	return err
}
