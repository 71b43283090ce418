package compliance

// RoomBecause is the reasons of tile i of the room-th room: from the frames and readings that it went through.
func (v *Verdict) RoomBecause(room, i int) []Step {
	j, r := v.judge, v.rooms[room]
	d := &r.drafts[i]
	switch d.status {
	case Off, Grace:
		return j.demandSteps(d)
	case Unknown:
		return j.silenceSteps(d, r)
	case Compliant:
		return append(j.thresholdSteps(d, r.frames), readingStep(d, r, A3, ruleReadingsReach))
	}
	steps := append(j.thresholdSteps(d, r.frames), readingStep(d, r, A722, ruleReadingsBelow))
	if d.status == Exempt {
		return j.exemptionSteps(steps, d, r.frames)
	}
	return j.liableSteps(steps, d)
}

// provisional reports whether the draft lies in a local day that has not ended and whose mean could still excuse it
// under the clause of the cold, which in contract order comes before that of stoppages (A7.2.2④).
func (j *judge) provisional(d *draft) bool {
	if d.status != Below && d.status != Exempt || d.status == Exempt && d.clause <= A7224 || len(j.days) == 0 {
		return false
	}
	last := j.days[len(j.days)-1].Date
	return j.policy.EditionOn(last).Outdoor != nil && last.End(j.policy.Zone) > j.asOf && d.End > last.Start(j.policy.Zone)
}

func (j *judge) demandSteps(d *draft) []Step {
	var steps []Step
	for i := j.demandIndex(d.Start); i < len(j.demand) && j.demand[i].Start < d.End; i++ {
		w := &j.demand[i]
		s := Step{Clause: A3, Rule: ruleOff, Sources: []Source{w.source}, Values: []Value{instant("since", w.Start)}}
		if d.status == Grace {
			heatUp := j.policy.EditionAt(d.Start).HeatUp
			s.Values = []Value{instant("on", w.since), seconds("heat_up", Instant(heatUp)), instant("owed_from", w.since.Add(heatUp))}
			switch {
			case w.source.Kind == FromPolicy:
				s.Rule = ruleOnByDefault
			case w.early != 0 && w.early < w.since:
				s.Rule = ruleOnBeforeSeason
				s.Values = append(s.Values, instant("switched", w.early))
			default:
				s.Rule = ruleHeatingUp
			}
		}
		steps = append(steps, s)
	}
	return steps
}

func (j *judge) silenceSteps(d *draft, room *roomState) []Step {
	gap := Instant(j.policy.EditionAt(d.Start).ReadingMaxGap)
	s := Step{Rule: ruleNeverRead, Values: []Value{text("room", room.ID), seconds("gap", gap)}}
	if d.first >= 0 {
		r := &room.readings[d.first]
		s.Rule = ruleSilent
		s.Values = append(s.Values, instant("last", r.At), instant("held_until", r.At+gap))
		s.Sources = []Source{readingSource(room, r)}
	}
	return []Step{s}
}

// readingStep says what was read: how many readings, the first and the coldest.
func readingStep(d *draft, room *roomState, clause Clause, rule Rule) Step {
	first, coldest, last := &room.readings[d.first], &room.readings[d.coldest], &room.readings[d.last]
	values := []Value{
		text("room", room.ID), count("readings", d.n), celsius("first", first.Judged()),
		celsius("coldest", coldest.Judged()), instant("coldest_at", coldest.At),
	}
	if coldest.Offset != 0 {
		rule += calibrated
		values = append(values, celsius("received", coldest.Celsius), celsius("offset", coldest.Offset))
	}
	sources := []Source{readingSource(room, first)}
	if d.coldest != d.first {
		sources = append(sources, readingSource(room, coldest))
	}
	if d.last != d.first && d.last != d.coldest {
		sources = append(sources, readingSource(room, last))
	}
	return Step{Clause: clause, Rule: rule, Values: values, Sources: sources}
}

func readingSource(room *roomState, r *Reading) Source {
	return Source{Kind: FromReading, ID: room.ID, At: r.At, Line: r.Line}
}

// thresholdSteps says which thresholds held in the draft and what set them.
func (j *judge) thresholdSteps(d *draft, frames []frame) []Step {
	steps := make([]Step, 0, 4)
	for i := d.frameFrom; i <= d.frameTo; i++ {
		f := &frames[i]
		if i > d.frameFrom && f.threshold == frames[i-1].threshold && f.setpoint == frames[i-1].setpoint && f.rising == frames[i-1].rising {
			continue
		}
		e := j.policy.EditionAt(f.Start)
		from := max(f.Start, d.Start)
		switch {
		case f.rising.raw > f.threshold:
			steps = append(steps, j.risingStep(f, from))
		case f.setpoint >= 0:
			p := &j.facts.Setpoints[f.setpoint]
			steps = append(steps, Step{Clause: A3, Rule: ruleSetpoint, Values: []Value{
				celsius("threshold", f.threshold), celsius("standard", e.Standard), instant("from", from),
				celsius("setpoint", p.Celsius), instant("set", p.At),
			}, Sources: []Source{{Kind: FromSetpoint, ID: p.Room, At: p.At, Line: p.Line}}})
		default:
			steps = append(steps, Step{Clause: A3, Rule: ruleStandard, Values: []Value{
				celsius("threshold", f.threshold), celsius("standard", e.Standard), instant("from", from),
			}})
		}
		if e.StandardBasis != (Words{}) {
			steps = append(steps, lawStep(e))
		}
	}
	return steps
}

// lawStep cites the local law that sets the standard and, where it goes before the contract's own, that as well (A13).
func lawStep(e *Edition) Step {
	s := Step{Clause: A13, Rule: ruleStandardBasis, Values: []Value{
		celsius("standard", e.Standard), text("basis_zh", e.StandardBasis.ZH), text("basis_en", e.StandardBasis.EN),
	}, Sources: []Source{{Kind: FromPolicy, ID: "standard_basis"}}}
	if e.Law != nil {
		s.Rule = ruleStandardLaw
		s.Values = append(s.Values, celsius("contract", e.Law.Contract), text("law", e.Law.Policy), text("digest", e.Law.Digest))
		s.Sources = append(s.Sources, Source{Kind: FromPolicy, ID: "law"})
	}
	return s
}

// risingStep says that a raised setpoint, or a raised standard, is not owed yet [I3].
func (j *judge) risingStep(f *frame, from Instant) Step {
	s := Step{Clause: A3, Rule: ruleRising, Values: []Value{
		celsius("threshold", f.threshold), celsius("raised_to", f.rising.raw), instant("raised", f.rising.at), instant("from", from),
		seconds("heat_up", Instant(j.policy.EditionAt(f.Start).HeatUp)),
	}}
	for _, i := range []int{f.setpoint, f.rising.setpoint} {
		if i >= 0 {
			p := &j.facts.Setpoints[i]
			s.Sources = append(s.Sources, Source{Kind: FromSetpoint, ID: p.Room, At: p.At, Line: p.Line})
		}
	}
	return s
}

// exemptionSteps says which proofs excuse the draft, each once.
func (j *judge) exemptionSteps(steps []Step, d *draft, frames []frame) []Step {
	last := exemption{claim: -1, day: -1, stoppage: -1}
	for i := d.frameFrom; i <= d.frameTo; i++ {
		e := j.exempt[frames[i].exempt]
		if e.claim == last.claim && e.day == last.day && e.stoppage == last.stoppage {
			continue
		}
		last = e
		switch {
		case e.claim >= 0:
			c := &j.claimed[e.claim]
			steps = append(steps, Step{Clause: c.Clause, Rule: ruleExemptionProved, Values: []Value{
				text("id", c.ID), instant("start", c.Start), instant("end", c.End), text("proof", c.Proof),
			}, Sources: []Source{{Kind: FromExemption, ID: c.ID, Line: c.Line}}})
		case e.day >= 0:
			steps = append(steps, j.days[e.day].Because...)
		default:
			steps = append(steps, j.stopped[e.stoppage].Because...)
		}
	}
	return steps
}

// maxClaims bounds how many failing stoppages and claims a tile's reasons list: each stands in the verdict with its own.
const maxClaims = 20

// liableSteps says why nothing excuses the draft: the days' means, and the stoppages and claims that fail.
func (j *judge) liableSteps(steps []Step, d *draft) []Step {
	steps = j.daySteps(steps, d.Interval)
	listed := 0
	for i := range j.stopped {
		if s := &j.stopped[i]; !s.Exempt && !s.Span.Clip(d.Interval).Empty() && listed < maxClaims {
			steps = append(steps, s.Because...)
			listed++
		}
	}
	for i := 0; i < len(j.claimed) && j.claimed[i].Start < d.End && listed < maxClaims; i++ {
		c := &j.claimed[i]
		if c.Proof == "" && c.End > d.Start {
			steps = append(steps, Step{Clause: c.Clause, Rule: ruleClaimUnproved, Values: []Value{
				text("id", c.ID), instant("start", c.Start), instant("end", c.End),
			}, Sources: []Source{{Kind: FromExemption, ID: c.ID, Line: c.Line}}})
			listed++
		}
	}
	return steps
}

// daySteps says why no day of the span is exempt: the coldest one whose mean is known, and every one whose mean is not.
func (j *judge) daySteps(steps []Step, span Interval) []Step {
	if len(j.days) == 0 {
		return steps
	}
	first := max(0, int(DateIn(span.Start, j.policy.Zone)-j.days[0].Date))
	last := min(len(j.days)-1, int(DateIn(span.End-1, j.policy.Zone)-j.days[0].Date))
	coldest := -1
	for i := first; i <= last; i++ {
		if d := &j.days[i]; d.Source != Undetermined && !d.Exempt && (coldest < 0 || d.Mean < j.days[coldest].Mean) {
			coldest = i
		}
	}
	for i := first; i <= last; i++ {
		switch d := &j.days[i]; {
		case i == coldest:
			steps = append(steps, d.Because...)
		case d.Source != Undetermined:
		case len(steps) > 0 && d.Because[0].Rule == ruleNoOutdoorRule && i > first: // once is enough
		default:
			steps = append(steps, d.Because...)
		}
	}
	return steps
}
