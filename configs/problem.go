package configs

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing that is wrong in a file, at a place that a person can go to.
type Problem struct {
	File string
	Line int // from 1; 0 when the problem is the file's as a whole, which is told as of its first line
	Text string
}

// String is "FILE:LINE: text".
func (p Problem) String() string { return fmt.Sprintf("%s:%d: %s", p.File, max(1, p.Line), p.Text) }

// Problems is everything that is wrong with an input, so that it can be mended in one go. A nil Problems held in an
// error is not a nil error: return Err().
type Problems []Problem

// maxPrinted is how many problems are worth a person's screen.
const maxPrinted = 100

// Err is nil if nothing is wrong, else the problems.
func (ps Problems) Err() error {
	if len(ps) == 0 {
		return nil
	}
	return ps
}

// Error is one line a problem in the order of Sorted: at most 100, then how many more.
func (ps Problems) Error() string {
	var b strings.Builder
	for i, p := range ps.Sorted() {
		if i == maxPrinted {
			fmt.Fprintf(&b, "\nand %d more", len(ps)-maxPrinted)
			break
		}
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(p.String())
	}
	return b.String()
}

// Sorted is the problems by file, in the order in which the files were first mentioned, then by line; those of one
// line stay in the order in which they were found. The receiver is left as it is.
func (ps Problems) Sorted() Problems {
	rank := make(map[string]int)
	for _, p := range ps {
		if _, seen := rank[p.File]; !seen {
			rank[p.File] = len(rank)
		}
	}
	sorted := slices.Clone(ps)
	slices.SortStableFunc(sorted, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(rank[a.File], rank[b.File]), cmp.Compare(a.Line, b.Line))
	})
	return sorted
}
