package ledger_test

import (
	"errors"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

func TestFactsReachWhomTheyConcern(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		ctx := t.Context()
		_, err := l.ImportRegistry(ctx, declared(t, town()), ledger.ImportOptions{}, 100)
		must(t, err)
		must(t, l.CompleteDirty(ctx, taken(t, l)))
		outage := compliance.Stoppage{ID: "o1", Announced: morning, Start: morning + 5, End: morning + 9, Proof: "记录 7"}
		ration := compliance.Exemption{ID: "x1", Clause: compliance.A7223, Start: morning, End: morning + 9}
		measured := compliance.Test{
			ID: "t1", Institution: "CTI", Accredited: true, CommissionedBy: compliance.Resident, Room: "bed",
			Start: morning + 7, End: morning + 7, Celsius: 17.9967,
		}
		agreed := compliance.Confirmation{ID: "c1", Start: morning + 1, End: morning + 3, Resident: true}
		must(t, l.Declare(ctx, []ledger.Declaration{
			{Place: ledger.Place{Kind: ledger.AtRiser, ID: "b1-r1"}, Stoppage: &outage},
			{Place: ledger.Place{Kind: ledger.AtSubstation, ID: "ss1"}, Exemption: &ration},
			{Place: ledger.Place{Kind: ledger.AtHousehold, ID: "h2"}, From: morning - 9, Test: &measured},
			{Place: ledger.Place{Kind: ledger.AtHousehold, ID: "h1"}, Confirmation: &agreed},
		}, 200))
		got, err := l.Declarations(ctx, []string{"h1", "h2", "h3"})
		must(t, err)
		want := map[string]ledger.Declarations{
			"h1": {
				Stoppages: []compliance.Stoppage{outage}, Exemptions: []compliance.Exemption{ration},
				Confirmations: []compliance.Confirmation{agreed},
			},
			"h2": {Exemptions: []compliance.Exemption{ration}, Tests: []compliance.Test{measured}},
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got\n%+v\nwant\n%+v", got, want)
		}
		if d := taken(t, l); len(d) != 2 || d[0].From != morning || d[1].From != morning-9 {
			t.Errorf("dirty %+v", d)
		}
	})
}

// A fact that changes supersedes; both where it held and where it holds now are judged again, from where each began.
func TestAFactThatChanges(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		ctx := t.Context()
		_, err := l.ImportRegistry(ctx, declared(t, town()), ledger.ImportOptions{}, 100)
		must(t, err)
		at := func(household string, after time.Duration, proof string) ledger.Declaration {
			x := compliance.Exemption{
				ID: "x1", Clause: compliance.A7221, Start: morning.Add(after), End: morning.Add(9 * time.Hour), Proof: proof, Line: int32(after),
			}
			return ledger.Declaration{Place: ledger.Place{Kind: ledger.AtHousehold, ID: household}, Exemption: &x}
		}
		for _, step := range []struct {
			declare ledger.Declaration
			dirty   map[string]time.Duration
		}{
			{at("h1", time.Hour, ""), map[string]time.Duration{"h1": time.Hour}},
			{at("h1", time.Hour, ""), map[string]time.Duration{}},
			{at("h1", time.Hour, "letter"), map[string]time.Duration{"h1": time.Hour}},
			{at("h2", 2*time.Hour, "letter"), map[string]time.Duration{"h1": time.Hour, "h2": 2 * time.Hour}},
			{at("h2", time.Hour, "letter"), map[string]time.Duration{"h2": time.Hour}},
		} {
			must(t, l.CompleteDirty(ctx, taken(t, l)))
			must(t, l.Declare(ctx, []ledger.Declaration{step.declare}, 200))
			got := map[string]time.Duration{}
			for _, d := range taken(t, l) {
				got[d.Household] = d.From.Sub(morning)
			}
			if !maps.Equal(got, step.dirty) {
				t.Errorf("dirty %v, want %v", got, step.dirty)
			}
		}
		if n := l.Query(t, "SELECT count(*) FROM declarations"); n != 4 {
			t.Errorf("%d rows: something was overwritten", n)
		}
		all, err := l.Declarations(ctx, []string{"h1", "h2"})
		must(t, err)
		if len(all) != 1 || len(all["h2"].Exemptions) != 1 {
			t.Errorf("it holds at %+v", all)
		}
	})
}

func TestFactsThatCannotBe(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		x, c := &compliance.Exemption{ID: "x1"}, &compliance.Confirmation{ID: "c1"}
		good := ledger.Declaration{Place: ledger.Place{Kind: ledger.Everywhere}, Confirmation: c}
		for name, bad := range map[string]ledger.Declaration{
			"none":             {Place: ledger.Place{Kind: ledger.Everywhere}},
			"two":              {Place: ledger.Place{Kind: ledger.Everywhere}, Exemption: x, Confirmation: c},
			"no id":            {Place: ledger.Place{Kind: ledger.Everywhere}, Exemption: &compliance.Exemption{}},
			"no place":         {Exemption: x},
			"no household":     {Place: ledger.Place{Kind: ledger.AtHousehold}, Exemption: x},
			"a place too much": {Place: ledger.Place{Kind: ledger.Everywhere, ID: "h1"}, Exemption: x},
		} {
			if err := l.Declare(t.Context(), []ledger.Declaration{good, bad}, 100); !errors.Is(err, ledger.ErrInvalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if n := l.Query(t, "SELECT count(*) FROM declarations"); n != 0 {
			t.Errorf("%d good ones were written beside bad ones", n)
		}
	})
}

func TestOfficialDays(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		ctx := t.Context()
		cold := math.Nextafter(-7.6, -8)
		days := []compliance.OfficialDay{{Date: 16_000, Celsius: -7.6}, {Date: 16_001, Celsius: cold}, {Date: 16_009, Celsius: 1}}
		put := func(days []compliance.OfficialDay, dirty []ledger.Mark, now sensors.Instant, want int) {
			t.Helper()
			b := ledger.DayBook{Station: "54511", Days: days, Source: "气象局", Actor: dispatcher}
			if n, err := l.PutOfficialDays(ctx, b, dirty, now); err != nil || n != want {
				t.Errorf("%d days changed, want %d: %v", n, want, err)
			}
		}
		put(days, []ledger.Mark{{Household: "h1", From: 5}}, 100, 3)
		days[0].Celsius = -7.7
		put(days, nil, 200, 1)
		put(days, []ledger.Mark{{Household: "h2", From: 5}}, 300, 0) // nothing changes, nobody is marked, nothing is told
		outbox, err := l.Outbox(ctx, 10)
		must(t, err)
		if len(outbox) != 2 || outbox[1].Key != "official-days/54511/4" || !strings.Contains(string(outbox[1].Content), `"days":{"2013-10-22":-7.7}`) {
			t.Errorf("told %+v", outbox)
		}
		got, err := l.OfficialDays(ctx, "54511", 16_000, 16_001)
		must(t, err)
		if !slices.Equal(got, days[:2]) {
			t.Errorf("got %v, want %v", got, days[:2])
		}
		if n := l.Query(t, "SELECT count(*) FROM official_days"); n != 4 {
			t.Errorf("%d rows, want the four that were ever published", n)
		}
		if d := taken(t, l); len(d) != 1 || d[0].Household != "h1" {
			t.Errorf("dirty %v", d)
		}
	})
}

// What is declared or imported by a command is in the evidence log, once each; what changes nothing is not.
func TestCommandsAreTold(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		ctx := t.Context()
		for range 2 {
			_, err := l.ImportRegistry(ctx, declared(t, town()), ledger.ImportOptions{}, 100)
			must(t, err)
		}
		_, err := l.ImportRegistry(ctx, declared(t, map[string]string{"buildings.csv": "id,substation\nb2,ss1\n"}), ledger.ImportOptions{DryRun: true}, 100)
		must(t, err)
		_, err = l.ImportRegistry(ctx, declared(t, map[string]string{"buildings.csv": "id,substation\nb2,ss1\n"}), ledger.ImportOptions{}, 100)
		must(t, err)
		x := compliance.Exemption{ID: "x1", Clause: compliance.A7223, Start: 1, End: 2}
		for _, proof := range []string{"", "", "5 号通知"} {
			x.Proof = proof
			must(t, l.Declare(ctx, []ledger.Declaration{{Place: disputes.Home("h1"), Exemption: &x}}, 200))
		}
		outbox, err := l.Outbox(ctx, 10)
		must(t, err)
		var keys []string
		for _, e := range outbox {
			keys = append(keys, e.Key)
			if !strings.Contains(string(e.Content), `"key":"`+e.Key+`"`) {
				t.Errorf("%s says %s", e.Key, e.Content)
			}
		}
		if want := []string{"registry/1", "registry/2", "declaration/exemption/x1/1", "declaration/exemption/x1/2"}; !slices.Equal(keys, want) {
			t.Fatalf("told %v, want %v", keys, want)
		}
		if !strings.Contains(string(outbox[1].Content), `"added":1,"at":"1970-01-01T00:00:00.0000001Z","changed":0,"digest":"sha256:`) ||
			!strings.Contains(string(outbox[3].Content), `"Proof":"5 号通知"`) {
			t.Errorf("told %s and %s", outbox[1].Content, outbox[3].Content)
		}
	})
}
