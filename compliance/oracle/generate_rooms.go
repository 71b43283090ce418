package oracle

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// makeReadings gives most rooms a sensor whose values are cold, warm or on the edge for hours at a time.
func (g *generator) makeReadings() {
	columns := []string{"time", "room", "celsius"}
	received, calibrated := g.chance(35), g.chance(25)
	if received {
		columns = append(columns, "received")
	}
	if calibrated {
		columns = append(columns, "offset")
	}
	var rows [][]string
	for _, r := range g.rooms {
		if g.chance(12) {
			g.dead = append(g.dead, r.id)
			continue
		}
		times := g.readingTimes(r.id)
		offset := ""
		if calibrated && g.chance(80) {
			offset = one(g, "0.3", "-0.5", "0", "0.01", "-1")
		}
		for i, t := range times {
			if calibrated && i == len(times)/2 && g.chance(50) {
				offset = one(g, "0.3", "", "-0.01", "0.5")
			}
			g.plain = g.celsius(i == 0)
			celsius := g.lift + g.plain
			if i > 0 && (celsius < standard+g.lift) != (g.values[len(g.values)-1].celsius < standard+g.lift) {
				g.borders = append(g.borders, border{r.id, t})
			}
			rows = append(rows, g.readingRows(r.id, t, celsius, received, calibrated, offset)...)
		}
	}
	g.table("readings.csv", columns, rows)
}

// readingTimes are in order and each only once.
func (g *generator) readingTimes(room string) []instant {
	span := span{g.lively.start - instant(g.IntN(4))*hour, g.lively.end + instant(g.IntN(3))*hour}
	if g.chance(10) {
		span.end = g.lively.start + g.Int64N(g.lively.end-g.lively.start) // the sensor dies
		span.end -= span.end % minute
		g.dead = append(g.dead, room)
	}
	at := map[instant]bool{}
	step := one(g, 10*minute, 15*minute, 20*minute, 30*minute, hour, 90*minute, 2*hour)
	step = max(step, (span.end-span.start)/250/minute*minute)
	t := span.start + one(g, 0, 0, 7*minute, 33*instant(time.Second))
	for t < span.end {
		at[t] = true
		t += step
		if g.chance(4) {
			t += one(g, 80*minute, 90*minute, 90*minute+instant(time.Second), 3*hour, 3*hour+90*minute, 5*hour, 14*hour,
				4*hour+90*minute-instant(time.Second))
		}
		if g.chance(2) {
			step = max(one(g, 15*minute, 30*minute, 90*minute, 2*hour), (span.end-span.start)/250/minute*minute)
		}
	}
	for range g.IntN(6) {
		at[g.instant()] = true
	}
	return slices.Sorted(maps.Keys(at))
}

// celsius is the next value of a room: mostly like the one before.
func (g *generator) celsius(first bool) float64 {
	if !first && len(g.values) > 0 && !g.chance(20) {
		last := g.plain
		if g.chance(70) {
			return last
		}
		if last < 18 {
			return one(g, 17.99, 17.9967, 17.5, 16.5, 15.99, 16, 15, 17.4)
		}
		return one(g, 18.0, 18.01, 18.5, 20.25, 21)
	}
	return one(g, 18.0, 18.0, 17.99, 17.9967, 17.999999999999996, 16, 15.99, 17, 16.999, 15.5, 18.3, 19.5, 20, 22, 17.7, 18.01)
}

// readingRows is one reading with what the network made of it: repetitions, corrections, late receipts.
func (g *generator) readingRows(room string, t instant, celsius float64, received, calibrated bool, offset string) [][]string {
	g.values = append(g.values, reading{t, celsius})
	if g.chance(2) {
		g.remember(t)
	}
	latest := t
	make1 := func(celsius float64, when string) []string {
		cells := []string{g.time(t), room, g.number(celsius)}
		if received {
			cells = append(cells, when)
		}
		if calibrated {
			cells = append(cells, offset)
		}
		return cells
	}
	when := func() string { // never twice the same
		latest += one(g, instant(time.Second), minute, hour, 30*hour)
		if g.asOf != nil && *g.asOf > latest && g.chance(4) {
			latest = *g.asOf + one(g, -instant(time.Second), 0, minute)
		}
		return g.time(latest)
	}
	if !received || g.chance(90) {
		w := ""
		if g.chance(85) {
			w = when()
		}
		rows := [][]string{make1(celsius, w)}
		if g.chance(2) {
			rows = append(rows, make1(celsius, one(g, w, when())))
		}
		return rows
	}
	rows := [][]string{make1(celsius, when()), make1(one(g, 17.9, 18.0, 19, 16), when())}
	if g.chance(30) {
		rows = append(rows, make1(celsius, when()))
	}
	slices.Reverse(rows)
	return rows
}

// makeOutdoor makes days around −7.6 °C with observations missing, late, early and twice as far.
func (g *generator) makeOutdoor() {
	if g.chance(20) {
		return
	}
	at := map[instant]float64{}
	var official [][]string
	for d := local(g.lively.start); midnight(d) < g.lively.end; d = nextDay(d) {
		base := one(g, -2, -7.6, -7.6, -7.6, -12, -7.5, -7.7, 3.0)
		slots := []float64{base, base, base, base}
		if g.chance(40) {
			slots = []float64{base - 0.1, base + 0.1, base + 2, base - 2}
		}
		if g.chance(20) {
			slots[g.IntN(4)] -= one(g, 1e-12, 1e-10, 1e-6, 0.1)
		}
		for i, value := range slots {
			g.observe(at, midnight(d)+instant(2+6*i)*hour, value)
		}
		if g.chance(10) {
			v := one(g, "-7.6", "-7.61", "-7.5", "-12", "-7.6000000005", "-7.60000001", "0")
			official = append(official, []string{d.Format(time.DateOnly), v})
		}
	}
	var rows [][]string
	for _, t := range slices.Sorted(maps.Keys(at)) {
		rows = append(rows, []string{g.time(t), g.number(at[t])})
		if g.chance(2) {
			rows = append(rows, []string{g.time(t), g.number(at[t])})
		}
	}
	g.table("outdoor.csv", []string{"time", "celsius"}, rows)
	g.table("outdoor_daily.csv", []string{"date", "celsius"}, official)
}

// observe makes the observations around one of the four hours.
func (g *generator) observe(at map[instant]float64, slot instant, value float64) {
	second := instant(time.Second)
	switch g.IntN(20) {
	case 0: // missing, or outside the tolerance
		at[slot+one(g, 30*minute+second, -30*minute-second, 3*hour)] = value - 3
	case 1, 2: // equally near
		near := one(g, 30*minute, 30*minute, 10*minute, second)
		at[slot-near], at[slot+near] = value, value+one(g, 5, -5, 0.2)
	case 3:
		at[slot+one(g, 30*minute, -30*minute)] = value
	case 4:
		at[slot-29*minute], at[slot+28*minute] = value-4, value
	default:
		at[slot] = value
		if g.chance(30) {
			at[slot+one(g, second, hour, -30*minute, 20*minute)] = value + 6
		}
	}
}

// nearest is a value as read in some room about t, for tests that agree or disagree with it.
func (g *generator) nearest(t instant) float64 {
	if len(g.values) == 0 {
		return standard + g.lift
	}
	return slices.MinFunc(g.values, func(a, b reading) int {
		return cmp.Compare(max(a.at-t, t-a.at), max(b.at-t, t-b.at))
	}).celsius
}
