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
	for i := range j.demand {
		w := &j.demand[i]
		if w.Clip(d.Interval).Empty() {
			continue
		}
		s := Step{Clause: A3, Rule: ruleOff, Sources: []Source{w.source}, Values: []Value{instant("since", w.Start)}}
		if d.status == Grace {
			heatUp := j.policy.EditionAt(d.Start).HeatUp
			s.Rule = ruleHeatingUp
			s.Values = []Value{instant("on", w.since), seconds("heat_up", Instant(heatUp)), instant("owed_from", w.since.Add(heatUp))}
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
		if i > d.frameFrom && f.threshold == frames[i-1].threshold && f.setpoint == frames[i-1].setpoint {
			continue
		}
		e := j.policy.EditionAt(f.Start)
		s := Step{Clause: A3, Rule: ruleStandard, Values: []Value{
			celsius("threshold", f.threshold), celsius("standard", e.Standard), instant("from", max(f.Start, d.Start)),
		}}
		if f.setpoint >= 0 {
			p := &j.facts.Setpoints[f.setpoint]
			s.Rule = ruleSetpoint
			s.Values = append(s.Values, celsius("setpoint", p.Celsius), instant("set", p.At))
			s.Sources = []Source{{Kind: FromSetpoint, ID: p.Room, At: p.At, Line: p.Line}}
		}
		steps = append(steps, s)
	}
	return steps
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

// liableSteps says why nothing excuses the draft: the days' means, and the claims and stoppages that fail.
func (j *judge) liableSteps(steps []Step, d *draft) []Step {
	if i, ok := j.coldestDay(d.Interval); ok {
		steps = append(steps, j.days[i].Because...)
	}
	for i := range j.stopped {
		if s := &j.stopped[i]; !s.Exempt && !s.Span.Clip(d.Interval).Empty() {
			steps = append(steps, s.Because...)
		}
	}
	for i := range j.claimed {
		c := &j.claimed[i]
		if c.Proof == "" && !(Interval{c.Start, c.End}).Clip(d.Interval).Empty() {
			steps = append(steps, Step{Clause: c.Clause, Rule: ruleClaimUnproved, Values: []Value{
				text("id", c.ID), instant("start", c.Start), instant("end", c.End),
			}, Sources: []Source{{Kind: FromExemption, ID: c.ID, Line: c.Line}}})
		}
	}
	return steps
}

// coldestDay is the day of the interval that comes nearest to being exempt: one that is undetermined, else the
// coldest. If not even that one is exempt, none is.
func (j *judge) coldestDay(span Interval) (int, bool) {
	zone := j.policy.Zone
	best, found := 0, false
	if len(j.days) == 0 {
		return 0, false
	}
	for d := DateIn(span.Start, zone); d <= DateIn(span.End-1, zone); d++ {
		i := int(d - j.days[0].Date)
		if i < 0 || i >= len(j.days) || j.days[i].Exempt || len(j.days[i].Because) == 0 {
			continue
		}
		day, leader := &j.days[i], &j.days[best]
		switch {
		case !found:
		case leader.Source == Undetermined:
			continue
		case day.Source != Undetermined && day.Mean >= leader.Mean:
			continue
		}
		best, found = i, true
	}
	return best, found
}
