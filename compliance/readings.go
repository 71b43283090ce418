package compliance

import (
	"cmp"
	"slices"
)

// Conflict is a reading that was received later than another of the same room and time, with another value. The first
// received stands for judging; this one is kept and shown (section 2).
type Conflict struct {
	Stands Reading
	Later  Reading
}

// Clash is two readings of one room and time with different values of which nobody can say which came first: at least
// one has no receipt, or both the same. It is an error of the facts, never settled by a guess.
type Clash struct {
	At      Instant
	Line    int32 // of the later row
	Earlier int32 // of the earlier row
}

// OrderReadings sorts the readings of one room by time and leaves one a time (section 2): equal values are one
// reading, of different ones the first received stands. It works in place; out shares in's memory. The result does not
// depend on the order of in.
func OrderReadings(in []Reading) (out []Reading, conflicts []Conflict, clashes []Clash) {
	byTime := func(a, b Reading) int { return cmp.Compare(a.At, b.At) }
	if !slices.IsSortedFunc(in, byTime) {
		slices.SortFunc(in, func(a, b Reading) int { return cmp.Or(byTime(a, b), earlierReceived(a, b)) })
	}
	out = in[:0]
	for i := 0; i < len(in); {
		j := i + 1
		for j < len(in) && in[j].At == in[i].At {
			j++
		}
		if j-i == 1 {
			out = append(out, in[i])
			i = j
			continue
		}
		same := slices.Clone(in[i:j]) // out overwrites this part of in
		slices.SortFunc(same, earlierReceived)
		stands, later, clash := firstReceived(same)
		if clash != nil {
			clashes = append(clashes, *clash)
		}
		out = append(out, stands)
		conflicts = append(conflicts, later...)
		i = j
	}
	return out, conflicts, clashes
}

// earlierReceived orders readings of one time: by receipt, those without one first, then by value.
func earlierReceived(a, b Reading) int {
	return cmp.Or(cmp.Compare(a.Received, b.Received),
		cmp.Compare(a.Celsius, b.Celsius), cmp.Compare(a.Offset, b.Offset), cmp.Compare(a.Line, b.Line))
}

func sameValue(a, b Reading) bool { return a.Celsius == b.Celsius && a.Offset == b.Offset }

// firstReceived picks the reading that stands among readings of one time, in order of receipt.
func firstReceived(same []Reading) (stands Reading, later []Conflict, clash *Clash) {
	stands = same[0]
	for _, r := range same[1:] {
		if sameValue(r, stands) {
			continue
		}
		if clash == nil && (stands.Received == 0 || r.Received == stands.Received) {
			clash = &Clash{At: r.At, Line: max(r.Line, stands.Line), Earlier: min(r.Line, stands.Line)}
		}
		later = append(later, Conflict{Stands: stands, Later: r})
	}
	return stands, later, clash
}

// knownBy is the readings that were known at the moment of judging: measured before it and, if their receipt was
// recorded and the moment is explicit, received before it. It copies only when something has to be left out of the
// middle.
func knownBy(readings []Reading, asOf Instant, explicit bool) []Reading {
	end, _ := slices.BinarySearchFunc(readings, asOf, func(r Reading, t Instant) int { return cmp.Compare(r.At, t) })
	readings = readings[:end]
	if !explicit {
		return readings
	}
	late := func(r Reading) bool { return r.Received != 0 && r.Received >= asOf }
	if !slices.ContainsFunc(readings, late) {
		return readings
	}
	return slices.DeleteFunc(slices.Clone(readings), late)
}

// holding is the index of the reading that holds at t, or −1: the last one at or before t, for as long as it speaks
// for the room by the edition that judges t [I1]. The next reading, if there is one by t, ends it.
func (j *judge) holding(readings []Reading, t Instant) int {
	i, found := slices.BinarySearchFunc(readings, t, func(r Reading, t Instant) int { return cmp.Compare(r.At, t) })
	if !found {
		i--
	}
	if i < 0 || t >= readings[i].At.Add(j.policy.EditionAt(t).ReadingMaxGap) {
		return -1
	}
	return i
}
