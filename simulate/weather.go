package simulate

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"sort"
	"strconv"
	"time"

	"github.com/nuanju/nuanju/sensors"
)

// Weather is the outdoors.
type Weather interface {
	// At is the temperature, °C, and how many times as much air as on a calm day the wind drives through the joints. It is asked
	// for any instant, in any order.
	At(at sensors.Instant) (celsius, wind float64)
	// Covers reports whether it knows [from, to].
	Covers(from, to sensors.Instant) bool
}

const (
	day = 24 * time.Hour
	// natural is the daily mean below which the weather goes only in a cold spell: no day but a spell's is exempt by A7.2.2④.
	natural = -5.5
	// spellMean is the daily mean of a cold spell; the spell of January 2016 had −12.
	spellMean = -13.0
	spellWind = 1.5
	spellRamp = 12 * time.Hour
)

// winter is weather like Beijing's: its year and day, fronts that pass in two to five days, and the cold spells that are
// injected.
type winter struct {
	fronts, gusts, hours dice
	offset               time.Duration // of local time from UTC
	deep                 bool          // it is always the middle of January
	spells               []Fault
}

func newWinter(d dice, offset time.Duration, deep bool) *winter {
	return &winter{fronts: d.of("fronts"), gusts: d.of("gusts"), hours: d.of("hours"), offset: offset, deep: deep}
}

// Covers is true: it was always winter here.
func (w *winter) Covers(sensors.Instant, sensors.Instant) bool { return true }

// At is the daily mean's curve with the hours of the day on it.
func (w *winter) At(at sensors.Instant) (celsius, wind float64) {
	local := time.Duration(at) + w.offset
	hours := local.Hours()
	mean := w.mean(local)
	wind = 1
	if share := w.spell(at); share > 0 {
		mean += (spellMean - mean) * share
		wind += (spellWind - 1) * share
	}
	swing := 4.5 + w.gusts.wave(hours/29)
	return mean + swing*math.Cos(2*math.Pi*(hours-15)/24) + 0.4*w.hours.wave(hours/3), wind
}

// mean is what the season and the fronts make of a moment.
func (w *winter) mean(local time.Duration) float64 {
	days := local.Hours() / 24
	year := math.Cos(2 * math.Pi * (days - 20) / 365.2425) // 1 on 21 January
	if w.deep {
		year = 1
	}
	m := 12.5 - 15.5*year + 3.5*w.fronts.wave(days/5) + 1.5*w.gusts.wave(days/1.7)
	if m < natural {
		m = natural + (m-natural)/10
	}
	return m
}

// spell is how far the weather is a cold spell's, from 0 to 1.
func (w *winter) spell(at sensors.Instant) (share float64) {
	for i := range w.spells {
		f := &w.spells[i]
		before := float64(at.Sub(f.From.Add(-spellRamp))) / float64(spellRamp)
		after := float64(f.To.Add(spellRamp).Sub(at)) / float64(spellRamp)
		share = max(share, min(before, after, 1))
	}
	return share
}

// Observed is weather that was observed. Between two observations it changes evenly. Make it with ReadWeather.
type Observed struct {
	at      []sensors.Instant
	celsius []float64
}

// maxGap is the longest time between two observations: a day's minimum must not be guessed.
const maxGap = 6 * time.Hour

// ReadWeather reads observations as a case directory has them: the columns time (RFC 3339) and celsius, in order of time. Every
// error names its line. Between observations there may be up to six hours.
func ReadWeather(r io.Reader) (*Observed, error) {
	rows, err := csv.NewReader(r).ReadAll()
	if err != nil {
		return nil, err
	}
	if len(rows) < 3 || len(rows[0]) != 2 || rows[0][0] != "time" || rows[0][1] != "celsius" {
		return nil, errors.New("want the columns time,celsius and at least two rows")
	}
	o := new(Observed)
	var wrong []error
	for i, row := range rows[1:] {
		at, errAt := time.Parse(time.RFC3339, row[0])
		celsius, errCelsius := strconv.ParseFloat(row[1], 64)
		n := len(o.at)
		switch {
		case errAt != nil || errCelsius != nil || !(math.Abs(celsius) <= 60):
			wrong = append(wrong, fmt.Errorf("line %d: want a time with an offset and a temperature within ±60 °C", i+2))
		case n > 0 && sensors.At(at) <= o.at[n-1]:
			wrong = append(wrong, fmt.Errorf("line %d: is not later than the line before", i+2))
		case n > 0 && sensors.At(at).Sub(o.at[n-1]) > maxGap:
			wrong = append(wrong, fmt.Errorf("line %d: more than %v after the line before", i+2, maxGap))
		default:
			o.at, o.celsius = append(o.at, sensors.At(at)), append(o.celsius, celsius)
		}
	}
	return o, errors.Join(wrong...)
}

// Covers reports whether there are observations from before from until after to.
func (o *Observed) Covers(from, to sensors.Instant) bool {
	return len(o.at) > 0 && o.at[0] <= from && to <= o.at[len(o.at)-1]
}

// At is calm. Outside of what was observed the first or the last observation stays.
func (o *Observed) At(at sensors.Instant) (celsius, wind float64) {
	i := sort.Search(len(o.at), func(i int) bool { return o.at[i] > at })
	switch i {
	case 0:
		return o.celsius[0], 1
	case len(o.at):
		return o.celsius[i-1], 1
	}
	share := float64(at.Sub(o.at[i-1])) / float64(o.at[i].Sub(o.at[i-1]))
	return o.celsius[i-1] + share*(o.celsius[i]-o.celsius[i-1]), 1
}
