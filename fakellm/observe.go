package fakellm

import (
	"context"
	"maps"
	"slices"

	"github.com/gatehouse-ai/gatehouse/fakellm/seen"
)

// Request is a request that an engine received.
type Request = seen.Request

// Requests returns the requests that are kept, in the order of arrival.
func (e *Engine) Requests() []*Request { return e.log.Requests() }

// Count returns how many requests have arrived.
func (e *Engine) Count() int { return e.log.Count() }

// Last returns the request that arrived last, nil if there was none.
func (e *Engine) Last() *Request {
	if list := e.Requests(); len(list) > 0 {
		return list[len(list)-1]
	}
	return nil
}

// WaitRequest waits until n requests have arrived in all, and returns the n-th,
// counted from 1, which must be among those that are kept. Its body may not be
// there yet.
func (e *Engine) WaitRequest(ctx context.Context, n int) (*Request, error) {
	return e.log.Wait(ctx, n)
}

// WaitCancelled waits until a client has left before the end of its answer, and
// returns that request. It returns each one once.
func (e *Engine) WaitCancelled(ctx context.Context) (*Request, error) {
	return e.log.WaitGone(ctx)
}

// Dialect returns the engine's dialect.
func (e *Engine) Dialect() Dialect { return e.dialect }

// Models returns the names of the engine's models.
func (e *Engine) Models() []string { return slices.Clone(e.facts.Models) }

// Connections returns how many connections are open. It takes a Server of this
// package, as does Dialled.
func (e *Engine) Connections() int { return int(e.open.Load()) }

// Dialled returns how many connections were ever made.
func (e *Engine) Dialled() int { return int(e.dialled.Load()) }

// Running returns how many requests are being answered.
func (e *Engine) Running() int { return int(e.running.Load()) }

// Operated returns how often each path that operates an engine was reached. It
// is empty if a gateway in front of the engine does its duty.
func (e *Engine) Operated() map[string]int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return maps.Clone(e.operated)
}
