package billing

import (
	"math/big"
	"time"

	"github.com/nuanju/nuanju/compliance"
)

// LongGap is how far apart neighbouring register values of a meter that is read every day may lie before what lies between
// them is shown as estimated.
const LongGap = 36 * time.Hour

// Gap is time of the season for which the meter says less than it should.
type Gap struct {
	compliance.Interval
	// Estimated: the time lies between two register values more than LongGap apart, and its usage is taken to be even
	// (section 7). If not, it lies before the first value or after the last one and nothing is counted for it.
	Estimated bool
	KWh       *big.Rat // of the register, not of one household's part; 0 where nothing is counted
}

// Gaps are the gaps of the meter up to the moment of judging, in order of time. Time of meter faults is in none: its usage is left
// out anyway (A4.4).
func (f *Facts) Gaps(zone *time.Location) []Gap {
	season := f.Season.In(zone)
	if f.AsOf != 0 {
		season.End = min(season.End, f.AsOf)
	}
	if f.Suspended || season.Empty() {
		return nil
	}
	faults := faultTime(f.Faults, zone)
	whole := compliance.Union(season)
	r := usageOf(f.Meter.known(faults, f.AsOf))
	var out []Gap
	add := func(spans compliance.Spans, estimated bool) {
		for _, i := range spans.Subtract(faults) {
			out = append(out, Gap{i, estimated, r.over(compliance.Union(i))})
		}
	}
	if len(r) == 0 {
		add(whole, false)
		return out
	}
	add(whole.Clip(compliance.Interval{Start: season.Start, End: r.span().Start}), false)
	for _, s := range r {
		if s.Length() > LongGap {
			add(whole.Clip(s.Interval), true)
		}
	}
	add(whole.Clip(compliance.Interval{Start: max(season.Start, r.span().End), End: season.End}), false)
	return out
}
