package sheet

import (
	"bytes"
	"encoding/csv"
	"fmt"

	"github.com/xuri/excelize/v2"

	"github.com/nuanju/nuanju/disputes/measured"
)

// TemplateCSV is an empty record as CSV: its header. The byte order mark tells spreadsheets that it is UTF-8.
func TemplateCSV() []byte {
	var out bytes.Buffer
	out.WriteString("\ufeff")
	w := csv.NewWriter(&out)
	_ = w.Write(names(measured.Columns())) // into memory
	w.Flush()
	return out.Bytes()
}

func names(all []measured.Column) []string {
	out := make([]string, len(all))
	for i, c := range all {
		out[i] = c.Name
	}
	return out
}

// TemplateXLSX is an empty record as a spreadsheet: a sheet for the readings, one for the fields, and one that explains both.
func TemplateXLSX() ([]byte, error) {
	f := excelize.NewFile()
	defer func() { _ = f.Close() }() // it is in memory
	if err := fill(f); err != nil {
		return nil, fmt.Errorf("writing the template: %w", err)
	}
	out, err := f.WriteToBuffer()
	if err != nil {
		return nil, fmt.Errorf("writing the template: %w", err)
	}
	return out.Bytes(), nil
}

func fill(f *excelize.File) error {
	if err := f.SetSheetName("Sheet1", readings); err != nil {
		return err
	}
	for _, name := range []string{fields, notes} {
		if _, err := f.NewSheet(name); err != nil {
			return err
		}
	}
	header := names(measured.Columns())
	if err := f.SetSheetRow(readings, "A1", &header); err != nil {
		return err
	}
	format := "yyyy-mm-dd hh:mm:ss"
	style, err := f.NewStyle(&excelize.Style{CustomNumFmt: &format})
	if err != nil {
		return err
	}
	if err := f.SetColStyle(readings, "A", style); err != nil {
		return err
	}
	if err := f.SetColWidth(readings, "A", "H", 20); err != nil {
		return err
	}
	for i, c := range measured.Fields() {
		if err := f.SetCellStr(fields, fmt.Sprintf("A%d", i+1), c.Name); err != nil {
			return err
		}
	}
	for i, c := range append(measured.Columns(), measured.Fields()...) {
		line := []string{c.Name, c.ZH, c.About.ZH, c.About.EN}
		if err := f.SetSheetRow(notes, fmt.Sprintf("A%d", i+1), &line); err != nil {
			return err
		}
	}
	return f.SetColWidth(notes, "A", "D", 30)
}
