package ingest

// cursor walks JSON that is known to be valid, without allocating and without recursion.
type cursor struct {
	b []byte
	i int
}

func (c *cursor) space() {
	for c.i < len(c.b) {
		switch c.b[c.i] {
		case ' ', '\t', '\n', '\r':
			c.i++
		default:
			return
		}
	}
}

// enter steps into the array or object that the cursor stands at.
func (c *cursor) enter() {
	c.space()
	c.i++
}

// more steps to the next element or key, and reports whether there is one before the closing bracket.
func (c *cursor) more(closing byte) bool {
	c.space()
	if c.i < len(c.b) && c.b[c.i] == ',' {
		c.i++
		c.space()
	}
	return c.i < len(c.b) && c.b[c.i] != closing
}

// colon steps over the colon after a key.
func (c *cursor) colon() {
	c.space()
	c.i++
}

// value is the bytes of the value at the cursor, which steps over it. It has at least one byte.
func (c *cursor) value() []byte {
	c.space()
	start, depth := c.i, 0
	for c.i < len(c.b) {
		switch c.b[c.i] {
		case '"':
			c.text()
		case '{', '[':
			depth++
			c.i++
		case '}', ']':
			depth--
			c.i++
		case ',', ':', ' ', '\t', '\n', '\r':
			c.i++
		default:
			c.literal()
		}
		if depth == 0 {
			break
		}
	}
	return c.b[start:c.i]
}

// text steps over a string.
func (c *cursor) text() {
	for c.i++; c.i < len(c.b) && c.b[c.i] != '"'; c.i++ {
		if c.b[c.i] == '\\' {
			c.i++
		}
	}
	c.i++
}

// literal steps over a number, true, false or null.
func (c *cursor) literal() {
	for c.i < len(c.b) {
		switch c.b[c.i] {
		case ',', ':', ' ', '\t', '\n', '\r', '}', ']', '{', '[', '"':
			return
		}
		c.i++
	}
}
