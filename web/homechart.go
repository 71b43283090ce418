package web

import (
	"context"
	"time"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/sensors"
)

// chartInput is a home, a time, and how fine its curves are.
type chartInput struct {
	ID     string `path:"id" doc:"The household's id."`
	From   string `query:"from" required:"true" format:"date-time" doc:"The beginning, RFC 3339 with an offset."`
	To     string `query:"to" required:"true" format:"date-time" doc:"The end, not included; at most 400 days later."`
	Points int    `query:"points" minimum:"10" maximum:"4000" default:"600" doc:"How many buckets the time is divided into."`
}

// curve is temperatures over time. Where celsius is null, what was read before does not hold any more.
type curve struct {
	Time    []int64    `json:"time" nullable:"false" doc:"Seconds since 1970 UTC, ascending."`
	Celsius []*float64 `json:"celsius" nullable:"false" doc:"°C, of the same index."`
}

// roomCurve is a room's.
type roomCurve struct {
	Room     string `json:"room"`
	Kind     string `json:"kind,omitempty"`
	Judged   bool   `json:"judged"`
	Readings int    `json:"readings" doc:"How many readings there are in this time."`
	Curve    curve  `json:"curve"`
}

// outdoorCurve is a station's.
type outdoorCurve struct {
	Station string `json:"station"`
	Curve   curve  `json:"curve"`
}

// chartOutput is the curves of a home.
type chartOutput struct {
	Body struct {
		Household string        `json:"household"`
		From      time.Time     `json:"from"`
		To        time.Time     `json:"to"`
		Rooms     []roomCurve   `json:"rooms" nullable:"false"`
		Outdoor   *outdoorCurve `json:"outdoor,omitempty" doc:"Of the station that judges cold outside (A7.2.2.4)."`
	}
}

func (h *homePart) chart(ctx context.Context, in *chartInput) (*chartOutput, error) {
	s, err := h.find(ctx, &rangeInput{in.ID, in.From, in.To})
	if err != nil {
		return nil, err
	}
	out := &chartOutput{}
	b := &out.Body
	b.Household, b.From, b.To = in.ID, s.from.Time().In(s.home.Zone), s.to.Time().In(s.home.Zone)
	if b.Rooms, err = h.roomCurves(ctx, &s, in.Points, nil); err != nil {
		return nil, h.problem(ctx, "reading curves", err)
	}
	if o := s.home.Pack.EditionAt(s.to - 1).Outdoor; o != nil {
		w := newWidths(s.from, s.to, in.Points, 3*time.Hour)
		series := sensors.Series{Quantity: sensors.Outdoor, Owner: o.Station}
		err := h.store.ReadMany(ctx, []sensors.Span{{Series: series, From: s.from, To: s.to}}, func(_ int, samples []sensors.Sample) error {
			w.add(samples, func(sensors.Sample) (float64, bool) { return 0, true })
			return ctx.Err()
		})
		if err != nil {
			return nil, h.problem(ctx, "reading curves", err)
		}
		if w.n > 0 {
			b.Outdoor = &outdoorCurve{o.Station, w.curve()}
		}
	}
	return out, nil
}

// roomCurves is the curves of a home's rooms, or of those that are chosen, by room. A room with a device and no reading has an empty one.
func (h *homePart) roomCurves(ctx context.Context, s *span, points int, rooms func(room string) bool) (all []roomCurve, err error) {
	all = []roomCurve{}
	series := s.ownSeries(h.homes)
	for i := 0; i < len(series); {
		target := series[i].target
		j := i
		for j < len(series) && series[j].target == target {
			j++
		}
		if rooms == nil || rooms(target.Room) {
			w := newWidths(s.from, s.to, points, s.home.Pack.EditionAt(s.to-1).ReadingMaxGap)
			if err := h.addRoom(ctx, s, series[i:j], w); err != nil {
				return nil, err
			}
			kind := s.home.kindOf(target.Room)
			all = append(all, roomCurve{target.Room, string(kind), compliance.RoomKind(kind).Judged(), w.n, w.curve()})
		}
		i = j
	}
	return all, nil
}

// addRoom adds what the devices of a room read while they judged it.
func (h *homePart) addRoom(ctx context.Context, s *span, devices []roomSeries, w *widths) error {
	target := devices[0].target
	var spans []sensors.Span
	for _, stretch := range s.home.Resolver.Judges(target, s.from, s.to) {
		for i := range devices {
			for _, own := range devices[i].spans {
				if from, to := max(own.From, stretch.From), min(own.To, stretch.To); devices[i].device == stretch.Device && from < to {
					spans = append(spans, sensors.Span{Series: own.Series, From: from, To: to})
				}
			}
		}
	}
	return h.store.ReadMany(ctx, spans, func(i int, samples []sensors.Sample) error {
		device := spans[i].Series.Owner
		w.add(samples, func(sample sensors.Sample) (float64, bool) {
			c, _ := s.home.Resolver.Calibration(device, sample.At)
			return c.OffsetCelsius, true
		})
		return ctx.Err()
	})
}

// widths divides a time into equal buckets and keeps of each the lowest and the highest sample: what a curve of so many points can show,
// with every cold spell in it. What is kept does not grow with the samples.
type widths struct {
	from, width sensors.Instant
	gap         time.Duration // for so long a sample holds
	buckets     []width
	n           int
	last        sensors.Instant // the sample before
}

// width is one bucket.
type width struct {
	n         int
	low, high sensors.Sample
	hole      sensors.Instant // from when on nothing held, after one of its samples; 0: something always did
}

func newWidths(from, to sensors.Instant, points int, gap time.Duration) *widths {
	points = max(points, 1)
	return &widths{from: from, width: max((to-from+sensors.Instant(points)-1)/sensors.Instant(points), 1), gap: gap, buckets: make([]width, points)}
}

// add takes samples in, in order of time, with what is added to each; those for which offset says false are left out.
func (w *widths) add(samples []sensors.Sample, offset func(sensors.Sample) (float64, bool)) {
	for _, s := range samples {
		plus, ok := offset(s)
		at := int((s.At - w.from) / w.width)
		if !ok || at < 0 || at >= len(w.buckets) {
			continue
		}
		s.Value += plus
		b := &w.buckets[at]
		if b.n == 0 || s.Value < b.low.Value {
			b.low = s
		}
		if b.n == 0 || s.Value > b.high.Value {
			b.high = s
		}
		if w.n > 0 && s.At > w.last.Add(w.gap) {
			before := &w.buckets[int((w.last-w.from)/w.width)]
			before.hole = w.last.Add(w.gap)
		}
		b.n++
		w.n++
		w.last = s.At
	}
}

// curve is what was kept, in order of time.
func (w *widths) curve() curve {
	c := curve{Time: []int64{}, Celsius: []*float64{}}
	put := func(at sensors.Instant, v *float64) {
		t, n := at.Time().Unix(), len(c.Time)
		switch {
		case n == 0 || t > c.Time[n-1]:
			c.Time, c.Celsius = append(c.Time, t), append(c.Celsius, v)
		case v != nil && (c.Celsius[n-1] == nil || *v < *c.Celsius[n-1]):
			c.Celsius[n-1] = v // two in one second: the lower one stays
		}
	}
	for i := range w.buckets {
		b := &w.buckets[i]
		if b.n == 0 {
			continue
		}
		first, second := b.low, b.high
		if second.At < first.At {
			first, second = second, first
		}
		put(first.At, &first.Value)
		if second.At != first.At {
			put(second.At, &second.Value)
		}
		if b.hole != 0 {
			put(max(b.hole, second.At+1e9), nil)
		}
	}
	return c
}
