package pages

import (
	"net/url"
	"time"
)

// sampling is a free sampling.
type sampling = matter[struct {
	From, Until *time.Time
	Measured    []struct {
		Room    string
		Celsius float64
	}
}]

// testRequest is a request for a paid test.
type testRequest = matter[struct {
	Room, Institution, Test string
	Side                    string `json:"commissioned_by"`
	ProposedBy              string `json:"proposed_by"`
}]

// test is a third party's test, and what it decides.
type test = matter[struct {
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

// testData is the page before a test.
type testData struct {
	Home         ownHome
	Samplings    []sampling
	Requests     []testRequest
	Tests        []test
	Institutions []institution
	NoTests      bool // the server takes none
}

type institution struct{ ID, Name string }

// testForm is GET /home/{home}/test: free first, then what a test costs and who pays it.
func testForm(r *request) error {
	d, err := r.testData()
	if err != nil {
		return err
	}
	return r.show("home_test.html", r.say("home.test"), d)
}

func (r *request) testData() (d testData, err error) {
	if d.Home, err = r.ownHome(); err != nil {
		return d, err
	}
	of := "?household=" + url.QueryEscape(d.Home.Household)
	var samplings struct{ Items []sampling }
	if err = optional(r.get("/api/v1/samplings"+of, &samplings)); err != nil {
		return d, err
	}
	d.Samplings = samplings.Items
	var requests struct{ Items []testRequest }
	switch err := r.get("/api/v1/tests/requests"+of, &requests); {
	case optional(err) != nil:
		return d, err
	case err != nil:
		d.NoTests = true
		return d, nil
	}
	var tests struct{ Items []test }
	var known struct {
		Items, Institutions []institution
	}
	if err = optional(r.get("/api/v1/tests"+of, &tests)); err != nil {
		return d, err
	}
	err = optional(r.get("/api/v1/institutions", &known))
	d.Requests, d.Tests, d.Institutions = requests.Items, tests.Items, append(known.Items, known.Institutions...)
	return d, err
}

func (r *request) testAgain(err error) error {
	d, other := r.testData()
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
		return r.testAgain(err)
	}
	return r.to(r.at("/test"))
}

// cancelSampling is POST /home/{home}/test/sampling/{id}/cancel.
func cancelSampling(r *request) error {
	if err := r.post("/api/v1/samplings/"+url.PathEscape(r.Param("id"))+"/cancel", map[string]string{"text": r.say("home.test.cancelled")}, nil); err != nil {
		return r.testAgain(err)
	}
	return r.to(r.at("/test"))
}

// askTest is POST /home/{home}/test/request.
func askTest(r *request) error {
	r.once()
	err := r.post("/api/v1/tests/requests", map[string]any{
		"household": r.Param("home"), "room": r.PostForm("room"), "institution": r.PostForm("institution"), "joint": r.PostForm("joint") != "", "text": r.PostForm("text"),
	}, nil)
	if err != nil {
		return r.testAgain(err)
	}
	return r.to(r.at("/test"))
}

// requestVerb is POST /home/{home}/test/request/{id}/cancel or /agree.
func requestVerb(r *request) error {
	verb := r.Param("verb")
	if verb != "cancel" && verb != "agree" {
		return &Problem{Status: 404}
	}
	if err := r.post("/api/v1/tests/requests/"+url.PathEscape(r.Param("id"))+"/"+verb, map[string]string{"text": r.say("home.test.did." + verb)}, nil); err != nil {
		return r.testAgain(err)
	}
	return r.to(r.at("/test"))
}
