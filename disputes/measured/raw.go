package measured

import (
	"cmp"
	"slices"

	"github.com/nuanju/nuanju/compliance"
)

// Bounds of what is handed in. A test of five points with half an hour of settling has about two hundred rows.
const (
	MaxRows     = 2_000
	MaxCell     = 200   // bytes of a cell
	MaxRemarks  = 2_000 // bytes
	MaxProblems = 1_000 // told of one record; a file with more is of another kind
	MaxDecimals = 3     // of a temperature: no instrument reads finer, and exact means stay comparable
)

// Raw is a record as it was handed in, before anything of it is understood.
type Raw struct {
	Fields []Field
	// Sheet is the name of the table; of a file that has only one, the kind of file.
	Sheet string
	// HeaderRow is where the header stands, from 1.
	HeaderRow int
	Header    []string
	Rows      []RawRow
	// Lettered is whether columns have letters, as in a spreadsheet.
	Lettered bool
}

// Field is one thing said of the test as a whole.
type Field struct {
	Name, Text string
	Place      Place
}

// RawRow is a line of the table; it may have fewer or more cells than the header.
type RawRow struct {
	Row   int // from 1, as a spreadsheet or an editor counts
	Cells []string
}

// Place is where somebody wrote something.
type Place struct {
	Sheet  string `json:"sheet" doc:"The spreadsheet's sheet; csv, or form for a field of the request."`
	Row    int    `json:"row,omitempty" doc:"From 1."`
	Column string `json:"column" doc:"The column or field."`
	Cell   string `json:"cell,omitempty" doc:"As a spreadsheet names it."`
}

// Problem is one thing that is wrong, or only to be told, and what would be right.
type Problem struct {
	Place
	Value    string           `json:"value,omitempty" doc:"What stands there."`
	Rule     string           `json:"rule" doc:"A stable name of the rule."`
	Expected compliance.Words `json:"expected" doc:"What is expected there."`
}

// sorted puts problems in the order of a reader: fields, then rows, from left to right.
func sorted(all []Problem, order map[string]int) []Problem {
	slices.SortStableFunc(all, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Row, b.Row), cmp.Compare(order[a.Column], order[b.Column]))
	})
	return all[:min(len(all), MaxProblems)]
}

// Merged is several lists of problems as one, in the order of a reader and at most MaxProblems.
func Merged(lists ...[]Problem) []Problem { return sorted(slices.Concat(lists...), order()) }

// Letters is the name of a spreadsheet's column, from 0: A, B, … Z, AA.
func Letters(column int) string {
	name := ""
	for column++; column > 0; column = (column - 1) / 26 {
		name = string(rune('A'+(column-1)%26)) + name
	}
	return name
}
