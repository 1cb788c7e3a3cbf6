package telemetry

import (
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/gatehouse-ai/gatehouse/logline"
	"github.com/gatehouse-ai/gatehouse/record"
)

// AccessShard is a part of the log of requests, for the use of one event loop
// or of few goroutines. Its methods may be called from any number of them, but
// they wait for each other.
type AccessShard struct {
	_ [spacing]byte

	log  *Access
	text slog.Handler // writes lines as text, with append; nil for JSON

	mu      sync.Mutex
	clock   logline.Clock
	buf     []byte // lines that wait
	spare   []byte // room for lines, when those that wait are being written
	dropped atomic.Uint64

	_ [spacing]byte
}

// Done adds the line of a request that has ended: see Access.Done.
func (s *AccessShard) Done(r *record.Record) {
	if logline.Level(r) < s.log.level {
		return
	}
	message := logline.Message(r)
	if s.text != nil {
		logline.Handle(s.text, r, message)
	} else {
		s.json(r, message)
	}
	if s.log.state.Load() != awake {
		s.log.added()
	}
}

// json adds a line in JSON.
func (s *AccessShard) json(r *record.Record, message string) {
	s.mu.Lock()
	before := len(s.buf)
	if s.room(logline.Max) {
		s.buf = logline.Append(s.buf, &s.clock, r, message)
	}
	after := len(s.buf)
	s.mu.Unlock()
	s.passed(before, after)
}

// append adds a line, and takes it even if it is dropped.
func (s *AccessShard) append(line []byte) (int, error) {
	s.mu.Lock()
	before := len(s.buf)
	if s.room(len(line)) {
		s.buf = append(s.buf, line...)
	}
	after := len(s.buf)
	s.mu.Unlock()
	s.passed(before, after)
	return len(line), nil
}

// passed hurries the writer when there is enough for it.
func (s *AccessShard) passed(before, after int) {
	if before < enough && after >= enough {
		signal(s.log.hurry)
	}
}

// room makes room for a line of n bytes. Without any it counts a line that is
// dropped.
func (s *AccessShard) room(n int) bool {
	if cap(s.buf)-len(s.buf) >= n {
		return true
	}
	size := min(max(2*cap(s.buf), enough+logline.Max), maxWaiting)
	if size-len(s.buf) < n {
		s.dropped.Add(1)
		return false
	}
	s.buf = append(make([]byte, 0, size), s.buf...)
	return true
}

// take returns the lines that wait, to be written and given back.
func (s *AccessShard) take() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	batch := s.buf
	if len(batch) == 0 {
		return nil
	}
	s.buf, s.spare = s.spare, nil
	return batch
}

// giveBack is told that a batch is done with. A large one that was hardly used is
// left to the garbage collector: it was for a burst.
func (s *AccessShard) giveBack(batch []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if cap(batch) <= 4*enough || len(batch) >= cap(batch)/4 {
		s.spare = batch[:0]
	}
}
