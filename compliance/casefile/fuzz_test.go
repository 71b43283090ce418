package casefile

import (
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

// No file of a case, whatever it holds, makes the reader panic, and what is accepted is a case of finite numbers.
func fuzzFile(f *testing.F, name string) {
	seeds, err := filepath.Glob("testdata/*.bad/" + name)
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range seeds {
		if b, err := os.ReadFile(seed); err == nil && len(b) < 10_000 {
			f.Add(b)
		}
	}
	good := full()
	if name == buildingMeterCSV {
		delete(good, meterCSV)
		good[caseYAML] = strings.Replace(good[caseYAML], "  suspended: true", "  building_area_m2: 4180", 1)
		good[name] = "time,kwh\n2016-01-15T08:00:00+08:00,1\n"
	}
	f.Add([]byte(good[name]))
	f.Fuzz(func(t *testing.T, b []byte) {
		good[name] = string(b)
		c, err := Read(files(good), Options{})
		var problems configs.Problems
		if err != nil {
			if c != nil || !errors.As(err, &problems) || len(problems) == 0 {
				t.Fatalf("case %v, error %v", c, err)
			}
			for _, p := range problems {
				if p.File == "" || p.Line < 1 || p.Text == "" {
					t.Fatalf("a problem without a place: %+v", p)
				}
			}
			return
		}
		finite(t, reflect.ValueOf(c.Facts))
		if _, err := compliance.Judge(c.Policy, &c.Facts); err != nil {
			t.Fatalf("accepted, but cannot be judged: %v", err)
		}
	})
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

func FuzzCaseYAML(f *testing.F)      { fuzzFile(f, caseYAML) }
func FuzzReadings(f *testing.F)      { fuzzFile(f, readingsCSV) }
func FuzzOutdoor(f *testing.F)       { fuzzFile(f, outdoorCSV) }
func FuzzOutdoorDaily(f *testing.F)  { fuzzFile(f, outdoorDailyCSV) }
func FuzzHeating(f *testing.F)       { fuzzFile(f, heatingCSV) }
func FuzzSetpoints(f *testing.F)     { fuzzFile(f, setpointsCSV) }
func FuzzOutages(f *testing.F)       { fuzzFile(f, outagesCSV) }
func FuzzExemptions(f *testing.F)    { fuzzFile(f, exemptionsCSV) }
func FuzzReports(f *testing.F)       { fuzzFile(f, reportsCSV) }
func FuzzTests(f *testing.F)         { fuzzFile(f, testsCSV) }
func FuzzConfirmations(f *testing.F) { fuzzFile(f, confirmationsCSV) }
func FuzzMeter(f *testing.F)         { fuzzFile(f, meterCSV) }
func FuzzBuildingMeter(f *testing.F) { fuzzFile(f, buildingMeterCSV) }
func FuzzMeterChanges(f *testing.F)  { fuzzFile(f, meterChangesCSV) }
func FuzzMeterFaults(f *testing.F)   { fuzzFile(f, meterFaultsCSV) }
func FuzzUnsupplied(f *testing.F)    { fuzzFile(f, unsuppliedCSV) }
func FuzzPayments(f *testing.F)      { fuzzFile(f, paymentsCSV) }
