package oracle

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

const sharedCases = "../../../shared/cases"

// The four shared cases are judged as the requirements' author judged them.
func TestSharedCases(t *testing.T) {
	if _, err := os.Stat(sharedCases); errors.Is(err, fs.ErrNotExist) {
		t.Skip("../shared is absent")
	}
	for _, name := range []string{"winter2016", "beijing2012", "dongsi2016", "unsensed2014"} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(sharedCases, name)
			got, err := Judge(os.DirFS(dir))
			if err != nil {
				t.Fatal(err)
			}
			var want Result
			text, err := os.ReadFile(filepath.Join(dir, "expected.json"))
			if err != nil {
				t.Fatal(err)
			}
			strict := json.NewDecoder(bytes.NewReader(text))
			strict.DisallowUnknownFields()
			if err := strict.Decode(&want); err != nil {
				t.Fatal(err)
			}
			for _, diff := range Diff(want, got) {
				t.Error(diff)
			}
		})
	}
}

// A comparison that finds nothing is worth nothing: every kind of value, changed, is found, and slack is no more than it says.
func TestDiffFindsEveryChange(t *testing.T) {
	mean := -3.25
	at := time.Date(2016, time.January, 20, 0, 0, 0, 0, time.UTC)
	base := func() Result {
		return Result{
			Household: "h", Tiles: []Tile{{at, at.Add(time.Hour), "below", "A7.2.2"}}, OutdoorDays: []OutdoorDay{{"2016-01-20", &mean, "official", false}},
			Usage: &Usage{MeteredKWh: 3}, Bill: &Bill{HeatFee: 7}, Tests: []Test{{ID: "t1", Stands: true}},
		}
	}
	zoned := base()
	zoned.Tiles[0].Start = at.In(zone())
	zoned.Usage.MeteredKWh += 0.001
	if got := Diff(base(), zoned); got != nil {
		t.Errorf("equal results differ: %q", got)
	}
	for name, change := range map[string]func(*Result){
		"household":                 func(r *Result) { r.Household = "g" },
		"instant":                   func(r *Result) { r.Tiles[0].Start = at.Add(1) },
		"status":                    func(r *Result) { r.Tiles[0].Status = "exempt" },
		"a tile":                    func(r *Result) { r.Tiles = nil },
		"mean":                      func(r *Result) { m := mean + 2e-6; r.OutdoorDays[0].Mean = &m },
		"no mean":                   func(r *Result) { r.OutdoorDays[0].Mean = nil },
		"kWh":                       func(r *Result) { r.Usage.MeteredKWh += 0.003 },
		"no usage":                  func(r *Result) { r.Usage = nil },
		"fen":                       func(r *Result) { r.Bill.HeatFee++ },
		"bool":                      func(r *Result) { r.Tests[0].Stands = false },
		"tiles of an unjudged room": func(r *Result) { r.Rooms = []Room{{Room: "k"}} },
	} {
		changed := base()
		change(&changed)
		if len(Diff(base(), changed)) == 0 || len(Diff(changed, base())) == 0 {
			t.Errorf("another %s is not found", name)
		}
	}
}
