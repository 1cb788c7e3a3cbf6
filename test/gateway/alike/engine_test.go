package alike_test

import (
	"bufio"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"net"
	"net/http/httputil"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// after is what an engine does with the connection when it has answered.
type after int

const (
	keep  after = iota // it waits for the next request
	shut               // it closes it
	reset              // it resets it
	wait               // it waits until the gateway closes it, and notes that
	flood              // it writes the body again and again until nobody takes it any more, then it waits
)

// What an engine that floods can write before it stops, and how long a write may
// wait until it is taken to be stuck.
const (
	flooding = 64 << 20
	stuck    = 50 * time.Millisecond
)

// reply is what an engine answers to one request, as it stands on the wire.
type reply struct {
	text  string
	each  int  // bytes of each write; 0 for all at once
	early bool // it goes out before the body of the request is read
	gated bool // it waits for the word of the test
	then  after
}

// request is what an engine got.
type request struct {
	Line    string
	Fields  []string // sorted, with the names in lower case
	Body    string
	Trailer []string
	Broken  bool // the body did not arrive as a whole
}

// engine answers the requests it gets, one after the other whatever connection
// they come over, from a script whose last reply is for all further ones.
type engine struct {
	l      net.Listener
	script []reply
	all    sync.WaitGroup

	got  chan struct{} // told of each request that has been read, its body excluded if the reply is early
	left chan struct{} // told of each connection that the gateway has closed on a reply that waits

	stuck chan struct{} // told of each flood that nobody takes any more
	free  chan struct{} // lets replies go that are gated

	mu      sync.Mutex
	taken   int
	seen    []request
	conns   map[net.Conn]bool
	dialled int
	closed  bool
}

func newEngine(tb testing.TB, script ...reply) *engine {
	tb.Helper()
	l, err := net.Listen("tcp", address(tb)+":0")
	if err != nil {
		tb.Fatal(err)
	}
	e := &engine{l: l, script: script, conns: map[net.Conn]bool{}, got: make(chan struct{}, 5000), left: make(chan struct{}, 5000), stuck: make(chan struct{}, 100), free: make(chan struct{})}
	e.all.Go(e.accept)
	tb.Cleanup(func() { e.close() })
	return e
}

// address is one of this machine for what the test listens at. The tests make
// thousands of connections that the system remembers for a minute, and among the
// ports of one address it would look long for one that is free.
func address(tb testing.TB) string {
	if runtime.GOOS != "linux" { // which alone has all of the network
		return "127.0.0.1"
	}
	h := fnv.New32a()
	_, _ = io.WriteString(h, tb.Name())
	n := h.Sum32()
	return fmt.Sprintf("127.%d.%d.%d", 1+n%250, n>>8&0xff, 1+n>>16%250)
}

func (e *engine) addr() string { return e.l.Addr().String() }

func (e *engine) accept() {
	for {
		c, err := e.l.Accept()
		if err != nil {
			return
		}
		e.mu.Lock()
		if e.closed {
			_ = c.Close()
		} else {
			e.conns[c] = true
			e.dialled++
			e.all.Go(func() { e.serve(c) })
		}
		e.mu.Unlock()
	}
}

// close ends all connections and returns what has been seen.
func (e *engine) close() []request {
	_ = e.l.Close()
	e.mu.Lock()
	e.closed = true
	for c := range e.conns {
		_ = c.Close()
	}
	e.mu.Unlock()
	e.all.Wait()
	return e.seen
}

func (e *engine) next() reply {
	e.mu.Lock()
	defer e.mu.Unlock()
	r := e.script[min(e.taken, len(e.script)-1)]
	e.taken++
	return r
}

func (e *engine) serve(c net.Conn) {
	defer c.Close()
	br := bufio.NewReader(c)
	for {
		req, err := readRequestHead(br)
		if err != nil {
			return
		}
		r := e.next()
		if r.early {
			tell(e.got)
			write(c, r)
		}
		req.readBody(br)
		e.mu.Lock()
		e.seen = append(e.seen, req)
		e.mu.Unlock()
		if !r.early {
			tell(e.got)
			if r.gated {
				<-e.free
			}
			if r.then != flood {
				write(c, r)
			}
		}
		if e.end(c, br, r) {
			return
		}
	}
}

// end does what comes after a reply, and tells whether the connection is over.
func (e *engine) end(c net.Conn, br *bufio.Reader, r reply) bool {
	switch r.then {
	case keep:
		return false
	case reset:
		_ = c.(*net.TCPConn).SetLinger(0)
	case wait:
		_, _ = io.Copy(io.Discard, br)
		tell(e.left)
	case flood:
		e.flood(c, r.text)
		_ = c.SetDeadline(noDeadline)
		_, _ = io.Copy(io.Discard, br)
		tell(e.left)
	case shut:
	}
	return true
}

var noDeadline time.Time

// flood writes an answer whose body has no end.
func (e *engine) flood(c net.Conn, text string) {
	head, body, _ := strings.Cut(text, "\r\n\r\n")
	_, err := io.WriteString(c, head+"\r\n\r\n")
	written := 0
	for err == nil && written < flooding {
		var n int
		_ = c.SetWriteDeadline(time.Now().Add(stuck))
		n, err = io.WriteString(c, body)
		written += n
	}
	if written < flooding {
		tell(e.stuck)
	}
}

// tell signals, unless nobody has listened for long.
func tell(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// take returns what has been seen, and forgets it.
func (e *engine) take() []request {
	e.mu.Lock()
	defer e.mu.Unlock()
	seen := e.seen
	e.seen = nil
	return seen
}

func write(c net.Conn, r reply) {
	step := r.each
	if step == 0 {
		step = max(1, len(r.text))
	}
	for part := range slices.Chunk([]byte(r.text), step) {
		if _, err := c.Write(part); err != nil {
			return // the gateway has left: what it makes of that is compared
		}
	}
}

// readRequestHead reads a head as strictly as HTTP has it.
func readRequestHead(br *bufio.Reader) (request, error) {
	line, fields, err := readHead(br)
	return request{Line: line, Fields: fields}, err
}

// readHead reads the lines of a head.
func readHead(br *bufio.Reader) (first string, fields []string, err error) {
	for i := 0; ; i++ {
		line, err := br.ReadString('\n')
		if err != nil {
			if line != "" {
				err = io.ErrUnexpectedEOF
			}
			return first, fields, err
		}
		text, ok := strings.CutSuffix(line, "\r\n")
		switch {
		case !ok:
			return first, fields, fmt.Errorf("the line %q ends without CR", line)
		case i == 0:
			first = text
		case text == "":
			slices.Sort(fields)
			return first, fields, nil
		default:
			name, value, _ := strings.Cut(text, ":")
			fields = append(fields, strings.ToLower(name)+":"+value)
		}
	}
}

// values are those of a field.
func values(fields []string, name string) []string {
	var out []string
	for _, f := range fields {
		if v, ok := strings.CutPrefix(f, name+":"); ok {
			out = append(out, strings.TrimSpace(v))
		}
	}
	return out
}

func (r *request) readBody(br *bufio.Reader) {
	var err error
	r.Body, r.Trailer, err = readBody(br, r.Fields, false)
	r.Broken = err != nil
}

var errTwoLengths = errors.New("a message with two lengths")

// readBody reads a body of any framing. toEnd says that one without any goes on
// to the end of the connection.
func readBody(br *bufio.Reader, fields []string, toEnd bool) (body string, trailer []string, err error) {
	lengths, codings := values(fields, "content-length"), values(fields, "transfer-encoding")
	switch {
	case len(lengths)+len(codings) > 1:
		return "", nil, errTwoLengths
	case len(codings) == 1:
		b, err := io.ReadAll(httputil.NewChunkedReader(br))
		if err != nil {
			return string(b), nil, err
		}
		for {
			line, err := br.ReadString('\n')
			if err != nil {
				return string(b), trailer, err
			}
			if line == "\r\n" {
				return string(b), trailer, nil
			}
			trailer = append(trailer, strings.TrimSpace(line))
		}
	case len(lengths) == 1:
		n, err := strconv.ParseInt(lengths[0], 10, 64)
		if err != nil {
			return "", nil, err
		}
		b, err := io.ReadAll(io.LimitReader(br, n))
		if err == nil && int64(len(b)) < n {
			err = io.ErrUnexpectedEOF
		}
		return string(b), nil, err
	case toEnd:
		b, err := io.ReadAll(br)
		return string(b), nil, err
	}
	return "", nil, nil
}
