package billing_test

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/nuanju/nuanju/billing"
	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/configs"
)

// fatal is what a test and a rapid check have in common.
type fatal interface {
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

func pack(t fatal) *compliance.Policy {
	p, err := configs.Policy(configs.DefaultPolicy)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func decimal(t fatal, s string) compliance.Decimal {
	d, err := compliance.ParseDecimal(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// season is some days from 15 November 2015 on.
func season(days int) compliance.Season {
	first := compliance.DateOf(2015, time.November, 15)
	return compliance.Season{Start: first, End: first + compliance.Date(days) - 1}
}

// registers are register values so many apart, from the season's start on.
func registers(p *compliance.Policy, step time.Duration, kwh ...int64) (out []billing.Register) {
	at := season(1).Start.Start(p.Zone)
	for _, v := range kwh {
		out = append(out, billing.Register{At: at, KWh: big.NewRat(v, 1)})
		at = at.Add(step)
	}
	return out
}

// handWorked is a building of two homes, 100 m² and 50 m², over two days of 240 kWh each. The first home's valve is open for 6 of 24 hours
// of the first day, the second's always: 100 × 6 : 50 × 24 = 600 : 1200, a third to the first: 80 kWh. On the second
// day the first's is shut and the second has all 240 kWh. So the first has 80 kWh and the second 400.
func handWorked(t *testing.T) (policy *compliance.Policy, first, second billing.Facts) {
	p := pack(t)
	start := season(1).Start.Start(p.Zone)
	homes := []billing.ValveHome{
		{Area: big.NewRat(100, 1), Open: compliance.Union(compliance.Interval{Start: start.Add(3 * time.Hour), End: start.Add(9 * time.Hour)})},
		{Area: big.NewRat(50, 1), Always: true},
	}
	portions := billing.AllocateByValve(homes, new(big.Rat), season(2).In(p.Zone), p.Zone)
	of := func(i int, area string) billing.Facts {
		return billing.Facts{
			Season: season(2), AreaM2: decimal(t, area),
			Meter: billing.Meter{Registers: registers(p, 24*time.Hour, 1000, 1240, 1480), Portions: portions[i]},
		}
	}
	return p, of(0, "100"), of(1, "50")
}

func TestAllocatedByValve(t *testing.T) {
	p, first, second := handWorked(t)
	for i, c := range []struct {
		facts *billing.Facts
		want  string
	}{{&first, "80.000"}, {&second, "400.000"}} {
		usage, bill := billing.Compute(p, c.facts, nil)
		if got := usage.Metered.FloatString(3); got != c.want {
			t.Errorf("home %d: %s kWh, want %s", i, got, c.want)
		}
		said := ""
		for _, s := range bill.Because {
			said += s.Say(billing.RuleWords(), compliance.EN, p.Zone) + "\n"
		}
		if want := "of 480 kWh the household with its " + c.facts.AreaM2.String() + " m² has " + strings.TrimSuffix(c.want, ".000") + " kWh (days: 2)"; !strings.Contains(said, want) {
			t.Errorf("home %d: nothing says %q:\n%s", i, want, said)
		}
	}
	// Confirmed time of the first home from 00:00 to 12:00 of the first day is half of that day's register, and so half of its 80 kWh.
	start := season(1).Start.Start(p.Zone)
	usage, _ := billing.Compute(p, &first, compliance.Union(compliance.Interval{Start: start, End: start.Add(12 * time.Hour)}))
	if got := usage.Billed.FloatString(3); got != "40.000" {
		t.Errorf("%s kWh are billed, want 40", got)
	}
}

// saidOfValves is the rules that the hand-worked building's bills rest on, each held to being a whole sentence.
func saidOfValves(t *testing.T) map[compliance.Rule]bool {
	p, first, _ := handWorked(t)
	_, bill := billing.Compute(p, &first, nil)
	said := make(map[compliance.Rule]bool)
	for _, s := range bill.Because {
		said[s.Rule] = true
		for _, lang := range []compliance.Lang{compliance.ZH, compliance.EN} {
			if text := s.Say(billing.RuleWords(), lang, p.Zone); strings.ContainsAny(text, "–{}") {
				t.Errorf("%s lacks a value: %s", s.Rule, text)
			}
		}
	}
	return said
}

// On a day on which every valve is shut, what the register counts goes by area; a part of the building that is nobody's has its own.
func TestAllocatedWhenAllIsShut(t *testing.T) {
	p := pack(t)
	in := season(1).In(p.Zone)
	portions := billing.AllocateByValve([]billing.ValveHome{{Area: big.NewRat(60, 1)}, {Area: big.NewRat(30, 1)}}, big.NewRat(10, 1), in, p.Zone)
	if got := fmt.Sprint(portions[0][0].Share, portions[1][0].Share); got != "3/5 3/10" {
		t.Errorf("shares %s", got)
	}
}

// someHomes draws homes of a building with their valves, some without any.
func someHomes(t *rapid.T, in compliance.Interval) []billing.ValveHome {
	homes := make([]billing.ValveHome, rapid.IntRange(1, 7).Draw(t, "homes"))
	for i := range homes {
		h := &homes[i]
		h.Area = big.NewRat(rapid.Int64Range(1, 20_000).Draw(t, "area"), 100)
		if h.Always = rapid.Bool().Draw(t, "always"); h.Always {
			continue
		}
		var spans []compliance.Interval
		for range rapid.IntRange(0, 6).Draw(t, "openings") {
			from := in.Start.Add(time.Duration(rapid.Int64Range(-3600, int64(in.Length()/time.Second)).Draw(t, "from")) * time.Second)
			spans = append(spans, compliance.Interval{Start: from, End: from.Add(time.Duration(rapid.Int64Range(1, 200_000).Draw(t, "open")) * time.Second)})
		}
		h.Open = compliance.Union(spans...)
	}
	return homes
}

// someMeter draws a register, not only rising at full hours, now and then exchanged.
func someMeter(t *rapid.T, p *compliance.Policy, days int) (m billing.Meter) {
	at, shown := season(1).Start.Start(p.Zone).Add(-5*time.Hour), int64(0)
	for at < season(days).In(p.Zone).End.Add(7*time.Hour) {
		at = at.Add(time.Duration(rapid.Int64Range(600, 90_000).Draw(t, "step")) * time.Second)
		shown += rapid.Int64Range(0, 999_999).Draw(t, "rise")
		if rapid.IntRange(0, 9).Draw(t, "changed") == 0 {
			final := shown
			shown = rapid.Int64Range(0, 5_000).Draw(t, "initial")
			m.Changes = append(m.Changes, billing.Change{At: at, Final: big.NewRat(final, 1000), Initial: big.NewRat(shown, 1000)})
			continue
		}
		m.Registers = append(m.Registers, billing.Register{At: at, KWh: big.NewRat(shown, 1000)})
	}
	return m
}

// What the homes of a building are allocated is what its meter counted, not only to the watt-hour but exactly: by area and by
// valves, over meter changes, faults and days that a register value cuts. Zeroing one home takes from the sum what was zeroed there and changes no other.
func TestAllocationLosesNothing(t *testing.T) {
	p := pack(t)
	rapid.Check(t, func(t *rapid.T) {
		days := rapid.IntRange(1, 6).Draw(t, "days")
		in := season(days).In(p.Zone)
		homes, meter := someHomes(t, in), someMeter(t, p, days)
		facts := billing.Facts{Season: season(days), AreaM2: decimal(t, "100"), Meter: meter}
		if rapid.Bool().Draw(t, "fault") {
			facts.Faults = []billing.Days{{Start: season(days).Start, End: season(days).Start}}
		}
		if billing.CheckMeter(meter, facts.Faults, p.Zone) != nil {
			return // a value that the fault hides was the one before a change
		}
		building, _ := billing.Compute(p, &facts, nil)
		portions := billing.AllocateByValve(homes, new(big.Rat), in, p.Zone)
		byArea, byValve := rapid.Bool().Draw(t, "by area"), new(big.Rat)
		area := new(big.Rat)
		for _, h := range homes {
			area.Add(area, h.Area)
		}
		cold := rapid.IntRange(0, len(homes)-1).Draw(t, "cold home")
		confirmed := compliance.Union(compliance.Interval{Start: in.Start.Add(5 * time.Hour), End: in.Start.Add(29 * time.Hour)})
		billed, zeroed := new(big.Rat), new(big.Rat)
		for i := range homes {
			own, failed := facts, compliance.Spans(nil)
			if byArea {
				own.Meter.Share = billing.ShareByArea(homes[i].Area, area)
			} else {
				own.Meter.Portions = portions[i]
			}
			if i == cold {
				failed = confirmed
			}
			usage, _ := billing.Compute(p, &own, failed)
			byValve.Add(byValve, usage.Metered)
			billed.Add(billed, usage.Billed)
			zeroed.Add(zeroed, usage.Zeroed)
		}
		if byValve.Cmp(building.Metered) != 0 {
			t.Fatalf("the homes have %s kWh, the meter counted %s", byValve.FloatString(9), building.Metered.FloatString(9))
		}
		if billed.Add(billed, zeroed).Cmp(building.Metered) != 0 {
			t.Fatalf("%s kWh billed and zeroed, the meter counted %s", billed.FloatString(9), building.Metered.FloatString(9))
		}
	})
}

// A part of the building that is no registered home's changes no home's share otherwise than a home that is always open would.
func TestTheRestIsAHomeThatIsAlwaysOpen(t *testing.T) {
	p := pack(t)
	rapid.Check(t, func(t *rapid.T) {
		in := season(rapid.IntRange(1, 4).Draw(t, "days")).In(p.Zone)
		homes, rest := someHomes(t, in), big.NewRat(rapid.Int64Range(1, 9_999).Draw(t, "rest"), 100)
		with := billing.AllocateByValve(append(slices.Clone(homes), billing.ValveHome{Area: rest, Always: true}), new(big.Rat), in, p.Zone)
		without := billing.AllocateByValve(homes, rest, in, p.Zone)
		for i := range homes {
			if !homes[i].Always && len(homes[i].Open) == 0 {
				continue // where all homes are shut, a home that is open takes all; the rest takes its area's part
			}
			for k := range without[i] {
				if anyOpen(homes, without[i][k].Interval) && with[i][k].Share.Cmp(without[i][k].Share) != 0 {
					t.Fatalf("home %d, day %d: %s with the rest as a home, %s without", i, k, with[i][k].Share, without[i][k].Share)
				}
			}
		}
	})
}

func anyOpen(homes []billing.ValveHome, day compliance.Interval) bool {
	return slices.ContainsFunc(homes, func(h billing.ValveHome) bool { return h.Always || len(h.Open.Clip(day)) > 0 })
}
