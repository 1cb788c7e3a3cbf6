package limit

import (
	"time"

	"github.com/gatehouse-ai/gatehouse/fault"
)

// MaxRetryAfter is the longest time that a client is told to wait. OpenAI's
// clients ignore a longer one, and come back at once.
const MaxRetryAfter = time.Minute

// Decision is the answer to a reservation. If it is OK the other fields say
// nothing.
type Decision struct {
	OK bool
	// Never says that the request takes more than the limit ever has room for:
	// it cannot succeed, whenever it is repeated.
	Never bool

	Limit      Metric        // which limit refused
	Rate       Rate          // what it allows
	Used       int64         // what had been taken of it
	Requested  int64         // what the request would have taken
	RetryAfter time.Duration // until it has room, if nothing else is taken; at most MaxRetryAfter
}

// Fault returns what the holder of the key called name is told, or nil if the
// request may be served.
func (d Decision) Fault(name string) *fault.Error {
	if d.OK {
		return nil
	}
	limited := d.Rate.words(d.Limit)
	if d.Never {
		e := fault.New(fault.TooLarge, "The request is too large for the limit of the API key %q on %s: limit %d, requested %d. "+
			"Make the input shorter, or allow fewer output tokens.", name, limited, d.Rate.Burst, d.Requested)
		e.Status, e.Type, e.Code = 429, d.Limit.String(), "rate_limit_exceeded"
		return e
	}
	// A client that waits for whole milliseconds must not come early.
	wait := roundUp(d.RetryAfter)
	e := fault.New(fault.RateLimited, "The API key %q has reached its limit on %s: limit %d, used %d, requested %d. Please try again in %s.",
		name, limited, d.Rate.Amount, d.Used, d.Requested, wait)
	e.Type, e.Code, e.RetryAfter = d.Limit.String(), "rate_limit_exceeded", wait
	return e
}

// roundUp returns the whole milliseconds that are not less than d.
func roundUp(d time.Duration) time.Duration {
	const ms = time.Millisecond
	if rest := d % ms; rest > 0 {
		d += min(ms-rest, 1<<63-1-d)
	}
	return d
}
