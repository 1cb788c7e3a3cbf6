package param

import "bytes"

// cursor walks over bytes that are known to be valid JSON.
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

// next steps to the next member or element and tells whether there is one.
func (c *cursor) next(end byte) bool {
	c.space()
	if c.i >= len(c.b) || c.b[c.i] == end {
		return false
	}
	if c.b[c.i] == ',' {
		c.i++
		c.space()
	}
	return true
}

func (c *cursor) colon() {
	c.space()
	c.i++
	c.space()
}

// value steps over one value and returns it.
func (c *cursor) value() []byte {
	start, depth := c.i, 0
	for c.i < len(c.b) {
		switch c.b[c.i] {
		case '"':
			c.str()
		case '{', '[':
			depth++
			c.i++
		case '}', ']':
			depth--
			c.i++
		case ' ', '\t', '\n', '\r', ',', ':':
			c.i++
		default:
			c.word()
		}
		if depth == 0 {
			break
		}
	}
	return c.b[start:c.i]
}

// str steps over a string.
func (c *cursor) str() {
	c.i++
	for {
		n := bytes.IndexByte(c.b[c.i:], '"')
		if n < 0 {
			c.i = len(c.b)
			return
		}
		slashes := 0
		for at := c.i + n - 1; at >= c.i && c.b[at] == '\\'; at-- {
			slashes++
		}
		c.i += n + 1
		if slashes%2 == 0 {
			return
		}
	}
}

// word steps over a number, true, false or null.
func (c *cursor) word() {
	for c.i < len(c.b) {
		switch c.b[c.i] {
		case ' ', '\t', '\n', '\r', ',', ':', '}', ']', '{', '[', '"':
			return
		}
		c.i++
	}
}
