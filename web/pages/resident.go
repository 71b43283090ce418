package pages

import (
	"net/http"
	"net/url"
	"time"
)

// residentPages are those of residents and of those whom they let see their home.
func residentPages() []page {
	who := []string{"resident"}
	readers := []string{"resident", "dispatcher", "mediator", "auditor", "admin"} // of letters
	get := func(pattern string, do func(*request) error) page {
		return page{method: http.MethodGet, pattern: pattern, who: who, do: do}
	}
	post := func(pattern string, do func(*request) error) page {
		return page{method: http.MethodPost, pattern: pattern, who: who, do: do}
	}
	files := func(pattern string, do func(*request) error) page {
		p := post(pattern, do)
		p.most = maxReport
		return p
	}
	return []page{
		get("/home", chooseHome),
		get("/home/:home", homeNow),
		get("/home/:home/season", homeSeason),
		get("/home/:home/curves", homeCurves),
		{method: http.MethodGet, pattern: "/home/:home/why", who: readers, do: letter},
		get("/home/:home/report", reportForm),
		files("/home/:home/report", fileReport),
		get("/home/:home/reports", reportList),
		get("/home/:home/reports/:ticket", ticketPage),
		files("/home/:home/reports/:ticket/photos", ticketPhotos),
		post("/home/:home/reports/:ticket/:verb", reportVerb),
		get("/home/:home/test", askForm),
		post("/home/:home/test/sampling", askSampling),
		post("/home/:home/test/sampling/:id/cancel", cancelSampling),
		post("/home/:home/test/request", askForTest),
		post("/home/:home/test/request/:id/:verb", askVerb),
		get("/home/:home/cold", coldPage),
		post("/home/:home/cold/:id/:verb", sayOfEpisode),
		post("/home/:home/exemptions/:id/contest", contestExemption),
		get("/home/:home/people", peoplePage),
		post("/home/:home/people", invite),
		post("/home/:home/people/:id/revoke", revoke),
		get("/home/:home/bills", billsPage),
	}
}

// at is the path of a home's page.
func (r *request) at(path string) string { return "/home/" + url.PathEscape(r.Param("home")) + path }

// of is the API's path of the home that a page is about.
func (r *request) of(path string) string {
	return "/api/v1/households/" + url.PathEscape(r.Param("home")) + path
}

// ownHome is the home that the page is about, as who looks may see it.
func (r *request) ownHome() (h ownHome, err error) {
	err = r.get(r.of(""), &h)
	h.Path = r.at("")
	for _, own := range r.who.Homes {
		if own.Household == h.Household && (own.Until == nil || own.Until.After(r.now())) {
			h.Mine = h.Mine || !own.Delegated
			h.MayReport = h.MayReport || !own.Delegated || own.MayReport
		}
	}
	h.Several = len(r.who.Homes) > 1
	return h, err
}

// ownHome is a home as the API shows it, and what who looks may do.
type ownHome struct {
	Household, Account, Address string
	Now                         time.Time
	Zone, Policy                string
	Title                       twoTongues
	Standard                    float64
	HeatUp                      float64   `json:"heat_up_seconds"`
	Start                       time.Time `json:"season_start"`
	End                         time.Time `json:"season_end"`
	InSeason                    bool      `json:"in_season"`
	Rooms                       []roomView

	Path            string `json:"-"`
	Mine, MayReport bool   `json:"-"`
	Several         bool   `json:"-"`
}

// roomView is a room of it.
type roomView struct {
	Room, Kind     string
	Judged, Sensor bool
	Last           *struct {
		Time            time.Time
		Celsius, Offset float64
		Holds           bool
	}
}

// Sensor reports whether any judged room has a device.
func (h ownHome) Sensor() bool {
	for _, r := range h.Rooms {
		if r.Judged && r.Sensor {
			return true
		}
	}
	return false
}

// twoTongues is a text in both languages.
type twoTongues struct{ ZH, EN string }

// In is the text in a language.
func (w twoTongues) In(l Lang) string {
	if l == EN {
		return w.EN
	}
	return w.ZH
}

// chooseHome lists the homes that somebody may see, or goes to the only one.
func chooseHome(r *request) error {
	seen := map[string]bool{}
	var homes []ownHome
	for _, own := range r.who.Homes {
		if seen[own.Household] {
			continue
		}
		seen[own.Household] = true
		h := ownHome{}
		if err := r.get("/api/v1/households/"+url.PathEscape(own.Household), &h); err != nil {
			if p := asProblem(err); p == nil || p.Status >= http.StatusInternalServerError {
				return err
			}
			continue // a contract of a home that the registry does not have any more
		}
		h.Path = "/home/" + url.PathEscape(own.Household)
		homes = append(homes, h)
	}
	if len(homes) == 1 {
		return r.to(homes[0].Path)
	}
	return r.show("home_choose.html", r.say("home.choose"), homes)
}
