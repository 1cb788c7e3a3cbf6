package exam

import (
	"fmt"
	"strconv"
)

// Filler returns n bytes of text in which every place is different: the middle
// of every answer.
func Filler(n int) []byte {
	b := make([]byte, 0, n+8)
	for i := 0; len(b) < n; i++ {
		b = fmt.Appendf(b, "%07d ", i)
	}
	return b[:n]
}

// AppendText appends the text of n bytes that answers a chat. The filler must
// be at least as long.
func AppendText(dst []byte, a *Ask, filler []byte, n int) []byte {
	n = max(n, 2*idLen+2)
	dst = append(dst, a.First[:]...)
	dst = append(dst, ' ')
	dst = append(dst, filler[:n-2*idLen-2]...)
	dst = append(dst, ' ')
	return append(dst, a.Last[:]...)
}

// ChunkLen is how long the text of one chunk is.
const ChunkLen = idLen + 8

// AppendChunk appends the text of chunk i of a stream. Even chunks have the id
// from the beginning of the prompt, odd ones that from its end.
func AppendChunk(dst []byte, a *Ask, i int) []byte {
	if i%2 == 0 {
		dst = append(dst, a.First[:]...)
	} else {
		dst = append(dst, a.Last[:]...)
	}
	dst = append(dst, ':')
	for d := 100_000; d > 0; d /= 10 {
		dst = append(dst, byte('0'+i/d%10))
	}
	return append(dst, ' ')
}

// floatLen is the length of every float: a sign or a blank digit is avoided by
// having a digit before the point.
const floatLen = 9

// Vectors returns the text of n embeddings of dim floats each, without the
// brackets. Floats are of one length, so that the first of the first vector and
// the last of the last can be overwritten with MarkFloat.
func Vectors(n, dim int) [][]byte {
	out := make([][]byte, n)
	for i := range out {
		b := make([]byte, 0, dim*(floatLen+1))
		for j := range dim {
			if j > 0 {
				b = append(b, ',')
			}
			b = appendFloat(b, uint64(i*dim+j)*2654435761%9_999_991)
		}
		out[i] = b
	}
	return out
}

// appendFloat appends 0.ddddddd.
func appendFloat(b []byte, n uint64) []byte {
	b = append(b, '0', '.')
	for d := uint64(1_000_000); d > 0; d /= 10 {
		b = append(b, byte('0'+n/d%10))
	}
	return b
}

// AppendMark appends the float that stands for an id.
func AppendMark(b []byte, id [idLen]byte) []byte {
	n := uint64(3)
	for _, c := range id {
		n = (n*31 + uint64(c)) % 9_999_991
	}
	return appendFloat(b, n)
}

// MarkLen is the length of what AppendMark appends.
const MarkLen = floatLen

// near tells whether two floats are the same but for a round trip through 32 bits.
func near(got, want []byte) bool {
	if len(got) > 40 {
		return false
	}
	g, err := strconv.ParseFloat(string(got), 64)
	if err != nil {
		return false
	}
	w, err := strconv.ParseFloat(string(want), 64)
	d := g - w
	return err == nil && max(d, -d) <= 6.5e-8*max(w, -w) // half a unit of 24 bits is 6e-8
}
