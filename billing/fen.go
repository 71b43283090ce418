package billing

import (
	"fmt"
	"math/big"

	"github.com/nuanju/nuanju/compliance"
)

var half = big.NewRat(1, 2)

// roundHalfUp rounds an amount of fen to whole fen, half up.
func roundHalfUp(fen *big.Rat) Fen {
	x := new(big.Rat).Add(fen, half)
	q, m := new(big.Int), new(big.Int)
	q.DivMod(x.Num(), x.Denom(), m) // Euclidean: floors for a positive denominator
	return Fen(q.Int64())
}

// roundFen rounds an amount of yuan to whole fen, half up.
func roundFen(yuan *big.Rat) Fen { return roundHalfUp(new(big.Rat).Mul(yuan, big.NewRat(100, 1))) }

func fenRat(f Fen) *big.Rat { return new(big.Rat).SetInt64(int64(f)) }

// String is the amount in yuan with two decimals.
func (f Fen) String() string {
	sign := ""
	if f < 0 {
		sign, f = "-", -f
	}
	return fmt.Sprintf("%s%d.%02d", sign, f/100, f%100)
}

func decimal(name string, d compliance.Decimal) compliance.Value {
	return compliance.Value{Name: name, Kind: compliance.KindText, Text: d.String()}
}

func rational(name string, r *big.Rat) compliance.Value {
	return compliance.Value{Name: name, Kind: compliance.KindText, Text: r.FloatString(3)}
}

func fen(name string, f Fen) compliance.Value {
	return compliance.Value{Name: name, Kind: compliance.KindText, Text: f.String()}
}

func number(name string, n int) compliance.Value {
	return compliance.Value{Name: name, Kind: compliance.KindCount, Number: float64(n)}
}

func date(name string, d compliance.Date) compliance.Value {
	return compliance.Value{Name: name, Kind: compliance.KindDate, Date: d}
}
