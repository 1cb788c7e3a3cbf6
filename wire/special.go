package wire

import (
	"encoding/binary"
	"math/bits"
)

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// special returns the index of the first byte of b that needs a look inside a
// JSON string, a backslash or a control character, or len(b). It reads eight
// bytes at a time: (x-ones*n)&^x&highs marks bytes below n, and a zero byte of
// x^pattern marks an equal one. Either may mark bytes above a true hit wrongly,
// never the lowest.
func special(b []byte) int {
	i := 0
	for ; len(b)-i >= 8; i += 8 {
		x := binary.LittleEndian.Uint64(b[i:])
		slash := x ^ ones*'\\'
		if m := ((slash-ones)&^slash | (x-ones*0x20)&^x) & highs; m != 0 {
			return i + bits.TrailingZeros64(m)>>3
		}
	}
	for ; i < len(b); i++ {
		if b[i] < 0x20 || b[i] == '\\' {
			break
		}
	}
	return i
}
