package billing

import (
	"math"
	"math/big"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/nuanju/nuanju/compliance"
)

func dec(t interface{ Fatal(...any) }, s string) compliance.Decimal {
	d, err := compliance.ParseDecimal(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// dearest is a policy and facts with every number at the most that policies and cases allow.
func dearest(t interface{ Fatal(...any) }) (*compliance.Policy, *Facts) {
	first := compliance.DateOf(1900, time.July, 1)
	p := &compliance.Policy{Name: "dearest", Zone: time.UTC, Editions: []compliance.Edition{{From: first, Money: compliance.Money{
		AreaPrice: dec(t, "10000"), BasePrice: dec(t, "10000"), HeatPrice: dec(t, "10000"),
		SeasonStart: compliance.MonthDay{Month: time.November, Day: 15}, SeasonEnd: compliance.MonthDay{Month: time.November, Day: 15},
		AgreedBaseDays: 1, SuspendedShare: dec(t, "1"), Due: compliance.MonthDay{Month: time.January, Day: 1},
		LPR: []compliance.Rate{{From: first, Percent: dec(t, "100")}},
	}}}}
	f := &Facts{Season: compliance.Season{Start: first, End: first + 364, Agreed: true}, AreaM2: dec(t, "10000000")}
	f.AsOf = compliance.DateOf(2200, time.December, 31).Start(p.Zone)
	return p, f
}

// No amount of valid facts wraps or is held down: with every number at its most, each line is what it comes to.
func TestTheDearestBillFits(t *testing.T) {
	p, f := dearest(t)
	start, end := f.Season.Start.Start(p.Zone), f.Season.End.End(p.Zone)
	f.Meter.Registers = []Register{{At: start, KWh: new(big.Rat)}, {At: end, KWh: big.NewRat(mostKWh, 1)}}
	last := compliance.DateIn(f.AsOf-1, p.Zone)
	for range 3 {
		f.Payments = append(f.Payments, Payment{Date: last, Fen: 100_000_000_000})
	}
	if bad := CheckMeter(f.Meter, nil, p.Zone); bad != nil {
		t.Fatalf("the meter is refused: %v", bad)
	}
	_, b := Compute(p, f, nil)
	for _, c := range []struct {
		name string
		got  Fen
		want string
	}{
		{"area fee", b.AreaFee, "100000000000.00"},        // 10^4 yuan/m² × 10^7 m²
		{"base fee", b.BaseFee, "36500000000000.00"},      // × 365 days / 1
		{"heat fee", b.HeatFee, "10000000000000000.00"},   // 10^4 yuan/kWh × 10^12 kWh
		{"payable", b.Payable, "100000000000.00"},         //
		{"prepaid", b.Prepaid, "3000000000.00"},           // 3 × 10^9
		{"settlement", b.Settlement, "-97000000000.00"},   //
		{"interest", b.LateInterest, "30119452054794.52"}, // 10^11 × 100 % / 365 × 109936 days
	} {
		if c.got.String() != c.want {
			t.Errorf("%s: got %s, want %s", c.name, c.got, c.want)
		}
	}
}

// Whatever registers and changes pass CheckMeter, the heat fee at the highest price is that of the usage, exactly.
func TestNoMeterThatPassesOverflows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, f := dearest(t)
		at := f.Season.Start.Start(p.Zone)
		shown := int64(0)
		rise := func(label string) *big.Rat { // now and then to the most, or just beyond
			shown += rapid.OneOf(rapid.Int64Range(0, mostKWh/4), rapid.Just(mostKWh-shown), rapid.Just(mostKWh-shown+1)).Draw(t, label)
			return big.NewRat(shown, 1)
		}
		for range rapid.IntRange(2, 12).Draw(t, "rows") {
			at += compliance.Instant(time.Hour)
			if rapid.IntRange(0, 3).Draw(t, "changed") == 0 {
				final := rise("final")
				shown = rapid.Int64Range(0, mostKWh).Draw(t, "initial")
				f.Meter.Changes = append(f.Meter.Changes, Change{At: at, Final: final, Initial: big.NewRat(shown, 1)})
				continue
			}
			f.Meter.Registers = append(f.Meter.Registers, Register{At: at, KWh: rise("kwh")})
		}
		if CheckMeter(f.Meter, nil, p.Zone) != nil {
			return
		}
		usage, b := Compute(p, f, nil)
		want := new(big.Rat).Mul(usage.Billed, big.NewRat(10_000*100, 1)) // whole, for every row is
		if got := new(big.Rat).SetInt64(int64(b.HeatFee)); got.Cmp(want) != 0 {
			t.Fatalf("got %s fen, want %s", got, want)
		}
		if total := b.BaseFee + b.HeatFee + b.FaultFee; total < b.HeatFee {
			t.Fatalf("the total %s is below the heat fee %s", total, b.HeatFee)
		}
	})
}

// Facts that nobody checked give an absurd amount of the right sign, never one that wrapped.
func TestUncheckedAmountsStayHeld(t *testing.T) {
	huge := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(40), nil))
	for _, c := range []struct {
		fen  *big.Rat
		want Fen
	}{
		{huge, mostFen},
		{new(big.Rat).Neg(huge), -mostFen},
		{new(big.Rat).SetInt64(math.MaxInt64), mostFen},
		{new(big.Rat).SetInt64(math.MinInt64), -mostFen},
		{big.NewRat(5, 2), 3},
		{big.NewRat(-5, 2), -2},
		{big.NewRat(249, 100), 2},
	} {
		if got := roundHalfUp(c.fen); got != c.want {
			t.Errorf("%s fen: got %d, want %d", c.fen.RatString(), got, c.want)
		}
	}
	p, f := dearest(t)
	start, end := f.Season.Start.Start(p.Zone), f.Season.End.End(p.Zone)
	f.Meter.Registers = []Register{{At: start, KWh: new(big.Rat)}, {At: end, KWh: huge}}
	for range 8 {
		f.Payments = append(f.Payments, Payment{Date: f.Season.Start, Fen: math.MaxInt64})
	}
	_, b := Compute(p, f, nil)
	if b.HeatFee != mostFen || b.Prepaid != mostFen || b.Payable != b.AreaFee || b.Settlement <= 0 || b.LateInterest <= 0 {
		t.Errorf("wrapped: %+v", b)
	}
}

// What a meter cannot show is refused by the value, at its row.
func TestCheckMeterRefusesWhatNoMeterShows(t *testing.T) {
	const hour = compliance.Instant(time.Hour)
	rat := func(s string) *big.Rat {
		r, ok := new(big.Rat).SetString(s)
		if !ok {
			t.Fatal(s)
		}
		return r
	}
	for _, c := range []struct {
		name  string
		meter Meter
		want  []MeterFault
	}{
		{"the most", Meter{Registers: []Register{{hour, rat("0"), 2}, {2 * hour, rat("1000000000000"), 3}}}, nil},
		{"a register", Meter{Registers: []Register{{hour, rat("0"), 2}, {2 * hour, rat("1000000000000.5"), 3}}}, []MeterFault{
			{3, false, "register 1000000000000.5 kWh is more than a meter can show: want at most 1000000000000"},
		}},
		{"a new meter", Meter{
			Registers: []Register{{hour, rat("7"), 2}},
			Changes:   []Change{{2 * hour, rat("8"), rat("1000000000001"), 2}},
		}, []MeterFault{{2, true, "register 1000000000001 kWh is more than a meter can show: want at most 1000000000000"}}},
		{"below 0", Meter{Registers: []Register{{hour, rat("-1"), 2}}}, []MeterFault{
			{2, false, "a register below 0 kWh is none that a meter can show"},
		}},
		{"in all", Meter{
			Registers: []Register{{hour, rat("0"), 2}, {3 * hour, rat("1"), 3}},
			Changes:   []Change{{2 * hour, rat("1000000000000"), rat("0"), 2}},
		}, []MeterFault{
			{3, false, "the meters' usage up to here, 1000000000001 kWh, is more than a meter can show: want at most 1000000000000"},
		}},
	} {
		if got := CheckMeter(c.meter, nil, time.UTC); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}
