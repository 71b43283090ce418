// Package configs reads what people write for the program: policy packs, cases and settings, in strict YAML (of which
// JSON is a part). Nothing is guessed: an unknown key, a number that is not one or a text where a date is wanted is an
// error, with its file, line and key, and all errors are told at once.
package configs

import (
	"fmt"
	"slices"
	"strings"
)

// Document is a YAML file as it is read key by key. What the reader asks for is what the file may contain:
//
//	doc := configs.Read("case.yaml", b)
//	home := doc.Root().Need("household").Map()
//	area := home.Need("area_m2").Decimal()
//	away := home.May("suspended").Bool()
//	if problems := doc.Problems(); problems != nil { … }
//
// Every method may be called after an error: it then gives the zero value and reports nothing further, so that a
// reader is written straight on and Problems asked for once at the end. Values must not be used if there are any.
//
// A document is at most 1 MiB and 20 levels, one YAML document in UTF-8 (a BOM and CRLF are tolerated), without tabs
// as indentation, anchors, aliases, merge keys, tags, directives, and keys given twice. It is for one goroutine.
type Document struct {
	file     string
	root     *node
	problems Problems
	opened   []*node
}

// Read parses the bytes; file is the name that problems are told with.
func Read(file string, b []byte) *Document {
	root, problems := parse(file, b)
	return &Document{file: file, root: root, problems: problems}
}

// Root is the mapping at the top of the document.
func (d *Document) Root() *Map {
	return d.open(d.root)
}

func (d *Document) open(n *node) *Map {
	if n == nil {
		return nil
	}
	if !n.opened {
		n.opened = true
		d.opened = append(d.opened, n)
	}
	return &Map{d, n}
}

// Report adds a problem of the reader's own; line 0 is the file as a whole.
func (d *Document) Report(line int, format string, args ...any) {
	d.problems = append(d.problems, Problem{d.file, line, fmt.Sprintf(format, args...)})
}

// Problems is everything that is wrong so far, by line, and every key that was never asked for in a mapping that
// was read. It is nil if the document is as it should be.
func (d *Document) Problems() Problems {
	all := slices.Clone(d.problems)
	for _, n := range d.opened {
		for _, p := range n.pairs {
			if !p.asked {
				text := prefix(n.path) + fmt.Sprintf("unknown key %q", p.key) + hint(p.key, n.known)
				all = append(all, Problem{d.file, p.line, text})
			}
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all.Sorted()
}

// Map is a mapping of the document. A nil Map, which an absent or faulty value gives, has only nil Values.
type Map struct {
	doc  *Document
	node *node
}

// Need is the value of a key that must be there; its absence is reported at the line of the mapping.
func (m *Map) Need(key string) Value {
	v := m.May(key)
	if m != nil && v.node == nil {
		m.node.faulty = true
		m.doc.Report(m.node.line, "%smissing key %q", prefix(m.node.path), key)
	}
	return v
}

// May is the value of a key that may be left out; see Value.Given.
func (m *Map) May(key string) Value {
	if m == nil {
		return Value{}
	}
	if !slices.Contains(m.node.known, key) {
		m.node.known = append(m.node.known, key)
	}
	for i := range m.node.pairs {
		if p := &m.node.pairs[i]; p.key == key {
			p.asked = true
			return Value{m.doc, p.value}
		}
	}
	return Value{}
}

// Line is the line of the mapping: of its key, or of its first value in a list. 0 for a nil Map.
func (m *Map) Line() int {
	if m == nil {
		return 0
	}
	return m.node.line
}

func prefix(path string) string {
	if path == "" {
		return ""
	}
	return path + ": "
}

// hint names the nearest of the words, or all of them when none is near.
func hint(word string, words []string) string {
	if near := nearest(word, words); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	if len(words) == 0 {
		return ""
	}
	return "; known here: " + strings.Join(words, ", ")
}

// nearest is the word that takes the fewest changes of a letter, if these are at most a third of its letters.
func nearest(word string, words []string) string {
	best, fewest := "", 0
	for _, w := range words {
		d := distance(strings.ToLower(word), strings.ToLower(w))
		if d <= max(1, len(w)/3) && (best == "" || d < fewest) {
			best, fewest = w, d
		}
	}
	return best
}

// distance is Levenshtein's, in bytes; a word of absurd length is far from everything.
func distance(a, b string) int {
	if len(a) > 64 {
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
