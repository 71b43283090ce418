package oracle

import (
	"cmp"
	"slices"
)

const (
	rivalWindow     = 24 * hour
	sensorAgreement = 0.5 // °C
	sensorGuard     = 1e-9
)

// found is a test with what section 6 makes of it.
type found struct {
	test
	finding string
	stands  bool
	payer   string
}

func (t found) compliant() bool { return t.stands && t.finding == "compliant" }

// findings judges all tests, in the order of the file.
func (f *facts) findings() []found {
	all := make([]found, 0, len(f.tests))
	for _, t := range f.tests {
		all = append(all, found{test: t, finding: f.finding(t)})
	}
	for i := range all {
		all[i].stands = all[i].finding != "not_applicable" && len(rivals(all, all[i])) == 0
	}
	for i := range all {
		all[i].payer = payer(all, all[i])
	}
	return all
}

func (f *facts) finding(t test) string {
	judged := slices.ContainsFunc(f.rooms, func(r room) bool { return r.id == t.room && r.judged })
	switch {
	case !judged, !t.accredited, !f.season.holds(t.start), f.inactive(t.start).status != "":
		return "not_applicable"
	case t.celsius < f.threshold(t.room, t.start):
		return "noncompliant"
	}
	return "compliant"
}

func precedence(side string) int {
	return slices.Index([]string{"resident", "joint", "supplier"}, side)
}

// rivals are the tests that set t aside, the one that says who pays first. A test that is not applicable decides nothing,
// so it is nobody's rival.
func rivals(all []found, t found) (of []found) {
	for _, o := range all {
		near := max(o.start-t.start, t.start-o.start) <= rivalWindow
		if o.finding != "not_applicable" && o.room == t.room && near && precedence(o.side) < precedence(t.side) {
			of = append(of, o)
		}
	}
	slices.SortFunc(of, func(a, b found) int {
		return cmp.Or(cmp.Compare(precedence(a.side), precedence(b.side)), cmp.Compare(a.start, b.start), cmp.Compare(a.id, b.id))
	})
	return of
}

func payer(all []found, t found) string {
	if t.finding == "not_applicable" {
		return ""
	}
	if by := rivals(all, t); len(by) > 0 {
		return payer(all, by[0])
	}
	if t.finding == "noncompliant" {
		return "supplier"
	}
	return "resident"
}

// meets says whether the test's window overlaps an episode's hull; a window of no length must lie in it.
func (t test) meets(hull span) bool {
	return t.overlaps(hull) || t.start == t.end && hull.holds(t.start)
}

// vouches says whether a non-compliant test speaks for the sensor's record around it: the sensor agrees, or none speaks.
func (f *facts) vouches(t test) bool {
	r, ok := f.holding(t.room, t.start)
	return !ok || max(r.celsius-t.celsius, t.celsius-r.celsius) <= sensorAgreement+sensorGuard
}

// between is the time around a non-compliant test that no standing compliant test of the room bounds.
func between(all []found, t found) span {
	s := span{-1 << 63, 1<<63 - 1}
	for _, o := range all {
		if !o.compliant() || o.room != t.room {
			continue
		}
		if o.start < t.start {
			s.start = max(s.start, o.end)
		}
		if o.start > t.start {
			s.end = min(s.end, o.start)
		}
	}
	return s
}

// unsensed is the time over which a non-compliant test confirms the room's unknown time (I11); ok is false when a reading
// holds at its start or no report is open then.
func (f *facts) unsensed(all []found, t found) (s span, ok bool) {
	if _, sensed := f.holding(t.room, t.start); sensed {
		return s, false
	}
	var open *report
	for _, r := range f.reports { // in order of time: the last one stays
		if r.at <= t.start && (r.resolved == nil || *r.resolved > t.start) {
			open = &r
		}
	}
	if open == nil {
		return s, false
	}
	s = between(all, t)
	s.start, s.end = max(s.start, open.at), min(s.end, f.asOf)
	if open.resolved != nil {
		s.end = min(s.end, *open.resolved)
	}
	for _, r := range f.readings[t.room] {
		if r.celsius < f.threshold(t.room, r.at) {
			continue
		}
		if r.at <= t.start {
			s.start = max(s.start, r.at)
		} else {
			s.end = min(s.end, r.at)
		}
	}
	return s, true
}
