package measured

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/sensors"
)

// reader turns what was handed in into a record, and keeps what is wrong with it.
type reader struct {
	zone     *time.Location
	record   *Record
	problems []Problem
}

// Read understands what was handed in. Times without an offset are of the zone. The problems are all that cannot be read, by place;
// the record holds what can.
func Read(raw Raw, zone *time.Location) (*Record, []Problem) {
	r := &reader{zone: zone, record: &Record{
		fields: map[string]Field{}, columns: map[string]int{}, sheet: raw.Sheet, header: raw.HeaderRow, lettered: raw.Lettered,
	}}
	r.fields(raw.Fields)
	r.header(raw.Header)
	if len(raw.Rows) > MaxRows {
		r.add(Place{Sheet: raw.Sheet, Row: raw.Rows[MaxRows].Row, Column: "time"}, "", "rows", compliance.Words{
			ZH: fmt.Sprintf("最多 %d 行", MaxRows), EN: fmt.Sprintf("at most %d rows", MaxRows),
		})
		raw.Rows = raw.Rows[:MaxRows]
	}
	for _, row := range raw.Rows {
		r.row(row, len(raw.Header))
	}
	if len(raw.Rows) == 0 {
		r.add(Place{Sheet: raw.Sheet, Row: raw.HeaderRow, Column: "time"}, "", "rows", compliance.Words{ZH: "至少一行读数", EN: "at least one row"})
	}
	return r.record, sorted(r.problems, order())
}

func (r *reader) add(at Place, value, rule string, expected compliance.Words) {
	r.problems = append(r.problems, Problem{Place: at, Value: clip(value), Rule: rule, Expected: expected})
}

// clip is a text short enough for a message, in one line.
func clip(s string) string {
	s = strings.Map(func(c rune) rune {
		if c == utf8.RuneError || !unicode.IsPrint(c) {
			return '·'
		}
		return c
	}, s)
	if runes := []rune(s); len(runes) > 60 {
		return string(runes[:60]) + "…"
	}
	return s
}

// fields reads what was said of the test as a whole. Of a field given in several places all must say the same.
func (r *reader) fields(all []Field) {
	for _, f := range all {
		f.Text = strings.TrimSpace(f.Text)
		c, ok := named(Fields(), strings.TrimSpace(f.Name))
		if !ok {
			r.add(f.Place, f.Name, "unknown_field", oneOf(Fields()))
			continue
		}
		f.Name, f.Place.Column = c.Name, c.Name
		before, twice := r.record.fields[c.Name]
		if twice && f.Text == "" {
			continue // what a template leaves empty is said elsewhere
		}
		if twice && before.Text != "" && before.Text != f.Text {
			r.add(f.Place, f.Text, "field_twice", compliance.Words{
				ZH: "与另一处填写的一致：" + clip(before.Text), EN: "the same as in the other place: " + clip(before.Text),
			})
			continue
		}
		r.record.fields[c.Name] = f
	}
	to := r.record
	to.Household, to.Room = r.id("household"), r.id("room")
	to.Institution, to.Instrument, to.Certificate = r.id("institution"), r.id("instrument"), r.id("certificate")
	to.CommissionedBy = compliance.Side(r.word("commissioned_by", map[string]string{
		"resident": "resident", "joint": "joint", "supplier": "supplier", "用热人": "resident", "双方": "joint", "供热人": "supplier",
	}, compliance.Words{ZH: "resident（用热人）、joint（双方）或 supplier（供热人）", EN: "one of resident, joint, supplier"}))
	answers := map[string]string{"yes": "yes", "no": "no", "是": "yes", "否": "no"}
	yesOrNo := compliance.Words{ZH: "yes（是）或 no（否）", EN: "yes or no"}
	to.RoomClosed, to.HandHeld = Answer(r.word("room_closed", answers, yesOrNo)), Answer(r.word("hand_held", answers, yesOrNo))
	to.Area = r.measureField("area_m2", "1", "1000", "m²")
	to.People = r.measureField("people_m", "0", "100", "m")
	if f, ok := to.fields["remarks"]; ok {
		to.Remarks = f.Text
		if len(f.Text) > MaxRemarks || !utf8.ValidString(f.Text) || strings.ContainsFunc(f.Text, unprintable) {
			r.add(f.Place, f.Text, "remarks", compliance.Words{ZH: "不超过 2000 字节的文字", EN: "a text of at most 2000 bytes"})
			to.Remarks = ""
		}
	}
}

func unprintable(c rune) bool { return unicode.IsControl(c) && c != '\n' && c != '\t' && c != '\r' }

// Place is where a field stands, or would.
func (r *Record) Place(field string) Place { return r.place(field) }

func (r *Record) place(field string) Place {
	if f, ok := r.fields[field]; ok {
		return f.Place
	}
	return Place{Sheet: "form", Column: field}
}

// id is a field that must be there and names something.
func (r *reader) id(field string) string {
	text := r.record.fields[field].Text
	if sensors.CheckID(text) == nil {
		return text
	}
	c, _ := named(Fields(), field)
	r.add(r.record.place(field), text, "field", c.About)
	return ""
}

// word is a field that is one of some words, or is not given.
func (r *reader) word(field string, words map[string]string, expected compliance.Words) string {
	f := r.record.fields[field]
	if f.Text == "" && field != "commissioned_by" {
		return ""
	}
	word, ok := words[f.Text]
	if !ok {
		r.add(r.record.place(field), f.Text, "field", expected)
	}
	return word
}

func (r *reader) measureField(field, low, high, unit string) Measure {
	m, expected := measure(r.record.fields[field].Text, low, high, unit, 15)
	if m.Bad {
		r.add(r.record.place(field), r.record.fields[field].Text, "number", expected)
	}
	return m
}

// measure reads a number in [low, high]. What is expected is said in any case.
func measure(text, low, high, unit string, decimals int) (Measure, compliance.Words) {
	expected := compliance.Words{ZH: low + " 至 " + high + " 之间的数（" + unit + "）", EN: "a number from " + low + " to " + high + " (" + unit + ")"}
	text = strings.TrimSpace(text)
	if text == "" {
		return Measure{}, expected
	}
	d, err := compliance.ParseDecimal(text)
	_, fraction, _ := strings.Cut(d.String(), ".")
	if err != nil || less(d, decimal(low)) || less(decimal(high), d) {
		return Measure{Given: true, Bad: true}, expected
	}
	if len(fraction) > decimals {
		return Measure{Given: true, Bad: true}, compliance.Words{
			ZH: fmt.Sprintf("最多 %d 位小数", decimals), EN: fmt.Sprintf("at most %d decimals", decimals),
		}
	}
	return Measure{Decimal: d, Given: true}, expected
}

func less(a, b compliance.Decimal) bool { return a.Rat().Cmp(b.Rat()) < 0 }

// decimal is a number written in this package.
func decimal(s string) compliance.Decimal {
	d, err := compliance.ParseDecimal(s)
	if err != nil {
		panic("measured: " + err.Error())
	}
	return d
}

func oneOf(all []Column) compliance.Words {
	names := make([]string, len(all))
	for i, c := range all {
		names[i] = c.Name
	}
	list := strings.Join(names, ", ")
	return compliance.Words{ZH: "以下之一：" + list, EN: "one of " + list}
}

// header finds the columns.
func (r *reader) header(names []string) {
	for i, name := range names {
		c, ok := named(Columns(), strings.TrimSpace(name))
		at := r.record.at(r.record.header, i, strings.TrimSpace(name))
		switch _, twice := r.record.columns[c.Name]; {
		case !ok && strings.TrimSpace(name) == "":
		case !ok:
			r.add(at, name, "unknown_column", oneOf(Columns()))
		case twice:
			r.add(at, name, "column_twice", compliance.Words{ZH: "每列一次", EN: "each column once"})
		default:
			r.record.columns[c.Name] = i
		}
	}
	for _, needed := range []string{"time", "phase", "point", "celsius"} {
		r.record.needColumn(needed, &r.problems)
	}
}

// needColumn reports a column that is not there, once for the whole table.
func (r *Record) needColumn(name string, problems *[]Problem) bool {
	if _, ok := r.columns[name]; ok {
		return true
	}
	*problems = append(*problems, Problem{
		Place: Place{Sheet: r.sheet, Row: r.header, Column: name}, Rule: "missing_column",
		Expected: compliance.Words{ZH: "有列 " + name, EN: "a column " + name},
	})
	return false
}

// at is the place of a cell.
func (r *Record) at(row, column int, name string) Place {
	p := Place{Sheet: r.sheet, Row: row, Column: name}
	if r.lettered && column >= 0 {
		p.Cell = Letters(column) + strconv.Itoa(row)
	}
	return p
}

// row reads a line of the table.
func (r *reader) row(raw RawRow, width int) {
	row := Row{raw: raw, cells: r.record.columns}
	for i := width; i < len(raw.Cells); i++ {
		if strings.TrimSpace(raw.Cells[i]) != "" {
			r.add(r.record.at(raw.Row, i, ""), raw.Cells[i], "beyond_header", compliance.Words{ZH: "表头之外为空", EN: "nothing beyond the header"})
			break
		}
	}
	if text, ok := row.text("time"); ok {
		if row.At, ok = parseTime(text, r.zone); !ok {
			r.cell(&row, "time", "time", compliance.Words{ZH: "时间，如 2016-01-20 09:00:00", EN: "a time such as 2016-01-20 09:00:00"})
		}
	}
	if text, ok := row.text("phase"); ok {
		row.Phase = map[string]Phase{"settling": Settling, "reading": Reading, "稳定": Settling, "读数": Reading}[text]
		if row.Phase == "" {
			r.cell(&row, "phase", "phase", compliance.Words{ZH: "settling（稳定）或 reading（读数）", EN: "settling or reading"})
		}
	}
	if text, ok := row.text("point"); ok {
		if n, err := strconv.Atoi(text); err == nil && n >= 1 && n <= 25 && text == strconv.Itoa(n) {
			row.Point = n
		} else {
			r.cell(&row, "point", "point", compliance.Words{ZH: "1 至 25 的整数", EN: "a whole number from 1 to 25"})
		}
	}
	for _, m := range []struct {
		to                      *Measure
		column, low, high, unit string
		decimals                int
	}{
		{&row.Height, "height_m", "0", "10", "m", 15},
		{&row.OuterWall, "outer_wall_m", "0", "100", "m", 15},
		{&row.InnerWall, "inner_wall_m", "0", "100", "m", 15},
		{&row.Window, "window_m", "0", "100", "m", 15},
		{&row.Celsius, "celsius", "-40", "60", "°C", MaxDecimals},
	} {
		text, ok := row.text(m.column)
		var expected compliance.Words
		*m.to, expected = measure(text, m.low, m.high, m.unit, m.decimals)
		if ok && (m.to.Bad || m.column == "celsius" && !m.to.Given) {
			m.to.Bad = true
			r.cell(&row, m.column, "number", expected)
		}
	}
	r.record.Rows = append(r.record.Rows, row)
}

// text is what stands in a column; false if there is no such column.
func (row *Row) text(column string) (string, bool) {
	i, ok := row.cells[column]
	if !ok || i >= len(row.raw.Cells) {
		return "", ok
	}
	return strings.TrimSpace(row.raw.Cells[i]), true
}

// cell adds a problem of a row's cell.
func (r *reader) cell(row *Row, column, rule string, expected compliance.Words) {
	text, _ := row.text(column)
	r.add(r.record.cellAt(row, column), text, rule, expected)
}

func (r *Record) cellAt(row *Row, column string) Place {
	i, ok := r.columns[column]
	if !ok {
		i = -1
	}
	return r.at(row.raw.Row, i, column)
}

var localTime = regexp.MustCompile(`^(\d{4})[-/](\d{1,2})[-/](\d{1,2})[T ](\d{1,2}):(\d{2})(?::(\d{2}))?$`)

// parseTime is a time of RFC 3339, or one of the zone without an offset. A local time that the zone does not have, or has twice, is
// refused: it would have to be guessed.
func parseTime(text string, zone *time.Location) (sensors.Instant, bool) {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		m := localTime.FindStringSubmatch(text)
		if m == nil {
			return 0, false
		}
		var n [6]int
		for i := range n {
			n[i], _ = strconv.Atoi(m[i+1]) // digits, or nothing for seconds
		}
		t = time.Date(n[0], time.Month(n[1]), n[2], n[3], n[4], n[5], 0, zone)
		same := func(t time.Time) bool {
			return t.Year() == n[0] && int(t.Month()) == n[1] && t.Day() == n[2] && t.Hour() == n[3] && t.Minute() == n[4] && t.Second() == n[5]
		}
		if !same(t) || same(t.Add(time.Hour).In(zone)) || same(t.Add(-time.Hour).In(zone)) {
			return 0, false
		}
	}
	if t.Year() < 1980 || t.Year() > 2200 {
		return 0, false
	}
	return sensors.At(t), true
}
