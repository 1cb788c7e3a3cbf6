package limit_test

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-ai/gatehouse/limit"
)

const workers = 32

// together runs f in many goroutines, each with its own random numbers.
func together(f func(worker int, rnd *rand.Rand)) {
	var wait sync.WaitGroup
	gate := make(chan struct{})
	for w := range workers {
		wait.Go(func() {
			<-gate
			f(w, rand.New(rand.NewPCG(uint64(w), 7)))
		})
	}
	close(gate)
	wait.Wait()
}

// At one instant the whole amount is admitted and not one more, however many ask
// for it, and what was refused has taken nothing of the other limit.
func TestConcurrentReserve(t *testing.T) {
	const requests, tokens = 5000, 1_000_000
	for name, spec := range map[string]limit.Spec{
		"requests": spec(requests, 0), "tokens": spec(0, tokens), "both": spec(requests, tokens),
	} {
		t.Run(name, func(t *testing.T) {
			b := limit.New(spec, start())
			var admitted, sum atomic.Int64
			together(func(_ int, rnd *rand.Rand) {
				for range 1000 {
					if n := rnd.Int64N(1000); b.Reserve(start(), n).OK {
						admitted.Add(1)
						sum.Add(n)
					}
				}
			})
			v := b.View(start())
			if v.Requests.Limit > 0 && v.Requests.Remaining != requests-admitted.Load() {
				t.Errorf("%d requests remain after %d were admitted", v.Requests.Remaining, admitted.Load())
			}
			if v.Tokens.Limit > 0 && (v.Tokens.Remaining != tokens-sum.Load() || v.Tokens.Remaining > 1000) {
				t.Errorf("%d tokens remain after %d were admitted", v.Tokens.Remaining, sum.Load())
			}
			if name == "requests" && admitted.Load() != requests {
				t.Errorf("%d requests were admitted", admitted.Load())
			}
		})
	}
}

// While time passes, no window between any two moments has more than the burst
// and what has come back in it.
func TestNoWindowHasMore(t *testing.T) {
	const amount, burst = 600_000, 500 // ten come back in a millisecond
	b := limit.New(limit.Spec{Requests: limit.Rate{Amount: amount, Burst: burst}, Tokens: limit.PerMinute(1 << 40)}, start())
	var clock atomic.Int64
	times := make([][]int64, workers)
	together(func(w int, rnd *rand.Rand) {
		for range 3000 {
			now := clock.Add(rnd.Int64N(100_000)) // a little behind the others now and then
			if b.Reserve(at(time.Duration(now)), 1).OK {
				times[w] = append(times[w], now)
			}
		}
	})
	all := slices.Sorted(slices.Values(slices.Concat(times...)))
	// The window from i to j has j-i+1 requests, of burst+amount*(tj-ti)/minute.
	// A request is 1e5 ns here, so the tolerance of 2 ns is far below one.
	low := -1.0
	for j, now := range all {
		flowed := amount * float64(now) / float64(time.Minute)
		if first := float64(j) - flowed; j == 0 || first < low {
			low = first
		}
		if over := float64(j) - flowed - low + 1 - burst; over > 0.001 {
			t.Fatalf("the window before %d ns has %v requests too many", now, over)
		}
	}
	// Twice as many ask as can be served, so what there was has been taken, but
	// for what those did not see whose time was old.
	if there := burst + clock.Load()/100_000; int64(len(all)) < there/2 {
		t.Errorf("%d requests were admitted, of %d", len(all), there)
	}
}

// What is reserved and then settled or released is what was used in the end,
// neither more nor less.
func TestConservation(t *testing.T) {
	const requests, tokens = 1_000_000, 60_000_000
	b := limit.New(spec(requests, tokens), start())
	var served, used atomic.Int64
	together(func(_ int, rnd *rand.Rand) {
		for range 2000 {
			n, u := rnd.Int64N(800), rnd.Int64N(800)
			switch {
			case !b.Reserve(start(), n).OK:
				t.Error("refused")
			case rnd.IntN(4) == 0:
				b.Release(start(), n)
			default:
				b.Settle(start(), n, u)
				served.Add(1)
				used.Add(u)
			}
		}
	})
	v := b.View(start())
	if v.Requests.Remaining != requests-served.Load() || v.Tokens.Remaining != tokens-used.Load() {
		t.Errorf("%+v is left after %d requests of %d tokens", v, served.Load(), used.Load())
	}
}

// Beyond a thousand million a second units are coarse, and rounding is never for
// the benefit of the key.
func TestConservationOfVeryMany(t *testing.T) {
	const tokens = 1 << 50
	b := limit.New(spec(0, tokens), start())
	var used atomic.Int64
	together(func(_ int, rnd *rand.Rand) {
		for range 500 {
			n, u := rnd.Int64N(1<<20), rnd.Int64N(1<<21)
			if b.Reserve(start(), n).OK {
				b.Settle(start(), n, u)
				used.Add(u)
			}
		}
	})
	left, off := b.View(start()).Tokens.Remaining, int64(workers*500*2<<16)
	if left > tokens-used.Load() || left < tokens-used.Load()-off {
		t.Errorf("%d are left after %d", left, used.Load())
	}
}

// Requests that use absurdly more than they reserve cannot
// overflow a debt, and what is given back of it is exact.
func TestDebtIsBounded(t *testing.T) {
	b := limit.New(spec(0, 1_000_000), start())
	together(func(int, *rand.Rand) {
		for range 100 {
			b.Settle(start(), 0, 1<<62)
		}
	})
	d := b.Reserve(start(), 1)
	if v := b.View(start()).Tokens; d.OK || v.Remaining != 0 || v.Reset < 365*24*time.Hour {
		t.Errorf("%+v, %+v", d, v)
	}
	b.Settle(start(), 1<<62, 0)
	if v := b.View(start()).Tokens; v.Remaining != 1_000_000 {
		t.Errorf("%+v", v)
	}
}

// Buckets are whole pairs of cache lines, so an allocator that packs them does
// not let two share one.
func TestBucketsShareNoCacheLine(t *testing.T) {
	if n := reflect.TypeFor[limit.Bucket]().Size(); n%128 != 0 {
		t.Errorf("a bucket has %d bytes", n)
	}
}

func TestReserveDoesNotAllocate(t *testing.T) {
	b := limit.New(spec(1, 1000), start())
	now := start()
	if n := testing.AllocsPerRun(100, func() {
		b.Reserve(now, 100)
		b.Settle(now, 100, 50)
		b.View(now)
		b.Release(now, 50)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
