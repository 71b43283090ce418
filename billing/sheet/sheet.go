// Package sheet writes tables for other programs and for people: CSV, and XLSX row by row. No cell can become a formula in a
// spreadsheet: a text that one would take for it gets an apostrophe before it.
package sheet

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"

	"github.com/xuri/excelize/v2"
)

// Table takes rows. After the last one Close ends it; the output is whole only if that has no error.
type Table interface {
	// Row adds a row of texts and numbers (int, int64, float64).
	Row(cells ...any) error
	Close() error
}

// maxText is the most that a cell of a spreadsheet holds, in characters.
const maxText = 32767

// Safe is a text that no spreadsheet takes for a formula.
func Safe(s string) string {
	if r := []rune(s); len(r) >= maxText {
		s = string(r[:maxText-1])
	}
	trimmed := strings.TrimLeft(s, " \t\r\n\u00a0\u3000")
	if trimmed != "" && strings.ContainsAny(trimmed[:1], "=+-@") || strings.HasPrefix(trimmed, "＝") || strings.HasPrefix(trimmed, "＋") ||
		strings.HasPrefix(trimmed, "－") || strings.HasPrefix(trimmed, "＠") || s != "" && strings.ContainsAny(s[:1], "\t\r") {
		return "'" + s
	}
	return s
}

// NewCSV writes UTF-8 with a byte order mark, which the spreadsheets of offices need to read Chinese.
func NewCSV(w io.Writer) (Table, error) {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return nil, err
	}
	return &csvTable{csv.NewWriter(w)}, nil
}

type csvTable struct{ w *csv.Writer }

// Row implements Table.
func (t *csvTable) Row(cells ...any) error {
	row := make([]string, len(cells))
	for i, c := range cells {
		if s, ok := c.(string); ok {
			row[i] = Safe(s)
			continue
		}
		row[i] = fmt.Sprint(c)
	}
	return t.w.Write(row)
}

// Close implements Table.
func (t *csvTable) Close() error {
	t.w.Flush()
	return t.w.Error()
}

// NewXLSX writes one sheet. Rows beyond some megabytes wait in a temporary file, not in memory; all of it is written to w by Close.
func NewXLSX(w io.Writer, name string) (Table, error) {
	f := excelize.NewFile()
	if err := f.SetSheetName("Sheet1", name); err != nil {
		return nil, err
	}
	s, err := f.NewStreamWriter(name)
	if err != nil {
		return nil, err
	}
	return &xlsxTable{file: f, stream: s, to: w}, nil
}

type xlsxTable struct {
	file   *excelize.File
	stream *excelize.StreamWriter
	to     io.Writer
	rows   int
}

// Row implements Table.
func (t *xlsxTable) Row(cells ...any) error {
	t.rows++
	row := make([]any, len(cells))
	for i, c := range cells {
		switch c := c.(type) {
		case string: // an inline string is never a formula; Safe keeps it none when the sheet is saved as CSV
			row[i] = Safe(c)
		case number:
			row[i] = c.float()
		default:
			row[i] = c
		}
	}
	at, err := excelize.CoordinatesToCellName(1, t.rows)
	if err != nil {
		return err
	}
	return t.stream.SetRow(at, row)
}

// Close implements Table.
func (t *xlsxTable) Close() error {
	if err := t.stream.Flush(); err != nil {
		return err
	}
	if err := t.file.Write(t.to); err != nil {
		return err
	}
	return t.file.Close()
}
