package registrycsv

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/sensors"
)

// A table is how one kind of thing is written. Fields are in the order in which they are exported.
type table[T any] struct {
	file   string
	fields []field[T]
	rows   func(*Registry) *[]T
}

// A field is one column: how it is read into a thing, with what is wrong with it, and written from one.
type field[T any] struct {
	name     string
	optional bool // the column may be missing, as if all of its fields were empty
	read     func(*T, string) error
	write    func(*T) string
}

// id is a column with an id, to which the thing gives a pointer.
func id[T any](name string, at func(*T) *string) field[T] {
	return field[T]{name, false, func(v *T, s string) error {
		*at(v) = s
		return sensors.CheckID(s)
	}, func(v *T) string { return *at(v) }}
}

// optionalID is a column with an id or nothing.
func optionalID[T any](name string, at func(*T) *string) field[T] {
	return field[T]{name, true, func(v *T, s string) error {
		*at(v) = s
		if s == "" {
			return nil
		}
		return sensors.CheckID(s)
	}, func(v *T) string { return *at(v) }}
}

// season is a column with the first and last day of an agreed season, or nothing for the statutory one (A2).
func season[T any](name string, at func(*T) *string) field[T] {
	return field[T]{name, true, func(v *T, s string) error {
		*at(v) = s
		if s == "" {
			return nil
		}
		first, last, _ := strings.Cut(s, "/")
		start, err := compliance.ParseDate(first)
		end, err2 := compliance.ParseDate(last)
		if err != nil || err2 != nil || end < start || start.Days(end) > 366 {
			return fmt.Errorf("%q is not a season of at most a year such as 2015-11-15/2016-03-15", s)
		}
		return nil
	}, func(v *T) string { return *at(v) }}
}

// label is a column with words or nothing.
func label[T any](name string, at func(*T) *string) field[T] {
	return field[T]{name, true, func(v *T, s string) error {
		*at(v) = s
		if strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
			return fmt.Errorf("%q has a character that cannot be printed", s)
		}
		return nil
	}, func(v *T) string { return *at(v) }}
}

var decimal = regexp.MustCompile(`^(0|[1-9][0-9]{0,5})(\.[0-9]{1,4})?$`)

// area is a column with an area in m², kept as it is written.
func area[T any](name string, needed bool, at func(*T) *string) field[T] {
	return field[T]{name, !needed, func(v *T, s string) error {
		*at(v) = s
		if s == "" && !needed {
			return nil
		}
		if !decimal.MatchString(s) || strings.Trim(s, "0.") == "" {
			return fmt.Errorf("%q is not an area in m² like 89.5", s)
		}
		return nil
	}, func(v *T) string { return *at(v) }}
}

// instant is a column with a time, RFC 3339 with an offset. Empty is none, where none may be.
func instant[T any](name string, none *sensors.Instant, at func(*T) *sensors.Instant) field[T] {
	return field[T]{name, none != nil, func(v *T, s string) error {
		if s == "" && none != nil {
			*at(v) = *none
			return nil
		}
		t, err := time.Parse(time.RFC3339Nano, s)
		if err != nil || t.Year() < 1900 || t.Year() > 2200 {
			return fmt.Errorf("%q is not a time with an offset like 2015-11-15T00:00:00+08:00", s)
		}
		*at(v) = sensors.At(t)
		return nil
	}, func(v *T) string {
		if none != nil && *at(v) == *none {
			return ""
		}
		return at(v).Time().Format(time.RFC3339Nano)
	}}
}

// maxOffset is the greatest calibration, in °C; beyond it a device is broken.
const maxOffset = 20

func offset(v *sensors.Calibration, s string) error {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || f < -maxOffset || f > maxOffset {
		return fmt.Errorf("%q is not an offset in °C between -%d and %d", s, maxOffset, maxOffset)
	}
	v.OffsetCelsius = f
	return nil
}

func kind(v *sensors.Room, s string) error {
	v.Kind = sensors.RoomKind(s)
	if !v.Kind.Known() {
		return fmt.Errorf("%q is not one of bedroom, living_room, kitchen, bathroom, other", s)
	}
	return nil
}

func target(v *sensors.Assignment, s string) error {
	v.Target.Kind = sensors.TargetKind(s)
	switch v.Target.Kind {
	case sensors.RoomTarget, sensors.MeterTarget, sensors.StationTarget:
		return nil
	}
	return fmt.Errorf("%q is not one of room, meter, station", s)
}
