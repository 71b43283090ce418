package checker

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/sensors"
)

// weather is what was measured and published outdoors for a season under a policy. Many households share it.
type weather struct {
	observations []compliance.Observation // in order of time
	official     []compliance.OfficialDay
}

// lookAround is how far beside a day its observations may lie: more than the largest tolerance.
const lookAround = 12 * time.Hour

// since is the observations that judging from an instant on can ask for.
func (w weather) since(t sensors.Instant) []compliance.Observation {
	i, _ := slices.BinarySearchFunc(w.observations, t.Add(-lookAround), func(o compliance.Observation, t sensors.Instant) int {
		return cmp.Compare(o.At, t)
	})
	return w.observations[i:]
}

// readWeather reads each edition's station for the time that the edition judges.
func (r *round) readWeather(ctx context.Context, k season, since sensors.Instant) (w weather, err error) {
	editions := k.policy.Editions
	judged := k.In(k.policy.Zone)
	for i := range editions {
		span := compliance.Interval{Start: since.Add(-lookAround), End: min(judged.End.Add(lookAround), r.asOf)}
		days := []compliance.Date{k.Start, k.End}
		if i > 0 {
			span.Start, days[0] = max(span.Start, editions[i].From.Start(k.policy.Zone)), max(days[0], editions[i].From)
		}
		if i+1 < len(editions) {
			span.End, days[1] = min(span.End, editions[i+1].From.Start(k.policy.Zone)), min(days[1], editions[i+1].From-1)
		}
		if span.Empty() || editions[i].Outdoor == nil {
			continue
		}
		station := editions[i].Outdoor.Station
		series := sensors.Series{Quantity: sensors.Outdoor, Owner: station}
		err := r.Store.ReadMany(ctx, []sensors.Span{{Series: series, From: span.Start, To: span.End}}, func(_ int, samples []sensors.Sample) error {
			for _, s := range samples {
				w.observations = append(w.observations, compliance.Observation{At: s.At, Celsius: s.Value})
			}
			return nil
		})
		if err != nil {
			return w, err
		}
		if r.Declared != nil && days[0] <= days[1] {
			official, err := r.Declared.OfficialDays(ctx, station, days[0], days[1])
			if err != nil {
				return w, err
			}
			w.official = append(w.official, official...)
		}
	}
	return w, nil
}
