package ledger

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/sensors"
)

// StaffAccount is somebody of the staff who signs in with a name and a password. The name is theirs for good: it stands in timelines.
type StaffAccount struct {
	ID         string // not secret
	Name       string
	Role       disputes.Role
	Scope      Scope
	CreatedAt  sensors.Instant
	DisabledAt sensors.Instant // 0: not disabled
}

// accountRoles are the roles of people with accounts. Devices have tokens, and residents sign in by their contract.
var accountRoles = map[disputes.Role]bool{
	disputes.Dispatcher: true, disputes.Billing: true, disputes.Tester: true, disputes.Mediator: true, disputes.Auditor: true, disputes.Admin: true,
}

// CreateAccount makes an account with the encoded hash of its password. Its ID, CreatedAt and DisabledAt are set by the ledger.
// ErrExists if the name was ever used; ErrInvalid for a role that has no accounts, and for a tester without an institution.
func (l *Ledger) CreateAccount(ctx context.Context, spec StaffAccount, password string, now sensors.Instant) (StaffAccount, error) {
	const doing = "creating an account"
	switch {
	case !accountRoles[spec.Role]:
		return StaffAccount{}, invalid(doing, fmt.Sprintf("no account has the role %q", spec.Role))
	case sensors.CheckID(spec.Name) != nil:
		return StaffAccount{}, invalid(doing, "name: "+sensors.CheckID(spec.Name).Error())
	case spec.Role == disputes.Tester && sensors.CheckID(spec.Scope.Institution) != nil:
		return StaffAccount{}, invalid(doing, "a tester belongs to an institution")
	case password == "":
		return StaffAccount{}, invalid(doing, "it has no password")
	}
	var random [tokenIDBytes]byte
	_, _ = rand.Read(random[:]) // never fails
	spec.ID, spec.CreatedAt, spec.DisabledAt = hex.EncodeToString(random[:]), now, 0
	scope, err := json.Marshal(spec.Scope)
	if err != nil {
		return StaffAccount{}, fail(doing, err)
	}
	err = l.writing(ctx, doing, func(t tx) error {
		_, err := t.exec(ctx, "INSERT INTO staff_accounts (id, name, role, scope, password, created_at) VALUES (?, ?, ?, ?, ?, ?)",
			spec.ID, spec.Name, string(spec.Role), string(scope), password, int64(now))
		if err != nil {
			return err
		}
		return t.recordAccount(ctx, spec, "created", now)
	})
	if err != nil {
		return StaffAccount{}, err
	}
	return spec, nil
}

// recordAccount puts what happened to an account into the outbox: who may decide disputes is part of the evidence.
func (t tx) recordAccount(ctx context.Context, a StaffAccount, event string, now sensors.Instant) error {
	key := fmt.Sprintf("account/%s/%s/%d", a.ID, event, int64(now))
	content, err := json.Marshal(map[string]any{
		"key": key, "account": a.ID, "name": a.Name, "role": a.Role, "event": event, "at": now.Time(),
	})
	if err != nil {
		return err
	}
	return t.enqueue(ctx, []OutboxEntry{{Key: key, Subject: WorkflowSubject, Content: content, CreatedAt: now}})
}

const accountColumns = "id, name, role, scope, created_at, coalesce(disabled_at, 0)"

func (a *StaffAccount) columns(scope *string) []any {
	return []any{&a.ID, &a.Name, &a.Role, scope, &a.CreatedAt, &a.DisabledAt}
}

// AccountNamed is an account and the encoded hash of its password. ErrNotFound without one of that name.
func (l *Ledger) AccountNamed(ctx context.Context, name string) (a StaffAccount, password string, err error) {
	err = l.reading(ctx, "reading an account", func(q querier) error {
		var scope string
		row := q.QueryRowContext(ctx, "SELECT password, "+accountColumns+" FROM staff_accounts WHERE name = ?", name)
		if err := row.Scan(append([]any{&password}, a.columns(&scope)...)...); err != nil {
			return err
		}
		return json.Unmarshal([]byte(scope), &a.Scope)
	})
	return a, password, err
}

// ListAccounts is every account that was ever made, in order of name.
func (l *Ledger) ListAccounts(ctx context.Context) (all []StaffAccount, err error) {
	type row struct {
		StaffAccount
		scope string
	}
	err = l.reading(ctx, "listing accounts", func(q querier) error {
		rows, err := q.QueryContext(ctx, "SELECT "+accountColumns+" FROM staff_accounts ORDER BY name")
		found, err := collect(rows, err, func(r *row) []any { return r.columns(&r.scope) })
		if err != nil {
			return err
		}
		for _, r := range found {
			if err := json.Unmarshal([]byte(r.scope), &r.Scope); err != nil {
				return err
			}
			all = append(all, r.StaffAccount)
		}
		return nil
	})
	return all, err
}

// SetPassword gives an account another password and ends its sessions. ErrNotFound without one of that name.
func (l *Ledger) SetPassword(ctx context.Context, name, password string, now sensors.Instant) error {
	if password == "" {
		return invalid("setting a password", "it is empty")
	}
	return l.changeAccount(ctx, "setting a password", name, "password", now, "UPDATE staff_accounts SET password = ? WHERE id = ?", password)
}

// DisableAccount lets nobody in by an account any more and ends its sessions. One that was disabled before stays as it is.
// ErrNotFound without one of that name.
func (l *Ledger) DisableAccount(ctx context.Context, name string, now sensors.Instant) error {
	return l.changeAccount(ctx, "disabling an account", name, "disabled", now,
		"UPDATE staff_accounts SET disabled_at = coalesce(disabled_at, ?) WHERE id = ?", int64(now))
}

func (l *Ledger) changeAccount(ctx context.Context, doing, name, event string, now sensors.Instant, statement string, value any) error {
	return l.writing(ctx, doing, func(t tx) error {
		var a StaffAccount
		var scope string
		if err := t.QueryRowContext(ctx, "SELECT "+accountColumns+" FROM staff_accounts WHERE name = ?", name).Scan(a.columns(&scope)...); err != nil {
			return err
		}
		if _, err := t.exec(ctx, statement, value, a.ID); err != nil {
			return err
		}
		if _, err := t.exec(ctx, "UPDATE sessions SET ended_at = ? WHERE account = ? AND ended_at IS NULL", int64(now), a.ID); err != nil {
			return err
		}
		if event == "disabled" && a.DisabledAt != 0 {
			return nil
		}
		return t.recordAccount(ctx, a, event, now)
	})
}
