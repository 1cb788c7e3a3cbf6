package front

import (
	"net"
	"net/http"
	"time"

	"github.com/gatehouse-ai/gatehouse/buffers"
	"github.com/gatehouse-ai/gatehouse/evloop"
	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/h1"
	"github.com/gatehouse-ai/gatehouse/handover"
	"github.com/gatehouse-ai/gatehouse/op"
	"github.com/gatehouse-ai/gatehouse/principal"
	"github.com/gatehouse-ai/gatehouse/wire"
)

// Times that a client has.
const (
	headTimeout = 10 * time.Second // from the first byte of a request to the end of its head
	idleTimeout = 2 * time.Minute  // between requests
	lastTimeout = time.Second      // to take the end of its last answer and close
)

// Sizes of what is held of a request.
const (
	maxBody = 1 << 20   // larger ones go to net/http, so that no request holds up a loop for long
	hinted  = 8 << 10   // from here on a connection reads straight into a buffer as large as its last request
	maxHint = 128 << 10 // but not for this much
	// counted is the size from which a buffer counts against the memory that all
	// requests share; smaller ones are bounded by the number of connections.
	counted = 32 << 10
)

// state is what a client is about.
type state uint8

const (
	reading state = iota // the head of a request
	body                 // its body
	busy                 // its answer is on the way
	closing              // the last answer is on the way out
	left                 // it is gone, or has been handed over
)

// client is one connection of a client.
type client struct {
	w      *worker
	conn   *evloop.Conn
	remote string
	state  state
	// buf is what has been read and is not done with: the request, and whatever
	// the client sent ahead. nil between requests.
	buf     []byte
	req     h1.Request
	op      *op.Operation
	seen    principal.Cache
	s       *session // from the end of a head to the end of its answer
	hint    int      // size of the last request
	held    int64    // of the shared memory, for buf
	paused  bool     // nothing is read, since too much has been read ahead
	breaks  int      // that may still stand before the next head and mean nothing
	serving bool     // advance is at work further up the stack

	prev, next *client
}

func (c *client) link() {
	head := &c.w.clients
	c.prev, c.next = head, head.next
	head.next.prev, head.next = c, c
}

// Readable takes what the client has sent.
func (c *client) Readable() {
	defer c.w.survive(c.hurt)
	switch c.state {
	case left:
	case closing:
		if n, err := c.conn.Read(c.w.read); n == 0 && err != nil {
			c.leave()
		}
	case busy:
		c.readAhead()
	case reading, body:
		if err := c.fill(); err != nil {
			c.leave()
			return
		}
		c.advance()
	}
}

// Drained goes on with what waited for the client to take its answer.
func (c *client) Drained() {
	defer c.w.survive(c.hurt)
	switch {
	case c.state == closing:
		c.linger()
	case c.s != nil:
		c.s.drained()
	}
}

// Closed ends everything that is done for a client that has left.
func (c *client) Closed(error) {
	defer c.w.survive(c.hurt)
	c.leave()
}

// Timeout ends what takes too long.
func (c *client) Timeout() {
	defer c.w.survive(c.hurt)
	switch {
	case c.state == busy:
		c.s.tick()
	case c.state == body:
		c.s.rec.BytesIn = int64(len(c.buf) - c.req.Size)
		c.s.refuseLast(fault.New(fault.SlowClient, "The body of the request did not arrive in time."))
	default:
		c.leave()
	}
}

// hurt ends a client that a defect happened to.
func (c *client) hurt(f *fault.Error) {
	defer func() { // whatever else is broken about it, its loop goes on
		if recover() != nil {
			c.conn.Abort()
		}
	}()
	if c.s != nil && c.state == busy {
		c.s.rec.Fault = nil
		c.s.refuseLast(f)
		return
	}
	c.leave()
}

// expect bounds the time until the client must have gone on.
func (c *client) expect(d time.Duration) { c.conn.SetTimer(c.w.loop.Now().Add(d)) }

// fill reads once, into a buffer that has room for the request as far as it is
// known.
func (c *client) fill() error {
	if c.buf == nil && c.hint < hinted {
		n, err := c.conn.Read(c.w.read)
		if n > 0 {
			c.buf = append(c.w.buffers.Take(n), c.w.read[:n]...)
			return nil
		}
		return err
	}
	switch {
	case c.buf == nil:
		c.buf = c.w.buffers.Take(c.hint)
	case len(c.buf) == cap(c.buf):
		c.grow(2 * len(c.buf))
	}
	n, err := c.conn.Read(c.buf[len(c.buf):cap(c.buf)])
	c.buf = c.buf[:len(c.buf)+n]
	if n > 0 {
		return nil
	}
	if len(c.buf) == 0 {
		c.drop()
	}
	return err
}

// grow moves what has been read to a buffer for n bytes.
func (c *client) grow(n int) {
	larger := append(c.w.buffers.Take(min(n, buffers.Largest)), c.buf...)
	c.w.buffers.Give(c.buf)
	c.buf = larger
}

// drop gives the buffer back.
func (c *client) drop() {
	if c.buf != nil {
		c.w.buffers.Give(c.buf)
		c.buf = nil
	}
	if c.held > 0 {
		c.w.front.Memory.Release(c.held)
		c.held = 0
	}
}

// advance serves requests as long as what has been read allows.
func (c *client) advance() {
	if c.serving {
		return
	}
	c.serving = true
	for (c.state == reading && c.head()) || (c.state == body && c.complete()) {
	}
	c.serving = false
}

// head begins the request whose head has been read. It returns false if more is
// needed, or the connection is not the front's any more.
func (c *client) head() bool {
	c.skipBreaks()
	if len(c.buf) == 0 {
		return false
	}
	switch c.req.Parse(c.buf) {
	case h1.Incomplete:
		if len(c.buf) >= c.w.front.Header {
			c.handOver() // which says what is wrong
			return false
		}
		c.expect(headTimeout)
		return false
	case h1.Odd:
		c.handOver()
		return false
	case h1.Complete:
		if c.req.Size > c.w.front.Header {
			c.handOver() // it came at once, and is too large all the same
			return false
		}
	}
	gen := c.w.front.Current()
	if !c.mine() || gen.Keys == nil && principal.Local(c.req.Host, c.req.Header) != nil || c.req.Length > min(maxBody, gen.Bounds.JSONBody) {
		c.lend()
		return false
	}
	size := c.req.Size + int(c.req.Length)
	if !c.reserve(size) {
		c.lend() // which says what is wrong
		return false
	}
	c.s = c.w.session()
	if err := c.s.open(c, gen); err != nil {
		if len(c.buf) < size { // its body has to be read, to no end
			c.s.discard()
			c.lend()
			return false
		}
		c.hint = min(size, maxHint)
		c.s.refuse(err)
		return true
	}
	c.hint = min(size, maxHint)
	c.state = body
	if len(c.buf) < size {
		c.expect(gen.Bounds.BodyRead)
	}
	return true
}

// maxBreaks is how many bytes of line breaks may follow the body of a request:
// some clients end it with one, which its length does not count.
const maxBreaks = 4

// skipBreaks drops them.
func (c *client) skipBreaks() {
	n := 0
	for n < min(len(c.buf), c.breaks) && (c.buf[n] == '\r' || c.buf[n] == '\n') {
		n++
	}
	switch c.breaks -= n; {
	case n == 0:
	case n == len(c.buf):
		c.drop()
	default:
		c.buf = append(c.buf[:0], c.buf[n:]...)
	}
}

// mine tells whether the request is one that the front serves.
func (c *client) mine() bool {
	if c.req.Length < 0 || c.req.Method != http.MethodPost || c.req.Header.Has("Content-Encoding") {
		return false
	}
	if !wire.EqualFold(wire.MediaType(c.req.Header.Get("Content-Type")), "application/json") {
		return false
	}
	m := c.w.front.Router.Match(c.req.Method, c.req.Path)
	c.op = m.Op
	return m.Op != nil && m.Op.Level != op.Absent && m.Op.Owner == op.Inference && m.Op.Class == op.Tokens && m.Param == "" && m.Op.Deprecated == nil
}

// reserve makes room for a whole request.
func (c *client) reserve(size int) bool {
	if size <= cap(c.buf) && size < counted {
		return true
	}
	if size >= counted && c.held == 0 {
		if !c.w.front.Memory.Reserve(int64(size)) {
			return false
		}
		c.held = int64(size)
	}
	if size > cap(c.buf) {
		c.grow(size)
		c.req.Parse(c.buf) // its texts point into the buffer
	}
	return true
}

// complete serves the request if its body is all there.
func (c *client) complete() bool {
	size := c.req.Size + int(c.req.Length)
	if len(c.buf) < size {
		return false
	}
	c.state = busy
	c.s.serve(c.buf[c.req.Size:size:size])
	return c.state == reading
}

// answered goes on to the next request. last says that there is to be none.
func (c *client) answered(last bool) {
	c.s = nil
	if last || c.w.front.draining.Load() {
		c.close()
		return
	}
	c.state, c.breaks = reading, maxBreaks
	size := c.req.Size + int(c.req.Length)
	rest := c.buf[min(size, len(c.buf)):]
	if len(rest) == 0 {
		c.drop()
	} else {
		next := append(c.w.buffers.Take(len(rest)), rest...)
		c.drop()
		c.buf = next
	}
	if c.paused {
		c.paused = false
		c.conn.Resume()
	}
	c.expect(idleTimeout)
	c.advance()
}

// readAhead takes what the client sends while its answer is on the way: the end
// of the connection, or the next request.
func (c *client) readAhead() {
	room := c.buf[len(c.buf):cap(c.buf)]
	if len(room) == 0 || len(c.buf)-c.req.Size-int(c.req.Length) >= handover.MaxAhead {
		// What has been read must stay where it is. A client that leaves is still
		// noticed.
		c.paused = true
		c.conn.Pause()
		return
	}
	n, err := c.conn.Read(room)
	c.buf = c.buf[:len(c.buf)+n]
	if n == 0 && err != nil {
		c.leave()
	}
}

// close ends the connection once the client has its answer.
func (c *client) close() {
	c.state = closing
	c.drop()
	if c.conn.Pending() == 0 {
		c.linger()
		return
	}
	c.expect(idleTimeout)
}

// linger waits a moment for the client to close, since a connection that is
// closed with something unread takes the last answer with it.
func (c *client) linger() {
	if c.paused {
		c.paused = false
		c.conn.Resume()
	}
	if err := c.conn.CloseWrite(); err != nil {
		c.leave()
		return
	}
	c.expect(lastTimeout)
}

// leave forgets the client.
func (c *client) leave() {
	if c.state == left {
		return
	}
	s := c.s
	c.s = nil
	if s != nil {
		if c.state != busy { // it left before it had sent its request
			s.begin()
			s.rec.BytesIn = int64(len(c.buf) - c.req.Size)
		}
		s.gone()
	}
	c.conn.Close()
	c.forget()
}

// forget takes the client out of its worker.
func (c *client) forget() {
	c.state = left
	c.drop()
	c.prev.next, c.next.prev = c.next, c.prev
	c.w.gone()
}

// handOver gives the connection to net/http, with what has been read of it.
func (c *client) handOver() {
	c.part(handover.Prefixed)
}

// lend gives the connection to net/http for the one request whose head has been
// read.
func (c *client) lend() {
	size := int64(c.req.Size) + max(0, c.req.Length)
	c.part(func(nc net.Conn, read []byte) net.Conn { return handover.Lend(nc, read, size, c.w.front.back) })
}

// part leaves the loop for the net/http front.
func (c *client) part(as func(nc net.Conn, read []byte) net.Conn) {
	read := append([]byte(nil), c.buf...)
	nc, err := c.conn.Detach()
	if err != nil {
		c.w.front.Log.Warn("a connection could not be handed over", "error", err.Error())
		c.conn.Close()
	} else {
		go c.w.front.other.Deliver(as(nc, read))
	}
	c.forget()
}
