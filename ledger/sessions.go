package ledger

import (
	"context"
	"encoding/json"
	"time"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/sensors"
)

// Session is who is signed in in one browser.
type Session struct {
	// Account is the id of the staff account; empty for a resident or delegate, who is known by Name and Phone.
	Account     string
	Name, Phone string
	CreatedAt   sensors.Instant
	// Idle is how long it stays good unused.
	Idle      time.Duration
	ExpiresAt sensors.Instant // however much it is used
}

// HomeTime is what a person may see of a household: the time in which they lived there, or of those who let them see it.
type HomeTime struct {
	Household string
	From      sensors.Instant
	Until     sensors.Instant // not included; sensors.Forever: open
	// Delegated: they do not live there; a resident lets them. MayReport: and lets them file reports as well.
	Delegated, MayReport bool
}

// SignedIn is a session that is good, with what it is good for now.
type SignedIn struct {
	Session
	Role  disputes.Role
	Scope Scope
	Homes []HomeTime // of a resident or delegate, at any time
	// GoodUntil is when it ends if it is not used again.
	GoodUntil sensors.Instant
}

// seenEvery is how exactly the last use of a session is kept.
const seenEvery = time.Minute

// CreateSession keeps a session under the hash of what its browser shows. Sessions and codes that ended more than a day ago are forgotten on
// the way.
func (l *Ledger) CreateSession(ctx context.Context, hash []byte, s Session) error {
	return l.writing(ctx, "creating a session", func(t tx) error {
		if _, err := t.exec(ctx, `INSERT INTO sessions (hash, account, name, phone, created_at, seen_at, idle_ns, expires_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			hash, s.Account, s.Name, s.Phone, int64(s.CreatedAt), int64(s.CreatedAt), int64(s.Idle), int64(s.ExpiresAt)); err != nil {
			return err
		}
		old := int64(s.CreatedAt.Add(-24 * time.Hour))
		if _, err := t.exec(ctx, "DELETE FROM sessions WHERE expires_at < ?", old); err != nil {
			return err
		}
		_, err := t.exec(ctx, "DELETE FROM codes WHERE expires_at < ?", old)
		return err
	})
}

// UseSession is the session under a hash, if it is good at now, and notes that it was used. ErrToken if it is not: unknown,
// expired, ended, and of an account that was disabled look alike.
func (l *Ledger) UseSession(ctx context.Context, hash []byte, now sensors.Instant) (s SignedIn, err error) {
	const doing = "looking at a session"
	var seen sensors.Instant
	found := false
	err = l.snapshot(ctx, doing, func(q querier) error {
		rows, err := q.QueryContext(ctx, `SELECT account, name, phone, created_at, seen_at, idle_ns, expires_at FROM sessions
			WHERE hash = ? AND ended_at IS NULL AND expires_at > ?`, hash, int64(now))
		type row struct {
			Session
			seen sensors.Instant
			idle int64
		}
		all, err := collect(rows, err, func(r *row) []any {
			return []any{&r.Account, &r.Name, &r.Phone, &r.CreatedAt, &r.seen, &r.idle, &r.ExpiresAt}
		})
		if err != nil || len(all) == 0 {
			return err
		}
		s.Session, seen, found = all[0].Session, all[0].seen, true
		s.Idle = time.Duration(all[0].idle)
		if s.Account != "" {
			return s.readAccount(ctx, q)
		}
		return s.readHomes(ctx, q, now)
	})
	if err != nil {
		return SignedIn{}, err
	}
	if !found || s.Role == "" || seen.Add(s.Idle) <= now {
		return SignedIn{}, ErrToken
	}
	s.GoodUntil = min(max(now, seen).Add(s.Idle), s.ExpiresAt)
	if now.Sub(seen) < seenEvery {
		return s, nil
	}
	return s, l.writing(ctx, doing, func(t tx) error {
		_, err := t.exec(ctx, "UPDATE sessions SET seen_at = ? WHERE hash = ? AND seen_at < ?", int64(now), hash, int64(now))
		return err
	})
}

// readAccount reads what a member of staff may do. An account that is disabled leaves the role empty.
func (s *SignedIn) readAccount(ctx context.Context, q querier) error {
	var a StaffAccount
	var scope string
	if err := q.QueryRowContext(ctx, "SELECT "+accountColumns+" FROM staff_accounts WHERE id = ?", s.Account).Scan(a.columns(&scope)...); err != nil {
		return err
	}
	if a.DisabledAt != 0 {
		return nil
	}
	s.Name, s.Role = a.Name, a.Role
	return json.Unmarshal([]byte(scope), &s.Scope)
}

// EndSession ends the session under a hash, if there is one.
func (l *Ledger) EndSession(ctx context.Context, hash []byte, now sensors.Instant) error {
	return l.writing(ctx, "ending a session", func(t tx) error {
		_, err := t.exec(ctx, "UPDATE sessions SET ended_at = ? WHERE hash = ? AND ended_at IS NULL", int64(now), hash)
		return err
	})
}

// EndSessions ends every session of whoever has this one.
func (l *Ledger) EndSessions(ctx context.Context, s Session, now sensors.Instant) error {
	return l.writing(ctx, "ending sessions", func(t tx) error {
		name := s.Name
		if s.Account != "" {
			name = ""
		}
		_, err := t.exec(ctx, "UPDATE sessions SET ended_at = ? WHERE account = ? AND name = ? AND phone = ? AND ended_at IS NULL",
			int64(now), s.Account, name, s.Phone)
		return err
	})
}
