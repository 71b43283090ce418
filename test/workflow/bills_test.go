package workflow_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/big"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nuanju/nuanju/billing"
	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/compliance/casefile"
	"github.com/nuanju/nuanju/sensors"
)

// The household's account, and its or its building's heat meter.
const (
	account = "A-1"
	meter   = "m1"
)

// billed plans what the billing desk notes: facts when they are known, payments on their day.
func (p *play) billed() {
	start, zone := p.season().Start, p.policy.Zone
	home, all := billedPlace("household", p.facts.Household), map[string]any{"kind": "everywhere"}
	note := func(when sensors.Instant, id string, place map[string]any, kind string, fact map[string]any) {
		p.on(min(when, p.end()), func() { p.note(id, place, kind, fact) })
	}
	days := func(d billing.Days) map[string]any {
		return map[string]any{"first": d.Start.String(), "last": d.End.String()}
	}

	note(start, "set", all, "season_set", days(billing.Days{Start: p.facts.Season.Start, End: p.facts.Season.End}))
	if share := p.money.Meter.Share; share != nil {
		whole := p.money.AreaM2.Rat()
		note(start, "B1", billedPlace("building", "B1"), "allocation", map[string]any{
			"winter": p.facts.Season.Winter(), "method": "area", "area_m2": whole.Quo(whole, share).FloatString(3),
		})
	}
	for i, c := range p.money.Meter.Changes {
		note(c.At, fmt.Sprint("change", i), billedPlace("meter", meter), "meter_change", map[string]any{
			"at": at(c.At), "final_kwh": c.Final.FloatString(9), "initial_kwh": c.Initial.FloatString(9),
		})
	}
	for i, d := range p.money.Faults {
		note(d.End.End(zone), fmt.Sprint("fault", i), billedPlace("meter", meter), "meter_fault", days(d))
	}
	for i, d := range p.money.UnsuppliedDays {
		note(d.End.End(zone), fmt.Sprint("unsupplied", i), home, "unsupplied", days(d))
	}
	if p.money.Suspended {
		note(start, "suspended", home, "suspension", map[string]any{"winter": p.facts.Season.Winter()})
	}
	for i, v := range p.money.Payments {
		if day := v.Date.Start(zone); day < p.end() { // nobody knows of later ones when the winter is settled
			p.on(max(day, start.Add(-1)), func() { p.pays(i, v) })
		}
	}
}

func billedPlace(kind, id string) map[string]any { return map[string]any{"kind": kind, "id": id} }

// note notes a fact.
func (p *play) note(id string, place map[string]any, kind string, fact map[string]any) {
	p.t.Helper()
	p.does("billing", "/billing-facts", map[string]any{"id": id, "place": place, kind: fact})
}

// pays takes a channel's file with one payment over.
func (p *play) pays(i int, v billing.Payment) {
	p.t.Helper()
	text := fmt.Sprintf("reference,account,date,yuan\nr%d,%s,%s,%s\n", i, account, v.Date, v.Fen)
	r := httptest.NewRequest(http.MethodPost, "/api/v1/payments/import?count=1&total_yuan="+v.Fen.String(), strings.NewReader(text))
	r.Header.Set("Authorization", "Bearer "+p.tokens["billing"])
	r.Header.Set("Content-Type", "text/csv")
	w := httptest.NewRecorder()
	p.handler.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		p.t.Fatalf("paying %s on %s: %d %s", v.Fen, v.Date, w.Code, w.Body)
	}
}

// bills is a household's statements as the API shows them.
type bills struct {
	Statements []struct {
		Kind  string
		Lines []billLine
	}
	Winters []struct {
		Lines      []billLine
		Settlement billing.Fen `json:"settlement_fen"`
		Prepaid    billing.Fen `json:"prepaid_fen"`
		Payable    billing.Fen `json:"payable_fen"`
		Remedy     billing.Fen `json:"remedy_value_fen"`
	}
}

type billLine struct {
	Item, Quantity, Unit string
	Fen                  billing.Fen
}

// settles has the billing desk settle the winter, and holds what the resident is shown to what was expected: kWh to the watt-hour,
// every fen exactly.
func (p *play) settles(want *expected) {
	p.t.Helper()
	if len(want.Usage) != 3 || len(want.Bill) != 11 {
		p.t.Errorf("the judge tells %d and %d numbers", len(want.Usage), len(want.Bill))
	}
	shown := p.shown()
	for _, difference := range shown.differ(p, want) {
		p.t.Error(difference)
	}
	p.paysLater(shown)
}

// paysLater is the payments that come after the statement was made: they are kept, and it stays as it is.
func (p *play) paysLater(before *bills) {
	p.t.Helper()
	for i, v := range p.money.Payments {
		if day := v.Date.Start(p.policy.Zone); day >= p.end() {
			p.clock.set(day)
			p.pays(i, v)
		}
	}
	var sum billing.Fen
	for _, v := range p.money.Payments {
		sum += v.Fen
	}
	var paid struct{ Fen billing.Fen }
	p.get(fmt.Sprintf("/households/%s/payments?winter=%d", p.facts.Household, p.facts.Season.Winter()), &paid)
	if after := p.reads(); paid.Fen != sum || !reflect.DeepEqual(after, before) {
		p.t.Errorf("%s was paid, want %s; the statements were\n%+v\nand are\n%+v", paid.Fen, sum, before, after)
	}
}

// shown settles the winter, and is what the resident then sees.
func (p *play) shown() *bills {
	p.t.Helper()
	winter := p.facts.Season.Winter()
	var done struct {
		Totals   struct{ Statements int }
		Failures []struct{ Household, Why string }
	}
	w := p.does("billing", "/settlements", map[string]any{"winter": winter})
	p.must(json.Unmarshal(w.Body.Bytes(), &done))
	if w.Code != http.StatusCreated || done.Totals.Statements != 1 || len(done.Failures) > 0 {
		p.t.Fatalf("settling: %d %s", w.Code, w.Body)
	}
	b := p.reads()
	kind := billing.SeasonEnd
	if p.end() < p.season().End {
		kind = billing.Interim
	}
	if len(b.Statements) != 1 || len(b.Winters) != 1 || b.Statements[0].Kind != string(kind) {
		p.t.Fatalf("statements: %+v", b)
	}
	return b
}

// reads is what the resident sees of the winter's bills.
func (p *play) reads() *bills {
	p.t.Helper()
	var b bills
	path := fmt.Sprintf("/api/v1/households/%s/statements?winter=%d", p.facts.Household, p.facts.Season.Winter())
	p.must(json.Unmarshal(p.ask("resident", http.MethodGet, path, "", http.StatusOK).Body.Bytes(), &b))
	return &b
}

// differ is every number that is not as expected. Items without a line are 0.
func (b *bills) differ(p *play, want *expected) (all []string) {
	p.t.Helper()
	fen, kwh := map[string]billing.Fen{}, map[string]float64{}
	for _, l := range b.Statements[0].Lines {
		fen[l.Item] += l.Fen
		if l.Unit == "kWh" {
			v, err := strconv.ParseFloat(l.Quantity, 64)
			p.must(err)
			kwh[l.Item] += v
		}
	}
	usage := map[string]float64{
		"metered_kwh": kwh[string(billing.ItemMetered)], "zeroed_kwh": kwh[string(billing.ItemZeroed)], "billed_kwh": kwh[string(billing.ItemHeatFee)],
	}
	winter := &b.Winters[0]
	bill := map[string]billing.Fen{"settlement_fen": winter.Settlement}
	for _, item := range []billing.Item{
		billing.ItemAreaFee, billing.ItemBaseFee, billing.ItemHeatFee, billing.ItemFaultFee, billing.ItemPayable, billing.ItemPrepaid, billing.ItemRemedy,
		billing.ItemRefund, billing.ItemPenalty, billing.ItemInterest,
	} {
		bill[string(item)+"_fen"] = fen[string(item)]
	}
	bill["base_fee_fen"] += fen[string(billing.ItemSuspended)] // what is paid in its place (A8)
	if winter.Prepaid != fen["prepaid"] || winter.Payable != fen["payable"] || winter.Remedy != fen["remedy_value"] {
		all = append(all, fmt.Sprintf("the winter comes to %+v, its statement to %v", winter, fen))
	}
	for _, name := range slices.Sorted(maps.Keys(want.Usage)) {
		if got, ok := usage[name]; !ok || math.Abs(got-want.Usage[name]) > 0.001+1e-9 {
			all = append(all, fmt.Sprintf("%s: %.6f, want %.3f", name, got, want.Usage[name]))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(want.Bill)) {
		if got, ok := bill[name]; !ok || got != want.Bill[name] {
			all = append(all, fmt.Sprintf("%s: %s, want %s", name, got, want.Bill[name]))
		}
	}
	return all
}

// A bill follows from what the desk is told: with something else told than happened in a shared case it is another one, in the numbers
// that this touches, and it is the one that the case's files come to with the same change. So a comparison with the independent judge's
// bill fails when a payment, a fault or a day without supply does not come through.
func TestBillsFollowFromWhatIsTold(t *testing.T) {
	changes := map[string]struct {
		change func(f *billing.Facts)
		moves  []string // of every case
	}{
		"a payment is left out": {func(f *billing.Facts) { f.Payments = f.Payments[1:] }, []string{"prepaid_fen", "settlement_fen"}},
		"the meter broke and was exchanged, and for days nothing was supplied": {rare, []string{
			"metered_kwh", "heat_fee_fen", "fault_fee_fen", "payable_fen", "settlement_fen", "late_supply_refund_fen", "late_supply_penalty_fen",
		}},
		"it was suspended": {func(f *billing.Facts) { f.Suspended = true }, []string{"base_fee_fen", "heat_fee_fen", "payable_fen"}},
	}
	for _, dir := range caseDirs(t) {
		for name, change := range changes {
			t.Run(filepath.Base(dir)+"/"+name, func(t *testing.T) {
				t.Parallel()
				c, original := readCase(t, dir)
				change.change(&c.Billing)
				p := playOf(t, sqlite(t), c)
				p.perform()
				shown := p.shown()
				for _, difference := range shown.differ(p, p.charged(c)) {
					t.Error(difference)
				}
				all := shown.differ(p, original)
				for _, number := range change.moves {
					if !slices.ContainsFunc(all, func(s string) bool { return strings.HasPrefix(s, number+": ") }) {
						t.Errorf("%s is as if it had not happened; what differs: %q", number, all)
					}
				}
			})
		}
	}
}

// rare has the meter out of order on four days and later exchanged, and two days without supply for which the area fee was paid.
func rare(f *billing.Facts) {
	start := f.Season.Start
	f.Faults = []billing.Days{{Start: start + 3, End: start + 6}}
	f.UnsuppliedDays = []billing.Days{{Start: start + 1, End: start + 2}}
	f.Payments = append(f.Payments, billing.Payment{Date: start, Fen: 214800})
	exchanged(f)
}

// exchanged has the meter exchanged within the season: the new one counts from 5 kWh.
func exchanged(f *billing.Facts) {
	all := f.Meter.Registers
	slices.SortFunc(all, func(a, b billing.Register) int { return cmp.Compare(a.At, b.At) })
	k := len(all) / 3
	last, first := new(big.Rat).Set(all[k].KWh), big.NewRat(5, 1)
	final, _ := last.Float64()
	f.Meter.Changes = []billing.Change{{
		At: all[k].At.Add(time.Minute), Final: new(big.Rat).SetInt64(int64(final) + 1), Initial: first,
	}}
	for i := k + 1; i < len(all); i++ {
		kwh := new(big.Rat).Sub(all[i].KWh, last)
		all[i].KWh = kwh.Add(kwh, first)
	}
}

// charged is the usage and the bill that a case's files come to at the end of the play.
func (p *play) charged(c *casefile.Case) *expected {
	p.t.Helper()
	v, err := compliance.Judge(c.Policy, &c.Facts)
	p.must(err)
	c.Billing.AsOf = p.end()
	got := billing.Charge(c.Policy, &c.Billing, v)
	kwh := func(r *big.Rat) float64 {
		if c.Billing.Suspended {
			return 0 // no usage is charged, and none is shown
		}
		f, _ := r.Float64()
		return f
	}
	b := got.Bill
	return &expected{
		Usage: map[string]float64{"metered_kwh": kwh(got.Usage.Metered), "zeroed_kwh": kwh(got.Usage.Zeroed), "billed_kwh": kwh(got.Usage.Billed)},
		Bill: map[string]billing.Fen{
			"area_fee_fen": b.AreaFee, "base_fee_fen": b.BaseFee, "heat_fee_fen": b.HeatFee, "fault_fee_fen": b.FaultFee, "payable_fen": b.Payable,
			"prepaid_fen": b.Prepaid, "settlement_fen": b.Settlement, "remedy_value_fen": b.RemedyValue, "late_supply_refund_fen": b.LateSupplyRefund,
			"late_supply_penalty_fen": b.LateSupplyPenalty, "late_payment_interest_fen": b.LateInterest,
		},
	}
}
