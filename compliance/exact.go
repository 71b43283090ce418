package compliance

import (
	"math"
	"math/big"
	"strconv"
)

// tens are the scales at which sums of measured values are tried as whole numbers.
var tens = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6}

// wholeLimit keeps scaled values and their sums far inside the whole numbers that a float64 holds exactly.
const wholeLimit = 1e12

// decimalSum is the sum of the values divided by n, taken of the decimal numbers that the values were written as and
// rounded once, to the nearest float64: 20.57 − 2.57 is 18, although their float64s add up to less. A value's decimal
// is the shortest that reads back as it.
func decimalSum(n int, values ...float64) float64 {
	for _, ten := range tens {
		if sum, ok := wholeSum(ten, values); ok {
			return sum / (float64(n) * ten) // both are exact, so that the quotient is rounded once
		}
	}
	sum := new(big.Rat)
	for _, v := range values {
		r, ok := new(big.Rat).SetString(strconv.FormatFloat(v, 'g', -1, 64))
		if !ok { // NaN or infinite
			return math.NaN()
		}
		sum.Add(sum, r)
	}
	mean, _ := sum.Quo(sum, new(big.Rat).SetInt64(int64(n))).Float64()
	return mean
}

// wholeSum is the sum of the values in units of 1/ten, if each is a whole number of them.
func wholeSum(ten float64, values []float64) (float64, bool) {
	sum := 0.0
	for _, v := range values {
		whole := math.Round(v * ten)
		if whole/ten != v || math.Abs(whole) > wholeLimit {
			return 0, false
		}
		sum += whole
	}
	return sum, true
}
