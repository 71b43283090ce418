package ledger_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/ledger/registrycsv"
	"github.com/nuanju/nuanju/sensors"
)

// town is a small registry in which every file has a row.
func town() map[string]string {
	return map[string]string{
		"substations.csv": "id,name\nss1,北三环换热站\n",
		"buildings.csv":   "id,substation,name,address\nb1,ss1,3号楼,\"安贞里 3 号, 北京\"\n",
		"risers.csv":      "id,building\nb1-r1,b1\n",
		"households.csv": "id,building,riser,account,area_m2,building_area_m2,policy,season,phone\n" +
			"h1,b1,b1-r1,A-1001,89.50,4180,beijing-metered,,13800000000\nh2,b1,,A-1002,60,,beijing-metered,2015-11-15/2016-03-15,\n",
		"rooms.csv":       "household,room,kind,area_m2\nh1,bed,bedroom,\nh1,living,living_room,25.5\nh2,bed,bedroom,14\n",
		"heat_meters.csv": "id,building,household\nm1,b1,\nm2,,h2\n",
		"devices.csv":     "id,model,serial\nd1,TH-2,0001\nd2,TH-2,\nd3,UM-9,77\n",
		"stations.csv":    "id,name\n54511,北京\n",
		"assignments.csv": "device,target,id,room,from,to\nd1,room,h1,living,2015-11-01T00:00:00+08:00,\n" +
			"d2,room,h1,bed,2015-11-01T00:00:00+08:00,2015-12-01T00:00:00+08:00\nd3,meter,m1,,2015-11-01T00:00:00+08:00,\n",
		"calibrations.csv": "device,offset_celsius,certificate,from\nd1,-0.3,JL-2015-77,2015-11-20T00:00:00.000000001+08:00\n",
	}
}

func declared(t testing.TB, files map[string]string) *registrycsv.Declared {
	t.Helper()
	dir := fstest.MapFS{}
	for name, text := range files {
		dir[name] = &fstest.MapFile{Data: []byte(text)}
	}
	d, problems := registrycsv.Read(dir)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return d
}

func exported(t testing.TB, l *ledger.Ledger, at sensors.Instant) map[string]string {
	t.Helper()
	r, err := l.Registry(t.Context(), at)
	must(t, err)
	files, err := registrycsv.Write(r)
	must(t, err)
	all := map[string]string{}
	for _, f := range files {
		all[f.Name] = string(f.Text)
	}
	return all
}

// What is exported declares the same registry: importing it changes nothing, and exporting again gives the same bytes.
func TestImportOfAnExportChangesNothing(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		got, err := l.ImportRegistry(t.Context(), declared(t, town()), ledger.ImportOptions{}, 100)
		must(t, err)
		if got.Added != 18 || got.Changed != 0 || got.Same != 0 {
			t.Errorf("first import %+v", got)
		}
		must(t, l.CompleteDirty(t.Context(), taken(t, l)))
		files := exported(t, l, 100)
		got, err = l.ImportRegistry(t.Context(), declared(t, files), ledger.ImportOptions{}, 200)
		must(t, err)
		if got.Added != 0 || got.Changed != 0 || got.Same != 18 || len(got.Dirty) != 0 {
			t.Errorf("import of the export %+v", got)
		}
		if again := exported(t, l, 200); !reflect.DeepEqual(again, files) {
			t.Errorf("exported\n%v\nthen\n%v", files, again)
		}
		if r, err := l.Registry(t.Context(), 100); err != nil || !reflect.DeepEqual(r, &declared(t, town()).Registry) {
			t.Errorf("got\n%+v\nwant\n%+v", r, declared(t, town()).Registry)
		}
		if d := taken(t, l); len(d) != 0 {
			t.Errorf("dirty %v", d)
		}
		if n, err := l.Watermark(t.Context(), ledger.RegistryWatermark); n != 1 || err != nil {
			t.Errorf("%d imports changed something: %v", n, err)
		}
	})
}

func taken(t testing.TB, l *ledger.Ledger) []ledger.Dirty {
	t.Helper()
	d, err := l.TakeDirty(t.Context(), 100)
	must(t, err)
	return d
}

// A change supersedes; the registry of an earlier instant can still be asked.
func TestRegistryAsOfAnInstant(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		_, err := l.ImportRegistry(t.Context(), declared(t, town()), ledger.ImportOptions{}, 100)
		must(t, err)
		moved := map[string]string{"rooms.csv": "household,room,kind\nh1,bed,other\nh1,study,bedroom\n"}
		got, err := l.ImportRegistry(t.Context(), declared(t, moved), ledger.ImportOptions{}, 200)
		must(t, err)
		if got.Added != 1 || got.Changed != 1 || got.Same != 0 {
			t.Errorf("got %+v", got)
		}
		for at, want := range map[sensors.Instant]string{
			99: "household,room,kind,area_m2\n", 100: "household,room,kind,area_m2\nh1,bed,bedroom,\nh1,living,living_room,25.5\nh2,bed,bedroom,14\n",
			199: "household,room,kind,area_m2\nh1,bed,bedroom,\nh1,living,living_room,25.5\nh2,bed,bedroom,14\n",
			200: "household,room,kind,area_m2\nh1,bed,other,\nh1,living,living_room,25.5\nh1,study,bedroom,\nh2,bed,bedroom,14\n",
		} {
			if got := exported(t, l, at)["rooms.csv"]; got != want {
				t.Errorf("as of %d\n%swant\n%s", at, got, want)
			}
		}
	})
}

func TestDryRunWritesNothingAndSaysTheSame(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		dry, err := l.ImportRegistry(t.Context(), declared(t, town()), ledger.ImportOptions{DryRun: true}, 100)
		must(t, err)
		if r, err := l.Registry(t.Context(), ever); err != nil || !reflect.DeepEqual(r, &registrycsv.Registry{}) {
			t.Errorf("a dry run wrote %+v", r)
		}
		if d := taken(t, l); len(d) != 0 {
			t.Errorf("a dry run marked %v", d)
		}
		wet, err := l.ImportRegistry(t.Context(), declared(t, town()), ledger.ImportOptions{}, 100)
		must(t, err)
		if !reflect.DeepEqual(dry, wet) {
			t.Errorf("dry %+v, then %+v", dry, wet)
		}
	})
}

// A change makes exactly the households dirty that it reaches, as far back as it reaches.
func TestWhoAChangeConcerns(t *testing.T) {
	at := func(s string) sensors.Instant {
		d := declared(t, map[string]string{"calibrations.csv": "device,offset_celsius,from\nd1,0," + s + "\n"})
		return d.Calibrations[0].From
	}
	for name, c := range map[string]struct {
		files map[string]string
		want  map[string]sensors.Instant
	}{
		"a phone":    {map[string]string{"households.csv": "id,building,riser,account,area_m2,policy,phone,building_area_m2\nh1,b1,b1-r1,A-1001,89.50,beijing-metered,139,4180\n"}, nil},
		"a policy":   {map[string]string{"households.csv": "id,building,area_m2,policy\nh1,b1,89.50,beijing-metered-boiler\n"}, map[string]sensors.Instant{"h1": sensors.Earliest}},
		"a room":     {map[string]string{"rooms.csv": "household,room,kind\nh2,bed,kitchen\n"}, map[string]sensors.Instant{"h2": sensors.Earliest}},
		"a new home": {map[string]string{"households.csv": "id,building,area_m2,policy\nh3,b1,50,p\n"}, map[string]sensors.Instant{"h3": sensors.Earliest}},
		"a calibration": {
			map[string]string{"calibrations.csv": "device,offset_celsius,from\nd1,0.5,2015-12-05T00:00:00+08:00\n"},
			map[string]sensors.Instant{"h1": at("2015-12-05T00:00:00+08:00")},
		},
		"a calibration of a device that was taken away": {map[string]string{"calibrations.csv": "device,offset_celsius,from\nd2,0.5,2015-12-01T00:00:00+08:00\n"}, nil},
		"a calibration from before a device came": {
			map[string]string{"calibrations.csv": "device,offset_celsius,from\nd2,0.5,2015-10-01T00:00:00+08:00\n"},
			map[string]sensors.Instant{"h1": at("2015-11-01T00:00:00+08:00")},
		},
		"a device moved to another home": {
			map[string]string{"assignments.csv": "device,target,id,room,from\nd1,room,h2,bed,2015-12-24T00:00:00+08:00\n"},
			map[string]sensors.Instant{"h1": at("2015-12-24T00:00:00+08:00"), "h2": at("2015-12-24T00:00:00+08:00")},
		},
		"an end": {
			map[string]string{"assignments.csv": "device,target,id,room,from,to\nd1,room,h1,living,2015-11-01T00:00:00+08:00,2016-01-01T00:00:00+08:00\n"},
			map[string]sensors.Instant{"h1": at("2016-01-01T00:00:00+08:00")},
		},
		"a meter": {map[string]string{"assignments.csv": "device,target,id,from\nd3,meter,m2,2015-12-24T00:00:00+08:00\n"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			l := open(t, databases[0].url(t))
			_, err := l.ImportRegistry(t.Context(), declared(t, town()), ledger.ImportOptions{}, 100)
			must(t, err)
			must(t, l.CompleteDirty(t.Context(), taken(t, l)))
			_, err = l.ImportRegistry(t.Context(), declared(t, c.files), ledger.ImportOptions{}, 200)
			must(t, err)
			got := map[string]sensors.Instant{}
			for _, d := range taken(t, l) {
				got[d.Household] = d.From
			}
			if len(got) != len(c.want) {
				t.Fatalf("dirty %v, want %v", got, c.want)
			}
			for h, from := range c.want {
				if got[h] != from {
					t.Errorf("%s from %v, want %v", h, got[h].Time(), from.Time())
				}
			}
		})
	}
}

// What the files refer to is looked for in the files and in the registry; all that is missing is told at once, and nothing is written.
func TestEveryReferenceAtOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		_, err := l.ImportRegistry(t.Context(), declared(t, town()), ledger.ImportOptions{}, 100)
		must(t, err)
		bad := map[string]string{
			"buildings.csv":   "id,substation\nb2,ss9\nb3,ss1\n",
			"risers.csv":      "id,building\nb2-r1,b2\nb9-r1,b9\nb2-r1,b2\n",
			"households.csv":  "id,building,riser,area_m2,policy\nh8,b2,b1-r1,50,beijing-metered\nh9,b1,r0,50,beijng\n",
			"rooms.csv":       "household,room,kind\nh7,bed,bedroom\nh8,bed,bedroom\n",
			"heat_meters.csv": "id,building,household\nm8,,\nm9,b1,h1\nm10,,h99\n",
			"assignments.csv": "device,target,id,room,from,to\nd1,room,h1,attic,2015-11-02T00:00:00Z,\nd9,room,h1,bed,2015-11-02T00:00:00Z,2015-11-02T00:00:00Z\n" +
				"d2,meter,m77,,2015-11-03T00:00:00Z,\nd2,station,54399,bed,2015-11-04T00:00:00Z,\nd2,room,h1,,2015-11-05T00:00:00Z,\nd2,station,1,,2015-11-06T00:00:00Z,\n",
			"calibrations.csv": "device,offset_celsius,from\nd1,0.1,2015-11-02T00:00:00Z\nd1,0.2,2015-11-02T08:00:00+08:00\nd0,0,2015-11-02T00:00:00Z\n",
		}
		_, err = l.ImportRegistry(t.Context(), declared(t, bad), ledger.ImportOptions{Policies: []string{"beijing-metered"}}, 200)
		var problems registrycsv.Problems
		if !errors.As(err, &problems) {
			t.Fatalf("got %v", err)
		}
		const want = `assignments.csv:2: room: no room "attic" of household "h1" is registered
assignments.csv:3: device: no device "d9" is registered
assignments.csv:3: to: it ends at 2015-11-02T00:00:00Z, before it begins or as it does
assignments.csv:4: heat meter: no heat meter "m77" is registered
assignments.csv:5: room: a station has none
assignments.csv:6: room: it is missing
assignments.csv:7: station: no station "1" is registered
buildings.csv:2: substation: no substation "ss9" is registered
calibrations.csv:3: the same calibration of one device from one time as in line 2
calibrations.csv:4: device: no device "d0" is registered
heat_meters.csv:2: it measures a building or a household: one of the two is given
heat_meters.csv:3: it measures a building or a household: one of the two is given
heat_meters.csv:4: household: no household "h99" is registered
households.csv:2: riser: "b1-r1" is in building "b1"
households.csv:3: riser: no riser "r0" is registered
households.csv:3: policy: no policy "beijng" is there
risers.csv:3: building: no building "b9" is registered
risers.csv:4: the same riser as in line 2
rooms.csv:2: household: no household "h7" is registered`
		if err.Error() != want {
			t.Errorf("got\n%v\nwant\n%s", err, want)
		}
		if files := exported(t, l, ever); strings.Contains(files["buildings.csv"], "b3") {
			t.Error("half of it was written")
		}
	})
}

// A registry of a district: 2,000 homes go in as one transaction and come back the same.
func TestADistrict(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		var homes, rooms, devices, assigned strings.Builder
		for i := range 2000 {
			fmt.Fprintf(&homes, "h%d,b1,50.5,beijing-metered\n", i)
			fmt.Fprintf(&rooms, "h%d,bed,bedroom\n", i)
			fmt.Fprintf(&devices, "d%d\n", i)
			fmt.Fprintf(&assigned, "d%d,room,h%d,bed,2015-11-01T00:00:00+08:00\n", i, i)
		}
		files := map[string]string{
			"buildings.csv": "id\nb1\n", "households.csv": "id,building,area_m2,policy\n" + homes.String(), "rooms.csv": "household,room,kind\n" + rooms.String(),
			"devices.csv": "id\n" + devices.String(), "assignments.csv": "device,target,id,room,from\n" + assigned.String(),
		}
		got, err := l.ImportRegistry(t.Context(), declared(t, files), ledger.ImportOptions{}, 100)
		must(t, err)
		if got.Added != 8001 || len(got.Dirty) != 2000 {
			t.Errorf("added %d, dirty %d", got.Added, len(got.Dirty))
		}
		r, err := l.Registry(t.Context(), 100)
		must(t, err)
		if len(r.Assignments) != 2000 || !slices.ContainsFunc(r.Households, func(h sensors.Household) bool { return h.ID == "h1999" && h.Area == "50.5" }) {
			t.Errorf("%d assignments, %d households", len(r.Assignments), len(r.Households))
		}
	})
}
