package compliance

import (
	"cmp"
	"slices"
	"time"
)

// Interval is a stretch of time, half open: Start belongs to it, End does not.
type Interval struct {
	Start Instant
	End   Instant
}

// Empty reports whether no instant lies in the interval.
func (i Interval) Empty() bool { return i.Start >= i.End }

// Contains reports whether the instant lies in the interval.
func (i Interval) Contains(t Instant) bool { return i.Start <= t && t < i.End }

// Length is the physical time the interval lasts; 0 when it is empty.
func (i Interval) Length() time.Duration { return max(0, i.End.Sub(i.Start)) }

// Clip is the part of the interval that lies in bounds; it may be empty.
func (i Interval) Clip(bounds Interval) Interval {
	return Interval{max(i.Start, bounds.Start), min(i.End, bounds.End)}
}

// meets reports whether i, a window measured from Start to End, and the half-open j have time in common. A window
// of no length meets j when its instant lies in it (section 6).
func (i Interval) meets(j Interval) bool {
	if i.Start == i.End {
		return j.Contains(i.Start)
	}
	return i.Start < j.End && j.Start < i.End
}

// Spans is a set of instants as intervals that are sorted, not empty, and neither overlap nor touch. The functions
// below keep it so.
type Spans []Interval

// Union is the set of all instants in any of the intervals, which may come in any order and overlap.
func Union(intervals ...Interval) Spans {
	sorted := make(Spans, 0, len(intervals))
	for _, i := range intervals {
		if !i.Empty() {
			sorted = append(sorted, i)
		}
	}
	slices.SortFunc(sorted, func(a, b Interval) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End))
	})
	out := sorted[:0]
	for _, i := range sorted {
		if n := len(out); n > 0 && i.Start <= out[n-1].End {
			out[n-1].End = max(out[n-1].End, i.End)
			continue
		}
		out = append(out, i)
	}
	return out
}

// Clip is the part of the set that lies in bounds.
func (s Spans) Clip(bounds Interval) Spans {
	var out Spans
	for _, i := range s {
		if c := i.Clip(bounds); !c.Empty() {
			out = append(out, c)
		}
	}
	return out
}

// Intersect is the set of the instants that are in both.
func (s Spans) Intersect(o Spans) Spans {
	var out Spans
	for a, b := 0, 0; a < len(s) && b < len(o); {
		if c := s[a].Clip(o[b]); !c.Empty() {
			out = append(out, c)
		}
		if s[a].End < o[b].End {
			a++
		} else {
			b++
		}
	}
	return out
}

// Subtract is the set of the instants of s that are not in o.
func (s Spans) Subtract(o Spans) Spans {
	var out Spans
	b := 0
	for _, i := range s {
		for b < len(o) && o[b].End <= i.Start {
			b++
		}
		rest := i
		for k := b; k < len(o) && o[k].Start < rest.End; k++ {
			if before := (Interval{rest.Start, o[k].Start}); !before.Empty() {
				out = append(out, before)
			}
			rest.Start = max(rest.Start, o[k].End)
		}
		if !rest.Empty() {
			out = append(out, rest)
		}
	}
	return out
}

// Length is the physical time in the set.
func (s Spans) Length() time.Duration {
	var sum time.Duration
	for _, i := range s {
		sum += i.Length()
	}
	return sum
}

// Contains reports whether the instant is in the set.
func (s Spans) Contains(t Instant) bool {
	k, found := slices.BinarySearchFunc(s, t, func(i Interval, t Instant) int { return cmp.Compare(i.Start, t) })
	return found || k > 0 && t < s[k-1].End
}
