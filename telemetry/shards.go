package telemetry

import (
	"slices"
	"sync"
	"sync/atomic"
)

// spacing is kept between what different shards write, and between them and
// anything else: two cache lines, for processors fetch them in pairs.
const spacing = 128

// shards are values of one kind among which work is divided, so that cores do
// not wait for each other's cache lines. Some belong to one event loop each,
// by number; the others are taken by whoever has none of its own.
type shards[T any] struct {
	create func() *T

	mu     sync.Mutex
	own    []*T
	common []*T
	next   atomic.Uint32
	near   sync.Pool // of the common ones: what a core used last
}

// newShards makes shards of which n are common.
func newShards[T any](n int, create func() *T) *shards[T] {
	s := &shards[T]{create: create}
	for range n {
		s.common = append(s.common, create())
	}
	s.near.New = func() any { return s.common[int(s.next.Add(1))%len(s.common)] }
	return s
}

// at returns the shard of event loop i, always the same one.
func (s *shards[T]) at(i int) *T {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.own) <= i {
		s.own = append(s.own, s.create())
	}
	return s.own[i]
}

// borrow returns a common shard that the core it is called on is likely to
// have used last. Others may hold the same one. It is given back with put.
func (s *shards[T]) borrow() *T { return s.near.Get().(*T) }

func (s *shards[T]) put(t *T) { s.near.Put(t) }

// all returns all shards that there are.
func (s *shards[T]) all() []*T {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Concat(s.common, s.own)
}
