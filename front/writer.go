package front

import (
	"strconv"

	"github.com/gatehouse-ai/gatehouse/h1"
	"github.com/gatehouse-ai/gatehouse/op"
	"github.com/gatehouse-ai/gatehouse/wire"
)

// writer is what a session knows of the answer that it writes.
type writer struct {
	shape   op.Shape
	last    bool // the connection ends with this answer
	begun   bool
	chunked bool
	trails  bool        // the endpoint has announced trailers
	trailer wire.Header // that it has sent
}

// direct is the size from which a piece of an answer is written from where it
// stands instead of being copied.
const direct = 4 << 10

// Head composes the head of the answer. It is part of exchange.Sink.
func (s *session) Head(status int, h wire.Header) error {
	b := h1.AppendStatus(s.w.out, status)
	b = append(b, "Date: "...)
	b = append(b, s.w.today()...)
	b = append(b, "\r\nX-Request-Id: "...)
	b = append(b, s.id...)
	if s.shape == op.AnthropicShape { // its clients look for the id there
		b = append(b, "\r\nRequest-Id: "...)
		b = append(b, s.id...)
	}
	b = append(b, "\r\nOpenai-Version: 2020-10-01\r\nOpenai-Processing-Ms: "...)
	b = strconv.AppendInt(b, s.w.since(s.rec.Start).Milliseconds(), 10)
	b = append(b, "\r\n"...)
	s.chunked = true
	for _, f := range h {
		switch len(f.Name) {
		case len("Content-Length"): // and of Openai-Version
			switch {
			case wire.EqualFold(f.Name, "Openai-Version"):
				continue // an endpoint's own; ours is there already
			case !wire.EqualFold(f.Name, "Content-Length"):
			case s.trails || status == 204:
				continue // HTTP/1.1 has trailers only where the length is not told, and 204 has none
			default:
				s.chunked = false
			}
		case len("X-Request-Id"):
			if wire.EqualFold(f.Name, "X-Request-Id") {
				continue
			}
		case len("Openai-Processing-Ms"):
			if wire.EqualFold(f.Name, "Openai-Processing-Ms") {
				continue
			}
		}
		b = h1.AppendField(b, f.Name, f.Value)
	}
	if status == 204 || status == 304 {
		s.chunked = false
	}
	if s.chunked {
		b = append(b, "Transfer-Encoding: chunked\r\n"...)
	}
	if s.last = s.last || s.w.front.draining.Load(); s.last {
		b = append(b, "Connection: close\r\n"...)
	}
	b = append(b, "\r\n"...)
	s.w.out = b
	s.begun = true
	s.rec.Status = status
	return nil
}

// Write takes a piece of the answer. It is part of exchange.Sink. What is
// composed during one event goes out in one piece at its end, so flush asks for
// no more than that.
func (s *session) Write(p []byte, _ bool) error {
	if len(p) == 0 {
		return nil
	}
	if s.rec.First == 0 {
		s.rec.First = max(shortest, s.w.since(s.rec.Start))
	}
	s.rec.BytesOut += int64(len(p))
	if s.chunked {
		s.w.out = h1.AppendChunkSize(s.w.out, len(p))
	}
	if len(p) < direct {
		s.w.out = append(s.w.out, p...)
	} else if err := s.through(p); err != nil {
		return err
	}
	if s.chunked {
		s.w.out = append(s.w.out, "\r\n"...)
	}
	return nil
}

// through writes what has been composed and p, which is large, in one call.
func (s *session) through(p []byte) error {
	s.clock.wrote(s.w.loop.Now())
	err := s.c.conn.WriteParts(s.w.out, p)
	s.w.out = s.w.out[:0]
	return err
}

// endBody composes the end of the body.
func (s *session) endBody() {
	if !s.begun || !s.chunked {
		return
	}
	if len(s.trailer) == 0 {
		s.w.out = append(s.w.out, h1.LastChunk...)
		return
	}
	s.w.out = append(s.w.out, "0\r\n"...)
	for _, f := range s.trailer {
		s.w.out = h1.AppendField(s.w.out, f.Name, f.Value)
	}
	s.w.out = append(s.w.out, "\r\n"...)
}

// flush writes what has been composed.
func (s *session) flush() error {
	if len(s.w.out) == 0 {
		return nil
	}
	s.clock.wrote(s.w.loop.Now())
	err := s.c.conn.Write(s.w.out)
	s.w.out = s.w.out[:0]
	return err
}
