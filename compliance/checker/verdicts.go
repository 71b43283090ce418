package checker

import (
	"context"
	"fmt"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// Question is a season of a household that is to be judged without anything being written.
type Question struct {
	Household string
	Season    compliance.Season
	// AsOf is the moment of judging: what was measured or declared for later is ignored.
	AsOf sensors.Instant
	// Policy judges instead of the household's own, if it is not nil.
	Policy *compliance.Policy
	// Also are facts that are judged as if they had been declared; one with the id of a declared one stands in its place.
	Also ledger.Declarations
}

// Answer is what judging a question found.
type Answer struct {
	Policy  *compliance.Policy
	Facts   *compliance.Facts // valid during the call that gives it; the verdict tells its reasons from them
	Verdict *compliance.Verdict
}

// Answers judges questions, each whole from its season's start, from the facts that the checker's ticks would judge, and
// calls visit with each answer in the order of the questions. A question that cannot be judged has its error as err, which
// names the household; the error of Answers is that of the ledger, the registry or the store, or of visit.
func (c *Checker) Answers(ctx context.Context, questions []Question, visit func(i int, a Answer, err error) error) error {
	for first := 0; first < len(questions); first += chunkSize {
		some := questions[first:min(len(questions), first+chunkSize)]
		if err := c.answerSome(ctx, some, func(i int, a Answer, err error) error { return visit(first+i, a, err) }); err != nil {
			return fmt.Errorf("checker: %w", err)
		}
	}
	return nil
}

func (c *Checker) answerSome(ctx context.Context, some []Question, visit func(i int, a Answer, err error) error) error {
	r := &round{Checker: c, report: &Report{}, weather: make(map[season]weather)}
	taken := make([]ledger.Dirty, len(some))
	for i, q := range some {
		taken[i].Household = q.Household
	}
	if err := r.gather(ctx, taken); err != nil {
		return err
	}
	for i, q := range some { // one by one: a household may be asked for twice, at other moments and under other policies
		j, err := r.asked(q)
		if err != nil {
			if err := visit(i, Answer{}, err); err != nil {
				return err
			}
			continue
		}
		if err := r.answer(ctx, j, q.Also, func(a Answer, err error) error { return visit(i, a, err) }); err != nil {
			return err
		}
	}
	return nil
}

// asked is the job of a question.
func (r *round) asked(q Question) (*job, error) {
	home := r.homes.byID[q.Household]
	if home == nil {
		return nil, fmt.Errorf("household %s is not in the registry", q.Household)
	}
	p := r.policies[home.policy]
	if q.Policy != nil {
		p = newPolicy(q.Policy)
	}
	if p == nil {
		return nil, fmt.Errorf("household %s has policy %q, which is not known", home.id, home.policy)
	}
	return &job{home: home, policy: p, season: q.Season, asOf: q.AsOf, from: q.Season.Start.Start(p.Zone), tests: true}, nil
}

// answer judges one job with further facts.
func (r *round) answer(ctx context.Context, j *job, also ledger.Declarations, visit func(Answer, error) error) error {
	one := *r
	one.asOf = j.asOf
	one.weather = make(map[season]weather)
	one.declared = map[string]ledger.Declarations{j.home.id: merged(r.declared[j.home.id], also)}
	if err := one.readShared(ctx, []*job{j}); err != nil {
		return err
	}
	var failed error
	w := &reader{round: &one}
	err := w.read(ctx, []*job{j}, func(_ *job, f *compliance.Facts, _ int) {
		if len(f.Tests) > 0 { // only then anything depends on reports (section 6)
			if f.Reports, failed = r.Ledger.Reports(ctx, j.home.id); failed != nil {
				return
			}
		}
		v, err := compliance.Judge(j.policy.Policy, f)
		if err != nil {
			failed = visit(Answer{}, fmt.Errorf("household %s: %w", j.home.id, err))
			return
		}
		failed = visit(Answer{Policy: j.policy.Policy, Facts: f, Verdict: v}, nil)
	})
	if err != nil {
		return err
	}
	return failed
}

// merged is declared facts with others beside them or, of the same id, in their place.
func merged(declared, also ledger.Declarations) ledger.Declarations {
	return ledger.Declarations{
		Stoppages:     replaced(declared.Stoppages, also.Stoppages, func(v *compliance.Stoppage) string { return v.ID }),
		Exemptions:    replaced(declared.Exemptions, also.Exemptions, func(v *compliance.Exemption) string { return v.ID }),
		Tests:         replaced(declared.Tests, also.Tests, func(v *compliance.Test) string { return v.ID }),
		Confirmations: replaced(declared.Confirmations, also.Confirmations, func(v *compliance.Confirmation) string { return v.ID }),
	}
}

func replaced[T any](all, others []T, id func(*T) string) []T {
	if len(others) == 0 {
		return all
	}
	stands := make(map[string]bool, len(others))
	for i := range others {
		stands[id(&others[i])] = true
	}
	out := make([]T, 0, len(all)+len(others))
	for i := range all {
		if !stands[id(&all[i])] {
			out = append(out, all[i])
		}
	}
	return append(out, others...)
}

// SeasonOf is the season of the winter that begins in a year for a household: the agreed one of the label if that is of
// this winter, else the policy's statutory one (A2).
func SeasonOf(p *compliance.Policy, label string, winter int) (compliance.Season, error) {
	if label != "" {
		agreed, err := ParseSeason(label)
		if err != nil {
			return compliance.Season{}, err
		}
		if agreed.Winter() == winter {
			return agreed, nil
		}
	}
	return (&policy{Policy: p}).statutory(winter), nil
}
