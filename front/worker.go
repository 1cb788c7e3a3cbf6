package front

import (
	"maps"
	"net"
	"net/http"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/gatehouse-ai/gatehouse/buffers"
	"github.com/gatehouse-ai/gatehouse/evloop"
	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/upstream"
)

// readSize is how much is read at a time.
const readSize = 128 << 10

// worker is one event loop with all that its requests use. What is not atomic
// belongs to the loop.
type worker struct {
	front *Front
	loop  *evloop.Loop
	hooks Hooks
	load  atomic.Int64 // connections of clients, those included that are on their way

	buffers   buffers.Buffers
	read      []byte // what has been read last, during one event
	out       []byte // of the answer to the client whose event is handled; empty between events
	sessions  []*session
	clients   client // head of the list of all
	endpoints *upstream.Pools
	date      [len(http.TimeFormat)]byte
	second    int64 // that date is of
}

func newWorker(f *Front, hooks Hooks) (*worker, error) {
	loop, err := evloop.New()
	if err != nil {
		return nil, err
	}
	if f.Linger {
		loop.Linger()
	}
	w := &worker{front: f, loop: loop, hooks: hooks, read: make([]byte, readSize)}
	w.endpoints = upstream.New(upstream.Options{Loop: loop, Read: w.read, Defect: w.defect, Draining: f.draining.Load})
	w.clients.prev, w.clients.next = &w.clients, &w.clients
	return w, nil
}

// accept begins to serve a connection, of which something may have been read.
func (w *worker) accept(nc net.Conn, read []byte) {
	c := &client{w: w}
	conn, err := w.loop.Adopt(nc, c)
	if err != nil {
		w.front.Log.Warn("a connection could not be served", "error", err.Error())
		_ = nc.Close()
		w.gone()
		return
	}
	c.conn, c.remote = conn, host(nc.RemoteAddr())
	c.link()
	if w.front.draining.Load() {
		c.leave()
		return
	}
	c.expect(headTimeout)
	if len(read) > 0 {
		c.buf = append(w.buffers.Take(len(read)), read...)
		defer w.survive(c.hurt)
		c.advance()
	}
}

// gone counts a client less.
func (w *worker) gone() {
	w.load.Add(-1)
	w.front.left()
}

// host is the address of a client without its port.
func host(a net.Addr) string {
	name, _, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	return name
}

// drain closes the clients that wait for nothing.
func (w *worker) drain() {
	for c := w.clients.next; c != &w.clients; {
		next := c.next
		if c.state == reading && len(c.buf) == 0 {
			c.leave()
		}
		c = next
	}
	w.endpoints.Drain()
}

// cut ends every request in flight.
func (w *worker) cut(cause *fault.Error) {
	for c := w.clients.next; c != &w.clients; {
		next := c.next
		if c.s != nil && c.state == busy {
			c.s.refuse(cause)
		} else if c.state != closing {
			c.leave()
		}
		c = next
	}
}

// retire closes idle connections to endpoints that are no longer configured.
func (w *worker) retire() { w.endpoints.Retain(maps.Values(w.front.Current().Clients)) }

// session returns one that is free.
func (w *worker) session() *session {
	if last := len(w.sessions) - 1; last >= 0 {
		s := w.sessions[last]
		w.sessions = w.sessions[:last]
		return s
	}
	return &session{w: w}
}

// How large the buffers of a session may be that waits for its next request: a
// few are enough for large answers, and the many of a crowd stay small.
const (
	few        = 32
	roomForFew = 128 << 10
	room       = 16 << 10
)

// recycle takes back a session. What it borrowed must have been given back.
func (w *worker) recycle(s *session) {
	if len(w.sessions) < few {
		s.x.Trim(roomForFew)
	} else {
		s.x.Trim(room)
	}
	w.sessions = append(w.sessions, s)
}

// today is the time of the batch as the field Date has it.
func (w *worker) today() []byte {
	if now := w.loop.Now(); now.Unix() != w.second {
		w.second = now.Unix()
		now.UTC().AppendFormat(w.date[:0], http.TimeFormat)
	}
	return w.date[:]
}

// survive keeps a defect in one request from ending the process: what it
// happened to is closed.
func (w *worker) survive(hurt func(*fault.Error)) {
	p := recover()
	if p == nil {
		return
	}
	hurt(w.defect(p))
}

// defect reports a panic, and returns what is said of it.
func (w *worker) defect(panicked any) *fault.Error {
	w.out = w.out[:0]
	w.front.Log.Error("panic", "panic", panicked, "stack", string(debug.Stack()))
	return fault.New(fault.Internal, "The gateway had an internal error while processing your request.")
}

// since is the time from then to the batch of now.
func (w *worker) since(then time.Time) time.Duration { return w.loop.Now().Sub(then) }
