package settlement_test

import (
	"strings"
	"testing"

	"github.com/nuanju/nuanju/billing"
	"github.com/nuanju/nuanju/billing/settlement"
)

// A settlement by what was known earlier takes nothing back that later statements say: one that was stopped, say, and is gone on
// with at its own moment, while a home was settled in between. It names the homes, and settles all others.
func TestAnEarlierMomentTakesNothingBack(t *testing.T) {
	everywhere(t, func(w *office) {
		fourHomes(w)
		only := func(q *settlement.Request) { q.Households = []string{"h1"} }
		w.settles(2015, "2016-04-01 09:00", only)
		earlier := w.local("2016-03-20 09:00")
		r := w.settles(2015, "2016-04-02 09:00", func(q *settlement.Request) { q.AsOf = earlier })
		if r.Totals.Made != 3 || r.Failed != 1 || !strings.HasPrefix(r.Failures[0].Err.Error(), "household h1 has a statement as of 2016-04-01T09:00:00+08:00, which is later") {
			w.t.Errorf("%+v %+v", r.Totals, r.Failures)
		}
		if _, all := w.said("h1", 2015); len(all) != 1 {
			w.t.Errorf("h1 has %d statements", len(all))
		}
	})
}

// An interim statement gives way to a move-out before it: the account is settled to the day on which they left (A9.1). After it, or
// after the season's, nothing is settled to an earlier day.
func TestAMoveOutBeforeAnInterimStatement(t *testing.T) {
	everywhere(t, func(w *office) {
		fourHomes(w)
		w.settles(2015, "2016-02-10 00:00")
		leaves := func(day string) func(q *settlement.Request) {
			asOf := w.local(day)
			return func(q *settlement.Request) { q.Households, q.MoveOut, q.AsOf = []string{"h1"}, true, asOf }
		}
		// 78 days from 15 November to the end of January: 2340 kWh × 100/300 = 780 kWh.
		if r := w.settles(2015, "2016-02-11 00:00", leaves("2016-02-01 00:00")); r.Totals.Made != 1 || r.Failed != 0 {
			w.t.Errorf("%+v %+v", r.Totals, r.Failures)
		}
		w.wants("h1", "metered 780 0.00", billing.ItemMetered)
		if r := w.settles(2015, "2016-02-12 00:00", leaves("2016-01-15 00:00")); r.Totals.Made != 0 || r.Failed != 1 {
			w.t.Errorf("%+v %+v", r.Totals, r.Failures)
		}
	})
}
