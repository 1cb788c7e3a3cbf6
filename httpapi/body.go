package httpapi

import (
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/gatehouse-ai/gatehouse/fault"
)

// growth is how much is reserved at a time for a body of unknown length.
const growth = 64 << 10

// ReadBody reads the whole body of the request, at most limit bytes of it,
// within timeout. The memory is reserved before it is read; release gives it
// back and must be called in every case.
func (c *Call) ReadBody(limit int64, timeout time.Duration) (body []byte, release func(), err error) {
	held := int64(0)
	release = func() { c.Memory.Release(held) }
	reserve := func(n int64) bool {
		if !c.Memory.Reserve(n) {
			return false
		}
		held += n
		return true
	}
	r := c.Request
	if r.Header.Get("Content-Encoding") != "" && r.Header.Get("Content-Encoding") != "identity" {
		return nil, release, fault.New(fault.UnsupportedMedia, "The content encoding %q is not supported. Send the body as it is.", r.Header.Get("Content-Encoding"))
	}
	if r.ContentLength > limit {
		return nil, release, TooLarge(limit)
	}
	size := max(r.ContentLength, 0)
	if !reserve(size) {
		return nil, release, Busy()
	}
	// The bound is lifted once the body is there. After a failure it stays, or
	// net/http would wait for the rest before it sends the error.
	c.SetReadDeadline(timeout)
	body = make([]byte, 0, max(size, 512)+1)
	for {
		if len(body) == cap(body) {
			if int64(cap(body)) > held && !reserve(max(growth, int64(cap(body)))) {
				return nil, release, Busy()
			}
			body = append(body, 0)[:len(body)]
		}
		n, err := r.Body.Read(body[len(body):min(cap(body), int(limit)+1)])
		body = body[:len(body)+n]
		c.Record.BytesIn += int64(n)
		switch {
		case int64(len(body)) > limit:
			return nil, release, TooLarge(limit)
		case errors.Is(err, io.EOF):
			c.SetReadDeadline(0)
			return body, release, nil
		case err != nil:
			return nil, release, ReadError(err)
		}
	}
}

// SetReadDeadline bounds the reading of the body; 0 lifts the bound, which the
// server needs to notice that the client leaves.
func (c *Call) SetReadDeadline(timeout time.Duration) {
	var at time.Time
	if timeout > 0 {
		at = time.Now().Add(timeout)
	}
	_ = c.Writer.control.SetReadDeadline(at) // not supported by a recorder in a test
}

// TooLarge is the error for a body beyond the limit of its class.
func TooLarge(limit int64) *fault.Error {
	return fault.New(fault.TooLarge, "The body of the request is larger than the %d bytes that are allowed.", limit)
}

// Busy is the error for a body that there is no memory for.
func Busy() *fault.Error {
	e := fault.New(fault.Busy, "The gateway holds as many request bodies as its memory allows. Try again shortly.")
	e.RetryAfter = time.Second
	return e
}

// ReadError turns an error of reading the body into one for the client.
func ReadError(err error) *fault.Error {
	var timeout net.Error
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &timeout) && timeout.Timeout():
		return fault.Wrap(fault.SlowClient, err, "The body of the request did not arrive in time.")
	case errors.As(err, &tooLarge):
		return TooLarge(tooLarge.Limit)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fault.Wrap(fault.ClientGone, err, "The client left before it had sent its request.")
	}
	return fault.Wrap(fault.InvalidBody, err, "The body of the request could not be read.")
}
