package checker

import (
	"cmp"
	"slices"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/sensors"
)

// Homes is the registry as the checker asks it. It never changes.
type Homes struct {
	resolver *sensors.Resolver
	byID     map[string]*home
	ids      []string // sorted
}

// home is a household as it is judged.
type home struct {
	id     string
	policy string
	season string // label of the agreed one; empty: the statutory one
	rooms  []sensors.Room
	since  sensors.Instant // the first assignment of a device to a room of it; Forever without one
}

// NewHomes indexes a registry. The registry must not be changed meanwhile.
func NewHomes(r *sensors.Registry) *Homes {
	h := &Homes{
		resolver: sensors.NewResolver(r.Assignments, r.Calibrations),
		byID:     make(map[string]*home, len(r.Households)),
	}
	for _, v := range r.Households {
		h.byID[v.ID] = &home{id: v.ID, policy: v.Policy, season: v.Season, since: sensors.Forever}
		h.ids = append(h.ids, v.ID)
	}
	slices.Sort(h.ids)
	for _, room := range r.Rooms {
		if home := h.byID[room.Household]; home != nil {
			home.rooms = append(home.rooms, room)
		}
	}
	for _, home := range h.byID {
		slices.SortFunc(home.rooms, func(a, b sensors.Room) int { return cmp.Compare(a.RoomID.Room, b.RoomID.Room) })
	}
	for _, a := range r.Assignments {
		if room, ok := a.Target.RoomID(); ok {
			if home := h.byID[room.Household]; home != nil {
				home.since = min(home.since, a.From)
			}
		}
	}
	return h
}

// judgeable reports whether the home has a room whose temperature is owed (A3).
func (h *home) judgeable() bool {
	return slices.ContainsFunc(h.rooms, func(r sensors.Room) bool { return kindOf(r).Judged() })
}

func kindOf(r sensors.Room) compliance.RoomKind { return compliance.RoomKind(r.Kind) }
