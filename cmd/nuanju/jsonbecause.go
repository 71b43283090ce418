package main

import (
	"maps"
	"math"
	"slices"

	"github.com/nuanju/nuanju/billing"
	"github.com/nuanju/nuanju/compliance"
)

// because writes the steps of a reason: clause, rule, values by name, and the rows that they came from. With words it
// adds the step as a sentence.
func (r *report) because(steps []compliance.Step, words compliance.Sentences) {
	r.key("because")
	r.inline(len(steps), func(i int) {
		s := &steps[i]
		r.used[s.Rule] = true
		r.object(func() {
			r.textMember("clause", string(s.Clause))
			r.textMember("rule", string(s.Rule))
			if words != nil {
				r.textMember("says", s.Say(words, r.lang, r.policy.Zone))
			}
			r.key("values")
			r.object(func() {
				for k := range s.Values {
					r.value(s, k)
				}
			})
			r.key("sources")
			r.inline(len(s.Sources), func(k int) { r.source(&s.Sources[k]) })
		})
	})
}

// value writes the step's value k by its name; a name that stands more than once is a list, at its first place.
func (r *report) value(s *compliance.Step, k int) {
	name := s.Values[k].Name
	same := func(v compliance.Value) bool { return v.Name == name }
	if slices.IndexFunc(s.Values, same) < k {
		return
	}
	r.key(name)
	if !slices.ContainsFunc(s.Values[k+1:], same) {
		r.bare(&s.Values[k])
		return
	}
	all := slices.DeleteFunc(slices.Clone(s.Values), func(v compliance.Value) bool { return !same(v) })
	r.inline(len(all), func(i int) { r.bare(&all[i]) })
}

func (r *report) bare(v *compliance.Value) {
	switch v.Kind {
	case compliance.KindCelsius, compliance.KindSeconds, compliance.KindCount:
		r.number(v.Number)
	case compliance.KindInstant:
		if v.At == math.MinInt64 || v.At == math.MaxInt64 { // not bounded
			r.number(math.NaN())
			return
		}
		r.time(r.local(v.At))
	case compliance.KindDate:
		r.text(v.Date.String())
	default:
		r.text(v.Text)
	}
}

// source names a row by what is in it, not by its line: the order of rows changes no byte of the output.
func (r *report) source(s *compliance.Source) {
	r.object(func() {
		r.textMember("kind", string(s.Kind))
		if s.ID != "" {
			r.textMember("id", s.ID)
		}
		if s.At != 0 {
			r.key("time")
			r.time(r.local(s.At))
		}
		if file := r.files[s.Kind]; file != "" {
			r.textMember("file", file)
		}
	})
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
