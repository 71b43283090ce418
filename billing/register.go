package billing

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/nuanju/nuanju/compliance"
)

// MeterFault is something wrong with a meter's rows.
type MeterFault struct {
	Line   int  // of the row
	Change bool // the row is one of the changes, not of the registers
	Text   string
}

// segment is a stretch between two neighbouring register values of one meter; usage in it is linear in time.
type segment struct {
	compliance.Interval
	from *big.Rat // kWh that the meter shows at the start
	to   *big.Rat // and at the end
	plus *big.Rat // what turns the register into usage since the first value, across meter changes
}

// register is a meter's usage as a function of time: segments without a gap, from the first register value to the
// last.
type register []segment

// mostKWh is more than any meter shows: a hundred million kWh a year would take it ten thousand years. It keeps every
// amount of money far inside a Fen.
const mostKWh = 1_000_000_000_000

// CheckMeter finds registers that fall without a meter change to explain it, changes that contradict the registers
// around them, and values beyond any meter, each or summed up across changes: more than 10^12 kWh. Values strictly
// inside fault days are ignored, as they are in billing.
func CheckMeter(m Meter, faults []Days, zone *time.Location) []MeterFault {
	rows := m.rows(m.trusted(faultTime(faults, zone)), m.Changes)
	if bad := append(beyondMeters(rows), contradictions(rows)...); bad != nil {
		return bad
	}
	return beyondInAll(rows)
}

// beyondMeters finds values that no meter shows.
func beyondMeters(rows []row) []MeterFault {
	var bad []MeterFault
	most := big.NewRat(mostKWh, 1)
	for _, r := range rows {
		larger := r.before
		if r.after.Cmp(larger) > 0 {
			larger = r.after
		}
		switch {
		case r.before.Sign() < 0 || r.after.Sign() < 0:
			bad = append(bad, MeterFault{r.line, r.isChange, "a register below 0 kWh is none that a meter can show"})
		case larger.Cmp(most) > 0:
			bad = append(bad, MeterFault{r.line, r.isChange, fmt.Sprintf(
				"register %s kWh is more than a meter can show: want at most %d", shortest(larger), mostKWh)})
		}
	}
	return bad
}

// beyondInAll finds the row at which the meters' usage together is more than one meter can show.
func beyondInAll(rows []row) []MeterFault {
	sum, most := new(big.Rat), big.NewRat(mostKWh, 1)
	for i := 1; i < len(rows); i++ {
		sum.Add(sum, rows[i].before).Sub(sum, rows[i-1].after)
		if sum.Cmp(most) > 0 {
			return []MeterFault{{rows[i].line, rows[i].isChange, fmt.Sprintf(
				"the meters' usage up to here, %s kWh, is more than a meter can show: want at most %d", shortest(sum), mostKWh)}}
		}
	}
	return nil
}

// contradictions finds neighbouring rows that cannot both be right.
func contradictions(rows []row) []MeterFault {
	var bad []MeterFault
	for i := 1; i < len(rows); i++ {
		a, b := rows[i-1], rows[i]
		switch {
		case a.at == b.at && a.isChange == b.isChange:
			bad = append(bad, MeterFault{b.line, b.isChange, fmt.Sprintf("a second meter change at the time of line %d", a.line)})
		case a.at == b.at && a.before.Cmp(b.before) != 0:
			bad = append(bad, MeterFault{b.line, b.isChange, fmt.Sprintf(
				"the old meter ends at %s kWh, but the register shows %s kWh at that time", shortest(b.before), shortest(a.before))})
		case b.before.Cmp(a.after) < 0 && b.isChange:
			bad = append(bad, MeterFault{b.line, true, fmt.Sprintf(
				"the old meter ends at %s kWh, below the %s kWh that it showed before", shortest(b.before), shortest(a.after))})
		case b.before.Cmp(a.after) < 0:
			bad = append(bad, MeterFault{b.line, false, fmt.Sprintf(
				"the register falls from %s to %s kWh and no meter change explains it", shortest(a.after), shortest(b.before))})
		}
	}
	return bad
}

// row is a register value or a meter change: what the meter shows just before and just after an instant.
type row struct {
	at       compliance.Instant
	before   *big.Rat
	after    *big.Rat
	isChange bool
	line     int
}

// rows puts registers and changes into one order. At the very time of a change, a register value is the old meter's
// and comes first.
func (m Meter) rows(registers []Register, changes []Change) []row {
	out := make([]row, 0, len(registers)+len(changes))
	for _, r := range registers {
		out = append(out, row{r.At, r.KWh, r.KWh, false, r.Line})
	}
	for _, c := range changes {
		out = append(out, row{c.At, c.Final, c.Initial, true, c.Line})
	}
	slices.SortStableFunc(out, func(a, b row) int {
		return cmp.Or(cmp.Compare(a.at, b.at), compareBool(a.isChange, b.isChange))
	})
	return out
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// trusted is the registers that are not strictly inside fault days, each time once.
func (m Meter) trusted(faults compliance.Spans) []Register {
	out := make([]Register, 0, len(m.Registers))
	for _, r := range m.Registers {
		if !strictlyInside(faults, r.At) {
			out = append(out, r)
		}
	}
	slices.SortStableFunc(out, func(a, b Register) int { return cmp.Compare(a.At, b.At) })
	return slices.CompactFunc(out, func(a, b Register) bool { return a.At == b.At && a.KWh.Cmp(b.KWh) == 0 })
}

// strictlyInside reports whether the instant lies in one of the spans and is not its start.
func strictlyInside(spans compliance.Spans, t compliance.Instant) bool {
	k, found := slices.BinarySearchFunc(spans, t, func(i compliance.Interval, t compliance.Instant) int {
		return cmp.Compare(i.Start, t)
	})
	return !found && k > 0 && t < spans[k-1].End
}

// known is the rows that count at asOf, in order. What the old meter shows at its end and the new one at its start are
// register values too.
func (m Meter) known(faults compliance.Spans, asOf compliance.Instant) []row {
	registers, changes := m.trusted(faults), slices.Clone(m.Changes)
	if asOf != 0 {
		registers = slices.DeleteFunc(registers, func(r Register) bool { return r.At > asOf })
		changes = slices.DeleteFunc(changes, func(c Change) bool { return c.At > asOf })
	}
	return m.rows(registers, changes)
}

// usageOf lays the rows out as usage over time; usage before the first and after the last of them is not counted.
func usageOf(rows []row) register {
	out := make(register, 0, len(rows))
	plus := new(big.Rat)
	for i := 1; i < len(rows); i++ {
		a, b := rows[i-1], rows[i]
		if a.isChange { // the new meter starts where the old one ended
			plus = new(big.Rat).Add(plus, new(big.Rat).Sub(a.before, a.after))
		}
		if a.at < b.at {
			out = append(out, segment{compliance.Interval{Start: a.at, End: b.at}, a.after, b.before, plus})
		}
	}
	return out
}

// at is the usage since the first register value, in kWh, at an instant inside the register's time.
func (r register) at(t compliance.Instant) *big.Rat {
	k, found := slices.BinarySearchFunc(r, t, func(s segment, t compliance.Instant) int { return cmp.Compare(s.Start, t) })
	if !found {
		k--
	}
	s := &r[k]
	part := big.NewRat(int64(t-s.Start), int64(s.End-s.Start))
	part.Mul(part, new(big.Rat).Sub(s.to, s.from))
	return part.Add(part, s.from).Add(part, s.plus)
}

// span is the time from the first register value to the last.
func (r register) span() compliance.Interval {
	if len(r) == 0 {
		return compliance.Interval{}
	}
	return compliance.Interval{Start: r[0].Start, End: r[len(r)-1].End}
}

// over is the usage in the spans, in kWh.
func (r register) over(spans compliance.Spans) *big.Rat {
	sum := new(big.Rat)
	for _, i := range spans.Clip(r.span()) {
		sum.Add(sum, r.at(i.End)).Sub(sum, r.at(i.Start))
	}
	return sum
}

// shortest is a rational for people: as many decimals as it has, at most six.
func shortest(r *big.Rat) string {
	for n := range 6 {
		if s := r.FloatString(n); isExactly(r, s) {
			return s
		}
	}
	return r.FloatString(6)
}

func isExactly(r *big.Rat, s string) bool {
	x, ok := new(big.Rat).SetString(s)
	return ok && x.Cmp(r) == 0
}
