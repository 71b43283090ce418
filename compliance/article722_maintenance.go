package compliance

import (
	"cmp"
	"slices"
)

// stoppages judges every planned stoppage of the season, in order of start, then id (A7.2.2⑤). A stoppage belongs to
// the season in which it starts; one that starts outside the judged time is not listed.
func (j *judge) stoppages() []StoppageVerdict {
	ofSeason := slices.DeleteFunc(slices.Clone(j.facts.Stoppages), func(s Stoppage) bool {
		return s.Start < j.season.Start || s.Start >= j.until
	})
	slices.SortStableFunc(ofSeason, func(a, b Stoppage) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.ID, b.ID))
	})
	out := make([]StoppageVerdict, 0, len(ofSeason))
	counted := 0
	for _, s := range ofSeason {
		rule := j.policy.EditionAt(s.Start).Maintenance
		announced := s.Announced != 0 && s.Announced < s.Start
		short := s.End.Sub(s.Start) <= rule.MaxLength
		counts := rule.Count == CountAll || announced && (short || rule.Overrun == OverrunFirst) && s.Proof != ""
		if counts {
			counted++
		}
		v := StoppageVerdict{ID: s.ID, Ordinal: counted, Span: Interval{s.Start, s.End}}
		switch {
		case !announced:
			v.Reason = NotAnnounced
		case !short && rule.Overrun != OverrunFirst:
			v.Reason = TooLong
		case counts && counted > rule.PerSeason:
			v.Reason = OverThree
		case s.Proof == "":
			v.Reason = NotProved
		default:
			v.Exempt = true
		}
		v.Because = []Step{stoppageStep(s, v, rule)}
		if v.Exempt && rule.Recovery > 0 {
			v.Because = append(v.Because, Step{Clause: A7225, Rule: ruleStoppageRecovery, Values: []Value{
				text("id", s.ID), instant("end", s.End), seconds("recovery", Instant(rule.Recovery)),
			}, Sources: []Source{{Kind: FromPolicy, ID: "I7"}}})
		}
		out = append(out, v)
	}
	return out
}

// stoppageStep says which of the four conditions decided: announced strictly before the start, at most MaxLength
// long, among the first PerSeason, its record given.
func stoppageStep(s Stoppage, v StoppageVerdict, rule Maintenance) Step {
	r := map[StoppageReason]Rule{
		"": ruleStoppageExempt, NotAnnounced: ruleStoppageNotAnnounced, TooLong: ruleStoppageTooLong,
		OverThree: ruleStoppageOverThree, NotProved: ruleStoppageNotProved,
	}[v.Reason]
	if s.End.Sub(s.Start) > rule.MaxLength && v.Exempt {
		r = ruleStoppageFirst
	}
	values := []Value{text("id", s.ID), instant("start", s.Start), instant("end", s.End)}
	if s.Announced != 0 {
		values = append(values, instant("announced", s.Announced))
	}
	values = append(values, seconds("length", s.End-s.Start), seconds("most", Instant(rule.MaxLength)),
		count("ordinal", v.Ordinal), count("allowed", rule.PerSeason))
	if s.Proof != "" {
		values = append(values, text("proof", s.Proof))
	}
	if rule.Recovery > 0 {
		values = append(values, seconds("recovery", Instant(rule.Recovery)))
	}
	return Step{Clause: A7225, Rule: r, Values: values, Sources: []Source{{Kind: FromStoppage, ID: s.ID, Line: s.Line}}}
}

// exemptSpans is the time that an exempt stoppage excuses: itself, or its first MaxLength if the policy so reads a longer
// one [I6]; and the reheating after its end if the policy grants any [I7].
func (j *judge) exemptSpans(v StoppageVerdict) Spans {
	rule := j.policy.EditionAt(v.Span.Start).Maintenance
	itself := Interval{v.Span.Start, min(v.Span.End, v.Span.Start.Add(rule.MaxLength))}
	return Union(itself, Interval{v.Span.End, v.Span.End.Add(rule.Recovery)})
}
