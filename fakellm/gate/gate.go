package gate

import (
	"context"
	"sync"
)

// Gate holds an engine back before each event until a test lets the event pass.
// One gate may stand before several answers, which then share what is let
// through. A Gate is made by New.
type Gate struct {
	mu      sync.Mutex
	let     int // how many more may pass
	passed  int
	waiting int
	open    bool
	changed chan struct{} // closed and replaced at each change
}

// New returns a gate that is shut.
func New() *Gate { return &Gate{changed: make(chan struct{})} }

// Step lets n more events pass. It does not wait for them.
func (g *Gate) Step(n int) { g.change(func() { g.let += n }) }

// Open lets all events pass from now on.
func (g *Gate) Open() { g.change(func() { g.open = true }) }

func (g *Gate) change(f func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	f()
	close(g.changed)
	g.changed = make(chan struct{})
}

// Reached waits until n events have passed in all and an engine stands before
// the gate with the next one.
func (g *Gate) Reached(ctx context.Context, n int) error {
	return g.until(ctx, func() bool { return g.passed >= n && g.waiting > 0 })
}

// Pass waits until an event may pass. A nil gate is open.
func (g *Gate) Pass(ctx context.Context) error {
	if g == nil {
		return nil
	}
	g.change(func() { g.waiting++ })
	err := g.until(ctx, func() bool {
		if !g.open && g.let == 0 {
			return false
		}
		if !g.open {
			g.let--
		}
		g.passed++
		g.waiting--
		return true
	})
	if err != nil {
		g.change(func() { g.waiting-- })
	}
	return err
}

// until waits until ready, which is called with the lock held, says true.
func (g *Gate) until(ctx context.Context, ready func() bool) error {
	for {
		g.mu.Lock()
		ok, changed := ready(), g.changed
		g.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
