package compliance

import (
	"cmp"
	"slices"
)

// exemption is time for which an exemption is proved, and by what.
type exemption struct {
	Interval
	clause   Clause
	claim    int // index into the judge's claims, or −1
	day      int // index into the verdict's days, or −1
	stoppage int // index into the verdict's stoppages, or −1
}

// exemptions is all time for which an exemption of A7.2.2①–⑤ is proved, cut into disjoint spans, each with the first
// clause in contract order that excuses it. A claim without proof excuses nothing.
func (j *judge) exemptions(days []OutdoorDay, stoppages []StoppageVerdict) []exemption {
	var all []exemption
	for i, e := range j.claimed {
		if e.Proof != "" {
			all = append(all, exemption{Interval{e.Start, e.End}, e.Clause, i, -1, -1})
		}
	}
	for i, d := range days {
		if d.Exempt {
			all = append(all, exemption{Interval{d.Date.Start(j.policy.Zone), d.Date.End(j.policy.Zone)}, A7224, -1, i, -1})
		}
	}
	for i, s := range stoppages {
		if s.Exempt {
			for _, span := range j.exemptSpans(s) {
				all = append(all, exemption{span, A7225, -1, -1, i})
			}
		}
	}
	// Contract order first; inside one clause the order is fixed so that equal facts give equal reasons.
	slices.SortStableFunc(all, func(a, b exemption) int {
		return cmp.Or(cmp.Compare(a.clause, b.clause), cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End),
			cmp.Compare(j.exemptionID(a), j.exemptionID(b)))
	})

	var taken Spans // by the clauses before
	var out []exemption
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].clause == all[0].clause {
			n++
		}
		out, taken = j.excuse(all[:n], taken, out)
		all = all[n:]
	}
	slices.SortFunc(out, func(a, b exemption) int { return cmp.Compare(a.Start, b.Start) })
	return out
}

// excuse appends the exemptions of one clause, in order of start, without the time that clauses before have taken.
func (j *judge) excuse(same []exemption, taken Spans, out []exemption) ([]exemption, Spans) {
	covered := j.from
	spans := make([]Interval, 0, len(same)+len(taken))
	for _, e := range same {
		span := e.Clip(Interval{covered, j.until})
		if span.Empty() {
			continue
		}
		covered = span.End
		spans = append(spans, span)
		for _, free := range (Spans{span}).Subtract(taken) {
			e.Interval = free
			out = append(out, e)
		}
	}
	return out, Union(append(spans, taken...)...)
}

func (j *judge) exemptionID(e exemption) string {
	if e.claim >= 0 {
		return j.claimed[e.claim].ID
	}
	return ""
}

// exemptAt is the index of the exemption proved for t, or −1.
func (j *judge) exemptAt(t Instant) int {
	i, found := slices.BinarySearchFunc(j.exempt, t, func(e exemption, t Instant) int { return cmp.Compare(e.Start, t) })
	if !found {
		i--
	}
	if i < 0 || !j.exempt[i].Contains(t) {
		return -1
	}
	return i
}

// exemptTime is all time for which any exemption is proved.
func (j *judge) exemptTime() Spans {
	spans := make([]Interval, len(j.exempt))
	for i, e := range j.exempt {
		spans[i] = e.Interval
	}
	return Union(spans...)
}

// claims lists the exemptions claimed under A7.2.2①–③ that touch the judged time, proved or not.
func (j *judge) claims() []Claim {
	var out []Claim
	for _, e := range j.claimed {
		span := Interval{e.Start, e.End}.Clip(Interval{j.season.Start, j.until})
		if !span.Empty() {
			out = append(out, Claim{ID: e.ID, Clause: e.Clause, Span: span, Proved: e.Proof != ""})
		}
	}
	slices.SortStableFunc(out, func(a, b Claim) int {
		return cmp.Or(cmp.Compare(a.Span.Start, b.Span.Start), cmp.Compare(a.ID, b.ID))
	})
	return out
}
