package ingest_test

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/ingest"
)

// A real winter, sent in each format, is the same winter: every value to the last bit, every time to the nanosecond.
func TestFormatsAgreeOnARealWinter(t *testing.T) {
	f, err := os.Open("../../../shared/data/rooms/appliances_2016.csv")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the shared data is absent: ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	zone := time.FixedZone("", 3600)
	var line, js, table strings.Builder
	var want []float64
	js.WriteString("[")
	table.WriteString("celsius,time,device\n")
	for i, row := range rows[1:] {
		at, err := time.ParseInLocation(time.DateTime, row[0], zone)
		if err != nil {
			t.Fatal(err)
		}
		celsius := strings.TrimSpace(row[5]) // the living room
		v, err := strconv.ParseFloat(celsius, 64)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, v)
		fmt.Fprintf(&line, "temperature,device=T2 celsius=%s %d\n", celsius, at.UnixMilli())
		if i > 0 {
			js.WriteString(",")
		}
		fmt.Fprintf(&js, `{"device":"T2","celsius":%s,"time":"%s"}`, celsius, at.Format(time.RFC3339))
		fmt.Fprintf(&table, "%s,%s,T2\n", celsius, at.Format(time.RFC3339))
	}
	js.WriteString("]")
	d := ingest.NewDecoder(ingest.DefaultBounds())
	var lines, elements, cells ingest.Batch
	d.LineProtocol(&lines, []byte(line.String()), ingest.Millisecond, received)
	d.JSON(&elements, []byte(js.String()))
	d.CSV(&cells, []byte(table.String()))
	for _, b := range []*ingest.Batch{&lines, &elements, &cells} {
		if len(b.Records) != len(want) || b.Rejected > 0 {
			t.Fatalf("%s: %d records of %d, errors %v", b.Format, len(b.Records), len(want), b.Errors)
		}
		for i := range want {
			got, first := b.Records[i], lines.Records[i]
			if got.Value != want[i] || got.At != first.At || got.Owner != "T2" {
				t.Fatalf("%s %d: %s, want %v at %s", b.Format, i, show(&got), want[i], first.At.Time())
			}
		}
		reparse(t, d, b)
	}
}

// InfluxDB 2 knows four precisions; the names of InfluxDB 1 get its answer.
func TestParsePrecision(t *testing.T) {
	for s, want := range map[string]ingest.Precision{
		"": ingest.Nanosecond, "ns": ingest.Nanosecond, "us": ingest.Microsecond, "ms": ingest.Millisecond, "s": ingest.Second,
	} {
		if got, err := ingest.ParsePrecision(s); err != nil || got != want {
			t.Errorf("ParsePrecision(%q) = %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"n", "u", "µs", "m", "h", "S", " s"} {
		if _, err := ingest.ParsePrecision(s); err == nil || err.Error() != "invalid precision; valid precision units are ns, us, ms, and s" {
			t.Errorf("ParsePrecision(%q): %v", s, err)
		}
	}
	d := ingest.NewDecoder(ingest.DefaultBounds())
	var b ingest.Batch
	for p, unit := range []int64{1, 1e3, 1e6, 1e9} {
		d.LineProtocol(&b, []byte("temperature,device=a celsius=18 1700000001"), ingest.Precision(p), received)
		if got, want := b.Records[0].At, sensors.Instant(1_700_000_001*unit); got != want {
			t.Errorf("%s: %d, want %d", ingest.Precision(p), got, want)
		}
	}
}

// A body costs no more than its bounds say, and says which one it met.
func TestBounds(t *testing.T) {
	bounds := ingest.Bounds{Lines: 3, LineBytes: 80, Pairs: 4, Names: 2, Errors: 2}
	const ok = "temperature,device=a celsius=18\n"
	long := strings.Repeat("x", 60)
	tests := map[string]struct {
		line, json, csv string
		records         int
		errors          []string
		rejected        int
	}{
		"as many lines as allowed":   {line: ok + ok + ok, records: 3},
		"a line too many":            {line: ok + ok + ok + ok, errors: []string{"more than 3 readings in one body"}, rejected: 1},
		"a long line":                {line: ok + "temperature,device=" + long[:50] + " celsius=18\n" + "temperature,device=" + long[:51] + " celsius=18\n", records: 2, errors: []string{"line 3: longer than 80 bytes"}, rejected: 1},
		"many tags":                  {line: "temperature,device=a,b=1,c=2,d=3,e=4 celsius=18\n", errors: []string{"line 1: more than 4 tags and fields"}, rejected: 1},
		"many fields":                {line: "temperature,device=a celsius=18,b=1,c=2,d=3,e=4\n", errors: []string{"line 1: more than 4 tags and fields"}, rejected: 1},
		"more errors than are shown": {line: "a b=1\nc d=1\ne f=1\n", errors: []string{`line 1: unknown measurement "a"; want temperature, heat_meter, outdoor, heating, valve or setpoint`, `line 2: unknown measurement "c"; want temperature, heat_meter, outdoor, heating, valve or setpoint`}, rejected: 3},
		"an element too many":        {json: `[1,1,1,1]`, errors: []string{"/0: want an object, got a number", "more than 3 readings in one body"}, rejected: 4},
		"a long element":             {json: `[{"device":"` + long + long + `"}]`, errors: []string{"/0: longer than 80 bytes"}, rejected: 1},
		"a row too many":             {csv: "time,device\nx\nx\nx\nx\n", errors: []string{"more than 3 readings in one body"}, rejected: 1},
		"a long row":                 {csv: "time,device\n" + long + "," + long, errors: []string{"line 2: longer than 80 bytes"}, rejected: 1},
		"not UTF-8":                  {csv: "time,device\n\xff", errors: []string{"line 2, column 1: not UTF-8"}, rejected: 1},
		"not UTF-8 in JSON":          {json: "[\"é\xff\"]", errors: []string{"line 1, column 5: not UTF-8"}, rejected: 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := ingest.NewDecoder(bounds)
			var b ingest.Batch
			switch {
			case tt.line != "":
				d.LineProtocol(&b, []byte(tt.line), ingest.Second, received)
			case tt.json != "":
				d.JSON(&b, []byte(tt.json))
			default:
				d.CSV(&b, []byte(tt.csv))
			}
			var got []string
			for _, e := range b.Errors {
				got = append(got, e.Error())
			}
			if !reflect.DeepEqual(got, tt.errors) || len(b.Records) != tt.records || b.Rejected != tt.rejected {
				t.Errorf("%d records, %d rejected, errors %q; want %d, %d, %q", len(b.Records), b.Rejected, got, tt.records, tt.rejected, tt.errors)
			}
		})
	}
}

// A decoder forgets names when it has met too many; the records keep theirs.
func TestNamesStayValid(t *testing.T) {
	bounds := ingest.DefaultBounds()
	bounds.Names = 2
	d := ingest.NewDecoder(bounds)
	var b ingest.Batch
	body := []byte("temperature,device=a celsius=1\ntemperature,device=b celsius=2\ntemperature,device=c celsius=3\ntemperature,device=a celsius=4\n")
	d.LineProtocol(&b, body, ingest.Second, received)
	for i := range body {
		body[i] = 'x' // names are not inside the body, as Raw is
	}
	var got []string
	for _, r := range b.Records {
		got = append(got, r.Owner)
	}
	if want := []string{"a", "b", "c", "a"}; !reflect.DeepEqual(got, want) {
		t.Errorf("owners %q, want %q", got, want)
	}
}

// Known devices cost no allocation a line: a flood of readings leaves no garbage behind.
func TestKnownDevicesCostNoAllocation(t *testing.T) {
	d := ingest.NewDecoder(ingest.DefaultBounds())
	var b ingest.Batch
	body := lineBody(1000)
	d.LineProtocol(&b, body, ingest.Nanosecond, received)
	if n := testing.AllocsPerRun(20, func() { d.LineProtocol(&b, body, ingest.Nanosecond, received) }); n > 5 {
		t.Errorf("%v allocations for a body of 1000 lines", n)
	}
}
