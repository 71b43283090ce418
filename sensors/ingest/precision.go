package ingest

import (
	"errors"
	"fmt"
	"time"
)

// Precision is the unit of line-protocol timestamps.
type Precision uint8

// The precisions of InfluxDB's /api/v2/write.
const (
	Nanosecond Precision = iota
	Microsecond
	Millisecond
	Second
)

var precisions = [...]struct {
	name string
	unit time.Duration
}{{"ns", time.Nanosecond}, {"us", time.Microsecond}, {"ms", time.Millisecond}, {"s", time.Second}}

// ParsePrecision reads the precision parameter of a write as InfluxDB 2 does, with its words when it refuses: ns, us, ms
// or s, and ns if none is given. The other names of InfluxDB 1 (n, u, m, h) belong to its /write and are refused.
func ParsePrecision(s string) (Precision, error) {
	if s == "" {
		return Nanosecond, nil
	}
	for p, known := range precisions {
		if s == known.name {
			return Precision(p), nil
		}
	}
	return 0, errors.New("invalid precision; valid precision units are ns, us, ms, and s")
}

// String is the name that ParsePrecision reads.
func (p Precision) String() string {
	if int(p) < len(precisions) {
		return precisions[p].name
	}
	return fmt.Sprintf("Precision(%d)", uint8(p))
}
