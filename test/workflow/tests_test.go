package workflow_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/disputes/measured/sheet"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// testers plans the case's third-party tests as people go about them: an administrator keeps the register of institutions, a side (or
// both) asks one, it accepts, measures by the policy's method, and hands in what it read with the signed report.
func (p *play) testers() {
	start := p.season().Start
	accredited, not := map[string]bool{}, map[string]bool{}
	for _, v := range p.facts.Tests {
		if v.Accredited {
			accredited[v.Institution] = true
		} else {
			not[v.Institution] = true
		}
	}
	for _, names := range []map[string]bool{accredited, not} {
		for name := range names {
			if accredited[name] && not[name] {
				p.t.Fatalf("%s is accredited at one test and not at another: give the register its dates", name)
			}
			p.on(start, func() { p.institution(name, accredited[name]) })
		}
	}
	for i, v := range p.facts.Tests {
		var request string
		p.on(v.Start.Add(-24*time.Hour), func() { request = p.commissioned(&v) })
		p.on(v.End.Add(time.Minute), func() { p.handsIn(&v, request, i%2 == 1) })
	}
}

// institution registers one with an instrument, and lets its tester in. The accreditation of one that has none ended before the season.
func (p *play) institution(name string, accredited bool) {
	p.t.Helper()
	days := map[string]any{"from": "2010-01-01"}
	if !accredited {
		days["to"] = (p.facts.Season.Start - 1).String()
	}
	p.does("admin", "/institutions", map[string]any{
		"id": name, "name": name, "accredited": []any{days},
		"instruments": []any{map[string]any{
			"serial": "T-7", "certificate": "C-9", "valid": map[string]any{"from": "2010-01-01", "to": "2020-12-31"}, "error_celsius": "0.2",
		}},
	})
	token := ledger.Token{Role: disputes.Tester, Name: name, Scope: ledger.Scope{Institution: name}, ExpiresAt: p.clock.instant().Add(400 * 24 * time.Hour)}
	var err error
	p.tokens["tester of "+name], _, err = p.ledger.CreateToken(p.t.Context(), token, p.clock.instant())
	p.must(err)
}

// commissioned asks for a test in the name of its side, and has the institution accept it.
func (p *play) commissioned(v *compliance.Test) string {
	p.t.Helper()
	form := map[string]any{"household": p.facts.Household, "room": v.Room, "institution": v.Institution}
	who := map[compliance.Side]string{compliance.Resident: "resident", compliance.Supplier: "dispatcher", compliance.Joint: "resident"}[v.CommissionedBy]
	if v.CommissionedBy == compliance.Joint {
		form["joint"] = true
	}
	id := p.made(who, "/tests/requests", form)
	if v.CommissionedBy == compliance.Joint {
		p.does("dispatcher", "/tests/requests/"+id+"/agree", map[string]any{"text": "同意"})
	}
	p.does("tester of "+v.Institution, "/tests/requests/"+id+"/accept", map[string]any{"text": ""})
	return id
}

// record is what a tester reads whose mean is a test's value and whose first and last row are its window: still air, then three readings
// a minute apart.
func (p *play) record(v *compliance.Test) [][]any {
	var out [][]any
	row := func(at sensors.Instant, phase string, tenths int64) {
		d, err := compliance.ParseDecimal(fmt.Sprint(v.Celsius))
		p.must(err)
		f, _ := new(big.Rat).Add(d.Rat(), big.NewRat(tenths, 10)).Float64()
		out = append(out, []any{at.Time().In(p.policy.Zone).Format(time.DateTime), phase, 1, 1.4, 2, 2, 2, f})
	}
	first := v.End.Add(-2 * time.Minute)
	for at := v.Start; at < first; at = at.Add(3 * time.Minute) {
		row(at, "settling", 0)
	}
	for i, tenths := range []int64{-1, 0, 1} { // whose mean is exactly the value
		row(first.Add(time.Duration(i)*time.Minute), "reading", tenths)
	}
	return out
}

// file is a record as CSV or as a spreadsheet.
func (p *play) file(rows [][]any, spreadsheet bool) []byte {
	p.t.Helper()
	if !spreadsheet {
		text := sheet.TemplateCSV()
		for _, row := range rows {
			text = fmt.Appendf(text, strings.TrimSuffix(strings.Repeat("%v,", len(row)), ",")+"\n", row...)
		}
		return text
	}
	template, err := sheet.TemplateXLSX()
	p.must(err)
	f, err := excelize.OpenReader(bytes.NewReader(template))
	p.must(err)
	for i := range rows {
		p.must(f.SetSheetRow("readings", fmt.Sprintf("A%d", i+2), &rows[i]))
	}
	b, err := f.WriteToBuffer()
	p.must(err)
	return b.Bytes()
}

// handsIn is the institution handing a test in, first in a dry run: the case's test as the server has it.
func (p *play) handsIn(v *compliance.Test, request string, spreadsheet bool) {
	p.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, f := range [][2]string{
		{"request", request}, {"instrument", "T-7"}, {"certificate", "C-9"}, {"area_m2", "12"}, {"room_closed", "yes"}, {"hand_held", "no"},
	} {
		p.must(w.WriteField(f[0], f[1]))
	}
	for name, content := range map[string][]byte{"file": p.file(p.record(v), spreadsheet), "report": []byte("%PDF-1.7 " + v.ID)} {
		part, err := w.CreateFormFile(name, name)
		p.must(err)
		_, err = part.Write(content)
		p.must(err)
	}
	p.must(w.Close())
	send := func(query string, status int) []byte {
		r := httptest.NewRequest(http.MethodPost, "/api/v1/tests"+query, bytes.NewReader(b.Bytes()))
		r.Header.Set("Authorization", "Bearer "+p.tokens["tester of "+v.Institution])
		r.Header.Set("Content-Type", w.FormDataContentType())
		answer := httptest.NewRecorder()
		p.handler.ServeHTTP(answer, r)
		if answer.Code != status {
			p.t.Fatalf("handing in %s: %d %s", v.ID, answer.Code, answer.Body)
		}
		return answer.Body.Bytes()
	}
	dry := send("?dry_run=true", http.StatusOK)
	if commit := send("", http.StatusCreated); !bytes.Equal(dry, commit) {
		p.t.Errorf("the dry run of %s said\n%s\nthe commit\n%s", v.ID, dry, commit)
	}
	var taken struct {
		ID       string
		From, To time.Time
		Celsius  float64
	}
	p.must(json.Unmarshal(dry, &taken))
	if sensors.At(taken.From) != v.Start || sensors.At(taken.To) != v.End || taken.Celsius != v.Celsius {
		p.t.Errorf("%s is %+v, want %s to %s, %v", v.ID, taken, v.Start.Time(), v.End.Time(), v.Celsius)
	}
	p.ids[taken.ID] = v.ID
}

// tested is what the server says of the household's tests, in the order of expected ones.
func (p *play) tested(want []testFinding) (all []testFinding) {
	p.t.Helper()
	var list struct {
		Items []struct {
			ID    string
			About struct{ Finding testFinding }
		}
	}
	p.get("/tests?"+url.Values{"household": {p.facts.Household}}.Encode(), &list)
	for _, w := range want {
		for _, x := range list.Items {
			if p.ids[x.ID] == w.ID {
				x.About.Finding.ID = w.ID
				all = append(all, x.About.Finding)
			}
		}
	}
	if len(list.Items) != len(want) {
		p.t.Errorf("the server has %d tests, want %d", len(list.Items), len(want))
	}
	return all
}

// testFinding is what a test decides.
type testFinding struct {
	ID, Finding string
	Stands      bool
	Payer       string
}
