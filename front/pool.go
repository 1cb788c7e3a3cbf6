package front

import (
	"context"
	"net"
	"time"

	"github.com/gatehouse-ai/gatehouse/evloop"
	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/relay"
)

// Bounds of the idle connections to one endpoint, for each worker.
const (
	maxIdle  = 1024
	idleTime = 90 * time.Second
)

// pool is a worker's connections to one endpoint. The one that was used last is
// used next, so that those beyond the need grow old.
type pool struct {
	w       *worker
	client  *relay.Client
	idle    upstream // head of the list of those that are idle
	count   int
	retired bool // the endpoint is no longer configured: nothing is kept
}

// pool returns the worker's pool of an endpoint.
func (w *worker) pool(c *relay.Client) *pool {
	p := w.pools[c]
	if p == nil {
		p = &pool{w: w, client: c}
		p.idle.prev, p.idle.next = &p.idle, &p.idle
		w.pools[c] = p
	}
	return p
}

// take returns an idle connection, or nil.
func (p *pool) take() *upstream {
	if p.count == 0 {
		return nil
	}
	u := p.idle.next
	p.remove(u)
	return u
}

// put keeps a connection.
func (p *pool) put(u *upstream) {
	if p.retired || p.w.front.draining.Load() {
		u.state = rest // it is in no list
		u.drop()
		return
	}
	u.state = idle
	u.prev, u.next = &p.idle, p.idle.next
	u.next.prev, p.idle.next = u, u
	u.conn.SetTimer(p.w.loop.Now().Add(idleTime))
	if p.count++; p.count > maxIdle {
		p.idle.prev.drop()
	}
}

// remove takes a connection out of the list.
func (p *pool) remove(u *upstream) {
	u.prev.next, u.next.prev = u.next, u.prev
	u.prev, u.next = nil, nil
	p.count--
}

// dial is a connection that is being made for a session.
type dial struct {
	s *session // nil once it wants it no more
	p *pool
}

// connect makes a connection, and hands it to the session.
func (p *pool) connect(s *session) *dial {
	d := &dial{s, p}
	limit := s.attempt.Endpoint.Timeouts.Connect
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
func (d *dial) done(nc net.Conn, err error) {
	u := &upstream{w: d.p.w, pool: d.p, fresh: true, state: rest}
	defer d.p.w.survive(func(f *fault.Error) {
		if s := d.s; s != nil {
			s.c.hurt(f)
		}
	})
	if err == nil {
		if u.conn, err = d.p.w.loop.Adopt(nc, u); err != nil {
			_ = nc.Close()
		}
	}
	switch {
	case d.s != nil && err != nil:
		d.s.connected(nil, err)
	case d.s != nil:
		d.s.connected(u, nil)
	case err == nil:
		d.p.put(u)
	}
}
