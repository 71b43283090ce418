package checker

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// job is one season of one household that is to be judged.
type job struct {
	home   *home
	policy *policy
	season compliance.Season
	asOf   sensors.Instant
	carry  *carry          // what judging goes on from; nil: from the season's start
	from   sensors.Instant // where judging begins
	tests  bool            // a tester has measured: all is judged at once, from the season's start
	dirty  ledger.Dirty
	final  bool // the last season of the household: its judgment takes the mark off
	// oldest is the first day of the first season of the household that was ever judged. Its jobs share it.
	oldest *compliance.Date
}

// round is what is judged together: facts that many households share are read once, after their marks were taken.
type round struct {
	*Checker
	homes    *Homes
	asOf     sensors.Instant
	declared map[string]ledger.Declarations
	judged   map[string]ledger.Judged
	weather  map[season]weather
	said     map[string]said  // of the jobs that are judged now, by household
	failed   map[string]error // households of which a fact is broken
	report   *Report
}

// season is a season under a policy.
type season struct {
	policy *policy
	compliance.Season
}

// round judges the households that were taken. Their later seasons wait for the earlier ones: the ledger puts a judgment in the place of all that
// it has from there on.
func (c *Checker) round(ctx context.Context, taken []ledger.Dirty, report *Report) error {
	r := &round{Checker: c, report: report, weather: make(map[season]weather), failed: make(map[string]error)}
	if err := r.gather(ctx, taken); err != nil {
		return err
	}
	var stages [][]*job
	var unjudged []ledger.Dirty
	for _, d := range taken {
		jobs, err := r.plan(d)
		if err != nil {
			unjudged = append(unjudged, d)
			report.Unjudged++
			report.fail(d.Household, err)
			c.due[d.Household] = r.asOf.Add(c.Refresh)
			continue
		}
		for i, j := range jobs {
			if i == len(stages) {
				stages = append(stages, nil)
			}
			stages[i] = append(stages[i], j)
		}
	}
	if len(unjudged) > 0 {
		if err := c.Ledger.CompleteDirty(ctx, unjudged); err != nil {
			return err
		}
	}
	r.judged = nil // a job has what it needs of it
	for _, jobs := range stages {
		jobs = slices.DeleteFunc(jobs, func(j *job) bool { return r.failed[j.home.id] != nil })
		if err := r.readShared(ctx, jobs); err != nil {
			return err
		}
		if err := r.run(ctx, jobs); err != nil {
			return err
		}
	}
	return r.putBack(ctx, taken)
}

// gather reads what is known of all households at once.
func (r *round) gather(ctx context.Context, taken []ledger.Dirty) (err error) {
	ids := make([]string, len(taken))
	for i, d := range taken {
		ids[i] = d.Household
	}
	if r.homes, err = r.Registry.Homes(ctx); err != nil {
		return err
	}
	if r.judged, err = r.Ledger.Judged(ctx, ids); err != nil {
		return err
	}
	if r.Declared != nil {
		if r.declared, err = r.Declared.Declarations(ctx, ids); err != nil {
			return err
		}
	}
	r.asOf = sensors.At(r.Clock())
	return nil
}

// plan decides which seasons of a household are judged again, and from where. The error is why there is nothing to judge.
func (r *round) plan(d ledger.Dirty) ([]*job, error) {
	home := r.homes.byID[d.Household]
	if home == nil {
		return nil, fmt.Errorf("household %s is not in the registry", d.Household)
	}
	p := r.policies[home.policy]
	if p == nil {
		return nil, fmt.Errorf("household %s has policy %q, which is not known", home.id, home.policy)
	}
	if !home.judgeable() {
		return nil, fmt.Errorf("household %s has no bedroom or living room to judge", home.id)
	}
	before, reach := r.judged[home.id], p.reach(d.From)
	last := readCarry(before.Carry)
	seasons, err := p.seasons(home.season, r.beginning(home, p, reach, before, last), r.asOf)
	if err != nil {
		return nil, fmt.Errorf("household %s: %w", home.id, err)
	}
	oldest := compliance.Date(math.MaxInt32)
	if last != nil {
		oldest = compliance.Date(last.Oldest)
	}
	jobs := make([]*job, len(seasons))
	for i, s := range seasons {
		jobs[i] = &job{
			home: home, policy: p, season: s, asOf: r.asOf, from: s.Start.Start(p.Zone), tests: len(r.testsOf(home.id, p, s)) > 0,
			dirty: d, final: i == len(seasons)-1, oldest: &oldest,
		}
	}
	if j := jobs[0]; !j.tests && last.leads(p, j.season) && reach >= last.At && r.asOf >= last.At {
		j.carry, j.from = last, last.At
	}
	return jobs, nil
}

// beginning is the first instant of a household that is judged again: how far the mark reaches, but nothing before anything was
// measured or judged; back to there if the policy is another one; and where judging stopped in a season that it did not finish.
func (r *round) beginning(home *home, p *policy, reach sensors.Instant, before ledger.Judged, last *carry) sensors.Instant {
	whole := min(home.since, r.asOf)
	if last == nil {
		return max(reach, whole)
	}
	whole = min(whole, compliance.Date(last.Oldest).Start(p.Zone))
	if last.Policy != p.id {
		return whole
	}
	return min(max(reach, whole), max(before.Until, compliance.Date(last.First).Start(p.Zone)))
}

// reach is how far back a fact of an instant can change what was judged: to the start of the local day for which an outdoor
// observation of that instant can speak (A7.2.2④); other facts change nothing before them.
func (p *policy) reach(t sensors.Instant) sensors.Instant {
	const years = sensors.Instant(200 * 365 * 24 * time.Hour)
	return p.midnight(max(t, -years).Add(-p.tolerance))
}

// testsOf is the tests of a household in a season. Others are not applicable in it (section 6) and decide nothing.
func (r *round) testsOf(household string, p *policy, s compliance.Season) (tests []compliance.Test) {
	span := s.In(p.Zone)
	for _, t := range r.declared[household].Tests {
		if span.Contains(t.Start) {
			tests = append(tests, t)
		}
	}
	return tests
}

// putBack marks the households that failed again, from where they were marked, so that they stand behind all others.
func (r *round) putBack(ctx context.Context, taken []ledger.Dirty) error {
	var marks []ledger.Mark
	for _, d := range taken {
		if err := r.failed[d.Household]; err != nil {
			r.report.Failed++
			r.report.fail(d.Household, err)
			r.due[d.Household] = r.asOf.Add(r.Refresh)
			marks = append(marks, ledger.Mark{Household: d.Household, From: d.From})
		}
	}
	if len(marks) == 0 {
		return nil
	}
	return r.Ledger.MarkDirty(ctx, marks, r.asOf)
}
