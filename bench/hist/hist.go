package hist

import (
	"math"
	"math/bits"
	"sync/atomic"
	"time"
)

const (
	subBits = 7            // 128 buckets for every power of two
	sub     = 1 << subBits // the precision is 1/sub
	top     = 41           // values of 2^top ns, 36 minutes, and more share the last bucket
	buckets = (top-subBits)*sub + sub
)

// Hist is a histogram of durations. The zero value is empty and ready. It may
// be recorded into and read from several goroutines at once.
type Hist struct {
	counts [buckets]atomic.Uint64
	sum    atomic.Int64
	max    atomic.Int64
}

// Record counts a duration. One below zero counts as zero.
func (h *Hist) Record(d time.Duration) { h.RecordN(d, 1) }

// RecordN counts a duration n times.
func (h *Hist) RecordN(d time.Duration, n uint64) {
	v := max(int64(d), 0)
	h.counts[index(v)].Add(n)
	h.sum.Add(v * int64(n))
	for {
		m := h.max.Load()
		if v <= m || h.max.CompareAndSwap(m, v) {
			return
		}
	}
}

// index returns the bucket of a value.
func index(v int64) int {
	v = min(v, 1<<top-1)
	shift := max(bits.Len64(uint64(v))-subBits-1, 0)
	return shift*sub + int(v>>shift)
}

// upper returns the largest value of a bucket.
func upper(i int) int64 {
	if i < 2*sub {
		return int64(i)
	}
	shift := i/sub - 1
	return (int64(i-shift*sub)+1)<<shift - 1
}

// Merge adds what another histogram has counted.
func (h *Hist) Merge(o *Hist) {
	for i := range o.counts {
		if n := o.counts[i].Load(); n > 0 {
			h.counts[i].Add(n)
		}
	}
	h.sum.Add(o.sum.Load())
	h.max.Store(max(h.max.Load(), o.max.Load()))
}

// Count returns how many durations have been recorded.
func (h *Hist) Count() uint64 {
	var n uint64
	for i := range h.counts {
		n += h.counts[i].Load()
	}
	return n
}

// Max returns the longest duration, exactly.
func (h *Hist) Max() time.Duration { return time.Duration(h.max.Load()) }

// Mean returns the mean duration, exactly; 0 of an empty histogram.
func (h *Hist) Mean() time.Duration {
	n := h.Count()
	if n == 0 {
		return 0
	}
	return time.Duration(h.sum.Load() / int64(n))
}

// Quantile returns the smallest duration that at least the share q of all
// recorded ones do not exceed, at most 1/128 too long; 0 of an empty histogram.
func (h *Hist) Quantile(q float64) time.Duration {
	n := h.Count()
	if n == 0 {
		return 0
	}
	rank := min(max(uint64(math.Ceil(q*float64(n))), 1), n)
	var seen uint64
	for i := range h.counts {
		seen += h.counts[i].Load()
		if seen >= rank {
			return time.Duration(min(upper(i), h.max.Load()))
		}
	}
	return h.Max()
}
