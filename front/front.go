package front

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse-ai/gatehouse/evloop"
	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/handover"
	"github.com/gatehouse-ai/gatehouse/memory"
	"github.com/gatehouse-ai/gatehouse/op"
	"github.com/gatehouse-ai/gatehouse/record"
	"github.com/gatehouse-ai/gatehouse/relay"
)

// Supported tells whether this system has event loops.
func Supported() bool { return evloop.Supported() }

// Hooks are told of the requests of one worker, by one goroutine.
type Hooks struct {
	Begin func()
	// Done gets the record of each request at its end. Its texts may point into
	// buffers that are used again: who keeps one clones it.
	Done func(*record.Record)
}

// Options are what a Front is made of.
type Options struct {
	Router  *op.Router
	Current func() *relay.Generation // the generation that a new request is served by
	Memory  *memory.Memory
	Hooks   func(worker int) Hooks
	Workers int
	// Linger has workers keep their processors for moments of waiting: there must
	// be others for the rest of the program.
	Linger bool
	// Header is how many bytes the head of a request may have.
	Header int
	Log    *slog.Logger
}

// Front serves clients on its workers, and hands over what it does not serve.
type Front struct {
	Options
	workers  []*worker
	other    *handover.Listener
	draining atomic.Bool
	clients  atomic.Int64
	empty    chan struct{} // told when the last client has gone while draining
	loops    sync.WaitGroup
}

// New starts the workers. Connections that the front does not serve come out
// of Handover.
func New(o Options) (*Front, error) {
	f := &Front{Options: o, other: handover.New(), empty: make(chan struct{}, 1)}
	for i := range o.Workers {
		w, err := newWorker(f, o.Hooks(i))
		if err != nil {
			f.Close()
			return nil, fmt.Errorf("starting an event loop: %w", err)
		}
		f.workers = append(f.workers, w)
		f.loops.Go(w.loop.Run)
	}
	return f, nil
}

// Handover is where connections that the front does not serve come out.
func (f *Front) Handover() net.Listener { return f.other }

// Returned is what an http.Server on the Handover has for its ConnState: with
// the end of an answer a connection that was lent comes back.
func Returned(nc net.Conn, state http.ConnState) { handover.Returned(nc, state) }

// back takes a connection that net/http has had for one request.
func (f *Front) back(nc net.Conn, ahead []byte) error {
	if f.draining.Load() {
		return nc.Close()
	}
	f.assign(nc, ahead)
	return nil
}

const (
	handshakeTimeout = 10 * time.Second
	acceptPause      = 5 * time.Millisecond // after an error that will pass, such as no free descriptor
)

// Serve accepts connections until the listener is closed; then its error is
// net.ErrClosed. config is nil for connections without TLS.
func (f *Front) Serve(l net.Listener, config *tls.Config) error {
	for {
		nc, err := l.Accept()
		if err != nil {
			var passing interface{ Temporary() bool }
			if errors.As(err, &passing) && passing.Temporary() {
				f.Log.Warn("a connection could not be accepted", "error", err.Error())
				pause := time.NewTimer(acceptPause)
				<-pause.C
				continue
			}
			return fmt.Errorf("accepting connections: %w", err)
		}
		if config != nil {
			go f.handshake(nc, config)
			continue
		}
		f.assign(nc, nil)
	}
}

// handshake makes a connection with TLS ready. HTTP/2 is for net/http.
func (f *Front) handshake(nc net.Conn, config *tls.Config) {
	ctx, cancel := context.WithTimeout(context.Background(), handshakeTimeout)
	defer cancel()
	secure := evloop.Server(nc, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		f.Log.Debug("a TLS handshake failed", "remote", nc.RemoteAddr().String(), "error", err.Error())
		if record, ok := errors.AsType[tls.RecordHeaderError](err); ok && record.Conn != nil && speaksHTTP(record.RecordHeader) {
			_, _ = io.WriteString(nc, "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n")
		}
		_ = nc.Close()
		return
	}
	if secure.ConnectionState().NegotiatedProtocol == "h2" {
		f.other.Deliver(secure)
		return
	}
	f.assign(secure, nil)
}

// speaksHTTP tells whether what should have been a record of TLS is the beginning
// of a request without it.
func speaksHTTP(head [5]byte) bool {
	switch string(head[:]) {
	case "GET /", "HEAD ", "POST ", "PUT /", "OPTIO":
		return true
	}
	return false
}

// assign gives a connection, of which something may have been read, to the
// worker that has the fewest.
func (f *Front) assign(nc net.Conn, read []byte) {
	best := f.workers[0]
	for _, w := range f.workers[1:] {
		if w.load.Load() < best.load.Load() {
			best = w
		}
	}
	best.load.Add(1)
	f.clients.Add(1)
	if !best.loop.Post(func() { best.accept(nc, read) }) {
		best.load.Add(-1)
		f.clients.Add(-1)
		_ = nc.Close()
	}
}

// Reloaded has the workers close connections to endpoints that the current
// generation does not have.
func (f *Front) Reloaded() {
	for _, w := range f.workers {
		w.loop.Post(w.retire)
	}
}

// Drain lets requests in flight go on until ctx ends, and closes connections
// as they become idle. The listeners must have been closed.
func (f *Front) Drain(ctx context.Context) error {
	f.draining.Store(true)
	for _, w := range f.workers {
		w.loop.Post(w.drain)
	}
	for f.clients.Load() > 0 {
		select {
		case <-f.empty:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// Cut ends the requests in flight with an error, as an event where they stream.
func (f *Front) Cut(cause *fault.Error) {
	for _, w := range f.workers {
		w.loop.Post(func() { w.cut(cause) })
	}
}

// left counts a client that has gone.
func (f *Front) left() {
	if f.clients.Add(-1) == 0 {
		select {
		case f.empty <- struct{}{}:
		default:
		}
	}
}

// Close stops at once.
func (f *Front) Close() {
	for _, w := range f.workers {
		w.loop.Stop()
	}
	f.loops.Wait()
	_ = f.other.Close()
}
