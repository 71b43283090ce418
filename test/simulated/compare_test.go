package simulated_test

import (
	"testing"
	"time"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/simulate"
)

// A comparison that cannot fail shows nothing: verdicts that are wrong on purpose are told from the truth, and right ones are not.
func TestComparisonCatches(t *testing.T) {
	from := sensors.At(time.Date(2024, 11, 14, 0, 0, 0, 0, zone))
	town, err := simulate.New(simulate.Options{
		Seed: 4, Homes: 4, Days: 7, From: from, DeepCold: true, Faults: []simulate.Kind{simulate.StoppageUnannounced},
	})
	must(t, err)
	fault := town.Faults()[0]
	start, end := from.Add(24*time.Hour), town.End()
	is := func(status compliance.Status, from, to sensors.Instant) ledger.Tile {
		return ledger.Tile{Start: from, End: to, Status: status}
	}
	for name, c := range map[string]struct {
		tiles                   []ledger.Tile
		doubts                  []compliance.Interval
		invented, early, missed bool
	}{
		"cold is missed":          {[]ledger.Tile{is(compliance.Compliant, start, end)}, nil, false, false, true},
		"unknown is no miss":      {[]ledger.Tile{is(compliance.Unknown, start, end)}, nil, false, false, false},
		"cold without end":        {[]ledger.Tile{is(compliance.Below, start, end)}, nil, false, true, false},
		"cold before the fault":   {[]ledger.Tile{is(compliance.Below, start, start.Add(time.Hour)), is(compliance.Unknown, start.Add(time.Hour), end)}, nil, true, true, false},
		"and its sensor is known": {[]ledger.Tile{is(compliance.Below, start, start.Add(time.Hour)), is(compliance.Unknown, start.Add(time.Hour), end)}, []compliance.Interval{{Start: start, End: end}}, false, false, false},
	} {
		var rooms []*record
		for i, r := range town.Rooms() {
			if compliance.RoomKind(r.Kind).Judged() {
				rooms = append(rooms, &record{id: r.RoomID, place: i, tiles: c.tiles, doubts: c.doubts})
			}
		}
		d := compare(town, rooms, start, end)
		if len(d.invented) > 0 != c.invented || d.early > 0 != c.early || d.missed > 0 != c.missed {
			t.Errorf("%s: %d invented, %d minutes below without cold, %d missed", name, len(d.invented), d.early, d.missed)
		}
		if cold := rooms[0].cold[0]; !cold {
			t.Errorf("%s: %s made no room cold", name, fault.ID)
		}
	}
}
