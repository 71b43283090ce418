package blocks

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"syscall"
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

// cpu is the time that all threads of this process have computed: of a busy machine it says more than the clock.
func cpu(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
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
	n, began := 0, cpu(b)
	for b.Loop() {
		if err := s.ReadMany(b.Context(), spans, func(_ int, samples []sensors.Sample) error { n += len(samples); return nil }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds()/1e6, "Msamples/s")
	b.ReportMetric(float64(n)/(cpu(b)-began).Seconds()/1e6, "Msamples/cpu-s")
	b.ReportMetric(fileBytes(b, s)/(series*days*96), "bytes/sample")
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

// BenchmarkGrow fills days sample by sample, as they come, and reports the size of the file at the end of three.
func BenchmarkGrow(b *testing.B) {
	const series, days = 1000, 3
	for b.Loop() {
		s := open1(b)
		random := rand.New(rand.NewPCG(1, 1))
		samples, batches := make([][]sensors.Sample, series), make([]sensors.Batch, series)
		for d := range days {
			for i := range samples {
				samples[i] = aDay(random, int64(17000+d), time.Millisecond)
			}
			for k := range 96 {
				for i := range batches {
					batches[i] = sensors.Batch{Series: device(i), Samples: samples[i][k : k+1]}
				}
				if _, err := s.Write(b.Context(), batches); err != nil {
					b.Fatal(err)
				}
			}
		}
		b.ReportMetric(fileBytes(b, s)/(series*days*96), "bytes/sample")
	}
	b.ReportMetric(float64(b.N*series*days*96)/b.Elapsed().Seconds(), "appends/s")
}

// fileBytes is the size of the store's file without its WAL.
func fileBytes(b *testing.B, s *Store) float64 {
	var pages, size float64
	if err := s.read.QueryRow("SELECT page_count, page_size FROM pragma_page_count, pragma_page_size").Scan(&pages, &size); err != nil {
		b.Fatal(err)
	}
	return pages * size
}
