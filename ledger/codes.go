package ledger

import (
	"context"
	"crypto/subtle"

	"github.com/nuanju/nuanju/sensors"
)

// Code is a one-time code that was asked for. Neither it nor its challenge is kept, but their hashes.
type Code struct {
	Challenge, Hash []byte
	Account         string // the number with the supplier that it was asked for
	Name, Phone     string // empty: it was asked for in vain, and nothing answers it
	CreatedAt       sensors.Instant
	ExpiresAt       sensors.Instant
}

// codeAttempts is how often a code may be tried.
const codeAttempts = 5

// CreateCode keeps a code.
func (l *Ledger) CreateCode(ctx context.Context, c Code) error {
	return l.writing(ctx, "creating a one-time code", func(t tx) error {
		_, err := t.exec(ctx, "INSERT INTO codes (challenge, hash, account, name, phone, attempts, created_at, expires_at) VALUES (?, ?, ?, ?, ?, 0, ?, ?)",
			c.Challenge, c.Hash, c.Account, c.Name, c.Phone, int64(c.CreatedAt), int64(c.ExpiresAt))
		return err
	})
}

// UseCode tries a code at now and counts the try, and returns whom it was sent to, once: they are bound to the account from then on.
// All that is wrong looks alike: an empty phone. Hashes are compared in constant time.
func (l *Ledger) UseCode(ctx context.Context, challenge, hash []byte, now sensors.Instant) (name, phone string, err error) {
	err = l.writing(ctx, "trying a one-time code", func(t tx) error {
		n, err := t.exec(ctx, `UPDATE codes SET attempts = attempts + 1 WHERE challenge = ? AND used_at IS NULL AND expires_at > ? AND attempts < ?`,
			challenge, int64(now), codeAttempts)
		if err != nil || n == 0 {
			return err
		}
		var kept []byte
		var account string
		row := t.QueryRowContext(ctx, "SELECT hash, account, name, phone FROM codes WHERE challenge = ?", challenge)
		if err := row.Scan(&kept, &account, &name, &phone); err != nil {
			return err
		}
		if subtle.ConstantTimeCompare(kept, hash) != 1 {
			name, phone = "", ""
			return nil
		}
		if _, err = t.exec(ctx, "UPDATE codes SET used_at = ? WHERE challenge = ?", int64(now), challenge); err != nil || phone == "" {
			return err
		}
		_, err = t.exec(ctx, "INSERT INTO bindings (name, phone, account, bound_at) VALUES (?, ?, ?, ?) ON CONFLICT (name, phone, account) DO NOTHING",
			name, phone, account, int64(now))
		return err
	})
	if err != nil {
		return "", "", err
	}
	return name, phone, nil
}
