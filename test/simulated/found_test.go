package simulated_test

import (
	"testing"
	"time"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/intake"
	"github.com/nuanju/nuanju/simulate"
)

// found tells of every kind how many of its faults were found, and fails the test for each that was not.
func (w *winter) found(t *testing.T) {
	t.Helper()
	total, got := map[simulate.Kind]int{}, map[simulate.Kind]int{}
	for i, f := range w.town.Faults() {
		total[f.Kind]++
		if why := w.notFound(t, i, &f); why != "" {
			t.Errorf("%s (%s, %s to %s) was not found: %s", f.ID, f.EN(), f.From.Time().In(zone).Format(time.DateTime), f.To.Time().In(zone).Format(time.DateTime), why)
			continue
		}
		got[f.Kind]++
	}
	for _, k := range simulate.Kinds() {
		t.Logf("%-21s %d of %d found", k, got[k], total[k])
		if total[k] == 0 {
			t.Errorf("no %s was injected", k)
		}
	}
}

// notFound is why a fault does not show as it should; empty if it does.
func (w *winter) notFound(t *testing.T, i int, f *simulate.Fault) string {
	t.Helper()
	switch f.Sign() {
	case simulate.ShowsBelow:
		return w.felt(i, f, compliance.Below)
	case simulate.ShowsExempt:
		return w.felt(i, f, compliance.Exempt)
	case simulate.ShowsUnknown:
		return w.unknown(f)
	case simulate.ShowsQuarantine:
		if n := w.setAside(f, f.Reason()); n == 0 {
			return "no line is set aside as " + f.Reason()
		}
		return w.unknown(f)
	case simulate.ShowsConflict:
		if n := w.setAside(f, intake.Conflict); n == 0 {
			return "no line is set aside as a conflict"
		}
		if f.Kind == simulate.ClockBehind {
			return w.unknown(f)
		}
	case simulate.ShowsLate:
		return w.late(t, f)
	case simulate.ShowsNothing:
		return w.nothing(f)
	case simulate.ShowsSensorOff:
		if v := w.judgeTests(f.Rooms[0].Household, season)[f.ID]; !v.SensorOff {
			return "the test does not say that the sensor is off"
		}
	case simulate.ShowsFallingReg:
		for _, at := range w.falls(f.Devices[0], w.span.Start, w.span.End) {
			if f.From < at && at <= f.From.Add(2*time.Hour) {
				return ""
			}
		}
		return "no register falls"
	}
	return ""
}

// felt is for faults of heat: some room must have been cold in truth, or it was no fault, and of those one must show it.
func (w *winter) felt(i int, f *simulate.Fault, status compliance.Status) string {
	why := "no room was cold in truth"
	for _, id := range f.Rooms {
		if r := w.byRoom[id]; r != nil && r.cold[i] {
			if r.has(status, f.Clause(), f.From, f.To) {
				return ""
			}
			why = "no tile of a cold room is " + string(status)
		}
	}
	return why
}

func (w *winter) unknown(f *simulate.Fault) string {
	if !w.byRoom[f.Rooms[0]].has(compliance.Unknown, "", f.From, f.To) {
		return "the room is never unknown"
	}
	return ""
}

// setAside is how many lines of a fault's device were set aside for a reason while it lasted.
func (w *winter) setAside(f *simulate.Fault, reason string) (n int) {
	for _, l := range w.aside[f.Devices[0]] {
		if l.Reason == reason && f.From <= l.Received && l.Received <= f.To.Add(2*time.Hour) {
			n++
		}
	}
	return n
}

// late: while a gateway is offline its rooms are unknown; when all has come no time of theirs is.
func (w *winter) late(t *testing.T, f *simulate.Fault) string {
	t.Helper()
	for _, id := range f.Rooms {
		r := w.byRoom[id]
		if r == nil {
			continue
		}
		all, err := w.ledger.TilesKnownAt(t.Context(), id.Household, f.From, w.midway[f.ID], w.midway[f.ID])
		must(t, err)
		then := record{}
		for _, k := range all {
			if k.Room == id.Room {
				then.tiles = k.Tiles
			}
		}
		if !then.has(compliance.Unknown, "", f.From, f.To) && !then.has(compliance.Off, "", f.From, f.To) && !then.has(compliance.Grace, "", f.From, f.To) {
			return id.String() + " was not unknown while it lasted"
		}
		if r.has(compliance.Unknown, "", f.From, f.To) {
			return id.String() + " is unknown although its readings have come"
		}
	}
	return ""
}

// nothing: a device whose readings came twice or in disorder has each once, and none is set aside.
func (w *winter) nothing(f *simulate.Fault) string {
	for _, l := range w.aside[f.Devices[0]] {
		if f.From <= l.Received && l.Received <= f.To.Add(2*time.Hour) {
			return "a line is set aside as " + l.Reason
		}
	}
	sent := w.sent[f.Devices[0]]
	samples := w.samples(sensors.Temperature, f.Devices[0], f.From, f.To)
	if len(samples) == 0 || len(samples) != len(sent) {
		return "readings are missing, or there twice"
	}
	for _, s := range samples {
		if v, ok := sent[s.At]; !ok || v != s.Value {
			return "a reading is not as it was sent"
		}
	}
	if w.byRoom[f.Rooms[0]].has(compliance.Unknown, "", f.From, f.To) {
		return "the room is unknown"
	}
	return ""
}

// unexplained fails the test for what a monitor says that nothing in the town explains: unknown time of a sensor that sent,
// exemptions on other days than the faults', lines set aside of sound devices, falls of sound registers.
func (w *winter) unexplained(t *testing.T) {
	t.Helper()
	faults := w.town.Faults()
	explained := func(r *record, tile ledger.Tile, kinds ...simulate.Kind) bool {
		for i := range faults {
			f := &faults[i]
			slack := 2 * time.Hour
			if f.Kind == simulate.ColdSpell {
				slack = 24 * time.Hour // a day beside it may be as cold
			}
			for _, k := range kinds {
				if f.Kind != k || tile.Start < f.From.Add(-slack) || f.To.Add(slack) < tile.End {
					continue
				}
				for _, id := range f.Rooms {
					if id == r.id {
						return true
					}
				}
			}
		}
		return false
	}
	for _, r := range w.rooms {
		for _, tile := range r.tiles {
			ok := true
			switch {
			case tile.Status == compliance.Unknown:
				ok = explained(r, tile, simulate.SensorDead, simulate.SensorGarbage, simulate.SensorStale, simulate.ClockAhead, simulate.ClockBehind)
			case tile.Status == compliance.Exempt && tile.Clause == compliance.A7224:
				ok = explained(r, tile, simulate.ColdSpell)
			case tile.Status == compliance.Exempt:
				ok = tile.Clause == compliance.A7225 && explained(r, tile, simulate.StoppagePlanned)
			}
			if !ok {
				t.Errorf("%s is %s %s from %s to %s, and nothing explains it", r.id, tile.Status, tile.Clause, tile.Start.Time().In(zone), tile.End.Time().In(zone))
			}
		}
	}
	faulty := map[string]bool{}
	resets := map[string]int{}
	for i := range faults {
		switch s := faults[i].Sign(); s {
		case simulate.ShowsQuarantine, simulate.ShowsConflict:
			faulty[faults[i].Devices[0]] = true
		case simulate.ShowsFallingReg:
			resets[faults[i].Devices[0]]++
		}
	}
	for device, lines := range w.aside {
		if !faulty[device] {
			t.Errorf("%d lines of %s are set aside as %s, and nothing is wrong with it", len(lines), device, lines[0].Reason)
		}
	}
	for _, b := range w.registry.Buildings {
		if device := "heat-" + b.ID; len(w.falls(device, w.span.Start, w.span.End)) > resets[device] {
			t.Errorf("%s falls more often than it was reset", device)
		}
	}
}
