package upstream

import (
	"iter"

	"github.com/gatehouse-ai/gatehouse/evloop"
	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/relay"
)

// Options are what the Pools of a loop are made of.
type Options struct {
	Loop *evloop.Loop
	// Read is a buffer for what is read during one event. Whatever else is on the
	// loop may have the same.
	Read []byte
	// Defect reports a panic, and returns what is said of it.
	Defect func(panicked any) *fault.Error
	// Draining tells whether connections are no longer kept.
	Draining func() bool
}

// Pools are the connections of one loop to all endpoints. They belong to the
// loop.
type Pools struct {
	loop     *evloop.Loop
	read     []byte
	defect   func(panicked any) *fault.Error
	draining func() bool
	request  []byte   // to an endpoint, that is being written
	parts    [][]byte // of it
	pools    map[*relay.Client]*Pool
}

// New returns pools that have no connection yet.
func New(o Options) *Pools {
	return &Pools{
		loop: o.Loop, read: o.Read, defect: o.Defect, draining: o.Draining,
		pools: map[*relay.Client]*Pool{},
	}
}

// Drain closes idle connections. None is kept any more.
func (w *Pools) Drain() {
	for _, p := range w.pools {
		p.retire()
	}
}

// Retain closes idle connections to endpoints that are not among those in use.
func (w *Pools) Retain(clients iter.Seq[*relay.Client]) {
	used := map[*relay.Client]bool{}
	for c := range clients {
		used[c] = true
	}
	for c, p := range w.pools {
		if !used[c] {
			p.retire()
			delete(w.pools, c)
		}
	}
}

// retire closes idle connections.
func (p *Pool) retire() {
	p.retired = true
	for p.idle.next != &p.idle {
		p.idle.next.Drop()
	}
}
