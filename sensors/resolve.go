package sensors

import (
	"cmp"
	"math"
	"slices"
)

// Resolver answers which device speaks for a room (or a meter, or a station) at an instant, and how far off it is. It
// is a pure function of assignments and calibrations: their order does not matter. It never changes, so that any number
// of goroutines may use it.
//
// A device is at one place at a time: of its assignments that hold at an instant the one that began last counts (of
// two that began together, that to the target that sorts first). One device at a time judges a place: of
// those that are there, the one whose assignment began last (of two that began together, the one whose id sorts first).
// The others are shown and not judged.
type Resolver struct {
	byDevice     map[string][]Assignment
	byTarget     map[Target][]Assignment
	calibrations map[string][]Calibration
}

// NewResolver indexes assignments and calibrations. Assignments that end before they begin hold never.
func NewResolver(assignments []Assignment, calibrations []Calibration) *Resolver {
	r := &Resolver{
		byDevice:     make(map[string][]Assignment),
		byTarget:     make(map[Target][]Assignment),
		calibrations: make(map[string][]Calibration),
	}
	for _, a := range assignments {
		if a.From < a.To {
			r.byDevice[a.Device] = append(r.byDevice[a.Device], a)
			r.byTarget[a.Target] = append(r.byTarget[a.Target], a)
		}
	}
	for _, c := range calibrations {
		r.calibrations[c.Device] = append(r.calibrations[c.Device], c)
	}
	for d := range r.byDevice {
		slices.SortFunc(r.byDevice[d], byPrecedence)
	}
	for t := range r.byTarget {
		slices.SortFunc(r.byTarget[t], byPrecedence)
	}
	for d := range r.calibrations {
		slices.SortFunc(r.calibrations[d], byForce)
	}
	return r
}

// byPrecedence puts the assignment that counts first: the latest From, then by device and target.
func byPrecedence(a, b Assignment) int {
	return cmp.Or(cmp.Compare(b.From, a.From), cmp.Compare(a.Device, b.Device), compareTargets(a.Target, b.Target),
		cmp.Compare(b.To, a.To))
}

func compareTargets(a, b Target) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Room, b.Room))
}

// byForce puts the calibration that is in force last: by From, then, so that it is the same everywhere, by certificate and offset.
func byForce(a, b Calibration) int {
	return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.Certificate, b.Certificate),
		cmp.Compare(a.OffsetCelsius, b.OffsetCelsius))
}

// Place is the assignment that says where a device is at an instant, or false when it is nowhere.
func (r *Resolver) Place(device string, at Instant) (Assignment, bool) {
	for _, a := range r.byDevice[device] {
		if a.Holds(at) {
			return a, true
		}
	}
	return Assignment{}, false
}

// Present is the assignments of the devices that are at a target at an instant: first the one that judges, then those
// that are only shown.
func (r *Resolver) Present(target Target, at Instant) []Assignment {
	var out []Assignment
	for _, a := range r.byTarget[target] {
		if a.Holds(at) && r.isAt(a, at) && !slices.ContainsFunc(out, func(b Assignment) bool { return b.Device == a.Device }) {
			out = append(out, a)
		}
	}
	return out
}

// Judging is the assignment of the device that judges a target at an instant, or false when none does.
func (r *Resolver) Judging(target Target, at Instant) (Assignment, bool) {
	for _, a := range r.byTarget[target] {
		if a.Holds(at) && r.isAt(a, at) {
			return a, true
		}
	}
	return Assignment{}, false
}

// isAt reports whether the device of a, which holds at the instant, is not somewhere else by a stronger assignment.
func (r *Resolver) isAt(a Assignment, at Instant) bool {
	place, _ := r.Place(a.Device, at)
	return place.Target == a.Target
}

// Calibration is the calibration of a device that is in force at an instant: the last one from then or before. False
// when there is none; then nothing is added.
func (r *Resolver) Calibration(device string, at Instant) (Calibration, bool) {
	all := r.calibrations[device]
	i, _ := slices.BinarySearchFunc(all, at, func(c Calibration, at Instant) int {
		if c.From <= at {
			return -1
		}
		return 1
	})
	if i == 0 {
		return Calibration{}, false
	}
	return all[i-1], true
}

// Stretch is a time in which one device with one offset speaks for a target.
type Stretch struct {
	From, To      Instant // [From, To)
	Device        string
	OffsetCelsius float64 // of the calibration in force; 0 without one
	Certificate   string  // of that calibration; empty without one
}

// Judges divides [from, to) into the longest stretches of one judging device and calibration, in order. Times in which
// no device judges the target are left out.
func (r *Resolver) Judges(target Target, from, to Instant) []Stretch {
	var out []Stretch
	cuts := r.cuts(target, from, to)
	for i, cut := range cuts {
		end := to
		if i+1 < len(cuts) {
			end = cuts[i+1]
		}
		a, ok := r.Judging(target, cut)
		if !ok {
			continue
		}
		s := Stretch{From: cut, To: end, Device: a.Device}
		if c, ok := r.Calibration(a.Device, cut); ok {
			s.OffsetCelsius, s.Certificate = c.OffsetCelsius, c.Certificate
		}
		if n := len(out); n > 0 && out[n-1].continues(s) {
			out[n-1].To = s.To
			continue
		}
		out = append(out, s)
	}
	return out
}

// continues reports whether next says the same from where s ends.
func (s Stretch) continues(next Stretch) bool {
	return s.To == next.From && s.Device == next.Device && s.Certificate == next.Certificate &&
		math.Float64bits(s.OffsetCelsius) == math.Float64bits(next.OffsetCelsius)
}

// cuts is every instant in [from, to) at which another device or offset may begin to count, with from itself first.
func (r *Resolver) cuts(target Target, from, to Instant) []Instant {
	if from >= to {
		return nil
	}
	cuts := []Instant{from}
	add := func(t Instant) {
		if from < t && t < to {
			cuts = append(cuts, t)
		}
	}
	seen := make(map[string]bool)
	for _, a := range r.byTarget[target] {
		if seen[a.Device] {
			continue
		}
		seen[a.Device] = true
		for _, b := range r.byDevice[a.Device] {
			add(b.From)
			add(b.To)
		}
		for _, c := range r.calibrations[a.Device] {
			add(c.From)
		}
	}
	slices.Sort(cuts)
	return slices.Compact(cuts)
}
