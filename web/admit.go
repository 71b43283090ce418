package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/web/signin"
)

// harden sets the headers that keep browsers from doing more with an answer than show it. Pages set a policy of their own.
func (g *guard) harden(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	if g.door.Secure(c.Request) {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// admit finds out who a request is from and whether they may call a row.
func (g *guard) admit(r *http.Request, row access, who *caller) *problem {
	if row.public {
		if changes(r.Method) && g.door.CrossOrigin(r) {
			return newProblem(http.StatusForbidden, "this came from a page of another origin")
		}
		return nil
	}
	if p := g.identify(r, who); p != nil {
		return p
	}
	t := who.token
	if !row.allows(t.Role) {
		return newProblem(http.StatusForbidden, "the token's role "+string(t.Role)+" may not do this")
	}
	if who.secret == "" || !changes(r.Method) {
		return nil
	}
	if g.door.CrossOrigin(r) {
		return newProblem(http.StatusForbidden, "this came from a page of another origin")
	}
	if !signin.SameCSRF(r.Header.Get("X-CSRF-Token"), who.secret) {
		return newProblem(http.StatusForbidden, "the header X-CSRF-Token is not that of this session; GET /api/v1/session tells it")
	}
	if who.token = t.changing(row); who.token == nil {
		who.token = t // for the log
		return newProblem(http.StatusForbidden, "whom a resident lets see their home may not do this")
	}
	return nil
}

// changing is the token as it is good for a row that changes something: without the homes that a delegate may only see. It is
// nil when that leaves nothing of a delegate's.
func (t *token) changing(row access) *token {
	mayNot := func(h ledger.HomeTime) bool { return h.Delegated && (!h.MayReport || row.delegates != reporters) }
	if row.delegates == allDelegates || t.session == nil || !slices.ContainsFunc(t.session.Homes, mayNot) {
		return t
	}
	narrow := *t
	narrow.Scope.Households = slices.DeleteFunc(slices.Clone(t.Scope.Households), func(household string) bool {
		return !slices.ContainsFunc(t.session.Homes, func(h ledger.HomeTime) bool { return h.Household == household && !mayNot(h) })
	})
	if len(narrow.Scope.Households) == 0 {
		return nil
	}
	return &narrow
}

// changes reports whether requests of a method change something.
func changes(method string) bool {
	return method != http.MethodGet && method != http.MethodHead && method != http.MethodOptions
}

// identify finds out who a request is from: by its token or, without one, by its session's cookie.
func (g *guard) identify(r *http.Request, who *caller) *problem {
	shown, ok := shownToken(r.Header)
	cache, wrong := g.tokens, ledger.ErrToken.Error()
	if !ok {
		if shown, ok = g.door.Shown(r); !ok {
			return newProblem(http.StatusUnauthorized, "sign in, or send a token: Authorization: Bearer …")
		}
		cache, wrong, who.secret = g.sessions, "the session has ended; sign in again", shown
	}
	t, err := cache.verify(r.Context(), shown, g.clock.now())
	switch {
	case errors.Is(err, ledger.ErrToken):
		return newProblem(http.StatusUnauthorized, wrong)
	case err != nil:
		return problemOf(g.problem(r.Context(), "verifying a token", err))
	}
	who.token = t
	return nil
}

// within keeps a caller to the rate of requests: each token, each who is signed in, and each address without either.
func (g *guard) within(who *caller) *problem {
	key := "at " + who.address
	if who.token != nil {
		key = who.token.ID
	}
	if wait := g.rate.Take(key, g.clock()); wait > 0 {
		return busy(http.StatusTooManyRequests, "too many requests", signin.Seconds(wait))
	}
	return nil
}

// newSessionCache remembers who is signed in, as tokens are.
func newSessionCache(door *signin.Door, homes Involvement, ttl time.Duration) *tokenCache {
	return newCache(ttl, func(ctx context.Context, secret string, now sensors.Instant) (*token, error) {
		s, err := door.Use(ctx, secret, now)
		if err != nil {
			return nil, err
		}
		t := withScope(ledger.Token{
			ID: subjectOf(&s), Role: s.Role, Name: s.Name, Scope: s.Scope, CreatedAt: s.CreatedAt, ExpiresAt: s.GoodUntil,
		})
		t.session = &s
		return t, t.narrow(ctx, homes, now)
	})
}

// subjectOf names who is signed in, in logs and timelines, without the phone of a resident.
func subjectOf(s *ledger.SignedIn) string {
	if s.Account != "" {
		return "account-" + s.Account
	}
	return "resident-" + s.Person()
}
