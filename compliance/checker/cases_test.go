package checker_test

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/compliance/casefile"
	"github.com/nuanju/nuanju/compliance/checker"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// sharedCases are cases built from real data, with the verdicts of an independent judge; they are not part of the
// project and only there where the project is developed.
const sharedCases = "../../../shared/cases"

// expected is what an independent judge found.
type expected struct {
	Rooms []struct {
		Room  string         `json:"room"`
		Tiles []expectedTile `json:"tiles"`
	} `json:"rooms"`
	Tiles    []expectedTile `json:"tiles"`
	Episodes []struct {
		Room      string    `json:"room"`
		Start     time.Time `json:"start"`
		End       time.Time `json:"end"`
		Status    string    `json:"status"`
		Below     float64   `json:"below_seconds"`
		Confirmed float64   `json:"confirmed_seconds"`
		Dismissed float64   `json:"dismissed_seconds"`
		Tests     []string  `json:"tests"`
	} `json:"episodes"`
}

type ledgerEpisode = ledger.Episode

type expectedTile struct {
	Start  time.Time         `json:"start"`
	End    time.Time         `json:"end"`
	Status compliance.Status `json:"status"`
	Clause compliance.Clause `json:"clause"`
}

// The readings and events of each shared case come in through a winter: in pieces, out of order, some days late, with ticks
// in between and a restart. What stands in the end is what the independent judge found: tiles before tests, episodes after.
func TestSharedCasesThroughAWinter(t *testing.T) {
	dirs, err := filepath.Glob(filepath.Join(sharedCases, "*"))
	must(t, err)
	if len(dirs) == 0 {
		t.Skip("../shared/cases is not here")
	}
	for i, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) { throughAWinter(t, dir, rand.New(rand.NewPCG(uint64(i), 1))) })
	}
}

func throughAWinter(t *testing.T, dir string, r *rand.Rand) {
	c, err := casefile.Read(os.DirFS(dir), casefile.Options{})
	must(t, err)
	text, err := os.ReadFile(filepath.Join(dir, "expected.json"))
	must(t, err)
	var want expected
	must(t, json.Unmarshal(text, &want))

	f := &c.Facts
	w := newTown(t)
	w.policy = c.Policy
	w.start(checker.Config{})
	w.home(f.Household, f.Season.Start.String()+"/"+f.Season.End.String(), f.Rooms...)
	w.say(f.Household, f.Switches, f.Setpoints)
	d := ledger.Declarations{Stoppages: f.Stoppages, Exemptions: f.Exemptions}
	w.declared[f.Household] = d
	w.official = f.OfficialDays

	waiting := map[sensors.Series][]sensors.Sample{}
	for _, room := range f.Rooms {
		for _, x := range room.Readings {
			if x.Offset != 0 {
				t.Fatal("the case has calibrations; give them to the registry")
			}
			s := sensors.Series{Quantity: sensors.Temperature, Owner: f.Household + "-" + room.ID}
			waiting[s] = append(waiting[s], sensors.Sample{At: x.At, Value: x.Celsius})
		}
	}
	for _, o := range f.Outdoor {
		s := sensors.Series{Quantity: sensors.Outdoor, Owner: w.station()}
		waiting[s] = append(waiting[s], sensors.Sample{At: o.At, Value: o.Celsius})
	}
	season := f.Season.In(w.policy.Zone)
	end := season.End.Add(49 * time.Hour)
	if f.AsOf != 0 {
		end = f.AsOf
	}
	const ticks = 60
	for n := range ticks {
		w.now = season.Start.Add(end.Sub(season.Start) / ticks * time.Duration(n+1)).Add(-time.Duration(r.IntN(3600)) * time.Second)
		if n == ticks-1 {
			w.now = end
		}
		arrive(w, f.Household, waiting, r, n == ticks-1)
		w.tick()
		if n == ticks/2 {
			w.start(checker.Config{})
		}
	}

	zone := w.policy.Zone
	same := func(room string, tiles []expectedTile) {
		var lines []string
		for _, x := range tiles {
			lines = append(lines, tileLine(zone, sensors.At(x.Start), sensors.At(x.End), x.Status, x.Clause, false))
		}
		got := w.tiles(f.Household, room)
		for i := range got {
			got[i] = strings.TrimSuffix(got[i], " provisional")
		}
		if !slices.Equal(got, lines) {
			t.Errorf("tiles of %q:\ngot  %q\nwant %q", room, got, lines)
		}
	}
	same("", want.Tiles)
	for _, room := range want.Rooms {
		same(room.Room, room.Tiles)
	}
	episodes, err := w.ledger.Episodes(t.Context(), f.Household, season.Start, season.End)
	must(t, err)
	if len(episodes) != len(want.Episodes) || len(episodes) == 0 {
		t.Fatalf("%d episodes, want %d", len(episodes), len(want.Episodes))
	}

	d.Tests, d.Confirmations = f.Tests, f.Confirmations
	w.declared[f.Household] = d
	w.mark(f.Household, season.Start)
	w.tick()
	episodes, err = w.ledger.Episodes(t.Context(), f.Household, season.Start, season.End)
	must(t, err)
	for _, x := range want.Episodes {
		if !slices.ContainsFunc(episodes, func(e ledgerEpisode) bool {
			return e.Room == x.Room && e.Start == sensors.At(x.Start) && e.End == sensors.At(x.End) && string(e.Status) == x.Status &&
				time.Duration(e.Below).Seconds() == x.Below && time.Duration(e.Confirmed).Seconds() == x.Confirmed &&
				time.Duration(e.Dismissed).Seconds() == x.Dismissed && slices.Equal(e.Tests, x.Tests)
		}) {
			t.Errorf("no episode is %+v", x)
		}
	}
}

// arrive writes most of what has been measured by now, in any order, and marks as the forwarder does.
func arrive(w *town, household string, waiting map[sensors.Series][]sensors.Sample, r *rand.Rand, all bool) {
	w.t.Helper()
	for series, samples := range waiting {
		var now, later []sensors.Sample
		for _, x := range samples {
			if x.At < w.now && (all || r.IntN(100) > 0) {
				now = append(now, x)
			} else {
				later = append(later, x)
			}
		}
		r.Shuffle(len(now), func(i, k int) { now[i], now[k] = now[k], now[i] })
		waiting[series] = later
		w.write(series, append(now, now[:len(now)/10]...)...)
		for _, x := range now {
			if r.IntN(10) == 0 || x.At == slices.MinFunc(now, byTime).At {
				w.mark(household, x.At)
			}
		}
	}
}

func byTime(a, b sensors.Sample) int { return int(min(1, max(-1, a.At-b.At))) }
