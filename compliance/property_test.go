package compliance_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/configs"
)

// drawn is a household over a few days, with everything that can happen in it.
type drawn struct {
	policy *compliance.Policy
	facts  *compliance.Facts
	season compliance.Interval
}

func draw(t *rapid.T) drawn {
	policy, err := configs.Policy(configs.DefaultPolicy)
	if err != nil {
		t.Fatal(err)
	}
	first := compliance.DateOf(2016, time.February, 25) + compliance.Date(rapid.IntRange(0, 5).Draw(t, "first day"))
	days := rapid.IntRange(1, 5).Draw(t, "days")
	f := &compliance.Facts{Household: "h", Season: compliance.Season{Start: first, End: first + compliance.Date(days-1)}}
	d := drawn{policy, f, f.Season.In(policy.Zone)}

	for i := range rapid.IntRange(1, 3).Draw(t, "rooms") {
		f.Rooms = append(f.Rooms, compliance.Room{
			ID: fmt.Sprintf("r%d", i), Kind: compliance.Bedroom, Readings: d.readings(t),
		})
	}
	f.Rooms = append(f.Rooms, compliance.Room{ID: "kitchen", Kind: compliance.Kitchen, Readings: d.readings(t)})
	for h := range days*24 + 24 {
		if rapid.IntRange(0, 30).Draw(t, "observed") > 0 {
			f.Outdoor = append(f.Outdoor, compliance.Observation{
				At:      d.season.Start.Add(time.Duration(h-12) * time.Hour),
				Celsius: float64(rapid.IntRange(-100, -50).Draw(t, "outdoor")) / 10,
			})
		}
	}
	for i := range rapid.IntRange(0, 4).Draw(t, "switches") {
		f.Switches = append(f.Switches, compliance.Switch{At: d.unique(t, i), On: rapid.Bool().Draw(t, "on")})
	}
	for i := range rapid.IntRange(0, 4).Draw(t, "setpoints") {
		f.Setpoints = append(f.Setpoints, compliance.Setpoint{
			At: d.unique(t, i), Room: rapid.SampledFrom([]string{"", "r0"}).Draw(t, "room"),
			Celsius: float64(rapid.IntRange(32, 42).Draw(t, "setpoint")) / 2,
		})
	}
	for i := range rapid.IntRange(0, 5).Draw(t, "stoppages") {
		start := d.instant(t)
		f.Stoppages = append(f.Stoppages, compliance.Stoppage{
			ID: fmt.Sprint("o", i), Announced: start.Add(-time.Duration(rapid.IntRange(-1, 2).Draw(t, "ahead")) * time.Hour),
			Start: start, End: start.Add(time.Duration(rapid.IntRange(1, 8).Draw(t, "hours")) * time.Hour), Proof: d.proof(t),
		})
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "claims") {
		span := d.span(t)
		f.Exemptions = append(f.Exemptions, compliance.Exemption{
			ID: fmt.Sprint("e", i), Clause: rapid.SampledFrom([]compliance.Clause{compliance.A7221, compliance.A7222, compliance.A7223}).Draw(t, "clause"),
			Start: span.Start, End: span.End, Proof: d.proof(t),
		})
	}
	d.people(t)
	return d
}

// people draws what residents, suppliers and testers do.
func (d drawn) people(t *rapid.T) {
	f := d.facts
	for i := range rapid.IntRange(0, 2).Draw(t, "reports") {
		f.Reports = append(f.Reports, compliance.Report{ID: fmt.Sprint("r", i), At: d.unique(t, i)})
	}
	for i := range rapid.IntRange(0, 4).Draw(t, "tests") {
		start := d.instant(t)
		f.Tests = append(f.Tests, compliance.Test{
			ID: fmt.Sprint("t", i), Accredited: rapid.IntRange(0, 9).Draw(t, "accredited") > 0,
			CommissionedBy: rapid.SampledFrom([]compliance.Side{compliance.Resident, compliance.Joint, compliance.Supplier}).Draw(t, "side"),
			Room:           rapid.SampledFrom([]string{"r0", "r0", "kitchen"}).Draw(t, "room"),
			Start:          start, End: start.Add(time.Duration(rapid.IntRange(0, 3).Draw(t, "window")) * 20 * time.Minute),
			Celsius: float64(rapid.IntRange(165, 190).Draw(t, "measured")) / 10,
		})
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "confirmations") {
		span := d.span(t)
		f.Confirmations = append(f.Confirmations, compliance.Confirmation{
			ID: fmt.Sprint("c", i), Start: span.Start, End: span.End, Resident: true, Supplier: rapid.Bool().Draw(t, "both"),
		})
	}
}

func (d drawn) readings(t *rapid.T) []compliance.Reading {
	var out []compliance.Reading
	for at := d.season.Start.Add(-time.Hour); at < d.season.End; {
		at = at.Add(time.Duration(rapid.SampledFrom([]int{10, 15, 30, 60, 90, 91, 300}).Draw(t, "minutes")) * time.Minute)
		out = append(out, compliance.Reading{At: at, Celsius: float64(rapid.IntRange(172, 186).Draw(t, "celsius")) / 10})
	}
	return out
}

func (d drawn) instant(t *rapid.T) compliance.Instant {
	minutes := int(d.season.Length().Minutes())
	return d.season.Start.Add(time.Duration(rapid.IntRange(-600, minutes+60).Draw(t, "minute")) * time.Minute)
}

// unique is an instant that no other one of its kind has: at equal times, and only then, the order of rows counts.
func (d drawn) unique(t *rapid.T, i int) compliance.Instant {
	return d.instant(t).Add(time.Duration(i) * time.Second)
}

func (d drawn) span(t *rapid.T) compliance.Interval {
	a, b := d.instant(t), d.instant(t)
	return compliance.Interval{Start: min(a, b), End: max(a, b)}
}

func (d drawn) proof(t *rapid.T) string {
	return rapid.SampledFrom([]string{"", "record"}).Draw(t, "proof")
}

func (d drawn) judge(t *rapid.T) *compliance.Verdict {
	v, err := compliance.Judge(d.policy, d.facts)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestTilesCoverTheJudgedTimeExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t)
		if rapid.Bool().Draw(t, "explicit") {
			d.facts.AsOf = d.instant(t)
		}
		v := d.judge(t)
		covers := func(name string, tiles []compliance.Tile, because func(int) []compliance.Step) {
			at := v.Season.Start
			for i, tile := range tiles {
				if tile.Start != at || tile.Empty() {
					t.Fatalf("%s: tile %d starts at %s, want %s, and is not empty", name, i, tile.Start.Time(), at.Time())
				}
				if i > 0 && tiles[i-1].Status == tile.Status && tiles[i-1].Clause == tile.Clause {
					t.Fatalf("%s: tiles %d and %d are one", name, i-1, i)
				}
				if len(because(i)) == 0 {
					t.Fatalf("%s: tile %d has no reason", name, i)
				}
				at = tile.End
			}
			if at != max(v.Season.Start, v.Until) {
				t.Fatalf("%s: tiles end at %s, want %s", name, at.Time(), v.Until.Time())
			}
		}
		covers("household", v.Tiles, v.TileBecause)
		for r, room := range v.Rooms {
			if room.Judged {
				covers(room.Room, room.Tiles, func(i int) []compliance.Step { return v.RoomBecause(r, i) })
			}
		}
	})
}

func TestOrderOfRowsDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t)
		want := d.judge(t)
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		f := *d.facts
		f.Outdoor, f.Switches, f.Setpoints = shuffled(r, f.Outdoor), shuffled(r, f.Switches), shuffled(r, f.Setpoints)
		f.Stoppages, f.Exemptions, f.Reports = shuffled(r, f.Stoppages), shuffled(r, f.Exemptions), shuffled(r, f.Reports)
		f.Confirmations, f.Tests = shuffled(r, f.Confirmations), shuffled(r, f.Tests)
		f.Rooms = slices.Clone(f.Rooms)
		for i := range f.Rooms {
			ordered, conflicts, clashes := compliance.OrderReadings(shuffled(r, f.Rooms[i].Readings))
			if len(conflicts)+len(clashes) > 0 {
				t.Fatal("no two readings were of one time")
			}
			f.Rooms[i].Readings = ordered
		}
		got, err := compliance.Judge(d.policy, &f)
		if err != nil {
			t.Fatal(err)
		}
		byID := func(a, b compliance.TestVerdict) int { return strings.Compare(a.ID, b.ID) }
		slices.SortFunc(want.Tests, byID) // these are listed in the order of the rows
		slices.SortFunc(got.Tests, byID)
		if want, got := said(want), said(got); want != got {
			t.Fatalf("another order of rows judges otherwise\nwant %s\ngot  %s", want, got)
		}
	})
}

func shuffled[T any](r *rand.Rand, in []T) []T {
	out := slices.Clone(in)
	r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

// found is everything that a verdict finds, without the reasons of tiles, as text.
func found(v *compliance.Verdict) string {
	return fmt.Sprint(v.Rooms, v.Tiles, v.Days, v.Stoppages, v.Episodes, v.Confirmed, v.Tests, v.Claims)
}

// said is everything that a verdict finds and all its reasons, as text.
func said(v *compliance.Verdict) string {
	out := []string{found(v)}
	for i := range v.Tiles {
		out = append(out, fmt.Sprint(v.TileBecause(i)))
	}
	for r := range v.Rooms {
		for i := range v.Rooms[r].Tiles {
			out = append(out, fmt.Sprint(v.RoomBecause(r, i)))
		}
	}
	return strings.Join(out, "\n")
}

func below(v *compliance.Verdict, room int) time.Duration {
	var sum time.Duration
	for _, tile := range v.Rooms[room].Tiles {
		if tile.Status == compliance.Below {
			sum += tile.Length()
		}
	}
	return sum
}

func TestAWarmerReadingNeverAddsBelowTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t)
		before := d.judge(t)
		readings := d.facts.Rooms[0].Readings
		i := rapid.IntRange(0, len(readings)-1).Draw(t, "which")
		readings[i].Celsius += float64(rapid.IntRange(1, 20).Draw(t, "warmer")) / 10
		after := d.judge(t)
		if below(after, 0) > below(before, 0) {
			t.Fatalf("below time rose from %s to %s", below(before, 0), below(after, 0))
		}
	})
}

// What was settled at a moment, the local days that had ended by then, is judged the same later on.
func TestWhatIsSettledStays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t)
		d.facts.AsOf = d.instant(t)
		early := d.judge(t)
		settled := compliance.Interval{
			Start: d.season.Start, End: compliance.DateIn(d.facts.AsOf, d.policy.Zone).Start(d.policy.Zone),
		}
		d.facts.AsOf = max(d.facts.AsOf, d.instant(t))
		late := d.judge(t)
		compare := func(name string, a, b []compliance.Tile) {
			if a, b := statuses(a, settled), statuses(b, settled); !slices.Equal(a, b) {
				t.Fatalf("%s: settled as\n%v\nlater\n%v", name, a, b)
			}
		}
		compare("household", early.Tiles, late.Tiles)
		for i := range early.Rooms {
			compare(early.Rooms[i].Room, early.Rooms[i].Tiles, late.Rooms[i].Tiles)
		}
		for _, tile := range late.Tiles {
			if tile.Provisional && tile.End <= settled.End {
				t.Fatal("a settled tile is called provisional")
			}
		}
	})
}

func statuses(tiles []compliance.Tile, span compliance.Interval) []string {
	var out []string
	for _, tile := range tiles {
		if c := tile.Clip(span); !c.Empty() {
			out = append(out, fmt.Sprint(c.Start.Time(), c.End.Time(), tile.Status, tile.Clause))
		}
	}
	return out
}

func TestAnUnprovedClaimChangesNoStatus(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t)
		before := d.judge(t)
		span := d.span(t)
		d.facts.Exemptions = append(d.facts.Exemptions, compliance.Exemption{
			ID: "claimed", Clause: compliance.A7221, Start: span.Start, End: span.End,
		})
		after := d.judge(t)
		before.Claims, after.Claims = nil, nil
		if found(before) != found(after) {
			t.Fatal("a claim without proof changed the verdict")
		}
	})
}
