package ledger

import (
	"encoding/json"
	"fmt"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/sensors"
)

// Tile is a time of one status and clause (section 4), with its reasons.
type Tile struct {
	Start, End  sensors.Instant // [Start, End)
	Status      compliance.Status
	Clause      compliance.Clause
	Provisional bool
	Digest      string          // of the policy's edition that judged it; of a tile to be written, the judgment's is taken
	Because     json.RawMessage // a JSON array of steps; nil: none
}

// RoomTiles is the tiles of a room, or with an empty Room of the household, in order.
type RoomTiles struct {
	Room  string
	Tiles []Tile
}

// Episode joins a room's time below that lies close together (section 6).
type Episode struct {
	Room          string
	Start, End    sensors.Instant // its hull
	Status        compliance.EpisodeStatus
	Below         sensors.Instant // ns
	Confirmed     sensors.Instant // ns
	Dismissed     sensors.Instant // ns
	Tests         []string        // standing tests that meet it
	Confirmations []string        // joint confirmations that overlap it
	Digest        string          // as a tile's
	Because       json.RawMessage // as a tile's
}

// Judgment is what the checker found of a household, from an instant on.
type Judgment struct {
	Household string
	// From is where the judgment begins: what the ledger has before it stays. A tile that reaches over it is cut there.
	From sensors.Instant
	// Until is where the tiles end: the moment of judging or the season's end. A tile that ends there may go on.
	Until sensors.Instant
	// Settled: what lies before will only change when facts change.
	Settled sensors.Instant
	Digest  string // of the policy's edition
	// Rooms has the tiles of each room, and of the household under an empty name. They may be cut anywhere: whoever reads
	// them gets maximal ones. Cutting at Settled keeps the reasons of settled tiles to what was before.
	Rooms []RoomTiles
	// Episodes replace those of the ledger that end after EpisodesFrom.
	EpisodesFrom sensors.Instant
	Episodes     []Episode
	// Tests replace those of the ledger that start in Season. Household, Digest and KnownFrom are set by the ledger.
	Season compliance.Interval
	Tests  []TestFinding
	// Carry is what the next judgment goes on from; the ledger does not look into it.
	Carry []byte
	// Mark is the version of the dirty mark that led here, which is taken off; 0: none.
	Mark int64
	// Claim is that under which the household was taken; 0: none.
	Claim int64
	// Due is when the household is judged again although no fact comes.
	Due sensors.Instant
}

// tileRow is a tile as it is kept. An open one goes on: it ends where the household's tiles end, which the row does not say, so
// that a tick in which nothing changes writes no tile.
type tileRow struct {
	id    int64
	room  string
	open  bool
	start sensors.Instant
	end   sensors.Instant // of an open one, where the household's tiles ended when it was read
	Tile                  // without Start and End
}

// same reports whether a kept tile says what is to be kept. The reasons of an open one grow with every reading and are
// kept apart, with the judgment.
func (r *tileRow) same(o *tileRow) bool {
	return r.room == o.room && r.start == o.start && r.open == o.open && (r.open || r.end == o.end) &&
		r.Status == o.Status && r.Clause == o.Clause && r.Provisional == o.Provisional && r.Digest == o.Digest &&
		(r.open || string(r.Because) == string(o.Because))
}

// splice is what changes when a judgment comes: which rows are superseded, and which are new. The kept ones are the current
// ones of a household that end after from or are open, in any order.
func splice(kept []tileRow, j *Judgment) (superseded []int64, added []tileRow) {
	var next []tileRow
	for _, k := range kept {
		switch { // what remains of the kept ones before the judgment
		case k.end <= j.From:
			k.open = k.open && k.end == j.Until
			next = append(next, k)
		case k.start < j.From:
			k.end, k.open = j.From, j.From == j.Until
			next = append(next, k)
		}
	}
	for _, room := range j.Rooms {
		for _, t := range room.Tiles {
			t.Digest = j.Digest
			t.Because = stepsOf(t.Because)
			next = append(next, tileRow{room: room.Room, start: t.Start, end: t.End, open: t.End == j.Until, Tile: t})
		}
	}
	type place struct {
		room  string
		start sensors.Instant
	}
	wanted := make(map[place]*tileRow, len(next))
	for i := range next {
		wanted[place{next[i].room, next[i].start}] = &next[i]
	}
	for i := range kept {
		at := place{kept[i].room, kept[i].start}
		if w := wanted[at]; w != nil && kept[i].same(w) {
			delete(wanted, at)
		} else {
			superseded = append(superseded, kept[i].id)
		}
	}
	for i := range next {
		if wanted[place{next[i].room, next[i].start}] != nil {
			added = append(added, next[i])
		}
	}
	return superseded, added
}

// check says what is wrong with a judgment, or nil.
func (j *Judgment) check() error {
	wrong := func(format string, args ...any) error {
		return invalid("writing the judgment of household "+j.Household, fmt.Sprintf(format, args...))
	}
	if err := sensors.CheckID(j.Household); err != nil {
		return wrong("%v", err)
	}
	if j.Until < j.From {
		return wrong("it ends before it begins")
	}
	seen := map[string]bool{}
	for _, room := range j.Rooms {
		if seen[room.Room] {
			return wrong("room %q twice", room.Room)
		}
		seen[room.Room] = true
		at := j.From
		for i, t := range room.Tiles {
			switch {
			case t.Start != at && i > 0:
				return wrong("room %q: tile %d does not begin where the one before ends", room.Room, i)
			case t.Start < j.From, t.End <= t.Start, t.End > j.Until:
				return wrong("room %q: tile %d does not lie in the judgment", room.Room, i)
			case !isSteps(t.Because):
				return wrong("room %q: the reasons of tile %d are not a JSON array", room.Room, i)
			}
			at = t.End
		}
	}
	for i, e := range j.Episodes {
		if e.End <= e.Start || e.End <= j.EpisodesFrom || !isSteps(e.Because) {
			return wrong("episode %d is empty, lies before the judgment, or its reasons are not a JSON array", i)
		}
	}
	return nil
}

// isSteps reports whether reasons are none or look like a JSON array. Their maker is the checker; it is held to the array only
// so that they can be joined.
func isSteps(because json.RawMessage) bool {
	return len(because) == 0 || len(because) >= 2 && because[0] == '[' && because[len(because)-1] == ']'
}

// stepsOf is reasons as they are kept.
func stepsOf(because json.RawMessage) json.RawMessage {
	if len(because) == 0 {
		return json.RawMessage("[]")
	}
	return because
}

// join makes rows of one room, in order of start, into maximal tiles within [from, to): neighbours of one status and clause
// are one tile, with the reasons of each after the other.
func join(rows []tileRow, from, to sensors.Instant) (tiles []Tile) {
	for _, r := range rows {
		t := r.Tile
		t.Start, t.End = max(r.start, from), min(r.end, to)
		if t.Start >= t.End {
			continue
		}
		last := len(tiles) - 1
		if last < 0 || tiles[last].End != t.Start || tiles[last].Status != t.Status || tiles[last].Clause != t.Clause {
			tiles = append(tiles, t)
			continue
		}
		before := &tiles[last]
		before.End, before.Digest = t.End, t.Digest
		before.Provisional = before.Provisional || t.Provisional
		before.Because = joinSteps(before.Because, t.Because)
	}
	return tiles
}

// joinSteps is one JSON array of two.
func joinSteps(a, b json.RawMessage) json.RawMessage {
	switch {
	case len(a) <= 2:
		return b
	case len(b) <= 2:
		return a
	}
	joined := make(json.RawMessage, 0, len(a)+len(b))
	joined = append(joined, a[:len(a)-1]...)
	joined = append(joined, ',')
	return append(joined, b[1:]...)
}
