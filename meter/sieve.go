package meter

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// Sieve finds the few events of a stream that have more to say than a piece of
// text: an error, a usage, the end. Looking for these in all of every event costs
// more than anything else that is done with one, and most events differ from the
// one before in a word. So it keeps the last one of those, and looks at what is new.
// The zero value is ready for use.
type Sieve struct {
	last []byte // that had no marks but HasNull
	null Marks
	kept bool
	// As much as the last two events had in common at either end, or a little
	// less: as much is likely, and faster compared than counted.
	front, back int
}

// Marks are what an event has.
type Marks uint8

// The marks, by the name that stands in the event.
const (
	HasError  Marks = 1 << iota // "error"
	HasUsage                    // "usage", which is not null
	HasNull                     // "usage":null
	HasFinish                   // "finish_reason", which is not null
)

const (
	// context is how many bytes decide about a place in an event: a name, and
	// the null that follows it.
	context = len(`"finish_reason":null`)
	// maxKept is the longest event that is kept.
	maxKept = 8 << 10
)

// Reset forgets the stream and keeps the buffer.
func (v *Sieve) Reset() { *v = Sieve{last: v.last[:0]} }

// Trim forgets the stream, and drops a buffer that is larger than most bytes.
func (v *Sieve) Trim(most int) {
	if v.Reset(); cap(v.last) > most {
		v.last = nil
	}
}

// Look returns what the data of an event has. It may say that there is a null
// usage where only the event before had one.
func (v *Sieve) Look(data []byte) Marks {
	from, to, found := 0, len(data), Marks(0)
	if v.kept {
		// What begins in the part that both events begin with, and so far
		// before its end that all that decides lies in it, is as it was. So is
		// what begins in the part that both end with.
		same := v.prefix(data)
		from, found = max(0, same-context+1), v.null
		to -= v.suffix(data, same)
	}
	found |= search(data, from, to)
	if found&^HasNull == 0 && len(data) <= maxKept {
		v.last, v.null, v.kept = append(v.last[:0], data...), found, true
	}
	return found
}

// search returns the marks of what begins between from and to.
func search(data []byte, from, to int) (found Marks) {
	const few = 64 // bytes that are looked at faster one by one
	for i := from; i < to; i++ {
		if data[i] != '"' {
			if to-i < few {
				continue
			}
			n := bytes.IndexByte(data[i:to], '"')
			if n < 0 {
				break
			}
			i += n
		}
		found |= mark(data[i+1:])
	}
	return found
}

// mark returns the mark of what comes after a quote.
func mark(rest []byte) Marks {
	if len(rest) < len(`error"`) {
		return 0
	}
	switch {
	case rest[0] == 'e' && begins(rest, `error"`):
		return HasError
	case rest[0] == 'u' && begins(rest, `usage":null`):
		return HasNull
	case rest[0] == 'u' && begins(rest, `usage"`):
		return HasUsage
	case rest[0] == 'f' && begins(rest, `finish_reason"`) && !begins(rest, `finish_reason":null`):
		return HasFinish
	}
	return 0
}

func begins(b []byte, with string) bool { return len(b) >= len(with) && string(b[:len(with)]) == with }

// prefix returns how many bytes the data and the last event have in common at
// their beginning.
func (v *Sieve) prefix(data []byte) int {
	n := 0
	if likely := v.front; likely <= min(len(data), len(v.last)) && string(data[:likely]) == string(v.last[:likely]) {
		n = likely
	}
	n += prefix(data[n:], v.last[n:])
	v.front = max(0, n-slack)
	return n
}

// suffix is prefix for the end, where the first bytes do not count.
func (v *Sieve) suffix(data []byte, first int) int {
	a, b, n := data[first:], v.last[first:], 0
	if likely := v.back; likely <= min(len(a), len(b)) && string(a[len(a)-likely:]) == string(b[len(b)-likely:]) {
		n = likely
	}
	n += suffix(a[:len(a)-n], b[:len(b)-n])
	v.back = max(0, n-slack)
	return n
}

// slack is how much words that follow each other often have in common.
const slack = 8

// prefix returns how many bytes a and b have in common at their beginning.
func prefix(a, b []byte) int {
	n, i := min(len(a), len(b)), 0
	for ; i+8 <= n; i += 8 {
		if x := binary.LittleEndian.Uint64(a[i:]) ^ binary.LittleEndian.Uint64(b[i:]); x != 0 {
			return i + bits.TrailingZeros64(x)>>3
		}
	}
	for i < n && a[i] == b[i] {
		i++
	}
	return i
}

// suffix returns how many bytes a and b have in common at their end.
func suffix(a, b []byte) int {
	n, i := min(len(a), len(b)), 0
	a, b = a[len(a)-n:], b[len(b)-n:]
	for ; i+8 <= n; i += 8 {
		if x := binary.LittleEndian.Uint64(a[n-i-8:]) ^ binary.LittleEndian.Uint64(b[n-i-8:]); x != 0 {
			return i + bits.LeadingZeros64(x)>>3
		}
	}
	for i < n && a[n-i-1] == b[n-i-1] {
		i++
	}
	return i
}
