package web

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/compliance/checker"
	"github.com/nuanju/nuanju/sensors"
)

// Directory is Homes in memory. Make it with NewDirectory; Renew replaces what it says, at once for all callers.
type Directory struct {
	policies func(name string) (*compliance.Policy, error)
	homes    atomic.Pointer[map[string]Home]
}

// NewDirectory indexes a registry, which must not be changed afterwards. Policies finds a policy by its name. A household of
// an unknown policy or season is an error.
func NewDirectory(r *sensors.Registry, policies func(name string) (*compliance.Policy, error)) (*Directory, error) {
	d := &Directory{policies: policies}
	return d, d.Renew(r)
}

// Home implements Homes.
func (d *Directory) Home(household string) (Home, bool) {
	h, ok := (*d.homes.Load())[household]
	return h, ok
}

// Renew takes a new state of the registry. With an error the directory stays as it was.
func (d *Directory) Renew(r *sensors.Registry) error {
	resolver := sensors.NewResolver(r.Assignments, r.Calibrations)
	policies := map[string]*compliance.Policy{}
	homes := make(map[string]Home, len(r.Households))
	buildings := make(map[string]sensors.Building, len(r.Buildings))
	for _, b := range r.Buildings {
		buildings[b.ID] = b
	}
	for _, h := range r.Households {
		p := policies[h.Policy]
		if p == nil {
			var err error
			if p, err = d.policies(h.Policy); err != nil {
				return fmt.Errorf("household %s: %w", h.ID, err)
			}
			policies[h.Policy] = p
		}
		inSeason, err := seasonOf(p, h.Season)
		if err != nil {
			return fmt.Errorf("household %s: %w", h.ID, err)
		}
		b := buildings[h.Building]
		homes[h.ID] = Home{
			Household: h, Substation: b.Substation, Address: strings.TrimSpace(b.Address + " " + b.Name), Pack: p, Zone: p.Zone, InSeason: inSeason, Resolver: resolver,
		}.searchable()
	}
	for _, room := range r.Rooms {
		if h, ok := homes[room.Household]; ok {
			h.Rooms = append(h.Rooms, room)
			homes[room.Household] = h
		}
	}
	for _, a := range r.Assignments {
		room, ok := a.Target.RoomID()
		if h, known := homes[room.Household]; ok && known {
			h.Assignments = append(h.Assignments, a)
			homes[room.Household] = h
		}
	}
	for _, h := range homes {
		slices.SortFunc(h.Rooms, func(a, b sensors.Room) int { return cmp.Compare(a.Room, b.Room) })
	}
	d.homes.Store(&homes)
	return nil
}

// seasonOf reports whether an instant lies in a season of a policy: the statutory one of each winter, or the agreed one
// that stands for it (A2).
func seasonOf(p *compliance.Policy, label string) (func(sensors.Instant) bool, error) {
	var agreed compliance.Season
	if label != "" {
		var err error
		if agreed, err = checker.ParseSeason(label); err != nil {
			return nil, err
		}
	}
	holds := func(s compliance.Season, at sensors.Instant) bool {
		span := s.In(p.Zone)
		return span.Start <= at && at < span.End
	}
	return func(at sensors.Instant) bool {
		if agreed.Agreed && holds(agreed, at) {
			return true
		}
		year := compliance.DateIn(at, p.Zone).Year()
		for winter := year - 1; winter <= year; winter++ {
			if agreed.Agreed && agreed.Winter() == winter {
				continue
			}
			e := p.EditionOn(compliance.DateOf(winter, time.November, 1))
			e = p.EditionOn(e.Money.SeasonStart.In(winter))
			if holds(compliance.Season{Start: e.Money.SeasonStart.In(winter), End: e.Money.SeasonEnd.In(winter + 1)}, at) {
				return true
			}
		}
		return false
	}, nil
}
