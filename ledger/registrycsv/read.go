package registrycsv

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"unicode/utf8"
)

// Read reads the files of a directory. The error is Problems with everything that is wrong with the rows by themselves;
// what they refer to is Check's to find. What could be read is returned beside it, so that Check can add to it.
func Read(dir fs.FS) (*Declared, Problems) {
	d := &Declared{lines: map[string][]int{}}
	var all Problems
	for _, read := range []func(fs.FS, *Declared) Problems{
		reading(substations()), reading(buildings()), reading(risers()), reading(households()), reading(rooms()),
		reading(heatMeters()), reading(devices()), reading(stations()), reading(assignments()), reading(calibrations()),
	} {
		all = append(all, read(dir, d)...)
	}
	return d, append(all, unknownFiles(dir, d)...)
}

// unknownFiles is what has no place in the directory: a misspelt name must not declare nothing in silence.
func unknownFiles(dir fs.FS, d *Declared) (all Problems) {
	names, err := fs.Glob(dir, "*.csv")
	if err != nil {
		return Problems{{File: ".", What: err.Error()}}
	}
	known := []string{Substations, Buildings, Risers, Households, Rooms, HeatMeters, Devices, Stations, Assignments, Calibrations}
	for _, name := range names {
		if !slices.Contains(known, name) {
			all = append(all, Problem{File: name, What: "no such file belongs to a registry"})
		}
	}
	if len(names) == 0 {
		all = append(all, Problem{File: ".", What: "no CSV file is there"})
	}
	return all
}

func reading[T any](t table[T]) func(fs.FS, *Declared) Problems {
	return func(dir fs.FS, d *Declared) Problems {
		text, err := readFile(dir, t.file)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		d.Files = append(d.Files, t.file)
		if err != nil {
			return Problems{{File: t.file, What: err.Error()}}
		}
		rows, lines, problems := t.parse(text)
		*t.rows(&d.Registry), d.lines[t.file] = rows, lines
		return problems
	}
}

// readFile reads a file that is not too long.
func readFile(dir fs.FS, name string) ([]byte, error) {
	f, err := dir.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() // it was only read
	text, err := io.ReadAll(io.LimitReader(f, MaxFileBytes+1))
	if err != nil {
		return nil, err
	}
	if len(text) > MaxFileBytes {
		return nil, fmt.Errorf("is longer than %d bytes", MaxFileBytes)
	}
	return text, nil
}

// parse reads the rows of a file, each with its line.
func (t table[T]) parse(text []byte) (rows []T, lines []int, problems Problems) {
	wrong := func(line int, format string, args ...any) {
		problems = append(problems, Problem{t.file, line, fmt.Sprintf(format, args...)})
	}
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))))
	r.FieldsPerRecord, r.ReuseRecord = -1, true
	header, err := r.Read()
	if err != nil {
		if errors.Is(err, io.EOF) {
			wrong(0, "is empty; it needs a header")
		} else {
			wrong(1, "%s", reason(err))
		}
		return nil, nil, problems
	}
	columns, faults := t.columns(header)
	if len(faults) > 0 {
		for _, f := range faults {
			wrong(1, "%s", f)
		}
		return nil, nil, problems
	}
	width := len(header)
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, lines, problems
		}
		if err != nil {
			var where *csv.ParseError
			if errors.As(err, &where) {
				wrong(where.StartLine, "%s", reason(err))
			}
			return rows, lines, problems // what follows a broken quote cannot be told apart
		}
		line, _ := r.FieldPos(0)
		if len(rows) == MaxRows {
			wrong(line, "more than %d rows", MaxRows)
			return rows, lines, problems
		}
		if len(record) != width {
			wrong(line, "%d fields, but the header has %d", len(record), width)
			continue
		}
		v, faults := t.row(record, columns)
		for _, f := range faults {
			wrong(line, "%s", f)
		}
		if len(faults) == 0 {
			rows, lines = append(rows, v), append(lines, line)
		}
	}
}

// columns is where each field stands in a record; -1: nowhere.
func (t table[T]) columns(header []string) (at []int, faults []string) {
	for i, name := range header {
		if slices.Index(header, name) != i {
			faults = append(faults, fmt.Sprintf("two columns %q", name))
		}
		if !slices.ContainsFunc(t.fields, func(f field[T]) bool { return f.name == name }) {
			faults = append(faults, fmt.Sprintf("no column %q belongs here", name))
		}
	}
	for _, f := range t.fields {
		i := slices.Index(header, f.name)
		if i < 0 && !f.optional {
			faults = append(faults, fmt.Sprintf("column %q is missing", f.name))
		}
		at = append(at, i)
	}
	return at, faults
}

func (t table[T]) row(record []string, columns []int) (v T, faults []string) {
	for i, f := range t.fields {
		text := ""
		if columns[i] >= 0 {
			text = record[columns[i]]
		}
		switch {
		case len(text) > MaxField:
			faults = append(faults, fmt.Sprintf("%s: longer than %d bytes", f.name, MaxField))
		case !utf8.ValidString(text):
			faults = append(faults, fmt.Sprintf("%s: not UTF-8", f.name))
		default:
			if err := f.read(&v, text); err != nil {
				faults = append(faults, f.name+": "+err.Error())
			}
		}
	}
	return v, faults
}

// reason is what encoding/csv found, without its own line numbers.
func reason(err error) string {
	if e, ok := errors.AsType[*csv.ParseError](err); ok {
		return e.Err.Error()
	}
	return err.Error()
}
