package main

import (
	"strconv"

	"github.com/nuanju/nuanju/billing"
	"github.com/nuanju/nuanju/compliance"
)

// law writes the local law whose standard goes before the contract's own (A13).
func (r *report) law(l *compliance.Law) {
	if l == nil {
		return
	}
	r.key("law")
	r.object(func() {
		r.textMember("name", l.Policy)
		r.textMember("digest", l.Digest)
		r.numberMember("contract_standard", l.Contract)
	})
}

// tiersRemedy writes the lines of a remedy in tiers. A pack that knows of no remedy has no lines, and one without prices no
// amounts: remedy_says says so.
func (r *report) tiersRemedy() {
	if r.remedy == nil {
		return
	}
	lines := r.remedy.Lines
	if r.policy.EditionAt(r.verdict.Season.Start).Remedy != compliance.RemedyUnknown || len(lines) > 0 {
		r.key("remedy")
		r.list(len(lines), func(i int) {
			line := &lines[i]
			r.object(func() {
				r.textMember("date", line.Date.String())
				r.textMember("room", line.Room)
				r.numberMember("below_by", line.BelowBy())
				r.key("percent")
				r.buf = append(r.buf, line.Percent.String()...)
				if line.Priced {
					r.key("fen")
					r.buf = strconv.AppendInt(r.buf, int64(line.Fen), 10)
				}
				r.numberMember("celsius", line.Celsius)
				r.textMember("clause", string(compliance.A722))
				r.because(line.Because, billing.RuleWords())
			})
		})
	}
	r.key("remedy_says")
	r.inline(len(r.remedy.Because), func(i int) {
		r.text(r.remedy.Because[i].Say(billing.RuleWords(), r.lang, r.policy.Zone))
	})
}

// usageMember writes the metered heat, in kWh.
func (r *report) usageMember() {
	r.key("usage")
	r.object(func() {
		r.key("metered_kwh")
		r.buf = append(r.buf, r.usage.Metered.FloatString(3)...)
		r.key("zeroed_kwh")
		r.buf = append(r.buf, r.usage.Zeroed.FloatString(3)...)
		r.key("billed_kwh")
		r.buf = append(r.buf, r.usage.Billed.FloatString(3)...)
	})
}
