package ledger

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base32"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/nuanju/nuanju/billing"
	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/notify"
	"github.com/nuanju/nuanju/sensors"
)

// Settlement is the settling of a winter's households, which may be stopped and gone on with.
type Settlement struct {
	ID        string
	Winter    int // the year in which the winter begins
	Kind      billing.StatementKind
	Scope     []string        // the households, sorted; empty: all
	AsOf      sensors.Instant // what was known by then is settled
	StartedAt sensors.Instant
	StartedBy string
	Through   string // the last household that was done; empty: none
	Done      int    // households
	Made      int    // statements
	Finished  sensors.Instant
}

// Statement is a statement with its lines. Statements are only ever added.
type Statement struct {
	ID         string
	Household  string
	Account    string
	Winter     int
	Season     string // its first and last day, 2015-11-15/2016-03-15
	Seq        int64  // of the household's statements of the winter, from 1 on
	Kind       billing.StatementKind
	AsOf       sensors.Instant
	MadeAt     sensors.Instant
	Settlement string
	Policy     string // its name
	Digest     string // of its edition
	Judged     int64  // the version of the verdict that stood; 0: never judged
	Verdict    string // the digest of what the verdict confirmed
	Balance    billing.Fen
	Lines      []billing.Line
	Body       json.RawMessage // reasons and gaps
}

// Payout is what a statement gives back.
type Payout struct {
	Statement          string
	Household, Account string
	Winter             int
	Way                PayoutWay
	Fen                billing.Fen
	Holder, Bank       string
	BankNo             string
	Date               compliance.Date // the local day on which what is carried over counts as paid; it is kept with that payment
	MadeAt             sensors.Instant
}

// Settled is what was settled for a household in a winter before.
type Settled struct {
	Seq     int64                   // of the last statement; 0: none
	Kinds   []billing.StatementKind // of the statements, in order
	AsOf    sensors.Instant         // the latest moment of them
	Lines   []billing.Line
	PaidOut billing.Fen
}

// StatementID is the id of a household's statement.
func StatementID(household string, winter int, seq int64) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{household, strconv.Itoa(winter), strconv.FormatInt(seq, 10)}, "\x00")))
	return "S" + base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:])[:25]
}

const settlementColumns = "id, winter, kind, scope, as_of, started_at, started_by, through, done, made, coalesce(finished_at, 0)"

type foundSettlement struct {
	Settlement
	scope string
}

func (f *foundSettlement) columns() []any {
	s := &f.Settlement
	return []any{&s.ID, &s.Winter, &s.Kind, &f.scope, &s.AsOf, &s.StartedAt, &s.StartedBy, &s.Through, &s.Done, &s.Made, &s.Finished}
}

func (f *foundSettlement) settlement() (Settlement, error) {
	return f.Settlement, json.Unmarshal([]byte(f.scope), &f.Settlement.Scope)
}

// BeginSettlement is the unfinished settlement of the same winter, kind and households if there is one, which is to be gone on with
// at its own moment, or the new one.
func (l *Ledger) BeginSettlement(ctx context.Context, s Settlement) (found Settlement, resumed bool, err error) {
	s.Scope = append([]string{}, s.Scope...)
	scope, err := json.Marshal(s.Scope)
	if err != nil {
		return s, false, err
	}
	err = l.writing(ctx, "beginning a settlement", func(t tx) error {
		if err := t.alone(ctx, turnDeclarations); err != nil {
			return err
		}
		var f foundSettlement
		err := t.QueryRowContext(ctx, "SELECT "+settlementColumns+" FROM settlements WHERE finished_at IS NULL AND winter = ? AND kind = ? AND scope = ?",
			s.Winter, string(s.Kind), string(scope)).Scan(f.columns()...)
		if err == nil {
			resumed = true
			found, err = f.settlement()
			return err
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		found = s
		_, err = t.exec(ctx, "INSERT INTO settlements (id, winter, kind, scope, as_of, started_at, started_by, through, done, made) VALUES (?, ?, ?, ?, ?, ?, ?, '', 0, 0)",
			s.ID, s.Winter, string(s.Kind), string(scope), int64(s.AsOf), int64(s.StartedAt), s.StartedBy)
		return err
	})
	return found, resumed, err
}

// SettlementByID is a settlement. ErrNotFound for an unknown id.
func (l *Ledger) SettlementByID(ctx context.Context, id string) (s Settlement, err error) {
	err = l.reading(ctx, "reading a settlement", func(q querier) error {
		var f foundSettlement
		if err := q.QueryRowContext(ctx, "SELECT "+settlementColumns+" FROM settlements WHERE id = ?", id).Scan(f.columns()...); err != nil {
			return err
		}
		s, err = f.settlement()
		return err
	})
	return s, err
}

// WriteStatements writes statements with what they give back and moves the settlement through a household, in one transaction. It
// returns the settlement as it is then. ErrConflict: somebody else has moved it; nothing was written.
func (l *Ledger) WriteStatements(ctx context.Context, s Settlement, all []Statement, payouts []Payout, through string, households int, now sensors.Instant) (Settlement, error) {
	err := l.writing(ctx, "writing statements", func(t tx) error {
		n, err := t.exec(ctx, "UPDATE settlements SET through = ?, done = done + ?, made = made + ? WHERE id = ? AND through = ? AND done = ? AND finished_at IS NULL",
			through, households, len(all), s.ID, s.Through, s.Done)
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrConflict
		}
		if err := t.insertStatements(ctx, all); err != nil {
			return err
		}
		if err := t.insertPayouts(ctx, payouts, now); err != nil {
			return err
		}
		alerts := make([]notify.Alert, len(all))
		for i := range all {
			alerts[i] = notify.OfStatement(all[i].ID, all[i].Household, all[i].Season)
		}
		return t.alert(ctx, alerts, now)
	})
	if err != nil {
		return s, err
	}
	s.Through, s.Done, s.Made = through, s.Done+households, s.Made+len(all)
	return s, nil
}

func (t tx) insertStatements(ctx context.Context, all []Statement) error {
	if err := t.insert(ctx, `INSERT INTO statements (id, household, account, winter, season, seq, kind, as_of, made_at, settlement, policy, digest, judged,
		verdict, balance, body) VALUES`, "", 16, len(all), func(i int, to []any) []any {
		s := &all[i]
		return append(to, s.ID, s.Household, s.Account, s.Winter, s.Season, s.Seq, string(s.Kind), int64(s.AsOf), int64(s.MadeAt), s.Settlement,
			s.Policy, s.Digest, s.Judged, s.Verdict, int64(s.Balance), string(s.Body))
	}); err != nil {
		return err
	}
	type row struct {
		statement string
		n         int
		*billing.Line
	}
	var rows []row
	entries := make([]OutboxEntry, len(all))
	for i := range all {
		s := &all[i]
		for n := range s.Lines {
			rows = append(rows, row{s.ID, n + 1, &s.Lines[n]})
		}
		entry, err := s.entry()
		if err != nil {
			return err
		}
		entries[i] = entry
	}
	if err := t.insert(ctx, "INSERT INTO statement_lines (statement, line, item, ref, clause, quantity, unit, price, fen, balance, source) VALUES", "", 11,
		len(rows), func(i int, to []any) []any {
			r := &rows[i]
			return append(to, r.statement, r.n, string(r.Item), r.Ref, string(r.Clause), int64(r.Quantity), r.Unit, r.Price, int64(r.Fen), int64(r.Balance), r.Source)
		}); err != nil {
		return err
	}
	return t.enqueue(ctx, entries)
}

// entry is what the evidence log gets of a statement: what it rests on, what it comes to, and the digest of its lines.
func (s *Statement) entry() (OutboxEntry, error) {
	lines, err := json.Marshal(s.Lines)
	if err != nil {
		return OutboxEntry{}, err
	}
	sum := sha256.Sum256(lines)
	key := "statement/" + s.ID
	content, err := json.Marshal(map[string]any{
		"key": key, "statement": s.ID, "household": s.Household, "winter": s.Winter, "seq": s.Seq, "kind": s.Kind, "as_of": s.AsOf.Time(), "at": s.MadeAt.Time(),
		"policy": s.Digest, "judged": s.Judged, "verdict": s.Verdict, "balance_fen": int64(s.Balance), "lines": "sha256:" + hex.EncodeToString(sum[:]),
	})
	return OutboxEntry{Key: key, Subject: WorkflowSubject, Content: content, CreatedAt: s.MadeAt}, err
}

// insertPayouts writes what goes back; what is carried over becomes a payment for the winter after.
func (t tx) insertPayouts(ctx context.Context, all []Payout, now sensors.Instant) error {
	if err := t.insert(ctx, "INSERT INTO payouts (statement, household, account, winter, way, fen, holder, bank, bank_no, made_at) VALUES", "", 10,
		len(all), func(i int, to []any) []any {
			p := &all[i]
			return append(to, p.Statement, p.Household, p.Account, p.Winter, string(p.Way), int64(p.Fen), p.Holder, p.Bank, p.BankNo, int64(p.MadeAt))
		}); err != nil {
		return err
	}
	var carried []Payment
	for _, p := range all {
		if p.Way == CarryOver {
			carried = append(carried, Payment{
				Channel: CarriedOver, Reference: p.Statement, Household: p.Household, Account: p.Account, Winter: p.Winter + 1,
				Date: p.Date, Fen: p.Fen,
			})
		}
	}
	return t.insertPayments(ctx, carried, "", "settlement", now)
}

// FinishSettlement says that all households of a settlement are done.
func (l *Ledger) FinishSettlement(ctx context.Context, s Settlement, now sensors.Instant) error {
	return l.writing(ctx, "finishing a settlement", func(t tx) error {
		n, err := t.exec(ctx, "UPDATE settlements SET finished_at = ? WHERE id = ? AND through = ? AND finished_at IS NULL", int64(now), s.ID, s.Through)
		if err == nil && n == 0 {
			err = ErrConflict
		}
		if err != nil {
			return err
		}
		return t.record(ctx, "settlement/"+s.ID, now, map[string]any{
			"settlement": s.ID, "winter": s.Winter, "kind": s.Kind, "as_of": s.AsOf.Time(), "households": s.Done, "statements": s.Made, "by": s.StartedBy,
		})
	})
}
