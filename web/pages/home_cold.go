package pages

import (
	"net/url"
	"time"
)

// ownEpisode is an episode of cold as the API shows it.
type ownEpisode struct {
	ID, Room, Status string
	Start, End       time.Time
	Below            float64 `json:"below_seconds"`
	Confirmed        float64 `json:"confirmed_seconds"`
	Dismissed        float64 `json:"dismissed_seconds"`
	Cut              bool

	Why  string `json:"-"`
	Kind string `json:"-"`
	// What the sides have said of it.
	Said []said `json:"-"`
}

// Undecided reports whether some of it is neither confirmed nor dismissed.
func (e ownEpisode) Undecided() bool { return e.Status == "suspected" || e.Status == "partly_decided" }

// said is what a side said of an interval.
type said = matter[struct {
	Start, End time.Time
	Episode    string
}]

// episodes asks for a home's episodes, those that came last first.
func (r *request) episodes(from, to time.Time) ([]ownEpisode, error) {
	var list struct{ Episodes []ownEpisode }
	err := r.get(r.of("/episodes?because=false&"+between(from, to)), &list)
	for i, j := 0, len(list.Episodes)-1; i < j; i, j = i+1, j-1 {
		list.Episodes[i], list.Episodes[j] = list.Episodes[j], list.Episodes[i]
	}
	return list.Episodes, err
}

// ownClaim is an exemption that the supplier claims.
type ownClaim = matter[struct {
	Clause, Proof string
	Start, End    time.Time
	Exempts       bool
}]

// coldData is what was found of a season's cold, and what can be said of it.
type coldData struct {
	Home     ownHome
	Episodes []ownEpisode
	Claims   []ownClaim
}

// coldPage is GET /home/{home}/cold.
func coldPage(r *request) error {
	d, err := r.cold()
	if err != nil {
		return err
	}
	return r.show("home_cold.html", r.say("home.cold"), d)
}

func (r *request) cold() (d coldData, err error) {
	if d.Home, err = r.ownHome(); err != nil {
		return d, err
	}
	if d.Home.Start.Before(d.Home.Now) {
		if d.Episodes, err = r.episodes(d.Home.Start, d.Home.Now); err != nil {
			return d, err
		}
	}
	all, err := matters[struct {
		Start, End time.Time
		Episode    string
	}](r, "confirmations")
	if optional(err) != nil {
		return d, err
	}
	for i := range d.Episodes {
		e := &d.Episodes[i]
		e.Why = r.at("/why?" + url.Values{"room": {e.Room}, "at": {e.Start.UTC().Format(time.RFC3339Nano)}}.Encode())
		for _, room := range d.Home.Rooms {
			if room.Room == e.Room {
				e.Kind = room.Kind
			}
		}
		for _, s := range all {
			if s.About.Start.Before(e.End) && e.Start.Before(s.About.End) {
				e.Said = append(e.Said, s)
			}
		}
	}
	d.Claims, err = matters[struct {
		Clause, Proof string
		Start, End    time.Time
		Exempts       bool
	}](r, "exemptions")
	return d, optional(err)
}

// sayOfEpisode is POST /home/{home}/cold/{id}/confirm or /contest.
func sayOfEpisode(r *request) error {
	verb := r.Param("verb")
	if verb != "confirm" && verb != "contest" {
		return &Problem{Status: 404}
	}
	err := r.post("/api/v1/episodes/"+url.PathEscape(r.Param("id"))+"/"+verb, map[string]string{"text": r.PostForm("text")}, nil)
	if err != nil {
		return r.coldAgain(err)
	}
	return r.to(r.at("/cold"))
}

// contestExemption is POST /home/{home}/exemptions/{id}/contest.
func contestExemption(r *request) error {
	err := r.post("/api/v1/exemptions/"+url.PathEscape(r.Param("id"))+"/contest", map[string]string{"text": r.PostForm("text")}, nil)
	if err != nil {
		return r.coldAgain(err)
	}
	return r.to(r.at("/cold"))
}

func (r *request) coldAgain(err error) error {
	d, other := r.cold()
	if other != nil {
		return other
	}
	return r.again(err, "home_cold.html", r.say("home.cold"), d)
}
