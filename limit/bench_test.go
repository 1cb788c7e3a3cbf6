package limit_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-ai/gatehouse/limit"
	"github.com/gatehouse-ai/gatehouse/wire"
)

// plenty is never used up within a benchmark.
func plenty(now time.Time) *limit.Bucket { return limit.New(spec(1<<34, 1<<34), now) }

func BenchmarkReserve(b *testing.B) {
	now := time.Now()
	bucket := plenty(now)
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(50)
		bucket.Reserve(now, 10)
	}
}

func BenchmarkReserveRefused(b *testing.B) {
	now := time.Now()
	bucket := limit.New(spec(1, 1), now)
	bucket.Settle(now, 0, 1<<40)
	b.ReportAllocs()
	for b.Loop() {
		bucket.Reserve(now, 1)
	}
}

func BenchmarkSettle(b *testing.B) {
	now := time.Now()
	bucket := plenty(now)
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(50)
		bucket.Settle(now, 10, 9)
	}
}

func BenchmarkViewAndHeaders(b *testing.B) {
	now := time.Now()
	bucket := limit.New(spec(600, 100_000), now)
	bucket.Reserve(now, 872)
	h, scratch := make(wire.Header, 0, 6), make([]byte, 0, 128)
	b.ReportAllocs()
	for b.Loop() {
		limit.AppendHeaders(h, bucket.View(now), scratch)
	}
}

// A whole request, of one key that all cores use.
func BenchmarkOneKeyParallel(b *testing.B) {
	bucket, epoch := plenty(time.Now()), time.Now()
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		now := epoch
		for p.Next() {
			now = now.Add(50)
			if bucket.Reserve(now, 10).OK {
				bucket.Settle(now, 10, 9)
			}
		}
	})
}

// A whole request, of a key for each core.
func BenchmarkKeysParallel(b *testing.B) {
	epoch := time.Now()
	buckets := make([]*limit.Bucket, 64)
	for i := range buckets {
		buckets[i] = plenty(epoch)
	}
	var next atomic.Int64
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		bucket, now := buckets[int(next.Add(1))%len(buckets)], epoch
		for p.Next() {
			now = now.Add(50)
			if bucket.Reserve(now, 10).OK {
				bucket.Settle(now, 10, 9)
			}
		}
	})
}
