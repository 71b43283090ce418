package ledger

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/sensors"
)

// Party is a resident of a contract, and when the contract is in force.
type Party struct {
	Contract  string
	Household string
	Account   string
	disputes.Person
	From, Until sensors.Instant // [From, Until); Until is sensors.Forever when no end was agreed
}

// Holds reports whether the contract is in force at an instant.
func (p Party) Holds(at sensors.Instant) bool { return p.From <= at && at < p.Until }

// PartiesOfAccount is the residents of every contract that has an account, as the newest versions have them, former ones too: those whose
// contract began last first, of one contract in its order. None for an unknown account.
func (l *Ledger) PartiesOfAccount(ctx context.Context, account string) (all []Party, err error) {
	return l.parties(ctx, "reading the parties of an account", "account = ?", account)
}

// PartiesOfHousehold is the same of a household.
func (l *Ledger) PartiesOfHousehold(ctx context.Context, household string) (all []Party, err error) {
	return l.parties(ctx, "reading the parties of household "+household, "household = ?", household)
}

func (l *Ledger) parties(ctx context.Context, doing, where string, args ...any) (all []Party, err error) {
	err = l.reading(ctx, doing, func(q querier) error {
		found, err := contracts(ctx, q, "superseded_at IS NULL AND "+where+" ORDER BY from_ns DESC, id DESC", args...)
		for _, k := range found {
			for _, p := range k.Residents {
				all = append(all, Party{k.ID, k.Household, k.Account, p, k.Begins, k.Ends})
			}
		}
		return err
	})
	return all, err
}

// ContractAt is the contract of a household that is in force at an instant, as its newest version has it. ErrNotFound without one.
func (l *Ledger) ContractAt(ctx context.Context, household string, at sensors.Instant) (KeptContract, error) {
	return l.contract(ctx, "reading the contract of household "+household,
		"superseded_at IS NULL AND household = ? AND from_ns <= ? AND until_ns > ?", household, int64(at), int64(at))
}

// Contract is a version of a contract, the newest for version 0. ErrNotFound without it.
func (l *Ledger) Contract(ctx context.Context, id string, version int64) (KeptContract, error) {
	doing := "reading contract " + id
	if version == 0 {
		return l.contract(ctx, doing, "superseded_at IS NULL AND id = ?", id)
	}
	return l.contract(ctx, doing, "id = ? AND version = ?", id, version)
}

func (l *Ledger) contract(ctx context.Context, doing, where string, args ...any) (k KeptContract, err error) {
	err = l.reading(ctx, doing, func(q querier) error {
		found, err := contracts(ctx, q, where, args...)
		if err == nil && len(found) == 0 {
			err = ErrNotFound
		}
		if err == nil {
			k = found[0]
		}
		return err
	})
	return k, err
}

// ContractVersions is all versions of a contract, the first first. None for an unknown id.
func (l *Ledger) ContractVersions(ctx context.Context, id string) (all []KeptContract, err error) {
	err = l.reading(ctx, "reading the versions of contract "+id, func(q querier) error {
		all, err = contracts(ctx, q, "id = ? ORDER BY version", id)
		return err
	})
	return all, err
}

// ContractFilter chooses contracts; a zero field does not choose.
type ContractFilter struct {
	Household string
	Account   string
	// At chooses those that are in force at an instant.
	At    sensors.Instant
	After string // the id of the last of the list before
	Limit int    // at most so many; at most 1000, also if it is 0
}

// Contracts is the newest versions of the chosen contracts in the order of their ids, and whether there are more.
func (l *Ledger) Contracts(ctx context.Context, f ContractFilter) (all []KeptContract, more bool, err error) {
	where, args := "superseded_at IS NULL AND id > ?", []any{f.After}
	if f.Household != "" {
		where, args = where+" AND household = ?", append(args, f.Household)
	}
	if f.Account != "" {
		where, args = where+" AND account = ?", append(args, f.Account)
	}
	if f.At != 0 {
		where, args = where+" AND from_ns <= ? AND until_ns > ?", append(args, int64(f.At), int64(f.At))
	}
	limit := page(f.Limit)
	err = l.reading(ctx, "listing contracts", func(q querier) error {
		all, err = contracts(ctx, q, where+" ORDER BY id LIMIT ?", append(args, limit+1)...)
		return err
	})
	if len(all) > limit {
		return all[:limit], true, err
	}
	return all, false, err
}

// contracts reads rows of contracts.
func contracts(ctx context.Context, q querier, where string, args ...any) ([]KeptContract, error) {
	rows, err := q.QueryContext(ctx, `SELECT id, version, household, account, from_ns, until_ns, body, salt, role, actor, valid_from,
		coalesce(superseded_at, 0) FROM contracts WHERE `+where, args...)
	found, err := collect(rows, err, func(k *KeptContract) []any {
		return []any{
			&k.ID, &k.Version, &k.Household, &k.Account, &k.Begins, &k.Ends, &k.Body, &k.Salt, &k.By.Role, &k.By.ID, &k.Recorded, &k.SupersededAt,
		}
	})
	if err != nil {
		return nil, err
	}
	for i := range found {
		if err := found[i].fill(); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// fill reads the body of a contract.
func (k *KeptContract) fill() error {
	var b contractBody
	if err := json.Unmarshal(k.Body, &b); err != nil {
		return fmt.Errorf("contract %s: %w", k.ID, err)
	}
	for _, d := range []struct {
		text string
		date *compliance.Date
	}{{b.Signed, &k.Signed}, {b.From, &k.From}, {b.Until, &k.Until}} {
		if d.text == "" {
			continue
		}
		var err error
		if *d.date, err = compliance.ParseDate(d.text); err != nil {
			return fmt.Errorf("contract %s: %w", k.ID, err)
		}
	}
	k.Number, k.Residents, k.Supplier, k.Address, k.Policy, k.Season = b.Number, b.Residents, b.Supplier, b.Address, b.Policy, b.Season
	k.Commission, k.SettleWithin, k.Note, k.Digest = b.Commission, b.SettleWithin, b.Note, digestOfContract(k.Salt, k.Body)
	return nil
}
