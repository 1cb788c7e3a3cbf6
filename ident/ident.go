package ident

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
)

// New returns prefix and 128 random bits in hexadecimal digits, such as
// req_5f0c….
func New(prefix string) string {
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:8], rand.Uint64())
	binary.LittleEndian.PutUint64(b[8:], rand.Uint64())
	return prefix + hex.EncodeToString(b[:])
}
