package oracle

import (
	"cmp"
	"math/big"
	"slices"
	"time"
)

// An instant is in nanoseconds since 1970, UTC.
type instant = int64

// A span is half open; both ends are instants.
type span struct{ start, end instant }

func (s span) holds(t instant) bool { return s.start <= t && t < s.end }

func (s span) overlaps(o span) bool { return s.start < o.end && o.start < s.end }

const (
	minute = instant(time.Minute)
	hour   = instant(time.Hour)
)

// facts is a case as its files tell it; later, what of it is known at the moment of judging.
type facts struct {
	household string
	policy    string
	rooms     []room
	area      *big.Rat // m²
	building  *big.Rat // m² of the building; nil without building_meter.csv
	suspended bool
	agreed    bool
	price     prices

	firstDay, lastSeasonDay time.Time // local midnights at which these days begin
	season                  span
	asOf                    instant // the moment of judging
	asOfGiven               bool
	judgedTo                instant // the earlier of season end and moment of judging: where tiles end

	readings      map[string][]reading // by room, in order of time
	observations  []reading            // outdoor, in order of time
	official      map[string]float64   // by date
	switches      []event              // in order of time, one a time
	setpoints     []setpoint           // in the order of the rows
	outages       []outage
	exemptions    []exemption
	reports       []report // in order of time, one a time
	tests         []test   // in the order of the rows
	confirmations []confirmation
	metered       bool       // a meter file with rows was given
	registers     []register // in order of time, one a time
	changes       []change   // in order of time
	faultDays     map[string]bool
	unsupplied    map[string]bool
	payments      []payment
}

type (
	room struct {
		id, kind string
		judged   bool
	}
	reading struct {
		at      instant
		celsius float64 // calibrated
	}
	event struct {
		at instant
		on bool
	}
	setpoint struct {
		at      instant
		room    string // "": every room
		celsius float64
	}
	outage struct {
		span
		id        string
		announced *instant
		proof     string
	}
	exemption struct {
		span
		clause, proof string
	}
	report struct {
		at       instant
		resolved *instant
	}
	test struct {
		span
		id, room, side string
		accredited     bool
		celsius        float64
	}
	confirmation struct {
		span
		id   string
		both bool
	}
	register struct {
		at    instant
		value *big.Rat // kWh
	}
	change struct {
		at             instant
		final, initial *big.Rat // kWh
	}
	payment struct {
		date string
		fen  *big.Rat
	}
)

// zone is the policy's. China has had no summer time since 1991, and never had it in winter.
func zone() *time.Location { return time.FixedZone("", 8*60*60) }

func local(t instant) time.Time { return time.Unix(0, t).In(zone()) }

func dateOf(t instant) string { return local(t).Format(time.DateOnly) }

func midnight(date time.Time) instant { return date.UnixNano() }

func nextDay(date time.Time) time.Time { return date.AddDate(0, 0, 1) }

// dayOf is the whole local calendar day that begins at date.
func dayOf(date time.Time) span { return span{midnight(date), midnight(nextDay(date))} }

// seasonDays are the dates of the season, in order.
func (f *facts) seasonDays() (days []time.Time) {
	for d := f.firstDay; !d.After(f.lastSeasonDay); d = nextDay(d) {
		days = append(days, d)
	}
	return days
}

// lastDay is the date of the instant just before the moment of judging. Dates compare as strings.
func (f *facts) lastDay() string { return dateOf(f.asOf - 1) }

// forget drops what is not known at the moment of judging (case.md, "as_of").
func (f *facts) forget() {
	for id, rs := range f.readings {
		f.readings[id] = slices.DeleteFunc(rs, func(r reading) bool { return r.at >= f.asOf })
	}
	f.observations = slices.DeleteFunc(f.observations, func(r reading) bool { return r.at >= f.asOf })
	f.switches = slices.DeleteFunc(f.switches, func(e event) bool { return e.at >= f.asOf })
	f.setpoints = slices.DeleteFunc(f.setpoints, func(s setpoint) bool { return s.at >= f.asOf })
	f.reports = slices.DeleteFunc(f.reports, func(r report) bool { return r.at >= f.asOf })
	f.tests = slices.DeleteFunc(f.tests, func(t test) bool { return t.start >= f.asOf })
	for i := range f.reports {
		if r := &f.reports[i]; r.resolved != nil && *r.resolved >= f.asOf {
			r.resolved = nil
		}
	}
	if f.asOfGiven {
		f.registers = slices.DeleteFunc(f.registers, func(r register) bool { return r.at > f.asOf })
		f.changes = slices.DeleteFunc(f.changes, func(c change) bool { return c.at > f.asOf })
	}
	f.payments = slices.DeleteFunc(f.payments, func(p payment) bool { return p.date > f.lastDay() })
}

// lastPerTime keeps, of rows at one time, the last one, and puts the rest in order of time.
func lastPerTime[E any](rows []E, at func(E) instant) (kept []E) {
	for i, row := range rows {
		later := slices.ContainsFunc(rows[i+1:], func(o E) bool { return at(o) == at(row) })
		if !later {
			kept = append(kept, row)
		}
	}
	slices.SortFunc(kept, func(a, b E) int { return cmp.Compare(at(a), at(b)) })
	return kept
}
