package meter_test

import (
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/meter"
)

func TestFromBody(t *testing.T) {
	for _, c := range []struct {
		name, body string
		want       meter.Usage
		ok         bool
	}{
		{
			"chat", `{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4,"total_tokens":13,"prompt_tokens_details":{"cached_tokens":5,"audio_tokens":1},"completion_tokens_details":{"reasoning_tokens":2,"audio_tokens":3}}}`,
			meter.Usage{Input: 9, Output: 4, CachedInput: 5, AudioInput: 1, Reasoning: 2, AudioOutput: 3, Known: true},
			true,
		},
		{
			"responses", `{"type":"response.completed","response":{"usage":{"input_tokens":7,"input_tokens_details":{"cached_tokens":1,"cache_write_tokens":2},"output_tokens":3,"output_tokens_details":{"reasoning_tokens":1},"total_tokens":10}}}`,
			meter.Usage{Input: 7, Output: 3, CachedInput: 1, CacheWrite: 2, Reasoning: 1, Known: true},
			true,
		},
		{
			"messages", `{"type":"message","usage":{"input_tokens":10,"cache_read_input_tokens":100,"cache_creation_input_tokens":20,"output_tokens":5}}`,
			meter.Usage{Input: 130, Output: 5, CachedInput: 100, CacheWrite: 20, Known: true},
			true,
		},
		{"embeddings", `{"data":[],"usage" : {"prompt_tokens": 8, "total_tokens": 8}}`, meter.Usage{Input: 8, Known: true}, true},
		{"rerank", `{"results":[],"usage":{"total_tokens":56}}`, meter.Usage{Input: 56, Known: true}, true},
		{"null", `{"choices":[],"usage":null}`, meter.Usage{}, false},
		{"none", `{"choices":[]}`, meter.Usage{}, false},
		{"in text", `{"content":"say \"usage\":{\"prompt_tokens\":99}"}`, meter.Usage{}, false},
		{"in text after the real one", `{"usage":{"prompt_tokens":1},"content":"\"usage\":{\"prompt_tokens\":99}"}`, meter.Usage{Input: 1, Known: true}, true},
		{"null after the real one", `{"usage":{"prompt_tokens":1},"x":{"usage":null}}`, meter.Usage{Input: 1, Known: true}, true},
		{"cut", `{"usage":{"prompt_tokens":1`, meter.Usage{}, false},
		{"braces in a text", `{"usage":{"x":"}","prompt_tokens":12,"y":"{"}}`, meter.Usage{Input: 12, Known: true}, true},
		{"many objects", `{"usage":{"a":{},"b":{},"c":{},"d":{},"e":{},"f":{},"g":{},"h":{},"i":{"j":{}},"prompt_tokens":12}}`, meter.Usage{Input: 12, Known: true}, true},
		{"not UTF-8", "{\"usage\":{\"prompt_tokens\":12,\"x\":\"\xff\"}}", meter.Usage{Input: 12, Known: true}, true},
		{"float", `{"usage":{"prompt_tokens":12.0}}`, meter.Usage{Input: 12, Known: true}, true},
	} {
		got, ok := meter.FromBody([]byte(c.body))
		if got != c.want || ok != c.ok {
			t.Errorf("%s: got %+v %v, want %+v %v", c.name, got, ok, c.want, c.ok)
		}
	}
}

func TestFromEventMerges(t *testing.T) {
	u := meter.FromEvent([]byte(`{"type":"message_start","message":{"usage":{"input_tokens":10,"cache_read_input_tokens":2,"output_tokens":1}}}`), meter.Usage{})
	u = meter.FromEvent([]byte(`{"type":"content_block_delta","delta":{"text":"hi"}}`), u)
	u = meter.FromEvent([]byte(`{"type":"message_delta","usage":{"output_tokens":42}}`), u)
	if want := (meter.Usage{Input: 12, CachedInput: 2, Output: 42, Known: true}); u != want {
		t.Errorf("got %+v, want %+v", u, want)
	}
}

func TestClamp(t *testing.T) {
	got, changed := meter.Usage{Input: -5, Output: 1 << 40, Reasoning: 1 << 41, CachedInput: 3}.Clamp()
	if want := (meter.Usage{Output: meter.Limit, Reasoning: meter.Limit}); got != want || !changed {
		t.Errorf("got %+v %v, want %+v", got, changed, want)
	}
	if u := (meter.Usage{Input: 5, CachedInput: 5, Output: 3, Known: true}); func() bool { _, c := u.Clamp(); return c }() {
		t.Error("a sound usage was changed")
	}
}

func TestTail(t *testing.T) {
	body := `{"data":[` + strings.Repeat("0.123456,", 100_000) + `0],"usage":{"prompt_tokens":8,"total_tokens":8}}`
	for _, size := range []int{1000, 4096, 100_000, len(body)} {
		var tail meter.Tail
		for p := []byte(body); len(p) > 0; {
			n := min(size, len(p))
			tail.Write(p[:n])
			p = p[n:]
		}
		if u, ok := tail.Usage(); !ok || u.Input != 8 {
			t.Errorf("in pieces of %d: %+v %v", size, u, ok)
		}
	}
}

func TestReadingDoesNotAllocate(t *testing.T) {
	body := []byte(`{"choices":[{"message":{"content":"hi"}}],"usage":{"prompt_tokens":9,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":5}}}`)
	if n := testing.AllocsPerRun(100, func() { meter.FromBody(body) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// The last key is found wherever it stands, and whatever looks like it.
func TestTheLastUsageCounts(t *testing.T) {
	const u = `"usage":{"prompt_tokens":7}`
	for _, around := range []string{"", "g", `"usa`, `ge"`, `"usage`, `usage"`, `"usage"`, `"usage":1`, `"gggg"`, `\"usage\":{}`, "aaaaaaaaaaaa"} {
		for _, body := range []string{u + around, around + u, around + u + around, `"usage":{"prompt_tokens":1}` + around + u} {
			if got, ok := meter.FromBody([]byte(body)); !ok || got.Input != 7 {
				t.Errorf("%s: %+v %v", body, got, ok)
			}
		}
		if got, ok := meter.FromBody([]byte(around)); ok {
			t.Errorf("%s: %+v", around, got)
		}
	}
}

func FuzzFromBody(f *testing.F) {
	f.Add([]byte(`{"usage":{"prompt_tokens":9,"completion_tokens":-4}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		u, ok := meter.FromBody(b)
		c, _ := u.Clamp()
		if c.Input < 0 || c.Output < 0 || c.CachedInput > c.Input || !ok && u.Known {
			t.Errorf("%q: %+v %v", b, u, ok)
		}
	})
}

func BenchmarkFromBody(b *testing.B) {
	body := []byte(`{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"` + strings.Repeat("word ", 60) + `"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":60,"total_tokens":69}}`)
	b.ReportAllocs()
	for b.Loop() {
		meter.FromBody(body)
	}
}
