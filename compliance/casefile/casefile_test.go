package casefile

import (
	"errors"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/nuanju/nuanju/billing"
	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/configs"
	"github.com/nuanju/nuanju/sensors"
)

const sharedCases = "../../../shared/cases"

// full is a case with a row or two of everything, in the forms that people write: columns in any order, offsets of any
// zone, quotes where they are needed and where they are not, a last line without an end.
func full() map[string]string {
	return map[string]string{
		caseYAML: `policy: beijing-metered
season: {start: 2015-11-15, end: 2016-03-15, agreed: true}
as_of: 2016-01-24T12:00:00+08:00
household:
  id: 朝阳-1
  area_m2: 89.50
  suspended: true
  rooms:
    - {id: living, kind: living_room}
    - {id: 主卧, kind: bedroom}
`,
		readingsCSV: `offset,celsius,time,received,room
-0.25,17.9967,2016-01-15T08:00:00+08:00,2016-01-15T08:00:02.5+08:00,living
,1.85e1,2016-01-15T00:30:00Z,,living
,18.4,2016-01-14T19:00:00-05:00,2016-01-16T00:00:00Z,living
,-0.5,2016-01-15T08:00:00.123456789+08:00,,"主卧"
`,
		outdoorCSV:      "celsius,time\n-7.6,2016-01-15T14:00:00+08:00\n-8,2016-01-15T08:00:00+08:00\n-8.0,2016-01-15T00:00:00Z\n",
		outdoorDailyCSV: "date,celsius\n2016-01-23,-12.35\n",
		heatingCSV:      "time,state\n2016-01-15T08:00:00+08:00,on\n2016-01-15T08:00:00+08:00,off\n",
		setpointsCSV:    "time,room,celsius\n2016-01-15T08:00:00+08:00,,20\n2016-01-15T08:00:00+08:00,主卧,16\n",
		outagesCSV: "id,announced,start,end,proof\n" +
			"o1,,2016-01-15T08:00:00+08:00,2016-01-15T08:00:00+08:00,\n" +
			"o2,2016-01-14T08:00:00+08:00,2016-01-15T09:00:00+08:00,2016-01-15T15:00:00+08:00,\"order \"\"7\"\", signed\nby hand\"\n",
		exemptionsCSV:    "id,clause,start,end,proof\ne1,A7.2.2.3,2016-01-15T08:00:00+08:00,2016-01-16T08:00:00+08:00,notice\n",
		reportsCSV:       "id,time,resolved\nr1,2016-01-15T08:00:00+08:00,\nr2,2016-01-15T08:00:00+08:00,2016-01-15T09:00:00+08:00\n",
		testsCSV:         "id,institution,accredited,commissioned_by,room,start,end,celsius\nt1,\"Lab, North\",true,joint,主卧,2016-01-15T08:00:00+08:00,2016-01-15T08:20:00+08:00,17.9\n",
		confirmationsCSV: "id,start,end,resident,supplier\nc1,2016-01-15T08:00:00+08:00,2016-01-15T09:00:00+08:00,true,false\n",
		meterCSV:         "gj,time\n3.6,2016-01-15T08:00:00+08:00\n0.9,2016-01-15T07:00:00+08:00\n",
		meterChangesCSV:  "time,final,initial\n2016-01-15T09:00:00+08:00,7.2,0\n",
		meterFaultsCSV:   "end,start\n2016-01-17,2016-01-16\n",
		unsuppliedCSV:    "start,end\n2016-01-18,2016-01-18\n",
		paymentsCSV:      "date,yuan\n2015-11-01,1000.5\n2015-11-01,1000.50",
	}
}

func files(texts map[string]string) fstest.MapFS {
	out := make(fstest.MapFS)
	for name, text := range texts {
		out[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return out
}

func at(t testing.TB, text string) sensors.Instant {
	t.Helper()
	got, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return sensors.At(got)
}

func mustRead(t testing.TB, fsys fs.FS, opts Options) *Case {
	t.Helper()
	c, err := Read(fsys, opts)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestEveryColumnBecomesTheFactThatItMeans(t *testing.T) {
	c := mustRead(t, files(full()), Options{})
	t8, t9 := at(t, "2016-01-15T08:00:00+08:00"), at(t, "2016-01-15T09:00:00+08:00")
	wantFacts := compliance.Facts{
		Household: "朝阳-1",
		Season:    compliance.Season{Start: compliance.DateOf(2015, 11, 15), End: compliance.DateOf(2016, 3, 15), Agreed: true},
		AsOf:      at(t, "2016-01-24T12:00:00+08:00"),
		Rooms: []compliance.Room{
			{ID: "living", Kind: compliance.LivingRoom, Readings: []compliance.Reading{
				{At: t8, Received: t8.Add(2500 * time.Millisecond), Celsius: 17.9967, Offset: -0.25, Line: 2},
				{At: t8.Add(30 * time.Minute), Celsius: 18.5, Line: 3},
			}},
			{ID: "主卧", Kind: compliance.Bedroom, Readings: []compliance.Reading{{At: t8 + 123456789, Celsius: -0.5, Line: 5}}},
		},
		Outdoor: []compliance.Observation{
			{At: t8, Celsius: -8, Line: 3}, {At: at(t, "2016-01-15T14:00:00+08:00"), Celsius: -7.6, Line: 2},
		},
		OfficialDays: []compliance.OfficialDay{{Date: compliance.DateOf(2016, 1, 23), Celsius: -12.35, Line: 2}},
		Switches:     []compliance.Switch{{At: t8, On: true, Line: 2}, {At: t8, On: false, Line: 3}},
		Setpoints:    []compliance.Setpoint{{At: t8, Celsius: 20, Line: 2}, {At: t8, Room: "主卧", Celsius: 16, Line: 3}},
		Stoppages: []compliance.Stoppage{
			{ID: "o1", Start: t8, End: t8, Line: 2},
			{
				ID: "o2", Announced: t8.Add(-24 * time.Hour), Start: t9, End: t9.Add(6 * time.Hour),
				Proof: "order \"7\", signed\nby hand", Line: 3,
			},
		},
		Exemptions: []compliance.Exemption{{ID: "e1", Clause: compliance.A7223, Start: t8, End: t8.Add(24 * time.Hour), Proof: "notice", Line: 2}},
		Reports:    []compliance.Report{{ID: "r1", At: t8, Line: 2}, {ID: "r2", At: t8, Resolved: t9, Line: 3}},
		Tests: []compliance.Test{{
			ID: "t1", Institution: "Lab, North", Accredited: true, CommissionedBy: compliance.Joint, Room: "主卧",
			Start: t8, End: t8.Add(20 * time.Minute), Celsius: 17.9, Line: 2,
		}},
		Confirmations: []compliance.Confirmation{{ID: "c1", Start: t8, End: t9, Resident: true, Line: 2}},
	}
	if !reflect.DeepEqual(c.Facts, wantFacts) {
		t.Errorf("facts\n got %+v\nwant %+v", c.Facts, wantFacts)
	}
	later := compliance.Reading{At: t8, Received: at(t, "2016-01-16T00:00:00Z"), Celsius: 18.4, Line: 4}
	wantConflicts := map[string][]compliance.Conflict{"living": {{Stands: wantFacts.Rooms[0].Readings[0], Later: later}}}
	if !reflect.DeepEqual(c.Conflicts, wantConflicts) {
		t.Errorf("conflicts\n got %+v\nwant %+v", c.Conflicts, wantConflicts)
	}
	area, _ := compliance.ParseDecimal("89.5")
	wantBilling := billing.Facts{
		Season: wantFacts.Season, AsOf: wantFacts.AsOf, AreaM2: area, Suspended: true,
		Rooms: []billing.RoomArea{{Room: "living"}, {Room: "主卧"}},
		Meter: billing.Meter{
			Registers: []billing.Register{
				{At: at(t, "2016-01-15T07:00:00+08:00"), KWh: big.NewRat(250, 1), Line: 3},
				{At: t8, KWh: big.NewRat(1000, 1), Line: 2},
			},
			Changes: []billing.Change{{At: t9, Final: big.NewRat(2000, 1), Initial: new(big.Rat), Line: 2}},
		},
		Faults:         []billing.Days{{Start: compliance.DateOf(2016, 1, 16), End: compliance.DateOf(2016, 1, 17), Line: 2}},
		UnsuppliedDays: []billing.Days{{Start: compliance.DateOf(2016, 1, 18), End: compliance.DateOf(2016, 1, 18), Line: 2}},
		Payments: []billing.Payment{
			{Date: compliance.DateOf(2015, 11, 1), Fen: 100050, Line: 2}, {Date: compliance.DateOf(2015, 11, 1), Fen: 100050, Line: 3},
		},
	}
	equalBilling(t, c.Billing, wantBilling)
	if !c.HasMeter || c.Policy == nil || c.Policy.Name != "beijing-metered" || c.PolicyFile != "" {
		t.Errorf("meter %v, policy %+v in file %q", c.HasMeter, c.Policy, c.PolicyFile)
	}
	if c.Files[compliance.FromReading] != readingsCSV || c.Files[compliance.FromStoppage] != outagesCSV || len(c.Files) != 10 {
		t.Errorf("files %v", c.Files)
	}
}

// equalBilling compares rationals by their value.
func equalBilling(t *testing.T, got, want billing.Facts) {
	t.Helper()
	plain := func(m billing.Meter) (out []string) {
		for _, r := range m.Registers {
			out = append(out, r.At.Time().String()+" "+r.KWh.RatString())
		}
		for _, c := range m.Changes {
			out = append(out, c.At.Time().String()+" "+c.Final.RatString()+" "+c.Initial.RatString())
		}
		return out
	}
	if g, w := plain(got.Meter), plain(want.Meter); !reflect.DeepEqual(g, w) {
		t.Errorf("meter\n got %q\nwant %q", g, w)
	}
	got.Meter, want.Meter = billing.Meter{}, billing.Meter{}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("billing\n got %+v\nwant %+v", got, want)
	}
}

func TestBOMAndCRLFChangeNothing(t *testing.T) {
	windows := make(map[string]string)
	for name, text := range full() {
		windows[name] = "\ufeff" + strings.ReplaceAll(text, "\n", "\r\n")
	}
	want, got := mustRead(t, files(full()), Options{}), mustRead(t, files(windows), Options{})
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

func TestOnlyCaseYAMLIsNeeded(t *testing.T) {
	c := mustRead(t, files(map[string]string{
		caseYAML: yamlOf3, meterCSV: "time,kwh\n", readingsCSV: "time,room,celsius",
		"expected.json": "{", "README": "x", "notes.csv.orig": "x", "._readings.csv": "\x00",
	}), Options{})
	if c.HasMeter || len(c.Facts.Rooms) != 3 || c.Facts.AsOf != 0 {
		t.Errorf("%+v", c)
	}
}

func TestTheBuildingsMeterIsAllocatedByArea(t *testing.T) {
	texts := map[string]string{
		caseYAML:         strings.Replace(yamlOf3, "  area_m2: 89.5\n", "  area_m2: 89.5\n  building_area_m2: 4180\n", 1),
		buildingMeterCSV: "time,kwh\n2016-01-15T08:00:00+08:00,19191.9705882353000000000000000000000001\n",
	}
	c := mustRead(t, files(texts), Options{})
	if got, want := c.Billing.Meter.Share, big.NewRat(895, 41800); got == nil || got.Cmp(want) != 0 {
		t.Errorf("share %v, want %v", got, want)
	}
	exact, _ := new(big.Rat).SetString("19191.9705882353000000000000000000000001")
	if got := c.Billing.Meter.Registers[0].KWh; got.Cmp(exact) != 0 {
		t.Errorf("register %v is not exactly what was written", got)
	}
	delete(texts, buildingMeterCSV)
	texts[meterCSV] = "time,kwh\n2016-01-15T08:00:00+08:00,1\n"
	if c := mustRead(t, files(texts), Options{}); c.Billing.Meter.Share != nil {
		t.Errorf("the household's own meter is shared by %v", c.Billing.Meter.Share)
	}
}

func TestAChangeExplainsARegisterThatFalls(t *testing.T) {
	mustRead(t, files(map[string]string{
		caseYAML:        yamlOf3,
		meterCSV:        "time,kwh\n2016-01-15T08:00:00+08:00,900\n2016-01-16T08:00:00+08:00,5\n",
		meterChangesCSV: "time,final,initial\n2016-01-15T20:00:00+08:00,905,1\n",
	}), Options{})
}

func TestThePolicyIsAPackAFileOrTheCallers(t *testing.T) {
	pack, err := os.ReadFile("../../configs/policies/beijing-metered.yaml")
	if err != nil {
		t.Fatal(err)
	}
	own := strings.Replace(string(pack), "name: beijing-metered", "name: ours", 1)
	named := func(name string) fstest.MapFS {
		return files(map[string]string{
			caseYAML: strings.Replace(yamlOf3, "beijing-metered", name, 1), "policy.yaml": own, "rules/policy.yml": own,
		})
	}
	for name, want := range map[string]string{
		"beijing-metered-boiler": "", "./policy.yaml": "policy.yaml", "policy.yaml": "policy.yaml", "rules/policy.yml": "rules/policy.yml",
	} {
		c := mustRead(t, named(name), Options{})
		if c.PolicyFile != want || c.Files[compliance.FromPolicy] != want || (c.Policy.Name == "ours") != (want != "") {
			t.Errorf("%s: policy %s from %q", name, c.Policy.Name, c.PolicyFile)
		}
	}
	callers, problems := configs.ParsePolicy("theirs.yaml", []byte(own))
	if problems != nil {
		t.Fatal(problems)
	}
	without := files(map[string]string{caseYAML: strings.Replace(yamlOf3, "policy: beijing-metered\n", "", 1)})
	for _, fsys := range []fs.FS{named("nowhere"), named("./absent.yaml"), without} {
		if c := mustRead(t, fsys, Options{Policy: callers}); c.Policy != callers || c.PolicyFile != "" {
			t.Errorf("policy %+v from %q is not the caller's", c.Policy, c.PolicyFile)
		}
	}
}

// The cases that come with the requirements are read without a problem, and no row of them is lost.
func TestReadsTheSharedCases(t *testing.T) {
	if _, err := os.Stat(sharedCases); errors.Is(err, fs.ErrNotExist) {
		t.Skipf("%s: ../shared is absent", sharedCases)
	}
	yamls, err := filepath.Glob(sharedCases + "/*/" + caseYAML)
	if err != nil || len(yamls) == 0 {
		t.Fatalf("no case in %s (%v)", sharedCases, err)
	}
	for _, yaml := range yamls {
		dir := filepath.Dir(yaml)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			c := mustRead(t, os.DirFS(dir), Options{})
			readings := 0
			for _, r := range c.Facts.Rooms {
				readings += len(r.Readings)
			}
			meter := meterCSV
			if c.Billing.Meter.Share != nil {
				meter = buildingMeterCSV
			}
			for name, got := range map[string]int{
				readingsCSV: readings, outdoorCSV: len(c.Facts.Outdoor), testsCSV: len(c.Facts.Tests), meter: len(c.Billing.Meter.Registers),
				outagesCSV: len(c.Facts.Stoppages), exemptionsCSV: len(c.Facts.Exemptions), heatingCSV: len(c.Facts.Switches),
				setpointsCSV: len(c.Facts.Setpoints), reportsCSV: len(c.Facts.Reports), confirmationsCSV: len(c.Facts.Confirmations),
				paymentsCSV: len(c.Billing.Payments),
			} {
				if want := rowsOf(t, filepath.Join(dir, name)); got != want {
					t.Errorf("%s: %d facts of %d rows", name, got, want)
				}
			}
		})
	}
}

// rowsOf counts the lines of a file behind its header; none if it is not there.
func rowsOf(t *testing.T, name string) int {
	b, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return 0
	}
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(strings.TrimSpace(string(b)), "\n")
}
