package pages

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

var auditors = []string{"auditor", "admin"}

func auditPages() []page {
	return []page{{method: http.MethodGet, pattern: "/audit", who: auditors, do: audit}}
}

// auditData is a season in numbers, homes to look at, and the evidence log.
type auditData struct {
	Winter  int
	From    time.Time
	To      time.Time
	Tickets int
	Times   []struct {
		Status, Clause string
		Homes          int
		Seconds        float64
	}
	Episodes []struct {
		Status    string
		Episodes  int
		Below     float64 `json:"below_seconds"`
		Confirmed float64 `json:"confirmed_seconds"`
		Dismissed float64 `json:"dismissed_seconds"`
	}
	Missed, Decided []struct {
		Kind, Event string
		Count       int
	}
	Stations   []struct{ Policy, Station, Method string }
	Q          string
	Homes      []deskHome
	Checkpoint string
}

// audit is the first page of those who look on. A winter goes from July to June.
func audit(r *request) error {
	data := auditData{Winter: r.winterOf(r.Query("winter")), Q: strings.TrimSpace(r.Query("q"))}
	from := time.Date(data.Winter, time.July, 1, 0, 0, 0, 0, r.pages.options.Zone)
	query := url.Values{"from": {from.Format(time.RFC3339)}, "to": {from.AddDate(1, 0, 0).Format(time.RFC3339)}}
	if err := r.get("/api/v1/season-report?"+query.Encode(), &data); err != nil {
		return err
	}
	if data.Q != "" {
		var found struct{ Homes []deskHome }
		if err := r.get("/api/v1/homes?"+url.Values{"q": {data.Q}}.Encode(), &found); err != nil {
			return err
		}
		data.Homes = found.Homes
	}
	if a, err := r.exchange(http.MethodGet, "/log/checkpoint", nil); err == nil { // without one the page says so
		data.Checkpoint = a.body.String()
	}
	return r.show("audit.html", r.say("audit.title"), data)
}
