package relaying_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-ai/gatehouse/gwtest"
)

// raw is a client that sees what stands on the connection: the request line as
// it is written, and the frames of a chunked answer one by one.
type raw struct {
	t      *testing.T
	conn   net.Conn
	r      *bufio.Reader
	Status int
	Header textproto.MIMEHeader
}

// dial sends a request as it stands. target is what the request line has.
func dial(t *testing.T, g *gwtest.Gateway, method, target, body string, head fields) *raw {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(g.Root, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: localhost\r\n", method, target)
	for i := 0; i < len(head); i += 2 {
		fmt.Fprintf(&b, "%s: %s\r\n", head[i], head[i+1])
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(body), body)
	if _, err := io.WriteString(conn, b.String()); err != nil {
		t.Fatal(err)
	}
	return &raw{t: t, conn: conn, r: bufio.NewReader(conn)}
}

// whole reads an answer of any framing.
func (c *raw) whole(method string) reply {
	c.t.Helper()
	resp, err := http.ReadResponse(c.r, &http.Request{Method: method})
	for err == nil && resp.StatusCode == http.StatusContinue {
		resp, err = http.ReadResponse(c.r, &http.Request{Method: method})
	}
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return reply{resp.StatusCode, resp.Header, b}
}

// head reads the head of an answer that comes in chunks.
func (c *raw) head() {
	c.t.Helper()
	r := textproto.NewReader(c.r)
	line, err := r.ReadLine()
	if err != nil {
		c.t.Fatalf("no answer: %v", err)
	}
	parts := strings.SplitN(line, " ", 3)
	if len(parts) < 2 {
		c.t.Fatalf("no status line: %q", line)
	}
	if c.Status, err = strconv.Atoi(parts[1]); err != nil {
		c.t.Fatalf("no status: %q", line)
	}
	if c.Header, err = r.ReadMIMEHeader(); err != nil {
		c.t.Fatal(err)
	}
	if c.Header.Get("Transfer-Encoding") != "chunked" {
		b, _ := io.ReadAll(io.LimitReader(c.r, 1<<10))
		c.t.Fatalf("the answer %d is not chunked: %v %s", c.Status, c.Header, b)
	}
}

// frame reads one frame of a chunked body: what the gateway wrote at once. The
// last one is "".
func (c *raw) frame() string {
	c.t.Helper()
	line, err := c.r.ReadString('\n')
	if err != nil {
		c.t.Fatalf("no further frame: %v", err)
	}
	n, err := strconv.ParseUint(strings.TrimSuffix(line, "\r\n"), 16, 31)
	if err != nil {
		c.t.Fatalf("no frame: %q", line)
	}
	b := make([]byte, n+2)
	if _, err := io.ReadFull(c.r, b); err != nil || string(b[n:]) != "\r\n" {
		c.t.Fatalf("the frame of %d bytes is cut: %v %q", n, err, b)
	}
	return string(b[:n])
}

// frames reads all frames to the end of the body.
func (c *raw) frames() []string {
	c.t.Helper()
	var out []string
	for {
		f := c.frame()
		if f == "" {
			return out
		}
		out = append(out, f)
	}
}
