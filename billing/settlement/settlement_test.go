package settlement_test

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nuanju/nuanju/billing"
	"github.com/nuanju/nuanju/billing/settlement"
	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

const day = 24 * time.Hour

// amounts is the named amounts of lines, as a clerk reads them.
func amounts(lines []billing.Line, items ...billing.Item) string {
	var out []string
	for _, item := range items {
		kwh := billing.Quantity(0)
		for _, l := range lines {
			if l.Item == item {
				kwh += l.Quantity
			}
		}
		out = append(out, fmt.Sprintf("%s %s %s", item, kwh, billing.Of(lines, item)))
	}
	return strings.Join(out, "; ")
}

func (w *office) wants(household, want string, items ...billing.Item) {
	w.t.Helper()
	lines, _ := w.said(household, 2015)
	if got := amounts(lines, items...); got != want {
		w.t.Errorf("%s: got %q, want %q", household, got, want)
	}
}

// fourHomes is a building of 300 m² whose meter counts 3660 kWh in the 122 days of the winter 2015/16, 30 kWh a day, and in it homes of
// 100, 100 and 60 m²; 40 m² are the caretaker's, who has no account. Beside them a home of 50 m² with a meter of its own.
func fourHomes(w *office) {
	w.registry.Buildings = append(w.registry.Buildings, sensors.Building{ID: "B2"})
	w.home("h1", "B1", "100")
	w.home("h2", "B1", "100")
	w.home("h3", "B1", "60")
	w.home("own", "B2", "50")
	w.meter(sensors.HeatMeter{ID: "m1", Building: "B1"})
	w.meter(sensors.HeatMeter{ID: "m2", Household: "own"})
	w.now = w.local("2015-11-01 00:00")
	w.register()
	w.notes(ledger.BillingFact{
		ID: "B1", Place: ledger.Place{Kind: ledger.AtBuilding, ID: "B1"},
		Allocation: &ledger.Allocation{Winter: 2015, Method: ledger.ByArea, Area: number(w.t, "300")},
	})
	kwh := make([]float64, 123)
	for i := range kwh {
		kwh[i] = 1000.5 + 30*float64(i)
	}
	w.shows("m1", "2015-11-15 00:00", day, kwh...)
	w.shows("m2", "2015-11-14 00:00", 124*day, 0, 620)
}

func number(t testing.TB, s string) compliance.Decimal {
	t.Helper()
	d, err := compliance.ParseDecimal(s)
	must(t, err)
	return d
}

// Both sides confirm a cold day of one home. Its bill loses that day's heat, a correcting statement says by how much, and no
// neighbour's bill changes. Settling again changes nothing.
func TestConfirmedTimeChangesOneBill(t *testing.T) {
	everywhere(t, func(w *office) {
		fourHomes(w)
		w.pays("h1", "2015-11-10", 240000)
		cold := make([]float64, 48*4)
		for i := range cold {
			cold[i] = 15
		}
		w.samples(sensors.Series{Quantity: sensors.Temperature, Owner: "h1-bed"}, "2016-01-10 00:00", 15*time.Minute, cold...)
		first := w.settles(2015, "2016-04-01 09:00")
		if first.Totals.Made != 4 || first.Failed != 0 || first.Settlement.Done != 4 {
			t := w.t
			t.Fatalf("%+v", first)
		}
		// 3660 kWh × 100/300 = 1220 kWh × 0.16 = 195.20; base 12 × 100 = 1200; area fee 2400. Paid 2400: 1004.80 go back.
		w.wants("h1", "metered 1220 0.00; heat_fee 1220 195.20; base_fee 100 1200.00; payable 0 1395.20; prepaid 0 2400.00; remedy_value 0 0.00",
			billing.ItemMetered, billing.ItemHeatFee, billing.ItemBaseFee, billing.ItemPayable, billing.ItemPrepaid, billing.ItemRemedy)
		w.wants("h3", "metered 732 0.00; payable 0 837.12", billing.ItemMetered, billing.ItemPayable)
		// 620 kWh in 124 days, of which 122 are the winter's.
		w.wants("own", "metered 610 0.00; estimated 610 0.00; payable 0 697.60", billing.ItemMetered, billing.ItemEstimated, billing.ItemPayable)

		must(w.t, w.ledger.Declare(w.t.Context(), []ledger.Declaration{{
			Place:        ledger.Place{Kind: ledger.AtHousehold, ID: "h1"},
			Confirmation: &compliance.Confirmation{ID: "c1", Start: w.local("2016-01-10 00:00"), End: w.local("2016-01-11 00:00"), Resident: true, Supplier: true},
		}}, w.now))
		second := w.settles(2015, "2016-05-01 09:00")
		// A day's 30 kWh, a third of it h1's: 10 kWh, 1.60 yuan. The others have not paid, so that a month's interest is theirs.
		lines, all := w.said("h1", 2015)
		if len(all) != 2 || all[1].Kind != billing.Correction || all[1].Balance != 160 || all[1].Verdict == all[0].Verdict {
			w.t.Errorf("%d statements, the last %s %s", len(all), all[len(all)-1].Kind, all[len(all)-1].Balance)
		}
		if got := billing.Balance(lines); got != 100480+160 {
			w.t.Errorf("the balance is %s", got)
		}
		w.wants("h1", "zeroed 10 0.00; heat_fee 1210 193.60; remedy_value 0 1.60; payable_without_zeroing 0 1395.20",
			billing.ItemZeroed, billing.ItemHeatFee, billing.ItemRemedy, billing.ItemWithout)
		for _, other := range []string{"h2", "h3", "own"} {
			_, all := w.said(other, 2015)
			if last := all[len(all)-1]; len(last.Lines) != 1 || last.Lines[0].Item != billing.ItemInterest {
				w.t.Errorf("%s was corrected by more than its interest: %+v", other, last.Lines)
			}
		}
		if len(second.Largest) == 0 || second.Totals.Back != 160 || second.Totals.Remedy != 160 {
			w.t.Errorf("%+v", second.Totals)
		}
		again := w.settles(2015, "2016-05-01 09:00")
		if again.Totals.Made != 0 || again.Totals.Unchanged != 4 || again.Totals.Back != 0 {
			w.t.Errorf("settled again: %+v", again.Totals)
		}
		carried, err := w.ledger.Payments(w.t.Context(), []string{"h1"}, 2016)
		must(w.t, err)
		if c := carried["h1"]; len(c) != 2 || c[0].Fen+c[1].Fen != 100640 {
			w.t.Errorf("carried over: %+v", c)
		}
	})
}

// Valves allocate: what h1's valve keeps out on the days on which it is shut is the others'. All is allocated but for the caretaker's part.
func TestValvesAllocate(t *testing.T) {
	everywhere(t, func(w *office) {
		fourHomes(w)
		w.notes(ledger.BillingFact{
			ID: "B1", Place: ledger.Place{Kind: ledger.AtBuilding, ID: "B1"},
			Allocation: &ledger.Allocation{Winter: 2015, Method: ledger.ByValveTime, Area: number(w.t, "300")},
		})
		// Shut on 20 and 21 November: the 60 kWh of these days are divided by 100 + 60 + 40 instead of 300.
		w.samples(sensors.Series{Quantity: sensors.Valve, Owner: "h1"}, "2015-11-20 00:00", 2*day, 0, 1)
		w.settles(2015, "2016-04-01 09:00")
		w.wants("h1", "metered 1200 0.00", billing.ItemMetered) // 3600 × 100/300
		w.wants("h2", "metered 1230 0.00", billing.ItemMetered) // and 60 × 100/200
		w.wants("h3", "metered 738 0.00", billing.ItemMetered)  // 3600 × 60/300 + 60 × 60/200
	})
}

// What nobody measures changes the bill: a fault's days by the fee of A4.4, days without supply by refund and penalty, a suspension,
// a tester's fee. The amounts are worked out beside them.
func TestWhatWasNotedIsBilled(t *testing.T) {
	everywhere(t, func(w *office) {
		fourHomes(w)
		date := func(s string) compliance.Date {
			d, err := compliance.ParseDate(s)
			must(w.t, err)
			return d
		}
		home := func(id string) ledger.Place { return ledger.Place{Kind: ledger.AtHousehold, ID: id} }
		w.pays("own", "2015-11-10", 120000)
		w.notes(ledger.BillingFact{ID: "f1", Place: ledger.Place{Kind: ledger.AtMeter, ID: "m2"}, MeterFault: &ledger.DayRun{First: date("2016-01-01"), Last: date("2016-01-02")}})
		w.notes(ledger.BillingFact{ID: "u1", Place: home("own"), Unsupplied: &ledger.DayRun{First: date("2016-02-01"), Last: date("2016-02-01")}})
		w.notes(ledger.BillingFact{ID: "s1", Place: home("h3"), Suspension: &ledger.Suspension{Winter: 2015}})
		w.notes(ledger.BillingFact{ID: "x1", Place: home("h2"), TestFee: &ledger.TestFee{Test: "t1", Fen: 30000, Advanced: compliance.Resident}})
		w.samples(sensors.Series{Quantity: sensors.Temperature, Owner: "h2-bed"}, "2016-01-10 00:00", 15*time.Minute, slices.Repeat([]float64{15}, 96)...)
		must(w.t, w.ledger.Declare(w.t.Context(), []ledger.Declaration{{Place: home("h2"), From: w.local("2015-11-15 00:00"), Test: &compliance.Test{
			ID: "t1", Institution: "Lab", Accredited: true, CommissionedBy: compliance.Resident, Room: "bed",
			Start: w.local("2016-01-10 10:00"), End: w.local("2016-01-10 10:20"), Celsius: 15.1,
		}}}, w.now))
		w.settles(2015, "2016-03-18 00:00")
		// 2 fault days × (24 − 12) / 122 × 50 m² = 9.84; 120 × 5 kWh × 0.16 = 96.00; base 600. Area fee 1200 / 122 × 1 day = 9.84 back, and as much again.
		w.wants("own", "fault_fee 2 9.84; heat_fee 600 96.00; payable 0 705.84; late_supply_refund 1 9.84; late_supply_penalty 0 9.84",
			billing.ItemFaultFee, billing.ItemHeatFee, billing.ItemPayable, billing.ItemRefund, billing.ItemPenalty)
		w.wants("h3", "suspended_fee 0.3 432.00; payable 0 432.00; heat_fee 0 0.00", billing.ItemSuspended, billing.ItemPayable, billing.ItemHeatFee)
		lines, _ := w.said("h2", 2015)
		fee := lines[len(lines)-1]
		if fee.Item != billing.ItemTestFee || fee.Balance != 30000 || fee.Ref != "t1" {
			w.t.Errorf("the resident paid for a test that found it cold, and gets %+v", fee)
		}
	})
}

// What cannot be billed is told by name and does not keep others waiting.
func TestWhatCannotBeBilled(t *testing.T) {
	everywhere(t, func(w *office) {
		fourHomes(w)
		w.registry.Buildings = append(w.registry.Buildings, sensors.Building{ID: "B3"})
		w.home("no-meter", "B3", "70")
		w.home("falls", "B3", "70")
		w.meter(sensors.HeatMeter{ID: "m3", Household: "falls"})
		w.shows("m3", "2015-11-20 00:00", day, 500, 400)
		w.register()
		r := w.settles(2015, "2016-04-01 09:00")
		var told []string
		for _, f := range r.Failures {
			told = append(told, f.Err.Error())
		}
		want := []string{
			"household falls: heat meter m3: the register falls from 500 to 400 kWh and no meter change explains it",
			"neither household no-meter nor building B3 has a heat meter",
		}
		if !slices.Equal(told, want) || r.Totals.Made != 4 || r.Failed != 2 {
			w.t.Errorf("got %q, want %q; %+v", told, want, r.Totals)
		}
		w.notes(ledger.BillingFact{ID: "c1", Place: ledger.Place{Kind: ledger.AtMeter, ID: "m3"}, MeterChange: &ledger.MeterChange{
			At: w.local("2015-11-20 12:00"), Final: number(w.t, "510"), Initial: number(w.t, "390"),
		}})
		if r := w.settles(2015, "2016-04-01 09:00"); r.Totals.Made != 1 || r.Failed != 1 {
			w.t.Errorf("once the change is known: %+v", r.Totals)
		}
		w.wants("falls", "metered 20 0.00", billing.ItemMetered)
	})
}

// In the season a statement is interim and gives nothing back; a tenant who leaves is settled to the day and gets the money (A9.1);
// a dry run writes nothing and says what would be written.
func TestKindsOfStatements(t *testing.T) {
	everywhere(t, func(w *office) {
		fourHomes(w)
		w.pays("h1", "2015-11-10", 240000)
		w.notes(ledger.BillingFact{ID: "A-h1", Place: ledger.Place{Kind: ledger.AtHousehold, ID: "h1"}, Account: &ledger.Account{
			No: "A-h1", Name: "Zhang", Holder: "Zhang", Bank: "ICBC", BankNo: "6222",
		}})
		only := func(q *settlement.Request) { q.Households = []string{"h1"} }
		dry := w.settles(2015, "2015-12-15 00:00", only, func(q *settlement.Request) { q.DryRun = true })
		if _, all := w.said("h1", 2015); len(all) != 0 || len(dry.Statements) != 1 || dry.Largest[0].After != 115200 {
			w.t.Errorf("dry: %+v %+v, written %d", dry.Totals, dry.Largest, len(all))
		}
		interim := w.settles(2015, "2015-12-15 00:00", only)
		lines, all := w.said("h1", 2015)
		// 30 days × 10 kWh × 0.16 = 48.00; 2400 − 1200 − 48 = 1152.
		if all[0].Kind != billing.Interim || billing.Balance(lines) != 115200 || interim.Totals.Back != 0 {
			w.t.Errorf("%s %s, %+v", all[0].Kind, billing.Balance(lines), interim.Totals)
		}
		left := w.settles(2015, "2016-01-14 00:00", only, func(q *settlement.Request) { q.MoveOut = true })
		lines, all = w.said("h1", 2015)
		if all[1].Kind != billing.MoveOut || billing.Balance(lines) != 110400 || left.Totals.Back != 110400 {
			w.t.Errorf("%s %s, %+v", all[1].Kind, billing.Balance(lines), left.Totals)
		}
		back, err := w.ledger.Payouts(w.t.Context(), left.Settlement.ID, ledger.Transfer, "", 10)
		must(w.t, err)
		if len(back) != 1 || back[0].Fen != 110400 || back[0].BankNo != "6222" || back[0].Holder != "Zhang" {
			w.t.Errorf("%+v", back)
		}
	})
}

// stopping is a ledger that fails after some writes, as one whose process is killed does.
type stopping struct {
	*ledger.Ledger
	writes int
}

var errKilled = errors.New("killed")

func (s *stopping) WriteStatements(ctx context.Context, x ledger.Settlement, all []ledger.Statement, payouts []ledger.Payout, through string, households int, now sensors.Instant) (ledger.Settlement, error) {
	if s.writes--; s.writes < 0 {
		return x, errKilled
	}
	return s.Ledger.WriteStatements(ctx, x, all, payouts, through, households, now)
}

// A settlement is stopped between two writes, wherever that is, facts change meanwhile, and it is gone on with: each household has one
// statement, as of the moment at which it began, and the lines are those of a settlement that was never stopped.
func TestStoppedAndGoneOnWith(t *testing.T) {
	w := newOffice(t, sqlite(t))
	const buildings, homes = 30, 100
	for b := range buildings {
		id := fmt.Sprintf("T%02d", b)
		w.registry.Buildings = append(w.registry.Buildings, sensors.Building{ID: id})
		w.meter(sensors.HeatMeter{ID: "m-" + id, Building: id})
		w.shows("m-"+id, "2015-11-15 00:00", 122*day, 0, float64(1000*b))
		for h := range homes {
			w.home(fmt.Sprintf("%s-%02d", id, h), id, fmt.Sprintf("%d.5", 40+h))
		}
	}
	w.now = w.local("2015-11-01 00:00")
	w.register()
	var want *big.Rat
	sum := func() *big.Rat {
		total := new(big.Rat)
		for after := (ledger.StatementPlace{Household: " "}); ; {
			all, err := w.ledger.Statements(t.Context(), ledger.StatementFilter{Winter: 2015, After: after})
			must(t, err)
			for _, s := range all {
				for _, l := range s.Lines {
					if l.Item == billing.ItemMetered {
						total.Add(total, big.NewRat(int64(l.Quantity), 1_000_000))
					}
				}
				after = ledger.StatementPlace{Household: s.Household, Winter: s.Winter, Seq: s.Seq}
			}
			if len(all) == 0 {
				return total
			}
		}
	}
	ledgerOf := w.settler.Ledger
	made := 0
	for stops := range 3 {
		w.settler.Ledger = &stopping{w.ledger, 1}
		w.now = w.local("2016-04-01 09:00").Add(time.Duration(stops) * day)
		r, err := w.settler.Run(t.Context(), settlement.Request{ID: fmt.Sprint("run", stops), Winter: 2015, By: "clerk"})
		made += r.Totals.Made
		if !errors.Is(err, errKilled) || r.Resumed != (stops > 0) {
			t.Fatalf("stop %d: %v, %+v", stops, err, r.Settlement)
		}
	}
	w.settler.Ledger = ledgerOf
	last := w.settles(2015, "2016-04-09 09:00")
	if !last.Resumed || last.Settlement.ID != "run0" || last.Settlement.AsOf != w.local("2016-04-01 09:00") || last.Settlement.Done != buildings*homes ||
		last.Settlement.Made != buildings*homes || made+last.Totals.Made != buildings*homes {
		t.Errorf("%+v after %d: %+v", last.Settlement, made, last.Totals)
	}
	want = new(big.Rat).SetInt64(1000 * buildings * (buildings - 1) / 2)
	// Each line is within half a millionth of a kWh: all of them together within a watt-hour and a half.
	if diff := new(big.Rat).Sub(sum(), want); diff.Abs(diff).Cmp(big.NewRat(15, 10_000)) > 0 {
		t.Errorf("the homes have %s kWh, the meters counted %s", sum().FloatString(6), want.FloatString(6))
	}
	again := w.settles(2015, "2016-04-01 09:00")
	if again.Resumed || again.Totals.Made != 0 || again.Totals.Unchanged != buildings*homes {
		t.Errorf("again: %+v", again.Totals)
	}
}
