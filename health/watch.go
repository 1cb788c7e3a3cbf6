package health

import (
	"context"
	"errors"
	"time"

	"github.com/gatehouse-ai/gatehouse/fault"
)

// Check asks an endpoint whether it is well. It MUST return when ctx is done.
// It MUST NOT return an error for a check that says nothing, as when the
// endpoint does not have the path or asks for a key.
type Check func(ctx context.Context) error

// The reasons of failed checks that are no *fault.Error, whose reason is the
// name of its kind.
const (
	CheckFailed  = "check_failed"
	CheckTimeout = "check_timeout"
)

// Watch checks an endpoint until ctx is done: at once, and then about every
// interval, a little more or less so that many gateways do not check at the
// same moment. A failed check counts as a failure, a good one closes the
// endpoint at once.
//
// A check that takes longer than timeout failed; 0 means the interval. If the
// interval is 0 or less there are no checks. onChange, unless it is nil, is
// called from this goroutine whenever a check finds the endpoint in another
// Status than the one before, whatever changed it; the first comparison is with
// Closed.
func Watch(ctx context.Context, s *State, c Check, interval, timeout time.Duration, onChange func(View)) {
	if interval <= 0 {
		return
	}
	if timeout <= 0 {
		timeout = interval
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for last := Closed; ; {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		ok, reason := run(ctx, c, timeout)
		if ctx.Err() != nil { // the check was cut short: it says nothing
			return
		}
		now := time.Now()
		s.checked(ok, reason, now)
		if v := s.View(now); v.Status != last {
			last = v.Status
			if onChange != nil {
				onChange(v)
			}
		}
		timer.Reset(s.jitter(interval))
	}
}

// run makes one check and puts its failure into a word.
func run(ctx context.Context, c Check, timeout time.Duration) (ok bool, reason string) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	err := c(ctx)
	var f *fault.Error
	switch {
	case err == nil:
		return true, ""
	case errors.As(err, &f):
		return false, f.Kind.String()
	case errors.Is(err, context.DeadlineExceeded):
		return false, CheckTimeout
	}
	return false, CheckFailed
}

// checked takes the result of an active check.
func (s *State) checked(ok bool, reason string, now time.Time) {
	for {
		p := s.now.Load()
		next := s.afterCheck(p, ok, reason, now)
		if next == p || s.swap(p, next, now) {
			return
		}
	}
}

// jitter returns a time within a tenth of interval.
func (s *State) jitter(interval time.Duration) time.Duration {
	tenth := int64(interval) / 10
	return interval + time.Duration(s.config.Rand(2*tenth+1)-tenth)
}
