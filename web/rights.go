package web

import (
	"context"
	"slices"
	"time"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// Involvement is what mediators and testers have to do with homes; see the methods of ledger.Ledger.
type Involvement interface {
	AskedRooms(ctx context.Context, institution string, now sensors.Instant) ([]ledger.AskedRoom, error)
	MediatedHouseholds(ctx context.Context) ([]string, error)
}

// involved is what a mediator or tester has to do with homes at the moment.
type involved struct {
	mediated []string // sorted
	asked    []ledger.AskedRoom
}

// narrow reads what a mediator or tester has to do with homes. What others may do does not depend on that.
func (t *token) narrow(ctx context.Context, from Involvement, now sensors.Instant) (err error) {
	switch t.Role {
	case disputes.Mediator:
		t.involved.mediated, err = from.MediatedHouseholds(ctx)
	case disputes.Tester:
		t.involved.asked, err = from.AskedRooms(ctx, t.Scope.Institution, now)
	}
	return err
}

// changesOften reports whether what a token is good for depends on more than itself, so that it must not be remembered.
func (t *token) changesOften() bool { return t.Role == disputes.Mediator || t.Role == disputes.Tester }

// everywhere reports whether a token is good for all households, also those that are registered later.
func (t *token) everywhere() bool {
	switch t.Role {
	case disputes.Resident, disputes.Tester, disputes.Mediator:
		return false
	}
	return t.Scope.Everything()
}

// coversHome reports whether a token is good for a household now: what is asked before anything is shown or done.
//
//   - a resident's for the households that it names, and nothing else; who is signed in, for those where they live now, and those of
//     whoever lets them. Of former homes and of the time before they moved in, see ownTime;
//   - a mediator's for households with a dispute that has come to mediation;
//   - a tester's for households with a room that their institution was asked to test. That alone shows them nothing but the
//     readings of that room (see seesReadings), and no row lets testers call anything else of a household;
//   - all others' for what their scope names, or for all when it names nothing.
func (t *token) coversHome(household string, homes Homes) bool {
	switch t.Role {
	case disputes.Resident:
		return slices.Contains(t.Scope.Households, household)
	case disputes.Mediator:
		_, there := slices.BinarySearch(t.involved.mediated, household)
		return there && t.inScope(household, homes)
	case disputes.Tester:
		asked := slices.ContainsFunc(t.involved.asked, func(a ledger.AskedRoom) bool { return a.Household == household })
		return asked && t.inScope(household, homes)
	}
	return t.inScope(household, homes)
}

// maxMediated bounds the households of one list of a mediator's; with more of them, one must be named.
const maxMediated = 500

// mediatedHomes is the households that a mediator has to do with; never nil.
func (t *token) mediatedHomes(homes Homes) []string {
	return slices.DeleteFunc(append([]string{}, t.involved.mediated...), func(id string) bool { return !t.inScope(id, homes) })
}

// inScope reports whether a token's scope names a household or its building, or nothing.
func (t *token) inScope(household string, homes Homes) bool {
	s := &t.Scope
	switch {
	case slices.Contains(s.Households, household):
		return true
	case len(s.Households)+len(s.Buildings)+len(s.Devices)+len(s.Stations) == 0:
		return true // of a tester, the institution is left
	case len(s.Buildings) == 0:
		return false
	}
	home, ok := homes.Home(household)
	return ok && slices.Contains(s.Buildings, home.Building)
}

// stretch is [from, to).
type stretch struct{ from, to sensors.Instant }

// ownTime is the parts of [from, to) of which a token may see what was in a household, in order; none: it may see nothing. Who is
// signed in as a resident sees the time in which their contract holds, which may be over; a tester sees nothing but readings.
func (t *token) ownTime(household string, homes Homes, from, to sensors.Instant) []stretch {
	if t.session != nil && t.Role == disputes.Resident {
		var all []stretch
		for _, h := range t.session.Homes {
			if h.Household == household {
				all = append(all, stretch{max(h.From, from), min(h.Until, to)})
			}
		}
		return merged(all)
	}
	if t.Role == disputes.Tester || !t.coversHome(household, homes) {
		return nil
	}
	return []stretch{{from, to}}
}

// seesReadings is the parts of [from, to) in which a token may see the readings of a room, in order; none: it may not. Readings tell
// when nobody is at home.
func (t *token) seesReadings(household, room string, homes Homes, from, to sensors.Instant) []stretch {
	if t.Role != disputes.Tester {
		return t.ownTime(household, homes, from, to)
	}
	var all []stretch
	for _, a := range t.involved.asked {
		if a.Household == household && a.Room == room && t.inScope(household, homes) {
			all = append(all, stretch{max(a.From, from), min(a.Until, to)})
		}
	}
	return merged(all)
}

// ever reports whether there is any time of which a token may see something of a household.
func (t *token) ever(household string, homes Homes) bool {
	return t.coversHome(household, homes) || len(t.ownTime(household, homes, 0, sensors.Forever)) > 0
}

// merged sorts stretches, leaves empty ones out and joins those that touch.
func merged(all []stretch) []stretch {
	all = slices.DeleteFunc(all, func(s stretch) bool { return s.from >= s.to })
	slices.SortFunc(all, func(a, b stretch) int { return int(min(1, max(-1, a.from-b.from))) })
	var out []stretch
	for _, s := range all {
		if n := len(out); n > 0 && s.from <= out[n-1].to {
			out[n-1].to = max(out[n-1].to, s.to)
			continue
		}
		out = append(out, s)
	}
	return out
}

// zoneOfHome is the policy's zone of a household, or the one that is given.
func zoneOfHome(homes Homes, household string, otherwise *time.Location) *time.Location {
	if home, ok := homes.Home(household); ok {
		return home.Zone
	}
	return otherwise
}
