package evloop

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
)

var errForeign = errors.New("it is neither a *net.TCPConn nor a *net.UnixConn, nor a *tls.Conn made by Server or Client over one of them")

// A Handler gets the events of one connection, on the loop. Its methods MUST
// NOT block. No method of Conn calls it.
type Handler interface {
	// Readable says that there is something to read, or the end. It is called
	// again while something is left, so that one Read a call is enough.
	Readable()
	// Drained says that all that was kept has been written.
	Drained()
	// Closed says that the peer is gone, once: with io.EOF when it ended its
	// side while reading was paused, so that what it sent before can still be
	// read after Resume; with another error when the connection failed, or a
	// delayed write. Close is still the handler's to call.
	Closed(err error)
	// Timeout says that the time set by SetTimer has come.
	Timeout()
}

// A Conn is a connection of a loop, for that loop's goroutine alone.
type Conn struct {
	loop    *Loop
	handler Handler
	tls     *tls.Conn  // nil for plaintext
	under   *transport // of tls
	remote  net.Addr

	fd        int
	slot, gen int32
	want      uint32 // what the poller has been asked about

	out    []byte // kept for a slow reader
	sent   int    // of out
	failed error  // of a write: no further one is tried

	timer    int // the place in the heap
	deadline int64

	paused   bool
	queued   bool // among the loop's ready ones
	unpolled bool // the poller would tell of its failure without end
	told     bool // Closed has been called
	ending   bool // CloseWrite waits for out
	closed   bool
}

// attach makes c a connection of its loop. The socket of nc is c's already.
func (c *Conn) attach(nc net.Conn) {
	_ = nc.Close() // so that the runtime's own poller forgets it
	if c.under != nil {
		c.under.conn = c
	}
}

// open takes the socket of nc, and returns what has to be closed instead of it.
func (c *Conn) open(nc net.Conn) (net.Conn, error) {
	if t, ok := nc.(*tls.Conn); ok {
		under, ok := t.NetConn().(*transport)
		if !ok {
			return nil, errForeign
		}
		if !t.ConnectionState().HandshakeComplete {
			return nil, errors.New("its handshake is not done: call HandshakeContext before")
		}
		c.tls, c.under, nc = t, under, under.Conn
	}
	fd, err := take(nc)
	if err != nil {
		return nil, err
	}
	c.fd = fd
	c.loop.seat(c)
	if err := c.loop.poll.add(fd, c.want, c.slot, c.gen); err != nil {
		c.loop.unseat(c)
		release(fd)
		return nil, err
	}
	return nc, nil
}

// SetHandler gives the connection another handler.
func (c *Conn) SetHandler(h Handler) { c.handler = h }

// RemoteAddr returns the peer's address.
func (c *Conn) RemoteAddr() net.Addr { return c.remote }

// serve hands what the poller said to the handler.
func (c *Conn) serve(what uint32) {
	if what&(onWrite|onFail) != 0 && len(c.out) > 0 && !c.drain() {
		return
	}
	if what&(onRead|onHangup|onFail) == 0 {
		return
	}
	if c.paused {
		c.hush(what)
		return
	}
	if c.under != nil {
		c.under.readable = true
	}
	c.readable()
}

// drain writes what is kept, and reports whether the connection goes on.
func (c *Conn) drain() bool {
	err := c.flush()
	if err == nil && len(c.out) > 0 {
		return true
	}
	if err == nil && c.ending {
		err = c.end()
	}
	c.ask()
	if err == nil {
		c.handler.Drained()
	} else {
		c.tell(err)
	}
	return !c.closed && err == nil
}

// hush stops events of a paused connection that would come again and again,
// and tells the handler when the peer is gone.
func (c *Conn) hush(what uint32) {
	switch {
	case what&onFail != 0:
		c.loop.poll.remove(c.fd)
		c.unpolled = true
	case what&onHangup != 0:
		c.want &^= onHangup | onRead
		c.change()
	default:
		c.want &^= onRead
		c.change()
		return
	}
	err := io.EOF
	if what&onFail != 0 {
		if e := failure(c.fd); e != nil {
			err = e
			_ = c.fail(e)
		}
	}
	c.tell(err)
}

func (c *Conn) tell(err error) {
	if !c.told {
		c.told = true
		c.handler.Closed(err)
	}
}

// readable has the handler read, and comes back for what no event tells of.
func (c *Conn) readable() {
	if c.unpolled && c.under != nil {
		c.under.readable = true
	}
	c.handler.Readable()
	if !c.closed && !c.paused && (c.unpolled || c.Buffered()) {
		c.enqueue()
	}
}

// enqueue has Readable called in the next batch.
func (c *Conn) enqueue() {
	if !c.queued {
		c.queued = true
		c.loop.ready = append(c.loop.ready, c)
	}
}

// ask tells the poller what the connection waits for, where that has changed.
func (c *Conn) ask() {
	want := c.want &^ onWrite
	if len(c.out) > 0 {
		want |= onWrite
	}
	if !c.paused {
		want |= onRead
	}
	if want != c.want {
		c.want = want
		c.change()
	}
}

func (c *Conn) change() {
	if c.closed || c.unpolled {
		return
	}
	if err := c.loop.poll.change(c.fd, c.want, c.slot, c.gen); err != nil {
		_ = c.fail(err)
	}
}

// Pause stops Readable until Resume. The handler still learns of a peer that
// goes, by Closed.
func (c *Conn) Pause() {
	// The poller is told only when something arrives meanwhile, which is rare.
	c.paused = true
}

// Resume ends a pause.
func (c *Conn) Resume() {
	if !c.paused || c.closed {
		return
	}
	c.paused = false
	c.ask()
	if c.unpolled || c.Buffered() {
		c.enqueue()
	}
}

// Read reads what is there. It returns 0 and no error when nothing is there
// now, and io.EOF at the end.
func (c *Conn) Read(p []byte) (int, error) {
	if c.closed {
		return 0, net.ErrClosed
	}
	if len(p) == 0 {
		return 0, nil
	}
	if c.tls != nil {
		return c.unseal(p)
	}
	n, err := read(c.fd, p)
	if n < 0 {
		n, err = 0, c.ended()
	}
	return n, err
}

// ended returns what the end of the peer's bytes means.
func (c *Conn) ended() error {
	if c.unpolled && c.failed != nil {
		return c.failed
	}
	return io.EOF
}

// Close closes the connection, and drops what is kept of its output. No events
// come after it, not even those that have happened already. It may be called
// again.
func (c *Conn) Close() {
	if c.closed {
		return
	}
	if c.tls != nil && c.failed == nil && len(c.out) == 0 {
		_ = c.tls.CloseWrite()
		_ = c.ship()
	}
	c.leave()
	release(c.fd)
}

// Abort closes the connection so that the peer sees it fail.
func (c *Conn) Abort() {
	if c.closed {
		return
	}
	reset(c.fd)
	c.leave()
	release(c.fd)
}

// leave takes the connection from its loop.
func (c *Conn) leave() {
	c.closed = true
	c.dropOut()
	c.deadline = 0
	c.loop.timers.remove(c)
	c.loop.unseat(c)
	c.handler = nil
}
