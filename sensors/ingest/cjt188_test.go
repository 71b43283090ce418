package ingest_test

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/nuanju/nuanju/sensors/ingest"
)

// Made up for these tests: 1,234.56 kWh and 78.90 m³ at 45.67 and 32.10 °C, in both layouts; and one with a flipped byte.
const (
	unitFirst   = "FEFE 68 20 01000000002222 81 2E 901F 00 05 00000000 05 56341200 17 00000000 35 00000000 2C 90780000 674500 103200 240100 56341215012620 0000 CS 16"
	unitLast    = "43544C3A52 68 20 01000000002222 81 2E 1F90 00 00000000 05 56341200 05 00000000 17 00000000 35 90780000 2C 674500 103200 240100 56341215012620 0000 CS 16"
	badChecksum = "68 20 01000000002222 81 2E 1F90 00 00000000 05 56341200 05 00000000 17 00000000 35 90780000 2C 674500 103200 240100 56341215012620 0000 00 16"
)

// frame is the bytes of a frame in hexadecimal; CS stands for its checksum.
func frame(t testing.TB, s string) []byte {
	t.Helper()
	head, tail, sum := strings.Cut(strings.ReplaceAll(s, " ", ""), "CS")
	b, err := hex.DecodeString(head + strings.Repeat("00", min(1, len(tail))) + tail)
	if err != nil {
		t.Fatal(err)
	}
	if sum {
		var cs byte
		for _, c := range b[bytes.IndexByte(b, 0x68) : len(b)-2] {
			cs += c
		}
		b[len(b)-2] = cs
	}
	return b
}

func TestCJT188(t *testing.T) {
	const want = `heat_meter "22220000000001" at 2026-01-15T00:05:00Z (received) `
	water := ` volume {78.9 true} supply {45.67 true} return {32.1 true}`
	swap := func(from, to string) string {
		if !strings.Contains(unitLast, from) {
			t.Fatalf("%s is not in the frame", from)
		}
		return strings.Replace(unitLast, from, to, 1)
	}
	tests := map[string]struct {
		frames  []string
		records []string
		errors  []string
	}{
		"unit before the value":     {frames: []string{unitFirst}, records: []string{"1: " + want + "1234.56 kWh" + water}},
		"unit after, from a modem":  {frames: []string{unitLast}, records: []string{"1: " + want + "1234.56 kWh" + water}},
		"several":                   {frames: []string{unitFirst, badChecksum, unitLast, "0D0A"}, records: []string{"1: " + want + "1234.56 kWh" + water, "3: " + want + "1234.56 kWh" + water}, errors: []string{"line 2, column 62: the checksum is 5C; the frame says 00"}},
		"megawatt hours":            {frames: []string{swap("56341200 05", "56341200 08")}, records: []string{"1: " + want + "1.23456e+06 kWh" + water}},
		"gigajoules":                {frames: []string{swap("56341200 05", "56341200 11")}, records: []string{"1: " + want + "1234.56 GJ" + water}},
		"another unit":              {frames: []string{swap("56341200 05", "56341200 0E")}, errors: []string{"line 1, column 6: heat is in the unknown unit 0E; want 05 (kWh), 08 (MWh) or 11 (GJ)"}},
		"heat that is not decimal":  {frames: []string{swap("56341200 05", "FFFFFFFF 05")}, errors: []string{"line 1, column 6: heat FF FF FF FF is not decimal"}},
		"a broken sensor":           {frames: []string{swap("674500", "EEEEEE")}, records: []string{"1: " + want + "1234.56 kWh volume {78.9 true} supply {0 false} return {32.1 true}"}},
		"an abnormal reply":         {frames: []string{swap("81 2E", "C1 2E")}, errors: []string{"line 1, column 6: control C1 is not a reply with data"}},
		"another data identifier":   {frames: []string{swap("1F90", "1F91")}, errors: []string{"line 1, column 6: data identifier 1F91 is not the one of a reading"}},
		"the start byte in a modem": {frames: []string{"6868 20 68" + unitLast}, records: []string{"1: " + want + "1234.56 kWh" + water}},
		"a short frame":             {frames: []string{"68 20 01000000002222 81 03 1F9000 CS 16"}, errors: []string{"line 1, column 1: holds 3 bytes of data; a heat meter's reply holds 46"}},
		"cut off":                   {frames: []string{"68 20 01000000002222 81 2E 1F90 00"}, errors: []string{"line 1, column 1: no CJ/T 188 frame begins and ends here"}},
		"nothing":                   {errors: []string{"line 1, column 1: no CJ/T 188 frame begins and ends here"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var body []byte
			for _, s := range tt.frames {
				if i := strings.LastIndex(s, "68 20 0100"); i > 0 { // the checksum counts from the frame's own start
					body = append(body, frame(t, s[:i])...)
					s = s[i:]
				}
				body = append(body, frame(t, s)...)
			}
			d := ingest.NewDecoder(ingest.DefaultBounds())
			var b ingest.Batch
			d.CJT188(&b, body, received)
			var records, errs []string
			for i := range b.Records {
				records = append(records, show(&b.Records[i]))
			}
			for _, e := range b.Errors {
				errs = append(errs, e.Error())
			}
			if !reflect.DeepEqual(records, tt.records) || !reflect.DeepEqual(errs, tt.errors) {
				t.Errorf("records %q, errors %q; want %q, %q", records, errs, tt.records, tt.errors)
			}
			reparse(t, d, &b)
		})
	}
}

// Frames that real meters sent read as they were published, and the edited one is refused.
func TestCJT188FromRealMeters(t *testing.T) {
	f, err := os.Open("../../../shared/data/payloads/cjt188/frames.jsonl")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the shared data is absent: ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d := ingest.NewDecoder(ingest.DefaultBounds())
	var b ingest.Batch
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var v struct {
			Name, Hex  string
			ChecksumOK bool `json:"checksum_ok"`
			Decoded    struct {
				Meter, Heat, Volume string
				Supply              float64 `json:"supply_c"`
				Return              float64 `json:"return_c"`
			}
		}
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		d.CJT188(&b, frame(t, v.Hex), received)
		if !v.ChecksumOK {
			if len(b.Records) > 0 || b.Rejected != 1 || !strings.Contains(b.Errors[0].Reason, "checksum is EF; the frame says 81") {
				t.Errorf("%s: %d records, errors %v", v.Name, len(b.Records), b.Errors)
			}
			continue
		}
		if len(b.Records) != 1 || b.Rejected > 0 {
			t.Fatalf("%s: %d records, errors %v", v.Name, len(b.Records), b.Errors)
		}
		r := b.Records[0]
		heat := fmt.Sprintf("%.2f MWh", r.Value/1000)
		water := fmt.Sprintf("%.2f m3", r.Water.Volume.Value)
		if !strings.HasSuffix(r.Owner, v.Decoded.Meter) || heat != v.Decoded.Heat || water != v.Decoded.Volume ||
			r.Water.Supply.Value != v.Decoded.Supply || r.Water.Return.Value != v.Decoded.Return {
			t.Errorf("%s: %s, want %+v", v.Name, show(&r), v.Decoded)
		}
		reparse(t, d, &b)
	}
}
