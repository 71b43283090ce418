package compliance

import (
	"fmt"
	"time"

	"github.com/nuanju/nuanju/sensors"
)

// Instant is a moment, in nanoseconds since 1970 UTC; see sensors.Instant.
type Instant = sensors.Instant

// Date is a calendar day without a zone, counted in days since 1970-01-01. It becomes an interval of time only
// together with the policy's zone, so that a day is never taken for 24 hours.
type Date int32

// DateOf is the day with the given year, month and day of the month; it normalises like time.Date.
func DateOf(year int, month time.Month, day int) Date {
	return Date(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// ParseDate reads YYYY-MM-DD and refuses anything else, also a day that the calendar does not have.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || t.Year() < 1900 || t.Year() > 2200 {
		return 0, fmt.Errorf("%q is not a date of the form 2015-11-15", s)
	}
	return DateOf(t.Date()), nil
}

// DateIn is the local day that the instant falls on in the zone.
func DateIn(at Instant, zone *time.Location) Date {
	return DateOf(at.Time().In(zone).Date())
}

func (d Date) utc() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

// String is the date as YYYY-MM-DD.
func (d Date) String() string { return d.utc().Format(time.DateOnly) }

// MarshalText writes YYYY-MM-DD.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what ParseDate reads.
func (d *Date) UnmarshalText(text []byte) (err error) {
	*d, err = ParseDate(string(text))
	return err
}

// Year is the calendar year of the date.
func (d Date) Year() int { return d.utc().Year() }

// Month is the month of the date.
func (d Date) Month() time.Month { return d.utc().Month() }

// Start is 00:00 local of the date; where clocks skip it, the first instant of the date.
func (d Date) Start(zone *time.Location) Instant {
	y, m, day := d.utc().Date()
	t := time.Date(y, m, day, 0, 0, 0, 0, zone)
	if t.Day() != day { // the hour does not exist and was taken for one of the day before
		_, t = t.ZoneBounds()
	}
	return sensors.At(t)
}

// End is 24:00 local of the date, the start of the next.
func (d Date) End(zone *time.Location) Instant { return (d + 1).Start(zone) }

// Hour is the full hour of the date, local; false when clocks skip it.
func (d Date) Hour(hour int, zone *time.Location) (Instant, bool) {
	y, m, day := d.utc().Date()
	t := time.Date(y, m, day, hour, 0, 0, 0, zone)
	return sensors.At(t), t.Hour() == hour
}

// Days is the number of days from d to last, both counted; 0 if last lies before d.
func (d Date) Days(last Date) int { return max(0, int(last-d)+1) }

// MonthDay is a day that comes every year, such as 15 November.
type MonthDay struct {
	Month time.Month
	Day   int
}

// In is the day in the given year.
func (m MonthDay) In(year int) Date { return DateOf(year, m.Month, m.Day) }

// String is the day as MM-DD.
func (m MonthDay) String() string { return fmt.Sprintf("%02d-%02d", int(m.Month), m.Day) }
