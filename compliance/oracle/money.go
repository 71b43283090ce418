package oracle

import (
	"math/big"
	"time"
)

// prices are in fen a m², and fen a kWh.
type prices struct{ area, base, heat int64 }

// pricesOf knows the two Beijing packs of metered contracts.
func pricesOf(policy string) (prices, bool) {
	switch policy {
	case "beijing-metered":
		return prices{2400, 1200, 16}, true
	case "beijing-metered-boiler":
		return prices{3000, 1800, 16}, true
	}
	return prices{}, false
}

// byArea knows the policies of contracts without a meter, whose temperatures are judged here and whose money is not.
func byArea(policy string) bool {
	return policy == "beijing-area" || policy == "heilongjiang" || policy == "xian"
}

// lpr is the one-year loan prime rate in hundredths of a percent a year, in force on a date.
func lpr(date string) int64 {
	rate := int64(425)
	for _, step := range []struct {
		from string
		rate int64
	}{
		{"2019-08-20", 425},
		{"2019-09-20", 420},
		{"2019-11-20", 415},
		{"2020-02-20", 405},
		{"2020-04-20", 385},
		{"2021-12-20", 380},
		{"2022-01-20", 370},
		{"2022-08-22", 365},
		{"2023-06-20", 355},
		{"2023-08-21", 345},
		{"2024-07-22", 335},
		{"2024-10-21", 310},
		{"2025-05-20", 300},
	} {
		if step.from <= date {
			rate = step.rate
		}
	}
	return rate
}

func whole(n int64) *big.Rat { return big.NewRat(n, 1) }

func product(factors ...*big.Rat) *big.Rat {
	p := whole(1)
	for _, f := range factors {
		p.Mul(p, f)
	}
	return p
}

// halfUp rounds an amount to whole fen: the largest integer that is at most the amount and a half.
func halfUp(fen *big.Rat) int64 {
	x := new(big.Rat).Add(fen, big.NewRat(1, 2))
	return new(big.Int).Div(x.Num(), x.Denom()).Int64() // Euclidean: the floor, as the denominator is positive
}

// threeDecimals is for showing only; no amount is computed from it.
func threeDecimals(kwh *big.Rat) float64 {
	v, _ := new(big.Rat).SetString(kwh.FloatString(3))
	shown, _ := v.Float64()
	return shown
}

// settle makes usage and bill (section 7).
func (f *facts) settle(confirmed []span) (*Usage, *Bill, error) {
	areaFee := halfUp(product(whole(f.price.area), f.area))
	bill := &Bill{AreaFee: areaFee}
	owed := areaFee
	metered, zeroed := new(big.Rat), new(big.Rat)
	if f.suspended {
		owed = halfUp(product(big.NewRat(3, 10), whole(areaFee)))
		bill.BaseFee, bill.Payable = owed, owed
	} else {
		var err error
		if metered, zeroed, err = f.kwh(confirmed); err != nil {
			return nil, nil, err
		}
		f.meteredLines(bill, confirmed, metered, zeroed)
	}
	billed := new(big.Rat).Sub(metered, zeroed)
	usage := &Usage{threeDecimals(metered), threeDecimals(zeroed), threeDecimals(billed)}

	paid := new(big.Rat)
	for _, p := range f.payments {
		paid.Add(paid, p.fen)
	}
	bill.Prepaid = halfUp(paid)
	bill.Settlement = bill.Prepaid - bill.Payable
	if !f.suspended && bill.Prepaid >= areaFee {
		bill.LateSupplyRefund = f.lateSupply(areaFee)
		bill.LateSupplyPenalty = bill.LateSupplyRefund
	}
	bill.LatePaymentInterest = f.interest(owed)
	return usage, bill, nil
}

// meteredLines fills in what a household that is not suspended pays (A4.1, A4.2, A4.4), with and without zeroing.
func (f *facts) meteredLines(bill *Bill, confirmed []span, metered, zeroed *big.Rat) {
	days := int64(len(f.seasonDays()))
	bill.BaseFee = halfUp(product(whole(f.price.base), f.area))
	if f.agreed {
		bill.BaseFee = halfUp(product(big.NewRat(f.price.base, 121), whole(days), f.area))
	}
	heat := func(kwh *big.Rat) int64 { return halfUp(product(whole(f.price.heat), kwh)) }
	fault := func(faultDays *big.Rat) int64 {
		return halfUp(product(big.NewRat(f.price.area-f.price.base, days), f.area, faultDays))
	}
	payable := func(heat, fault int64) int64 { return min(bill.AreaFee, bill.BaseFee+heat+fault) }

	allDays, leftDays := f.faultShare(confirmed)
	bill.HeatFee, bill.FaultFee = heat(new(big.Rat).Sub(metered, zeroed)), fault(leftDays)
	bill.Payable = payable(bill.HeatFee, bill.FaultFee)
	bill.RemedyValue = payable(heat(metered), fault(allDays)) - bill.Payable
}

// lateSupply is the refund for days of the season that were not supplied (A7.2.1).
func (f *facts) lateSupply(areaFee int64) int64 {
	days := int64(0)
	for _, d := range f.daysUntil(f.lastDay()) {
		if f.unsupplied[d.Format(time.DateOnly)] {
			days++
		}
	}
	return min(areaFee, halfUp(product(big.NewRat(areaFee, f.statutoryDays()), whole(days))))
}

// statutoryDays counts 15 November to 15 March of the case's winter.
func (f *facts) statutoryDays() (days int64) {
	year := f.firstDay.Year()
	if f.firstDay.Month() < time.July {
		year--
	}
	end := time.Date(year+1, time.March, 15, 0, 0, 0, 0, zone())
	for d := time.Date(year, time.November, 15, 0, 0, 0, 0, zone()); !d.After(end); d = nextDay(d) {
		days++
	}
	return days
}

// interest is what late payment costs until the last day, that day included (A7.1.1).
func (f *facts) interest(owed int64) int64 {
	sum := new(big.Rat)
	due := time.Date(f.firstDay.Year(), time.December, 31, 0, 0, 0, 0, zone())
	for d := nextDay(due); d.Format(time.DateOnly) <= f.lastDay(); d = nextDay(d) {
		date := d.Format(time.DateOnly)
		outstanding := whole(owed)
		for _, p := range f.payments {
			if p.date < date {
				outstanding.Sub(outstanding, p.fen)
			}
		}
		if outstanding.Sign() > 0 {
			sum.Add(sum, product(outstanding, big.NewRat(lpr(date), 10000*365)))
		}
	}
	return halfUp(sum)
}
