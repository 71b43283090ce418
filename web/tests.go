package web

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/disputes/measured/sheet"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// thirdParty is the tests that were handed in (A7.2.2), and what became of them.
type thirdParty struct{ testPart }

const (
	testsPath = "/api/v1/tests"
	xlsxType  = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
)

// testAccess is who may hand tests in, see them and act on them.
func testAccess() []access {
	handers := []disputes.Role{disputes.Tester, disputes.Dispatcher, disputes.Admin}
	tester := []disputes.Role{disputes.Tester}
	return []access{
		{method: http.MethodPost, pattern: testsPath, who: handers},
		{method: http.MethodGet, pattern: testsPath, who: testReader},
		{method: http.MethodGet, pattern: testsPath + "/template.xlsx", who: testReader},
		{method: http.MethodGet, pattern: testsPath + "/template.csv", who: testReader},
		{method: http.MethodGet, pattern: testsPath + "/:id", who: testReader},
		{method: http.MethodGet, pattern: testsPath + "/:id/report", who: testReader},
		{method: http.MethodPost, pattern: testsPath + "/:id/withdraw", who: tester, maxBody: form},
		{method: http.MethodPost, pattern: testsPath + "/:id/contest", who: bothSides, maxBody: form},
		{method: http.MethodPost, pattern: testsPath + "/:id/uphold", who: deciding, maxBody: form},
		{method: http.MethodPost, pattern: testsPath + "/:id/reject", who: deciding, maxBody: form},
	}
}

// addTestRoutes adds what is no JSON: the form, the templates and the report.
func addTestRoutes(engine *gin.Engine, o Options, f failing) {
	engine.POST(testsPath, newHandIns(o, f).handle)
	engine.GET(testsPath+"/template.csv", func(c *gin.Context) {
		c.Header("Content-Disposition", `attachment; filename="test.csv"`)
		c.Data(http.StatusOK, "text/csv; charset=utf-8", sheet.TemplateCSV())
	})
	engine.GET(testsPath+"/template.xlsx", func(c *gin.Context) {
		b, err := sheet.TemplateXLSX()
		if err != nil {
			reject(c, false, problemOf(f.problem(c.Request.Context(), "writing a template", err)))
			return
		}
		c.Header("Content-Disposition", `attachment; filename="test.xlsx"`)
		c.Data(http.StatusOK, xlsxType, b)
	})
	h := &thirdParty{newTestPart(o, f)}
	engine.GET(testsPath+"/:id/report", h.report)
}

func (h *thirdParty) register(api huma.API) {
	const tag = "tests"
	huma.Register(api, operationOf(tag, "list-tests", http.MethodGet, testsPath, "List tests, those handed in last first",
		"A tester sees those of their institution, a resident those of their homes."), h.list)
	huma.Register(api, operationOf(tag, "get-test", http.MethodGet, testsPath+"/{id}", "One test with its record, what it decides and its timeline", ""), h.get)
	for _, verb := range []matterVerb{
		{"withdraw", disputes.Withdrawn, "Withdraw it, as the institution", "Not once a side has contested it, or a later test of the room was handed in: others rely on it then."},
		{"contest", disputes.Contested, "Contest it", "It counts until it is decided."},
		{"uphold", disputes.Upheld, "Decide that it counts", ""},
		{"reject", disputes.Rejected, "Decide that it does not count", "All is judged again without it."},
	} {
		huma.Register(api, operationOf(tag, verb.path+"-test", http.MethodPost, testsPath+"/{id}/"+verb.path, verb.summary, verb.description), h.does(verb.event))
	}
	describeTestFiles(api)
	binary := &huma.Schema{Type: huma.TypeString, Format: "binary"}
	api.OpenAPI().AddOperation(&huma.Operation{
		OperationID: "hand-in-test", Method: http.MethodPost, Path: testsPath, Tags: []string{tag}, Summary: "Hand in a test",
		Description: "The parts file (CSV or XLSX as in the template) and report (the signed PDF), and as further parts the fields of the template that " +
			"the file does not have, and request. With dry_run=true nothing is written; the answer is that of the commit, byte for byte if that gives its as_of. " +
			"Every error is told at once, with sheet, row, column and what is expected.",
		Parameters: []*huma.Param{
			{Name: "dry_run", In: "query", Schema: &huma.Schema{Type: huma.TypeString, Enum: []any{"true", "false"}}},
			{Name: "as_of", In: "query", Schema: &huma.Schema{Type: huma.TypeString, Format: "date-time"}},
		},
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"multipart/form-data": {Schema: &huma.Schema{
			Type: huma.TypeObject, Required: []string{"file", "report"}, Properties: map[string]*huma.Schema{"file": binary, "report": binary},
		}}}},
		Responses: map[string]*huma.Response{
			"200":     {Description: "What the dry run found"},
			"201":     {Description: "The test was taken"},
			"default": {Description: "A problem (RFC 9457)"},
		},
	})
}

// describeTestFiles describes what is answered as a file.
func describeTestFiles(api huma.API) {
	for _, f := range []struct{ id, path, kind, summary string }{
		{"test-template-csv", "/template.csv", "text/csv", "The template of a record as CSV"},
		{"test-template-xlsx", "/template.xlsx", xlsxType, "The template of a record as a spreadsheet"},
		{"test-report", "/{id}/report", "application/pdf", "The signed report of a test"},
	} {
		o := operationOf("tests", f.id, http.MethodGet, testsPath+f.path, f.summary, "")
		o.Responses = map[string]*huma.Response{
			"200":     {Description: "The file", Content: map[string]*huma.MediaType{f.kind: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}},
			"default": {Description: "A problem (RFC 9457)"},
		}
		if f.id == "test-report" {
			o.Parameters = []*huma.Param{{Name: "id", In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString}}}
		}
		api.OpenAPI().AddOperation(&o)
	}
}

// testView is what is known of a test.
type testView struct {
	Household   string       `json:"household"`
	Room        string       `json:"room"`
	Institution string       `json:"institution"`
	Accredited  bool         `json:"accredited" doc:"On the local day of from, by the register when it was handed in."`
	Side        string       `json:"commissioned_by"`
	Request     string       `json:"request,omitempty"`
	From        time.Time    `json:"from"`
	To          time.Time    `json:"to"`
	Celsius     float64      `json:"celsius"`
	Instrument  string       `json:"instrument"`
	Certificate string       `json:"certificate"`
	Report      string       `json:"report" doc:"SHA-256 of the signed report."`
	Finding     *findingView `json:"finding,omitempty" doc:"As it was judged last; absent until then, for a test that no longer counts, and outside the season."`
}

// findingView is what a test decides.
type findingView struct {
	Finding    string          `json:"finding" enum:"noncompliant,compliant,not_applicable"`
	Stands     bool            `json:"stands"`
	Payer      string          `json:"payer,omitempty"`
	SensorOff  bool            `json:"sensor_off"`
	Difference float64         `json:"difference" doc:"Of the room's sensor from the test, °C."`
	Since      time.Time       `json:"since" doc:"Since when it is judged so."`
	Because    json.RawMessage `json:"because"`
}

func showFinding(f *ledger.TestFinding, zone *time.Location) *findingView {
	if f == nil {
		return nil
	}
	return &findingView{string(f.Finding), f.Stands, string(f.Payer), f.SensorOff, f.Difference, f.KnownFrom.Time().In(zone), f.Because}
}

func aboutTest(f *ledger.TestFinding) func(m disputes.Matter, zone *time.Location) (testView, error) {
	return func(m disputes.Matter, zone *time.Location) (testView, error) {
		b, err := bodyOf[disputes.Test](m)
		return testView{
			b.Household, b.Room, b.Institution, b.Accredited, string(b.Side), b.Request, b.From.Time().In(zone), b.To.Time().In(zone), b.Celsius,
			b.Instrument, b.Certificate, b.Report, showFinding(f, zone),
		}, err
	}
}

func (h *thirdParty) list(ctx context.Context, in *testListing) (*matterList[testView], error) {
	f, p := h.filter(ctx, ledger.TestFilter{
		Kind: disputes.TestMatter, Household: in.Household, Institution: in.Institution, After: in.Cursor, Limit: in.Limit,
	})
	if p != nil {
		return nil, p
	}
	found, next, err := h.tests.Tests(ctx, f)
	if err == nil {
		found, err = h.seen(ctx, found)
	}
	if err != nil {
		return nil, h.problem(ctx, "listing tests", cursorProblem(err))
	}
	ids := make([]string, len(found))
	for i := range found {
		ids[i] = found[i].ID
	}
	timelines, err := h.ledger.MatterTimelines(ctx, disputes.TestMatter, ids)
	if err != nil {
		return nil, h.problem(ctx, "listing tests", err)
	}
	out := &matterList[testView]{}
	out.Body.Items, out.Body.Next = []matterView[testView]{}, next
	for i := range found {
		v, err := showMatter(&h.matters, found[i].Matter, timelines[found[i].ID], aboutTest(found[i].Finding))
		if err != nil {
			return nil, h.problem(ctx, "listing tests", err)
		}
		out.Body.Items = append(out.Body.Items, v)
	}
	return out, nil
}

func (h *thirdParty) get(ctx context.Context, in *matterInput) (*oneTest, error) {
	m, events, p, err := h.find(ctx, disputes.TestMatter, in.ID)
	if err != nil {
		return nil, h.problem(ctx, "reading a test", err)
	}
	return h.show(ctx, m, events, &p)
}

// oneTest is one test with its record.
type oneTest struct {
	Body struct {
		Test   matterView[testView] `json:"test"`
		Record json.RawMessage      `json:"record" doc:"As it was handed in; times in UTC."`
	}
}

func (h *thirdParty) show(ctx context.Context, m disputes.Matter, events []disputes.MatterEvent, p *ledger.TestPaper) (*oneTest, error) {
	findings, err := h.tests.TestFindingsOf(ctx, p.Household)
	if err != nil {
		return nil, h.problem(ctx, "reading a test", err)
	}
	var finding *ledger.TestFinding
	for i := range findings {
		if findings[i].Test == m.ID {
			finding = &findings[i]
		}
	}
	out := &oneTest{}
	if out.Body.Test, err = showMatter(&h.matters, m, events, aboutTest(finding)); err != nil {
		return nil, h.problem(ctx, "reading a test", err)
	}
	out.Body.Record = p.Body
	return out, nil
}

// report is GET /api/v1/tests/{id}/report: the signed PDF.
func (h *thirdParty) report(c *gin.Context) {
	ctx := c.Request.Context()
	m, _, _, err := h.find(ctx, disputes.TestMatter, c.Param("id"))
	var f *os.File
	if err == nil {
		var b disputes.Test
		if b, err = bodyOf[disputes.Test](m); err == nil {
			f, err = h.files.Open(b.Report)
		}
	}
	if err != nil {
		reject(c, false, problemOf(h.problem(ctx, "reading a report", err)))
		return
	}
	defer f.Close() // it is only read
	c.Header("Content-Security-Policy", "sandbox; default-src 'none'")
	c.Header("Content-Disposition", `attachment; filename="report.pdf"`)
	c.Header("Content-Type", "application/pdf")
	http.ServeContent(c.Writer, c.Request, "", m.Opened.Time(), f)
}

// does is the handler of an event of a test.
func (h *thirdParty) does(event disputes.EventKind) func(context.Context, *moveInput) (*oneTest, error) {
	return func(ctx context.Context, in *moveInput) (*oneTest, error) {
		m, events, err := h.change(ctx, disputes.TestMatter, in.ID,
			func(m disputes.Matter, p *ledger.TestPaper, now sensors.Instant) (ledger.MatterWrite, error) {
				c := in.move(event)
				c.Actor = actorOf(ctx)
				return h.moved(ctx, m, p, c, now)
			})
		if err != nil {
			return nil, h.problem(ctx, "changing a test", err)
		}
		p, err := h.tests.TestPaper(ctx, m.Kind, m.ID)
		if err != nil {
			return nil, h.problem(ctx, "changing a test", err)
		}
		return h.show(ctx, m, events, &p)
	}
}

// moved is what is written when somebody does something to a test.
func (h *thirdParty) moved(ctx context.Context, m disputes.Matter, p *ledger.TestPaper, c disputes.Move, now sensors.Instant) (ledger.MatterWrite, error) {
	w, err := changeTest(m, c, now)
	if err != nil || w.Changes[0].After.State != disputes.StateWithdrawn {
		return w, err
	}
	if err := h.reliedOn(ctx, m, p); err != nil {
		return w, err
	}
	b, err := bodyOf[disputes.Test](m)
	if err != nil {
		return w, err
	}
	return h.relinquish(ctx, w, b.Request, c, now)
}

// changeTest does a move to a test; the fact for the judge follows its state.
func changeTest(m disputes.Matter, c disputes.Move, now sensors.Instant) (ledger.MatterWrite, error) {
	w, err := advance(m, c, now)
	if err != nil {
		return w, err
	}
	switch w.Changes[0].After.State {
	case disputes.StateUpheld:
		b, err := bodyOf[disputes.Test](m)
		if err != nil {
			return w, err
		}
		fact := b.Fact(m.ID)
		w.Declarations = []ledger.Declaration{{Place: m.Place, Test: &fact}}
	case disputes.StateRejected, disputes.StateWithdrawn:
		w.Retractions = []ledger.FactID{{Kind: "test", ID: m.ID}}
	}
	return w, nil
}

// reliedOn is ErrConflict when another test of the room was handed in later: it was made, or left out, by what this one says.
func (h *thirdParty) reliedOn(ctx context.Context, m disputes.Matter, p *ledger.TestPaper) error {
	all, _, err := h.tests.Tests(ctx, ledger.TestFilter{Kind: disputes.TestMatter, Household: p.Household})
	for i := range all {
		if o := &all[i]; o.ID != m.ID && o.Paper.Room == p.Room && o.Opened > m.Opened && o.State != disputes.StateWithdrawn {
			return disputes.Stale(disputes.TestMatter, "test %s of the room was handed in later", o.ID)
		}
	}
	return err
}

// relinquish lets the request of a withdrawn test have another.
func (h *thirdParty) relinquish(ctx context.Context, w ledger.MatterWrite, request string, c disputes.Move, now sensors.Instant) (ledger.MatterWrite, error) {
	if request == "" {
		return w, nil
	}
	m, _, err := h.ledger.Matter(ctx, disputes.TestRequestMatter, request)
	if err != nil {
		return w, err
	}
	b, err := bodyOf[disputes.TestRequest](m)
	if err != nil {
		return w, err
	}
	b.Test = ""
	after, events, err := disputes.Advance(m, disputes.Move{Event: disputes.Relinquished, Text: c.Text, Actor: c.Actor, Body: b}, now)
	if err == nil {
		w.Changes = append(w.Changes, ledger.MatterChange{Before: m, After: after, Events: events})
	}
	return w, err
}
