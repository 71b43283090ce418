package disputes

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/nuanju/nuanju/sensors"
)

// Sampling is the body of a sampling (A6.1). Times are in UTC. What was measured is shown and proves nothing: it is no third party's.
type Sampling struct {
	From     *time.Time `json:"from,omitempty"`  // the appointment's earliest time
	Until    *time.Time `json:"until,omitempty"` // its latest
	Measured []Measured `json:"measured,omitempty"`
}

// Measured is what was measured in a room, °C.
type Measured struct {
	Room    string  `json:"room"`
	Celsius float64 `json:"celsius"`
}

// maxSampled bounds the rooms of one sampling.
const maxSampled = 50

// SamplingMove is what somebody does to a sampling. From and Until are of an appointment, Measured of what was found.
type SamplingMove struct {
	Move
	From, Until time.Time
	Measured    []Measured
}

// AdvanceSampling does a move to a sampling. An error is Advance's.
func AdvanceSampling(m Matter, c SamplingMove, now sensors.Instant) (Matter, []MatterEvent, error) {
	s, err := Body[Sampling](m.Body)
	if err != nil {
		return m, nil, err
	}
	switch c.Event {
	case Appointed:
		err = checkVisit(c.From, c.Until, now)
		from, until := c.From.UTC(), c.Until.UTC()
		s.From, s.Until = &from, &until
		c.Detail, c.Body = Sampling{From: &from, Until: &until}, s
	case Sampled:
		err = checkMeasured(c.Measured)
		s.Measured = c.Measured
		c.Detail, c.Body = Sampling{Measured: c.Measured}, s
	}
	after, events, err2 := Advance(m, c.Move, now)
	if err := both(err2, err); err != nil {
		return m, nil, err
	}
	return after, events, nil
}

// checkVisit is what is wrong with an appointment, by the bounds that visits of tickets have.
func checkVisit(from, until time.Time, now sensors.Instant) error {
	switch {
	case !until.After(from):
		return &FieldError{"until", "is not after from"}
	case until.Sub(from) > maxVisit:
		return &FieldError{"until", "is more than 24 h after from"}
	case !until.After(now.Time()):
		return &FieldError{"until", "is in the past"}
	case from.After(now.Time().Add(maxAhead)):
		return &FieldError{"from", "is more than 90 days ahead"}
	}
	return nil
}

func checkMeasured(all []Measured) error {
	var errs []error
	if len(all) == 0 || len(all) > maxSampled {
		errs = append(errs, &FieldError{"measured", fmt.Sprintf("has %d rooms, not 1 to %d", len(all), maxSampled)})
	}
	for i, v := range all {
		if err := sensors.CheckID(v.Room); err != nil {
			errs = append(errs, &FieldError{fmt.Sprintf("measured[%d].room", i), err.Error()})
		}
		if math.IsNaN(v.Celsius) || v.Celsius < -50 || v.Celsius > 80 {
			errs = append(errs, &FieldError{fmt.Sprintf("measured[%d].celsius", i), "is no temperature of a room in °C"})
		}
	}
	return errors.Join(errs...)
}
