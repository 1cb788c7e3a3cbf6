package handover

import (
	"net"
	"sync"
)

// Listener is a net.Listener of the connections that are handed over.
type Listener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

// New returns a Listener that no connection has come to yet.
func New() *Listener {
	return &Listener{conns: make(chan net.Conn), closed: make(chan struct{})}
}

// Deliver hands over a connection. It may block, so loops call it elsewhere.
func (h *Listener) Deliver(nc net.Conn) {
	select {
	case h.conns <- nc:
	case <-h.closed:
		_ = nc.Close()
	}
}

// Accept waits for the next connection.
func (h *Listener) Accept() (net.Conn, error) {
	select {
	case nc := <-h.conns:
		return nc, nil
	case <-h.closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept. Connections that were accepted are not affected.
func (h *Listener) Close() error {
	h.once.Do(func() { close(h.closed) })
	return nil
}

// Addr is the address of no listener in particular.
func (h *Listener) Addr() net.Addr { return address{} }

type address struct{}

func (address) Network() string { return "handover" }
func (address) String() string  { return "handover" }

// Prefixed returns a connection of which some bytes have been read: they are
// read first.
func Prefixed(nc net.Conn, read []byte) net.Conn { return &prefixed{Conn: nc, read: read} }

type prefixed struct {
	net.Conn
	read []byte
}

func (c *prefixed) Read(p []byte) (int, error) {
	if len(c.read) > 0 {
		n := copy(p, c.read)
		c.read = c.read[n:]
		return n, nil
	}
	return c.Conn.Read(p)
}

// CloseWrite lets net/http end a connection without losing its last answer.
func (c *prefixed) CloseWrite() error { return closeWrite(c.Conn) }

func closeWrite(nc net.Conn) error {
	if half, ok := nc.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
