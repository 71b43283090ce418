package ingest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// JSON reads a body into b: an array of readings, or an object whose only key, readings, holds one. A reading is an
// object of these keys, and what it tells follows from them:
//
//	time                    RFC 3339 with an offset; always needed
//	device, celsius         a room's temperature
//	device, kwh or gj       a heat register; may have m3, supply, return
//	station, celsius        the outdoor temperature
//	household, on           demand for heat; may have source (resident, supplier) and consent
//	household, open         a control valve; may have room
//	household, setpoint     the wanted temperature; may have room
//
// It is strict: an unknown or repeated key, a null, a number in quotes is an error at its JSON pointer, and every error
// of every reading is listed.
func (d *Decoder) JSON(b *Batch, body []byte) {
	b.reset(Form{Format: JSON})
	body = bytes.TrimPrefix(body, bom)
	if e, ok := validText(body); !ok {
		b.refuse(e, d.bounds.Errors)
		return
	}
	if !json.Valid(body) {
		b.refuse(syntaxError(body), d.bounds.Errors)
		return
	}
	list, prefix, e, ok := elements(body)
	if !ok {
		b.refuse(e, d.bounds.Errors)
		return
	}
	c := cursor{b: list}
	c.enter()
	for n := 1; c.more(']'); n++ {
		if n > d.bounds.Lines {
			e, _ := d.tooMany(n + 1)
			b.refuse(e, d.bounds.Errors)
			return
		}
		d.element(b, c.value(), n, prefix)
	}
}

var bom = []byte("\xef\xbb\xbf")

func validText(body []byte) (Error, bool) {
	if utf8.Valid(body) {
		return Error{}, true
	}
	good := 0
	for good < len(body) {
		r, n := utf8.DecodeRune(body[good:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		good += n
	}
	e := position(body, good)
	e.Reason = "not UTF-8"
	return e, false
}

// position is the line and column of a byte.
func position(body []byte, at int) Error {
	before := body[:at]
	return Error{
		Line:   bytes.Count(before, newline) + 1,
		Column: at - bytes.LastIndexByte(before, '\n'),
	}
}

func syntaxError(body []byte) Error {
	var raw json.RawMessage
	err := json.Unmarshal(body, &raw)
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		return Error{Reason: "not JSON"}
	}
	e := position(body, max(0, min(int(syntax.Offset), len(body))-1))
	e.Reason = syntax.Error()
	return e
}

// elements finds the array of readings in valid JSON, and the pointer to it.
func elements(body []byte) (list []byte, prefix string, e Error, ok bool) {
	c := cursor{b: body}
	v := c.value()
	if v[0] == '[' {
		return v, "", Error{}, true
	}
	const want = `want an array of readings, or {"readings": […]}`
	if v[0] != '{' {
		return nil, "", Error{Reason: want + ", got " + describe(v)}, false
	}
	c = cursor{b: v}
	c.enter()
	for c.more('}') {
		k := unquote(c.value())
		c.colon()
		v := c.value()
		switch {
		case k != "readings":
			return nil, "", Error{Pointer: "/" + escapePointer(k), Reason: "unknown key; " + want}, false
		case list != nil:
			return nil, "", Error{Pointer: "/readings", Reason: "is given twice"}, false
		case v[0] != '[':
			return nil, "", Error{Pointer: "/readings", Reason: "want an array, got " + describe(v)}, false
		}
		list = v
	}
	if list == nil {
		return nil, "", Error{Reason: want}, false
	}
	return list, "/readings", Error{}, true
}

// element takes one element in; n is its place from 1.
func (d *Decoder) element(b *Batch, raw []byte, n int, prefix string) {
	draft := &d.draft
	draft.reset()
	var kind Kind
	switch {
	case len(raw) > d.bounds.LineBytes:
		draft.blame(keyCount, "longer than %d bytes", d.bounds.LineBytes)
	case raw[0] != '{':
		draft.blame(keyCount, "want an object, got %s", describe(raw))
	default:
		unknown := d.object(raw)
		for _, u := range unknown {
			b.list(Error{Line: n, Pointer: pointer(prefix, n, u), Reason: "unknown key"}, d.bounds.Errors)
		}
		kind = draft.kind()
		if len(unknown) > 0 {
			kind = 0
		}
	}
	if kind != 0 && len(draft.faults) == 0 {
		b.Records = append(b.Records, Record{Raw: raw, Line: int32(n), Stamped: true})
		draft.fill(&b.Records[len(b.Records)-1], kind)
		return
	}
	b.Rejected++
	for _, f := range draft.faults {
		at := ""
		if f.key != keyCount {
			at = keyNames[f.key]
		}
		b.list(Error{Line: n, Pointer: pointer(prefix, n, at), Reason: f.reason}, d.bounds.Errors)
	}
}

// object reads an object's keys into the draft and returns the unknown ones.
func (d *Decoder) object(raw []byte) (unknown []string) {
	draft := &d.draft
	c := cursor{b: raw}
	c.enter()
	for c.more('}') {
		token := c.value()
		c.colon()
		v := c.value()
		k, ok := lookup(token[1 : len(token)-1])
		if !ok {
			plain := unquote(token)
			if k, ok = lookup([]byte(plain)); !ok {
				unknown = append(unknown, plain)
				continue
			}
		}
		if draft.given.has(k) {
			draft.blame(k, "is given twice")
			continue
		}
		draft.given |= set(k)
		d.member(k, v)
	}
	return unknown
}

// member reads the value of a key into the draft.
func (d *Decoder) member(k key, v []byte) {
	draft := &d.draft
	want, ok := "a number", v[0] == '-' || v[0] >= '0' && v[0] <= '9'
	switch {
	case flagKeys.has(k):
		want, ok = "true or false", v[0] == 't' || v[0] == 'f'
	case textKeys.has(k) || k == keyTime:
		want, ok = "a string", v[0] == '"'
	}
	if !ok {
		draft.blame(k, "want %s, got %s", want, describe(v))
		return
	}
	if v[0] == '"' {
		if bytes.IndexByte(v, '\\') >= 0 {
			v = []byte(unquote(v))
		} else {
			v = v[1 : len(v)-1]
		}
	}
	d.set(k, v)
}

// set reads the text of a value into the draft and blames the key if it cannot.
func (d *Decoder) set(k key, v []byte) {
	draft := &d.draft
	var reason string
	switch {
	case k == keyTime:
		draft.at, reason = instant(v)
	case flagKeys.has(k):
		draft.flag[k] = string(v) == "true"
		if !draft.flag[k] && string(v) != "false" {
			reason = quoted(v) + " is neither true nor false"
		}
	case textKeys.has(k):
		draft.text[k], reason = d.text(k, v)
	default:
		draft.number[k], reason = number(v)
	}
	if reason != "" {
		draft.faults = append(draft.faults, fault{k, reason})
	}
}

// pointer is the RFC 6901 pointer to a key of the n-th element.
func pointer(prefix string, n int, key string) string {
	p := prefix + "/" + strconv.Itoa(n-1)
	if key != "" {
		p += "/" + escapePointer(key)
	}
	return p
}

// escapePointer escapes a key for a pointer, and what would break the line that shows it.
func escapePointer(key string) string {
	q := strconv.Quote(shorten(key, maxQuoted))
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(q[1 : len(q)-1])
}

// unquote is the text of a JSON string token.
func unquote(token []byte) string {
	var s string
	if err := json.Unmarshal(token, &s); err != nil {
		return fmt.Sprintf("%q", token) // cannot be: the body is valid JSON
	}
	return s
}

// describe names the type of a JSON value.
func describe(v []byte) string {
	switch v[0] {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "a string"
	case 'n':
		return "null"
	case 't', 'f':
		return string(v)
	}
	return "a number"
}
