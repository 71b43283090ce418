package measured_test

import (
	"math/big"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/nuanju/nuanju/disputes/measured"
)

// drawn is a record of any numbers of points and readings.
func drawn(t *rapid.T) measured.Raw {
	raw := measured.Raw{Sheet: "readings", HeaderRow: 1, Header: []string{"time", "phase", "point", "celsius"}}
	for _, f := range [][2]string{{"household", "h1"}, {"room", "bed"}, {"commissioned_by", "joint"}, {"institution", "I"}, {"instrument", "T"}, {"certificate", "C"}} {
		raw.Fields = append(raw.Fields, measured.Field{Name: f[0], Text: f[1], Place: measured.Place{Sheet: "form"}})
	}
	for i := range rapid.IntRange(1, 12).Draw(t, "rows") {
		thousandths := rapid.IntRange(-39_000, 59_000).Draw(t, "°C/1000")
		raw.Rows = append(raw.Rows, measured.RawRow{Row: i + 2, Cells: []string{
			time.Date(2016, 1, 20, 9, i, 0, 0, time.UTC).Format(time.RFC3339), "reading", strconv.Itoa(rapid.IntRange(1, 5).Draw(t, "point")),
			strconv.FormatFloat(float64(thousandths)/1000, 'f', 3, 64),
		}})
	}
	return raw
}

// The value is the exact mean of what was written, rounded once; below a threshold it is below exactly when the mean is.
func TestValueIsTheExactMean(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := drawn(t)
		record, problems := measured.Read(raw, time.UTC)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		sum := new(big.Rat)
		for _, row := range raw.Rows {
			v, _ := new(big.Rat).SetString(row.Cells[3])
			sum.Add(sum, v)
		}
		mean := sum.Quo(sum, big.NewRat(int64(len(raw.Rows)), 1))
		if nearest, _ := mean.Float64(); record.Value() != nearest {
			t.Fatalf("%v, want %v", record.Value(), nearest)
		}
		if (record.Value() < 18) != (mean.Cmp(big.NewRat(18, 1)) < 0) {
			t.Fatalf("%v and %v are on different sides of 18", record.Value(), mean)
		}
	})
}

// The id follows from what was measured: not from the order of rows or columns, nor from how a number or a time is spelt. Any other
// temperature is another test.
func TestIDFollowsFromTheContent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := drawn(t)
		id := func(raw measured.Raw) string {
			record, problems := measured.Read(raw, time.UTC)
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			return record.ID()
		}
		want := id(raw)
		other := raw
		other.Header = []string{"温度", "测点", "time", "phase"}
		other.Rows = nil
		for _, i := range rapid.Permutation(indices(len(raw.Rows))).Draw(t, "order") {
			c := raw.Rows[i].Cells
			at, err := time.Parse(time.RFC3339, c[0])
			if err != nil {
				t.Fatal(err)
			}
			other.Rows = append(other.Rows, measured.RawRow{Row: i + 9, Cells: []string{
				c[3] + "00", c[2], at.In(time.FixedZone("", 8*3600)).Format(time.RFC3339), "读数",
			}})
		}
		if got := id(other); got != want {
			t.Fatalf("%s, want %s", got, want)
		}
		changed := raw.Rows[0].Cells
		changed[3] = strings.TrimSuffix(changed[3], changed[3][len(changed[3])-1:]) + string('0'+(changed[3][len(changed[3])-1]-'0'+1)%10)
		if got := id(raw); got == want {
			t.Fatal("another temperature has the same id")
		}
	})
}

func indices(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// A local time that a zone does not have, or has twice, is not guessed.
func TestLocalTimes(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"2016-01-20 09:00":          "2016-01-20T08:00:00Z",
		"2016/1/20 9:00:30":         "2016-01-20T08:00:30Z",
		"2016-01-20T09:00:00":       "2016-01-20T08:00:00Z",
		"2016-01-20T09:00:00+08:00": "2016-01-20T01:00:00Z",
		"2016-03-27 02:30":          "", // skipped
		"2015-10-25 02:30":          "", // twice
		"2016-02-30 09:00":          "",
		"2016-01-20 24:00":          "",
		"2016-01-20":                "",
		"1970-01-20 09:00":          "",
		"42389.375":                 "",
	} {
		record, problems := measured.Read(measured.Raw{Sheet: "csv", HeaderRow: 1, Header: []string{"time"}, Rows: []measured.RawRow{{Row: 2, Cells: []string{text}}}}, zone)
		got := ""
		if at := record.Rows[0].At; at != 0 {
			got = at.Time().UTC().Format(time.RFC3339)
		}
		told := false
		for _, p := range problems {
			told = told || p.Row == 2 && p.Column == "time"
		}
		if got != want || told == (want != "") {
			t.Errorf("%q: %s, want %s; told: %v", text, got, want, told)
		}
	}
}

// A file of too many rows, and one of none.
func TestRowsAreBounded(t *testing.T) {
	raw := measured.Raw{Sheet: "csv", HeaderRow: 1, Header: []string{"time", "phase", "point", "celsius"}}
	_, problems := measured.Read(raw, time.UTC)
	if p := problems[len(problems)-1]; p.Rule != "rows" || p.Row != 1 {
		t.Errorf("%+v", p)
	}
	for i := range measured.MaxRows + 5 {
		raw.Rows = append(raw.Rows, measured.RawRow{Row: i + 2, Cells: []string{"x", "x", "x", "x"}})
	}
	record, problems := measured.Read(raw, time.UTC)
	if len(record.Rows) != measured.MaxRows || len(problems) != measured.MaxProblems {
		t.Errorf("%d rows, %d problems", len(record.Rows), len(problems))
	}
}

func TestLetters(t *testing.T) {
	for column, want := range map[int]string{0: "A", 7: "H", 25: "Z", 26: "AA", 51: "AZ", 52: "BA", 701: "ZZ", 702: "AAA"} {
		if got := measured.Letters(column); got != want {
			t.Errorf("%d: %s, want %s", column, got, want)
		}
	}
}
