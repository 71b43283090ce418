package pages

import (
	"net/url"
	"slices"
)

// homeView is what is known of where a home is.
type homeView struct {
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
func (h homeView) Says() string {
	if h.Address == "" {
		return h.ID
	}
	return h.Address + " " + h.ID
}

// Path is the home's page at the desk.
func (h homeView) Path() string { return "/desk/homes/" + url.PathEscape(h.ID) }

// homeViews are homes by id.
type homeViews map[string]homeView

func (all homeViews) of(id string) homeView {
	if h, ok := all[id]; ok {
		return h
	}
	return homeView{ID: id}
}

// homesOf are the homes of tickets. What cannot be read is called by its id.
func (r *request) homesOf(tickets []ticket) homeViews {
	ids := make([]string, 0, len(tickets))
	for i := range tickets {
		ids = append(ids, tickets[i].Household)
	}
	return r.homes(ids)
}

// homes are some homes by id.
func (r *request) homes(ids []string) homeViews {
	const most = 100 // that one request asks for
	all := homeViews{}
	slices.Sort(ids)
	for part := range slices.Chunk(slices.Compact(ids), most) {
		var found struct{ Homes []homeView }
		if err := r.get("/api/v1/homes?"+url.Values{"id": part}.Encode(), &found); err != nil {
			continue
		}
		for _, h := range found.Homes {
			all[h.ID] = h
		}
	}
	return all
}

// home is one home.
func (r *request) home(id string) homeView { return r.homes([]string{id}).of(id) }
