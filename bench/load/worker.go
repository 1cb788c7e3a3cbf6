package load

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse-ai/gatehouse/bench/exam"
	"github.com/gatehouse-ai/gatehouse/bench/raw"
)

// maxAnswer bounds the body of an answer, and one event of a stream.
const maxAnswer = 64 << 20

// worker is one connection and the goroutine that uses it.
type worker struct {
	run    *run
	shard  *shard
	in     *raw.Reader
	out    []byte // the request
	first  int    // where its ids are
	last   int
	id     uint64
	marker *exam.Marker
	body   []byte

	since atomic.Int64 // when the request, or its last chunk, was: nanoseconds since the start; 0 if idle
	live  atomic.Bool  // a stream has begun

	mu   sync.Mutex // conn is closed from outside too
	conn net.Conn
	cut  bool // the run is over: what fails now is nobody's fault
}

func (r *run) newWorker(i int) *worker {
	msg, first, last := r.spec.message()
	return &worker{
		run: r, shard: &r.ledger.shards[i%len(r.ledger.shards)], in: raw.NewReader(nil),
		out: msg, first: first, last: last, id: uint64(i+1) << 32, marker: exam.NewMarker(r.spec.Paper),
	}
}

// connect dials if there is no connection.
func (w *worker) connect(ctx context.Context) error {
	if w.conn != nil {
		return nil
	}
	c, err := w.run.spec.dial(ctx)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conn = c
	w.in.Reset(c)
	if w.cut {
		_ = c.SetDeadline(time.Unix(1, 0)) // the run was over while it was dialled
	}
	return nil
}

func (w *worker) disconnect() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.conn != nil {
		w.conn.Close()
		w.conn = nil
	}
}

// interrupt makes the running request fail. With cut it does not count.
func (w *worker) interrupt(cut bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = w.cut || cut
	if w.conn != nil {
		_ = w.conn.SetDeadline(time.Unix(1, 0)) // it fails on a closed connection only, which is what is wanted
	}
}

func (w *worker) wasCut() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.cut
}

// ask sends one request that was due at a time, and counts its answer.
func (w *worker) ask(ctx context.Context, due time.Duration) {
	if err := w.connect(ctx); err != nil {
		if ctx.Err() == nil {
			w.fail(fmt.Errorf("connecting: %w", err))
			timer(ctx, 10*time.Millisecond) // lest a refused connection is a busy loop
		}
		return
	}
	w.id++
	exam.PutID(w.out[w.first:], w.id)
	exam.PutID(w.out[w.last:], w.id)
	w.marker.Begin(w.id)
	now := w.run.now()
	w.live.Store(false)
	w.since.Store(int64(max(now, 1)))
	if w.run.spec.Rate > 0 && due >= w.run.from {
		w.shard.late.Record(now - due)
	}
	keep, err := w.exchange(due)
	w.since.Store(0)
	if err != nil {
		w.fail(err)
	}
	if err != nil || !keep {
		w.disconnect()
	}
}

// fail counts a request that was not answered, or wrongly.
func (w *worker) fail(err error) {
	var wrong *wrongError
	switch {
	case errors.As(err, &wrong):
		w.shard.wrong.Add(1)
	case w.wasCut():
		w.shard.cut.Add(1)
		return
	case errors.Is(err, os.ErrDeadlineExceeded):
		w.shard.failed.Add(1)
		err = fmt.Errorf("no answer within %v", w.run.spec.Timeout)
	case errors.Is(err, raw.ErrSyntax):
		w.shard.wrong.Add(1)
	default:
		w.shard.failed.Add(1)
	}
	what := err.Error()
	if op, ok := errors.AsType[*net.OpError](err); ok { // without addresses, which make every message another
		what = strings.TrimSuffix(what, op.Error()) + op.Op + ": " + op.Err.Error()
	}
	w.run.problem(what, 1)
}

// wrongError is an answer that is not what it must be.
type wrongError struct{ err error }

func (e *wrongError) Error() string { return "wrong answer: " + e.err.Error() }

func (e *wrongError) Unwrap() error { return e.err }

// exchange sends the request and reads the answer. The connection can be used
// again if keep.
func (w *worker) exchange(due time.Duration) (keep bool, err error) {
	if _, err := w.conn.Write(w.out); err != nil {
		return false, fmt.Errorf("sending: %w", err)
	}
	h, err := w.in.Response()
	if err != nil {
		return false, fmt.Errorf("reading the answer: %w", err)
	}
	if h.Status != 200 {
		return false, w.refused(h)
	}
	if w.run.spec.Paper.Kind == exam.Stream {
		if !h.Events {
			return false, &wrongError{errors.New("the answer is no stream of events")}
		}
		err = w.stream(due)
	} else {
		err = w.whole(due)
	}
	if err == nil && w.in.Buffered() > 0 {
		err = &wrongError{errors.New("there are bytes after the end of the answer")}
	}
	return !h.Close, err
}

// refused returns the error for an answer that is none.
func (w *worker) refused(h raw.Head) error {
	body, err := w.in.Whole(w.body[:0], 1<<20)
	if err != nil {
		return fmt.Errorf("status %d, and reading its body: %w", h.Status, err)
	}
	return fmt.Errorf("status %d: %.200s", h.Status, bytes.Join(bytes.Fields(body), []byte(" ")))
}

// whole reads and marks an answer in one piece.
func (w *worker) whole(due time.Duration) error {
	body, err := w.in.Whole(w.body[:0], maxAnswer)
	w.body = body
	if err != nil {
		return fmt.Errorf("reading the body: %w", err)
	}
	now := w.run.now()
	if err := w.marker.Whole(body); err != nil {
		return &wrongError{err}
	}
	w.finish(due, now, len(body))
	return nil
}

// finish counts a right answer.
func (w *worker) finish(due, now time.Duration, size int) {
	if due < w.run.from {
		return
	}
	w.shard.latency.Record(now - due)
	if now <= w.run.until {
		w.shard.done.Add(1)
		w.shard.bytes.Add(int64(size))
	}
}
