package limit

import (
	"slices"
	"time"

	"github.com/gatehouse-ai/gatehouse/wire"
)

// AppendHeaders appends the fields of OpenAI's API that say how a client stands:
// X-Ratelimit-Limit-Requests, -Remaining-Requests, -Reset-Requests, and the same
// of tokens. A limit that there is not has no fields.
//
// The values are written behind scratch, which is returned with them: they are
// valid until its space is used again. With room for 128 bytes in scratch and six
// fields in dst nothing is allocated.
func AppendHeaders(dst wire.Header, v View, scratch []byte) (wire.Header, []byte) {
	for m, s := range [metrics]Standing{v.Requests, v.Tokens} {
		if s.Limit == 0 {
			continue
		}
		start := len(scratch)
		scratch = appendDecimal(scratch, s.Limit)
		dst = append(dst, wire.Field{Name: table[m].limitField, Value: wire.View(scratch[start:])})
		start = len(scratch)
		scratch = appendDecimal(scratch, s.Remaining)
		dst = append(dst, wire.Field{Name: table[m].leftField, Value: wire.View(scratch[start:])})
		start = len(scratch)
		scratch = appendDuration(scratch, roundUp(s.Reset))
		dst = append(dst, wire.Field{Name: table[m].resets, Value: wire.View(scratch[start:])})
	}
	return dst, scratch
}

// HasHeaders tells whether h has fields that say how somebody stands.
func HasHeaders(h wire.Header) bool { return slices.ContainsFunc(h, told) }

// DropHeaders takes such fields out of h, in place.
func DropHeaders(h wire.Header) wire.Header { return slices.DeleteFunc(h, told) }

func told(f wire.Field) bool { return wire.HasPrefixFold(f.Name, "x-ratelimit-") }

// appendDecimal appends a number that is not negative, in place: six of them are
// on every answer, and strconv.AppendInt writes elsewhere first and then copies.
func appendDecimal(b []byte, n int64) []byte {
	digits := 1
	for m := n; m >= 10; m /= 10 {
		digits++
	}
	start := len(b)
	const most = "0000000000000000000" // of an int64
	b = append(b, most[:digits]...)
	for i := len(b) - 1; i >= start; i-- {
		b[i] = byte('0' + n%10)
		n /= 10
	}
	return b
}

// appendDuration appends a duration in whole milliseconds that is not negative,
// as Duration.String writes it: 12ms, 1.5s, 6m0s.
func appendDuration(b []byte, d time.Duration) []byte {
	ms := int64(d / time.Millisecond)
	if 0 < ms && ms < 1000 {
		return append(appendDecimal(b, ms), "ms"...)
	}
	s := ms / 1000
	if s >= 3600 {
		b = append(appendDecimal(b, s/3600), 'h')
	}
	if s >= 60 {
		b = append(appendDecimal(b, s/60%60), 'm')
	}
	b = appendDecimal(b, s%60)
	if rest := ms % 1000; rest != 0 {
		b = append(b, '.', byte('0'+rest/100))
		if rest %= 100; rest != 0 {
			b = append(b, byte('0'+rest/10))
			if rest %= 10; rest != 0 {
				b = append(b, byte('0'+rest))
			}
		}
	}
	return append(b, 's')
}
