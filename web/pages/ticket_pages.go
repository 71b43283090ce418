package pages

import (
	"crypto/rand"
	"mime/multipart"
	"net/http"
	"net/url"
	"time"
)

// report is a report as the API shows it.
type report struct {
	ID, Household, Kind, State, Text string
	Emergency                        bool
	ReportedAt                       time.Time  `json:"reported_at"`
	ClosedAt                         *time.Time `json:"closed_at"`
	Version                          int64
	Clocks                           struct{ Reply, Update *ticketClock }
	Appointment                      *struct{ From, Until time.Time }
	Timeline                         []struct {
		Seq                      int64
		Event, Role, Actor, Text string
		At                       time.Time
		From, To                 string
		Facts                    *ticketFacts
	}

	Home string `json:"-"` // the path of the home's pages
}

// ticketClock is one of its clocks.
type ticketClock struct {
	Due   time.Time
	MetAt *time.Time `json:"met_at"`
	State string
}

// ticketFacts is what an event brought.
type ticketFacts struct {
	Attachment *struct {
		Digest, Type, Name string
		Size               int64
	}
	From, Until *time.Time
}

// Open reports whether the report is being worked on.
func (t report) Open() bool { return t.State == "open" }

// openTickets is the home's reports that are open.
func (r *request) openTickets() ([]report, error) { return r.tickets("&state=open") }

func (r *request) tickets(which string) ([]report, error) {
	var list struct{ Tickets []report }
	err := r.get("/api/v1/tickets?household="+url.QueryEscape(r.Param("home"))+which, &list)
	for i := range list.Tickets {
		list.Tickets[i].Home = r.at("")
	}
	return list.Tickets, err
}

// reportData is the form of a report.
type reportData struct {
	Home ownHome
	Key  string // the report sent twice is filed once
	Kind string
}

// reportForm is GET /home/{home}/report.
func reportForm(r *request) error {
	home, err := r.ownHome()
	if err != nil {
		return err
	}
	return r.show("ticket_report.html", r.say("report.title"), reportData{Home: home, Key: rand.Text(), Kind: "low_temperature"})
}

const (
	maxPhotos = 5
	maxReport = 64 << 20 // of a report with its photos, in bytes
)

// fileReport is POST /home/{home}/report: a report, then its photos. The report stands even where a photo cannot be taken: its clocks run.
func fileReport(r *request) error {
	if err := r.Request.ParseMultipartForm(1 << 20); err != nil && r.Request.MultipartForm == nil && r.Request.PostForm == nil {
		return &Problem{Status: http.StatusRequestEntityTooLarge}
	}
	defer r.forget()
	r.once()
	var filed report
	err := r.post("/api/v1/tickets", map[string]any{
		"household": r.Param("home"), "kind": r.PostForm("kind"), "text": r.PostForm("text"), "emergency": r.PostForm("emergency") != "", "phone": r.PostForm("phone"),
	}, &filed)
	if err != nil {
		home, other := r.ownHome()
		if other != nil {
			return other
		}
		return r.again(err, "ticket_report.html", r.say("report.title"), reportData{Home: home, Key: r.PostForm("key"), Kind: r.PostForm("kind")})
	}
	at := r.at("/reports/" + url.PathEscape(filed.ID))
	if err := r.addPhotos(filed.ID); err != nil {
		at += "?photos=failed"
	}
	return r.to(at)
}

// forget removes what was sent from the disk.
func (r *request) forget() {
	if f := r.Request.MultipartForm; f != nil {
		_ = f.RemoveAll()
	}
}

// addPhotos adds the files of a form to a ticket; the first error ends it.
func (r *request) addPhotos(id string) error {
	if r.Request.MultipartForm == nil {
		return nil
	}
	files := r.Request.MultipartForm.File["photos"]
	for _, f := range files[:min(len(files), maxPhotos)] {
		if f.Size == 0 {
			continue
		}
		if err := r.addPhoto(id, f); err != nil {
			return err
		}
	}
	return nil
}

func (r *request) addPhoto(id string, f *multipart.FileHeader) error {
	file, err := f.Open()
	if err != nil {
		return err
	}
	defer file.Close() // it is only read
	path := "/api/v1/tickets/" + url.PathEscape(id) + "/attachments?" + url.Values{"name": {f.Filename}}.Encode()
	return r.forward(http.MethodPost, path, "application/octet-stream", file, nil)
}

// reportList is GET /home/{home}/reports.
func reportList(r *request) error {
	home, err := r.ownHome()
	if err != nil {
		return err
	}
	all, err := r.tickets("")
	if err != nil {
		return err
	}
	return r.show("ticket_list.html", r.say("ticket.list"), map[string]any{"Home": home, "Tickets": all})
}

// ticketData is a report's page.
type ticketData struct {
	Home   ownHome
	Ticket report
	Failed bool // a photo could not be added
}

func (r *request) ticketData() (d ticketData, err error) {
	if d.Home, err = r.ownHome(); err != nil {
		return d, err
	}
	err = r.get("/api/v1/tickets/"+url.PathEscape(r.Param("ticket")), &d.Ticket)
	if err == nil && d.Ticket.Household != d.Home.Household {
		err = &Problem{Status: http.StatusNotFound}
	}
	d.Ticket.Home = r.at("")
	d.Failed = r.Query("photos") == "failed"
	return d, err
}

// ticketPage is GET /home/{home}/reports/{ticket}.
func ticketPage(r *request) error {
	d, err := r.ticketData()
	if err != nil {
		return err
	}
	return r.show("ticket_page.html", r.say("ticket.title", r.say("ticket.kind."+d.Ticket.Kind)), d)
}

func (r *request) ticketAgain(err error) error {
	d, other := r.ticketData()
	if other != nil {
		return other
	}
	return r.again(err, "ticket_page.html", r.say("ticket.title", r.say("ticket.kind."+d.Ticket.Kind)), d)
}

// ticketPhotos is POST /home/{home}/reports/{ticket}/photos.
func ticketPhotos(r *request) error {
	if err := r.Request.ParseMultipartForm(1 << 20); err != nil {
		return &Problem{Status: http.StatusRequestEntityTooLarge}
	}
	defer r.forget()
	if err := r.addPhotos(r.Param("ticket")); err != nil {
		return r.ticketAgain(err)
	}
	return r.to(r.at("/reports/" + url.PathEscape(r.Param("ticket"))))
}

// reportVerb is POST /home/{home}/reports/{ticket}/reopen or /cancel.
func reportVerb(r *request) error {
	verb := r.Param("verb")
	if verb != "reopen" && verb != "cancel" {
		return &Problem{Status: http.StatusNotFound}
	}
	err := r.post("/api/v1/tickets/"+url.PathEscape(r.Param("ticket"))+"/"+verb, map[string]string{"text": r.PostForm("text")}, nil)
	if err != nil {
		return r.ticketAgain(err)
	}
	return r.to(r.at("/reports/" + url.PathEscape(r.Param("ticket"))))
}
