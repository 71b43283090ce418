// Package sheet reads the files in which testers hand records in, CSV and XLSX, and writes the templates for them. It understands
// nothing of a record beyond where its cells stand.
//
// A file is somebody else's: it is bounded in bytes, packed and unpacked, in parts, sheets, rows and columns, and what the
// spreadsheet library does not survive is an error of the file.
package sheet

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"unicode/utf8"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/disputes/measured"
)

// Bounds of a file.
const (
	MaxFile  = 4 << 20 // bytes, as it is handed in
	maxParts = 200     // of a packed file
	maxTotal = 32 << 20
	maxLine  = 10_000 // row numbers
	maxWidth = 64     // columns
)

// The names of the sheets of a spreadsheet, and others that are understood.
const (
	readings   = "readings"
	readingsZH = "读数"
	fields     = "test"
	fieldsZH   = "检测"
	notes      = "notes"
	notesZH    = "说明"
)

// Read is what stands in a file, by what it begins with. Fields are only in a spreadsheet. The problems are what is wrong with the
// file as such; with any, what was read may lack something.
func Read(b []byte) (measured.Raw, []measured.Problem) {
	switch {
	case len(b) > MaxFile:
		return measured.Raw{Sheet: "file", HeaderRow: 1}, []measured.Problem{ofFile("file", "size", "不超过 4 MiB 的文件", "a file of at most 4 MiB")}
	case bytes.HasPrefix(b, []byte("PK\x03\x04")):
		return readXLSX(b)
	}
	return readCSV(b)
}

// ofFile is a problem of a file or sheet as a whole.
func ofFile(sheet, rule, zh, en string) measured.Problem {
	return measured.Problem{Place: measured.Place{Sheet: sheet, Row: 1, Column: "time"}, Rule: rule, Expected: compliance.Words{ZH: zh, EN: en}}
}

// readCSV reads a table of comma-separated values in UTF-8, with or without a byte order mark.
func readCSV(b []byte) (measured.Raw, []measured.Problem) {
	raw := measured.Raw{Sheet: "csv", HeaderRow: 1}
	b = bytes.TrimPrefix(b, []byte("\ufeff"))
	if !utf8.Valid(b) {
		return raw, []measured.Problem{ofFile("csv", "utf8", "以 UTF-8 保存的 CSV，或 XLSX", "CSV saved as UTF-8, or XLSX")}
	}
	var problems []measured.Problem
	r := csv.NewReader(bytes.NewReader(b))
	r.FieldsPerRecord = -1
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return raw, problems
		}
		if err != nil {
			p := ofFile("csv", "csv", "引号成对的 CSV", "CSV with quotes in pairs")
			if at, ok := errors.AsType[*csv.ParseError](err); ok {
				p.Row = at.Line
			}
			return raw, append(problems, p)
		}
		line, _ := r.FieldPos(0)
		if done := add(&raw, &problems, line, cells); done {
			return raw, problems
		}
	}
}

// add takes a row: the first is the header, empty ones are passed over. It is done when a bound is reached.
func add(raw *measured.Raw, problems *[]measured.Problem, row int, cells []string) (done bool) {
	for len(cells) > 0 && cells[len(cells)-1] == "" {
		cells = cells[:len(cells)-1]
	}
	bound := func(rule, zh, en string) bool {
		p := ofFile(raw.Sheet, rule, zh, en)
		p.Row = row
		*problems = append(*problems, p)
		return true
	}
	switch {
	case len(cells) == 0:
		return false
	case len(cells) > maxWidth:
		return bound("columns", "不超过 64 列", "at most 64 columns")
	case len(raw.Rows) > measured.MaxRows:
		return true // measured.Read tells
	}
	for i, c := range cells {
		if len(c) > measured.MaxCell {
			p := ofFile(raw.Sheet, "cell", "不超过 200 字节", "at most 200 bytes")
			p.Row, p.Column = row, measured.Letters(i)
			if raw.Header != nil && i < len(raw.Header) {
				p.Column = raw.Header[i]
			}
			*problems = append(*problems, p)
			return true
		}
	}
	if raw.Header == nil {
		raw.Header, raw.HeaderRow = cells, row
		return false
	}
	raw.Rows = append(raw.Rows, measured.RawRow{Row: row, Cells: cells})
	return false
}
