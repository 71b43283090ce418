package compliance

import "slices"

// frame is a stretch of a room's season in which everything but its readings stays the same.
type frame struct {
	Interval
	owed      Status  // Off, Grace, or "" when the threshold is owed
	threshold float64 // °C, when owed is ""
	setpoint  int     // which setpoint sets the threshold, or −1 for the standard
	rising    step    // what is asked for but not owed yet, if its raw threshold is higher [I3]
	exempt    int     // which exemption is proved, or −1
	clause    Clause  // the exemption's
}

// frames cuts the judged time of a room wherever demand, grace, threshold, exemption or edition can change.
func (j *judge) frames(steps []step) []frame {
	cuts := []Instant{j.from}
	add := func(t Instant) {
		if j.from < t && t < j.until {
			cuts = append(cuts, t)
		}
	}
	heatUps := j.heatUps()
	for _, d := range j.demand {
		add(d.Start)
		for _, h := range heatUps {
			add(d.since + h)
		}
	}
	for _, s := range steps[1:] {
		add(s.at)
		for _, h := range heatUps {
			add(s.at + h)
		}
	}
	for _, e := range j.exempt {
		add(e.Start)
		add(e.End)
	}
	for _, b := range j.editions {
		add(b)
	}
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)

	out := make([]frame, len(cuts))
	for i, t := range cuts {
		end := j.until
		if i+1 < len(cuts) {
			end = cuts[i+1]
		}
		f := frame{Interval: Interval{t, end}, owed: j.owed(t), setpoint: -1, exempt: j.exemptAt(t)}
		if f.exempt >= 0 {
			f.clause = j.exempt[f.exempt].clause
		}
		if f.owed == "" {
			s := j.thresholdAt(steps, t)
			f.threshold, f.setpoint = s.raw, s.setpoint
			f.rising = rawAt(steps, t)
		}
		out[i] = f
	}
	return out
}

// draft is a tile in the making: its frames and which readings spoke in it.
type draft struct {
	Interval
	status     Status
	clause     Clause
	frameFrom  int
	frameTo    int // inclusive
	first      int // index of the first reading that holds; for unknown, of the last one before, or −1
	last       int
	coldest    int
	n          int // how many readings hold
	coldestVal float64
}

// drafts is a list of tiles in the making; add joins a piece to the one before when status and clause are equal.
type drafts []draft

func (ds *drafts) add(d draft) {
	if n := len(*ds); n > 0 {
		if p := &(*ds)[n-1]; p.status == d.status && p.clause == d.clause {
			p.End, p.frameTo = d.End, d.frameTo
			if d.n > 0 {
				if p.last == d.first { // one reading that holds across a frame's edge
					d.n--
				}
				p.n += d.n
				p.last = d.last
				if d.coldestVal < p.coldestVal {
					p.coldest, p.coldestVal = d.coldest, d.coldestVal
				}
			}
			return
		}
	}
	*ds = append(*ds, d)
}

// roomDrafts gives every instant of the judged time its status (section 4). Readings are looked at once, in order.
func (j *judge) roomDrafts(readings []Reading, frames []frame) drafts {
	out := make(drafts, 0, 64)
	i := -1 // the last reading at or before the instant that has been reached
	for fi := range frames {
		f := &frames[fi]
		if f.owed != "" {
			out.add(draft{Interval: f.Interval, status: f.owed, clause: A3, frameFrom: fi, frameTo: fi, first: -1, last: -1})
			continue
		}
		gap := Instant(j.policy.EditionAt(f.Start).ReadingMaxGap)
		for i+1 < len(readings) && readings[i+1].At <= f.Start {
			i++
		}
		for t := f.Start; t < f.End; {
			var d draft
			if i >= 0 && t < readings[i].At+gap {
				d, i = run(readings, i, f, gap)
			} else {
				d = draft{status: Unknown, clause: noClause, first: i, last: i}
				d.End = f.End
				if i+1 < len(readings) && readings[i+1].At < f.End {
					i++
					d.End = readings[i].At
				}
			}
			d.Start, d.frameFrom, d.frameTo = t, fi, fi
			t = d.End
			out.add(d)
		}
	}
	return out
}

// run follows readings from i on for as long as one holds after the other on the same side of the frame's threshold.
// It returns the piece without its start, and the index of the last reading at or before the piece's end.
func run(readings []Reading, i int, f *frame, gap Instant) (draft, int) {
	v := readings[i].Judged()
	cold := v < f.threshold
	d := draft{first: i, coldest: i, coldestVal: v}
	for {
		held := readings[i].At + gap
		if i+1 == len(readings) || readings[i+1].At > held || readings[i+1].At >= f.End {
			d.End, d.last = min(held, f.End), i
			break
		}
		v = readings[i+1].Judged()
		if (v < f.threshold) != cold {
			d.End, d.last = readings[i+1].At, i
			i++
			break
		}
		i++
		if v < d.coldestVal {
			d.coldest, d.coldestVal = i, v
		}
	}
	d.n = d.last - d.first + 1
	switch {
	case !cold:
		d.status, d.clause = Compliant, A3
	case f.exempt >= 0:
		d.status, d.clause = Exempt, f.clause
	default:
		d.status, d.clause = Below, A722
	}
	return d, i
}

// heatUps is the different lengths of grace that the editions of the judged time give.
func (j *judge) heatUps() []Instant {
	var out []Instant
	for i := range j.policy.Editions {
		out = append(out, Instant(j.policy.Editions[i].HeatUp))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// spansOf is the time that tiles of the status take.
func spansOf(tiles []Tile, status Status) Spans {
	var out []Interval
	for _, t := range tiles {
		if t.Status == status {
			out = append(out, t.Interval)
		}
	}
	return Union(out...)
}
