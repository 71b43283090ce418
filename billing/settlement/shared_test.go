package settlement_test

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/nuanju/nuanju/billing"
	"github.com/nuanju/nuanju/billing/settlement"
	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/compliance/casefile"
	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/ingest"
	"github.com/nuanju/nuanju/sensors/intake"
)

// sharedCases are cases built from real data, with the verdicts and bills of an independent judge; they are not part of the
// project and only there where the project is developed.
const sharedCases = "../../../shared/cases"

// What a shared case tells comes in as on a server: the registry, readings and registers in the store, switches and declarations and
// reports in the ledger, payments at the counter. Once the season is over and the checker has ticked, the winter is settled, and the
// statement has the independent judge's usage and bill: kWh within 0.002, every fen exactly.
func TestSharedCasesAreBilledAsExpected(t *testing.T) {
	dirs, err := filepath.Glob(filepath.Join(sharedCases, "*"))
	must(t, err)
	if len(dirs) == 0 {
		t.Skip("../shared/cases is not here")
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) { everywhere(t, func(w *office) { w.bills(dir) }) })
	}
}

func (w *office) bills(dir string) {
	c, err := casefile.Read(os.DirFS(dir), casefile.Options{})
	must(w.t, err)
	text, err := os.ReadFile(filepath.Join(dir, "expected.json"))
	must(w.t, err)
	var want struct {
		Usage map[string]float64     `json:"usage"`
		Bill  map[string]billing.Fen `json:"bill"`
	}
	must(w.t, json.Unmarshal(text, &want))
	w.takes(c)
	season := c.Facts.Season
	span := season.In(w.policy.Zone)
	asOf := span.End
	if c.Facts.AsOf != 0 {
		asOf = c.Facts.AsOf
	}
	w.now = asOf
	_, err = w.checker.Tick(w.t.Context())
	must(w.t, err)
	r, err := w.settler.Run(w.t.Context(), settlement.Request{ID: "run", Winter: season.Winter(), By: "clerk"})
	must(w.t, err)
	if r.Failed > 0 || r.Totals.Made != 1 {
		w.t.Fatalf("%+v", r)
	}
	lines, all := w.said(c.Facts.Household, season.Winter())
	usage, bill := asExpected(w.t, lines)
	for name, kwh := range want.Usage {
		if got, ok := usage[name]; !ok || math.Abs(got-kwh) > 0.002 {
			w.t.Errorf("%s: %v, want %v", name, got, kwh)
		}
	}
	for name, fen := range want.Bill {
		if got, ok := bill[name]; !ok || got != fen {
			w.t.Errorf("%s: %s, want %s", name, got, fen)
		}
	}
	if len(want.Usage) != 3 || len(want.Bill) != 11 {
		w.t.Errorf("the judge tells %d and %d numbers", len(want.Usage), len(want.Bill))
	}
	if all[0].Judged == 0 || all[0].Digest != w.policy.Digest(w.policy.EditionOn(season.Start)) {
		w.t.Errorf("the statement rests on version %d of the verdict and edition %s", all[0].Judged, all[0].Digest)
	}
}

// asExpected is lines as the independent judge's file has them.
func asExpected(t testing.TB, lines []billing.Line) (usage map[string]float64, bill map[string]billing.Fen) {
	kwh := func(item billing.Item) float64 {
		for _, l := range lines {
			if l.Item == item {
				v, err := strconv.ParseFloat(l.Quantity.String(), 64)
				must(t, err)
				return v
			}
		}
		return 0
	}
	usage = map[string]float64{
		"metered_kwh": kwh(billing.ItemMetered), "zeroed_kwh": kwh(billing.ItemZeroed), "billed_kwh": kwh(billing.ItemHeatFee),
	}
	bill = map[string]billing.Fen{
		"area_fee_fen": billing.Of(lines, billing.ItemAreaFee), "base_fee_fen": billing.Of(lines, billing.ItemBaseFee),
		"heat_fee_fen": billing.Of(lines, billing.ItemHeatFee), "fault_fee_fen": billing.Of(lines, billing.ItemFaultFee),
		"payable_fen": billing.Of(lines, billing.ItemPayable), "prepaid_fen": billing.Of(lines, billing.ItemPrepaid),
		"settlement_fen":         billing.Of(lines, billing.ItemPrepaid) - billing.Of(lines, billing.ItemPayable),
		"remedy_value_fen":       billing.Of(lines, billing.ItemRemedy),
		"late_supply_refund_fen": billing.Of(lines, billing.ItemRefund), "late_supply_penalty_fen": billing.Of(lines, billing.ItemPenalty),
		"late_payment_interest_fen": billing.Of(lines, billing.ItemInterest),
	}
	return usage, bill
}

// takes takes a case in.
func (w *office) takes(c *casefile.Case) {
	f, id := &c.Facts, c.Facts.Household
	w.now = f.Season.In(w.policy.Zone).Start.Add(-1)
	w.registry.Households = []sensors.Household{{
		ID: id, Building: "B1", Account: "A-" + id, Area: c.Billing.AreaM2.String(), Policy: w.policy.Name,
		Season: f.Season.Start.String() + "/" + f.Season.End.String(),
	}}
	set := ledger.BillingFact{ID: "set", Place: ledger.Place{Kind: ledger.Everywhere}, SeasonSet: &ledger.DayRun{First: f.Season.Start, Last: f.Season.End}}
	for _, room := range f.Rooms {
		w.room(id, room.ID, sensors.RoomKind(room.Kind))
		var samples []sensors.Sample
		for _, x := range room.Readings {
			samples = append(samples, sensors.Sample{At: x.At, Received: x.At, Value: x.Celsius})
		}
		w.write(sensors.Series{Quantity: sensors.Temperature, Owner: id + "-" + room.ID}, samples)
	}
	var outdoor, register []sensors.Sample
	for _, o := range f.Outdoor {
		outdoor = append(outdoor, sensors.Sample{At: o.At, Received: o.At, Value: o.Celsius})
	}
	w.write(sensors.Series{Quantity: sensors.Outdoor, Owner: w.policy.Editions[0].Outdoor.Station}, outdoor)
	for _, r := range c.Billing.Meter.Registers {
		kwh, _ := r.KWh.Float64()
		register = append(register, sensors.Sample{At: r.At, Received: r.At, Value: kwh})
	}
	w.write(sensors.Series{Quantity: sensors.HeatKWh, Owner: "m1"}, register)
	meter := sensors.HeatMeter{ID: "m1", Household: id}
	if share := c.Billing.Meter.Share; share != nil {
		meter = sensors.HeatMeter{ID: "m1", Building: "B1"}
		building, err := compliance.ParseDecimal(share.Inv(share).Mul(share, c.Billing.AreaM2.Rat()).FloatString(3))
		must(w.t, err)
		w.notes(ledger.BillingFact{
			ID: "B1/2015", Place: ledger.Place{Kind: ledger.AtBuilding, ID: "B1"},
			Allocation: &ledger.Allocation{Winter: f.Season.Winter(), Method: ledger.ByArea, Area: building},
		})
	}
	w.meter(meter)
	w.register()
	w.notes(set)
	w.saysAll(f)
	for _, p := range c.Billing.Payments {
		w.runs++
		_, err := w.ledger.ImportPayments(w.t.Context(), ledger.PaymentImport{}, []ledger.Payment{{
			Channel: "counter", Reference: strconv.Itoa(w.runs), Household: id, Account: "A-" + id, Winter: f.Season.Winter(), Date: p.Date, Fen: p.Fen,
		}}, "clerk", w.now)
		must(w.t, err)
	}
}

// saysAll keeps what people said and declared.
func (w *office) saysAll(f *compliance.Facts) {
	ctx, at := w.t.Context(), ledger.Place{Kind: ledger.AtHousehold, ID: f.Household}
	var events []intake.Event
	for i, s := range f.Switches {
		events = append(events, intake.Event{Kind: ingest.Heating, Household: f.Household, LineKey: intake.LineKey{Leaf: int64(i + 1)}, At: s.At, On: s.On})
	}
	for i, s := range f.Setpoints {
		events = append(events, intake.Event{
			Kind: ingest.Setpoint, Household: f.Household, LineKey: intake.LineKey{Leaf: int64(i + 10_000)}, Room: s.Room, At: s.At, Celsius: s.Celsius,
		})
	}
	must(w.t, w.ledger.AppendEvents(ctx, events))
	var all []ledger.Declaration
	for _, v := range f.Stoppages {
		all = append(all, ledger.Declaration{Place: at, Stoppage: &v})
	}
	for _, v := range f.Exemptions {
		all = append(all, ledger.Declaration{Place: at, Exemption: &v})
	}
	for _, v := range f.Tests {
		all = append(all, ledger.Declaration{Place: at, Test: &v})
	}
	for _, v := range f.Confirmations {
		all = append(all, ledger.Declaration{Place: at, Confirmation: &v})
	}
	must(w.t, w.ledger.Declare(ctx, all, w.now))
	for _, r := range f.Reports {
		actor := disputes.Actor{Role: disputes.Dispatcher, ID: "desk"}
		never := disputes.ContractDuties(func(sensors.Instant) bool { return false })
		ticket, filed, err := disputes.File(disputes.Filing{ID: r.ID, Household: f.Household, Kind: disputes.LowTemperature, ReportedAt: r.At, Actor: actor}, never, r.At)
		must(w.t, err)
		must(w.t, w.ledger.FileTicket(ctx, ticket, filed, nil))
		if r.Resolved != 0 {
			done, resolved, err := disputes.Apply(ticket, disputes.Command{Event: disputes.ResolvedIt, Text: "done", Actor: actor}, r.Resolved)
			must(w.t, err)
			must(w.t, w.ledger.SaveTicket(ctx, ticket, done, resolved, nil))
		}
	}
}
