package pages

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

func deskHomePages() []page {
	return []page{
		{method: http.MethodGet, pattern: "/desk/homes", who: parties, do: findHomes},
		{method: http.MethodGet, pattern: "/desk/homes/:id", who: parties, do: showHome},
		{method: http.MethodPost, pattern: "/desk/homes/:id/confirm", who: dispatch, do: confirmEpisode},
		{method: http.MethodPost, pattern: "/desk/homes/:id/contest", who: dispatch, do: confirmEpisode},
		{method: http.MethodGet, pattern: "/desk/handover", who: watch, do: handover},
		{method: http.MethodGet, pattern: "/desk/devices", who: watch, do: devices},
		{method: http.MethodPost, pattern: "/desk/devices", who: dispatch, do: calibrate},
		{method: http.MethodGet, pattern: "/desk/days", who: parties, do: officialDays},
		{method: http.MethodPost, pattern: "/desk/days", who: dispatch, do: enterDays},
	}
}

// findHomes finds homes by account, telephone or address.
func findHomes(r *request) error {
	var found struct{ Homes []deskHome }
	if q := strings.TrimSpace(r.Query("q")); q != "" {
		if err := r.get("/api/v1/homes?"+url.Values{"q": {q}}.Encode(), &found); err != nil {
			return err
		}
		if len(found.Homes) == 1 {
			return r.to(found.Homes[0].Path())
		}
	}
	return r.show("desk_homes.html", r.say("desk.page.homes"), map[string]any{"Q": r.Query("q"), "Homes": found.Homes})
}

// deskEpisode is an episode of cold.
type deskEpisode struct {
	ID         string
	Room       string
	Start, End time.Time
	Status     string
	Below      float64 `json:"below_seconds"`
	Confirmed  float64 `json:"confirmed_seconds"`
	Dismissed  float64 `json:"dismissed_seconds"`
}

// deskHomeData is a home's page.
type deskHomeData struct {
	Home      deskHome
	Now       *standing
	Count     counted
	Episodes  []deskEpisode
	Tickets   []deskReport
	Contracts []struct{ ID, Number, From, Until, Address string }
	Matters   []homeMatters
	Acts      bool
}

// homeMatters are the matters of one kind that concern a home.
type homeMatters struct {
	Kind, At string
	Rows     []deskMatter
}

func showHome(r *request) error { return r.shownHome(r.Param("id"), nil) }

// shownHome is a home's page. What its reader may not see is left out, part by part.
func (r *request) shownHome(id string, wrong error) error {
	var found struct{ Homes []deskHome }
	if err := r.get("/api/v1/homes?"+url.Values{"id": {id}}.Encode(), &found); err != nil {
		return err
	}
	if len(found.Homes) == 0 {
		return &Problem{Status: http.StatusNotFound}
	}
	data := deskHomeData{Home: found.Homes[0], Acts: slices.Contains(dispatch, r.who.Role)}
	data.Now, data.Count = r.standingOf(id), r.stoppagesOf(data.Home, "")
	now := r.now()
	query := url.Values{
		"from": {now.AddDate(0, 0, -200).UTC().Format(time.RFC3339)}, "to": {now.UTC().Format(time.RFC3339)}, "because": {"false"},
	}
	var episodes struct{ Episodes []deskEpisode }
	var tickets struct{ Tickets []deskReport }
	one := url.Values{"household": {id}, "limit": {"20"}}.Encode()
	for path, into := range map[string]any{
		"/api/v1/households/" + url.PathEscape(id) + "/episodes?" + query.Encode(): &episodes,
		"/api/v1/tickets?" + one: &tickets,
	} {
		if err := r.optional(path, into); err != nil {
			return err
		}
	}
	data.Episodes, data.Tickets = episodes.Episodes, tickets.Tickets
	slices.Reverse(data.Episodes)
	for _, k := range matterKinds() {
		var found struct{ Items []deskMatter }
		if err := r.optional(k.api()+"?"+one, &found); err != nil {
			return err
		}
		data.Matters = append(data.Matters, homeMatters{k.name, k.at, found.Items})
	}
	if wrong != nil {
		return r.again(wrong, "desk_home.html", data.Home.Says(), data)
	}
	return r.show("desk_home.html", data.Home.Says(), data)
}

// optional reads what its reader may be turned away from: then nothing is read.
func (r *request) optional(path string, into any) error {
	err := r.get(path, into)
	if p := asProblem(err); p != nil && (p.Status == http.StatusForbidden || p.Status == http.StatusNotFound) {
		return nil
	}
	return err
}

// confirmEpisode says for the supplier that an episode was so, or was not.
func confirmEpisode(r *request) error {
	id, verb := r.Param("id"), r.FullPath()[strings.LastIndex(r.FullPath(), "/")+1:]
	body := r.sent(field{name: "start", kind: hiddenField}, field{name: "end", kind: hiddenField}, field{name: "text", kind: textField})
	if err := r.post("/api/v1/episodes/"+url.PathEscape(r.PostForm("episode"))+"/"+verb, body, nil); err != nil {
		return r.shownHome(id, err)
	}
	return r.to("/desk/homes/" + url.PathEscape(id) + "#episodes")
}

// handoverData is what one shift leaves to the next.
type handoverData struct {
	From, To    time.Time
	Open        handedOver
	Emergencies handedOver
	Breached    handedOver
	Promised    handedOver
	Incidents   struct {
		Count     int
		Incidents []incident
	}
	Homes deskHomes `json:"-"`
	Hours int       `json:"-"`
}

type handedOver struct {
	Count   int
	Tickets []deskReport
}

// handover is the sheet of the last hours, for printing.
func handover(r *request) error {
	hours, err := strconv.Atoi(r.Query("hours"))
	if err != nil || hours < 1 || hours > 72 {
		hours = 12
	}
	now := r.now()
	query := url.Values{"from": {now.Add(-time.Duration(hours) * time.Hour).UTC().Format(time.RFC3339)}, "to": {now.UTC().Format(time.RFC3339)}}
	data := handoverData{Hours: hours}
	if err := r.get("/api/v1/handover?"+query.Encode(), &data); err != nil {
		return err
	}
	data.Homes = r.homesOf(slices.Concat(data.Open.Tickets, data.Emergencies.Tickets, data.Breached.Tickets, data.Promised.Tickets))
	return r.show("desk_handover.html", r.say("desk.page.handover"), data)
}

// devicesData is the devices that need somebody.
type devicesData struct {
	Due []struct {
		Device, Household, Room, Test string
		At                            time.Time
		Difference                    float64
	}
	Next   string
	Counts map[string]int
	Lines  []struct {
		Reason, Device, Household, Raw string
		Received                       time.Time
	}
	Calibrate *form
}

func calibrationFields(r *request) []field {
	return []field{
		{name: "device", kind: lineField, need: true, value: r.Query("device")},
		{name: "from", kind: timeField, need: true},
		{name: "offset_celsius", kind: numberField, need: true},
		{name: "certificate", kind: lineField, need: true},
	}
}

// devices is the sensors that disagree with a test and the readings that were set aside.
func devices(r *request) error { return r.shownDevices(nil) }

func (r *request) shownDevices(wrong error) error {
	var data devicesData
	var due struct {
		Items json.RawMessage
		Next  string
	}
	query := url.Values{"limit": {"50"}}
	if cursor := r.Query("cursor"); cursor != "" {
		query.Set("cursor", cursor)
	}
	if err := r.get("/api/v1/calibrations/due?"+query.Encode(), &due); err != nil {
		return err
	}
	if err := json.Unmarshal(due.Items, &data.Due); err != nil {
		return err
	}
	if due.Next != "" {
		data.Next = "/desk/devices?cursor=" + url.QueryEscape(due.Next)
	}
	if err := r.get("/api/v1/quarantine?limit=50", &data); err != nil {
		return err
	}
	if slices.Contains(dispatch, r.who.Role) {
		f := r.form("calibrate", "/desk/devices", 0, calibrationFields(r)...)
		f.Open = f.Open || r.Query("device") != ""
		data.Calibrate = &f
	}
	if wrong != nil {
		return r.again(wrong, "desk_devices.html", r.say("desk.page.devices"), data)
	}
	return r.show("desk_devices.html", r.say("desk.page.devices"), data)
}

// calibrate writes a device's calibration.
func calibrate(r *request) error {
	body := r.sent(calibrationFields(r)...)
	delete(body, "device")
	if err := r.post("/api/v1/devices/"+url.PathEscape(strings.TrimSpace(r.PostForm("device")))+"/calibrations", body, nil); err != nil {
		return r.shownDevices(err)
	}
	return r.to("/desk/devices")
}

// officialDaysData is the published daily means.
type officialDaysData struct {
	Station  string
	From, To string
	Days     []struct {
		Date    string
		Celsius float64
	}
	Enter *form
}

func dayFields(r *request) []field {
	return []field{
		{name: "station", kind: lineField, need: true, value: r.Query("station")},
		{name: "date", kind: dateField, need: true},
		{name: "celsius", kind: numberField, need: true},
		{name: "source", kind: lineField, need: true},
	}
}

// officialDays is the official daily means outdoors, which take precedence (A7.2.2.4).
func officialDays(r *request) error { return r.shownDays(nil) }

func (r *request) shownDays(wrong error) error {
	today := r.now().In(r.pages.options.Zone)
	data := officialDaysData{Station: r.Query("station"), From: r.Query("from"), To: r.Query("to")}
	if data.From == "" {
		data.From = today.AddDate(0, 0, -60).Format(time.DateOnly)
	}
	if data.To == "" {
		data.To = today.Format(time.DateOnly)
	}
	if slices.Contains(dispatch, r.who.Role) {
		f := r.form("days", "/desk/days", 0, dayFields(r)...)
		data.Enter = &f
	}
	if data.Station != "" {
		query := url.Values{"station": {data.Station}, "from": {data.From}, "to": {data.To}}
		if err := r.get("/api/v1/official-days?"+query.Encode(), &data); err != nil {
			wrong = err
		}
	}
	if wrong != nil {
		return r.again(wrong, "desk_days.html", r.say("desk.page.days"), data)
	}
	return r.show("desk_days.html", r.say("desk.page.days"), data)
}

// enterDays enters a published daily mean.
func enterDays(r *request) error {
	sent := r.sent(dayFields(r)...)
	day := map[string]any{}
	for _, name := range []string{"date", "celsius"} {
		if v, ok := sent[name]; ok {
			day[name] = v
		}
		delete(sent, name)
	}
	sent["days"] = []any{day}
	if err := r.post("/api/v1/official-days", sent, nil); err != nil {
		return r.shownDays(err)
	}
	return r.to("/desk/days?station=" + url.QueryEscape(r.PostForm("station")))
}
