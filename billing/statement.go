package billing

import (
	"cmp"
	"math/big"
	"slices"
	"strconv"

	"github.com/nuanju/nuanju/compliance"
)

// StatementKind is why a statement was made.
type StatementKind string

// The kinds of statements.
const (
	Interim    StatementKind = "interim"    // the season goes on: what the bill is so far
	SeasonEnd  StatementKind = "season"     // the season is over (A4.1)
	MoveOut    StatementKind = "move_out"   // to the day on which an owner or tenant leaves (A9.1)
	Correction StatementKind = "correction" // what has changed since the statements before it: differences only
)

// Item is what a line of a statement is about.
type Item string

// The items, in the order in which a statement lists them.
const (
	ItemMetered   Item = "metered"                 // usage before zeroing, kWh (A4.2.1)
	ItemZeroed    Item = "zeroed"                  // usage in confirmed below time, kWh (A7.2.2)
	ItemEstimated Item = "estimated"               // of the metered usage, what lies in gaps of the register, kWh of the meter
	ItemAreaFee   Item = "area_fee"                // A4.2.1
	ItemBaseFee   Item = "base_fee"                // A4.2.1, A4.2.2
	ItemSuspended Item = "suspended_fee"           // A8
	ItemHeatFee   Item = "heat_fee"                // A4.2.1
	ItemFaultFee  Item = "fault_fee"               // A4.4
	ItemPayable   Item = "payable"                 // A4.1
	ItemWithout   Item = "payable_without_zeroing" // the counterfactual (A7.2.2)
	ItemRemedyDay Item = "remedy_day"              // a room's day by the tiers of a contract charged by area (A7.2.2)
	ItemRemedy    Item = "remedy_value"            // A7.2.2
	ItemPrepaid   Item = "prepaid"                 // A4.1
	ItemRefund    Item = "late_supply_refund"
	ItemPenalty   Item = "late_supply_penalty"
	ItemInterest  Item = "late_payment_interest"
	ItemTestFee   Item = "test_fee" // to whoever pays (A7.2.2)
)

// items is the order of the items.
var items = []Item{
	ItemMetered, ItemZeroed, ItemEstimated, ItemAreaFee, ItemBaseFee, ItemSuspended, ItemHeatFee, ItemFaultFee, ItemPayable,
	ItemWithout, ItemRemedyDay, ItemRemedy, ItemPrepaid, ItemRefund, ItemPenalty, ItemInterest, ItemTestFee,
}

// Quantity is a number of some unit, in millionths of it, rounded half up: enough for a milliwatt-hour, and so that differences
// of quantities add up exactly.
type Quantity int64

func quantity(r *big.Rat) Quantity {
	return Quantity(roundHalfUp(new(big.Rat).Mul(r, big.NewRat(1_000_000, 1))))
}

// String is the quantity in its shortest decimal form.
func (q Quantity) String() string { return shortest(big.NewRat(int64(q), 1_000_000)) }

// Line is a line of a statement. Of a correcting statement, quantity and amounts are differences.
type Line struct {
	Item     Item
	Ref      string // which of several of the item: a test's id
	Clause   compliance.Clause
	Quantity Quantity
	Unit     string // m2, kWh, day, share; empty: none
	Price    string // yuan a unit, as a number or as the product that it is of; empty: none
	Fen      Fen    // the amount, as the clause names it
	// Balance is what the line adds to what is due to the resident; negative: what is due to the supplier. 0 for a line
	// that is shown and is part of another.
	Balance Fen
	Source  string // what the quantity is from
}

// nothing reports whether the line says nothing.
func (l *Line) nothing() bool { return l.Quantity == 0 && l.Fen == 0 && l.Balance == 0 }

// key is what lines are of the same thing by. Lines of another price are apart: a correction takes the one back and adds the other.
type key struct {
	item        Item
	ref         string
	clause      compliance.Clause
	unit, price string
}

func (l *Line) key() key { return key{l.Item, l.Ref, l.Clause, l.Unit, l.Price} }

// TestFee is what a tester asked for a test, with who pays it in the end.
type TestFee struct {
	Test     string
	Fen      Fen
	Advanced compliance.Side // who has paid the tester; Joint: half each
	Payer    compliance.Side // as the test was judged (A7.2.2); empty: charged to nobody here
}

// line is the fee's line for the resident: charged, given back, or only shown.
func (f TestFee) line() Line {
	l := Line{Item: ItemTestFee, Ref: f.Test, Clause: compliance.A722, Fen: f.Fen, Source: "test " + f.Test}
	advanced := map[compliance.Side]Fen{compliance.Resident: f.Fen, compliance.Joint: f.Fen / 2}[f.Advanced]
	switch f.Payer {
	case compliance.Resident:
		l.Balance = advanced - f.Fen
	case compliance.Supplier:
		l.Balance = advanced
	}
	return l
}

// Origins say where the quantities of a statement are from.
type Origins struct {
	Prices   string // the policy's edition
	Register string // the meter
	Verdict  string // what decided which time is confirmed
	Gaps     []Gap  // of the register, as Facts.Gaps gives them
}

// Lines is the lines of a statement that begins anew: what Charge found of the facts, in full. There is none without a bill.
func Lines(policy *compliance.Policy, facts *Facts, c Charged, fees []TestFee, from Origins) []Line {
	bill := c.Bill
	if bill == nil {
		return nil
	}
	m := &policy.EditionOn(facts.Season.Start).Money
	area := quantity(facts.AreaM2.Rat())
	out := []Line{{Item: ItemAreaFee, Clause: "A4.2.1", Quantity: area, Unit: "m2", Price: m.AreaPrice.String(), Fen: bill.AreaFee, Source: from.Prices}}
	switch {
	case facts.Suspended:
		out = append(out, Line{
			Item: ItemSuspended, Clause: "A8", Quantity: quantity(m.SuspendedShare.Rat()), Unit: "share", Price: bill.AreaFee.String(),
			Fen: bill.BaseFee, Source: from.Prices,
		})
	case c.Usage != nil:
		out = append(out, facts.meteredLines(m, c.Usage, bill, area, from)...)
	}
	if c.Remedy != nil {
		for _, r := range c.Remedy.Lines {
			out = append(out, Line{
				Item: ItemRemedyDay, Ref: r.Room + " " + r.Date.String(), Clause: compliance.A722, Quantity: quantity(r.Percent.Rat()), Unit: "percent",
				Fen: r.Fen, Source: from.Verdict,
			})
		}
	}
	days := quantity(new(big.Rat).SetInt64(int64(bill.UnsuppliedDays)))
	const unsupplied = "days without supply"
	out = append(out,
		Line{Item: ItemPayable, Clause: "A4.1", Fen: bill.Payable, Balance: -bill.Payable},
		Line{Item: ItemWithout, Clause: compliance.A722, Fen: bill.Payable + bill.RemedyValue, Source: from.Verdict},
		Line{Item: ItemRemedy, Clause: compliance.A722, Fen: bill.RemedyValue, Source: from.Verdict},
		Line{Item: ItemPrepaid, Clause: "A4.1", Fen: bill.Prepaid, Balance: bill.Prepaid, Source: "payments"},
		Line{Item: ItemRefund, Clause: "A7.2.1", Quantity: days, Unit: "day", Fen: bill.LateSupplyRefund, Balance: bill.LateSupplyRefund, Source: unsupplied},
		Line{Item: ItemPenalty, Clause: "A7.2.1", Fen: bill.LateSupplyPenalty, Balance: bill.LateSupplyPenalty, Source: unsupplied},
		Line{Item: ItemInterest, Clause: "A7.1.1", Fen: bill.LateInterest, Balance: -bill.LateInterest, Source: "payments"})
	for _, f := range fees {
		out = append(out, f.line())
	}
	return slices.DeleteFunc(out, func(l Line) bool { return l.nothing() && !always(l.Item) })
}

// meteredLines are those of what is charged by meter.
func (f *Facts) meteredLines(m *compliance.Money, usage *Usage, bill *Bill, area Quantity, from Origins) []Line {
	return []Line{
		{Item: ItemMetered, Clause: "A4.2.1", Quantity: quantity(usage.Metered), Unit: "kWh", Source: from.Register},
		{Item: ItemZeroed, Clause: compliance.A722, Quantity: quantity(usage.Zeroed), Unit: "kWh", Source: from.Verdict},
		{Item: ItemEstimated, Clause: "A4.2.1", Quantity: quantity(from.estimated()), Unit: "kWh", Source: from.Register},
		f.baseLine(m, bill, area, from),
		{
			Item: ItemHeatFee, Clause: "A4.2.1", Quantity: quantity(usage.Billed), Unit: "kWh", Price: m.HeatPrice.String(),
			Fen: bill.HeatFee, Source: from.Register,
		},
		{
			Item: ItemFaultFee, Clause: "A4.4", Quantity: quantity(bill.FaultDays), Unit: "day",
			Price: "(" + m.AreaPrice.String() + "-" + m.BasePrice.String() + ")*" + f.AreaM2.String() + "/" + strconv.Itoa(f.Season.Days()),
			Fen:   bill.FaultFee, Source: "meter faults",
		},
	}
}

// always reports whether an item is told also when it is 0: the remedy's value is, when the area fee caps it (section 7).
func always(i Item) bool {
	return i == ItemPayable || i == ItemRemedy || i == ItemPrepaid || i == ItemMetered
}

func (f *Facts) baseLine(m *compliance.Money, bill *Bill, area Quantity, from Origins) Line {
	l := Line{Item: ItemBaseFee, Clause: "A4.2.1", Quantity: area, Unit: "m2", Price: m.BasePrice.String(), Fen: bill.BaseFee, Source: from.Prices}
	if f.Season.Agreed {
		l.Clause, l.Price = "A4.2.2", m.BasePrice.String()+"*"+strconv.Itoa(f.Season.Days())+"/"+strconv.Itoa(m.AgreedBaseDays)
	}
	return l
}

// estimated is how much of the register's usage lies in gaps.
func (o Origins) estimated() *big.Rat {
	sum := new(big.Rat)
	for _, g := range o.Gaps {
		sum.Add(sum, g.KWh)
	}
	return sum
}

// Correct is the lines of a correcting statement: what must be added to the lines of all statements before it so that
// they come to the fresh ones. None: nothing has changed. What was said before is never changed itself.
func Correct(before, fresh []Line) []Line {
	undo := slices.Clone(before)
	for i := range undo {
		l := &undo[i]
		l.Quantity, l.Fen, l.Balance = -l.Quantity, -l.Fen, -l.Balance
	}
	return Total(slices.Concat(fresh, undo))
}

// Total is what lines come to together: one line for each thing, without those that come to nothing, in a fixed order.
// Each has the source of its first line.
func Total(lines []Line) []Line {
	place := make(map[key]int, len(lines))
	var out []Line
	for _, l := range lines {
		i, ok := place[l.key()]
		if !ok {
			i = len(out)
			place[l.key()] = i
			out = append(out, Line{Item: l.Item, Ref: l.Ref, Clause: l.Clause, Unit: l.Unit, Price: l.Price, Source: l.Source})
		}
		out[i].Quantity += l.Quantity
		out[i].Fen += l.Fen
		out[i].Balance += l.Balance
	}
	out = slices.DeleteFunc(out, func(l Line) bool { return l.nothing() })
	slices.SortStableFunc(out, func(a, b Line) int {
		return cmp.Or(cmp.Compare(slices.Index(items, a.Item), slices.Index(items, b.Item)), cmp.Compare(a.Ref, b.Ref),
			cmp.Compare(a.Clause, b.Clause), cmp.Compare(a.Price, b.Price))
	})
	return out
}

// Balance is what lines come to for the resident: positive goes back or is carried over, negative is owed (A4.1).
func Balance(lines []Line) (sum Fen) {
	for i := range lines {
		sum += lines[i].Balance
	}
	return sum
}

// Of is the amount of an item in lines.
func Of(lines []Line, item Item) (sum Fen) {
	for i := range lines {
		if lines[i].Item == item {
			sum += lines[i].Fen
		}
	}
	return sum
}
