package web

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// Contracts keeps contracts; see the methods of ledger.Ledger.
type Contracts interface {
	PutContract(ctx context.Context, c disputes.Contract, zone *time.Location, by disputes.Actor, now sensors.Instant) (ledger.KeptContract, error)
	Contract(ctx context.Context, id string, version int64) (ledger.KeptContract, error)
	ContractVersions(ctx context.Context, id string) ([]ledger.KeptContract, error)
	Contracts(ctx context.Context, f ledger.ContractFilter) ([]ledger.KeptContract, bool, error)
}

// contracts is who is bound to whom, since when, and by which rules.
type contracts struct {
	failing
	clock    clock
	ledger   Contracts
	homes    Homes
	policies map[string]*compliance.Policy
}

var (
	contractWriter = []disputes.Role{disputes.Billing, disputes.Admin}
	contractReader = []disputes.Role{disputes.Resident, disputes.Dispatcher, disputes.Billing, disputes.Auditor, disputes.Admin}
)

// contractAccess is who may write and see contracts.
func contractAccess() []access {
	const one = "/api/v1/contracts/:id"
	return []access{
		{method: http.MethodPost, pattern: "/api/v1/contracts", who: contractWriter, maxBody: form},
		{method: http.MethodGet, pattern: "/api/v1/contracts", who: contractReader},
		{method: http.MethodGet, pattern: one, who: contractReader},
		{method: http.MethodPut, pattern: one, who: contractWriter, maxBody: form},
		{method: http.MethodGet, pattern: one + "/versions", who: contractReader},
	}
}

func (h *contracts) register(api huma.API) {
	const base, tag = "/api/v1/contracts", "contracts"
	huma.Register(api, operationOf(tag, "make-contract", http.MethodPost, base, "Write down a contract",
		"No two contracts of a household are in force on one day: 409. The evidence log gets its rules and a digest, no names."), h.make)
	huma.Register(api, operationOf(tag, "list-contracts", http.MethodGet, base, "List contracts, their newest versions",
		"A resident lists those of their own time. Auditors and delegates see no phones and addresses of mail."), h.list)
	huma.Register(api, operationOf(tag, "get-contract", http.MethodGet, base+"/{id}", "One contract", ""), h.get)
	o := operationOf(tag, "change-contract", http.MethodPut, base+"/{id}", "Write the next version of a contract",
		"The version that was seen is given; 409 when there is another by now. The one before stays. To end a contract, give its last day.")
	o.Errors = errorsOf(http.StatusNotFound, http.StatusConflict)
	huma.Register(api, o, h.change)
	huma.Register(api, operationOf(tag, "contract-versions", http.MethodGet, base+"/{id}/versions", "All versions of a contract, the first first", ""), h.versions)
}

// ContractForm is a contract as people write it. It is exported so that huma sees it where it is embedded.
type ContractForm struct {
	Number       string       `json:"number" doc:"As on the paper."`
	Household    string       `json:"household" doc:"The household's id."`
	Account      string       `json:"account" doc:"Its number with the supplier, as in the registry."`
	Residents    []personForm `json:"residents" maxItems:"8" nullable:"false" doc:"Who signed as the resident."`
	Supplier     supplierForm `json:"supplier"`
	Address      string       `json:"address" doc:"For service of notices (A12)."`
	Signed       string       `json:"signed" format:"date"`
	From         string       `json:"from" format:"date" doc:"Its first day."`
	Until        string       `json:"until,omitempty" format:"date" doc:"Its last day; absent: no end was agreed."`
	Policy       string       `json:"policy" doc:"The pack by which the home is judged."`
	Season       string       `json:"season,omitempty" doc:"The season agreed (A2), such as 2015-11-15/2016-03-15; absent: the statutory one."`
	Commission   string       `json:"commission,omitempty" doc:"The arbitration commission that it names (A11)."`
	SettleWithin int          `json:"settle_within_days,omitempty" minimum:"0" maximum:"366" doc:"Days after the season (A4.1)."`
	Note         string       `json:"note,omitempty" doc:"Why it is changed; needed of every version but the first."`
}

type personForm struct {
	Name     string `json:"name"`
	Phone    string `json:"phone,omitempty"`
	Email    string `json:"email,omitempty"`
	Language string `json:"language,omitempty" enum:"zh,en" default:"zh" doc:"Of messages."`
}

type supplierForm struct {
	Name    string `json:"name"`
	Phone   string `json:"phone,omitempty" doc:"The service number."`
	Address string `json:"address,omitempty"`
}

// contract is the form as package disputes takes it, with the errors of its dates.
func (f *ContractForm) contract() (c disputes.Contract, errs []error) {
	c = disputes.Contract{
		Number: f.Number, Household: f.Household, Account: f.Account, Supplier: disputes.Supplier(f.Supplier), Address: f.Address, Policy: f.Policy,
		Season: f.Season, Commission: f.Commission, SettleWithin: f.SettleWithin, Note: f.Note,
	}
	for _, p := range f.Residents {
		p.Language = cmp.Or(p.Language, "zh")
		c.Residents = append(c.Residents, disputes.Person(p))
	}
	for _, d := range []struct {
		field, text string
		date        *compliance.Date
	}{{"signed", f.Signed, &c.Signed}, {"from", f.From, &c.From}, {"until", f.Until, &c.Until}} {
		if d.text == "" && d.field == "until" {
			continue
		}
		var err error
		if *d.date, err = compliance.ParseDate(d.text); err != nil {
			errs = append(errs, &disputes.FieldError{Field: d.field, Reason: "is not a date such as 2015-11-15"})
			*d.date = compliance.DateOf(2100, time.January, 1) // so that it is not complained of twice
		}
	}
	return c, errs
}

// contractInput is a new contract.
type contractInput struct {
	Key  string `header:"Idempotency-Key" maxLength:"255" doc:"Chosen by the client: the same sent again under it is done once."`
	Body ContractForm
}

// Resolve finds everything that is wrong with it, beside what its schema says.
func (in *contractInput) Resolve(huma.Context) []error {
	c, errs := in.Body.contract()
	c.Version = 1
	return details(nil, append(errs, c.Check())...)
}

// changeContractInput is another version of a contract.
type changeContractInput struct {
	ID   string `path:"id"`
	Body struct {
		ContractForm
		Version int64 `json:"version" minimum:"1" doc:"The version that was seen."`
	}
}

// Resolve finds everything that is wrong with it, beside what its schema says.
func (in *changeContractInput) Resolve(huma.Context) []error {
	c, errs := in.Body.contract()
	c.Version = 2
	return details(nil, append(errs, c.Check())...)
}

// contractOutput is one contract.
type contractOutput struct {
	Location string `header:"Location"`
	Body     contractView
}

func (h *contracts) make(ctx context.Context, in *contractInput) (*contractOutput, error) {
	c, _ := in.Body.contract()
	by := actorOf(ctx)
	c.ID, c.Version = newID("C", in.Key, by, c.Household), 1
	k, err := h.put(ctx, c)
	if errors.Is(err, ledger.ErrExists) && in.Key != "" {
		if k, err = h.ledger.Contract(ctx, c.ID, 1); err == nil && !sameContract(k.Contract, c) {
			err = newProblem(http.StatusUnprocessableEntity, "the Idempotency-Key was used for another contract")
		}
	}
	return h.answer(ctx, k, err)
}

func sameContract(a, b disputes.Contract) bool {
	same := slices.Equal(a.Residents, b.Residents)
	a.Residents, b.Residents = nil, nil
	return same && a.Household == b.Household && a.Number == b.Number && a.Account == b.Account && a.Supplier == b.Supplier && a.Address == b.Address &&
		a.Signed == b.Signed && a.From == b.From && a.Until == b.Until && a.Policy == b.Policy && a.Season == b.Season &&
		a.Commission == b.Commission && a.SettleWithin == b.SettleWithin && a.Note == b.Note
}

func (h *contracts) change(ctx context.Context, in *changeContractInput) (*contractOutput, error) {
	before, err := h.find(ctx, in.ID)
	if err != nil {
		return h.answer(ctx, before, err)
	}
	c, _ := in.Body.contract()
	if before.Version != in.Body.Version {
		return nil, newProblem(http.StatusConflict, "the contract has changed: another version was seen")
	}
	if c.Household != before.Household || c.Account != before.Account {
		return nil, newProblem(http.StatusUnprocessableEntity, "validation failed", &huma.ErrorDetail{
			Location: "body.household", Message: "household and account are those of the contract: for another home or account another contract begins",
		})
	}
	c.ID, c.Version = in.ID, before.Version+1
	k, err := h.put(ctx, c)
	return h.answer(ctx, k, err)
}

// put writes a version, if the registry and the packs know what it says.
func (h *contracts) put(ctx context.Context, c disputes.Contract) (ledger.KeptContract, error) {
	if !callerOf(ctx).token.coversHome(c.Household, h.homes) {
		return ledger.KeptContract{}, newProblem(http.StatusForbidden, "the token is not for this household")
	}
	policy, wrong := h.known(c)
	if len(wrong) > 0 {
		return ledger.KeptContract{}, newProblem(http.StatusUnprocessableEntity, "validation failed", wrong...)
	}
	return h.ledger.PutContract(ctx, c, policy.Zone, actorOf(ctx), h.clock.now())
}

// known is the policy of a contract, and everything in it that the registry or the packs know otherwise.
func (h *contracts) known(c disputes.Contract) (*compliance.Policy, []*huma.ErrorDetail) {
	var wrong []*huma.ErrorDetail
	say := func(field, message, value string) {
		wrong = append(wrong, &huma.ErrorDetail{Location: "body." + field, Message: message, Value: value})
	}
	home, ok := h.homes.Home(c.Household)
	if !ok {
		say("household", "is not registered", c.Household)
	}
	if ok && home.Account != "" && home.Account != c.Account && c.Version == 1 {
		say("account", "is not the account of that household in the registry", c.Account)
	}
	policy, ok := h.policies[c.Policy]
	if !ok {
		say("policy", "is not one of the packs", c.Policy)
	}
	if c.Season != "" {
		if _, err := parseSeason(c.Season); err != nil {
			say("season", "is not a season such as 2015-11-15/2016-03-15", c.Season)
		}
	}
	return policy, wrong
}

// answer is a contract, or the problem that there is.
func (h *contracts) answer(ctx context.Context, k ledger.KeptContract, err error) (*contractOutput, error) {
	switch {
	case errors.Is(err, ledger.ErrOverlap):
		err = newProblem(http.StatusConflict, ledger.ErrOverlap.Error()+": end it first")
	case errors.Is(err, ledger.ErrConflict):
		err = newProblem(http.StatusConflict, "the contract has changed")
	case errors.Is(err, ledger.ErrExists):
		err = newProblem(http.StatusConflict, "it is there already")
	}
	if err != nil {
		return nil, h.problem(ctx, "a contract", err)
	}
	return &contractOutput{"/api/v1/contracts/" + k.ID, h.show(ctx, k)}, nil
}
