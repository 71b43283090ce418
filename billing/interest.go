package billing

import (
	"math/big"

	"github.com/nuanju/nuanju/compliance"
)

// interestRun is successive days on which the same sum is outstanding at the same rate.
type interestRun struct {
	Days
	outstanding Fen
	percent     compliance.Decimal // a year
	paid        []Payment          // those that left this sum, since the run before
}

// interest is the run's, in fen, exact: a day bears a 365th of a year's in every year (A7.1.1).
func (r *interestRun) interest() *big.Rat {
	fen := fenRat(r.outstanding)
	return fen.Mul(fen, r.percent.Rat()).Mul(fen, big.NewRat(int64(r.Start.Days(r.End)), 100*365))
}

// latePayment is the interest on what is owed and not paid, for every day after the due date up to the last day, at
// the LPR of that day (A7.1.1).
func (a *account) latePayment() {
	owed := a.bill.AreaFee
	if a.facts.Suspended {
		owed = a.bill.BaseFee
	}
	due := a.money.Due.In(a.facts.Season.Start.Year())
	runs, last := a.interestRuns(owed, due)
	if len(runs) == 0 {
		a.explainNoInterest(owed, due)
		return
	}
	sum, days := new(big.Rat), 0
	for _, r := range runs {
		interest, n := r.interest(), r.Start.Days(r.End)
		sum.Add(sum, interest)
		days += n
		a.say("A7.1.1", ruleInterestRun, paymentSources(r.paid), date("from", r.Start), date("until", r.End),
			number("days", n), fen("outstanding", r.outstanding), decimal("percent", r.percent),
			rational("interest", interest.Mul(interest, big.NewRat(1, 100))))
	}
	a.bill.LateInterest = roundHalfUp(sum)
	a.say("A7.1.1", ruleLatePayment, paymentSources(last), fen("owed", owed), date("due", due),
		date("from", runs[0].Start), date("until", runs[len(runs)-1].End), number("days", days),
		fen("amount", a.bill.LateInterest))
}

// interestRuns is the days that bear interest, and the payments after which nothing was outstanding any more. A day
// on which something is paid still bears interest on it.
func (a *account) interestRuns(owed Fen, due compliance.Date) (runs []interestRun, last []Payment) {
	counted, named := 0, 0 // of the payments
	for d := due + 1; d <= a.lastDay; d++ {
		for ; counted < len(a.paid) && a.paid[counted].Date < d; counted++ {
			owed = (owed - a.paid[counted].Fen.held()).held()
		}
		if owed <= 0 {
			continue
		}
		rate := rateOn(a.policy.EditionOn(d).Money.LPR, d)
		if n := len(runs); n > 0 && runs[n-1].End == d-1 && runs[n-1].outstanding == owed && runs[n-1].percent == rate {
			runs[n-1].End = d
			continue
		}
		runs = append(runs, interestRun{Days{Start: d, End: d}, owed, rate, a.paid[named:counted]})
		named = counted
	}
	return runs, a.paid[named:counted]
}

// explainNoInterest says why there is none: nothing is due yet, or all was paid in time.
func (a *account) explainNoInterest(owed Fen, due compliance.Date) {
	if a.lastDay <= due {
		a.say("A7.1.1", ruleNotDueYet, nil, fen("owed", owed), date("due", due), date("last_day", a.lastDay))
		return
	}
	inTime, paid := Fen(0), 0
	for ; paid < len(a.paid) && a.paid[paid].Date <= due; paid++ {
		inTime = (inTime + a.paid[paid].Fen.held()).held()
	}
	a.say("A7.1.1", rulePaidInTime, paymentSources(a.paid[:paid]), fen("owed", owed), date("due", due), fen("paid", inTime))
}

// rateOn is the rate of the day; before the first date the first rate holds.
func rateOn(rates []compliance.Rate, d compliance.Date) compliance.Decimal {
	if len(rates) == 0 {
		return compliance.Decimal{}
	}
	for i := len(rates) - 1; i > 0; i-- {
		if rates[i].From <= d {
			return rates[i].Percent
		}
	}
	return rates[0].Percent
}
