package pages

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// seasonData is a season's page.
type seasonData struct {
	Home   ownHome
	Hours  seasonHours
	Chart  chart
	From   time.Time
	To     time.Time
	Points string // where the chart gets its points
	Words  string // what the chart says, as JSON
	Zone   string // of the home
}

// homeSeason is GET /home/{home}/season: a chart of the whole season that one can zoom; without scripts a picture of it.
func homeSeason(r *request) error {
	d := nowData{}
	var err error
	if d.Home, err = r.ownHome(); err != nil {
		return err
	}
	words, err := json.Marshal(map[string]string{"failed": r.say("home.season.failed"), "shown": r.say("home.season.shown")})
	if err != nil {
		return err
	}
	s := seasonData{
		Home: d.Home, From: d.Home.Start, To: d.Home.End, Points: r.at("/curves"), Words: string(words), Zone: d.Home.Zone,
	}
	if s.To.After(d.Home.Now) {
		s.To = d.Home.Now
	}
	if !s.From.Before(s.To) {
		return r.show("home_season.html", r.say("home.season"), s)
	}
	all, err := r.seasonOf(&d)
	if err != nil {
		return err
	}
	s.Hours = d.Season
	lines, err := r.curves(s.From, s.To, 300)
	if err != nil {
		return err
	}
	s.Chart = r.draw(chartOf(lines, all, s.From, s.To))
	return r.show("home_season.html", r.say("home.season"), s)
}

// homeCurves is GET /home/{home}/curves: the points of a chart as JSON, downsampled so that no cold minute disappears.
func homeCurves(r *request) error {
	from, err1 := strconv.ParseInt(r.Query("from"), 10, 64)
	to, err2 := strconv.ParseInt(r.Query("to"), 10, 64)
	if err1 != nil || err2 != nil {
		return &Problem{Status: http.StatusUnprocessableEntity}
	}
	lines, err := r.curves(time.Unix(from, 0), time.Unix(to, 0), 800)
	if err != nil {
		return err
	}
	tiles, err := r.tiles(time.Unix(from, 0), time.Unix(to, 0), false)
	if err != nil {
		return err
	}
	type shade struct {
		From, To int64
		Status   string
	}
	answer := struct {
		Rooms  []roomCurve
		Shades []shade
	}{judgedFirst(lines.Rooms), []shade{}}
	for _, t := range tiles.Tiles {
		answer.Shades = append(answer.Shades, shade{t.Start.Unix(), t.End.Unix(), t.Status})
	}
	r.JSON(http.StatusOK, answer)
	return nil
}
