package pages

import (
	"net/url"
	"time"
)

// ownSampling is a free sampling.
type ownSampling = matter[struct {
	From, Until *time.Time
	Measured    []struct {
		Room    string
		Celsius float64
	}
}]

// ownRequest is a request for a paid test.
type ownRequest = matter[struct {
	Room, Institution, Test string
	Side                    string `json:"commissioned_by"`
	ProposedBy              string `json:"proposed_by"`
}]

// ownTest is a third party's test, and what it decides.
type ownTest = matter[struct {
	Room, Institution string
	Side              string `json:"commissioned_by"`
	From, To          time.Time
	Celsius           float64
	Finding           *struct {
		Finding, Payer string
		Stands         bool
		SensorOff      bool `json:"sensor_off"`
	}
}]

// askData is the page before a test.
type askData struct {
	Home         ownHome
	Samplings    []ownSampling
	Requests     []ownRequest
	Tests        []ownTest
	Institutions []ownInstitution
	NoTests      bool // the server takes none
}

type ownInstitution struct{ ID, Name string }

// askForm is GET /home/{home}/test: free first, then what a test costs and who pays it.
func askForm(r *request) error {
	d, err := r.askData()
	if err != nil {
		return err
	}
	return r.show("home_test.html", r.say("home.test"), d)
}

func (r *request) askData() (d askData, err error) {
	if d.Home, err = r.ownHome(); err != nil {
		return d, err
	}
	of := "?household=" + url.QueryEscape(d.Home.Household)
	var samplings struct{ Items []ownSampling }
	if err = optional(r.get("/api/v1/samplings"+of, &samplings)); err != nil {
		return d, err
	}
	d.Samplings = samplings.Items
	var requests struct{ Items []ownRequest }
	switch err := r.get("/api/v1/tests/requests"+of, &requests); {
	case optional(err) != nil:
		return d, err
	case err != nil:
		d.NoTests = true
		return d, nil
	}
	var tests struct{ Items []ownTest }
	var known struct {
		Items, Institutions []ownInstitution
	}
	if err = optional(r.get("/api/v1/tests"+of, &tests)); err != nil {
		return d, err
	}
	err = optional(r.get("/api/v1/institutions", &known))
	d.Requests, d.Tests, d.Institutions = requests.Items, tests.Items, append(known.Items, known.Institutions...)
	return d, err
}

func (r *request) askAgain(err error) error {
	d, other := r.askData()
	if other != nil {
		return other
	}
	return r.again(err, "home_test.html", r.say("home.test"), d)
}

// once has a form that is sent twice do its work once: the key was made with the form.
func (r *request) once() {
	if key := r.PostForm("key"); key != "" && len(key) <= 64 {
		r.Request.Header.Set("Idempotency-Key", key)
	}
}

// askSampling is POST /home/{home}/test/sampling.
func askSampling(r *request) error {
	r.once()
	if err := r.post("/api/v1/samplings", map[string]string{"household": r.Param("home"), "text": r.PostForm("text")}, nil); err != nil {
		return r.askAgain(err)
	}
	return r.to(r.at("/test"))
}

// cancelSampling is POST /home/{home}/test/sampling/{id}/cancel.
func cancelSampling(r *request) error {
	if err := r.post("/api/v1/samplings/"+url.PathEscape(r.Param("id"))+"/cancel", map[string]string{"text": r.say("home.test.cancelled")}, nil); err != nil {
		return r.askAgain(err)
	}
	return r.to(r.at("/test"))
}

// askForTest is POST /home/{home}/test/request.
func askForTest(r *request) error {
	r.once()
	err := r.post("/api/v1/tests/requests", map[string]any{
		"household": r.Param("home"), "room": r.PostForm("room"), "institution": r.PostForm("institution"), "joint": r.PostForm("joint") != "", "text": r.PostForm("text"),
	}, nil)
	if err != nil {
		return r.askAgain(err)
	}
	return r.to(r.at("/test"))
}

// askVerb is POST /home/{home}/test/request/{id}/cancel or /agree.
func askVerb(r *request) error {
	verb := r.Param("verb")
	if verb != "cancel" && verb != "agree" {
		return &Problem{Status: 404}
	}
	if err := r.post("/api/v1/tests/requests/"+url.PathEscape(r.Param("id"))+"/"+verb, map[string]string{"text": r.say("home.test.did." + verb)}, nil); err != nil {
		return r.askAgain(err)
	}
	return r.to(r.at("/test"))
}
