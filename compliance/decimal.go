package compliance

import (
	"fmt"
	"math/big"
	"regexp"
	"strings"
)

// Decimal is a number exactly as somebody wrote it: a price, an area, a register. Money is computed from it in
// rationals, never in floating point. The zero value is 0.
type Decimal struct{ text string }

var decimalForm = regexp.MustCompile(`^-?[0-9]{1,15}(\.[0-9]{1,15})?$`)

// ParseDecimal reads an optional sign, at most 15 digits, and at most 15 decimals: no exponent, so that a short
// text cannot stand for a huge number.
func ParseDecimal(s string) (Decimal, error) {
	if !decimalForm.MatchString(s) {
		return Decimal{}, fmt.Errorf("%q is not a decimal number of at most 15 digits before and after the point", s)
	}
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	sign := ""
	if s[0] == '-' {
		sign, s = "-", s[1:]
	}
	if s = strings.TrimLeft(s, "0"); s == "" || s[0] == '.' {
		s = "0" + s
	}
	if s == "0" {
		sign = ""
	}
	return Decimal{sign + s}, nil
}

// String is the number in its shortest decimal form.
func (d Decimal) String() string {
	if d.text == "" {
		return "0"
	}
	return d.text
}

// MarshalText writes String.
func (d Decimal) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what ParseDecimal reads.
func (d *Decimal) UnmarshalText(text []byte) (err error) {
	*d, err = ParseDecimal(string(text))
	return err
}

// Rat is the number as a rational that the caller may change.
func (d Decimal) Rat() *big.Rat {
	r, _ := new(big.Rat).SetString(d.String()) // the form has been checked
	return r
}

// Sign is −1, 0 or +1.
func (d Decimal) Sign() int { return d.Rat().Sign() }
