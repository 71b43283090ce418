package simulate

import "testing"

// Two weeks of 60 homes, as the demo needs them when it starts, every message told.
func BenchmarkTwoWeeks(b *testing.B) {
	lines := 0
	for b.Loop() {
		town, err := New(Options{Seed: 1, From: november, Days: 14})
		if err != nil {
			b.Fatal(err)
		}
		_ = town.Start().Advance(town.End(), func(*Message) error { // the visitor never fails
			lines++
			return nil
		})
	}
	b.ReportMetric(float64(lines)/float64(b.N), "lines/op")
}

// A season of 60 homes, only its truth.
func BenchmarkSeasonsTruth(b *testing.B) {
	for b.Loop() {
		town, err := New(Options{Seed: 1, From: november})
		if err != nil {
			b.Fatal(err)
		}
		_ = town.Start().Advance(town.End(), nil)
	}
}
