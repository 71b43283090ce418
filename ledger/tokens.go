package ledger

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/sensors"
)

// Token is what is kept of an access token. The token itself is nowhere: who has it is shown it once.
type Token struct {
	ID        string // the part of it by which it is found; not secret
	Role      disputes.Role
	Name      string // whose it is or what for
	Scope     Scope
	CreatedAt sensors.Instant
	ExpiresAt sensors.Instant
	RevokedAt sensors.Instant // 0: not revoked
}

// Scope is what a token is good for. Without any name in it, for everything that its role may do.
type Scope struct {
	Buildings  []string `json:"buildings,omitempty"`
	Households []string `json:"households,omitempty"`
	Devices    []string `json:"devices,omitempty"`
	Stations   []string `json:"stations,omitempty"`
	// Institution is the accredited institution that a tester belongs to.
	Institution string `json:"institution,omitempty"`
}

// Everything reports whether the scope leaves nothing out.
func (s Scope) Everything() bool {
	return len(s.Buildings)+len(s.Households)+len(s.Devices)+len(s.Stations) == 0 && s.Institution == ""
}

// ErrToken is all that whoever shows a token that is not good is told: malformed, unknown, expired and revoked look alike.
var ErrToken = errors.New("the token is not valid")

const (
	tokenPrefix  = "nuanju_"
	tokenIDBytes = 8
	secretBytes  = 32
	tokenLength  = len(tokenPrefix) + 2*tokenIDBytes + 1 + 43
)

// hashOf is what is kept of a secret. A secret is 256 random bits, so that there is nothing to guess that a slow hash
// would slow down: those are for passwords. A plain SHA-256 costs a write request of a device well under a microsecond.
func hashOf(secret []byte) [sha256.Size]byte { return sha256.Sum256(secret) }

// CreateToken makes a token and returns it; it cannot be had again. Its ID, CreatedAt and RevokedAt are set by the ledger.
func (l *Ledger) CreateToken(ctx context.Context, spec Token, now sensors.Instant) (token string, kept Token, err error) {
	const doing = "creating a token"
	switch {
	case !spec.Role.Known():
		return "", Token{}, invalid(doing, fmt.Sprintf("no role %q", spec.Role))
	case spec.ExpiresAt <= now:
		return "", Token{}, invalid(doing, "it would have expired already")
	case sensors.CheckID(spec.Name) != nil:
		return "", Token{}, invalid(doing, "name: "+sensors.CheckID(spec.Name).Error())
	}
	random := make([]byte, tokenIDBytes+secretBytes)
	_, _ = rand.Read(random) // never fails
	secret := random[tokenIDBytes:]
	kept = spec
	kept.ID, kept.CreatedAt, kept.RevokedAt = hex.EncodeToString(random[:tokenIDBytes]), now, 0
	scope, err := json.Marshal(kept.Scope)
	if err != nil {
		return "", Token{}, fail(doing, err)
	}
	hash := hashOf(secret)
	err = l.writing(ctx, doing, func(t tx) error {
		_, err := t.exec(ctx, "INSERT INTO tokens (id, hash, role, name, scope, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
			kept.ID, hash[:], string(kept.Role), kept.Name, string(scope), int64(now), int64(kept.ExpiresAt))
		return err
	})
	if err != nil {
		return "", Token{}, err
	}
	return tokenPrefix + kept.ID + "_" + base64.RawURLEncoding.EncodeToString(secret), kept, nil
}

// splitToken is a token's id and secret; false for what cannot be one.
func splitToken(token string) (id string, secret []byte, ok bool) {
	if len(token) != tokenLength || !strings.HasPrefix(token, tokenPrefix) {
		return "", nil, false
	}
	id, text := token[len(tokenPrefix):len(tokenPrefix)+2*tokenIDBytes], token[tokenLength-43:]
	secret, err := base64.RawURLEncoding.Strict().DecodeString(text)
	return id, secret, err == nil && token[tokenLength-44] == '_'
}

// VerifyToken is the token that somebody shows, if it is good at now; else ErrToken. Secrets are compared in constant time.
func (l *Ledger) VerifyToken(ctx context.Context, token string, now sensors.Instant) (Token, error) {
	id, secret, ok := splitToken(token)
	if !ok {
		return Token{}, ErrToken
	}
	var found Token
	var hash []byte
	err := l.reading(ctx, "verifying a token", func(q querier) (err error) {
		row := q.QueryRowContext(ctx, "SELECT hash, "+tokenColumns+" FROM tokens WHERE id = ?", id)
		var scope string
		if err := row.Scan(append([]any{&hash}, found.columns(&scope)...)...); err != nil {
			if errors.Is(err, sql.ErrNoRows) {
				return nil // compared with no hash below, for the same answer in the same time
			}
			return err
		}
		return json.Unmarshal([]byte(scope), &found.Scope)
	})
	if err != nil {
		return Token{}, err
	}
	shown := hashOf(secret)
	kept := make([]byte, sha256.Size)
	copy(kept, hash)
	same := subtle.ConstantTimeCompare(shown[:], kept) == 1
	if !same || hash == nil || found.RevokedAt != 0 || found.ExpiresAt <= now {
		return Token{}, ErrToken
	}
	return found, nil
}

const tokenColumns = "id, role, name, scope, created_at, expires_at, coalesce(revoked_at, 0)"

func (k *Token) columns(scope *string) []any {
	return []any{&k.ID, &k.Role, &k.Name, scope, &k.CreatedAt, &k.ExpiresAt, &k.RevokedAt}
}

// RevokeToken makes a token no good from now on. One that was revoked before stays as it is. ErrNotFound for an unknown id.
func (l *Ledger) RevokeToken(ctx context.Context, id string, now sensors.Instant) error {
	return l.writing(ctx, "revoking token "+id, func(t tx) error {
		n, err := t.exec(ctx, "UPDATE tokens SET revoked_at = coalesce(revoked_at, ?) WHERE id = ?", int64(now), id)
		if err == nil && n == 0 {
			return ErrNotFound
		}
		return err
	})
}

// ListTokens is every token that was ever made, the newest first.
func (l *Ledger) ListTokens(ctx context.Context) (all []Token, err error) {
	type row struct {
		Token
		scope string
	}
	err = l.reading(ctx, "listing tokens", func(q querier) error {
		rows, err := q.QueryContext(ctx, "SELECT "+tokenColumns+" FROM tokens ORDER BY created_at DESC, id")
		found, err := collect(rows, err, func(r *row) []any { return r.columns(&r.scope) })
		if err != nil {
			return err
		}
		for _, r := range found {
			if err := json.Unmarshal([]byte(r.scope), &r.Scope); err != nil {
				return err
			}
			all = append(all, r.Token)
		}
		return nil
	})
	return all, err
}
