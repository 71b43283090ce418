package checker

import (
	"context"
	"slices"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/sensors"
)

// reader turns what the store has of some jobs into facts, one job after the other, with memory that it uses again. It is not safe for
// concurrent use.
type reader struct {
	*round
	spans []sensors.Span
	parts []part
	heads []int // of each job, the first of its spans
	rooms [][]compliance.Reading
}

// part is what a span is for.
type part struct {
	room   int     // place in the home's rooms
	offset float64 // of the device, °C
}

// read reads the facts of the jobs and calls done for each, in order. The facts are only valid during the call. An error is of
// the store.
func (r *reader) read(ctx context.Context, jobs []*job, done func(j *job, f *compliance.Facts, readings int)) error {
	r.spans, r.parts, r.heads = r.spans[:0], r.parts[:0], r.heads[:0]
	for _, j := range jobs {
		r.heads = append(r.heads, len(r.spans))
		r.ask(j)
	}
	r.heads = append(r.heads, len(r.spans))
	now := -1 // the job whose facts are being read
	reach := func(span int) {
		for now < 0 || now < len(jobs) && r.heads[now+1] <= span {
			if now >= 0 {
				f, n := r.facts(jobs[now])
				done(jobs[now], f, n)
			}
			now++
			r.reset()
		}
	}
	err := r.Store.ReadMany(ctx, r.spans, func(i int, samples []sensors.Sample) error {
		reach(i)
		r.take(r.parts[i], samples)
		return ctx.Err()
	})
	if err == nil {
		reach(len(r.spans))
	}
	return err
}

// ask lists the spans of a job: of every device that judges a room whose temperature is owed. What is at the moment of judging or later is not
// asked for.
func (r *reader) ask(j *job) {
	end := min(j.season.In(j.policy.Zone).End, j.asOf)
	from := j.from
	if j.carry == nil {
		from = from.Add(-j.policy.gap)
	}
	for i, room := range j.home.rooms {
		if !kindOf(room).Judged() {
			continue
		}
		for _, s := range r.homes.resolver.Judges(sensors.InRoom(room.RoomID), from, end) {
			series := sensors.Series{Quantity: sensors.Temperature, Owner: s.Device}
			r.spans = append(r.spans, sensors.Span{Series: series, From: s.From, To: s.To})
			r.parts = append(r.parts, part{i, s.OffsetCelsius})
		}
	}
}

// reset makes room for the readings of the next job.
func (r *reader) reset() {
	for i := range r.rooms {
		r.rooms[i] = r.rooms[i][:0]
	}
}

func (r *reader) take(p part, samples []sensors.Sample) {
	for p.room >= len(r.rooms) {
		r.rooms = append(r.rooms, nil)
	}
	for _, s := range samples {
		r.rooms[p.room] = append(r.rooms[p.room], compliance.Reading{At: s.At, Celsius: s.Value, Offset: p.offset})
	}
}

// facts is what was read and declared of a job, and how many readings were read. Readings have no time of receipt: what the store
// holds is known, even if the machine's clock was set back since.
func (r *reader) facts(j *job) (f *compliance.Facts, readings int) {
	f = &compliance.Facts{Household: j.home.id, Season: j.season, AsOf: j.asOf, From: j.from}
	declared := r.declared[j.home.id]
	f.Stoppages, f.Exemptions, f.Confirmations = declared.Stoppages, declared.Exemptions, declared.Confirmations
	f.Tests = r.testsOf(j.home.id, j.policy, j.season)
	w := r.weather[season{j.policy, j.season}]
	f.Outdoor, f.OfficialDays = w.since(j.from), w.official

	f.Switches, f.Setpoints = j.with(r.said[j.home.id])
	for len(r.rooms) < len(j.home.rooms) {
		r.rooms = append(r.rooms, nil)
	}
	for i, room := range j.home.rooms {
		out := compliance.Room{ID: room.RoomID.Room, Kind: kindOf(room)}
		readings += len(r.rooms[i])
		c := j.carry.room(out.ID)
		if c != nil && c.Last != nil {
			last := compliance.Reading{At: c.Last.At, Celsius: c.Last.Celsius, Offset: c.Last.Offset}
			r.rooms[i] = slices.Insert(r.rooms[i], 0, last)
		}
		if c != nil {
			for _, s := range c.Below {
				out.Carried = append(out.Carried, compliance.Interval{Start: s[0], End: s[1]})
			}
		}
		out.Readings = r.rooms[i]
		f.Rooms = append(f.Rooms, out)
	}
	return f, readings
}

// with is what the job carries of demand and setpoints, and then what was said since.
func (j *job) with(since said) (switches []compliance.Switch, setpoints []compliance.Setpoint) {
	if j.carry == nil {
		return since.switches, since.setpoints
	}
	for _, e := range j.carry.Switches {
		switches = append(switches, compliance.Switch{At: e.At, On: e.Value != 0})
	}
	for _, e := range j.carry.Setpoints {
		setpoints = append(setpoints, compliance.Setpoint{At: e.At, Room: e.Room, Celsius: e.Value})
	}
	return append(switches, since.switches...), append(setpoints, since.setpoints...)
}
