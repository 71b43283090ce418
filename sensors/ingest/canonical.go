package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/nuanju/nuanju/sensors"
)

// Format is how a body was written.
type Format uint8

// The formats.
const (
	LineProtocol Format = iota + 1
	JSON
	CSV
	CJT188
)

var formatNames = [...]string{LineProtocol: "line", JSON: "json", CSV: "csv", CJT188: "cjt188"}

// String is the name of the format in canonical content.
func (f Format) String() string {
	if int(f) < len(formatNames) && f > 0 {
		return formatNames[f]
	}
	return fmt.Sprintf("Format(%d)", uint8(f))
}

// Form is what a reader of raw bytes must know beside them.
type Form struct {
	Format    Format
	Precision Precision // of line protocol's timestamps
	Header    []byte    // the header row of CSV, as received; inside the body
}

// magic begins canonical content. Content is hashed into the evidence log and read for as long as disputes last: what
// version 1 means never changes, another meaning needs another number.
const magic = "nuanju-readings/1"

// AppendCanonical appends to dst the content that the evidence log hashes: the records' bytes exactly as received, and
// what is needed to read them again, as text that a person can read too:
//
//	nuanju-readings/1 line ms 2
//	46 temperature,device=a celsius=18 1737000000000
//	46 temperature,device=a celsius=19 1737000900000
//
// First the format, the precision and the number of records, then each with its length in bytes. In CSV the header row
// comes first. Equal records give equal content.
func AppendCanonical(dst []byte, f Form, records []Record) []byte {
	dst = append(dst, magic...)
	dst = append(dst, ' ')
	dst = append(dst, f.Format.String()...)
	dst = append(dst, ' ')
	dst = append(dst, f.Precision.String()...)
	dst = append(dst, ' ')
	dst = strconv.AppendInt(dst, int64(len(records)), 10)
	dst = append(dst, '\n')
	if f.Format == CSV {
		dst = appendItem(dst, f.Header)
	}
	for i := range records {
		dst = appendItem(dst, records[i].Raw)
	}
	return dst
}

func appendItem(dst, raw []byte) []byte {
	dst = strconv.AppendInt(dst, int64(len(raw)), 10)
	dst = append(dst, ' ')
	dst = append(dst, raw...)
	return append(dst, '\n')
}

// ParseCanonical takes content apart into what AppendCanonical was given; the slices are inside content. There is one
// content for given bytes: anything else is an error that names the place.
func ParseCanonical(content []byte) (Form, [][]byte, error) {
	head, rest, ok := bytes.Cut(content, newline)
	words := bytes.Split(head, []byte{' '})
	if !ok || len(words) != 4 || string(words[0]) != magic {
		return Form{}, nil, fmt.Errorf("content: does not begin with %s", magic)
	}
	var f Form
	for i, n := range formatNames {
		if n != "" && n == string(words[1]) {
			f.Format = Format(i)
		}
	}
	p, err := ParsePrecision(string(words[2]))
	count, good := canonicalInt(words[3])
	if f.Format == 0 || err != nil || len(words[2]) == 0 || !good || f.Format != LineProtocol && p != Nanosecond {
		return Form{}, nil, fmt.Errorf("content: head %s is not a format, a precision and a count", quoted(head))
	}
	f.Precision = p
	at := len(head) + 1
	var items [][]byte
	for len(rest) > 0 {
		length, after, ok := bytes.Cut(rest, []byte{' '})
		n, good := canonicalInt(length)
		if !ok || !good || n >= len(after) || after[n] != '\n' {
			return Form{}, nil, fmt.Errorf("content: byte %d does not begin a record", at)
		}
		items = append(items, after[:n])
		at += len(length) + n + 2
		rest = after[n+1:]
	}
	if f.Format == CSV {
		if len(items) == 0 {
			return Form{}, nil, errors.New("content: the header row is missing")
		}
		f.Header, items = items[0], items[1:]
	}
	if len(items) != count {
		return Form{}, nil, fmt.Errorf("content: holds %d records and says %d", len(items), count)
	}
	return f, items, nil
}

// canonicalInt reads a count as strconv writes it: no sign, no leading zero.
func canonicalInt(b []byte) (int, bool) {
	n, err := strconv.Atoi(string(b))
	return n, err == nil && n >= 0 && strconv.Itoa(n) == string(b)
}

// Reparse reads into b the records that AppendCanonical was given, from its content alone; received is the time of
// receipt that they were decoded with, which stands for their time where the sender gave none. Line counts from 1 within
// the content. What was accepted once stays readable: today's bounds do not apply. An error means that content was
// never accepted or is not what it was.
func (d *Decoder) Reparse(b *Batch, content []byte, received sensors.Instant) error {
	f, items, err := ParseCanonical(content)
	if err != nil {
		return err
	}
	bounds := d.bounds
	d.bounds = Bounds{Lines: math.MaxInt32, LineBytes: math.MaxInt32, Pairs: math.MaxInt32, Names: bounds.Names, Errors: 1}
	defer func() { d.bounds = bounds }()
	sep := newline
	body := make([]byte, 0, len(content)+2)
	switch f.Format {
	case LineProtocol:
		d.LineProtocol(b, join(body, items, sep), f.Precision, received)
	case CSV:
		body = append(append(body, f.Header...), '\n')
		d.CSV(b, join(body, items, sep))
	case CJT188:
		d.CJT188(b, join(body, items, nil), received)
	case JSON:
		body = join(append(body, '['), items, []byte{','})
		d.JSON(b, append(body, ']'))
	}
	switch {
	case b.Rejected > 0:
		return fmt.Errorf("content: %w", b.Errors[0])
	case len(b.Records) != len(items):
		return fmt.Errorf("content: %d records were read from %d", len(b.Records), len(items))
	}
	for i := range items {
		if !bytes.Equal(b.Records[i].Raw, items[i]) {
			return fmt.Errorf("content: record %d is not one reading", i+1)
		}
		b.Records[i].Line = int32(i + 1)
	}
	return nil
}

func join(dst []byte, items [][]byte, sep []byte) []byte {
	for i, item := range items {
		if i > 0 {
			dst = append(dst, sep...)
		}
		dst = append(dst, item...)
	}
	return dst
}
