package disputes

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/nuanju/nuanju/sensors"
)

// checkIncidentPlace says what is wrong with a place for an incident, or nil: an incident is about many homes, and not about all.
func checkIncidentPlace(p Place) error {
	if !slices.Contains([]PlaceKind{AtRiser, AtBuilding, AtSubstation}, p.Kind) {
		return &FieldError{"place.kind", "is not one of riser, building, substation"}
	}
	if err := p.Check(); err != nil {
		return &FieldError{"place.id", err.Error()}
	}
	return nil
}

// Incident is one trouble that many tickets are about. It is answered once for all of them. Its states are Open and Resolved.
type Incident struct {
	ID       string
	Place    Place
	Text     string
	State    State
	OpenedAt sensors.Instant
	ClosedAt sensors.Instant // 0 while it is open
	OpenedBy Actor
	Version  int64 // the number of its events
}

// IncidentEvent is one entry of an incident's timeline: filed, reply, update, resolve. What became of each ticket stands in the
// ticket's own.
type IncidentEvent struct {
	Seq   int64
	Event EventKind
	At    sensors.Instant // the server's time
	Actor Actor
	Text  string
}

// incidentRecord is an event as the evidence log keeps it.
type incidentRecord struct {
	Key      string    `json:"key"`
	Incident string    `json:"incident"`
	Place    PlaceKind `json:"place"`
	PlaceID  string    `json:"place_id"`
	Seq      int64     `json:"seq"`
	Event    EventKind `json:"event"`
	At       time.Time `json:"at"`
	Role     Role      `json:"role"`
	Actor    string    `json:"actor"`
	Text     string    `json:"text"`
}

// Key names the event among all events of all incidents.
func (e IncidentEvent) Key(i Incident) string {
	return "incident/" + i.ID + "/" + strconv.FormatInt(e.Seq, 10)
}

// Record is what the evidence log keeps of an event, as JSON.
func (e IncidentEvent) Record(i Incident) ([]byte, error) {
	return json.Marshal(incidentRecord{e.Key(i), i.ID, i.Place.Kind, i.Place.ID, e.Seq, e.Event, e.At.Time(), e.Actor.Role, e.Actor.ID, e.Text})
}

// OpenIncident is a new incident with its first event.
func OpenIncident(id string, place Place, text string, by Actor, now sensors.Instant) (Incident, IncidentEvent, error) {
	if err := checkIncidentPlace(place); err != nil {
		return Incident{}, IncidentEvent{}, err
	}
	if reason := textProblem(text, false); reason != "" {
		return Incident{}, IncidentEvent{}, &FieldError{"text", reason}
	}
	i := Incident{ID: id, Place: place, Text: text, State: Open, OpenedAt: now, OpenedBy: by, Version: 1}
	return i, IncidentEvent{Seq: 1, Event: Filed, At: now, Actor: by, Text: text}, nil
}

// Do answers or resolves an incident. The events are Replied, Updated and ResolvedIt, of a dispatcher or an admin, and each says something. ErrConflict for
// one that is resolved, or that has another version than was seen (0: any).
func (i Incident) Do(event EventKind, text string, version int64, by Actor, now sensors.Instant) (Incident, IncidentEvent, error) {
	row, ok := transition(Open, event)
	switch {
	case i.State != Open, version != 0 && version != i.Version:
		return i, IncidentEvent{}, ErrConflict
	case !ok || !slices.Contains([]EventKind{Replied, Updated, ResolvedIt}, event):
		return i, IncidentEvent{}, &FieldError{"event", "is not one of an incident's"}
	case !mayAct(row.Who, by.Role):
		return i, IncidentEvent{}, ErrNotAllowed
	}
	if reason := textProblem(text, true); reason != "" {
		return i, IncidentEvent{}, &FieldError{"text", reason}
	}
	i.Version++
	if i.State = row.To; i.State != Open {
		i.ClosedAt = now
	}
	return i, IncidentEvent{Seq: i.Version, Event: event, At: now, Actor: by, Text: text}, nil
}

// Located is an open ticket that is about cold, and where its home is. A home may have no riser.
type Located struct {
	Ticket, Household, Riser, Building, Substation string
	At                                             sensors.Instant // of the report or finding
}

// Cluster is tickets of several homes of one place, close in time: one trouble, it seems.
type Cluster struct {
	Place   Place
	Tickets []string // in order
}

// Clusters finds the places where at least so many homes reported cold, or were found cold, within a time (its end included): risers
// first, then buildings, then substations, each of the tickets that no smaller place has taken. A place's cluster has all
// of its tickets that lie in such a time. The result does not depend on the order of the tickets.
func Clusters(all []Located, homes int, within time.Duration) (found []Cluster) {
	rest := slices.Clone(all)
	slices.SortFunc(rest, func(a, b Located) int { return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Ticket, b.Ticket)) })
	for _, level := range []struct {
		kind PlaceKind
		id   func(Located) string
	}{
		{AtRiser, func(l Located) string { return l.Riser }},
		{AtBuilding, func(l Located) string { return l.Building }},
		{AtSubstation, func(l Located) string { return l.Substation }},
	} {
		places := map[string][]Located{}
		for _, l := range rest {
			if id := level.id(l); id != "" {
				places[id] = append(places[id], l)
			}
		}
		taken := map[string]bool{}
		for id, at := range places {
			tickets := together(at, homes, within)
			if len(tickets) == 0 {
				continue
			}
			found = append(found, Cluster{Place{level.kind, id}, tickets})
			for _, t := range tickets {
				taken[t] = true
			}
		}
		rest = slices.DeleteFunc(rest, func(l Located) bool { return taken[l.Ticket] })
	}
	slices.SortFunc(found, func(a, b Cluster) int {
		return cmp.Or(cmp.Compare(a.Place.Kind, b.Place.Kind), cmp.Compare(a.Place.ID, b.Place.ID))
	})
	return found
}

// together is the tickets of one place, given in order of time, that lie in a time in which so many homes have one.
func together(at []Located, homes int, within time.Duration) (tickets []string) {
	in := map[string]int{} // the homes of at[first:end], and how many tickets each has
	end, taken := 0, 0
	for first := range at {
		for ; end < len(at) && at[end].At.Sub(at[first].At) <= within; end++ {
			in[at[end].Household]++
		}
		if len(in) >= homes {
			for taken = max(taken, first); taken < end; taken++ {
				tickets = append(tickets, at[taken].Ticket)
			}
		}
		if home := at[first].Household; in[home] == 1 {
			delete(in, home)
		} else {
			in[home]--
		}
	}
	return tickets
}
