package compliance

import "time"

// TestMethod is how a third party measures a room for a test to count (A7.2.2): the local measuring standard as numbers.
// What is left out, as its zero value, is no rule of the edition. Lengths are metres, temperatures °C.
type TestMethod struct {
	// Points are in how many places of a room it is measured, by the room's area, the smallest rooms first, and PointsAbove in how
	// many places of larger rooms.
	Points      []TestPoints
	PointsAbove int
	// Height is the least and the greatest height above the floor, both allowed.
	Height MetreRange
	// OuterWall, InnerWall and Window are the least distances from them.
	OuterWall Decimal
	InnerWall Decimal
	Window    Decimal
	// Stabilisation is how still the air is before the first reading of a point.
	Stabilisation Stabilisation
	// Readings is how many are taken at each point; 0: any number.
	Readings int
	// Every is how far apart the readings of a point are, give or take EveryTolerance, inclusive; 0: any.
	Every          time.Duration
	EveryTolerance time.Duration
	// RecordGap is how long a test may go without a row of its record: its window is proved by its rows; 0: any.
	RecordGap time.Duration
	// InstrumentError is the greatest error of the instrument by its certificate, ±.
	InstrumentError Decimal
	// Hours are when it may be measured, local; empty: at any hour.
	Hours []HourSpan
	// RoomClosed is whether doors and windows are to be closed, NotHandHeld whether nobody may hold the instrument, and PeopleOver how
	// far away people are to stay.
	RoomClosed  bool
	NotHandHeld bool
	PeopleOver  Decimal
}

// TestPoints is how many points a room of at most this area has.
type TestPoints struct {
	UpTo  Decimal // m², inclusive
	Count int
}

// MetreRange is a range of lengths in metres, both ends included. The zero range is no rule.
type MetreRange struct{ Min, Max Decimal }

// Stabilisation is the greatest difference of temperature, °C, within a time before the first reading. Exactly as much is
// allowed. The zero value is no rule.
type Stabilisation struct {
	Drift Decimal
	Over  time.Duration
}

// HourSpan is a span of a day by the clock of the policy's zone, in minutes from its start. Both ends are included: 08:00:00 is
// within a span to 08:00, a second later is not.
type HourSpan struct{ From, To int }

// PointsFor is how many points a room of an area, m², has; 0: the edition has no such rule.
func (m *TestMethod) PointsFor(area Decimal) int {
	for _, p := range m.Points {
		if area.Rat().Cmp(p.UpTo.Rat()) <= 0 {
			return p.Count
		}
	}
	return m.PointsAbove
}

// Allows reports whether a time of the day, from its start by the clock, lies in the hours.
func (m *TestMethod) Allows(clock time.Duration) bool {
	for _, h := range m.Hours {
		if time.Duration(h.From)*time.Minute <= clock && clock <= time.Duration(h.To)*time.Minute {
			return true
		}
	}
	return len(m.Hours) == 0
}
