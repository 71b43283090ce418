package measured_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/configs"
	"github.com/nuanju/nuanju/disputes/measured"
	"github.com/nuanju/nuanju/sensors"
)

// A scenario is a test as a tester hands it in, and what must be said of it. Lines:
//
//	method tianjin              another method than Beijing's pack
//	area_m2: 12                 a field
//	registered 16.5             the room's registered area
//	accredited 2016-01-21 -     the institution's days
//	certificate FROM TO         the certificate's days
//	instrument_error 0.3        by the certificate
//	09:00 settling 1 18.0       a row, on 20 January 2016 in Beijing; the first has row 2; NAME=VALUE for other columns
//	error A2 hours              an error at a cell, or a field, by the rule's name; in order, and no others
//	warning area_m2 area        likewise
//	value 18                    the room's value, exactly; only without errors
//	window 09:00 09:12          the test's window
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) < 24 {
		t.Fatalf("%d scenarios: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s := newScenario(t)
			for line := range strings.Lines(string(text)) {
				s.read(t, strings.TrimSpace(line))
			}
			s.check(t)
		})
	}
}

var beijing = time.FixedZone("CST", 8*3600)

type scenario struct {
	raw        measured.Raw
	known      measured.Known
	want       []string
	wantValue  string
	wantWindow string
}

// local is a time of 20 January 2016, as 09:00 or 09:00:00.
func local(t *testing.T, clock string) sensors.Instant {
	t.Helper()
	if len(clock) == 5 {
		clock += ":00"
	}
	at, err := time.ParseInLocation("2006-01-02 15:04:05", "2016-01-20 "+clock, beijing)
	if err != nil {
		t.Fatal(err)
	}
	return sensors.At(at)
}

func number(t testing.TB, s string) compliance.Decimal {
	t.Helper()
	d, err := compliance.ParseDecimal(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func date(t *testing.T, s string) compliance.Date {
	t.Helper()
	if s == "-" {
		return 0
	}
	d, err := compliance.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func newScenario(t *testing.T) *scenario {
	t.Helper()
	policy, err := configs.Policy(configs.DefaultPolicy)
	if err != nil {
		t.Fatal(err)
	}
	s := &scenario{raw: measured.Raw{Sheet: "readings", HeaderRow: 1, Lettered: true}}
	for _, c := range measured.Columns() {
		s.raw.Header = append(s.raw.Header, c.Name)
	}
	for name, text := range map[string]string{
		"household": "h1", "room": "bed", "commissioned_by": "resident", "institution": "Lab South", "instrument": "T-7", "certificate": "C-9",
		"room_closed": "yes", "hand_held": "no",
	} {
		s.field(name, text)
	}
	s.known = measured.Known{
		Method: policy.Editions[0].TestMethod, Zone: beijing, Now: local(t, "12:00"),
		Institution: &measured.Institution{
			ID: "Lab South", Accredited: []measured.Days{{From: date(t, "2010-01-01")}},
			Instruments: []measured.Instrument{{
				Serial: "T-7", Certificate: "C-9", Valid: measured.Days{From: date(t, "2015-01-01"), To: date(t, "2016-12-31")}, Error: number(t, "0.2"),
			}},
		},
	}
	return s
}

// field gives a field, in place of the one that was given before.
func (s *scenario) field(name, text string) {
	s.raw.Fields = slices.DeleteFunc(s.raw.Fields, func(f measured.Field) bool { return f.Name == name })
	s.raw.Fields = append(s.raw.Fields, measured.Field{Name: name, Text: text, Place: measured.Place{Sheet: "form"}})
}

func (s *scenario) read(t *testing.T, line string) {
	t.Helper()
	words := strings.Fields(line)
	if len(words) == 0 || words[0] == "#" {
		return
	}
	institution := s.known.Institution
	switch words[0] {
	case "method":
		s.known.Method = methodOf(t, words[1])
	case "registered":
		s.known.RoomArea = number(t, words[1])
	case "accredited":
		institution.Accredited = []measured.Days{{From: date(t, words[1]), To: date(t, words[2])}}
	case "certificate":
		institution.Instruments[0].Valid = measured.Days{From: date(t, words[1]), To: date(t, words[2])}
	case "instrument_error":
		institution.Instruments[0].Error = number(t, words[1])
	case "error", "warning":
		s.want = append(s.want, line)
	case "value":
		s.wantValue = words[1]
	case "window":
		s.wantWindow = fmt.Sprint(local(t, words[1]).Time(), local(t, words[2]).Time())
	default:
		if name, text, ok := strings.Cut(line, ": "); ok {
			s.field(name, text)
			return
		}
		s.row(words)
	}
}

func (s *scenario) row(words []string) {
	cells := map[string]string{
		"time": "2016-01-20 " + words[0], "phase": words[1], "point": words[2], "celsius": words[3],
		"height_m": "1.4", "outer_wall_m": "2", "inner_wall_m": "1.5", "window_m": "2",
	}
	for _, word := range words[4:] {
		name, text, _ := strings.Cut(word, "=")
		cells[name] = text
	}
	row := measured.RawRow{Row: len(s.raw.Rows) + 2}
	for _, name := range s.raw.Header {
		row.Cells = append(row.Cells, cells[name])
	}
	s.raw.Rows = append(s.raw.Rows, row)
}

func (s *scenario) check(t *testing.T) {
	t.Helper()
	record, unread := measured.Read(s.raw, beijing)
	failed, told := record.Check(s.known)
	var got []string
	errs := measured.Merged(unread, failed)
	for _, p := range errs {
		got = append(got, "error "+place(p)+" "+p.Rule)
		sayable(t, p)
	}
	for _, p := range told {
		got = append(got, "warning "+place(p)+" "+p.Rule)
		sayable(t, p)
	}
	slices.SortStableFunc(s.want, func(a, b string) int { return strings.Compare(a[:1], b[:1]) }) // errors first
	if !slices.Equal(got, s.want) {
		t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(s.want, "\n\t"))
	}
	if (s.wantValue == "") != (len(errs) > 0) {
		t.Errorf("a scenario without errors says the value, others do not")
	}
	if v := strconv.FormatFloat(record.Value(), 'g', -1, 64); s.wantValue != "" && v != s.wantValue {
		t.Errorf("value %s, want %s", v, s.wantValue)
	}
	if w := record.Window(); s.wantWindow != "" && fmt.Sprint(w.Start.Time(), w.End.Time()) != s.wantWindow {
		t.Errorf("window %s %s, want %s", w.Start.Time(), w.End.Time(), s.wantWindow)
	}
}

func place(p measured.Problem) string {
	if p.Cell != "" {
		return p.Cell
	}
	return p.Column
}

// sayable fails on a problem that does not say what is expected, in both languages.
func sayable(t *testing.T, p measured.Problem) {
	t.Helper()
	if p.Expected.ZH == "" || p.Expected.EN == "" || p.Sheet == "" || p.Column == "" {
		t.Errorf("%+v does not say where or what", p)
	}
}

// methodOf is a method as other packs have them.
func methodOf(t *testing.T, name string) *compliance.TestMethod {
	t.Helper()
	switch name {
	case "tianjin":
		return &compliance.TestMethod{
			Height:          compliance.MetreRange{Min: number(t, "1.1"), Max: number(t, "1.3")},
			InstrumentError: number(t, "0.3"), RoomClosed: true, NotHandHeld: true, PeopleOver: number(t, "1"),
		}
	case "harbin":
		return &compliance.TestMethod{OuterWall: number(t, "1.5"), Window: number(t, "1.5"), Hours: []compliance.HourSpan{{From: 360, To: 480}, {From: 960, To: 1200}}}
	}
	t.Fatalf("no method %s", name)
	return nil
}
