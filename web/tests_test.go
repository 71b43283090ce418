package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/compliance/checker"
	"github.com/nuanju/nuanju/configs"
	"github.com/nuanju/nuanju/disputes/measured/sheet"
	"github.com/nuanju/nuanju/sensors"
)

// judge is the checker of a house, which judges by a registry.
func (h *house) judge(t testing.TB, registry *sensors.Registry) *checker.Checker {
	t.Helper()
	policies := map[string]*compliance.Policy{}
	for _, name := range configs.Policies() {
		p, err := configs.Policy(name)
		if err != nil {
			t.Fatal(err)
		}
		policies[name] = p
	}
	c, err := checker.New(checker.Config{
		Ledger: h.ledger, Store: h.store, Registry: fixedHomes{checker.NewHomes(registry)}, Events: h.ledger, Declared: h.ledger,
		Policies: policies, Clock: h.clock.now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// fixedHomes is a registry that stays as it is.
type fixedHomes struct{ homes *checker.Homes }

func (f fixedHomes) Homes(context.Context) (*checker.Homes, error) { return f.homes, nil }

const cti = `{"id":"CTI","name":"城东检测","accredited":[{"from":"2012-01-01"}],` +
	`"instruments":[{"serial":"T-7","certificate":"C-9","valid":{"from":"2015-01-01","to":"2016-12-31"},"error_celsius":"0.2"}]}`

// institution registers one, unless it is there.
func (h *house) institution(t testing.TB) {
	t.Helper()
	want(t, h.ask("admin", http.MethodPost, "/api/v1/institutions", cti), http.StatusCreated)
}

// requested is a request for a test of h1's bedroom by a caller, accepted by the tester unless that is not wanted.
func (h *house) requested(t testing.TB, caller string, accepted bool) string {
	t.Helper()
	h.institution(t)
	w := want(t, h.ask(caller, http.MethodPost, requestsPath, `{"household":"h1","room":"bed","institution":"CTI"}`), http.StatusCreated)
	id := strings.TrimPrefix(w.Header().Get("Location"), requestsPath+"/")
	if accepted {
		want(t, h.ask("tester", http.MethodPost, requestsPath+"/"+id+"/accept", `{"text":""}`), http.StatusOK)
	}
	return id
}

// rows is a record of one point from a time of 1 December on: ten still minutes and three readings.
func rows(from string, celsius float64) string {
	at, err := time.Parse("15:04", from)
	if err != nil {
		panic(err)
	}
	out := string(sheet.TemplateCSV())
	for i := range 13 {
		phase := "settling"
		if i >= 10 {
			phase = "reading"
		}
		out += fmt.Sprintf("2015-12-01 %s:00,%s,1,1.4,2,2,2,%g\n", at.Add(time.Duration(i)*time.Minute).Format("15:04"), phase, celsius)
	}
	return out
}

// formOf is a multipart form of a record and fields.
func formOf(t testing.TB, file string, fields map[string]string) (body, contentType string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	if err := w.SetBoundary("formofatest"); err != nil {
		t.Fatal(err)
	}
	for _, name := range sortedKeys(fields) {
		if err := w.WriteField(name, fields[name]); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range [][2]string{{"file", file}, {"report", "%PDF-1.7 signed and sealed"}} {
		part, err := w.CreateFormFile(f[0], f[0])
		if err == nil {
			_, err = part.Write([]byte(f[1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String(), w.FormDataContentType()
}

// fieldsOf are the fields of a test for a request.
func fieldsOf(request string) map[string]string {
	return map[string]string{"request": request, "instrument": "T-7", "certificate": "C-9", "area_m2": "12", "room_closed": "yes", "hand_held": "no"}
}

// handIn hands a test in, with ?query.
func (h *house) handIn(t testing.TB, caller, query, file string, fields map[string]string) *httptest.ResponseRecorder {
	t.Helper()
	body, contentType := formOf(t, file, fields)
	return h.ask(caller, http.MethodPost, testsPath+query, body, "Content-Type", contentType)
}

// tested is a test of h1's bedroom that was handed in, each time another one.
func (h *house) tested(t testing.TB) string {
	t.Helper()
	h.handed++
	w := want(t, h.handIn(t, "tester", "", rows("09:00", 16+float64(h.handed)/1000), fieldsOf(h.requested(t, "resident", true))), http.StatusCreated)
	return strings.TrimPrefix(w.Header().Get("Location"), testsPath+"/")
}

func testTrials() map[string]trial {
	const seers = "dispatcher auditor admin resident tester mediator"
	const people = "dispatcher building2 auditor admin resident neighbour nowhere billing tester mediator tester2 mediator2"
	one := func(verb, body string) func(*testing.T, *house) (string, string, []string) {
		return func(t *testing.T, h *house) (string, string, []string) {
			return testsPath + "/" + h.tested(t) + verb, body, nil
		}
	}
	request := func(verb, body string) func(*testing.T, *house) (string, string, []string) {
		return func(t *testing.T, h *house) (string, string, []string) {
			return requestsPath + "/" + h.requested(t, "resident", false) + verb, body, nil
		}
	}
	const why = `{"text":"why"}`
	return map[string]trial{
		"GET /api/v1/institutions":  {may: people, former: true},
		"POST /api/v1/institutions": {may: "admin", ask: at("/api/v1/institutions", cti)},
		"GET /api/v1/institutions/:id": {may: people, former: true, ask: func(t *testing.T, h *house) (string, string, []string) {
			h.institution(t)
			return "/api/v1/institutions/CTI", "", nil
		}},
		"POST /api/v1/institutions/:id":  {may: "admin", ask: at("/api/v1/institutions/CTI", strings.Replace(cti, `"id":"CTI"`, `"version":1`, 1))},
		"POST /api/v1/tests/requests":    {may: "dispatcher admin resident", ask: at(requestsPath, `{"household":"h1","room":"bed","institution":"CTI"}`)},
		"GET /api/v1/tests/requests":     {may: seers + " building2 neighbour nowhere tester2 mediator2", former: true},
		"GET /api/v1/tests/requests/:id": {may: seers, hidden: true, ask: request("", "")},
		"POST /api/v1/tests/requests/:id/agree": {may: "dispatcher admin", hidden: true, ask: func(t *testing.T, h *house) (string, string, []string) {
			h.institution(t)
			w := want(t, h.ask("resident", http.MethodPost, requestsPath, `{"household":"h1","room":"bed","institution":"CTI","joint":true}`), http.StatusCreated)
			return w.Header().Get("Location") + "/agree", `{"text":""}`, nil
		}},
		"POST /api/v1/tests/requests/:id/cancel":  {may: "resident", hidden: true, ask: request("/cancel", why)},
		"POST /api/v1/tests/requests/:id/accept":  {may: "tester", hidden: true, ask: request("/accept", why)},
		"POST /api/v1/tests/requests/:id/decline": {may: "tester", hidden: true, ask: request("/decline", why)},
		"POST /api/v1/tests": {may: "dispatcher admin tester tester2", ask: func(t *testing.T, h *house) (string, string, []string) {
			body, contentType := formOf(t, rows("09:00", 17), map[string]string{"household": "h1", "room": "bed", "institution": "CTI"})
			return testsPath, body, []string{"Content-Type", contentType}
		}},
		"GET /api/v1/tests":               {may: seers + " building2 neighbour nowhere tester2 mediator2", former: true},
		"GET /api/v1/tests/template.csv":  {may: seers + " building2 neighbour nowhere tester2 mediator2", former: true},
		"GET /api/v1/tests/template.xlsx": {may: seers + " building2 neighbour nowhere tester2 mediator2", former: true},
		"GET /api/v1/tests/:id":           {may: seers, hidden: true, ask: one("", "")},
		"GET /api/v1/tests/:id/report":    {may: seers, hidden: true, ask: one("/report", "")},
		"POST /api/v1/tests/:id/withdraw": {may: "tester", hidden: true, ask: one("/withdraw", why)},
		"POST /api/v1/tests/:id/contest":  {may: "dispatcher admin resident", hidden: true, ask: one("/contest", why)},
		"POST /api/v1/tests/:id/uphold":   {may: "mediator", hidden: true, ask: one("/uphold", why)},
		"POST /api/v1/tests/:id/reject":   {may: "mediator", hidden: true, ask: one("/reject", why)},
		"GET /api/v1/calibrations/due":    {may: "dispatcher building2 auditor admin"},
		"POST /api/v1/devices/:id/calibrations": {may: "dispatcher admin", ask: at("/api/v1/devices/d2/calibrations",
			`{"from":"2015-11-30T12:00:00+08:00","offset_celsius":0.5,"certificate":"C2"}`)},
	}
}

// handed is an answer of handing in, or a refusal.
func answerOf(t *testing.T, w *httptest.ResponseRecorder) (a testAnswer) {
	t.Helper()
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		t.Fatal(err, w.Body)
	}
	return a
}

// measure writes readings of h1's bedroom on 1 December, every half hour from eight to noon, and brings them into the store.
func (h *house) measure(t testing.TB, celsius float64) {
	t.Helper()
	body := ""
	for i := range 9 {
		at := noon.Add(-4 * time.Hour).Add(time.Duration(i) * 30 * time.Minute)
		body += fmt.Sprintf("%s,d2,%g\n", at.Format(time.RFC3339), celsius)
	}
	want(t, h.ask("gateway", http.MethodPost, "/api/v1/readings", "time,device,celsius\n"+body, "Content-Type", "text/csv"), http.StatusOK)
	h.forward(t)
}

// The dry run says what the commit does, byte for byte, and writes nothing; the same test handed in again is one.
func TestDryRunIsTheCommit(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, h *house) {
		h.measure(t, 16.75) // d2 is calibrated by 0.25: judged 17
		id := h.requested(t, "resident", true)
		file := rows("11:00", 17.2)
		dry := want(t, h.handIn(t, "tester", "?dry_run=true", file, fieldsOf(id)), http.StatusOK)
		a := answerOf(t, dry)
		if a.Finding != "noncompliant" || !a.Stands || a.Payer != "supplier" || a.Celsius != 17.2 || a.Side != "resident" || !a.Accredited ||
			a.Sensor == nil || !a.Sensor.Agrees || a.Sensor.Device != "d2" || len(a.Confirms) != 1 || a.Confirms[0].End != nil ||
			a.Confirms[0].Start.Format("15:04") != "08:00" || len(a.Says) == 0 {
			t.Errorf("%s", dry.Body)
		}
		want(t, h.ask("tester", http.MethodGet, testsPath+"/"+a.ID, ""), http.StatusNotFound)
		h.clock.add(10 * time.Minute)
		query := "?as_of=" + strings.ReplaceAll(a.AsOf.Format(time.RFC3339Nano), "+", "%2B")
		commit := want(t, h.handIn(t, "tester", query, file, fieldsOf(id)), http.StatusCreated)
		if !bytes.Equal(dry.Body.Bytes(), commit.Body.Bytes()) {
			t.Errorf("the dry run said\n%s\nthe commit\n%s", dry.Body, commit.Body)
		}
		again := want(t, h.handIn(t, "tester", query, file, fieldsOf(id)), http.StatusCreated)
		if !bytes.Equal(again.Body.Bytes(), commit.Body.Bytes()) {
			t.Errorf("handed in again\n%s", again.Body)
		}
		list := want(t, h.ask("resident", http.MethodGet, testsPath, ""), http.StatusOK)
		if strings.Count(list.Body.String(), `"event":"submit"`) != 1 {
			t.Errorf("%s", list.Body)
		}
		got := want(t, h.ask("resident", http.MethodGet, testsPath+"/"+a.ID+"/report", ""), http.StatusOK)
		if got.Body.String() != "%PDF-1.7 signed and sealed" || got.Header().Get("Content-Type") != "application/pdf" {
			t.Errorf("%v %s", got.Header(), got.Body)
		}
		// The request has its test: another one needs another request.
		want(t, h.handIn(t, "tester", "", rows("11:20", 17.3), fieldsOf(id)), http.StatusConflict)
	})
}

// An XLSX with twelve mistakes has twelve errors over HTTP as well, the dry run's being the commit's.
func TestTwelveMistakesOverHTTP(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, h *house) {
		id := h.requested(t, "resident", true)
		b, err := sheet.TemplateXLSX()
		if err != nil {
			t.Fatal(err)
		}
		f, err := excelize.OpenReader(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		for i := range 13 {
			phase := "settling"
			if i >= 10 {
				phase = "reading"
			}
			line := []any{noon.Add(-time.Hour).Add(time.Duration(i) * time.Minute).Format("2006-01-02 15:04:05"), phase, 1, 1.4, 2, 2, 2, 17.5}
			if err := f.SetSheetRow("readings", fmt.Sprintf("A%d", i+2), &line); err != nil {
				t.Fatal(err)
			}
		}
		mistakes := map[string]string{
			"D2": "1.5", "E3": "1.4", "F4": "0.9", "A5": "yesterday", "B6": "resting", "C7": "first", "H8": "17,5", "H9": "170", "D10": "",
		}
		for cell, text := range mistakes {
			if err := f.SetCellValue("readings", cell, text); err != nil {
				t.Fatal(err)
			}
		}
		for cell, text := range map[string]string{"B5": "T-8", "B8": "maybe", "B7": "large"} {
			if err := f.SetCellValue("test", cell, text); err != nil {
				t.Fatal(err)
			}
		}
		file, err := f.WriteToBuffer()
		if err != nil {
			t.Fatal(err)
		}
		fields := map[string]string{"request": id, "certificate": "C-9", "hand_held": "no"}
		dry := want(t, h.handIn(t, "tester", "?dry_run=true", file.String(), fields), http.StatusUnprocessableEntity)
		commit := want(t, h.handIn(t, "tester", "", file.String(), fields), http.StatusUnprocessableEntity)
		if !bytes.Equal(dry.Body.Bytes(), commit.Body.Bytes()) {
			t.Errorf("%s\n%s", dry.Body, commit.Body)
		}
		var r refusal
		if err := json.Unmarshal(dry.Body.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range r.Errors {
			got = append(got, e.Location)
			if e.Expected.ZH == "" || e.Expected.EN == "" || e.Row == 0 || e.Sheet == "" || e.Column == "" {
				t.Errorf("%+v", e)
			}
		}
		slices.Sort(got)
		wanted := []string{
			"readings!A5", "readings!B6", "readings!C7", "readings!D10", "readings!D2", "readings!E3", "readings!F4", "readings!H8", "readings!H9",
			"test!B5", "test!B7", "test!B8",
		}
		if !slices.Equal(got, wanted) || len(got) != 12 {
			t.Errorf("got %d %v\nwant %v", len(got), got, wanted)
		}
	})
}
