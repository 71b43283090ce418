// Package casefile reads a case: what was measured in one household in one season and what was declared, as plain files
// in a directory. It is what an arbitrator gives to the program, so nothing in it is guessed and nothing passed over:
// either every row means what the columns say, or every error is told, each at its file and line, and there is no case.
package casefile

import (
	"cmp"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"slices"
	"strings"

	"github.com/nuanju/nuanju/billing"
	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/configs"
)

// Case is a case as it was read.
type Case struct {
	// Policy is what judges: that of case.yaml, or the one of the options.
	Policy *compliance.Policy
	// PolicyFile is the policy's file in the case directory; "" if it is a pack or came with the options.
	PolicyFile string

	Facts   compliance.Facts
	Billing billing.Facts
	// HasMeter is whether a register value was given; without one there is no usage and no bill.
	HasMeter bool

	// Conflicts are, by room, readings that came later than another of the same time with another value (section 2).
	Conflicts map[string][]compliance.Conflict
	// Files are the names of the files that a source's line counts in, for the kinds of sources that the case has.
	Files map[compliance.SourceKind]string
}

// Options change how a case is read.
type Options struct {
	// Policy judges instead of the one that case.yaml names, which then need not be there.
	Policy *compliance.Policy
}

// The files of a case, in the order in which their errors are told.
const (
	caseYAML         = "case.yaml"
	readingsCSV      = "readings.csv"
	outdoorCSV       = "outdoor.csv"
	outdoorDailyCSV  = "outdoor_daily.csv"
	heatingCSV       = "heating.csv"
	setpointsCSV     = "setpoints.csv"
	outagesCSV       = "outages.csv"
	exemptionsCSV    = "exemptions.csv"
	reportsCSV       = "reports.csv"
	testsCSV         = "tests.csv"
	confirmationsCSV = "confirmations.csv"
	meterCSV         = "meter.csv"
	buildingMeterCSV = "building_meter.csv"
	meterChangesCSV  = "meter_changes.csv"
	meterFaultsCSV   = "meter_faults.csv"
	unsuppliedCSV    = "unsupplied.csv"
	paymentsCSV      = "payments.csv"
	unitKWh, unitGJ  = "kwh", "gj"
	maxYAML          = 1 << 20 // bytes
)

func fileNames() []string {
	return []string{
		caseYAML, readingsCSV, outdoorCSV, outdoorDailyCSV, heatingCSV, setpointsCSV, outagesCSV, exemptionsCSV, reportsCSV,
		testsCSV, confirmationsCSV, meterCSV, buildingMeterCSV, meterChangesCSV, meterFaultsCSV, unsuppliedCSV, paymentsCSV,
	}
}

// Read reads the case at the root of fsys. The error is configs.Problems: everything that is wrong, by file in the order
// of the specification (case.yaml, its policy's file, readings.csv, …), then by line. There is no case then.
//
// Nothing outside fsys is read. If it is a directory of the machine whose author is not trusted, let it be the FS of an
// os.Root: links cannot lead out of that either. Files of other names are left alone, but an unknown .csv file is an
// error: a misspelt name would silently take away evidence.
func Read(fsys fs.FS, opts Options) (*Case, error) {
	rd := &reader{fsys: fsys, c: &Case{
		Conflicts: make(map[string][]compliance.Conflict),
		Files:     make(map[compliance.SourceKind]string),
	}}
	rd.strangers()
	rd.head(opts)
	rd.tables()
	if err := rd.sorted().Err(); err != nil {
		return nil, err
	}
	return rd.c, nil
}

// reader is one reading of a case: what has been read so far and what is wrong with it.
type reader struct {
	fsys     fs.FS
	c        *Case
	problems configs.Problems

	rooms      map[string]int // by id, the place in c.Facts.Rooms
	roomNames  []string
	roomsKnown bool // false if case.yaml has a fault there: then no room is a stranger

	gj              bool            // the unit of the meter
	names           map[string]bool // what the directory lists
	hasBuildingArea bool
	share           *big.Rat // of the household in the building; nil without one
}

// report adds a problem. Line 0 stands for a file as a whole.
func (rd *reader) report(file string, line int, format string, args ...any) {
	rd.problems = append(rd.problems, configs.Problem{File: file, Line: line, Text: fmt.Sprintf(format, args...)})
}

// sorted is the problems by file in the order of the specification, then by line. A policy's own file stands behind
// case.yaml, strangers stand last.
func (rd *reader) sorted() configs.Problems {
	rank := map[string]int{rd.c.PolicyFile: 1}
	for i, name := range fileNames() {
		rank[name] = 2 * i
	}
	for i := range rd.problems { // every error has a line to go to, also that of a file which is not there
		rd.problems[i].Line = max(1, rd.problems[i].Line)
	}
	place := func(file string) int {
		if i, known := rank[file]; known {
			return i
		}
		return 2 * len(rank)
	}
	slices.SortStableFunc(rd.problems, func(a, b configs.Problem) int {
		return cmp.Or(cmp.Compare(place(a.File), place(b.File)), cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return rd.problems
}

// strangers reports the .csv files that no case has. Hidden files are those of editors and archives.
func (rd *reader) strangers() {
	entries, err := fs.ReadDir(rd.fsys, ".")
	if err != nil {
		return // what is missing will be missed by name
	}
	known := fileNames()
	rd.names = make(map[string]bool)
	for _, e := range entries {
		name := e.Name()
		rd.names[name] = true
		csv := strings.HasSuffix(strings.ToLower(name), ".csv")
		if !csv || strings.HasPrefix(name, ".") || slices.Contains(known, name) {
			continue
		}
		hint := didYouMean(nearest(name, known[1:]))
		if hint == "" {
			hint = "; other files may have any name that does not end in .csv"
		}
		rd.report(name, 0, "not a file of a case%s", hint)
	}
}

// small reads a file that people write by hand. If it cannot, it reports that at the place that asked for the file.
func (rd *reader) small(name, file string, line int) ([]byte, bool) {
	info, err := fs.Stat(rd.fsys, name)
	if err == nil && !info.Mode().IsRegular() {
		rd.report(file, line, "%s is not a regular file", name)
		return nil, false
	}
	var f fs.File
	if err == nil {
		f, err = rd.fsys.Open(name)
	}
	if err != nil {
		rd.report(file, line, "%s %s", name, unreadable(err))
		return nil, false
	}
	defer func() { _ = f.Close() }() // it was only read
	text, err := io.ReadAll(io.LimitReader(f, maxYAML+1))
	if err != nil {
		rd.report(file, line, "%s %s", name, unreadable(err))
		return nil, false
	}
	return text, true
}
