package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

func homePartTrials() map[string]trial {
	const seen = "dispatcher auditor admin resident mediator" // of h1
	return map[string]trial{
		"GET /api/v1/households/:id":       {may: seen, former: true, ask: at("/api/v1/households/h1", "")},
		"GET /api/v1/households/:id/chart": {may: seen, former: true, ask: at("/api/v1/households/h1/chart?from=2015-12-01T00:00:00Z&to=2015-12-02T00:00:00Z", "")},
		"GET /api/v1/households/:id/why":   {may: seen, former: true, ask: at("/api/v1/households/h1/why?at=2015-12-01T00:00:00Z", "")},
	}
}

// look reads an answer of h1's home.
func look[T any](t *testing.T, h *house, who, path string) (v T) {
	t.Helper()
	w := want(t, h.ask(who, http.MethodGet, "/api/v1/households/h1"+path, ""), http.StatusOK)
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// coldMorning writes readings of h1's bedroom each half hour from midnight on, with one cold minute, and what a checker finds of them.
func coldMorning(t *testing.T) *house {
	t.Helper()
	h := open(t, nil)
	var lines strings.Builder
	midnight := noon.Add(-12 * time.Hour)
	for i := range 24 {
		if i == 10 || i == 11 || i == 12 || i == 13 {
			continue // from 4:30 until 7:00 nothing
		}
		fmt.Fprintf(&lines, "temperature,device=d2 celsius=19 %d\n", midnight.Add(time.Duration(i)*30*time.Minute).Unix())
		fmt.Fprintf(&lines, "temperature,device=d3 celsius=21 %d\n", midnight.Add(time.Duration(i)*30*time.Minute).Unix())
	}
	fmt.Fprintf(&lines, "temperature,device=d2 celsius=15.5 %d\n", midnight.Add(61*time.Minute).Unix())
	want(t, h.ask("gateway", http.MethodPost, "/api/v2/write?precision=s", lines.String()), http.StatusNoContent)
	want(t, h.ask("gateway", http.MethodPost, "/api/v2/write?precision=s", fmt.Sprintf("temperature,device=d2 celsius=18 %d\n", midnight.Add(61*time.Minute).Unix())), http.StatusNoContent)
	h.forward(t)
	from, to := sensors.At(midnight.Add(time.Hour)), sensors.At(midnight.Add(90*time.Minute))
	step := compliance.Step{Clause: compliance.A722, Rule: "readings_below_calibrated", Values: []compliance.Value{
		{Name: "room", Kind: compliance.KindText, Text: "bed"},
		{Name: "readings", Kind: compliance.KindCount, Number: 1},
		{Name: "first", Kind: compliance.KindCelsius, Number: 15.75},
		{Name: "coldest", Kind: compliance.KindCelsius, Number: 15.75},
		{Name: "coldest_at", Kind: compliance.KindInstant, At: from + 60e9},
		{Name: "received", Kind: compliance.KindCelsius, Number: 15.5},
		{Name: "offset", Kind: compliance.KindCelsius, Number: 0.25},
	}, Sources: []compliance.Source{{Kind: compliance.FromReading, ID: "bed", At: from + 60e9}}}
	pack := packs(t)["beijing-metered"]
	because := append(step.AppendJSON([]byte("["), pack.Zone), ']')
	tiles := []ledger.Tile{
		{Start: sensors.At(midnight), End: from, Status: compliance.Compliant, Clause: compliance.A3},
		{Start: from, End: to, Status: compliance.Below, Clause: compliance.A722, Because: because},
		{Start: to, End: sensors.At(noon), Status: compliance.Compliant, Clause: compliance.A3},
	}
	if err := h.ledger.WriteJudgments(t.Context(), []ledger.Judgment{{
		Household: "h1", From: sensors.At(midnight), Until: sensors.At(noon), Settled: sensors.At(midnight), Digest: pack.Digest(pack.EditionAt(from)),
		Rooms: []ledger.RoomTiles{{Room: "", Tiles: tiles}, {Room: "bed", Tiles: tiles}},
	}}, sensors.At(noon)); err != nil {
		t.Fatal(err)
	}
	return h
}

// However coarse a curve is, its coldest minute is on it, and time that no reading speaks for is a hole.
func TestCurveKeepsTheColdestMinute(t *testing.T) {
	h := coldMorning(t)
	for _, points := range []int{10, 60, 4000} {
		v := look[struct {
			Rooms []roomCurve
		}](t, h, "resident", fmt.Sprintf("/chart?from=2015-11-30T16:00:00Z&to=2015-12-01T04:00:00Z&points=%d", points))
		if len(v.Rooms) != 2 || v.Rooms[0].Room != "bed" || v.Rooms[0].Readings != 21 || len(v.Rooms[1].Curve.Time) != 0 {
			t.Fatalf("%d points: %+v", points, v.Rooms)
		}
		c := v.Rooms[0].Curve
		low, holes := 99.0, 0
		for i, celsius := range c.Celsius {
			switch {
			case celsius == nil:
				holes++
			case *celsius < low:
				low = *celsius
			}
			if i > 0 && c.Time[i] <= c.Time[i-1] {
				t.Fatalf("%d points: not in order: %v", points, c.Time)
			}
		}
		if low != 15.75 || holes != 1 || len(c.Time) > 3*points {
			t.Errorf("%d points: the lowest is %v, %d holes, %d points", points, low, holes, len(c.Time))
		}
	}
}

// A letter has all that one needs to check a verdict, and all that one could bring against it.
func TestLetter(t *testing.T) {
	h := coldMorning(t)
	v := look[struct {
		Tile                          tileView
		Clauses                       []clauseView
		Steps                         []stepView
		Edition                       editionView
		Readings, LeftOut             []usedReading
		ReadingCount                  int           `json:"reading_count"`
		Left                          []usedReading `json:"left_out"`
		Curves                        []roomCurve
		WouldChange                   []twoTongues `json:"would_change"`
		CurveFrom, CurveTo, At, Until time.Time
	}](t, h, "auditor", "/why?room=bed&at=2015-12-01T01:10:00%2B08:00")
	if v.Tile.Status != "below" || v.Tile.Start.Format("15:04") != "01:00" || v.Tile.End.Format("15:04") != "01:30" {
		t.Errorf("tile %+v", v.Tile)
	}
	if len(v.Clauses) == 0 || v.Clauses[0].Clause != "A7.2.2" || v.Clauses[0].Plain.ZH == "" || v.Clauses[0].Plain.EN == "" {
		t.Errorf("clauses %+v", v.Clauses)
	}
	if len(v.Steps) != 1 || !strings.Contains(v.Steps[0].Says.ZH, "15.75 °C") || !strings.Contains(v.Steps[0].Says.EN, "15.5 °C as received") {
		t.Errorf("steps %+v", v.Steps)
	}
	if v.Edition.Standard != 18 || !strings.HasPrefix(v.Edition.Digest, "sha256:") {
		t.Errorf("edition %+v", v.Edition)
	}
	if v.ReadingCount != 4 || v.Readings[2].Celsius != 19 || v.Readings[3].Celsius != 15.5 || v.Readings[3].Offset != 0.25 {
		t.Errorf("%d readings %+v", v.ReadingCount, v.Readings)
	}
	why := map[string]int{}
	for _, r := range v.Left {
		why[r.Why]++
	}
	if why["other_device"] != 3 || why["conflict"] != 1 {
		t.Errorf("left out: %+v", v.Left)
	}
	if len(v.WouldChange) < 3 || len(v.Curves) != 1 || v.Curves[0].Readings == 0 {
		t.Errorf("%d would change it, curves %+v", len(v.WouldChange), v.Curves)
	}
	want(t, h.ask("auditor", http.MethodGet, "/api/v1/households/h1/why?at=2014-12-01T01:10:00%2B08:00", ""), http.StatusNotFound)
	want(t, h.ask("auditor", http.MethodGet, "/api/v1/households/h1/why?room=bed&at=then", ""), http.StatusUnprocessableEntity)
}

// A home says what is owed in it and how warm it is, as judged.
func TestHome(t *testing.T) {
	h := coldMorning(t)
	v := look[struct {
		Standard float64
		InSeason bool      `json:"in_season"`
		Start    time.Time `json:"season_start"`
		End      time.Time `json:"season_end"`
		Rooms    []roomNow
	}](t, h, "resident", "")
	if v.Standard != 18 || !v.InSeason || v.Start.Format(time.DateOnly) != "2015-11-15" || v.End.Format(time.DateOnly) != "2016-03-16" {
		t.Errorf("%+v", v)
	}
	if bed := v.Rooms[0]; bed.Room != "bed" || !bed.Sensor || bed.Last == nil || bed.Last.Celsius != 19.25 || !bed.Last.Holds {
		t.Errorf("bed %+v %+v", bed, bed.Last)
	}
	if living := v.Rooms[1]; !living.Sensor || living.Last != nil {
		t.Errorf("living %+v", living)
	}
	want(t, h.ask("neighbour", http.MethodGet, "/api/v1/households/h1", ""), http.StatusForbidden)
}
