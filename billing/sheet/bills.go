package sheet

import (
	"errors"
	"strconv"
	"time"

	"github.com/nuanju/nuanju/billing"
	"github.com/nuanju/nuanju/ledger"
)

// Statements are the columns of statements, a row a line.
func Statements(t Table) error {
	return t.Row("statement", "household", "account", "winter", "season", "number", "kind", "as_of", "made_at", "line", "item", "ref", "clause",
		"quantity", "unit", "price", "yuan", "balance_yuan", "source", "policy", "verdict")
}

// Statement adds a statement's lines, with times in a zone.
func Statement(t Table, s *ledger.Statement, zone *time.Location) error {
	for i := range s.Lines {
		l := &s.Lines[i]
		if err := t.Row(s.ID, s.Household, s.Account, s.Winter, s.Season, s.Seq, string(s.Kind), s.AsOf.Time().In(zone).Format(time.RFC3339),
			s.MadeAt.Time().In(zone).Format(time.RFC3339), i+1, string(l.Item), l.Ref, string(l.Clause), number(l.Quantity.String()), l.Unit, l.Price,
			Yuan(l.Fen), Yuan(l.Balance), l.Source, s.Digest, s.Verdict); err != nil {
			return err
		}
	}
	return nil
}

// Arrears are the columns of what is owed.
func Arrears(t Table) error {
	return t.Row("household", "account", "winter", "owed_yuan", "balance_yuan", "given_back_yuan", "last_statement")
}

// Arrear adds a household.
func Arrear(t Table, a ledger.Arrears, zone *time.Location) error {
	return t.Row(a.Household, a.Account, a.Winter, Yuan(a.Due()), Yuan(a.Balance), Yuan(a.PaidOut), a.LastStatement.Time().In(zone).Format(time.RFC3339))
}

// Transfers are the columns of a bank transfer file.
func Transfers(t Table) error {
	return t.Row("reference", "account", "holder", "bank", "bank_account", "yuan")
}

// TransferTo adds a payout. One without a bank account is an error: whoever makes the file asks for it.
func TransferTo(t Table, p ledger.Payout) error {
	if p.Holder == "" || p.BankNo == "" {
		return ErrNoBank
	}
	return t.Row(p.Statement, p.Account, p.Holder, p.Bank, p.BankNo, Yuan(p.Fen))
}

// ErrNoBank: nothing says to which bank account money is to be transferred.
var ErrNoBank = errors.New("no bank account is known")

// number is an exact decimal: a number in a table, whatever its sign, and never text that has to be kept from being a formula.
type number string

// String is the number as it is written.
func (y number) String() string { return string(y) }

// float is the number as spreadsheets keep them: with 15 digits.
func (y number) float() float64 {
	v, err := strconv.ParseFloat(string(y), 64)
	if err != nil { // it was made of one
		return 0
	}
	return v
}

// Yuan is an amount for a table, in yuan with two decimals, exactly.
func Yuan(f billing.Fen) any { return number(f.String()) }
