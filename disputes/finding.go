package disputes

import (
	"errors"
	"time"

	"github.com/nuanju/nuanju/sensors"
)

// Cold is a home that the checker finds too cold, and has for some time: what a finding is about.
type Cold struct {
	Household string
	Room      string          // the one that has been for longest
	Since     sensors.Instant // the start of its episode
}

// FindingRules are the supplier's own rules for what the monitor finds; the contract has none (section 8).
type FindingRules struct {
	// After is how long an episode goes on before it is a finding; the time before an earlier finding was closed does not count.
	After time.Duration
	// Target is how soon somebody is to do something about it; 0: no target.
	Target time.Duration
	// WarnBefore is how long before the target it is pointed out.
	WarnBefore time.Duration
	// Warm is how long a home is compliant without a break before its finding is closed.
	Warm time.Duration
}

// Found reports whether cold that is still going on at now is a finding, when the household's last one was closed at an instant
// (0: there was none).
func (r FindingRules) Found(c Cold, closed, now sensors.Instant) bool {
	return now.Sub(max(c.Since, closed)) >= r.After
}

// Find is the ticket of a finding, with its first event. An incident at the home is joined, as a report would. The resident's clocks
// do not run on it (A6.6).
func Find(id string, c Cold, incident, text string, r FindingRules, now sensors.Instant) (Ticket, []Event, error) {
	f := Filing{ID: id, Household: c.Household, Kind: Finding, Text: text, Incident: incident, Actor: Actor{Role: Monitor}}
	t, events, err := File(f, ContractDuties(func(sensors.Instant) bool { return false }), now)
	if err == nil && r.Target > 0 {
		t.Target = starting(now.Add(r.Target), r.WarnBefore)
	}
	return t, events, err
}

// Clear closes a finding because the monitor finds that its reason is gone; why says what it found. ErrConflict for a ticket that is not
// an open finding: only those who reported something say that it is over.
func Clear(t Ticket, why string, now sensors.Instant) (Ticket, []Event, error) {
	row, ok := transition(t.State, Cleared)
	if !ok || t.Kind != Finding {
		return t, nil, errors.Join(ErrConflict, errors.New("it is not an open finding"))
	}
	next, events := Breaches(t, now)
	next.Target = next.Target.answered(now)
	next, events = next.does(row, Command{Event: Cleared, Text: why, Actor: Actor{Role: Monitor}}, events, now)
	return next, events, nil
}
