package compliance

import (
	"cmp"
	"math"
	"slices"
)

// agreementGuard keeps a difference that is exactly the margin on paper from exceeding it by the last bits.
const agreementGuard = 1e-9

// ruling is what a test is worth before it is laid against episodes.
type ruling struct {
	*Test
	verdict   *TestVerdict
	room      *roomState
	threshold step
	reading   int  // of the room, that holds at Start; or −1
	asideBy   int  // index into the rulings of the test that sets it aside, or −1
	vouches   bool // its finding speaks for the sensor's record around it
	sensor    Step // why
}

// standing reports whether the test decides anything.
func (r *ruling) standing(f Finding) bool { return r.verdict.Stands && r.verdict.Finding == f }

// window is the time in which the test was taken.
func (r *ruling) window() Interval { return Interval{r.Start, r.End} }

// rule judges every test that had begun by the moment of judging: whether it applies, what it finds, whether it
// stands, and who pays (section 6). The rulings are in order of start, then id.
func (j *judge) rule(rooms []*roomState) []ruling {
	var tests []ruling
	for i := range j.facts.Tests {
		if t := &j.facts.Tests[i]; t.Start < j.asOf {
			tests = append(tests, ruling{Test: t, verdict: &TestVerdict{ID: t.ID, Room: t.Room, Start: t.Start}, reading: -1, asideBy: -1})
		}
	}
	slices.SortStableFunc(tests, func(a, b ruling) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.ID, b.ID))
	})
	for i := range tests {
		j.find(&tests[i], rooms)
	}
	for i := range tests {
		tests[i].asideBy = j.rival(tests, i)
	}
	for i := range tests {
		j.decidePayer(tests, i)
	}
	return tests
}

// find computes the test's finding: the value against the room's threshold at its start. A test decides nothing where
// no heat is owed.
func (j *judge) find(t *ruling, rooms []*roomState) {
	v := t.verdict
	source := []Source{{Kind: FromTest, ID: t.ID, Line: t.Line}}
	reject := func(r Rule, clause Clause, values ...Value) {
		v.Finding = NotApplicable
		values = append([]Value{text("id", t.ID), text("room", t.Room), text("institution", t.Institution), instant("at", t.Start)}, values...)
		v.Because = []Step{{Clause: clause, Rule: r, Values: values, Sources: source}}
	}
	for _, r := range rooms {
		if r.ID == t.Room {
			t.room = r
		}
	}
	switch {
	case !t.room.Kind.Judged():
		reject(ruleTestRoomNotJudged, A3, term("kind", string(t.room.Kind)))
		return
	case !t.Accredited:
		reject(ruleTestNotAccredited, A722)
		return
	case !(Interval{j.season.Start, j.season.End}).Contains(t.Start):
		reject(ruleTestOutOfSeason, A2, instant("season_start", j.season.Start), instant("season_end", j.season.End))
		return
	}
	if owed := j.owed(t.Start); owed != "" {
		reject(ruleTestNothingOwed, A3, term("status", string(owed)))
		return
	}

	t.threshold = j.thresholdAt(t.room.steps, t.Start)
	t.reading = j.holding(t.room.readings, t.Start)
	v.Finding = CompliantTest
	r := ruleTestReaches
	if t.Celsius < t.threshold.raw {
		v.Finding, r = Noncompliant, ruleTestBelow
	}
	finding := Step{Clause: A722, Rule: r, Sources: source, Values: []Value{
		text("id", t.ID), text("room", t.Room), text("institution", t.Institution), instant("at", t.Start),
		celsius("measured", t.Celsius), celsius("threshold", t.threshold.raw),
	}}
	if t.threshold.setpoint >= 0 {
		p := &j.facts.Setpoints[t.threshold.setpoint]
		finding.Sources = append(finding.Sources, Source{Kind: FromSetpoint, ID: p.Room, At: p.At, Line: p.Line})
	}
	t.sensor = j.sensorStep(t)
	v.Because = append(v.Because, finding, t.sensor)
}

// sensorStep compares the test with the reading that holds at its start. A sensor that agrees, or none, lets a
// non-compliant test speak for the record around it; one that disagrees wants calibration [I12].
func (j *judge) sensorStep(t *ruling) Step {
	s := Step{Clause: A722, Rule: ruleNoSensor, Values: []Value{text("room", t.Room), instant("at", t.Start)}}
	t.vouches = true
	if t.reading >= 0 {
		r := &t.room.readings[t.reading]
		margin := j.policy.EditionAt(t.Start).SensorAgreement
		difference := math.Abs(decimalSum(1, r.Judged(), -t.Celsius))
		t.vouches = difference <= margin+agreementGuard
		t.verdict.SensorOff, t.verdict.Difference = !t.vouches, difference
		s.Rule = ruleSensorAgrees
		if !t.vouches {
			s.Rule = ruleSensorDisagrees
		}
		s.Values = append(s.Values, celsius("reading", r.Judged()), celsius("measured", t.Celsius),
			celsius("difference", difference), celsius("margin", margin))
		s.Sources = []Source{readingSource(t.room, r)}
	}
	return s
}

// rival is the test that sets test i aside, or −1: of the applicable tests of the same room by a side of higher
// precedence that start within the rival window, before or after, the one of highest precedence, then the earliest,
// then the first by id. One that is itself set aside counts as well.
func (j *judge) rival(tests []ruling, i int) int {
	t := &tests[i]
	if t.verdict.Finding == NotApplicable {
		return -1
	}
	window := j.policy.EditionAt(t.Start).RivalWindow
	best := -1
	for k := range tests {
		o := &tests[k]
		if o.Room != t.Room || o.verdict.Finding == NotApplicable || o.CommissionedBy.rank() >= t.CommissionedBy.rank() ||
			o.Start.Sub(t.Start).Abs() > window {
			continue
		}
		if best < 0 || cmp.Or(cmp.Compare(o.CommissionedBy.rank(), tests[best].CommissionedBy.rank()),
			cmp.Compare(o.Start, tests[best].Start), cmp.Compare(o.ID, tests[best].ID)) < 0 {
			best = k
		}
	}
	t.verdict.Stands = best < 0
	if best >= 0 {
		o := &tests[best]
		t.verdict.Because = append(t.verdict.Because, Step{Clause: A722, Rule: ruleTestSetAside, Values: []Value{
			text("id", t.ID), term("side", string(t.CommissionedBy)), text("by", o.ID), term("by_side", string(o.CommissionedBy)),
			instant("by_at", o.Start), seconds("apart", Instant(o.Start.Sub(t.Start).Abs())), seconds("window", Instant(window)),
		}, Sources: []Source{{Kind: FromTest, ID: o.ID, Line: o.Line}}})
	}
	return best
}

// decidePayer says who pays test i: the side that was wrong for a standing test, whoever pays the test that set it
// aside for another. The chain ends, since each test is set aside by one of higher precedence.
func (j *judge) decidePayer(tests []ruling, i int) {
	t := tests[i].verdict
	if t.Finding == NotApplicable {
		return
	}
	k := i
	for tests[k].asideBy >= 0 {
		k = tests[k].asideBy
	}
	t.Payer = Resident
	if tests[k].verdict.Finding == Noncompliant {
		t.Payer = Supplier
	}
	t.Because = append(t.Because, Step{Clause: A722, Rule: rulePayer, Values: []Value{
		text("id", t.ID), term("payer", string(t.Payer)), text("decided_by", tests[k].ID),
	}})
}

// vouchedSpan is the time for which a non-compliant test vouches: from the latest end of the standing compliant tests
// of the room that start before it to the earliest start of those that start after it. The sources are the tests that
// bound it. It may be empty.
func vouchedSpan(tests []ruling, t *ruling) (span Interval, bounds []Source) {
	span = Interval{math.MinInt64, math.MaxInt64}
	var from, until *ruling
	for k := range tests {
		o := &tests[k]
		if o.Room != t.Room || !o.standing(CompliantTest) {
			continue
		}
		switch {
		case o.Start < t.Start && o.End > span.Start:
			span.Start, from = o.End, o
		case o.Start > t.Start && o.Start < span.End:
			span.End, until = o.Start, o
		}
	}
	for _, o := range []*ruling{from, until} {
		if o != nil {
			bounds = append(bounds, Source{Kind: FromTest, ID: o.ID, Line: o.Line})
		}
	}
	return span, bounds
}

// unsensed is the time from a report of cold to the first proof of warmth, for a standing non-compliant test of a room
// in which no reading holds at its start [I11]. Only the room's unknown time in it is confirmed. The first source is the
// report, the last one that is open then; the others bound the time. ok is false when no report is open.
func (j *judge) unsensed(tests []ruling, t *ruling) (span Interval, sources []Source, ok bool) {
	if j.policy.EditionAt(t.Start).Unsensed != UnsensedReport || t.reading >= 0 {
		return Interval{}, nil, false
	}
	report, ok := j.openReport(t.Start)
	if !ok {
		return Interval{}, nil, false
	}
	span = Interval{report.At, j.until}
	if report.Resolved != 0 {
		span.End = min(span.End, report.Resolved)
	}
	var from, until Source
	for k := range tests {
		o := &tests[k]
		if o.Room != t.Room || !o.standing(CompliantTest) {
			continue
		}
		switch {
		case o.Start < t.Start && o.End > span.Start:
			span.Start, from = o.End, Source{Kind: FromTest, ID: o.ID, Line: o.Line}
		case o.Start > t.Start && o.Start < span.End:
			span.End, until = o.Start, Source{Kind: FromTest, ID: o.ID, Line: o.Line}
		}
	}
	readings := t.room.readings
	after, _ := slices.BinarySearchFunc(readings, t.Start+1, func(r Reading, t Instant) int { return cmp.Compare(r.At, t) })
	for i := after - 1; i >= 0 && readings[i].At > span.Start; i-- {
		if j.warm(t.room, &readings[i]) {
			span.Start, from = readings[i].At, readingSource(t.room, &readings[i])
			break
		}
	}
	for i := after; i < len(readings) && readings[i].At < span.End; i++ {
		if j.warm(t.room, &readings[i]) {
			span.End, until = readings[i].At, readingSource(t.room, &readings[i])
			break
		}
	}
	sources = []Source{{Kind: FromReport, ID: report.ID, At: report.At, Line: report.Line}}
	for _, s := range []Source{from, until} {
		if s.Kind != "" {
			sources = append(sources, s)
		}
	}
	return span, sources, true
}

// warm reports whether the reading is at or above the room's threshold at its time.
func (j *judge) warm(room *roomState, r *Reading) bool {
	return r.Judged() >= j.thresholdAt(room.steps, r.At).raw
}

// openReport is the last report of cold at or before t that is not resolved at or before t. A resolution at the moment of
// judging or later has not happened.
func (j *judge) openReport(t Instant) (Report, bool) {
	after, _ := slices.BinarySearchFunc(j.reports, t+1, func(r Report, t Instant) int { return cmp.Compare(r.At, t) })
	for i := after - 1; i >= 0; i-- {
		r := j.reports[i]
		if r.Resolved >= j.asOf {
			r.Resolved = 0
		}
		if r.Resolved == 0 || r.Resolved > t {
			return r, true
		}
	}
	return Report{}, false
}

// reportsKnown is the reports made before the moment of judging, by time. Of those at one time the one given later holds.
func (j *judge) reportsKnown() []Report {
	all := slices.DeleteFunc(slices.Clone(j.facts.Reports), func(r Report) bool { return r.At >= j.asOf })
	slices.Reverse(all) // so that the one given last is the first of its time, which Compact keeps
	slices.SortStableFunc(all, func(a, b Report) int { return cmp.Compare(a.At, b.At) })
	return slices.CompactFunc(all, func(a, b Report) bool { return a.At == b.At })
}
