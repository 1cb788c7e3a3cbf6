package health

import (
	"math/rand/v2"
	"sync/atomic"
	"time"
)

// Config says when to stop trying an endpoint, and for how long. Its zero
// value is the default.
type Config struct {
	Failures int           // in a row, until nothing is sent any more; 0 means 3
	Base     time.Duration // longest first back-off; it doubles with each failed probe; 0 means 1 s
	Max      time.Duration // longest back-off of all; 0 means 60 s
	Probe    time.Duration // until a probe that nobody reported about is given up; 0 means 30 s

	// Rand returns a random number in [0, n). nil means math/rand/v2.
	Rand func(n int64) int64
	// OnChange, if set, is told of every change of Status, by the goroutine
	// whose call made it. It MUST NOT block. Calls may overlap.
	OnChange func(View)
}

func (c Config) withDefaults() Config {
	positive := func(d *time.Duration, otherwise time.Duration) {
		if *d <= 0 {
			*d = otherwise
		}
	}
	if c.Failures <= 0 {
		c.Failures = 3
	}
	positive(&c.Base, time.Second)
	positive(&c.Max, time.Minute)
	positive(&c.Probe, 30*time.Second)
	c.Max = max(c.Max, c.Base)
	if c.Rand == nil {
		c.Rand = rand.Int64N
	}
	return c
}

// The states of an endpoint.
const (
	Closed   = "closed"    // requests are sent
	Open     = "open"      // none is sent
	HalfOpen = "half_open" // one was sent to find out
)

// State is what is known of one endpoint. All methods may be called from any
// number of goroutines. None takes a lock; while the endpoint works none
// allocates.
type State struct {
	config   Config
	now      atomic.Pointer[phase]
	inFlight atomic.Int64
}

// phase is one step in the life of an endpoint. It never changes: the next step
// is another phase.
type phase struct {
	status   string
	failures int    // in a row
	opened   int    // times in a row, which the back-off grows with
	reason   string // of the last failure
	since    time.Time
	until    time.Time // open: the end of the back-off; half-open: when the probe is given up

	// calm is the phase that a success leads back to from a closed one with
	// failures.
	calm *phase
}

// New returns the state of an endpoint of which nothing bad is known.
func New(c Config) *State {
	s := &State{config: c.withDefaults()}
	s.now.Store(&phase{status: Closed})
	return s
}

// Allow tells whether a request may be sent to the endpoint. While the endpoint
// is closed that is so. When the back-off of an open one is over, one caller
// gets true: its request is the probe. It must Report about it, or Release it;
// if it does neither another caller is let through after a while.
func (s *State) Allow(now time.Time) bool {
	for {
		p := s.now.Load()
		if p.status == Closed {
			return true
		}
		if now.Before(p.until) {
			return false
		}
		next := *p
		next.status, next.until = HalfOpen, now.Add(s.config.Probe)
		if p.status != HalfOpen {
			next.since = now
		}
		if s.swap(p, &next, now) {
			return true
		}
	}
}

// Healthy tells whether Allow would return true, without taking the probe.
func (s *State) Healthy(now time.Time) bool {
	p := s.now.Load()
	return p.status == Closed || !now.Before(p.until)
}

// Report tells how a request to the endpoint went. The reason of a failure is
// one of a bounded set of words, like the name of a kind of fault.
//
// While the endpoint is open reports are ignored: they are about requests that
// were sent before, and say nothing that is not known. The first report after
// a probe was let through decides.
func (s *State) Report(ok bool, reason string, now time.Time) {
	for {
		p := s.now.Load()
		next := s.after(p, ok, reason, now)
		if next == p || s.swap(p, next, now) {
			return
		}
	}
}

// Release gives back a probe that came to no verdict, as when the client left:
// another request may be the probe at once. It does nothing if there is none.
func (s *State) Release(now time.Time) {
	for {
		p := s.now.Load()
		if p.status != HalfOpen {
			return
		}
		next := *p
		next.status, next.since, next.until = Open, now, now
		if s.swap(p, &next, now) {
			return
		}
	}
}

// RetryAfter returns how long it takes until the endpoint may be tried again:
// 0 if it is closed, else a second or more.
func (s *State) RetryAfter(now time.Time) time.Duration {
	switch p := s.now.Load(); p.status {
	case Closed:
		return 0
	case HalfOpen: // the verdict may come any moment
		return time.Second
	default:
		return max(time.Second, p.until.Sub(now))
	}
}

// Begin counts a request that is sent to the endpoint; End must follow.
func (s *State) Begin() { s.inFlight.Add(1) }

// End counts a request as over, however it ended.
func (s *State) End() { s.inFlight.Add(-1) }

// Load returns how many requests are in flight.
func (s *State) Load() int { return int(s.inFlight.Load()) }

// View is a State as it is shown to operators.
type View struct {
	Status   string    // Closed, Open or HalfOpen
	Failures int       // in a row
	Reason   string    // of the last failure; "" if the last request went well
	Since    time.Time // when Status began; zero if it never changed
	RetryAt  time.Time // when a request may be sent again; zero if it may be now
	InFlight int
}

// View returns the state at a time.
func (s *State) View(now time.Time) View { return s.view(s.now.Load(), now) }

func (s *State) view(p *phase, now time.Time) View {
	v := View{Status: p.status, Failures: p.failures, Reason: p.reason, Since: p.since, InFlight: s.Load()}
	if p.status != Closed && now.Before(p.until) {
		v.RetryAt = p.until
	}
	return v
}

// swap replaces a phase unless another goroutine was faster.
func (s *State) swap(old, next *phase, now time.Time) bool {
	if !s.now.CompareAndSwap(old, next) {
		return false
	}
	if next.status != old.status && s.config.OnChange != nil {
		s.config.OnChange(s.view(next, now))
	}
	return true
}
