package logline

import (
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/gatehouse-ai/gatehouse/record"
)

// Max is more than any line takes: every text is cut, and every byte of it
// becomes six at most.
const Max = 32 << 10

// Clock writes times. It remembers the last second, for that is nearly always
// the second of the next line as well.
type Clock struct {
	unix   int64
	zone   *time.Location
	second []byte // 2026-01-02T03:04:05
	offset []byte // Z, +02:00
}

// append appends a time as slog does in JSON: RFC 3339 with as many digits of
// the second as it needs.
func (c *Clock) append(b []byte, t time.Time) []byte {
	if unix, zone := t.Unix(), t.Location(); unix != c.unix || zone != c.zone || len(c.second) == 0 {
		c.unix, c.zone = unix, zone
		c.second = t.AppendFormat(c.second[:0], "2006-01-02T15:04:05")
		c.offset = t.AppendFormat(c.offset[:0], "Z07:00")
	}
	b = append(b, '"')
	b = append(b, c.second...)
	if ns := t.Nanosecond(); ns != 0 {
		b = appendFraction(b, uint32(ns), 9)
	}
	b = append(b, c.offset...)
	return append(b, '"')
}

// appendFraction appends a point and n as a fraction of so many digits, without
// the zeros at its end. n is not 0.
func appendFraction(b []byte, n uint32, digits int) []byte {
	for n%10 == 0 {
		n /= 10
		digits--
	}
	var d [10]byte
	d[0] = '.'
	for i := digits; i > 0; i-- {
		d[i] = '0' + byte(n%10)
		n /= 10
	}
	return append(b, d[:digits+1]...)
}

// Append appends the line of a request in JSON, byte for byte what slog's
// handler makes of it. The message is that of Message, which the caller makes
// before it takes a lock, for it may take long.
func Append(b []byte, c *Clock, r *record.Record, message string) []byte {
	end := End(r)
	b = append(b, '{')
	if !end.IsZero() {
		b = append(b, `"time":`...)
		b = c.append(b, end)
		b = append(b, ',')
	}
	b = append(b, `"level":"`...)
	b = append(b, Level(r).String()...)
	b = append(b, `","msg":"request"`...)
	b = appendText(b, `,"id":"`, r.ID)
	b = appendText(b, `,"client_id":"`, r.ClientID)
	b = appendText(b, `,"method":"`, r.Method)
	b = appendText(b, `,"path":"`, r.Path)
	b = appendText(b, `,"operation":"`, r.Operation)
	b = appendText(b, `,"key":"`, r.Key)
	b = appendText(b, `,"model":"`, r.Model)
	b = appendText(b, `,"route":"`, r.Route)
	b = appendText(b, `,"endpoint":"`, r.Endpoint)
	b = appendText(b, `,"upstream_model":"`, r.Upstream)
	b = appendTruth(b, `,"fallback":true`, r.Fallback)
	b = appendNumber(b, `,"status":`, int64(r.Status))
	b = appendText(b, `,"outcome":"`, string(r.Outcome))
	if r.Fault != nil {
		b = appendText(b, `,"fault":"`, r.Fault.Kind.String())
		b = append(b, `,"error":"`...)
		b = append(appendEscaped(b, message), '"')
	}
	b = appendMillis(b, `,"duration_ms":`, r.Duration)
	b = appendMillis(b, `,"first_ms":`, r.First)
	b = appendNumber(b, `,"attempts":`, int64(r.Attempts))
	b = appendNumber(b, `,"bytes_in":`, r.BytesIn)
	b = appendNumber(b, `,"bytes_out":`, r.BytesOut)
	b = appendNumber(b, `,"input_tokens":`, r.Usage.Input)
	b = appendNumber(b, `,"output_tokens":`, r.Usage.Output)
	b = appendNumber(b, `,"cached_tokens":`, r.Usage.CachedInput)
	b = appendTruth(b, `,"stream":true`, r.Stream)
	b = appendText(b, `,"remote":"`, r.Remote)
	if r.Generation != 0 {
		b = append(b, `,"generation":`...)
		b = strconv.AppendUint(b, r.Generation, 10)
	}
	return append(b, "}\n"...)
}

func appendText(b []byte, key, s string) []byte {
	if s == "" {
		return b
	}
	b = append(b, key...)
	if len(s) > maxText {
		s = Clip(s, maxText)
	}
	return append(appendEscaped(b, s), '"')
}

func appendNumber(b []byte, key string, n int64) []byte {
	if n == 0 {
		return b
	}
	return strconv.AppendInt(append(b, key...), n, 10)
}

func appendTruth(b []byte, text string, is bool) []byte {
	if !is {
		return b
	}
	return append(b, text...)
}

// appendMillis appends whole microseconds in milliseconds, as JSON writes the
// float64 next to them. A float64 tells all decimals of 15 digits apart, so for
// up to 31 years it is written as the decimal that it was made of.
func appendMillis(b []byte, key string, d time.Duration) []byte {
	if d == 0 {
		return b
	}
	b = append(b, key...)
	us := d.Microseconds()
	if us <= -1e15 || us >= 1e15 {
		return strconv.AppendFloat(b, float64(us)/1000, 'f', -1, 64)
	}
	if us < 0 {
		b = append(b, '-')
		us = -us
	}
	b = strconv.AppendInt(b, us/1000, 10)
	if part := us % 1000; part != 0 {
		b = appendFraction(b, uint32(part), 3)
	}
	return b
}

// plain tells of each byte whether it stands for itself in a string of JSON,
// whatever is around it.
var plain = func() (t [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}()

// appendEscaped appends what stands between the quotes of a string of JSON.
func appendEscaped(b []byte, s string) []byte {
	for i := range len(s) {
		if !plain[s[i]] {
			return appendOdd(append(b, s[:i]...), s[i:])
		}
	}
	return append(b, s...)
}

// appendOdd is appendEscaped for a text that has more than plain bytes.
func appendOdd(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			switch {
			case r == utf8.RuneError && size == 1:
				b = append(b, `\ufffd`...)
			case r == '\u2028' || r == '\u2029': // ends of lines to JavaScript
				b = append(b, `\u202`...)
				b = append(b, hex[r&0xf])
			default:
				b = append(b, s[i:i+size]...)
			}
			i += size
			continue
		}
		switch {
		case plain[c]:
			b = append(b, c)
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, `\n`...)
		case c == '\r':
			b = append(b, `\r`...)
		case c == '\t':
			b = append(b, `\t`...)
		default:
			b = append(b, `\u00`...)
			b = append(b, hex[c>>4], hex[c&0xf])
		}
		i++
	}
	return b
}
