package checker

import (
	"cmp"
	"encoding/json"
	"slices"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/sensors"
)

// carry is what judging a household from At on needs of the time before it. It is kept beside the tiles, as JSON.
type carry struct {
	Format int    `json:"format"`
	First  day    `json:"first"` // of the season
	Last   day    `json:"last"`
	Oldest day    `json:"oldest"` // the first day of the first season that was ever judged
	Policy string `json:"policy"` // policy.id
	// At is the local midnight from which judging can go on; 0: from nowhere but the season's start.
	At        sensors.Instant `json:"at,omitempty"`
	Switches  []carriedEvent  `json:"switches,omitempty"`
	Setpoints []carriedEvent  `json:"setpoints,omitempty"`
	Rooms     []carriedRoom   `json:"rooms,omitempty"`
}

// day is a date as a carry keeps it: days since 1970-01-01.
type day int32

// carryFormat counts the forms that a carry has had. One of another form is not read: the season is judged from its start.
const carryFormat = 1

// carriedEvent is the demand or a setpoint.
type carriedEvent struct {
	At    sensors.Instant `json:"at"`
	Room  string          `json:"room,omitempty"`
	Value float64         `json:"value"` // °C; of demand 1 or 0
}

type carriedRoom struct {
	Room  string               `json:"room"`
	Last  *carriedReading      `json:"last,omitempty"`  // its last reading before At, however old
	Below [][2]sensors.Instant `json:"below,omitempty"` // below time before At that below time after it may join
}

type carriedReading struct {
	At      sensors.Instant `json:"at"`
	Celsius float64         `json:"celsius"` // as received
	Offset  float64         `json:"offset,omitempty"`
}

// readCarry is the carry that was kept, or nil if there is none of today's form.
func readCarry(text []byte) *carry {
	var c carry
	if json.Unmarshal(text, &c) != nil || c.Format != carryFormat {
		return nil
	}
	return &c
}

// leads reports whether judging the season by the policy can go on from the carry.
func (c *carry) leads(p *policy, s compliance.Season) bool {
	return c != nil && c.At != 0 && c.First == day(s.Start) && c.Last == day(s.End) && c.Policy == p.id
}

func (c *carry) encode() []byte {
	text, err := json.Marshal(c)
	if err != nil { // a number that is not finite; the judge refuses them before
		return nil
	}
	return text
}

func (c *carry) room(id string) *carriedRoom {
	if c == nil {
		return nil
	}
	i := slices.IndexFunc(c.Rooms, func(r carriedRoom) bool { return r.Room == id })
	if i < 0 {
		return nil
	}
	return &c.Rooms[i]
}

// carriedAt makes the carry for an instant from facts that were judged up to it; v is that judgment, or nil if the instant is
// where the facts begin.
func carriedAt(at sensors.Instant, f *compliance.Facts, v *compliance.Verdict, p *policy) *carry {
	c := &carry{
		Format: carryFormat, First: day(f.Season.Start), Last: day(f.Season.End), Policy: p.id, At: at,
		Switches: lastSwitches(f.Switches, f.Season.In(p.Zone).Start, at), Setpoints: lastSetpoints(f.Setpoints, at, at.Add(-p.heatUp)),
	}
	for i := range f.Rooms {
		r := &f.Rooms[i]
		kept := carriedRoom{Room: r.ID}
		if n := readingsBefore(r.Readings, at); n > 0 {
			last := &r.Readings[n-1]
			kept.Last = &carriedReading{last.At, last.Celsius, last.Offset}
		}
		for _, s := range openBelow(r, v, i, at.Add(-p.episodeGap)) {
			kept.Below = append(kept.Below, [2]sensors.Instant{s.Start, s.End})
		}
		c.Rooms = append(c.Rooms, kept)
	}
	return c
}

// openBelow is the below time of a room's episodes that end after an instant, as far as it was judged: whole episodes, so that an
// episode is either carried or stands in the ledger as it was written.
func openBelow(r *compliance.Room, v *compliance.Verdict, room int, after sensors.Instant) compliance.Spans {
	if v == nil {
		return r.Carried
	}
	below := compliance.Union(r.Carried...)
	for _, t := range v.Rooms[room].Tiles {
		if t.Status == compliance.Below {
			below = append(below, t.Interval)
		}
	}
	below = compliance.Union(below...)
	var out compliance.Spans
	for i := range v.Episodes {
		if e := &v.Episodes[i]; e.Room == r.ID && e.Hull.End > after {
			out = append(out, below.Clip(e.Hull)...)
		}
	}
	return out
}

// lastSwitches is what is left of the demand before an instant: the last change and, since only a change begins the 12 h (A3), the
// one before it. Of what was said up to the season's start only the last counts.
func lastSwitches(all []compliance.Switch, start, at sensors.Instant) (out []carriedEvent) {
	for i, s := range all { // in order of time
		if s.At >= at {
			break
		}
		if i+1 < len(all) && (all[i+1].At == s.At || all[i+1].At <= start) && all[i+1].At < at {
			continue
		}
		if n := len(out); n > 0 && (out[n-1].Value == 1) == s.On {
			continue
		}
		e := carriedEvent{At: s.At}
		if s.On {
			e.Value = 1
		}
		out = append(out, e)
	}
	return out[max(0, len(out)-2):]
}

// lastSetpoints is what is left of the setpoints before an instant: of each room, and of the household, all set since some
// instant before it and the last one up to that.
func lastSetpoints(all []compliance.Setpoint, at, since sensors.Instant) (out []carriedEvent) {
	last := make(map[string]int) // of each room, up to since
	for i, s := range all {      // in order of time
		if s.At <= since {
			last[s.Room] = i
		}
	}
	for i, s := range all {
		if s.At < at && (s.At > since || last[s.Room] == i) {
			out = append(out, carriedEvent{At: s.At, Room: s.Room, Value: s.Celsius})
		}
	}
	return out
}

// readingsBefore is how many of the readings, which are in order, lie before an instant.
func readingsBefore(all []compliance.Reading, at sensors.Instant) int {
	n, _ := slices.BinarySearchFunc(all, at, func(r compliance.Reading, at sensors.Instant) int { return cmp.Compare(r.At, at) })
	return n
}
