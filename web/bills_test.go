package web

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nuanju/nuanju/billing/settlement"
	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/compliance/checker"
	"github.com/nuanju/nuanju/configs"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/ledger/registrycsv"
	"github.com/nuanju/nuanju/sensors"
)

const aprilMorning = "2016-04-01T09:00:00+08:00"

func billTrials() map[string]trial {
	const desk, maker = "auditor admin billing", "admin billing"
	return map[string]trial{
		"GET /api/v1/households/:id/statements": {may: "dispatcher auditor admin resident billing", former: true, ask: at("/api/v1/households/h1/statements", "")},
		"GET /api/v1/arrears":                   {may: desk, ask: at("/api/v1/arrears?winter=2015", "")},
		"GET /api/v1/exports/statements":        {may: desk, ask: at("/api/v1/exports/statements?winter=2015", "")},
		"GET /api/v1/exports/arrears":           {may: desk, ask: at("/api/v1/exports/arrears?winter=2015&format=xlsx", "")},
		"POST /api/v1/settlements":              {may: maker, ask: at("/api/v1/settlements", `{"winter":2014,"dry_run":true}`)},
		"POST /api/v1/payments/import":          {may: maker, ask: at("/api/v1/payments/import?dry_run=true", "reference,account,date,yuan\n", "Content-Type", "text/csv")},
		"POST /api/v1/billing-facts": {may: "dispatcher admin billing", ask: at("/api/v1/billing-facts",
			`{"id":"u1","place":{"kind":"household","id":"h1"},"unsupplied":{"first":"2015-12-01","last":"2015-12-02"}}`)},
		"GET /api/v1/accounts/:no/payment-options": {may: "dispatcher auditor admin resident billing", hidden: true, ask: func(t *testing.T, h *house) (string, string, []string) {
			r := town()
			r.Households[0].Account = "Ah1"
			_, err := h.ledger.ImportRegistry(t.Context(), &registrycsv.Declared{Registry: registrycsv.Registry{Registry: *r}}, ledger.ImportOptions{}, sensors.At(noon))
			must(t, err)
			return "/api/v1/accounts/Ah1/payment-options?at=2025-11-01", "", nil
		}},
		"POST /api/v1/payments/void":            {may: maker, ask: at("/api/v1/payments/void", `{"channel":"standard","reference":"none","why":"typo"}`)},
		"GET /api/v1/households/:id/payments":   {may: "dispatcher auditor admin resident billing", former: true, ask: at("/api/v1/households/h1/payments?winter=2015", "")},
		"GET /api/v1/settlements/:id":           {may: desk, hidden: false, ask: at("/api/v1/settlements/none", "")},
		"GET /api/v1/settlements/:id/transfers": {may: maker, ask: at("/api/v1/settlements/none/transfers", "")},
	}
}

// billed is a house whose registry is in the ledger too, with a heat meter for B1 that counts 20 kWh a day through the winter, and a
// settler: h1 has 80 m² of its 140.
func billed(t *testing.T) *house {
	t.Helper()
	r := town()
	r.HeatMeters = []sensors.HeatMeter{{ID: "m1", Building: "B1"}, {ID: "m3", Household: "b2/h3"}}
	for _, m := range r.HeatMeters {
		r.Devices = append(r.Devices, sensors.Device{ID: m.ID})
		r.Assignments = append(r.Assignments, sensors.Assignment{Device: m.ID, Target: sensors.OnMeter(m.ID), From: sensors.At(noon.AddDate(-1, 0, 0)), To: sensors.Forever})
	}
	for i := range r.Households {
		r.Households[i].Account = "A" + r.Households[i].ID
	}
	h := openRegistry(t, r, nil)
	_, err := h.ledger.ImportRegistry(t.Context(), &registrycsv.Declared{Registry: registrycsv.Registry{Registry: *r}}, ledger.ImportOptions{}, sensors.At(noon))
	must(t, err)
	policy, err := configs.Policy("beijing-metered")
	must(t, err)
	batch := sensors.Batch{Series: sensors.Series{Quantity: sensors.HeatKWh, Owner: "m1"}}
	for d, kwh := compliance.DateOf(2015, 11, 15), 0.0; d <= compliance.DateOf(2016, 3, 16); d, kwh = d+1, kwh+20 {
		batch.Samples = append(batch.Samples, sensors.Sample{At: d.Start(policy.Zone), Received: 1, Value: kwh})
	}
	_, err = h.store.Write(t.Context(), []sensors.Batch{batch})
	must(t, err)
	return h
}

func settlerOf(t testing.TB, o *Options, r *sensors.Registry) Settler {
	t.Helper()
	l, store := o.Ledger.(*ledger.Ledger), o.Store.(sensors.Store)
	policy, err := configs.Policy("beijing-metered")
	must(t, err)
	policies := map[string]*compliance.Policy{policy.Name: policy}
	k, err := checker.New(checker.Config{
		Ledger: l, Store: store, Registry: homesOf{r}, Events: l, Declared: l, Policies: policies, Clock: o.Clock,
	})
	must(t, err)
	s, err := settlement.New(settlement.Config{
		Ledger: l, Store: store, Verdicts: k, Policies: policies, Clock: o.Clock,
		Registry: func(context.Context) (*sensors.Registry, error) { return r, nil },
	})
	must(t, err)
	return s
}

type homesOf struct{ r *sensors.Registry }

func (h homesOf) Homes(context.Context) (*checker.Homes, error) { return checker.NewHomes(h.r), nil }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// reads is an answer's JSON.
func reads[T any](t *testing.T, h *house, who, method, path, body string, status int) (v T) {
	t.Helper()
	w := want(t, h.ask(who, method, path, body), status)
	must(t, json.Unmarshal(w.Body.Bytes(), &v))
	return v
}

type settledAnswer struct {
	Settlement struct {
		ID   string `json:"id"`
		Made int    `json:"statements_made"`
	} `json:"settlement"`
	Totals struct {
		Made int   `json:"statements"`
		Back int64 `json:"given_back_fen"`
	} `json:"totals"`
	Failed   int `json:"failed"`
	Failures []struct {
		Household string `json:"household"`
		Why       string `json:"why"`
	} `json:"failures"`
	Largest []struct {
		After int64 `json:"after_fen"`
	} `json:"largest_changes"`
	Drafts []json.RawMessage `json:"drafts"`
}

type billsAnswer struct {
	Statements []struct {
		Kind  string `json:"kind"`
		Lines []struct {
			Item     string `json:"item"`
			Quantity string `json:"quantity"`
			Fen      int64  `json:"fen"`
		} `json:"lines"`
		Details struct {
			Says []compliance.Words `json:"says"`
		} `json:"details"`
	} `json:"statements"`
	Winters []struct {
		Balance  int64    `json:"balance_fen"`
		Payable  int64    `json:"payable_fen"`
		Without  int64    `json:"payable_without_zeroing_fen"`
		Final    bool     `json:"final"`
		NotFinal string   `json:"not_final"`
		Disputes []string `json:"open_disputes"`
	} `json:"winters"`
	Next string `json:"next"`
}

func (h *house) until(t *testing.T, at string) {
	t.Helper()
	when, err := time.Parse(time.RFC3339, at)
	must(t, err)
	h.clock.set(when)
}

// A clerk tries a settlement, makes it, sends it again, and it is one; a resident reads the statement with its reasons; with an open
// dispute it is not final; what is owed is listed and goes out as a table.
func TestSettlingOverHTTP(t *testing.T) {
	h := billed(t)
	h.until(t, aprilMorning)
	h.addTokensUntil(t, "2017-01-01T00:00:00Z")
	dry := reads[settledAnswer](t, h, "billing2", "POST", "/api/v1/settlements", `{"winter":2015,"dry_run":true}`, http.StatusOK)
	if dry.Settlement.ID != "" || dry.Totals.Made != 2 || len(dry.Drafts) != 2 || dry.Failed != 1 || dry.Failures[0].Household != "b2/h3" {
		t.Errorf("dry: %+v", dry)
	}
	first := want(t, h.ask("billing2", "POST", "/api/v1/settlements", `{"winter":2015}`, "Idempotency-Key", "k1"), http.StatusCreated)
	again := want(t, h.ask("billing2", "POST", "/api/v1/settlements", `{"winter":2015}`, "Idempotency-Key", "k1"), http.StatusCreated)
	if a, b := first.Header().Get("Location"), again.Header().Get("Location"); a != b || a == "" {
		t.Errorf("made %q and %q", a, b)
	}
	want(t, h.ask("billing2", "POST", "/api/v1/settlements", `{"winter":2014}`, "Idempotency-Key", "k1"), http.StatusUnprocessableEntity)

	got := reads[billsAnswer](t, h, "resident2", "GET", "/api/v1/households/h1/statements", "", http.StatusOK)
	// 122 days × 20 kWh = 2440 kWh × 80/140 = 1394.285714 kWh × 0.16 = 223.09; base 12 × 80 = 960.
	if len(got.Statements) != 1 || got.Statements[0].Kind != "season" || got.Winters[0].Payable != 118309 || got.Winters[0].Without != 118309 || !got.Winters[0].Final {
		t.Fatalf("%+v", got)
	}
	metered := slices.IndexFunc(got.Statements[0].Lines, func(l struct {
		Item     string `json:"item"`
		Quantity string `json:"quantity"`
		Fen      int64  `json:"fen"`
	},
	) bool {
		return l.Item == "metered"
	})
	if got.Statements[0].Lines[metered].Quantity != "1394.285714" || len(got.Statements[0].Details.Says) < 5 || got.Statements[0].Details.Says[0].ZH == "" {
		t.Errorf("%+v", got.Statements[0])
	}
	want(t, h.ask("neighbour", "GET", "/api/v1/households/h1/statements", ""), http.StatusForbidden)
	told := slices.DeleteFunc(h.alerted(t, "statement/"), func(s string) bool { return !strings.HasSuffix(s, " to h1") })
	if len(told) != 1 { // the one statement, once
		t.Errorf("of the statement of h1 is told: %v", told)
	}

	h.post(t, "dispatcher2", "/api/v1/disputes", `{"household":"h1","about":{"kind":"statement","id":"S1"},"text":"too much"}`)
	got = reads[billsAnswer](t, h, "resident2", "GET", "/api/v1/households/h1/statements?winter=2015&limit=1", "", http.StatusOK)
	if w := got.Winters[0]; w.Final || w.NotFinal != "open_dispute" || len(w.Disputes) != 1 || got.Next != "2015.1" {
		t.Errorf("with a dispute: %+v", got)
	}
	owed := reads[struct{ Arrears []arrearsView }](t, h, "billing2", "GET", "/api/v1/arrears?winter=2015", "", http.StatusOK)
	if len(owed.Arrears) != 2 || owed.Arrears[0].Household != "h1" || owed.Arrears[0].Owed < 118309 {
		t.Errorf("%+v", owed)
	}
	csv := want(t, h.ask("billing2", "GET", "/api/v1/exports/statements?winter=2015", ""), http.StatusOK)
	if text := csv.Body.String(); !strings.HasPrefix(text, "\ufeffstatement,household") || !strings.Contains(text, ",h1,Ah1,2015,2015-11-15/2016-03-15,1,season,2016-04-01T09:00:00+08:00,") {
		t.Errorf("%s", text)
	}
	xlsx := want(t, h.ask("billing2", "GET", "/api/v1/exports/arrears?winter=2015&format=xlsx", ""), http.StatusOK)
	if !strings.HasPrefix(xlsx.Body.String(), "PK") || xlsx.Header().Get("Content-Disposition") != `attachment; filename="arrears.xlsx"` {
		t.Errorf("%q %v", xlsx.Body.String()[:4], xlsx.Header())
	}
}

// addTokensUntil makes tokens that are good later: NAME2 of each of the tokens that bills are tried with.
func (h *house) addTokensUntil(t *testing.T, until string) {
	t.Helper()
	expires, err := time.Parse(time.RFC3339, until)
	must(t, err)
	for name, spec := range map[string]ledger.Token{
		"billing2": {Role: "billing"}, "dispatcher2": {Role: "dispatcher"}, "admin2": {Role: "admin"},
		"resident2": {Role: "resident", Scope: ledger.Scope{Households: []string{"h1"}}},
	} {
		spec.Name, spec.ExpiresAt = name, sensors.At(expires)
		h.tokens[name], _, err = h.ledger.CreateToken(t.Context(), spec, sensors.At(h.clock.now()))
		must(t, err)
	}
}

// Everything that is wrong with a request is told at once.
func TestSettlementsThatCannotBe(t *testing.T) {
	h := billed(t)
	w := want(t, h.ask("billing", "POST", "/api/v1/settlements", `{"winter":1,"households":["\\","h1"],"move_out":true,"as_of":"soon"}`), http.StatusUnprocessableEntity)
	for _, part := range []string{"body.winter", "body.households", "body.move_out", "body.as_of"} {
		if !strings.Contains(w.Body.String(), part) {
			t.Errorf("%s is not told: %s", part, w.Body)
		}
	}
	w = want(t, h.ask("billing", "POST", "/api/v1/settlements", `{"winter":2015,"households":["h9"],"as_of":"2030-01-01T00:00:00Z"}`), http.StatusUnprocessableEntity)
	for _, part := range []string{"is not registered", "is in the future"} {
		if !strings.Contains(w.Body.String(), part) {
			t.Errorf("%q is not told: %s", part, w.Body)
		}
	}
	want(t, h.ask("billing", "GET", "/api/v1/settlements/none", ""), http.StatusNotFound)
	want(t, h.ask("billing", "GET", "/api/v1/households/h1/statements?cursor=x", ""), http.StatusUnprocessableEntity)
}

// A channel's file is taken over whole or not at all: every mistake is told with its line, the dry run writes nothing, and the same file
// is one.
func TestPaymentsOfAChannel(t *testing.T) {
	h := billed(t)
	const good = "reference,account,date,yuan\nr1,Ah1,2015-11-10,1920.00\nr2,Ah2,2015-11-12,0.05\n"
	take := func(query, text string, status int) string {
		t.Helper()
		return want(t, h.ask("billing", "POST", "/api/v1/payments/import"+query, text, "Content-Type", "text/csv"), status).Body.String()
	}
	paid := func() string {
		return want(t, h.ask("resident", "GET", "/api/v1/households/h1/payments?winter=2015", ""), http.StatusOK).Body.String()
	}
	take("?dry_run=true&count=2&total_yuan=1920.05", good, http.StatusOK)
	if got := paid(); !strings.Contains(got, `"payments":[]`) {
		t.Errorf("the dry run wrote %s", got)
	}
	wrong := take("?count=3&total_yuan=1920.50", good, http.StatusUnprocessableEntity)
	for _, part := range []string{"has 2 payments, the channel says 3", "come to 1920.05 yuan, the channel says 1920.50"} {
		if !strings.Contains(wrong, part) {
			t.Errorf("%q is not told: %s", part, wrong)
		}
	}
	if got := take("", good, http.StatusOK); !strings.Contains(got, `"fen":192005`) || !strings.Contains(got, `"again":false`) {
		t.Error(got)
	}
	if got := take("", good, http.StatusOK); !strings.Contains(got, `"again":true`) {
		t.Error(got)
	}
	wrong = take("", "reference,account,date,yuan\nr1,Ah1,2015-11-10,1920.00\nr9,nobody,2015-11-10,1.00\nr8,Ah1,2015-13-10,1.00\n", http.StatusUnprocessableEntity)
	if !strings.Contains(wrong, `"line 4"`) {
		t.Errorf("an unreadable line: %s", wrong)
	}
	wrong = take("", "reference,account,date,yuan\nr1,Ah1,2015-11-10,1920.00\nr9,nobody,2015-11-10,1.00\n", http.StatusUnprocessableEntity)
	for _, part := range []string{`"line 2"`, "was recorded before: 1920.00 yuan", `"line 3"`, "is not that of one home"} {
		if !strings.Contains(wrong, part) {
			t.Errorf("%q is not told: %s", part, wrong)
		}
	}
	take("?channel=unknown", good, http.StatusUnprocessableEntity)
	if got := paid(); !strings.Contains(got, `"fen":192000}`) || strings.Contains(got, "r9") {
		t.Errorf("paid: %s", got)
	}
	void := func(status int) {
		t.Helper()
		want(t, h.ask("billing", "POST", "/api/v1/payments/void", `{"channel":"standard","reference":"r1","why":"of another"}`), status)
	}
	void(http.StatusNoContent)
	void(http.StatusConflict)
	if got := paid(); !strings.Contains(got, `"payments":[]`) {
		t.Errorf("voided: %s", got)
	}
}

// A fault of the meter is noted, all that is wrong with a note is told at once, and the next settlement bills by it.
func TestFactsOfBillsOverHTTP(t *testing.T) {
	h := billed(t)
	w := want(t, h.ask("billing", "POST", "/api/v1/billing-facts",
		`{"id":"x","place":{"kind":"meter","id":"m1"},"meter_fault":{"first":"2016-02-30","last":"soon"},"test_fee":{"test":"t","yuan":"0.001","advanced_by":"resident"}}`), http.StatusUnprocessableEntity)
	for _, part := range []string{"meter_fault.first", "meter_fault.last", "test_fee.yuan"} {
		if !strings.Contains(w.Body.String(), part) {
			t.Errorf("%s is not told: %s", part, w.Body)
		}
	}
	want(t, h.ask("billing", "POST", "/api/v1/billing-facts", `{"id":"x","place":{"kind":"household","id":"h1"},"meter_fault":{"first":"2016-02-01","last":"2016-02-01"}}`), http.StatusUnprocessableEntity)
	want(t, h.ask("building2", "POST", "/api/v1/billing-facts", `{"id":"x","place":{"kind":"meter","id":"m1"},"meter_fault":{"first":"2016-02-01","last":"2016-02-01"}}`), http.StatusForbidden)
	want(t, h.ask("billing", "POST", "/api/v1/billing-facts", `{"id":"f1","place":{"kind":"meter","id":"m1"},"meter_fault":{"first":"2016-02-01","last":"2016-02-02"}}`), http.StatusCreated)
	account := func(status int, more string) {
		t.Helper()
		want(t, h.ask("billing", "POST", "/api/v1/billing-facts", `{"id":"Ah1","place":{"kind":"household","id":"h1"},"account":{"no":"Ah1","payout":"transfer"`+more+`}}`), status)
	}
	account(http.StatusUnprocessableEntity, "")
	account(http.StatusCreated, `,"holder":"张三","bank":"工商银行","bank_no":"6222"`)
	want(t, h.ask("billing", "POST", "/api/v1/payments/import", "reference,account,date,yuan\nr1,Ah1,2015-11-10,1920.00\n", "Content-Type", "text/csv"), http.StatusOK)
	h.until(t, aprilMorning)
	h.addTokensUntil(t, "2017-01-01T00:00:00Z")
	settled := reads[settledAnswer](t, h, "billing2", "POST", "/api/v1/settlements", `{"winter":2015,"households":["h1"]}`, http.StatusCreated)
	file := want(t, h.ask("billing2", "GET", "/api/v1/settlements/"+settled.Settlement.ID+"/transfers", ""), http.StatusOK).Body.String()
	if !strings.HasSuffix(file, ",Ah1,张三,工商银行,6222,724.83\n") { // 1920.00 − 1195.17
		t.Errorf("transfers: %q", file)
	}
	// 120 days × 20 kWh × 80/140 = 1371.428571 kWh × 0.16 = 219.43; two fault days × (24 − 12) / 122 × 80 = 15.74; base 960.
	got := reads[billsAnswer](t, h, "resident2", "GET", "/api/v1/households/h1/statements", "", http.StatusOK)
	if got.Winters[0].Payable != 96000+21943+1574 {
		t.Errorf("%+v", got.Winters)
	}
	options := want(t, h.ask("resident2", "GET", "/api/v1/accounts/Ah1/payment-options?at=2016-11-01", ""), http.StatusOK).Body.String()
	if !strings.Contains(options, `"known":false`) || !strings.Contains(options, `"household":"h1"`) {
		t.Error(options)
	}
	want(t, h.ask("resident2", "GET", "/api/v1/accounts/Ah2/payment-options", ""), http.StatusNotFound)
	want(t, h.ask("resident2", "GET", "/api/v1/accounts/Ah1/payment-options?facts=tall", ""), http.StatusUnprocessableEntity)
}
