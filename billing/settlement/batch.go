package settlement

import (
	"context"
	"fmt"
	"math/big"
	"slices"
	"sync"
	"time"

	"github.com/nuanju/nuanju/billing"
	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/compliance/checker"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// batch is some places that are settled together: what many of them share is read once.
type batch struct {
	*Settler
	request    Request
	homes      *homes
	places     []place
	settlement ledger.Settlement

	facts    map[string][]ledger.BillingFact
	payments map[string][]ledger.Payment
	settled  map[string]ledger.Settled
	declared map[string]ledger.Declarations
	judged   map[string]ledger.Judged
	meters   map[string]*meter
	portions map[string][]billing.Portion // by household, where valves allocate
	area     map[string]*big.Rat          // charged, by building
	areaErr  map[string]error

	found      []finding
	statements []ledger.Statement
	payouts    []ledger.Payout
}

// finding is a household in a batch: what is known of it and what came of it.
type finding struct {
	place     place
	household *sensors.Household
	policy    *compliance.Policy
	season    compliance.Season
	charged   compliance.ChargedBy
	meter     string
	own       bool // the meter is the household's
	account   *ledger.Account
	verdict   *compliance.Verdict // nil: nobody tested or confirmed anything, so nothing is confirmed
	err       error

	fresh     []billing.Line
	statement *ledger.Statement // nil: nothing has changed
	payout    *ledger.Payout
	back      billing.Fen
	paidOut   billing.Fen // before
	change    Change
}

// byMeter reports whether the contract charges by meter.
func (f *finding) byMeter() bool { return f.charged == compliance.ByMeter }

// chargedBy is what a contract charges by in the winter that begins in a year.
func chargedBy(p *compliance.Policy, winter int) compliance.ChargedBy {
	return p.EditionOn(p.EditionOn(compliance.DateOf(winter, time.November, 1)).Money.SeasonStart.In(winter)).Money.Charged
}

// compute settles the places without writing anything.
func (b *batch) compute(ctx context.Context) error {
	ids := make([]string, len(b.places))
	for i, p := range b.places {
		ids[i] = p.household
	}
	if err := b.load(ctx, ids); err != nil {
		return err
	}
	if err := b.readUsage(ctx); err != nil {
		return err
	}
	if err := b.judge(ctx); err != nil {
		return err
	}
	b.makeAll()
	for i := range b.found {
		f := &b.found[i]
		if f.err != nil || f.statement == nil {
			continue
		}
		b.statements = append(b.statements, *f.statement)
		if f.payout != nil {
			b.payouts = append(b.payouts, *f.payout)
		}
	}
	return nil
}

// load reads what the ledger knows and plans each place.
func (b *batch) load(ctx context.Context, ids []string) (err error) {
	var meters []string
	b.found = make([]finding, len(b.places))
	for i, p := range b.places {
		f := &b.found[i]
		f.place, f.household = p, b.homes.byID[p.household]
		if f.policy = b.Policies[f.household.Policy]; f.policy == nil {
			f.err = fmt.Errorf("household %s has policy %q, which is not known", p.household, f.household.Policy)
			continue
		}
		f.charged = chargedBy(f.policy, b.settlement.Winter)
		if !f.byMeter() {
			continue
		}
		if f.meter, f.own, f.err = b.homes.meterOf(f.household); f.err == nil {
			meters = append(meters, f.meter)
		}
	}
	slices.Sort(meters)
	meters = slices.Compact(meters)
	b.meters = make(map[string]*meter, len(meters))
	for _, id := range meters {
		b.meters[id] = nil
	}
	if b.payments, err = b.Ledger.Payments(ctx, ids, b.settlement.Winter); err != nil {
		return err
	}
	if b.settled, err = b.Ledger.SettledBefore(ctx, ids, b.settlement.Winter); err != nil {
		return err
	}
	if b.declared, err = b.Ledger.Declarations(ctx, ids); err != nil {
		return err
	}
	b.judged, err = b.Ledger.Judged(ctx, ids)
	return err
}

// readUsage reads registers and what was noted of them, and allocates the buildings'.
func (b *batch) readUsage(ctx context.Context) error {
	ids, meters := make([]string, len(b.places)), make([]string, 0, len(b.meters))
	for i, p := range b.places {
		ids[i] = p.household
	}
	for id := range b.meters {
		meters = append(meters, id)
	}
	slices.Sort(meters)
	ofHomes, ofMeters, err := b.Ledger.BillingFacts(ctx, ids, meters)
	if err != nil {
		return err
	}
	b.facts = ofHomes
	var in compliance.Interval
	var policy *compliance.Policy
	for i := range b.found {
		f := &b.found[i]
		if f.err != nil {
			continue
		}
		if f.season, f.err = b.seasonOf(f); f.err != nil {
			continue
		}
		span := f.season.In(f.policy.Zone)
		if policy == nil {
			in, policy = span, f.policy
		}
		in.Start, in.End = min(in.Start, span.Start), max(in.End, span.End)
	}
	if policy == nil {
		return nil
	}
	if b.meters, err = b.readMeters(ctx, meters, in, policy.Zone, ofMeters); err != nil {
		return err
	}
	return b.allocate(ctx, in, policy)
}

// seasonOf is the household's season of the winter. One whose days the local government has set is none that was agreed (A2, A4.2.2).
func (b *batch) seasonOf(f *finding) (compliance.Season, error) {
	s, err := checker.SeasonOf(f.policy, f.household.Season, b.settlement.Winter)
	if err != nil {
		return s, fmt.Errorf("household %s: %w", f.household.ID, err)
	}
	for _, x := range b.facts[f.household.ID] {
		if x.SeasonSet != nil && x.SeasonSet.First == s.Start && x.SeasonSet.Last == s.End {
			s.Agreed = false
		}
	}
	return s, nil
}

// allocate finds each building's charged area and, where valves allocate its register, each home's portions.
func (b *batch) allocate(ctx context.Context, in compliance.Interval, policy *compliance.Policy) error {
	b.portions, b.area, b.areaErr = map[string][]billing.Portion{}, map[string]*big.Rat{}, map[string]error{}
	for i := range b.found {
		f := &b.found[i]
		building := f.household.Building
		if _, done := b.area[building]; done || f.err != nil || f.own || !f.byMeter() {
			continue
		}
		homes := b.homes.inBuilding[building]
		method, whole := ledger.ByArea, new(big.Rat)
		for _, x := range b.facts[f.household.ID] {
			if x.Allocation != nil && x.Allocation.Winter == b.settlement.Winter {
				method, whole = x.Allocation.Method, x.Allocation.Area.Rat()
			}
		}
		sum := new(big.Rat)
		areas := make([]*big.Rat, len(homes))
		for k, h := range homes {
			d, err := compliance.ParseDecimal(h.Area)
			if err != nil || d.Sign() <= 0 {
				b.areaErr[building] = fmt.Errorf("building %s cannot be allocated: household %s has the charged area %q", building, h.ID, h.Area)
			}
			areas[k] = d.Rat()
			sum.Add(sum, areas[k])
		}
		if whole.Sign() == 0 {
			whole = sum
		}
		b.area[building] = whole
		if whole.Cmp(sum) < 0 {
			b.areaErr[building] = fmt.Errorf("building %s cannot be allocated: its homes have %s m² and it is said to have %s", building, sum.FloatString(2), whole.FloatString(2))
		}
		if method != ledger.ByValveTime || b.areaErr[building] != nil {
			continue
		}
		valves, err := b.valves(ctx, homes, in)
		if err != nil {
			return err
		}
		for k := range valves {
			valves[k].Area = areas[k]
		}
		for k, p := range billing.AllocateByValve(valves, new(big.Rat).Sub(whole, sum), in, policy.Zone) {
			b.portions[homes[k].ID] = p
		}
	}
	return nil
}

// judge asks for the verdicts of the households of which anything was tested or confirmed: of the others nothing is confirmed (section 6).
func (b *batch) judge(ctx context.Context) error {
	var questions []checker.Question
	var of []*finding
	for i := range b.found {
		f := &b.found[i]
		d := b.declared[f.place.household]
		if f.err != nil || len(d.Tests) == 0 && !slices.ContainsFunc(d.Confirmations, compliance.Confirmation.Both) {
			continue
		}
		questions = append(questions, checker.Question{Household: f.place.household, Season: f.season, AsOf: b.settlement.AsOf})
		of = append(of, f)
	}
	if len(questions) == 0 {
		return nil
	}
	return b.Verdicts.Answers(ctx, questions, func(i int, a checker.Answer, err error) error {
		if of[i].err = err; err == nil {
			of[i].verdict = a.Verdict
		}
		return nil
	})
}

// makeAll makes the statements, on all workers.
func (b *batch) makeAll() {
	next := make(chan *finding)
	var workers sync.WaitGroup
	for range b.Workers {
		workers.Go(func() {
			for f := range next {
				b.make(f)
			}
		})
	}
	for i := range b.found {
		if b.found[i].err == nil {
			next <- &b.found[i]
		}
	}
	close(next)
	workers.Wait()
}
