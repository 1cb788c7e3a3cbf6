package upstream

import (
	"context"
	"net"
	"time"

	"github.com/gatehouse-ai/gatehouse/evloop"
	"github.com/gatehouse-ai/gatehouse/relay"
)

// Bounds of the idle connections to one endpoint, for each loop.
const (
	maxIdle  = 1024
	idleTime = 90 * time.Second
)

// Pool is the connections of one loop to one endpoint. The one that was used last is
// used next, so that those beyond the need grow old.
type Pool struct {
	w       *Pools
	client  *relay.Client
	idle    Conn // head of the list of those that are idle
	count   int
	retired bool // the endpoint is no longer configured: nothing is kept
}

// Pool returns the connections to an endpoint.
func (w *Pools) Pool(c *relay.Client) *Pool {
	p := w.pools[c]
	if p == nil {
		p = &Pool{w: w, client: c}
		p.idle.prev, p.idle.next = &p.idle, &p.idle
		w.pools[c] = p
	}
	return p
}

// Take returns an idle connection, or nil.
func (p *Pool) Take() *Conn {
	if p.count == 0 {
		return nil
	}
	u := p.idle.next
	p.remove(u)
	return u
}

// Put keeps a connection.
func (p *Pool) Put(u *Conn) {
	if p.retired || p.w.draining() {
		u.state = rest // it is in no list
		u.Drop()
		return
	}
	u.state = idle
	u.prev, u.next = &p.idle, p.idle.next
	u.next.prev, p.idle.next = u, u
	u.conn.SetTimer(p.w.loop.Now().Add(idleTime))
	if p.count++; p.count > maxIdle {
		p.idle.prev.Drop()
	}
}

// remove takes a connection out of the list.
func (p *Pool) remove(u *Conn) {
	u.prev.next, u.next.prev = u.next, u.prev
	u.prev, u.next = nil, nil
	p.count--
}

// Dial is a connection that is being made for an Asker.
type Dial struct {
	s Asker // nil once it wants it no more
	p *Pool
}

// Cancel says that the connection is not wanted any more. It will be kept for
// others.
func (d *Dial) Cancel() { d.s = nil }

// Connect makes a connection, and hands it to the Asker. limit bounds how long
// that may take, unless it is 0.
func (p *Pool) Connect(s Asker, limit time.Duration) *Dial {
	d := &Dial{s, p}
	go func() {
		nc, err := open(p.client, limit)
		if !p.w.loop.Post(func() { d.done(nc, err) }) && nc != nil {
			_ = nc.Close()
		}
	}()
	return d
}

// open connects to an endpoint.
func open(c *relay.Client, limit time.Duration) (net.Conn, error) {
	ctx := context.Background()
	if limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	nc, err := c.Dial(ctx)
	if err != nil {
		return nil, err
	}
	config := c.TLS()
	if config == nil {
		return nc, nil
	}
	secure := evloop.Client(nc, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = nc.Close()
		return nil, err
	}
	return secure, nil
}

// done is called on the loop when the connection stands, or does not.
func (d *Dial) done(nc net.Conn, err error) {
	u := &Conn{w: d.p.w, pool: d.p, fresh: true, state: rest}
	defer d.survive()
	if err == nil {
		if u.conn, err = d.p.w.loop.Adopt(nc, u); err != nil {
			_ = nc.Close()
		}
	}
	switch {
	case d.s != nil && err != nil:
		d.s.Connected(nil, err)
	case d.s != nil:
		d.s.Connected(u, nil)
	case err == nil:
		d.p.Put(u)
	}
}

// survive keeps a defect from ending the process.
func (d *Dial) survive() {
	p := recover()
	if p == nil {
		return
	}
	f := d.p.w.defect(p)
	if d.s != nil {
		d.s.Hurt(f)
	}
}
