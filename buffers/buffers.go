package buffers

import "math/bits"

// Sizes of buffers: powers of four from the smallest to the Largest.
const (
	smallest = 2 << 10
	classes  = 6 // 2 K, 8 K, 32 K, 128 K, 512 K, 2 M
	Largest  = smallest << (2 * (classes - 1))
	// perClass bounds what is kept of each class, in bytes.
	perClass = 4 << 20
)

// Buffers are those that nobody has borrowed. The zero value has none. It must
// not be used by two goroutines at a time.
type Buffers struct {
	free [classes][][]byte
}

// class is the index of the smallest class that holds n bytes.
func class(n int) int {
	if n <= smallest {
		return 0
	}
	return (bits.Len(uint(n-1)) - bits.Len(smallest-1) + 1) / 2
}

// Take returns an empty buffer of a capacity of n bytes or more. n MUST be at
// most Largest.
func (b *Buffers) Take(n int) []byte {
	k := class(n)
	if last := len(b.free[k]) - 1; last >= 0 {
		out := b.free[k][last]
		b.free[k][last] = nil
		b.free[k] = b.free[k][:last]
		return out
	}
	return make([]byte, 0, smallest<<(2*k))
}

// Give takes back a buffer of Take, which must not be used after that.
func (b *Buffers) Give(p []byte) {
	k := class(cap(p))
	if len(b.free[k])*cap(p) < perClass {
		b.free[k] = append(b.free[k], p[:0])
	}
}
