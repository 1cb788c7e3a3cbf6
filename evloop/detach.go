package evloop

import (
	"fmt"
	"net"
)

// Detach takes the connection from its loop, and returns it for use by
// goroutines: for TLS the *tls.Conn that was adopted. What is kept of the output
// is written by a goroutine, and what the new owner writes comes after it. After
// an error the connection is closed.
func (c *Conn) Detach() (net.Conn, error) {
	if c.closed {
		return nil, net.ErrClosed
	}
	if c.failed != nil {
		err := c.failed
		c.Close()
		return nil, fmt.Errorf("evloop: to give back the connection with %v: %w", c.remote, err)
	}
	kept := append([]byte(nil), c.out[c.sent:]...)
	if !c.unpolled {
		// The socket lives on, so that the poller would not forget it.
		c.loop.poll.remove(c.fd)
	}
	c.leave()
	nc, err := give(c.fd)
	if err != nil {
		return nil, fmt.Errorf("evloop: to give back the connection with %v: %w", c.remote, err)
	}
	if len(kept) > 0 {
		nc = after(nc, kept)
	}
	if c.tls == nil {
		return nc, nil
	}
	c.under.Conn, c.under.conn = nc, nil
	return c.tls, nil
}

// A late connection writes what was kept for it before anything else.
type late struct {
	net.Conn

	done chan struct{} // closed when it has been written
	err  error         // why it has not; set before
}

func after(nc net.Conn, kept []byte) *late {
	l := &late{Conn: nc, done: make(chan struct{})}
	go func() {
		defer close(l.done)
		_, l.err = nc.Write(kept)
	}()
	return l
}

// Write waits for what is written before. A deadline or Close ends that too.
func (l *late) Write(p []byte) (int, error) {
	<-l.done
	if l.err != nil {
		return 0, l.err
	}
	return l.Conn.Write(p)
}
