package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
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
}

// Reload loads the setup again. If that fails, everything stays as it was: the
// gateway goes on with the last good one, and says so in its log, its health
// and its metrics.
func (a *App) Reload() error {
	a.reloading.Lock()
	defer a.reloading.Unlock()
	s, err := a.opts.Load()
	if err == nil {
		err = a.installLocked(s)
	}
	if err != nil {
		was := *a.status.Load()
		was.OK, was.Error, was.Tried = false, err.Error(), time.Now()
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
	hash := fingerprint(s.Config.Files())

	// Nothing below fails.
	a.tls.store(cert)
	a.memory.SetLimit(s.Config.Limits.MemoryBytes())
	if a.setup != nil && (!slices.Equal(a.setup.Config.Listen, s.Config.Listen) || a.setup.Config.Admin != s.Config.Admin ||
		a.setup.Config.TLS.Enabled() != s.Config.TLS.Enabled()) {
		a.log.Warn("listeners are opened at the start only: restart the gateway for the new ones")
	}
	a.setup = s
	a.current.Store(g)
	a.retire(before, g)
	a.watchHealth(g)
	now := time.Now()
	a.status.Store(&status{Generation: g.Generation, Hash: hash, Loaded: now, OK: true, Tried: now})
	a.metrics.SetConfig(hash, true, now, g.Generation)
	for _, w := range s.Config.Warnings() {
		a.log.Warn("configuration", "warning", w.String())
	}
	return nil
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
	last := a.status.Load().Hash // of what was loaded, not of what is there by now
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		if now := fingerprint(a.config().Files()); now != last {
			last = now
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
