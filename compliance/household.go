package compliance

import (
	"cmp"
	"slices"
)

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
		last.Provisional = last.Provisional || tile.Provisional
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

// TileBecause is the reasons of the household's tile i: which rooms decide it, and with which of their tiles.
func (v *Verdict) TileBecause(i int) []Step {
	household := &v.Tiles[i]
	var steps []Step
	for r := range v.Rooms {
		room := &v.Rooms[r]
		if !room.Judged {
			continue
		}
		for k := tileAt(room.Tiles, household.Start); k < len(room.Tiles) && room.Tiles[k].Start < household.End; k++ {
			tile := &room.Tiles[k]
			switch {
			case tile.Status != household.Status || tile.Clause != household.Clause:
			case tile.Status == Off || tile.Status == Grace: // the household's own, equal in all rooms
				return v.RoomBecause(r, k)
			default:
				steps = append(steps, Step{Clause: tile.Clause, Rule: ruleRoomDecides, Values: []Value{
					text("room", room.Room), term("status", string(tile.Status)),
					instant("from", tile.Start), instant("until", tile.End),
				}})
			}
		}
	}
	return steps
}

// tileAt is the tile that t lies in.
func tileAt(tiles []Tile, t Instant) int {
	i, found := slices.BinarySearchFunc(tiles, t, func(x Tile, t Instant) int { return cmp.Compare(x.Start, t) })
	if !found {
		i--
	}
	return i
}
