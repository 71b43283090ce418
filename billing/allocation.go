package billing

import (
	"math/big"
	"time"

	"github.com/nuanju/nuanju/compliance"
)

// Portion is a household's part of a building's register in an interval.
type Portion struct {
	compliance.Interval
	Share *big.Rat // 0 to 1
}

// ShareByArea is a household's part of its building's register, by charged area (A1.3).
func ShareByArea(area, building *big.Rat) *big.Rat { return new(big.Rat).Quo(area, building) }

// ValveHome is a home of a building whose register is allocated by area × the time that its valve was open.
type ValveHome struct {
	Area *big.Rat // charged, m², above 0
	// Always: nothing is known of a valve, so that heat always reaches the home. Open is then not looked at.
	Always bool
	Open   compliance.Spans
}

// AllocateByValve divides a building's register among its homes by area × the time that each one's valve was open, local day by
// local day (A1.3, 通断时间面积法); it returns each home's portions, in order of time, in the order of the homes. Rest is
// the building's charged area that belongs to none of them, m², which counts as always open. On a day on which all valves are shut
// what the register counts is the pipes' own loss and is allocated by area. The shares of a day add up to 1 less the rest's,
// exactly: whatever the day's usage is, none of it is lost and none billed twice.
func AllocateByValve(homes []ValveHome, rest *big.Rat, in compliance.Interval, zone *time.Location) [][]Portion {
	out := make([][]Portion, len(homes))
	at := make([]int, len(homes)) // of each home, the first span that may reach into the day
	weights := make([]*big.Rat, len(homes))
	for start := in.Start; start < in.End; {
		day := compliance.Interval{Start: start, End: min(in.End, compliance.DateIn(start, zone).End(zone))}
		start = day.End
		length := int64(day.End - day.Start)
		sum := new(big.Rat).Mul(rest, new(big.Rat).SetInt64(length))
		anyOpen := false
		for i := range homes {
			open := length
			if !homes[i].Always {
				open = homes[i].openIn(day, &at[i])
			}
			anyOpen = anyOpen || open > 0
			weights[i] = new(big.Rat).Mul(homes[i].Area, new(big.Rat).SetInt64(open))
			sum.Add(sum, weights[i])
		}
		if !anyOpen {
			sum.Set(rest)
			for i := range homes {
				weights[i] = homes[i].Area
				sum.Add(sum, homes[i].Area)
			}
		}
		for i := range homes {
			out[i] = append(out[i], Portion{day, new(big.Rat).Quo(weights[i], sum)})
		}
	}
	return out
}

// openIn is for how long the valve was open in the day, ns. From is the first span that may reach into it, and moves on: days are
// asked for in order.
func (h *ValveHome) openIn(day compliance.Interval, from *int) (open int64) {
	for *from < len(h.Open) && h.Open[*from].End <= day.Start {
		*from++
	}
	for _, s := range h.Open[*from:] {
		if s.Start >= day.End {
			break
		}
		open += int64(s.Clip(day).Length())
	}
	return open
}
