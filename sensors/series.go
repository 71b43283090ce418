package sensors

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Quantity is what a series measures, in the unit in which it is received. The zero value is none.
type Quantity uint8

// The quantities. Their names are MEASUREMENT.FIELD of the line protocol they come in.
const (
	Temperature Quantity = iota + 1 // of a room, °C, by a device
	HeatKWh                         // heat register, kWh, by a device on a heat meter
	HeatGJ                          // heat register, GJ, by a device on a heat meter
	WaterM3                         // volume register, m³, by a device on a heat meter
	Supply                          // temperature of the supply pipe, °C, by a device on a heat meter
	Return                          // temperature of the return pipe, °C, by a device on a heat meter
	Outdoor                         // temperature outdoors, °C, by a station
	Heating                         // a household's demand for heat: 1 on, 0 off
	Setpoint                        // what a household asks for, °C, in one room or in all
	Valve                           // of a household or a room of it: 1 open, 0 shut; feeds allocation, never demand
	numQuantities
)

// quantities says how a quantity is written; owner is the tag that names whom a series belongs to.
var quantities = [numQuantities]struct{ measurement, field, owner string }{
	Temperature: {"temperature", "celsius", "device"},
	HeatKWh:     {"heat_meter", "kwh", "device"},
	HeatGJ:      {"heat_meter", "gj", "device"},
	WaterM3:     {"heat_meter", "m3", "device"},
	Supply:      {"heat_meter", "supply", "device"},
	Return:      {"heat_meter", "return", "device"},
	Outdoor:     {"outdoor", "celsius", "station"},
	Heating:     {"heating", "on", "household"},
	Setpoint:    {"setpoint", "celsius", "household"},
	Valve:       {"valve", "open", "household"},
}

// Quantities lists every quantity, in a fixed order.
func Quantities() []Quantity {
	all := make([]Quantity, 0, numQuantities-1)
	for q := Quantity(1); q < numQuantities; q++ {
		all = append(all, q)
	}
	return all
}

// QuantityOf is the quantity of a line protocol measurement and field, or false.
func QuantityOf(measurement, field string) (Quantity, bool) {
	for q := Quantity(1); q < numQuantities; q++ {
		if quantities[q].measurement == measurement && quantities[q].field == field {
			return q, true
		}
	}
	return 0, false
}

// Known reports whether q is one of the quantities above.
func (q Quantity) Known() bool { return q > 0 && q < numQuantities }

// Measurement is the line protocol measurement in which the quantity comes; empty for an unknown quantity.
func (q Quantity) Measurement() string { return q.text().measurement }

// Field is the line protocol field in which the quantity comes; empty for an unknown quantity.
func (q Quantity) Field() string { return q.text().field }

// OwnerTag is the tag that names the owner of a series: device, station or household; empty for an unknown quantity.
func (q Quantity) OwnerTag() string { return q.text().owner }

func (q Quantity) text() struct{ measurement, field, owner string } {
	if !q.Known() {
		return quantities[0]
	}
	return quantities[q]
}

// String is MEASUREMENT.FIELD.
func (q Quantity) String() string {
	if !q.Known() {
		return fmt.Sprintf("quantity(%d)", uint8(q))
	}
	return q.Measurement() + "." + q.Field()
}

// Series names one sequence of samples: what is measured and whose it is. It is comparable and small enough to be a
// map's key.
type Series struct {
	Quantity Quantity
	Owner    string // id of a device, station or household, as Quantity.OwnerTag says
	Room     string // id of a room of the household; only a Setpoint and a Valve have one, and there empty means all rooms
}

// MaxID is the greatest length of an id, in bytes.
const MaxID = 128

// CheckID says what is wrong with an id of anything registered or measured, or nil. An id is 1 to MaxID bytes of UTF-8
// made of visible characters and inner spaces. A backslash is not allowed: the line protocol cannot carry one at
// the end of a tag, and an id must be the same in every store.
func CheckID(id string) error {
	switch {
	case id == "":
		return errors.New("id is empty")
	case len(id) > MaxID:
		return fmt.Errorf("id of %d bytes is longer than %d", len(id), MaxID)
	case !utf8.ValidString(id):
		return fmt.Errorf("id %q is not UTF-8", id)
	case strings.HasPrefix(id, " ") || strings.HasSuffix(id, " "):
		return fmt.Errorf("id %q begins or ends with a space", id)
	}
	for _, r := range id {
		if r == '\\' || r == utf8.RuneError || !unicode.IsPrint(r) { // the only space that IsPrint accepts is U+0020
			return fmt.Errorf("id %q has the character %U", id, r)
		}
	}
	return nil
}

// Check says what is wrong with the series, or nil: its quantity is known, its ids are CheckID's, and only a
// Setpoint or a Valve has a room.
func (s Series) Check() error {
	if !s.Quantity.Known() {
		return fmt.Errorf("%v is not known", s.Quantity)
	}
	if err := CheckID(s.Owner); err != nil {
		return fmt.Errorf("%s: %w", s.Quantity.OwnerTag(), err)
	}
	if s.Room == "" {
		return nil
	}
	if s.Quantity != Setpoint && s.Quantity != Valve {
		return fmt.Errorf("%v has a room %q", s.Quantity, s.Room)
	}
	if err := CheckID(s.Room); err != nil {
		return fmt.Errorf("room: %w", err)
	}
	return nil
}

var (
	escape   = strings.NewReplacer(`,`, `\,`, `=`, `\=`)
	unescape = strings.NewReplacer(`\,`, `,`, `\=`, `=`)
)

// String is the series' stable name: temperature.celsius,device=D or setpoint.celsius,household=H,room=R, with commas and
// equals signs of ids escaped by a backslash. Different series that Check accepts have different names.
func (s Series) String() string {
	name := s.Quantity.String() + "," + s.Quantity.OwnerTag() + "=" + escape.Replace(s.Owner)
	if s.Room != "" {
		name += ",room=" + escape.Replace(s.Room)
	}
	return name
}

// ParseSeries reads what String wrote, and nothing else.
func ParseSeries(name string) (Series, error) {
	var s Series
	quantity, rest, _ := strings.Cut(name, ",")
	measurement, field, _ := strings.Cut(quantity, ".")
	s.Quantity, _ = QuantityOf(measurement, field)
	owner, room, ok := cutUnescaped(rest, ",room=")
	s.Owner = unescape.Replace(strings.TrimPrefix(owner, s.Quantity.OwnerTag()+"="))
	if ok {
		s.Room = unescape.Replace(room)
	}
	if err := s.Check(); err != nil {
		return Series{}, fmt.Errorf("series %q: %w", name, err)
	}
	if s.String() != name {
		return Series{}, fmt.Errorf("series %q is not written as a series is", name)
	}
	return s, nil
}

// cutUnescaped cuts s at the first sep, which begins with a comma, whose comma is not escaped.
func cutUnescaped(s, sep string) (before, after string, found bool) {
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\':
			i++
		case strings.HasPrefix(s[i:], sep):
			return s[:i], s[i+len(sep):], true
		}
	}
	return s, "", false
}
