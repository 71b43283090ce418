package compliance

import (
	"math"
	"slices"
)

// roomState is a room with what has been computed of it.
type roomState struct {
	*Room
	readings []Reading // known at the moment of judging
	steps    []step
	frames   []frame
	drafts   drafts
	tiles    []Tile
	proved   []proof // what decide confirmed, and by what
}

// below is the room's below time, with what was carried.
func (r *roomState) below() Spans {
	return Union(append(slices.Clone(r.Carried), spansOf(r.tiles, Below)...)...)
}

// Carry is the room's below time before an instant that below time after it may still join in one episode: give it as
// Carried to a judging that goes on from there. Episodes from the first of it on are judged again; those before stay.
func (v *Verdict) Carry(room int, at Instant) []Interval {
	below := v.rooms[room].below().Clip(Interval{math.MinInt64, at})
	hulls := v.judge.hulls(below)
	if len(hulls) == 0 {
		return nil
	}
	last := hulls[len(hulls)-1]
	if at.Sub(last.End) >= v.judge.policy.EditionAt(last.Start).EpisodeGap {
		return nil
	}
	return below.Clip(last)
}

// hulls joins a room's below tiles whose gaps are shorter than EpisodeGap [I8] into hulls.
func (j *judge) hulls(below Spans) []Interval {
	var out []Interval
	for _, s := range below {
		if n := len(out); n > 0 && s.Start.Sub(out[n-1].End) < j.policy.EditionAt(out[n-1].Start).EpisodeGap {
			out[n-1].End = s.End
			continue
		}
		out = append(out, s)
	}
	return out
}

// decided is what has been decided of an episode's below time so far.
type decided struct {
	below     Spans
	confirmed []Interval
	dismissed []Interval
}

func (d *decided) confirm(span ...Interval) Spans {
	s := d.below.Intersect(Union(span...))
	d.confirmed = append(d.confirmed, s...)
	return s
}

// decide takes a room's below time from suspected to confirmed or dismissed, in parts or whole (section 6). It returns
// the room's episodes and all its confirmed time, which may lie outside of episodes.
func (j *judge) decide(room *roomState, tests []ruling) (episodes []Episode, confirmed Spans) {
	below := room.below()
	met := make([]bool, len(tests))
	var all []Interval
	for _, hull := range j.hulls(below) {
		d := decided{below: below.Clip(hull)}
		e := Episode{Room: room.ID, Hull: hull, Below: d.below.Length(), Because: []Step{j.hullStep(hull, d.below)}}
		j.applyConfirmations(&e, &d)
		for k := range tests {
			if t := &tests[k]; t.room == room && t.verdict.Stands && t.window().meets(hull) {
				met[k] = true
				e.Tests = append(e.Tests, t.ID)
				if t.verdict.Finding == Noncompliant {
					j.confirmBy(&e, &d, tests, t)
				}
			}
		}
		c := Union(d.confirmed...)
		for k := range tests {
			if t := &tests[k]; met[k] && t.verdict.Finding == CompliantTest && t.window().meets(hull) {
				d.dismissBy(&e, t, c)
			}
		}
		room.proved = append(room.proved, proof{spans: c, hull: hull})
		e.ConfirmedTime, e.DismissedTime = c, Union(d.dismissed...)
		e.Confirmed, e.Dismissed = e.ConfirmedTime.Length(), e.DismissedTime.Length()
		e.Status = episodeStatus(e)
		slices.Sort(e.Tests)
		slices.Sort(e.Confirmations)
		episodes = append(episodes, e)
		all = append(all, c...)
	}
	for k := range tests {
		if t := &tests[k]; t.room == room && t.standing(Noncompliant) {
			beside := j.confirmedBeside(tests, t, met[k])
			room.proved = append(room.proved, beside...)
			for _, p := range beside {
				all = append(all, p.spans...)
			}
		}
	}
	return episodes, Union(all...)
}

// applyConfirmations confirms what both sides agree to; it stands even against a test.
func (j *judge) applyConfirmations(e *Episode, d *decided) {
	for i := range j.agreed {
		c := &j.agreed[i]
		span := Interval{c.Start, c.End}.Clip(Interval{j.season.Start, j.until})
		if !c.Both() || span.Clip(e.Hull).Empty() {
			continue
		}
		e.Confirmations = append(e.Confirmations, c.ID)
		s := d.confirm(span)
		e.Because = append(e.Because, Step{Clause: A722, Rule: ruleJointConfirms, Values: []Value{
			text("id", c.ID), instant("start", c.Start), instant("end", c.End), seconds("confirmed", Instant(s.Length())),
		}, Sources: []Source{{Kind: FromConfirmation, ID: c.ID, Line: c.Line}}})
	}
}

// confirmBy lets a standing non-compliant test that meets the episode confirm its below time: in the test's own window;
// and, when the sensor agrees with it or is silent, in the record around it.
func (j *judge) confirmBy(e *Episode, d *decided, tests []ruling, t *ruling) {
	source := []Source{{Kind: FromTest, ID: t.ID, Line: t.Line}}
	s := d.confirm(t.window())
	e.Because = append(e.Because, Step{Clause: A722, Rule: ruleTestConfirms, Values: []Value{
		text("id", t.ID), instant("start", t.Start), instant("end", t.End), seconds("confirmed", Instant(s.Length())),
	}, Sources: source})
	if !t.vouches {
		e.Because = append(e.Because, t.sensor)
		return
	}
	span, bounds := vouchedSpan(tests, t)
	span = span.Clip(e.Hull)
	step := Step{Clause: A722, Rule: ruleTestVouches, Sources: append(source, bounds...)}
	switch {
	case span.Empty():
		step.Rule = ruleTestVouchesNothing
		step.Values = []Value{text("id", t.ID)}
	default:
		if t.reading < 0 {
			step.Rule = ruleTestVouchesSilent
		}
		s = d.confirm(span)
		step.Values = append([]Value{
			text("id", t.ID), instant("start", span.Start), instant("end", span.End), seconds("confirmed", Instant(s.Length())),
		}, t.sensor.Values...)
	}
	step.Sources = append(step.Sources, t.sensor.Sources...)
	e.Because = append(e.Because, step)
}

// dismissBy lets a standing compliant test that meets the episode dismiss the below time in its own window that is not
// confirmed: what is confirmed is not dismissed.
func (d *decided) dismissBy(e *Episode, t *ruling, confirmed Spans) {
	inside := d.below.Intersect(Union(t.window()))
	s := inside.Subtract(confirmed)
	d.dismissed = append(d.dismissed, s...)
	e.Because = append(e.Because, Step{Clause: A722, Rule: ruleTestDismisses, Values: []Value{
		text("id", t.ID), instant("start", t.Start), instant("end", t.End), seconds("dismissed", Instant(s.Length())),
		seconds("kept", Instant(inside.Length()-s.Length())),
	}, Sources: []Source{{Kind: FromTest, ID: t.ID, Line: t.Line}}})
}

// confirmedBeside is what a standing non-compliant test confirms outside of episodes: its own window if it meets none,
// less time in which nothing is owed or an exemption is proved; and in a room where no reading holds, the unknown time
// from the report to the first proof of warmth [I11].
func (j *judge) confirmedBeside(tests []ruling, t *ruling, met bool) []proof {
	judged := j.judged()
	exempt := j.exemptTime()
	var out []proof
	v := t.verdict
	if !met {
		own := Union(t.window()).Clip(judged).Subtract(spansOf(t.room.tiles, Off)).
			Subtract(spansOf(t.room.tiles, Grace)).Subtract(exempt)
		out = append(out, proof{spans: own, hull: t.window(), by: t})
		v.Because = append(v.Because, Step{Clause: A722, Rule: ruleTestOwnWindow, Values: []Value{
			text("id", t.ID), instant("start", t.Start), instant("end", t.End), seconds("confirmed", Instant(own.Length())),
		}, Sources: []Source{{Kind: FromTest, ID: t.ID, Line: t.Line}}})
	}
	if span, sources, ok := j.unsensed(tests, t); ok {
		report := sources[0]
		silent := spansOf(t.room.tiles, Unknown).Clip(span).Subtract(exempt)
		out = append(out, proof{spans: silent, hull: span, by: t})
		v.Because = append(v.Because, Step{Clause: A722, Rule: ruleUnsensedConfirms, Values: []Value{
			text("id", t.ID), text("report", report.ID), instant("reported", report.At), instant("start", span.Start),
			instant("end", span.End), seconds("confirmed", Instant(silent.Length())),
		}, Sources: append(sources, Source{Kind: FromTest, ID: t.ID, Line: t.Line})})
	}
	return out
}

func (j *judge) hullStep(hull Interval, below Spans) Step {
	rule := ruleEpisode
	if len(below) == 1 {
		rule = ruleOneStretch
	}
	return Step{Clause: A722, Rule: rule, Values: []Value{
		instant("start", hull.Start), instant("end", hull.End), count("tiles", len(below)),
		seconds("below", Instant(below.Length())),
		seconds("gap", Instant(j.policy.EditionAt(hull.Start).EpisodeGap)),
	}}
}

// episodeStatus is confirmed or dismissed when all of the below time is, suspected when none is decided.
func episodeStatus(e Episode) EpisodeStatus {
	switch {
	case e.Confirmed == e.Below:
		return Confirmed
	case e.Dismissed == e.Below:
		return Dismissed
	case e.Confirmed == 0 && e.Dismissed == 0:
		return Suspected
	}
	return PartlyDecided
}

// verdictsOf is the tests' verdicts in the order of the facts.
func (j *judge) verdictsOf(tests []ruling) []TestVerdict {
	out := make([]TestVerdict, 0, len(tests))
	for i := range j.facts.Tests {
		k := slices.IndexFunc(tests, func(r ruling) bool { return r.Test == &j.facts.Tests[i] })
		if k >= 0 {
			out = append(out, *tests[k].verdict)
		}
	}
	return out
}
