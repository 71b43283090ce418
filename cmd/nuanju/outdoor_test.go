package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/influx"
	"github.com/nuanju/nuanju/sensors/influx/influxtest"
)

// Dashboards find the outdoor means that the judge takes, and which device measures what; today's mean is never among them.
func TestWeatherAndPlacesAreShownToDashboards(t *testing.T) {
	server := influxtest.Start(t)
	bucket := server.Database(t)
	store, err := influx.Open(influx.Config{URL: server.URL, Bucket: bucket})
	must(t, err)
	l, err := ledger.Open(t.Context(), "sqlite://"+filepath.Join(t.TempDir(), "ledger.db"))
	must(t, err)
	t.Cleanup(func() {
		must(t, store.Close())
		must(t, l.Close())
	})
	p := mustPolicy(t)
	midnight := compliance.DateOf(2016, 1, 23).Start(p.Zone)
	var samples []sensors.Sample
	for hour := range 60 { // −10 at every observation of two days and a half, the first of which began a day before
		samples = append(samples, sensors.Sample{At: midnight.Add(time.Duration(hour-24) * time.Hour), Received: 1, Value: -10})
	}
	series := sensors.Series{Quantity: sensors.Outdoor, Owner: p.EditionAt(midnight).Outdoor.Station}
	_, err = store.Write(t.Context(), []sensors.Batch{{Series: series, Samples: samples}})
	must(t, err)
	now := midnight.Add(36 * time.Hour)
	w := &weather{
		ledger: l, store: store, policies: map[string]*compliance.Policy{"beijing-metered": p}, show: store,
		now: func() time.Time { return now.Time() },
	}
	must(t, w.look(t.Context()))
	if all := w.days(); len(all) != 1 || !all[0].Known || !all[0].Exempt || all[0].Mean != -10 {
		t.Errorf("yesterday: %+v", all)
	}
	got := query(t, server.URL, bucket, `SELECT mean, exempt FROM outdoor_day`)
	if strings.Count(got, "-10,true") != 2 {
		t.Errorf("days: %s", got)
	}

	registry := &sensors.Registry{
		Buildings:  []sensors.Building{{ID: "b1", Substation: "s1"}},
		Households: []sensors.Household{{ID: "h1", Building: "b1", Riser: "r1"}},
		HeatMeters: []sensors.HeatMeter{{ID: "m1", Building: "b1"}},
		Assignments: []sensors.Assignment{
			{Device: "d1", From: 0, To: sensors.Forever, Target: sensors.InRoom(sensors.RoomID{Household: "h1", Room: "bed"})},
			{Device: "d2", From: 0, To: sensors.Forever, Target: sensors.OnMeter("m1")},
			{Device: "d3", From: 0, To: 5, Target: sensors.OnMeter("m1")}, // was taken off
		},
	}
	must(t, store.Show(t.Context(), placePoints(registry, now)))
	if got := query(t, server.URL, bucket, `SHOW TAG VALUES FROM place WITH KEY = device WHERE building = 'b1'`); !strings.Contains(got, "d1") ||
		!strings.Contains(got, "d2") || strings.Contains(got, "d3") {
		t.Errorf("places: %s", got)
	}
	if got := query(t, server.URL, bucket, `SHOW TAG VALUES FROM place WITH KEY = room WHERE household = 'h1'`); !strings.Contains(got, "bed") {
		t.Errorf("rooms: %s", got)
	}
}
