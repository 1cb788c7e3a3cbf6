package httpapi

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/gatehouse-ai/gatehouse/record"
	"github.com/gatehouse-ai/gatehouse/wire"
)

// writeTimeout is how long a client may take to accept a piece of its answer.
const writeTimeout = time.Minute

// Writer writes the answer to one request. It is an exchange.Sink.
type Writer struct {
	w        http.ResponseWriter
	control  *http.ResponseController
	rec      *record.Record
	deadline time.Time
	begun    bool
	aborted  bool
	trails   bool // trailers may follow, so the length is not told
}

func newWriter(w http.ResponseWriter, rec *record.Record) *Writer {
	return &Writer{w: w, control: http.NewResponseController(w), rec: rec}
}

// Head starts the answer.
func (w *Writer) Head(status int, fields wire.Header) error {
	h := w.w.Header()
	for _, f := range fields {
		if wire.EqualFold(f.Name, "X-Request-Id") || w.trails && wire.EqualFold(f.Name, "Content-Length") {
			continue
		}
		h.Add(f.Name, f.Value)
	}
	if h.Get("Content-Type") == "" {
		h["Content-Type"] = nil // or net/http would guess one
	}
	h.Set("Openai-Version", "2020-10-01")
	h.Set("Openai-Processing-Ms", strconv.FormatInt(time.Since(w.rec.Start).Milliseconds(), 10))
	w.begun = true
	w.rec.Status = status
	w.extend()
	w.w.WriteHeader(status)
	return nil
}

// Write writes a piece of the answer, at once if flush is set.
func (w *Writer) Write(p []byte, flush bool) error {
	w.extend()
	n, err := w.w.Write(p)
	w.rec.BytesOut += int64(n)
	if err == nil && flush {
		err = w.control.Flush()
	}
	if w.rec.First == 0 {
		w.rec.First = time.Since(w.rec.Start)
	}
	return err
}

// extend moves the deadline of writing on, at most once in ten seconds.
func (w *Writer) extend() {
	now := time.Now()
	if w.deadline.Sub(now) > writeTimeout-10*time.Second {
		return
	}
	w.deadline = now.Add(writeTimeout)
	if err := w.control.SetWriteDeadline(w.deadline); errors.Is(err, http.ErrNotSupported) {
		w.deadline = now.Add(24 * time.Hour) // a recorder in a test
	}
}

// Announce tells that trailers may follow the answer, which HTTP/1.1 has only
// where the length of the body is not told.
func (w *Writer) Announce() { w.trails = true }

// Trailer ends the answer with the trailers of an endpoint's.
func (w *Writer) Trailer(h http.Header) {
	for name, values := range h {
		for _, v := range values {
			w.w.Header().Add(http.TrailerPrefix+name, v)
		}
	}
}

// Abort makes the server cut the connection, so that the client does not take
// what it has got for a whole answer.
func (w *Writer) Abort() { w.aborted = true }
