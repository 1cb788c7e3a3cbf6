package ident

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
)

// New returns prefix and 128 random bits in hexadecimal digits, such as
// req_5f0c….
func New(prefix string) string { return string(Append(nil, prefix)) }

// Append appends what New would return.
func Append(dst []byte, prefix string) []byte {
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:8], rand.Uint64())
	binary.LittleEndian.PutUint64(b[8:], rand.Uint64())
	return hex.AppendEncode(append(dst, prefix...), b[:])
}
