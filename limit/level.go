package limit

import (
	"math"
	"math/bits"
	"sync/atomic"
	"time"
)

const (
	maxElapsed = 1 << 61 // nanoseconds, 73 years
	maxFull    = 1 << 60 // units of a bucket
	maxLevel   = 1 << 61 // units of a debt
)

// level is the state of one limit. What is taken is counted in units, of which
// one of the metric is a power of two: as many as keep a unit from flowing off in
// less than a nanosecond. So counts are exact, times are exact to two nanoseconds,
// and no sum overflows. Beyond a thousand million a second a
// unit is more than one of the metric, and what is taken is rounded up.
//
// The only thing that changes is the mark. Four words make a level half a line of
// the processor's cache.
type level struct {
	mark  atomic.Int64 // the units that will have flowed since the epoch when the bucket is full again
	rate  uint64       // units per nanosecond, times 2^64; 0 is no limit
	full  int64        // units that the bucket holds
	shift int64        // one of the metric is 1<<shift units; or 1<<-shift of it are one unit
}

// set makes l the state of a rate that is normal.
func (l *level) set(r Rate) {
	if r.Amount == 0 {
		return
	}
	per := uint64(r.Per)
	l.shift = r.shift()
	hi, lo := uint64(r.Amount), uint64(0)
	if l.shift >= 0 {
		hi <<= l.shift
	} else {
		lo = hi << (64 + l.shift)
		hi >>= -l.shift
	}
	// Rounded up, so that what has flowed off at a time that is no fraction is not
	// one unit less. Within maxElapsed it is at most one unit more.
	rate, rest := bits.Div64(hi, lo, per)
	if rest > 0 {
		rate++
	}
	l.rate = rate
	l.full = l.units(r.Burst)
}

// shift returns by how much one of the metric is shifted to be in units.
func (r Rate) shift() int64 {
	return min(shiftBelow(uint64(r.Amount), uint64(r.Per)), shiftBelow(uint64(r.Burst), maxFull))
}

// shiftBelow returns by how much n is to be shifted left, or right if negative,
// to be as large as possible below bound.
func shiftBelow(n, bound uint64) int64 {
	s := int64(bits.Len64(bound) - bits.Len64(n))
	if s >= 0 && n<<s >= bound || s < 0 && n>>-s >= bound {
		s--
	}
	return s
}

// units returns how many units n of the metric are, at least that many, and no
// more than maxLevel.
func (l *level) units(n int64) int64 {
	if l.shift < 0 {
		size := int64(1) << -l.shift
		n, rest := n/size, n%size
		return min(n+min(rest, 1), maxLevel)
	}
	if n > maxLevel>>l.shift {
		return maxLevel
	}
	return n << l.shift
}

// amount returns how many of the metric are in so many units, rounded down.
func (l *level) amount(units int64) int64 {
	switch {
	case l.shift >= 0:
		return units >> l.shift
	case units > math.MaxInt64>>-l.shift:
		return math.MaxInt64
	}
	return units << -l.shift
}

// flowed returns how many units have flowed off at a time.
func (l *level) flowed(elapsed int64) int64 {
	hi, _ := bits.Mul64(uint64(elapsed), l.rate)
	return int64(hi)
}

// when returns the first time at which so many units have flowed off.
func (l *level) when(units int64) int64 {
	if units <= 0 {
		return 0
	}
	if uint64(units) >= l.rate {
		return math.MaxInt64
	}
	t, rest := bits.Div64(uint64(units), 0, l.rate)
	if rest > 0 {
		t++
	}
	return int64(min(t, math.MaxInt64))
}

// wait returns how long it takes from a time until so many units fit. It is
// never for those that are more than the bucket holds.
func (l *level) wait(elapsed, units int64) time.Duration {
	return time.Duration(max(l.when(l.mark.Load()+units-l.full)-elapsed, 0))
}

// fits tells whether so many units would be taken now.
func (l *level) fits(elapsed, units int64) bool {
	flowed := l.flowed(elapsed)
	return max(l.mark.Load(), flowed)+units-flowed <= l.full
}

// take takes units if they fit.
func (l *level) take(elapsed, units int64) bool {
	flowed := l.flowed(elapsed)
	for {
		mark := l.mark.Load()
		next := max(mark, flowed) + units
		if next-flowed > l.full {
			return false
		}
		if l.mark.CompareAndSwap(mark, next) {
			return true
		}
	}
}

// add takes units whether they fit or not.
func (l *level) add(elapsed, units int64) {
	flowed := l.flowed(elapsed)
	for {
		mark := l.mark.Load()
		// A mark that is further than that, by a clock that is ahead, stays.
		next := max(mark, min(max(mark, flowed)+units, flowed+maxLevel))
		if l.mark.CompareAndSwap(mark, next) {
			return
		}
	}
}

// give gives units back. A bucket that is full gets no fuller.
func (l *level) give(elapsed, units int64) {
	flowed := l.flowed(elapsed)
	for {
		mark := l.mark.Load()
		if mark <= flowed || l.mark.CompareAndSwap(mark, max(mark-units, flowed)) {
			return
		}
	}
}
