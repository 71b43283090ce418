package oracle

import (
	"slices"
)

const episodeGap = 3 * hour

// A dispute is what is suspected, confirmed and dismissed in one room, per elementary interval.
type dispute struct {
	*facts
	room      string
	cuts      []instant
	at        []verdict
	exempt    func(instant) string
	tests     []found // of all rooms
	confirmed []bool
	dismissed []bool
}

// within says whether elementary interval i lies in a span whose ends are cuts or outside the judged time.
func (d *dispute) within(i int, s span) bool { return s.start <= d.cuts[i] && d.cuts[i+1] <= s.end }

func (d *dispute) below(i int) bool { return d.at[i].status == "below" }

// mark sets what is below in a span.
func (d *dispute) mark(set []bool, s span) {
	for i := range d.at {
		if d.below(i) && d.within(i, s) {
			set[i] = true
		}
	}
}

// hulls joins below time whose gaps are shorter than 3 h.
func (d *dispute) hulls() (hulls []span) {
	below := make([]bool, len(d.at))
	for i := range below {
		below[i] = d.below(i)
	}
	for _, s := range spans(d.cuts, below) {
		if n := len(hulls) - 1; n >= 0 && s.start-hulls[n].end < episodeGap {
			hulls[n].end = s.end
			continue
		}
		hulls = append(hulls, s)
	}
	return hulls
}

// settle applies confirmations and tests to the room, and gives its episodes.
func (d *dispute) settle() (episodes []Episode) {
	hulls := d.hulls()
	for _, c := range d.confirmations {
		if c.both {
			d.mark(d.confirmed, c.span)
		}
	}
	for _, t := range d.tests {
		if t.stands && t.room == d.room {
			d.apply(t, hulls)
		}
	}
	for i := range d.dismissed {
		d.dismissed[i] = d.dismissed[i] && !d.confirmed[i]
	}
	for _, hull := range hulls {
		episodes = append(episodes, d.episode(hull))
	}
	return episodes
}

// apply lets one standing test of the room decide what it decides.
func (d *dispute) apply(t found, hulls []span) {
	met := slices.DeleteFunc(slices.Clone(hulls), func(h span) bool { return !t.meets(h) })
	for _, hull := range met {
		inside := span{max(hull.start, t.start), min(hull.end, t.end)}
		if t.compliant() {
			d.mark(d.dismissed, inside)
			continue
		}
		d.mark(d.confirmed, inside)
		if d.vouches(t.test) {
			around := between(d.tests, t)
			d.mark(d.confirmed, span{max(hull.start, around.start), min(hull.end, around.end)})
		}
	}
	if t.compliant() {
		return
	}
	unsensed, open := d.unsensed(d.tests, t)
	for i, v := range d.at {
		if d.exempt(d.cuts[i]) != "" {
			continue
		}
		own := len(met) == 0 && v.status != "off" && v.status != "grace" && d.within(i, t.span)
		if own || open && v.status == "unknown" && d.within(i, unsensed) {
			d.confirmed[i] = true
		}
	}
}

func (d *dispute) episode(hull span) Episode {
	e := Episode{
		Room: d.room, Start: local(hull.start), End: local(hull.end), Tests: []string{}, Confirmations: []string{},
	}
	var below, confirmed, dismissed instant
	for i := range d.at {
		if !d.below(i) || !d.within(i, hull) {
			continue
		}
		length := d.cuts[i+1] - d.cuts[i]
		below += length
		if d.confirmed[i] {
			confirmed += length
		}
		if d.dismissed[i] {
			dismissed += length
		}
	}
	e.BelowSeconds, e.ConfirmedSeconds, e.DismissedSeconds = seconds(below), seconds(confirmed), seconds(dismissed)
	switch {
	case confirmed == below:
		e.Status = "confirmed"
	case dismissed == below:
		e.Status = "dismissed"
	case confirmed+dismissed == 0:
		e.Status = "suspected"
	default:
		e.Status = "partly_decided"
	}
	for _, t := range d.tests {
		if t.stands && t.room == d.room && t.meets(hull) {
			e.Tests = append(e.Tests, t.id)
		}
	}
	for _, c := range d.confirmations {
		if c.both && c.overlaps(hull) {
			e.Confirmations = append(e.Confirmations, c.id)
		}
	}
	slices.Sort(e.Tests)
	slices.Sort(e.Confirmations)
	return e
}
