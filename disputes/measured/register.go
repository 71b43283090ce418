package measured

import "github.com/nuanju/nuanju/compliance"

// Institution is a body that tests, as the register has it (A7.2.2). What the register says of it changes only by a new version.
type Institution struct {
	ID   string
	Name string
	// Accredited are the days on which it is accredited.
	Accredited  []Days
	Instruments []Instrument
}

// Days are a span of days, both included. To is 0 without an end.
type Days struct{ From, To compliance.Date }

// Contains reports whether a day is in the span.
func (d Days) Contains(day compliance.Date) bool { return d.From <= day && (d.To == 0 || day <= d.To) }

// AccreditedOn reports whether it is accredited on a local day.
func (i *Institution) AccreditedOn(day compliance.Date) bool {
	for _, span := range i.Accredited {
		if span.Contains(day) {
			return true
		}
	}
	return false
}

// Instrument is a thermometer of an institution, under one certificate. One that was calibrated again has another.
type Instrument struct {
	Serial      string
	Certificate string
	Valid       Days
	// Error is the greatest error that the certificate allows, ± °C.
	Error compliance.Decimal
}

// instrument finds a certificate of an instrument.
func (i *Institution) instrument(serial, certificate string) (found Instrument, serialKnown, ok bool) {
	for _, x := range i.Instruments {
		if x.Serial == serial {
			serialKnown = true
			if x.Certificate == certificate {
				return x, true, true
			}
		}
	}
	return Instrument{}, serialKnown, false
}
