package evloop

import (
	"crypto/tls"
	"errors"
	"net"
	"time"
)

// Server returns the server's side of TLS over nc, to be adopted by a loop after
// its handshake, which is the caller's to do on a goroutine. The configuration
// MUST NOT allow renegotiation.
func Server(nc net.Conn, config *tls.Config) *tls.Conn {
	return tls.Server(&transport{Conn: nc}, config)
}

// Client is Server for the client's side.
func Client(nc net.Conn, config *tls.Config) *tls.Conn {
	return tls.Client(&transport{Conn: nc}, config)
}

// A transport is what crypto/tls reads from and writes to: a connection that
// blocks, and while a loop has adopted it, that loop's socket.
type transport struct {
	net.Conn

	conn     *Conn // nil while it blocks
	readable bool  // the socket may have something
	records  records
}

// errAgain says that nothing is there now. Package tls takes no note of an
// error that is temporary, and goes on where it was at the next call.
type errAgain struct{}

func (errAgain) Error() string   { return "nothing to read now" }
func (errAgain) Timeout() bool   { return true }
func (errAgain) Temporary() bool { return true }

func (t *transport) Read(p []byte) (int, error) {
	if t.conn == nil {
		n, err := t.Conn.Read(p)
		t.records.follow(p[:n])
		return n, err
	}
	if !t.readable {
		return 0, errAgain{}
	}
	n, err := read(t.conn.fd, p)
	switch {
	case err != nil:
		return 0, err
	case n < 0:
		return 0, t.conn.ended()
	}
	// A read that does not fill its buffer has emptied the socket; the event of
	// what comes later sets this again.
	t.readable = n == len(p)
	if n == 0 {
		return 0, errAgain{}
	}
	t.records.follow(p[:n])
	return n, nil
}

// Write collects what the connection sends when package tls has returned.
func (t *transport) Write(p []byte) (int, error) {
	if t.conn == nil {
		return t.Conn.Write(p)
	}
	l := t.conn.loop
	l.cipher = append(l.cipher, p...)
	return len(p), nil
}

// Close does nothing to a connection that a loop owns.
func (t *transport) Close() error {
	if t.conn == nil {
		return t.Conn.Close()
	}
	return nil
}

func (t *transport) SetDeadline(at time.Time) error {
	if t.conn == nil {
		return t.Conn.SetDeadline(at)
	}
	return nil
}

func (t *transport) SetReadDeadline(at time.Time) error {
	if t.conn == nil {
		return t.Conn.SetReadDeadline(at)
	}
	return nil
}

// SetWriteDeadline does nothing on a loop: package tls calls it before it says
// goodbye.
func (t *transport) SetWriteDeadline(at time.Time) error {
	if t.conn == nil {
		return t.Conn.SetWriteDeadline(at)
	}
	return nil
}

// unseal is Read of TLS.
func (c *Conn) unseal(p []byte) (int, error) {
	r := &c.under.records
	n, err := c.tls.Read(p)
	if len(c.loop.cipher) > 0 {
		// An answer to a message of the protocol. Its failure shows when
		// something is written next.
		if c.failed == nil {
			_ = c.ship()
		}
		c.loop.cipher = c.loop.cipher[:0]
	}
	if n > 0 {
		r.took(n == len(p))
		if err != nil {
			r.open = true // package tls tells it again
		}
		return n, nil
	}
	r.none()
	if errors.Is(err, errAgain{}) {
		err = nil
	}
	return 0, err
}

// Buffered reports whether there is something to read though no event will tell
// of it: what has been read from the socket, but not by Read. The loop calls
// Readable for it again.
func (c *Conn) Buffered() bool {
	if c.under == nil {
		return false
	}
	return c.under.records.waiting()
}

// seal is Write of TLS.
func (c *Conn) seal(p []byte) error {
	for len(p) > 0 {
		n := min(len(p), maxSeal)
		if _, err := c.tls.Write(p[:n]); err != nil {
			c.loop.cipher = c.loop.cipher[:0]
			return c.fail(err)
		}
		if err := c.ship(); err != nil {
			return err
		}
		p = p[n:]
	}
	return nil
}

// sealParts is WriteParts of TLS. Parts are copied together up to a record's
// size, for a record costs more than a copy.
func (c *Conn) sealParts(parts [][]byte) error {
	if c.loop.plain == nil {
		c.loop.plain = make([]byte, 0, maxRecord)
	}
	plain := c.loop.plain[:0]
	for _, p := range parts {
		for len(p) > 0 {
			if len(plain) == 0 && len(p) >= maxRecord {
				if err := c.seal(p); err != nil {
					return err
				}
				break
			}
			n := min(len(p), maxRecord-len(plain))
			plain = append(plain, p[:n]...)
			p = p[n:]
			if len(plain) == maxRecord {
				if err := c.seal(plain); err != nil {
					return err
				}
				plain = plain[:0]
			}
		}
	}
	return c.seal(plain)
}

// ship sends what package tls has written.
func (c *Conn) ship() error {
	b := c.loop.cipher
	c.loop.cipher = b[:0]
	if len(b) == 0 {
		return nil
	}
	return c.send(b)
}

// records follows the framing of what was read from the socket, to know whether
// package tls, which does not tell, holds more that Read would return.
type records struct {
	head  [5]byte
	got   int  // of head
	left  int  // bytes until the next head
	whole int  // records that have been read, or more than are left
	open  bool // the last Read may have left a part of a record
}

const lengthAt = 3 // in the head of a record

func (r *records) follow(p []byte) {
	for len(p) > 0 {
		if r.left > 0 {
			n := min(r.left, len(p))
			p = p[n:]
			if r.left -= n; r.left == 0 {
				r.whole++
			}
			continue
		}
		n := copy(r.head[r.got:], p)
		p = p[n:]
		if r.got += n; r.got == len(r.head) {
			r.got = 0
			r.left = int(r.head[lengthAt])<<8 | int(r.head[lengthAt+1])
			if r.left == 0 {
				r.whole++
			}
		}
	}
}

// took notes that a Read returned something; full says that it returned as much
// as fits, so that a part of the record may be left.
func (r *records) took(full bool) {
	if !r.open && r.whole > 0 {
		r.whole--
	}
	r.open = full
}

// none notes that a Read found nothing, so that nothing is left.
func (r *records) none() { r.whole, r.open = 0, false }

func (r *records) waiting() bool { return r.open || r.whole > 0 }
