package pages

import (
	"net/url"
	"time"
)

// nowData is what a home's first page shows.
type nowData struct {
	Home   ownHome
	Status *statusNow
	Rooms  []roomState
	Range  string // 24h or 7d
	Chart  chart
	Season seasonHours
	Open   []report
	Bill   *ownWinter
}

// statusNow is how the household stands.
type statusNow struct {
	Status, Clause string
	Since          time.Time
	OwedFrom       time.Time // in grace
	Provisional    bool
	Why            string
}

// roomState is how a room stands.
type roomState struct {
	roomView
	Status    string
	Since     time.Time
	Threshold float64
	Owed      bool // Threshold is
	Why       string
}

// seasonHours is what the season came to so far, in s.
type seasonHours struct {
	Below, Unknown float64
	Exempt         []exemptHours
	Confirmed      float64 // of all rooms together
	Suspected      int     // episodes of which something is undecided
}

type exemptHours struct {
	Clause  string
	Seconds float64
}

// homeNow is GET /home/{home}.
func homeNow(r *request) error {
	d := nowData{Range: "24h"}
	var err error
	if d.Home, err = r.ownHome(); err != nil {
		return err
	}
	now := d.Home.Now
	from := now.Add(-24 * time.Hour)
	if r.Query("range") == "7d" {
		d.Range, from = "7d", now.AddDate(0, 0, -7)
	}
	season, err := r.seasonOf(&d)
	if err != nil {
		return err
	}
	recent, err := r.tiles(from, now, true)
	if err != nil {
		return err
	}
	d.stand(r, season, recent)
	lines, err := r.curves(from, now, 140)
	if err != nil {
		return err
	}
	d.Chart = r.draw(chartOf(lines, recent, from, now))
	if d.Open, err = r.openTickets(); err != nil {
		return err
	}
	if d.Bill, err = r.lastWinter(); err != nil {
		return err
	}
	return r.show("home_now.html", d.Home.name(r), d)
}

// name is what a page calls a home.
func (h ownHome) name(r *request) string {
	if h.Address != "" {
		return h.Address
	}
	return r.say("home.of", h.Household)
}

// seasonOf reads the season's tiles and episodes and adds them up.
func (r *request) seasonOf(d *nowData) (homeTiles, error) {
	if !d.Home.Start.Before(d.Home.Now) {
		return homeTiles{}, nil
	}
	all, err := r.tiles(d.Home.Start, d.Home.Now, false)
	if err != nil {
		return all, err
	}
	episodes, err := r.episodes(d.Home.Start, d.Home.Now)
	if err != nil {
		return all, err
	}
	d.Season = addUp(all.Tiles, episodes)
	return all, nil
}

// addUp adds up the time of each status.
func addUp(tiles []ownTile, episodes []ownEpisode) (s seasonHours) {
	for _, t := range tiles {
		length := t.End.Sub(t.Start).Seconds()
		switch t.Status {
		case "below":
			s.Below += length
		case "unknown":
			s.Unknown += length
		case "exempt":
			found := false
			for i := range s.Exempt {
				if s.Exempt[i].Clause == t.Clause {
					s.Exempt[i].Seconds += length
					found = true
				}
			}
			if !found {
				s.Exempt = append(s.Exempt, exemptHours{t.Clause, length})
			}
		}
	}
	for _, e := range episodes {
		s.Confirmed += e.Confirmed
		if e.Undecided() {
			s.Suspected++
		}
	}
	return s
}

// stand fills in how the household and its rooms stand now.
func (d *nowData) stand(r *request, season, recent homeTiles) {
	if t := last(recent.Tiles); t != nil {
		d.Status = &statusNow{Status: t.Status, Clause: t.Clause, Since: sinceOf(season.Tiles, t), OwedFrom: t.owedFrom(), Provisional: t.Provisional, Why: r.why("", t)}
	}
	for _, room := range d.Home.Rooms {
		s := roomState{roomView: room}
		for _, tiles := range recent.Rooms {
			t := last(tiles.Tiles)
			if tiles.Room != room.Room || t == nil {
				continue
			}
			s.Status, s.Why = t.Status, r.why(room.Room, t)
			s.Threshold, s.Owed = t.threshold()
			s.Since = t.Start
			for _, whole := range season.Rooms {
				if whole.Room == room.Room {
					s.Since = sinceOf(whole.Tiles, t)
				}
			}
		}
		d.Rooms = append(d.Rooms, s)
	}
}

// sinceOf is since when a tile goes on; the one that is given may be cut by the time that was asked for.
func sinceOf(season []ownTile, t *ownTile) time.Time {
	if whole := last(season); whole != nil && whole.Status == t.Status && whole.Clause == t.Clause {
		return whole.Start
	}
	return t.Start
}

// why is the address of the letter about a tile: its last instant that is in it.
func (r *request) why(room string, t *ownTile) string {
	at := t.End.Add(-time.Nanosecond)
	return r.at("/why?" + url.Values{"room": {room}, "at": {at.UTC().Format(time.RFC3339Nano)}}.Encode())
}
