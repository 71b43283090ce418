package casetest

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// headers are the columns of the files that have a short form.
var headers = map[string]string{
	"readings": "time,room,celsius", "outdoor": "time,celsius", "meter": "time,kwh", "building_meter": "time,kwh",
}

// expand writes the CSV that a .every file stands for.
func expand(name, text string) ([]byte, error) {
	header, ok := headers[name]
	if !ok {
		return nil, fmt.Errorf("%s has no short form", name)
	}
	out := []byte(header + "\n")
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		room := ""
		if name == "readings" {
			room, fields = fields[0]+",", fields[1:]
		}
		if len(fields) < 3 {
			return nil, fmt.Errorf("%q lacks a start, a step or values", line)
		}
		var err error
		if out, err = series(out, room, fields); err != nil {
			return nil, fmt.Errorf("%q: %w", line, err)
		}
	}
	return out, nil
}

// series appends the rows of START STEP VALUES.
func series(out []byte, room string, fields []string) ([]byte, error) {
	at, err := time.Parse("2006-01-02T15:04:05", fields[0]+map[bool]string{true: ":00"}[len(fields[0]) == 16])
	if err != nil {
		return nil, err
	}
	step, err := time.ParseDuration(fields[1])
	if err != nil {
		return nil, err
	}
	for _, f := range fields[2:] {
		value, times, found := strings.Cut(f, "x")
		n := 1
		if found {
			if n, err = strconv.Atoi(times); err != nil {
				return nil, err
			}
		}
		start, rise, rises := strings.Cut(value, "+")
		if rises {
			n++ // a+bxn is a and n more, as Prometheus writes it
		}
		for i := range n {
			if value != "-" {
				v, err := add(start, rise, i)
				if err != nil {
					return nil, err
				}
				out = fmt.Appendf(out, "%s+08:00,%s%s\n", at.Format("2006-01-02T15:04:05"), room, v)
			}
			at = at.Add(step)
		}
	}
	return out, nil
}

// add is start + i × rise; without a rise the start as it was written.
func add(start, rise string, i int) (string, error) {
	if rise == "" {
		return start, nil
	}
	a, err := strconv.ParseFloat(start, 64)
	if err != nil {
		return "", err
	}
	b, err := strconv.ParseFloat(rise, 64)
	if err != nil {
		return "", err
	}
	return strconv.FormatFloat(a+b*float64(i), 'f', -1, 64), nil
}
