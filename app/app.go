package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse-ai/gatehouse/api/inference"
	"github.com/gatehouse-ai/gatehouse/api/models"
	"github.com/gatehouse-ai/gatehouse/catalog"
	"github.com/gatehouse-ai/gatehouse/config"
	"github.com/gatehouse-ai/gatehouse/dialect"
	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/httpapi"
	"github.com/gatehouse-ai/gatehouse/op"
	"github.com/gatehouse-ai/gatehouse/record"
	"github.com/gatehouse-ai/gatehouse/relay"
	"github.com/gatehouse-ai/gatehouse/telemetry"
)

// Options are what a gateway is started with.
type Options struct {
	// Load returns the setup; it is called at the start and for every reload.
	Load func() (*Setup, error)
	// Log is where the log goes.
	Log io.Writer
	// Version is what metrics say of the build.
	Version string
	// Done, if set, is called with the record of each request at its end.
	Done func(*record.Record)
}

// App is a running gateway.
type App struct {
	opts     Options
	log      *slog.Logger
	metrics  *telemetry.Metrics
	dialects map[catalog.Dialect]dialect.Dialect
	started  time.Time
	memory   *httpapi.Memory
	server   *httpapi.Server
	tls      certificate

	current  atomic.Pointer[relay.Generation]
	status   atomic.Pointer[status]
	draining atomic.Bool

	reloading sync.Mutex // one reload at a time; guards what follows
	setup     *Setup
	stopWatch context.CancelFunc

	public, admin []net.Listener
	servers       []*http.Server // of clients
	operators     []*http.Server // which go on while the gateway drains
	cut           context.CancelCauseFunc
	failed        chan error
	stop          context.CancelFunc
}

// Start loads the setup, opens the listeners and serves until Shutdown or
// Close. When it returns the gateway can be used.
func Start(opts Options) (*App, error) {
	s, err := opts.Load()
	if err != nil {
		return nil, err
	}
	a := &App{
		opts: opts, started: time.Now(), dialects: dialects(),
		log:     telemetry.NewLogger(opts.Log, string(s.Config.Log.Format), s.Config.Log.Level.Slog()),
		metrics: telemetry.NewMetrics(opts.Version),
		memory:  httpapi.NewMemory(s.Config.Limits.MemoryBytes()),
		failed:  make(chan error, 4),
	}
	a.metrics.GaugeFunc(telemetry.MemoryInFlight, "Bytes of request bodies that are held.", func() float64 { return float64(a.memory.Used()) })
	if a.server, err = a.api(); err != nil {
		return nil, err
	}
	if err := a.install(s); err != nil {
		return nil, err
	}
	if err := a.listen(s); err != nil {
		a.Close()
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	a.stop = stop
	go a.watchFiles(ctx)
	return a, nil
}

// api makes the server of the API.
func (a *App) api() (*httpapi.Server, error) {
	access := &telemetry.Access{Logger: a.log}
	return httpapi.New(op.All(), httpapi.Options{
		Handlers: httpapi.Handlers{op.Inference: inference.Handler{}, op.Models: models.Handler{}},
		Current:  a.current.Load,
		Memory:   a.memory,
		Begin:    func() { a.metrics.InFlight(1) },
		Done: func(r *record.Record) {
			a.metrics.InFlight(-1)
			a.metrics.Done(r)
			access.Done(r)
			if a.opts.Done != nil {
				a.opts.Done(r)
			}
		},
		Status: a.publicStatus,
	})
}

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
	for _, l := range a.public {
		srv := a.newServer(base, a.server, int(s.Config.Limits.HeaderBytes))
		if s.Config.TLS.Enabled() {
			srv.TLSConfig = a.tls.config()
		}
		a.servers = append(a.servers, srv)
		a.serve(srv, l, s.Config.TLS.Enabled())
	}
	for _, l := range a.admin {
		srv := a.newServer(base, a.adminHandler(), int(s.Config.Limits.HeaderBytes))
		a.operators = append(a.operators, srv)
		a.serve(srv, l, false)
	}
	return nil
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

// TLS tells whether clients speak TLS to the gateway.
func (a *App) TLS() bool { return a.config().TLS.Enabled() }

// Log returns the gateway's log.
func (a *App) Log() *slog.Logger { return a.log }

// Failed returns a channel that tells of a listener that has failed.
func (a *App) Failed() <-chan error { return a.failed }

// Shutdown drains: the gateway says that it is not ready, takes no new
// connections, and lets requests in flight go on until ctx ends. Those that
// are left then get an error, as an event where they stream. Operators are
// served until the end.
func (a *App) Shutdown(ctx context.Context) error {
	a.draining.Store(true)
	a.log.Info("draining", "delay", a.config().Shutdown.Delay.String(), "grace", a.config().Shutdown.Grace.String())
	wait := time.NewTimer(a.config().Shutdown.Delay)
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-ctx.Done():
	}
	err := a.shutdown(ctx)
	if err != nil {
		a.cut(fault.New(fault.Draining, "The gateway is shutting down and could not wait for the end of this answer."))
		last, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		err = a.shutdown(last)
	}
	a.Close()
	return err
}

func (a *App) shutdown(ctx context.Context) error {
	var wg sync.WaitGroup
	errs := make([]error, len(a.servers))
	for i, srv := range a.servers {
		wg.Go(func() { errs[i] = srv.Shutdown(ctx) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// Close stops at once.
func (a *App) Close() {
	if a.stop != nil {
		a.stop()
	}
	a.reloading.Lock()
	if a.stopWatch != nil {
		a.stopWatch()
	}
	a.reloading.Unlock()
	for _, srv := range slices.Concat(a.servers, a.operators) {
		_ = srv.Close()
	}
	for _, l := range slices.Concat(a.public, a.admin) {
		_ = l.Close() // one that was never served
	}
	if g := a.current.Load(); g != nil {
		for _, c := range g.Clients {
			c.CloseIdle()
		}
	}
}

// Grace is how long a shutdown may take: until new requests are refused, and
// until those in flight have ended.
func (a *App) Grace() time.Duration { return a.config().Shutdown.Delay + a.config().Shutdown.Grace }

// config is the configuration in use.
func (a *App) config() *config.Config {
	a.reloading.Lock()
	defer a.reloading.Unlock()
	return a.setup.Config
}
