package app

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse-ai/gatehouse/api/documents"
	"github.com/gatehouse-ai/gatehouse/api/inference"
	"github.com/gatehouse-ai/gatehouse/api/models"
	"github.com/gatehouse-ai/gatehouse/catalog"
	"github.com/gatehouse-ai/gatehouse/config"
	"github.com/gatehouse-ai/gatehouse/dialect"
	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/front"
	"github.com/gatehouse-ai/gatehouse/httpapi"
	"github.com/gatehouse-ai/gatehouse/memory"
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
	// Loops is how many event loops there are, each of which keeps a processor of
	// GOMAXPROCS while it is busy: have more than that. 0 is one for each, which are
	// given up at every wait.
	Loops int
	// Done, if set, is called with the record of each request at its end. The
	// record's texts may be in buffers that are used again: keep a clone.
	Done func(*record.Record)
}

// App is a running gateway.
type App struct {
	opts     Options
	log      *slog.Logger
	metrics  *telemetry.Metrics
	access   *telemetry.Access
	dialects map[catalog.Dialect]dialect.Dialect
	started  time.Time
	memory   *memory.Memory
	server   *httpapi.Server
	tls      certificate

	current  atomic.Pointer[relay.Generation]
	status   atomic.Pointer[status]
	draining atomic.Bool

	reloading sync.Mutex // one reload at a time; guards what follows
	setup     *Setup
	stopWatch context.CancelFunc

	public, admin []net.Listener
	fast          *front.Front   // nil where net/http serves everything
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
		access:  telemetry.NewAccess(opts.Log, string(s.Config.Log.Format), s.Config.Log.Level.Slog()),
		metrics: telemetry.NewMetrics(opts.Version),
		memory:  memory.New(s.Config.Limits.MemoryBytes()),
		failed:  make(chan error, 4),
	}
	a.log = a.access.Logger()
	a.metrics.GaugeFunc(telemetry.LogLinesDropped, "", func() float64 { return float64(a.access.Dropped()) })
	a.metrics.GaugeFunc(telemetry.MemoryInFlight, "Bytes of request bodies that are held.", func() float64 { return float64(a.memory.Used()) })
	if a.server, err = a.api(); err != nil {
		a.Close()
		return nil, err
	}
	if err := a.install(s); err != nil {
		a.Close()
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
	return httpapi.New(op.All(), httpapi.Options{
		Handlers: httpapi.Handlers{op.Documents: documents.New(), op.Inference: inference.Handler{}, op.Models: models.Handler{}},
		Current:  a.current.Load,
		Memory:   a.memory,
		Begin:    func() { a.metrics.InFlight(1) },
		Done:     a.done,
		Status:   a.publicStatus,
	})
}

// TLS tells whether clients speak TLS to the gateway.
func (a *App) TLS() bool { return a.config().TLS.Enabled() }

// Log returns the gateway's log.
func (a *App) Log() *slog.Logger { return a.log }

// FlushLog returns when the lines of all requests that have ended are written.
// They are written soon in any case, and by Shutdown and Close.
func (a *App) FlushLog() { a.access.Flush() }

// Failed returns a channel that tells of a listener that has failed.
func (a *App) Failed() <-chan error { return a.failed }

// done counts and logs a request that has ended.
func (a *App) done(r *record.Record) {
	a.metrics.InFlight(-1)
	a.metrics.Done(r)
	a.access.Done(r)
	if a.opts.Done != nil {
		a.opts.Done(r)
	}
}

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
		a.cutOff(fault.New(fault.Draining, "The gateway is shutting down and could not wait for the end of this answer."))
		last, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		err = a.shutdown(last)
	}
	a.Close()
	return err
}

// Close stops at once. What was logged is written.
func (a *App) Close() {
	if a.stop != nil {
		a.stop()
	}
	a.reloading.Lock()
	if a.stopWatch != nil {
		a.stopWatch()
	}
	a.reloading.Unlock()
	if a.fast != nil {
		a.fast.Close()
	}
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
	a.access.Close()
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
