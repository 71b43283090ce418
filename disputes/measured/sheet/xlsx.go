package sheet

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/disputes/measured"
)

// readXLSX reads a spreadsheet: the sheet readings, or the only one, and if there is one the sheet test with a field a line.
func readXLSX(b []byte) (raw measured.Raw, problems []measured.Problem) {
	raw = measured.Raw{Sheet: readings, HeaderRow: 1, Lettered: true}
	broken := ofFile("file", "xlsx", "可以打开的 XLSX 文件", "an XLSX file that can be opened")
	defer func() {
		if fault := recover(); fault != nil { // of the library, on a file that somebody made for it
			problems = append(problems, broken)
		}
	}()
	if !bounded(b) {
		return raw, []measured.Problem{ofFile("file", "unpacked", "展开后不超过 32 MiB 的文件", "a file of at most 32 MiB when unpacked")}
	}
	f, err := excelize.OpenReader(bytes.NewReader(b), excelize.Options{RawCellValue: true, UnzipSizeLimit: maxTotal, UnzipXMLSizeLimit: maxTotal})
	if err != nil {
		return raw, []measured.Problem{broken}
	}
	defer func() {
		if f.Close() != nil { // it has no temporary files: nothing is larger than what it keeps in memory
			problems = append(problems, broken)
		}
	}()
	table, about, problems := sheets(f.GetSheetList())
	if table == "" {
		return raw, problems
	}
	raw.Sheet = table
	props, err := f.GetWorkbookProps()
	from1904 := err == nil && props.Date1904 != nil && *props.Date1904
	if !each(f, table, func(row int, cells []string) bool { return add(&raw, &problems, row, cells) }) {
		problems = append(problems, ofFile(table, "xlsx", "不超过 10000 行、可以读取的工作表", "a sheet of at most 10000 lines that can be read"))
	}
	serials(&raw, from1904)
	if about != "" {
		each(f, about, func(row int, cells []string) bool {
			if field, ok := fieldOf(about, row, cells); ok {
				raw.Fields = append(raw.Fields, field)
			}
			return row > 100
		})
	}
	return raw, problems
}

// bounded reports whether a packed file stays within the bounds when it is unpacked, whatever it says of itself.
func bounded(b []byte) bool {
	archive, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil || len(archive.File) > maxParts {
		return err != nil // one that is no archive is refused as such
	}
	left := int64(maxTotal)
	for _, part := range archive.File {
		if part.UncompressedSize64 > uint64(left) {
			return false
		}
		in, err := part.Open()
		if err != nil {
			continue // the library will say so
		}
		n, _ := io.Copy(io.Discard, io.LimitReader(in, left+1)) // a part that breaks off is the library's to refuse
		_ = in.Close()                                          // nothing was written
		if left -= n; left < 0 {
			return false
		}
	}
	return true
}

// sheets finds the two sheets by their names.
func sheets(names []string) (table, about string, problems []measured.Problem) {
	for _, name := range names {
		switch name {
		case readings, readingsZH:
			table = name
		case fields, fieldsZH:
			about = name
		case notes, notesZH:
		default:
			if len(names) == 1 {
				return name, "", nil
			}
			p := ofFile(clip(name), "sheet", "工作表名为 readings（读数）、test（检测）或 notes（说明）", "a sheet called readings, test or notes")
			problems = append(problems, p)
		}
	}
	if table == "" {
		problems = append(problems, ofFile("file", "sheet", "工作表 readings（读数）", "a sheet called readings"))
	}
	return table, about, problems
}

func clip(s string) string {
	if r := []rune(s); len(r) > 31 {
		return string(r[:31])
	}
	return s
}

// each calls take for every line of a sheet until it is done. It is false if the sheet cannot be read or is too long.
func each(f *excelize.File, name string, take func(row int, cells []string) (done bool)) bool {
	rows, err := f.Rows(name)
	if err != nil {
		return false
	}
	defer func() { _ = rows.Close() }() // it is in memory
	for row := 1; rows.Next(); row++ {
		if row > maxLine {
			return false
		}
		cells, err := rows.Columns()
		if err != nil {
			return false
		}
		for i := range cells {
			cells[i] = plain(cells[i])
		}
		if take(row, cells) {
			return true
		}
	}
	return rows.Error() == nil
}

var binary = regexp.MustCompile(`^-?\d+\.\d{10,}$|^-?\d+(\.\d+)?E[+-]?\d+$`)

// plain is a cell as it was typed. A spreadsheet keeps 18.1 as the 17 digits of the nearest float64, 18.100000000000001; the shortest
// decimal that reads as that float64 is what was typed.
func plain(text string) string {
	text = strings.TrimSpace(text)
	if !binary.MatchString(text) {
		return text
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return text
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// serials writes the times of a table as texts: a spreadsheet keeps them as days since its epoch, to the second at best.
func serials(raw *measured.Raw, from1904 bool) {
	column := -1
	for i, name := range raw.Header {
		if name == "time" || name == "时间" {
			column = i
		}
	}
	for i := range raw.Rows {
		if cells := raw.Rows[i].Cells; column >= 0 && column < len(cells) {
			if text, ok := serial(cells[column], from1904); ok {
				cells[column] = text
			}
		}
	}
}

func serial(text string, from1904 bool) (string, bool) {
	days, err := strconv.ParseFloat(text, 64)
	if err != nil || !(days >= 1 && days < 200_000) {
		return "", false
	}
	epoch := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	if from1904 {
		epoch = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	whole, part := math.Modf(days)
	t := epoch.AddDate(0, 0, int(whole)).Add(time.Duration(math.Round(part*86_400)) * time.Second)
	return t.Format("2006-01-02 15:04:05"), true
}

// fieldOf is a line of the sheet test: a name and what is said.
func fieldOf(sheet string, row int, cells []string) (measured.Field, bool) {
	if len(cells) == 0 || cells[0] == "" {
		return measured.Field{}, false
	}
	field := measured.Field{Name: cells[0], Place: measured.Place{Sheet: sheet, Row: row, Column: cells[0], Cell: fmt.Sprintf("B%d", row)}}
	if len(cells) > 1 {
		field.Text = cells[1]
	}
	if _, known := isField(field.Name); !known { // the name itself is wrong
		field.Place.Cell = fmt.Sprintf("A%d", row)
	}
	return field, true
}

func isField(name string) (measured.Column, bool) {
	for _, c := range measured.Fields() {
		if name == c.Name || name == c.ZH {
			return c, true
		}
	}
	return measured.Column{About: compliance.Words{}}, false
}
