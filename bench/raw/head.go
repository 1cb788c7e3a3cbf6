package raw

import (
	"bytes"
	"errors"
	"fmt"
)

// Lengths of a body that are not a number of bytes.
const (
	Chunked    = -1
	UntilClose = -2 // of a response only
)

// Head is the beginning of a message, as far as it matters here.
type Head struct {
	Status int    // of a response
	Method []byte // of a request, valid until the next read
	Path   []byte // of a request, without its query; valid until the next read
	Length int64  // of the body: bytes, Chunked or UntilClose
	Close  bool   // the connection ends with this message
	Expect bool   // the client waits for 100 Continue
	Events bool   // the body is a stream of events
}

// ErrSyntax is what every violation of HTTP wraps.
var ErrSyntax = errors.New("not HTTP/1.1")

func syntax(what string, got []byte) error {
	return fmt.Errorf("%w: %s: %.60q", ErrSyntax, what, got)
}

// parseResponse reads a head that ends with an empty line.
func parseResponse(b []byte) (Head, error) {
	h := Head{Length: UntilClose}
	line, rest := cut(b)
	if len(line) < 12 || string(line[:7]) != "HTTP/1." || (line[7] != '0' && line[7] != '1') || line[8] != ' ' || (len(line) > 12 && line[12] != ' ') {
		return h, syntax("status line", line)
	}
	for _, c := range line[9:12] {
		if c < '0' || c > '9' {
			return h, syntax("status", line)
		}
		h.Status = h.Status*10 + int(c-'0')
	}
	if h.Status < 100 {
		return h, syntax("status", line)
	}
	h.Close = line[7] == '0'
	if err := h.fields(rest); err != nil {
		return h, err
	}
	if line[7] == '0' && h.Length == Chunked {
		return h, syntax("framing", []byte("Transfer-Encoding in HTTP/1.0"))
	}
	if h.Status < 200 || h.Status == 204 || h.Status == 304 {
		h.Length = 0
	}
	h.Close = h.Close || h.Length == UntilClose
	return h, nil
}

// parseRequest reads a head that ends with an empty line.
func parseRequest(b []byte) (Head, error) {
	var h Head
	line, rest := cut(b)
	method, tail, _ := bytes.Cut(line, []byte(" "))
	target, version, _ := bytes.Cut(tail, []byte(" "))
	if len(method) == 0 || !isToken(method) || len(target) == 0 || target[0] != '/' {
		return h, syntax("request line", line)
	}
	switch string(version) {
	case "HTTP/1.1":
	case "HTTP/1.0":
		h.Close = true
	default:
		return h, syntax("version", line)
	}
	h.Method = method
	h.Path, _, _ = bytes.Cut(target, []byte("?"))
	old := h.Close
	if err := h.fields(rest); err != nil {
		return h, err
	}
	if old && h.Length == Chunked {
		return h, syntax("framing", []byte("Transfer-Encoding in HTTP/1.0"))
	}
	return h, nil
}

// cut splits off the first line, which ends with CRLF.
func cut(b []byte) (line, rest []byte) {
	n := bytes.IndexByte(b, '\n')
	if n < 1 || b[n-1] != '\r' {
		return b, nil
	}
	return b[:n-1], b[n+1:]
}

// fields reads the header fields up to the empty line.
func (h *Head) fields(b []byte) error {
	length, chunked := int64(-1), false
	for {
		n := bytes.IndexByte(b, '\n')
		if n < 1 || b[n-1] != '\r' {
			return syntax("line end", b[:min(len(b), max(n, 0)+20)])
		}
		line := b[:n-1]
		b = b[n+1:]
		if len(line) == 0 {
			break
		}
		colon := bytes.IndexByte(line, ':')
		if colon < 1 || !isToken(line[:colon]) {
			return syntax("header field", line)
		}
		name, value := line[:colon], bytes.Trim(line[colon+1:], " \t")
		for _, c := range value {
			if c < ' ' && c != '\t' || c == 0x7f {
				return syntax("header field", line)
			}
		}
		switch {
		case fold(name, "content-length"):
			v, ok := decimal(value)
			if !ok || (length >= 0 && length != v) {
				return syntax("Content-Length", value)
			}
			length = v
		case fold(name, "transfer-encoding"):
			if chunked || !fold(value, "chunked") {
				return syntax("Transfer-Encoding", value)
			}
			chunked = true
		default:
			h.other(name, value)
		}
	}
	switch {
	case chunked && length >= 0:
		return syntax("framing", []byte("Content-Length and Transfer-Encoding"))
	case chunked:
		h.Length = Chunked
	case length >= 0:
		h.Length = length
	}
	return nil
}

// other notes a field that does not frame the body.
func (h *Head) other(name, value []byte) {
	switch {
	case fold(name, "connection"):
		if fold(value, "close") {
			h.Close = true
		} else if fold(value, "keep-alive") {
			h.Close = false
		}
	case fold(name, "expect"):
		h.Expect = fold(value, "100-continue")
	case fold(name, "content-type"):
		const events = "text/event-stream"
		h.Events = len(value) >= len(events) && fold(value[:len(events)], events)
	}
}

// fold compares regardless of case; low is in lower case.
func fold(b []byte, low string) bool {
	if len(b) != len(low) {
		return false
	}
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != low[i] {
			return false
		}
	}
	return true
}

// decimal reads a length of at most 1 TB.
func decimal(b []byte) (int64, bool) {
	if len(b) == 0 || len(b) > 12 {
		return 0, false
	}
	var n int64
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

// isToken tells whether a name has the characters of a name only.
func isToken(b []byte) bool {
	for _, c := range b {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-':
		case c == '!' || c == '#' || c == '$' || c == '%' || c == '&' || c == '\'' || c == '*' || c == '+' ||
			c == '.' || c == '^' || c == '_' || c == '`' || c == '|' || c == '~':
		default:
			return false
		}
	}
	return true
}
