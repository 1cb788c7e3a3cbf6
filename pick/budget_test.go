package pick_test

import (
	"math"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gatehouse-ai/gatehouse/pick"
)

// spend withdraws until the budget refuses, at most most times.
func spend(b *pick.Budget, most int) int {
	for n := range most {
		if !b.Withdraw() {
			return n
		}
	}
	return most
}

func TestBudget(t *testing.T) {
	for _, c := range []struct {
		what            string
		ratio           float64
		least           int
		requests, spent int
	}{
		{"stock at the start", 0.1, 10, 0, 10},
		{"a tenth of the requests more", 0.1, 10, 100, 20},
		{"the stock is bounded", 0.1, 10, 1_000_000, 100},
		{"no floor", 0.1, 0, 0, 0},
		{"no floor, some requests", 0.1, 0, 10, 1},
		{"no floor, many requests", 0.1, 0, 1000, 1},
		{"no retries at all", 0, 0, 1000, 0},
		{"the floor alone", 0, 3, 1000, 3},
		{"every request may be retried", 1, 2, 5, 7},
		{"more than each", 7, 2, 5, 7},
		{"below nothing", -1, -5, 1000, 0},
		{"not a number", math.NaN(), 2, 1000, 2},
		{"huge", math.Inf(1), math.MaxInt, 10, 5000},
	} {
		b := pick.NewBudget(c.ratio, c.least)
		for range c.requests {
			b.Deposit()
		}
		if got := spend(b, 5000); got != c.spent {
			t.Errorf("%s: %d retries, want %d", c.what, got, c.spent)
		}
	}
}

// Every request fails and asks for a retry, as in an outage: retries are the
// ratio of the requests and the floor, never more.
func TestBudgetHoldsInAnOutage(t *testing.T) {
	b := pick.NewBudget(pick.DefaultRatio, pick.DefaultMin)
	retries := 0
	for n := 1; n <= 100_000; n++ {
		b.Deposit()
		if b.Withdraw() {
			retries++
		}
		if most := float64(n)*pick.DefaultRatio + pick.DefaultMin; float64(retries) > most {
			t.Fatalf("%d retries after %d requests", retries, n)
		}
	}
	if retries < 10_000 {
		t.Errorf("%d retries of 100,000 requests: the budget is not used", retries)
	}
}

func TestBudgetIsSharedExactly(t *testing.T) {
	const workers, each = 8, 5000
	b := pick.NewBudget(0.25, 100)
	var retries atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for range each {
				b.Deposit()
				if b.Withdraw() {
					retries.Add(1)
				}
			}
		})
	}
	wg.Wait()
	// A quarter is a whole number of units, so what is left is exact: nothing
	// is ever lost, for the stock never came near its bound of 1,000.
	left := spend(b, 5000)
	if got := retries.Load() + int64(left); got != workers*each/4+100 {
		t.Errorf("%d retries in all, want %d", got, workers*each/4+100)
	}
}

func BenchmarkBudget(b *testing.B) {
	budget := pick.NewBudget(pick.DefaultRatio, pick.DefaultMin)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			budget.Deposit()
		}
	})
}
