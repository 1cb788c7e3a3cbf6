package pick_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-ai/gatehouse/pick"
)

// C is a healthy candidate.
func c(weight int) pick.Candidate { return pick.Candidate{Weight: weight, Healthy: true} }

func sick(c pick.Candidate) pick.Candidate  { c.Healthy = false; return c }
func tried(c pick.Candidate) pick.Candidate { c.Tried = true; return c }
func load(n int, c pick.Candidate) pick.Candidate {
	c.Load = n
	return c
}

func TestShares(t *testing.T) {
	type pool = []pick.Candidate
	for _, test := range []struct {
		what string
		pool pool
		sum  int
		want []int // picks out of sum; the last is "none"
	}{
		{"empty", pool{}, 1, []int{1}},
		{"one", pool{c(5)}, 5, []int{5, 0}},
		{"weights", pool{c(1), c(2), c(7)}, 10, []int{1, 2, 7, 0}},
		{"standby left alone", pool{c(1), c(0), c(2)}, 3, []int{1, 0, 2, 0}},
		{"the load of weighted ones says nothing", pool{load(99, c(1)), c(1)}, 2, []int{1, 1, 0}},
		{"sick", pool{c(1), sick(c(5)), c(2)}, 3, []int{1, 0, 2, 0}},
		{"tried", pool{tried(c(1)), c(5), c(2)}, 7, []int{0, 5, 2, 0}},
		{"all tried", pool{tried(c(1)), tried(c(0))}, 4, []int{0, 0, 4}},
		{"all sick", pool{sick(c(1)), sick(c(0))}, 4, []int{0, 0, 4}},
		{"standby", pool{sick(c(1)), c(0)}, 4, []int{0, 4, 0}},
		{"standby of least load", pool{tried(c(1)), load(3, c(0)), load(2, c(0)), sick(load(1, c(0)))}, 4, []int{0, 0, 4, 0, 0}},
		{"standbys of equal load", pool{load(2, c(0)), load(3, c(0)), tried(load(2, c(0))), load(2, c(0))}, 10, []int{5, 0, 0, 5, 0}},
		{"standbys alone", pool{c(0), c(0), c(0)}, 9, []int{3, 3, 3, 0}},
		{"a negative weight is none", pool{c(-4), c(2)}, 2, []int{0, 2, 0}},
		{"negative loads are loads", pool{load(-1, c(0)), load(0, c(0))}, 2, []int{2, 0, 0}},
	} {
		for _, first := range []uint64{0, uint64(test.sum) * 12345} {
			got := make([]int, len(test.pool)+1)
			for i := range test.sum {
				k := pick.Pick(test.pool, first+uint64(i))
				if k < 0 {
					k = len(test.pool)
				}
				got[k]++
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%s: %s", test.what, diff)
			}
		}
	}
}

func TestSharesAreExactForRandomPools(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 500 {
		pool := make([]pick.Candidate, 1+r.IntN(8))
		want := make([]int, len(pool))
		sum := 0
		for i := range pool {
			pool[i] = pick.Candidate{Weight: r.IntN(20), Healthy: r.IntN(4) > 0, Tried: r.IntN(4) == 0, Load: r.IntN(3)}
			if pool[i].Healthy && !pool[i].Tried {
				want[i] = pool[i].Weight
				sum += pool[i].Weight
			}
		}
		got := make([]int, len(pool))
		for rnd := range sum {
			got[pick.Pick(pool, uint64(rnd))]++
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%+v: %s", pool, diff)
		}
	}
}

func TestHugeWeights(t *testing.T) {
	pool := make([]pick.Candidate, 100)
	for i := range pool {
		pool[i] = c(math.MaxInt)
	}
	seen := map[int]bool{}
	for i := range pool {
		seen[pick.Pick(pool, uint64(i)*pick.MaxWeight)] = true
	}
	if len(seen) != len(pool) || seen[-1] {
		t.Errorf("%d of %d are picked", len(seen), len(pool))
	}
	if k := pick.Pick(pool, math.MaxUint64); k < 0 {
		t.Error("the largest number picks none")
	}
}

func TestPickDoesNotAllocate(t *testing.T) {
	pool := []pick.Candidate{c(1), tried(c(3)), c(0), sick(c(4))}
	if n := testing.AllocsPerRun(100, func() { pick.Pick(pool, 7) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkPick(b *testing.B) {
	pool := []pick.Candidate{c(1), tried(c(3)), c(0), sick(c(4)), c(2), c(2), c(5), c(1)}
	b.ReportAllocs()
	for n := uint64(0); b.Loop(); n++ {
		pick.Pick(pool, n)
	}
}
