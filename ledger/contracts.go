package ledger

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/sensors"
)

// ErrOverlap: another contract of the household is in force in a part of that time.
var ErrOverlap = errors.New("another contract is in force then")

// KeptContract is a version of a contract with what the ledger knows of it.
type KeptContract struct {
	disputes.Contract
	Begins, Ends sensors.Instant // it is in force in [Begins, Ends); Ends is sensors.Forever when no end was agreed
	By           disputes.Actor
	Recorded     sensors.Instant
	SupersededAt sensors.Instant // 0: it is the newest version
	// Digest is what the evidence log has of it: SHA-256 of Salt and Body. The log has no name, phone or address.
	Digest string
	Salt   []byte
	Body   []byte
}

// contractBody is a contract as it is kept; fields are only ever added.
type contractBody struct {
	Number       string            `json:"number"`
	Residents    []disputes.Person `json:"residents"`
	Supplier     disputes.Supplier `json:"supplier"`
	Address      string            `json:"address"`
	Signed       string            `json:"signed"`
	From         string            `json:"from"`
	Until        string            `json:"until,omitempty"`
	Policy       string            `json:"policy"`
	Season       string            `json:"season,omitempty"`
	Commission   string            `json:"commission,omitempty"`
	SettleWithin int               `json:"settle_within_days,omitempty"`
	Note         string            `json:"note,omitempty"`
}

// contractRecord is what the evidence log gets of a version.
type contractRecord struct {
	Key          string        `json:"key"`
	Contract     string        `json:"contract"`
	Version      int64         `json:"version"`
	Household    string        `json:"household"`
	Account      string        `json:"account"`
	From         string        `json:"from"`
	Until        string        `json:"until,omitempty"`
	Policy       string        `json:"policy"`
	Season       string        `json:"season,omitempty"`
	Commission   string        `json:"commission,omitempty"`
	SettleWithin int           `json:"settle_within_days,omitempty"`
	Digest       string        `json:"digest"`
	Recorded     time.Time     `json:"recorded"`
	Role         disputes.Role `json:"role"`
	Actor        string        `json:"actor"`
}

// PutContract writes a version of a contract: the first of a new one, or the one after the newest. It is in force on its days in the
// zone. ErrConflict when another version has been written meanwhile, or it is of another household or account than the one before;
// ErrOverlap when another contract of the household is in force in a part of that time; ErrExists when a new one's id was used.
func (l *Ledger) PutContract(ctx context.Context, c disputes.Contract, zone *time.Location, by disputes.Actor, now sensors.Instant) (KeptContract, error) {
	doing := "writing contract " + c.ID
	if err := sensors.CheckID(c.ID); err != nil {
		return KeptContract{}, invalid("writing a contract", err.Error())
	}
	if err := c.Check(); err != nil {
		return KeptContract{}, invalid(doing, err.Error())
	}
	k := KeptContract{Contract: c, By: by, Recorded: now, Salt: make([]byte, 16)}
	k.Begins, k.Ends = c.Span(zone)
	_, _ = rand.Read(k.Salt) // never fails
	var err error
	if k.Body, err = json.Marshal(bodyOfContract(c)); err != nil {
		return KeptContract{}, fail(doing, err)
	}
	k.Digest = digestOfContract(k.Salt, k.Body)
	return k, l.writing(ctx, doing, func(t tx) error {
		if err := t.alone(ctx, turnContracts); err != nil {
			return err
		}
		if err := t.supersedeContract(ctx, k); err != nil {
			return err
		}
		if _, err := t.exec(ctx, `INSERT INTO contracts (id, version, household, account, from_ns, until_ns, body, salt, role, actor, valid_from)
			VALUES (`+placeholders(11)+")", c.ID, c.Version, c.Household, c.Account, int64(k.Begins), int64(k.Ends), string(k.Body), k.Salt,
			string(by.Role), by.ID, int64(now)); err != nil {
			return err
		}
		content, err := json.Marshal(k.record())
		if err != nil {
			return err
		}
		return t.enqueue(ctx, []OutboxEntry{{Key: k.key(), Subject: WorkflowSubject, Content: content, CreatedAt: now}})
	})
}

// supersedeContract makes room for a version: the one before is superseded, and no other contract is in force then.
func (t tx) supersedeContract(ctx context.Context, k KeptContract) error {
	if k.Version > 1 {
		n, err := t.exec(ctx, `UPDATE contracts SET superseded_at = ? WHERE superseded_at IS NULL AND id = ? AND version = ? AND household = ?
			AND account = ?`, int64(k.Recorded), k.ID, k.Version-1, k.Household, k.Account)
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrConflict
		}
	}
	var other string
	err := t.QueryRowContext(ctx, `SELECT id FROM contracts WHERE superseded_at IS NULL AND household = ? AND id <> ? AND from_ns < ? AND until_ns > ?
		ORDER BY id LIMIT 1`, k.Household, k.ID, int64(k.Ends), int64(k.Begins)).Scan(&other)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err == nil {
		err = &Error{Doing: "writing contract " + k.ID + " beside " + other, Kind: ErrOverlap}
	}
	return err
}

func (k KeptContract) key() string {
	return "contract/" + k.ID + "/" + strconv.FormatInt(k.Version, 10)
}

func (k KeptContract) record() contractRecord {
	b := bodyOfContract(k.Contract)
	return contractRecord{
		k.key(), k.ID, k.Version, k.Household, k.Account, b.From, b.Until, k.Policy, k.Season, k.Commission, k.SettleWithin,
		k.Digest, k.Recorded.Time(), k.By.Role, k.By.ID,
	}
}

func digestOfContract(salt, body []byte) string {
	sum := sha256.New()
	sum.Write(salt)
	sum.Write(body)
	return hex.EncodeToString(sum.Sum(nil))
}

func bodyOfContract(c disputes.Contract) contractBody {
	until := ""
	if c.Until != 0 {
		until = c.Until.String()
	}
	return contractBody{
		c.Number, c.Residents, c.Supplier, c.Address, c.Signed.String(), c.From.String(), until, c.Policy, c.Season, c.Commission,
		c.SettleWithin, c.Note,
	}
}
