package main

import (
	"maps"
	"slices"

	"github.com/nuanju/nuanju/billing"
	"github.com/nuanju/nuanju/compliance"
)

// because writes the steps of a reason. With words it adds what they say, as sentences.
func (r *report) because(steps []compliance.Step, words compliance.Sentences) {
	r.key("because")
	r.inline(len(steps), func(i int) {
		r.used[steps[i].Rule] = true
		r.buf = steps[i].AppendJSON(r.buf, r.policy.Zone)
	})
	if words == nil {
		return
	}
	r.key("says")
	r.inline(len(steps), func(i int) { r.text(steps[i].Say(words, r.lang, r.policy.Zone)) })
}

// words writes the sentence of every rule that was used, with the names of values in braces.
func (r *report) words() {
	rules := slices.Sorted(maps.Keys(r.used))
	r.key("words")
	r.object(func() {
		for _, rule := range rules {
			words, ok := compliance.RuleWords()[rule]
			if !ok {
				words = billing.RuleWords()[rule]
			}
			r.textMember(string(rule), words.In(r.lang))
		}
	})
}
