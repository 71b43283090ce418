package casefile

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/configs"
)

// strictTime is RFC 3339 with what time.Parse lets pass taken out: an hour of one digit, a decimal comma, offsets of 24
// hours and more, decimals that an Instant cannot hold.
var strictTime = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$`)

// parseTime reads exactly what is of the strict form and in the calendar of the standard library, in the years of a case.
func FuzzTime(f *testing.F) {
	for _, s := range []string{
		"2016-01-15T08:00:00+08:00", "2016-02-29T23:59:59.999999999Z", "2015-02-29T00:00:00Z", "1900-02-29T00:00:00Z",
		"2016-01-15T8:00:00+08:00", "2016-01-15T08:00:00,5+08:00", "2016-01-15T08:00:00+24:00", "2016-01-15T08:00:00-23:59",
		"2016-01-15T08:00:60Z", "2016-01-15t08:00:00z", "2016-01-15T08:00:00.Z", "2016-01-15T08:00:00.1234567890Z",
		"2016-01-15T08:00:00", "2016-1-15T08:00:00Z", "2000-03-01T00:00:00-00:00", "2200-12-31T23:59:59-23:59", "1971-01-01T00:00:00+23:59",
		"2016-01-15T08:00:00+08:0", "2016-01-15T08:00:00+08:00Z", "2016-13-15T08:00:00Z", "+016-01-15T08:00:00Z",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, fault := parseTime(s)
		if again, sameFault := parseTime([]byte(s)); again != got || fault != sameFault {
			t.Fatalf("%q: as bytes %v %v, as a string %v %v", s, again, sameFault, got, fault)
		}
		want, err := time.Parse(time.RFC3339, s)
		if !strictTime.MatchString(s) {
			err = errors.New("not of the strict form")
		}
		switch {
		case err != nil && fault == timeGood:
			t.Fatalf("%q: read as %v, but %v", s, got.Time(), err)
		case err == nil && outside(want.Year()):
			if fault != timeFarOff {
				t.Fatalf("%q: %v, want far off", s, fault)
			}
		case err == nil && (fault != timeGood || !got.Time().Equal(want)):
			t.Fatalf("%q: %v (fault %v), want %v", s, got.Time(), fault, want)
		}
		if fault == timeNoOffset {
			if _, err := time.Parse(time.RFC3339, s+"Z"); err != nil {
				t.Fatalf("%q lacks more than an offset: %v", s, err)
			}
		}
	})
}

// Every day of the years of a case falls where the calendar has it.
func TestTimeOfEveryDay(t *testing.T) {
	for day := time.Date(firstYear, 1, 1, 12, 0, 0, 0, time.UTC); day.Year() <= lastYear; day = day.AddDate(0, 0, 1) {
		text := day.Format(time.RFC3339)
		if got, fault := parseTime(text); fault != timeGood || !got.Time().Equal(day) {
			t.Fatalf("%s: %v, fault %v", text, got.Time(), fault)
		}
	}
}

// A file that records accepts is read by encoding/csv into the same fields on the same lines, and what encoding/csv
// refuses is refused.
func FuzzRecords(f *testing.F) {
	for _, s := range []string{
		"a,b\n1,2\n", "a,b\r\n\r\n1,\"2\"\"3\r\n4\"\r\n", "\"a\"b", "a\"b", "\"", ",", ",,\n", "\r", "a\r\r\n", "\"a\n\nb\",c\nd\n", " \n", "\xff", "\ufeffa\n",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r := newRecords(strings.NewReader(s))
		var got [][]string
		var lines []int
		faulty := false
		for {
			fields, line, err := r.next()
			if err == io.EOF {
				break
			}
			var fault *recordFault
			if err != nil {
				if !errors.As(err, &fault) || fault.text == "" || fault.line < 1 {
					t.Fatalf("%q: %v", s, err)
				}
				faulty = true
				if fault.fatal {
					break
				}
				continue
			}
			row := make([]string, len(fields))
			for i, cell := range fields {
				row[i] = string(cell)
			}
			got, lines = append(got, row), append(lines, line)
		}
		standard := csv.NewReader(strings.NewReader(strings.TrimPrefix(s, "\ufeff")))
		standard.FieldsPerRecord = -1
		for i := 0; ; i++ {
			want, err := standard.Read()
			if err == io.EOF && !faulty && i != len(got) {
				t.Fatalf("%q: %d records, want %d", s, len(got), i)
			}
			if err != nil && err != io.EOF && !faulty {
				t.Fatalf("%q: accepted, but %v", s, err)
			}
			if err != nil {
				break
			}
			if faulty {
				continue
			}
			line, _ := standard.FieldPos(0)
			if i >= len(got) || !slices.Equal(got[i], want) || lines[i] != line {
				t.Fatalf("%q: record %d is %q, want %q on line %d", s, i, got, want, line)
			}
		}
		if faulty && utf8.ValidString(s) && len(s) < maxColumns {
			standard = csv.NewReader(strings.NewReader(strings.TrimPrefix(s, "\ufeff")))
			standard.FieldsPerRecord = -1
			if _, err := standard.ReadAll(); err == nil {
				t.Fatalf("%q: refused, but encoding/csv reads it", s)
			}
		}
	})
}

// fuzzTable reads one file beside the others of a full case, which is parsed once: no table, whatever it holds, makes
// the reader panic, every problem has its place, and what is accepted is finite and can be judged.
func fuzzTable(f *testing.F, name string) {
	seeds(f, name)
	others := full()
	delete(others, name)
	delete(others, meterChangesCSV) // needs its meter
	base, err := Read(files(others), Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c := *base
		c.Facts.Rooms = slices.Clone(base.Facts.Rooms)
		c.Conflicts = make(map[string][]compliance.Conflict)
		rd := &reader{c: &c, rooms: make(map[string]int), roomsKnown: true}
		for i, r := range c.Facts.Rooms {
			rd.rooms[r.ID] = i
			rd.roomNames = append(rd.roomNames, r.ID)
		}
		rd.readFrom(rd.table(t, name), bytes.NewReader(b))
		if len(rd.problems) == 0 {
			rd.checkMeter(meterCSV)
		}
		if placed(t, rd.sorted()); len(rd.problems) == 0 {
			judgeable(t, &c)
		}
	})
}

func (rd *reader) table(t *testing.T, name string) *table {
	for _, table := range []*table{
		rd.readings(), rd.outdoor(), rd.outdoorDaily(), rd.heating(), rd.setpoints(), rd.outages(), rd.exemptions(), rd.reports(),
		rd.tests(), rd.confirmations(), rd.registers(meterCSV), rd.registers(buildingMeterCSV), rd.meterChanges(),
		rd.dayRuns(meterFaultsCSV, &rd.c.Billing.Faults), rd.dayRuns(unsuppliedCSV, &rd.c.Billing.UnsuppliedDays), rd.payments(),
	} {
		if table.file == name {
			return table
		}
	}
	t.Fatalf("no table %s", name)
	return nil
}

func FuzzCaseYAML(f *testing.F) {
	seeds(f, caseYAML)
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := Read(files(map[string]string{caseYAML: string(b), readingsCSV: full()[readingsCSV]}), Options{})
		if err == nil {
			judgeable(t, c)
			return
		}
		var problems configs.Problems
		if c != nil || !errors.As(err, &problems) || len(problems) == 0 {
			t.Fatalf("case %v, error %v", c, err)
		}
		placed(t, problems)
	})
}

// seeds adds the file of the full case and those of the bad ones.
func seeds(f *testing.F, name string) {
	names, err := filepath.Glob("testdata/*.bad/" + name)
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range names {
		if b, err := os.ReadFile(seed); err == nil && len(b) < 4096 {
			f.Add(b)
		}
	}
	f.Add([]byte(full()[name]))
}

func placed(t *testing.T, problems configs.Problems) {
	t.Helper()
	for _, p := range problems {
		if p.File == "" || p.Line < 1 || p.Text == "" {
			t.Fatalf("a problem without a place: %+v", p)
		}
	}
}

func judgeable(t *testing.T, c *Case) {
	t.Helper()
	finite(t, reflect.ValueOf(c.Facts))
	if _, err := compliance.Judge(c.Policy, &c.Facts); err != nil {
		t.Fatalf("accepted, but cannot be judged: %v", err)
	}
}

// finite finds a number that is none, wherever it is.
func finite(t *testing.T, v reflect.Value) {
	switch v.Kind() {
	case reflect.Float64:
		if f := v.Float(); math.IsNaN(f) || math.IsInf(f, 0) {
			t.Fatal("not a finite number:", f)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			finite(t, v.Field(i))
		}
	case reflect.Slice:
		for i := range v.Len() {
			finite(t, v.Index(i))
		}
	}
}

func FuzzReadings(f *testing.F)      { fuzzTable(f, readingsCSV) }
func FuzzOutdoor(f *testing.F)       { fuzzTable(f, outdoorCSV) }
func FuzzOutdoorDaily(f *testing.F)  { fuzzTable(f, outdoorDailyCSV) }
func FuzzHeating(f *testing.F)       { fuzzTable(f, heatingCSV) }
func FuzzSetpoints(f *testing.F)     { fuzzTable(f, setpointsCSV) }
func FuzzOutages(f *testing.F)       { fuzzTable(f, outagesCSV) }
func FuzzExemptions(f *testing.F)    { fuzzTable(f, exemptionsCSV) }
func FuzzReports(f *testing.F)       { fuzzTable(f, reportsCSV) }
func FuzzTests(f *testing.F)         { fuzzTable(f, testsCSV) }
func FuzzConfirmations(f *testing.F) { fuzzTable(f, confirmationsCSV) }
func FuzzMeter(f *testing.F)         { fuzzTable(f, meterCSV) }
func FuzzBuildingMeter(f *testing.F) { fuzzTable(f, buildingMeterCSV) }
func FuzzMeterChanges(f *testing.F)  { fuzzTable(f, meterChangesCSV) }
func FuzzMeterFaults(f *testing.F)   { fuzzTable(f, meterFaultsCSV) }
func FuzzUnsupplied(f *testing.F)    { fuzzTable(f, unsuppliedCSV) }
func FuzzPayments(f *testing.F)      { fuzzTable(f, paymentsCSV) }
