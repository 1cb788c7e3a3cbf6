package fakellm

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gatehouse-ai/gatehouse/fakellm/turn"
)

var (
	errGone   = errors.New("the client has left")
	errClosed = errors.New("the server was closed")
	// errCut ends an answer where its script breaks it off.
	errCut = errors.New("the answer was broken off")
)

// player sends one reply as a script says.
type player struct {
	engine *Engine
	w      http.ResponseWriter
	rc     *http.ResponseController
	seen   *Request
	script *Script

	sent    int // bytes of the body
	pending []byte
	events  int // in pending
	tokens  int // in pending
	packed  bytes.Buffer
	gz      *gzip.Writer
}

// wait waits for d, or until the client leaves.
func (p *player) wait(ctx context.Context, d time.Duration) error {
	if d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	if ctx.Err() != nil {
		return errGone
	}
	return nil
}

// play sends the reply.
func (p *player) play(ctx context.Context, reply *turn.Reply) error {
	s := p.script
	if err := p.wait(ctx, s.Wait.Header); err != nil {
		return err
	}
	if b := s.Break; b != nil && b.Where == BeforeHeader {
		return p.sever(ctx, b.How)
	}
	frames := arrange(reply, s)
	p.header(ctx, reply, frames)
	if b := s.Break; b != nil && b.N == 0 { // after 0 bytes or events: only the header goes out
		return p.sever(ctx, b.How)
	}
	first := true
	for i, f := range frames {
		if err := s.Wait.Gate.Pass(ctx); err != nil {
			return errGone
		}
		pause := time.Duration(0)
		switch {
		case first && !f.Early:
			first, pause = false, s.Wait.First
			if reply.Framing == turn.Whole {
				pause += s.Wait.Token * time.Duration(max(0, f.Tokens-1))
			}
		case f.Tokens > 0:
			pause = s.Wait.Token
		}
		if err := p.wait(ctx, pause); err != nil {
			return err
		}
		if err := p.event(ctx, encode(f, i, reply.Framing, &s.Form), f.Tokens); err != nil {
			return ended(err)
		}
		if b := s.Break; b != nil && b.Where == AfterEvents && b.N == i+1 {
			if err := p.flush(ctx); err != nil {
				return ended(err)
			}
			return p.sever(ctx, b.How)
		}
	}
	if err := p.flush(ctx); err != nil {
		return ended(err)
	}
	return ended(p.finish(ctx))
}

// ended hides that the script itself broke the answer off.
func ended(err error) error {
	if errors.Is(err, errCut) {
		return nil
	}
	return err
}

// header sends status and header.
func (p *player) header(ctx context.Context, reply *turn.Reply, frames []turn.Frame) {
	s, h := p.script, p.w.Header()
	maps.Copy(h, reply.Header)
	if reply.Type != "" {
		h.Set("Content-Type", reply.Type)
	} else {
		h["Content-Type"] = nil // or net/http would guess
	}
	for name, value := range s.Form.Header {
		h.Set(name, value)
	}
	if s.Form.Type != "" {
		h.Set("Content-Type", s.Form.Type)
	}
	if s.Form.CloseConnection {
		h.Set("Connection", "close")
	}
	for _, name := range slices.Sorted(maps.Keys(s.Form.Trailer)) {
		h.Add("Trailer", name)
	}
	if s.Form.Gzip {
		h.Set("Content-Encoding", "gzip")
		p.gz = gzip.NewWriter(&p.packed)
	} else if reply.Framing == turn.Whole && len(frames) == 1 && len(s.Form.Trailer) == 0 {
		h.Set("Content-Length", strconv.Itoa(len(encode(frames[0], 0, turn.Whole, &s.Form))))
	}
	p.seen.Begun(reply.Status)
	closeAfter(ctx, s.Form.RequestsPerConnection)
	p.w.WriteHeader(reply.Status)
	if reply.Framing != turn.Whole {
		_ = p.rc.Flush() // an error shows at the next write
	}
}

// event takes the bytes of one event; it sends them once there are as many
// events as go into one write.
func (p *player) event(ctx context.Context, b []byte, tokens int) error {
	p.pending = append(p.pending, b...)
	p.events++
	p.tokens += tokens
	if p.events < p.script.Form.Events {
		return nil
	}
	return p.flush(ctx)
}

// flush sends what is pending.
func (p *player) flush(ctx context.Context) error {
	if p.events == 0 {
		return nil
	}
	b := p.pending
	if p.gz != nil {
		if _, err := p.gz.Write(b); err != nil {
			return fmt.Errorf("compressing: %w", err)
		}
		if err := p.gz.Flush(); err != nil {
			return fmt.Errorf("compressing: %w", err)
		}
		b = p.packed.Bytes()
	}
	before := p.sent
	err := p.send(ctx, b)
	events, tokens := p.events, p.tokens
	if err != nil {
		events, tokens = 0, 0
	}
	p.seen.Sent(events, tokens, p.sent-before)
	p.packed.Reset()
	p.pending, p.events, p.tokens = p.pending[:0], 0, 0
	return err
}

// send writes bytes of the body, in pieces if the script wants pieces, up to
// where it breaks off.
func (p *player) send(ctx context.Context, b []byte) error {
	cut := false
	if k := p.script.Break; k != nil && k.Where == AfterBytes && p.sent+len(b) >= k.N {
		b, cut = b[:k.N-p.sent], true
	}
	for len(b) > 0 {
		n := len(b)
		if piece := p.script.Form.Piece; piece > 0 {
			n = min(n, piece)
		}
		if _, err := p.w.Write(b[:n]); err != nil && !errors.Is(err, http.ErrBodyNotAllowed) {
			return errGone
		}
		if err := p.rc.Flush(); err != nil {
			return errGone
		}
		p.sent += n
		b = b[n:]
		if p.script.Form.Piece > 0 {
			if err := p.wait(ctx, p.script.Wait.Piece); err != nil {
				return err
			}
		}
	}
	if cut {
		if err := p.sever(ctx, p.script.Break.How); err != nil {
			return err
		}
		return errCut
	}
	return nil
}

// finish sends what comes after the last event.
func (p *player) finish(ctx context.Context) error {
	if p.gz != nil {
		if err := p.gz.Close(); err != nil {
			return fmt.Errorf("compressing: %w", err)
		}
		before := p.sent
		err := p.send(ctx, p.packed.Bytes())
		p.seen.Sent(0, 0, p.sent-before)
		if err != nil {
			return err
		}
	}
	for name, value := range p.script.Form.Trailer {
		p.w.Header().Set(name, value)
	}
	return nil
}
