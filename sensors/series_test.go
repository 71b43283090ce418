package sensors_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/nuanju/nuanju/sensors"
)

// ids draws ids with every character that a careless separator would stumble over.
var ids = rapid.Custom(func(t *rapid.T) string {
	return strings.TrimSpace(rapid.StringOfN(rapid.SampledFrom([]rune(`ab01 ,=."'$%/房é`)), 1, 12, sensors.MaxID).Draw(t, "id"))
}).Filter(func(s string) bool { return s != "" })

var series = rapid.Custom(func(t *rapid.T) sensors.Series {
	s := sensors.Series{Quantity: rapid.SampledFrom(sensors.Quantities()).Draw(t, "quantity"), Owner: ids.Draw(t, "owner")}
	if s.Quantity == sensors.Setpoint && rapid.Bool().Draw(t, "one room") {
		s.Room = ids.Draw(t, "room")
	}
	return s
})

func TestSeriesNamesAreReadBackAndDiffer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := series.Draw(t, "a"), series.Draw(t, "b")
		got, err := sensors.ParseSeries(a.String())
		if err != nil || got != a {
			t.Fatalf("ParseSeries(%q) = %+v, %v; want %+v", a.String(), got, err, a)
		}
		if (a == b) != (a.String() == b.String()) {
			t.Fatalf("%+v and %+v are named %q and %q", a, b, a, b)
		}
	})
}

func TestSeriesNamesAreStable(t *testing.T) {
	for want, s := range map[string]sensors.Series{
		"temperature.celsius,device=D1":              {Quantity: sensors.Temperature, Owner: "D1"},
		"heat_meter.kwh,device=m 1":                  {Quantity: sensors.HeatKWh, Owner: "m 1"},
		"outdoor.celsius,station=54511":              {Quantity: sensors.Outdoor, Owner: "54511"},
		"heating.on,household=h1":                    {Quantity: sensors.Heating, Owner: "h1"},
		`setpoint.celsius,household=a\,b\=c,room=卧室`: {Quantity: sensors.Setpoint, Owner: "a,b=c", Room: "卧室"},
		"valve.open,household=h1,room=bed":           {Quantity: sensors.Valve, Owner: "h1", Room: "bed"},
	} {
		if s.String() != want {
			t.Errorf("%+v is named %q, want %q", s, s.String(), want)
		}
	}
}

func TestParseSeriesRefuses(t *testing.T) {
	for _, name := range []string{
		"", "temperature", "temperature.celsius", "temperature.celsius,device=", "temperature.celsius,station=D",
		"temperature.celsius,device=D,room=R", "Temperature.celsius,device=D", "temperature.kwh,device=D",
		"temperature.celsius,device= D", "temperature.celsius,device=D ", "temperature.celsius,device=a=b",
		`temperature.celsius,device=a\b`, `temperature.celsius,device=a\`, "temperature.celsius,device=a\nb",
		"temperature.celsius,device=\xff", "setpoint.celsius,household=h,room=", "setpoint.celsius,household=h,room=a,room=b",
		"temperature.celsius,device=" + strings.Repeat("x", sensors.MaxID+1), "temperature.celsius,device=a\u00a0b",
	} {
		if s, err := sensors.ParseSeries(name); err == nil {
			t.Errorf("ParseSeries(%q) = %+v, want an error", name, s)
		}
	}
}

func FuzzParseSeries(f *testing.F) {
	f.Add("temperature.celsius,device=D1")
	f.Add(`setpoint.celsius,household=a\,b\=c,room=\,room\=x`)
	f.Fuzz(func(t *testing.T, name string) {
		if s, err := sensors.ParseSeries(name); err == nil && s.String() != name {
			t.Fatalf("%q was read as %+v, which is named %q", name, s, s)
		}
	})
}

func TestQuantitiesHaveNamesOfTheirOwn(t *testing.T) {
	for _, q := range sensors.Quantities() {
		got, ok := sensors.QuantityOf(q.Measurement(), q.Field())
		if !ok || got != q || q.OwnerTag() == "" {
			t.Errorf("quantity %v: QuantityOf gives %v, %v; owner %q", q, got, ok, q.OwnerTag())
		}
	}
	if got := sensors.Quantity(200).String(); got != "quantity(200)" {
		t.Errorf("an unknown quantity is named %q", got)
	}
}

func TestEarliestAndLatestAreWholeYears(t *testing.T) {
	if want := sensors.At(time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)); sensors.Earliest != want {
		t.Errorf("Earliest is %v", sensors.Earliest.Time())
	}
	if want := sensors.At(time.Date(2262, 1, 1, 0, 0, 0, 0, time.UTC)) - 1; sensors.Latest != want {
		t.Errorf("Latest is %v", sensors.Latest.Time())
	}
}
