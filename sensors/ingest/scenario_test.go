package ingest_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/ingest"
)

var update = flag.Bool("update", false, "rewrite the records and errors of the scenarios; read the diff")

// Each scenario in testdata is a body, the records that it gives (one a line, with Check's doubt at the end) and the
// errors, word for word.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			records, errs := decodeScenario(t, filepath.Base(file), a)
			if *update {
				a.Files = []txtar.File{a.Files[0], {Name: "records", Data: []byte(records)}, {Name: "errors", Data: []byte(errs)}}
				if err := os.WriteFile(file, txtar.Format(a), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if len(a.Files) != 3 || a.Files[1].Name != "records" || a.Files[2].Name != "errors" {
				t.Fatal("want the parts body, records and errors")
			}
			if got, want := records, string(a.Files[1].Data); got != want {
				t.Errorf("records:\n%swant:\n%s", got, want)
			}
			if got, want := errs, string(a.Files[2].Data); got != want {
				t.Errorf("errors:\n%swant:\n%s", got, want)
			}
		})
	}
}

func decodeScenario(t *testing.T, name string, a *txtar.Archive) (records, errs string) {
	t.Helper()
	var received time.Time
	var precision ingest.Precision
	for line := range strings.Lines(string(a.Comment)) {
		var err error
		if v, ok := strings.CutPrefix(line, "received: "); ok {
			received, err = time.Parse(time.RFC3339, strings.TrimSpace(v))
		}
		if v, ok := strings.CutPrefix(line, "precision: "); ok {
			precision, err = ingest.ParsePrecision(strings.TrimSpace(v))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	d := ingest.NewDecoder(ingest.DefaultBounds())
	var b ingest.Batch
	decode(t, d, &b, name, a.Files[0].Data, precision, sensors.At(received))
	limits := ingest.DefaultLimits()
	var out bytes.Buffer
	for i := range b.Records {
		r := &b.Records[i]
		fmt.Fprintln(&out, strings.TrimRight(show(r)+" "+string(ingest.Check(r, sensors.At(received), &limits)), " "))
	}
	var faults strings.Builder
	for _, e := range b.Errors {
		fmt.Fprintln(&faults, e.Error())
	}
	return out.String(), faults.String()
}

// decode chooses the parser by the beginning of a scenario's name.
func decode(t *testing.T, d *ingest.Decoder, b *ingest.Batch, name string, body []byte, p ingest.Precision, received sensors.Instant) {
	t.Helper()
	switch {
	case strings.HasPrefix(name, "line_"):
		d.LineProtocol(b, body, p, received)
	case strings.HasPrefix(name, "json_"):
		d.JSON(b, body)
	case strings.HasPrefix(name, "csv_"):
		d.CSV(b, body)
	default:
		t.Fatalf("%s names no format", name)
	}
}

// show is a record in words.
func show(r *ingest.Record) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d: %s %q", r.Line, r.Kind, r.Owner)
	if r.Room != "" {
		fmt.Fprintf(&b, " room %q", r.Room)
	}
	fmt.Fprintf(&b, " at %s", r.At.Time().Format(time.RFC3339Nano))
	if !r.Stamped {
		b.WriteString(" (received)")
	}
	switch r.Kind {
	case ingest.Heating, ingest.Valve:
		fmt.Fprintf(&b, " %v", r.On)
	case ingest.HeatMeter:
		fmt.Fprintf(&b, " %v %s", r.Value, map[ingest.Unit]string{ingest.KWh: "kWh", ingest.GJ: "GJ"}[r.Unit])
	default:
		fmt.Fprintf(&b, " %v °C", r.Value)
	}
	if w := r.Water; w != nil {
		fmt.Fprintf(&b, " volume %v supply %v return %v", w.Volume, w.Supply, w.Return)
	}
	if d := r.Demand; d != nil {
		fmt.Fprintf(&b, " by %q consent %q", d.Source, d.Consent)
	}
	return b.String()
}
