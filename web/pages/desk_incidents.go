package pages

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// incident is one trouble of many homes.
type incident struct {
	ID       string
	Place    string
	PlaceID  string `json:"place_id"`
	Text     string
	State    string
	OpenedAt time.Time  `json:"opened_at"`
	ClosedAt *time.Time `json:"closed_at"`
	Version  int64
	Timeline []happened
	Tickets  []deskReport
}

// ticketAnswered is what became of one ticket of an incident.
type ticketAnswered struct {
	Ticket string
	Status int
	Detail string
}

func incidentPages() []page {
	return []page{
		{method: http.MethodGet, pattern: "/desk/incidents", who: watch, do: incidentList},
		{method: http.MethodPost, pattern: "/desk/incidents", who: dispatch, do: openIncident},
		{method: http.MethodGet, pattern: "/desk/incidents/:id", who: watch, do: showIncident},
		{method: http.MethodPost, pattern: "/desk/incidents/:id/:verb", who: dispatch, do: answerIncident},
	}
}

// incidentListData is the incidents, and the form that opens one.
type incidentListData struct {
	Incidents []incident
	State     string
	Next      string
	Open      *form
}

func incidentFields(r *request) []field {
	return []field{
		{name: "kind", kind: choiceField, options: []string{"riser", "building", "substation"}, need: true},
		{name: "id", kind: lineField, need: true, value: r.Query("id")},
		{name: "text", kind: textField, need: true},
		{name: "tickets", kind: lineField, value: strings.Join(r.QueryArray("ticket"), " ")},
	}
}

func (r *request) incidentForm() *form {
	if !slices.Contains(dispatch, r.who.Role) {
		return nil
	}
	f := r.form("incident", "/desk/incidents", 0, incidentFields(r)...).once(r)
	return &f
}

func incidentList(r *request) error {
	data := incidentListData{State: r.Query("state")}
	query := url.Values{}
	for _, name := range []string{"state", "cursor"} {
		if v := r.Query(name); v != "" {
			query.Set(name, v)
		}
	}
	var found struct {
		Incidents []incident
		Next      string
	}
	if err := r.get("/api/v1/incidents?"+query.Encode(), &found); err != nil {
		return err
	}
	data.Incidents = found.Incidents
	if found.Next != "" {
		query.Set("cursor", found.Next)
		data.Next = "/desk/incidents?" + query.Encode()
	}
	data.Open = r.incidentForm()
	return r.show("desk_incidents.html", r.say("desk.page.incidents"), data)
}

// split are the words of a line, at spaces and commas.
func split(text string) []string { return strings.Fields(strings.ReplaceAll(text, ",", " ")) }

func openIncident(r *request) error {
	sent := r.sent(incidentFields(r)...)
	body := map[string]any{"place": map[string]any{"kind": sent["kind"], "id": sent["id"]}, "tickets": split(r.PostForm("tickets"))}
	if text, ok := sent["text"]; ok {
		body["text"] = text
	}
	var done struct{ Incident incident }
	if err := r.post("/api/v1/incidents", body, &done); err != nil {
		return r.again(err, "desk_form.html", r.say("desk.verb.incident"), *r.incidentForm())
	}
	return r.to("/desk/incidents/" + url.PathEscape(done.Incident.ID))
}

// incidentData is one incident's page.
type incidentData struct {
	Incident incident
	Homes    deskHomes
	Forms    []form
	Outcomes []ticketAnswered // of what was just done
}

func (r *request) incident(id string) (incidentData, error) {
	var found struct{ Incident incident }
	err := r.get("/api/v1/incidents/"+url.PathEscape(id), &found)
	data := incidentData{Incident: found.Incident}
	if err != nil {
		return data, err
	}
	data.Homes = r.homesOf(data.Incident.Tickets)
	if data.Incident.State != "open" || !slices.Contains(dispatch, r.who.Role) {
		return data, nil
	}
	at := "/desk/incidents/" + url.PathEscape(id) + "/"
	for _, verb := range []string{"reply", "update", "resolve"} {
		data.Forms = append(data.Forms, r.form(verb, at+verb, data.Incident.Version, field{name: "text", kind: textField, need: true}))
	}
	for _, verb := range []string{"join", "leave"} {
		data.Forms = append(data.Forms, r.form(verb, at+verb, 0, field{name: "tickets", kind: lineField, need: true}))
	}
	return data, nil
}

func showIncident(r *request) error {
	data, err := r.incident(r.Param("id"))
	if err != nil {
		return err
	}
	if r.partial() {
		return r.show("desk_incident_now.html", "", data)
	}
	return r.show("desk_incident.html", r.say("desk.incident")+" "+data.Incident.ID, data)
}

// answerIncident answers all of an incident's open tickets at once, or moves tickets in and out of it.
func answerIncident(r *request) error {
	id, verb := r.Param("id"), r.Param("verb")
	var body map[string]any
	switch verb {
	case "reply", "update", "resolve":
		body = r.sent(field{name: "text", kind: textField})
	case "join", "leave":
		body = map[string]any{"tickets": split(r.PostForm("tickets"))}
	default:
		return &Problem{Status: http.StatusNotFound}
	}
	var done struct{ Outcomes []ticketAnswered }
	err := r.post("/api/v1/incidents/"+url.PathEscape(id)+"/"+verb, body, &done)
	failed := slices.DeleteFunc(done.Outcomes, func(o ticketAnswered) bool { return o.Status == http.StatusOK })
	if err == nil && len(failed) == 0 {
		return r.to("/desk/incidents/" + url.PathEscape(id))
	}
	data, missing := r.incident(id)
	if missing != nil {
		return missing
	}
	data.Outcomes = failed
	title := r.say("desk.incident") + " " + data.Incident.ID
	if err != nil {
		return r.again(err, "desk_incident.html", title, data)
	}
	return r.show("desk_incident.html", title, data)
}
