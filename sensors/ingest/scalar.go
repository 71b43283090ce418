package ingest

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/nuanju/nuanju/sensors"
)

const (
	maxName   = 128  // bytes of a device's, station's, household's or room's name
	maxText   = 256  // bytes of a consent
	maxQuoted = 40   // bytes of the input that an error repeats
	maxReason = 240  // bytes of a reason
	maxExact  = 1e15 // integers beyond 2^53 are not exact in a float64; no register comes near
)

// number reads a decimal number exactly as strconv does, without what Go adds to decimals: hexadecimal, underscores,
// Inf and NaN. The reason is "" if it is one.
func number(b []byte) (float64, string) {
	for _, c := range b {
		if (c < '0' || c > '9') && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E' {
			return 0, quoted(b) + " is not a number"
		}
	}
	f, err := strconv.ParseFloat(string(b), 64)
	switch {
	case err == nil:
		return f, ""
	case errors.Is(err, strconv.ErrRange):
		return 0, quoted(b) + " is too large to be a number"
	case len(b) == 0:
		return 0, "is empty; want a number"
	}
	return 0, quoted(b) + " is not a number"
}

// integer reads a line-protocol integer without its suffix.
func integer(b []byte) (float64, string) {
	i, err := strconv.ParseInt(string(b), 10, 64)
	if err != nil {
		return 0, quoted(b) + " is not an integer"
	}
	if i > maxExact || i < -maxExact {
		return 0, quoted(b) + " is too large to be exact"
	}
	return float64(i), ""
}

// checkText checks what identifies or describes: it is not empty, not long, and has nothing in it that
// print does not show.
func checkText(b []byte, most int) string {
	switch {
	case len(b) == 0:
		return "is empty"
	case len(b) > most:
		return "is longer than " + strconv.Itoa(most) + " bytes"
	case !utf8.Valid(b):
		return "is not UTF-8"
	case b[0] == ' ' || b[len(b)-1] == ' ':
		return quoted(b) + " has spaces around it"
	}
	for _, r := range string(b) {
		if unicode.In(r, unicode.Cc, unicode.Cf) {
			return quoted(b) + " has a control or invisible character in it"
		}
	}
	return ""
}

// instant reads an RFC 3339 time with an offset.
func instant(b []byte) (sensors.Instant, string) {
	var t time.Time
	if err := t.UnmarshalText(b); err != nil {
		if _, err := time.Parse("2006-01-02T15:04:05", string(b)); err == nil {
			return 0, quoted(b) + " has no offset (like +08:00 or Z)"
		}
		return 0, quoted(b) + " is not an RFC 3339 time like 2026-01-15T08:00:00+08:00"
	}
	if y := t.UTC().Year(); y < 1678 || y > 2261 {
		return 0, quoted(b) + " is outside the years 1678 to 2261"
	}
	if i := bytes.IndexByte(b, '.'); i >= 0 {
		digits := 0
		for _, c := range b[i+1:] {
			if c < '0' || c > '9' {
				break
			}
			digits++
		}
		if digits > 9 {
			return 0, quoted(b) + " is finer than a nanosecond"
		}
	}
	return sensors.At(t), ""
}

// quoted is the input as an error repeats it.
func quoted(b []byte) string {
	if len(b) > maxQuoted {
		return strconv.Quote(string(b[:maxQuoted])) + "…"
	}
	return strconv.Quote(string(b))
}

// shorten cuts a text at a character.
func shorten(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
