package h1

import "github.com/gatehouse-ai/gatehouse/wire"

// Verdict is what parsing a head came to.
type Verdict uint8

// The verdicts.
const (
	// Incomplete says that the bytes are a good start, and more are needed.
	Incomplete Verdict = iota
	// Complete says that the head has been read.
	Complete
	// Odd says that the head is not in the plain form, whatever follows.
	Odd
)

// Bounds of a request's head in its plain form.
const (
	// MaxHead is how many bytes it may have, with the blank line.
	MaxHead = 16 << 10
	// MaxFields is how many fields a head or a trailer may have.
	MaxFields = 100

	maxMethod = 16
	maxHost   = 255
)

// Request is the head of one request. Its strings point into the parsed bytes,
// and its fields mean something after Parse has returned Complete only. A
// Request is kept for all requests of a connection: what it keeps of one head
// makes the next faster to read, and is a few kilobytes at most.
type Request struct {
	Method string
	Path   string
	Query  string // without the question mark
	Host   string
	// Header has every field but Host, Content-Length, Connection and
	// Keep-Alive in order of arrival. Parse uses the slice again.
	Header wire.Header
	Length int64 // the Content-Length, or -1 where there is none: then there is no body
	Close  bool  // the client wants the connection closed after the answer
	Size   int   // of the head in bytes, with the blank line

	memo memo
}

// Parse reads the head of a request at the start of b. Where it returns
// Incomplete, it is called again with all of the bytes once there are more.
//
// It returns Complete for the plain form alone: a method of capital letters; a
// path of letters, digits and "/_.~-" without empty segments or such that
// begin with a dot; a query of visible ASCII; HTTP/1.1; line ends that are
// CRLF; names of letters, digits, dash and underscore; values of visible ASCII,
// spaces and tabs on one line; one Host; at most one Content-Length, of at most
// 15 digits; at most one Connection, that is keep-alive or close; and no field
// that asks for more: Expect, HTTP2-Settings, Pragma, Proxy-Connection, TE,
// Trailer, Transfer-Encoding, Upgrade. All else is Odd, and found to be so at
// its first odd byte or at the end of its first odd line.
func (r *Request) Parse(b []byte) Verdict {
	v := r.parse(b[:min(len(b), MaxHead)])
	if v == Incomplete && len(b) >= MaxHead {
		return Odd
	}
	return v
}

func (r *Request) parse(b []byte) Verdict {
	p, v := r.requestLine(b)
	if v != Complete {
		return v
	}
	start := p
	header, connected := r.Header[:0], false
	r.Host, r.Length, r.Close = "", -1, false
	r.memo.begin()
	for {
		if p < len(b) && b[p] == '\r' {
			break
		}
		m := r.memo.find(b[p:])
		if m == 0 {
			if m, v = r.memo.scan(b[p:], highs); v != Complete {
				return v
			}
		}
		line := b[p : p+m.size()]
		p += m.size()
		value := wire.View(line[m.from():m.to()])
		switch m.class() {
		case plain:
			header = append(header, wire.Field{Name: wire.View(line[:m.name()]), Value: value})
		case host:
			if r.Host != "" || !plainHost(value) {
				return Odd
			}
			r.Host = value
		case contentLength:
			n, ok := number(value)
			if r.Length >= 0 || !ok {
				return Odd
			}
			r.Length = n
		case connection:
			r.Close = wire.EqualFold(value, "close")
			if connected || !r.Close && !wire.EqualFold(value, "keep-alive") {
				return Odd
			}
			connected = true
		case keepAlive:
		default:
			return Odd
		}
	}
	switch {
	case p+1 == len(b):
		return Incomplete
	case b[p+1] != '\n' || r.Host == "":
		return Odd
	}
	r.memo.end(b[start:p], highs)
	r.Header, r.Size = header, p+2
	return Complete
}

// version ends a request line.
const version = " HTTP/1.1\r\n"

// requestLine reads the request line and returns its size.
func (r *Request) requestLine(b []byte) (size int, v Verdict) {
	i := 0
	for i < len(b) && 'A' <= b[i] && b[i] <= 'Z' {
		i++
	}
	switch {
	case i > maxMethod:
		return 0, Odd
	case i == len(b):
		return 0, Incomplete
	case i == 0 || b[i] != ' ' || string(b[:i]) == "CONNECT":
		return 0, Odd
	}
	method, path := i, i+1
	i = path
	last := byte(0)
	for i < len(b) && kinds[b[i]]&inPath != 0 {
		if last == '/' && (b[i] == '/' || b[i] == '.') {
			return 0, Odd
		}
		last = b[i]
		i++
	}
	switch {
	case path < len(b) && b[path] != '/':
		return 0, Odd
	case i == len(b):
		return 0, Incomplete
	}
	r.Method, r.Path, r.Query = wire.View(b[:method]), wire.View(b[path:i]), ""
	if b[i] == '?' {
		i++
		query := i
		for i < len(b) && kinds[b[i]]&inQuery != 0 {
			i++
		}
		r.Query = wire.View(b[query:i])
	}
	end := b[i:]
	if len(end) < len(version) {
		if string(end) == version[:len(end)] {
			return 0, Incomplete
		}
		return 0, Odd
	}
	if string(end[:len(version)]) != version {
		return 0, Odd
	}
	return i + len(version), Complete
}

// plainHost tells whether s is a host's name or address, perhaps with a port.
func plainHost(s string) bool {
	if s == "" || len(s) > maxHost {
		return false
	}
	i := 0
	if s[0] == '[' {
		i = 1
		for i < len(s) && (s[i] == ':' || s[i] == '.' || '0' <= s[i] && s[i] <= '9' || 'a' <= s[i]|0x20 && s[i]|0x20 <= 'f') {
			i++
		}
		if i < 3 || i == len(s) || s[i] != ']' {
			return false
		}
		i++
	} else {
		for i < len(s) && kinds[s[i]]&inHost != 0 {
			i++
		}
	}
	if i == len(s) {
		return true
	}
	port := s[i+1:]
	if i == 0 || s[i] != ':' || len(port) > 5 {
		return false
	}
	_, ok := number(port)
	return ok
}
