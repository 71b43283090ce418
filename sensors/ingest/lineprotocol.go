package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/influxdata/line-protocol/v2/lineprotocol"

	"github.com/nuanju/nuanju/sensors"
)

// LineProtocol reads a body of line protocol into b. A line without a timestamp gets the time of receipt, whole.
//
// Measured kinds (temperature, heat_meter, outdoor) may carry further tags and fields, as gateways send them (host,
// humidity, battery): they stay in Raw and are not read. Declared kinds (heating, valve, setpoint) may not: a misspelt
// room or consent would change what they say; only the tag host, which Telegraf adds to everything, is passed over.
// Where InfluxDB takes the last of two fields with one name, this refuses the line.
func (d *Decoder) LineProtocol(b *Batch, body []byte, p Precision, received sensors.Instant) {
	b.reset(Form{Format: LineProtocol, Precision: p})
	if e, ok := d.tooMany(bytes.Count(body, newline) + 1); !ok {
		b.refuse(e, d.bounds.Errors)
		return
	}
	if int(p) >= len(precisions) {
		b.refuse(Error{Reason: p.String() + " is no precision"}, d.bounds.Errors)
		return
	}
	lines := lineReader{d: d, received: received, unit: int64(precisions[p].unit)}
	for pos, line := 0, 1; pos < len(body); {
		n, inner := entryLen(body[pos:])
		raw := body[pos : pos+n]
		d.line(b, &lines, body[pos:], trimCR(raw), line)
		pos += n + 1
		line += inner + 1
	}
}

var newline = []byte{'\n'}

func (d *Decoder) tooMany(n int) (Error, bool) {
	if n <= d.bounds.Lines+1 { // the last line may end with a newline
		return Error{}, true
	}
	return Error{Reason: fmt.Sprintf("more than %d readings in one body", d.bounds.Lines)}, false
}

func trimCR(raw []byte) []byte {
	if n := len(raw); n > 0 && raw[n-1] == '\r' {
		return raw[:n-1]
	}
	return raw
}

// line takes one line in, raw, which begins rest.
func (d *Decoder) line(b *Batch, lines *lineReader, rest, raw []byte, number int) {
	text := bytes.TrimLeft(raw, " ")
	if len(text) == 0 || text[0] == '#' {
		lines.shared = nil
		return
	}
	b.Records = append(b.Records, Record{})
	rec := &b.Records[len(b.Records)-1]
	err := lines.read(rec, rest, raw)
	if err == nil {
		rec.Raw, rec.Line = raw, int32(number)
		return
	}
	b.Records = b.Records[:len(b.Records)-1]
	e := Error{Line: number, Reason: err.Error()}
	var syntax *lineprotocol.DecodeError
	if errors.As(err, &syntax) {
		e.Column, e.Reason = syntax.Column, syntax.Err.Error()
		if inner := int(syntax.Line) - 1; inner > 0 && bytes.IndexByte(raw, '\n') >= 0 {
			e.Line += inner
		} else {
			e.Column += len(raw) - len(text)
		}
	}
	b.list(e, d.bounds.Errors)
	b.Rejected++
}

// lineReader reads the lines of one body. Runs of plain lines share a protocol decoder, since each of those brings its
// own buffer; a line with a quote in it, which may hold newlines, gets its own, so that what is a line is decided in one
// place (entryLen) and nothing inside a string can pass for a reading.
type lineReader struct {
	d        *Decoder
	shared   *lineprotocol.Decoder
	received sensors.Instant
	unit     int64 // nanoseconds
}

func (l *lineReader) read(rec *Record, rest, raw []byte) error {
	if len(raw) > l.d.bounds.LineBytes {
		l.shared = nil
		return fmt.Errorf("longer than %d bytes", l.d.bounds.LineBytes)
	}
	if raw[0] == ' ' || bytes.IndexByte(raw, '"') >= 0 {
		l.shared = nil
		dec := lineprotocol.NewDecoderWithBytes(raw)
		dec.Next()
		if err := l.entry(dec, rec); err != nil {
			return err
		}
		if dec.Next() {
			return errors.New("unexpected newline")
		}
		return nil
	}
	if l.shared == nil {
		l.shared = lineprotocol.NewDecoderWithBytes(rest)
	}
	l.shared.Next()
	return l.entry(l.shared, rec)
}

// entry reads the entry that dec stands at.
func (l *lineReader) entry(dec *lineprotocol.Decoder, rec *Record) error {
	measurement, err := dec.Measurement()
	if err != nil {
		return err
	}
	kind := kindOf(measurement)
	if kind == 0 {
		return fmt.Errorf("unknown measurement %s; want temperature, heat_meter, outdoor, heating, valve or setpoint", quoted(measurement))
	}
	draft := &l.d.draft
	draft.reset()
	pairs := 0
	if err := l.tags(dec, kind, &pairs); err != nil {
		return err
	}
	if err := l.fields(dec, kind, &pairs); err != nil {
		return err
	}
	stamp, err := dec.TimeBytes()
	if err != nil {
		return err
	}
	draft.at = l.received
	if stamp != nil {
		rec.Stamped = true
		if draft.at, err = l.time(stamp); err != nil {
			return err
		}
	}
	draft.fill(rec, kind)
	return nil
}

func kindOf(measurement []byte) Kind {
	switch string(measurement) {
	case "temperature":
		return Temperature
	case "heat_meter":
		return HeatMeter
	case "outdoor":
		return Outdoor
	case "heating":
		return Heating
	case "valve":
		return Valve
	case "setpoint":
		return Setpoint
	}
	return 0
}

func (l *lineReader) tags(dec *lineprotocol.Decoder, kind Kind, pairs *int) error {
	r, draft := &rules[kind], &l.d.draft
	for {
		tag, value, err := dec.NextTag()
		if err != nil {
			return err
		}
		if tag == nil {
			break
		}
		if *pairs++; *pairs > l.d.bounds.Pairs {
			return fmt.Errorf("more than %d tags and fields", l.d.bounds.Pairs)
		}
		k := keyCount
		switch {
		case string(tag) == keyNames[r.owner]:
			k = r.owner
		case string(tag) == keyNames[keyRoom] && r.more.has(keyRoom):
			k = keyRoom
		case fieldOf(tag, kind) != keyCount:
			return fmt.Errorf("%s is a field of %s, not a tag", tag, r.name)
		case r.said && string(tag) != "host":
			return fmt.Errorf("unknown tag %s; %s is declared for a %s", quoted(tag), r.name, keyNames[r.owner])
		default:
			continue
		}
		if draft.given.has(k) {
			return fmt.Errorf("tag %s is given twice", tag)
		}
		text, reason := l.d.name(value)
		if reason != "" {
			return fmt.Errorf("tag %s %s", tag, reason)
		}
		draft.given |= set(k)
		draft.text[k] = text
	}
	if !draft.given.has(r.owner) {
		return fmt.Errorf("tag %s is missing", keyNames[r.owner])
	}
	return nil
}

// fieldOf is the key of a field of the kind, keyCount if it has no such field. A setpoint's value is called celsius here.
func fieldOf(field []byte, kind Kind) key {
	if kind == Setpoint && string(field) == keyNames[keyCelsius] {
		return keySetpoint
	}
	if kind == Setpoint && string(field) == keyNames[keySetpoint] {
		return keyCount
	}
	r := &rules[kind]
	for fields := (r.values | r.more) &^ set(keyRoom); fields != 0; fields &= fields - 1 {
		if k := fields.first(); string(field) == keyNames[k] {
			return k
		}
	}
	return keyCount
}

func (l *lineReader) fields(dec *lineprotocol.Decoder, kind Kind, pairs *int) error {
	r, draft := &rules[kind], &l.d.draft
	for {
		field, typ, value, err := dec.NextFieldBytes()
		if err != nil {
			return err
		}
		if field == nil {
			break
		}
		if *pairs++; *pairs > l.d.bounds.Pairs {
			return fmt.Errorf("more than %d tags and fields", l.d.bounds.Pairs)
		}
		k := fieldOf(field, kind)
		if k == keyCount {
			if r.said {
				return fmt.Errorf("unknown field %s; %s takes %s", quoted(field), r.name, fieldNames(kind))
			}
			continue
		}
		if draft.given.has(k) {
			return fmt.Errorf("field %s is given twice", field)
		}
		draft.given |= set(k)
		if reason := l.value(k, typ, value); reason != "" {
			return fmt.Errorf("field %s %s", field, reason)
		}
	}
	switch {
	case draft.given&r.values == 0:
		return fmt.Errorf("field %s is missing", strings.ReplaceAll(valueNames(kind), ", ", " or "))
	case draft.given&registers == registers:
		return errors.New("kwh and gj are given together; a register has one unit")
	}
	return nil
}

// value reads a field's value into the draft; it returns why not.
func (l *lineReader) value(k key, typ lineprotocol.ValueKind, b []byte) (reason string) {
	draft := &l.d.draft
	switch {
	case textKeys.has(k):
		if typ != lineprotocol.String {
			return "is not a quoted string"
		}
		draft.text[k], reason = l.d.text(k, b)
		return reason
	case flagKeys.has(k):
		switch string(b) {
		case "t", "T", "true", "True", "TRUE":
			draft.flag[k] = true
		case "f", "F", "false", "False", "FALSE":
			draft.flag[k] = false
		default:
			typ = lineprotocol.Unknown
		}
		if typ != lineprotocol.Bool {
			return "is not true or false"
		}
		return ""
	}
	switch typ {
	case lineprotocol.Float:
		draft.number[k], reason = number(b)
	case lineprotocol.Int, lineprotocol.Uint:
		if draft.number[k], reason = integer(b); reason == "" && typ == lineprotocol.Uint && b[0] == '-' {
			reason = quoted(b) + " is negative, but unsigned"
		}
	default:
		reason = "is a " + typ.String() + ", not a number"
	}
	return reason
}

func (l *lineReader) time(stamp []byte) (sensors.Instant, error) {
	n, err := strconv.ParseInt(string(stamp), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("timestamp %s is not an integer of 64 bits", quoted(stamp))
	}
	if n > math.MaxInt64/l.unit || n < math.MinInt64/l.unit {
		return 0, fmt.Errorf("timestamp %s is beyond the year 2262: is it of the precision given?", quoted(stamp))
	}
	return sensors.Instant(n * l.unit), nil
}

// valueNames and fieldNames are what a kind's fields are called in line protocol.
func valueNames(kind Kind) string {
	if kind == Setpoint {
		return keyNames[keyCelsius]
	}
	return rules[kind].values.String()
}

func fieldNames(kind Kind) string {
	more := rules[kind].more &^ set(keyRoom)
	if more == 0 {
		return valueNames(kind)
	}
	return valueNames(kind) + ", " + more.String()
}
