package measured

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/sensors"
)

// Known is what a record is held against.
type Known struct {
	Method *compliance.TestMethod // of the edition in force at the test; nil: the edition names none
	Zone   *time.Location
	Now    sensors.Instant
	// RoomArea is the registered one, m²; 0: not known.
	RoomArea compliance.Decimal
	// Institution is as the register has it now; nil: it is not registered.
	Institution *Institution
}

// expiresSoon is how long before its end a certificate is told to end, in days.
const expiresSoon = 30

// check holds a record against what is known.
type check struct {
	Known
	*Record
	errors, warnings []Problem
}

// Check holds what could be read against the method and the register. Errors spoil the test, warnings are told; see the table of
// the package. What Read has told is not told again.
func (r *Record) Check(k Known) (errors, warnings []Problem) {
	c := &check{Known: k, Record: r}
	c.institution()
	c.conditions()
	if k.Method != nil {
		c.columnsNeeded()
		for i := range r.Rows {
			c.row(&r.Rows[i])
		}
		c.points()
		c.gaps()
	} else {
		c.warn(r.place("room"), "", "no_method", compliance.Words{ZH: "该版本未规定检测方法", EN: "the edition names no measuring method; only the form was checked"})
	}
	c.times()
	return sorted(c.errors, order()), sorted(c.warnings, order())
}

func (c *check) fail(at Place, value, rule string, expected compliance.Words) {
	c.errors = append(c.errors, Problem{Place: at, Value: clip(value), Rule: rule, Expected: expected})
}

func (c *check) warn(at Place, value, rule string, expected compliance.Words) {
	c.warnings = append(c.warnings, Problem{Place: at, Value: clip(value), Rule: rule, Expected: expected})
}

// failCell is a problem of a row's cell.
func (c *check) failCell(row *Row, column, rule string, expected compliance.Words) {
	text, _ := row.text(column)
	c.fail(c.cellAt(row, column), text, rule, expected)
}

// day is the local day of the test; false without a time.
func (c *check) day() (compliance.Date, bool) {
	w := c.Window()
	return compliance.DateIn(w.Start, c.Zone), w.Start != 0
}

// institution holds institution and instrument against the register.
func (c *check) institution() {
	day, known := c.day()
	if c.Record.Institution == "" || !known {
		return
	}
	at := c.place("institution")
	if c.Known.Institution == nil {
		c.fail(at, c.Record.Institution, "institution", compliance.Words{ZH: "已登记的检测机构", EN: "an institution of the register"})
		return
	}
	if !c.Known.Institution.AccreditedOn(day) {
		c.warn(at, c.Record.Institution, "accredited", compliance.Words{
			ZH: "于 " + day.String() + " 具有资质；否则检测不适用，不作任何认定", EN: "accredited on " + day.String() + "; if not, the test is not applicable and decides nothing",
		})
	}
	if c.Instrument == "" || c.Certificate == "" {
		return
	}
	x, serial, ok := c.Known.Institution.instrument(c.Instrument, c.Certificate)
	switch {
	case !serial:
		c.fail(c.place("instrument"), c.Instrument, "instrument", compliance.Words{ZH: "该机构已登记的仪器", EN: "an instrument that is registered for the institution"})
		return
	case !ok:
		c.fail(c.place("certificate"), c.Certificate, "certificate", compliance.Words{ZH: "该仪器已登记的证书", EN: "a certificate that is registered for the instrument"})
		return
	case !x.Valid.Contains(day):
		c.fail(c.place("certificate"), c.Certificate, "certificate_valid", compliance.Words{
			ZH: "于 " + day.String() + " 有效（登记有效期 " + x.Valid.String() + "）", EN: "valid on " + day.String() + " (it is registered for " + x.Valid.String() + ")",
		})
	case x.Valid.To != 0 && x.Valid.To < day+expiresSoon:
		c.warn(c.place("certificate"), c.Certificate, "certificate_ends", compliance.Words{ZH: "将于 " + x.Valid.To.String() + " 到期", EN: "it ends on " + x.Valid.To.String()})
	}
	if m := c.Method; m != nil && m.InstrumentError.Sign() > 0 && (less(m.InstrumentError, x.Error) || x.Error.Sign() <= 0) {
		c.fail(c.place("instrument"), x.Error.String(), "instrument_error", compliance.Words{
			ZH: "误差不超过 ±" + m.InstrumentError.String() + " °C", EN: "an error of at most ±" + m.InstrumentError.String() + " °C by its certificate",
		})
	}
}

// String is 2015-01-01/2015-12-31, without an end 2015-01-01/.
func (d Days) String() string {
	if d.To == 0 {
		return d.From.String() + "/"
	}
	return d.From.String() + "/" + d.To.String()
}

// conditions holds what was said of the room: an error where the method asks for it, a warning where it only was not so.
func (c *check) conditions() {
	m := c.Method
	if m == nil {
		m = &compliance.TestMethod{}
	}
	answer := func(asked bool, field string, is, want Answer, expected compliance.Words) {
		switch {
		case is == want || is == "" && (!asked || c.fields[field].Text != ""): // what is no answer has been told
		case asked:
			c.fail(c.place(field), string(is), field, expected)
		default:
			c.warn(c.place(field), string(is), field, expected)
		}
	}
	answer(m.RoomClosed, "room_closed", c.RoomClosed, Yes, compliance.Words{ZH: "门窗关闭：yes（是）", EN: "yes: doors and windows closed"})
	answer(m.NotHandHeld, "hand_held", c.HandHeld, No, compliance.Words{ZH: "未手持：no（否）", EN: "no: nobody holds the instrument"})
	if over := m.PeopleOver; over.Sign() > 0 && !c.People.Bad && !(c.People.Given && less(over, c.People.Decimal)) {
		c.fail(c.place("people_m"), c.People.show(), "people_m", compliance.Words{
			ZH: "人员距仪器超过 " + over.String() + " m", EN: "more than " + over.String() + " m",
		})
	}
}

// columnsNeeded reports the columns that only this method needs.
func (c *check) columnsNeeded() {
	for _, n := range []struct {
		rule bool
		name string
	}{
		{c.Method.Height.Max.Sign() > 0, "height_m"},
		{c.Method.OuterWall.Sign() > 0, "outer_wall_m"},
		{c.Method.InnerWall.Sign() > 0, "inner_wall_m"},
		{c.Method.Window.Sign() > 0, "window_m"},
	} {
		if n.rule {
			c.needColumn(n.name, &c.errors)
		}
	}
}

// row holds a row against the method: where the instrument was, and at which hour.
func (c *check) row(row *Row) {
	m := c.Method
	if h := m.Height; h.Max.Sign() > 0 {
		c.distance(row, "height_m", row.Height, h.Min, h.Max, compliance.Words{
			ZH: "高 " + h.Min.String() + " 至 " + h.Max.String() + " m", EN: "from " + h.Min.String() + " to " + h.Max.String() + " m",
		})
	}
	for _, d := range []struct {
		column string
		is     Measure
		least  compliance.Decimal
	}{{"outer_wall_m", row.OuterWall, m.OuterWall}, {"inner_wall_m", row.InnerWall, m.InnerWall}, {"window_m", row.Window, m.Window}} {
		if d.least.Sign() > 0 {
			c.distance(row, d.column, d.is, d.least, compliance.Decimal{}, compliance.Words{
				ZH: "至少 " + d.least.String() + " m", EN: "at least " + d.least.String() + " m",
			})
		}
	}
	if row.At == 0 {
		return
	}
	local := row.At.Time().In(c.Zone)
	clock := time.Duration(local.Hour())*time.Hour + time.Duration(local.Minute())*time.Minute +
		time.Duration(local.Second())*time.Second + time.Duration(local.Nanosecond())
	if !m.Allows(clock) {
		text := hours(m.Hours)
		c.failCell(row, "time", "hours", compliance.Words{ZH: "在 " + text + " 之间", EN: "within " + text})
	}
}

func hours(all []compliance.HourSpan) string {
	text := ""
	for i, h := range all {
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprintf("%02d:%02d–%02d:%02d", h.From/60, h.From%60, h.To/60, h.To%60)
	}
	return text
}

// distance holds a length against its least and its greatest value (0: none), both allowed.
func (c *check) distance(row *Row, column string, is Measure, least, most compliance.Decimal, expected compliance.Words) {
	if _, there := c.columns[column]; !there || is.Bad {
		return // told once for the column, or by Read
	}
	if !is.Given || less(is.Decimal, least) || most.Sign() > 0 && less(most, is.Decimal) {
		c.failCell(row, column, column, expected)
	}
}

// times holds the record against the present.
func (c *check) times() {
	for i := range c.Rows {
		if row := &c.Rows[i]; row.At != 0 && row.At >= c.Now {
			c.failCell(row, "time", "future", compliance.Words{ZH: "已经过去的时间", EN: "a time that has passed"})
		}
	}
}

// gaps reports holes of the record: a window that no row proves.
func (c *check) gaps() {
	if c.Method.RecordGap == 0 {
		return
	}
	rows := make([]*Row, 0, len(c.Rows))
	for i := range c.Rows {
		if c.Rows[i].At == 0 {
			return // where it belongs is not known, and it has been told
		}
		rows = append(rows, &c.Rows[i])
	}
	slices.SortStableFunc(rows, func(a, b *Row) int { return cmp.Compare(a.At, b.At) })
	for i := 1; i < len(rows); i++ {
		if gap := rows[i].At.Sub(rows[i-1].At); gap > c.Method.RecordGap {
			c.failCell(rows[i], "time", "record_gap", compliance.Words{
				ZH: fmt.Sprintf("距上一行不超过 %s（现为 %s）", brief(c.Method.RecordGap), brief(gap)),
				EN: fmt.Sprintf("at most %s after the row before (it is %s)", brief(c.Method.RecordGap), brief(gap)),
			})
		}
	}
}

// brief is a duration as one would say it.
func brief(d time.Duration) string {
	switch {
	case d%time.Hour == 0:
		return fmt.Sprintf("%d h", d/time.Hour)
	case d%time.Minute == 0:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d%time.Second == 0:
		return fmt.Sprintf("%d s", d/time.Second)
	}
	return d.String()
}
