package settlement

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/nuanju/nuanju/sensors"
)

// homes is the registry as settling asks it.
type homes struct {
	resolver   *sensors.Resolver
	byID       map[string]*sensors.Household
	rooms      map[string][]sensors.Room
	inBuilding map[string][]*sensors.Household // in order of id
	ofBuilding map[string][]string             // heat meters
	own        map[string][]string             // heat meters, by household
	all        []place
}

// place is where a household stands in the order of settling: building by building.
type place struct{ building, household string }

// String is the place as a settlement keeps it. No id has a tab.
func (p place) String() string { return p.building + "\t" + p.household }

// after reports whether the place lies behind one that String gave.
func (p place) after(through string) bool {
	building, household, _ := strings.Cut(through, "\t")
	return cmp.Or(cmp.Compare(p.building, building), cmp.Compare(p.household, household)) > 0
}

func newHomes(r *sensors.Registry) *homes {
	h := &homes{
		resolver: sensors.NewResolver(r.Assignments, r.Calibrations), byID: make(map[string]*sensors.Household, len(r.Households)),
		rooms: make(map[string][]sensors.Room), inBuilding: make(map[string][]*sensors.Household),
		ofBuilding: make(map[string][]string), own: make(map[string][]string),
	}
	for i := range r.Households {
		v := &r.Households[i]
		h.byID[v.ID] = v
		h.inBuilding[v.Building] = append(h.inBuilding[v.Building], v)
		h.all = append(h.all, place{v.Building, v.ID})
	}
	slices.SortFunc(h.all, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.building, b.building), cmp.Compare(a.household, b.household))
	})
	for _, some := range h.inBuilding {
		slices.SortFunc(some, func(a, b *sensors.Household) int { return cmp.Compare(a.ID, b.ID) })
	}
	for _, m := range r.HeatMeters {
		if m.Household != "" {
			h.own[m.Household] = append(h.own[m.Household], m.ID)
		} else {
			h.ofBuilding[m.Building] = append(h.ofBuilding[m.Building], m.ID)
		}
	}
	for _, v := range r.Rooms {
		h.rooms[v.Household] = append(h.rooms[v.Household], v)
	}
	return h
}

// chosen are the places of households, all if none is named. One that is not registered is an error.
func (h *homes) chosen(households []string) ([]place, error) {
	if len(households) == 0 {
		return h.all, nil
	}
	var out []place
	for _, id := range households {
		if h.byID[id] == nil {
			return nil, fmt.Errorf("household %s is not registered", id)
		}
	}
	for _, p := range h.all {
		if _, ok := slices.BinarySearch(households, p.household); ok {
			out = append(out, p)
		}
	}
	return out, nil
}

// meterOf is the heat meter by which a household is billed, its own or its building's; an error if there is none, or more
// than one could be meant.
func (h *homes) meterOf(household *sensors.Household) (meter string, own bool, err error) {
	all := h.own[household.ID]
	if own = len(all) > 0; !own {
		all = h.ofBuilding[household.Building]
	}
	switch {
	case len(all) == 1:
		return all[0], own, nil
	case len(all) == 0:
		return "", false, fmt.Errorf("neither household %s nor building %s has a heat meter", household.ID, household.Building)
	case own:
		return "", true, fmt.Errorf("household %s has %d heat meters, and nothing says which one is billed", household.ID, len(all))
	}
	return "", false, fmt.Errorf("building %s has %d heat meters, and nothing says which homes each one serves", household.Building, len(all))
}
