package storetest

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nuanju/nuanju/sensors"
)

func testLate(t *testing.T, place Place) {
	s := open(t, place)
	var want []sensors.Sample
	for i := range 300 { // three days and a quarter
		want = append(want, at(i*15, 20+float64(i%7)/100))
	}
	order := rand.New(rand.NewPCG(1, 1)).Perm(len(want))
	for len(order) > 0 {
		n := min(len(order), 1+len(order)%13)
		var some []sensors.Sample
		for _, i := range order[:n] {
			some = append(some, want[i])
		}
		wantNone(t, write(t, s, room("d"), some...))
		order = order[n:]
	}
	wantSamples(t, readAll(t, s, room("d")), want...)
}

func testAgain(t *testing.T, place Place) {
	s := open(t, place)
	first := received(at(0, 20), 60)
	for range 3 {
		wantNone(t, write(t, s, room("d"), first, at(15, 21)))
	}
	wantNone(t, write(t, s, room("d"), received(first, 90)))
	wantSamples(t, readAll(t, s, room("d")), first, at(15, 21))
	// The same value turns out to have been received before: it is still one sample, received then.
	earlier := received(first, 30)
	wantNone(t, write(t, s, room("d"), earlier))
	wantSamples(t, readAll(t, s, room("d")), earlier, at(15, 21))
	// One call may say a thing twice, too, and in several batches.
	two := sensors.Batch{Series: room("e"), Samples: []sensors.Sample{first, earlier, first}}
	conflicts, err := s.Write(t.Context(), []sensors.Batch{two, two})
	if err != nil {
		t.Fatal(err)
	}
	wantNone(t, conflicts)
	wantSamples(t, readAll(t, s, room("e")), earlier)
	// 0 and -0 are one value; what was first received is kept to the bit.
	negative := at(0, math.Copysign(0, -1))
	wantNone(t, write(t, s, room("f"), negative))
	wantNone(t, write(t, s, room("f"), received(at(0, 0), 9)))
	wantSamples(t, readAll(t, s, room("f")), negative)
}

func testConflict(t *testing.T, place Place) {
	s := open(t, place)
	stands, later := received(at(0, 20), 30), received(at(0, 17), 60)
	conflict := sensors.Conflict{Series: room("d"), Stands: stands, Later: later}
	wantNone(t, write(t, s, room("d"), stands, at(15, 21)))
	for range 2 { // a replay says it again
		wantConflicts(t, write(t, s, room("d"), later), conflict)
		wantSamples(t, readAll(t, s, room("d")), stands, at(15, 21))
	}
	// The order of arrival does not matter: what was received first stands although it is written last.
	conflict.Series = room("e")
	wantNone(t, write(t, s, room("e"), later))
	wantConflicts(t, write(t, s, room("e"), stands), conflict)
	wantSamples(t, readAll(t, s, room("e")), stands)
	wantConflicts(t, write(t, s, room("e"), later), conflict)
	wantSamples(t, readAll(t, s, room("e")), stands)
	// Received at once: the first written stands.
	other := received(at(0, 16), 30)
	wantConflicts(t, write(t, s, room("e"), other), sensors.Conflict{Series: room("e"), Stands: stands, Later: other})
	wantSamples(t, readAll(t, s, room("e")), stands)
}

func testConflictInCall(t *testing.T, place Place) {
	s := open(t, place)
	a, b, c := received(at(0, 20), 30), received(at(0, 17), 30), received(at(0, 18), 10)
	wantConflicts(t, write(t, s, room("d"), at(5, 20), a, b), sensors.Conflict{Series: room("d"), Stands: a, Later: b})
	wantSamples(t, readAll(t, s, room("d")), a, at(5, 20))
	conflicts, err := s.Write(t.Context(), []sensors.Batch{
		{Series: room("e"), Samples: []sensors.Sample{a}},
		{Series: room("f"), Samples: []sensors.Sample{b}},
		{Series: room("e"), Samples: []sensors.Sample{b, c}},
	})
	if err != nil {
		t.Fatal(err)
	}
	wantConflicts(t, conflicts,
		sensors.Conflict{Series: room("e"), Stands: a, Later: b}, sensors.Conflict{Series: room("e"), Stands: c, Later: a})
	wantSamples(t, readAll(t, s, room("e")), c)
	wantSamples(t, readAll(t, s, room("f")), b)
}

func testRestart(t *testing.T, place Place) {
	s := open(t, place)
	stands, later := received(at(0, 20), 30), received(at(0, 17), 60)
	write(t, s, room("d"), stands, at(15, 21))
	again := func() {
		t.Helper()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = open(t, place)
	}
	again()
	wantSamples(t, readAll(t, s, room("d")), stands, at(15, 21))
	again() // the first call is one that must not overwrite
	wantConflicts(t, write(t, s, room("d"), later), sensors.Conflict{Series: room("d"), Stands: stands, Later: later})
	again()
	// A new sample, then one between the old ones and the new, in a store that knows only of the new.
	wantNone(t, write(t, s, room("d"), at(60, 22)))
	other := received(at(15, 5), 86400)
	wantConflicts(t, write(t, s, room("d"), other), sensors.Conflict{Series: room("d"), Stands: at(15, 21), Later: other})
	again()
	// A late sample first: the store must not take it for the newest.
	wantNone(t, write(t, s, room("d"), at(5, 19)))
	other = received(at(60, 5), 86400)
	wantConflicts(t, write(t, s, room("d"), other), sensors.Conflict{Series: room("d"), Stands: at(60, 22), Later: other})
	wantSamples(t, readAll(t, s, room("d")), stands, at(5, 19), at(15, 21), at(60, 22))
}

// testIDs uses ids that would change a query or a line if they were not quoted.
func testIDs(t *testing.T, place Place) {
	s := open(t, place)
	ids := []string{
		"d", "D", "d ", `"`, `d" or r.device != "d`, `d") |> drop(columns: ["_value"]) //`, "${d}", "$", "{d}", "d,e", "d=e", "d, e = f", "'d'", "d;", "d/*", "d//e",
		".*", "/.*/", "|", "房间 1", "\u00e9", "e\u0301", "\U0001f525", "x00", "%41", "d#", "#d", "a'b", "`d`", "?", "&", "<d>", "null", "true", "0", "-0", "1e3",
	}
	var want []sensors.Series
	for _, id := range ids {
		if sensors.CheckID(id) == nil {
			want = append(want, room(id), sensors.Series{Quantity: sensors.Setpoint, Owner: "h", Room: id}, sensors.Series{Quantity: sensors.Setpoint, Owner: id})
		}
	}
	want = append(want, sensors.Series{Quantity: sensors.Setpoint, Owner: "h"}, sensors.Series{Quantity: sensors.HeatKWh, Owner: "d"}, sensors.Series{Quantity: sensors.HeatGJ, Owner: "d"})
	spans := make([]sensors.Span, len(want))
	for i, series := range want {
		wantNone(t, write(t, s, series, at(0, float64(i)), at(15, float64(i)+0.5)))
		spans[i] = sensors.Span{Series: series, From: noon, To: noon.Add(time.Hour)}
	}
	for i, series := range want {
		wantSamples(t, readAll(t, s, series), at(0, float64(i)), at(15, float64(i)+0.5))
		last, ok, err := s.Last(t.Context(), series, noon+1)
		if err != nil || !ok {
			t.Fatalf("%v: Last = %v, %v", series, ok, err)
		}
		wantSamples(t, []sensors.Sample{last}, at(0, float64(i)))
	}
	err := s.ReadMany(t.Context(), spans, func(i int, got []sensors.Sample) error {
		return differ(got, []sensors.Sample{at(0, float64(i)), at(15, float64(i)+0.5)})
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.List(t.Context())
	if err != nil || len(got) != len(want) {
		t.Fatalf("List gives %d series, want %d (%v)", len(got), len(want), err)
	}
	for _, series := range want {
		if !slices.Contains(got, series) {
			t.Errorf("%v is not listed", series)
		}
	}
}

func testMany(t *testing.T, place Place) {
	s := open(t, place)
	const n = 3000
	var batches []sensors.Batch
	var spans []sensors.Span
	for i := range n {
		series := room(fmt.Sprintf("d%04d", i))
		if i%10 != 3 { // a few have nothing
			batches = append(batches, sensors.Batch{Series: series, Samples: []sensors.Sample{at(0, float64(i)), at(15, float64(i)+0.25), at(30, 20)}})
		}
		// Most want a quarter of an hour, some nothing, some more, one series twice.
		span := sensors.Span{Series: series, From: noon.Add(15 * time.Minute), To: noon.Add(30 * time.Minute)}
		switch i % 100 {
		case 5:
			span.To = span.From
		case 6:
			span.From, span.To = sensors.Earliest, sensors.Latest
		case 7:
			span.Series = room("d0000")
		}
		spans = append(spans, span)
	}
	conflicts, err := s.Write(t.Context(), batches)
	if err != nil {
		t.Fatal(err)
	}
	wantNone(t, conflicts)
	visited := 0
	err = s.ReadMany(t.Context(), spans, func(i int, got []sensors.Sample) error {
		if i != visited {
			return fmt.Errorf("visits %d after %d", i, visited-1)
		}
		visited++
		want := []sensors.Sample{at(15, float64(i)+0.25)}
		switch i % 100 {
		case 5:
			want = nil
		case 6:
			want = []sensors.Sample{at(0, float64(i)), at(15, float64(i)+0.25), at(30, 20)}
		case 7:
			want = []sensors.Sample{at(15, 0.25)}
		}
		if spans[i].Series == room(fmt.Sprintf("d%04d", i)) && i%10 == 3 {
			want = nil
		}
		if err := differ(got, want); err != nil {
			return fmt.Errorf("span %d: %w", i, err)
		}
		return nil
	})
	if err != nil || visited != n {
		t.Fatalf("%d of %d spans visited: %v", visited, n, err)
	}
	if err := s.ReadMany(t.Context(), nil, nil); err != nil {
		t.Errorf("no spans: %v", err)
	}
}

func testVisitor(t *testing.T, place Place) {
	s := open(t, place)
	var spans []sensors.Span
	for i := range 20 {
		series := room(fmt.Sprint(i))
		write(t, s, series, at(0, 20))
		spans = append(spans, sensors.Span{Series: series, From: noon, To: noon.Add(time.Hour)})
	}
	stop := errors.New("enough")
	var wait sync.WaitGroup
	for range 8 { // more than a store may have connections
		wait.Go(func() {
			visits := 0
			err := s.ReadMany(t.Context(), spans, func(i int, _ []sensors.Sample) error {
				if visits++; visits == 10 {
					return stop
				}
				got, err := s.Read(t.Context(), spans[19-i].Series, noon, noon+1, nil)
				if err != nil {
					return err
				}
				return differ(got, []sensors.Sample{at(0, 20)})
			})
			if visits != 10 || !errors.Is(err, stop) {
				t.Errorf("%d visits and %v, want 10 and %v", visits, err, stop)
			}
		})
	}
	wait.Wait()
}

func testLast(t *testing.T, place Place) {
	s := open(t, place)
	write(t, s, room("d"), at(-100*24*60, 15), at(0, 20), at(15, 21), at(5*24*60, 22))
	for _, c := range []struct {
		before sensors.Instant
		want   []sensors.Sample
	}{
		{at(-100*24*60, 0).At, nil},
		{at(-100*24*60, 0).At + 1, []sensors.Sample{at(-100*24*60, 15)}},
		{noon, []sensors.Sample{at(-100*24*60, 15)}},
		{noon + 1, []sensors.Sample{at(0, 20)}},
		{at(15, 0).At, []sensors.Sample{at(0, 20)}},
		{at(15, 0).At + 1, []sensors.Sample{at(15, 21)}},
		{at(5*24*60, 0).At, []sensors.Sample{at(15, 21)}},
		{sensors.Latest, []sensors.Sample{at(5*24*60, 22)}},
		{math.MaxInt64, []sensors.Sample{at(5*24*60, 22)}},
		{math.MinInt64, nil},
	} {
		var got []sensors.Sample
		last, ok, err := s.Last(t.Context(), room("d"), c.before)
		if err != nil {
			t.Fatal(err)
		}
		if ok {
			got = append(got, last)
		}
		wantSamples(t, got, c.want...)
	}
	if _, ok, err := s.Last(t.Context(), room("nobody"), noon); ok || err != nil {
		t.Errorf("a series that nothing was written to: %v, %v", ok, err)
	}
}
