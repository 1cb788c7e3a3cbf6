package tinymodel_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-ai/gatehouse/test/engines/tinymodel"
)

// file is a GGUF file as a reader sees it.
type file struct {
	fields  map[string]any
	dims    map[string][]uint64
	weights map[string][]float32
}

// reader reads GGUF on its own account: it shares no code with the encoder.
type reader struct {
	t   *testing.T
	all []byte
	at  int
}

func (r *reader) bytes(n int) []byte {
	r.t.Helper()
	if n < 0 || r.at+n > len(r.all) {
		r.t.Fatalf("%d bytes were wanted at %d of %d", n, r.at, len(r.all))
	}
	r.at += n
	return r.all[r.at-n : r.at]
}

func (r *reader) u32() uint32 { return binary.LittleEndian.Uint32(r.bytes(4)) }
func (r *reader) u64() uint64 { return binary.LittleEndian.Uint64(r.bytes(8)) }
func (r *reader) text() string {
	return string(r.bytes(int(r.u64())))
}

func (r *reader) value(kind uint32) any {
	switch kind {
	case 4:
		return r.u32()
	case 5:
		return int32(r.u32())
	case 6:
		return math.Float32frombits(r.u32())
	case 7:
		return r.bytes(1)[0] == 1
	case 8:
		return r.text()
	case 9:
		element, list := r.u32(), []any{}
		for range r.u64() {
			list = append(list, r.value(element))
		}
		return list
	}
	r.t.Fatalf("metadata of the unknown kind %d", kind)
	return nil
}

// parse reads a whole file and checks that each tensor lies where it says.
func parse(t *testing.T, all []byte) file {
	t.Helper()
	r := &reader{t: t, all: all}
	if magic, version := string(r.bytes(4)), r.u32(); magic != "GGUF" || version != 3 {
		t.Fatalf("the file begins with %q, version %d; want GGUF, version 3", magic, version)
	}
	f := file{map[string]any{}, map[string][]uint64{}, map[string][]float32{}}
	tensors, fields := r.u64(), r.u64()
	for range fields {
		key := r.text()
		f.fields[key] = r.value(r.u32())
	}
	type place struct {
		name string
		n    uint64
		off  uint64
	}
	var places []place
	for range tensors {
		p := place{name: r.text(), n: 1}
		for range r.u32() {
			d := r.u64()
			f.dims[p.name] = append(f.dims[p.name], d)
			p.n *= d
		}
		if kind := r.u32(); kind != 0 {
			t.Errorf("%s is of kind %d, want 32-bit floats", p.name, kind)
		}
		p.off = r.u64()
		places = append(places, p)
	}
	r.bytes((32 - r.at%32) % 32)
	base := r.at
	for _, p := range places {
		if p.off%32 != 0 {
			t.Errorf("%s begins at %d, which is not aligned", p.name, p.off)
		}
		r.at = base + int(p.off)
		for range p.n {
			f.weights[p.name] = append(f.weights[p.name], math.Float32frombits(r.u32()))
		}
	}
	if rest := len(all) - r.at; rest >= 32 {
		t.Errorf("%d bytes follow the last tensor", rest)
	}
	return f
}

func encoded(t *testing.T) file {
	t.Helper()
	var b bytes.Buffer
	if err := tinymodel.New().Encode(&b, 1234); err != nil {
		t.Fatal(err)
	}
	return parse(t, b.Bytes())
}

func TestHeader(t *testing.T) {
	f := encoded(t)
	vocabulary := uint64(len(f.fields["tokenizer.ggml.tokens"].([]any)))
	for key, want := range map[string]any{
		"general.architecture":         "llama",
		"llama.context_length":         uint32(1234),
		"llama.embedding_length":       uint32(tinymodel.EmbeddingLength),
		"llama.vocab_size":             uint32(vocabulary),
		"tokenizer.ggml.bos_token_id":  uint32(1),
		"tokenizer.ggml.eos_token_id":  uint32(2),
		"tokenizer.ggml.add_bos_token": true,
	} {
		if f.fields[key] != want {
			t.Errorf("%s is %v, want %v", key, f.fields[key], want)
		}
	}
	for _, key := range []string{"tokenizer.ggml.scores", "tokenizer.ggml.token_type"} {
		if n := len(f.fields[key].([]any)); uint64(n) != vocabulary {
			t.Errorf("%s has %d entries for %d tokens", key, n, vocabulary)
		}
	}
	if !strings.Contains(f.fields["tokenizer.chat_template"].(string), "<|assistant|>") {
		t.Error("the chat template does not open the assistant's turn")
	}
	const e = tinymodel.EmbeddingLength
	want := map[string][]uint64{
		"token_embd.weight": {e, vocabulary}, "output_norm.weight": {e}, "output.weight": {e, vocabulary},
		"blk.0.attn_q.weight": {e, e}, "blk.0.attn_k.weight": {e, e}, "blk.0.attn_v.weight": {e, e},
		"blk.0.attn_output.weight": {e, e}, "blk.0.attn_norm.weight": {e}, "blk.0.ffn_norm.weight": {e},
		"blk.0.ffn_gate.weight": {e, 64}, "blk.0.ffn_up.weight": {e, 64}, "blk.0.ffn_down.weight": {64, e},
	}
	if diff := cmp.Diff(want, f.dims); diff != "" {
		t.Errorf("tensors (-want +got):\n%s", diff)
	}
}

// TestAnswers follows the table of the output matrix from a start to the end,
// as an engine does at temperature 0.
func TestAnswers(t *testing.T) {
	f := encoded(t)
	tokens := f.fields["tokenizer.ggml.tokens"].([]any)
	out := f.weights["output.weight"]
	follow := func(token int) int {
		best := 0
		for by := range tokens {
			if out[by*tinymodel.EmbeddingLength+token] > out[best*tinymodel.EmbeddingLength+token] {
				best = by
			}
		}
		return best
	}
	for _, test := range []struct {
		start, want string
		n           int
	}{
		{"<|assistant|>", tinymodel.Sentence, tinymodel.SentenceTokens},
		{"x", tinymodel.Sentence, tinymodel.SentenceTokens},
		{"<|tools|>", fmt.Sprintf(`<tool_call>{"name": %q, "arguments": %s}</tool_call>`, tinymodel.ToolName, tinymodel.ToolArguments), tinymodel.ToolTokens},
	} {
		token, ok := tinymodel.New().Token(test.start)
		if !ok {
			t.Fatalf("there is no token %q", test.start)
		}
		var said strings.Builder
		n := 0
		for token = follow(token); token != 2 && n < 100; token = follow(token) {
			said.WriteString(tokens[token].(string))
			n++
		}
		if got := strings.ReplaceAll(said.String(), "▁", " "); got != test.want || n+1 != test.n {
			t.Errorf("after %s: %q in %d tokens, want %q in %d", test.start, got, n+1, test.want, test.n)
		}
	}
}

func TestLayersPutOutNothing(t *testing.T) {
	f := encoded(t)
	for _, name := range []string{"blk.0.attn_output.weight", "blk.0.ffn_down.weight"} {
		for i, w := range f.weights[name] {
			if w != 0 {
				t.Fatalf("%s has %g at %d: the table would be disturbed", name, w, i)
			}
		}
	}
	for i, w := range f.weights["token_embd.weight"] {
		row, column := i/tinymodel.EmbeddingLength, i%tinymodel.EmbeddingLength
		if want := row == column; (w == 1) != want || (w == 0) == want {
			t.Fatalf("the embedding of token %d has %g at %d", row, w, column)
		}
	}
}

func TestToken(t *testing.T) {
	m := tinymodel.New()
	if id, ok := m.Token("<s>"); !ok || id != 1 {
		t.Errorf("<s> is token %d, %t", id, ok)
	}
	if _, ok := m.Token(" Hello"); !ok {
		t.Error("a space in front is not understood")
	}
	if id, ok := m.Token("nonsense"); ok {
		t.Errorf("nonsense is token %d", id)
	}
}

func TestEncodeSaysWhatWentWrong(t *testing.T) {
	_, w := io.Pipe()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := tinymodel.New().Encode(w, tinymodel.DefaultContext); err == nil {
		t.Error("writing to a closed pipe gave no error")
	}
}
