package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/disputes/measured"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// handIns takes tests in.
type handIns struct {
	testPart
	reading chan struct{} // a place in it for each form that is being read
}

func newHandIns(o Options, f failing) *handIns {
	return &handIns{newTestPart(o, f), make(chan struct{}, maxUploads)}
}

// handIn is a test on its way in.
type handIn struct {
	*upload
	caller  *token
	now     sensors.Instant
	request disputes.Matter // Version 0: none
	asked   disputes.TestRequest
	home    Home
	known   bool // home is registered
	record  *measured.Record
	answer  testAnswer
	fact    compliance.Test
	paper   json.RawMessage
}

// refusal is everything that is wrong with a test that was handed in, by place, and what would only have been told.
type refusal struct {
	Type     string             `json:"type"`
	Title    string             `json:"title"`
	Status   int                `json:"status"`
	Detail   string             `json:"detail"`
	Errors   []refused          `json:"errors"`
	Warnings []measured.Problem `json:"warnings"`
}

// refused is a problem in the words of RFC 9457's examples, with the place in fields of its own.
type refused struct {
	Location string `json:"location"`
	Message  string `json:"message"`
	measured.Problem
}

// handle is POST /api/v1/tests. A dry run does everything but write.
func (h *handIns) handle(c *gin.Context) {
	select {
	case h.reading <- struct{}{}:
		defer func() { <-h.reading }()
	default:
		reject(c, false, busy(http.StatusTooManyRequests, "too many tests are being handed in at the moment", 2))
		return
	}
	ctx := c.Request.Context()
	dry, asOf, p := handInQuery(c)
	var u *upload
	if p == nil {
		u, p = readUpload(c.Request)
	}
	if p != nil {
		reject(c, false, p)
		return
	}
	in := &handIn{upload: u, caller: callerOf(ctx).token, now: h.clock.now()}
	refusal, err := h.prepare(ctx, in, asOf)
	if err == nil && refusal == nil && !dry {
		err = h.commit(ctx, in)
	}
	switch {
	case err != nil:
		reject(c, false, problemOf(h.problem(ctx, "handing in a test", err)))
	case refusal != nil:
		writeJSON(c, http.StatusUnprocessableEntity, "application/problem+json", refusal)
	case dry:
		writeJSON(c, http.StatusOK, "application/json", in.answer)
	default:
		c.Header("Location", "/api/v1/tests/"+in.answer.ID)
		writeJSON(c, http.StatusCreated, "application/json", in.answer)
	}
}

func writeJSON(c *gin.Context, status int, kind string, v any) {
	text, err := json.Marshal(v)
	if err != nil { // no number in it is infinite
		reject(c, false, problemOf(err))
		return
	}
	c.Data(status, kind, append(text, '\n'))
}

// handInQuery is what the query asks for.
func handInQuery(c *gin.Context) (dry bool, asOf sensors.Instant, p *problem) {
	for name, values := range c.Request.URL.Query() {
		ok := len(values) == 1
		switch {
		case ok && name == "dry_run" && (values[0] == "true" || values[0] == "false"):
			dry = values[0] == "true"
		case ok && name == "as_of":
			if asOf, ok = parseTime(values[0]); !ok {
				return false, 0, newProblem(http.StatusUnprocessableEntity, "as_of is not a time that a dry run answered")
			}
		default:
			return false, 0, newProblem(http.StatusUnprocessableEntity, "the query may have dry_run, true or false, and as_of, once each")
		}
	}
	return dry, asOf, nil
}

// prepare does everything but write. The refusal is what is wrong with the test, the error anything else.
func (h *handIns) prepare(ctx context.Context, in *handIn, asOf sensors.Instant) (*refusal, error) {
	if asOf == 0 {
		asOf = in.now
	}
	if asOf > in.now || in.now.Sub(asOf) > maxAsOf {
		return nil, newProblem(http.StatusUnprocessableEntity, "as_of is not of the last hour: ask for another dry run")
	}
	if err := h.asked(ctx, in); err != nil {
		return nil, err
	}
	household := in.said("household")
	in.home, in.known = h.homes.Home(household)
	zone := h.zone
	if in.known {
		zone = in.home.Zone
	}
	var unread []measured.Problem
	in.record, unread = measured.Read(in.raw, zone)
	known, wrong, err := h.register(ctx, in, asOf)
	if err != nil {
		return nil, err
	}
	failed, told := in.record.Check(known)
	if all := measured.Merged(in.problems, unread, wrong, failed); len(all) > 0 {
		return refuse(all, told), nil
	}
	w := in.record.Window()
	accredited := known.Institution.AccreditedOn(compliance.DateIn(w.Start, in.home.Zone))
	in.fact = in.record.Test(accredited)
	readings, points := in.record.Counted()
	in.answer = testAnswer{
		ID: in.fact.ID, Household: in.home.ID, Room: in.record.Room, Institution: in.record.Institution, Accredited: accredited,
		Side: string(in.record.CommissionedBy), Request: in.request.ID, From: w.Start.Time().In(in.home.Zone), To: w.End.Time().In(in.home.Zone),
		Celsius: in.fact.Celsius, Readings: readings, Points: points, Report: in.digest(), Warnings: append([]measured.Problem{}, told...),
	}
	if in.paper, err = json.Marshal(recordPaper(in.record)); err != nil {
		return nil, err
	}
	if err := h.fresh(ctx, in); err != nil {
		return nil, err
	}
	return nil, h.judge(ctx, in.home, in.fact, asOf, &in.answer)
}

// asked finds the request that a test is for, and holds to who may hand it in: a tester what their institution accepted, the supplier's
// people only what the supplier commissioned: a test with the resident's precedence never comes from the other side.
func (h *handIns) asked(ctx context.Context, in *handIn) error {
	if in.caller.Role == disputes.Tester && in.caller.Scope.Institution == "" {
		return newProblem(http.StatusForbidden, "the tester belongs to no institution")
	}
	id := in.fields["request"]
	delete(in.fields, "request")
	for _, name := range sortedKeys(in.fields) {
		in.raw.Fields = append(in.raw.Fields, measured.Field{Name: name, Text: in.fields[name], Place: formPlace(name)})
	}
	if id == "" && in.caller.Role == disputes.Tester {
		in.problems = append(in.problems, formProblem("request", "", "request", "本机构已受理的委托编号", "the id of a request that the institution has accepted"))
		return nil
	}
	if id == "" {
		in.settle("commissioned_by", "supplier")
		return nil
	}
	m, _, _, err := h.find(ctx, disputes.TestRequestMatter, id)
	if errors.Is(err, ledger.ErrNotFound) {
		in.problems = append(in.problems, formProblem("request", id, "request", "已有的委托编号", "the id of a request"))
		return nil
	}
	if err != nil {
		return err
	}
	if in.asked, err = bodyOf[disputes.TestRequest](m); err != nil {
		return err
	}
	if in.caller.Role != disputes.Tester && in.asked.Side != compliance.Supplier {
		return newProblem(http.StatusForbidden, "a test that the resident commissioned, alone or with the supplier, is handed in by its institution")
	}
	in.request = m
	in.settle("household", in.asked.Household)
	in.settle("room", in.asked.Room)
	in.settle("institution", in.asked.Institution)
	in.settle("commissioned_by", string(in.asked.Side))
	return nil
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// register is what the record is held against, and what the register of homes and institutions has against it.
func (h *handIns) register(ctx context.Context, in *handIn, asOf sensors.Instant) (k measured.Known, wrong []measured.Problem, err error) {
	r := in.record
	k = measured.Known{Zone: h.zone, Now: asOf}
	switch {
	case r.Household == "": // told
	case !in.known:
		wrong = append(wrong, problemAt(in, "household", r.Household, "已登记的住户", "a household of the registry"))
	case in.caller.Role != disputes.Tester && !in.caller.coversHome(r.Household, h.homes):
		return k, nil, newProblem(http.StatusForbidden, "the token is not for this household")
	}
	if in.known {
		k.Zone = in.home.Zone
		k.Method = in.home.Pack.EditionAt(r.Window().Start).TestMethod
		i := slices.IndexFunc(in.home.Rooms, func(room sensors.Room) bool { return room.Room == r.Room })
		switch {
		case i >= 0:
			if area, err := compliance.ParseDecimal(in.home.Rooms[i].Area); err == nil {
				k.RoomArea = area
			}
		case r.Room != "":
			wrong = append(wrong, problemAt(in, "room", r.Room, "该住户已登记的房间", "a room of the household"))
		}
	}
	if r.Institution == "" {
		return k, wrong, nil
	}
	institution, err := h.tests.Institution(ctx, r.Institution)
	if errors.Is(err, ledger.ErrNotFound) {
		return k, wrong, nil // measured tells
	}
	k.Institution = &institution.Institution
	return k, wrong, err
}

func problemAt(in *handIn, field, value, zh, en string) measured.Problem {
	return measured.Problem{Place: in.record.Place(field), Value: value, Rule: "registered", Expected: compliance.Words{ZH: zh, EN: en}}
}

func refuse(all, told []measured.Problem) *refusal {
	out := &refusal{
		Type: "about:blank", Title: http.StatusText(http.StatusUnprocessableEntity), Status: http.StatusUnprocessableEntity,
		Detail: "the test was not taken", Errors: make([]refused, len(all)), Warnings: append([]measured.Problem{}, told...),
	}
	for i, p := range all {
		at := p.Sheet + "." + p.Column
		if p.Cell != "" {
			at = p.Sheet + "!" + p.Cell
		}
		out.Errors[i] = refused{Location: at, Message: "expected: " + p.Expected.EN, Problem: p}
	}
	return out
}
