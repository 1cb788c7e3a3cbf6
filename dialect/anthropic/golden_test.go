package anthropic_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	sdk "github.com/anthropics/anthropic-sdk-go"
	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-ai/gatehouse/dialect"
	"github.com/gatehouse-ai/gatehouse/dialect/anthropic"
	"github.com/gatehouse-ai/gatehouse/op"
	"github.com/gatehouse-ai/gatehouse/wire"
)

var update = flag.Bool("update", false, "write the golden files")

// inputs calls f for each input of a kind of golden pairs.
func inputs(t testing.TB, kind, suffix string, f func(name string, in []byte)) {
	t.Helper()
	files, err := filepath.Glob("testdata/" + kind + "/*.in." + suffix)
	if err != nil || len(files) == 0 {
		t.Fatalf("no inputs: %v", err)
	}
	for _, file := range files {
		in, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		f(strings.TrimSuffix(filepath.Base(file), ".in."+suffix), in)
	}
}

// golden compares got with a golden file, or writes it.
func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

func indent(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := json.Indent(&out, b, "", " "); err != nil {
		t.Fatalf("%v in %s", err, b)
	}
	return append(out.Bytes(), '\n')
}

// call is the call that a body makes.
func call(body []byte) dialect.Call {
	var r struct {
		Model   string
		Stream  bool
		Options struct {
			Usage bool `json:"include_usage"`
		} `json:"stream_options"`
	}
	_ = json.Unmarshal(body, &r) // fuzzed bodies may be anything
	return dialect.Call{Op: op.ChatCompletion, Body: body, Model: r.Model, Stream: r.Stream, IncludeUsage: r.Options.Usage, ID: "42", Created: 1700000000}
}

// value decodes JSON for comparison.
func value(t testing.TB, b []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatalf("%v in %s", err, b)
	}
	return v
}

// Requests are what the golden files say, and Anthropic's own SDK reads every
// field of them.
func TestRequests(t *testing.T) {
	inputs(t, "request", "json", func(name string, in []byte) {
		t.Run(name, func(t *testing.T) {
			r, _, err := anthropic.New(anthropic.Options{}).Translate("", call(in))
			if err != nil {
				t.Fatal(err)
			}
			golden(t, "testdata/request/"+name+".out.json", indent(t, r.Body))
			if r.Path != "/v1/messages" || r.Header.Get("anthropic-version") != "2023-06-01" {
				t.Errorf("path %s, header %v", r.Path, r.Header)
			}
			sameInSDK(t, r.Body)
		})
	})
}

// sameInSDK decodes a request into the SDK's type and back.
func sameInSDK(t testing.TB, body []byte) {
	t.Helper()
	var p sdk.MessageNewParams
	if err := json.Unmarshal(body, &p); err != nil {
		t.Fatalf("the SDK cannot read the request: %v\n%s", err, body)
	}
	back, err := json.Marshal(p)
	if err != nil {
		t.Fatalf("the SDK cannot write the request: %v\n%s", err, body)
	}
	want := value(t, body).(map[string]any)
	delete(want, "stream") // in the SDK another method, not a field
	if diff := cmp.Diff(want, value(t, back)); diff != "" {
		t.Errorf("the SDK reads something else (-sent +read):\n%s", diff)
	}
}

func TestWholeAnswers(t *testing.T) {
	inputs(t, "answer", "json", func(name string, in []byte) {
		t.Run(name, func(t *testing.T) {
			out, err := answer(t, `{"model":"m","messages":[{"role":"user","content":"x"}]}`).Whole(in)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, "testdata/answer/"+name+".out.json", indent(t, out))
		})
	})
}

// answer returns what translates the answer to a request.
func answer(t testing.TB, body string) dialect.Answer {
	t.Helper()
	_, a, err := anthropic.New(anthropic.Options{}).Translate("", call([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

const streamed = `{"model":"m","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"x"}]}`

// feed gives a stream to an answer in pieces of n bytes and returns the chunks.
func feed(a dialect.Answer, stream []byte, n int) (chunks [][]byte, err error) {
	var events wire.Events
	emit := func(data []byte) error {
		chunks = append(chunks, bytes.Clone(data))
		return nil
	}
	for len(stream) > 0 {
		piece := bytes.Clone(stream[:min(n, len(stream))])
		stream = stream[len(piece):]
		if err := events.Feed(piece, func(e wire.Event) error { return a.Event(e, emit) }); err != nil {
			return chunks, err
		}
		for i := range piece { // what was handed on may not be kept
			piece[i] = '#'
		}
	}
	return chunks, a.End(emit)
}

// Streams are what the golden files say, wherever the network cuts them.
func TestStreams(t *testing.T) {
	inputs(t, "stream", "sse", func(name string, in []byte) {
		t.Run(name, func(t *testing.T) {
			for _, n := range []int{1, 2, 3, 7, 64, 1 << 20} {
				stream := in
				if n == 7 {
					stream = bytes.ReplaceAll(in, []byte("\n"), []byte("\r\n"))
				}
				chunks, err := feed(answer(t, streamed), stream, n)
				if err != nil {
					t.Fatalf("pieces of %d: %v", n, err)
				}
				for _, c := range chunks {
					value(t, c)
				}
				golden(t, "testdata/stream/"+name+".out.sse", append(bytes.Join(chunks, []byte("\n")), '\n'))
			}
		})
	})
}
