package configs

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Attention is how people are told of tickets' clocks that nobody answers (A6.6).
type Attention struct {
	WarnBefore time.Duration // the due time
	Escalate   []Escalation  // in order of time; at least one
}

// Escalation is who is told some time after a clock has run out.
type Escalation struct {
	After time.Duration
	To    string
}

// Findings are the supplier's own rules for what the monitor finds by itself.
type Findings struct {
	Cron            string        // when they are looked for
	After           time.Duration // cold that lasts as long is a finding
	Target          time.Duration // in which somebody does something about it
	Warm            time.Duration // a home that is compliant for as long is not one any more
	IncidentHomes   int           // so many homes of a riser, building or substation
	IncidentsWithin time.Duration // in such a time are one incident
}

// oneDay bounds settings that are hours.
const oneDay = 24 * time.Hour

func (o *overrides) attention(m *Map) Attention {
	return Attention{
		WarnBefore: o.duration(m.Need("warn_before"), "ATTENTION_WARN_BEFORE", oneDay),
		Escalate:   o.escalations(m.Need("escalate"), "ATTENTION_ESCALATE"),
	}
}

func (o *overrides) findings(m, cron *Map) Findings {
	return Findings{
		Cron:            o.text(cron.Need("findings"), "CRON_FINDINGS"),
		After:           o.duration(m.Need("after"), "FINDINGS_AFTER", 10*oneDay),
		Target:          o.duration(m.Need("target"), "FINDINGS_TARGET", 10*oneDay),
		Warm:            o.duration(m.Need("warm"), "FINDINGS_WARM", 10*oneDay),
		IncidentHomes:   o.whole(m.Need("incident_homes"), "FINDINGS_INCIDENT_HOMES", 2, 10_000),
		IncidentsWithin: o.duration(m.Need("incident_within"), "FINDINGS_INCIDENT_WITHIN", oneDay),
	}
}

// escalations reads "0s shift_lead, 30m manager": a time and who is told, one after the other.
func (o *overrides) escalations(v Value, name string) (all []Escalation) {
	text := o.text(v, name)
	for step := range strings.SplitSeq(text, ",") {
		words := strings.Fields(step)
		var after time.Duration
		var err error
		if len(words) == 2 {
			after, err = time.ParseDuration(words[0])
		}
		if len(words) != 2 || err != nil || after < 0 || after > 10*oneDay || len(words[1]) > 128 {
			o.doc.Report(v.Line(), "attention.escalate: want steps such as \"0s shift_lead, 30m manager\", got %q", shorten(strings.TrimSpace(step)))
			return nil
		}
		all = append(all, Escalation{after, words[1]})
	}
	if !slices.IsSortedFunc(all, func(a, b Escalation) int { return cmp.Compare(a.After, b.After) }) {
		o.doc.Report(v.Line(), "attention.escalate: the steps are not in order of time")
	}
	return all
}
