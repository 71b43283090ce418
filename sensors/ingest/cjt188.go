package ingest

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/nuanju/nuanju/sensors"
)

// CJT188 reads into b the heat meters' replies in a body: CJ/T 188-2004 frames, each with whatever a modem put before it
// (preamble, its number in ASCII). The device is the meter's address as 14 hexadecimal digits, high byte first. The
// register is the second energy value, heat (the first is cold), in kWh or GJ. A meter's clock has no offset, so that At
// is the time of receipt; the clock stays in Raw. Line counts the frames.
//
// A bad checksum, an abnormal reply or an unknown unit refuses the frame: nothing in it is guessed. A volume or water
// temperature that is no decimal number, as meters with a broken sensor send it, is not given.
func (d *Decoder) CJT188(b *Batch, body []byte, received sensors.Instant) {
	b.reset(Form{Format: CJT188})
	start, number := 0, 0
	for i := 0; i < len(body); {
		n := frameLen(body[i:])
		if n == 0 {
			i++
			continue
		}
		number++
		if number > d.bounds.Lines {
			e, _ := d.tooMany(number + 1)
			b.refuse(e, d.bounds.Errors)
			return
		}
		raw, frame := body[start:i+n], body[i:i+n]
		rec := Record{Raw: raw, Line: int32(number), At: received}
		reason := d.frame(&rec, frame)
		if len(raw) > d.bounds.LineBytes {
			reason = fmt.Sprintf("longer than %d bytes", d.bounds.LineBytes)
		}
		if reason == "" {
			b.Records = append(b.Records, rec)
		} else {
			b.list(Error{Line: number, Column: i + 1, Reason: reason}, d.bounds.Errors)
			b.Rejected++
		}
		i += n
		start = i
	}
	if rest := bytes.Trim(body[start:], "\xfe\xff\x00\r\n "); len(rest) > 0 || number == 0 {
		b.list(Error{Line: number + 1, Column: start + 1, Reason: "no CJ/T 188 frame begins and ends here"}, d.bounds.Errors)
		b.Rejected++
	}
}

// The layout of a frame: 68, type, address (7), control, length, data (length), checksum, 16.
const (
	frameHead  = 11
	frameTail  = 2
	heatData   = 46 // identifier (2), serial, five quantities (5 each), two temperatures and hours (3 each), clock (7), status (2)
	reply      = 0x81
	frameStart = 0x68
	frameEnd   = 0x16
)

// frameLen is the length of the frame that b begins with, 0 if it begins with none. A modem's text may hold the start
// byte too, so that a frame needs its type and its end as well.
func frameLen(b []byte) int {
	if len(b) < frameHead+frameTail || b[0] != frameStart || b[1] < 0x20 || b[1] > 0x29 {
		return 0
	}
	n := frameHead + int(b[10]) + frameTail
	if n > len(b) || b[n-1] != frameEnd {
		return 0
	}
	return n
}

// frame reads a frame into rec; it returns why not.
func (d *Decoder) frame(rec *Record, f []byte) string {
	sum, n := byte(0), len(f)
	for _, c := range f[:n-frameTail] {
		sum += c
	}
	if sum != f[n-frameTail] {
		return fmt.Sprintf("the checksum is %02X; the frame says %02X", sum, f[n-frameTail])
	}
	if f[9] != reply {
		return fmt.Sprintf("control %02X is not a reply with data", f[9])
	}
	data := f[frameHead : n-frameTail]
	if len(data) != heatData {
		return fmt.Sprintf("holds %d bytes of data; a heat meter's reply holds %d", len(data), heatData)
	}
	unitFirst := data[0] == 0x90 && data[1] == 0x1f
	if !unitFirst && (data[0] != 0x1f || data[1] != 0x90) {
		return fmt.Sprintf("data identifier %02X%02X is not the one of a reading", data[0], data[1])
	}
	if reason := energy(rec, data[8:13], unitFirst); reason != "" {
		return reason
	}
	address := slices.Clone(f[2:9])
	slices.Reverse(address)
	owner, reason := d.name([]byte(strings.ToUpper(hex.EncodeToString(address))))
	if reason != "" {
		return "address " + reason
	}
	rec.Owner, rec.Kind = owner, HeatMeter
	w := Water{Volume: volume(data[23:28], unitFirst), Supply: hundredths(data[28:31]), Return: hundredths(data[31:34])}
	if w != (Water{}) {
		rec.Water = &w
	}
	return ""
}

// field takes a quantity apart: its unit and four bytes of BCD.
func field(b []byte, unitFirst bool) (unit byte, digits []byte) {
	if unitFirst {
		return b[0], b[1:5]
	}
	return b[4], b[:4]
}

// energy reads the register. Its digits have two decimals; MWh are moved by three to be kWh, without rounding.
func energy(rec *Record, b []byte, unitFirst bool) string {
	unit, digits := field(b, unitFirst)
	v, ok := bcd(digits)
	if !ok {
		return fmt.Sprintf("heat % X is not decimal", digits)
	}
	switch unit {
	case 0x05:
		rec.Unit, rec.Value = KWh, float64(v)/100
	case 0x08:
		rec.Unit, rec.Value = KWh, float64(v)*10
	case 0x11:
		rec.Unit, rec.Value = GJ, float64(v)/100
	default:
		return fmt.Sprintf("heat is in the unknown unit %02X; want 05 (kWh), 08 (MWh) or 11 (GJ)", unit)
	}
	return ""
}

func volume(b []byte, unitFirst bool) Quantity {
	const cubicMetres = 0x2c
	unit, digits := field(b, unitFirst)
	if unit != cubicMetres {
		return Quantity{}
	}
	return hundredths(digits)
}

func hundredths(digits []byte) Quantity {
	v, ok := bcd(digits)
	if !ok {
		return Quantity{}
	}
	return Quantity{Value: float64(v) / 100, Given: true}
}

// bcd reads binary coded decimals, low byte first.
func bcd(b []byte) (v int, ok bool) {
	for _, c := range slices.Backward(b) {
		if c>>4 > 9 || c&15 > 9 {
			return 0, false
		}
		v = v*100 + int(c>>4)*10 + int(c&15)
	}
	return v, true
}
