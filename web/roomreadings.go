package web

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"github.com/nuanju/nuanju/sensors"
)

// chunkOf bounds the samples that are held at a time, also of a device that sends every second.
const chunkOf = 7 * 24 * time.Hour

// describeReadings writes the answer's schema down, which a streamed answer does not show Huma.
func (h *households) describeReadings(api huma.API, op *huma.Operation) {
	type reading struct {
		Time     time.Time `json:"time" doc:"Of measurement, by the device's clock."`
		Received time.Time `json:"received,omitempty" doc:"By the server's clock."`
		Celsius  float64   `json:"celsius" doc:"°C, exactly as received."`
		Offset   float64   `json:"offset" doc:"°C, of the calibration in force; added before judging."`
		Judged   bool      `json:"judged" doc:"Whether this device judges the room at that time."`
	}
	type series struct {
		Room     string    `json:"room"`
		Device   string    `json:"device"`
		Readings []reading `json:"readings" nullable:"false"`
	}
	type roomReadings struct {
		Household string   `json:"household"`
		Series    []series `json:"series" nullable:"false" doc:"By room, then by device."`
	}
	schema := huma.SchemaFromType(api.OpenAPI().Components.Schemas, reflectType[roomReadings]())
	op.Responses = map[string]*huma.Response{"200": {
		Description: "OK", Content: map[string]*huma.MediaType{"application/json": {Schema: schema}},
	}}
}

// readingsOutput writes the answer as it goes.
type readingsOutput struct{ Body func(huma.Context) }

// roomSeries is a device's readings in a room: the times in which an assignment says that it was there.
type roomSeries struct {
	target sensors.Target
	device string
	spans  []sensors.Span
}

func (h *households) readings(ctx context.Context, in *rangeInput) (*readingsOutput, error) {
	s, err := h.find(ctx, in)
	if err != nil {
		return nil, err
	}
	return &readingsOutput{func(to huma.Context) { h.stream(ctx, to, s) }}, nil
}

// stream writes the readings. When the store fails before anything was sent, that is a problem like any other; later the
// connection is broken off, so that nobody takes a part for the whole.
func (h *households) stream(ctx context.Context, to huma.Context, s span) {
	c := humagin.Unwrap(to)
	out := bufio.NewWriterSize(c.Writer, 32<<10)
	c.Writer.Header().Set("Content-Type", "application/json")
	err := errors.Join(h.writeSeries(ctx, out, s), ctx.Err())
	if err == nil {
		err = out.Flush()
	}
	switch {
	case err == nil:
	case c.Writer.Written():
		if ctx.Err() == nil {
			h.logger.LogAttrs(ctx, slog.LevelError, "reading a household's readings", slog.String("request", requestID(ctx)), slog.Any("err", err))
		}
		panic(http.ErrAbortHandler)
	default:
		reject(c, false, problemOf(h.problem(ctx, "reading a household's readings", err)))
	}
}

func (h *households) writeSeries(ctx context.Context, out *bufio.Writer, s span) error {
	all := s.ownSeries(h.homes)
	var spans []sensors.Span
	var of []int
	for i := range all {
		for range all[i].spans {
			of = append(of, i)
		}
		spans = append(spans, all[i].spans...)
	}
	w := readingsWriter{out: out, home: &s.home, from: s.from, to: s.to, open: -1}
	w.begin()
	err := h.store.ReadMany(ctx, spans, func(i int, samples []sensors.Sample) error {
		if i < 0 || i >= len(of) {
			return errors.New("the store visits a span that it was not asked for")
		}
		w.write(of[i], &all[of[i]], samples)
		return ctx.Err()
	})
	w.end()
	return err
}

// series is every device that was in a room of the home in [from, to), by room and device. A device whose readings are none
// is not left out: that it was there and silent is worth knowing.
func (h *Home) series(from, to sensors.Instant) []roomSeries {
	assignments := slices.Clone(h.Assignments)
	slices.SortFunc(assignments, func(a, b sensors.Assignment) int {
		return cmp.Or(cmp.Compare(a.Target.Room, b.Target.Room), cmp.Compare(a.Device, b.Device), cmp.Compare(a.From, b.From))
	})
	var all []roomSeries
	for _, a := range assignments {
		start, end := max(a.From, from), min(a.To, to)
		if start >= end {
			continue
		}
		if n := len(all); n == 0 || all[n-1].target != a.Target || all[n-1].device != a.Device {
			all = append(all, roomSeries{target: a.Target, device: a.Device})
		}
		last := &all[len(all)-1]
		if n := len(last.spans); n > 0 { // assignments may overlap
			start = max(start, last.spans[n-1].To)
		}
		for start < end {
			next := min(start.Add(chunkOf), end)
			last.spans = append(last.spans, sensors.Span{
				Series: sensors.Series{Quantity: sensors.Temperature, Owner: a.Device}, From: start, To: next,
			})
			start = next
		}
	}
	return all
}

// readingsWriter writes series as JSON. An error of out stays in it until it is flushed.
type readingsWriter struct {
	out      *bufio.Writer
	home     *Home
	from, to sensors.Instant
	open     int // the series that is being written; -1: none
	any      bool
	judges   []sensors.Stretch
	line     []byte
}

func (w *readingsWriter) begin() {
	_, _ = w.out.WriteString(`{"household":`)
	w.text(w.home.ID)
	_, _ = w.out.WriteString(`,"series":[`)
}

func (w *readingsWriter) end() {
	if w.open >= 0 {
		_, _ = w.out.WriteString("]}")
	}
	_, _ = w.out.WriteString("]}\n")
}

// write adds samples of series i, in the order of series.
func (w *readingsWriter) write(i int, s *roomSeries, samples []sensors.Sample) {
	if i != w.open {
		if w.open >= 0 {
			_, _ = w.out.WriteString("]},")
		}
		_, _ = w.out.WriteString(`{"room":`)
		w.text(s.target.Room)
		_, _ = w.out.WriteString(`,"device":`)
		w.text(s.device)
		_, _ = w.out.WriteString(`,"readings":[`)
		w.open, w.any = i, false
		w.judges = w.home.Resolver.Judges(s.target, w.from, w.to)
	}
	for _, sample := range samples {
		if place, ok := w.home.Resolver.Place(s.device, sample.At); ok && place.Target == s.target {
			w.sample(s, sample)
		}
	}
}

func (w *readingsWriter) sample(s *roomSeries, sample sensors.Sample) {
	b := w.line[:0]
	if w.any {
		b = append(b, ',')
	}
	w.any = true
	b = append(b, `{"time":"`...)
	b = sample.At.Time().In(w.home.Zone).AppendFormat(b, time.RFC3339Nano)
	if sample.Received != 0 {
		b = append(b, `","received":"`...)
		b = sample.Received.Time().In(w.home.Zone).AppendFormat(b, time.RFC3339Nano)
	}
	b = append(b, `","celsius":`...)
	b = strconv.AppendFloat(b, sample.Value, 'f', -1, 64)
	b = append(b, `,"offset":`...)
	calibration, _ := w.home.Resolver.Calibration(s.device, sample.At)
	b = strconv.AppendFloat(b, calibration.OffsetCelsius, 'f', -1, 64)
	b = append(b, `,"judged":`...)
	b = strconv.AppendBool(b, w.judged(s.device, sample.At))
	b = append(b, '}')
	w.line = b
	_, _ = w.out.Write(b)
}

// judged reports whether a device judges the series' room at an instant.
func (w *readingsWriter) judged(device string, at sensors.Instant) bool {
	i, _ := slices.BinarySearchFunc(w.judges, at, func(s sensors.Stretch, at sensors.Instant) int {
		if s.To <= at {
			return -1
		}
		return 1
	})
	return i < len(w.judges) && w.judges[i].From <= at && w.judges[i].Device == device
}

func (w *readingsWriter) text(s string) {
	b, err := json.Marshal(s)
	if err != nil { // strings always marshal
		b = []byte(`""`)
	}
	_, _ = w.out.Write(b)
}
