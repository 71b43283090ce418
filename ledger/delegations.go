package ledger

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"

	"github.com/nuanju/nuanju/notify"
	"github.com/nuanju/nuanju/sensors"
)

// Delegation is that a resident lets somebody see their home, and perhaps report for it: a daughter for her parents. It holds for the time
// in which the resident's own contract does, until it is revoked.
type Delegation struct {
	ID              string
	Household       string
	Name, Phone     string // of whom they let
	MayReport       bool
	ByName, ByPhone string // the resident
	CreatedAt       sensors.Instant
	RevokedAt       sensors.Instant // 0: not revoked
	RevokedBy       string
}

// maxDelegations bounds the delegations of a household that are not revoked.
const maxDelegations = 20

// ErrTooMany: there are as many of them as there may be.
var ErrTooMany = errors.New("there are too many already")

// Delegate writes a delegation; its ID and times are set by the ledger. The one that there is already is returned as it is
// when the same person may do the same. ErrTooMany beyond 20 of a household.
func (l *Ledger) Delegate(ctx context.Context, d Delegation, now sensors.Instant) (Delegation, error) {
	const doing = "writing a delegation"
	for _, id := range []string{d.Household, d.Name, d.Phone, d.ByName, d.ByPhone} {
		if err := sensors.CheckID(id); err != nil {
			return Delegation{}, invalid(doing, err.Error())
		}
	}
	var random [tokenIDBytes]byte
	_, _ = rand.Read(random[:]) // never fails
	d.ID, d.CreatedAt, d.RevokedAt, d.RevokedBy = hex.EncodeToString(random[:]), now, 0, ""
	err := l.writing(ctx, doing, func(t tx) error {
		if err := t.alone(ctx, turnDelegations); err != nil {
			return err
		}
		there, err := delegationsWhere(ctx, t, "household = ? AND revoked_at IS NULL ORDER BY created_at, id", d.Household)
		if err != nil {
			return err
		}
		for _, other := range there {
			if other.Name == d.Name && other.Phone == d.Phone && other.ByName == d.ByName && other.ByPhone == d.ByPhone && other.MayReport == d.MayReport {
				d = other
				return nil
			}
		}
		if len(there) >= maxDelegations {
			return ErrTooMany
		}
		_, err = t.exec(ctx, `INSERT INTO delegations (id, household, name, phone, may_report, by_name, by_phone, created_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, d.ID, d.Household, d.Name, d.Phone, asInt(d.MayReport), d.ByName, d.ByPhone, int64(now))
		if err != nil {
			return err
		}
		if err := t.recordDelegation(ctx, d, "delegated", d.ByName, now); err != nil {
			return err
		}
		return t.alert(ctx, []notify.Alert{{
			Key: "delegation/" + d.ID, To: notify.Audience{Kind: notify.Phone, ID: d.Phone}, Message: notify.DelegateInvited,
			Values: map[string]string{"household": d.Household},
		}}, now)
	})
	if err != nil {
		return Delegation{}, err
	}
	return d, nil
}

// Revoke ends a delegation of a household, by somebody. One that was revoked stays as it is. ErrNotFound without it.
func (l *Ledger) Revoke(ctx context.Context, household, id, by string, now sensors.Instant) (d Delegation, err error) {
	err = l.writing(ctx, "revoking a delegation", func(t tx) error {
		n, err := t.exec(ctx, "UPDATE delegations SET revoked_at = ?, revoked_by = ? WHERE id = ? AND household = ? AND revoked_at IS NULL",
			int64(now), by, id, household)
		if err != nil {
			return err
		}
		found, err := delegationsWhere(ctx, t, "id = ? AND household = ?", id, household)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return ErrNotFound
		}
		if d = found[0]; n == 0 {
			return nil
		}
		return t.recordDelegation(ctx, d, "revoked", by, now)
	})
	return d, err
}

// Delegations is every delegation of a household, the first first.
func (l *Ledger) Delegations(ctx context.Context, household string) (all []Delegation, err error) {
	err = l.reading(ctx, "reading delegations", func(q querier) error {
		all, err = delegationsWhere(ctx, q, "household = ? ORDER BY created_at, id", household)
		return err
	})
	return all, err
}

func delegationsWhere(ctx context.Context, q querier, where string, args ...any) (all []Delegation, err error) {
	type row struct {
		Delegation
		report int64
	}
	rows, err := q.QueryContext(ctx, `SELECT id, household, name, phone, may_report, by_name, by_phone, created_at,
		coalesce(revoked_at, 0), coalesce(revoked_by, '') FROM delegations WHERE `+where, args...)
	found, err := collect(rows, err, func(r *row) []any {
		return []any{&r.ID, &r.Household, &r.Name, &r.Phone, &r.report, &r.ByName, &r.ByPhone, &r.CreatedAt, &r.RevokedAt, &r.RevokedBy}
	})
	for _, r := range found {
		r.MayReport = r.report != 0
		all = append(all, r.Delegation)
	}
	return all, err
}

// recordDelegation puts what happened to a delegation into the outbox. The phone stays out of the evidence log, whose entries
// cannot be taken back.
func (t tx) recordDelegation(ctx context.Context, d Delegation, event, by string, now sensors.Instant) error {
	key := "delegation/" + d.ID + "/" + event
	content, err := json.Marshal(map[string]any{
		"key": key, "delegation": d.ID, "household": d.Household, "name": d.Name, "may_report": d.MayReport, "event": event, "by": by, "at": now.Time(),
	})
	if err != nil {
		return err
	}
	return t.enqueue(ctx, []OutboxEntry{{Key: key, Subject: WorkflowSubject, Content: content, CreatedAt: now}})
}
