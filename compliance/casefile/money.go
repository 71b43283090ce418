package casefile

import (
	"math/big"

	"github.com/nuanju/nuanju/billing"
	"github.com/nuanju/nuanju/compliance"
)

const mostYuan = 1_000_000_000

// money reads the files that the bill is made from.
func (rd *reader) money() {
	meter := meterCSV
	own := rd.read(rd.registers(meterCSV))
	if !own {
		meter = buildingMeterCSV
	}
	building := rd.read(rd.registers(buildingMeterCSV))
	rd.read(rd.meterChanges())
	rd.read(rd.dayRuns(meterFaultsCSV, &rd.c.Billing.Faults))
	rd.read(rd.dayRuns(unsuppliedCSV, &rd.c.Billing.UnsuppliedDays))
	rd.read(rd.payments())

	b := &rd.c.Billing
	rd.c.HasMeter = len(b.Meter.Registers) > 0
	if building {
		b.Meter.Share = rd.share
	}
	switch {
	case own && building:
		rd.report(buildingMeterCSV, 0, "the case has meter.csv too; only one of the two may be there")
	case building && !rd.hasBuildingArea:
		rd.report(buildingMeterCSV, 0, "household.building_area_m2 is missing in case.yaml, so the usage cannot be allocated")
	case !own && !building && len(b.Meter.Changes) > 0:
		rd.report(meterChangesCSV, 0, "the case has no meter.csv or building_meter.csv whose meter could have changed")
	case rd.c.Policy != nil && !rd.faulty(meter, meterChangesCSV, meterFaultsCSV):
		rd.checkMeter(meter)
	}
}

// checkMeter reports registers that fall. It is asked only when all rows are good: a change with a slip in it would
// make the register seem to fall.
func (rd *reader) checkMeter(meter string) {
	for _, f := range billing.CheckMeter(rd.c.Billing.Meter, rd.c.Billing.Faults, rd.c.Policy.Zone) {
		file := meter
		if f.Change {
			file = meterChangesCSV
		}
		rd.report(file, f.Line, "%s", f.Text)
	}
}

// faulty reports whether anything is wrong with one of the files.
func (rd *reader) faulty(files ...string) bool {
	for _, p := range rd.problems {
		for _, f := range files {
			if p.File == f {
				return true
			}
		}
	}
	return false
}

// registers reads a meter, the household's or the building's.
func (rd *reader) registers(file string) *table {
	const at, kwh = 0, 1
	var got []billing.Register
	return &table{
		file: file, columns: []string{"time", unitKWh}, unit: true,
		row: func(r *row) {
			rd.gj = r.gj
			v := billing.Register{At: r.instant(at), KWh: r.register(kwh, r.gj), Line: r.line}
			if !r.bad {
				got = append(got, v)
			}
		},
		done: func() {
			rd.c.Billing.Meter.Registers = oneEach(rd, file, "time", got,
				func(r *billing.Register) (compliance.Instant, int) { return r.At, r.Line },
				func(a, b *billing.Register) bool { return a.KWh.Cmp(b.KWh) == 0 })
		},
	}
}

// meterChanges are in the unit of the meter's file.
func (rd *reader) meterChanges() *table {
	const at, final, initial = 0, 1, 2
	m := &rd.c.Billing.Meter
	return &table{
		file: meterChangesCSV, columns: []string{"time", "final", "initial"},
		row: func(r *row) {
			c := billing.Change{
				At: r.instant(at), Final: r.register(final, rd.gj), Initial: r.register(initial, rd.gj), Line: r.line,
			}
			if !r.bad {
				m.Changes = append(m.Changes, c)
			}
		},
		done: func() {
			m.Changes = oneEach(rd, meterChangesCSV, "time", m.Changes,
				func(c *billing.Change) (compliance.Instant, int) { return c.At, c.Line },
				func(a, b *billing.Change) bool { return a.Final.Cmp(b.Final) == 0 && a.Initial.Cmp(b.Initial) == 0 })
		},
	}
}

// dayRuns reads runs of days, both ends inclusive; they may overlap.
func (rd *reader) dayRuns(file string, into *[]billing.Days) *table {
	const start, end = 0, 1
	return &table{
		file: file, columns: []string{"start", "end"},
		row: func(r *row) {
			first, last := r.days(start, end)
			if !r.bad {
				*into = append(*into, billing.Days{Start: first, End: last, Line: r.line})
			}
		},
	}
}

// payments are each money for itself: two alike are two.
func (rd *reader) payments() *table {
	const date, yuan = 0, 1
	return &table{
		file: paymentsCSV, columns: []string{"date", "yuan"},
		row: func(r *row) {
			p := billing.Payment{Date: r.date(date), Fen: r.fen(yuan), Line: r.line}
			if !r.bad {
				rd.c.Billing.Payments = append(rd.c.Billing.Payments, p)
			}
		},
	}
}

// fen is an amount of yuan, exactly.
func (r *row) fen(column int) billing.Fen {
	raw, ok := r.need(column)
	if !ok {
		return 0
	}
	d, err := compliance.ParseDecimal(string(raw))
	fen := d.Rat()
	fen.Mul(fen, big.NewRat(100, 1))
	switch {
	case err != nil:
		r.wrong(column, raw, "is not an amount of yuan such as 2148.00")
	case !fen.IsInt():
		r.wrong(column, raw, "is not a whole number of fen: yuan have at most two decimals")
	case fen.Sign() < 0:
		r.wrong(column, raw, "is below 0: a payment is money from the resident")
	case fen.Cmp(big.NewRat(100*mostYuan, 1)) > 0:
		r.wrong(column, raw, "is more than 1000000000 yuan")
	default:
		return billing.Fen(fen.Num().Int64())
	}
	return 0
}
