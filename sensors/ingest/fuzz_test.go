package ingest_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/influxdata/line-protocol/v2/lineprotocol"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/nuanju/nuanju/sensors/ingest"
)

// seed adds the bodies of the scenarios whose name begins with prefix, whole and line by line: short seeds mutate best.
func seed(f *testing.F, prefix string) {
	f.Helper()
	files, err := filepath.Glob("testdata/" + prefix + "*.txtar")
	if err != nil || len(files) == 0 {
		f.Fatalf("no scenarios %s: %v", prefix, err)
	}
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(a.Files[0].Data)
		for line := range bytes.Lines(a.Files[0].Data) {
			if prefix != "csv_" {
				f.Add(line)
			}
		}
	}
}

// Where the protocol's own decoder finds nothing wrong with a body, it and this package see the same lines.
func FuzzLineProtocol(f *testing.F) {
	seed(f, "line_")
	d := ingest.NewDecoder(ingest.DefaultBounds())
	var b ingest.Batch
	f.Fuzz(func(t *testing.T, body []byte) {
		d.LineProtocol(&b, body, ingest.Second, received)
		reparse(t, d, &b)
		whole := lineprotocol.NewDecoderWithBytes(body)
		entries := 0
		for whole.Next() {
			entries++
			if _, err := whole.TimeBytes(); err != nil {
				return
			}
		}
		if got := len(b.Records) + b.Rejected; got != entries {
			t.Fatalf("%d lines, want %d: %q", got, entries, b.Errors)
		}
	})
}

func FuzzJSON(f *testing.F) {
	seed(f, "json_")
	d := ingest.NewDecoder(ingest.DefaultBounds())
	var b ingest.Batch
	f.Fuzz(func(t *testing.T, body []byte) {
		d.JSON(&b, body)
		reparse(t, d, &b)
	})
}

func FuzzCSV(f *testing.F) {
	seed(f, "csv_")
	d := ingest.NewDecoder(ingest.DefaultBounds())
	var b ingest.Batch
	f.Fuzz(func(t *testing.T, body []byte) {
		d.CSV(&b, body)
		reparse(t, d, &b)
	})
}

func FuzzCJT188(f *testing.F) {
	for _, s := range []string{unitFirst, unitLast, badChecksum} {
		f.Add(frame(f, s))
	}
	d := ingest.NewDecoder(ingest.DefaultBounds())
	var b ingest.Batch
	f.Fuzz(func(t *testing.T, body []byte) {
		d.CJT188(&b, body, received)
		reparse(t, d, &b)
	})
}

// There is one content for given bytes, and reading it never panics.
func FuzzParseCanonical(f *testing.F) {
	f.Add([]byte("nuanju-readings/1 line s 1\n42 temperature,device=a celsius=18 1768435200\n"))
	f.Add([]byte("nuanju-readings/1 csv ns 1\n19 celsius,time,device\n30 19,2026-01-15T08:00:00+08:00,b\n"))
	f.Add([]byte("nuanju-readings/1 json ns 0\n"))
	d := ingest.NewDecoder(ingest.DefaultBounds())
	var b ingest.Batch
	f.Fuzz(func(t *testing.T, content []byte) {
		form, items, err := ingest.ParseCanonical(content)
		if err != nil {
			return
		}
		records := make([]ingest.Record, len(items))
		for i := range items {
			records[i].Raw = items[i]
		}
		if again := ingest.AppendCanonical(nil, form, records); !bytes.Equal(again, content) {
			t.Fatalf("%q is content as well as %q", content, again)
		}
		if err := d.Reparse(&b, content, received); err == nil {
			reparse(t, d, &b)
		} else if !strings.HasPrefix(err.Error(), "content: ") {
			t.Fatal(err)
		}
	})
}
