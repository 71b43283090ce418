package main

import "github.com/nuanju/nuanju/billing"

// tiersRemedy is the remedy of a contract in tiers, a line a room and day, and what is to be said of all.
func (v *view) tiersRemedy() {
	if v.remedy == nil {
		return
	}
	v.section("按档退费", "Remedy in tiers")
	for i := range v.remedy.Lines {
		for _, s := range v.remedy.Lines[i].Because {
			v.printf("    %-9s %s\n", s.Clause, s.Say(billing.RuleWords(), v.lang, v.policy.Zone))
		}
	}
	for _, s := range v.remedy.Because {
		v.printf("    %-9s %s\n", s.Clause, s.Say(billing.RuleWords(), v.lang, v.policy.Zone))
	}
	if len(v.remedy.Lines)+len(v.remedy.Because) == 0 {
		v.printf("    %-9s %s\n", "A7.2.2", v.in("没有经确认的不达标时间，不退费。", "No failing time is confirmed: nothing is due."))
	}
}
