package exam

import (
	"bytes"
	"strconv"
)

// cursor reads JSON strictly, from left to right and without allocating. The
// first mistake stops it: everything after is empty.
type cursor struct {
	b     []byte
	i     int
	depth int
	bad   bool
}

const maxDepth = 64

func (c *cursor) fail() { c.bad, c.i = true, len(c.b) }

// peek returns the next byte that is no space, 0 at the end.
func (c *cursor) peek() byte {
	for c.i < len(c.b) {
		switch c.b[c.i] {
		case ' ', '\t', '\n', '\r':
			c.i++
		default:
			return c.b[c.i]
		}
	}
	return 0
}

func (c *cursor) take(want byte) bool {
	if c.peek() != want {
		c.fail()
		return false
	}
	c.i++
	return true
}

// open begins an object or an array.
func (c *cursor) open(bracket byte) {
	c.depth++
	if c.depth > maxDepth {
		c.fail()
		return
	}
	c.take(bracket)
}

// more tells whether an object or array has another element; n counts them. It
// consumes the comma, or the closing bracket.
func (c *cursor) more(closing byte, n *int) bool {
	switch next := c.peek(); {
	case c.bad:
		return false
	case next == closing:
		c.i++
		c.depth--
		return false
	case *n > 0 && next != ',':
		c.fail()
		return false
	case *n > 0:
		c.i++
	}
	*n++
	return true
}

// key reads the name of a member and its colon.
func (c *cursor) key() []byte {
	k := c.str()
	c.take(':')
	return k
}

// str reads a string and returns what is between the quotes, escapes undone.
func (c *cursor) str() []byte {
	if !c.take('"') {
		return nil
	}
	start := c.i
	for {
		n := bytes.IndexByte(c.b[c.i:], '"')
		if n < 0 {
			c.fail()
			return nil
		}
		c.i += n + 1
		slashes := 0
		for c.b[c.i-2-slashes] == '\\' {
			slashes++
		}
		if slashes%2 == 0 {
			break
		}
	}
	raw := c.b[start : c.i-1]
	for _, x := range raw {
		if x < ' ' {
			c.fail()
			return nil
		}
	}
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw
	}
	s, ok := unescape(raw)
	if !ok {
		c.fail()
	}
	return s
}

// unescape undoes the escapes of JSON. It is the slow way.
func unescape(raw []byte) ([]byte, bool) {
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			out = append(out, raw[i])
			continue
		}
		i++
		if at := bytes.IndexByte([]byte(`"\/bfnrt`), raw[i]); at >= 0 {
			out = append(out, "\"\\/\b\f\n\r\t"[at])
			continue
		}
		if raw[i] != 'u' || i+4 >= len(raw) {
			return nil, false
		}
		r, err := strconv.ParseUint(string(raw[i+1:i+5]), 16, 16)
		if err != nil {
			return nil, false
		}
		out = append(out, string(rune(r))...) // a surrogate becomes U+FFFD: no answer of ours has one
		i += 4
	}
	return out, true
}

// skip passes over a value.
func (c *cursor) skip() {
	n := 0
	switch c.peek() {
	case '"':
		c.str()
	case '{':
		c.open('{')
		for c.more('}', &n) {
			c.key()
			c.skip()
		}
	case '[':
		c.open('[')
		for c.more(']', &n) {
			c.skip()
		}
	default:
		c.scalar()
	}
}

// scalar reads a number or a word.
func (c *cursor) scalar() []byte {
	c.peek()
	start := c.i
	for c.i < len(c.b) {
		x := c.b[c.i]
		if x >= '0' && x <= '9' || x >= 'a' && x <= 'z' || x == '-' || x == '+' || x == '.' || x == 'E' {
			c.i++
			continue
		}
		break
	}
	s := c.b[start:c.i]
	if !isScalar(s) {
		c.fail()
		return nil
	}
	return s
}

// isScalar tells whether s is a word of JSON or a number.
func isScalar(s []byte) bool {
	switch string(s) {
	case "true", "false", "null":
		return true
	}
	digits := func() bool {
		n := 0
		for n < len(s) && s[n] >= '0' && s[n] <= '9' {
			n++
		}
		s = s[n:]
		return n > 0
	}
	s = bytes.TrimPrefix(s, []byte("-"))
	if len(s) > 1 && s[0] == '0' && s[1] >= '0' && s[1] <= '9' {
		return false
	}
	if !digits() {
		return false
	}
	if len(s) > 0 && s[0] == '.' {
		if s = s[1:]; !digits() {
			return false
		}
	}
	if len(s) > 0 && (s[0] == 'e' || s[0] == 'E') {
		if s = s[1:]; len(s) > 0 && (s[0] == '+' || s[0] == '-') {
			s = s[1:]
		}
		if !digits() {
			return false
		}
	}
	return len(s) == 0
}

// integer reads a whole number; -1 for null, which stands for none.
func (c *cursor) integer() int64 {
	s := c.scalar()
	if string(s) == "null" {
		return -1
	}
	n, ok := number(s, 1<<40)
	if !ok {
		c.fail()
	}
	return int64(n)
}

// null tells whether the value is null, and passes over it then.
func (c *cursor) null() bool {
	if c.peek() != 'n' {
		return false
	}
	return string(c.scalar()) == "null"
}

// end tells whether everything was read without a mistake.
func (c *cursor) end() bool { return c.peek() == 0 && !c.bad && c.i == len(c.b) && c.depth == 0 }
