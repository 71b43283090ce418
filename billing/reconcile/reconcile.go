// Package reconcile reads what channels say that they were paid: banks, counters, Alipay, WeChat each send a CSV file with columns of
// their own. A file is read whole: every error is told with its line, and then there are no payments.
package reconcile

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
	"time"

	"github.com/nuanju/nuanju/billing"
	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/sensors"
)

// Channel is how a channel's files are read: which of their columns say what.
type Channel struct {
	Name      string
	Reference string // the column of the channel's own reference of a payment
	Account   string // of the account number
	Date      string // of the day of payment, or its local time
	Amount    string // of the amount
	DateForm  string // as Go's time package writes it; a time of day after it is ignored
	Unit      Unit   // of the amount
	Encoding  Encoding
}

// StandardName is the name of the channel that there always is.
const StandardName = "standard"

// Standard is the channel of files in our own columns.
func Standard() Channel {
	return Channel{
		Name: StandardName, Reference: "reference", Account: "account", Date: "date", Amount: "yuan", DateForm: time.DateOnly, Unit: Yuan, Encoding: UTF8,
	}
}

// Unit is what amounts of a file are counted in.
type Unit string

// The units.
const (
	Yuan Unit = "yuan" // with up to two decimals
	Fen  Unit = "fen"  // whole ones
)

// Row is one payment of a file.
type Row struct {
	Line      int
	Reference string
	Account   string
	Date      compliance.Date
	Fen       billing.Fen
}

// Problem is what is wrong with a file, and where.
type Problem struct {
	Line int // 1 is the header
	What string
}

// Bounds of a file.
const (
	MaxRows  = 200_000
	mostYuan = 1_000_000
	mostTold = 1000 // problems
)

// Read reads a channel's file: its payments in order, or all that is wrong with it. A reference that occurs twice is wrong.
func Read(c Channel, text []byte) ([]Row, []Problem) {
	plain, problems := c.Encoding.decode(text)
	if problems != nil {
		return nil, problems
	}
	r := csv.NewReader(strings.NewReader(plain))
	r.FieldsPerRecord = -1
	header, err := r.Read()
	if err != nil {
		return nil, []Problem{{1, "the file has no header"}}
	}
	f := &file{channel: c, width: len(header), seen: map[string]int{}}
	f.find(header)
	for len(f.problems) < mostTold {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			f.wrong(lineOf(err), "the line is not CSV")
			break // what follows a quote that does not end is in it
		}
		line, _ := r.FieldPos(0)
		if len(f.rows) == MaxRows {
			f.wrong(line, fmt.Sprintf("the file has more than %d payments", MaxRows))
			break
		}
		f.row(line, cells)
	}
	if len(f.rows) == 0 && f.problems == nil {
		f.wrong(1, "the file has no payments")
	}
	if f.problems != nil {
		return nil, f.problems
	}
	return f.rows, nil
}

func lineOf(err error) int {
	if parse, ok := errors.AsType[*csv.ParseError](err); ok {
		return parse.StartLine
	}
	return 1
}

// file is one reading of a file.
type file struct {
	channel                          Channel
	width                            int
	reference, account, date, amount int // columns
	seen                             map[string]int
	rows                             []Row
	problems                         []Problem
}

func (f *file) wrong(line int, what string) { f.problems = append(f.problems, Problem{line, what}) }

// find finds the columns by the header.
func (f *file) find(header []string) {
	for _, column := range []struct {
		name string
		at   *int
	}{{f.channel.Reference, &f.reference}, {f.channel.Account, &f.account}, {f.channel.Date, &f.date}, {f.channel.Amount, &f.amount}} {
		*column.at = -1
		for i, h := range header {
			if strings.TrimSpace(h) == column.name {
				if *column.at >= 0 {
					f.wrong(1, fmt.Sprintf("column %q is there twice", column.name))
				}
				*column.at = i
			}
		}
		if *column.at < 0 {
			f.wrong(1, fmt.Sprintf("column %q is missing", column.name))
		}
	}
}

func (f *file) row(line int, cells []string) {
	if f.reference < 0 || f.account < 0 || f.date < 0 || f.amount < 0 {
		return // told at the header
	}
	if len(cells) != f.width {
		f.wrong(line, fmt.Sprintf("it has %d cells, the header has %d", len(cells), f.width))
		return
	}
	v := Row{Line: line, Reference: tidy(cells[f.reference]), Account: tidy(cells[f.account])}
	if err := sensors.CheckID(v.Reference); err != nil {
		f.wrong(line, f.channel.Reference+": "+err.Error())
	} else if first, again := f.seen[v.Reference]; again {
		f.wrong(line, fmt.Sprintf("%s: %q is in line %d already", f.channel.Reference, v.Reference, first))
	} else {
		f.seen[v.Reference] = line
	}
	if err := sensors.CheckID(v.Account); err != nil {
		f.wrong(line, f.channel.Account+": "+err.Error())
	}
	var err error
	if v.Date, err = f.day(tidy(cells[f.date])); err != nil {
		f.wrong(line, f.channel.Date+": "+err.Error())
	}
	if v.Fen, err = f.channel.Unit.amount(tidy(cells[f.amount])); err != nil {
		f.wrong(line, f.channel.Amount+": "+err.Error())
	}
	f.rows = append(f.rows, v)
}

// tidy is a cell without the spaces, tabs and backticks with which channels keep spreadsheets from taking numbers for numbers.
func tidy(cell string) string { return strings.Trim(cell, " \t`'\u00a0") }

func (f *file) day(s string) (compliance.Date, error) {
	t, err := time.Parse(f.channel.DateForm, s[:min(len(s), len(f.channel.DateForm))])
	if err != nil || t.Year() < 1990 || t.Year() > 2200 {
		return 0, fmt.Errorf("%q is not a day such as %s", s, time.Date(2015, 11, 10, 0, 0, 0, 0, time.UTC).Format(f.channel.DateForm))
	}
	return compliance.DateOf(t.Date()), nil
}

// Amount is an amount of yuan, exactly: more than 0, of whole fen, at most a million.
func Amount(s string) (billing.Fen, error) { return Yuan.amount(s) }

// amount is an amount in the unit, with the same bounds.
func (u Unit) amount(s string) (billing.Fen, error) {
	each, example := int64(100), "2148.00"
	if u == Fen {
		each, example = 1, "214800"
	}
	d, err := compliance.ParseDecimal(strings.ReplaceAll(s, ",", ""))
	if err != nil {
		return 0, fmt.Errorf("%q is not an amount of %s such as %s", s, u, example)
	}
	fen := d.Rat()
	fen.Mul(fen, big.NewRat(each, 1))
	switch {
	case !fen.IsInt():
		return 0, fmt.Errorf("%q is not a whole number of fen", s)
	case fen.Sign() <= 0:
		return 0, fmt.Errorf("%q is not more than 0", s)
	case fen.Cmp(big.NewRat(100*mostYuan, 1)) > 0:
		return 0, fmt.Errorf("%q is more than %d yuan", s, mostYuan)
	}
	return billing.Fen(fen.Num().Int64()), nil
}
