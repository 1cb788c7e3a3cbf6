package evloop

import "net"

const (
	// maxSeal is how much is encrypted before it is written.
	maxSeal = 64 << 10
	// maxRecord is how much one record of TLS holds.
	maxRecord = 16 << 10
	// Buffers of output that are kept for the next slow reader.
	maxBuffers = 64
	maxBuffer  = 64 << 10
)

// Write writes what the socket takes now and keeps a copy of the rest, which
// goes out when the peer reads; Drained tells when it has. An error is final:
// the connection is only good for Close, and Closed does not tell of it.
func (c *Conn) Write(p []byte) error {
	if err := c.writable(); err != nil {
		return err
	}
	if c.tls != nil {
		return c.seal(p)
	}
	return c.send(p)
}

// WriteParts is Write of the parts in a row: one call of the system, or as few
// records of TLS as hold them.
func (c *Conn) WriteParts(parts ...[]byte) error {
	if err := c.writable(); err != nil {
		return err
	}
	if c.tls != nil {
		return c.sealParts(parts)
	}
	for len(c.out) == 0 && len(parts) > 0 {
		some := parts[:min(len(parts), maxParts)]
		n, err := writeParts(c.fd, some)
		if err != nil {
			return c.fail(err)
		}
		parts = parts[len(some):]
		for _, p := range some {
			if n >= len(p) {
				n -= len(p)
				continue
			}
			c.keep(p[n:])
			n = 0
		}
	}
	for _, p := range parts {
		c.keep(p)
	}
	return nil
}

// Pending returns how many bytes are kept, those of encryption included.
func (c *Conn) Pending() int { return len(c.out) - c.sent }

// CloseWrite tells the peer that nothing more comes, after what is kept.
// Reading goes on; a Write after it fails.
func (c *Conn) CloseWrite() error {
	if err := c.writable(); err != nil {
		return err
	}
	c.ending = true
	if c.tls != nil {
		if err := c.tls.CloseWrite(); err != nil {
			c.loop.cipher = c.loop.cipher[:0]
			return c.fail(err)
		}
		if err := c.ship(); err != nil {
			return err
		}
	}
	if len(c.out) > 0 {
		return nil
	}
	return c.end()
}

func (c *Conn) end() error {
	if err := finish(c.fd); err != nil {
		return c.fail(err)
	}
	return nil
}

// writable returns why nothing can be written any more, or nil.
func (c *Conn) writable() error {
	if c.closed || c.ending {
		return net.ErrClosed
	}
	return c.failed
}

// fail remembers the first failure and returns it.
func (c *Conn) fail(err error) error {
	if c.failed == nil {
		c.failed = err
		c.dropOut()
		c.ask()
	}
	return c.failed
}

// send writes bytes as they go over the wire.
func (c *Conn) send(p []byte) error {
	if len(c.out) > 0 {
		c.keep(p)
		return nil
	}
	n, err := write(c.fd, p)
	if err != nil {
		return c.fail(err)
	}
	if n < len(p) {
		c.keep(p[n:])
	}
	return nil
}

// keep copies p to the end of what is kept.
func (c *Conn) keep(p []byte) {
	if len(p) == 0 {
		return
	}
	if len(c.out) == 0 {
		c.out = c.loop.buffer()
	}
	if c.sent >= len(c.out)-c.sent && len(c.out)+len(p) > cap(c.out) {
		c.out = c.out[:copy(c.out, c.out[c.sent:])]
		c.sent = 0
	}
	c.out = append(c.out, p...)
	c.ask()
}

// flush writes of what is kept what the socket takes.
func (c *Conn) flush() error {
	n, err := write(c.fd, c.out[c.sent:])
	if err != nil {
		return c.fail(err)
	}
	if c.sent += n; c.sent == len(c.out) {
		c.dropOut()
	}
	return nil
}

// dropOut gives back the memory of what is kept.
func (c *Conn) dropOut() {
	if l := c.loop; cap(c.out) > 0 && cap(c.out) <= maxBuffer && len(l.buffers) < maxBuffers {
		l.buffers = append(l.buffers, c.out[:0])
	}
	c.out, c.sent = nil, 0
}

// buffer returns an empty buffer, used before if there is one.
func (l *Loop) buffer() []byte {
	n := len(l.buffers)
	if n == 0 {
		return nil
	}
	b := l.buffers[n-1]
	l.buffers[n-1] = nil
	l.buffers = l.buffers[:n-1]
	return b
}
