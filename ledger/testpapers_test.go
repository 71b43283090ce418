package ledger_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/disputes/measured"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// An institution has versions; what was there stays as it was, and two who write the same version do not both.
func TestInstitutionsHaveVersions(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		ctx, admin := t.Context(), disputes.Actor{Role: disputes.Admin, ID: "a1"}
		first := measured.Institution{
			ID: "Lab South", Name: "南城检测", Accredited: []measured.Days{{From: compliance.DateOf(2012, 1, 1), To: compliance.DateOf(2015, 12, 31)}},
			Instruments: []measured.Instrument{{Serial: "T-7", Certificate: "C-9", Valid: measured.Days{From: compliance.DateOf(2015, 1, 1)}, Error: decimalOf(t, "0.2")}},
		}
		_, err := l.PutInstitution(ctx, first, 1, admin, 10)
		must(t, err)
		second := first
		second.Accredited = append(second.Accredited, measured.Days{From: compliance.DateOf(2016, 1, 1)})
		_, err = l.PutInstitution(ctx, second, 2, admin, 20)
		must(t, err)
		_, err = l.PutInstitution(ctx, first, 2, admin, 30)
		strange(t, err, ledger.ErrConflict)
		_, err = l.PutInstitution(ctx, first, 1, admin, 30)
		strange(t, err, ledger.ErrExists)
		_, err = l.PutInstitution(ctx, measured.Institution{ID: "é", Name: "Z"}, 1, admin, 30)
		must(t, err)

		all, err := l.InstitutionHistory(ctx, "Lab South")
		must(t, err)
		if len(all) != 2 || fmt.Sprint(all[0].Institution) != fmt.Sprint(first) || all[0].SupersededAt != 20 || fmt.Sprint(all[1].Institution) != fmt.Sprint(second) {
			t.Errorf("%+v", all)
		}
		if day := compliance.DateOf(2015, 12, 31); !all[0].AccreditedOn(day) || all[0].AccreditedOn(day+1) || !all[1].AccreditedOn(day+1) {
			t.Error("accredited on other days")
		}
		now, err := l.Institution(ctx, "Lab South")
		must(t, err)
		list, err := l.Institutions(ctx, "", 0)
		must(t, err)
		rest, err := l.Institutions(ctx, "Lab South", 10)
		must(t, err)
		if now.Version != 2 || now.By != admin || len(list) != 2 || list[1].ID != "é" || len(rest) != 1 {
			t.Errorf("%+v %+v", now, list)
		}
		_, err = l.Institution(ctx, "Lab North")
		strange(t, err, ledger.ErrNotFound)
		_, err = l.InstitutionHistory(ctx, "Lab North")
		strange(t, err, ledger.ErrNotFound)
	})
}

// handIn writes a test of a household.
func handIn(t *testing.T, l *ledger.Ledger, id, household, institution string, at sensors.Instant) {
	t.Helper()
	m, events, err := disputes.Begin(disputes.Opening{
		Kind: disputes.TestMatter, ID: id, Place: disputes.Home(household), Event: disputes.Submitted,
		Actor: disputes.Actor{Role: disputes.Tester, ID: "t1"}, Body: map[string]string{"room": "bed"},
	}, at)
	must(t, err)
	must(t, l.SaveMatters(t.Context(), ledger.MatterWrite{
		Changes: []ledger.MatterChange{{After: m, Events: events}},
		Papers: []ledger.TestPaper{{
			Kind: disputes.TestMatter, Matter: id, Household: household, Room: "bed", Institution: institution, Opened: at, Body: json.RawMessage(`{"rows":[]}`),
		}},
	}, at))
}

func TestTestsAreListedByInstitutionAndHousehold(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		ctx := t.Context()
		for i := range 5 {
			handIn(t, l, fmt.Sprint("X", i), fmt.Sprint("h", i%2), []string{"south", "north"}[i/3], sensors.Instant(10+i))
		}
		list := func(f ledger.TestFilter) string {
			f.Kind = disputes.TestMatter
			var ids []string
			for {
				all, next, err := l.Tests(ctx, f)
				must(t, err)
				for _, k := range all {
					ids = append(ids, k.ID)
				}
				if next == "" {
					return strings.Join(ids, " ")
				}
				ids, f.After = append(ids, "|"), next
			}
		}
		for want, f := range map[string]ledger.TestFilter{
			"X4 X3 X2 X1 X0":     {},
			"X2 X1 | X0":         {Institution: "south", Limit: 2},
			"X3 X1":              {Household: "h1"},
			"X4":                 {Household: "h0", Institution: "north"},
			"X4 X3 | X2 X1 | X0": {Limit: 2},
		} {
			if got := list(f); got != want {
				t.Errorf("%+v: %s, want %s", f, got, want)
			}
		}
		_, _, err := l.Tests(ctx, ledger.TestFilter{Kind: disputes.TestMatter, After: "x"})
		strange(t, err, ledger.ErrInvalid)
		p, err := l.TestPaper(ctx, disputes.TestMatter, "X3")
		must(t, err)
		if p.Household != "h1" || p.Institution != "north" || p.Opened != 13 || string(p.Body) != `{"rows":[]}` {
			t.Errorf("%+v", p)
		}
		_, err = l.TestPaper(ctx, disputes.TestRequestMatter, "X3")
		strange(t, err, ledger.ErrNotFound)
	})
}

// What a test decides follows the judgments: what changed supersedes, what did not stays, and other seasons are left alone.
func TestFindingsFollowJudgments(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		ctx := t.Context()
		handIn(t, l, "X1", "h1", "south", 5)
		judge := func(now, from, until sensors.Instant, tests ...ledger.TestFinding) {
			t.Helper()
			must(t, l.WriteJudgments(ctx, []ledger.Judgment{{
				Household: "h1", From: from, Until: until, EpisodesFrom: from, Season: compliance.Interval{Start: from, End: until}, Digest: "d", Tests: tests,
			}}, now))
		}
		x1 := ledger.TestFinding{Test: "X1", Room: "bed", Start: 110, Finding: compliance.Noncompliant, Stands: true, Payer: compliance.Supplier, SensorOff: true, Difference: 0.75}
		x2 := ledger.TestFinding{Test: "X2", Room: "bed", Start: 120, Finding: compliance.CompliantTest, Payer: compliance.Supplier}
		judge(1000, 100, 200, x1, x2)
		off, err := l.SensorsOff(ctx, 0, "", 0)
		must(t, err)
		if len(off) != 1 || off[0].Test != "X1" || off[0].Difference != 0.75 || off[0].KnownFrom != 1000 {
			t.Errorf("%+v", off)
		}
		calibrated := x1
		calibrated.SensorOff, calibrated.Difference = false, 0.25
		judge(2000, 100, 200, calibrated, x2)
		judge(3000, 200, 300)
		all, err := l.TestFindingsOf(ctx, "h1")
		must(t, err)
		if len(all) != 2 || all[0].SensorOff || all[0].KnownFrom != 2000 || all[1].KnownFrom != 1000 || all[1].Stands {
			t.Errorf("%+v", all)
		}
		tests, _, err := l.Tests(ctx, ledger.TestFilter{Kind: disputes.TestMatter})
		must(t, err)
		if len(tests) != 1 || tests[0].Finding == nil || tests[0].Finding.Difference != 0.25 {
			t.Errorf("%+v", tests)
		}
		judge(4000, 100, 200, x2) // X1 was withdrawn
		if all, err = l.TestFindingsOf(ctx, "h1"); err != nil || len(all) != 1 || all[0].Test != "X2" || all[0].KnownFrom != 1000 {
			t.Errorf("%+v %v", all, err)
		}
	})
}

func decimalOf(t testing.TB, s string) compliance.Decimal {
	t.Helper()
	d, err := compliance.ParseDecimal(s)
	must(t, err)
	return d
}
