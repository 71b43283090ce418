package settlement_test

import (
	"slices"
	"testing"
	"time"

	"github.com/nuanju/nuanju/billing"
	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// A home that pays by its area is settled as one that pays by its meter: the area fee, and once both sides confirm a cold day, a
// correcting statement by the tier of that day. A pack without prices makes no statement and says why.
func TestHomesThatPayByArea(t *testing.T) {
	everywhere(t, func(w *office) {
		w.home("tiers", "B1", "100")
		w.room("tiers", "kitchen", sensors.Kitchen)
		w.home("suspended", "B1", "100")
		w.home("unpriced", "B1", "100")
		for i, policy := range []string{"beijing-area", "beijing-area", "xian"} {
			w.registry.Households[i].Policy = policy
		}
		w.now = w.local("2015-11-01 00:00")
		w.register()
		home := ledger.Place{Kind: ledger.AtHousehold, ID: "tiers"}
		w.notes(ledger.BillingFact{ID: "s1", Place: ledger.Place{Kind: ledger.AtHousehold, ID: "suspended"}, Suspension: &ledger.Suspension{Winter: 2015}})
		w.pays("tiers", "2015-11-10", 240000)
		w.samples(sensors.Series{Quantity: sensors.Temperature, Owner: "tiers-bed"}, "2016-01-10 00:00", 15*time.Minute, slices.Repeat([]float64{15}, 96)...)

		first := w.settles(2015, "2016-04-01 09:00")
		const why = "household unpriced: policy xian knows no prices, so that there are percentages and no bill"
		if first.Totals.Made != 2 || len(first.Failures) != 1 || first.Failures[0].Err.Error() != why {
			w.t.Fatalf("%+v", first)
		}
		w.wants("tiers", "area_fee 100 2400.00; payable 0 2400.00; prepaid 0 2400.00; remedy_value 0 0.00",
			billing.ItemAreaFee, billing.ItemPayable, billing.ItemPrepaid, billing.ItemRemedy)
		w.wants("suspended", "suspended_fee 0.3 720.00; payable 0 720.00", billing.ItemSuspended, billing.ItemPayable)

		must(w.t, w.ledger.Declare(w.t.Context(), []ledger.Declaration{{Place: home, Confirmation: &compliance.Confirmation{
			ID: "c1", Start: w.local("2016-01-10 00:00"), End: w.local("2016-01-11 00:00"), Resident: true, Supplier: true,
		}}}, w.now))
		second := w.settles(2015, "2016-04-01 10:00")
		// 3 below: 60 % of 2400 / 122 days, and half of it: the kitchen is the other of two rooms without areas. 5.901… is 5.90.
		w.wants("tiers", "remedy_day 60 5.90; remedy_value 0 5.90; payable 0 2394.10; payable_without_zeroing 0 2400.00",
			billing.ItemRemedyDay, billing.ItemRemedy, billing.ItemPayable, billing.ItemWithout)
		lines, all := w.said("tiers", 2015)
		if len(all) != 2 || all[1].Kind != billing.Correction || all[1].Balance != 590 || billing.Balance(lines) != 590 {
			w.t.Errorf("%d statements, the last %+v", len(all), all[len(all)-1])
		}
		if second.Totals.Made != 1 || second.Totals.Back != 590 || second.Totals.Remedy != 590 {
			w.t.Errorf("%+v", second.Totals)
		}
	})
}
