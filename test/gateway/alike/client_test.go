package alike_test

import (
	"bufio"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"
)

// patience bounds how long a test waits for what must happen at once.
const patience = 15 * time.Second

// answer is what a client got for one request.
type answer struct {
	Line    string
	Fields  []string // sorted, with the names in lower case
	Body    string
	Trailer []string
	Broken  bool // the connection ended before the answer
}

func (a *answer) status() int {
	parts := strings.SplitN(a.Line, " ", 3)
	if len(parts) < 2 {
		return 0
	}
	n, _ := strconv.Atoi(parts[1])
	return n
}

// ours tells whether the answer is one that a record is made of.
func (a *answer) ours() bool { return len(values(a.Fields, "openai-version")) > 0 }

// client is a connection to a gateway of which every byte counts.
type client struct {
	tb      testing.TB
	conn    *net.TCPConn
	br      *bufio.Reader
	answers []answer
	ended   bool
	hung    bool // nothing came for as long as the deadline allows
}

func dial(tb testing.TB, root string) *client {
	tb.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(root, "http://"))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	return &client{tb: tb, conn: conn.(*net.TCPConn), br: bufio.NewReader(conn)}
}

// send writes; a gateway that has closed the connection by then is noticed by
// reading.
func (c *client) send(text string) { _, _ = io.WriteString(c.conn, text) }

// read reads one answer, and those that precede it. It returns false at the end
// of the connection. head says that the request was a HEAD.
func (c *client) read(head bool) bool {
	for !c.ended {
		var a answer
		var err error
		if a.Line, a.Fields, err = readHead(c.br); err != nil {
			c.end(err)
			if a.Line == "" && len(a.Fields) == 0 {
				return false
			}
			a.Broken = true
			c.answers = append(c.answers, a)
			return false
		}
		status := a.status()
		if status >= 200 && status != 204 && status != 304 && !head {
			if a.Body, a.Trailer, err = readBody(c.br, a.Fields, true); err != nil {
				c.end(err)
				a.Broken = true
			}
		}
		c.answers = append(c.answers, a)
		if status >= 200 || status == 101 {
			return !a.Broken
		}
	}
	return false
}

// begin reads the head of a chunked answer and its first event. What it returns
// reads the rest.
func (c *client) begin() (finish func()) {
	c.tb.Helper()
	line, fields, err := readHead(c.br)
	first := ""
	for err == nil && !strings.HasSuffix(first, "\n\n\r\n") {
		var b byte
		b, err = c.br.ReadByte()
		first += string(b)
	}
	if err != nil {
		c.tb.Fatalf("the answer has not begun: %v", err)
	}
	return func() {
		c.br = bufio.NewReader(io.MultiReader(strings.NewReader(first), c.br))
		a := answer{Line: line, Fields: fields}
		if a.Body, a.Trailer, err = readBody(c.br, fields, true); err != nil {
			c.end(err)
			a.Broken = true
		}
		c.answers = append(c.answers, a)
	}
}

func (c *client) end(err error) {
	c.ended = true
	if timeout, ok := err.(net.Error); ok && timeout.Timeout() { //nolint:errorlint // as it comes of the connection
		c.hung = true
	}
}

// rest reads answers to the end of the connection.
func (c *client) rest() {
	for c.read(false) {
	}
	c.ended = true
}
