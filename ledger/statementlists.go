package ledger

import (
	"context"
	"encoding/json"
	"math"
	"strings"

	"github.com/nuanju/nuanju/billing"
	"github.com/nuanju/nuanju/sensors"
)

const lineColumns = "statement, item, ref, clause, quantity, unit, price, fen, balance, source"

type foundLine struct {
	statement string
	billing.Line
}

func (f *foundLine) columns() []any {
	l := &f.Line
	return []any{&f.statement, &l.Item, &l.Ref, &l.Clause, &l.Quantity, &l.Unit, &l.Price, &l.Fen, &l.Balance, &l.Source}
}

// SettledBefore is what was settled for households in a winter, by household; one without a statement is left out.
func (l *Ledger) SettledBefore(ctx context.Context, households []string, winter int) (map[string]Settled, error) {
	all := make(map[string]Settled)
	err := l.snapshot(ctx, "reading what was settled", func(q querier) error {
		return chunks(households, func(some []string) error {
			type row struct {
				household string
				seq       int64
				kind      billing.StatementKind
				asOf      int64
				foundLine
			}
			rows, err := q.QueryContext(ctx, "SELECT s.household, s.seq, s.kind, s.as_of, n."+strings.ReplaceAll(lineColumns, ", ", ", n.")+` FROM statements s JOIN statement_lines n ON n.statement = s.id
				WHERE s.winter = ? AND s.household IN (`+placeholders(len(some))+") ORDER BY s.household, s.seq, n.line",
				append([]any{winter}, anys(some)...)...)
			found, err := collect(rows, err, func(r *row) []any {
				return append([]any{&r.household, &r.seq, &r.kind, &r.asOf}, r.foundLine.columns()...)
			})
			if err != nil {
				return err
			}
			for _, r := range found {
				s := all[r.household]
				if r.seq != s.Seq {
					s.Seq, s.Kinds, s.AsOf = r.seq, append(s.Kinds, r.kind), max(s.AsOf, sensors.Instant(r.asOf))
				}
				s.Lines = append(s.Lines, r.Line)
				all[r.household] = s
			}
			type paid struct {
				household string
				fen       billing.Fen
			}
			rows, err = q.QueryContext(ctx, "SELECT household, fen FROM payouts WHERE winter = ? AND household IN ("+placeholders(len(some))+")",
				append([]any{winter}, anys(some)...)...)
			out, err := collect(rows, err, func(p *paid) []any { return []any{&p.household, &p.fen} })
			for _, p := range out {
				s := all[p.household]
				s.PaidOut += p.fen
				all[p.household] = s
			}
			return err
		})
	})
	return all, err
}

// StatementFilter chooses statements; a zero field does not choose.
type StatementFilter struct {
	ID         string
	Household  string
	Settlement string
	Winter     int
	// After is the place after which a list goes on: the last one's.
	After StatementPlace
	Limit int
}

// StatementPlace is a place in a list of statements, which is in order of household, winter and number.
type StatementPlace struct {
	Household string
	Winter    int
	Seq       int64
}

const statementColumns = "id, household, account, winter, season, seq, kind, as_of, made_at, settlement, policy, digest, judged, verdict, balance, body"

type foundStatement struct {
	Statement
	body string
}

func (f *foundStatement) columns() []any {
	s := &f.Statement
	return []any{
		&s.ID, &s.Household, &s.Account, &s.Winter, &s.Season, &s.Seq, &s.Kind, &s.AsOf, &s.MadeAt, &s.Settlement, &s.Policy, &s.Digest, &s.Judged,
		&s.Verdict, &s.Balance, &f.body,
	}
}

// Statements are the chosen statements with their lines, in order of household, winter and number, at most limit.
func (l *Ledger) Statements(ctx context.Context, f StatementFilter) (all []Statement, err error) {
	where, args := "1 = 1", []any{}
	choose := func(condition string, values ...any) { where, args = where+" AND "+condition, append(args, values...) }
	if f.ID != "" {
		choose("id = ?", f.ID)
	}
	if f.Household != "" {
		choose("household = ?", f.Household)
	}
	if f.Settlement != "" {
		choose("settlement = ?", f.Settlement)
	}
	if f.Winter != 0 {
		choose("winter = ?", f.Winter)
	}
	if f.After.Household != "" {
		choose("(household, winter, seq) > (?, ?, ?)", f.After.Household, f.After.Winter, f.After.Seq)
	}
	err = l.snapshot(ctx, "listing statements", func(q querier) error {
		rows, err := q.QueryContext(ctx, "SELECT "+statementColumns+" FROM statements WHERE "+where+" ORDER BY household, winter, seq LIMIT ?",
			append(args, page(f.Limit))...)
		found, err := collect(rows, err, (*foundStatement).columns)
		if err != nil {
			return err
		}
		place := make(map[string]int, len(found))
		ids := make([]string, len(found))
		for i := range found {
			s := found[i].Statement
			s.Body = json.RawMessage(found[i].body)
			place[s.ID], ids[i] = i, s.ID
			all = append(all, s)
		}
		return chunks(ids, func(some []string) error {
			rows, err := q.QueryContext(ctx, "SELECT "+lineColumns+" FROM statement_lines WHERE statement IN ("+placeholders(len(some))+") ORDER BY statement, line", anys(some)...)
			lines, err := collect(rows, err, (*foundLine).columns)
			for i := range lines {
				s := &all[place[lines[i].statement]]
				s.Lines = append(s.Lines, lines[i].Line)
			}
			return err
		})
	})
	return all, err
}

// Payouts are what a settlement gives back in a way, in order of household, after one; at most limit.
func (l *Ledger) Payouts(ctx context.Context, settlement string, way PayoutWay, after string, limit int) (all []Payout, err error) {
	err = l.reading(ctx, "listing payouts", func(q querier) error {
		rows, err := q.QueryContext(ctx, `SELECT o.statement, o.household, o.account, o.winter, o.way, o.fen, o.holder, o.bank, o.bank_no, o.made_at
			FROM payouts o JOIN statements s ON s.id = o.statement WHERE s.settlement = ? AND o.way = ? AND o.household > ? ORDER BY o.household LIMIT ?`,
			settlement, string(way), after, min(limit, math.MaxInt32))
		all, err = collect(rows, err, func(p *Payout) []any {
			return []any{&p.Statement, &p.Household, &p.Account, &p.Winter, &p.Way, &p.Fen, &p.Holder, &p.Bank, &p.BankNo, &p.MadeAt}
		})
		return err
	})
	return all, err
}
