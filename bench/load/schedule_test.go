package load

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestDueTimesDoNotMove(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		now := func() time.Duration { return time.Since(start) }
		due := make(chan time.Duration)
		go func() {
			defer close(due)
			if left := schedule(t.Context(), 100, 100*time.Millisecond, now, timer, due); left != 0 {
				t.Errorf("%d were not handed out", left)
			}
		}()
		type handed struct{ due, late time.Duration }
		var got []handed
		for at := range due {
			got = append(got, handed{at, now() - at})
			if len(got) == 3 {
				time.Sleep(35 * time.Millisecond) // the target stalls: time of the bubble, not of a clock
			}
		}
		const ms = time.Millisecond
		want := []handed{
			{0, 0},
			{10 * ms, 0},
			{20 * ms, 0},
			{30 * ms, 25 * ms},
			{40 * ms, 15 * ms},
			{50 * ms, 5 * ms}, // due during the stall
			{60 * ms, 0},
			{70 * ms, 0},
			{80 * ms, 0},
			{90 * ms, 0},
		}
		if d := cmp.Diff(want, got, cmp.AllowUnexported(handed{})); d != "" {
			t.Errorf("due times and how late they were taken (-want +got):\n%s", d)
		}
	})
}

func TestWhatNobodyTakesIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		start := time.Now()
		due := make(chan time.Duration)
		left := make(chan int64)
		go func() {
			left <- schedule(ctx, 1000, time.Second, func() time.Duration { return time.Since(start) }, timer, due)
		}()
		for range 10 {
			<-due
		}
		if n := <-left; n != 990 {
			t.Errorf("%d were not handed out, want 990", n)
		}
	})
}

func TestPreciseWaitWaits(t *testing.T) {
	wait, done := preciseWait()
	defer done()
	start := time.Now()
	for until := 3 * time.Millisecond; time.Since(start) < until; {
		wait(t.Context(), until-time.Since(start))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	wait(ctx, time.Hour) // returns, since ctx has ended
	if ctx.Err() == nil {
		t.Error("waited for an hour")
	}
}
