package settlement_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/nuanju/nuanju/billing"
	"github.com/nuanju/nuanju/billing/settlement"
	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/ledger/registrycsv"
	"github.com/nuanju/nuanju/sensors"
)

// BenchmarkSettle10000 settles the winter of 10,000 homes from the embedded stores: 200 buildings of 50, each with a meter that is read
// every hour. In every tenth building valves allocate, open and shut twice a day; in every tenth each home has a meter of its own,
// read daily. All have paid; of every twentieth home both sides confirmed some cold days, so that its season is judged again from
// hourly readings of two rooms. The settlement is stopped after some thousand homes and gone on with by another call.
func BenchmarkSettle10000(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		w := newOffice(b, sqlite(b))
		const homes = 200 * 50
		benchTown(w)
		w.now = w.local("2016-04-01 09:00")
		b.StartTimer()
		ctx, stop := context.WithCancel(b.Context())
		began := time.Now()
		first, err := w.settler.Run(ctx, settlement.Request{ID: "run", Winter: 2015, By: "clerk", Progress: func(done, _ int) {
			if done > homes*2/3 {
				stop()
			}
		}})
		if !errors.Is(err, context.Canceled) {
			b.Fatalf("it was not stopped: %v", err)
		}
		second, err := w.settler.Run(b.Context(), settlement.Request{ID: "other", Winter: 2015, By: "clerk"})
		must(b, err)
		took := time.Since(began)
		b.StopTimer()
		if !second.Resumed || second.Settlement.Made != homes || first.Totals.Made+second.Totals.Made != homes || first.Failed+second.Failed != 0 {
			b.Fatalf("%+v then %+v", first.Totals, second.Totals)
		}
		if n := statements(b, w); n != homes {
			b.Fatalf("%d statements of %d homes", n, homes)
		}
		b.ReportMetric(took.Seconds(), "s/town")
		b.ReportMetric(homes/took.Seconds(), "homes/s")
		b.ReportMetric(float64(first.Totals.Made), "before-the-stop")
		b.StartTimer()
	}
}

// statements counts the homes that have a statement, and fails on one that has two.
func statements(b *testing.B, w *office) (n int) {
	for after := (ledger.StatementPlace{Household: " "}); ; {
		all, err := w.ledger.Statements(b.Context(), ledger.StatementFilter{Winter: 2015, After: after})
		must(b, err)
		if len(all) == 0 {
			return n
		}
		for _, s := range all {
			if s.Seq != 1 {
				b.Fatalf("household %s has %d statements", s.Household, s.Seq)
			}
			after = ledger.StatementPlace{Household: s.Household, Winter: s.Winter, Seq: s.Seq}
			n++
		}
	}
}

func benchTown(w *office) {
	w.t.Helper()
	start, end := w.local("2015-11-15 00:00"), w.local("2016-03-16 00:00")
	var batches []sensors.Batch
	flush := func() {
		_, err := w.store.Write(w.t.Context(), batches)
		must(w.t, err)
		batches = nil
	}
	every := func(q sensors.Quantity, owner string, step time.Duration, value func(at sensors.Instant, i int) float64) {
		var samples []sensors.Sample
		for at, i := start, 0; at <= end; at, i = at.Add(step), i+1 {
			samples = append(samples, sensors.Sample{At: at, Received: at, Value: value(at, i)})
		}
		batches = append(batches, sensors.Batch{Series: sensors.Series{Quantity: q, Owner: owner}, Samples: samples})
	}
	var facts []ledger.BillingFact
	var payments []ledger.Payment
	var cold []ledger.Declaration
	w.registry.Buildings = nil
	for k := range 200 {
		building := fmt.Sprintf("B%03d", k)
		w.registry.Buildings = append(w.registry.Buildings, sensors.Building{ID: building})
		w.meter(sensors.HeatMeter{ID: "m-" + building, Building: building})
		every(sensors.HeatKWh, "m-"+building, time.Hour, func(_ sensors.Instant, i int) float64 {
			return math.Round(100*(20_000+80*float64(i)+30*math.Sin(float64(i)/4))) / 100
		})
		if k%10 == 1 {
			facts = append(facts, ledger.BillingFact{ID: building, Place: ledger.Place{Kind: ledger.AtBuilding, ID: building}, Allocation: &ledger.Allocation{Winter: 2015, Method: ledger.ByValveTime}})
		}
		for h := range 50 {
			id := fmt.Sprintf("%s-%02d", building, h)
			w.registry.Households = append(w.registry.Households, sensors.Household{
				ID: id, Building: building, Area: fmt.Sprintf("%d.%d", 50+h, k%10), Policy: w.policy.Name, Account: "A" + id,
			})
			payments = append(payments, ledger.Payment{
				Channel: "bank", Reference: id, Household: id, Account: "A" + id, Winter: 2015, Date: compliance.DateOf(2015, 11, 10), Fen: billing.Fen(24 * 100 * (51 + h)),
			})
			for _, room := range []string{"bed", "living"} {
				w.room(id, room, sensors.Bedroom)
				if h%20 == 0 {
					every(sensors.Temperature, id+"-"+room, time.Hour, func(_ sensors.Instant, i int) float64 {
						return math.Round(100*(18.2+math.Sin(float64(i)/9+float64(h)))) / 100
					})
				}
			}
			if h%20 == 0 {
				cold = append(cold, ledger.Declaration{Place: ledger.Place{Kind: ledger.AtHousehold, ID: id}, Confirmation: &compliance.Confirmation{
					ID: "c-" + id, Start: start.Add(20 * day), End: start.Add(30 * day), Resident: true, Supplier: true,
				}})
			}
			if k%10 == 1 {
				every(sensors.Valve, id, 6*time.Hour, func(_ sensors.Instant, i int) float64 { return float64((i + h) % 2) })
			}
			if k%10 == 2 {
				w.meter(sensors.HeatMeter{ID: "m-" + id, Household: id})
				every(sensors.HeatKWh, "m-"+id, day, func(_ sensors.Instant, i int) float64 { return 40 * float64(i) })
			}
		}
		flush()
	}
	every(sensors.Outdoor, w.policy.Editions[0].Outdoor.Station, time.Hour, func(sensors.Instant, int) float64 { return -3 })
	flush()
	w.now = start
	_, err := w.ledger.ImportRegistry(w.t.Context(), &registrycsv.Declared{Registry: w.registry}, ledger.ImportOptions{}, w.now)
	must(w.t, err)
	must(w.t, w.ledger.PutBillingFacts(w.t.Context(), facts, w.now))
	must(w.t, w.ledger.Declare(w.t.Context(), cold, w.now))
	_, err = w.ledger.ImportPayments(w.t.Context(), ledger.PaymentImport{ID: "f", Channel: "bank", Payments: len(payments)}, payments, "clerk", w.now)
	must(w.t, err)
}
