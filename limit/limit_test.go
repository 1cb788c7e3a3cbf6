package limit_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/limit"
)

func spec(requests, tokens int64) limit.Spec {
	return limit.Spec{Requests: limit.PerMinute(requests), Tokens: limit.PerMinute(tokens)}
}

// start is when the buckets of the tests are made. It is no reading of a clock,
// so that differences are those of the calendar.
func start() time.Time { return time.Unix(1_800_000_000, 0) }

// at is a time after start.
func at(d time.Duration) time.Time { return start().Add(d) }

func admitted(b *limit.Bucket, now time.Time, tokens int64) bool { return b.Reserve(now, tokens).OK }

// The whole amount is there at once, to the last one, whatever its divisors; and
// then one comes back at a time.
func TestAmountIsExact(t *testing.T) {
	for _, amount := range []int64{1, 2, 3, 7, 59, 60, 61, 600, 7001, 99_991} {
		b := limit.New(spec(amount, 0), start())
		for i := range amount {
			if v := b.View(start()).Requests; v.Remaining != amount-i || v.Limit != amount {
				t.Fatalf("%d: after %d requests the view is %+v", amount, i, v)
			}
			if !admitted(b, start(), 0) {
				t.Fatalf("%d: request %d was refused", amount, i)
			}
		}
		if admitted(b, start(), 0) {
			t.Fatalf("%d: one more was admitted", amount)
		}
		each := (time.Minute + time.Duration(amount) - 1) / time.Duration(amount)
		for i := range min(amount, 500) {
			now := at(time.Duration(i+1) * each)
			if !admitted(b, now, 0) {
				t.Fatalf("%d: nothing had come back at %s", amount, now.Sub(start()))
			}
			if admitted(b, now.Add(each/2), 0) {
				t.Fatalf("%d: more than one came back at %s", amount, now.Sub(start()))
			}
		}
	}
}

func TestTokens(t *testing.T) {
	b := limit.New(spec(0, 100_000), start())
	if !admitted(b, start(), 99_769) {
		t.Fatal("refused")
	}
	got := b.Reserve(start(), 872)
	want := limit.Decision{
		Limit: limit.Tokens, Rate: limit.Rate{Amount: 100_000, Per: time.Minute, Burst: 100_000},
		Used: 99_769, Requested: 872, RetryAfter: 384_600 * time.Microsecond,
	}
	if diff := cmp.Diff(want, got, durations); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
	if admitted(b, start().Add(got.RetryAfter-1), 872) || !admitted(b, start().Add(got.RetryAfter), 872) {
		t.Error("the time to wait is not exact")
	}
	if !admitted(b, at(time.Minute), 0) || !admitted(b, at(time.Hour), -5) {
		t.Error("requests without tokens were refused")
	}
	if v := b.View(at(time.Hour)); v != (limit.View{Tokens: limit.Standing{Limit: 100_000, Remaining: 100_000}}) {
		t.Errorf("%+v", v)
	}
}

// durations lets a comparison be off by a nanosecond, to which times are exact.
var durations = cmp.Comparer(func(a, b time.Duration) bool { return (a - b).Abs() <= 1 })

// A refused request takes nothing, from none of the limits, and the limit that
// takes longest is the one that is named.
func TestAllOrNothing(t *testing.T) {
	b := limit.New(spec(2, 1000), start())
	if !admitted(b, start(), 600) {
		t.Fatal("refused")
	}
	before := b.View(start())
	d := b.Reserve(start(), 500)
	if d.OK || d.Never || d.Limit != limit.Tokens || d.Requested != 500 || d.Used != 600 {
		t.Errorf("%+v", d)
	}
	if after := b.View(start()); after != before {
		t.Errorf("a refused request has changed %+v to %+v", before, after)
	}
	if !admitted(b, start(), 400) {
		t.Error("refused though there is room")
	}
	// Both are used up: 30 s until there is a request, 12 s until 200 tokens.
	before = b.View(start())
	if d := b.Reserve(start(), 200); d.OK || d.Limit != limit.Requests || d.RetryAfter != 30*time.Second || d.Requested != 1 || d.Used != 2 {
		t.Errorf("%+v", d)
	}
	if d := b.Reserve(start(), 900); d.OK || d.Limit != limit.Tokens || !cmp.Equal(d.RetryAfter, 54*time.Second, durations) {
		t.Errorf("%+v", d)
	}
	if after := b.View(start()); after != before {
		t.Errorf("a refused request has changed %+v to %+v", before, after)
	}
}

func TestNever(t *testing.T) {
	b := limit.New(spec(1, 1000), start())
	if !admitted(b, start(), 1) {
		t.Fatal("refused")
	}
	d := b.Reserve(start(), 1001)
	if d.OK || !d.Never || d.Limit != limit.Tokens || d.RetryAfter != 0 {
		t.Errorf("%+v", d)
	}
	if d := b.Reserve(at(time.Hour), 1001); d.OK || !d.Never {
		t.Errorf("%+v", d)
	}
	if !admitted(b, at(time.Hour), 1000) {
		t.Error("the whole bucket was refused")
	}
}

func TestSettle(t *testing.T) {
	for _, c := range []struct {
		name           string
		reserved, used int64
		after          time.Duration // from the reservation to its end
		remaining      int64         // of 6000 a minute, which is 100 a second
		reset          time.Duration
	}{
		{"as much", 3000, 3000, 0, 3000, 30 * time.Second},
		{"less", 3000, 1000, 0, 5000, 10 * time.Second},
		{"nothing", 3000, 0, 0, 6000, 0},
		{"more", 3000, 4000, 0, 2000, 40 * time.Second},
		{"to the brim", 3000, 6000, 0, 0, time.Minute},
		{"beyond the limit", 3000, 12_000, 0, 0, 2 * time.Minute},
		{"later", 3000, 1000, 5 * time.Second, 5500, 5 * time.Second},
		{"when all has flowed off", 3000, 1000, time.Minute, 6000, 0},
		{"more when all has flowed off", 3000, 4000, time.Minute, 5000, 10 * time.Second},
		{"negative", 3000, -7, 0, 6000, 0},
		{"negative reservation", -5, 600, 0, 5400, 6 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := limit.New(spec(0, 6000), start())
			if !admitted(b, start(), c.reserved) {
				t.Fatal("refused")
			}
			b.Settle(at(c.after), c.reserved, c.used)
			v := b.View(at(c.after)).Tokens
			if diff := cmp.Diff(limit.Standing{Limit: 6000, Remaining: c.remaining, Reset: c.reset}, v, durations); diff != "" {
				t.Errorf("want -, got +:\n%s", diff)
			}
			now := at(c.after + c.reset)
			if c.reset > time.Minute && admitted(b, now.Add(-time.Minute-time.Millisecond), 0) {
				t.Error("the debt was forgotten")
			}
			if !admitted(b, now.Add(1), 6000) {
				t.Error("the bucket is not full at its reset")
			}
		})
	}
}

func TestRelease(t *testing.T) {
	b := limit.New(spec(10, 1000), start())
	full := b.View(start())
	for range 25 {
		if !admitted(b, start(), 1000) {
			t.Fatal("refused")
		}
		b.Release(start(), 1000)
	}
	if v := b.View(start()); v != full {
		t.Errorf("%+v is left of %+v", v, full)
	}
	b.Release(start(), 500) // which nobody has reserved
	if v := b.View(start()); v != full {
		t.Errorf("the bucket overflows: %+v", v)
	}
}

func TestRetryAfterIsCapped(t *testing.T) {
	b := limit.New(spec(0, 100), start())
	b.Settle(start(), 0, 100_000)
	if d := b.Reserve(start(), 1); d.OK || d.RetryAfter != limit.MaxRetryAfter || d.Used != 100_000 {
		t.Errorf("%+v", d)
	}
	day := limit.New(limit.Spec{Requests: limit.Rate{Amount: 2, Per: 24 * time.Hour}}, start())
	for range 2 {
		if !admitted(day, start(), 0) {
			t.Fatal("refused")
		}
	}
	if d := day.Reserve(start(), 0); d.OK || d.RetryAfter != time.Minute || day.View(start()).Requests.Reset != 24*time.Hour {
		t.Errorf("%+v", d)
	}
	if admitted(day, at(12*time.Hour-1), 0) || !admitted(day, at(12*time.Hour), 0) {
		t.Error("half a day brings back half of a day's amount")
	}
}

func TestBurst(t *testing.T) {
	b := limit.New(limit.Spec{Requests: limit.Rate{Amount: 600, Burst: 5}}, start())
	for range 5 {
		if !admitted(b, start(), 0) {
			t.Fatal("refused")
		}
	}
	if d := b.Reserve(start(), 0); d.OK || !cmp.Equal(d.RetryAfter, 100*time.Millisecond, durations) {
		t.Errorf("%+v", d)
	}
	if v := b.View(at(time.Second)).Requests; v != (limit.Standing{Limit: 600, Remaining: 5}) {
		t.Errorf("%+v", v)
	}
}

func TestNoLimits(t *testing.T) {
	var none *limit.Bucket
	for name, b := range map[string]*limit.Bucket{
		"nil": none, "zero": limit.New(limit.Spec{}, start()), "negative": limit.New(spec(-1, math.MinInt64), start()),
	} {
		for range 3 {
			if d := b.Reserve(start(), math.MaxInt64); !d.OK || d.Fault("a") != nil {
				t.Errorf("%s: %+v", name, d)
			}
		}
		b.Settle(start(), 5, 10)
		b.Release(start(), 5)
		if v := b.View(start()); v != (limit.View{}) {
			t.Errorf("%s: %+v", name, v)
		}
		if !b.Spec().Zero() {
			t.Errorf("%s: %+v", name, b.Spec())
		}
	}
	if spec(0, 1).Zero() || spec(1, 0).Zero() {
		t.Error("a limit is none")
	}
}

func TestNext(t *testing.T) {
	b := limit.New(spec(10, 1000), start())
	for range 4 {
		if !admitted(b, start(), 200) {
			t.Fatal("refused")
		}
	}
	same := limit.Spec{Requests: limit.Rate{Amount: 10, Per: time.Minute, Burst: 10}, Tokens: limit.PerMinute(1000)}
	if b.Next(same, start()) != b {
		t.Error("the same spec makes another bucket")
	}
	for name, c := range map[string]struct {
		spec             limit.Spec
		requests, tokens int64 // remaining
	}{
		"more tokens":      {spec(10, 10_000), 6, 9200},
		"fewer tokens":     {spec(10, 900), 6, 100},
		"far fewer tokens": {spec(10, 100), 6, 0},
		"more requests":    {spec(20, 1000), 16, 200},
		"no tokens":        {spec(10, 0), 6, 0},
		"no requests":      {spec(0, 1000), 0, 200},
		"other period":     {limit.Spec{Requests: limit.Rate{Amount: 10, Per: time.Hour}, Tokens: limit.PerMinute(1000)}, 6, 200},
	} {
		next := b.Next(c.spec, start())
		v := next.View(start())
		if v.Requests.Remaining != c.requests || v.Tokens.Remaining != c.tokens {
			t.Errorf("%s: %+v", name, v)
		}
		if v.Tokens.Reset > time.Minute {
			t.Errorf("%s: more than one filling is waited for: %+v", name, v)
		}
	}
	// A limit that comes anew begins with nothing taken, and a debt goes on where
	// its rate is the same.
	b = limit.New(spec(0, 1000), start())
	b.Settle(start(), 0, 5000)
	if v := b.Next(spec(7, 1000), at(time.Second)).View(at(time.Second)); v.Requests.Remaining != 7 || v.Tokens.Reset != 5*time.Minute-time.Second {
		t.Errorf("%+v", v)
	}
	var none *limit.Bucket
	if v := none.Next(spec(3, 0), start()).View(start()); v.Requests.Remaining != 3 {
		t.Errorf("%+v", v)
	}
}

// A clock that steps back admits nothing that it should not, and a bucket that is
// older than a lifetime works.
func TestOddTimes(t *testing.T) {
	b := limit.New(spec(2, 0), start())
	for range 2 {
		if !admitted(b, at(time.Hour), 0) {
			t.Fatal("refused")
		}
	}
	if admitted(b, start(), 0) || admitted(b, at(-time.Hour), 0) || admitted(b, time.Time{}, 0) {
		t.Error("an earlier time admits more")
	}
	far := at(math.MaxInt64)
	for range 2 {
		if !admitted(b, far, 0) {
			t.Fatal("refused in the far future")
		}
	}
	if d := b.Reserve(far, 0); d.OK || d.RetryAfter <= 0 || d.RetryAfter > limit.MaxRetryAfter {
		t.Errorf("%+v", d)
	}
}

func TestFault(t *testing.T) {
	for name, c := range map[string]struct {
		spec           limit.Spec
		used, tokens   int64
		kind           fault.Kind
		typ, message   string
		retry          time.Duration
		rounds, status int
	}{
		"tokens": {
			spec: spec(0, 100_000), used: 99_769, tokens: 872, kind: fault.RateLimited, typ: "tokens", retry: 385 * time.Millisecond, rounds: 1,
			message: `The API key "ci" has reached its limit on tokens per minute (TPM): limit 100000, used 99769, requested 872. Please try again in 385ms.`,
		},
		"requests": {
			spec: spec(3, 0), kind: fault.RateLimited, typ: "requests", retry: 20 * time.Second, rounds: 3,
			message: `The API key "ci" has reached its limit on requests per minute (RPM): limit 3, used 3, requested 1. Please try again in 20s.`,
		},
		"a day": {
			spec: limit.Spec{Requests: limit.Rate{Amount: 1, Per: 24 * time.Hour}}, kind: fault.RateLimited, typ: "requests", retry: time.Minute, rounds: 1,
			message: `The API key "ci" has reached its limit on requests per day (RPD): limit 1, used 1, requested 1. Please try again in 1m0s.`,
		},
		"another period": {
			spec: limit.Spec{Requests: limit.Rate{Amount: 1, Per: 1500 * time.Millisecond}}, kind: fault.RateLimited, typ: "requests", retry: 1500 * time.Millisecond, rounds: 1,
			message: `The API key "ci" has reached its limit on requests per 1.5s: limit 1, used 1, requested 1. Please try again in 1.5s.`,
		},
		"too large": {
			spec: spec(0, 1000), tokens: 1001, kind: fault.TooLarge, typ: "tokens",
			message: `The request is too large for the limit of the API key "ci" on tokens per minute (TPM): limit 1000, requested 1001. Make the input shorter, or allow fewer output tokens.`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := limit.New(c.spec, start())
			for range c.rounds {
				if !admitted(b, start(), c.used) {
					t.Fatal("refused")
				}
			}
			f := b.Reserve(start(), c.tokens).Fault("ci")
			if f.Kind != c.kind || f.Type != c.typ || f.Code != "rate_limit_exceeded" || f.HTTPStatus() != 429 || f.Message != c.message {
				t.Errorf("%+v", f)
			}
			if f.RetryAfter != c.retry {
				t.Errorf("retry after %s, want %s", f.RetryAfter, c.retry)
			}
			if final := f.Kind.Row().Final; final != (c.kind == fault.TooLarge) {
				t.Errorf("a client is told that repeating helps: %v", !final)
			}
		})
	}
}

func TestEstimate(t *testing.T) {
	const most = math.MaxInt64
	for _, c := range []struct {
		bytes          int
		tokens, n, out int64
	}{
		{0, 0, 0, 0},
		{1, 0, 0, 1},
		{4, 0, 0, 1},
		{5, 0, 0, 2},
		{400, 50, 0, 150},
		{400, 50, 1, 150},
		{400, 50, 3, 250},
		{400, -1, -1, 100},
		{-1, 5, 2, 10},
		{math.MaxInt, 0, 1, 1 << 61},
		{4, most, 1, most},
		{4, most - 1, 1, most},
		{4, most, most, most},
		{0, most, 1, most},
		{0, 1 << 32, 1 << 31, most},
		{0, 1 << 31, 1 << 31, 1 << 62},
	} {
		if got := limit.Estimate(c.bytes, c.tokens, c.n); got != c.out {
			t.Errorf("Estimate(%d, %d, %d) is %d, want %d", c.bytes, c.tokens, c.n, got, c.out)
		}
	}
}

func TestMetricNames(t *testing.T) {
	if s := fmt.Sprint(limit.Requests, limit.Tokens, limit.Metric(9)); s != "requests tokens metric 9" {
		t.Error(s)
	}
	d := limit.New(spec(1, 1), start()).Reserve(start(), 2)
	if !strings.Contains(d.Fault(`a"b`).Message, `"a\"b"`) {
		t.Error(d.Fault(`a"b`).Message)
	}
}

// The clock that programs have, with its monotonic reading.
func TestRealClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := limit.New(spec(60, 0), time.Now())
		n := 0
		for range 180 { // every half a second for a minute and a half
			if admitted(b, time.Now(), 0) {
				n++
			}
			if d := b.Reserve(time.Now(), 0); d.OK {
				n++
			}
			time.Sleep(time.Second / 2)
		}
		// 60 at once, and one a second before the last reservation, at 89.5 s.
		if n != 60+89 {
			t.Errorf("%d requests were admitted", n)
		}
	})
}
