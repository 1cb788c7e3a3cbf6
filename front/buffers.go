package front

import "math/bits"

// Sizes of buffers: powers of four from the smallest to the largest.
const (
	smallest = 2 << 10
	classes  = 6 // 2 K, 8 K, 32 K, 128 K, 512 K, 2 M
	largest  = smallest << (2 * (classes - 1))
	// perClass bounds what is kept of each class, in bytes.
	perClass = 4 << 20
	// counted is the size from which a buffer counts against the memory that
	// all requests share; smaller ones are bounded by the number of connections.
	counted = 32 << 10
)

// buffers are the buffers that the requests of one worker borrow.
type buffers struct {
	free [classes][][]byte
}

// class is the index of the smallest class that holds n bytes.
func class(n int) int {
	if n <= smallest {
		return 0
	}
	return (bits.Len(uint(n-1)) - bits.Len(smallest-1) + 1) / 2
}

// take returns an empty buffer of a capacity of n bytes or more. n is at most
// largest.
func (b *buffers) take(n int) []byte {
	k := class(n)
	if last := len(b.free[k]) - 1; last >= 0 {
		out := b.free[k][last]
		b.free[k][last] = nil
		b.free[k] = b.free[k][:last]
		return out
	}
	return make([]byte, 0, smallest<<(2*k))
}

// give takes back a buffer of take.
func (b *buffers) give(p []byte) {
	k := class(cap(p))
	if len(b.free[k])*cap(p) < perClass {
		b.free[k] = append(b.free[k], p[:0])
	}
}
