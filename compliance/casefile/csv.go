package casefile

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// What a file may hold. A case is made by people who may want the program to fail: nothing that they write makes it
// take more memory than these allow.
const (
	maxFile     = 256 << 20 // bytes
	maxLine     = 64 << 10  // bytes, also of a record whose quoted field goes over several lines
	maxColumns  = 64
	maxReadings = 4 << 20 // a season of a reading a minute in seven rooms
	maxRows     = 1 << 20 // of any other table: a season of a row a minute, twice
	maxActs     = 10_000  // stoppages, claims, reports, tests or confirmations: each is weighed against the others
	maxDemand   = 20_000  // switches or setpoints: one every ten minutes of a season
	maxFaults   = 10_000  // errors of one file; a file with more of them is of another kind
)

// records splits a comma-separated file (RFC 4180) into records. It is encoding/csv with three promises more: memory is
// bounded by maxLine whatever the file holds, an error spoils its own line and not the rest of the file, and a record
// without quotes, nearly every one, costs no copy.
type records struct {
	in     *bufio.Reader
	line   int      // of the last line read, from 1
	fields [][]byte // of the last record, reused
	// Of the last record with a quote, all reused: its text, its contents, and where in these each field ends.
	record, content []byte
	ends            []int
}

// A recordFault spoils one record. If it is fatal nothing behind it can be told apart, and reading has to stop.
type recordFault struct {
	line  int
	text  string
	fatal bool
}

func (f *recordFault) Error() string { return fmt.Sprintf("line %d: %s", f.line, f.text) }

// newRecords reads from in, past a byte order mark if there is one.
func newRecords(in io.Reader) *records {
	r := &records{in: bufio.NewReaderSize(&limited{in: in, left: maxFile}, maxLine+len("\r\n"))}
	if mark, err := r.in.Peek(3); err == nil && string(mark) == "\ufeff" {
		_, _ = r.in.Discard(len(mark)) // cannot fail: the bytes are there
	}
	return r
}

// next is the next record and the line on which it begins. Lines with nothing on them are passed over. The fields are
// valid until the next call. The error is io.EOF, a *recordFault, or one of reading.
func (r *records) next() (fields [][]byte, line int, err error) {
	for {
		text, err := r.nextLine()
		if err != nil {
			return nil, r.line, err
		}
		if len(text) == 0 {
			continue
		}
		line = r.line
		r.fields = r.fields[:0]
		if bytes.IndexByte(text, '"') >= 0 {
			err := r.splitQuoted(text)
			return r.fields, line, err
		}
		for {
			comma := bytes.IndexByte(text, ',')
			if comma < 0 {
				r.fields = append(r.fields, text)
				return r.fields, line, nil
			}
			r.fields = append(r.fields, text[:comma])
			text = text[comma+1:]
			if len(r.fields) > maxColumns {
				return nil, line, &recordFault{line, fmt.Sprintf("more than %d fields", maxColumns), false}
			}
		}
	}
}

// nextLine is the next line without its end, valid until the next call.
func (r *records) nextLine() ([]byte, error) {
	text, err := r.in.ReadSlice('\n')
	if err == io.EOF && len(text) == 0 {
		return nil, io.EOF
	}
	r.line++
	if errors.Is(err, bufio.ErrBufferFull) {
		return nil, r.passOver()
	}
	if err != nil && err != io.EOF {
		return nil, err
	}
	text = bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))
	if len(text) > maxLine {
		return nil, r.tooLong()
	}
	if !utf8.Valid(text) {
		return nil, &recordFault{r.line, "not UTF-8 text; the file has to be saved as UTF-8", true}
	}
	return text, nil
}

func (r *records) tooLong() *recordFault {
	return &recordFault{r.line, fmt.Sprintf("longer than %d bytes", maxLine), false}
}

// passOver reads to the end of a line that is too long, keeping nothing of it.
func (r *records) passOver() error {
	for {
		_, err := r.in.ReadSlice('\n')
		if err == nil || err == io.EOF {
			return r.tooLong()
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
}

// splitQuoted splits a record that has a quote somewhere; a quoted field may go on over the following lines.
func (r *records) splitQuoted(text []byte) error {
	first := r.line
	// The record is copied: reading a further line overwrites the buffer that text lies in.
	r.record, r.content, r.ends = append(r.record[:0], text...), r.content[:0], r.ends[:0]
	for i := 0; ; i++ { // over the comma
		if len(r.ends) > maxColumns {
			return &recordFault{first, fmt.Sprintf("more than %d fields", maxColumns), false}
		}
		take := r.bareField
		if i < len(r.record) && r.record[i] == '"' {
			take = r.quotedField
		}
		end, err := take(i, first)
		if err != nil {
			return err
		}
		r.ends = append(r.ends, len(r.content))
		if i = end; i == len(r.record) {
			break
		}
	}
	start := 0
	for _, end := range r.ends {
		r.fields = append(r.fields, r.content[start:end:end])
		start = end
	}
	return nil
}

// bareField takes the field without quotes at i and returns where it ends.
func (r *records) bareField(i, first int) (end int, err error) {
	end = len(r.record)
	if comma := bytes.IndexByte(r.record[i:], ','); comma >= 0 {
		end = i + comma
	}
	if bytes.IndexByte(r.record[i:end], '"') >= 0 {
		return 0, &recordFault{first, `a quote inside a field that does not begin with one; write "" for a quote, inside quotes`, false}
	}
	r.content = append(r.content, r.record[i:end]...)
	return end, nil
}

// quotedField takes the field whose opening quote is at i, reading further lines as long as it is open, and returns
// where it ends.
func (r *records) quotedField(i, first int) (end int, err error) {
	for i++; ; {
		quote := bytes.IndexByte(r.record[i:], '"')
		if quote < 0 {
			r.record = append(r.record, '\n') // whatever the line's own end was
			r.content = append(r.content, r.record[i:]...)
			i = len(r.record)
			if err := r.readOn(first); err != nil {
				return 0, err
			}
			continue
		}
		r.content = append(r.content, r.record[i:i+quote]...)
		i += quote + 1
		switch {
		case i == len(r.record) || r.record[i] == ',':
			return i, nil
		case r.record[i] == '"':
			r.content = append(r.content, '"')
			i++
		default:
			return 0, &recordFault{first, `something follows a closing quote; write "" for a quote inside quotes`, false}
		}
	}
}

// readOn adds the next line to the record that began on line first.
func (r *records) readOn(first int) error {
	text, err := r.nextLine()
	var fault *recordFault
	if err == io.EOF || errors.As(err, &fault) && !fault.fatal || len(r.record)+len(text) > maxLine {
		return &recordFault{first, "a quote is opened here and not closed", true}
	}
	r.record = append(r.record, text...)
	return err
}

var errTooBig = fmt.Errorf("larger than %d MiB", maxFile>>20)

// limited is io.LimitedReader, but what lies behind the limit is an error and not the end.
type limited struct {
	in   io.Reader
	left int
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		if n, err := l.in.Read(p[:min(1, len(p))]); n == 0 {
			return 0, err
		}
		return 0, errTooBig
	}
	n, err := l.in.Read(p[:min(l.left, len(p))])
	l.left -= n
	return n, err
}
