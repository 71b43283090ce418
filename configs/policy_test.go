package configs

import (
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/nuanju/nuanju/compliance"
)

func TestPacksThatComeWithTheProgram(t *testing.T) {
	want := []string{
		"beijing-area", "beijing-metered", "beijing-metered-boiler", "heilongjiang", "qingdao", "tianjin", "weihai", "xian",
	}
	if got := Policies(); !reflect.DeepEqual(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	for _, name := range Policies() {
		p := pack(t, name)
		if p.Name != name {
			t.Errorf("file %s.yaml has the name %s", name, p.Name)
		}
		if p.Zone.String() != "Asia/Shanghai" {
			t.Errorf("%s: zone %s", name, p.Zone)
		}
		if p.Editions[len(p.Editions)-1].Until != 0 {
			t.Errorf("%s: it does not hold for all time", name)
		}
		// 2012 is before, 2035 after anything that the pack knows of.
		for _, d := range []compliance.Date{compliance.DateOf(2012, 11, 15), compliance.DateOf(2035, 3, 15)} {
			if p.EditionOn(d).From > d {
				t.Errorf("%s: no edition on %s", name, d)
			}
		}
	}
}

// The numbers of cities.md, written out once more: a slip in a pack must not go unseen.
func TestNumbersOfTheBeijingPacks(t *testing.T) {
	for name, price := range map[string]struct{ area, base, heat string }{
		"beijing-metered":        {"24", "12", "0.16"},
		"beijing-metered-boiler": {"30", "18", "0.16"},
	} {
		got := pack(t, name).Editions[0]
		want := compliance.Edition{
			From:              always,
			Standard:          18,
			HeatUp:            12 * time.Hour,
			ReadingMaxGap:     90 * time.Minute,
			OnAtSeasonStart:   true,
			SetpointRiseGrace: true,
			EpisodeGap:        3 * time.Hour,
			RivalWindow:       24 * time.Hour,
			SensorAgreement:   0.5,
			Unsensed:          compliance.UnsensedReport,
			Outdoor: &compliance.Outdoor{
				Below: -7.6, Method: compliance.FourObservations, Tolerance: 30 * time.Minute, Station: "beijing",
			},
			Maintenance: compliance.Maintenance{
				MaxLength: 6 * time.Hour, PerSeason: 3, Count: compliance.CountAll, Overrun: compliance.OverrunNone,
			},
			TestMethod: &compliance.TestMethod{ // DB11/T 745-2010
				Points: []compliance.TestPoints{{UpTo: dec(t, "16"), Count: 1}}, PointsAbove: 5,
				Height:    compliance.MetreRange{Min: dec(t, "1.35"), Max: dec(t, "1.45")},
				OuterWall: dec(t, "1.5"), InnerWall: dec(t, "1"),
				Stabilisation: compliance.Stabilisation{Drift: dec(t, "0.2"), Over: 10 * time.Minute},
				Readings:      3, Every: time.Minute, EveryTolerance: 10 * time.Second, RecordGap: 10 * time.Minute,
			},
			Remedy: compliance.RemedyZeroUsage,
			Money: compliance.Money{
				AreaPrice: dec(t, price.area), BasePrice: dec(t, price.base), HeatPrice: dec(t, price.heat),
				SeasonStart:    compliance.MonthDay{Month: time.November, Day: 15},
				SeasonEnd:      compliance.MonthDay{Month: time.March, Day: 15},
				AgreedBaseDays: 121,
				SuspendedShare: dec(t, "0.3"),
				Due:            compliance.MonthDay{Month: time.December, Day: 31},
				LPR: []compliance.Rate{
					{From: always, Percent: dec(t, "4.25")},
					{From: compliance.DateOf(2019, 9, 20), Percent: dec(t, "4.20")},
					{From: compliance.DateOf(2019, 11, 20), Percent: dec(t, "4.15")},
					{From: compliance.DateOf(2020, 2, 20), Percent: dec(t, "4.05")},
					{From: compliance.DateOf(2020, 4, 20), Percent: dec(t, "3.85")},
					{From: compliance.DateOf(2021, 12, 20), Percent: dec(t, "3.80")},
					{From: compliance.DateOf(2022, 1, 20), Percent: dec(t, "3.70")},
					{From: compliance.DateOf(2022, 8, 22), Percent: dec(t, "3.65")},
					{From: compliance.DateOf(2023, 6, 20), Percent: dec(t, "3.55")},
					{From: compliance.DateOf(2023, 8, 21), Percent: dec(t, "3.45")},
					{From: compliance.DateOf(2024, 7, 22), Percent: dec(t, "3.35")},
					{From: compliance.DateOf(2024, 10, 21), Percent: dec(t, "3.10")},
					{From: compliance.DateOf(2025, 5, 20), Percent: dec(t, "3.00")},
				},
			},
			Source:    got.Source,
			Certainty: "M",
			Notes:     got.Notes,
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got\n%+v\nwant\n%+v", name, got, want)
		}
		if got.Source == "" || got.Notes.ZH == "" || got.Notes.EN == "" {
			t.Errorf("%s: it is not sure of its prices and does not say so", name)
		}
	}
}

// The packs repeat what they share, so that each can be read alone; here they are held together.
func TestTheBeijingPacksDifferInNamePricesAndSource(t *testing.T) {
	city, boiler := pack(t, "beijing-metered"), pack(t, "beijing-metered-boiler")
	boiler.Name, boiler.Title = city.Name, city.Title
	for i := range boiler.Editions {
		theirs, ours := &boiler.Editions[i], city.Editions[i]
		theirs.Money.AreaPrice, theirs.Money.BasePrice = ours.Money.AreaPrice, ours.Money.BasePrice
		theirs.Source = ours.Source
	}
	if !reflect.DeepEqual(city, boiler) {
		t.Errorf("they differ in more:\n%+v\n%+v", city, boiler)
	}
	lines := func(name string) []string {
		b, err := packs.ReadFile("policies/" + name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		return strings.Split(string(b), "\n")
	}
	a, b, differ := lines("beijing-metered"), lines("beijing-metered-boiler"), 0
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			differ++
		}
	}
	if len(a) != len(b) || differ != 7 { // heading, name, two titles, two prices, source
		t.Errorf("%d and %d lines, of which %d differ; want 7", len(a), len(b), differ)
	}
}

func TestAnUnknownPolicyNamesTheNearest(t *testing.T) {
	known := strings.Join(Policies(), ", ")
	for name, want := range map[string]string{
		"beijing-meterd":   `unknown policy "beijing-meterd"; did you mean "beijing-metered"?`,
		"paris":            `unknown policy "paris"; known here: ` + known,
		"../configs/x":     `unknown policy "../configs/x"; known here: ` + known,
		"beijing-metered/": `unknown policy "beijing-metered/"; did you mean "beijing-metered"?`,
	} {
		if p, err := Policy(name); p != nil || err == nil || err.Error() != want {
			t.Errorf("got %v, %v, want %s", p, err, want)
		}
	}
}

func TestEveryCallGivesAPolicyOfItsOwn(t *testing.T) {
	first := pack(t, DefaultPolicy)
	first.Editions[0].Money.LPR[0].Percent = dec(t, "99")
	first.Editions[0].Outdoor.Below = 99
	if second := pack(t, DefaultPolicy); reflect.DeepEqual(first, second) {
		t.Error("a caller changed the pack of another")
	}
}

// Policies where every key is given fill every field: one that compliance has and this package forgot stays zero. No
// policy can have all: one that is charged by meter has no tiers.
func TestEveryFieldOfAPolicyCanBeWritten(t *testing.T) {
	metered := filled(t, "testdata/full.yaml")
	byArea := filled(t, "testdata/full_area.yaml")
	for path, zero := range metered {
		if other, there := byArea[path]; zero && (!there || other) {
			t.Errorf("%s is zero", path)
		}
	}
	for path, zero := range byArea {
		if other, there := metered[path]; zero && (!there || other) {
			t.Errorf("%s is zero", path)
		}
	}
}

// filled is the fields of the policy in the file, and which of them are zero.
func filled(t *testing.T, file string) map[string]bool {
	t.Helper()
	p, problems := ParsePolicy(file, readFile(t, file))
	if problems != nil {
		t.Fatal(problems)
	}
	all := make(map[string]bool)
	var walk func(path string, v reflect.Value)
	walk = func(path string, v reflect.Value) {
		filled, seen := all[path]
		all[path] = v.IsZero() && (filled || !seen) // of the entries of a list one is enough
		if v.IsZero() {
			return
		}
		switch v.Kind() {
		case reflect.Pointer:
			if v.Type() != reflect.TypeFor[*time.Location]() {
				walk(path, v.Elem())
			}
		case reflect.Slice:
			for i := range v.Len() {
				walk(path+"[]", v.Index(i))
			}
		case reflect.Struct:
			for i := range v.NumField() {
				if f := v.Type().Field(i); f.IsExported() {
					walk(path+"."+f.Name, v.Field(i))
				}
			}
		}
	}
	walk("Policy", reflect.ValueOf(p))
	return all
}

func TestEditionsFollowEachOther(t *testing.T) {
	one := string(readFile(t, "testdata/full.yaml"))
	_, edition, _ := strings.Cut(one, "editions:\n")
	for name, from := range map[string]string{
		"on the day after its last":     "2020-03-16",
		"the one before names no end":   "2015-06-01",
		"the one before names no end 2": "2010-11-16",
	} {
		first := one
		if strings.Contains(name, "no end") {
			first = strings.Replace(one, "    until: 2020-03-15\n", "", 1)
		}
		second := strings.NewReplacer("2010-11-15", from, "    until: 2020-03-15\n", "", "standard: 18", "standard: 20").Replace(edition)
		p, problems := ParsePolicy("two.yaml", []byte(first+second))
		if problems != nil {
			t.Errorf("%s: %v", name, problems)
			continue
		}
		start, err := compliance.ParseDate(from)
		if err != nil {
			t.Fatal(err)
		}
		if p.EditionOn(start-1).Standard != 18 || p.EditionOn(start).Standard != 20 {
			t.Errorf("%s: the second edition is not in force from %s on", name, from)
		}
	}
}

func pack(t testing.TB, name string) *compliance.Policy {
	t.Helper()
	p, err := Policy(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func dec(t testing.TB, text string) compliance.Decimal {
	t.Helper()
	d, err := compliance.ParseDecimal(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Beside every number of a pack stands its clause and how sure it is: H, M or L, a reading that the product chose, or that it
// is not known.
func TestEveryNumberOfAPackSaysHowSureItIs(t *testing.T) {
	numbers := 0
	sure := regexp.MustCompile(`#.*(\b[HML]\b|\bI\d+\b|not known to us|not charged by meter)`)
	number := regexp.MustCompile(`^(- )?(\{?\w+: *[-{\d])`)
	for _, name := range Policies() {
		b, err := packs.ReadFile("policies/" + name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		policy, _, _ := strings.Cut(string(b), "\npayment:\n") // which says so of each winter as a whole
		under := 100                                           // how far the line is indented whose comment speaks for those below it
		for i, line := range strings.Split(policy, "\n") {
			text := strings.TrimLeft(line, " ")
			indent := len(line) - len(text)
			if indent <= under {
				under = 100
			}
			before, _, _ := strings.Cut(text, " ")
			if strings.HasSuffix(before, ":") && sure.MatchString(line) && strings.HasPrefix(strings.TrimSpace(text[len(before):]), "#") {
				under = indent
			}
			if indent < 4 || indent > under || !number.MatchString(text) || before == "until:" || before == "zh:" {
				continue
			}
			numbers++
			if !sure.MatchString(line) {
				t.Errorf("%s.yaml:%d does not say how sure it is: %s", name, i+1, line)
			}
		}
	}
	if numbers < 100 {
		t.Errorf("only %d numbers were found", numbers)
	}
}
