package ingest_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/nuanju/nuanju/sensors/ingest"
)

const benchLines = 5000 // a request of a large gateway, from 1,700 homes

func lineBody(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, "temperature,device=dev-%06d celsius=%.2f %d\n", i*7%1700, 18+float64(i%300)/100, 1_768_435_200_000_000_000+int64(i)*1e9)
	}
	return b.Bytes()
}

func report(b *testing.B, perOp int) {
	b.ReportAllocs()
	b.ReportMetric(float64(perOp)*float64(b.N)/b.Elapsed().Seconds(), "readings/s")
}

func BenchmarkLineProtocol(b *testing.B) {
	for _, n := range []int{1, benchLines} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			body := lineBody(n)
			d := ingest.NewDecoder(ingest.DefaultBounds())
			var batch ingest.Batch
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				d.LineProtocol(&batch, body, ingest.Nanosecond, received)
			}
			if len(batch.Records) != n {
				b.Fatal(batch.Errors)
			}
			report(b, n)
		})
	}
}

func BenchmarkJSON(b *testing.B) {
	var body bytes.Buffer
	body.WriteString(`{"readings":[`)
	for i := range benchLines {
		if i > 0 {
			body.WriteString(",")
		}
		fmt.Fprintf(&body, `{"time":"2026-01-15T%02d:%02d:00+08:00","device":"dev-%06d","celsius":%.2f}`, i/60%24, i%60, i*7%1700, 18+float64(i%300)/100)
	}
	body.WriteString(`]}`)
	d := ingest.NewDecoder(ingest.DefaultBounds())
	var batch ingest.Batch
	b.SetBytes(int64(body.Len()))
	for b.Loop() {
		d.JSON(&batch, body.Bytes())
	}
	if len(batch.Records) != benchLines {
		b.Fatal(batch.Errors)
	}
	report(b, benchLines)
}

func BenchmarkCSV(b *testing.B) {
	var body bytes.Buffer
	body.WriteString("time,device,celsius\n")
	for i := range benchLines {
		fmt.Fprintf(&body, "2026-01-15T%02d:%02d:00+08:00,dev-%06d,%.2f\n", i/60%24, i%60, i*7%1700, 18+float64(i%300)/100)
	}
	d := ingest.NewDecoder(ingest.DefaultBounds())
	var batch ingest.Batch
	b.SetBytes(int64(body.Len()))
	for b.Loop() {
		d.CSV(&batch, body.Bytes())
	}
	if len(batch.Records) != benchLines {
		b.Fatal(batch.Errors)
	}
	report(b, benchLines)
}

// Check, Group and AppendCanonical are what a reading costs between decoding and the evidence log.
func BenchmarkCheckGroupCanonical(b *testing.B) {
	d := ingest.NewDecoder(ingest.DefaultBounds())
	var batch ingest.Batch
	d.LineProtocol(&batch, lineBody(benchLines), ingest.Nanosecond, received)
	limits := ingest.DefaultLimits()
	var content []byte
	for b.Loop() {
		for i := range batch.Records {
			if reason := ingest.Check(&batch.Records[i], received, &limits); reason == ingest.OutOfRange {
				b.Fatal(reason)
			}
		}
		content = content[:0]
		for _, s := range ingest.Group(batch.Records, func(r *ingest.Record) string { return r.Owner }) {
			content = ingest.AppendCanonical(content, batch.Form, s.Records)
		}
	}
	report(b, benchLines)
}

func BenchmarkReparse(b *testing.B) {
	d := ingest.NewDecoder(ingest.DefaultBounds())
	var batch ingest.Batch
	d.LineProtocol(&batch, lineBody(benchLines), ingest.Nanosecond, received)
	content := ingest.AppendCanonical(nil, batch.Form, batch.Records)
	for b.Loop() {
		if err := d.Reparse(&batch, content, received); err != nil {
			b.Fatal(err)
		}
	}
	report(b, benchLines)
}
