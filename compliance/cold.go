package compliance

import (
	"cmp"
	"slices"
)

// ColdDay is a local day on which a room failed, by the lowest reading in its confirmed time of that day: what a remedy in
// tiers goes by. A reading speaks for the day on which it holds, also where it was taken just before midnight.
type ColdDay struct {
	Room      string
	Date      Date
	Celsius   float64 // as judged
	Threshold float64 // °C that was owed then
	At        Instant // of the measurement
	Source    Source  // a reading, or the test whose value speaks where no reading below is confirmed
	Spell     Interval
	Notice    Instant // when the supplier was told of the spell, or could not but know
	// Mended is true if the spell ended in the time that the edition gives for mending it: then nothing is due.
	Mended bool
}

// BelowBy is by how much the room was below what was owed, °C.
func (d *ColdDay) BelowBy() float64 { return decimalSum(1, d.Threshold, -d.Celsius) }

// proof is confirmed time of a room: of an episode, with the readings that hold in it, or of a test beside the episodes,
// whose value stands where no reading below does. A sensor that a test finds off is judged as received until it is
// calibrated (section 2), and then anew (section 6): in an episode it is always the readings that speak.
type proof struct {
	spans Spans
	hull  Interval // of the whole cold spell
	by    *ruling  // nil: the room's readings speak
}

// ColdDays is every local day of confirmed failing time of every room, by date, then in the order of the rooms. Time that
// is exempt, or only suspected, has no part in it; nor has what was carried from before Facts.From: ask a verdict that was
// judged from the season's start.
func (v *Verdict) ColdDays() []ColdDay {
	var out []ColdDay
	for _, r := range v.rooms {
		days := make(map[Date]ColdDay)
		for _, p := range r.proved {
			v.judge.coldDays(r, &p, days)
		}
		dates := make([]Date, 0, len(days))
		for d := range days {
			dates = append(dates, d)
		}
		slices.Sort(dates)
		for _, d := range dates {
			out = append(out, days[d])
		}
	}
	slices.SortStableFunc(out, func(a, b ColdDay) int { return cmp.Compare(a.Date, b.Date) })
	return out
}

// coldDays adds what is proved to the days of a room.
func (j *judge) coldDays(r *roomState, p *proof, days map[Date]ColdDay) {
	spell := ColdDay{Room: r.ID, Spell: p.hull, Notice: j.notice(r, p.hull)}
	if e := j.policy.EditionAt(p.hull.Start); e.Tiers != nil && e.Tiers.MendWithin > 0 {
		spell.Mended = p.hull.End <= spell.Notice.Add(e.Tiers.MendWithin)
	}
	if t := p.by; t != nil {
		spell.Celsius, spell.Threshold, spell.At = t.Celsius, t.threshold.raw, t.Start
		spell.Source = Source{Kind: FromTest, ID: t.ID, At: t.Start, Line: t.Line}
		for _, s := range p.spans {
			j.addDays(s, spell, days)
		}
		return
	}
	for _, s := range p.spans {
		for fi := range r.frames {
			f := &r.frames[fi]
			if piece := f.Clip(s); !piece.Empty() {
				spell.Threshold = f.threshold
				j.addReadings(r, piece, spell, days)
			}
		}
	}
}

// addReadings adds every reading that holds in the piece, which lies in one frame.
func (j *judge) addReadings(r *roomState, piece Interval, d ColdDay, days map[Date]ColdDay) {
	i, found := slices.BinarySearchFunc(r.readings, piece.Start, func(x Reading, t Instant) int { return cmp.Compare(x.At, t) })
	if !found {
		i--
	}
	gap := Instant(j.policy.EditionAt(piece.Start).ReadingMaxGap)
	for i = max(i, 0); i < len(r.readings) && r.readings[i].At < piece.End; i++ {
		x := &r.readings[i]
		held := Interval{x.At, x.At + gap}
		if i+1 < len(r.readings) {
			held.End = min(held.End, r.readings[i+1].At)
		}
		d.Celsius, d.At, d.Source = x.Judged(), x.At, readingSource(r, x)
		j.addDays(held.Clip(piece), d, days)
	}
}

// addDays counts d for every local day that the span has a part in, unless a lower value counts there already. A spell that
// was mended in time counts only where no other does.
func (j *judge) addDays(span Interval, d ColdDay, days map[Date]ColdDay) {
	if span.Empty() {
		return
	}
	for d.Date = DateIn(span.Start, j.policy.Zone); d.Date.Start(j.policy.Zone) < span.End; d.Date++ {
		before, counted := days[d.Date]
		if !counted || colder(&d, &before) {
			days[d.Date] = d
		}
	}
}

// colder reports whether a is what its day goes by, and not b.
func colder(a, b *ColdDay) bool {
	if a.Mended != b.Mended {
		return b.Mended
	}
	return cmp.Or(cmp.Compare(a.Celsius, b.Celsius), -cmp.Compare(a.Threshold, b.Threshold), cmp.Compare(a.At, b.At),
		cmp.Compare(a.Source.ID, b.Source.ID)) < 0
}

// notice is when the supplier was told of a cold spell: by a report that was open in it, or by a test of the room, whichever
// was first. A spell that both sides confirmed without either is one that the supplier knew of from its start.
func (j *judge) notice(r *roomState, hull Interval) Instant {
	told := hull.End
	for _, p := range j.reports {
		if p.At < hull.End && (p.Resolved == 0 || p.Resolved >= j.asOf || p.Resolved > hull.Start) {
			told = min(told, max(p.At, hull.Start))
		}
	}
	for i := range j.facts.Tests {
		t := &j.facts.Tests[i]
		if t.Room == r.ID && t.Start < min(hull.End, j.asOf) && (Interval{t.Start, t.End}).meets(hull) {
			told = min(told, max(t.Start, hull.Start))
		}
	}
	if told == hull.End {
		return hull.Start
	}
	return told
}
