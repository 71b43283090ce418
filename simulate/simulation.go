package simulate

import (
	"container/heap"
	"math"
	"time"

	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/ingest"
)

// Simulation is a town as it lives, minute after minute. It holds the present and what is on its way, never the past. One
// goroutine at a time may use it.
type Simulation struct {
	town    *Town
	minute  minute
	rooms   []room
	felt    []float64 // °C that each sensor has come to
	homeOf  []int32   // of a room
	outdoor float64
	wind    float64
	smooth  float64 // outdoors as the substations see it: over some hours

	water []float64 // of a building: the supply's excess as a share of the design's
	heat  []float64 // of a building: the share of it that arrives
	kwh   []float64 // registers, without resets
	reset []float64 // what of them was forgotten
	duty  []float64 // of a home: the share of a half hour that its valve is open
	flow  []float64 // of a home: how much of its heat its radiators are given

	house, nextHouse []float64 // of a building: the mean of its masses by area, now and a minute later

	change   sensors.Instant // when a fault begins or ends next
	warmth   []float64       // of a building, as faults leave it
	riser    []float64       // of a home, likewise
	shut     []bool          // of a room's radiator
	window   []bool          // of a room
	onSensor []*Fault        // of a room
	offline  []sensors.Instant
	last     []Message

	said  []int // of a home, how many of its demands
	mute  bool
	queue queue
}

// Start is the town at its beginning: rooms warm, registers at some value.
func (t *Town) Start() *Simulation {
	s := &Simulation{
		town: t, rooms: append([]room(nil), t.rooms...), felt: make([]float64, len(t.rooms)), homeOf: make([]int32, len(t.rooms)),
		water: make([]float64, len(t.buildings)), heat: make([]float64, len(t.buildings)), kwh: make([]float64, len(t.buildings)),
		reset: make([]float64, len(t.buildings)), duty: make([]float64, len(t.homes)), flow: make([]float64, len(t.homes)),
		warmth: make([]float64, len(t.buildings)), riser: make([]float64, len(t.homes)), shut: make([]bool, len(t.rooms)),
		window: make([]bool, len(t.rooms)), onSensor: make([]*Fault, len(t.rooms)), offline: make([]sensors.Instant, len(t.buildings)),
		last: make([]Message, len(t.rooms)), said: make([]int, len(t.homes)),
		house: make([]float64, len(t.buildings)), nextHouse: make([]float64, len(t.buildings)),
	}
	for i, h := range t.homes {
		for j := h.first; j < h.after; j++ {
			s.homeOf[j], s.felt[j] = int32(i), t.rooms[j].air
			s.house[h.building] += t.rooms[j].mass * t.rooms[j].area / t.buildings[h.building].area
		}
		s.flow[i] = 0.5
	}
	for b := range t.buildings {
		s.heat[b] = 1
		s.kwh[b] = t.dice.of("register "+t.buildings[b].id).between(1, 2e5, 9e5)
	}
	s.smooth, _ = t.weather.At(t.options.From.Add(-settling * time.Minute))
	s.minute, s.mute = -settling, true
	for s.minute < 0 {
		s.step()
	}
	return s
}

// Now is how far the town has lived.
func (s *Simulation) Now() sensors.Instant {
	return s.town.options.From.Add(time.Duration(s.minute) * time.Minute)
}

// Celsius is the true temperature of a room's air, by its place in Town.Rooms.
func (s *Simulation) Celsius(room int) float64 { return s.rooms[room].air }

// Outdoor is the true temperature outdoors.
func (s *Simulation) Outdoor() float64 { return s.outdoor }

// Advance lets the town live until an instant, to the end of the minute that it lies in, and tells what was sent by then, in order
// of sending. An error of visit ends it
// and is returned; what was told by then was told. Without a visit nobody measures, which is faster: then Celsius is all that
// there is.
func (s *Simulation) Advance(to sensors.Instant, visit func(*Message) error) error {
	s.mute = visit == nil
	for s.Now() < to {
		s.step()
		if s.mute {
			continue
		}
		for len(s.queue) > 0 && s.queue[0].Sent < s.Now() {
			m := heap.Pop(&s.queue).(Message)
			if err := visit(&m); err != nil {
				return err
			}
		}
	}
	return nil
}

const (
	stepSeconds = 60
	// settling is how many minutes a town lives before its beginning, so that it begins as if it had always been there.
	settling = 12 * 60
)

// step is one minute.
func (s *Simulation) step() {
	t, at := s.town, s.Now()
	if at >= s.change {
		s.modify(at)
	}
	s.outdoor, s.wind = t.weather.At(at)
	s.smooth += (s.outdoor - s.smooth) / 360
	water := supply(s.smooth)
	for b := range t.buildings {
		s.heat[b] += (s.warmth[b] - s.heat[b]) / 30
		s.water[b] = water
		if !s.mute {
			s.meter(b, s.minute, at)
		}
	}
	hour := math.Mod((time.Duration(at) + t.offset).Hours(), 24)
	b := boundary{outdoor: s.outdoor, wind: s.wind, gains: inside * habitOfDay(hour), sun: s.sun(at, hour)}
	for i := range t.homes {
		s.live(i, at, hour, b)
	}
	copy(s.house, s.nextHouse)
	fill(s.nextHouse, 0)
	if !s.mute {
		s.observe(at)
	}
	s.minute++
}

// habitOfDay is how much of the mean gain of people and things an hour has.
func habitOfDay(hour float64) float64 { return 1 + 0.5*math.Cos(2*math.Pi*(hour-20)/24) }

// sun is W per m² of floor that a room to the south gets; days are more or less clear.
func (s *Simulation) sun(at sensors.Instant, hour float64) float64 {
	high := math.Cos(2 * math.Pi * (hour - 12) / 20) // the winter's day has ten hours
	if hour < 7 || hour > 17 || high <= 0 {
		return 0
	}
	clear := 0.55 + 0.45*s.town.dice.of("clouds").wave((time.Duration(at)+s.town.offset).Hours()/13)
	return sunAtNoon * high * clear
}

// live is one minute of a home.
func (s *Simulation) live(i int, at sensors.Instant, hour float64, b boundary) {
	t := s.town
	h := &t.homes[i]
	away := h.away[0] <= s.minute && s.minute < h.away[1]
	if !s.mute {
		s.say(i, at)
	}
	if (s.minute+settling)%30 == int64(i%30) {
		s.valve(i, at, away)
	}
	s.flow[i] += (s.duty[i]*s.riser[i]*s.heat[h.building] - s.flow[i]) / 20
	b.flow, b.water, b.home, b.house = s.flow[i], s.water[h.building], 0, s.house[h.building]
	for j := h.first; j < h.after; j++ {
		b.home += s.rooms[j].mass * s.rooms[j].area / h.area
	}
	s.nextHouse[h.building] += b.home * h.area / t.buildings[h.building].area
	airing := 0.0
	if h.airs && !away && h.comfort > 21.5 && s.outdoor > -3 && hour >= 7.5 && hour < 7.75 {
		airing = tiltWindow
	}
	if away {
		b.gains *= 0.3
	}
	for j := h.first; j < h.after; j++ {
		r := &s.rooms[j]
		mine := b
		if s.felt[j] > 21 { // nobody airs a cold room
			mine.extra = airing
		}
		if s.window[j] {
			mine.extra = openWindow
		}
		if s.shut[j] {
			mine.flow = 0
		}
		r.step(&mine, stepSeconds)
		s.kwh[h.building] += r.heat * stepSeconds / 3.6e6 / (1 - pipeLoss)
		s.felt[j] += (r.air - s.felt[j]) / sensorMinutes
		if !s.mute {
			s.report(j, s.minute, at)
		}
	}
}

// wanted is what a home's valve is set to: above what its people ask for, as people do.
func (s *Simulation) wanted(i int, at sensors.Instant) float64 {
	h := &s.town.homes[i]
	want := h.comfort
	for _, d := range h.said {
		if d.setpoint && d.at <= at {
			want = d.celsius + 2 // K
		}
	}
	return want
}

// valve decides for half an hour for what share of it the home's valve is open, by its coldest room.
func (s *Simulation) valve(i int, at sensors.Instant, away bool) {
	h := &s.town.homes[i]
	coldest := math.Inf(1)
	for j := h.first; j < h.after; j++ {
		coldest = math.Min(coldest, s.felt[j])
	}
	duty := math.Min(1, math.Max(0, s.wanted(i, at)+0.5-coldest))
	if away {
		duty = 0
	}
	s.duty[i] = duty
	if s.mute {
		return
	}
	open := time.Duration(duty*30*60) * time.Second
	tell := func(on bool, after time.Duration) {
		when := at.Add(after)
		s.send(h.building, Message{Kind: ingest.Valve, Owner: h.id, At: when, Sent: when.Add(9 * time.Second), On: on})
	}
	if open > 0 {
		tell(true, 0)
	}
	if open < 30*time.Minute {
		tell(false, open)
	}
}

// say has a household tell what it asks for.
func (s *Simulation) say(i int, at sensors.Instant) {
	h := &s.town.homes[i]
	for s.said[i] < len(h.said) && h.said[s.said[i]].at <= at {
		s.queue.push(h.said[s.said[i]].message(h))
		s.said[i]++
	}
}

// modify takes over which faults are there.
func (s *Simulation) modify(at sensors.Instant) {
	fill(s.warmth, 1)
	fill(s.riser, 1)
	fill(s.shut, false)
	fill(s.window, false)
	fill(s.onSensor, nil)
	fill(s.offline, 0)
	s.change = sensors.Forever
	for i := range s.town.faults {
		f := &s.town.faults[i]
		if at < f.From {
			s.change = min(s.change, f.From)
		}
		if f.Holds(at) {
			s.change = min(s.change, f.To)
			s.apply(f, at)
		}
	}
}

func fill[T any](all []T, v T) {
	for i := range all {
		all[i] = v
	}
}

// apply has a fault do what it does.
func (s *Simulation) apply(f *Fault, at sensors.Instant) {
	switch f.Kind {
	case ColdSpell: // the weather does it
	case RiserBlocked:
		for _, i := range f.homes {
			s.riser[i] = f.Size
		}
	case SubstationWeak, StoppagePlanned, StoppageLong, StoppageUnannounced:
		for _, i := range f.homes {
			s.warmth[s.town.homes[i].building] = f.Size
		}
	case ValveStuck:
		s.shut[f.rooms[0]] = true
	case WindowOpen:
		s.window[f.rooms[0]] = true
	case GatewayOffline:
		s.offline[s.town.homes[f.homes[0]].building] = f.To
	case MeterReset:
		for b := range s.town.buildings {
			if meterDevice(s.town.buildings[b].id) == f.Devices[0] && at.Sub(f.From) < time.Minute {
				s.reset[b] = s.kwh[b]
			}
		}
	default:
		s.onSensor[f.rooms[0]] = f
	}
}

// queue is what is on its way, by when it was sent; of one time, in order of sending to it.
type queue []Message

func (q queue) Len() int      { return len(q) }
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q queue) Less(i, j int) bool {
	a, b := &q[i], &q[j]
	switch {
	case a.Sent != b.Sent:
		return a.Sent < b.Sent
	case a.Owner != b.Owner:
		return a.Owner < b.Owner
	case a.At != b.At:
		return a.At < b.At
	}
	return a.Value < b.Value
}
func (q *queue) Push(m any) { *q = append(*q, m.(Message)) }

func (q *queue) Pop() any {
	old := *q
	m := old[len(old)-1]
	*q = old[:len(old)-1]
	return m
}

func (q *queue) push(m Message) { heap.Push(q, m) }
