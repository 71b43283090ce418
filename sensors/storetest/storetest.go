// Package storetest is what every sensors.Store must do, as tests. A driver's own test calls Run with a way to make an
// empty place and to open a store there, once and again.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nuanju/nuanju/sensors"
)

// Place opens the store that keeps its samples in one place. A test closes a store before it opens the place again,
// and then finds there what was written before.
type Place func(t testing.TB) sensors.Store

// Run runs the suite. Each test asks for an empty place of its own.
func Run(t *testing.T, empty func(t testing.TB) Place) {
	for name, test := range map[string]func(*testing.T, Place){
		"every value comes back bit for bit":                      testExact,
		"the first and the last instant can be kept":              testExtremes,
		"what is no sample is refused and nothing is written":     testRefused,
		"a span begins with its start and ends before its end":    testBoundaries,
		"late samples merge":                                      testLate,
		"a sample written again is one sample":                    testAgain,
		"of two values the first received stands":                 testConflict,
		"conflicts within one call":                               testConflictInCall,
		"a restart keeps everything and every rule":               testRestart,
		"series do not mix whatever their ids":                    testIDs,
		"many series are read in order":                           testMany,
		"a visitor may read and may stop":                         testVisitor,
		"the last sample before an instant":                       testLast,
		"series are listed once written to":                       testList,
		"concurrent writers and readers":                          testConcurrent,
		"a context that has ended and a closed store give errors": testEnd,
		"any sequence of calls does what a plain map would":       testModel,
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) { test(t, empty(t)) })
	}
}

// noon is when most of these tests play: 2016-01-23 12:00 UTC.
var noon = sensors.At(time.Date(2016, time.January, 23, 12, 0, 0, 0, time.UTC))

// room is a temperature series.
func room(device string) sensors.Series {
	return sensors.Series{Quantity: sensors.Temperature, Owner: device}
}

// at is a sample of a number of minutes after noon, received a second later.
func at(minutes int, celsius float64) sensors.Sample {
	t := noon.Add(time.Duration(minutes) * time.Minute)
	return sensors.Sample{At: t, Received: t.Add(time.Second), Value: celsius}
}

// received is the sample as if received a number of seconds after noon.
func received(s sensors.Sample, seconds int) sensors.Sample {
	s.Received = noon.Add(time.Duration(seconds) * time.Second)
	return s
}

func open(t testing.TB, place Place) sensors.Store {
	t.Helper()
	s := place(t)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

func write(t testing.TB, s sensors.Store, series sensors.Series, samples ...sensors.Sample) []sensors.Conflict {
	t.Helper()
	conflicts, err := s.Write(t.Context(), []sensors.Batch{{Series: series, Samples: samples}})
	if err != nil {
		t.Fatalf("Write: %v", err)
	}
	return conflicts
}

func wantNone(t testing.TB, conflicts []sensors.Conflict) {
	t.Helper()
	if len(conflicts) > 0 {
		t.Fatalf("conflicts %+v, want none", conflicts)
	}
}

func wantConflicts(t testing.TB, got []sensors.Conflict, want ...sensors.Conflict) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("conflicts\n%+v, want\n%+v", got, want)
	}
}

func read(t testing.TB, s sensors.Store, series sensors.Series, from, to sensors.Instant) []sensors.Sample {
	t.Helper()
	got, err := s.Read(t.Context(), series, from, to, nil)
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	return got
}

func readAll(t testing.TB, s sensors.Store, series sensors.Series) []sensors.Sample {
	t.Helper()
	return read(t, s, series, noon.Add(-1000*time.Hour), noon.Add(1000*time.Hour))
}

// wantSamples compares bit for bit.
func wantSamples(t testing.TB, got []sensors.Sample, want ...sensors.Sample) {
	t.Helper()
	if err := differ(got, want); err != nil {
		t.Fatal(err)
	}
}

func differ(got, want []sensors.Sample) error {
	if len(got) != len(want) {
		return fmt.Errorf("%d samples, want %d:\n%s\nwant\n%s", len(got), len(want), show(got), show(want))
	}
	for i, g := range got {
		w := want[i]
		if g.At != w.At || g.Received != w.Received || math.Float64bits(g.Value) != math.Float64bits(w.Value) {
			return fmt.Errorf("sample %d is %s, want %s", i, show(got[i:i+1]), show(want[i:i+1]))
		}
	}
	return nil
}

func show(samples []sensors.Sample) string {
	var b strings.Builder
	for i, s := range samples {
		if i == 20 {
			fmt.Fprintf(&b, "… and %d more", len(samples)-i)
			break
		}
		fmt.Fprintf(&b, "{%d received %d: %v (%#x)} ", s.At, s.Received, s.Value, math.Float64bits(s.Value))
	}
	return b.String()
}

func testExact(t *testing.T, place Place) {
	s := open(t, place)
	values := []float64{
		0, math.Copysign(0, -1), 18, 17.9967, 19.87, -7.6, 0.1, 0.1 + 0.2, 1.0 / 3, 19.444444444444443, 23848.0862068966,
		1<<53 - 1, 1 << 53, 1<<53 + 2, -(1 << 53), 1e15, 1e16, 123456789012345678, 1e22, 1e23, 1e100, 1e300, 1e-5, 1e-7, 1e-22, 1e-300,
		math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64, -math.SmallestNonzeroFloat64,
		2.2250738585072014e-308, 2.225073858507201e-308, math.Nextafter(18, 0), math.Nextafter(18, 19), math.Pi, math.MaxInt64, math.MaxUint64,
	}
	for _, v := range slices.Clone(values) {
		values = append(values, -v, math.Nextafter(v, 1))
	}
	var want []sensors.Sample
	for i, v := range values {
		want = append(want, at(i, v))
		alone := room(fmt.Sprintf("alone-%d", i)) // in the company of the others a value may be packed in another way
		wantNone(t, write(t, s, alone, at(i, v)))
		wantSamples(t, readAll(t, s, alone), at(i, v))
	}
	wantNone(t, write(t, s, room("d"), want...))
	wantSamples(t, readAll(t, s, room("d")), want...)
}

func testExtremes(t *testing.T, place Place) {
	s := open(t, place)
	var want []sensors.Sample
	for _, i := range []sensors.Instant{
		sensors.Earliest, sensors.Earliest + 1, sensors.Earliest + 2, sensors.At(time.Date(1999, 12, 31, 23, 59, 59, 999_999_999, time.UTC)),
		noon, noon + 1, noon + 2, noon + 999_999_999, noon + 1_000_000_000, sensors.Latest - 1, sensors.Latest,
	} {
		want = append(want, sensors.Sample{At: i, Received: sensors.Latest - i, Value: float64(len(want)) / 10})
	}
	wantNone(t, write(t, s, room("d"), want...))
	wantSamples(t, read(t, s, room("d"), math.MinInt64, math.MaxInt64), want...)
	wantSamples(t, read(t, s, room("d"), sensors.Earliest, sensors.Latest), want[:len(want)-1]...)
	wantSamples(t, read(t, s, room("d"), noon+1, noon+2), want[5])
	for i, w := range want {
		got, ok, err := s.Last(t.Context(), room("d"), w.At+1)
		if err != nil || !ok {
			t.Fatalf("Last(%d) = %v, %v", w.At+1, ok, err)
		}
		wantSamples(t, []sensors.Sample{got}, want[i])
	}
}

func testRefused(t *testing.T, place Place) {
	s := open(t, place)
	good := sensors.Batch{Series: room("good"), Samples: []sensors.Sample{at(0, 20)}}
	for name, bad := range map[string]sensors.Batch{
		"NaN":                 {Series: room("bad"), Samples: []sensors.Sample{at(0, 20), at(1, math.NaN())}},
		"+Inf":                {Series: room("bad"), Samples: []sensors.Sample{at(1, math.Inf(1))}},
		"-Inf":                {Series: room("bad"), Samples: []sensors.Sample{at(1, math.Inf(-1))}},
		"before all time":     {Series: room("bad"), Samples: []sensors.Sample{{At: sensors.Earliest - 1, Value: 1}}},
		"after all time":      {Series: room("bad"), Samples: []sensors.Sample{{At: sensors.Latest + 1, Value: 1}}},
		"received before":     {Series: room("bad"), Samples: []sensors.Sample{{At: noon, Received: math.MinInt64, Value: 1}}},
		"no quantity":         {Series: sensors.Series{Owner: "bad"}, Samples: []sensors.Sample{at(1, 20)}},
		"no owner":            {Series: room(""), Samples: []sensors.Sample{at(1, 20)}},
		"an owner with \\":    {Series: room(`a\`), Samples: []sensors.Sample{at(1, 20)}},
		"an owner in 2 lines": {Series: room("a\nb"), Samples: []sensors.Sample{at(1, 20)}},
		"a device's room":     {Series: sensors.Series{Quantity: sensors.Temperature, Owner: "bad", Room: "r"}, Samples: []sensors.Sample{at(1, 20)}},
	} {
		_, err := s.Write(t.Context(), []sensors.Batch{good, bad})
		var fault *sensors.BatchError
		if !errors.As(err, &fault) || fault.Index != 1 || fault.Series != bad.Series {
			t.Errorf("%s: %v, want a *BatchError of batch 1", name, err)
		}
	}
	for _, series := range []sensors.Series{room("good"), room("bad")} {
		if got := readAll(t, s, series); len(got) > 0 {
			t.Errorf("%v has %s", series, show(got))
		}
	}
	if conflicts, err := s.Write(t.Context(), []sensors.Batch{{Series: room("none")}, good}); err != nil || len(conflicts) > 0 {
		t.Errorf("an empty batch beside a good one: %v, %v", conflicts, err)
	}
	wantSamples(t, readAll(t, s, room("good")), at(0, 20))
	if _, err := s.Write(t.Context(), nil); err != nil {
		t.Errorf("nothing to write: %v", err)
	}
}

func testBoundaries(t *testing.T, place Place) {
	s := open(t, place)
	// 23:58, 23:59, 00:00 and 00:01 UTC: a span may begin and end within a day, at its end, and over it.
	samples := []sensors.Sample{at(718, 1), at(719, 2), at(720, 3), at(721, 4)}
	wantNone(t, write(t, s, room("d"), samples...))
	edges := []sensors.Instant{samples[0].At - 1, samples[0].At, samples[1].At, samples[1].At + 1, samples[2].At - 1, samples[2].At, samples[3].At, samples[3].At + 1}
	for _, from := range edges {
		for _, to := range edges {
			var want []sensors.Sample
			for _, x := range samples {
				if from <= x.At && x.At < to {
					want = append(want, x)
				}
			}
			wantSamples(t, read(t, s, room("d"), from, to), want...)
		}
	}
	if got := read(t, s, room("nobody"), 0, noon); len(got) > 0 {
		t.Errorf("a series that nothing was written to has %s", show(got))
	}
	into := append(make([]sensors.Sample, 0, 10), at(-999, 0))
	got, err := s.Read(t.Context(), room("d"), samples[1].At, samples[3].At, into)
	if err != nil {
		t.Fatal(err)
	}
	wantSamples(t, got, at(-999, 0), samples[1], samples[2])
}

func testList(t *testing.T, place Place) {
	s := open(t, place)
	want := []sensors.Series{
		room("d1"), room("d2"),
		{Quantity: sensors.HeatKWh, Owner: "d1"},
		{Quantity: sensors.Supply, Owner: "d1"},
		{Quantity: sensors.Outdoor, Owner: "54511"},
		{Quantity: sensors.Heating, Owner: "h1"},
		{Quantity: sensors.Setpoint, Owner: "h1"},
		{Quantity: sensors.Setpoint, Owner: "h1", Room: "bed"},
	}
	byName := func(a, b sensors.Series) int { return strings.Compare(a.String(), b.String()) }
	slices.SortFunc(want, byName)
	list := func(s sensors.Store) []sensors.Series {
		got, err := s.List(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(got, byName)
		return got
	}
	if got := list(s); len(got) > 0 {
		t.Errorf("an empty store lists %v", got)
	}
	for i, series := range want {
		write(t, s, series, at(i, 20))
		write(t, s, series, at(i+1, 20))
	}
	if got := list(s); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got := list(open(t, place)); !slices.Equal(got, want) {
		t.Errorf("after a restart: got %v, want %v", got, want)
	}
}

func testEnd(t *testing.T, place Place) {
	s := open(t, place)
	write(t, s, room("d"), at(0, 20))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, err := range callAll(ended, s) {
		if !errors.Is(err, context.Canceled) && name != "List" {
			t.Errorf("%s with a context that has ended: %v", name, err)
		}
	}
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Fatalf("closing twice: %v", err)
	}
	for name, err := range callAll(t.Context(), s) {
		if err == nil {
			t.Errorf("%s of a closed store gives no error", name)
		}
	}
	wantSamples(t, readAll(t, open(t, place), room("d")), at(0, 20))
}

func callAll(ctx context.Context, s sensors.Store) map[string]error {
	all := make(map[string]error)
	_, all["Write"] = s.Write(ctx, []sensors.Batch{{Series: room("d"), Samples: []sensors.Sample{at(1, 20)}}})
	_, all["Read"] = s.Read(ctx, room("d"), 0, noon.Add(time.Hour), nil)
	all["ReadMany"] = s.ReadMany(ctx, []sensors.Span{{Series: room("d"), From: 0, To: noon.Add(time.Hour)}}, func(int, []sensors.Sample) error { return nil })
	_, _, all["Last"] = s.Last(ctx, room("d"), noon.Add(time.Hour))
	_, all["List"] = s.List(ctx)
	return all
}
