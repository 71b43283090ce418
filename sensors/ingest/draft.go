package ingest

import (
	"fmt"
	"math/bits"
	"strings"

	"github.com/nuanju/nuanju/sensors"
)

// key is a name that means something in a reading: a JSON key, a CSV column, a tag or field of line protocol.
type key uint8

const (
	keyTime key = iota
	keyDevice
	keyStation
	keyHousehold
	keyRoom
	keyCelsius
	keyKWh
	keyGJ
	keyM3
	keySupply
	keyReturn
	keyOn
	keySource
	keyConsent
	keyOpen
	keySetpoint
	keyCount
)

var keyNames = [keyCount]string{
	"time", "device", "station", "household", "room", "celsius", "kwh", "gj", "m3", "supply", "return",
	"on", "source", "consent", "open", "setpoint",
}

// keys is a set of keys.
type keys uint32

func set(ks ...key) (s keys) {
	for _, k := range ks {
		s |= 1 << k
	}
	return s
}

func (s keys) has(k key) bool { return s&(1<<k) != 0 }

// first is the smallest key of a set that is not empty.
func (s keys) first() key { return key(bits.TrailingZeros32(uint32(s))) }

// String lists the names of a set, like "kwh, gj".
func (s keys) String() string {
	var b strings.Builder
	for k := range keyCount {
		if !s.has(k) {
			continue
		}
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		b.WriteString(keyNames[k])
	}
	return b.String()
}

// lookup finds the key of a name.
func lookup(name []byte) (key, bool) {
	for k, n := range keyNames {
		if string(name) == n {
			return key(k), true
		}
	}
	return 0, false
}

var (
	textKeys   = set(keyDevice, keyStation, keyHousehold, keyRoom, keySource, keyConsent)
	flagKeys   = set(keyOn, keyOpen)
	ownerKeys  = set(keyDevice, keyStation, keyHousehold)
	registers  = set(keyKWh, keyGJ)
	waterKeys  = set(keyM3, keySupply, keyReturn)
	demandKeys = set(keySource, keyConsent)
)

// rule is what a kind is made of.
type rule struct {
	name   string
	owner  key
	values keys // one of them is needed
	more   keys // these may be given beside it
	said   bool // declared for a household, not measured
}

var rules = [...]rule{
	Temperature: {name: "temperature", owner: keyDevice, values: set(keyCelsius)},
	HeatMeter:   {name: "heat_meter", owner: keyDevice, values: registers, more: waterKeys},
	Outdoor:     {name: "outdoor", owner: keyStation, values: set(keyCelsius)},
	Heating:     {name: "heating", owner: keyHousehold, values: set(keyOn), more: demandKeys, said: true},
	Valve:       {name: "valve", owner: keyHousehold, values: set(keyOpen), more: set(keyRoom), said: true},
	Setpoint:    {name: "setpoint", owner: keyHousehold, values: set(keySetpoint), more: set(keyRoom), said: true},
}

// fault is one thing wrong in a row or element. key is keyCount if no single key is to blame.
type fault struct {
	key    key
	reason string
}

// draft is a record in the making: the keys given so far with their values. It is reused from line to line, so a value
// means something only if given has its key.
type draft struct {
	given  keys
	at     sensors.Instant
	number [keyCount]float64
	flag   [keyCount]bool
	text   [keyCount]string
	faults []fault
}

func (d *draft) reset() {
	d.given = 0
	d.faults = d.faults[:0]
}

func (d *draft) blame(k key, format string, args ...any) {
	d.faults = append(d.faults, fault{k, fmt.Sprintf(format, args...)})
}

// kind tells from the keys what the row or element is; what does not fit is blamed. It is 0 if that cannot be told.
func (d *draft) kind() Kind {
	if !d.given.has(keyTime) {
		d.blame(keyTime, "is missing")
	}
	owners := d.given & ownerKeys
	switch bits.OnesCount32(uint32(owners)) {
	case 0:
		d.blame(keyCount, "device, station or household is missing")
		return 0
	case 1:
	default:
		d.blame(keyCount, "%s are given together; a reading is of one of them", owners)
		return 0
	}
	var could keys
	for k := Temperature; k <= Setpoint; k++ {
		r := &rules[k]
		if !owners.has(r.owner) {
			continue
		}
		if d.given&r.values == 0 {
			could |= r.values
			continue
		}
		d.fits(k)
		return k
	}
	if owners.has(keyHousehold) && d.given.has(keyCelsius) {
		d.blame(keyCelsius, "a household measures nothing: a measured value names its device, a wanted one is called setpoint")
		return 0
	}
	d.blame(keyCount, "none of %s is given", could)
	return 0
}

// fits blames keys that do not belong to the kind.
func (d *draft) fits(k Kind) {
	r := &rules[k]
	if d.given&registers == registers && k == HeatMeter {
		d.blame(keyCount, "kwh and gj are given together; a register has one unit")
	}
	stray := d.given &^ (set(keyTime, r.owner) | r.values | r.more)
	for s := range keyCount {
		if stray.has(s) {
			d.blame(s, "does not belong to a %s reading", r.name)
		}
	}
}

// fill makes the record of a draft that has no faults.
func (d *draft) fill(rec *Record, k Kind) {
	r := &rules[k]
	rec.Kind = k
	rec.Owner = d.text[r.owner]
	rec.At = d.at
	if d.given.has(keyRoom) && r.more.has(keyRoom) {
		rec.Room = d.text[keyRoom]
	}
	switch k {
	case Temperature, Outdoor:
		rec.Value = d.number[keyCelsius]
	case Setpoint:
		rec.Value = d.number[keySetpoint]
	case Heating:
		rec.On = d.flag[keyOn]
		if d.given&demandKeys != 0 {
			rec.Demand = &Demand{Source: d.optionalText(keySource), Consent: d.optionalText(keyConsent)}
		}
	case Valve:
		rec.On = d.flag[keyOpen]
	case HeatMeter:
		rec.Unit, rec.Value = KWh, d.number[keyKWh]
		if d.given.has(keyGJ) {
			rec.Unit, rec.Value = GJ, d.number[keyGJ]
		}
		if d.given&waterKeys != 0 {
			rec.Water = &Water{d.quantity(keyM3), d.quantity(keySupply), d.quantity(keyReturn)}
		}
	}
}

func (d *draft) optionalText(k key) string {
	if !d.given.has(k) {
		return ""
	}
	return d.text[k]
}

func (d *draft) quantity(k key) Quantity {
	if !d.given.has(k) {
		return Quantity{}
	}
	return Quantity{Value: d.number[k], Given: true}
}
