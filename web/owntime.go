package web

import (
	"context"
	"slices"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// ownTiles is the tiles of a household in the parts of a time that the caller may see. Of one that is cut by them the reasons are
// left out, which could tell of the time beyond.
func (h *households) ownTiles(ctx context.Context, s span) (all []ledger.RoomTiles, err error) {
	for _, part := range s.own {
		rooms, err := h.verdicts.Tiles(ctx, s.home.ID, part.from, part.to)
		if err != nil {
			return nil, err
		}
		for _, room := range rooms {
			for i := range room.Tiles {
				t := &room.Tiles[i]
				if t.Start == part.from && part.from > s.from || t.End == part.to && part.to < s.to {
					t.Because = nil
				}
			}
			at := slices.IndexFunc(all, func(r ledger.RoomTiles) bool { return r.Room == room.Room })
			if at < 0 {
				all = append(all, room)
			} else {
				all[at].Tiles = append(all[at].Tiles, room.Tiles...)
			}
		}
	}
	return all, nil
}

// ownEpisode is an episode, or the part of one that the caller may see.
type ownEpisode struct {
	ledger.Episode
	cut bool
}

// ownEpisodes is the episodes in the parts of a time that the caller may see. Of one that reaches beyond them only the part is told: where
// it lies, how long it was below, and nothing of reasons or of what was decided in parts.
func (h *households) ownEpisodes(ctx context.Context, s span) (all []ownEpisode, err error) {
	for _, part := range s.own {
		found, err := h.verdicts.Episodes(ctx, s.home.ID, part.from, part.to)
		if err != nil {
			return nil, err
		}
		bound := s.token.bounds(s.home.ID, part)
		for _, e := range found {
			if bound.from <= e.Start && e.End <= bound.to {
				all = append(all, ownEpisode{e, false})
				continue
			}
			below, err := h.below(ctx, s.home.ID, e.Room, max(e.Start, bound.from), min(e.End, bound.to))
			if err != nil {
				return nil, err
			}
			part := ledger.Episode{Room: e.Room, Start: max(e.Start, bound.from), End: min(e.End, bound.to), Status: e.Status, Below: below, Digest: e.Digest}
			switch e.Status {
			case compliance.Confirmed:
				part.Confirmed = below
			case compliance.Dismissed:
				part.Dismissed = below
			}
			all = append(all, ownEpisode{part, true})
		}
	}
	return all, nil
}

// bounds is the whole time around a part that a token may see.
func (t *token) bounds(household string, part stretch) stretch {
	if t.session == nil || len(t.session.Homes) == 0 {
		return stretch{0, sensors.Forever}
	}
	for _, own := range t.ownTime(household, nil, 0, sensors.Forever) {
		if own.from <= part.from && part.to <= own.to {
			return own
		}
	}
	return part
}

// below is how long a room was below in [from, to), in ns.
func (h *households) below(ctx context.Context, household, room string, from, to sensors.Instant) (sum sensors.Instant, err error) {
	all, err := h.verdicts.Tiles(ctx, household, from, to)
	for _, r := range all {
		for _, t := range r.Tiles {
			if r.Room == room && t.Status == compliance.Below {
				sum += min(t.End, to) - max(t.Start, from)
			}
		}
	}
	return sum, err
}

// ownSeries is the devices that were in the rooms of a home, with the times of whose readings the caller may see.
func (s *span) ownSeries(homes Homes) (all []roomSeries) {
	for _, one := range s.home.series(s.from, s.to) {
		room := one.target.Room
		var own []sensors.Span
		for _, part := range s.token.seesReadings(s.home.ID, room, homes, s.from, s.to) {
			for _, whole := range one.spans {
				if from, to := max(whole.From, part.from), min(whole.To, part.to); from < to {
					own = append(own, sensors.Span{Series: whole.Series, From: from, To: to})
				}
			}
		}
		if one.spans = own; len(own) > 0 {
			all = append(all, one)
		}
	}
	return all
}

// seesAt reports whether a token may see what happened in a household at an instant.
func (t *token) seesAt(household string, homes Homes, at sensors.Instant) bool {
	return len(t.ownTime(household, homes, at, at+1)) > 0
}

// listed is the household whose tickets a caller lists: as scopedTo says, or one where they lived.
func listed(ctx context.Context, household string, homes Homes) (string, *problem) {
	t := callerOf(ctx).token
	if household == "" && t.session != nil && len(t.Scope.Households) == 0 && len(t.session.Homes) == 1 {
		household = t.session.Homes[0].Household
	}
	if sensors.CheckID(household) == nil && !t.coversHome(household, homes) && t.ever(household, homes) {
		return household, nil
	}
	return scopedTo(ctx, household, homes)
}
