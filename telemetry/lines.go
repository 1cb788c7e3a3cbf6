package telemetry

import (
	"bytes"
	"io"
	"sync"
)

// lines passes whole lines on to a writer, one Write at a time.
type lines struct {
	mu  sync.Mutex
	w   io.Writer
	cut bool // the last Write failed in the middle of a line
}

// Write writes p, which ends with a line. A line that an earlier Write could
// not finish is ended first, so that it spoils no other.
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cut {
		if _, err := l.w.Write([]byte("\n")); err != nil {
			return 0, err
		}
		l.cut = false
	}
	n, err := l.w.Write(p)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	if n = min(max(n, 0), len(p)); n > 0 {
		l.cut = p[n-1] != '\n'
	}
	return n, err
}

// unwritten counts the lines of p that are not whole in its first n bytes.
func unwritten(p []byte, n int) int {
	start := bytes.LastIndexByte(p[:n], '\n') + 1
	return bytes.Count(p[start:], []byte("\n"))
}
