package checker_test

import (
	"bufio"
	"fmt"
	"math"
	"os"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/compliance/checker"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/influx"
	"github.com/nuanju/nuanju/sensors/influx/influxtest"
)

// BenchmarkTick10000 is the tick of a town in the middle of a winter: 10,000 households of three rooms, each room with one new
// reading since the last tick, 15 minutes ago. Store and ledger are real. Half of the homes are near the standard, so that some turn
// cold or warm in every tick.
func BenchmarkTick10000(b *testing.B) { benchTick(b, newTown(b), 10_000, false) }

// BenchmarkInfluxTick10000 is the same with the readings in InfluxDB.
func BenchmarkInfluxTick10000(b *testing.B) {
	server := influxtest.Start(b)
	store, err := influx.Open(influx.Config{URL: server.URL, Bucket: server.Database(b), Timeout: 5 * time.Minute})
	must(b, err)
	benchTick(b, newTownOn(b, store), 10_000, false)
}

// BenchmarkMidnight10000 is the first tick of a day, in which the day before yesterday settles.
func BenchmarkMidnight10000(b *testing.B) { benchTick(b, newTown(b), 10_000, true) }

func benchTick(b *testing.B, w *town, households int, midnight bool) {
	for h := range households {
		id := fmt.Sprintf("h%05d", h)
		w.home(id, "", compliance.Room{ID: "bed", Kind: compliance.Bedroom}, compliance.Room{ID: "living", Kind: compliance.LivingRoom},
			compliance.Room{ID: "study", Kind: compliance.Bedroom})
	}
	homes := checker.NewHomes(&w.registry)
	w.homes = homes
	const step = 15 * time.Minute
	at := w.local("2016-01-08T11:00") // shortly before noon most has to be judged again
	for w.now = at; w.now < w.local("2016-01-12T11:00"); w.now = w.now.Add(24 * time.Hour) {
		w.measure(w.now, 96, step)
	}
	outdoor := sensors.Series{Quantity: sensors.Outdoor, Owner: w.station()}
	for t := at; t < at.Add(30*24*time.Hour); t = t.Add(time.Hour) {
		w.write(outdoor, sensors.Sample{At: t, Value: -3})
	}
	next := w.now
	w.now = next.Add(-step + time.Second)
	w.marks = nil
	w.tick() // of the whole season
	took, spent := time.Duration(0), time.Duration(0)
	debug.FreeOSMemory() // what setting the town up took
	forgetPeak()
	for b.Loop() {
		b.StopTimer()
		n := 1
		if midnight {
			n = int(w.policyMidnight(next).Sub(next)/step) + 1
		}
		w.measure(next, n, step)
		next = next.Add(time.Duration(n) * step)
		w.now = next.Add(-step + time.Second)
		w.forward()
		b.StartTimer()
		began, user := time.Now(), cpu()
		r := w.tick()
		took += time.Since(began)
		spent += cpu() - user
		if r.Households != households {
			b.Fatalf("%+v", r)
		}
	}
	b.ReportMetric(float64(households)*float64(b.N)/took.Seconds(), "households/s")
	b.ReportMetric(spent.Seconds()/float64(b.N), "user-s/op")
	b.ReportMetric(float64(peak())/1024, "peak-MB")
}

// forgetPeak lets the peak begin anew, where the machine can.
func forgetPeak() { _ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) }

func (w *town) policyMidnight(t sensors.Instant) sensors.Instant {
	return (compliance.DateIn(t, w.policy.Zone) + 1).Start(w.policy.Zone)
}

// measure writes n readings of every room, a step apart.
func (w *town) measure(from sensors.Instant, n int, step time.Duration) {
	w.t.Helper()
	for i, room := range w.registry.Rooms {
		samples := make([]sensors.Sample, n)
		for k := range samples {
			at := from.Add(time.Duration(k) * step)
			swing := math.Sin(float64(at)/float64(8*time.Hour) + float64(i))
			samples[k] = sensors.Sample{At: at, Value: math.Round(100*(18+float64(i%8)+1.5*swing)) / 100}
		}
		w.write(sensors.Series{Quantity: sensors.Temperature, Owner: room.Household + "-" + room.RoomID.Room}, samples...)
	}
	for _, h := range w.registry.Households {
		w.marks = append(w.marks, ledger.Mark{Household: h.ID, From: from})
	}
	w.forward()
}

// peak is the most memory that the process has held, KiB; 0 where the machine does not tell.
func peak() (kib int64) {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return 0
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), "VmHWM:"); ok {
			fmt.Sscan(rest, &kib)
		}
	}
	return kib
}
