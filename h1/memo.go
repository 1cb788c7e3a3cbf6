package h1

// maxMemo is how many bytes of lines are kept. Heads with more are rare, and
// idle connections many.
const maxMemo = 4 << 10

// memo keeps the field lines of an earlier head of the same connection with
// what was found in them. Clients and servers repeat most lines from one
// message to the next: a line that equals, byte for byte, the one that stood
// in its place is not scanned again.
type memo struct {
	text  []byte // the lines
	marks []mark // one for each

	lines  int  // how many of the head have been begun
	at     int  // where in text the line stands that the next is compared with
	hits   int  // lines that were found
	poorly bool // the head before had few of them
}

// begin starts a head.
func (m *memo) begin() {
	m.lines, m.at, m.hits = 0, 0, 0
}

// find returns the mark of the line at the start of b if it is the one that is
// kept for its place, and 0 otherwise: then the line is scanned.
func (m *memo) find(b []byte) mark {
	k := m.lines
	m.lines++
	if k >= len(m.marks) {
		return 0
	}
	old := m.marks[k]
	from, size := m.at, old.size()
	m.at += size
	if size > len(b) || string(b[:size]) != string(m.text[from:from+size]) {
		return 0
	}
	m.hits++
	return old
}

// scan reads a line that has not been found, as scanLine does. One line more
// than MaxFields is Odd.
func (m *memo) scan(b []byte, high uint64) (mark, Verdict) {
	if m.lines > MaxFields {
		return 0, Odd
	}
	return scanLine(b, high)
}

// end takes the lines of the head that has been read instead of those that are
// kept, if fewer than half were found in it, and in the one before. A few
// lines differ each time, such as a length or a date; and of two clients that
// share a connection in turns, one is better than none.
func (m *memo) end(text []byte, high uint64) {
	poorly := m.hits*2 < m.lines
	if !poorly || !m.poorly || len(text) > maxMemo {
		m.poorly = poorly
		return
	}
	m.poorly = false
	m.text, m.marks = append(m.text[:0], text...), m.marks[:0]
	for len(text) > 0 {
		line, _ := scanLine(text, high)
		m.marks = append(m.marks, line)
		text = text[line.size():]
	}
}
