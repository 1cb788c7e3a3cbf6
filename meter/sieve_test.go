package meter

import (
	"bytes"
	"strings"
	"testing"
)

// plain finds the Marks of an event in the plainest way.
func plain(data string) (found Marks) {
	for i := range len(data) {
		at := func(name string) bool { return strings.HasPrefix(data[i:], name) }
		switch {
		case at(`"error"`):
			found |= HasError
		case at(`"usage":null`):
			found |= HasNull
		case at(`"usage"`):
			found |= HasUsage
		case at(`"finish_reason"`) && !at(`"finish_reason":null`):
			found |= HasFinish
		}
	}
	return found
}

// sift looks at events after each other.
func sift(t *testing.T, events ...string) {
	t.Helper()
	var v Sieve
	for i, e := range events {
		got, want := v.Look([]byte(e)), plain(e)
		if search([]byte(e), 0, len(e)) != want {
			t.Fatalf("%q has %b, want %b", e, search([]byte(e), 0, len(e)), want)
		}
		if got&^HasNull != want&^HasNull || got&HasNull < want&HasNull {
			t.Fatalf("event %d of %q: got %b, want %b", i, events, got, want)
		}
	}
}

func TestSieveSeesWhatIsNew(t *testing.T) {
	const calm = `{"id":"1","choices":[{"delta":{"content":"hi"},"finish_reason":null}],"usage":null}`
	loud := []string{
		`{"id":"1","choices":[{"delta":{"content":"hi"},"finish_reason":"stop"}],"usage":null}`,
		`{"id":"1","choices":[{"delta":{"content":"hi"},"finish_reason":nul}],"usage":null}`,
		`{"id":"1","choices":[{"delta":{"content":"hi"},"finish_reason": null}],"usage":null}`,
		`{"id":"1","choices":[{"delta":{"content":"hi"},"finish_reason":null}],"usage":{}}`,
		`{"id":"1","choices":[{"delta":{"content":"hi"},"finish_reason":null}],"usage" :null}`,
		`{"id":"1","choices":[{"delta":{"error":"hi"},"finish_reason":null}],"usage":null}`,
		`{"id":"1","error":[{"delta":{"content":"hi"},"finish_reason":null}],"usage":null}`,
		`{"id":"1","choices":[{"delta":{"content":"hi"},"finish_reason":null}],"usage":null,"error":1}`,
		`"error"{"id":"1","choices":[{"delta":{"content":"hi"},"finish_reason":null}],"usage":null}`,
		`"error"`, `"usage"`, `"finish_reason"`, `"usage":nul`, `"usage":null`, ``, `"`, `""`, `"e`,
	}
	for _, e := range loud {
		sift(t, calm, e, calm, e, e)
		sift(t, calm, calm, strings.Replace(calm, "hi", e, 1), calm)
	}
	for i := range calm { // an event that ends anywhere, and goes on otherwise
		for _, e := range loud {
			sift(t, calm, calm, calm[:i]+e, calm, e+calm[i:], calm[:i]+calm[i:], calm[i:])
		}
	}
	long := strings.Repeat("x", maxKept) + calm
	sift(t, long, strings.Replace(long, "choices", "error", 1), long)
}

// FuzzSieve takes events that differ from each other in one place, each line of
// the text being what stands there.
func FuzzSieve(f *testing.F) {
	f.Add(`{"delta":{"content":"`, `"},"finish_reason":null}],"usage":null}`, "a\nb\n\"error\nstop")
	f.Add(`{"finish_reason`, `:null}`, "\"\n\"\n \n\":\n")
	f.Add(`"usage":nul`, `l"usage`, "\nl\nl\n\"")
	f.Fuzz(func(t *testing.T, before, after, middles string) {
		var events []string
		for m := range strings.SplitSeq(middles, "\n") {
			events = append(events, before+m+after)
		}
		sift(t, events...)
	})
}

func BenchmarkSieve(b *testing.B) {
	var events [][]byte
	for word := range strings.FieldsSeq("It is a truth universally acknowledged that a single man in possession of a good fortune must be in want of a wife") {
		events = append(events, []byte(`{"id":"chatcmpl-123456789abcdef","object":"chat.completion.chunk","created":1800000000,"model":"up","choices":[{"index":0,"delta":{"content":" `+
			word+`"},"logprobs":null,"finish_reason":null}]}`))
	}
	b.Run("sieve", func(b *testing.B) {
		var v Sieve
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			v.Look(events[i%len(events)])
		}
	})
	b.Run("searches", func(b *testing.B) {
		names := [][]byte{[]byte(`"error"`), []byte(`"usage"`), []byte(`"finish_reason"`)}
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			e := events[i%len(events)]
			for _, name := range names {
				bytes.Contains(e, name)
			}
		}
	})
}
