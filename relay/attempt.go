package relay

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse-ai/gatehouse/catalog"
	"github.com/gatehouse-ai/gatehouse/exchange"
	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/headers"
	"github.com/gatehouse-ai/gatehouse/wire"
)

// watch is the clock of one attempt: it cancels the attempt with the error of
// the phase that takes too long. The phases before the answer's header are
// bounded by the transport.
type watch struct {
	cancel context.CancelCauseFunc
	limits catalog.Timeouts
	phase  *time.Timer
	total  *time.Timer
	first  bool
}

func newWatch(cancel context.CancelCauseFunc, limits catalog.Timeouts) *watch {
	w := &watch{cancel: cancel, limits: limits}
	if limits.Total > 0 {
		w.total = time.AfterFunc(limits.Total, func() { w.late(ToFinish, limits.Total) })
	}
	return w
}

func (w *watch) late(what string, d time.Duration) {
	w.cancel(Late(what, d))
}

// answered begins the wait for the first piece of the body.
func (w *watch) answered() {
	if d := w.limits.FirstToken; d > 0 {
		w.phase = time.AfterFunc(d, func() { w.late(ToBegin, d) })
	}
}

// progress begins the wait for the next piece of the body.
func (w *watch) progress() {
	if w.first && w.phase != nil && w.limits.Idle > 0 {
		w.phase.Reset(w.limits.Idle)
		return
	}
	w.first = true
	if w.phase != nil {
		w.phase.Stop()
		w.phase = nil
	}
	if d := w.limits.Idle; d > 0 {
		w.phase = time.AfterFunc(d, func() { w.late(ToGoOn, d) })
	}
}

func (w *watch) stop() {
	if w.phase != nil {
		w.phase.Stop()
	}
	if w.total != nil {
		w.total.Stop()
	}
}

// trace knows how far a request has come.
type trace struct {
	connected atomic.Bool
	rest      *watched
}

// classify turns the error of a round trip into one for the client.
func (t *trace) classify(err error) *fault.Error {
	if t.rest != nil {
		if e := t.rest.failure(); e != nil {
			return e
		}
	}
	if !t.connected.Load() {
		return Unreachable(err)
	}
	return Unanswered(err)
}

// trailers returns the trailers of the request that go on. Of an upload that is
// still arriving only the names are known; the values follow with its end.
func (r *run) trailers(t *trace) http.Header {
	out := http.Header{}
	take := func() {
		for name, values := range r.Trailer {
			if headers.Forwards(name) {
				out[name] = values
			}
		}
	}
	take()
	if t.rest != nil {
		t.rest.ended = take
	}
	return out
}

// watched remembers what went wrong with the client's part of an upload.
type watched struct {
	r     io.Reader
	ended func() // called at the proper end, unless it is nil

	mu  sync.Mutex
	err error
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	if errors.Is(err, io.EOF) && w.ended != nil {
		w.ended()
	}
	if err != nil && !errors.Is(err, io.EOF) {
		w.mu.Lock()
		w.err = err
		w.mu.Unlock()
	}
	return n, err
}

// failure is the client's fault, if it has one.
func (w *watched) failure() *fault.Error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		return nil
	}
	if e := fault.From(w.err); e.Kind != fault.Internal {
		return e
	}
	return fault.Wrap(fault.InvalidBody, w.err, "The body of the request could not be read to its end.")
}

// newPieces reads the pieces of a body in order.
func newPieces(parts [][]byte) io.Reader {
	if len(parts) == 1 {
		return bytes.NewReader(parts[0])
	}
	readers := make([]io.Reader, len(parts))
	for i, p := range parts {
		readers[i] = bytes.NewReader(p)
	}
	return io.MultiReader(readers...)
}

// decoded undoes the gzip encoding of an answer that was not asked for.
func decoded(resp *http.Response) (io.Reader, wire.Header) {
	if !strings.EqualFold(resp.Header.Get("Content-Encoding"), "gzip") {
		return resp.Body, header(resp.Header)
	}
	resp.Header.Del("Content-Encoding")
	resp.Header.Del("Content-Length")
	return &gunzip{body: resp.Body}, header(resp.Header)
}

// gunzip begins to decode with the first read, so that the header of the
// answer need not wait for its body.
type gunzip struct {
	body io.Reader
	zip  *gzip.Reader
}

func (g *gunzip) Read(p []byte) (int, error) {
	if g.zip == nil {
		z, err := gzip.NewReader(g.body)
		if err != nil {
			return 0, fmt.Errorf("the gzip encoding of the answer: %w", noEOF(err))
		}
		g.zip = z
	}
	n, err := g.zip.Read(p)
	return n, err
}

// noEOF keeps an early end from being taken for the proper one.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// spooled reads the part of an upload that is on disk, with the edits made.
func spooled(a *exchange.Attempt, up *Upload) (parts []io.Reader, size int64) {
	if up.Spool == nil {
		return nil, 0
	}
	at := int64(0)
	for _, s := range a.Edits() {
		parts = append(parts, io.NewSectionReader(up.Spool, at, int64(s.Start)-at), bytes.NewReader(s.Text))
		at = int64(s.End)
		size += int64(len(s.Text) - (s.End - s.Start))
	}
	return append(parts, io.NewSectionReader(up.Spool, at, up.Size-at)), size + up.Size
}
