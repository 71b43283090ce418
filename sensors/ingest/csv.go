package ingest

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
)

// CSV reads a body into b: a header row, then a reading a row, comma separated as in RFC 4180, with or without a byte
// order mark, LF or CRLF. The columns are the keys of [Decoder.JSON], in any order; readings of several kinds may stand
// in one file, each with the other kinds' cells empty. It is as strict as JSON; every error of every row is listed.
func (d *Decoder) CSV(b *Batch, body []byte) {
	b.reset(Form{Format: CSV})
	body = bytes.TrimPrefix(body, bom)
	if e, ok := validText(body); !ok {
		b.refuse(e, d.bounds.Errors)
		return
	}
	if e, ok := d.tooMany(bytes.Count(body, newline)); !ok {
		b.refuse(e, d.bounds.Errors)
		return
	}
	t := table{body: body, r: csv.NewReader(bytes.NewReader(body))}
	t.r.ReuseRecord = true
	t.r.FieldsPerRecord = -1
	header, err := t.next()
	if err != nil {
		b.refuse(rowError(err), d.bounds.Errors)
		return
	}
	if faults := t.columns(header); len(faults) > 0 {
		b.Rejected++
		for _, e := range faults {
			b.list(e, d.bounds.Errors)
		}
		return
	}
	b.Header = t.raw
	for {
		row, err := t.next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			b.refuse(rowError(err), d.bounds.Errors)
			return
		}
		d.row(b, &t, row)
	}
}

// table reads rows and knows the bytes of each.
type table struct {
	body []byte
	r    *csv.Reader
	raw  []byte // the row read last
	line int    // where it starts
	keys []key  // by column
}

func (t *table) next() ([]string, error) {
	start := t.r.InputOffset()
	row, err := t.r.Read()
	if err != nil {
		return nil, err
	}
	raw := t.body[start:t.r.InputOffset()]
	for len(raw) > 0 && (raw[0] == '\n' || bytes.HasPrefix(raw, []byte("\r\n"))) { // empty lines before it
		raw = raw[bytes.IndexByte(raw, '\n')+1:]
	}
	t.raw = trimCR(bytes.TrimSuffix(raw, newline))
	t.line, _ = t.r.FieldPos(0)
	return row, nil
}

// columns reads the header.
func (t *table) columns(header []string) (faults []Error) {
	var given keys
	for _, cell := range header {
		k, ok := lookup([]byte(cell))
		switch {
		case !ok:
			faults = append(faults, Error{Line: t.line, Field: quoted([]byte(cell)), Reason: "unknown column"})
		case given.has(k):
			faults = append(faults, Error{Line: t.line, Field: cell, Reason: "is given twice"})
		}
		given |= set(k)
		t.keys = append(t.keys, k)
	}
	if len(faults) == 0 && !given.has(keyTime) {
		faults = append(faults, Error{Line: t.line, Field: keyNames[keyTime], Reason: "is missing"})
	}
	return faults
}

// row takes one row in.
func (d *Decoder) row(b *Batch, t *table, row []string) {
	draft := &d.draft
	draft.reset()
	var kind Kind
	switch {
	case len(t.raw) > d.bounds.LineBytes:
		draft.blame(keyCount, "longer than %d bytes", d.bounds.LineBytes)
	case len(row) != len(t.keys):
		draft.blame(keyCount, "has %d cells; the header has %d", len(row), len(t.keys))
	default:
		for i, cell := range row {
			if cell == "" {
				continue
			}
			draft.given |= set(t.keys[i])
			d.set(t.keys[i], []byte(cell))
		}
		kind = draft.kind()
	}
	if kind != 0 && len(draft.faults) == 0 {
		b.Records = append(b.Records, Record{Raw: t.raw, Line: int32(t.line), Stamped: true})
		draft.fill(&b.Records[len(b.Records)-1], kind)
		return
	}
	b.Rejected++
	for _, f := range draft.faults {
		e := Error{Line: t.line, Reason: f.reason}
		if f.key != keyCount {
			e.Field = keyNames[f.key]
		}
		b.list(e, d.bounds.Errors)
	}
}

// rowError is what the CSV reader says. Once its quoting is broken, nothing in a file can be told from text inside a
// cell, so that the whole of it is refused.
func rowError(err error) Error {
	var p *csv.ParseError
	switch {
	case errors.Is(err, io.EOF):
		return Error{Reason: "empty; want a header row"}
	case errors.As(err, &p):
		return Error{Line: p.Line, Column: p.Column, Reason: p.Err.Error()}
	}
	return Error{Reason: fmt.Sprint(err)}
}
