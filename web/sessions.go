package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/web/signin"
)

// sessions is signing in and out.
type sessions struct {
	failing
	door  *signin.Door
	known *tokenCache
	homes Homes
}

// sessionAccess is who may sign in: anybody may try.
func sessionAccess() []access {
	return []access{
		{method: http.MethodPost, pattern: "/api/v1/session", public: true, maxBody: form},
		{method: http.MethodPost, pattern: "/api/v1/session/code", public: true, maxBody: form},
		{method: http.MethodGet, pattern: "/api/v1/session", who: everyRole},
		{method: http.MethodDelete, pattern: "/api/v1/session", who: everyRole, delegates: allDelegates},
	}
}

func (h *sessions) register(api huma.API) {
	const tag, path = "sign-in", "/api/v1/session"
	open := []map[string][]string{}
	huma.Register(api, huma.Operation{
		OperationID: "sign-in", Method: http.MethodPost, Path: path, Tags: []string{tag}, Security: open,
		Summary: "Sign in", Errors: []int{http.StatusUnauthorized, http.StatusTooManyRequests},
		Description: "Staff with name and password, residents with the challenge of /session/code and the code that they got. Sets a cookie.",
	}, h.begin)
	huma.Register(api, huma.Operation{
		OperationID: "ask-for-code", Method: http.MethodPost, Path: path + "/code", Tags: []string{tag}, Security: open,
		Summary: "Have a one-time code sent to the phone of a contract", DefaultStatus: http.StatusAccepted, Errors: []int{http.StatusTooManyRequests},
		Description: "The answer is the same whether there is such an account and name or not. Whoever a resident lets see their home gives the resident's account number and their own name.",
	}, h.ask)
	huma.Register(api, huma.Operation{
		OperationID: "who-am-i", Method: http.MethodGet, Path: path, Tags: []string{tag}, Summary: "Who the caller is, and what for", Errors: errorsOf(),
	}, h.show)
	huma.Register(api, huma.Operation{
		OperationID: "sign-out", Method: http.MethodDelete, Path: path, Tags: []string{tag}, Summary: "Sign out, here or everywhere",
		Errors: errorsOf(http.StatusConflict), DefaultStatus: http.StatusNoContent,
	}, h.end)
}

// beginInput is what somebody signs in with.
type beginInput struct {
	Body struct {
		Name      string `json:"name,omitempty" maxLength:"255" doc:"Of staff."`
		Password  string `json:"password,omitempty" maxLength:"1024" doc:"Of staff."`
		Challenge string `json:"challenge,omitempty" maxLength:"64" doc:"Of a resident: what /session/code answered."`
		Code      string `json:"code,omitempty" maxLength:"16" doc:"Of a resident: the six digits that were sent."`
	}
}

// Resolve says all that is missing at once.
func (in *beginInput) Resolve(huma.Context) (errs []error) {
	b := &in.Body
	lacks := func(field, value, with string) {
		if value == "" {
			errs = append(errs, &huma.ErrorDetail{Location: "body." + field, Message: "is needed with " + with})
		}
	}
	staff, resident := b.Name+b.Password != "", b.Challenge+b.Code != ""
	if staff && resident {
		return []error{&huma.ErrorDetail{Location: "body", Message: "has a name and password, or a challenge and code, not both"}}
	}
	if resident {
		lacks("challenge", b.Challenge, "code")
		lacks("code", b.Code, "challenge")
		return errs
	}
	lacks("name", b.Name, "password")
	lacks("password", b.Password, "name")
	return errs
}

var _ huma.Resolver = (*beginInput)(nil)

// homeView is a household that somebody may see, and when.
type homeView struct {
	Household string     `json:"household"`
	From      *time.Time `json:"from,omitempty" doc:"From when on they may see it; absent: whenever."`
	Until     *time.Time `json:"until,omitempty" doc:"Until when, not included; absent: open."`
	Delegated bool       `json:"delegated" doc:"Whether a resident lets them see it."`
	MayReport bool       `json:"may_report" doc:"Whether they may file reports for it."`
}

// whoView is who is signed in.
type whoView struct {
	Role    disputes.Role `json:"role"`
	Name    string        `json:"name"`
	ID      string        `json:"id" doc:"Of the account or token, as timelines and logs have it."`
	Homes   []homeView    `json:"homes" nullable:"false" doc:"Of residents and those whom they let."`
	Expires time.Time     `json:"expires" doc:"When a session ends that is not used again, or a token."`
	CSRF    string        `json:"csrf,omitempty" doc:"For the header X-CSRF-Token of what changes something; absent with a token, which needs none."`
}

// whoOutput is who is signed in, and the cookie that says so from now on.
type whoOutput struct {
	SetCookie []http.Cookie `header:"Set-Cookie"`
	Body      whoView
}

func (h *sessions) begin(ctx context.Context, in *beginInput) (*whoOutput, error) {
	who := callerOf(ctx)
	var secret string
	var err error
	if in.Body.Challenge != "" {
		secret, err = h.door.Answer(ctx, in.Body.Challenge, in.Body.Code, who.address)
	} else {
		secret, err = h.door.Staff(ctx, in.Body.Name, in.Body.Password, who.address)
	}
	if err != nil {
		return nil, h.refused(ctx, err)
	}
	// Whoever was signed in in this browser is not any more.
	if before, ok := h.door.Shown(who.http); ok {
		if err := h.leave(ctx, before); err != nil {
			return nil, h.problem(ctx, "ending a session", err)
		}
	}
	t, err := h.known.look(ctx, secret, sensors.At(h.door.Now()))
	if err != nil {
		return nil, h.refused(ctx, err)
	}
	return &whoOutput{[]http.Cookie{*h.door.Cookie(who.http, secret)}, h.view(t, secret)}, nil
}

// refused is what is told to whoever could not sign in.
func (h *sessions) refused(ctx context.Context, err error) error {
	if wait, ok := errors.AsType[*signin.Wait](err); ok {
		return busy(http.StatusTooManyRequests, wait.Error(), signin.Seconds(wait.For))
	}
	switch {
	case errors.Is(err, signin.ErrRefused), errors.Is(err, ledger.ErrToken):
		return newProblem(http.StatusUnauthorized, signin.ErrRefused.Error())
	case errors.Is(err, signin.ErrBusy):
		return busy(http.StatusTooManyRequests, err.Error(), 1)
	}
	return h.problem(ctx, "signing in", err)
}

// leave ends a session.
func (h *sessions) leave(ctx context.Context, secret string) error {
	defer h.known.forget()
	return h.door.Leave(ctx, secret)
}

// askInput is whom a code is for.
type askInput struct {
	Body struct {
		Account string `json:"account" minLength:"1" maxLength:"255" doc:"The account number of the contract."`
		Name    string `json:"name" minLength:"1" maxLength:"255" doc:"The name in the contract, or of whom its resident lets see the home."`
	}
}

// askOutput is a challenge.
type askOutput struct {
	Body struct {
		Challenge string `json:"challenge" doc:"To be sent with the code."`
		GoodFor   int    `json:"good_for_seconds"`
	}
}

func (h *sessions) ask(ctx context.Context, in *askInput) (*askOutput, error) {
	challenge, err := h.door.Ask(ctx, in.Body.Account, in.Body.Name, callerOf(ctx).address)
	if err != nil {
		return nil, h.refused(ctx, err)
	}
	out := &askOutput{}
	out.Body.Challenge, out.Body.GoodFor = challenge, int(signin.CodeGoodFor.Seconds())
	return out, nil
}

func (h *sessions) show(ctx context.Context, _ *struct{}) (*whoOutput, error) {
	who := callerOf(ctx)
	return &whoOutput{Body: h.view(who.token, who.secret)}, nil
}

func (h *sessions) view(t *token, secret string) whoView {
	v := whoView{Role: t.Role, Name: t.Name, ID: t.ID, Homes: []homeView{}, Expires: t.ExpiresAt.Time()}
	if secret != "" {
		v.CSRF = signin.CSRF(secret)
	}
	if t.session == nil {
		if t.Role == disputes.Resident {
			for _, id := range t.Scope.Households {
				v.Homes = append(v.Homes, homeView{Household: id, MayReport: true})
			}
		}
		return v
	}
	for _, home := range t.session.Homes {
		zone := time.UTC
		if known, ok := h.homes.Home(home.Household); ok {
			zone = known.Zone
		}
		one := homeView{home.Household, timeOf(home.From, zone), timeOf(home.Until, zone), home.Delegated, !home.Delegated || home.MayReport}
		if home.Until == sensors.Forever {
			one.Until = nil
		}
		v.Homes = append(v.Homes, one)
	}
	return v
}

// endInput says which sessions end.
type endInput struct {
	Everywhere bool `query:"everywhere" doc:"Every session of the caller, not this one only."`
}

// endOutput takes the cookie away.
type endOutput struct {
	SetCookie []http.Cookie `header:"Set-Cookie"`
}

func (h *sessions) end(ctx context.Context, in *endInput) (*endOutput, error) {
	who := callerOf(ctx)
	if who.token.session == nil {
		return nil, newProblem(http.StatusConflict, "there is no session: a token is revoked by nuanju token revoke")
	}
	err := h.leave(ctx, who.secret)
	if in.Everywhere && err == nil {
		err = h.door.LeaveEverywhere(ctx, who.token.session.Session)
		h.known.forget()
	}
	if err != nil {
		return nil, h.problem(ctx, "signing out", err)
	}
	return &endOutput{[]http.Cookie{*h.door.Cleared(who.http)}}, nil
}
