package web

import (
	"context"
	"strings"
	"time"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/compliance/checker"
	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

func parseSeason(label string) (compliance.Season, error) { return checker.ParseSeason(label) }

// contractView is a contract as the API shows it.
type contractView struct {
	ID           string        `json:"id"`
	Version      int64         `json:"version"`
	Number       string        `json:"number"`
	Household    string        `json:"household"`
	Account      string        `json:"account"`
	Residents    []personForm  `json:"residents" nullable:"false"`
	Supplier     supplierForm  `json:"supplier"`
	Address      string        `json:"address"`
	Signed       string        `json:"signed"`
	From         string        `json:"from"`
	Until        string        `json:"until,omitempty"`
	Policy       string        `json:"policy"`
	Season       string        `json:"season,omitempty"`
	Commission   string        `json:"commission,omitempty"`
	SettleWithin int           `json:"settle_within_days,omitempty"`
	Note         string        `json:"note,omitempty"`
	InForce      bool          `json:"in_force" doc:"Now."`
	Differs      []string      `json:"differs,omitempty" doc:"What the registry, by which the home is judged, has otherwise: policy, season, account."`
	Recorded     time.Time     `json:"recorded" doc:"When this version was written, by the server's clock."`
	Role         disputes.Role `json:"role"`
	Actor        string        `json:"actor"`
	SupersededAt *time.Time    `json:"superseded_at,omitempty"`
	Digest       string        `json:"digest" doc:"What the evidence log has of this version: SHA-256 of a salt and what was written."`
}

// show is a contract as the caller may see it.
func (h *contracts) show(ctx context.Context, k ledger.KeptContract) contractView {
	zone := time.UTC
	home, registered := h.homes.Home(k.Household)
	if registered {
		zone = home.Zone
	}
	now := h.clock.now()
	v := contractView{
		ID: k.ID, Version: k.Version, Number: k.Number, Household: k.Household, Account: k.Account, Residents: make([]personForm, 0, len(k.Residents)),
		Supplier: supplierForm(k.Supplier), Address: k.Address, Signed: k.Signed.String(), From: k.From.String(), Policy: k.Policy, Season: k.Season,
		Commission: k.Commission, SettleWithin: k.SettleWithin, Note: k.Note,
		InForce:  k.SupersededAt == 0 && k.Begins <= now && now < k.Ends,
		Recorded: k.Recorded.Time().In(zone), Role: k.By.Role, Actor: k.By.ID, Digest: k.Digest,
	}
	if k.Until != 0 {
		v.Until = k.Until.String()
	}
	if k.SupersededAt != 0 {
		at := k.SupersededAt.Time().In(zone)
		v.SupersededAt = &at
	}
	if registered && v.InForce {
		for _, d := range []struct{ name, contract, registry string }{
			{"policy", k.Policy, home.Policy}, {"season", k.Season, home.Season}, {"account", k.Account, home.Account},
		} {
			if d.contract != d.registry {
				v.Differs = append(v.Differs, d.name)
			}
		}
	}
	hide := hidesPhones(ctx, k.Household)
	for _, p := range k.Residents {
		if hide {
			p.Phone, p.Email = lastDigits(p.Phone), lastDigits(p.Email)
		}
		v.Residents = append(v.Residents, personForm(p))
	}
	if hide {
		v.Address = ""
	}
	return v
}

// hidesPhones is whether a caller sees no phones and addresses of a household: an auditor reads what was decided and not whom to call,
// and whom a resident lets see their home sees that.
func hidesPhones(ctx context.Context, household string) bool {
	t := callerOf(ctx).token
	if t.Role == disputes.Auditor {
		return true
	}
	if t.session == nil || t.Role != disputes.Resident {
		return false
	}
	for _, home := range t.session.Homes {
		if home.Household == household && !home.Delegated {
			return false
		}
	}
	return true
}

// lastDigits is the last digits of a number, enough for whoever knows it.
func lastDigits(s string) string {
	if s == "" || strings.Contains(s, "@") || len(s) < 8 {
		return ""
	}
	return "…" + s[len(s)-4:]
}

// sees is whether the caller may see a contract: a resident sees those that were in force in their own time; with a token, which says
// no time, those of its households that are in force now.
func (h *contracts) sees(ctx context.Context, k ledger.KeptContract) bool {
	t := callerOf(ctx).token
	if t.Role != disputes.Resident {
		return t.coversHome(k.Household, h.homes)
	}
	if t.session == nil {
		now := h.clock.now()
		return t.coversHome(k.Household, h.homes) && k.Begins <= now && now < k.Ends
	}
	for _, home := range t.session.Homes {
		if home.Household == k.Household && k.Begins < home.Until && home.From < k.Ends {
			return true
		}
	}
	return false
}

// find is the newest version of a contract that the caller may see. One that they may not is not found: its id tells nothing.
func (h *contracts) find(ctx context.Context, id string) (ledger.KeptContract, error) {
	if sensors.CheckID(id) != nil {
		return ledger.KeptContract{}, ledger.ErrNotFound
	}
	k, err := h.ledger.Contract(ctx, id, 0)
	if err == nil && !h.sees(ctx, k) {
		err = ledger.ErrNotFound
	}
	return k, err
}

func (h *contracts) get(ctx context.Context, in *matterInput) (*contractOutput, error) {
	k, err := h.find(ctx, in.ID)
	return h.answer(ctx, k, err)
}

// contractsOutput is a list of contracts.
type contractsOutput struct {
	Body struct {
		Contracts []contractView `json:"contracts" nullable:"false"`
		Next      string         `json:"next,omitempty" doc:"The cursor for more; absent at the end."`
	}
}

func (h *contracts) versions(ctx context.Context, in *matterInput) (*contractsOutput, error) {
	if _, err := h.find(ctx, in.ID); err != nil {
		return nil, h.problem(ctx, "a contract", err)
	}
	all, err := h.ledger.ContractVersions(ctx, in.ID)
	return h.listed(ctx, all, false, err)
}

// contractsInput chooses contracts.
type contractsInput struct {
	Household string `query:"household" doc:"Only contracts of this household."`
	Account   string `query:"account" doc:"Only contracts of this account."`
	InForce   bool   `query:"in_force" doc:"Only contracts that are in force now."`
	Cursor    string `query:"cursor" doc:"Where the list before this one ended: its next."`
	Limit     int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many at most."`
}

func (h *contracts) list(ctx context.Context, in *contractsInput) (*contractsOutput, error) {
	household, p := scopedTo(ctx, in.Household, h.homes)
	if p != nil {
		return nil, p
	}
	for field, id := range map[string]string{"account": in.Account, "cursor": in.Cursor} {
		if id != "" && sensors.CheckID(id) != nil {
			return nil, validation("query."+field, "is not one")
		}
	}
	f := ledger.ContractFilter{Household: household, Account: in.Account, After: in.Cursor, Limit: in.Limit}
	if in.InForce {
		f.At = h.clock.now()
	}
	all, more, err := h.ledger.Contracts(ctx, f)
	return h.listed(ctx, all, more, err)
}

// listed is those of a list that the caller may see.
func (h *contracts) listed(ctx context.Context, all []ledger.KeptContract, more bool, err error) (*contractsOutput, error) {
	if err != nil {
		return nil, h.problem(ctx, "listing contracts", err)
	}
	out := &contractsOutput{}
	out.Body.Contracts = make([]contractView, 0, len(all))
	for _, k := range all {
		if h.sees(ctx, k) {
			out.Body.Contracts = append(out.Body.Contracts, h.show(ctx, k))
		}
	}
	if more {
		out.Body.Next = all[len(all)-1].ID
	}
	return out, nil
}
