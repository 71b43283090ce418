package intake_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/ingest"
	"github.com/nuanju/nuanju/sensors/intake"
)

// What is in force depends on what was said and in which order, not on the order in which it is read nor on how often a
// sender repeated it after everything was said.
func TestInForce(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		said := rapid.SliceOfN(rapid.Custom(func(r *rapid.T) intake.Event {
			return intake.Event{
				Kind: ingest.Heating, Household: "h1", At: sensors.Instant(rapid.IntRange(0, 3).Draw(r, "at")), On: rapid.Bool().Draw(r, "on"),
			}
		}), 0, 12).Draw(r, "said")
		for i := range said {
			said[i].Leaf, said[i].Line = int64(i/3), i%3+1
		}
		want := intake.InForce(said)
		if !slices.IsSortedFunc(want, func(a, b intake.Event) int { return int(a.At - b.At) }) {
			r.Fatalf("not by time: %v", want)
		}
		repeated := slices.Clone(said)
		for i, e := range said {
			e.Leaf, e.Line = int64(100+i), 1
			repeated = append(repeated, e)
		}
		rand.Shuffle(len(repeated), func(i, j int) { repeated[i], repeated[j] = repeated[j], repeated[i] })
		if got := intake.InForce(repeated); !slices.Equal(got, want) {
			r.Fatalf("repeated and shuffled: %v, want %v", got, want)
		}
		for i, e := range want {
			if i > 0 && want[i-1].At == e.At && (want[i-1].Leaf > e.Leaf || want[i-1].Leaf == e.Leaf && want[i-1].Line >= e.Line) {
				r.Fatalf("given earlier and holds later: %v", want)
			}
		}
	})
}
