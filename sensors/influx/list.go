package influx

import (
	"context"
	"fmt"

	"github.com/influxdata/line-protocol/v2/lineprotocol"

	"github.com/nuanju/nuanju/sensors"
)

// The bucket's list of series is a measurement with one point a series, all of the time 0. Without it, only reading the
// whole bucket would tell what is in it.
const (
	listMeasurement = "nuanju_series"
	listField       = "listed"
)

// appendListed appends the line that lists a series.
func appendListed(enc *lineprotocol.Encoder, series sensors.Series) {
	enc.StartLine(listMeasurement)
	enc.AddTag("owner", series.Owner)
	enc.AddTag("quantity", series.Quantity.String())
	if series.Room != "" {
		enc.AddTag("room", series.Room)
	}
	enc.AddField(listField, lineprotocol.BoolValue(true))
	enc.EndLine(sensors.Instant(0).Time())
}

// List is every series that something was written to. See sensors.Store.
func (s *Store) List(ctx context.Context) ([]sensors.Series, error) {
	if !s.gate.Enter() {
		return nil, ErrClosed
	}
	defer s.gate.Leave()
	all, err := s.list(ctx)
	return all, s.failed(ctx, err)
}

func (s *Store) list(ctx context.Context) ([]sensors.Series, error) {
	flux := fmt.Sprintf("from(bucket: %s)\n|> range(start: %s, stop: %s)\n|> filter(fn: (r) => r._measurement == %s and r._field == %s)\n%s",
		text(s.config.Bucket), instant(0), instant(1), text(listMeasurement), text(listField),
		`|> keep(columns: ["_time", "_value", "owner", "quantity", "room"])`)
	result, err := s.run(ctx, flux)
	if err != nil {
		return nil, err
	}
	defer result.Close() // what is wrong with the rest does not matter any more
	quantities := make(map[string]sensors.Quantity)
	for _, q := range sensors.Quantities() {
		quantities[q.String()] = q
	}
	var all []sensors.Series
	for result.Next() {
		values := result.Record().Values()
		quantity, _ := values["quantity"].(string)
		owner, _ := values["owner"].(string)
		room, _ := values["room"].(string)
		series := sensors.Series{Quantity: quantities[quantity], Owner: owner, Room: room}
		if err := series.Check(); err != nil {
			return nil, fmt.Errorf("the list of series has %q of %q: %w", quantity, owner, err)
		}
		all = append(all, series)
	}
	return all, result.Err()
}
