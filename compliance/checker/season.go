package checker

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/sensors"
)

// policy is a policy with what the checker asks of all its editions.
type policy struct {
	*compliance.Policy
	id         string        // differs when any edition does
	gap        time.Duration // the longest that a reading speaks for its room [I1]
	episodeGap time.Duration // the longest that joins two cold spells [I8], at least 1 ns: spells that touch are one
	heatUp     time.Duration // the longest from switching on, or raising a setpoint, to the threshold (A3)
	tolerance  time.Duration // the farthest that an outdoor observation may lie from its slot [I4]
}

func newPolicy(p *compliance.Policy) *policy {
	out := &policy{Policy: p, episodeGap: 1}
	all := sha256.New()
	for i := range p.Editions {
		e := &p.Editions[i]
		all.Write([]byte(p.Digest(e)))
		out.gap, out.episodeGap = max(out.gap, e.ReadingMaxGap), max(out.episodeGap, e.EpisodeGap)
		out.heatUp = max(out.heatUp, e.HeatUp)
		if e.Outdoor != nil {
			out.tolerance = max(out.tolerance, e.Outdoor.Tolerance)
		}
	}
	out.id = hex.EncodeToString(all.Sum(nil)[:16])
	return out
}

// midnight is the start of the local day that the instant falls on.
func (p *policy) midnight(t sensors.Instant) sensors.Instant {
	return compliance.DateIn(t, p.Zone).Start(p.Zone)
}

// nextMidnight is its end.
func (p *policy) nextMidnight(t sensors.Instant) sensors.Instant {
	return compliance.DateIn(t, p.Zone).End(p.Zone)
}

// ParseSeason reads the label of an agreed season, such as 2015-11-15/2016-03-15: its first and its last day (A2). Anything
// else is an error, also a season of more than a year.
func ParseSeason(label string) (compliance.Season, error) {
	first, last, _ := strings.Cut(label, "/")
	start, err := compliance.ParseDate(first)
	if err == nil {
		var end compliance.Date
		if end, err = compliance.ParseDate(last); err == nil && end >= start && start.Days(end) <= 366 {
			return compliance.Season{Start: start, End: end, Agreed: true}, nil
		}
	}
	return compliance.Season{}, fmt.Errorf("%q is not a season such as 2015-11-15/2016-03-15", label)
}

// statutory is the season of the winter that begins in the year (A2), by the edition in force when it starts.
func (p *policy) statutory(year int) compliance.Season {
	e := p.EditionOn(compliance.DateOf(year, time.November, 1))
	e = p.EditionOn(e.Money.SeasonStart.In(year))
	return compliance.Season{Start: e.Money.SeasonStart.In(year), End: e.Money.SeasonEnd.In(year + 1)}
}

// maxWinters is how many winters one mark can have judged again. Claims lapse long before.
const maxWinters = 20

// seasons are those of a home that end after an instant and have begun by now, in order; at least the one that began last.
// An agreed season stands for the statutory one of its winter.
func (p *policy) seasons(label string, from, now sensors.Instant) ([]compliance.Season, error) {
	var agreed compliance.Season
	if label != "" {
		var err error
		if agreed, err = ParseSeason(label); err != nil {
			return nil, err
		}
	}
	last := compliance.DateIn(now, p.Zone).Year() + 1 // an agreed season may begin long before November
	var out []compliance.Season
	for year := last - maxWinters; year <= last; year++ {
		s := p.statutory(year)
		if agreed.Agreed && agreed.Winter() == year {
			s = agreed
		}
		span := s.In(p.Zone)
		if span.Start > now {
			continue
		}
		if n := len(out); n > 0 && out[n-1].In(p.Zone).End <= from {
			out = out[:0]
		}
		out = append(out, s)
	}
	return out, nil
}
