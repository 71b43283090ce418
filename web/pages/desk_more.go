package pages

import "net/url"

// counted is a home that a stoppage touches, and how many of its season's planned stoppages count already (A7.2.2.5).
type counted struct {
	Home    deskHome
	Counted int
	Allowed int
	Ordinal int  // of the stoppage among those that count; 0: it does not
	Exempt  bool // the stoppage, for this home
	Known   bool
}

// touchedData is the homes that a stoppage touches.
type touchedData struct {
	Homes []counted
	More  bool
}

// stoppagesOf is how many planned stoppages count for a home, and what becomes of one of them.
func (r *request) stoppagesOf(home deskHome, stoppage string) counted {
	var found struct {
		Allowed, Counted int
		Stoppages        []struct {
			ID      string
			Ordinal int
			Exempt  bool
		}
	}
	c := counted{Home: home}
	if err := r.get("/api/v1/households/"+url.PathEscape(home.ID)+"/maintenance", &found); err != nil {
		return c
	}
	c.Counted, c.Allowed, c.Known = found.Counted, found.Allowed, true
	for _, s := range found.Stoppages {
		if s.ID == stoppage {
			c.Ordinal, c.Exempt = s.Ordinal, s.Exempt
		}
	}
	return c
}

// touched is every home that a stoppage touches, with its count.
func touched(r *request, m *deskMatter) (any, error) {
	query := url.Values{"place_kind": {m.Place.Kind}, "place_id": {m.Place.ID}}
	switch m.Place.Kind {
	case "household":
		query = url.Values{"id": {m.Place.ID}}
	case "everywhere":
		query.Del("place_id")
	}
	if after := r.Query("after"); after != "" {
		query.Set("after", after)
	}
	var found struct {
		Homes []deskHome
		Next  string
	}
	if err := r.get("/api/v1/homes?"+query.Encode(), &found); err != nil {
		return nil, err
	}
	data := touchedData{More: found.Next != ""}
	for _, h := range found.Homes {
		data.Homes = append(data.Homes, r.stoppagesOf(h, m.ID))
	}
	return data, nil
}

// printedData is a notice as it is printed.
type printedData struct{ ZH, EN string }

func printed(r *request, m *deskMatter) (any, error) {
	var p printedData
	err := r.get("/api/v1/notices/"+url.PathEscape(m.ID), &p)
	return p, err
}

// sheet is the printable announcement of a stoppage, in both languages.
func sheet(r *request) error {
	k := stoppages()
	m, err := k.find(r)
	if err != nil {
		return err
	}
	return r.show("desk_sheet.html", r.say("desk.sheet"), matterData{Kind: k.name, At: k.at, Matter: m, Facts: k.facts(r, &m)})
}
