package pages

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// dispatch is who works at the desk; watch who looks on as well.
var (
	dispatch = []string{"dispatcher", "admin"}
	watch    = []string{"dispatcher", "admin", "auditor"}
)

// deskPages are the dispatchers'.
func deskPages() []page {
	all := slices.Concat(incidentPages(), deskHomePages())
	for _, k := range matterKinds() {
		all = append(all, k.pages()...)
	}
	return append(all, []page{
		{method: http.MethodGet, pattern: "/desk/outages/:id/sheet", who: parties, do: sheet},
		{method: http.MethodGet, pattern: "/desk", who: dispatch, do: queue},
		{method: http.MethodGet, pattern: "/desk/tickets/:id", who: watch, do: deskTicket},
		{method: http.MethodPost, pattern: "/desk/tickets/:id/:verb", who: dispatch, most: maxUpload, do: workOnTicket},
		{method: http.MethodPost, pattern: "/desk/tickets", who: dispatch, do: fileCall},
	}...)
}

// deskReport is a ticket as the API shows it.
type deskReport struct {
	ID          string
	Household   string
	Kind        string
	State       string
	Emergency   bool
	Text        string
	ReportedAt  time.Time  `json:"reported_at"`
	ClosedAt    *time.Time `json:"closed_at"`
	Version     int64
	Clocks      struct{ Reply, Update, Target *dueClock }
	Timeline    []happened
	Phone       string
	Assignee    string
	Appointment *struct{ From, Until time.Time }
	Incident    string
	Vulnerable  bool
}

// dueClock is a clock that runs out.
type dueClock struct {
	Due   time.Time
	MetAt *time.Time `json:"met_at"`
	State string
}

// waits reports whether nobody has answered the clock.
func (c *dueClock) waits() bool { return c != nil && c.MetAt == nil }

// happened is an entry of a timeline: of a ticket, an incident, or anything else that people open and close.
type happened struct {
	Event string
	At    time.Time
	Role  string
	Actor string
	Text  string
	To    string
	Facts *struct {
		Assignee    string
		From, Until *time.Time
		Celsius     *float64
		Attachment  *struct {
			Digest, Type, Name string
			Size               int64
		}
		Incident string
	}
}

// Next is the clock that runs out first of those that nobody answered; nil: none waits.
func (t *deskReport) Next() *dueClock {
	var first *dueClock
	for _, c := range []*dueClock{t.Clocks.Reply, t.Clocks.Update, t.Clocks.Target} {
		if c.waits() && (first == nil || c.Due.Before(first.Due)) {
			first = c
		}
	}
	return first
}

// Breached reports whether a clock ran out.
func (t *deskReport) Breached() bool {
	return slices.ContainsFunc([]*dueClock{t.Clocks.Reply, t.Clocks.Update}, func(c *dueClock) bool { return c != nil && c.State == "breached" })
}

// queueData is the queue as it is shown.
type queueData struct {
	Rows    []queueRow
	Filter  url.Values
	Kinds   []string
	States  []string
	More    bool // there is more than is shown
	Next    string
	Count   int
	Waiting int // of them, a clock runs out within 15 minutes or has
	Search  bool
	Again   string // where the rows are loaded again
	Found   []deskHome
	Call    form
}

// queueRow is a ticket in the queue, and how much of a hurry it is in.
type queueRow struct {
	deskReport
	Home   deskHome
	Hurry  string // emergency, late, soon, or empty
	Picked bool
}

// Bounds of a look at the queue.
const (
	queuePart  = 200 // tickets that the API gives at once
	queueParts = 5
	soon       = 15 * time.Minute
)

var (
	ticketKinds  = []string{"low_temperature", "no_heat", "leak", "other", "finding"}
	ticketStates = []string{"open", "resolved", "cancelled"}
	calledKinds  = []string{"low_temperature", "no_heat", "leak", "other"}
)

// queue is the tickets in the order in which they are to be worked on, or those that were asked for.
func queue(r *request) error {
	data := queueData{Filter: r.Request.URL.Query(), Kinds: ticketKinds, States: ticketStates, Again: r.Request.URL.RequestURI()}
	tickets, err := r.wanted(&data)
	if p := asProblem(err); p != nil && p.Status == http.StatusUnprocessableEntity {
		return r.again(err, "desk.html", r.say("nav.desk"), data)
	}
	if err != nil {
		return err
	}
	homes := r.homesOf(tickets)
	now := r.now()
	building := data.Filter.Get("building")
	for _, t := range tickets {
		row := queueRow{deskReport: t, Home: homes.Of(t.Household)}
		if building != "" && row.Home.Building != building {
			continue
		}
		switch next := t.Next(); {
		case t.State == "open" && t.Emergency:
			row.Hurry = "emergency"
		case next == nil:
		case next.Due.Before(now):
			row.Hurry = "late"
		case next.Due.Before(now.Add(soon)):
			row.Hurry = "soon"
		}
		if row.Hurry != "" {
			data.Waiting++
		}
		data.Rows = append(data.Rows, row)
	}
	data.Count = len(data.Rows)
	if r.partial() {
		return r.show("desk_rows.html", "", data)
	}
	data.Call = r.callForm()
	return r.show("desk.html", r.say("nav.desk"), data)
}

// wanted is the tickets that the filters leave: of the queue, or of all when a state or a search is asked for.
func (r *request) wanted(data *queueData) ([]deskReport, error) {
	f := data.Filter
	query := url.Values{"limit": {strconv.Itoa(queuePart)}}
	data.Search = f.Get("q") != ""
	asked := data.Search || f.Get("state") != "" && f.Get("state") != "open"
	if asked {
		for _, name := range []string{"q", "state", "kind"} {
			if f.Get(name) != "" {
				query.Set(name, f.Get(name))
			}
		}
	} else {
		query.Set("queue", "true")
	}
	var all []deskReport
	for part := range queueParts {
		var found struct {
			Tickets []deskReport
			Next    string
		}
		if err := r.get("/api/v1/tickets?"+query.Encode(), &found); err != nil {
			return nil, err
		}
		all = append(all, found.Tickets...)
		query.Set("cursor", found.Next)
		if found.Next == "" {
			break
		}
		data.More = part == queueParts-1
	}
	return slices.DeleteFunc(all, func(t deskReport) bool {
		return f.Get("kind") != "" && t.Kind != f.Get("kind") ||
			f.Get("breached") != "" && !t.Breached() ||
			f.Get("mine") != "" && t.Assignee != r.who.Name && t.Assignee != r.who.ID ||
			f.Get("vulnerable") != "" && !t.Vulnerable
	}), nil
}

// callFields are what a dispatcher enters of a call.
func (r *request) callFields() []field {
	return []field{
		{name: "household", kind: lineField, need: true, value: r.Query("household")},
		{name: "kind", kind: choiceField, options: calledKinds, need: true},
		{name: "text", kind: textField},
		{name: "phone", kind: lineField},
		{name: "reported_at", kind: timeField},
		{name: "emergency", kind: checkField},
	}
}

func (r *request) callForm() form {
	f := r.form("file", "/desk/tickets", 0, r.callFields()...).once(r)
	f.Open = f.Open || r.Query("household") != ""
	return f
}

// fileCall files what was reported by telephone.
func fileCall(r *request) error {
	var t deskReport
	if err := r.post("/api/v1/tickets", r.sent(r.callFields()...), &t); err != nil {
		return r.again(err, "desk_form.html", r.say("desk.verb.file"), r.callForm())
	}
	return r.to("/desk/tickets/" + url.PathEscape(t.ID))
}
