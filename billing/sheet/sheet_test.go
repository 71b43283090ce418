package sheet_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/nuanju/nuanju/billing"
	"github.com/nuanju/nuanju/billing/sheet"
	"github.com/nuanju/nuanju/ledger"
)

// hostile is texts that a spreadsheet would run.
var hostile = []string{
	`=HYPERLINK("http://x","y")`, "+1", "-1+1|cmd", "@SUM(A1)", " =1", "\t=1", "\r=1", "＝1", "\u00a0=1",
}

func TestNoCellIsAFormula(t *testing.T) {
	for _, s := range hostile {
		if got := sheet.Safe(s); got != "'"+s {
			t.Errorf("%q became %q", s, got)
		}
	}
	for _, s := range []string{"", "张三", "3-2-601", "0.16", "S1=2", "a\tb"} {
		if got := sheet.Safe(s); got != s {
			t.Errorf("%q became %q", s, got)
		}
	}
	if got := sheet.Safe(strings.Repeat("长", 40_000)); len([]rune(got)) >= 32_767 {
		t.Errorf("%d characters are more than a cell holds", len([]rune(got)))
	}
}

func statement() *ledger.Statement {
	return &ledger.Statement{
		ID: "S1", Household: "h1", Account: "=A1", Winter: 2015, Season: "2015-11-15/2016-03-15", Seq: 2, Kind: billing.Correction,
		Lines: []billing.Line{{Item: billing.ItemHeatFee, Clause: "A4.2.1", Quantity: -10_500_000, Unit: "kWh", Price: "0.16", Fen: -168, Source: "heat meter m1"}},
	}
}

// Negative amounts are numbers in both forms, texts that look like formulas are texts.
func TestBothForms(t *testing.T) {
	var c, x bytes.Buffer
	asCSV, err := sheet.NewCSV(&c)
	if err != nil {
		t.Fatal(err)
	}
	asXLSX, err := sheet.NewXLSX(&x, "statements")
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range []sheet.Table{asCSV, asXLSX} {
		if err := errors.Join(sheet.Statements(table), sheet.Statement(table, statement(), time.UTC), table.Close()); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(c.String(), "\ufeff"))).ReadAll()
	if err != nil || len(rows) != 2 {
		t.Fatalf("%v, %d rows", err, len(rows))
	}
	cell := func(rows [][]string, column string) string {
		i := slices.Index(rows[0], column)
		if i < 0 {
			t.Fatalf("no column %s in %q", column, rows[0])
		}
		return rows[1][i]
	}
	f, err := excelize.OpenReader(&x)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	sheets, err := f.GetRows("statements")
	if err != nil || len(sheets) != 2 {
		t.Fatalf("%v, %d rows", err, len(sheets))
	}
	for form, rows := range map[string][][]string{"csv": rows, "xlsx": sheets} {
		if a, y, q := cell(rows, "account"), cell(rows, "yuan"), cell(rows, "quantity"); a != "'=A1" || y != "-1.68" || q != "-10.5" {
			t.Errorf("%s: account %q, yuan %q, quantity %q", form, a, y, q)
		}
	}
	if formula, err := f.GetCellFormula("statements", "C2"); err != nil || formula != "" {
		t.Errorf("the account is the formula %q, %v", formula, err)
	}
}

func TestTransferNeedsABank(t *testing.T) {
	var out bytes.Buffer
	table, err := sheet.NewCSV(&out)
	if err != nil {
		t.Fatal(err)
	}
	if err := sheet.TransferTo(table, ledger.Payout{Statement: "S1", Fen: 5}); !errors.Is(err, sheet.ErrNoBank) {
		t.Error(err)
	}
	paid := ledger.Payout{Statement: "S1", Account: "A1", Holder: "张三", Bank: "工商银行", BankNo: "6222000011112222", Fen: 100480}
	if err := errors.Join(sheet.Transfers(table), sheet.TransferTo(table, paid), table.Close()); err != nil {
		t.Fatal(err)
	}
	want := "\ufeffreference,account,holder,bank,bank_account,yuan\nS1,A1,张三,工商银行,6222000011112222,1004.80\n"
	if out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}
