package upstream

import (
	"net/url"
	"strings"

	"github.com/gatehouse-ai/gatehouse/exchange"
	"github.com/gatehouse-ai/gatehouse/h1"
	"github.com/gatehouse-ai/gatehouse/wire"
)

// direct is the size from which a body is written from where it stands instead
// of being copied.
const direct = 4 << 10

// Ask sends the request of an attempt, whose answer is s's. It returns false if
// the connection has failed, which s has been told by then.
func (u *Conn) Ask(s Asker, a *exchange.Attempt) bool {
	u.begin(s)
	if err := u.send(a); err != nil {
		u.lost(err)
		return false
	}
	return true
}

// send writes the request of an attempt.
func (u *Conn) send(a *exchange.Attempt) error {
	b := u.w.request[:0]
	b = append(b, "POST "...)
	b = appendTarget(b, a.Path, a.Query)
	b = append(b, " HTTP/1.1\r\nHost: "...)
	b = append(b, u.pool.client.Host()...)
	b = append(b, "\r\nAccept-Encoding: identity\r\n"...)
	named, agent := false, false
	for _, f := range a.Header {
		if wire.EqualFold(f.Name, "User-Agent") { // there is one at most, and it says something
			if named || f.Value == "" {
				named = true
				continue
			}
			named, agent = true, true
		}
		b = h1.AppendField(b, f.Name, f.Value)
	}
	if !agent {
		b = append(b, "User-Agent: gatehouse\r\n"...)
	}
	b = append(b, "Content-Length: "...)
	n := a.Len()
	b = h1.AppendInt(b, n)
	b = append(b, "\r\n\r\n"...)
	var err error
	if n < direct {
		for _, p := range a.Body {
			b = append(b, p...)
		}
		err = u.conn.Write(b)
	} else {
		u.w.parts = append(append(u.w.parts[:0], b), a.Body...)
		err = u.conn.WriteParts(u.w.parts...)
		clear(u.w.parts)
	}
	u.w.request = b[:0]
	return err
}

// appendTarget appends the target of a request line.
func appendTarget(b []byte, path, query string) []byte {
	if strings.IndexFunc(path, unsafeInPath) < 0 {
		b = append(b, path...)
	} else {
		b = append(b, (&url.URL{Path: path}).EscapedPath()...)
	}
	if query != "" {
		b = append(append(b, '?'), query...)
	}
	return b
}

// unsafeInPath tells whether a character may have to be escaped in a path.
func unsafeInPath(c rune) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '/', c == '-', c == '_', c == '.', c == '~':
		return false
	}
	return true
}
