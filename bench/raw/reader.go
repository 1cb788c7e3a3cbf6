package raw

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

const (
	bufferSize = 16 << 10
	maxHead    = 64 << 10
	maxLine    = 4 << 10 // of a chunk's size and of a trailer
)

// ErrTooLarge means that a head or a body is larger than the limit.
var ErrTooLarge = errors.New("the message is larger than the limit")

// Reader reads messages, one after the other, from one connection.
type Reader struct {
	src  io.Reader
	buf  []byte
	r, w int

	left    int64 // of the body or the chunk
	framing int64 // of the message: as in Head.Length
	inside  bool  // a chunk was begun
	ended   bool
}

// NewReader returns a reader.
func NewReader(src io.Reader) *Reader {
	return &Reader{src: src, buf: make([]byte, bufferSize), ended: true}
}

// Reset makes the reader read from another connection.
func (r *Reader) Reset(src io.Reader) {
	r.src, r.r, r.w, r.ended = src, 0, 0, true
}

// Buffered returns how many bytes have been read beyond the last message. A
// response that was not asked for shows itself here.
func (r *Reader) Buffered() int { return r.w - r.r }

// Response reads the head of a response. Interim responses are passed over.
func (r *Reader) Response() (Head, error) {
	for range 10 {
		b, err := r.head()
		if err != nil {
			return Head{}, err
		}
		h, err := parseResponse(b)
		if err != nil || h.Status >= 200 || h.Status == 101 {
			r.begin(h)
			return h, err
		}
	}
	return Head{}, fmt.Errorf("%w: there is no end of interim responses", ErrSyntax)
}

// Request reads the head of a request; io.EOF if the client has ended the
// connection between two.
func (r *Reader) Request() (Head, error) {
	b, err := r.head()
	if err != nil {
		return Head{}, err
	}
	h, err := parseRequest(b)
	r.begin(h)
	return h, err
}

func (r *Reader) begin(h Head) {
	r.framing, r.left, r.inside, r.ended = h.Length, max(h.Length, 0), false, h.Length == 0
}

// head returns a whole head, with its empty line.
func (r *Reader) head() ([]byte, error) {
	seen := 0
	for {
		if n := bytes.Index(r.buf[r.r+seen:r.w], []byte("\r\n\r\n")); n >= 0 {
			b := r.buf[r.r : r.r+seen+n+4]
			r.r += len(b)
			return b, nil
		}
		seen = max(r.w-r.r-3, 0)
		if r.w-r.r >= maxHead {
			return nil, fmt.Errorf("reading a head: %w", ErrTooLarge)
		}
		if err := r.fill(); err != nil {
			if errors.Is(err, io.EOF) && r.w > r.r {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
	}
}

// fill reads more behind what there is.
func (r *Reader) fill() error {
	if r.r == r.w {
		r.r, r.w = 0, 0
	}
	if r.w == len(r.buf) {
		if r.r > 0 {
			r.w = copy(r.buf, r.buf[r.r:r.w])
			r.r = 0
		} else {
			r.buf = append(r.buf, make([]byte, len(r.buf))...)
		}
	}
	n, err := r.src.Read(r.buf[r.w:])
	r.w += n
	if n > 0 {
		return nil
	}
	if err == nil {
		err = io.ErrNoProgress
	}
	return err
}

// Next returns the next piece of the body, valid until the next call, and
// io.EOF at its end.
func (r *Reader) Next() ([]byte, error) {
	if r.ended {
		return nil, io.EOF
	}
	if r.framing == Chunked && r.left == 0 {
		if err := r.chunk(); err != nil {
			return nil, err
		}
		if r.ended {
			return nil, io.EOF
		}
	}
	if r.r == r.w {
		switch err := r.fill(); {
		case err == nil:
		case errors.Is(err, io.EOF) && r.framing == UntilClose:
			r.ended = true
			return nil, io.EOF
		case errors.Is(err, io.EOF):
			return nil, io.ErrUnexpectedEOF
		default:
			return nil, err
		}
	}
	b := r.buf[r.r:r.w]
	if r.framing != UntilClose {
		b = b[:min(int64(len(b)), r.left)]
		r.left -= int64(len(b))
		r.ended = r.left == 0 && r.framing != Chunked
	}
	r.r += len(b)
	return b, nil
}

// More tells whether a further piece, or the end, is there without reading from
// the connection. It may be wrong about a chunk that has not all come.
func (r *Reader) More() bool { return r.ended || r.w > r.r }

// chunk reads the size of the next chunk, and the trailers after the last.
func (r *Reader) chunk() error {
	if r.inside {
		line, err := r.line()
		if err != nil {
			return err
		}
		if len(line) != 0 {
			return syntax("end of a chunk", line)
		}
	}
	line, err := r.line()
	if err != nil {
		return err
	}
	size, n := int64(0), 0
	for ; n < len(line) && n < 9; n++ {
		d := hexDigit(line[n])
		if d < 0 {
			break
		}
		size = size<<4 | int64(d)
	}
	if ext := bytes.TrimLeft(line[n:], " \t"); n == 0 || n > 8 || (len(ext) > 0 && ext[0] != ';') {
		return syntax("size of a chunk", line)
	}
	r.left, r.inside = size, true
	if size > 0 {
		return nil
	}
	for range 100 {
		line, err := r.line()
		if err != nil {
			return err
		}
		if len(line) == 0 {
			r.ended = true
			return nil
		}
		if colon := bytes.IndexByte(line, ':'); colon < 1 || !isToken(line[:colon]) {
			return syntax("trailer", line)
		}
	}
	return fmt.Errorf("reading trailers: %w", ErrTooLarge)
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// line returns a line without its CRLF.
func (r *Reader) line() ([]byte, error) {
	for {
		if n := bytes.IndexByte(r.buf[r.r:r.w], '\n'); n >= 0 {
			b := r.buf[r.r : r.r+n]
			r.r += n + 1
			if n == 0 || b[n-1] != '\r' || bytes.IndexByte(b[:n-1], '\r') >= 0 {
				return nil, syntax("line end", b)
			}
			return b[:n-1], nil
		}
		if r.w-r.r > maxLine {
			return nil, fmt.Errorf("reading a line: %w", ErrTooLarge)
		}
		if err := r.fill(); err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
	}
}

// Whole reads the whole body behind dst, which may grow, up to a limit.
func (r *Reader) Whole(dst []byte, limit int64) ([]byte, error) {
	if r.left > limit {
		return dst, fmt.Errorf("a body of %d bytes: %w", r.left, ErrTooLarge)
	}
	for {
		b, err := r.Next()
		if errors.Is(err, io.EOF) {
			return dst, nil
		}
		if err != nil {
			return dst, err
		}
		if int64(len(dst)+len(b)) > limit {
			return dst, fmt.Errorf("a body of more than %d bytes: %w", limit, ErrTooLarge)
		}
		dst = append(dst, b...)
		if r.framing > 0 && r.left > bufferSize {
			if dst, err = r.direct(dst); err != nil {
				return dst, err
			}
		}
	}
}

// direct reads what is left of a body of known length without copying it
// through the buffer, which is empty.
func (r *Reader) direct(dst []byte) ([]byte, error) {
	if r.w > r.r {
		return dst, nil
	}
	n := len(dst)
	if need := n + int(r.left); cap(dst) < need {
		dst = append(make([]byte, 0, need), dst...)
	}
	got, err := io.ReadFull(r.src, dst[n:n+int(r.left)])
	r.left -= int64(got)
	r.ended = r.left == 0
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return dst[:n+got], err
}
