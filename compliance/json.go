package compliance

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"time"
)

// AppendJSON appends the step as a JSON object: clause, rule, values by their names, and the rows that they came from.
// Times are in the zone's offset. A row is named by what is in it and not by its line, so that the order of rows changes
// no byte. Equal steps give equal bytes.
func (s *Step) AppendJSON(dst []byte, zone *time.Location) []byte {
	dst = append(dst, `{"clause":`...)
	dst = appendText(dst, string(s.Clause))
	dst = append(dst, `,"rule":`...)
	dst = appendText(dst, string(s.Rule))
	dst = append(dst, `,"values":{`...)
	for i := range s.Values {
		dst = s.appendValue(dst, i, zone)
	}
	dst = append(dst, `},"sources":[`...)
	for i := range s.Sources {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = s.Sources[i].appendJSON(dst, zone)
	}
	return append(dst, ']', '}')
}

// appendValue appends value i by its name. A name that stands more than once is one list, at its first place.
func (s *Step) appendValue(dst []byte, i int, zone *time.Location) []byte {
	name := s.Values[i].Name
	same := func(v Value) bool { return v.Name == name }
	if slices.IndexFunc(s.Values, same) < i {
		return dst
	}
	if i > 0 {
		dst = append(dst, ',')
	}
	dst = append(appendText(dst, name), ':')
	if !slices.ContainsFunc(s.Values[i+1:], same) {
		return s.Values[i].appendJSON(dst, zone)
	}
	dst = append(dst, '[')
	for k := i; k < len(s.Values); k++ {
		if !same(s.Values[k]) {
			continue
		}
		if k > i {
			dst = append(dst, ',')
		}
		dst = s.Values[k].appendJSON(dst, zone)
	}
	return append(dst, ']')
}

func (v *Value) appendJSON(dst []byte, zone *time.Location) []byte {
	switch v.Kind {
	case KindCelsius, KindSeconds, KindCount:
		return AppendNumber(dst, v.Number)
	case KindInstant:
		if v.At == math.MinInt64 || v.At == math.MaxInt64 { // without a bound
			return append(dst, "null"...)
		}
		return appendTime(dst, v.At, zone)
	case KindDate:
		return appendText(dst, v.Date.String())
	}
	return appendText(dst, v.Text)
}

func (s *Source) appendJSON(dst []byte, zone *time.Location) []byte {
	dst = append(dst, `{"kind":`...)
	dst = appendText(dst, string(s.Kind))
	if s.ID != "" {
		dst = append(dst, `,"id":`...)
		dst = appendText(dst, s.ID)
	}
	if s.At != 0 {
		dst = append(dst, `,"time":`...)
		dst = appendTime(dst, s.At, zone)
	}
	return append(dst, '}')
}

// AppendNumber appends a float in its shortest exact decimal form; one that is not finite is null.
func AppendNumber(dst []byte, v float64) []byte {
	switch {
	case v-v != 0:
		return append(dst, "null"...)
	case v == math.Trunc(v) && math.Abs(v) < 1<<53:
		return strconv.AppendInt(dst, int64(v), 10)
	}
	return strconv.AppendFloat(dst, v, 'f', -1, 64)
}

// appendTime appends an instant as RFC 3339, with decimals of a second only where it has any.
func appendTime(dst []byte, t Instant, zone *time.Location) []byte {
	dst = append(dst, '"')
	dst = t.Time().In(zone).AppendFormat(dst, time.RFC3339Nano)
	return append(dst, '"')
}

func appendText(dst []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' || c >= 0x80 {
			escaped, err := json.Marshal(s)
			if err != nil { // a string always has a JSON form
				return append(dst, `""`...)
			}
			return append(dst, escaped...)
		}
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"')
}
