package fakellm

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
)

// sever breaks the answer off. It does not return where net/http has to tear the
// connection down itself.
func (p *player) sever(ctx context.Context, how How) error {
	if how == End {
		return nil
	}
	if p.seen.Status() != 0 {
		_ = p.rc.Flush() // what was sent goes out before the end; an error is the client's leaving
	}
	if how == Hang {
		<-ctx.Done()
		return errGone
	}
	conn, _, err := p.rc.Hijack()
	if err != nil { // HTTP/2 has streams instead
		panic(http.ErrAbortHandler)
	}
	if how == Garble {
		_, _ = conn.Write([]byte("this is no chunk\r\n")) // if it fails the client has left
	}
	if how == Reset {
		if t, ok := conn.(*tls.Conn); ok {
			conn = t.NetConn() // no farewell of TLS either
		}
		if t, ok := conn.(*net.TCPConn); ok {
			_ = t.SetLinger(0) // closing sends RST then; it cannot fail on an open socket
		}
	}
	_ = conn.Close() // nobody is left to tell
	return nil
}
