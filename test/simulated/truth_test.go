package simulated_test

import (
	"fmt"
	"math"
	"time"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/ingest"
	"github.com/nuanju/nuanju/simulate"
)

// standard is the contract's (A3); the rest of the threshold is worked out here anew, not asked of the judge.
const standard = 18.0

// threshold is what a household is owed at an instant: the least that held in the twelve hours before [I3].
func threshold(said []simulate.Message, at sensors.Instant) float64 {
	owed, now := standard, standard
	for _, s := range said {
		if s.Kind != ingest.Setpoint || s.At > at {
			continue
		}
		if s.At <= at.Add(-12*time.Hour) {
			owed = math.Min(standard, s.Value)
		} else {
			owed = math.Min(owed, s.Value)
		}
		now = math.Min(standard, s.Value)
	}
	return math.Min(owed, now)
}

// record is one judged room: its tiles, what is known of its sensor, and how it was in truth while it is being compared.
type record struct {
	id     sensors.RoomID
	place  int // in Town.Rooms
	tiles  []ledger.Tile
	doubts []compliance.Interval // in which its sensor is at fault, and known to be
	said   []simulate.Message

	next     int             // the tile that the comparison stands in
	below    float64         // °C below the threshold, now
	lastNear sensors.Instant // when it was last cold, or so near to it that a sensor may say so
	lastWarm sensors.Instant // when it was last warm, or so near to it that a sensor may say so
	excuse   []bool          // of a tile: that the room was cold or near it while it lasted, or shortly before
	cold     []bool          // of a fault: that the room was truly below during it
}

// memory is how long before an instant the truth may lie that a verdict speaks of: what the sensor takes, and a reading that
// stood for a lost one.
const memory = simulate.SensorLag + 30*time.Minute

// difference is where verdicts and truth do not agree.
type difference struct {
	invented []string // tiles that are below while the room was warm throughout
	early    int      // minutes of below without cold in the time that a reading can speak of
	missed   int      // minutes of compliance after a time of cold as long as that
	doubted  int      // tiles that would be invented, but their sensor is at fault and known to be
	minutes  int      // that were compared
}

// compare lets the town live again, only looking, and holds every minute against the tiles.
func compare(town *simulate.Town, rooms []*record, from, to sensors.Instant) difference {
	var d difference
	s := town.Start()
	_ = s.Advance(from.Add(-memory), nil)
	for _, r := range rooms {
		r.next, r.lastNear, r.lastWarm = 0, 0, s.Now()
		r.excuse, r.cold = make([]bool, len(r.tiles)), make([]bool, len(town.Faults()))
	}
	faults := town.Faults()
	for at := s.Now(); at < to; at = s.Now() {
		_ = s.Advance(at.Add(time.Minute), nil)
		for _, r := range rooms {
			r.live(at, threshold(r.said, at)-s.Celsius(r.place))
			if at >= from {
				r.minute(at, &d)
			}
		}
		for i := range faults {
			if faults[i].Holds(at) {
				for _, r := range rooms {
					r.cold[i] = r.cold[i] || r.below > simulate.SensorError
				}
			}
		}
	}
	for _, r := range rooms {
		for i, t := range r.tiles {
			if t.Status != compliance.Below || r.excuse[i] {
				continue
			}
			if r.doubted(t.Start, t.End) {
				d.doubted++
			} else {
				d.invented = append(d.invented, fmt.Sprintf("%s from %s to %s", r.id, t.Start.Time().Format(time.RFC3339), t.End.Time().Format(time.RFC3339)))
			}
		}
	}
	return d
}

func (r *record) live(at sensors.Instant, below float64) {
	r.below = below
	if below > -simulate.SensorError {
		r.lastNear = at
	}
	if below <= simulate.SensorError {
		r.lastWarm = at
	}
}

// minute compares one minute.
func (r *record) minute(at sensors.Instant, d *difference) {
	for r.next < len(r.tiles) && r.tiles[r.next].End <= at {
		r.next++
	}
	if r.next == len(r.tiles) || r.tiles[r.next].Start > at || r.doubted(at, at+1) {
		return
	}
	d.minutes++
	t := &r.tiles[r.next]
	switch {
	case at.Sub(r.lastNear) < memory:
		r.excuse[r.next] = true
	case t.Status == compliance.Below:
		d.early++
	}
	if t.Status == compliance.Compliant && at.Sub(r.lastWarm) >= memory {
		d.missed++
	}
}

// doubted reports whether readings that speak for any of a time are of a sensor at fault.
func (r *record) doubted(from, to sensors.Instant) bool {
	for _, i := range r.doubts {
		if i.Start < to && from < i.End.Add(90*time.Minute) {
			return true
		}
	}
	return false
}

// has reports whether a tile of some status, and clause if it is not empty, lies in a time.
func (r *record) has(status compliance.Status, clause string, from, to sensors.Instant) bool {
	for _, t := range r.tiles {
		if t.Start < to && from < t.End && t.Status == status && (clause == "" || string(t.Clause) == clause) {
			return true
		}
	}
	return false
}
