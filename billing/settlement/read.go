package settlement

import (
	"context"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"time"

	"github.com/nuanju/nuanju/billing"
	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

const (
	around  = 60 * 24 * time.Hour  // how far before a season its registers are read first
	before  = 800 * 24 * time.Hour // and how far at most, where a meter was read seldom
	beyond  = 400 * 24 * time.Hour // and after its end
	perKWh  = 2500                 // 1 GJ is 2500/9 kWh (section 7)
	perKWh9 = 9
)

// meter is what is known of a heat meter.
type meter struct {
	billing.Meter
	faults []billing.Days
	err    error // its values contradict each other
}

// readMeters reads meters around a season.
func (b *batch) readMeters(ctx context.Context, ids []string, in compliance.Interval, zone *time.Location, facts map[string][]ledger.BillingFact) (map[string]*meter, error) {
	all := make(map[string]*meter, len(ids))
	for _, id := range ids {
		all[id] = &meter{}
	}
	to := min(b.settlement.AsOf, in.End.Add(beyond)) + 1
	if err := b.readRegisters(ctx, ids, in.Start.Add(-around), to, func(id string, found []billing.Register) {
		all[id].Registers = append(all[id].Registers, found...)
	}); err != nil {
		return nil, err
	}
	late := slices.DeleteFunc(slices.Clone(ids), func(id string) bool {
		return slices.ContainsFunc(all[id].Registers, func(r billing.Register) bool { return r.At <= in.Start })
	})
	if err := b.readRegisters(ctx, late, in.Start.Add(-before), in.Start.Add(-around), func(id string, found []billing.Register) {
		if n := len(found); n > 0 {
			all[id].Registers = append(all[id].Registers, found[n-1])
		}
	}); err != nil {
		return nil, err
	}
	for id, m := range all {
		m.add(facts[id])
		if bad := billing.CheckMeter(m.Meter, m.faults, zone); len(bad) > 0 {
			m.err = fmt.Errorf("heat meter %s: %s", id, bad[0].Text)
		}
	}
	return all, nil
}

// add adds what was noted of the meter.
func (m *meter) add(facts []ledger.BillingFact) {
	for _, f := range facts {
		switch {
		case f.MeterChange != nil:
			m.Changes = append(m.Changes, billing.Change{At: f.MeterChange.At, Final: f.MeterChange.Final.Rat(), Initial: f.MeterChange.Initial.Rat()})
		case f.MeterFault != nil:
			m.faults = append(m.faults, billing.Days{Start: f.MeterFault.First, End: f.MeterFault.Last})
		}
	}
}

// readRegisters reads the register values of meters in [from, to), of the devices that read them then, each meter's in order
// of time but for a change of device or unit.
func (b *batch) readRegisters(ctx context.Context, ids []string, from, to sensors.Instant, take func(id string, found []billing.Register)) error {
	var spans []sensors.Span
	var of []string
	for _, id := range ids {
		for _, s := range b.homes.resolver.Judges(sensors.OnMeter(id), from, to) {
			for _, q := range []sensors.Quantity{sensors.HeatKWh, sensors.HeatGJ} {
				spans = append(spans, sensors.Span{Series: sensors.Series{Quantity: q, Owner: s.Device}, From: s.From, To: s.To})
				of = append(of, id)
			}
		}
	}
	if len(spans) == 0 {
		return nil
	}
	return b.Store.ReadMany(ctx, spans, func(i int, samples []sensors.Sample) error {
		found := make([]billing.Register, 0, len(samples))
		for _, x := range samples {
			kwh, err := exactly(x.Value)
			if err != nil {
				return fmt.Errorf("heat meter %s: %w", of[i], err)
			}
			if spans[i].Series.Quantity == sensors.HeatGJ {
				kwh.Mul(kwh, big.NewRat(perKWh, perKWh9))
			}
			found = append(found, billing.Register{At: x.At, KWh: kwh})
		}
		take(of[i], found)
		return nil
	})
}

// exactly is a register value as the decimal number that the meter showed, which a float64 is the nearest to.
func exactly(v float64) (*big.Rat, error) {
	if v == float64(int64(v)) {
		return new(big.Rat).SetInt64(int64(v)), nil
	}
	r, ok := new(big.Rat).SetString(strconv.FormatFloat(v, 'f', -1, 64))
	if !ok {
		return nil, fmt.Errorf("%g is no register value", v)
	}
	return r, nil
}

// valves is how long heat reached the homes of a building: their valves in the season. A home is open while any of its valves is;
// one of which nothing was ever said is always open; before the first that was said it was open.
func (b *batch) valves(ctx context.Context, building []*sensors.Household, in compliance.Interval) ([]billing.ValveHome, error) {
	out := make([]billing.ValveHome, len(building))
	spans := make([][]compliance.Interval, len(building))
	var ask []sensors.Span
	var of []int
	for i, h := range building {
		rooms := []string{""}
		for _, r := range b.homes.rooms[h.ID] {
			rooms = append(rooms, r.RoomID.Room)
		}
		out[i].Always = true
		for _, room := range rooms {
			ask = append(ask, sensors.Span{Series: sensors.Series{Quantity: sensors.Valve, Owner: h.ID, Room: room}, From: in.Start.Add(-around), To: in.End})
			of = append(of, i)
		}
	}
	err := b.Store.ReadMany(ctx, ask, func(k int, samples []sensors.Sample) error {
		if len(samples) == 0 {
			return nil
		}
		i := of[k]
		out[i].Always = false
		open, since := true, in.Start.Add(-around)
		for _, x := range samples {
			if now := x.Value != 0; now != open {
				if open {
					spans[i] = append(spans[i], compliance.Interval{Start: since, End: x.At})
				}
				open, since = now, x.At
			}
		}
		if open {
			spans[i] = append(spans[i], compliance.Interval{Start: since, End: in.End})
		}
		return nil
	})
	for i := range out {
		out[i].Open = compliance.Union(spans[i]...)
	}
	return out, err
}
