package checker

import (
	"context"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/ingest"
	"github.com/nuanju/nuanju/sensors/intake"
)

// said is what was said for a household, in the order in which it holds.
type said struct {
	switches  []compliance.Switch
	setpoints []compliance.Setpoint
}

// readShared reads what jobs of different households share: the weather of their seasons, each from where the first of its
// jobs begins; and what many are asked for at once, their events.
func (r *round) readShared(ctx context.Context, jobs []*job) error {
	from := make(map[season]sensors.Instant)
	for _, j := range jobs {
		k := season{j.policy, j.season}
		if old, ok := from[k]; !ok || j.from < old {
			from[k] = j.from
		}
	}
	for k, since := range from {
		w, err := r.readWeather(ctx, k, since)
		if err != nil {
			return err
		}
		r.weather[k] = w
	}
	return r.readEvents(ctx, jobs)
}

// readEvents reads what was said for the jobs' households: since their carry, or all.
func (r *round) readEvents(ctx context.Context, jobs []*job) error {
	r.said = make(map[string]said, len(jobs))
	if r.Events == nil {
		return nil
	}
	var going, whole []string
	from := make(map[string]sensors.Instant, len(jobs))
	since := sensors.Forever
	for _, j := range jobs {
		if j.carry == nil {
			whole, from[j.home.id] = append(whole, j.home.id), sensors.Earliest
			continue
		}
		going, from[j.home.id] = append(going, j.home.id), j.from
		since = min(since, j.from)
	}
	for _, ask := range []struct {
		households []string
		from       sensors.Instant
	}{{going, since}, {whole, sensors.Earliest}} {
		if len(ask.households) == 0 {
			continue
		}
		all, err := r.Events.Events(ctx, ask.households, ask.from)
		if err != nil {
			return err
		}
		for household, events := range all {
			r.said[household] = inForce(events, from[household])
		}
	}
	return nil
}

// inForce is the events from an instant on.
func inForce(events []intake.Event, from sensors.Instant) (s said) {
	for _, e := range intake.InForce(events) {
		switch {
		case e.At < from:
		case e.Kind == ingest.Heating:
			s.switches = append(s.switches, compliance.Switch{At: e.At, On: e.On})
		case e.Kind == ingest.Setpoint:
			s.setpoints = append(s.setpoints, compliance.Setpoint{At: e.At, Room: e.Room, Celsius: e.Celsius})
		}
	}
	return s
}
