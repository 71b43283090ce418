package pages

import (
	"net/url"
	"slices"
)

// deskHome is what is known of where a home is.
type deskHome struct {
	ID         string
	Account    string
	Address    string
	Building   string
	Riser      string
	Substation string
	Phone      string
	Rooms      []string
}

// Says is how the home is called: its address, or its id.
func (h deskHome) Says() string {
	if h.Address == "" {
		return h.ID
	}
	return h.Address + " " + h.ID
}

// Path is the home's page at the desk.
func (h deskHome) Path() string { return "/desk/homes/" + url.PathEscape(h.ID) }

// deskHomes are homes by id.
type deskHomes map[string]deskHome

// Of is a home, or one of which nothing is known but its id.
func (all deskHomes) Of(id string) deskHome {
	if h, ok := all[id]; ok {
		return h
	}
	return deskHome{ID: id}
}

// homesOf are the homes of tickets. What cannot be read is called by its id.
func (r *request) homesOf(tickets []deskReport) deskHomes {
	ids := make([]string, 0, len(tickets))
	for i := range tickets {
		ids = append(ids, tickets[i].Household)
	}
	return r.deskHomes(ids)
}

// deskHomes are some homes by id.
func (r *request) deskHomes(ids []string) deskHomes {
	const most = 100 // that one request asks for
	all := deskHomes{}
	slices.Sort(ids)
	for part := range slices.Chunk(slices.Compact(ids), most) {
		var found struct{ Homes []deskHome }
		if err := r.get("/api/v1/homes?"+url.Values{"id": part}.Encode(), &found); err != nil {
			continue
		}
		for _, h := range found.Homes {
			all[h.ID] = h
		}
	}
	return all
}

// deskHome is one home.
func (r *request) deskHome(id string) deskHome { return r.deskHomes([]string{id}).Of(id) }
