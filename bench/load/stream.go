package load

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"
)

// flow is the state of one stream.
type flow struct {
	due  time.Duration
	last time.Duration // when the last chunk came
	size int
}

// stream reads and marks a stream of events. A read of the connection is one
// moment: all chunks in it have come at once.
func (w *worker) stream(due time.Duration) error {
	f := flow{due: due, last: -1}
	w.body = w.body[:0]
	for {
		piece, err := w.in.Next()
		now := w.run.now()
		if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			if len(bytes.TrimSpace(w.body)) > 0 {
				return &wrongError{fmt.Errorf("the stream ends within an event: %.60q", w.body)}
			}
			if err := w.marker.End(); err != nil {
				return &wrongError{err}
			}
			w.finish(due, now, f.size)
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading a stream after %d chunks: %w", w.marker.Chunks(), err)
		}
		f.size += len(piece)
		n, err := w.feed(piece)
		if n > 0 {
			w.moment(&f, now, n)
		}
		if err != nil {
			return &wrongError{err}
		}
	}
}

// feed takes the lines out of a piece, marks each event, and returns how many
// chunks with text there were. What is left of a line waits in body.
func (w *worker) feed(piece []byte) (n int, err error) {
	for {
		end := bytes.IndexByte(piece, '\n')
		if end < 0 {
			if len(w.body)+len(piece) > maxAnswer {
				return n, errors.New("a line of the stream is too long")
			}
			w.body = append(w.body, piece...)
			return n, nil
		}
		line := piece[:end]
		piece = piece[end+1:]
		if len(w.body) > 0 {
			w.body = append(w.body, line...)
			line = w.body
		}
		text, err := w.line(bytes.TrimSuffix(line, []byte("\r")))
		w.body = w.body[:0]
		if text {
			n++
		}
		if err != nil {
			return n, err
		}
	}
}

// line marks one line. OpenAI's events are one line of data each; other fields
// and comments, which keep a connection alive, say nothing.
func (w *worker) line(line []byte) (text bool, err error) {
	data, ok := bytes.CutPrefix(line, []byte("data:"))
	switch {
	case ok:
		return w.marker.Event(bytes.TrimPrefix(data, []byte(" ")))
	case len(line) == 0 || bytes.IndexByte(line, ':') >= 0:
		return false, nil
	}
	return false, fmt.Errorf("a line of the stream is no field: %.60q", line)
}

// moment counts n chunks that came at once. What comes within the time counts,
// also of streams that began before: a slow one may be longer than the time.
func (w *worker) moment(f *flow, now time.Duration, n int) {
	w.since.Store(int64(max(now, 1)))
	measured := now >= w.run.from && now <= w.run.until
	if measured {
		w.shard.chunks.Add(int64(n))
	}
	gaps := n
	if f.last < 0 {
		w.live.Store(true)
		gaps--
		if f.due >= w.run.from {
			w.shard.first.Record(now - f.due)
		}
		f.last = now
	}
	if gaps > 0 && measured {
		w.gaps(now-f.last, gaps)
	}
	f.last = now
}

// gaps counts a gap, and those of zero between chunks that came with it.
func (w *worker) gaps(gap time.Duration, n int) {
	s, nominal := w.shard, w.run.spec.Paper.Gap
	s.gap.Record(gap)
	if n > 1 {
		s.gap.RecordN(0, uint64(n-1))
	}
	if nominal > 0 {
		s.jitter.Record(max(gap-nominal, nominal-gap))
		if n > 1 {
			s.jitter.RecordN(nominal, uint64(n-1))
		}
	}
}
