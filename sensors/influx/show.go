package influx

import (
	"context"
	"fmt"

	influxdb2 "github.com/influxdata/influxdb-client-go/v2"
	"github.com/influxdata/influxdb-client-go/v2/api/write"

	"github.com/nuanju/nuanju/sensors"
)

// Shown is a point for dashboards, beside the readings: what the monitor found. The store itself never reads one, and a
// later one of the same measurement, tags and time takes its place.
type Shown struct {
	Measurement string // not one that readings come in
	Tags        map[string]string
	At          sensors.Instant
	Fields      map[string]any
}

// Show writes points for dashboards. After an error some may have been written; writing them again does no harm.
func (s *Store) Show(ctx context.Context, points []Shown) error {
	if !s.gate.Enter() {
		return ErrClosed
	}
	defer s.gate.Leave()
	for _, p := range points {
		for _, q := range sensors.Quantities() {
			if q.Measurement() == p.Measurement {
				return fmt.Errorf("influx: %s is a measurement of readings", p.Measurement)
			}
		}
	}
	select {
	case s.writing <- struct{}{}:
		defer func() { <-s.writing }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := s.prepare(ctx); err != nil {
		return s.failed(ctx, err)
	}
	for len(points) > 0 {
		n := min(maxLines, len(points))
		some := make([]*write.Point, n)
		for i, p := range points[:n] {
			some[i] = influxdb2.NewPoint(p.Measurement, p.Tags, p.Fields, p.At.Time())
		}
		if err := s.write.WritePoint(ctx, some...); err != nil {
			return s.failed(ctx, err)
		}
		points = points[n:]
	}
	return nil
}
