package main

import (
	"encoding/json"
	"io"
	"strconv"
	"time"

	"github.com/nuanju/nuanju/compliance"
)

// jsonWriter writes JSON as it goes, so that a season of many tiles costs no memory: a line for each member of the
// outermost object and for each entry of a list. It keeps the first error of the writer.
type jsonWriter struct {
	w     io.Writer
	buf   []byte
	first bool // nothing has been written yet in the object or array that is open
	depth int  // of objects
	err   error
}

// flushAt is how much is kept before it is written.
const flushAt = 1 << 16

func (j *jsonWriter) flush() {
	if j.err == nil {
		_, j.err = j.w.Write(j.buf)
	}
	j.buf = j.buf[:0]
}

func (j *jsonWriter) comma() {
	if !j.first {
		j.buf = append(j.buf, ',')
	}
	j.first = false
}

// object writes {…}; members writes what is in it.
func (j *jsonWriter) object(members func()) {
	j.buf = append(j.buf, '{')
	j.first = true
	j.depth++
	members()
	j.depth--
	j.buf = append(j.buf, '}')
	j.first = false
}

// list writes […] of n entries, each on a line of its own.
func (j *jsonWriter) list(n int, entry func(i int)) {
	j.inline(n, func(i int) {
		j.buf = append(j.buf, '\n', ' ')
		entry(i)
		if len(j.buf) >= flushAt {
			j.flush()
		}
	})
}

// inline writes […] of n entries.
func (j *jsonWriter) inline(n int, entry func(i int)) {
	j.buf = append(j.buf, '[')
	for i := range n {
		if i > 0 {
			j.buf = append(j.buf, ',')
		}
		entry(i)
	}
	j.buf = append(j.buf, ']')
	j.first = false
}

// key begins a member.
func (j *jsonWriter) key(name string) {
	j.comma()
	if j.depth == 1 {
		j.buf = append(j.buf, '\n')
	}
	j.text(name)
	j.buf = append(j.buf, ':')
}

// text writes a string.
func (j *jsonWriter) text(s string) {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' || c >= 0x80 {
			escaped, err := json.Marshal(s)
			if err != nil && j.err == nil {
				j.err = err
			}
			j.buf = append(j.buf, escaped...)
			return
		}
	}
	j.buf = append(j.buf, '"')
	j.buf = append(j.buf, s...)
	j.buf = append(j.buf, '"')
}

// number writes a float in its shortest exact decimal form; one that is not finite is null.
func (j *jsonWriter) number(v float64) { j.buf = compliance.AppendNumber(j.buf, v) }

func (j *jsonWriter) bool(b bool) { j.buf = strconv.AppendBool(j.buf, b) }

// time writes an instant as RFC 3339, with decimals of a second only where it has any.
func (j *jsonWriter) time(t time.Time) {
	j.buf = append(j.buf, '"')
	j.buf = t.AppendFormat(j.buf, time.RFC3339Nano)
	j.buf = append(j.buf, '"')
}

// textMember writes a member whose value is a string; likewise the others.
func (j *jsonWriter) textMember(name, s string) { j.key(name); j.text(s) }

func (j *jsonWriter) boolMember(name string, b bool) { j.key(name); j.bool(b) }

func (j *jsonWriter) numberMember(name string, v float64) { j.key(name); j.number(v) }
