package pages

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// deskTicketData is a ticket's page.
type deskTicketData struct {
	Ticket  deskReport
	Home    deskHome
	Now     *standing
	Forms   []form
	Attach  string // where files are sent; empty: none may be added
	Because string
}

// standing is how a home stands: its tile that is judged last, and its rooms'.
type standing struct {
	Household deskTile
	Rooms     []deskRoom
}

// deskTile is a time in which a home or room had one status.
type deskTile struct {
	Start, End     time.Time
	Status, Clause string
	Provisional    bool
}

type deskRoom struct {
	Room, Kind string
	Judged     bool
	Tiles      []deskTile
}

// Last is the room's latest tile.
func (r deskRoom) Last() deskTile {
	if len(r.Tiles) == 0 {
		return deskTile{}
	}
	return r.Tiles[len(r.Tiles)-1]
}

// standingOf is how a home stood last within a day; nil: nothing was judged, or it may not be seen.
func (r *request) standingOf(household string) *standing {
	now := r.now()
	query := url.Values{
		"from": {now.Add(-24 * time.Hour).UTC().Format(time.RFC3339)}, "to": {now.Add(time.Minute).UTC().Format(time.RFC3339)}, "because": {"false"},
	}
	var found struct {
		Rooms []deskRoom
		Tiles []deskTile
	}
	if err := r.get("/api/v1/households/"+url.PathEscape(household)+"/tiles?"+query.Encode(), &found); err != nil || len(found.Tiles) == 0 {
		return nil
	}
	return &standing{found.Tiles[len(found.Tiles)-1], found.Rooms}
}

// ticketDeed is something that a dispatcher does to a ticket, in which states.
type ticketDeed struct {
	verb   string
	states []string
	fields []field
}

var anyState = ticketStates

func ticketDeeds() []ticketDeed {
	text := field{name: "text", kind: textField, need: true}
	note := field{name: "text", kind: textField}
	open := []string{"open"}
	return []ticketDeed{
		{"reply", anyState, []field{text}},
		{"update", anyState, []field{text}},
		{"assign", open, []field{{name: "assignee", kind: lineField, need: true}, note}},
		{"appoint", open, []field{{name: "from", kind: timeField, need: true}, {name: "until", kind: timeField, need: true}, note}},
		{"visit", open, []field{text, {name: "celsius", kind: numberField}}},
		{"resolve", open, []field{text}},
		{"reopen", []string{"resolved"}, []field{text}},
	}
}

func (r *request) report(id string) (t deskReport, err error) {
	return t, r.get("/api/v1/tickets/"+url.PathEscape(id), &t)
}

// deskTicket is GET /desk/tickets/:id.
func deskTicket(r *request) error { return r.showTicket(nil) }

// showTicket shows a ticket, and what was wrong with what was just sent.
func (r *request) showTicket(wrong error) error {
	t, err := r.report(r.Param("id"))
	if err != nil {
		return err
	}
	at := "/desk/tickets/" + url.PathEscape(t.ID)
	data := deskTicketData{Ticket: t, Home: r.deskHome(t.Household), Now: r.standingOf(t.Household)}
	if slices.Contains(dispatch, r.who.Role) {
		for _, v := range ticketDeeds() {
			if slices.Contains(v.states, t.State) {
				f := r.form(v.verb, at+"/"+v.verb, 0, v.fields...)
				f.Open = f.Open || v.verb == "reply" && t.Clocks.Reply.waits() || v.verb == "update" && t.Clocks.Update.waits()
				data.Forms = append(data.Forms, f)
			}
		}
		data.Attach = at + "/attachments"
	}
	title := r.say("desk.kind."+t.Kind) + " " + t.ID
	if wrong != nil {
		return r.again(wrong, "desk_ticket.html", title, data)
	}
	if r.partial() {
		return r.show("desk_ticket_now.html", "", data)
	}
	return r.show("desk_ticket.html", title, data)
}

// workOnTicket does something to a ticket.
func workOnTicket(r *request) error {
	id, verb := r.Param("id"), r.Param("verb")
	api := "/api/v1/tickets/" + url.PathEscape(id) + "/" + verb
	err := error(&Problem{Status: http.StatusNotFound})
	if verb == "attachments" {
		err = r.attach(api)
	}
	for _, v := range ticketDeeds() {
		if v.verb == verb {
			err = r.post(api, r.sent(v.fields...), nil)
		}
	}
	if err != nil {
		if p := asProblem(err); p != nil && p.Status == http.StatusNotFound {
			return err
		}
		return r.showTicket(err)
	}
	return r.to("/desk/tickets/" + url.PathEscape(id))
}

// maxUpload bounds what a form with files may hold, in bytes: more than the API takes, which says so itself.
const maxUpload = 48 << 20

// attach sends the file of a form on. It is not kept here.
func (r *request) attach(api string) error {
	header, err := r.FormFile("file")
	if err != nil {
		return &Problem{Status: http.StatusUnprocessableEntity, Detail: "the form has no file"}
	}
	f, err := header.Open()
	if err != nil {
		return err
	}
	defer f.Close() // it is only read
	query := url.Values{"name": {header.Filename}}
	if text := strings.TrimSpace(r.PostForm("text")); text != "" {
		query.Set("text", text)
	}
	return r.forward(http.MethodPost, api+"?"+query.Encode(), "application/octet-stream", io.Reader(f), nil)
}
