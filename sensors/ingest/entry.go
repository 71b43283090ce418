package ingest

import "bytes"

// entryLen is the length of the entry at the start of b without the newline that ends it, and the newlines inside it.
// A quoted field value may hold newlines; text in it must never pass for a line of its own. A quote that is never closed
// takes all that follows, as in InfluxDB.
func entryLen(b []byte) (n, inner int) {
	end := bytes.IndexByte(b, '\n')
	if end < 0 {
		end = len(b)
	}
	first := b[:end]
	if bytes.IndexByte(first, '"') < 0 {
		return end, 0
	}
	text := bytes.TrimLeft(first, " ")
	if len(text) > 0 && text[0] == '#' {
		return end, 0
	}
	n = fieldsEnd(b, len(first)-len(text))
	return n, bytes.Count(b[:n], newline)
}

// fieldsEnd walks an entry that starts at i and returns where it ends. It follows the decoder's rules: measurement and
// tags up to the first space that no backslash escapes, then fields; only there a quote after = opens a string.
func fieldsEnd(b []byte, i int) int {
	for ; i < len(b) && b[i] != ' '; i++ {
		if b[i] == '\n' {
			return i
		}
		i += escape(b, i, ", =")
	}
	for i < len(b) && b[i] == ' ' {
		i++
	}
	for i < len(b) {
		for ; i < len(b) && b[i] != '='; i++ { // a field's key
			if b[i] == '\n' {
				return i
			}
			i += escape(b, i, ", =")
		}
		i++
		if i < len(b) && b[i] == '"' {
			for i++; i < len(b) && b[i] != '"'; i++ {
				i += escape(b, i, "\\\"nrt")
			}
			i++
		}
		for ; i < len(b) && b[i] != ','; i++ { // the rest of its value, or the time
			if b[i] == '\n' {
				return i
			}
		}
		i++
	}
	return min(i, len(b))
}

// escape is 1 if b[i] is a backslash that escapes the byte after it.
func escape(b []byte, i int, escapable string) int {
	if b[i] == '\\' && i+1 < len(b) && bytes.IndexByte([]byte(escapable), b[i+1]) >= 0 {
		return 1
	}
	return 0
}
