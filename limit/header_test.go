package limit_test

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-ai/gatehouse/limit"
	"github.com/gatehouse-ai/gatehouse/wire"
)

func TestAppendHeaders(t *testing.T) {
	before := wire.Header{{Name: "A", Value: "b"}}
	for name, c := range map[string]struct {
		view limit.View
		want wire.Header
	}{
		"none": {limit.View{}, nil},
		"both": {
			limit.View{
				Requests: limit.Standing{Limit: 60, Remaining: 59, Reset: time.Second},
				Tokens:   limit.Standing{Limit: 150_000, Remaining: 149_984, Reset: 6 * time.Minute},
			},
			wire.Header{
				{Name: "X-Ratelimit-Limit-Requests", Value: "60"},
				{Name: "X-Ratelimit-Remaining-Requests", Value: "59"},
				{Name: "X-Ratelimit-Reset-Requests", Value: "1s"},
				{Name: "X-Ratelimit-Limit-Tokens", Value: "150000"},
				{Name: "X-Ratelimit-Remaining-Tokens", Value: "149984"},
				{Name: "X-Ratelimit-Reset-Tokens", Value: "6m0s"},
			},
		},
		"tokens": {
			limit.View{Tokens: limit.Standing{Limit: math.MaxInt64, Remaining: 0, Reset: math.MaxInt64}},
			wire.Header{
				{Name: "X-Ratelimit-Limit-Tokens", Value: "9223372036854775807"},
				{Name: "X-Ratelimit-Remaining-Tokens", Value: "0"},
				{Name: "X-Ratelimit-Reset-Tokens", Value: "2562047h47m16.854s"},
			},
		},
	} {
		h, scratch := limit.AppendHeaders(before[:1:1], c.view, []byte("kept"))
		if diff := cmp.Diff(append(before[:1:1], c.want...), h); diff != "" {
			t.Errorf("%s: want -, got +:\n%s", name, diff)
		}
		if string(scratch[:4]) != "kept" {
			t.Errorf("%s: %q", name, scratch)
		}
	}
}

// Reset is written as Go writes durations, in milliseconds that are rounded up.
func TestReset(t *testing.T) {
	check := func(d time.Duration) {
		want := d.Truncate(time.Millisecond)
		if want < d && d < math.MaxInt64-time.Millisecond {
			want += time.Millisecond
		}
		h, _ := limit.AppendHeaders(nil, limit.View{Requests: limit.Standing{Limit: 1, Reset: d}}, nil)
		if got := h.Get("x-ratelimit-reset-requests"); got != want.String() {
			t.Errorf("%d ns is %s, want %s", d, got, want)
		}
	}
	for _, d := range []time.Duration{
		0, 1, 999_999, time.Millisecond, 12 * time.Millisecond, 999 * time.Millisecond, 999_000_001, time.Second, 1500 * time.Millisecond,
		1050 * time.Millisecond, 1005 * time.Millisecond, 59_999 * time.Millisecond, 59_999_000_001, time.Minute, 6 * time.Minute, time.Hour,
		time.Hour + time.Second, 24 * time.Hour, math.MaxInt64,
	} {
		check(d)
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		check(time.Duration(rnd.Int64() >> rnd.IntN(63)))
		n := max(rnd.Int64()>>rnd.IntN(63), 1)
		h, _ := limit.AppendHeaders(nil, limit.View{Tokens: limit.Standing{Limit: n, Remaining: n - 1}}, nil)
		if got, left := h.Get("x-ratelimit-limit-tokens"), h.Get("x-ratelimit-remaining-tokens"); got != strconv.FormatInt(n, 10) || left != strconv.FormatInt(n-1, 10) {
			t.Errorf("%d is written as %s, %d as %s", n, got, n-1, left)
		}
	}
}

func TestHeadersDoNotAllocate(t *testing.T) {
	h, scratch := make(wire.Header, 0, 6), make([]byte, 0, 128)
	most := limit.Standing{Limit: math.MaxInt64, Remaining: math.MaxInt64, Reset: math.MaxInt64}
	if n := testing.AllocsPerRun(100, func() { limit.AppendHeaders(h, limit.View{Requests: most, Tokens: most}, scratch) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestFieldsOfOthers(t *testing.T) {
	h := wire.Header{{Name: "A", Value: "1"}, {Name: "x-ratelimit-limit-requests", Value: "7"}, {Name: "X-RateLimit-Reset-Images", Value: "8"}, {Name: "X-Ratelimit", Value: "9"}}
	if !limit.HasHeaders(h) || limit.HasHeaders(h[:1]) || limit.HasHeaders(h[3:]) {
		t.Error("fields of limits are not told from others")
	}
	if diff := cmp.Diff(wire.Header{{Name: "A", Value: "1"}, {Name: "X-Ratelimit", Value: "9"}}, limit.DropHeaders(h)); diff != "" {
		t.Error(diff)
	}
}
