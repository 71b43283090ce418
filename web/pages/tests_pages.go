package pages

import (
	"encoding/json"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// Who has to do with third-party tests: testers hand them in, dispatchers what came on paper; the others look on.
var (
	handers   = []string{"tester", "dispatcher", "admin"}
	seesTests = []string{"tester", "dispatcher", "auditor", "mediator", "admin"}
)

func testPages() []page {
	return []page{
		{method: http.MethodGet, pattern: "/tests", who: seesTests, do: testList},
		{method: http.MethodPost, pattern: "/tests", who: handers, most: maxUpload, do: handIn},
		{method: http.MethodGet, pattern: "/tests/:id", who: append([]string{"resident"}, seesTests...), do: oneTest},
		{method: http.MethodPost, pattern: "/tests/requests/:id/:verb", who: []string{"tester"}, do: answerRequest},
		{method: http.MethodPost, pattern: "/tests/:id/:verb", who: []string{"tester", "mediator", "dispatcher", "admin"}, do: actOnTest},
	}
}

// words2 is a text in both languages.
type words2 struct{ ZH, EN string }

// testProblem is something wrong with a test that was handed in, at its place.
type testProblem struct {
	Sheet, Column, Cell, Value, Rule string
	Row                              int
	Expected                         words2
}

// testDecision is what a test that is handed in decides.
type testDecision struct {
	ID, Household, Room, Institution, Finding string
	Accredited, Stands                        bool
	Side                                      string `json:"commissioned_by"`
	SetAsideBy                                string `json:"set_aside_by"`
	Payer                                     string
	From, To                                  time.Time
	AsOf                                      time.Time `json:"as_of"`
	Celsius                                   float64
	Readings, Points                          int
	Confirms, Releases, Dismisses             []struct {
		Start time.Time
		End   *time.Time
	}
	Warnings []testProblem
	Says     []words2
}

// testListData is the tester's page.
type testListData struct {
	Requests     []deskMatter
	Tests        []deskMatter
	Next         string
	Institutions []institution
	May          bool
	Tester       bool
	Result       *testResult
	Request      string
}

// testResult is what a dry run, or a commit that was refused, said.
type testResult struct {
	Decision *testDecision
	Problems []testProblem
	Dry      bool
	AsOf     string
}

// institution is a body that tests.
type institution struct {
	ID, Name    string
	Accredited  []struct{ From, To string }
	Instruments []struct {
		Serial, Certificate string
		Error               string `json:"error_celsius"`
		Valid               struct{ From, To string }
	}
}

// Expires reports how an instrument's certificate stands on a day: expired, soon (within 60 days), or empty.
func (v view) Expires(to string) string {
	day, err := time.Parse(time.DateOnly, to)
	now := v.r.now()
	switch {
	case err != nil:
		return ""
	case now.After(day.AddDate(0, 0, 1)):
		return "expired"
	case now.AddDate(0, 0, 60).After(day):
		return "soon"
	}
	return ""
}

// In is a text in the page's language.
func (v view) In(w words2) string {
	if v.Lang == EN {
		return w.EN
	}
	return w.ZH
}

func testList(r *request) error { return r.shownTests(nil) }

func (r *request) shownTests(result *testResult) error {
	data := testListData{May: slices.Contains(handers, r.who.Role), Tester: r.who.Role == "tester", Result: result, Request: r.Query("request")}
	if result != nil {
		data.Request = r.PostForm("request")
	}
	var requests, tests struct {
		Items []deskMatter
		Next  string
	}
	if err := r.optional("/api/v1/tests/requests?limit=50", &requests); err != nil {
		return err
	}
	query := url.Values{"limit": {"50"}}
	if cursor := r.Query("cursor"); cursor != "" {
		query.Set("cursor", cursor)
	}
	if err := r.get("/api/v1/tests?"+query.Encode(), &tests); err != nil {
		return err
	}
	data.Requests, data.Tests = requests.Items, tests.Items
	if tests.Next != "" {
		data.Next = "/tests?cursor=" + url.QueryEscape(tests.Next)
	}
	own := map[string]bool{}
	for _, m := range slices.Concat(data.Requests, data.Tests) {
		own[m.text("institution")] = true
	}
	for _, id := range slices.Sorted(maps.Keys(own)) {
		var found institution
		if err := r.optional("/api/v1/institutions/"+url.PathEscape(id), &found); err != nil {
			return err
		}
		if found.ID != "" {
			data.Institutions = append(data.Institutions, found)
		}
	}
	status := http.StatusOK
	if result != nil && result.Decision == nil && !r.partial() { // htmx shows what is answered with 200 only
		status = http.StatusUnprocessableEntity
	}
	if r.partial() {
		return r.show("tests_result.html", "", data)
	}
	return r.showAs(status, "tests.html", r.say("tests.title"), data, nil)
}

// handIn hands a test in, or asks what it would decide. Nothing is kept here: the files go on to the API as they come.
func handIn(r *request) error {
	form, err := r.MultipartForm()
	if err != nil {
		return &Problem{Status: http.StatusBadRequest, Detail: "the form could not be read to its end"}
	}
	defer form.RemoveAll() // what was too large for memory
	dry := r.PostForm("dry") != ""
	query := url.Values{}
	if dry {
		query.Set("dry_run", "true")
	} else if asOf := r.PostForm("as_of"); asOf != "" {
		query.Set("as_of", asOf)
	}
	body, kind := formAgain(form, "csrf", "dry", "as_of")
	defer body.Close() // ends its writer as well
	a, err := ask(r.pages.options.API, r.Request, r.csrf(), http.MethodPost, "/api/v1/tests?"+query.Encode(), kind, body)
	if err != nil && asProblem(err).Status != http.StatusUnprocessableEntity {
		return err
	}
	result := &testResult{Dry: dry}
	if err != nil {
		var refused struct{ Errors []testProblem }
		if bad := json.Unmarshal(a.body.Bytes(), &refused); bad != nil || len(refused.Errors) == 0 {
			return err
		}
		result.Problems = refused.Errors
		return r.shownTests(result)
	}
	result.Decision = &testDecision{}
	if err := json.Unmarshal(a.body.Bytes(), result.Decision); err != nil {
		return err
	}
	if !dry {
		r.Header("HX-Redirect", "/tests/"+url.PathEscape(result.Decision.ID))
		return r.to("/tests/" + url.PathEscape(result.Decision.ID))
	}
	result.AsOf = result.Decision.AsOf.Format(time.RFC3339Nano)
	return r.shownTests(result)
}

// formAgain is a form as it was sent, without some fields, and its content type. It is written while it is read.
func formAgain(form *multipart.Form, without ...string) (io.ReadCloser, string) {
	from, to := io.Pipe()
	w := multipart.NewWriter(to)
	write := func() error {
		for name, values := range form.Value {
			if slices.Contains(without, name) || len(values) == 0 || values[0] == "" {
				continue
			}
			if err := w.WriteField(name, values[0]); err != nil {
				return err
			}
		}
		for name, files := range form.File {
			if len(files) == 0 || files[0].Size == 0 {
				continue
			}
			part, err := w.CreateFormFile(name, files[0].Filename)
			if err != nil {
				return err
			}
			f, err := files[0].Open()
			if err != nil {
				return err
			}
			_, err = io.Copy(part, f)
			_ = f.Close() // it is only read
			if err != nil {
				return err
			}
		}
		return w.Close()
	}
	go func() { to.CloseWithError(write()) }()
	return from, w.FormDataContentType()
}

// testData is one test's page.
type testData struct {
	Test    deskMatter
	Facts   []fact
	Finding *struct {
		Finding    string
		Stands     bool
		Payer      string
		SensorOff  bool `json:"sensor_off"`
		Difference float64
		Since      time.Time
	}
	Forms []form
}

// testFacts is what is known of a test, in the order in which it is shown.
func testFacts() *matterKind {
	return &matterKind{name: "tests", about: []string{
		"household", "room", "institution", "accredited", "commissioned_by", "request", "from", "to", "celsius", "instrument", "certificate", "report",
	}}
}

var testDeeds = []matterVerb{
	{"withdraw", []string{"tester"}, []string{"submitted"}, words, nil},
	{"contest", dispatch, []string{"submitted"}, words, nil},
	{"uphold", deciding, []string{"contested", "rejected"}, words, nil},
	{"reject", deciding, []string{"contested", "upheld"}, words, nil},
}

func oneTest(r *request) error { return r.shownTest(nil) }

func (r *request) shownTest(wrong error) error {
	var found struct {
		Test json.RawMessage
	}
	if err := r.get("/api/v1/tests/"+url.PathEscape(r.Param("id")), &found); err != nil {
		return err
	}
	var data testData
	var about struct{ About json.RawMessage }
	for _, into := range []any{&data.Test, &about} {
		if err := json.Unmarshal(found.Test, into); err != nil {
			return err
		}
	}
	if err := json.Unmarshal(about.About, &data); err != nil {
		return err
	}
	if r.who.Role == "resident" { // they have the findings on a page of their home
		return r.to("/home/" + url.PathEscape(data.Test.text("household")) + "/test")
	}
	data.Facts = testFacts().facts(r, &data.Test)
	for _, v := range testDeeds {
		if slices.Contains(v.who, r.who.Role) && slices.Contains(v.states, data.Test.State) {
			data.Forms = append(data.Forms, r.form(v.verb, "/tests/"+url.PathEscape(data.Test.ID)+"/"+v.verb, data.Test.Version, v.fields(r, &data.Test)...))
		}
	}
	title := r.say("tests.one") + " " + data.Test.ID
	if wrong != nil {
		return r.again(wrong, "tests_one.html", title, data)
	}
	return r.show("tests_one.html", title, data)
}

func actOnTest(r *request) error {
	for _, v := range testDeeds {
		if v.verb != r.Param("verb") || !slices.Contains(v.who, r.who.Role) {
			continue
		}
		at := "/tests/" + url.PathEscape(r.Param("id"))
		if err := r.post("/api/v1"+at+"/"+v.verb, r.sent(field{name: "text", kind: textField}), nil); err != nil {
			return r.shownTest(err)
		}
		return r.to(at)
	}
	return &Problem{Status: http.StatusNotFound}
}

// answerRequest accepts or declines what an institution was asked for.
func answerRequest(r *request) error {
	verb := r.Param("verb")
	if verb != "accept" && verb != "decline" {
		return &Problem{Status: http.StatusNotFound}
	}
	body := r.sent(field{name: "text", kind: textField})
	if err := r.post("/api/v1/tests/requests/"+url.PathEscape(r.Param("id"))+"/"+verb, body, nil); err != nil {
		return err
	}
	return r.to("/tests")
}
