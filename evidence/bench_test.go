package evidence_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/nuanju/nuanju/evidence"
	"github.com/nuanju/nuanju/ledger/pgtest"
)

// BenchmarkAppend is one caller after another: what a synced commit costs.
func BenchmarkAppend(b *testing.B) {
	log := open(b, newSQLite(b), nil, evidence.Options{})
	entries := batch(0, 1)
	for b.Loop() {
		mustAppend(b, log, entries...)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
}

// BenchmarkAppend64 is 64 callers with one small entry each.
func BenchmarkAppend64(b *testing.B) {
	for name, storeURL := range map[string]func(testing.TB) string{"sqlite": newSQLite, "postgres": pgtest.Start} {
		b.Run(name, func(b *testing.B) {
			log := open(b, storeURL(b), nil, evidence.Options{})
			entries := batch(0, 1)
			b.ResetTimer() // starting PostgreSQL is not appending
			b.SetParallelism(64 / runtime.GOMAXPROCS(0))
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := log.Append(b.Context(), entries); err != nil {
						b.Error(err)
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "entries/s")
		})
	}
}

// BenchmarkAppend1700 is a request of 5,000 readings from 1,700 homes. 40 of them a second are 200,000 readings.
func BenchmarkAppend1700(b *testing.B) {
	log := open(b, newSQLite(b), nil, evidence.Options{})
	entries := batch(0, 1700)
	b.ReportAllocs()
	for b.Loop() {
		mustAppend(b, log, entries...)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
}

func BenchmarkLeaves(b *testing.B) {
	log := open(b, newSQLite(b), nil, evidence.Options{})
	for i := range 60 {
		mustAppend(b, log, batch(i, 1700)...)
	}
	b.ResetTimer()
	for b.Loop() {
		leaves(b, log, 0)
	}
	b.ReportMetric(float64(b.N)*float64(log.Size())/b.Elapsed().Seconds(), "leaves/s")
}

func BenchmarkVerify(b *testing.B) {
	log := open(b, newSQLite(b), nil, evidence.Options{})
	for i := range 60 {
		mustAppend(b, log, batch(i, 1700)...)
	}
	b.ResetTimer()
	for b.Loop() {
		wantSound(b, log)
	}
	b.ReportMetric(float64(b.N)*float64(log.Size())/b.Elapsed().Seconds(), "leaves/s")
}

// BenchmarkOpen is the restart of a log whose partial tiles are as full as they can be.
func BenchmarkOpen(b *testing.B) {
	storeURL := newSQLite(b)
	log := open(b, storeURL, nil, evidence.Options{})
	mustAppend(b, log, batch(0, 65_535)...)
	if err := log.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		log, err := evidence.Open(b.Context(), storeURL, nil, evidence.Options{})
		if err != nil {
			b.Fatal(err)
		}
		if err := log.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCompress is why the commitment is taken over the content and a commit is compressed as one.
func BenchmarkCompress(b *testing.B) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		b.Fatal(err)
	}
	entries := batch(0, 1700)
	report := func(b *testing.B, bytes int) {
		leaves := float64(len(entries))
		b.ReportMetric(float64(bytes)/leaves, "B/leaf")
		b.ReportMetric(float64(b.Elapsed())/float64(time.Nanosecond)/float64(b.N)/leaves, "ns/leaf")
	}
	b.Run("each", func(b *testing.B) {
		var dst []byte
		for b.Loop() {
			dst = dst[:0]
			for _, e := range entries {
				dst = enc.EncodeAll(e.Content, dst)
			}
		}
		report(b, len(dst))
	})
	b.Run("commit", func(b *testing.B) {
		var src, dst []byte
		for b.Loop() {
			src = src[:0]
			for _, e := range entries {
				src = append(src, e.Content...)
			}
			dst = enc.EncodeAll(src, dst[:0])
		}
		report(b, len(dst))
	})
}
