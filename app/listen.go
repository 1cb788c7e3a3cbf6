package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"sync"
	"time"

	"github.com/gatehouse-ai/gatehouse/config"
	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/front"
	"github.com/gatehouse-ai/gatehouse/op"
	"github.com/gatehouse-ai/gatehouse/record"
)

// listen opens every listener before it serves any.
func (a *App) listen(s *Setup) error {
	var listener net.ListenConfig
	for _, addr := range s.Config.Listen {
		l, err := listener.Listen(context.Background(), "tcp", addr)
		if err != nil {
			return fmt.Errorf("listening on %s: %w", addr, err)
		}
		a.public = append(a.public, l)
	}
	if s.Config.Admin.Enabled() {
		l, err := listener.Listen(context.Background(), "tcp", s.Config.Admin.Listen)
		if err != nil {
			return fmt.Errorf("listening on %s for operators: %w", s.Config.Admin.Listen, err)
		}
		a.admin = append(a.admin, l)
	}
	base, cut := context.WithCancelCause(context.Background())
	a.cut = cut
	header := int(s.Config.Limits.HeaderBytes)
	secure := s.Config.TLS.Enabled()
	if s.Config.Front != config.NetHTTP && front.Supported() {
		if err := a.startFront(header); err != nil {
			return err
		}
		srv := a.newServer(base, a.server, header)
		srv.TLSConfig, srv.ConnState = a.tls.config(), front.Returned
		a.servers = append(a.servers, srv)
		a.serve(srv, a.fast.Handover(), false)
	}
	for _, l := range a.public {
		if a.fast != nil {
			go a.serveFast(l, secure)
			continue
		}
		srv := a.newServer(base, a.server, header)
		if secure {
			srv.TLSConfig = a.tls.config()
		}
		a.servers = append(a.servers, srv)
		a.serve(srv, l, secure)
	}
	for _, l := range a.admin {
		srv := a.newServer(base, a.adminHandler(), header)
		a.operators = append(a.operators, srv)
		a.serve(srv, l, false)
	}
	return nil
}

// startFront starts the event loops, one for each processor.
func (a *App) startFront(header int) error {
	router, err := op.NewRouter(op.All())
	if err != nil {
		return fmt.Errorf("the table of operations: %w", err)
	}
	a.fast, err = front.New(front.Options{
		Router: router, Current: a.current.Load, Memory: a.memory, Header: header, Log: a.log,
		Workers: a.workers(), Linger: a.opts.Loops > 0,
		Hooks: a.hooks,
	})
	return err
}

// workers is the number of event loops: as many as there are processors, unless
// the program says otherwise.
func (a *App) workers() int {
	if a.opts.Loops > 0 {
		return a.opts.Loops
	}
	return runtime.GOMAXPROCS(0)
}

// hooks count and log the requests of one event loop, in shards of its own.
func (a *App) hooks(worker int) front.Hooks {
	metrics, access := a.metrics.Shard(worker), a.access.Shard(worker)
	return front.Hooks{
		Begin: func() { metrics.InFlight(1) },
		Done: func(r *record.Record) {
			metrics.InFlight(-1)
			metrics.Done(r)
			access.Done(r)
			if a.opts.Done != nil {
				a.opts.Done(r)
			}
		},
	}
}

// serveFast serves a listener by the event loops.
func (a *App) serveFast(l net.Listener, secure bool) {
	tls := a.tls.config()
	if !secure {
		tls = nil
	}
	if err := a.fast.Serve(l, tls); !errors.Is(err, net.ErrClosed) {
		a.failed <- fmt.Errorf("serving %s: %w", l.Addr(), err)
	}
}

func (a *App) newServer(base context.Context, h http.Handler, headerBytes int) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: headerBytes,
		BaseContext: func(net.Listener) context.Context { return base },
		ErrorLog:    slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
	}
}

func (a *App) serve(srv *http.Server, l net.Listener, tls bool) {
	go func() {
		var err error
		if tls {
			err = srv.ServeTLS(l, "", "")
		} else {
			err = srv.Serve(l)
		}
		if !errors.Is(err, http.ErrServerClosed) {
			a.failed <- fmt.Errorf("serving %s: %w", l.Addr(), err)
		}
	}()
}

// Addrs returns the addresses that clients reach the gateway at.
func (a *App) Addrs() []string { return addrs(a.public) }

// AdminAddrs returns the addresses for operators.
func (a *App) AdminAddrs() []string { return addrs(a.admin) }

func addrs(ls []net.Listener) []string {
	out := make([]string, len(ls))
	for i, l := range ls {
		out[i] = l.Addr().String()
	}
	return out
}

// shutdown takes no new connections, and waits for requests in flight until ctx
// ends.
func (a *App) shutdown(ctx context.Context) error {
	for _, l := range a.public {
		_ = l.Close() // some have been
	}
	var wg sync.WaitGroup
	errs := make([]error, len(a.servers)+1)
	for i, srv := range a.servers {
		wg.Go(func() { errs[i] = srv.Shutdown(ctx) })
	}
	if a.fast != nil {
		wg.Go(func() { errs[len(a.servers)] = a.fast.Drain(ctx) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// cutOff ends the requests in flight with an error.
func (a *App) cutOff(cause *fault.Error) {
	a.cut(cause)
	if a.fast != nil {
		a.fast.Cut(cause)
	}
}
