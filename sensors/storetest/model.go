package storetest

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/nuanju/nuanju/sensors"
)

// model is what a store promises, in the plainest way: for every series and time all that was written, in order.
type model map[sensors.Series]map[sensors.Instant][]sensors.Sample

func (m model) write(series sensors.Series, samples ...sensors.Sample) {
	if m[series] == nil && len(samples) > 0 {
		m[series] = make(map[sensors.Instant][]sensors.Sample)
	}
	for _, s := range samples {
		m[series][s.At] = append(m[series][s.At], s)
	}
}

// stands is the sample of all of one time that was first received, and the first of those.
func stands(all []sensors.Sample) sensors.Sample {
	return slices.MinFunc(all, func(a, b sensors.Sample) int { return cmp.Compare(a.Received, b.Received) })
}

func (m model) read(series sensors.Series, from, to sensors.Instant) []sensors.Sample {
	var out []sensors.Sample
	for t, all := range m[series] {
		if from <= t && t < to {
			out = append(out, stands(all))
		}
	}
	slices.SortFunc(out, func(a, b sensors.Sample) int { return cmp.Compare(a.At, b.At) })
	return out
}

// checkConflicts checks the conflicts of a call that wrote batches after m was as it is now: each names two values that
// were written, of which the first was received first, and every value of the call that does not stand is in one.
func (m model) checkConflicts(batches []sensors.Batch, got []sensors.Conflict) error {
	for _, c := range got {
		all := m[c.Series][c.Later.At]
		if c.Stands.At != c.Later.At || c.Stands.Value == c.Later.Value || c.Stands.Received > c.Later.Received ||
			!slices.Contains(all, c.Stands) || !slices.Contains(all, c.Later) {
			return fmt.Errorf("a conflict that is none: %+v", c)
		}
	}
	for _, b := range batches {
		for _, s := range b.Samples {
			if stands(m[b.Series][s.At]).Value == s.Value {
				continue
			}
			told := func(c sensors.Conflict) bool { // perhaps with an earlier receipt of the same value
				return c.Series == b.Series && c.Later.At == s.At && c.Later.Value == s.Value
			}
			if !slices.ContainsFunc(got, told) {
				return fmt.Errorf("%v: %+v was not kept and is in no conflict", b.Series, s)
			}
		}
	}
	return nil
}

// testModel makes any sequence of writes, reads and restarts and compares with the model.
func testModel(t *testing.T, place Place) {
	s := place(t)
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	run := 0
	rapid.Check(t, func(r *rapid.T) {
		run++ // every run has series of its own
		w := walk{Store: s, model: make(model), run: run}
		defer func() { s = w.Store }()
		// Not rapid's own Repeat: its thirty steps a run take a server of another process a minute.
		for range rapid.IntRange(1, 12).Draw(r, "steps") {
			switch rapid.SampledFrom([]string{"write", "write", "read", "last", "restart"}).Draw(r, "action") {
			case "write":
				w.write(t, r)
			case "read":
				w.read(t, r)
			case "last":
				w.last(t, r)
			case "restart":
				if err := w.Close(); err != nil {
					r.Fatal(err)
				}
				w.Store = place(t)
			}
		}
	})
}

// walk is one run of testModel.
type walk struct {
	sensors.Store
	model model
	run   int
}

func (w *walk) series(r *rapid.T) sensors.Series {
	return room(fmt.Sprintf("run%d-%d", w.run, rapid.IntRange(0, 2).Draw(r, "series")))
}

// instant draws one of few, so that samples meet, in three days.
func instant(r *rapid.T) sensors.Instant {
	return noon.Add(time.Duration(rapid.IntRange(0, 30).Draw(r, "time")) * 2 * time.Hour)
}

var drawn = rapid.Custom(func(r *rapid.T) sensors.Sample {
	return sensors.Sample{
		At:       instant(r),
		Received: noon.Add(time.Duration(rapid.IntRange(0, 20).Draw(r, "received")) * time.Second),
		Value:    rapid.SampledFrom([]float64{18, 19.87, 1.0 / 3}).Draw(r, "value"),
	}
})

func (w *walk) write(t *testing.T, r *rapid.T) {
	var batches []sensors.Batch
	for range rapid.IntRange(1, 3).Draw(r, "batches") {
		batches = append(batches, sensors.Batch{Series: w.series(r), Samples: rapid.SliceOfN(drawn, 0, 12).Draw(r, "samples")})
	}
	conflicts, err := w.Write(t.Context(), batches)
	if err != nil {
		r.Fatal(err)
	}
	for _, b := range batches {
		w.model.write(b.Series, b.Samples...)
	}
	if err := w.model.checkConflicts(batches, conflicts); err != nil {
		r.Fatal(err)
	}
}

func (w *walk) read(t *testing.T, r *rapid.T) {
	series, from, to := w.series(r), instant(r), instant(r)
	got, err := w.Read(t.Context(), series, from, to, nil)
	if err := errors.Join(err, differ(got, w.model.read(series, from, to))); err != nil {
		r.Fatal(err)
	}
}

func (w *walk) last(t *testing.T, r *rapid.T) {
	series, before := w.series(r), instant(r)
	got, ok, err := w.Last(t.Context(), series, before)
	if err != nil {
		r.Fatal(err)
	}
	want := w.model.read(series, sensors.Earliest, before)
	if ok != (len(want) > 0) || ok && got != want[len(want)-1] {
		r.Fatalf("last %+v, %v; want the last of %s", got, ok, show(want))
	}
}

// testConcurrent lets writers write parts of the same samples, with conflicts, in orders of their own, while others read.
func testConcurrent(t *testing.T, place Place) {
	s := open(t, place)
	const writers, samples = 6, 120
	m := make(model)
	written := make([][]sensors.Batch, writers)
	random := rand.New(rand.NewPCG(1, 1))
	for i := range samples {
		for w := range writers {
			if random.IntN(2) == 0 {
				continue
			}
			series := room(fmt.Sprint(i % 3))
			// No two are received at once: then the order of writing would matter.
			sample := received(at(i*15, float64(random.IntN(3))), i*writers+w)
			m.write(series, sample)
			written[w] = append(written[w], sensors.Batch{Series: series, Samples: []sensors.Sample{sample}})
		}
	}
	var wait sync.WaitGroup
	for _, batches := range written {
		random.Shuffle(len(batches), func(i, j int) { batches[i], batches[j] = batches[j], batches[i] })
		wait.Go(func() {
			for len(batches) > 0 {
				n := min(len(batches), 7)
				if _, err := s.Write(t.Context(), batches[:n]); err != nil {
					t.Errorf("Write: %v", err)
					return
				}
				batches = batches[n:]
			}
		})
		wait.Go(func() {
			for range 5 {
				got, err := s.Read(t.Context(), room("1"), noon, noon.Add(100*time.Hour), nil)
				if err != nil || !slices.IsSortedFunc(got, func(a, b sensors.Sample) int { return cmp.Compare(a.At, b.At) }) {
					t.Errorf("Read while others write: %s, %v", show(got), err)
				}
			}
		})
	}
	wait.Wait()
	for series := range m {
		wantSamples(t, readAll(t, s, series), m.read(series, sensors.Earliest, sensors.Latest)...)
	}
}
