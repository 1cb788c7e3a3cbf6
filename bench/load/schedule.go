package load

import (
	"context"
	"time"
)

// schedule hands out the times at which requests are due, each when it has
// come. It ends when all are handed out or ctx ends, and returns how many
// nobody has taken.
//
// Due times depend on the rate alone. A time that nobody took when it came is
// handed out late, and the ones after it are not moved.
func schedule(ctx context.Context, rate float64, end time.Duration, now func() time.Duration, wait func(context.Context, time.Duration), due chan<- time.Duration) int64 {
	total := int64(rate * end.Seconds())
	for i := range total {
		at := time.Duration(float64(i) / rate * float64(time.Second))
		for {
			d := at - now()
			if d <= 0 || ctx.Err() != nil {
				break
			}
			wait(ctx, d)
		}
		if ctx.Err() != nil {
			return total - i
		}
		select {
		case due <- at:
		case <-ctx.Done():
			return total - i
		}
	}
	return 0
}

// timer waits with a timer of the runtime, which may be a millisecond late when
// nothing else happens.
func timer(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
