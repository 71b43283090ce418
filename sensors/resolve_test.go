package sensors_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/nuanju/nuanju/sensors"
)

var (
	living = sensors.InRoom(sensors.RoomID{Household: "h1", Room: "living"})
	bed    = sensors.InRoom(sensors.RoomID{Household: "h1", Room: "bed"})
)

func TestALaterDeviceTakesOverAndTheOthersAreShown(t *testing.T) {
	r := sensors.NewResolver([]sensors.Assignment{
		{Device: "old", Target: living, From: 0, To: sensors.Forever},
		{Device: "new", Target: living, From: 100, To: 200},
	}, nil)
	for at, want := range map[sensors.Instant][]string{-1: nil, 0: {"old"}, 99: {"old"}, 100: {"new", "old"}, 199: {"new", "old"}, 200: {"old"}} {
		var got []string
		for _, a := range r.Present(living, at) {
			got = append(got, a.Device)
		}
		if !slices.Equal(got, want) {
			t.Errorf("at %d: %v, want %v", at, got, want)
		}
		judge, ok := r.Judging(living, at)
		if ok != (want != nil) || ok && judge.Device != want[0] {
			t.Errorf("at %d %q judges (%v), want the first of %v", at, judge.Device, ok, want)
		}
	}
}

func TestADeviceMovedToAnotherRoomSpeaksOnlyForThatOne(t *testing.T) {
	r := sensors.NewResolver([]sensors.Assignment{
		{Device: "d", Target: living, From: 0, To: sensors.Forever}, // nobody ended it
		{Device: "d", Target: bed, From: 100, To: sensors.Forever},
	}, nil)
	want := []sensors.Stretch{{From: 0, To: 100, Device: "d"}}
	if got := r.Judges(living, 0, 1000); !slices.Equal(got, want) {
		t.Errorf("living: %v, want %v", got, want)
	}
	want = []sensors.Stretch{{From: 100, To: 1000, Device: "d"}}
	if got := r.Judges(bed, 0, 1000); !slices.Equal(got, want) {
		t.Errorf("bed: %v, want %v", got, want)
	}
}

func TestTwoDevicesOfOneMomentAreToldApartById(t *testing.T) {
	r := sensors.NewResolver([]sensors.Assignment{
		{Device: "b", Target: living, From: 0, To: sensors.Forever},
		{Device: "a", Target: living, From: 0, To: 10},
	}, nil)
	want := []sensors.Stretch{{From: 0, To: 10, Device: "a"}, {From: 10, To: 20, Device: "b"}}
	if got := r.Judges(living, 0, 20); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestACalibrationHoldsFromItsDateAndNotBefore(t *testing.T) {
	r := sensors.NewResolver(
		[]sensors.Assignment{{Device: "d", Target: living, From: 0, To: sensors.Forever}},
		[]sensors.Calibration{
			{Device: "d", OffsetCelsius: -0.5, Certificate: "c2", From: 20},
			{Device: "d", OffsetCelsius: 0.3, Certificate: "c1", From: 10},
		})
	want := []sensors.Stretch{
		{From: 0, To: 10, Device: "d"},
		{From: 10, To: 20, Device: "d", OffsetCelsius: 0.3, Certificate: "c1"},
		{From: 20, To: 30, Device: "d", OffsetCelsius: -0.5, Certificate: "c2"},
	}
	if got := r.Judges(living, 0, 30); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if _, ok := r.Calibration("d", 9); ok {
		t.Error("a calibration is in force before its date")
	}
	if c, ok := r.Calibration("d", 20); !ok || c.Certificate != "c2" {
		t.Errorf("at its very date %+v, %v is in force, want c2", c, ok)
	}
}

// TestResolverFollowsItsRuleAtEveryInstant compares with the rule spelled out: for each instant on its own, in the order
// in which the assignments were declared and in another.
func TestResolverFollowsItsRuleAtEveryInstant(t *testing.T) {
	instants := rapid.Custom(func(t *rapid.T) sensors.Instant { return sensors.Instant(rapid.IntRange(0, 12).Draw(t, "instant")) })
	assignments := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) sensors.Assignment {
		return sensors.Assignment{
			Device: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "device"),
			Target: rapid.SampledFrom([]sensors.Target{living, bed, sensors.OnMeter("m")}).Draw(t, "target"),
			From:   instants.Draw(t, "from"), To: instants.Draw(t, "to"),
		}
	}), 0, 8)
	calibrations := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) sensors.Calibration {
		return sensors.Calibration{
			Device:        rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "device"),
			OffsetCelsius: float64(rapid.IntRange(-3, 3).Draw(t, "offset")) / 10,
			Certificate:   rapid.SampledFrom([]string{"x", "y"}).Draw(t, "certificate"),
			From:          instants.Draw(t, "from"),
		}
	}), 0, 5)
	rapid.Check(t, func(t *rapid.T) {
		as, cs := assignments.Draw(t, "assignments"), calibrations.Draw(t, "calibrations")
		r := sensors.NewResolver(as, cs)
		shuffled := sensors.NewResolver(rapid.Permutation(as).Draw(t, "shuffled"), rapid.Permutation(cs).Draw(t, "shuffled calibrations"))
		for _, target := range []sensors.Target{living, bed, sensors.OnMeter("m")} {
			from, to := instants.Draw(t, "from"), instants.Draw(t, "to")
			stretches := r.Judges(target, from, to)
			if other := shuffled.Judges(target, from, to); !slices.Equal(stretches, other) {
				t.Fatalf("%v or %v, by the order of declaring", stretches, other)
			}
			for i, s := range stretches {
				if s.From >= s.To || s.From < from || s.To > to || i > 0 && stretches[i-1].To > s.From {
					t.Fatalf("stretches %v of [%d, %d)", stretches, from, to)
				}
			}
			for at := from; at < to; at++ {
				want, wantOK := judgeByRule(as, cs, target, at)
				i := slices.IndexFunc(stretches, func(s sensors.Stretch) bool { return s.From <= at && at < s.To })
				if (i >= 0) != wantOK {
					t.Fatalf("at %d: stretches %v, rule says %+v, %v", at, stretches, want, wantOK)
				}
				if wantOK && (stretches[i].Device != want.Device || stretches[i].OffsetCelsius != want.OffsetCelsius) {
					t.Fatalf("at %d: %+v, rule says %+v", at, stretches[i], want)
				}
			}
		}
	})
}

// judgeByRule is the rule of [sensors.Resolver] without any index.
func judgeByRule(as []sensors.Assignment, cs []sensors.Calibration, target sensors.Target, at sensors.Instant) (sensors.Stretch, bool) {
	place := make(map[string]sensors.Assignment)
	for _, a := range as {
		p, ok := place[a.Device]
		stronger := a.From > p.From || a.From == p.From && targetKey(a.Target) < targetKey(p.Target)
		if a.Holds(at) && (!ok || stronger) {
			place[a.Device] = a
		}
	}
	var best sensors.Stretch
	found := false
	for device, a := range place {
		if a.Target != target {
			continue
		}
		if !found || a.From > place[best.Device].From || a.From == place[best.Device].From && device < best.Device {
			best, found = sensors.Stretch{Device: device}, true
		}
	}
	var calibration sensors.Calibration
	for _, c := range cs {
		later := c.From > calibration.From || c.From == calibration.From &&
			(c.Certificate > calibration.Certificate || c.Certificate == calibration.Certificate && c.OffsetCelsius > calibration.OffsetCelsius)
		if found && c.Device == best.Device && c.From <= at && (calibration.Device == "" || later) {
			calibration = c
		}
	}
	best.OffsetCelsius = calibration.OffsetCelsius
	return best, found
}

func targetKey(t sensors.Target) string { return string(t.Kind) + "\x00" + t.ID + "\x00" + t.Room }
