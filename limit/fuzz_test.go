package limit_test

import (
	"encoding/binary"
	"math"
	"math/big"
	"testing"
	"time"

	"github.com/gatehouse-ai/gatehouse/limit"
)

// model is one limit in exact arithmetic.
type model struct {
	rate  limit.Rate
	level *big.Rat // taken and not flowed off
	slack *big.Rat // by how much the level may differ
	unit  *big.Rat
}

func ratio(a, b int64) *big.Rat { return big.NewRat(a, b) }

func newModel(r limit.Rate) *model {
	m := &model{rate: r, level: new(big.Rat), slack: new(big.Rat)}
	// What flows off in two nanoseconds, or the share of the burst that can be told.
	m.unit = new(big.Rat).Mul(ratio(2, 1), ratio(r.Amount, int64(r.Per)))
	if u := ratio(r.Burst, 1<<58); u.Cmp(m.unit) > 0 {
		m.unit = u
	}
	return m
}

func (m *model) pass(d time.Duration) {
	m.level.Sub(m.level, new(big.Rat).Mul(ratio(m.rate.Amount, int64(m.rate.Per)), ratio(int64(d), 1)))
	m.add(0)
}

func (m *model) add(n int64) {
	m.level.Add(m.level, ratio(n, 1))
	if m.level.Sign() < 0 {
		m.level.SetInt64(0)
	}
	m.slack.Add(m.slack, m.unit)
	m.slack.Add(m.slack, m.unit)
}

// room tells whether n certainly fit, and whether they certainly do not.
func (m *model) room(n int64) (yes, no bool) {
	need := new(big.Rat).Add(m.level, ratio(n, 1))
	burst := ratio(m.rate.Burst, 1)
	return new(big.Rat).Add(need, m.slack).Cmp(burst) <= 0, new(big.Rat).Sub(need, m.slack).Cmp(burst) > 0
}

// FuzzBucket holds a bucket of any numbers to exact arithmetic, over any course of
// reservations, settlements and releases.
func FuzzBucket(f *testing.F) {
	f.Add(int64(600), int64(time.Minute), int64(0), []byte("abcdefghijklmnopqrstuvwxyz0123456789"))
	f.Add(int64(100_000), int64(time.Minute), int64(7), []byte("zyxwvutsrqponmlkjihgfedcba9876543210"))
	f.Add(int64(math.MaxInt64), int64(1), int64(math.MaxInt64), []byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00\x00"))
	f.Add(int64(1), int64(math.MaxInt64), int64(math.MaxInt64), []byte("\x01\xff\xff\xff\xff\xff\xff\xff\xff"))
	f.Add(int64(math.MaxInt64), int64(time.Minute), int64(1), []byte("\x00\x00\x00\x00\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x00\x00\x00\x05"))
	f.Fuzz(func(t *testing.T, amount, per, burst int64, course []byte) {
		b := limit.New(limit.Spec{Tokens: limit.Rate{Amount: amount, Per: time.Duration(per), Burst: burst}}, start())
		r := b.Spec().Tokens
		if amount <= 0 {
			if !b.Reserve(start(), math.MaxInt64).OK {
				t.Fatal("no limit refuses")
			}
			return
		}
		if r.Per <= 0 || r.Burst <= 0 {
			t.Fatalf("%+v is not normal", r)
		}
		m, now := newModel(r), time.Duration(0)
		const step = 9
		for i := 0; len(course) >= step && i < 64; i, course = i+1, course[step:] {
			n := int64(binary.BigEndian.Uint64(course[1:])>>1) >> (course[0] >> 2)
			switch course[0] & 3 {
			case 0: // time passes, for 36 years in all
				d := min(time.Duration(n), 1<<60-now)
				now += d
				m.pass(d)
			case 1, 2:
				reserve(t, b, m, now, n)
			case 3:
				used := n % (r.Burst/2 + 1)
				b.Settle(at(now), n%1000, used)
				m.add(used - n%1000)
			}
			s := b.View(at(now)).Tokens
			if s.Remaining < 0 || s.Remaining > r.Burst || s.Reset < 0 || s.Limit != r.Amount {
				t.Fatalf("%+v of %+v", s, r)
			}
		}
	})
}

// reserve reserves n tokens and compares the answer with the model's.
func reserve(t *testing.T, b *limit.Bucket, m *model, now time.Duration, n int64) {
	t.Helper()
	before := b.View(at(now))
	yes, no := m.room(n)
	d := b.Reserve(at(now), n)
	if yes && !d.OK || no && d.OK {
		t.Fatalf("%d tokens of %+v at a level of %s: %+v", n, m.rate, m.level.FloatString(3), d)
	}
	if d.OK {
		m.add(n)
		return
	}
	if after := b.View(at(now)); after != before {
		t.Fatalf("a refusal has changed %+v to %+v", before, after)
	}
	if d.Never != (n > m.rate.Burst) {
		t.Fatalf("%d tokens of %+v: %+v", n, m.rate, d)
	}
	if d.Never {
		return
	}
	if d.RetryAfter <= 0 || d.RetryAfter > limit.MaxRetryAfter || d.Used < 0 {
		t.Fatalf("%+v", d)
	}
	// A later time shows whether the wait is right, and b stays as it is.
	later := at(now).Add(d.RetryAfter)
	if again := b.Reserve(later.Add(-1), n); again.OK {
		t.Fatalf("%s before the time to wait %d tokens were admitted", time.Duration(1), n)
	}
	if d.RetryAfter < limit.MaxRetryAfter {
		again := b.Reserve(later, n)
		if !again.OK {
			t.Fatalf("after %s: %+v", d.RetryAfter, again)
		}
		m.pass(d.RetryAfter) // the bucket is where the model goes
		m.add(n)
		m.pass(-d.RetryAfter)
	}
}
