package fakellm

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
)

// Server serves an engine on a socket.
type Server struct {
	URL string // http://127.0.0.1:port, or https

	engine *Engine
	http   *http.Server
	cancel context.CancelCauseFunc
	served sync.WaitGroup // the accept loop, all connections and all handlers
	mu     sync.Mutex
	closed bool     // no handler begins any more
	conns  sync.Map // net.Conn → *carrier
}

// carrier is what is known of a connection.
type carrier struct {
	requests atomic.Int64
	finish   atomic.Bool // close it when it is idle
}

type carrierKey struct{}

// closeAfter has the connection of ctx closed, once it is idle, if it has carried
// at least n requests.
func closeAfter(ctx context.Context, n int) {
	if c, ok := ctx.Value(carrierKey{}).(*carrier); ok && n > 0 && c.requests.Load() >= int64(n) {
		c.finish.Store(true)
	}
}

// ServerOption sets up a server.
type ServerOption func(*serverConfig)

type serverConfig struct {
	address string
	tls     *tls.Config
	h2c     bool
}

// At sets the address to listen on, 127.0.0.1:0 if it is not given.
func At(address string) ServerOption { return func(c *serverConfig) { c.address = address } }

// WithTLS serves HTTPS with a certificate, HTTP/2 included. If clientCAs is not
// nil, a client must have a certificate of one of them.
func WithTLS(certificate tls.Certificate, clientCAs *x509.CertPool) ServerOption {
	return func(c *serverConfig) {
		c.tls = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
		if clientCAs != nil {
			c.tls.ClientCAs, c.tls.ClientAuth = clientCAs, tls.RequireAndVerifyClientCert
		}
	}
}

// WithH2C also serves HTTP/2 without TLS, to clients that begin with it.
func WithH2C() ServerOption { return func(c *serverConfig) { c.h2c = true } }

// Start serves an engine on a free port of 127.0.0.1. Like httptest.NewServer it
// panics if it cannot listen.
func Start(e *Engine, options ...ServerOption) *Server {
	s, err := Listen(context.Background(), e, options...)
	if err != nil {
		panic("fakellm: " + err.Error())
	}
	return s
}

// Listen serves an engine until the server is closed. The context is for the
// listening alone: its end does not end the server.
func Listen(ctx context.Context, e *Engine, options ...ServerOption) (*Server, error) {
	c := serverConfig{address: "127.0.0.1:0"}
	for _, o := range options {
		o(&c)
	}
	var config net.ListenConfig
	ln, err := config.Listen(ctx, "tcp", c.address)
	if err != nil {
		return nil, fmt.Errorf("listening: %w", err)
	}
	s := &Server{URL: "http://" + ln.Addr().String(), engine: e}
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	s.cancel = cancel
	s.http = &http.Server{
		Handler:     http.HandlerFunc(s.handle),
		TLSConfig:   c.tls,
		BaseContext: func(net.Listener) context.Context { return ctx },
		ConnContext: s.connected,
		ConnState:   s.state,
		ErrorLog:    slog.NewLogLogger(slog.DiscardHandler, slog.LevelError), // broken connections are on purpose
	}
	if c.h2c {
		s.http.Protocols = new(http.Protocols)
		s.http.Protocols.SetHTTP1(true)
		s.http.Protocols.SetUnencryptedHTTP2(true)
		s.http.Protocols.SetHTTP2(true)
	}
	if c.tls != nil {
		s.URL = "https://" + ln.Addr().String()
	}
	s.served.Go(func() {
		var err error
		if c.tls != nil {
			err = s.http.ServeTLS(ln, "", "")
		} else {
			err = s.http.Serve(ln)
		}
		if !errors.Is(err, http.ErrServerClosed) {
			cancel(err)
		}
	})
	return s, nil
}

func (s *Server) handle(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		panic(http.ErrAbortHandler)
	}
	s.served.Add(1)
	s.mu.Unlock()
	defer s.served.Done()
	if c, ok := r.Context().Value(carrierKey{}).(*carrier); ok {
		c.requests.Add(1)
	}
	s.engine.ServeHTTP(w, r)
	if errors.Is(context.Cause(r.Context()), errClosed) {
		panic(http.ErrAbortHandler) // or net/http would end the answer as if it were complete
	}
}

func (s *Server) connected(ctx context.Context, conn net.Conn) context.Context {
	c := &carrier{}
	s.conns.Store(conn, c)
	return context.WithValue(ctx, carrierKey{}, c)
}

func (s *Server) state(conn net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.served.Add(1)
		s.engine.open.Add(1)
		s.engine.dialled.Add(1)
	case http.StateIdle:
		if c, ok := s.conns.Load(conn); ok && c.(*carrier).finish.Load() {
			_ = conn.Close() // the loop that reads from it notices
		}
	case http.StateActive:
	case http.StateHijacked, http.StateClosed:
		s.engine.open.Add(-1)
		s.conns.Delete(conn)
		s.served.Done()
	}
}

// Close breaks all connections off, and returns when none is open and no request
// is being answered any more.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.cancel(errClosed)
	_ = s.http.Close() // the listener is closed whatever it says
	s.served.Wait()
}
