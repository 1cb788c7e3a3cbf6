package meter

import (
	"bytes"

	"github.com/gatehouse-ai/gatehouse/wire"
)

// FromBody reads the usage out of a whole JSON answer, or the end of one: it
// takes the last member called usage whose value is an object. Text of a model
// cannot be mistaken for it, since the quotes of a string are escaped.
func FromBody(body []byte) (Usage, bool) {
	for end := len(body); ; {
		i := lastUsage(body[:end])
		if i < 0 {
			return Usage{}, false
		}
		if u, ok := parseAt(body, i); ok {
			return u, true
		}
		end = i
	}
}

// lastUsage returns where the last usage key of b starts, or -1. It looks for the
// letter of the key that is rarest in JSON.
func lastUsage(b []byte) int {
	const before, after = len(`"usa`), len(`ge"`)
	for end := len(b); ; {
		g := bytes.LastIndexByte(b[:end], 'g')
		if g < before {
			return -1
		}
		if g+after <= len(b) && string(b[g-before:g+after]) == `"usage"` {
			return g - before
		}
		end = g
	}
}

// FromEvent reads the usage out of one event of a stream and merges it into
// what earlier events said: counts of a later event replace those before.
func FromEvent(data []byte, before Usage) Usage {
	u, ok := FromBody(data)
	if !ok {
		return before
	}
	if before.Known { // Anthropic counts input at the start and output at the end
		if u.Input == 0 {
			u.Input, u.CachedInput, u.CacheWrite, u.AudioInput = before.Input, before.CachedInput, before.CacheWrite, before.AudioInput
		}
		if u.Output == 0 {
			u.Output, u.Reasoning, u.AudioOutput = before.Output, before.Reasoning, before.AudioOutput
		}
	}
	return u
}

// parseAt reads the usage object whose key starts at body[i].
func parseAt(body []byte, i int) (Usage, bool) {
	if i > 0 && body[i-1] == '\\' {
		return Usage{}, false
	}
	at := skipSpace(body, i+len(`"usage"`))
	if at >= len(body) || body[at] != ':' {
		return Usage{}, false
	}
	at = skipSpace(body, at+1)
	if at >= len(body) || body[at] != '{' {
		return Usage{}, false
	}
	if end := closing(body, at); end > 0 {
		if u, err := parse(body[at:end]); err == nil {
			return u, true
		}
	}
	end, err := wire.ValueEnd(body, at)
	if err != nil {
		return Usage{}, false
	}
	u, _ := parse(body[at:end])
	return u, true
}

// closing returns where the object that starts at b[at] ends if no text in it has
// a brace, which is so for any usage that has been seen; else it returns what is
// no end of an object, or -1.
func closing(b []byte, at int) int {
	end := at
	for closed := 1; closed <= 8; closed++ {
		n := bytes.IndexByte(b[end:], '}')
		if n < 0 {
			break
		}
		if end += n + 1; bytes.Count(b[at:end], brace) == closed {
			return end
		}
	}
	return -1
}

var brace = []byte("{")

// parse reads a usage object of any of the APIs. Its error says that the object
// is none.
func parse(object []byte) (Usage, error) {
	u := Usage{Known: true}
	var cacheRead, cacheCreation int64
	anthropic := false
	err := wire.Scan(object, func(m wire.Member) error {
		v := object[m.Start:m.End]
		n, _ := wire.Int(v)
		switch string(m.Key) {
		case "prompt_tokens", "input_tokens":
			u.Input = n
		case "completion_tokens", "output_tokens":
			u.Output = n
		case "cache_read_input_tokens":
			cacheRead, anthropic = n, true
		case "cache_creation_input_tokens":
			cacheCreation, anthropic = n, true
		case "prompt_tokens_details", "input_tokens_details":
			details(v, &u.CachedInput, &u.AudioInput, nil, &u.CacheWrite)
		case "completion_tokens_details", "output_tokens_details":
			details(v, nil, &u.AudioOutput, &u.Reasoning, nil)
		case "total_tokens":
			if u.Input == 0 && u.Output == 0 {
				u.Input = n // rerank and score report the total alone
			}
		}
		return nil
	})
	if anthropic { // input_tokens does not include what went through the cache
		u.Input += cacheRead + cacheCreation
		u.CachedInput, u.CacheWrite = cacheRead, cacheCreation
	}
	return u, err
}

func details(v []byte, cached, audio, reasoning, write *int64) {
	_ = wire.Scan(v, func(m wire.Member) error {
		var to *int64
		switch string(m.Key) {
		case "cached_tokens":
			to = cached
		case "cache_write_tokens":
			to = write
		case "audio_tokens":
			to = audio
		case "reasoning_tokens", "thinking_tokens":
			to = reasoning
		}
		if to != nil {
			*to, _ = wire.Int(v[m.Start:m.End])
		}
		return nil
	})
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// Tail keeps the last bytes of a body that passes by, for a usage at its end.
// The zero value is ready for use.
type Tail struct {
	buf []byte
}

// tailSize is enough for any usage object that has been seen, and small enough
// to hold for every request.
const tailSize = 8 << 10

// Reset forgets the body and keeps the buffer.
func (t *Tail) Reset() { t.buf = t.buf[:0] }

// Trim drops a buffer that is larger than most bytes.
func (t *Tail) Trim(most int) {
	if t.Reset(); cap(t.buf) > most {
		t.buf = nil
	}
}

// Write takes the next piece of the body.
func (t *Tail) Write(p []byte) {
	if len(p) >= tailSize {
		t.buf = append(t.buf[:0], p[len(p)-tailSize:]...)
		return
	}
	if len(t.buf)+len(p) > 2*tailSize {
		t.buf = t.buf[:copy(t.buf, t.buf[len(t.buf)-tailSize:])]
	}
	t.buf = append(t.buf, p...)
}

// Usage returns the usage in what was kept.
func (t *Tail) Usage() (Usage, bool) { return FromBody(t.buf) }
