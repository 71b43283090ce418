package billing_test

import (
	"fmt"
	"math/big"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/nuanju/nuanju/billing"
	"github.com/nuanju/nuanju/compliance"
)

// someFacts draws a household's facts of some days, as they might be known at some moment.
func someFacts(t *rapid.T, p *compliance.Policy) billing.Facts {
	days := rapid.IntRange(1, 30).Draw(t, "days")
	f := billing.Facts{
		Season:    season(days),
		AreaM2:    decimal(t, fmt.Sprintf("%d.%02d", rapid.IntRange(1, 300).Draw(t, "m²"), rapid.IntRange(0, 99).Draw(t, "cm²"))),
		Suspended: rapid.IntRange(0, 9).Draw(t, "suspended") == 0,
	}
	f.Season.Agreed = rapid.IntRange(0, 3).Draw(t, "agreed") == 0
	if rapid.Bool().Draw(t, "judged later") {
		f.AsOf = f.Season.End.End(p.Zone).Add(time.Duration(rapid.IntRange(-10, 200).Draw(t, "as of")) * 24 * time.Hour)
	}
	shown, at := int64(0), f.Season.Start.Start(p.Zone)
	for range rapid.IntRange(0, 20).Draw(t, "registers") {
		f.Meter.Registers = append(f.Meter.Registers, billing.Register{At: at, KWh: big.NewRat(shown, 1000)})
		at = at.Add(time.Duration(rapid.Int64Range(60, 300_000).Draw(t, "step")) * time.Second)
		shown += rapid.Int64Range(0, 5_000_000).Draw(t, "rise")
	}
	run := func(name string) (out []billing.Days) {
		for range rapid.IntRange(0, 2).Draw(t, name) {
			first := f.Season.Start + compliance.Date(rapid.IntRange(-3, days+3).Draw(t, name+" from"))
			out = append(out, billing.Days{Start: first, End: first + compliance.Date(rapid.IntRange(0, 9).Draw(t, name+" for"))})
		}
		return out
	}
	f.Faults, f.UnsuppliedDays = run("faults"), run("unsupplied")
	for range rapid.IntRange(0, 4).Draw(t, "payments") {
		f.Payments = append(f.Payments, billing.Payment{
			Date: f.Season.Start + compliance.Date(rapid.IntRange(-60, 120).Draw(t, "paid on")),
			Fen:  billing.Fen(rapid.Int64Range(0, 1_000_000).Draw(t, "fen")),
		})
	}
	return f
}

func someTime(t *rapid.T, name string, f *billing.Facts, p *compliance.Policy) compliance.Spans {
	var spans []compliance.Interval
	for range rapid.IntRange(0, 4).Draw(t, name) {
		from := f.Season.Start.Start(p.Zone).Add(time.Duration(rapid.Int64Range(0, int64(f.Season.Days())*86_400).Draw(t, name+" from")) * time.Second)
		spans = append(spans, compliance.Interval{Start: from, End: from.Add(time.Duration(rapid.Int64Range(1, 400_000).Draw(t, name+" for")) * time.Second)})
	}
	return compliance.Union(spans...).Clip(f.Season.In(p.Zone))
}

func someFees(t *rapid.T) (fees []billing.TestFee) {
	side := rapid.SampledFrom([]compliance.Side{compliance.Resident, compliance.Supplier, compliance.Joint})
	for i := range rapid.IntRange(0, 3).Draw(t, "fees") {
		fees = append(fees, billing.TestFee{
			Test: fmt.Sprint("t", i), Fen: billing.Fen(rapid.Int64Range(0, 99_999).Draw(t, "fee")), Advanced: side.Draw(t, "advanced"),
			Payer: rapid.SampledFrom([]compliance.Side{compliance.Resident, compliance.Supplier, ""}).Draw(t, "payer"),
		})
	}
	return fees
}

// Of any facts: what is payable is never above the area fee; more confirmed time never makes the bill dearer; the remedy's value is
// the difference, never below 0; and every fen of the balance is in a line.
func TestBillsAddUp(t *testing.T) {
	p := pack(t)
	rapid.Check(t, func(t *rapid.T) {
		f := someFacts(t, p)
		some := someTime(t, "confirmed", &f, p)
		more := compliance.Union(append(slices.Clone(some), someTime(t, "further", &f, p)...)...)
		_, none := billing.Compute(p, &f, nil)
		_, before := billing.Compute(p, &f, some)
		usage, b := billing.Compute(p, &f, more)
		switch {
		case b.Payable > b.AreaFee:
			t.Fatalf("payable %s above the area fee %s", b.Payable, b.AreaFee)
		case b.Payable > before.Payable || before.Payable > none.Payable:
			t.Fatalf("with more confirmed time %s became %s became %s", none.Payable, before.Payable, b.Payable)
		case b.RemedyValue < 0 || b.RemedyValue != none.Payable-b.Payable:
			t.Fatalf("the remedy is %s of %s − %s", b.RemedyValue, none.Payable, b.Payable)
		case b.Payable != min(b.AreaFee, b.BaseFee+b.HeatFee+b.FaultFee):
			t.Fatalf("%s payable of %+v", b.Payable, b)
		}
		fees := someFees(t)
		lines := billing.Lines(p, &f, billing.Charged{Usage: &usage, Bill: &b}, fees, billing.Origins{})
		want := b.Settlement + b.LateSupplyRefund + b.LateSupplyPenalty - b.LateInterest
		for _, fee := range fees {
			resident := map[compliance.Side]billing.Fen{compliance.Resident: fee.Fen, compliance.Joint: fee.Fen / 2}[fee.Advanced]
			switch fee.Payer {
			case compliance.Resident:
				want -= fee.Fen - resident
			case compliance.Supplier:
				want += resident
			}
		}
		if got := billing.Balance(lines); got != want {
			t.Fatalf("the lines come to %s, want %s: %+v", got, want, lines)
		}
		if got := billing.Of(lines, billing.ItemWithout); got != none.Payable {
			t.Fatalf("the counterfactual is %s, want %s", got, none.Payable)
		}
	})
}

// Facts become known one after the other, and each time a correcting statement tells the differences. Whatever came before, all
// statements together say what one that is made afresh says; and where nothing has changed there is nothing to correct.
func TestACorrectionOfACorrectionIsJudgingAfresh(t *testing.T) {
	p := pack(t)
	rapid.Check(t, func(t *rapid.T) {
		var said []billing.Line
		for range rapid.IntRange(1, 6).Draw(t, "statements") {
			f := someFacts(t, p)
			usage, bill := billing.Compute(p, &f, someTime(t, "confirmed", &f, p))
			fresh := billing.Lines(p, &f, billing.Charged{Usage: &usage, Bill: &bill}, someFees(t), billing.Origins{Gaps: f.Gaps(p.Zone)})
			said = append(said, billing.Correct(said, fresh)...)
			if got, want := billing.Total(said), billing.Total(fresh); !slices.Equal(got, want) {
				t.Fatalf("all statements say\n%+v\na fresh one says\n%+v", got, want)
			}
			if got, want := billing.Balance(said), billing.Balance(fresh); got != want {
				t.Fatalf("all statements come to %s, a fresh one to %s", got, want)
			}
			if again := billing.Correct(said, fresh); len(again) != 0 {
				t.Fatalf("nothing has changed and %+v is corrected", again)
			}
		}
	})
}

// A fee of 300.01 yuan, by who paid the tester and who pays in the end.
func TestTestFees(t *testing.T) {
	p := pack(t)
	f := billing.Facts{Season: season(10), AreaM2: decimal(t, "100")}
	usage, bill := billing.Compute(p, &f, nil)
	for _, c := range []struct {
		advanced, payer compliance.Side
		want            billing.Fen
	}{
		{compliance.Resident, compliance.Supplier, 30001},
		{compliance.Resident, compliance.Resident, 0},
		{compliance.Supplier, compliance.Resident, -30001},
		{compliance.Supplier, compliance.Supplier, 0},
		{compliance.Joint, compliance.Supplier, 15000},
		{compliance.Joint, compliance.Resident, -15001},
		{compliance.Resident, "", 0},
	} {
		fee := billing.TestFee{Test: "t1", Fen: 30001, Advanced: c.advanced, Payer: c.payer}
		lines := billing.Lines(p, &f, billing.Charged{Usage: &usage, Bill: &bill}, []billing.TestFee{fee}, billing.Origins{})
		if last := lines[len(lines)-1]; last.Item != billing.ItemTestFee || last.Balance != c.want || last.Fen != 30001 || last.Ref != "t1" {
			t.Errorf("advanced by %s, paid by %q: %+v, want %s", c.advanced, c.payer, last, c.want)
		}
	}
}

// A register that is read every day and misses three days: what lies between is shown as estimated; what lies after the
// last value is shown as not counted; a fault's days are neither.
func TestGaps(t *testing.T) {
	p := pack(t)
	f := billing.Facts{Season: season(10), AreaM2: decimal(t, "100"), Meter: billing.Meter{Registers: registers(p, 24*time.Hour, 0, 100, 200, 300, 400, 500, 600, 700)}}
	f.Meter.Registers = slices.Delete(f.Meter.Registers, 2, 4)
	day := func(n int) compliance.Instant { return (season(1).Start + compliance.Date(n)).Start(p.Zone) }
	check := func(want ...string) {
		t.Helper()
		var got []string
		for _, g := range f.Gaps(p.Zone) {
			got = append(got, fmt.Sprintf("%s %s %t %s", g.Start.Time().In(p.Zone).Format("01-02"), g.End.Time().In(p.Zone).Format("01-02"), g.Estimated, g.KWh.RatString()))
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	check("11-16 11-19 true 300", "11-22 11-25 false 0")
	f.AsOf = day(8)
	check("11-16 11-19 true 300", "11-22 11-23 false 0")
	f.AsOf, f.Faults = 0, []billing.Days{{Start: season(1).Start + 2, End: season(1).Start + 2}}
	check("11-16 11-17 true 100", "11-18 11-19 true 100", "11-22 11-25 false 0")
	f.Meter.Registers = f.Meter.Registers[:1]
	f.Faults = nil
	check("11-15 11-25 false 0")
	f.Suspended = true
	check()
}
