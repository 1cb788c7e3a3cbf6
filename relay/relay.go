package relay

import (
	"context"
	"errors"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync"
	"time"

	"github.com/gatehouse-ai/gatehouse/exchange"
	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/headers"
	"github.com/gatehouse-ai/gatehouse/wire"
)

// ErrAbort means that the answer broke off after its head: the connection to
// the client must be closed without ending the answer properly.
var ErrAbort = errors.New("the answer broke off")

// ErrGone means that the client left.
var ErrGone = errors.New("the client left")

// Upload is what a request body consists of beyond the pieces of the attempt.
type Upload struct {
	Spool  io.ReaderAt // the part that was read and is on disk; nil if none is
	Size   int64       // of Spool
	Rest   io.Reader   // what is still to come from the client; nil if nothing is
	Length int64       // of Rest; -1 if it is not known
}

// Trailers may be implemented by a sink that can end an answer with trailers.
type Trailers interface {
	// Announce tells, before the head of an answer, that trailers may follow it.
	Announce()
	Trailer(h http.Header)
}

// Memory bounds what is held of bodies, over all requests.
type Memory interface {
	// Reserve takes n bytes, or none and returns false.
	Reserve(n int64) bool
	Release(n int64)
}

// Job is an exchange to be carried.
type Job struct {
	Exchange *exchange.Exchange // its body has been taken
	Clients  Clients            // of the generation that serves it
	Sink     exchange.Sink
	Upload   *Upload     // nil if the exchange holds the whole body
	Trailer  http.Header // of the request
	Memory   Memory
}

// run is the carrying of one job.
type run struct {
	Job
	ctx  context.Context //nolint:containedctx // it lives as long as the request
	x    *exchange.Exchange
	sink *stamped
	held int64 // of the memory

	mu   sync.Mutex // guards x and sink against the keep-alive timer
	last time.Time  // of the last write to the client
}

// Run carries an exchange to its end. ctx is that of the request: it ends when
// the client leaves, or with a *fault.Error as its cause when the gateway gives
// up the request. The error is ErrAbort, ErrGone or nil.
func Run(ctx context.Context, job Job) error {
	r := &run{Job: job, ctx: ctx, x: job.Exchange, last: time.Now()}
	r.sink = &stamped{job.Sink, r}
	stop := r.keepAlive()
	defer stop()
	defer func() { r.Memory.Release(r.held) }()
	x := r.x
	for {
		r.mu.Lock()
		a, refused := x.Next(time.Now(), rand.Uint64())
		if refused != nil {
			err := x.Refuse(refused, r.sink)
			r.mu.Unlock()
			return gone(err)
		}
		r.mu.Unlock()
		verdict, err := r.attempt(a)
		switch {
		case err != nil:
			return err
		case verdict == exchange.Abort:
			return ErrAbort
		case verdict == exchange.Done:
			return nil
		}
	}
}

func gone(err error) error {
	if err != nil {
		return ErrGone
	}
	return nil
}

// attempt makes one request and hands its answer to the exchange.
func (r *run) attempt(a *exchange.Attempt) (exchange.Verdict, error) {
	ctx, cancel := context.WithCancelCause(r.ctx)
	w := newWatch(cancel, a.Endpoint.Timeouts)
	defer w.stop()
	req, sent := r.request(ctx, a)
	resp, err := r.Clients[a.Endpoint.Endpoint].transport.RoundTrip(req)
	if err != nil {
		defer cancel(nil)
		return r.failed(ctx, sent.classify(err))
	}
	if t, ok := r.sink.Sink.(Trailers); ok && len(resp.Trailer) > 0 {
		t.Announce()
	}
	body, header := decoded(resp)
	r.mu.Lock()
	r.x.Answer(resp.StatusCode, header, time.Now())
	r.mu.Unlock()
	w.answered()
	verdict, finished, err := r.copy(ctx, w, body, resp)
	if finished { // the endpoint may still have a last word, and its connection is worth keeping
		go drain(resp.Body, cancel)
		return verdict, err
	}
	cancel(nil)
	_ = resp.Body.Close()
	return verdict, err
}

// request makes the HTTP request of an attempt.
func (r *run) request(ctx context.Context, a *exchange.Attempt) (*http.Request, *trace) {
	t := &trace{}
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { t.connected.Store(true) }})
	u := &url.URL{Scheme: a.Endpoint.URL.Scheme, Host: a.Endpoint.URL.Host, Path: a.Path, RawQuery: a.Query}
	req := (&http.Request{
		Method: http.MethodPost, URL: u, Host: u.Host, Header: make(http.Header, len(a.Header)+2),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}).WithContext(ctx)
	for _, f := range a.Header {
		req.Header.Add(f.Name, f.Value)
	}
	req.Header.Set("Accept-Encoding", "identity")
	if req.Header.Get("User-Agent") == "" {
		req.Header.Set("User-Agent", "gatehouse")
	}
	req.ContentLength = a.Len()
	body := func() io.Reader { return newPieces(a.Body) }
	if up := r.Upload; up != nil {
		parts, size := spooled(a, up)
		req.ContentLength += size
		if up.Rest != nil {
			t.rest = &watched{r: up.Rest}
			parts = append(parts, t.rest)
			if req.ContentLength += up.Length; up.Length < 0 {
				req.ContentLength = -1
			}
		}
		body = func() io.Reader { return io.MultiReader(append([]io.Reader{newPieces(a.Body)}, parts...)...) }
	}
	req.Body = io.NopCloser(body())
	if r.Upload == nil {
		pieces := a.Body
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(newPieces(pieces)), nil }
		// An endpoint may close an idle connection at the moment that it is used
		// again. net/http then sends the request once more over another one, if
		// not a byte of an answer has come, but a POST only with this key, of
		// which nothing goes over the wire.
		if req.Header.Get("Idempotency-Key") == "" {
			req.Header["Idempotency-Key"] = nil
		}
	}
	if len(r.Trailer) > 0 {
		req.Trailer, req.ContentLength = r.trailers(t), -1
	}
	return req, t
}

// copy moves the body of the answer. finished says that the client has all of
// its answer although the endpoint has not ended its own.
func (r *run) copy(ctx context.Context, w *watch, body io.Reader, resp *http.Response) (v exchange.Verdict, finished bool, err error) {
	buf := make([]byte, bufferSize)
	for {
		n, rerr := body.Read(buf)
		if n > 0 {
			w.progress()
			r.mu.Lock()
			err := r.x.Data(buf[:n], r.sink)
			done, short := r.x.Finished(), !r.hold(r.x.Held())
			r.mu.Unlock()
			if err != nil {
				return exchange.Done, false, ErrGone
			}
			if short {
				v, err := r.end(NoMemory())
				return v, false, err
			}
			if done && rerr == nil && len(resp.Trailer) == 0 { // trailers are worth waiting for
				return exchange.Done, true, nil
			}
		}
		switch {
		case rerr == nil:
		case errors.Is(rerr, io.EOF):
			v, err := r.end(nil)
			if t, ok := r.sink.Sink.(Trailers); ok && err == nil && v == exchange.Done && len(resp.Trailer) > 0 {
				maps.DeleteFunc(resp.Trailer, func(name string, _ []string) bool { return !headers.Returns(name) })
				t.Trailer(resp.Trailer)
			}
			return v, false, err
		default:
			v, err := r.failed(ctx, BrokeOff(rerr))
			return v, false, err
		}
	}
}

// free is how much of an answer may be held without being counted: every
// request has that.
const free = 64 << 10

// hold reserves memory for what is held of an answer.
func (r *run) hold(n int64) bool {
	n = max(0, n-free)
	if n <= r.held {
		return true
	}
	if !r.Memory.Reserve(n - r.held) {
		return false
	}
	r.held = n
	return true
}

// failed tells the exchange why an attempt has failed, unless the client is
// the reason.
func (r *run) failed(ctx context.Context, cause *fault.Error) (exchange.Verdict, error) {
	var f *fault.Error
	if r.ctx.Err() != nil {
		if !errors.As(context.Cause(r.ctx), &f) {
			return exchange.Done, ErrGone
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		return exchange.Done, gone(r.x.Refuse(f, r.sink))
	}
	if errors.As(context.Cause(ctx), &f) {
		cause = f
	}
	if cause.Kind.Row().Source == fault.Client { // what it uploads is at fault
		r.mu.Lock()
		defer r.mu.Unlock()
		return exchange.Done, gone(r.x.Refuse(cause, r.sink))
	}
	return r.end(cause)
}

func (r *run) end(cause *fault.Error) (exchange.Verdict, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v, err := r.x.End(cause, time.Now(), r.sink)
	return v, gone(err)
}

// keepAlive begins the comments of a stream that waits, and returns what ends
// them.
func (r *run) keepAlive() (stop func()) {
	d := r.x.KeepAlive()
	if d <= 0 || !r.x.Streams() {
		return func() {}
	}
	var timer *time.Timer
	ended := false
	r.mu.Lock()
	defer r.mu.Unlock()
	timer = time.AfterFunc(d, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if ended {
			return
		}
		if rest := d - time.Since(r.last); rest > 0 {
			timer.Reset(rest)
			return
		}
		r.last = time.Now()
		if r.x.Idle(r.sink) == nil {
			timer.Reset(d)
		}
	})
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		ended = true
		timer.Stop()
	}
}

// stamped notes when the client was last written to.
type stamped struct {
	exchange.Sink
	r *run
}

func (s *stamped) Write(p []byte, flush bool) error {
	s.r.last = time.Now()
	return s.Sink.Write(p, flush)
}

// bufferSize is how much of an answer is read at a time.
const bufferSize = 16 << 10

// drain reads what an endpoint still sends after the end of its answer, so
// that the connection can be used again, for a moment.
func drain(body io.ReadCloser, cancel context.CancelCauseFunc) {
	t := time.AfterFunc(time.Second, func() { cancel(nil) })
	_, _ = io.CopyN(io.Discard, body, 256<<10)
	t.Stop()
	_ = body.Close()
	cancel(nil)
}

// header returns the fields of a response.
func header(h http.Header) wire.Header {
	out := make(wire.Header, 0, len(h))
	for name, values := range h {
		for _, v := range values {
			out = append(out, wire.Field{Name: name, Value: v})
		}
	}
	return out
}
