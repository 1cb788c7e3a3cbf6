package handover

import (
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// noDeadline lifts a deadline.
var noDeadline time.Time

// MaxAhead is how many bytes that a client sends after a request are kept while
// its answer is on the way.
const MaxAhead = 16 << 10

// lent is a connection that net/http has for one request. It gives net/http
// exactly that request; what the client sends after it is kept, and the
// connection goes back with the request's end.
type lent struct {
	net.Conn
	back func(nc net.Conn, ahead []byte) error // takes the connection

	// What follows belongs to whoever reads: net/http never reads twice at a time,
	// nor at all while it is idle.
	read  []byte // of the request, to be given first
	want  int64  // of the request, to be given still, read included
	ahead []byte // what came after the request

	over   atomic.Bool // the answer is complete, and the connection can be used again
	closed atomic.Bool
}

// Lend returns a connection that net/http gets for the request of size bytes of
// which the client has sent what has been read. If the connection can be used
// again after the answer, back gets it, with what the client has sent ahead.
func Lend(nc net.Conn, read []byte, size int64, back func(nc net.Conn, ahead []byte) error) net.Conn {
	l := &lent{Conn: nc, back: back, want: size}
	have := min(int64(len(read)), size)
	l.read, l.ahead = read[:have:have], read[have:]
	return l
}

// Returned is what an http.Server on the Listener has for its ConnState: with
// the end of an answer a connection that was lent comes back.
func Returned(nc net.Conn, state http.ConnState) {
	if l, ok := nc.(*lent); ok && state == http.StateIdle {
		l.over.Store(l.want == 0)
	}
}

// Read gives the request. After that it waits for the end of the connection, by
// which net/http learns that the client has left, or says that there is no more.
func (l *lent) Read(p []byte) (int, error) {
	switch {
	case l.over.Load():
		return 0, io.EOF
	case len(l.read) > 0:
		n := copy(p, l.read)
		l.read = l.read[n:]
		l.want -= int64(n)
		return n, nil
	case l.want > 0:
		n, err := l.Conn.Read(p[:min(int64(len(p)), l.want)])
		l.want -= int64(n)
		return n, err
	}
	return 0, l.watch()
}

// watch reads what is sent ahead until the connection ends, or a deadline says
// that nobody waits any more.
func (l *lent) watch() error {
	var piece [1 << 10]byte
	for {
		room := piece[:min(len(piece), MaxAhead-len(l.ahead))]
		if len(room) == 0 { // then the end of the connection is not seen; writing will tell
			room = piece[:0]
		}
		n, err := l.Conn.Read(room)
		l.ahead = append(l.ahead, room[:n]...)
		if err != nil {
			return err
		}
		if len(room) == 0 {
			return nil
		}
	}
}

// Close gives the connection back, or closes it if it cannot be used again.
func (l *lent) Close() error {
	if l.closed.Swap(true) {
		return nil
	}
	if !l.over.Load() || l.Conn.SetDeadline(noDeadline) != nil {
		return l.Conn.Close()
	}
	return l.back(l.Conn, l.ahead)
}

// CloseWrite lets net/http end a connection without losing its last answer.
func (l *lent) CloseWrite() error { return closeWrite(l.Conn) }
