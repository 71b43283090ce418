package oracle

import (
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"time"
)

// lastDay is the date up to which payments, interest, faults and days without supply count.
func (g *generator) lastDay() time.Time {
	t := g.season.end
	if g.asOf != nil {
		t = *g.asOf
	}
	year, month, day := local(t - 1).Date()
	return time.Date(year, month, day, 0, 0, 0, 0, zone())
}

// someDays are ranges of dates about the lively time, apart, adjacent or overlapping.
func (g *generator) someDays(ranges int) (of [][2]time.Time) {
	start := local(g.lively.start)
	for range ranges {
		from := start.AddDate(0, 0, g.IntN(int((g.lively.end-g.lively.start)/(24*hour))+3)-2)
		if n := len(of); n > 0 && g.chance(40) {
			from = nextDay(of[n-1][1])
		}
		of = append(of, [2]time.Time{from, from.AddDate(0, 0, one(g, 0, 0, 1, 1, 3))})
	}
	return of
}

func (g *generator) makeMeter() {
	if g.chance(12) {
		if g.chance(20) {
			g.files["meter.csv"] = []byte("time,kwh\n")
		}
		return
	}
	name, unit := "meter.csv", one(g, "kwh", "kwh", "gj")
	if g.chance(35) {
		name = "building_meter.csv"
		g.building = one(g, "179", "1000", "4180.7", "120.05")
	}
	if g.chance(40) {
		unit = "kwh"
	}
	var faults [][2]time.Time
	if g.chance(30) {
		faults = g.someDays(1 + g.IntN(2))
	}
	rows, changes := g.registerLife(unit, faults)
	g.table(name, []string{"time", unit}, rows)
	g.table("meter_changes.csv", []string{"time", "final", "initial"}, changes)
	g.dateTable("meter_faults.csv", faults)
}

func (g *generator) dateTable(name string, ranges [][2]time.Time) {
	var rows [][]string
	for _, r := range ranges {
		rows = append(rows, []string{r[0].Format(time.DateOnly), r[1].Format(time.DateOnly)})
	}
	g.table(name, []string{"start", "end"}, rows)
}

// registerTimes are when the register was read: regularly or rarely, and at the borders of everything.
func (g *generator) registerTimes(faults [][2]time.Time) []instant {
	at := map[instant]bool{}
	from := g.lively.start + one(g, 0, 0, -5*hour, 7*hour, -40*24*hour)
	to := g.lively.end + one(g, 0, 0, 5*hour, -7*hour, 3*24*hour)
	step := one(g, hour, 3*hour, 5*hour+7*minute, 24*hour, 36*hour)
	for t := from; t < to; t += max(step, (to-from)/200) {
		at[t] = true
	}
	at[to] = true
	for range g.IntN(6) {
		at[g.instant()] = true
	}
	for _, f := range faults {
		for _, edge := range []instant{midnight(f[0]), midnight(nextDay(f[1]))} {
			if g.chance(60) {
				at[edge+one(g, 0, 0, 0, hour, -hour)] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(at))
}

// registerLife is what the meters of one place showed, their changes included. Values never fall on one meter, but for
// what a faulty one shows inside fault days that are over.
func (g *generator) registerLife(unit string, faults [][2]time.Time) (rows, changes [][]string) {
	times := g.registerTimes(faults)
	changed := map[instant]bool{}
	for range g.count(70, 2) {
		t := one(g, times...)
		if g.chance(70) {
			t += one(g, 17*minute, hour, 26*hour)
		}
		if (t <= times[0] || t >= times[len(times)-1]) && g.chance(80) {
			continue // before the first and after the last value a change says little
		}
		changed[t] = true
	}
	most := one(g, 3000, 3000, 20000, 150000, 0)
	if unit == "gj" {
		most = most/200 + 1
	}
	value, before := int64(g.IntN(30_000_000)), times[0]
	for _, t := range slices.Sorted(maps.Keys(union(times, changed))) {
		if hours := int((t - before) / hour); hours > 0 || g.chance(50) {
			value += int64(g.IntN(most*max(hours, 1) + 1))
		}
		before = t
		if slices.Contains(times, t) {
			shown := value
			if g.chance(50) && g.broken(t, faults) {
				shown = int64(g.IntN(60_000_000))
			}
			rows = append(rows, []string{g.time(t), thousandths(shown)})
			if shown == value && g.chance(1) {
				rows = append(rows, []string{g.time(t), thousandths(shown)})
			}
			if shown != value && changed[t] {
				delete(changed, t) // the change's final value must be the one shown
			}
		}
		if changed[t] {
			final := value
			value = one(g, int64(0), 0, 5123, 40_000_000)
			changes = append(changes, []string{g.time(t), thousandths(final), thousandths(value)})
		}
	}
	return rows, changes
}

// broken says whether t lies inside a fault day that is over at the moment of judging.
func (g *generator) broken(t instant, faults [][2]time.Time) bool {
	for _, f := range faults {
		for d := f[0]; !d.After(f[1]); d = nextDay(d) {
			if midnight(d) < t && t < midnight(nextDay(d)) && !d.After(g.lastDay()) && !d.After(g.last) {
				return true
			}
		}
	}
	return false
}

func union(times []instant, more map[instant]bool) map[instant]bool {
	all := maps.Clone(more)
	for _, t := range times {
		all[t] = true
	}
	return all
}

func thousandths(n int64) string {
	s := fmt.Sprintf("%d.%03d", n/1000, n%1000)
	if n%1000 == 0 {
		return s[:len(s)-4]
	}
	return s
}

func (g *generator) makeUnsupplied() {
	if g.last.Sub(g.first) > 130*24*time.Hour && g.chance(60) {
		g.dateTable("unsupplied.csv", [][2]time.Time{{g.first.AddDate(0, 0, -3), g.last.AddDate(0, 0, g.IntN(3)-1)}})
	} else if g.chance(30) {
		g.dateTable("unsupplied.csv", g.someDays(1+g.IntN(3)))
	}
}

// makePayments pays all, some, or a fen too little, about the due date and the last day.
func (g *generator) makePayments() {
	price, metered := pricesOf(g.policy)
	if !metered {
		price, _ = pricesOf("beijing-metered") // any payment will do where no money is told
	}
	area, _ := new(big.Rat).SetString(g.area)
	full := halfUp(product(whole(price.area), area))
	thirty := halfUp(product(big.NewRat(3, 10), whole(full)))
	due := time.Date(g.first.Year(), time.December, 31, 0, 0, 0, 0, zone())
	var rows [][]string
	for range g.count(12, 4) {
		fen := one(g, full, full, full/2, full-full/2, full-1, full+1, thirty, 100, full/3)
		date := one(g, g.first.AddDate(0, 0, -5), g.first.AddDate(0, 0, -5), g.first, due, nextDay(due), due.AddDate(0, 0, 2),
			g.lastDay(), nextDay(g.lastDay()), g.lastDay().AddDate(0, 0, -1), due.AddDate(0, 0, 5+g.IntN(40)))
		yuan := strconv.FormatInt(fen/100, 10)
		if fen%100 != 0 || g.chance(30) {
			yuan = fmt.Sprintf("%d.%02d", fen/100, fen%100)
		}
		rows = append(rows, []string{date.Format(time.DateOnly), yuan})
	}
	g.table("payments.csv", []string{"date", "yuan"}, rows)
}
