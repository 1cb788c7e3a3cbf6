package front

import (
	"net"
	"sync"
)

// Handover is a net.Listener of the connections that the front does not serve,
// with the bytes that it has read.
type Handover struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newHandover() *Handover {
	return &Handover{conns: make(chan net.Conn), closed: make(chan struct{})}
}

// deliver hands over a connection. It may block, so loops call it elsewhere.
func (h *Handover) deliver(nc net.Conn) {
	select {
	case h.conns <- nc:
	case <-h.closed:
		_ = nc.Close()
	}
}

// Accept waits for the next connection.
func (h *Handover) Accept() (net.Conn, error) {
	select {
	case nc := <-h.conns:
		return nc, nil
	case <-h.closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept. Connections that were accepted are not affected.
func (h *Handover) Close() error {
	h.once.Do(func() { close(h.closed) })
	return nil
}

// Addr is the address of no listener in particular.
func (h *Handover) Addr() net.Addr { return handoverAddr{} }

type handoverAddr struct{}

func (handoverAddr) Network() string { return "handover" }
func (handoverAddr) String() string  { return "handover" }

// prefixed is a connection of which some bytes have been read.
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
