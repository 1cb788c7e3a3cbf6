package hist_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-ai/gatehouse/bench/hist"
)

func TestQuantilesAgainstExact(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for name, draw := range map[string]func() time.Duration{
		"small values":    func() time.Duration { return time.Duration(rnd.IntN(256)) },
		"uniform":         func() time.Duration { return time.Duration(rnd.Int64N(int64(time.Second))) },
		"over all powers": func() time.Duration { return time.Duration(math.Exp(rnd.Float64() * 27)) },
		"a constant":      func() time.Duration { return 20 * time.Millisecond },
	} {
		var h hist.Hist
		var all []time.Duration
		var sum time.Duration
		for range 20_000 {
			d := draw()
			h.Record(d)
			all = append(all, d)
			sum += d
		}
		slices.Sort(all)
		for _, q := range []float64{0, 0.001, 0.25, 0.5, 0.9, 0.99, 0.999, 0.99999, 1} {
			exact := all[max(int(math.Ceil(q*float64(len(all))))-1, 0)]
			got := h.Quantile(q)
			if got < exact || float64(got) > float64(exact)*(1+1.0/128)+0.5 {
				t.Errorf("%s: quantile %v is %v, want %v and at most 1/128 more", name, q, got, exact)
			}
		}
		if h.Count() != 20_000 || h.Max() != all[len(all)-1] || h.Mean() != sum/20_000 {
			t.Errorf("%s: count %d, max %v, mean %v; want 20000, %v, %v", name, h.Count(), h.Max(), h.Mean(), all[len(all)-1], sum/20_000)
		}
	}
}

func TestEdges(t *testing.T) {
	var h hist.Hist
	if h.Quantile(0.5) != 0 || h.Mean() != 0 || h.Max() != 0 || h.Count() != 0 {
		t.Error("an empty histogram does not answer 0")
	}
	h.Record(-time.Second)
	if h.Quantile(1) != 0 || h.Count() != 1 {
		t.Errorf("a duration below zero counts as %v", h.Quantile(1))
	}
	h.Record(1000 * time.Hour)
	if h.Max() != 1000*time.Hour {
		t.Errorf("the longest is %v", h.Max())
	}
	if got := h.Quantile(1); got < 30*time.Minute {
		t.Errorf("a very long duration counts as %v", got)
	}
}

func TestMergeAndConcurrency(t *testing.T) {
	var a, b, whole hist.Hist
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 1000 {
				d := time.Duration(g*1000+i) * time.Microsecond
				whole.Record(d)
				if i%2 == 0 {
					a.Record(d)
				} else {
					b.RecordN(d, 1)
				}
			}
		})
	}
	wg.Wait()
	a.Merge(&b)
	if a.Count() != 4000 || a.Mean() != whole.Mean() || a.Max() != whole.Max() {
		t.Errorf("merged: count %d mean %v max %v, want 4000 %v %v", a.Count(), a.Mean(), a.Max(), whole.Mean(), whole.Max())
	}
	for q := 0.0; q <= 1; q += 0.01 {
		if a.Quantile(q) != whole.Quantile(q) {
			t.Fatalf("quantile %v: merged %v, whole %v", q, a.Quantile(q), whole.Quantile(q))
		}
	}
}

func TestRecordDoesNotAllocate(t *testing.T) {
	var h hist.Hist
	if n := testing.AllocsPerRun(100, func() { h.Record(time.Millisecond) }); n != 0 {
		t.Errorf("recording allocates %v times", n)
	}
}

func BenchmarkRecord(b *testing.B) {
	var h hist.Hist
	d := time.Duration(1)
	for b.Loop() {
		h.Record(d)
		d = d*3%1_000_000_007 + 1
	}
}
