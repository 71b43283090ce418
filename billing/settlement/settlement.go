// Package settlement settles a winter: registry, registers, verdicts, payments and what else bills are made from → billing →
// statements in the ledger (A4.1).
//
// # What a settlement is
//
// A settlement is of a winter's households at a moment: what was known by then. It goes through them building by building, in a fixed
// order, and writes some at a time, with how far it has come, in one transaction. One that was stopped is gone on with at its own
// moment. A household gets a statement if what its bill comes to is not what its statements so far come to: the first one
// in full, every later one the differences only. So settling again when nothing has changed writes nothing.
//
// # What cannot be billed
//
// A household whose bill cannot be computed (no meter, a register that falls without a meter change, areas that do not fit) is told in
// the result and gets no statement; the others do not wait for it. It is settled when it is settled next.
package settlement

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/nuanju/nuanju/billing"
	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/compliance/checker"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// Ledger is what settling needs of a ledger.Ledger, with its promises.
type Ledger interface {
	BillingFacts(ctx context.Context, households, meters []string) (ofHouseholds, ofMeters map[string][]ledger.BillingFact, err error)
	Payments(ctx context.Context, households []string, winter int) (map[string][]ledger.Payment, error)
	SettledBefore(ctx context.Context, households []string, winter int) (map[string]ledger.Settled, error)
	Declarations(ctx context.Context, households []string) (map[string]ledger.Declarations, error)
	Judged(ctx context.Context, households []string) (map[string]ledger.Judged, error)
	BeginSettlement(ctx context.Context, s ledger.Settlement) (found ledger.Settlement, resumed bool, err error)
	WriteStatements(ctx context.Context, s ledger.Settlement, all []ledger.Statement, payouts []ledger.Payout, through string, households int, now sensors.Instant) (ledger.Settlement, error)
	FinishSettlement(ctx context.Context, s ledger.Settlement, now sensors.Instant) error
}

// Store is what settling needs of a sensors.Store, with its promises.
type Store interface {
	ReadMany(ctx context.Context, spans []sensors.Span, visit func(i int, samples []sensors.Sample) error) error
}

// Verdicts judges whole seasons; *checker.Checker does.
type Verdicts interface {
	Answers(ctx context.Context, questions []checker.Question, visit func(i int, a checker.Answer, err error) error) error
}

// Config is what a Settler works with. Every field but the last two is needed.
type Config struct {
	Ledger   Ledger
	Store    Store
	Verdicts Verdicts
	Registry func(ctx context.Context) (*sensors.Registry, error)
	Policies map[string]*compliance.Policy // by the name that a household of the registry gives
	Clock    func() time.Time              // nil: time.Now
	Workers  int                           // 0: GOMAXPROCS
}

// Settler settles. Any number of goroutines may call its methods.
type Settler struct{ Config }

// New makes a settler. It is an error if a part is missing.
func New(c Config) (*Settler, error) {
	if c.Ledger == nil || c.Store == nil || c.Verdicts == nil || c.Registry == nil || len(c.Policies) == 0 {
		return nil, errors.New("settlement: needs a ledger, a store, verdicts, a registry and policies")
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Workers <= 0 {
		c.Workers = runtime.GOMAXPROCS(0)
	}
	return &Settler{c}, nil
}

// Request says what is to be settled.
type Request struct {
	ID         string // of the settlement, if it is a new one
	Winter     int    // the year in which the winter begins
	Households []string
	// AsOf is the moment: what was measured, declared and paid by then counts. 0: now.
	AsOf sensors.Instant
	// MoveOut: the household's account is settled to AsOf, because its owner or tenant leaves (A9.1).
	MoveOut bool
	By      string
	DryRun  bool // nothing is written
	// Progress is told how many of how many households are done; nil: nobody is.
	Progress func(done, total int)
}

// Result is what settling found.
type Result struct {
	Settlement ledger.Settlement // its id is empty after a dry run
	Resumed    bool
	Households int                // that were looked at, this time
	Statements []ledger.Statement // of a dry run of at most maxKept households
	Totals     Totals
	Largest    []Change // the ten households whose balance changes most, the largest first
	Failures   []Failure
	Failed     int // of which Failures are the first
}

// Totals are sums over the households that were looked at.
type Totals struct {
	Made      int         // statements
	Unchanged int         // households whose statements say what is so already
	Payable   billing.Fen // A4.1
	Prepaid   billing.Fen
	Remedy    billing.Fen // by how much zeroing lowers what is payable (A7.2.2)
	Back      billing.Fen // given back or carried over by this settlement
	Owed      billing.Fen // by all households that owe
}

// Change is by how much a settlement changes a household's balance.
type Change struct {
	Household string
	Before    billing.Fen
	After     billing.Fen
}

func (c Change) size() billing.Fen { return max(c.After-c.Before, c.Before-c.After) }

// Failure is why a household was not billed.
type Failure struct {
	Household string
	Err       error
}

const (
	writeAtOnce = 500 // households, and the rest of a building
	maxLargest  = 10
	maxFailures = 100
	maxKept     = 100
)

// Run settles, or goes on with the same settlement where it was stopped. The error is that of the ledger, the registry or the
// store, and names what stopped it: what was written until then stands.
func (s *Settler) Run(ctx context.Context, q Request) (r Result, err error) {
	registry, err := s.Registry(ctx)
	if err != nil {
		return r, fmt.Errorf("settlement: %w", err)
	}
	now := sensors.At(s.Clock())
	if q.AsOf == 0 {
		q.AsOf = now
	}
	if q.AsOf > now {
		return r, errors.New("settlement: its moment is in the future")
	}
	slices.Sort(q.Households)
	q.Households = slices.Compact(q.Households)
	homes := newHomes(registry)
	places, err := homes.chosen(q.Households)
	if err != nil {
		return r, fmt.Errorf("settlement: %w", err)
	}
	r.Settlement = ledger.Settlement{
		ID: q.ID, Winter: q.Winter, Kind: billing.SeasonEnd, Scope: q.Households, AsOf: q.AsOf, StartedAt: now, StartedBy: q.By,
	}
	if q.MoveOut {
		r.Settlement.Kind = billing.MoveOut
	}
	if q.DryRun {
		r.Settlement.ID = ""
	} else if r.Settlement, r.Resumed, err = s.Ledger.BeginSettlement(ctx, r.Settlement); err != nil {
		return r, fmt.Errorf("settlement: %w", err)
	}
	if err := s.settle(ctx, q, homes, places, &r); err != nil {
		return r, fmt.Errorf("settlement: %w", err)
	}
	if q.DryRun {
		return r, nil
	}
	return r, s.Ledger.FinishSettlement(ctx, r.Settlement, sensors.At(s.Clock()))
}

// settle goes through the places, from where the settlement stands.
func (s *Settler) settle(ctx context.Context, q Request, homes *homes, places []place, r *Result) error {
	total := len(places)
	done := 0
	for done < total && r.Settlement.Through != "" && !places[done].after(r.Settlement.Through) {
		done++
	}
	for done < total {
		n := min(done+writeAtOnce, total)
		for n < total && places[n].building == places[n-1].building { // its meter is read once
			n++
		}
		b := &batch{Settler: s, request: q, homes: homes, places: places[done:n], settlement: r.Settlement}
		if err := b.compute(ctx); err != nil {
			return err
		}
		if !q.DryRun {
			next, err := s.Ledger.WriteStatements(ctx, r.Settlement, b.statements, b.payouts, places[n-1].String(), n-done, sensors.At(s.Clock()))
			if err != nil {
				return err
			}
			r.Settlement = next
		}
		r.add(b)
		done = n
		if q.Progress != nil {
			q.Progress(done, total)
		}
	}
	return nil
}

// add adds what a batch found.
func (r *Result) add(b *batch) {
	r.Households += len(b.places)
	t := &r.Totals
	t.Made += len(b.statements)
	for i := range b.found {
		f := &b.found[i]
		if f.err != nil {
			r.Failed++
			if len(r.Failures) < maxFailures {
				r.Failures = append(r.Failures, Failure{f.place.household, f.err})
			}
			continue
		}
		if f.statement == nil {
			t.Unchanged++
		}
		t.Payable += billing.Of(f.fresh, billing.ItemPayable)
		t.Prepaid += billing.Of(f.fresh, billing.ItemPrepaid)
		t.Remedy += billing.Of(f.fresh, billing.ItemRemedy)
		t.Back += f.back
		t.Owed += max(0, f.paidOut-f.change.After)
		if f.change.size() > 0 {
			r.Largest = append(r.Largest, f.change)
		}
	}
	slices.SortStableFunc(r.Largest, func(x, y Change) int {
		if x.size() != y.size() {
			return int(min(1, max(-1, y.size()-x.size())))
		}
		return strings.Compare(x.Household, y.Household)
	})
	r.Largest = r.Largest[:min(len(r.Largest), maxLargest)]
	if b.request.DryRun && len(r.Statements) < maxKept {
		r.Statements = append(r.Statements, b.statements[:min(len(b.statements), maxKept-len(r.Statements))]...)
	}
}
