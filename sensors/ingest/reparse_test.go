package ingest_test

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/ingest"
)

const received = sensors.Instant(1_768_435_500_000_000_000) // 2026-01-15T00:05:00Z

// What the evidence log keeps of each household is enough to read the same records again, in any format.
func TestReparseGivesTheSameRecords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := ingest.NewDecoder(ingest.DefaultBounds())
		var b ingest.Batch
		switch rapid.SampledFrom([]string{"line", "json", "csv"}).Draw(t, "format") {
		case "line":
			p := rapid.SampledFrom([]ingest.Precision{ingest.Nanosecond, ingest.Microsecond, ingest.Millisecond, ingest.Second}).Draw(t, "precision")
			lines := rapid.SliceOfN(rapid.Custom(drawLine), 0, 30).Draw(t, "lines")
			end := rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "line end")
			d.LineProtocol(&b, []byte(strings.Join(lines, end)), p, received)
		case "json":
			elements := rapid.SliceOfN(rapid.Custom(drawElement), 0, 30).Draw(t, "elements")
			d.JSON(&b, []byte("{\n \"readings\" : ["+strings.Join(elements, " ,\n")+" ]}"))
		case "csv":
			rows := rapid.SliceOfN(rapid.Custom(drawRow), 0, 30).Draw(t, "rows")
			end := rapid.SampledFrom([]string{"\n", "\r\n", "\r\n\n"}).Draw(t, "line end")
			d.CSV(&b, []byte("device,room,household,celsius,\"time\",open"+end+strings.Join(rows, end)))
		}
		reparse(t, d, &b)
	})
}

type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// reparse checks what must hold of whatever was accepted.
func reparse(t failer, d *ingest.Decoder, b *ingest.Batch) {
	t.Helper()
	n := 0
	again := ingest.NewDecoder(ingest.Bounds{Names: 1}) // today's bounds do not matter
	var second ingest.Batch
	for _, share := range ingest.Group(b.Records, func(r *ingest.Record) string { return r.Owner }) {
		content := ingest.AppendCanonical(nil, b.Form, share.Records)
		if err := again.Reparse(&second, content, received); err != nil {
			t.Fatalf("%v in\n%s", err, content)
		}
		n += len(share.Records)
		for i := range share.Records {
			want, got := share.Records[i], second.Records[i]
			sound(t, &want)
			if want.Owner != share.Owner {
				t.Fatalf("%q is in the share of %q", want.Owner, share.Owner)
			}
			want.Line = int32(i + 1)
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("reparsed %+v, want %+v", got, want)
			}
		}
		if twice := ingest.AppendCanonical(nil, second.Form, second.Records); !bytes.Equal(twice, content) {
			t.Fatalf("content of the reparsed records:\n%s\nwant\n%s", twice, content)
		}
	}
	if n != len(b.Records) {
		t.Fatalf("the shares hold %d of %d records", n, len(b.Records))
	}
	if len(b.Errors) > 0 != (b.Rejected > 0) {
		t.Fatalf("%d rejected with %d errors", b.Rejected, len(b.Errors))
	}
}

// sound checks what every accepted record promises.
func sound(t failer, r *ingest.Record) {
	t.Helper()
	finite := !math.IsNaN(r.Value) && !math.IsInf(r.Value, 0)
	declared := r.Kind == ingest.Valve || r.Kind == ingest.Setpoint
	switch {
	case r.Kind < ingest.Temperature || r.Kind > ingest.Setpoint,
		r.Owner == "" || r.Owner != strings.Trim(r.Owner, " "),
		len(r.Raw) == 0 || r.Line < 1 || !finite,
		r.Room != "" && !declared,
		(r.Unit != 0) != (r.Kind == ingest.HeatMeter),
		r.Water != nil && r.Kind != ingest.HeatMeter,
		r.Demand != nil && r.Kind != ingest.Heating,
		!r.Stamped && r.At != received:
		t.Fatalf("accepted %+v", *r)
	}
}

func drawNumber(t *rapid.T) string {
	return rapid.OneOf(
		rapid.Map(rapid.Float64Range(-50, 70), func(f float64) string { return fmt.Sprint(f) }),
		rapid.SampledFrom([]string{"18", "1.8e1", "-0", "1e400", "NaN", "17.9967", "0x1p4", "."}),
	).Draw(t, "number")
}

var owners = []string{"a", "b", "c", "客厅", "d 1", ""}

func drawLine(t *rapid.T) string {
	owner := strings.ReplaceAll(rapid.SampledFrom(owners).Draw(t, "owner"), " ", `\ `)
	stamp := rapid.SampledFrom([]string{"", " 1768435200", " -1", " 1768435200000000000", " x"}).Draw(t, "stamp")
	number := drawNumber(t)
	return rapid.SampledFrom([]string{
		"temperature,device=" + owner + " celsius=" + number + stamp,
		"temperature,host=h,device=" + owner + " note=\"a\nb \\\" c\",celsius=" + number + stamp,
		"  outdoor,station=" + owner + " celsius=" + number + "i" + stamp,
		"heat_meter,device=" + owner + " gj=" + number + ",m3=3" + stamp,
		"heating,household=" + owner + " on=f,source=\"supplier\",consent=\"" + owner + "\"" + stamp,
		"valve,household=" + owner + ",room=x open=T" + stamp,
		"setpoint,household=" + owner + " celsius=" + number + stamp,
		"# temperature,device=a celsius=1", "", "  ", "nonsense", "temperature,device=\"a celsius=\"1",
	}).Draw(t, "line")
}

func drawElement(t *rapid.T) string {
	owner := fmt.Sprintf("%q", rapid.SampledFrom(owners).Draw(t, "owner"))
	stamp := fmt.Sprintf("%q", drawTime(t))
	number := rapid.SampledFrom([]string{"18", "17.9967", "-3e-5", "null", "\"18\"", "[1, {}]", "1e400"}).Draw(t, "number")
	return rapid.SampledFrom([]string{
		`{"time": ` + stamp + `, "device": ` + owner + ",\n\"celsius\":" + number + `}`,
		`{"kwh":` + number + `, "time": ` + stamp + `, "device": ` + owner + `,"supply":60 }`,
		`{"household":` + owner + `, "on": false, "consent":"\u0061, \"]}", "time": ` + stamp + `}`,
		`{"household":` + owner + `, "setpoint": ` + number + `, "time": ` + stamp + `, "r\u006fom": "x"}`,
		`{}`, `[]`, `7`, `{"time": "x", "time": ` + stamp + `}`,
	}).Draw(t, "element")
}

func drawTime(t *rapid.T) string {
	return rapid.SampledFrom([]string{
		"2026-01-15T08:00:00+08:00", "2026-01-15T00:00:00.5Z", "2026-01-15T08:00:00", "x", "",
	}).Draw(t, "time")
}

func drawRow(t *rapid.T) string {
	owner := `"` + rapid.SampledFrom(append(owners, "x\"\"y")).Draw(t, "owner") + `"`
	number, stamp := drawNumber(t), drawTime(t)
	return rapid.SampledFrom([]string{
		owner + ",,," + number + "," + stamp + ",",
		",," + owner + ",,\"" + stamp + "\",true",
		",living," + owner + ",," + stamp + ",false",
		",,,", "", "a\nb",
	}).Draw(t, "row")
}

// A household's content shows what was received and nothing of its neighbours.
func TestCanonicalContentIsReadable(t *testing.T) {
	d := ingest.NewDecoder(ingest.DefaultBounds())
	var b ingest.Batch
	d.LineProtocol(&b, []byte("temperature,device=a celsius=18 1768435200\ntemperature,device=b celsius=19 1768435200\r\n"+
		"# note\ntemperature,device=a celsius=18.50 1768436100"), ingest.Second, received)
	home := map[string]string{"a": "h1", "b": "h2"}
	shares := ingest.Group(b.Records, func(r *ingest.Record) string { return home[r.Owner] })
	if len(shares) != 2 || shares[0].Owner != "h1" || shares[1].Owner != "h2" {
		t.Fatalf("shares %+v", shares)
	}
	got := string(ingest.AppendCanonical(nil, b.Form, shares[0].Records))
	want := "nuanju-readings/1 line s 2\n" +
		"42 temperature,device=a celsius=18 1768435200\n" +
		"45 temperature,device=a celsius=18.50 1768436100\n"
	if got != want {
		t.Errorf("content %q, want %q", got, want)
	}

	d.CSV(&b, []byte("\xef\xbb\xbfcelsius,time,device\r\n18,2026-01-15T08:00:00+08:00,a\r\n19,2026-01-15T08:00:00+08:00,b\r\n"))
	got = string(ingest.AppendCanonical(nil, b.Form, b.Records[1:]))
	want = "nuanju-readings/1 csv ns 1\n19 celsius,time,device\n30 19,2026-01-15T08:00:00+08:00,b\n"
	if got != want {
		t.Errorf("content %q, want %q", got, want)
	}
}

// Content that is not what AppendCanonical writes is refused with the place; it is never half read.
func TestCanonicalContentIsStrict(t *testing.T) {
	const head = "nuanju-readings/1 line s 1\n"
	const line = "42 temperature,device=a celsius=18 1768435200\n"
	const two = "nuanju-readings/1 line s 2\n"
	const text = "temperature,device=a celsius=18 1768435200"
	tests := map[string]string{
		"":                                    "content: does not begin with nuanju-readings/1",
		"nuanju-readings/2 line s 0\n":        "content: does not begin with nuanju-readings/1",
		"nuanju-readings/1 line s":            "content: does not begin with nuanju-readings/1",
		"nuanju-readings/1 xml s 0\n":         `content: head "nuanju-readings/1 xml s 0" is not a format, a precision and a count`,
		"nuanju-readings/1 line h 0\n":        `content: head "nuanju-readings/1 line h 0" is not a format, a precision and a count`,
		"nuanju-readings/1 line  0\n":         `content: head "nuanju-readings/1 line  0" is not a format, a precision and a count`,
		"nuanju-readings/1 json s 0\n":        `content: head "nuanju-readings/1 json s 0" is not a format, a precision and a count`,
		"nuanju-readings/1 line s 00\n":       `content: head "nuanju-readings/1 line s 00" is not a format, a precision and a count`,
		"nuanju-readings/1 csv ns 0\n":        "content: the header row is missing",
		head:                                  "content: holds 0 records and says 1",
		head + line + line:                    "content: holds 2 records and says 1",
		head + "0" + line:                     "content: byte 27 does not begin a record",
		head + "41" + line[2:]:                "content: byte 27 does not begin a record",
		head + "99999999999999999999 x\n":     "content: byte 27 does not begin a record",
		head + line[:len(line)-1]:             "content: byte 27 does not begin a record",
		head + "7 nothing\n":                  "content: line 1: unknown measurement \"nothing\"; want temperature, heat_meter, outdoor, heating, valve or setpoint",
		head + "7 # cover\n":                  "content: 0 records were read from 1",
		"nuanju-readings/1 json ns 1\n2 {}\n": "content: /0/time: is missing",
		"nuanju-readings/1 json ns 1\n2 ],\n": "content: line 1, column 3: invalid character ',' after top-level value",
		"nuanju-readings/1 csv ns 0\n3 abc\n": `content: line 1, column "abc": unknown column`,
		two + "85 " + text + "\n" + text + "\n42 " + text + "\n": "content: 3 records were read from 2",
		two + "85 " + text + "\n" + text + "\n0 \n":              "content: record 1 is not one reading",
	}
	d := ingest.NewDecoder(ingest.DefaultBounds())
	var b ingest.Batch
	for content, want := range tests {
		if err := d.Reparse(&b, []byte(content), received); err == nil || err.Error() != want {
			t.Errorf("Reparse(%q): %v, want %s", content, err, want)
		}
	}
}
