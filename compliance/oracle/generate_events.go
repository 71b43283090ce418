package oracle

import (
	"strconv"
	"time"
)

func (g *generator) makeSwitches() {
	var rows [][]string
	at := g.instant()
	for range g.count(40, 5) {
		switch g.IntN(10) {
		case 0, 1: // again at the same time
		case 2:
			at = g.season.start - one(g, 0, instant(time.Second), 3*hour, 40*24*hour)
		default:
			at = g.instant()
		}
		state := "on"
		if g.chance(35) {
			state = "off"
		}
		rows = append(rows, []string{g.time(at), state})
		g.remember(at, at+heatUp)
	}
	g.table("heating.csv", []string{"time", "state"}, rows)
}

func (g *generator) makeSetpoints() {
	var rows [][]string
	at := g.instant()
	for range g.count(35, 6) {
		switch g.IntN(12) {
		case 0, 1, 2: // again at the same time
		case 3:
			at += one(g, heatUp, heatUp-instant(time.Second), heatUp+instant(time.Second), hour, -hour)
		case 4:
			at = g.season.start - one(g, 0, hour, heatUp, 40*24*hour)
		default:
			at = g.instant()
		}
		room := ""
		if g.chance(60) {
			room = one(g, g.rooms...).id
		}
		celsius := one(g, 16.0, 16, 17, 17.5, 18, 18, 20, 22, 15.5, 17.99)
		rows = append(rows, []string{g.time(at), room, g.number(celsius)})
		g.remember(at, at+heatUp)
	}
	g.table("setpoints.csv", []string{"time", "room", "celsius"}, rows)
}

func (g *generator) makeOutages() {
	var rows [][]string
	second := instant(time.Second)
	start := g.instant()
	for i := range g.count(35, 6) {
		switch g.IntN(12) {
		case 0, 1: // at the same time as the one before
		case 2:
			start = g.season.start - one(g, 3*hour, second, 9*hour)
		case 3:
			start = g.judgedTo - one(g, 3*hour, second, 0)
		default:
			start = g.instant()
		}
		end := start + one(g, 6*hour, 6*hour, 6*hour+second, 6*hour-second, 3*hour, 4*hour, hour, 8*hour, 26*hour)
		announced := ""
		if g.chance(90) {
			announced = g.time(start + one(g, -second, -second, -hour, -24*hour, -24*hour, -24*hour, -9*24*hour, 0, second))
		}
		proof := g.proof()
		if g.chance(50) {
			proof = "work order"
		}
		rows = append(rows, []string{id("o", i), announced, g.time(start), g.time(end), proof})
		g.remember(start, end)
	}
	g.table("outages.csv", []string{"id", "announced", "start", "end", "proof"}, rows)
}

func (g *generator) makeExemptions() {
	var rows [][]string
	for i := range g.count(55, 4) {
		s := g.stretch()
		clause := "A7.2.2." + strconv.Itoa(1+g.IntN(3))
		rows = append(rows, []string{id("e", i), clause, g.time(s.start), g.time(s.end), g.proof()})
		g.remember(s.start, s.end)
	}
	g.table("exemptions.csv", []string{"id", "clause", "start", "end", "proof"}, rows)
}

func (g *generator) makeReports() {
	var rows [][]string
	nothing := 55
	if len(g.dead) > 0 {
		nothing = 10
	}
	at := g.instant()
	for i := range g.count(nothing, 4) {
		switch g.IntN(10) {
		case 0, 1: // again at the same time
		case 2:
			at = g.season.start - one(g, 2*hour, 30*hour)
		case 3:
			at = g.season.start + heatUp
		default:
			at = g.instant()
		}
		resolved := ""
		if g.chance(50) {
			end := at + g.length()
			if other := g.instant(); other > at && g.chance(50) {
				end = other
			}
			resolved = g.time(end)
			g.remember(end)
			g.reported = append(g.reported, end)
		}
		rows = append(rows, []string{id("r", i), g.time(at), resolved})
		g.remember(at)
		g.reported = append(g.reported, at)
	}
	g.table("reports.csv", []string{"id", "time", "resolved"}, rows)
}

func (g *generator) makeTests() {
	second := instant(time.Second)
	start, room := g.instant(), g.judgedRoom()
	for range g.count(15, 6) {
		switch g.IntN(12) {
		case 0: // at the same time as the one before
		case 1, 2, 3:
			start += one(g, 24*hour, 24*hour, -24*hour, 24*hour+second, 24*hour-second, -24*hour-second, hour, -hour)
		case 4, 5:
			start, room = g.instant(), g.judgedRoom()
			if len(g.borders) > 0 {
				b := one(g, g.borders...)
				start, room = b.at+one(g, 0, 0, 0, 0, -20*minute, 90*minute, second), b.room
			}
		case 6:
			start = g.instant()
			if len(g.dead) > 0 && len(g.reported) > 0 {
				start, room = one(g, g.reported...)+one(g, 0, 0, second, -second, 3*hour), one(g, g.dead...)
			}
		default:
			start, room = g.somewhere(), g.judgedRoom()
		}
		for (start < g.season.start+heatUp || start >= min(g.judgedTo, g.lively.end)) && g.chance(90) {
			start = g.somewhere()
		}
		g.addTest(room, one(g, "resident", "resident", "joint", "supplier", "supplier"), start)
	}
	if g.chance(15) { // the supplier's, set aside by two of which neither sets the other aside
		room, start := g.judgedRoom(), g.somewhere()
		near := one(g, 24*hour, 20*hour, 13*hour)
		if g.chance(50) {
			near = -near
		}
		g.addTest(room, "supplier", start)
		g.addTest(room, "joint", start-near)
		g.addTest(room, "resident", start+near)
	}
	if len(g.dead) > 0 && len(g.reported) > 0 && g.chance(40) { // where no sensor speaks, as a report is made or resolved
		g.addTest(one(g, g.dead...), "resident", one(g, g.reported...)+one(g, 0, 0, second, hour))
	}
	if g.chance(10) { // two of one side at the same time
		room, start := g.judgedRoom(), g.somewhere()
		side := one(g, "resident", "joint")
		g.addTest(room, side, start)
		g.addTest(room, side, start)
		g.addTest(room, "supplier", start+one(g, 0, hour, -24*hour))
	}
	columns := []string{"id", "institution", "accredited", "commissioned_by", "room", "start", "end", "celsius"}
	g.table("tests.csv", columns, g.tests)
}

// addTest makes one test, of a value about the standard or about what the sensor said.
func (g *generator) addTest(room, side string, start instant) {
	end := start + one(g, 0, 0, 20*minute, 20*minute, 30*minute, 2*hour, 9*hour, 25*hour)
	if to := g.instant(); to > start && g.chance(5) {
		end = to
	}
	celsius := g.lift + one(g, 18.0, 17.99, 17.9, 16, 15.99, 15, 15, 17, 16.8, 18.4)
	if g.chance(40) {
		celsius = g.nearest(start) + one(g, 0, 0.5, -0.5, 0.5001, -0.5001, -0.3, 0.4999999999)
	}
	g.tests = append(g.tests, []string{
		id("t", len(g.tests)), one(g, "Lab North", "Lab South"), strconv.FormatBool(!g.chance(6)), side, room,
		g.time(start), g.time(end), g.number(celsius),
	})
	g.remember(start, end)
}

func (g *generator) makeConfirmations() {
	var rows [][]string
	for i := range g.count(50, 4) {
		s := g.stretch()
		resident, supplier := strconv.FormatBool(!g.chance(15)), strconv.FormatBool(!g.chance(30))
		rows = append(rows, []string{id("c", i), g.time(s.start), g.time(s.end), resident, supplier})
		g.remember(s.start, s.end)
	}
	g.table("confirmations.csv", []string{"id", "start", "end", "resident", "supplier"}, rows)
}
