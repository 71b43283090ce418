package ingest

import (
	"time"

	"github.com/nuanju/nuanju/sensors"
)

// Reason is why a readable record is set aside instead of being judged. The empty Reason says that nothing is wrong.
type Reason string

// The reasons that a record itself can give. Others (an unknown device, a conflict) need the registry or the store.
const (
	OutOfRange  Reason = "out_of_range" // no such temperature or register exists
	ClockAhead  Reason = "clock_ahead"  // measured later than it was received
	ClockBehind Reason = "clock_behind" // measured before any such device was: a dead clock, or the wrong precision
	NoConsent   Reason = "no_consent"   // the supplier switched heating off and shows no consent of the resident (A3)
)

// Range is the values from Min to Max, both included.
type Range struct{ Min, Max float64 }

func (r Range) holds(v float64) bool { return v >= r.Min && v <= r.Max }

// Limits are what is plausible. They come from physics and from the devices' make, not from the contract.
type Limits struct {
	Room     Range           // Temperature, °C
	Outdoor  Range           // °C
	Setpoint Range           // °C
	Water    Range           // supply and return, °C
	Energy   Range           // a register, kWh
	Volume   Range           // m³
	Ahead    time.Duration   // how far a clock may be ahead of the receipt; exactly as far is still in time
	Earliest sensors.Instant // nothing was measured before
}

// DefaultLimits are the limits that the server uses.
func DefaultLimits() Limits {
	return Limits{
		Room:     Range{-40, 60},
		Outdoor:  Range{-60, 60},
		Setpoint: Range{0, 40},
		Water:    Range{-20, 200},
		Energy:   Range{0, 1e9},
		Volume:   Range{0, 1e9},
		Ahead:    5 * time.Minute,
		Earliest: sensors.At(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)),
	}
}

// Check names the first doubt about a record that was received at receivedAt, or "" if there is none. A caller that
// knows who sent a heating event without a source sets it before.
func Check(r *Record, receivedAt sensors.Instant, l *Limits) Reason {
	switch {
	case !plausible(r, l):
		return OutOfRange
	case r.At > receivedAt.Add(l.Ahead):
		return ClockAhead
	case r.At < l.Earliest:
		return ClockBehind
	case r.Kind == Heating && !r.On && r.Demand != nil && r.Demand.Source == Supplier && r.Demand.Consent == "":
		return NoConsent
	}
	return ""
}

func plausible(r *Record, l *Limits) bool {
	switch r.Kind {
	case Temperature:
		return l.Room.holds(r.Value)
	case Outdoor:
		return l.Outdoor.holds(r.Value)
	case Setpoint:
		return l.Setpoint.holds(r.Value)
	case HeatMeter:
		kwh := r.Value
		if r.Unit == GJ {
			kwh = r.Value * 1000 / 3.6
		}
		if !l.Energy.holds(kwh) {
			return false
		}
		w := r.Water
		return w == nil || within(w.Volume, l.Volume) && within(w.Supply, l.Water) && within(w.Return, l.Water)
	}
	return true
}

func within(q Quantity, r Range) bool { return !q.Given || r.holds(q.Value) }
