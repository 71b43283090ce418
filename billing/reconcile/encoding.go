package reconcile

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// Encoding is how the text of a file is written.
type Encoding string

// The encodings.
const (
	UTF8 Encoding = "utf-8" // a mark at the start is tolerated
	GBK  Encoding = "gbk"   // as Windows writes Chinese
)

// mark is what some programs put before UTF-8.
const mark = "\ufeff"

// decode is the file's text without a mark, or every line that is not in the encoding. Nothing is replaced or guessed: a name or a
// reference that was misread could be another's.
func (e Encoding) decode(text []byte) (string, []Problem) {
	if e == GBK && bytes.HasPrefix(text, []byte(mark)) {
		return "", []Problem{{1, "the file is marked as UTF-8, the channel's files are GBK"}}
	}
	if e == GBK {
		decoder := simplifiedchinese.GBK.NewDecoder()
		decoded, err := decoder.Bytes(text)
		// What is not GBK becomes the replacement character, for which GBK has no bytes. A line's end is never part of another character.
		if err == nil && !bytes.ContainsRune(decoded, utf8.RuneError) {
			return string(decoded), nil
		}
		return "", lines(decoded, "the line is not GBK", func(line []byte) bool { return bytes.ContainsRune(line, utf8.RuneError) })
	}
	if utf8.Valid(text) {
		return strings.TrimPrefix(string(text), mark), nil
	}
	return "", lines(text, "the line is not UTF-8", func(line []byte) bool { return !utf8.Valid(line) })
}

// lines tells which lines are bad; the first, if none is.
func lines(text []byte, what string, bad func([]byte) bool) (all []Problem) {
	n := 0
	for line := range bytes.Lines(text) {
		if n++; bad(line) && len(all) < mostTold {
			all = append(all, Problem{n, what})
		}
	}
	if all == nil {
		all = []Problem{{1, what}}
	}
	return all
}
