package pages

import (
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// letterData is a decision letter: why a tile is as it is.
type letterData struct {
	Household, Address, Account, Room, Kind string
	At, Now                                 time.Time
	Tile                                    struct {
		Start, End             time.Time
		Status, Clause, Policy string
		Provisional            bool
	}
	Clauses []struct {
		Clause       string
		Title, Plain twoTongues
	}
	Steps []struct {
		Clause, Rule string
		Says         twoTongues
	}
	Edition struct {
		Policy, Digest, From, Source, Certainty string
		Title                                   twoTongues
		Standard                                float64
	}
	Readings     []letterReading
	ReadingCount int             `json:"reading_count"`
	LeftOut      []letterReading `json:"left_out"`
	LeftOutCount int             `json:"left_out_count"`
	Curves       []roomCurve
	CurveFrom    time.Time    `json:"curve_from"`
	CurveTo      time.Time    `json:"curve_to"`
	WouldChange  []twoTongues `json:"would_change"`

	Chart      chart        `json:"-"`
	Checkpoint string       `json:"-"`
	Style      template.CSS `json:"-"`
	Download   string       `json:"-"` // where this letter can be had as a file; empty in the file
	Back       string       `json:"-"`
}

// letterReading is a reading of a letter.
type letterReading struct {
	Room, Device, Why, Raw string
	Time                   time.Time
	Celsius, Offset        float64
}

// letter is GET /home/{home}/why: the decision letter, a document of its own that needs nothing else.
func letter(r *request) error {
	var d letterData
	query := url.Values{"at": {r.Query("at")}}
	if room := r.Query("room"); room != "" {
		query.Set("room", room)
	}
	if err := r.get(r.of("/why?"+query.Encode()), &d); err != nil {
		return err
	}
	around, err := r.tiles(d.CurveFrom, d.CurveTo, true)
	if err != nil {
		return err
	}
	d.Chart = r.draw(chartOf(curves{Rooms: d.Curves}, shadesOf(around, d.Room), d.CurveFrom, d.CurveTo))
	signed, err := ask(r.pages.options.API, r.Request, "", http.MethodGet, "/log/checkpoint", "", nil)
	if err == nil { // a log that was never signed has none yet
		d.Checkpoint = signed.body.String()
	}
	style := r.pages.assets.text("letter.css")
	d.Style = template.CSS(style)
	sum := sha256.Sum256([]byte(style))
	r.Header("Content-Security-Policy", strings.Replace(policy, "style-src 'self'", "style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'", 1))
	if r.Query("download") != "" {
		r.Header("Content-Disposition", `attachment; filename="nuanju-`+d.At.UTC().Format("20060102T150405Z")+`-`+string(r.lang)+`.html"`)
	} else {
		query.Set("download", "1")
		d.Download, d.Back = r.at("/why?"+query.Encode()), "/"
		if r.who.Role == "resident" {
			d.Back = r.at("")
		}
	}
	return r.show("letter.html", r.say("letter.title"), d)
}

// shadesOf is the tiles that a letter's picture is shaded by: those of its room, or the household's.
func shadesOf(all homeTiles, room string) homeTiles {
	if room == "" {
		return all
	}
	for _, r := range all.Rooms {
		if r.Room == room {
			return homeTiles{Rooms: []tilesOfRoom{r}, Tiles: r.Tiles}
		}
	}
	return homeTiles{}
}
