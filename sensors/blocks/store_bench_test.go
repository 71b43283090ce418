package blocks

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/nuanju/nuanju/sensors"
)

func device(i int) sensors.Series {
	return sensors.Series{Quantity: sensors.Temperature, Owner: fmt.Sprintf("sensor-%05d", i)}
}

func open1(b testing.TB) *Store {
	s, err := Open(b.Context(), filepath.Join(b.TempDir(), "blocks.db"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	return s
}

// fill writes days of readings every 15 min, a day of all series a call.
func fill(b testing.TB, s *Store, series, from, days int) {
	random := rand.New(rand.NewPCG(1, 1))
	batches := make([]sensors.Batch, series)
	for d := from; d < from+days; d++ {
		for i := range batches {
			batches[i] = sensors.Batch{Series: device(i), Samples: aDay(random, int64(d), time.Millisecond)}
		}
		if _, err := s.Write(b.Context(), batches); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkScan reads a season of each series, one after another, through SQLite.
func BenchmarkScan(b *testing.B) {
	const series, days = 400, 121
	s := open1(b)
	fill(b, s, series, 17000, days)
	from, to := dayStart(17000), dayStart(17000+days)
	spans := make([]sensors.Span, series)
	for i := range spans {
		spans[i] = sensors.Span{Series: device(i), From: from, To: to}
	}
	n := 0
	for b.Loop() {
		if err := s.ReadMany(b.Context(), spans, func(_ int, samples []sensors.Sample) error { n += len(samples); return nil }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds()/1e6, "Msamples/s")
	var pages, size int
	if err := s.read.QueryRow("SELECT page_count, page_size FROM pragma_page_count, pragma_page_size").Scan(&pages, &size); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(pages*size)/(series*days*96), "bytes/sample")
}

// BenchmarkWriteDays writes whole days.
func BenchmarkWriteDays(b *testing.B) {
	s := open1(b)
	random := rand.New(rand.NewPCG(1, 1))
	batches := make([]sensors.Batch, 1000)
	day, n := 17000, 0
	for b.Loop() {
		b.StopTimer()
		for i := range batches {
			batches[i] = sensors.Batch{Series: device(i), Samples: aDay(random, int64(day), time.Millisecond)}
		}
		b.StartTimer()
		if _, err := s.Write(b.Context(), batches); err != nil {
			b.Fatal(err)
		}
		day++
		n += 96 * len(batches)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds()/1e6, "Msamples/s")
}

// BenchmarkTick appends one sample to each of 30,000 series (three rooms of 10,000 households) and reads back the last six hours.
func BenchmarkTick(b *testing.B) {
	const series = 30_000
	s := open1(b)
	fill(b, s, series, 17000, 1)
	now := dayStart(17001)
	batches, spans := make([]sensors.Batch, series), make([]sensors.Span, series)
	var writing, reading time.Duration
	for b.Loop() {
		for i := range batches {
			batches[i] = sensors.Batch{Series: device(i), Samples: []sensors.Sample{{At: now, Received: now.Add(time.Second), Value: 20.5}}}
			spans[i] = sensors.Span{Series: device(i), From: now.Add(-6 * time.Hour), To: now + 1}
		}
		began := time.Now()
		if _, err := s.Write(b.Context(), batches); err != nil {
			b.Fatal(err)
		}
		wrote := time.Now()
		if err := s.ReadMany(b.Context(), spans, func(int, []sensors.Sample) error { return nil }); err != nil {
			b.Fatal(err)
		}
		writing, reading = writing+wrote.Sub(began), reading+time.Since(wrote)
		now = now.Add(15 * time.Minute)
	}
	b.ReportMetric(writing.Seconds()*1000/float64(b.N), "ms/write")
	b.ReportMetric(reading.Seconds()*1000/float64(b.N), "ms/read")
}
