package registrycsv_test

import (
	"bytes"
	"io/fs"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/nuanju/nuanju/ledger/registrycsv"
)

// Each file in testdata is a directory of CSV files and, under "want", every error that it must give.
func TestBadFiles(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) < 5 {
		t.Fatalf("%d archives: %v", len(archives), err)
	}
	for _, name := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			dir, want := fstest.MapFS{}, ""
			for _, f := range archive.Files {
				if f.Name == "want" {
					want = strings.TrimSuffix(string(f.Data), "\n")
				} else {
					dir[f.Name] = &fstest.MapFile{Data: f.Data}
				}
			}
			d, problems := registrycsv.Read(dir)
			problems = append(problems, registrycsv.Check(&registrycsv.Registry{}, d, nil)...)
			if problems.Error() != want {
				t.Errorf("got\n%v\nwant\n%s", problems, want)
			}
		})
	}
}

func TestBytesThatNoEditorShows(t *testing.T) {
	for text, want := range map[string]string{
		"":                                 "devices.csv: is empty; it needs a header",
		"\xef\xbb\xbfid,model\r\nd1,x\r\n": "",
		"id\nd1":                           "",
		"id\n\xff\n":                       "devices.csv:2: id: not UTF-8",
		"id,model\nd1,a\x00b\n":            `devices.csv:2: model: "a\x00b" has a character that cannot be printed`,
		"id,model\nd1," + strings.Repeat("x", 1025) + "\n": "devices.csv:2: model: longer than 1024 bytes",
		"id\nd\u200b1\n": `devices.csv:2: id: id "d\u200b1" has the character U+200B`,
	} {
		_, problems := registrycsv.Read(fstest.MapFS{"devices.csv": {Data: []byte(text)}})
		if problems.Error() != want {
			t.Errorf("%.40q: got %q, want %q", text, problems.Error(), want)
		}
	}
}

// A file that never ends is read up to its bound.
func TestAFileThatIsTooLong(t *testing.T) {
	long := bytes.Repeat([]byte("d,"), registrycsv.MaxFileBytes/2+1)
	_, problems := registrycsv.Read(fstest.MapFS{"devices.csv": {Data: long}})
	if want := "devices.csv: is longer than 67108864 bytes"; problems.Error() != want {
		t.Errorf("got %.200q", problems.Error())
	}
}

func TestAtMostAHundredProblemsAreShown(t *testing.T) {
	_, problems := registrycsv.Read(fstest.MapFS{"devices.csv": {Data: []byte("id\n" + strings.Repeat("\\\n", 103))}})
	lines := strings.Split(problems.Error(), "\n")
	if len(problems) != 103 || len(lines) != 101 || lines[100] != "and 3 more" {
		t.Errorf("%d problems, %d lines, the last %q", len(problems), len(lines), lines[len(lines)-1])
	}
}

// Whatever bytes a file has: no panic; and what is accepted is the same after it was written and read again.
func FuzzRead(f *testing.F) {
	f.Add("device,target,id,room,from,to\nd1,room,h1,bed,2015-11-01T00:00:00+08:00,\n", uint8(8))
	f.Add("device,offset_celsius,certificate,from\nd1,-0.3,\"a,\"\"b\",2015-11-01T00:00:00.1Z\n", uint8(9))
	f.Add("id,building,riser,account,area_m2,building_area_m2,policy,season,phone\nh1,b1,,=1+1,89.50,4180,p,,\n", uint8(3))
	f.Add("id,name\n\"s\n1\",x\n", uint8(0))
	names := []string{
		registrycsv.Substations, registrycsv.Buildings, registrycsv.Risers, registrycsv.Households, registrycsv.Rooms,
		registrycsv.HeatMeters, registrycsv.Devices, registrycsv.Stations, registrycsv.Assignments, registrycsv.Calibrations,
	}
	f.Fuzz(func(t *testing.T, text string, which uint8) {
		name := names[int(which)%len(names)]
		d, problems := registrycsv.Read(fstest.MapFS{name: {Data: []byte(text)}})
		for _, p := range registrycsv.Check(&registrycsv.Registry{}, d, nil) {
			if p.Line < 2 {
				t.Fatalf("%v has no place", p)
			}
		}
		if len(problems) > 0 {
			return
		}
		files, err := registrycsv.Write(&d.Registry)
		if err != nil {
			t.Fatal(err)
		}
		again := fstest.MapFS{}
		for _, f := range files {
			again[f.Name] = &fstest.MapFile{Data: f.Text}
		}
		back, problems := registrycsv.Read(fs.FS(again))
		if len(problems) > 0 {
			t.Fatalf("what was written cannot be read: %v", problems)
		}
		if !reflect.DeepEqual(back.Registry, d.Registry) && !bothEmpty(back, d) {
			t.Fatalf("read\n%+v\nwritten and read\n%+v", d.Registry, back.Registry)
		}
	})
}

// bothEmpty is for a slice that is nil in one and empty in the other.
func bothEmpty(a, b *registrycsv.Declared) bool {
	fa, errA := registrycsv.Write(&a.Registry)
	fb, errB := registrycsv.Write(&b.Registry)
	return errA == nil && errB == nil && reflect.DeepEqual(fa, fb)
}
