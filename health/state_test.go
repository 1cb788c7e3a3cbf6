package health_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-ai/gatehouse/health"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// after is a time of the tests.
func after(d time.Duration) time.Time { return start.Add(d) }

// longest makes each back-off as long as it can be, so that times are known.
func longest(n int64) int64 { return n - 1 }

func open(t testing.TB, c health.Config) *health.State {
	t.Helper()
	if c.Rand == nil {
		c.Rand = longest
	}
	s := health.New(c)
	for range 3 {
		s.Report(false, "upstream_unreachable", start)
	}
	if s.View(start).Status != health.Open {
		t.Fatalf("not open: %+v", s.View(start))
	}
	return s
}

func TestOpensAfterFailuresInARow(t *testing.T) {
	s := health.New(health.Config{Rand: longest})
	now := start
	for range 10 { // a success in between starts the count again
		s.Report(false, "upstream_broken", now)
		s.Report(false, "upstream_broken", now)
		if diff := cmp.Diff(health.View{Status: health.Closed, Failures: 2, Reason: "upstream_broken"}, s.View(now)); diff != "" {
			t.Fatal(diff)
		}
		s.Report(true, "", now)
		if diff := cmp.Diff(health.View{Status: health.Closed}, s.View(now)); diff != "" {
			t.Fatal(diff)
		}
	}
	for range 3 {
		if !s.Allow(now) || !s.Healthy(now) || s.RetryAfter(now) != 0 {
			t.Fatal("closed, but not allowed")
		}
		s.Report(false, "upstream_timeout", now)
	}
	if s.Allow(now) || s.Healthy(now) || s.RetryAfter(now) != time.Second {
		t.Errorf("open, but allowed; %v", s.RetryAfter(now))
	}
	want := health.View{Status: health.Open, Failures: 3, Reason: "upstream_timeout", Since: start, RetryAt: after(time.Second)}
	if diff := cmp.Diff(want, s.View(now)); diff != "" {
		t.Error(diff)
	}
}

func TestProbe(t *testing.T) {
	s := open(t, health.Config{})
	if s.Allow(after(time.Second - 1)) {
		t.Error("allowed before the back-off is over")
	}
	at := after(time.Second)
	if first, second := s.Healthy(at), s.Healthy(at); !first || !second || s.View(at).Status != health.Open {
		t.Error("Healthy takes the probe, or there is none")
	}
	if !s.Allow(at) || s.Allow(at) || s.Healthy(at) {
		t.Error("not exactly one probe")
	}
	want := health.View{Status: health.HalfOpen, Failures: 3, Reason: "upstream_unreachable", Since: at, RetryAt: at.Add(30 * time.Second)}
	if diff := cmp.Diff(want, s.View(at)); diff != "" {
		t.Error(diff)
	}
	if s.RetryAfter(at) != time.Second {
		t.Errorf("retry after %v", s.RetryAfter(at))
	}
	s.Report(true, "", at)
	if diff := cmp.Diff(health.View{Status: health.Closed, Since: at}, s.View(at)); diff != "" {
		t.Error(diff)
	}
	if first, second := s.Allow(at), s.Allow(at); !first || !second {
		t.Error("closed, but not allowed")
	}
}

func TestProbeThatNobodyReportsAboutIsGivenUp(t *testing.T) {
	s := open(t, health.Config{Probe: 5 * time.Second})
	s.Allow(after(time.Second))
	if s.Allow(after(6*time.Second-1)) || !s.Healthy(after(6*time.Second)) || !s.Allow(after(6*time.Second)) {
		t.Error("the next probe is not let through when the first is given up")
	}
	v := s.View(after(6 * time.Second))
	if v.Status != health.HalfOpen || !v.Since.Equal(after(time.Second)) || v.Failures != 3 {
		t.Errorf("got %+v", v)
	}
}

func TestReleasedProbe(t *testing.T) {
	s := open(t, health.Config{})
	at := after(time.Second)
	s.Release(at) // there is no probe yet
	if s.View(at).Status != health.Open || !s.Allow(at) {
		t.Fatal("no probe")
	}
	s.Release(at)
	if v := s.View(at); v.Status != health.Open || !v.RetryAt.IsZero() {
		t.Errorf("got %+v", v)
	}
	if !s.Allow(at) || s.Allow(at) {
		t.Error("not exactly one probe after the release")
	}
	s.Report(true, "", at)
	s.Release(at)
	if s.View(at).Status != health.Closed {
		t.Error("a release opens a closed endpoint")
	}
}

func TestBackOffDoubles(t *testing.T) {
	s := open(t, health.Config{Base: time.Second, Max: 10 * time.Second})
	now := start
	for i, want := range []time.Duration{1, 2, 4, 8, 10, 10} {
		if got := s.RetryAfter(now); got != want*time.Second {
			t.Errorf("back-off %d is %v, want %v", i, got, want*time.Second)
		}
		now = now.Add(want * time.Second)
		if !s.Allow(now) {
			t.Fatalf("no probe after back-off %d", i)
		}
		s.Report(false, "upstream_broken", now)
	}
	if v := s.View(now); v.Failures != 9 || v.Reason != "upstream_broken" || !v.Since.Equal(now) {
		t.Errorf("got %+v", v)
	}
	// Once well, the endpoint starts with the shortest back-off again.
	now = now.Add(10 * time.Second)
	s.Allow(now)
	s.Report(true, "", now)
	for range 3 {
		s.Report(false, "upstream_broken", now)
	}
	if got := s.RetryAfter(now); got != time.Second {
		t.Errorf("back-off after recovery is %v", got)
	}
}

func TestBackOffIsDrawnFromTheWholeRange(t *testing.T) {
	var bounds []int64
	s := open(t, health.Config{Base: 4 * time.Second, Rand: func(n int64) int64 {
		bounds = append(bounds, n)
		return n / 2
	}})
	if diff := cmp.Diff([]int64{int64(4 * time.Second)}, bounds); diff != "" {
		t.Error(diff)
	}
	if got := s.RetryAfter(start); got != 2*time.Second+1 {
		t.Errorf("got %v", got)
	}
	shortest := open(t, health.Config{Rand: func(int64) int64 { return 0 }})
	if got := shortest.RetryAfter(start); got != time.Second {
		t.Errorf("got %v, want at least a second", got)
	}
	if shortest.Allow(start) || !shortest.Allow(after(1)) {
		t.Error("an open endpoint waits at least a moment")
	}
}

func TestReportsOfAnOpenEndpointAreOldNews(t *testing.T) {
	s := open(t, health.Config{})
	want := s.View(start)
	for range 100 {
		s.Report(false, "upstream_timeout", after(time.Millisecond))
		s.Report(true, "", after(time.Millisecond))
	}
	if diff := cmp.Diff(want, s.View(start)); diff != "" {
		t.Error(diff)
	}
}

func TestConfig(t *testing.T) {
	s := health.New(health.Config{Failures: 1, Base: time.Minute, Max: time.Second, Rand: longest})
	s.Report(false, "x", start)
	if got := s.RetryAfter(start); got != time.Minute {
		t.Errorf("back-off is %v; a maximum below the base is the base", got)
	}
	s = health.New(health.Config{Failures: -1, Base: -1, Max: -1, Probe: -1, Rand: longest})
	s.Report(false, "x", start)
	s.Report(false, "x", start)
	if !s.Allow(start) {
		t.Error("open before the third failure")
	}
	s.Report(false, string(make([]byte, 1000)), start)
	if v := s.View(start); v.Status != health.Open || !v.RetryAt.Equal(after(time.Second)) || len(v.Reason) > 64 {
		t.Errorf("got %+v", v)
	}
	s = health.New(health.Config{Failures: 1, Base: 1 << 61, Max: 1 << 62, Rand: longest})
	s.Report(false, "x", start)
	s.Allow(after(1 << 61))
	s.Report(false, "x", start)
	if got := s.RetryAfter(start); got != 1<<62 {
		t.Errorf("back-off is %v", got)
	}
	// Without an own source the back-off is still within its bounds.
	s = health.New(health.Config{Failures: 1, Base: time.Hour})
	s.Report(false, "x", start)
	if got := s.RetryAfter(start); got < time.Second || got > time.Hour {
		t.Errorf("back-off is %v", got)
	}
}

func TestLoad(t *testing.T) {
	s := health.New(health.Config{})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				s.Begin()
				s.Begin()
				s.End()
			}
		})
	}
	wg.Wait()
	if s.Load() != 800 || s.View(start).InFlight != 800 {
		t.Errorf("%d in flight, %+v", s.Load(), s.View(start))
	}
}

func TestOnChange(t *testing.T) {
	var got []string
	s := open(t, health.Config{OnChange: func(v health.View) { got = append(got, v.Status+" "+v.Reason) }})
	s.Allow(after(time.Second))
	s.Allow(after(40 * time.Second))
	s.Report(false, "upstream_broken", after(40*time.Second))
	s.Allow(after(50 * time.Second))
	s.Release(after(50 * time.Second))
	s.Allow(after(50 * time.Second))
	s.Report(true, "", after(50*time.Second))
	s.Report(false, "upstream_timeout", after(50*time.Second))
	s.Report(true, "", after(50*time.Second))
	want := []string{
		"open upstream_unreachable", "half_open upstream_unreachable",
		"open upstream_broken", "half_open upstream_broken",
		"open upstream_broken", "half_open upstream_broken", "closed ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestOneOfManyIsTheProbe(t *testing.T) {
	s := open(t, health.Config{})
	now := after(time.Second)
	for round := range 50 {
		var probes atomic.Int32
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if s.Healthy(now) && s.Allow(now) {
					probes.Add(1)
				}
			})
		}
		wg.Wait()
		if probes.Load() != 1 {
			t.Fatalf("round %d: %d probes", round, probes.Load())
		}
		s.Report(false, "upstream_broken", now)
		now = now.Add(s.RetryAfter(now))
	}
}

// Whatever the order of reports, a closed endpoint never has as many failures
// as open it, and one that is open opened for them.
func TestManyReportsAtOnce(t *testing.T) {
	var changes atomic.Int32
	s := health.New(health.Config{Failures: 4, OnChange: func(v health.View) {
		changes.Add(1)
		if (v.Status == health.Open) != (v.Failures >= 4) && v.Status != health.HalfOpen {
			t.Errorf("%+v", v)
		}
	}})
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 2000 {
				now := after(time.Duration(i) * 10 * time.Millisecond)
				if s.Allow(now) {
					s.Report((i+w)%5 == 0, "upstream_broken", now)
				}
				if v := s.View(now); v.Status == health.Closed && v.Failures >= 4 {
					t.Errorf("%+v", v)
				}
			}
		})
	}
	wg.Wait()
	if changes.Load() == 0 {
		t.Error("nothing changed: the test tried nothing")
	}
}

func TestNothingIsAllocatedWhileAllIsWell(t *testing.T) {
	s := health.New(health.Config{})
	if n := testing.AllocsPerRun(100, func() {
		s.Healthy(start)
		s.Allow(start)
		s.Begin()
		s.Report(true, "", start)
		s.End()
		s.Load()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkRequest(b *testing.B) {
	s := health.New(health.Config{})
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			s.Healthy(start)
			s.Allow(start)
			s.Begin()
			s.Report(true, "", start)
			s.End()
		}
	})
}
