package health_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/health"
)

// even makes the interval between checks exact, and back-offs about half of
// what they may be.
func even(n int64) int64 { return n / 2 }

// watched runs Watch with a script of checks: the results in order, the last
// again and again. It returns what onChange was told, with times since the start.
func watched(t *testing.T, s *health.State, run time.Duration, script ...health.Check) (changes []string, checks int) {
	begin := time.Now()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		health.Watch(ctx, s, func(ctx context.Context) error {
			c := script[min(checks, len(script)-1)]
			checks++
			return c(ctx)
		}, 10*time.Second, time.Second, func(v health.View) {
			changes = append(changes, fmt.Sprintf("%v %s %d %s", time.Since(begin), v.Status, v.Failures, v.Reason))
		})
	}()
	time.Sleep(run)
	synctest.Wait()
	cancel()
	<-done
	return changes, checks
}

func good(context.Context) error { return nil }
func bad(context.Context) error  { return errors.New("connection refused") }
func faulty(context.Context) error {
	return fmt.Errorf("check: %w", fault.New(fault.UpstreamUnreachable, "no"))
}
func slow(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }

func TestWatch(t *testing.T) {
	for _, c := range []struct {
		what    string
		script  []health.Check
		run     time.Duration
		changes []string
		checks  int
	}{
		{"well", []health.Check{good}, 35 * time.Second, nil, 4},
		{"failures in a row open", []health.Check{good, bad, bad, bad}, 35 * time.Second, []string{"30s open 3 check_failed"}, 4},
		{"not in a row", []health.Check{bad, bad, good, bad, bad, good}, 95 * time.Second, nil, 10},
		{
			"a good one closes at once",
			[]health.Check{bad, bad, faulty, good},
			35 * time.Second,
			[]string{"20s open 3 upstream_unreachable", "30s closed 0 "},
			4,
		},
		{"a check has a bound", []health.Check{slow, slow, slow, bad}, 40 * time.Second, []string{"23s open 3 check_timeout"}, 4},
	} {
		t.Run(c.what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				changes, checks := watched(t, health.New(health.Config{Rand: even}), c.run, c.script...)
				if diff := cmp.Diff(c.changes, changes); diff != "" {
					t.Error(diff)
				}
				if checks != c.checks {
					t.Errorf("%d checks, want %d", checks, c.checks)
				}
			})
		})
	}
}

// While an endpoint is open, bad checks keep client requests away from it.
func TestBadChecksProlongTheBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := health.New(health.Config{Rand: longest, Max: 30 * time.Second})
		watched(t, s, 2*time.Minute, bad)
		if v := s.View(time.Now()); v.Status != health.Open || time.Until(v.RetryAt) < 10*time.Second {
			t.Errorf("got %+v", v)
		}
	})
}

func TestABadCheckDoesNotShortenTheBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		draws := 0
		s := health.New(health.Config{Base: time.Hour, Max: 2 * time.Hour, Rand: func(n int64) int64 {
			if draws++; draws == 1 {
				return n - 1
			}
			return 0
		}})
		for range 3 {
			s.Report(false, "upstream_broken", time.Now())
		}
		want := s.View(time.Now()).RetryAt
		watched(t, s, time.Second, bad)
		if v := s.View(time.Now()); !v.RetryAt.Equal(want) || v.Failures != 4 {
			t.Errorf("got %+v, want %v", v, want)
		}
	})
}

func TestACheckDecidesAProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			check  health.Check
			status string
		}{{good, health.Closed}, {bad, health.Open}} {
			s := health.New(health.Config{Rand: even, Failures: 1})
			s.Report(false, "upstream_broken", time.Now())
			time.Sleep(time.Second)
			if !s.Allow(time.Now()) {
				t.Fatal("no probe")
			}
			watched(t, s, time.Millisecond, c.check)
			if v := s.View(time.Now()); v.Status != c.status {
				t.Errorf("got %+v, want %s", v, c.status)
			}
		}
	})
}

// What requests changed in the meantime is told at the next check.
func TestWatchTellsWhatRequestsChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := health.New(health.Config{Rand: even, Base: time.Hour, Max: time.Hour})
		changes, _ := watched(t, s, 25*time.Second, good, func(context.Context) error {
			for range 3 {
				s.Report(false, "upstream_broken", time.Now())
			}
			return errors.New("refused")
		}, good)
		if diff := cmp.Diff([]string{"10s open 4 check_failed", "20s closed 0 "}, changes); diff != "" {
			t.Error(diff)
		}
	})
}

func TestACheckThatIsCutShortSaysNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := health.New(health.Config{Rand: even, Failures: 1})
		changes, checks := watched(t, s, 10*time.Second+time.Millisecond, good, slow)
		if v := s.View(time.Now()); changes != nil || checks != 2 || v.Status != health.Closed || v.Failures != 0 {
			t.Errorf("changes %v, checks %d, %+v", changes, checks, v)
		}
	})
}

func TestIntervalsVary(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		draws := []float64{0, 1, 0.5}
		s := health.New(health.Config{Rand: func(n int64) int64 {
			d := draws[0]
			draws = append(draws[1:], d)
			return int64(d * float64(n-1))
		}})
		begin := time.Now()
		var at []string
		watched(t, s, 45*time.Second, func(context.Context) error {
			at = append(at, time.Since(begin).String())
			return nil
		})
		if got, want := strings.Join(at, " "), "0s 9s 20s 30s 39s"; got != want {
			t.Errorf("checks at %s, want %s", got, want)
		}
	})
}

func TestWatchWithoutAnIntervalReturns(t *testing.T) {
	health.Watch(t.Context(), health.New(health.Config{}), func(context.Context) error {
		t.Error("checked")
		return nil
	}, 0, 0, nil)
}

func TestWatchWithoutTimeoutOrListener(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := health.New(health.Config{Rand: even, Failures: 1})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		var bound time.Duration
		go func() {
			defer close(done)
			health.Watch(ctx, s, func(ctx context.Context) error {
				deadline, _ := ctx.Deadline()
				bound = time.Until(deadline)
				return errors.New("refused")
			}, 4*time.Second, 0, nil)
		}()
		synctest.Wait()
		if bound != 4*time.Second || s.View(time.Now()).Status != health.Open {
			t.Errorf("bound %v, %+v", bound, s.View(time.Now()))
		}
		cancel()
		<-done
	})
}
