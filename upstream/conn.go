package upstream

import (
	"errors"
	"io"
	"strconv"
	"time"

	"github.com/gatehouse-ai/gatehouse/evloop"
	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/h1"
	"github.com/gatehouse-ai/gatehouse/headers"
	"github.com/gatehouse-ai/gatehouse/relay"
	"github.com/gatehouse-ai/gatehouse/wire"
)

// Bounds of an answer.
const (
	headStep = 1 << 10     // of what may be head, that is looked at at a time
	maxRest  = 256 << 10   // that comes after the end of what the client gets
	restTime = time.Second // and how long
)

// What a connection is about.
const (
	idle    = iota // nothing is asked
	awaited        // the head of an answer is to come
	content        // its body
	rest           // what comes after the end of what the client gets
	dropped        // it is closed
)

// recycled is how large the buffer of a head may be that waits for the next
// answer.
const recycled = 16 << 10

// Conn is one connection to an endpoint.
type Conn struct {
	w     *Pools
	pool  *Pool
	conn  *evloop.Conn
	s     Asker // whose request is under way
	state int
	fresh bool // no request has been sent over it yet
	again bool // the request may be sent once more if the endpoint hangs up now

	head   []byte // of the answer, as it came
	resp   h1.Response
	length []byte // of the body, as text
	chunks h1.Chunks
	left   int64     // of a body whose length is known, or of what may still come
	unzip  *inflater // of a body in gzip, which was not asked for; nil if it is not
	paused bool

	prev, next *Conn // in the list of the pool's idle ones
}

// begin takes up a request.
func (u *Conn) begin(s Asker) {
	u.s, u.state = s, awaited
	u.again, u.fresh = !u.fresh, false
	u.head, u.unzip = u.head[:0], nil
}

// Readable takes what the endpoint has sent.
func (u *Conn) Readable() {
	defer u.survive()
	if u.state == idle { // nothing was asked: it hangs up, or is confused
		u.Drop()
		return
	}
	s := u.s
	n, err := u.conn.Read(u.w.read)
	switch {
	case n > 0:
		u.again = false
		u.take(u.w.read[:n])
	case err != nil:
		u.ended(err)
	}
	if s != nil && u.s == s {
		s.Settle()
	}
}

// Drained is told that the whole request has gone out.
func (u *Conn) Drained() {
	if u.s != nil && u.state == awaited {
		u.s.Sent()
	}
}

// Closed ends a connection that the endpoint has closed.
func (u *Conn) Closed(err error) {
	defer u.survive()
	if u.paused && errors.Is(err, io.EOF) {
		return // what it sent before is read when the client has caught up
	}
	u.ended(err)
}

// Timeout ends a connection that has not been used for long.
func (u *Conn) Timeout() {
	if u.state == idle || u.state == rest {
		u.Drop()
	}
}

// survive keeps a defect in one request from ending the process: what it
// happened to is closed.
func (u *Conn) survive() {
	p := recover()
	if p == nil {
		return
	}
	f := u.w.defect(p)
	if u.s != nil {
		u.s.Hurt(f)
		return
	}
	u.Drop()
}

// take handles a piece of an answer.
func (u *Conn) take(p []byte) {
	for u.state == awaited {
		n := min(len(p), headStep)
		u.head = append(u.head, p[:n]...)
		verdict, err := u.resp.Parse(u.head)
		switch {
		case err != nil:
			u.s.Broken(fault.Wrap(fault.UpstreamBroken, err, "The endpoint's answer is not HTTP."))
			return
		case verdict == h1.Incomplete:
			if p = p[n:]; len(p) == 0 {
				return
			}
		default:
			p = p[n-(len(u.head)-u.resp.Size):]
			if u.resp.Status < 200 { // the answer itself comes after it
				u.head = u.head[:0]
				if len(p) == 0 {
					return
				}
				continue
			}
			u.answer()
		}
	}
	u.body(p)
}

// answer takes the head of the answer.
func (u *Conn) answer() {
	u.state = content
	u.chunks.Reset()
	h := u.resp.Header
	if u.left = u.resp.Length; u.left >= 0 {
		u.length = strconv.AppendInt(u.length[:0], u.left, 10)
		h = append(h, wire.Field{Name: "Content-Length", Value: wire.View(u.length)})
	}
	if wire.EqualFold(h.Get("Content-Encoding"), "gzip") {
		u.unzip = newInflater(u) // although identity was asked for
		h = without(h, "Content-Encoding", "Content-Length")
	}
	u.resp.Header = h
	u.s.Answered(u.resp.Status, h, u.trails())
}

// trails tells whether the endpoint has announced trailers.
func (u *Conn) trails() bool { return u.resp.Trailer && u.resp.Length == h1.Chunked }

// without returns h without the named fields.
func without(h wire.Header, names ...string) wire.Header {
	out := h[:0]
next:
	for _, f := range h {
		for _, name := range names {
			if wire.EqualFold(f.Name, name) {
				continue next
			}
		}
		out = append(out, f)
	}
	return out
}

// body handles a piece of the body.
func (u *Conn) body(p []byte) {
	switch u.resp.Length {
	case h1.Chunked:
		for len(p) > 0 {
			data, n, done, err := u.chunks.Next(p)
			p = p[n:]
			if len(data) > 0 && !u.piece(data) {
				return
			}
			if err != nil {
				u.broke(err)
				return
			}
			if done {
				u.end(len(p) == 0)
				return
			}
		}
	case h1.UntilClose:
		if len(p) > 0 && !u.piece(p) {
			return
		}
	default:
		data := p[:min(int64(len(p)), u.left)]
		u.left -= int64(len(data))
		if len(data) > 0 && !u.piece(data) {
			return
		}
		if u.left == 0 {
			u.end(len(p) == len(data))
			return
		}
	}
	u.early()
}

// early parts from an Asker that has all it wants although the endpoint's
// is not: the connection is worth keeping, if the rest comes soon.
func (u *Conn) early() {
	s := u.s
	if s == nil || u.unzip != nil || !s.Finished() || u.trails() {
		return
	}
	u.s = nil
	u.state = rest
	if u.resp.Length != h1.UntilClose && u.resp.Length < maxRest {
		u.conn.SetTimer(u.w.loop.Now().Add(restTime))
		u.Resume()
	} else {
		u.Drop()
	}
	s.Ended(nil, false)
}

// piece hands on a piece of content. It returns false if nobody
// wants more.
func (u *Conn) piece(data []byte) bool {
	switch {
	case u.s == nil:
		return true
	case u.unzip != nil:
		u.unzip.write(data)
		return true
	}
	return u.s.Data(data)
}

// end is the proper end of the answer. clean says that nothing came after it.
func (u *Conn) end(clean bool) {
	s := u.s
	reusable := clean && !u.resp.Close && u.conn.Pending() == 0
	if s == nil {
		if reusable {
			u.free()
		} else {
			u.Drop()
		}
		return
	}
	if u.unzip != nil { // which calls complete once all has been decoded
		u.unzip.end(reusable, nil)
		return
	}
	u.complete(reusable)
}

// complete ends the answer once all of it has been handed on.
func (u *Conn) complete(reusable bool) {
	s := u.s
	var trailer wire.Header
	if u.trails() {
		all := u.chunks.Trailer()
		trailer = all[:0]
		for _, f := range all {
			if headers.Returns(f.Name) {
				trailer = append(trailer, f)
			}
		}
	}
	if reusable {
		u.free()
	} else {
		u.Drop()
	}
	s.Ended(trailer, true)
}

// broke ends an answer that is not whole.
func (u *Conn) broke(err error) {
	switch {
	case u.s == nil:
		u.Drop()
	case u.unzip != nil && !u.unzip.ended: // what came before has to be decoded first
		u.unzip.end(false, err)
	default:
		u.s.Broken(relay.BrokeOff(err))
	}
}

// ended handles the end of the connection.
func (u *Conn) ended(err error) {
	switch {
	case u.state == dropped:
	case u.s == nil:
		u.Drop()
	case u.state == awaited && len(u.head) == 0:
		u.lost(err)
	case u.state == awaited:
		u.s.Broken(relay.Unanswered(err))
	case u.resp.Length == h1.UntilClose && errors.Is(err, io.EOF):
		u.end(false)
	case errors.Is(err, io.EOF):
		u.broke(io.ErrUnexpectedEOF)
	default:
		u.broke(err)
	}
}

// lost ends a request of whose answer no byte has come. A connection that had
// been idle may have been closed by the endpoint at the same moment.
func (u *Conn) lost(err error) {
	s, again := u.s, u.again
	u.Drop()
	if again {
		s.Lost()
		return
	}
	s.Broken(relay.Unanswered(err))
}

// Pause stops reading, since the client does not keep up.
func (u *Conn) Pause() {
	if !u.paused {
		u.paused = true
		u.conn.Pause()
	}
}

// Resume goes on to read.
func (u *Conn) Resume() {
	if u.paused {
		u.paused = false
		u.conn.Resume()
	}
}

// free keeps the connection for the next request.
func (u *Conn) free() {
	u.Resume()
	u.s, u.unzip = nil, nil
	if cap(u.head) > recycled {
		u.head = nil
	}
	u.pool.Put(u)
}

// Drop closes the connection.
func (u *Conn) Drop() {
	if u.state == dropped {
		return
	}
	if u.state == idle {
		u.pool.remove(u)
	}
	u.state, u.s = dropped, nil
	if u.unzip != nil {
		u.unzip.end(false, io.ErrClosedPipe)
	}
	u.conn.Close()
}
