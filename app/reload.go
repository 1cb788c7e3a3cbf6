package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"slices"
	"time"

	"github.com/gatehouse-ai/gatehouse/health"
	"github.com/gatehouse-ai/gatehouse/relay"
)

// status is what is known of the configuration.
type status struct {
	Generation uint64    `json:"generation"`
	Hash       string    `json:"hash"`
	Loaded     time.Time `json:"loaded_at"`
	OK         bool      `json:"ok"`              // the last reload succeeded
	Error      string    `json:"error,omitempty"` // why it did not
	Tried      time.Time `json:"tried_at"`

	seen string // the fingerprint of the files when they were last read
}

// Reload loads the setup again. If that fails, everything stays as it was: the
// gateway goes on with the last good one, and says so in its log, its health
// and its metrics.
func (a *App) Reload() error {
	a.reloading.Lock()
	defer a.reloading.Unlock()
	seen := fingerprint(a.setup.Config.Files()) // before they are read, lest a change meanwhile be missed
	s, err := a.opts.Load()
	if err == nil {
		err = a.installLocked(s)
	}
	if err != nil {
		was := *a.status.Load()
		was.OK, was.Error, was.Tried = false, err.Error(), time.Now()
		was.seen = seen
		a.status.Store(&was)
		a.metrics.SetConfig(was.Hash, false, was.Tried, was.Generation)
		a.log.Error("the configuration was not reloaded: the last good one stays in use", "error", err.Error(), "generation", was.Generation)
		return err
	}
	a.log.Info("configuration reloaded", "generation", a.current.Load().Generation)
	return nil
}

// install puts the first setup to use.
func (a *App) install(s *Setup) error {
	a.reloading.Lock()
	defer a.reloading.Unlock()
	return a.installLocked(s)
}

// installLocked does everything that can fail, and then swaps.
func (a *App) installLocked(s *Setup) error {
	before := a.current.Load()
	g, err := a.build(s, before)
	if err != nil {
		return err
	}
	cert, err := loadCertificate(s.Config.TLS)
	if err != nil {
		return err
	}
	if err := a.exposed(s); err != nil {
		return err
	}
	hash := fingerprint(s.Config.Files())

	// Nothing below fails.
	if cert != nil || a.setup == nil { // a listener that speaks TLS goes on doing so
		a.tls.store(cert)
	}
	a.memory.SetLimit(s.Config.Limits.MemoryBytes())
	a.warnOfStart(s)
	a.setup = s
	a.current.Store(g)
	a.retire(before, g)
	if a.fast != nil {
		a.fast.Reloaded()
	}
	a.watchHealth(g)
	now := time.Now()
	a.status.Store(&status{Generation: g.Generation, Hash: hash, Loaded: now, OK: true, Tried: now, seen: hash})
	a.metrics.SetConfig(hash, true, now, g.Generation)
	for _, w := range s.Config.Warnings() {
		a.log.Warn("configuration", "warning", w.String())
	}
	return nil
}

// exposed refuses a setup without keys while a listener from the start, which
// that setup would not open, can be reached from other machines.
func (a *App) exposed(s *Setup) error {
	if len(s.Config.Keys()) > 0 {
		return nil
	}
	for _, l := range a.public {
		if tcp, ok := l.Addr().(*net.TCPAddr); ok && !tcp.IP.IsLoopback() {
			return fmt.Errorf("keys: without any key the gateway serves everybody, and it listens on %s until it is restarted", l.Addr())
		}
	}
	return nil
}

// warnOfStart tells of changes that need a restart.
func (a *App) warnOfStart(s *Setup) {
	if a.setup == nil {
		return
	}
	was, now := a.setup.Config, s.Config
	if !slices.Equal(was.Listen, now.Listen) || was.Admin != now.Admin || was.TLS.Enabled() != now.TLS.Enabled() || was.Front != now.Front {
		a.log.Warn("listeners are opened at the start only: restart the gateway for the new ones")
	}
	if was.Log != now.Log || was.Limits.HeaderBytes != now.Limits.HeaderBytes {
		a.log.Warn("log and limits.header_bytes are read at the start only: restart the gateway for the new ones")
	}
}

// retire closes the idle connections of clients that are no longer used. Those
// in use serve their requests to the end and become idle after that.
func (a *App) retire(before, now *relay.Generation) {
	if before == nil {
		return
	}
	used := map[*relay.Client]bool{}
	for _, c := range now.Clients {
		used[c] = true
	}
	for _, c := range before.Clients {
		if !used[c] {
			c.CloseIdle()
		}
	}
}

// watchHealth begins the active checks of a generation and ends those of the
// one before.
func (a *App) watchHealth(g *relay.Generation) {
	if a.stopWatch != nil {
		a.stopWatch()
	}
	ctx, stop := context.WithCancel(context.Background())
	a.stopWatch = stop
	var names []string
	now := time.Now()
	for ep, e := range g.Endpoints {
		names = append(names, ep.Name)
		a.metrics.EndpointUp(ep.Name, e.Health.View(now).Status == health.Closed)
		client := g.Clients[ep]
		go health.Watch(ctx, e.Health, func(ctx context.Context) error { return client.Check(ctx, e) },
			ep.Health.Interval, ep.Health.Timeout, nil)
	}
	a.metrics.RetainEndpoints(names)
}

// watchFiles reloads when a file of the configuration has changed. It looks at
// contents, since what a folder's links point to may change without an event.
func (a *App) watchFiles(ctx context.Context) {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		if fingerprint(a.config().Files()) != a.status.Load().seen {
			_ = a.Reload() // which has said what is wrong
		}
	}
}

// fingerprint is a hash over the contents of files.
func fingerprint(files []string) string {
	h := sha256.New()
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			data = []byte(err.Error())
		}
		sum := sha256.Sum256(data)
		_, _ = h.Write(sum[:])
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}
