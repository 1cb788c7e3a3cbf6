package memory

import "sync/atomic"

// Memory is a bound of bytes. It may be used by any number of goroutines.
type Memory struct {
	limit atomic.Int64
	used  atomic.Int64
}

// New returns a bound of limit bytes.
func New(limit int64) *Memory {
	m := &Memory{}
	m.limit.Store(limit)
	return m
}

// SetLimit changes the bound for reservations to come.
func (m *Memory) SetLimit(limit int64) { m.limit.Store(limit) }

// Used returns how much is reserved.
func (m *Memory) Used() int64 { return m.used.Load() }

// Reserve takes n bytes, if they are there.
func (m *Memory) Reserve(n int64) bool {
	if m.used.Add(n) > m.limit.Load() {
		m.used.Add(-n)
		return false
	}
	return true
}

// Release gives n bytes back.
func (m *Memory) Release(n int64) { m.used.Add(-n) }
