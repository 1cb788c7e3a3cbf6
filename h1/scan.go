package h1

import (
	"encoding/binary"
	"math/bits"

	"github.com/gatehouse-ai/gatehouse/wire"
)

// Words of eight equal bytes. Bytes are looked at eight at a time: the sums
// below leave the high bit of a byte set where a comparison holds, and the
// lowest such bit is exact.
const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// Kinds of bytes, as bits of kinds.
const (
	inName  = 1 << iota // of a field's name in its plain form
	inToken             // of a field's name as RFC 9110 has it
	inPath              // of a path in its plain form
	inQuery             // of a query
	inHost              // of a host's name
)

// kinds tells what each byte may be part of.
var kinds = makeKinds()

func makeKinds() (t [256]uint8) {
	for c := range t {
		b := byte(c)
		letter := 'a' <= b|0x20 && b|0x20 <= 'z'
		if letter || '0' <= b && b <= '9' {
			t[c] |= inName | inToken | inPath | inHost
		}
		if 0x21 <= b && b <= 0x7e && b != '#' {
			t[c] |= inQuery
		}
	}
	each := func(s string, kind uint8) {
		for i := range len(s) {
			t[s[i]] |= kind
		}
	}
	each("-_", inName)
	each("!#$%&'*+-.^_`|~", inToken)
	each("/_.~-", inPath)
	each("._-", inHost)
	return t
}

// nameEnd returns the index of the first byte from i on that is no letter,
// digit, dash or underscore, or len(b).
func nameEnd(b []byte, i int) int {
	for i >= 0 && i+8 <= len(b) {
		x := binary.LittleEndian.Uint64(b[i:])
		high := x & highs
		x &^= highs
		lower := x | ones*0x20
		letter := (lower + ones*(0x80-'a')) &^ (lower + ones*(0x7f-'z'))
		digit := (x + ones*(0x80-'0')) &^ (x + ones*(0x7f-'9'))
		other := (x ^ ones*'-') + ones*0x7f // the high bit is clear at a dash
		other &= (x ^ ones*'_') + ones*0x7f
		if stop := (other&^(letter|digit) | high) & highs; stop != 0 {
			return i + bits.TrailingZeros64(stop)>>3
		}
		i += 8
	}
	for i < len(b) && kinds[b[i]]&inName != 0 {
		i++
	}
	return i
}

// valueEnd returns the index of the first byte from i on that a value cannot
// have, or len(b). Bytes under the mask high are among those: it is highs
// where a value must be ASCII, and 0 where it need not.
func valueEnd(b []byte, i int, high uint64) int {
	for i >= 0 && i+8 <= len(b) {
		x := binary.LittleEndian.Uint64(b[i:])
		del := x ^ ones*0x7f
		stop := (((x-ones*0x20)&^x | (del-ones)&^del) & highs) | x&high
		if stop == 0 {
			i += 8
			continue
		}
		i += bits.TrailingZeros64(stop) >> 3
		if b[i] != '\t' {
			return i
		}
		i++
	}
	for i < len(b) && (b[i] >= ' ' && b[i] != 0x7f && (b[i] < 0x80 || high == 0) || b[i] == '\t') {
		i++
	}
	return i
}

// class says what a codec has to do about a field.
type class uint8

const (
	plain class = iota
	host
	contentLength
	connection
	keepAlive
	transferEncoding
	trailer
	unusual // Expect, HTTP2-Settings, Pragma, Proxy-Connection, TE, Upgrade
)

// special has a bit for each length that a name with a class of its own has.
const special = 1<<2 | 1<<4 | 1<<6 | 1<<7 | 1<<10 | 1<<14 | 1<<16 | 1<<17

// classify returns the class of the field called name.
func classify(name string) class {
	if len(name) > 17 || special>>len(name)&1 == 0 {
		return plain
	}
	switch len(name)<<8 | int(name[0]|0x20) {
	case 2<<8 | 't':
		return oneOf(name, "TE", unusual)
	case 4<<8 | 'h':
		return oneOf(name, "Host", host)
	case 6<<8 | 'e':
		return oneOf(name, "Expect", unusual)
	case 6<<8 | 'p':
		return oneOf(name, "Pragma", unusual)
	case 7<<8 | 't':
		return oneOf(name, "Trailer", trailer)
	case 7<<8 | 'u':
		return oneOf(name, "Upgrade", unusual)
	case 10<<8 | 'c':
		return oneOf(name, "Connection", connection)
	case 10<<8 | 'k':
		return oneOf(name, "Keep-Alive", keepAlive)
	case 14<<8 | 'c':
		return oneOf(name, "Content-Length", contentLength)
	case 14<<8 | 'h':
		return oneOf(name, "HTTP2-Settings", unusual)
	case 16<<8 | 'p':
		return oneOf(name, "Proxy-Connection", unusual)
	case 17<<8 | 't':
		return oneOf(name, "Transfer-Encoding", transferEncoding)
	}
	return plain
}

func oneOf(name, want string, c class) class {
	if name == want || wire.EqualFold(name, want) {
		return c
	}
	return plain
}

// mark says where the parts of a field line are, counted from its first byte:
// 15 bits each for the end of the name, the start and the end of the value, and
// the size of the line with its CRLF; then its class. It is one word because it
// passes through memory for each line of each head.
type mark uint64

// maxLine is how many bytes a line that has a mark has at most.
const maxLine = 1<<15 - 1

func newMark(name, from, to, size int, c class) mark {
	return mark(name) | mark(from)<<15 | mark(to)<<30 | mark(size)<<45 | mark(c)<<60
}

func (m mark) name() int    { return int(m & maxLine) }
func (m mark) from() int    { return int(m >> 15 & maxLine) }
func (m mark) to() int      { return int(m >> 30 & maxLine) }
func (m mark) size() int    { return int(m >> 45 & maxLine) }
func (m mark) class() class { return class(m >> 60) }

// scanLine reads the field line at the start of b. Names and values are taken
// in their plain form where high is highs, and as RFC 9110 has them where it
// is 0. No line is longer than maxLine: the caller sees to that.
func scanLine(b []byte, high uint64) (m mark, v Verdict) {
	name := nameEnd(b, 0)
	if high == 0 {
		for name < len(b) && kinds[b[name]]&inToken != 0 {
			name++
		}
	}
	switch {
	case name == len(b):
		return m, Incomplete
	case name == 0 || b[name] != ':':
		return m, Odd
	}
	from := name + 1
	for from < len(b) && (b[from] == ' ' || b[from] == '\t') {
		from++
	}
	to := valueEnd(b, from, high)
	switch {
	case to == len(b):
		return m, Incomplete
	case b[to] != '\r':
		return m, Odd
	case to+1 == len(b):
		return m, Incomplete
	case b[to+1] != '\n':
		return m, Odd
	}
	size := to + 2
	for to > from && (b[to-1] == ' ' || b[to-1] == '\t') {
		to--
	}
	return newMark(name, from, to, size, classify(wire.View(b[:name]))), Complete
}

// number reads a Content-Length: 1 to 15 digits, and nothing else.
func number(s string) (n int64, ok bool) {
	if s == "" || len(s) > 15 {
		return 0, false
	}
	for i := range len(s) {
		c := s[i] - '0'
		if c > 9 {
			return 0, false
		}
		n = n*10 + int64(c)
	}
	return n, true
}
