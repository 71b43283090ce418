package ledger_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/nuanju/nuanju/billing"
	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/ledger"
)

func number(t testing.TB, s string) compliance.Decimal {
	t.Helper()
	d, err := compliance.ParseDecimal(s)
	must(t, err)
	return d
}

// What bills are made from reaches the homes and meters that it is about; what is noted again supersedes, what is withdrawn holds no
// more, and each goes to the evidence log once.
func TestFactsOfBills(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		ctx := t.Context()
		_, err := l.ImportRegistry(ctx, declared(t, town()), ledger.ImportOptions{}, 100)
		must(t, err)
		logged := l.Query(t, "SELECT count(*) FROM outbox")
		day := compliance.DateOf(2016, 1, 5)
		change := ledger.BillingFact{
			ID: "c1", Place: ledger.Place{Kind: ledger.AtMeter, ID: "m1"}, NotedBy: "desk",
			MeterChange: &ledger.MeterChange{At: morning, Final: number(t, "9999.5"), Initial: number(t, "0.25")},
		}
		off := ledger.BillingFact{ID: "u1", Place: ledger.Place{Kind: ledger.AtSubstation, ID: "ss1"}, Unsupplied: &ledger.DayRun{First: day, Last: day + 1}}
		away := ledger.BillingFact{ID: "s1", Place: ledger.Place{Kind: ledger.AtHousehold, ID: "h1"}, Suspension: &ledger.Suspension{Winter: 2015}}
		must(t, l.PutBillingFacts(ctx, []ledger.BillingFact{change, off, away}, 200))
		must(t, l.PutBillingFacts(ctx, []ledger.BillingFact{change, off, away}, 300))
		homes, meters, err := l.BillingFacts(ctx, []string{"h1", "h2", "stranger"}, []string{"m1", "m2"})
		must(t, err)
		if want := map[string][]ledger.BillingFact{"m1": {change}}; !reflect.DeepEqual(meters, want) {
			t.Errorf("of meters: got %+v, want %+v", meters, want)
		}
		if want := map[string][]ledger.BillingFact{"h1": {away, off}, "h2": {off}}; !reflect.DeepEqual(homes, want) {
			t.Errorf("of homes: got %+v, want %+v", homes, want)
		}
		away.Withdrawn = true
		off.Unsupplied = &ledger.DayRun{First: day, Last: day}
		must(t, l.PutBillingFacts(ctx, []ledger.BillingFact{off, away}, 400))
		homes, _, err = l.BillingFacts(ctx, []string{"h1"}, nil)
		must(t, err)
		if len(homes["h1"]) != 1 || homes["h1"][0].Unsupplied.Last != day {
			t.Errorf("after the change: %+v", homes)
		}
		if rows, log := l.Query(t, "SELECT count(*) FROM billing_facts"), l.Query(t, "SELECT count(*) FROM outbox")-logged; rows != 5 || log != 5 {
			t.Errorf("%d rows and %d entries for the evidence log, want 5 of each", rows, log)
		}
		for name, bad := range map[string]ledger.BillingFact{
			"nothing":             {ID: "x", Place: ledger.Place{Kind: ledger.AtHousehold, ID: "h1"}},
			"two":                 {ID: "x", Place: ledger.Place{Kind: ledger.AtHousehold, ID: "h1"}, Suspension: away.Suspension, Unsupplied: off.Unsupplied},
			"a meter's of a home": {ID: "x", Place: ledger.Place{Kind: ledger.AtHousehold, ID: "h1"}, MeterChange: change.MeterChange},
			"no id":               {Place: ledger.Place{Kind: ledger.AtHousehold, ID: "h1"}, Suspension: away.Suspension},
			"backwards":           {ID: "x", Place: ledger.Place{Kind: ledger.Everywhere}, Unsupplied: &ledger.DayRun{First: day, Last: day - 1}},
		} {
			if err := l.PutBillingFacts(ctx, []ledger.BillingFact{change, bad}, 500); !errors.Is(err, ledger.ErrInvalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// A file of payments is taken over whole or not at all, and once; a reference is of one payment of its channel.
func TestPayments(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		ctx := t.Context()
		day := compliance.DateOf(2015, 12, 1)
		pay := func(reference, household string, fen billing.Fen) ledger.Payment {
			return ledger.Payment{Channel: "bank", Reference: reference, Household: household, Account: "A" + household, Winter: 2015, Date: day, Fen: fen}
		}
		file := ledger.PaymentImport{ID: "file1", Channel: "bank", Payments: 2, Fen: 300}
		again, err := l.ImportPayments(ctx, file, []ledger.Payment{pay("r1", "h1", 100), pay("r2", "h2", 200)}, "clerk", 10)
		must(t, err)
		if again {
			t.Error("the first time is not again")
		}
		if again, err = l.ImportPayments(ctx, file, []ledger.Payment{pay("r1", "h1", 100), pay("r2", "h2", 200)}, "clerk", 20); err != nil || !again {
			t.Errorf("the same file again: %t, %v", again, err)
		}
		file.ID = "file2"
		if _, err = l.ImportPayments(ctx, file, []ledger.Payment{pay("r3", "h1", 5), pay("r1", "h1", 100)}, "clerk", 30); !errors.Is(err, ledger.ErrExists) {
			t.Errorf("a reference that was used: %v", err)
		}
		if taken, err := l.TakenOver(ctx, "file2"); err != nil || taken {
			t.Errorf("the refused file is taken over: %t, %v", taken, err)
		}
		if _, err = l.ImportPayments(ctx, ledger.PaymentImport{}, []ledger.Payment{pay("r4", "h1", 0)}, "clerk", 30); !errors.Is(err, ledger.ErrInvalid) {
			t.Errorf("a payment of nothing: %v", err)
		}
		must(t, l.VoidPayment(ctx, "bank", "r2", "of another", "clerk", 40))
		if err := l.VoidPayment(ctx, "bank", "r2", "of another", "clerk", 50); !errors.Is(err, ledger.ErrConflict) {
			t.Errorf("voided twice: %v", err)
		}
		if err := l.VoidPayment(ctx, "bank", "r9", "?", "clerk", 50); !errors.Is(err, ledger.ErrNotFound) {
			t.Errorf("one that is not there: %v", err)
		}
		all, err := l.Payments(ctx, []string{"h1", "h2"}, 2015)
		must(t, err)
		if len(all["h1"]) != 1 || all["h1"][0].Fen != 100 || all["h1"][0].RecordedBy != "clerk" || len(all["h2"]) != 0 {
			t.Errorf("%+v", all)
		}
		found, err := l.PaymentsByReference(ctx, "bank", []string{"r1", "r2", "r3"})
		must(t, err)
		if len(found) != 2 || found["r2"].VoidedWhy != "of another" {
			t.Errorf("%+v", found)
		}
	})
}

func statementOf(household string, seq int64, settlement string, lines ...billing.Line) ledger.Statement {
	return ledger.Statement{
		ID: ledger.StatementID(household, 2015, seq), Household: household, Account: "A" + household, Winter: 2015, Season: "2015-11-15/2016-03-15",
		Seq: seq, Kind: billing.SeasonEnd, AsOf: 900, MadeAt: 1000, Settlement: settlement, Policy: "p", Digest: "sha256:1", Verdict: "sha256:2",
		Balance: billing.Balance(lines), Lines: lines, Body: []byte(`{"because":[]}`),
	}
}

// A settlement goes on where it was stopped; two who go on at once do not both write; nothing that was written is changed.
func TestSettlementGoesOn(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		ctx := t.Context()
		begin := func(id string) (ledger.Settlement, bool) {
			s, resumed, err := l.BeginSettlement(ctx, ledger.Settlement{ID: id, Winter: 2015, Kind: billing.SeasonEnd, AsOf: 900, StartedAt: 1000, StartedBy: "clerk"})
			must(t, err)
			return s, resumed
		}
		payable := billing.Line{Item: billing.ItemPayable, Clause: "A4.1", Fen: 700, Balance: -700}
		prepaid := billing.Line{Item: billing.ItemPrepaid, Clause: "A4.1", Fen: 1000, Balance: 1000}
		heat := billing.Line{Item: billing.ItemHeatFee, Clause: "A4.2.1", Quantity: 1_500_000, Unit: "kWh", Price: "0.16", Fen: 24, Source: "meter m1"}
		run, resumed := begin("run1")
		if resumed {
			t.Fatal("there was none to go on with")
		}
		first := statementOf("h1", 1, run.ID, heat, payable, prepaid)
		back := ledger.Payout{Statement: first.ID, Household: "h1", Account: "Ah1", Winter: 2015, Way: ledger.CarryOver, Fen: 300, Date: compliance.DateOf(2016, 4, 1), MadeAt: 1000}
		next, err := l.WriteStatements(ctx, run, []ledger.Statement{first}, []ledger.Payout{back}, "h1", 1, 1000)
		must(t, err)
		if _, err := l.WriteStatements(ctx, run, []ledger.Statement{statementOf("h2", 1, run.ID, payable)}, nil, "h2", 1, 1001); !errors.Is(err, ledger.ErrConflict) {
			t.Errorf("from where it no longer stands: %v", err)
		}
		if _, err := l.WriteStatements(ctx, next, []ledger.Statement{statementOf("h1", 2, run.ID, payable)}, nil, "h2", 1, 1001); !errors.Is(err, ledger.ErrExists) {
			t.Errorf("a household twice in one settlement: %v", err)
		}
		going, resumed := begin("run2")
		if !resumed || !reflect.DeepEqual(going, next) || going.Through != "h1" || going.Made != 1 {
			t.Fatalf("%t %+v, want %+v", resumed, going, next)
		}
		going, err = l.WriteStatements(ctx, going, []ledger.Statement{statementOf("h2", 1, run.ID, payable)}, nil, "h2", 1, 1002)
		must(t, err)
		must(t, l.FinishSettlement(ctx, going, 1003))
		if err := l.FinishSettlement(ctx, going, 1004); !errors.Is(err, ledger.ErrConflict) {
			t.Errorf("finished twice: %v", err)
		}
		if _, resumed := begin("run3"); resumed {
			t.Error("a finished one is gone on with")
		}
		checkSettled(t, l, first)
		for _, damage := range []string{
			"UPDATE statements SET balance = 0", "DELETE FROM statements", "UPDATE statement_lines SET fen = 0", "DELETE FROM statement_lines",
			"UPDATE payouts SET fen = 1", "DELETE FROM payouts",
		} {
			if err := l.Exec(t, damage); err == nil {
				t.Errorf("%s: was done", damage)
			}
		}
	})
}

func checkSettled(t *testing.T, l *ledger.Ledger, first ledger.Statement) {
	t.Helper()
	ctx := t.Context()
	all, err := l.Statements(ctx, ledger.StatementFilter{Household: "h1"})
	must(t, err)
	if len(all) != 1 || !reflect.DeepEqual(all[0], first) {
		t.Errorf("got %+v, want %+v", all, first)
	}
	page, err := l.Statements(ctx, ledger.StatementFilter{Winter: 2015, After: ledger.StatementPlace{Household: "h1", Winter: 2015, Seq: 1}, Limit: 5})
	must(t, err)
	if len(page) != 1 || page[0].Household != "h2" {
		t.Errorf("after h1: %+v", page)
	}
	settled, err := l.SettledBefore(ctx, []string{"h1", "h2", "h3"}, 2015)
	must(t, err)
	if s := settled["h1"]; s.Seq != 1 || !slices.Equal(s.Lines, first.Lines) || s.PaidOut != 300 || len(settled) != 2 {
		t.Errorf("%+v", settled)
	}
	carried, err := l.Payments(ctx, []string{"h1"}, 2016)
	must(t, err)
	if p := carried["h1"]; len(p) != 1 || p[0].Fen != 300 || p[0].Channel != ledger.CarriedOver {
		t.Errorf("carried over: %+v", carried)
	}
	paid := ledger.Payment{Channel: "bank", Reference: "late", Household: "h2", Account: "Ah2", Winter: 2015, Date: 17_000, Fen: 200}
	_, err = l.ImportPayments(ctx, ledger.PaymentImport{}, []ledger.Payment{paid}, "clerk", 1100)
	must(t, err)
	owing, err := l.ArrearsOf(ctx, 2015, "", 10)
	must(t, err)
	// h1 paid 1000 of which no payment is recorded: its statement counted them, and the ledger's payments do not have them.
	want := []string{"h1 1000", "h2 500"}
	var got []string
	for _, a := range owing {
		got = append(got, fmt.Sprintf("%s %d", a.Household, a.Due()))
	}
	if !slices.Equal(got, want) {
		t.Errorf("arrears %q, want %q", got, want)
	}
	for household, want := range map[string]billing.Fen{"h1": 1000, "h2": 500, "h3": 0} {
		a, err := l.ArrearsOfHome(ctx, household, 2015)
		must(t, err)
		other, err := l.ArrearsOfHome(ctx, household, 2014)
		must(t, err)
		if a.Due() != want || other.Due() != 0 {
			t.Errorf("%s owes %+v and for the winter before %+v, want %d", household, a, other, want)
		}
	}
	back, err := l.Payouts(ctx, "run1", ledger.CarryOver, "", 10)
	must(t, err)
	if len(back) != 1 || back[0].Fen != 300 {
		t.Errorf("payouts %+v", back)
	}
	if n := l.Query(t, "SELECT count(*) FROM outbox WHERE key LIKE 'statement/%'"); n != 2 {
		t.Errorf("%d statements for the evidence log", n)
	}
}
