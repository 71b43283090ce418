package simulate

import (
	"hash/fnv"
	"math"
)

// dice gives numbers that depend on nothing but a seed and what they are drawn for: there is no state, so that nothing that is
// drawn, or not drawn, changes what others get.
type dice uint64

// mix is the finaliser of SplitMix64.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// of is the dice of something named, independent of all others.
func (d dice) of(name string) dice {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // a hash takes everything
	return dice(mix(uint64(d) ^ h.Sum64()))
}

// unit is the n-th number in [0, 1).
func (d dice) unit(n int64) float64 { return float64(mix(uint64(d)^mix(uint64(n)))>>11) / (1 << 53) }

// between is the n-th number in [low, high).
func (d dice) between(n int64, low, high float64) float64 { return low + (high-low)*d.unit(n) }

// below is the n-th of the numbers 0 … count−1.
func (d dice) below(n int64, count int) int { return int(d.unit(n) * float64(count)) }

// bell is the n-th of numbers around 0 with a standard deviation of 1, never beyond ±3: the sum of three even ones.
func (d dice) bell(n int64) float64 {
	x := mix(uint64(d) ^ mix(uint64(n)))
	const third = 1<<21 - 1
	sum := float64(x&third) + float64(x>>21&third) + float64(x>>42&third)
	return sum*2/third - 3
}

// wave is smooth noise in [−1, 1] over x: it has a new value at each whole number.
func (d dice) wave(x float64) float64 {
	whole := math.Floor(x)
	n, f := int64(whole), x-whole
	f = f * f * (3 - 2*f)
	return 2*(d.unit(n)*(1-f)+d.unit(n+1)*f) - 1
}
