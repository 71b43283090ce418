package web

import (
	"context"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/nuanju/nuanju/billing/payment"
	"github.com/nuanju/nuanju/billing/reconcile"
	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/ledger"
)

// billingFacts is what bills are made from and no device measures, and how an account may be paid.
type billingFacts struct {
	statements
	rules func(policy string) ([]payment.Rules, error)
}

func billingFactAccess() []access {
	return []access{
		{method: http.MethodPost, pattern: "/api/v1/billing-facts", who: billNoter, maxBody: form},
		{method: http.MethodGet, pattern: "/api/v1/accounts/:no/payment-options", who: billReader},
	}
}

func (h *billingFacts) register(api huma.API) {
	const tag = "bills"
	huma.Register(api, huma.Operation{
		OperationID: "note-billing-fact", Method: http.MethodPost, Path: "/api/v1/billing-facts", Tags: []string{tag}, DefaultStatus: http.StatusCreated,
		Summary: "Note a fact that bills are made from", Errors: errorsOf(),
		Description: "One of: an exchange or a fault of a heat meter (A4.4), days without supply (A7.2.1), a season set by the local government (A2), heating " +
			"suspended for a winter (A8), how a building's register is allocated (A1.3), a tester's fee (A7.2.2), how an account pays and is paid (A4.1). One of the same kind and id supersedes; " +
			"nothing is overwritten. Bills follow when their winter is settled next. It goes to the evidence log.",
	}, h.note)
	huma.Register(api, huma.Operation{
		OperationID: "payment-options", Method: http.MethodGet, Path: "/api/v1/accounts/{no}/payment-options", Tags: []string{tag},
		Summary: "Which ways to pay are open to an account on a day, and why the others are not", Errors: errorsOf(http.StatusNotFound),
		Description: "By the rules of the household's policy pack. Facts that a supplier's rules turn on are given by whoever asks; that it owes something for " +
			"an earlier winter is known.",
	}, h.options)
}

// runOfDays is days, both ends included.
type runOfDays struct {
	First string `json:"first" format:"date"`
	Last  string `json:"last" format:"date"`
}

// billedPlace is what a fact is about.
type billedPlace struct {
	Kind string `json:"kind" enum:"meter,household,riser,building,substation,everywhere"`
	ID   string `json:"id,omitempty" maxLength:"128"`
}

// changedMeter is the exchange of a heat meter.
type changedMeter struct {
	At      string `json:"at" format:"date-time"`
	Final   string `json:"final_kwh" doc:"What the old meter showed, an exact decimal."`
	Initial string `json:"initial_kwh" doc:"What the new one shows at first."`
}

// suspendedWinter is a winter in which heating is suspended.
type suspendedWinter struct {
	Winter int `json:"winter" minimum:"1950" maximum:"2200"`
}

// allocatedBuilding is how a building's register is divided.
type allocatedBuilding struct {
	Winter int    `json:"winter" minimum:"1950" maximum:"2200"`
	Method string `json:"method" enum:"area,valve_time"`
	Area   string `json:"area_m2,omitempty" doc:"The building's whole charged area, where more is heated than the registered homes."`
}

// testersFee is what a tester asked for a test.
type testersFee struct {
	Test     string `json:"test" minLength:"1" maxLength:"128"`
	Yuan     string `json:"yuan"`
	Advanced string `json:"advanced_by" enum:"resident,joint,supplier" doc:"Who has paid the tester."`
}

// accountNote is how an account pays and is paid.
type accountNote struct {
	No      string `json:"no" minLength:"1" maxLength:"128" doc:"Its number with the supplier."`
	Name    string `json:"name,omitempty" maxLength:"200"`
	Channel string `json:"channel,omitempty" maxLength:"128" doc:"That it usually pays by."`
	Payout  string `json:"payout" enum:"carry_over,transfer" doc:"What becomes of what was paid too much (A4.1)."`
	Holder  string `json:"holder,omitempty" maxLength:"200" doc:"Of the bank account; needed for a transfer, as its number is."`
	Bank    string `json:"bank,omitempty" maxLength:"200"`
	BankNo  string `json:"bank_no,omitempty" maxLength:"64"`
}

// noteInput is a fact.
type noteInput struct {
	Body struct {
		ID          string             `json:"id" minLength:"1" maxLength:"128" doc:"Unique among its kind; the same again supersedes."`
		Place       billedPlace        `json:"place"`
		Withdrawn   bool               `json:"withdrawn,omitempty" doc:"It was noted by mistake, or holds no more."`
		MeterChange *changedMeter      `json:"meter_change,omitempty"`
		MeterFault  *runOfDays         `json:"meter_fault,omitempty"`
		Unsupplied  *runOfDays         `json:"unsupplied,omitempty"`
		SeasonSet   *runOfDays         `json:"season_set,omitempty"`
		Suspension  *suspendedWinter   `json:"suspension,omitempty"`
		Allocation  *allocatedBuilding `json:"allocation,omitempty"`
		TestFee     *testersFee        `json:"test_fee,omitempty"`
		Account     *accountNote       `json:"account,omitempty"`
	}
}

// fact is the fact as the ledger takes it, and all that is wrong with it beside what its schema says.
func (in *noteInput) fact() (f ledger.BillingFact, errs []error) {
	b := &in.Body
	f = ledger.BillingFact{ID: b.ID, Place: ledger.Place{Kind: ledger.PlaceKind(b.Place.Kind), ID: b.Place.ID}, Withdrawn: b.Withdrawn}
	wrong := func(where string, err error) {
		if err != nil {
			errs = append(errs, &huma.ErrorDetail{Location: "body." + where, Message: err.Error()})
		}
	}
	days := func(where string, r *runOfDays) *ledger.DayRun {
		if r == nil {
			return nil
		}
		first, err := compliance.ParseDate(r.First)
		wrong(where+".first", err)
		last, err := compliance.ParseDate(r.Last)
		wrong(where+".last", err)
		return &ledger.DayRun{First: first, Last: last}
	}
	number := func(where, s string) compliance.Decimal {
		d, err := compliance.ParseDecimal(s)
		wrong(where, err)
		return d
	}
	f.MeterFault, f.Unsupplied, f.SeasonSet = days("meter_fault", b.MeterFault), days("unsupplied", b.Unsupplied), days("season_set", b.SeasonSet)
	if c := b.MeterChange; c != nil {
		at, ok := parseTime(c.At)
		if !ok {
			errs = append(errs, &huma.ErrorDetail{Location: "body.meter_change.at", Message: "is not a time such as 2015-12-01T08:00:00+08:00"})
		}
		f.MeterChange = &ledger.MeterChange{At: at, Final: number("meter_change.final_kwh", c.Final), Initial: number("meter_change.initial_kwh", c.Initial)}
	}
	if s := b.Suspension; s != nil {
		f.Suspension = &ledger.Suspension{Winter: s.Winter}
	}
	if a := b.Allocation; a != nil {
		f.Allocation = &ledger.Allocation{Winter: a.Winter, Method: ledger.AllocationMethod(a.Method)}
		if a.Area != "" {
			f.Allocation.Area = number("allocation.area_m2", a.Area)
		}
	}
	if t := b.TestFee; t != nil {
		fen, err := reconcile.Amount(t.Yuan)
		wrong("test_fee.yuan", err)
		f.TestFee = &ledger.TestFee{Test: t.Test, Fen: fen, Advanced: compliance.Side(t.Advanced)}
	}
	if a := b.Account; a != nil {
		f.Account = &ledger.Account{No: a.No, Name: a.Name, Channel: a.Channel, Payout: ledger.PayoutWay(a.Payout), Holder: a.Holder, Bank: a.Bank, BankNo: a.BankNo}
		if f.Account.Payout == ledger.Transfer && (a.Holder == "" || a.BankNo == "") {
			errs = append(errs, &huma.ErrorDetail{Location: "body.account", Message: "a transfer needs the holder and the number of a bank account"})
		}
	}
	return f, errs
}

// Resolve finds everything that is wrong with it, beside what its schema says.
func (in *noteInput) Resolve(huma.Context) []error {
	f, errs := in.fact()
	if errs == nil {
		if err := f.Check(); err != nil {
			errs = append(errs, &huma.ErrorDetail{Location: "body", Message: err.Error()})
		}
	}
	return errs
}

var _ huma.Resolver = (*noteInput)(nil)

func (h *billingFacts) note(ctx context.Context, in *noteInput) (*struct{}, error) {
	f, _ := in.fact() // Resolve has checked it
	t := callerOf(ctx).token
	if f.Kind != ledger.AtHousehold || !t.coversHome(f.Place.ID, h.homes) {
		if p := wholeTown(ctx); p != nil {
			return nil, p
		}
	}
	f.NotedBy = actorOf(ctx).ID
	if err := h.ledger.PutBillingFacts(ctx, []ledger.BillingFact{f}, h.clock.now()); err != nil {
		return nil, h.problem(ctx, "noting a fact", err)
	}
	return nil, nil
}

// optionsInput is an account and a day.
type optionsInput struct {
	No         string   `path:"no" doc:"The account's number."`
	At         string   `query:"at" format:"date" doc:"The day; today if absent."`
	Subsidiary string   `query:"subsidiary" maxLength:"64" doc:"Whose customer it is; the supplier's own if absent."`
	Facts      []string `query:"facts" maxItems:"20" doc:"What else is known of the account, such as no_card."`
}

// reasonView is why.
type reasonView struct {
	ID        string           `json:"id"`
	Words     compliance.Words `json:"words"`
	Source    string           `json:"source,omitempty"`
	Certainty string           `json:"certainty,omitempty"`
}

// optionView is a way to pay.
type optionView struct {
	Channel string             `json:"channel"`
	Title   compliance.Words   `json:"title"`
	Open    bool               `json:"open"`
	Reasons []reasonView       `json:"reasons" nullable:"false" doc:"Why it is closed; all that apply."`
	Bring   []compliance.Words `json:"bring,omitempty"`
}

// optionsOutput is the ways to pay.
type optionsOutput struct {
	Body struct {
		Account   string       `json:"account"`
		Household string       `json:"household"`
		At        string       `json:"at"`
		Due       string       `json:"due,omitempty"`
		Late      bool         `json:"late"`
		Known     bool         `json:"known" doc:"Whether the pack has rules for this winter."`
		Options   []optionView `json:"options" nullable:"false"`
		Reasons   []reasonView `json:"reasons" nullable:"false" doc:"What holds for all of them."`
	}
}

func (h *billingFacts) options(ctx context.Context, in *optionsInput) (*optionsOutput, error) {
	homes, err := h.ledger.AccountsOf(ctx, []string{in.No})
	if err != nil {
		return nil, h.problem(ctx, "looking an account up", err)
	}
	household, ok := homes[in.No]
	if !ok || !callerOf(ctx).token.coversHome(household, h.homes) {
		return nil, newProblem(http.StatusNotFound, "there is no such account")
	}
	home, ok := h.homes.Home(household)
	if !ok {
		return nil, newProblem(http.StatusNotFound, "there is no such account")
	}
	day := compliance.DateIn(h.clock.now(), home.Zone)
	if in.At != "" {
		if day, err = compliance.ParseDate(in.At); err != nil {
			return nil, newProblem(http.StatusUnprocessableEntity, "validation failed", &huma.ErrorDetail{Location: "query.at", Message: err.Error()})
		}
	}
	account := payment.Account{Subsidiary: in.Subsidiary}
	for _, f := range in.Facts {
		account.Facts = append(account.Facts, payment.Fact(f))
	}
	earlier, err := h.ledger.ArrearsOfHome(ctx, household, compliance.Season{Start: day}.Winter()-1)
	if err != nil {
		return nil, h.problem(ctx, "reading arrears", err)
	}
	if earlier.Due() > 0 && !slices.Contains(account.Facts, payment.Arrears) {
		account.Facts = append(account.Facts, payment.Arrears)
	}
	rules, err := h.rules(home.Policy)
	if err != nil {
		return nil, h.problem(ctx, "reading rules of payment", err)
	}
	answer, err := payment.Options(rules, account, day)
	if err != nil {
		return nil, newProblem(http.StatusUnprocessableEntity, "validation failed", &huma.ErrorDetail{Location: "query.facts", Message: err.Error()})
	}
	return showOptions(in.No, household, day, answer), nil
}

func showOptions(no, household string, day compliance.Date, a payment.Answer) *optionsOutput {
	reasons := func(all []payment.Reason) []reasonView {
		out := []reasonView{}
		for _, r := range all {
			out = append(out, reasonView(r))
		}
		return out
	}
	out := &optionsOutput{}
	b := &out.Body
	b.Account, b.Household, b.At, b.Late, b.Options, b.Reasons = no, household, day.String(), a.Late, []optionView{}, reasons(a.Reasons)
	if a.Rules != nil {
		b.Known, b.Due = true, a.Rules.Until.String()
	}
	for _, o := range a.Options {
		b.Options = append(b.Options, optionView{o.Channel.ID, o.Channel.Title, o.Open, reasons(o.Reasons), o.Bring})
	}
	return out
}
