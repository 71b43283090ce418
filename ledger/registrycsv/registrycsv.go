// Package registrycsv is the registry as CSV files, one a kind of thing, as suppliers keep it in spreadsheets. Read reads a
// directory of them and Write writes one; what Write wrote, Read reads back as it was.
//
// Files are UTF-8 (with or without BOM; LF or CRLF) with a header; columns are found by name, in any order. A file that is
// missing declares nothing. Every error of every file is found at once and has its place: FILE:LINE: what.
package registrycsv

import (
	"fmt"
	"strings"

	"github.com/nuanju/nuanju/sensors"
)

// Station is a weather station.
type Station struct {
	ID   string
	Name string
}

// Registry is sensors' registry with the stations.
type Registry struct {
	sensors.Registry
	Stations []Station
}

// Bounds of what is read.
const (
	MaxFileBytes = 64 << 20 // of one file
	MaxRows      = 1 << 20  // of one file
	MaxField     = 1024     // bytes of one field
)

// Problem is one thing that is wrong, and where.
type Problem struct {
	File string
	Line int // 0: the file as a whole
	What string
}

// String is FILE:LINE: what.
func (p Problem) String() string {
	if p.Line == 0 {
		return p.File + ": " + p.What
	}
	return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.What)
}

// Problems is everything that is wrong, by file and line. It is an error.
type Problems []Problem

// maxShown bounds how many problems an error's text has.
const maxShown = 100

// Error is one problem a line, at most 100, then how many more.
func (p Problems) Error() string {
	lines := make([]string, 0, min(len(p), maxShown)+1)
	for i, problem := range p {
		if i == maxShown {
			lines = append(lines, fmt.Sprintf("and %d more", len(p)-maxShown))
			break
		}
		lines = append(lines, problem.String())
	}
	return strings.Join(lines, "\n")
}

// Declared is what the files of a directory declare, with where each row stands.
type Declared struct {
	Registry
	// Files are the files that were there, in order.
	Files []string
	// lines is the line of each row, by file, in the order of the registry's slices.
	lines map[string][]int
}

// Line is where row i of a file's kind stands; 0 when it came from elsewhere.
func (d *Declared) Line(file string, i int) int {
	if lines := d.lines[file]; i < len(lines) {
		return lines[i]
	}
	return 0
}

// The files.
const (
	Substations  = "substations.csv"
	Buildings    = "buildings.csv"
	Risers       = "risers.csv"
	Households   = "households.csv"
	Rooms        = "rooms.csv"
	HeatMeters   = "heat_meters.csv"
	Devices      = "devices.csv"
	Stations     = "stations.csv"
	Assignments  = "assignments.csv"
	Calibrations = "calibrations.csv"
)
