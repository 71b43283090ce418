package simulate

import (
	"testing"
	"time"

	"github.com/nuanju/nuanju/sensors"
)

// A fault of the caller's choice is where and when it was said, does what it should, and those that are drawn keep away.
func TestPlanned(t *testing.T) {
	from, to := november.Add(5*day), november.Add(7*day)
	o := Options{Seed: 2, Days: 14, DeepCold: true, Planned: []Planned{{Kind: RiserBlocked, Place: "b2-r3", From: from, To: to, Size: 0.01}}}
	town := newTown(t, o)
	s := town.Start()
	_ = s.Advance(to, nil)
	seen := false
	for _, f := range town.Faults() {
		if f.ID != "riser_blocked-planned-1" {
			continue
		}
		seen = true
		if f.From != from || f.To != to || f.Size != 0.01 || len(f.Rooms) == 0 {
			t.Errorf("%+v", f)
		}
		for _, i := range f.rooms {
			if len(town.homes[s.homeOf[i]].said) == 0 && s.Celsius(i) > 18 {
				t.Errorf("%v has %.1f °C after two days", town.places[i].RoomID, s.Celsius(i))
			}
		}
		for _, other := range town.Faults() {
			if other.ID != f.ID && meet(other.homes, f.homes) && other.From < f.To && f.From < other.To {
				t.Errorf("%s befalls its homes meanwhile", other.ID)
			}
		}
	}
	if !seen {
		t.Error("it is not there")
	}
	for _, k := range Kinds() { // each kind at a place of its own
		place := map[scope]string{ofSubstation: "s1", ofRiser: "b1-r1", ofBuilding: "b3", ofMeter: "m-b1", ofRoom: town.places[4].RoomID.String()}
		for _, h := range habits {
			if h.kind != k {
				continue
			}
			o := Options{Seed: 2, Days: 14, Faults: []Kind{}, Planned: []Planned{{Kind: k, Place: place[h.scope], From: from, To: from.Add(5 * time.Hour)}}}
			if got := newTown(t, o).Faults(); len(got) != 1 || len(got[0].Devices) == 0 || got[0].Place != place[h.scope] {
				t.Errorf("%s: %+v", k, got)
			}
		}
	}
	for name, p := range map[string]Planned{
		"no kind": {Kind: "dragon", From: from, To: to}, "no place": {Kind: RiserBlocked, Place: "b9-r9", From: from, To: to},
		"no time": {Kind: RiserBlocked, Place: "b1-r1", From: to, To: from}, "no room": {Kind: ValveStuck, Place: "b1", From: from, To: to},
		"late":     {Kind: StoppagePlanned, Place: "s1", From: from, To: to, Announced: to},
		"no meter": {Kind: MeterReset, Place: "b1", From: from, To: to}, "no building": {Kind: GatewayOffline, Place: "", From: from, To: to},
	} {
		if _, err := New(Options{From: sensors.At(november.Time()), Planned: []Planned{p}}); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}
