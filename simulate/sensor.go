package simulate

import (
	"math"
	"strconv"
	"time"

	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/ingest"
)

const (
	sensorMinutes = 8.0  // time constant
	sensorBias    = 0.15 // °C
	sensorNoise   = 0.05 // °C, standard deviation
	lostPackets   = 0.005
	meterMinutes  = 60
	pipeLoss      = 0.03 // of what a building's radiators give
)

// sensor is what a room's sensor is, beside the room.
type sensor struct {
	id    string
	dice  dice
	bias  float64
	every minute
	phase minute // of every
	after time.Duration
}

func newSensor(d dice, household, room string) sensor {
	s := sensor{id: "t-" + household + "-" + room, every: 15}
	s.dice = d.of("sensor " + s.id)
	if d.of("cadence "+household).unit(1) < 0.3 {
		s.every = 5
	}
	s.bias = s.dice.between(-1, -sensorBias, sensorBias)
	s.phase = int64(s.dice.below(-2, int(s.every)))
	s.after = time.Duration(s.dice.below(-3, 60)) * time.Second
	return s
}

// Message is one line that somebody sends.
type Message struct {
	Kind        ingest.Kind
	Owner, Room string
	At          sensors.Instant // by the sender's clock, whole seconds
	Sent        sensors.Instant // in truth
	Value       float64         // °C; HeatMeter: kWh
	On          bool            // Heating, Valve
	// Volume (m³, a register), Supply and Return (°C) are a heat meter's.
	Volume, Supply, Return float64
}

// Precision is that of the timestamps of AppendLine, as the write API takes it.
const Precision = "s"

// AppendLine appends the message as a line of line protocol, with its newline.
func (m *Message) AppendLine(dst []byte) []byte {
	tag, field := "device", "celsius"
	switch m.Kind {
	case ingest.HeatMeter:
		field = "kwh"
	case ingest.Outdoor:
		tag = "station"
	case ingest.Heating:
		tag, field = "household", "on"
	case ingest.Valve:
		tag, field = "household", "open"
	case ingest.Setpoint:
		tag = "household"
	}
	dst = append(dst, m.Kind.String()...)
	dst = append(append(append(append(dst, ','), tag...), '='), m.Owner...)
	if m.Room != "" {
		dst = append(append(dst, ",room="...), m.Room...)
	}
	dst = append(append(append(dst, ' '), field...), '=')
	switch m.Kind {
	case ingest.Heating, ingest.Valve:
		dst = strconv.AppendBool(dst, m.On)
	case ingest.HeatMeter:
		dst = strconv.AppendFloat(dst, m.Value, 'f', -1, 64)
		dst = strconv.AppendFloat(append(dst, ",m3="...), m.Volume, 'f', -1, 64)
		dst = strconv.AppendFloat(append(dst, ",supply="...), m.Supply, 'f', -1, 64)
		dst = strconv.AppendFloat(append(dst, ",return="...), m.Return, 'f', -1, 64)
	default:
		dst = strconv.AppendFloat(dst, m.Value, 'f', -1, 64)
	}
	dst = strconv.AppendInt(append(dst, ' '), int64(m.At)/int64(time.Second), 10)
	return append(dst, '\n')
}

// tenths is a value as a device with one decimal sends it.
func tenths(v float64) float64 { return math.Round(v*10) / 10 }

// report has room i's sensor measure at a minute, if it is its turn.
func (s *Simulation) report(i int, n minute, at sensors.Instant) {
	sn := &s.town.sensors[i]
	f := s.onSensor[i]
	if f != nil && f.Kind == SensorDead || n%sn.every != sn.phase {
		return
	}
	d := sn.dice
	m := Message{Kind: ingest.Temperature, Owner: sn.id, At: at.Add(sn.after)}
	m.Value = tenths(s.felt[i] + sn.bias + sensorNoise*d.bell(n))
	m.Sent = m.At.Add(time.Duration(1+d.below(n^1<<40, 20)) * time.Second)
	if d.unit(n^1<<41) < lostPackets && f == nil {
		return
	}
	if f == nil {
		s.last[i] = m
		s.send(s.town.homes[s.homeOf[i]].building, m)
		return
	}
	s.reportWrong(i, n, f, m)
}

// reportWrong is what a sensor with a fault sends instead of a message.
func (s *Simulation) reportWrong(i int, n minute, f *Fault, m Message) {
	b := s.town.homes[s.homeOf[i]].building
	d := s.town.sensors[i].dice
	switch f.Kind {
	case SensorOff:
		m.Value = tenths(s.felt[i] + s.town.sensors[i].bias + sensorNoise*d.bell(n) + f.Size)
	case SensorGarbage:
		m.Value = -127
	case SensorStale:
		sent := m.Sent
		if m = s.last[i]; m.Owner == "" {
			return
		}
		m.Sent = sent
	case ClockAhead:
		m.At = m.At.Add(ahead)
	case ClockBehind:
		m.At = m.At.Add(-behind)
	case Duplicates:
		for k := range 1 + d.below(n^1<<42, 3) {
			again := m
			again.Sent = m.Sent.Add(time.Duration(1+d.below(n^int64(k+1)<<43, 5400)) * time.Second)
			s.send(b, again)
		}
	case OutOfOrder:
		m.Sent = m.Sent.Add(time.Duration(d.below(n^1<<44, 3600)) * time.Second)
	case Conflicts:
		other := m
		other.Value, other.Sent = m.Value+0.3+tenths(d.unit(n^1<<45)), m.Sent.Add(2*time.Second)
		other.Value = tenths(other.Value)
		s.send(b, other)
	}
	s.send(b, m)
}

// meter has a building's heat meter tell its register once an hour.
func (s *Simulation) meter(b int, n minute, at sensors.Instant) {
	if n%meterMinutes != int64(b*7)%meterMinutes {
		return
	}
	supplied := designIndoor + (waterDesign-designIndoor)*s.water[b]
	spread := 25 * s.water[b]
	s.send(b, Message{
		Kind: ingest.HeatMeter, Owner: meterDevice(s.town.buildings[b].id), At: at.Add(20 * time.Second), Sent: at.Add(31 * time.Second),
		Value: tenths(s.kwh[b] - s.reset[b]), Volume: tenths((s.kwh[b] - s.reset[b]) / 29), Supply: tenths(supplied + spread/2), Return: tenths(supplied - spread/2),
	})
}

// observe has the station tell the temperature on the hour.
func (s *Simulation) observe(at sensors.Instant) {
	if int64(at)%int64(time.Hour) == 0 {
		s.queue.push(Message{Kind: ingest.Outdoor, Owner: s.town.options.Station, At: at, Sent: at.Add(3 * time.Minute), Value: tenths(s.outdoor)})
	}
}

// send gives a message to its building's gateway.
func (s *Simulation) send(b int, m Message) {
	if until := s.offline[b]; until > m.Sent {
		m.Sent = until.Add(time.Duration(mix(uint64(m.At))%600) * time.Second)
	}
	s.queue.push(m)
}
