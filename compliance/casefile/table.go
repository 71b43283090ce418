package casefile

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
)

// table is a file of a case: its columns and what is done with a row of it.
type table struct {
	file    string
	columns []string // a row's cells are asked for by their place in it
	may     int      // how many columns, the last ones, may be left out
	most    int      // rows; 0 means maxRows
	unit    bool     // the file may also have its kwh column as gj
	row     func(*row)
	done    func() // once all rows are read; may be nil
}

// sheet is one table as it is being read.
type sheet struct {
	*table
	reader *reader
	width  int   // of the header
	places []int // by column: where it stands in the header, or −1
	gj     bool  // the unit is gj
	faults int
}

// row is one record of a table. Its methods, in cells.go, give the cells as values. The first fault of a cell spoils the
// row, and whoever takes the row's facts has to ask whether it is bad.
type row struct {
	*sheet
	fields [][]byte
	line   int
	bad    bool
}

// read reads the table if the case has it, and reports whether it has. A fault never stops it from looking at the rest,
// unless the rest cannot be told apart.
func (rd *reader) read(t *table) (there bool) {
	info, err := fs.Stat(rd.fsys, t.file)
	if errors.Is(err, fs.ErrNotExist) {
		if rd.names[t.file] { // what was given must not be lost in silence
			rd.report(t.file, 0, "a link that leads nowhere")
		}
		return rd.names[t.file]
	}
	if err != nil {
		rd.report(t.file, 0, "%s", unreadable(err))
		return true
	}
	if !info.Mode().IsRegular() { // a named pipe would be waited on for ever
		rd.report(t.file, 0, "not a regular file")
		return true
	}
	f, err := rd.fsys.Open(t.file)
	if err != nil {
		rd.report(t.file, 0, "%s", unreadable(err))
		return true
	}
	defer func() { _ = f.Close() }() // it was only read
	rd.readFrom(t, f)
	return true
}

// readFrom reads the table from its text.
func (rd *reader) readFrom(t *table, in io.Reader) {
	s := &sheet{table: t, reader: rd}
	records := newRecords(in)
	header, line, err := records.next()
	if err == io.EOF {
		s.report(0, "empty; it needs at least a header with the columns %s", t.names())
		return
	}
	if err != nil {
		s.fault(err)
		return
	}
	if !s.header(header, line) {
		return
	}
	most := cmp.Or(t.most, maxRows)
	r := &row{sheet: s}
	for rows := 0; ; rows++ {
		fields, line, err := records.next()
		if err == io.EOF {
			break
		}
		switch {
		case err != nil:
			if s.fault(err) {
				return
			}
			continue
		case rows >= most:
			s.report(line, "more than %d rows", most)
			return
		case len(fields) != s.width:
			s.report(line, "%d fields, but the header has %d", len(fields), s.width)
			continue
		}
		r.fields, r.line, r.bad = fields, line, false
		if t.row(r); s.faults > maxFaults {
			s.report(line, "more than %d errors; the rest of the file was not read", maxFaults)
			return
		}
	}
	if t.done != nil {
		t.done()
	}
}

// fault reports an error of reading a record, and whether reading cannot go on.
func (s *sheet) fault(err error) (fatal bool) {
	var f *recordFault
	if errors.As(err, &f) {
		s.report(f.line, "%s", f.text)
		return f.fatal || s.faults > maxFaults
	}
	s.report(0, "%s", unreadable(err))
	return true
}

func (s *sheet) report(line int, format string, args ...any) {
	s.faults++
	s.reader.report(s.file, line, format, args...)
}

// unreadable says why a file cannot be read, without the path that fs puts before it: the problem names the file.
func unreadable(err error) string {
	if errors.Is(err, fs.ErrNotExist) {
		return "does not exist" // in the same words in a directory and in an archive
	}
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return "cannot be read: " + err.Error()
}

// header finds the columns and reports whether there is any sense in reading rows. An unknown column is an error even
// where all the others are there: a misspelt optional one would silently change a verdict.
func (s *sheet) header(names [][]byte, line int) bool {
	s.width = len(names)
	s.places = slices.Repeat([]int{-1}, len(s.columns))
	meant := make([]bool, len(s.columns)) // by a misspelt name
	var faults []string
	for at, raw := range names {
		name := string(raw)
		switch column := s.column(name); {
		case column < 0:
			near := nearest(name, s.spellings())
			hint := didYouMean(near)
			if hint == "" {
				hint = "; known here: " + strings.Join(s.spellings(), ", ")
			}
			faults = append(faults, "unknown column "+quote(raw)+hint)
			if i := s.column(near); i >= 0 {
				meant[i] = true
			}
		case s.places[column] >= 0 && string(names[s.places[column]]) != name:
			faults = append(faults, "both a kwh and a gj column; a register has one unit")
		case s.places[column] >= 0:
			faults = append(faults, "column "+quote(raw)+" twice")
		default:
			s.places[column] = at
			s.gj = s.gj || s.unit && name == unitGJ
		}
	}
	if len(faults) == len(names) && !slices.Contains(meant, true) {
		s.report(line, "no header; the first line has to name the columns %s, separated by commas", s.names())
		return false
	}
	for i, name := range s.columns[:len(s.columns)-s.may] {
		if s.places[i] < 0 && !meant[i] {
			if s.unit && name == unitKWh {
				name += " (or " + unitGJ + ")"
			}
			faults = append(faults, "missing column "+name)
		}
	}
	for _, f := range faults {
		s.report(line, "%s", f)
	}
	return true
}

// column is the place of the named column among the table's, or −1.
func (s *sheet) column(name string) int {
	if s.unit && name == unitGJ {
		name = unitKWh
	}
	return slices.Index(s.columns, name)
}

// spellings are all names that a column may have.
func (s *sheet) spellings() []string {
	if s.unit {
		return append(slices.Clone(s.columns), unitGJ)
	}
	return s.columns
}

// names lists the columns for a message.
func (t *table) names() string {
	must := len(t.columns) - t.may
	text := strings.Join(t.columns[:must], ", ")
	if t.unit {
		text = strings.Replace(text, unitKWh, unitKWh+" (or "+unitGJ+")", 1)
	}
	if t.may > 0 {
		text += " and optionally " + strings.Join(t.columns[must:], ", ")
	}
	return text
}

func didYouMean(near string) string {
	if near == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", near)
}

// nearest is the word that takes the fewest changes of a letter, if these are at most a third of its letters; "" when
// none does, or two do equally.
func nearest(word string, words []string) string {
	best, fewest, tie := "", 0, false
	for _, w := range words {
		d := changes(strings.ToLower(word), strings.ToLower(w))
		if d > max(1, len(w)/3) {
			continue
		}
		switch {
		case best == "" || d < fewest:
			best, fewest, tie = w, d, false
		case d == fewest:
			tie = true
		}
	}
	if tie {
		return ""
	}
	return best
}

// changes is the Levenshtein distance in bytes; what is much longer is far.
func changes(a, b string) int {
	if len(a) > 2*len(b)+2 {
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// quote shows what stands in a file: in quotes, with whatever is not printable escaped, and short.
func quote(raw []byte) string {
	const most = 60
	if len(raw) > most {
		cut := bytes.ToValidUTF8(raw[:most], nil)
		return fmt.Sprintf("%q…", cut)
	}
	return fmt.Sprintf("%q", raw)
}
