package compliance_test

import (
	"math"
	"testing"
	"time"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/configs"
	"github.com/nuanju/nuanju/sensors"
)

// winter is the facts of a season of 121 days in three judged rooms: readings that swing through the day and sag in
// cold weeks, hourly outdoor temperatures, stoppages, a test and a claim, so that every part of judging has work.
func winter(step time.Duration) *compliance.Facts {
	start := compliance.DateOf(2015, time.November, 15)
	zone := time.FixedZone("", 8*3600)
	begin := start.Start(zone)
	f := &compliance.Facts{
		Household: "bench",
		Season:    compliance.Season{Start: start, End: compliance.DateOf(2016, time.March, 14)},
		Setpoints: []compliance.Setpoint{{At: begin, Celsius: 20}, {At: begin.Add(240 * time.Hour), Room: "bed", Celsius: 17.5}},
		Stoppages: []compliance.Stoppage{
			{ID: "o1", Announced: begin.Add(24 * time.Hour), Start: begin.Add(80 * time.Hour), End: begin.Add(85 * time.Hour), Proof: "record"},
			{ID: "o2", Announced: begin.Add(24 * time.Hour), Start: begin.Add(900 * time.Hour), End: begin.Add(908 * time.Hour), Proof: "record"},
		},
		Exemptions: []compliance.Exemption{{ID: "e1", Clause: compliance.A7222, Start: begin.Add(1000 * time.Hour), End: begin.Add(1040 * time.Hour)}},
		Tests: []compliance.Test{{
			ID: "t1", Institution: "Lab", Accredited: true, CommissionedBy: compliance.Resident, Room: "bed",
			Start: begin.Add(1500 * time.Hour), End: begin.Add(1501 * time.Hour), Celsius: 16.5,
		}},
	}
	end := begin.Add(121 * 24 * time.Hour)
	for t := begin; t < end; t = t.Add(time.Hour) {
		h := t.Sub(begin).Hours()
		c := math.Round(10*(-2-6*math.Sin(h/1300)+4*math.Sin(h*math.Pi/12))) / 10
		f.Outdoor = append(f.Outdoor, compliance.Observation{At: t, Celsius: c})
	}
	for i, room := range []string{"living", "bed", "study"} {
		r := compliance.Room{ID: room, Kind: compliance.Bedroom}
		for t := begin; t < end; t = t.Add(step) {
			h := t.Sub(begin).Hours()
			c := 19.1 - 0.4*float64(i) - 1.2*math.Sin(h/170) + 0.4*math.Sin(h*math.Pi/12)
			r.Readings = append(r.Readings, compliance.Reading{At: t, Received: t + sensors.Instant(time.Second), Celsius: math.Round(c*100) / 100})
		}
		f.Rooms = append(f.Rooms, r)
	}
	return f
}

func benchJudge(b *testing.B, step time.Duration) {
	policy, err := configs.Policy(configs.DefaultPolicy)
	if err != nil {
		b.Fatal(err)
	}
	facts := winter(step)
	readings := 0
	for _, r := range facts.Rooms {
		readings += len(r.Readings)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := compliance.Judge(policy, facts); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(readings)*float64(b.N)/b.Elapsed().Seconds(), "readings/s")
}

// BenchmarkJudgeSeason judges three rooms over 121 days, read every 15 minutes.
func BenchmarkJudgeSeason(b *testing.B) { benchJudge(b, 15*time.Minute) }

// BenchmarkJudgeSeasonTwice has twice the readings; it may cost at most 2.2 times as much.
func BenchmarkJudgeSeasonTwice(b *testing.B) { benchJudge(b, 15*time.Minute/2) }

// BenchmarkJudgeSeasonMinutely is what a chatty sensor sends.
func BenchmarkJudgeSeasonMinutely(b *testing.B) { benchJudge(b, time.Minute) }
