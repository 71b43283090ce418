package web

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/ingest"
	"github.com/nuanju/nuanju/sensors/intake"
)

// maxTokens bounds each of a cache's generations.
const maxTokens = 1 << 14

// tokenCache verifies tokens and remembers the answers for a few seconds, so that a device that sends every second costs
// the ledger a look every few. A revoked token may be used for as long; an expired one may not.
//
// Tokens are remembered by a keyed hash under a key of this process: how long a look takes says nothing about a token
// that is there. Good and bad answers are kept apart, so that guesses cannot push out what is known to be good.
type tokenCache struct {
	look      func(ctx context.Context, shown string, now sensors.Instant) (*token, error)
	ttl       time.Duration
	key       [sha256.Size]byte
	mu        sync.Mutex
	good, bad map[[sha256.Size]byte]verified
}

type verified struct {
	token *token // nil: not good
	at    sensors.Instant
}

// token is what is known of a good token, or of a session that is good. It is shared and never changed.
type token struct {
	ledger.Token
	scope intake.Scope // what it may write
	// involved is what a mediator or tester has to do with homes.
	involved involved
	// session is who is signed in; nil for a token.
	session *ledger.SignedIn
}

// withScope adds what a token may write. A dispatcher's and an administrator's speak for the supplier, a resident's for the
// resident; a device hands on what others say.
func withScope(t ledger.Token) *token {
	source := ""
	switch t.Role {
	case disputes.Resident:
		source = ingest.Resident
	case disputes.Dispatcher, disputes.Admin:
		source = ingest.Supplier
	}
	s := t.Scope
	return &token{
		Token: t,
		scope: intake.NewScope(intake.Names{Devices: s.Devices, Stations: s.Stations, Households: s.Households, Buildings: s.Buildings}, source),
	}
}

func newTokenCache(tokens Tokens, homes Involvement, ttl time.Duration) *tokenCache {
	return newCache(ttl, func(ctx context.Context, shown string, now sensors.Instant) (*token, error) {
		found, err := tokens.VerifyToken(ctx, shown, now)
		if err != nil {
			return nil, err
		}
		t := withScope(found)
		return t, t.narrow(ctx, homes, now)
	})
}

// newCache remembers what look finds.
func newCache(ttl time.Duration, look func(ctx context.Context, shown string, now sensors.Instant) (*token, error)) *tokenCache {
	c := &tokenCache{
		look: look, ttl: ttl,
		good: map[[sha256.Size]byte]verified{}, bad: map[[sha256.Size]byte]verified{},
	}
	_, _ = rand.Read(c.key[:]) // never fails
	return c
}

// verify is the token that somebody shows, which must not be changed; ledger.ErrToken if it is not good.
func (c *tokenCache) verify(ctx context.Context, shown string, now sensors.Instant) (*token, error) {
	id := c.id(shown)
	if v, ok := c.known(id, now); ok {
		if v.token == nil || v.token.ExpiresAt <= now {
			return nil, ledger.ErrToken
		}
		return v.token, nil
	}
	t, err := c.look(ctx, shown, now)
	switch {
	case err == nil:
		if !t.changesOften() {
			c.remember(c.good, id, verified{t, now})
		}
		return t, nil
	case errors.Is(err, ledger.ErrToken):
		c.remember(c.bad, id, verified{nil, now})
	}
	return nil, err
}

// id is what something that was shown is remembered by.
func (c *tokenCache) id(shown string) (id [sha256.Size]byte) {
	mac := hmac.New(sha256.New, c.key[:])
	mac.Write([]byte(shown))
	mac.Sum(id[:0])
	return id
}

// forget looks everything up again: something was revoked here, and must not be used for the rest of the few seconds.
func (c *tokenCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.good)
}

func (c *tokenCache) known(id [sha256.Size]byte, now sensors.Instant) (verified, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v, ok := c.good[id]
	if !ok {
		v, ok = c.bad[id]
	}
	// A clock that went back must not keep an answer alive.
	return v, ok && v.at <= now && now.Sub(v.at) < c.ttl
}

func (c *tokenCache) remember(in map[[sha256.Size]byte]verified, id [sha256.Size]byte, v verified) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.good, id)
	delete(c.bad, id)
	if len(in) >= maxTokens {
		clear(in)
	}
	in[id] = v
}

// shownToken is the token of an Authorization header: "Token …" as InfluxDB's clients send it, or "Bearer …".
func shownToken(h http.Header) (string, bool) {
	scheme, token, ok := strings.Cut(h.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Token") && !strings.EqualFold(scheme, "Bearer") {
		return "", false
	}
	token = strings.TrimSpace(token)
	return token, token != "" && len(token) <= 512
}
