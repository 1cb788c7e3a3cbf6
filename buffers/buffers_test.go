package buffers_test

import (
	"testing"

	"github.com/gatehouse-ai/gatehouse/buffers"
)

func TestTake(t *testing.T) {
	var b buffers.Buffers
	for _, c := range []struct{ n, want int }{
		{0, 2 << 10},
		{1, 2 << 10},
		{2 << 10, 2 << 10},
		{2<<10 + 1, 8 << 10},
		{8 << 10, 8 << 10},
		{8<<10 + 1, 32 << 10},
		{32 << 10, 32 << 10},
		{100 << 10, 128 << 10},
		{512<<10 + 1, buffers.Largest},
		{buffers.Largest, buffers.Largest},
	} {
		if p := b.Take(c.n); len(p) != 0 || cap(p) != c.want {
			t.Errorf("%d: got %d of %d bytes, want 0 of %d", c.n, len(p), cap(p), c.want)
		}
	}
}

func TestGiveKeepsForTheSameSize(t *testing.T) {
	var b buffers.Buffers
	p := append(b.Take(5000), "what was read"...)
	b.Give(p)
	if q := b.Take(2 << 10); cap(q) != 2<<10 {
		t.Errorf("a small buffer has %d bytes", cap(q))
	}
	q := b.Take(8 << 10)
	if len(q) != 0 || &q[:1][0] != &p[0] {
		t.Error("the buffer that was given back is not used again")
	}
	if r := b.Take(8 << 10); &r[:1][0] == &p[0] {
		t.Error("a buffer has been lent twice")
	}
}

func TestGiveIsBounded(t *testing.T) {
	var b buffers.Buffers
	given := map[*byte]bool{}
	var all [][]byte
	for range 8 {
		p := b.Take(buffers.Largest)
		given[&p[:1][0]] = true
		all = append(all, p)
	}
	for _, p := range all {
		b.Give(p)
	}
	kept := 0
	for range 8 {
		if p := b.Take(buffers.Largest); given[&p[:1][0]] {
			kept++
		}
	}
	if kept != 2 { // 4 MiB
		t.Errorf("%d of the largest buffers were kept, want 2", kept)
	}
}

func BenchmarkTakeGive(b *testing.B) {
	var free buffers.Buffers
	b.ReportAllocs()
	for b.Loop() {
		free.Give(free.Take(3000))
	}
}
