package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// Delegations keeps whom residents let see their home; see the methods of ledger.Ledger.
type Delegations interface {
	Delegate(ctx context.Context, d ledger.Delegation, now sensors.Instant) (ledger.Delegation, error)
	Revoke(ctx context.Context, household, id, by string, now sensors.Instant) (ledger.Delegation, error)
	Delegations(ctx context.Context, household string) ([]ledger.Delegation, error)
}

// delegations is whom residents let see their home, a daughter for her parents.
type delegations struct {
	failing
	clock  clock
	ledger Delegations
	homes  Homes
	known  *tokenCache
}

// delegationAccess is who may let others see a home, and see whom.
func delegationAccess() []access {
	const path = "/api/v1/households/:id/delegations"
	return []access{
		{method: http.MethodPost, pattern: path, who: []disputes.Role{disputes.Resident}, maxBody: form},
		{method: http.MethodGet, pattern: path, who: []disputes.Role{disputes.Resident, disputes.Auditor, disputes.Admin}},
		{method: http.MethodDelete, pattern: path + "/:delegation", who: []disputes.Role{disputes.Resident, disputes.Admin}},
	}
}

func (h *delegations) register(api huma.API) {
	const tag, path = "sign-in", "/api/v1/households/{id}/delegations"
	huma.Register(api, huma.Operation{
		OperationID: "delegate", Method: http.MethodPost, Path: path, Tags: []string{tag}, DefaultStatus: http.StatusCreated,
		Summary: "Let somebody see the home", Errors: errorsOf(http.StatusConflict),
		Description: "By a resident who is signed in. Whoever is let signs in with the resident's account number, their own name, and a code sent to their own phone. The same again is the same.",
	}, h.add)
	huma.Register(api, huma.Operation{
		OperationID: "list-delegations", Method: http.MethodGet, Path: path, Tags: []string{tag},
		Summary: "Who may see the home, and who might", Errors: errorsOf(),
	}, h.list)
	huma.Register(api, huma.Operation{
		OperationID: "revoke-delegation", Method: http.MethodDelete, Path: path + "/{delegation}", Tags: []string{tag},
		Summary: "Let somebody see the home no more", Errors: errorsOf(http.StatusNotFound),
	}, h.revoke)
}

// delegateInput is whom a resident lets.
type delegateInput struct {
	ID   string `path:"id" doc:"The household's id."`
	Body struct {
		Name      string `json:"name" doc:"Of whom they let; one line of at most 200 characters."`
		Phone     string `json:"phone" doc:"Where the code is sent: digits, with + before a country's code."`
		MayReport bool   `json:"may_report,omitempty" doc:"Whether they may file reports as well."`
	}
}

// Resolve finds everything that is wrong beside what the schema says.
func (in *delegateInput) Resolve(huma.Context) (errs []error) {
	if err := sensors.CheckID(in.Body.Name); in.Body.Name != "" && err != nil || len([]rune(in.Body.Name)) > 200 {
		errs = append(errs, &huma.ErrorDetail{Location: "body.name", Message: "is not a line of at most 200 characters"})
	}
	if reason := disputes.PhoneProblem(in.Body.Phone); in.Body.Phone == "" || reason != "" {
		errs = append(errs, &huma.ErrorDetail{Location: "body.phone", Message: "is not a phone number: digits, with + before a country's code"})
	}
	if in.Body.Name == "" {
		errs = append(errs, &huma.ErrorDetail{Location: "body.name", Message: "is empty"})
	}
	return errs
}

var _ huma.Resolver = (*delegateInput)(nil)

// delegationView is a delegation.
type delegationView struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	Phone     string     `json:"phone" doc:"Its last four digits; whole to the resident who gave it."`
	MayReport bool       `json:"may_report"`
	By        string     `json:"by" doc:"The resident."`
	CreatedAt time.Time  `json:"created_at"`
	RevokedAt *time.Time `json:"revoked_at,omitempty"`
	RevokedBy string     `json:"revoked_by,omitempty"`
}

// delegationOutput is one delegation.
type delegationOutput struct{ Body delegationView }

// resident is the session of a resident who lives in a household; an error for everybody else.
func (h *delegations) resident(ctx context.Context, household string) (*ledger.SignedIn, *problem) {
	t := callerOf(ctx).token
	if !t.coversHome(household, h.homes) {
		return nil, newProblem(http.StatusForbidden, "the token is not for this household")
	}
	if t.session == nil || !slices.ContainsFunc(t.session.Homes, func(home ledger.HomeTime) bool {
		now := h.clock.now()
		return home.Household == household && !home.Delegated && home.From <= now && now < home.Until
	}) {
		return nil, newProblem(http.StatusForbidden, "a resident who is signed in does this, and nobody for them")
	}
	return t.session, nil
}

func (h *delegations) add(ctx context.Context, in *delegateInput) (*delegationOutput, error) {
	who, p := h.resident(ctx, in.ID)
	if p != nil {
		return nil, p
	}
	d, err := h.ledger.Delegate(ctx, ledger.Delegation{
		Household: in.ID, Name: in.Body.Name, Phone: in.Body.Phone, MayReport: in.Body.MayReport, ByName: who.Name, ByPhone: who.Phone,
	}, h.clock.now())
	if errors.Is(err, ledger.ErrTooMany) {
		return nil, newProblem(http.StatusConflict, "as many may see this home as there can be; revoke one first")
	}
	if err != nil {
		return nil, h.problem(ctx, "writing a delegation", err)
	}
	h.known.forget()
	return &delegationOutput{h.view(ctx, d)}, nil
}

// view shows a delegation. Phones are personal: whoever did not give one sees its end.
func (h *delegations) view(ctx context.Context, d ledger.Delegation) delegationView {
	zone := zoneOfHome(h.homes, d.Household, time.UTC)
	v := delegationView{
		ID: d.ID, Name: d.Name, Phone: d.Phone, MayReport: d.MayReport, By: d.ByName, CreatedAt: d.CreatedAt.Time().In(zone),
		RevokedAt: timeOf(d.RevokedAt, zone), RevokedBy: d.RevokedBy,
	}
	if t := callerOf(ctx).token; t.session == nil || t.session.Phone != d.ByPhone {
		v.Phone = masked(d.Phone)
	}
	return v
}

// masked is the end of a phone number.
func masked(phone string) string {
	const shown = 4
	if len(phone) <= shown {
		return "…"
	}
	return "…" + phone[len(phone)-shown:]
}

// householdInput names a household.
type householdInput struct {
	ID string `path:"id" doc:"The household's id."`
}

// delegationsOutput is a household's delegations: at most 20 that hold, and those that were revoked.
type delegationsOutput struct {
	Body struct {
		Delegations []delegationView `json:"delegations" nullable:"false"`
	}
}

func (h *delegations) list(ctx context.Context, in *householdInput) (*delegationsOutput, error) {
	if !callerOf(ctx).token.coversHome(in.ID, h.homes) {
		return nil, newProblem(http.StatusForbidden, "the token is not for this household")
	}
	all, err := h.ledger.Delegations(ctx, in.ID)
	if err != nil {
		return nil, h.problem(ctx, "reading delegations", err)
	}
	out := &delegationsOutput{}
	out.Body.Delegations = []delegationView{}
	for _, d := range all {
		if callerOf(ctx).token.seesAt(in.ID, h.homes, d.CreatedAt) {
			out.Body.Delegations = append(out.Body.Delegations, h.view(ctx, d))
		}
	}
	return out, nil
}

// revokeInput names a delegation.
type revokeInput struct {
	ID         string `path:"id" doc:"The household's id."`
	Delegation string `path:"delegation" doc:"The delegation's id."`
}

func (h *delegations) revoke(ctx context.Context, in *revokeInput) (*delegationOutput, error) {
	t := callerOf(ctx).token
	if !t.coversHome(in.ID, h.homes) {
		return nil, newProblem(http.StatusForbidden, "the token is not for this household")
	}
	if sensors.CheckID(in.Delegation) != nil {
		return nil, h.problem(ctx, "revoking a delegation", ledger.ErrNotFound)
	}
	d, err := h.ledger.Revoke(ctx, in.ID, in.Delegation, actorOf(ctx).ID, h.clock.now())
	if err != nil {
		return nil, h.problem(ctx, "revoking a delegation", err)
	}
	h.known.forget()
	return &delegationOutput{h.view(ctx, d)}, nil
}
