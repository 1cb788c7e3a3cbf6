package tinymodel

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

// alignment is where tensors begin: at a multiple of it from the first.
const alignment = 32

// template is the chat template, in Jinja. llama.cpp learns from it how tool
// calls look in the model's output.
const template = `{%- for m in messages -%}` +
	`<|{{ 'user' if m.role == 'tool' else m.role }}|>` +
	`{%- if m.content -%}{{ m.content }}{%- endif -%}` +
	`{%- for c in m.tool_calls or [] -%}<tool_call>{"name": "{{ c.function.name }}", "arguments": {{ c.function.arguments | tojson }}}</tool_call>{%- endfor -%}` +
	`<|end|>` +
	`{%- endfor -%}` +
	`{%- if add_generation_prompt -%}` +
	`{%- if tools and messages[-1].role != 'tool' -%}<|tools|>{%- else -%}<|assistant|>{%- endif -%}` +
	`{%- endif -%}`

// field is one key of the file's metadata.
type field struct {
	key   string
	value any
}

// metadata returns what an engine must know beside the weights.
func (m *Model) metadata(context uint32) []field {
	return []field{
		{"general.architecture", "llama"},
		{"general.name", "tiny-markov"},
		{"general.file_type", uint32(0)},
		{"llama.block_count", uint32(1)},
		{"llama.context_length", context},
		{"llama.embedding_length", uint32(EmbeddingLength)},
		{"llama.feed_forward_length", uint32(forward)},
		{"llama.attention.head_count", uint32(heads)},
		{"llama.attention.head_count_kv", uint32(heads)},
		{"llama.attention.layer_norm_rms_epsilon", float32(1e-6)},
		{"llama.rope.dimension_count", uint32(EmbeddingLength / heads)},
		{"llama.rope.freq_base", float32(10000)},
		{"llama.vocab_size", uint32(len(m.tokens))},
		{"tokenizer.ggml.model", "llama"},
		{"tokenizer.ggml.pre", "default"},
		{"tokenizer.ggml.tokens", m.tokens},
		{"tokenizer.ggml.scores", m.scores},
		{"tokenizer.ggml.token_type", m.kinds},
		{"tokenizer.ggml.bos_token_id", uint32(idStart)},
		{"tokenizer.ggml.eos_token_id", uint32(idEnd)},
		{"tokenizer.ggml.unknown_token_id", uint32(idUnknown)},
		{"tokenizer.ggml.add_bos_token", true},
		{"tokenizer.ggml.add_eos_token", false},
		{"tokenizer.ggml.add_space_prefix", false},
		{"tokenizer.chat_template", template},
	}
}

// Encode writes the model as a GGUF file of version 3, with a context of that
// many tokens.
func (m *Model) Encode(w io.Writer, context uint32) error {
	if len(m.tokens) > EmbeddingLength {
		return fmt.Errorf("tinymodel: %d tokens do not fit into embeddings of %d", len(m.tokens), EmbeddingLength)
	}
	fields, tensors := m.metadata(context), m.tensors()
	var e encoder
	e.buf.WriteString("GGUF")
	e.number(uint32(3))
	e.number(uint64(len(tensors)))
	e.number(uint64(len(fields)))
	for _, f := range fields {
		e.text(f.key)
		e.value(f.value)
	}
	offset := 0
	for _, t := range tensors {
		e.text(t.name)
		e.number(uint32(len(t.dims)))
		for _, d := range t.dims {
			e.number(d)
		}
		e.number(uint32(0)) // 32-bit floats
		e.number(uint64(offset))
		offset = align(offset + 4*len(t.data))
	}
	e.pad()
	for _, t := range tensors {
		e.floats(t.data)
		e.pad()
	}
	if e.err != nil {
		return e.err
	}
	_, err := w.Write(e.buf.Bytes())
	return err
}

// align returns the first multiple of the alignment that is not below n.
func align(n int) int { return (n + alignment - 1) / alignment * alignment }

// encoder writes numbers and texts as GGUF has them, little-endian.
type encoder struct {
	buf bytes.Buffer
	err error
}

func (e *encoder) number(v any) {
	if err := binary.Write(&e.buf, binary.LittleEndian, v); err != nil && e.err == nil {
		e.err = fmt.Errorf("tinymodel: %w", err)
	}
}

func (e *encoder) text(s string) {
	e.number(uint64(len(s)))
	e.buf.WriteString(s)
}

func (e *encoder) floats(data []float32) {
	for _, f := range data {
		e.buf.Write(binary.LittleEndian.AppendUint32(nil, math.Float32bits(f)))
	}
}

// pad fills up to where the next tensor may begin.
func (e *encoder) pad() {
	e.buf.Write(make([]byte, align(e.buf.Len())-e.buf.Len()))
}

// value writes the number of a value's type, and the value.
func (e *encoder) value(v any) {
	kind := func(n uint32) { e.number(n) }
	array := func(element uint32, n int) {
		kind(9)
		kind(element)
		e.number(uint64(n))
	}
	switch v := v.(type) {
	case uint32:
		kind(4)
		e.number(v)
	case float32:
		kind(6)
		e.number(v)
	case bool:
		kind(7)
		e.number(v)
	case string:
		kind(8)
		e.text(v)
	case []string:
		array(8, len(v))
		for _, s := range v {
			e.text(s)
		}
	case []float32:
		array(6, len(v))
		e.number(v)
	case []int32:
		array(5, len(v))
		e.number(v)
	default:
		e.err = fmt.Errorf("tinymodel: metadata of type %T has no number in GGUF", v)
	}
}
