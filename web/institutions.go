package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/disputes/measured"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// institutions is the register of bodies that test (A7.2.2). It is public to whoever signs in: a resident chooses among them.
type institutions struct {
	failing
	clock  clock
	ledger Tests
	zone   *time.Location
}

// institutionReader may look institutions up.
var institutionReader = []disputes.Role{
	disputes.Resident, disputes.Dispatcher, disputes.Billing, disputes.Tester, disputes.Mediator, disputes.Auditor, disputes.Admin,
}

// institutionAccess is who may read and write the register.
func institutionAccess() []access {
	admin := []disputes.Role{disputes.Admin}
	return []access{
		{method: http.MethodPost, pattern: "/api/v1/institutions", who: admin, maxBody: form},
		{method: http.MethodGet, pattern: "/api/v1/institutions", who: institutionReader},
		{method: http.MethodGet, pattern: "/api/v1/institutions/:id", who: institutionReader},
		{method: http.MethodPost, pattern: "/api/v1/institutions/:id", who: admin, maxBody: form},
	}
}

func (h *institutions) register(api huma.API) {
	const base, tag = "/api/v1/institutions", "institutions"
	huma.Register(api, operationOf(tag, "register-institution", http.MethodPost, base, "Register an institution that tests", ""), h.create)
	huma.Register(api, operationOf(tag, "list-institutions", http.MethodGet, base, "List the institutions, each as it is now", ""), h.list)
	huma.Register(api, operationOf(tag, "get-institution", http.MethodGet, base+"/{id}", "One institution, with every version of it", ""), h.get)
	huma.Register(api, operationOf(tag, "change-institution", http.MethodPost, base+"/{id}", "Write the next version of an institution",
		"Nothing is overwritten: what was there stays. Tests that were handed in before keep the accreditation that the register had then."), h.change)
}

// daysView is a span of days, both included.
type daysView struct {
	From string `json:"from" format:"date" doc:"The first day."`
	To   string `json:"to,omitempty" doc:"The last day; absent: no end."`
}

// instrumentView is an instrument under one certificate.
type instrumentView struct {
	Serial      string   `json:"serial"`
	Certificate string   `json:"certificate"`
	Valid       daysView `json:"valid"`
	Error       string   `json:"error_celsius" doc:"The greatest error that the certificate allows, ± °C, as a decimal."`
}

// InstitutionForm is an institution as it is given. It is exported so that huma sees what is embedded.
type InstitutionForm struct {
	Name        string           `json:"name" minLength:"1" maxLength:"255"`
	Accredited  []daysView       `json:"accredited" maxItems:"100" nullable:"false" doc:"The days on which it is accredited."`
	Instruments []instrumentView `json:"instruments" maxItems:"500" nullable:"false"`
}

// read is the institution, or everything that is wrong with it as *huma.ErrorDetail.
func (f *InstitutionForm) read(id string) (i measured.Institution, errs []error) {
	wrong := func(at, format string, args ...any) {
		errs = append(errs, &huma.ErrorDetail{Location: "body." + at, Message: fmt.Sprintf(format, args...)})
	}
	if err := sensors.CheckID(id); err != nil {
		wrong("id", "%v", err)
	}
	if err := disputes.CheckText("name", f.Name, true); err != nil {
		errs = append(errs, details(nil, err)...)
	}
	i = measured.Institution{ID: id, Name: f.Name}
	for n, d := range f.Accredited {
		i.Accredited = append(i.Accredited, d.read(fmt.Sprintf("accredited[%d]", n), wrong))
	}
	seen := map[[2]string]bool{}
	for n, x := range f.Instruments {
		at := fmt.Sprintf("instruments[%d]", n)
		for _, field := range [][2]string{{"serial", x.Serial}, {"certificate", x.Certificate}} {
			if err := sensors.CheckID(field[1]); err != nil {
				wrong(at+"."+field[0], "%v", err)
			}
		}
		if key := [2]string{x.Serial, x.Certificate}; seen[key] {
			wrong(at, "instrument %s has this certificate already", x.Serial)
		} else {
			seen[key] = true
		}
		limit, err := compliance.ParseDecimal(x.Error)
		if err != nil || limit.Sign() <= 0 || limit.Rat().Num().BitLen() > 64 {
			wrong(at+".error_celsius", "is not a number above 0 such as 0.2")
		}
		i.Instruments = append(i.Instruments, measured.Instrument{
			Serial: x.Serial, Certificate: x.Certificate, Valid: x.Valid.read(at+".valid", wrong), Error: limit,
		})
	}
	return i, errs
}

func (d daysView) read(at string, wrong func(at, format string, args ...any)) (out measured.Days) {
	day := func(field, text string) compliance.Date {
		v, err := compliance.ParseDate(text)
		if err != nil {
			wrong(at+"."+field, "is not a date such as 2015-11-15")
		}
		return v
	}
	out.From = day("from", d.From)
	if d.To != "" {
		if out.To = day("to", d.To); out.To < out.From {
			wrong(at+".to", "is before from")
		}
	}
	return out
}

// registerInput is a new institution.
type registerInput struct {
	Key  string `header:"Idempotency-Key" maxLength:"255" doc:"The id is the client's: the same institution sent again is registered once."`
	Body struct {
		ID string `json:"id" maxLength:"128" doc:"Chosen by the client; never changed."`
		InstitutionForm
	}
}

// Resolve finds everything that is wrong, beside what the schema says.
func (in *registerInput) Resolve(huma.Context) []error {
	_, errs := in.Body.read(in.Body.ID)
	return errs
}

// changeInput is the next version of an institution.
type changeInput struct {
	ID   string `path:"id" maxLength:"128"`
	Body struct {
		Version int64 `json:"version" minimum:"1" doc:"The version that was seen; on another one nothing is done."`
		InstitutionForm
	}
}

// Resolve finds everything that is wrong, beside what the schema says.
func (in *changeInput) Resolve(huma.Context) []error {
	_, errs := in.Body.read(in.ID)
	return errs
}

// InstitutionView is a version of an institution. It is exported so that huma sees what is embedded.
type InstitutionView struct {
	ID          string           `json:"id"`
	Version     int64            `json:"version"`
	Name        string           `json:"name"`
	Accredited  []daysView       `json:"accredited" nullable:"false"`
	Instruments []instrumentView `json:"instruments" nullable:"false"`
	By          string           `json:"by"`
	Recorded    time.Time        `json:"recorded"`
	Superseded  *time.Time       `json:"superseded,omitempty"`
}

func (h *institutions) show(k ledger.KeptInstitution) InstitutionView {
	days := func(d measured.Days) daysView {
		v := daysView{From: d.From.String()}
		if d.To != 0 {
			v.To = d.To.String()
		}
		return v
	}
	v := InstitutionView{
		ID: k.ID, Version: k.Version, Name: k.Name, By: string(k.By.Role), Recorded: k.Recorded.Time().In(h.zone),
		Accredited: []daysView{}, Instruments: []instrumentView{},
	}
	if k.SupersededAt != 0 {
		at := k.SupersededAt.Time().In(h.zone)
		v.Superseded = &at
	}
	for _, d := range k.Accredited {
		v.Accredited = append(v.Accredited, days(d))
	}
	for _, x := range k.Instruments {
		v.Instruments = append(v.Instruments, instrumentView{x.Serial, x.Certificate, days(x.Valid), x.Error.String()})
	}
	return v
}

// institutionOutput is one institution.
type institutionOutput struct {
	Location string `header:"Location"`
	Body     struct {
		InstitutionView
		History []InstitutionView `json:"history" nullable:"false" doc:"Every version, the oldest first."`
	}
}

func (h *institutions) create(ctx context.Context, in *registerInput) (*institutionOutput, error) {
	i, _ := in.Body.read(in.Body.ID)
	_, err := h.ledger.PutInstitution(ctx, i, 1, actorOf(ctx), h.clock.now())
	if errors.Is(err, ledger.ErrExists) {
		history, again := h.ledger.InstitutionHistory(ctx, i.ID)
		if again != nil || fmt.Sprint(history[0].Institution) != fmt.Sprint(i) {
			return nil, newProblem(http.StatusConflict, "an institution of this id is registered already")
		}
		err = nil // the same sent again
	}
	return h.answer(ctx, "registering an institution", i.ID, err)
}

func (h *institutions) change(ctx context.Context, in *changeInput) (*institutionOutput, error) {
	i, _ := in.Body.read(in.ID)
	if _, err := h.ledger.Institution(ctx, in.ID); err != nil {
		return nil, h.problem(ctx, "reading an institution", err)
	}
	_, err := h.ledger.PutInstitution(ctx, i, in.Body.Version+1, actorOf(ctx), h.clock.now())
	if errors.Is(err, ledger.ErrConflict) || errors.Is(err, ledger.ErrExists) {
		return nil, newProblem(http.StatusConflict, "the institution has changed: another version is the newest")
	}
	return h.answer(ctx, "changing an institution", in.ID, err)
}

func (h *institutions) get(ctx context.Context, in *matterInput) (*institutionOutput, error) {
	if sensors.CheckID(in.ID) != nil {
		return nil, h.problem(ctx, "reading an institution", ledger.ErrNotFound)
	}
	return h.answer(ctx, "reading an institution", in.ID, nil)
}

func (h *institutions) answer(ctx context.Context, doing, id string, err error) (*institutionOutput, error) {
	var all []ledger.KeptInstitution
	if err == nil {
		all, err = h.ledger.InstitutionHistory(ctx, id)
	}
	if err != nil {
		return nil, h.problem(ctx, doing, err)
	}
	out := &institutionOutput{Location: "/api/v1/institutions/" + id}
	out.Body.InstitutionView = h.show(all[len(all)-1])
	out.Body.History = []InstitutionView{}
	for _, k := range all {
		out.Body.History = append(out.Body.History, h.show(k))
	}
	return out, nil
}

// institutionList is a list of institutions.
type institutionList struct {
	Body struct {
		Items []InstitutionView `json:"items" nullable:"false"`
		Next  string            `json:"next,omitempty" doc:"The cursor for more; absent at the end."`
	}
}

// institutionsInput is a page of the list.
type institutionsInput struct {
	Cursor string `query:"cursor" maxLength:"128" doc:"Where the list before this one ended: its next."`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many at most."`
}

func (h *institutions) list(ctx context.Context, in *institutionsInput) (*institutionList, error) {
	if in.Cursor != "" && sensors.CheckID(in.Cursor) != nil {
		return nil, cursorProblem(ledger.ErrInvalid)
	}
	all, err := h.ledger.Institutions(ctx, in.Cursor, in.Limit+1)
	if err != nil {
		return nil, h.problem(ctx, "listing institutions", err)
	}
	out := &institutionList{}
	out.Body.Items = []InstitutionView{}
	for i, k := range all {
		if i == in.Limit {
			out.Body.Next = all[i-1].ID
			break
		}
		out.Body.Items = append(out.Body.Items, h.show(k))
	}
	return out, nil
}
