package configs

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/token"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/sensors"
)

// Value is what stands behind a key. The zero Value is that of an absent key: its methods give zero values and
// report nothing. A method that finds another type than its own reports it and gives the zero value.
type Value struct {
	doc  *Document
	node *node
}

// Given reports whether the key is there.
func (v Value) Given() bool { return v.node != nil }

// OK reports whether the key is there and nothing has been found wrong with its value so far, at any depth. It is for
// what a reader checks beyond types: ask it after the value was read, and before comparing it with another.
func (v Value) OK() bool { return v.node.ok() }

// Line is the value's line, 0 if absent.
func (v Value) Line() int {
	if v.node == nil {
		return 0
	}
	return v.node.line
}

// Report adds a problem of the value, with its path and line. It does nothing if the key is absent.
func (v Value) Report(format string, args ...any) {
	if v.node != nil {
		v.node.faulty = true
		v.doc.Report(v.node.line, "%s: %s", v.node.path, fmt.Sprintf(format, args...))
	}
}

// Is reports whether the value is this word, for a word that stands in another type's place: `none`, `always`.
func (v Value) Is(word string) bool {
	return v.node != nil && v.node.kind == scalar && v.node.text == word
}

func (v Value) is(k kind) bool { return v.node != nil && v.node.kind == k }

func (v Value) want(what string) {
	if v.node.typ == token.NullType || v.node.typ == token.ImplicitNullType {
		v.Report("has no value; want %s", what)
		return
	}
	v.Report("want %s, got %s", what, v.node.describe())
}

func (n *node) describe() string {
	switch {
	case n.kind == mapping:
		return "a mapping"
	case n.kind == sequence:
		return "a list"
	case n.quoted:
		return fmt.Sprintf("the text %q", shorten(n.text))
	}
	return shorten(n.text)
}

func shorten(text string) string {
	if r := []rune(text); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return text
}

// Map is a mapping; nil if absent or something else.
func (v Value) Map() *Map {
	if v.node == nil {
		return nil
	}
	if v.node.kind != mapping {
		v.want("a mapping")
		return nil
	}
	return v.doc.open(v.node)
}

// Maps is a list of mappings. It may be empty; what is not a mapping is reported and left out.
func (v Value) Maps() []*Map {
	if v.node == nil {
		return nil
	}
	if v.node.kind != sequence {
		v.want("a list of mappings")
		return nil
	}
	var maps []*Map
	for _, item := range v.node.items {
		if item == nil {
			continue
		}
		if m := (Value{v.doc, item}).Map(); m != nil {
			maps = append(maps, m)
		}
	}
	return maps
}

// Text is a text of one line that is not empty, without control characters (an escape could write one). A number,
// true, or null is not a text unless it is quoted.
func (v Value) Text() string {
	switch {
	case v.node == nil:
	case v.node.kind != scalar || v.node.typ == token.NullType || v.node.typ == token.ImplicitNullType:
		v.want("a text")
	case v.node.typ != token.StringType:
		v.Report("want a text, got %s: put it in quotes", shorten(v.node.text))
	case strings.TrimSpace(v.node.text) == "":
		v.Report("want a text, got an empty one")
	default:
		text := strings.TrimRight(v.node.text, "\n") // of a block with > or |
		bad, found := forbidden(text)
		if !found {
			return text
		}
		v.Report("character %U is not allowed", bad)
	}
	return ""
}

// Bool is true or false, and no other word.
func (v Value) Bool() bool {
	if v.node == nil {
		return false
	}
	if v.node.typ != token.BoolType || v.node.text != "true" && v.node.text != "false" {
		v.want("true or false")
		return false
	}
	return v.node.text == "true"
}

// Decimal is a number exactly as it was written; see compliance.ParseDecimal. A quoted number is a text.
func (v Value) Decimal() compliance.Decimal {
	d, _ := v.decimal("a decimal number")
	return d
}

func (v Value) decimal(what string) (compliance.Decimal, bool) {
	if v.node == nil {
		return compliance.Decimal{}, false
	}
	d, err := compliance.ParseDecimal(v.node.text)
	whole := strings.TrimPrefix(v.node.text, "-")
	leadingZero := len(whole) > 1 && whole[0] == '0' && whole[1] != '.'
	if err != nil || v.node.kind != scalar || v.node.quoted || leadingZero {
		v.want(what)
		return compliance.Decimal{}, false
	}
	return d, true
}

// Celsius is a number in [low, high] as a float64; it is never NaN.
func (v Value) Celsius(low, high float64) float64 {
	d, ok := v.decimal("a temperature in °C")
	if !ok {
		return 0
	}
	f, err := strconv.ParseFloat(d.String(), 64)
	if err != nil || !(f >= low && f <= high) {
		v.Report("%s °C is not between %g and %g", d, low, high)
		return 0
	}
	return f
}

// Int is a whole number in [low, high].
func (v Value) Int(low, high int) int {
	d, ok := v.decimal("a whole number")
	if !ok {
		return 0
	}
	n, err := strconv.Atoi(d.String())
	if err != nil {
		v.want("a whole number")
		return 0
	}
	if n < low || n > high {
		v.Report("%d is not between %d and %d", n, low, high)
		return 0
	}
	return n
}

// scalarText is the text of a scalar of whatever spelling, quoted or not.
func (v Value) scalarText() string {
	if v.node.kind != scalar {
		return ""
	}
	return v.node.text
}

// Date is a day as 2015-11-15, quoted or not.
func (v Value) Date() compliance.Date {
	if v.node == nil {
		return 0
	}
	d, err := compliance.ParseDate(v.scalarText())
	if err != nil {
		v.want("a date such as 2015-11-15")
	}
	return d
}

// MonthDay is a day of every year as 11-15. 29 February does not come every year and is refused.
func (v Value) MonthDay() compliance.MonthDay {
	if v.node == nil {
		return compliance.MonthDay{}
	}
	t, err := time.Parse("2006-01-02", "2001-"+v.scalarText())
	if err != nil {
		v.want("a day of every year as month and day, such as 11-15")
		return compliance.MonthDay{}
	}
	return compliance.MonthDay{Month: t.Month(), Day: t.Day()}
}

// timeForm is RFC 3339 without the liberties that time.Parse takes: one-digit hours, decimal commas, offsets of a day.
var timeForm = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$`)

// Time is an instant in RFC 3339 with an offset or Z, of the years 1900 to 2200.
func (v Value) Time() sensors.Instant {
	if v.node == nil {
		return 0
	}
	t, err := time.Parse(time.RFC3339Nano, v.scalarText())
	if err != nil || !timeForm.MatchString(v.node.text) || t.Year() < 1900 || t.Year() > 2200 {
		v.want("a time with an offset, such as 2016-01-23T08:00:00+08:00")
		return 0
	}
	return sensors.At(t)
}

// Duration is hours, minutes and seconds as 12h, 90m or 1h30m, in [least, most].
func (v Value) Duration(least, most time.Duration) time.Duration {
	if v.node == nil {
		return 0
	}
	d, err := time.ParseDuration(v.scalarText())
	if err != nil || strings.Trim(v.node.text, "-0123456789hms") != "" {
		v.want("a duration such as 12h or 90m")
		return 0
	}
	if d < least || d > most {
		v.Report("%s is not between %s and %s", v.node.text, brief(least), brief(most))
		return 0
	}
	return d
}

// brief is the duration as one would write it: 1m, not 1m0s.
func brief(d time.Duration) string {
	switch {
	case d%time.Hour == 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d%time.Minute == 0:
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return d.String()
}

// OneOf is one of the words; the nearest is suggested for any other.
func OneOf[T ~string](v Value, words ...T) T {
	if v.node == nil {
		return ""
	}
	got := T(v.scalarText())
	if slices.Contains(words, got) {
		return got
	}
	plain := make([]string, len(words))
	for i, w := range words {
		plain[i] = string(w)
	}
	what := "one of " + strings.Join(plain, ", ")
	if len(words) == 1 {
		what = plain[0]
	}
	if near := nearest(string(got), plain); near != "" && v.node.kind == scalar {
		v.Report("want %s, got %s; did you mean %q?", what, v.node.describe(), near)
		return ""
	}
	v.want(what)
	return ""
}
