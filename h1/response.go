package h1

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-ai/gatehouse/wire"
)

// What the Length of a Response is where it has no Content-Length.
const (
	// Chunked says that Chunks finds the end of the body.
	Chunked = -1
	// UntilClose says that the body ends with the connection.
	UntilClose = -2
)

// MaxResponseHead is how many bytes the head of a response may have, with the
// blank line.
const MaxResponseHead = 256 << 10

// ErrResponse is wrapped by every error about the head of a response.
var ErrResponse = errors.New("the head of the response cannot be read")

// Response is the head of one response. Its strings point into the parsed
// bytes, and its fields mean something after Parse has returned Complete only.
// A Response is kept for all responses of a connection, as a Request is.
type Response struct {
	Status int
	// Header has every field but Content-Length, Transfer-Encoding, Connection
	// and Keep-Alive, and but those that Connection names, in order of arrival.
	// Parse uses the slice again.
	Header wire.Header
	// Length is the Content-Length, Chunked or UntilClose. It is 0 for the
	// statuses that have no body: 1xx, 204 and 304. What answers HEAD has no
	// body either, whatever Length says.
	Length  int64
	Close   bool // the connection cannot be used again after this response
	Trailer bool // a Trailer field announces fields after the body
	Size    int  // of the head in bytes, with the blank line

	memo     memo
	length   string   // the Content-Length as it was written
	named    []string // the fields that Connection names
	trailers []string // the values of Trailer
	old      bool     // HTTP/1.0
}

// Parse reads the head of a response at the start of b. Where it returns
// Incomplete, it is called again with all of the bytes once there are more. An
// informational response is read like any other: the caller skips Size bytes
// and parses what follows. 101 is an error, as nothing here asks for another
// protocol.
//
// It reads HTTP/1.1, and HTTP/1.0 with Close set. Line ends are CRLF, names
// are tokens, values have no control characters but tabs, and framing must be
// beyond doubt: one length, or chunked alone. Everything else is an error that
// wraps ErrResponse and quotes nothing of the head. The verdict is never Odd.
func (r *Response) Parse(b []byte) (Verdict, error) {
	v, err := r.parse(b[:min(len(b), MaxResponseHead)])
	if v == Complete && err == nil {
		return Complete, nil
	}
	if err == nil && len(b) >= MaxResponseHead {
		err = fmt.Errorf("%w: it is larger than %d bytes", ErrResponse, MaxResponseHead)
	}
	return Incomplete, err
}

func (r *Response) parse(b []byte) (Verdict, error) {
	p, v, err := r.statusLine(b)
	if v != Complete {
		return v, err
	}
	start := p
	header := r.Header[:0]
	r.Length, r.Trailer = UntilClose, false
	r.length, r.named, r.trailers = "", r.named[:0], r.trailers[:0]
	r.memo.begin()
	for {
		if p < len(b) && b[p] == '\r' {
			break
		}
		m := r.memo.find(b[p:])
		if m == 0 {
			if m, v = r.memo.scan(b[p:], 0); v == Odd {
				return v, fmt.Errorf("%w: it has a line that is no field, or more than %d fields", ErrResponse, MaxFields)
			}
			if v != Complete {
				return v, nil
			}
		}
		line := b[p : p+m.size()]
		p += m.size()
		value := wire.View(line[m.from():m.to()])
		if m.class() != plain {
			keep, err := r.special(m.class(), value)
			if err != nil {
				return Odd, err
			}
			if !keep {
				continue
			}
		}
		header = append(header, wire.Field{Name: wire.View(line[:m.name()]), Value: value})
	}
	switch {
	case p+1 == len(b):
		return Incomplete, nil
	case b[p+1] != '\n':
		return Odd, fmt.Errorf("%w: a line ends with a bare CR", ErrResponse)
	}
	r.memo.end(b[start:p], 0)
	r.Header, r.Size = header, p+2
	return Complete, r.finish()
}

// statusLine reads the status line and returns its size.
func (r *Response) statusLine(b []byte) (size int, v Verdict, err error) {
	const proto = "HTTP/1."
	if n := min(len(b), len(proto)); string(b[:n]) != proto[:n] {
		return 0, Odd, fmt.Errorf("%w: it does not begin with HTTP/1", ErrResponse)
	}
	const reason = len("HTTP/1.1 200")
	if len(b) <= reason {
		return 0, Incomplete, nil
	}
	hundreds, tens, units := b[9]-'0', b[10]-'0', b[11]-'0'
	if b[7] != '0' && b[7] != '1' || b[8] != ' ' || hundreds-1 > 8 || tens > 9 || units > 9 || b[reason] != ' ' && b[reason] != '\r' {
		return 0, Odd, fmt.Errorf("%w: its first line is not HTTP/1.1 or HTTP/1.0 with a status of three digits", ErrResponse)
	}
	r.Status = int(hundreds)*100 + int(tens)*10 + int(units)
	r.old = b[7] == '0'
	r.Close = r.old
	end := valueEnd(b, reason, 0)
	switch {
	case end >= len(b)-1 && (end == len(b) || b[end] == '\r'):
		return 0, Incomplete, nil
	case b[end] != '\r' || b[end+1] != '\n':
		return 0, Odd, fmt.Errorf("%w: its first line does not end with CRLF", ErrResponse)
	case r.Status == 101:
		return 0, Odd, fmt.Errorf("%w: it switches to a protocol that was not asked for", ErrResponse)
	}
	return end + 2, Complete, nil
}

// special takes a field that says something about the message or the
// connection, and tells whether it stays in Header.
func (r *Response) special(c class, value string) (keep bool, err error) {
	switch c {
	case contentLength:
		n, ok := number(value)
		if !ok || r.length != "" && r.length != value {
			return false, fmt.Errorf("%w: its Content-Length is not one number of up to 15 digits", ErrResponse)
		}
		if r.Length == Chunked {
			return false, errFraming()
		}
		r.length, r.Length = value, n
	case transferEncoding:
		if r.length != "" || r.Length == Chunked {
			return false, errFraming()
		}
		if !wire.EqualFold(value, "chunked") {
			return false, fmt.Errorf("%w: its Transfer-Encoding is not chunked", ErrResponse)
		}
		r.Length = Chunked
	case connection:
		for part := range strings.SplitSeq(value, ",") {
			switch part = strings.Trim(part, " \t"); {
			case wire.EqualFold(part, "close"):
				r.Close = true
			case part != "" && !wire.EqualFold(part, "keep-alive"):
				r.named = append(r.named, part)
			}
		}
	case keepAlive:
	case trailer:
		r.Trailer, r.trailers = true, append(r.trailers, value)
		return true, nil
	default:
		return true, nil
	}
	return false, nil
}

func errFraming() error {
	return fmt.Errorf("%w: it has more than one of Content-Length and Transfer-Encoding", ErrResponse)
}

// finish settles what depends on several fields.
func (r *Response) finish() error {
	if r.Length == Chunked {
		if r.old {
			return fmt.Errorf("%w: it is HTTP/1.0 and has a Transfer-Encoding", ErrResponse)
		}
		for _, value := range r.trailers {
			for name := range strings.SplitSeq(value, ",") {
				if c := classify(strings.Trim(name, " \t")); c == contentLength || c == transferEncoding || c == trailer {
					return fmt.Errorf("%w: its Trailer names a field of framing", ErrResponse)
				}
			}
		}
	}
	if r.Status < 200 || r.Status == 204 || r.Status == 304 {
		// A sender that announces a body here may send one: what follows on the
		// connection cannot be trusted to be the next response.
		if r.Length == Chunked || r.Length > 0 && r.Status != 304 {
			r.Close = true
		}
		r.Length = 0
	}
	if r.Length == UntilClose {
		r.Close = true
	}
	if len(r.named) > 0 {
		r.dropNamed()
	}
	return nil
}

// dropNamed removes the fields that Connection names: they are about the
// connection alone.
func (r *Response) dropNamed() {
	kept := r.Header[:0]
	for _, f := range r.Header {
		if !slices.ContainsFunc(r.named, func(name string) bool { return wire.EqualFold(name, f.Name) }) {
			kept = append(kept, f)
		}
	}
	r.Header = kept
}
