package front

import (
	"math/rand/v2"
	"time"

	"github.com/gatehouse-ai/gatehouse/exchange"
	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/ident"
	"github.com/gatehouse-ai/gatehouse/record"
	"github.com/gatehouse-ai/gatehouse/relay"
	"github.com/gatehouse-ai/gatehouse/upstream"
	"github.com/gatehouse-ai/gatehouse/wire"
)

// session is one request, from its head to the end of its answer.
type session struct {
	w   *worker
	c   *client
	gen *relay.Generation
	x   exchange.Exchange
	rec record.Record
	id  []byte // which rec.ID is a view of

	attempt *exchange.Attempt
	dial    *upstream.Dial // under way for this session
	up      *upstream.Conn // that the attempt was sent over
	pool    *upstream.Pool // of the attempt's endpoint
	stale   int            // connections that turned out to have been closed by the endpoint
	clock   clock
	held    int64 // of the shared memory, for what is held of the answer

	writer
}

// open begins the request whose head the client has read.
func (s *session) open(c *client, gen *relay.Generation) *fault.Error {
	now := c.w.loop.Now()
	s.c, s.gen = c, gen
	s.id = ident.Append(s.id[:0], "req_")
	s.rec = record.Record{
		ID: wire.View(s.id), ClientID: c.req.Header.Get("X-Client-Request-Id"), Start: now,
		Method: c.req.Method, Path: c.req.Path, Remote: c.remote, Generation: gen.Generation,
	}
	s.attempt, s.stale, s.held = nil, 0, 0
	s.writer = writer{shape: c.op.Shape, last: c.req.Close || c.w.front.draining.Load()}
	s.clock = clock{}
	return s.x.Open(gen.Snapshot, exchange.Request{Op: c.op, Query: c.req.Query, Header: c.req.Header, Now: now, Seen: &c.seen}, &s.rec)
}

// discard forgets a request that somebody else serves, or nobody.
func (s *session) discard() {
	s.c.s = nil
	s.c = nil
	s.w.recycle(s)
}

// serve takes the body, and goes on until the answer is there or has to be
// waited for.
func (s *session) serve(body []byte) {
	s.rec.BytesIn = int64(len(body))
	if err := s.x.Body(body); err != nil {
		s.begin()
		s.reply(err)
		return
	}
	if s.x.Any(s.indirect) {
		c := s.c
		s.discard()
		c.lend()
		return
	}
	s.begin()
	s.clock.waits(s.x.KeepAlive(), s.x.Streams(), s.w.loop.Now())
	s.next()
}

// begin counts the request.
func (s *session) begin() { s.w.hooks.Begin() }

// refuse answers with an error a request whose body has been read, or that is
// being served.
func (s *session) refuse(err *fault.Error) {
	if s.c.state != busy {
		s.c.state = busy
		s.begin()
	}
	s.cancel()
	s.reply(err)
}

// refuseLast is refuse for a request whose connection cannot go on.
func (s *session) refuseLast(err *fault.Error) {
	s.last = true
	s.refuse(err)
}

// reply ends the answer with an error.
func (s *session) reply(err *fault.Error) {
	_ = s.x.Refuse(err, s) // a client that is gone is noticed by the flush
	s.finish()
}

// next makes the next attempt.
func (s *session) next() {
	a, refused := s.x.Next(s.w.loop.Now(), rand.Uint64())
	if refused != nil {
		s.reply(refused)
		return
	}
	s.attempt, s.stale = a, 0
	s.pool = s.w.endpoints.Pool(s.gen.Clients[a.Endpoint.Endpoint])
	s.clock.attempt(a.Endpoint.Timeouts, s.w.loop.Now())
	s.connect()
}

// connect takes an idle connection to the endpoint, or makes one.
func (s *session) connect() {
	if up := s.pool.Take(); up != nil && s.stale < maxStale {
		s.over(up)
		return
	} else if up != nil {
		s.pool.Put(up)
	}
	s.dial = s.pool.Connect(s, s.attempt.Endpoint.Timeouts.Connect)
	s.arm()
}

// maxStale is how many connections may turn out to be closed before a new one is
// made.
const maxStale = 2

// Connected is called when a dial has ended. It is part of upstream.Asker, as
// are the other methods of such names.
func (s *session) Connected(up *upstream.Conn, err error) {
	s.dial = nil
	if err != nil {
		s.Broken(relay.Unreachable(err))
		return
	}
	s.over(up)
}

// over sends the attempt's request over a connection.
func (s *session) over(up *upstream.Conn) {
	s.up = up
	s.clock.sent(s.w.loop.Now())
	if up.Ask(s, s.attempt) {
		s.arm()
	}
}

// Sent begins the wait for the answer anew, once the whole request has gone out.
func (s *session) Sent() {
	s.clock.sent(s.w.loop.Now())
	s.arm()
}

// Lost sends the request again, over another connection.
func (s *session) Lost() {
	s.up = nil
	s.stale++
	s.connect()
}

// Broken ends the attempt with a failure of its endpoint.
func (s *session) Broken(cause *fault.Error) {
	s.cancel() // a dial as well, if the attempt did not get as far as a connection
	verdict, err := s.x.End(cause, s.w.loop.Now(), s)
	s.ended(verdict, err)
}

// ended does what the exchange has decided at the end of an attempt.
func (s *session) ended(verdict exchange.Verdict, err error) {
	switch {
	case err != nil:
		s.c.leave()
	case verdict == exchange.Again:
		s.next()
	case verdict == exchange.Abort:
		s.abort()
	default:
		s.finish()
	}
}

// Answered takes the head of the endpoint's answer.
func (s *session) Answered(status int, h wire.Header, trails bool) {
	s.trails = trails
	now := s.w.loop.Now()
	s.clock.answered(now)
	s.x.Answer(status, h, now)
}

// Data takes a piece of the endpoint's answer. It returns false if the session
// is over.
func (s *session) Data(p []byte) bool {
	s.clock.progress(s.w.loop.Now())
	if err := s.x.Data(p, s); err != nil {
		s.c.leave()
		return false
	}
	if held := s.x.Held(); held > counted && !s.hold(held) {
		s.Broken(relay.NoMemory())
		return false
	}
	return true
}

// hold reserves memory for what is held of an answer.
func (s *session) hold(n int64) bool {
	if n <= s.held {
		return true
	}
	if !s.w.front.Memory.Reserve(n - s.held) {
		return false
	}
	s.held = n
	return true
}

// Finished tells whether the client has its whole answer.
func (s *session) Finished() bool { return s.x.Finished() }

// Ended takes the end of the endpoint's answer. The connection is free by then.
func (s *session) Ended(trailer wire.Header, whole bool) {
	s.up = nil
	if !whole {
		s.finish()
		return
	}
	s.trailer = trailer
	verdict, err := s.x.End(nil, s.w.loop.Now(), s)
	s.ended(verdict, err)
}

// release closes the connection to the endpoint.
func (s *session) release() {
	if s.up != nil {
		s.up.Drop()
		s.up = nil
	}
}

// Hurt ends the client that a defect happened to.
func (s *session) Hurt(f *fault.Error) { s.c.hurt(f) }

// cancel gives up what is under way for the answer.
func (s *session) cancel() {
	if s.dial != nil {
		s.dial.Cancel()
		s.dial = nil
	}
	s.release()
}

// finish ends the answer and the session.
func (s *session) finish() {
	s.endBody()
	if s.flush() != nil {
		s.c.leave()
		return
	}
	s.done(false)
}

// abort ends the session with an answer that the client must not take for a
// whole one: its connection ends before the answer does.
func (s *session) abort() {
	s.last = true
	if s.flush() != nil {
		s.c.leave()
		return
	}
	s.done(false)
}

// gone ends the session of a client that has left.
func (s *session) gone() {
	s.cancel()
	s.w.out = s.w.out[:0]
	s.record(true)
}

// done ends the session, and lets the client go on.
func (s *session) done(gone bool) {
	c, last := s.c, s.last
	s.record(gone)
	c.answered(last)
}

// record completes the record and hands it on. The session is free after that.
func (s *session) record(gone bool) {
	now := s.w.loop.Now()
	s.x.Close(gone, now)
	s.rec.Duration = max(s.rec.Duration, shortest)
	s.w.hooks.Done(&s.rec)
	if s.held > 0 {
		s.w.front.Memory.Release(s.held)
	}
	s.c, s.attempt, s.pool, s.gen = nil, nil, nil, nil
	s.w.recycle(s)
}

// shortest is how long a request takes at least: a loop looks at the clock once
// for all that has happened at a time.
const shortest = time.Microsecond

// arm sets the timer to the next moment that something is due.
func (s *session) arm() { s.c.conn.SetTimer(s.clock.next(s.c.conn.Pending() > 0)) }

// tick does what is due.
func (s *session) tick() {
	now := s.w.loop.Now()
	switch late, due := s.clock.due(now, s.c.conn.Pending() > 0); due {
	case stalled:
		s.c.leave()
	case overdue:
		s.Broken(late)
	case quiet:
		s.clock.alive(now)
		if s.x.Idle(s) != nil || s.flush() != nil {
			s.c.leave()
			return
		}
		s.arm()
	case nothing:
		s.arm()
	}
}

// drained goes on to read from an endpoint that had been faster than its client.
func (s *session) drained() {
	s.clock.wrote(s.w.loop.Now())
	if s.up != nil {
		s.up.Resume()
	}
	s.arm()
}

// Settle is called at the end of an event of the endpoint's connection: what
// has been composed goes to the client, and a client that does not keep up slows
// the endpoint down.
func (s *session) Settle() {
	if s.flush() != nil {
		s.c.leave()
		return
	}
	if s.up != nil && s.c.conn.Pending() > slow {
		s.up.Pause()
	}
	s.arm()
}

// slow is how many bytes may wait for a client before its endpoint has to.
const slow = 256 << 10
