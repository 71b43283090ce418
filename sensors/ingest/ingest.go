// Package ingest turns the bytes that devices, gateways and people send into typed measurements: InfluxDB line protocol,
// JSON, CSV and the frames of CJ/T 188 heat meters. It is pure: it reads no clock, opens nothing and decides nothing. What it cannot read it lists, each line
// with its reason; what is readable but implausible it hands on, and [Check] names the doubt, so that the caller can
// set it aside without losing it.
//
// A [Record] keeps the bytes that it was read from. [AppendCanonical] packs one home's bytes into the content that the
// evidence log hashes, and [Decoder.Reparse] reads the same records out of it again, years later and with nothing else.
package ingest

import (
	"fmt"

	"github.com/nuanju/nuanju/sensors"
)

// Kind is what a record tells. Its String is the measurement's name in line protocol.
type Kind uint8

// The kinds. The first three are measured by things; the last three are said by or for a household.
const (
	Temperature Kind = iota + 1 // a room's temperature, by device (contract section 2)
	HeatMeter                   // a cumulative heat register, by device (section 7)
	Outdoor                     // the temperature at a weather station (A7.2.2.4)
	Heating                     // the resident's demand for heat, by household (A3)
	Valve                       // a control valve's position, by household: it feeds allocation only and is never demand
	Setpoint                    // the temperature a household wants, for one room or for all (A3)
)

// String is the name of the measurement in line protocol, like "heat_meter".
func (k Kind) String() string {
	if int(k) < len(rules) && k > 0 {
		return rules[k].name
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// Unit is the unit of a heat register as it was sent. Nothing is converted here.
type Unit uint8

// The units of a heat register.
const (
	KWh Unit = iota + 1 // kilowatt hours
	GJ                  // gigajoules; 1 GJ = 1000/3.6 kWh
)

// Quantity is a number that may be absent.
type Quantity struct {
	Value float64
	Given bool
}

// Water is what a heat meter told beside its register.
type Water struct {
	Volume         Quantity // cumulative, m³
	Supply, Return Quantity // °C
}

// Who may enter a heating event.
const (
	Resident = "resident"
	Supplier = "supplier"
)

// Demand is who entered a heating event, and what allowed it.
type Demand struct {
	Source  string // Resident or Supplier; "" if the sender did not say
	Consent string // what documents the resident's consent; "" if none was given
}

// Record is one accepted line, row or element. Numbers are float64 exactly as sent.
type Record struct {
	Raw    []byte          // the bytes it was read from, inside the body: valid as long as the body is
	Owner  string          // the device, station or household, by Kind
	Room   string          // Valve and Setpoint: the room, "" for all of the household
	At     sensors.Instant // when it was measured or said
	Value  float64         // Temperature, Outdoor, Setpoint: °C; HeatMeter: the register in Unit
	Water  *Water          // HeatMeter: nil if nothing was sent beside the register
	Demand *Demand         // Heating: nil if neither source nor consent was sent
	Line   int32           // where in the body, from 1: the line it starts on, or the place of a JSON element or a frame
	Kind   Kind
	Unit   Unit // HeatMeter only
	On     bool // Heating: on; Valve: open
	// Stamped tells that the sender gave the time. If not, At is the time of receipt.
	Stamped bool
}

// Error is why one line, row or element was refused. Its text names the place.
type Error struct {
	Line    int    // 1-based line of the body; the place of a JSON element or frame; 0 if the body as a whole is refused
	Column  int    // 1-based byte of that line where known, else 0; of a frame: of the body
	Field   string // the CSV column, if one is to blame
	Pointer string // JSON: where, as an RFC 6901 pointer like /readings/3/celsius
	Reason  string
}

// Error is the place and the reason, like "line 3, column 12: expected field key but none found".
func (e Error) Error() string {
	switch {
	case e.Pointer != "":
		return e.Pointer + ": " + e.Reason
	case e.Line == 0:
		return e.Reason
	case e.Field != "":
		return fmt.Sprintf("line %d, column %s: %s", e.Line, e.Field, e.Reason)
	case e.Column > 0:
		return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Reason)
	}
	return fmt.Sprintf("line %d: %s", e.Line, e.Reason)
}

// Batch is what one body gave: good lines are accepted beside bad ones, as InfluxDB does it. A caller that wants all
// or nothing looks at Rejected first. Its slices are reused when it is decoded into again.
type Batch struct {
	Form
	Records []Record // accepted, in the order of the body
	Errors  []Error  // in the order of the body; no more than Bounds.Errors
	// Rejected counts the lines, rows or elements that were refused (1 if it was the body as a whole).
	Rejected int
	// Unlisted counts the errors beyond Bounds.Errors.
	Unlisted int
}

func (b *Batch) reset(f Form) {
	b.Form = f
	clear(b.Records)
	b.Records, b.Errors = b.Records[:0], b.Errors[:0]
	b.Rejected, b.Unlisted = 0, 0
}

// refuse drops what was accepted so far: the body's structure cannot be trusted. Its reason is always listed.
func (b *Batch) refuse(e Error, most int) {
	clear(b.Records)
	b.Records = b.Records[:0]
	if len(b.Errors) > 0 && len(b.Errors) >= most {
		b.Errors = b.Errors[:len(b.Errors)-1]
		b.Unlisted++
	}
	b.list(e, most)
	b.Rejected++
}

func (b *Batch) list(e Error, most int) {
	if len(b.Errors) >= most {
		b.Unlisted++
		return
	}
	e.Reason = shorten(e.Reason, maxReason)
	b.Errors = append(b.Errors, e)
}

// Bounds keep a hostile or broken body from costing more than its bytes.
type Bounds struct {
	Lines     int // lines, rows or elements in a body; a body with more is refused as a whole
	LineBytes int // bytes of one line, row or element
	Pairs     int // tags and fields of one line
	Names     int // distinct names that a decoder remembers
	Errors    int // errors listed for one body; the others are counted
}

// DefaultBounds fit batches far larger than Telegraf and the Influx clients send.
func DefaultBounds() Bounds {
	return Bounds{Lines: 100_000, LineBytes: 4096, Pairs: 64, Names: 1 << 16, Errors: 1000}
}

// Decoder reads bodies. It remembers the names it met, so that a known device costs no allocation. It is not safe for
// concurrent use: keep one a goroutine, or a pool. Make it with NewDecoder.
type Decoder struct {
	bounds Bounds
	names  map[string]string
	draft  draft
}

// NewDecoder makes a decoder that keeps to the bounds.
func NewDecoder(bounds Bounds) *Decoder {
	return &Decoder{bounds: bounds, names: make(map[string]string)}
}

// name is b as a string, shared with every record that names the same, or why b is no name. When the memory is full it
// starts afresh: strings handed out stay valid.
func (d *Decoder) name(b []byte) (s, reason string) {
	if s, ok := d.names[string(b)]; ok {
		return s, ""
	}
	if reason := checkText(b, maxName); reason != "" {
		return "", reason
	}
	if len(d.names) >= d.bounds.Names {
		clear(d.names)
	}
	s = string(b)
	d.names[s] = s
	return s, ""
}

// text is the text of a key, or why it cannot be. A consent is not remembered: no two are alike.
func (d *Decoder) text(k key, b []byte) (s, reason string) {
	switch {
	case k == keyConsent:
		if reason := checkText(b, maxText); reason != "" {
			return "", reason
		}
		return string(b), ""
	case k == keySource && string(b) == Resident:
		return Resident, ""
	case k == keySource && string(b) == Supplier:
		return Supplier, ""
	case k == keySource:
		return "", quoted(b) + " is neither resident nor supplier"
	}
	return d.name(b)
}
