package casefile

import (
	"bytes"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/nuanju/nuanju/compliance"
)

// Temperatures outside these bounds, in °C, and calibrations larger than the last are no such thing.
const (
	coldest     = -273.15
	hottest     = 1000
	mostOffset  = 100
	maxID       = 100 // bytes
	maxRegister = 40  // characters
)

// wrong reports a cell and spoils the row.
func (r *row) wrong(column int, raw []byte, what string) {
	r.bad = true
	r.report(r.line, "%s %s %s", r.name(column), quote(raw), what)
}

// name is what the column is called in this file.
func (r *row) name(column int) string {
	if r.gj && r.columns[column] == unitKWh {
		return unitGJ
	}
	return r.columns[column]
}

// may is the cell of a column that may be left out or empty; false if it is. No cell may begin or end with a space: in a
// number it is a slip, and a proof of nothing but spaces would be one.
func (r *row) may(column int) ([]byte, bool) {
	at := r.places[column]
	if at < 0 {
		if column < len(r.columns)-r.table.may {
			r.bad = true // the header's fault, which has been reported
		}
		return nil, false
	}
	raw := r.fields[at]
	if len(bytes.TrimSpace(raw)) != len(raw) {
		r.wrong(column, raw, "begins or ends with a space")
		return nil, false
	}
	return raw, len(raw) > 0
}

// need is the cell of a column that must not be empty.
func (r *row) need(column int) ([]byte, bool) {
	at := r.places[column]
	if at >= 0 && len(r.fields[at]) == 0 {
		r.bad = true
		r.report(r.line, "%s is empty", r.name(column))
		return nil, false
	}
	return r.may(column)
}

func (r *row) instant(column int) compliance.Instant {
	raw, ok := r.need(column)
	if !ok {
		return 0
	}
	return r.toInstant(column, raw)
}

// mayInstant is a time, or 0 for an empty cell.
func (r *row) mayInstant(column int) compliance.Instant {
	raw, ok := r.may(column)
	if !ok {
		return 0
	}
	return r.toInstant(column, raw)
}

func (r *row) toInstant(column int, raw []byte) compliance.Instant {
	at, fault := parseTime(raw)
	switch fault {
	case timeNotOne:
		r.wrong(column, raw, "is not a time such as 2016-01-15T08:00:00+08:00")
	case timeNoOffset:
		r.wrong(column, raw, "has no offset from UTC such as +08:00")
	case timeFarOff:
		r.wrong(column, raw, "is not in the years 1971 to 2200")
	}
	return at
}

// span is an interval of time; its end may be its start, but not before it.
func (r *row) span(start, end int) (from, to compliance.Instant) {
	from, to = r.instant(start), r.instant(end)
	r.inOrder(start, end, !r.bad && to < from)
	return from, to
}

// days is a run of days; its last may be its first, but not before it.
func (r *row) days(start, end int) (first, last compliance.Date) {
	first, last = r.date(start), r.date(end)
	r.inOrder(start, end, !r.bad && last < first)
	return first, last
}

// inOrder reports that the later column's cell lies before the earlier column's, if it does.
func (r *row) inOrder(earlier, later int, before bool) {
	if before {
		r.wrong(later, r.fields[r.places[later]], "is before "+r.name(earlier)+" "+quote(r.fields[r.places[earlier]]))
	}
}

func (r *row) date(column int) compliance.Date {
	raw, ok := r.need(column)
	if !ok {
		return 0
	}
	d, err := compliance.ParseDate(string(raw))
	if err != nil {
		r.wrong(column, raw, "is not a date such as 2015-11-15")
	}
	return d
}

func (r *row) celsius(column int) float64 {
	raw, ok := r.need(column)
	if !ok {
		return 0
	}
	v, ok := parseFloat(raw)
	switch {
	case !ok:
		r.wrong(column, raw, "is not a number")
	case v < coldest || v > hottest:
		r.wrong(column, raw, "is not a temperature between −273.15 and 1000 °C")
	}
	return v
}

// calibration is an offset in °C, 0 for an empty cell.
func (r *row) calibration(column int) float64 {
	raw, ok := r.may(column)
	if !ok {
		return 0
	}
	v, ok := parseFloat(raw)
	switch {
	case !ok:
		r.wrong(column, raw, "is not a number")
	case math.Abs(v) > mostOffset:
		r.wrong(column, raw, "is not a calibration between −100 and 100 °C")
	}
	return v
}

// parseFloat reads a decimal number, also with an exponent, as the float64 nearest to it. A number too large for one is
// infinite; NaN, infinity in words, hexadecimals and underscores are no numbers.
func parseFloat(raw []byte) (float64, bool) {
	for _, c := range raw {
		if c-'0' > 9 && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E' {
			return 0, false
		}
	}
	v, err := strconv.ParseFloat(string(raw), 64)
	return v, err == nil || math.IsInf(v, 0)
}

// register is a value of a meter in kWh, exactly; nil if it is not one.
func (r *row) register(column int, gj bool) *big.Rat {
	raw, ok := r.need(column)
	if !ok {
		return nil
	}
	whole, decimals, point := bytes.Cut(raw, []byte("."))
	if len(raw) > maxRegister || !digits(whole) || point && !digits(decimals) {
		r.wrong(column, raw, "is not a register: digits, and decimals behind a point, at most 40 characters")
		return nil
	}
	v, ok := new(big.Rat).SetString(string(raw))
	if !ok {
		r.wrong(column, raw, "is not a register")
		return nil
	}
	if gj {
		v.Mul(v, big.NewRat(2500, 9)) // 1 GJ is 1000/3.6 kWh
	}
	return v
}

func digits(raw []byte) bool {
	return len(raw) > 0 && !slices.ContainsFunc(raw, func(c byte) bool { return c-'0' > 9 })
}

func (r *row) boolean(column int) bool {
	raw, ok := r.need(column)
	if ok && string(raw) != "true" && string(raw) != "false" {
		r.wrong(column, raw, "is neither true nor false")
	}
	return string(raw) == "true"
}

// oneOf is one of the words.
func oneOf[T ~string](r *row, column int, words ...T) T {
	raw, ok := r.need(column)
	if !ok {
		return ""
	}
	i := slices.Index(words, T(raw))
	if i < 0 {
		plain := make([]string, len(words))
		for i, w := range words {
			plain[i] = string(w)
		}
		r.wrong(column, raw, "is not one of "+strings.Join(plain, ", ")+didYouMean(nearest(string(raw), plain)))
		return ""
	}
	return words[i]
}

// id is a name that no other row of the table has; seen is where each was given.
func (r *row) id(column int, seen map[string]int) string {
	raw, ok := r.need(column)
	if !ok {
		return ""
	}
	if fault := idFault(string(raw)); fault != "" {
		r.wrong(column, raw, fault)
		return ""
	}
	if line, again := seen[string(raw)]; again {
		r.wrong(column, raw, "is on line "+strconv.Itoa(line)+" already")
		return ""
	}
	seen[string(raw)] = r.line
	return string(raw)
}

// idFault is what keeps a text from being an id, or "".
func idFault(id string) string {
	switch {
	case len(id) > maxID:
		return "is longer than 100 bytes"
	case !printable(id, ""):
		return "has a character that cannot be seen"
	}
	return ""
}

// text is what somebody wrote: a proof, an institution. It may go over lines, but has nothing in it that cannot be seen,
// since it is shown on terminals and in letters.
func (r *row) text(column int) string {
	raw, ok := r.may(column)
	if !ok {
		return ""
	}
	if text := string(raw); printable(text, "\n\t") {
		return text
	}
	r.wrong(column, raw, "has a character that cannot be seen")
	return ""
}

// printable reports whether every character of the text leaves ink or is a space, or is one of those allowed.
func printable(text, allowed string) bool {
	return !strings.ContainsFunc(text, func(c rune) bool { return !unicode.IsGraphic(c) && !strings.ContainsRune(allowed, c) })
}

// room is the place of a room among the household's, −1 if it is not known or the cell is empty and may be.
func (r *row) room(column int, needed bool) int {
	cell := r.may
	if needed {
		cell = r.need
	}
	raw, ok := cell(column)
	if !ok {
		return -1
	}
	i, declared := r.reader.rooms[string(raw)]
	if declared {
		return i
	}
	if !r.reader.roomsKnown {
		r.bad = true // case.yaml's fault, which has been reported
		return -1
	}
	r.wrong(column, raw, "is no room of case.yaml"+didYouMean(nearest(string(raw), r.reader.roomNames)))
	return -1
}
