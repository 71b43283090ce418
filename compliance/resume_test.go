package compliance_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/nuanju/nuanju/compliance"
)

// Judging up to a moment, and then on from what was settled there with what was carried, finds what judging everything
// at once finds.
func TestGoingOnFromWhatIsSettledFindsTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t)
		d.facts.Tests = nil // they look back further
		whole := d.judge(t)

		d.facts.AsOf = min(max(d.instant(t), d.season.Start), d.season.End)
		early := d.judge(t)
		rest := *d.facts
		rest.AsOf, rest.From = 0, early.Settled
		rest.Rooms = slices.Clone(rest.Rooms)
		gap := d.policy.Editions[0].ReadingMaxGap
		for i := range rest.Rooms {
			r := &rest.Rooms[i]
			if r.Kind.Judged() && len(early.Rooms[i].Tiles) > 0 {
				r.Carried = early.Carry(i, early.Settled)
			}
			r.Readings = slices.DeleteFunc(slices.Clone(r.Readings), func(x compliance.Reading) bool {
				return x.At < rest.From.Add(-gap)
			})
		}
		late, err := compliance.Judge(d.policy, &rest)
		if err != nil {
			t.Fatal(err)
		}

		before := compliance.Interval{Start: d.season.Start, End: early.Settled}
		after := compliance.Interval{Start: early.Settled, End: d.season.End}
		join := func(name string, whole, early, late []compliance.Tile) {
			if want, got := statuses(whole, before), statuses(early, before); !slices.Equal(want, got) {
				t.Fatalf("%s before:\nwant %v\ngot  %v", name, want, got)
			}
			if want, got := statuses(whole, after), statuses(late, after); !slices.Equal(want, got) {
				t.Fatalf("%s after:\nwant %v\ngot  %v", name, want, got)
			}
		}
		join("household", whole.Tiles, early.Tiles, late.Tiles)
		for i := range whole.Rooms {
			join(whole.Rooms[i].Room, whole.Rooms[i].Tiles, early.Rooms[i].Tiles, late.Rooms[i].Tiles)
			sameEpisodes(t, d, i, whole, early, late, rest.Rooms[i].Carried)
		}
	})
}

// sameEpisodes compares a room's episodes: those that ended before what was carried from the early verdict, the others
// from the late one.
func sameEpisodes(t *rapid.T, d drawn, room int, whole, early, late *compliance.Verdict, carried []compliance.Interval) {
	from := late.From
	if len(carried) > 0 {
		from = carried[0].Start
	}
	of := func(v *compliance.Verdict, before, after compliance.Instant) (out []compliance.Interval) {
		for _, e := range v.Episodes {
			if e.Room == v.Rooms[room].Room && e.Hull.Start >= after && e.Hull.Start < before {
				out = append(out, e.Hull)
			}
		}
		return out
	}
	got := append(of(early, from, d.season.Start), of(late, d.season.End, from)...)
	if want := of(whole, d.season.End, d.season.Start); !slices.Equal(want, got) {
		t.Fatalf("episodes of %s:\nwant %v\ngot  %v", whole.Rooms[room].Room, want, got)
	}
}
