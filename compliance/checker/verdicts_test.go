package checker_test

import (
	"strings"
	"testing"
	"time"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/compliance/checker"
	"github.com/nuanju/nuanju/ledger"
)

// An answer is what stands in the ledger, judged from the same facts; asking writes nothing. With a fact that is not declared it is
// what the ledger would hold if it were.
func TestAnswers(t *testing.T) {
	w := newTown(t)
	w.home("h", "", bed)
	w.now = w.local("2015-11-18T00:00")
	w.readEvery("h", "bed", "2015-11-15T12:00", "2015-11-16T00:00", 20)
	w.readEvery("h", "bed", "2015-11-16T00:00", "2015-11-17T00:00", 16)
	w.readEvery("h", "bed", "2015-11-17T00:00", "2015-11-18T00:00", 20)
	w.tick()
	before, err := w.ledger.Judged(t.Context(), []string{"h"})
	must(t, err)
	season, err := checker.SeasonOf(w.policy, "", 2015)
	must(t, err)
	if season.Agreed || season.Start.String() != "2015-11-15" || season.End.String() != "2016-03-15" {
		t.Fatalf("%+v", season)
	}
	agreed := compliance.Confirmation{
		ID: "c1", Start: w.local("2015-11-16T06:00"), End: w.local("2015-11-16T12:00"), Resident: true, Supplier: true,
	}
	questions := []checker.Question{
		{Household: "h", Season: season, AsOf: w.now},
		{Household: "stranger", Season: season, AsOf: w.now},
		{Household: "h", Season: season, AsOf: w.now, Also: ledger.Declarations{Confirmations: []compliance.Confirmation{agreed}}},
		{Household: "h", Season: season, AsOf: w.local("2015-11-16T03:00")},
	}
	asked := 0
	must(t, w.checker.Answers(t.Context(), questions, func(i int, a checker.Answer, err error) error {
		if i != asked {
			t.Errorf("question %d was answered in place of %d", i, asked)
		}
		asked++
		if i == 1 {
			if err == nil || !strings.Contains(err.Error(), "stranger") {
				t.Errorf("of a household that is not registered: %v", err)
			}
			return nil
		}
		must(t, err)
		v := a.Verdict
		want := map[int]time.Duration{0: 0, 2: 6 * time.Hour, 3: 0}[i]
		if v.Confirmed.Length() != want {
			t.Errorf("question %d: %s confirmed, want %s", i, v.Confirmed.Length(), want)
		}
		if i == 0 {
			for _, d := range matches(w, v) {
				t.Error(d)
			}
		}
		if i == 3 && v.Until != w.local("2015-11-16T03:00") {
			t.Errorf("it was judged until %s", v.Until.Time())
		}
		return nil
	}))
	after, err := w.ledger.Judged(t.Context(), []string{"h"})
	must(t, err)
	if asked != 4 || before["h"].Version != after["h"].Version || before["h"].At != after["h"].At {
		t.Errorf("%d answers; the ledger went from version %d to %d", asked, before["h"].Version, after["h"].Version)
	}
}

// The agreed season stands for the statutory one of its own winter only (A2).
func TestSeasonOf(t *testing.T) {
	p := newTown(t).policy
	for _, c := range []struct {
		label  string
		winter int
		want   string
		agreed bool
	}{
		{"", 2019, "2019-11-15/2020-03-15", false},
		{"2019-11-01/2020-03-31", 2019, "2019-11-01/2020-03-31", true},
		{"2019-11-01/2020-03-31", 2020, "2020-11-15/2021-03-15", false},
	} {
		s, err := checker.SeasonOf(p, c.label, c.winter)
		if err != nil || s.Start.String()+"/"+s.End.String() != c.want || s.Agreed != c.agreed {
			t.Errorf("%q in %d: %+v, %v", c.label, c.winter, s, err)
		}
	}
	if _, err := checker.SeasonOf(p, "soon", 2020); err == nil {
		t.Error("a season that is none")
	}
}
