package compliance_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/nuanju/nuanju/compliance"
)

// Reasons that were kept as JSON say the same sentences as those that were not: a letter can be written years later.
func TestKeptStepsSaySameSentences(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t)
		v := d.judge(t)
		var all []compliance.Step
		for i := range v.Tiles {
			all = append(all, v.TileBecause(i)...)
		}
		for r, room := range v.Rooms {
			for i := range room.Tiles {
				all = append(all, v.RoomBecause(r, i)...)
			}
		}
		for _, e := range v.Episodes {
			all = append(all, e.Because...)
		}
		for _, o := range v.Days {
			all = append(all, o.Because...)
		}
		for _, s := range v.Tests {
			all = append(all, s.Because...)
		}
		text := []byte("[")
		for i := range all {
			if i > 0 {
				text = append(text, ',')
			}
			text = all[i].AppendJSON(text, d.policy.Zone)
		}
		read, err := compliance.ReadSteps(append(text, ']'))
		if err != nil {
			t.Fatal(err)
		}
		if len(read) != len(all) {
			t.Fatalf("%d steps of %d came back", len(read), len(all))
		}
		for i := range all {
			for _, lang := range []compliance.Lang{compliance.ZH, compliance.EN} {
				want, got := all[i].Say(compliance.RuleWords(), lang, d.policy.Zone), read[i].Say(compliance.RuleWords(), lang, d.policy.Zone)
				if want != got {
					t.Fatalf("%s\nwant %s\ngot  %s", all[i].Rule, want, got)
				}
			}
			if len(all[i].Sources) != len(read[i].Sources) {
				t.Fatalf("%s: %d sources, want %d", all[i].Rule, len(read[i].Sources), len(all[i].Sources))
			}
		}
	})
}

func TestStepsThatCannotBeRead(t *testing.T) {
	for text, want := range map[string]string{
		`{}`: "reading steps",
		`[{"clause":"A3","rule":"readings_reach","values":{"first":"x"},"sources":[]}]`: "reading step 0 (readings_reach): first",
		`[{"clause":"A3","rule":"heating_off","values":{"since":"12"},"sources":[]}]`:   "reading step 0 (heating_off): since",
	} {
		if _, err := compliance.ReadSteps([]byte(text)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// Whatever a tile says, its letter tells what would change it, in both languages.
func TestEveryStatusCanBeChanged(t *testing.T) {
	for _, s := range []compliance.Status{
		compliance.Off, compliance.Grace, compliance.Unknown, compliance.Compliant, compliance.Exempt, compliance.Below,
	} {
		all := compliance.WouldChange(s, compliance.A7224)
		if len(all) == 0 {
			t.Errorf("%s: nothing would change it", s)
		}
		for _, w := range all {
			if w.ZH == "" || w.EN == "" {
				t.Errorf("%s: %+v", s, w)
			}
		}
	}
}
