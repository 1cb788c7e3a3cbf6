package pick

import (
	"math"
	"sync/atomic"
)

// The budget that a gateway has unless it is configured.
const (
	DefaultRatio = 0.1
	DefaultMin   = 10
)

// Budget bounds retries to a share of the requests, so that a failing endpoint
// does not get more traffic than a working one.
//
// Requests pay into a stock, retries are paid out of it. At no time have there
// been more retries than the ratio of the requests so far plus the stock at the
// start. The stock is bounded too, so a long quiet time does not buy a storm of
// retries later.
//
// Any number of goroutines may use a Budget; it takes no locks.
type Budget struct {
	stock   atomic.Int64 // in units
	deposit int64        // units that a request pays in
	most    int64        // units that the stock may have
}

const (
	unit = 1_000_000 // what a retry costs; round, so that decimal ratios are exact

	// spread is how many times the stock at the start the stock may grow to:
	// enough for the requests that one failing endpoint has in flight.
	spread = 10

	most = math.MaxInt64 / unit / spread / 2 // retries in a stock at the start
)

// NewBudget returns a budget of ratio retries for each request, between 0 and
// 1, with least retries in stock at the start.
func NewBudget(ratio float64, least int) *Budget {
	if !(ratio > 0) { // not a number included
		ratio = 0
	}
	start := int64(max(0, min(least, most))) * unit
	b := &Budget{deposit: int64(min(ratio, 1) * unit), most: max(start*spread, unit)}
	b.stock.Store(start)
	return b
}

// Deposit pays for one request. It is called once for each, retried or not.
func (b *Budget) Deposit() {
	for {
		was := b.stock.Load()
		if was >= b.most { // as it is while all goes well: nothing is written
			return
		}
		if b.stock.CompareAndSwap(was, min(was+b.deposit, b.most)) {
			return
		}
	}
}

// Withdraw pays for one retry. It returns false if the budget does not allow
// another one now.
func (b *Budget) Withdraw() bool {
	for {
		was := b.stock.Load()
		if was < unit {
			return false
		}
		if b.stock.CompareAndSwap(was, was-unit) {
			return true
		}
	}
}
