package compliance

import "slices"

// worse orders the statuses of rooms for their household: below if any is, else exempt, else unknown, else compliant
// (section 4). Off and grace are the household's own and equal in all rooms.
func worse(s Status) int {
	switch s {
	case Below:
		return 4
	case Exempt:
		return 3
	case Unknown:
		return 2
	case Compliant:
		return 1
	}
	return 0
}

// householdTiles joins the tiles of the judged rooms. All cover the same time.
func householdTiles(rooms []RoomVerdict, judged Interval) []Tile {
	next := make([]int, len(rooms)) // each room's tile at t
	var out []Tile
	for t := judged.Start; t < judged.End; {
		end := judged.End
		decides := -1
		for r := range rooms {
			if !rooms[r].Judged {
				continue
			}
			for rooms[r].Tiles[next[r]].End <= t {
				next[r]++
			}
			end = min(end, rooms[r].Tiles[next[r]].End)
			if decides < 0 || precedes(&rooms[r].Tiles[next[r]], &rooms[decides].Tiles[next[decides]]) {
				decides = r
			}
		}
		tile := &rooms[decides].Tiles[next[decides]]
		piece := Tile{Interval: Interval{t, end}, Status: tile.Status, Clause: tile.Clause}
		if n := len(out); n == 0 || out[n-1].Status != piece.Status || out[n-1].Clause != piece.Clause {
			out = append(out, piece)
		}
		last := &out[len(out)-1]
		last.End = end
		for r := range rooms {
			if rooms[r].Judged && deciding(&rooms[r].Tiles[next[r]], last) {
				last.blame(rooms[r].Room, &rooms[r].Tiles[next[r]])
			}
		}
		t = end
	}
	return out
}

// precedes reports whether a decides the household's status before b: the worse status, among exempt rooms the clause
// that comes first in contract order.
func precedes(a, b *Tile) bool {
	if worse(a.Status) != worse(b.Status) {
		return worse(a.Status) > worse(b.Status)
	}
	return a.Clause < b.Clause
}

func deciding(room, household *Tile) bool {
	return room.Status == household.Status && room.Clause == household.Clause
}

// blame adds the room's tile to the reasons of the household's, once.
func (t *Tile) blame(room string, of *Tile) {
	t.Provisional = t.Provisional || of.Provisional
	if t.Status == Off || t.Status == Grace {
		t.Because = of.Because
		return
	}
	step := Step{Clause: of.Clause, Rule: ruleRoomDecides, Values: []Value{
		text("room", room), text("status", string(of.Status)), instant("from", of.Start), instant("until", of.End),
	}}
	same := func(s Step) bool { return s.Values[0].Text == room && s.Values[2].At == of.Start }
	if !slices.ContainsFunc(t.Because, same) {
		t.Because = append(t.Because, step)
	}
}
