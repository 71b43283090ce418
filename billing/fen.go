package billing

import (
	"fmt"
	"math"
	"math/big"
)

// mostFen is more than any amount of valid facts, and so little that a sum of a few amounts stays an int64. What would
// be more, of facts that nobody checked, stays at it: a wrong amount of that size is seen, one that wrapped is not.
const mostFen Fen = math.MaxInt64 / 4

var half = big.NewRat(1, 2)

// roundHalfUp rounds an amount of fen to whole fen, half up, and holds it within ±mostFen.
func roundHalfUp(fen *big.Rat) Fen {
	x := new(big.Rat).Add(fen, half)
	q, m := new(big.Int), new(big.Int)
	q.DivMod(x.Num(), x.Denom(), m) // Euclidean: floors for a positive denominator
	if !q.IsInt64() {
		return mostFen * Fen(q.Sign())
	}
	return Fen(q.Int64()).held()
}

// roundFen rounds an amount of yuan to whole fen, half up.
func roundFen(yuan *big.Rat) Fen { return roundHalfUp(new(big.Rat).Mul(yuan, big.NewRat(100, 1))) }

// held is the amount within ±mostFen. A sum of two that are held cannot wrap.
func (f Fen) held() Fen { return max(-mostFen, min(f, mostFen)) }

func fenRat(f Fen) *big.Rat { return new(big.Rat).SetInt64(int64(f)) }

// String is the amount in yuan with two decimals.
func (f Fen) String() string {
	sign, abs := "", uint64(f)
	if f < 0 {
		sign, abs = "-", -abs
	}
	return fmt.Sprintf("%s%d.%02d", sign, abs/100, abs%100)
}
