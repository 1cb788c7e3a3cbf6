package exam

import (
	"bytes"
	"errors"
	"fmt"
)

// embeddings marks the body of an answer with embeddings.
func (m *Marker) embeddings(body []byte) error {
	f := found{prompt: -1}
	c := cursor{b: body}
	rows, n := 0, 0
	var wrong error
	c.open('{')
	for c.more('}', &n) {
		switch string(c.key()) {
		case "data":
			k := 0
			c.open('[')
			for c.more(']', &k) {
				if err := m.row(&c, rows); err != nil && wrong == nil {
					wrong = err
				}
				rows++
			}
		case "usage":
			if !c.null() {
				f.readUsage(&c)
			}
		default:
			c.skip()
		}
	}
	switch {
	case !c.end():
		return errors.New("the answer is not JSON")
	case wrong != nil:
		return wrong
	case rows != m.paper.Inputs:
		return fmt.Errorf("the answer has %d embeddings, want %d", rows, m.paper.Inputs)
	case m.paper.any:
		return nil
	case !f.usage || f.prompt != m.paper.tokens:
		return fmt.Errorf("usage is %d tokens, want %d", f.prompt, m.paper.tokens)
	}
	return nil
}

// row marks one embedding.
func (m *Marker) row(c *cursor, row int) error {
	n, index, floats := 0, int64(-1), false
	var wrong error
	c.open('{')
	for c.more('}', &n) {
		switch string(c.key()) {
		case "index":
			index = c.integer()
		case "embedding":
			floats = true
			wrong = m.vector(c, row)
		default:
			c.skip()
		}
	}
	switch {
	case wrong != nil:
		return wrong
	case index != int64(row):
		return fmt.Errorf("embedding %d has the index %d", row, index)
	case !floats:
		return fmt.Errorf("embedding %d has no floats", row)
	}
	return nil
}

// vector marks the floats of an embedding: as text if they are written as they
// were, which is cheap, and else each as a number.
func (m *Marker) vector(c *cursor, row int) error {
	c.open('[')
	if m.paper.any || row >= len(m.paper.vectors) {
		n := 0
		for c.more(']', &n) {
			if s := c.scalar(); len(s) == 0 || s[0] >= 'a' {
				c.fail()
			}
		}
		if n == 0 {
			return fmt.Errorf("embedding %d is empty", row)
		}
		return nil
	}
	want := m.paper.vectors[row]
	if row == 0 || row == len(m.paper.vectors)-1 {
		want = m.marked(want, row)
	}
	if rest := c.b[min(c.i, len(c.b)):]; len(rest) > len(want) && rest[len(want)] == ']' && bytes.Equal(rest[:len(want)], want) {
		c.i += len(want) + 1
		c.depth--
		return nil
	}
	var wrong error
	n := 0
	for c.more(']', &n) {
		got := c.scalar()
		at := (n - 1) * (floatLen + 1)
		switch {
		case c.bad || wrong != nil:
		case at >= len(want):
			wrong = fmt.Errorf("embedding %d has more than %d floats", row, m.paper.Dim)
		case !near(got, want[at:at+floatLen]):
			wrong = fmt.Errorf("float %d of embedding %d is %.40q, want %s", n-1, row, got, want[at:at+floatLen])
		}
	}
	if wrong == nil && n != m.paper.Dim {
		wrong = fmt.Errorf("embedding %d has %d floats, want %d", row, n, m.paper.Dim)
	}
	return wrong
}

// marked returns a vector with the ids in it.
func (m *Marker) marked(vector []byte, row int) []byte {
	m.text = append(m.text[:0], vector...)
	if row == 0 {
		AppendMark(m.text[:0], m.ask.First)
	}
	if row == len(m.paper.vectors)-1 {
		AppendMark(m.text[:len(m.text)-floatLen], m.ask.Last)
	}
	return m.text
}
