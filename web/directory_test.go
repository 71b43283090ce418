package web

import (
	"strings"
	"testing"
	"time"

	"github.com/nuanju/nuanju/configs"
	"github.com/nuanju/nuanju/sensors"
)

// The season is whole days in the policy's zone, both ends counted (A2); an agreed one stands for its winter's and no other's.
func TestSeasons(t *testing.T) {
	d, err := NewDirectory(&sensors.Registry{Households: []sensors.Household{
		{ID: "statutory", Policy: "beijing-metered"},
		{ID: "shorter", Policy: "beijing-metered", Season: "2015-12-01/2016-02-29"},
		{ID: "longer", Policy: "beijing-metered", Season: "2015-11-01/2016-04-10"},
	}}, configs.Policy)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		at                         string
		statutory, shorter, longer bool
	}{
		{"2015-10-31T23:59:59.999999999", false, false, false},
		{"2015-11-01T00:00:00", false, false, true},
		{"2015-11-14T23:59:59.999999999", false, false, true},
		{"2015-11-15T00:00:00", true, false, true},
		{"2015-12-01T00:00:00", true, true, true},
		{"2016-02-29T23:59:59.999999999", true, true, true},
		{"2016-03-01T00:00:00", true, false, true},
		{"2016-03-15T23:59:59.999999999", true, false, true},
		{"2016-03-16T00:00:00", false, false, true},
		{"2016-04-11T00:00:00", false, false, false},
		{"2016-11-15T00:00:00", true, true, true}, // the next winter is the statutory one again
		{"2015-03-15T12:00:00", true, true, true},
	} {
		at, err := time.ParseInLocation("2006-01-02T15:04:05.999999999", c.at, noon.Location())
		if err != nil {
			t.Fatal(err)
		}
		for household, want := range map[string]bool{"statutory": c.statutory, "shorter": c.shorter, "longer": c.longer} {
			home, ok := d.Home(household)
			if !ok || home.InSeason(sensors.At(at)) != want {
				t.Errorf("%s at %s: want %t", household, c.at, want)
			}
		}
	}
}

// A state of the registry that cannot be understood leaves the directory as it was.
func TestDirectoryKeepsWhatIsGood(t *testing.T) {
	d, err := NewDirectory(town(), configs.Policy)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []sensors.Household{
		{ID: "h9", Policy: "no-such-policy"},
		{ID: "h9", Policy: "beijing-metered", Season: "winter"},
	} {
		err := d.Renew(&sensors.Registry{Households: []sensors.Household{bad}})
		if err == nil || !strings.HasPrefix(err.Error(), "household h9: ") {
			t.Error(err)
		}
		if _, ok := d.Home("h1"); !ok {
			t.Error("h1 is gone")
		}
		if _, ok := d.Home("h9"); ok {
			t.Error("h9 is there")
		}
	}
	if err := d.Renew(&sensors.Registry{}); err != nil {
		t.Fatal(err)
	}
	if _, ok := d.Home("h1"); ok {
		t.Error("h1 is still there")
	}
}
