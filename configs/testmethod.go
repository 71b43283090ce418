package configs

import (
	"fmt"
	"regexp"
	"time"

	"github.com/nuanju/nuanju/compliance"
)

// maxMetres is more than the height or width of any room.
const maxMetres = 10

// maxPoints is more than anybody measures in one room.
const maxPoints = 25

// testMethod is how a third party measures; nil where the edition does not say.
func testMethod(m *Map) *compliance.TestMethod {
	if m == nil {
		return nil
	}
	out := &compliance.TestMethod{
		Points:          testPoints(m.May("points")),
		Height:          metreRange(m.May("height").Map()),
		OuterWall:       metres(m.May("outer_wall")),
		InnerWall:       metres(m.May("inner_wall")),
		Window:          metres(m.May("window")),
		Stabilisation:   stabilisation(m.May("stabilisation").Map()),
		RecordGap:       m.May("record_gap").Duration(time.Minute, 24*time.Hour),
		InstrumentError: above(m.May("instrument_error"), 10),
		Hours:           hourSpans(m.May("hours")),
		RoomClosed:      m.May("room_closed").Bool(),
		NotHandHeld:     m.May("not_hand_held").Bool(),
		PeopleOver:      metres(m.May("people_over")),
	}
	points, more := m.May("points"), m.May("points_above")
	if points.Given() != more.Given() { // else some rooms would have no number of points
		m.Need("points")
		m.Need("points_above")
	}
	if more.Given() {
		out.PointsAbove = more.Int(1, maxPoints)
	}
	if v := m.May("readings"); v.Given() {
		out.Readings = v.Int(1, 100)
	}
	if spacing := m.May("spacing").Map(); spacing != nil {
		every, tolerance := spacing.Need("every"), spacing.Need("tolerance")
		out.Every, out.EveryTolerance = every.Duration(time.Second, time.Hour), tolerance.Duration(0, time.Hour)
		if every.OK() && tolerance.OK() && out.EveryTolerance >= out.Every {
			tolerance.Report("%s is not below the spacing, %s", out.EveryTolerance, out.Every)
		}
	}
	return out
}

// testPoints are in ascending order of area.
func testPoints(v Value) []compliance.TestPoints {
	var out []compliance.TestPoints
	for i, m := range v.Maps() {
		area := m.Need("up_to_m2")
		p := compliance.TestPoints{UpTo: above(area, 10_000), Count: m.Need("count").Int(1, maxPoints)}
		if i > 0 && area.OK() && p.UpTo.Rat().Cmp(out[i-1].UpTo.Rat()) <= 0 {
			area.Report("%s is not above the area before, %s", p.UpTo, out[i-1].UpTo)
		}
		out = append(out, p)
	}
	return out
}

func metreRange(m *Map) compliance.MetreRange {
	r := compliance.MetreRange{Min: metres(m.Need("from")), Max: metres(m.Need("to"))}
	if m != nil && m.May("from").OK() && m.May("to").OK() && r.Max.Rat().Cmp(r.Min.Rat()) < 0 {
		m.May("to").Report("%s is below from, %s", r.Max, r.Min)
	}
	return r
}

func stabilisation(m *Map) compliance.Stabilisation {
	return compliance.Stabilisation{Drift: above(m.Need("drift"), 10), Over: m.Need("over").Duration(time.Minute, 24*time.Hour)}
}

func metres(v Value) compliance.Decimal { return above(v, maxMetres) }

// above is a decimal in (0, high]; 0 if absent or faulty, which is no rule.
func above(v Value, high int64) compliance.Decimal {
	d, ok := between(v, 0, high)
	if ok && d.Sign() == 0 {
		v.Report("0 is no rule: leave it out, or give a number above 0")
	}
	return d
}

var clockForm = regexp.MustCompile(`^([01]\d|2[0-3]):[0-5]\d$|^24:00$`)

// minuteOfDay is a time of the day as 06:00, in minutes from its start.
func minuteOfDay(v Value) int {
	if v.node == nil {
		return 0
	}
	text := v.scalarText()
	if !clockForm.MatchString(text) {
		v.want("a time of the day such as 06:00")
		return 0
	}
	var hour, minute int
	_, _ = fmt.Sscanf(text, "%d:%d", &hour, &minute) // the form has been checked
	return 60*hour + minute
}

func hourSpans(v Value) []compliance.HourSpan {
	var out []compliance.HourSpan
	for i, m := range v.Maps() {
		from, to := m.Need("from"), m.Need("to")
		h := compliance.HourSpan{From: minuteOfDay(from), To: minuteOfDay(to)}
		switch {
		case !from.OK() || !to.OK():
		case h.To <= h.From:
			to.Report("%s is not after from, %s", to.scalarText(), from.scalarText())
		case i > 0 && h.From <= out[i-1].To:
			from.Report("%s is not after the span before", from.scalarText())
		}
		out = append(out, h)
	}
	return out
}
