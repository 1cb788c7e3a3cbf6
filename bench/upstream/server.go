package upstream

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/gatehouse-ai/gatehouse/bench/exam"
	"github.com/gatehouse-ai/gatehouse/bench/raw"
)

// Model is the name of the one model.
const Model = "bench"

// Server serves connections.
type Server struct {
	filler []byte

	mu     sync.Mutex
	embeds map[[2]int]*embedding
	conns  map[net.Conn]struct{}
	closed bool
}

// New returns a server.
func New() *Server {
	return &Server{
		filler: exam.Filler(exam.MaxReply),
		embeds: map[[2]int]*embedding{},
		conns:  map[net.Conn]struct{}{},
	}
}

// Serve accepts connections until ctx ends, which closes the listener and every
// connection. It returns when none is left.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	var wg sync.WaitGroup
	stop := context.AfterFunc(ctx, func() {
		_ = l.Close() // which fails only if it is closed
		s.closeAll()
	})
	defer stop()
	for {
		c, err := l.Accept()
		if err != nil && ctx.Err() == nil && temporary(err) {
			wait(ctx, 10*time.Millisecond)
			continue
		}
		if err != nil {
			s.closeAll()
			wg.Wait()
			if ctx.Err() != nil {
				return nil // the listener was closed because it shall end
			}
			return fmt.Errorf("accepting connections: %w", err)
		}
		if !s.add(c) {
			continue
		}
		wg.Go(func() {
			defer s.remove(c)
			conn := &conn{server: s, c: c, in: raw.NewReader(c), ctx: ctx}
			conn.serve()
		})
	}
}

// temporary tells whether accepting may work again, as when files run out.
func temporary(err error) bool {
	return !errors.Is(err, net.ErrClosed)
}

func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

func (s *Server) add(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		c.Close()
		return false
	}
	s.conns[c] = struct{}{}
	return true
}

func (s *Server) remove(c net.Conn) {
	s.mu.Lock()
	delete(s.conns, c)
	s.mu.Unlock()
	c.Close()
}

func (s *Server) closeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for c := range s.conns {
		c.Close()
	}
}

// embedding is an answer with embeddings which is written once and then copied.
type embedding struct {
	body        []byte
	first, last int // where the marks are
}

// embedding returns the answer for a number of inputs and floats.
func (s *Server) embedding(inputs, dim int) *embedding {
	key := [2]int{inputs, dim}
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.embeds[key]; e != nil {
		return e
	}
	if len(s.embeds) >= 16 { // who asks for so many sizes may wait for each
		clear(s.embeds)
	}
	e := &embedding{}
	b := []byte(`{"object":"list","data":[`)
	for i, v := range exam.Vectors(inputs, dim) {
		if i > 0 {
			b = append(b, ',')
		}
		b = fmt.Appendf(b, `{"object":"embedding","index":%d,"embedding":[`, i)
		if i == 0 {
			e.first = len(b)
		}
		b = append(b, v...)
		e.last = len(b) - exam.MarkLen
		b = append(b, "]}"...)
	}
	e.body = fmt.Appendf(b, `],"model":%q,"usage":{"prompt_tokens":%d,"total_tokens":%d}}`, Model, inputs, inputs)
	s.embeds[key] = e
	return e
}
