package oracle

import (
	"errors"
	"io/fs"
	"slices"
)

// Judge reads a valid case directory and judges it. It returns an error when a file cannot be read, but is no validator:
// of an invalid case it may say anything. The case.yaml must be JSON and name a policy of Beijing's, heilongjiang
// or xian; of those that charge by area it tells no money.
func Judge(fsys fs.FS) (Result, error) {
	f, err := load(fsys)
	if err != nil {
		return Result{}, err
	}
	f.forget()
	if !slices.ContainsFunc(f.rooms, func(r room) bool { return r.judged }) {
		return Result{}, errors.New("case.yaml: no room is judged")
	}
	return f.judge()
}

func (f *facts) judge() (Result, error) {
	res := Result{Household: f.household, Episodes: []Episode{}, Confirmed: []Span{}, Tests: []Test{}}
	res.OutdoorDays = f.outdoorDays()
	_, res.Outages = f.seasonOutages()
	exempt := f.proved(res.OutdoorDays)
	all := f.findings()
	for _, t := range all {
		res.Tests = append(res.Tests, Test{t.id, t.finding, t.stands, t.payer})
	}

	cuts := f.cuts()
	n := max(len(cuts)-1, 0) // elementary intervals
	together := make([][]verdict, n)
	confirmed := make([]bool, n)
	for _, r := range f.rooms {
		shown := Room{Room: r.id, Kind: r.kind, Judged: r.judged}
		if r.judged {
			at := make([]verdict, n)
			for i := range at {
				at[i] = f.roomAt(r.id, cuts[i], exempt)
				together[i] = append(together[i], at[i])
			}
			shown.Tiles = tiles(cuts, at)
			d := dispute{f, r.id, cuts, at, exempt, all, make([]bool, n), make([]bool, n)}
			res.Episodes = append(res.Episodes, d.settle()...)
			for i, yes := range d.confirmed {
				confirmed[i] = confirmed[i] || yes
			}
		}
		res.Rooms = append(res.Rooms, shown)
	}
	household := make([]verdict, n)
	for i := range household {
		household[i] = householdOf(together[i])
	}
	res.Tiles = tiles(cuts, household)
	merged := spans(cuts, confirmed)
	for _, s := range merged {
		res.Confirmed = append(res.Confirmed, Span{local(s.start), local(s.end)})
	}
	if !f.metered || byArea(f.policy) {
		return res, nil
	}
	var err error
	res.Usage, res.Bill, err = f.settle(merged)
	return res, err
}
