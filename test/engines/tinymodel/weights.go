package tinymodel

import (
	"math"
	"math/rand/v2"
)

// tensor is one named array of weights.
type tensor struct {
	name string
	dims []uint64 // the innermost first
	data []float32
}

// tensors returns the weights of the model.
func (m *Model) tensors() []tensor {
	const e = EmbeddingLength
	vocabulary := uint64(len(m.tokens))
	noise := rand.New(rand.NewPCG(1, 1)) // weights that are multiplied by zero later on
	random := func(name string, dims ...uint64) tensor {
		t := newTensor(name, dims...)
		for i := range t.data {
			t.data[i] = float32(noise.NormFloat64() * 0.02)
		}
		return t
	}
	return []tensor{
		m.embedding(),
		ones("output_norm.weight", e),
		m.output(vocabulary),
		random("blk.0.attn_q.weight", e, e),
		random("blk.0.attn_k.weight", e, e),
		random("blk.0.attn_v.weight", e, e),
		newTensor("blk.0.attn_output.weight", e, e),
		ones("blk.0.attn_norm.weight", e),
		ones("blk.0.ffn_norm.weight", e),
		random("blk.0.ffn_gate.weight", e, forward),
		random("blk.0.ffn_up.weight", e, forward),
		newTensor("blk.0.ffn_down.weight", forward, e),
	}
}

// newTensor returns a tensor of zeros.
func newTensor(name string, dims ...uint64) tensor {
	n := uint64(1)
	for _, d := range dims {
		n *= d
	}
	return tensor{name, dims, make([]float32, n)}
}

func ones(name string, n uint64) tensor {
	t := newTensor(name, n)
	for i := range t.data {
		t.data[i] = 1
	}
	return t
}

// embedding gives each token a vector with a single one, at its own id.
func (m *Model) embedding() tensor {
	t := newTensor("token_embd.weight", EmbeddingLength, uint64(len(m.tokens)))
	for id := range m.tokens {
		t.data[id*EmbeddingLength+id] = 1
	}
	return t
}

// output is the table of logits. The norm before it multiplies a vector with a
// single one by the root of its length, which is divided out here.
func (m *Model) output(vocabulary uint64) tensor {
	t := newTensor("output.weight", EmbeddingLength, vocabulary)
	gain := float32(math.Sqrt(EmbeddingLength))
	for token := range m.tokens {
		for by := range m.tokens {
			t.data[by*EmbeddingLength+token] = m.logit(token, by) / gain
		}
	}
	return t
}
