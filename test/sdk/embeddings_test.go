package sdk_test

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/packages/param"

	"github.com/gatehouse-ai/gatehouse/fakellm"
	"github.com/gatehouse-ai/gatehouse/fakellm/answer"
)

// eachEmbedder runs a test for each dialect that embeds.
func eachEmbedder(t *testing.T, f func(t *testing.T, w *world, d fakellm.Dialect)) {
	t.Helper()
	w := newWorld(t).start()
	for _, d := range []fakellm.Dialect{fakellm.OpenAI, fakellm.Ollama, fakellm.TEI} {
		t.Run(string(d), func(t *testing.T) { f(t, w, d) })
	}
}

// vectors returns the vectors of an answer in either encoding.
func vectors(t *testing.T, res *openai.CreateEmbeddingResponse) [][]float32 {
	t.Helper()
	var out [][]float32
	for i, e := range res.Data {
		if e.Index != int64(i) || e.Object != "embedding" {
			t.Errorf("vector %d has the index %d", i, e.Index)
		}
		raw := []byte(e.JSON.Embedding.Raw())
		var text string
		var v []float32
		if json.Unmarshal(raw, &text) == nil {
			b, err := base64.StdEncoding.DecodeString(text)
			if err != nil || len(b)%4 != 0 {
				t.Fatalf("%d bytes, %v", len(b), err)
			}
			for ; len(b) > 0; b = b[4:] {
				v = append(v, math.Float32frombits(binary.LittleEndian.Uint32(b)))
			}
		} else if err := json.Unmarshal(raw, &v); err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
	return out
}

func TestEmbeddings(t *testing.T) {
	texts := []string{"a", "b c", "ü\n\"quoted\""}
	eachEmbedder(t, func(t *testing.T, w *world, d fakellm.Dialect) {
		c := w.openAI(t)
		for _, encoding := range []openai.EmbeddingNewParamsEncodingFormat{"", "float", "base64"} {
			for _, dims := range []int{0, 3} {
				p := openai.EmbeddingNewParams{
					Model: model(d), EncodingFormat: encoding,
					Input: openai.EmbeddingNewParamsInputUnion{OfArrayOfStrings: texts},
				}
				if dims > 0 {
					p.Dimensions = param.NewOpt(int64(dims))
				}
				res, err := c.Embeddings.New(within(t), p)
				if err != nil {
					t.Fatalf("encoding %q, %d dimensions: %v", encoding, dims, err)
				}
				var want [][]float32
				for _, text := range texts {
					want = append(want, answer.Vector(text, size, dims, true))
				}
				if diff := cmp.Diff(want, vectors(t, res)); diff != "" {
					t.Errorf("encoding %q, %d dimensions (-want +got):\n%s", encoding, dims, diff)
				}
				used := int64(5)
				if d == fakellm.TEI {
					used = 0 // its body does not tell
				}
				if u := res.Usage; u.PromptTokens != used || u.TotalTokens != used {
					t.Errorf("the usage is %s", u.RawJSON())
				}
			}
		}
	})
}

func TestEmbeddingOfOneText(t *testing.T) {
	eachEmbedder(t, func(t *testing.T, w *world, d fakellm.Dialect) {
		c := w.openAI(t)
		res, err := c.Embeddings.New(within(t), openai.EmbeddingNewParams{
			Model: model(d), Input: openai.EmbeddingNewParamsInputUnion{OfString: param.NewOpt("one text")},
		})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([][]float32{answer.Vector("one text", size, 0, true)}, vectors(t, res)); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	})
}

func TestEmbeddingErrors(t *testing.T) {
	eachEmbedder(t, func(t *testing.T, w *world, d fakellm.Dialect) {
		c := w.openAI(t)
		_, err := c.Embeddings.New(within(t), openai.EmbeddingNewParams{
			Model: model(d), EncodingFormat: "hex", Input: openai.EmbeddingNewParamsInputUnion{OfString: param.NewOpt("x")},
		})
		if e := failure(t, err); e.StatusCode != 400 || e.Param != "encoding_format" {
			t.Errorf("%d %s", e.StatusCode, e.RawJSON())
		}
		w.engines[model(d)].Queue(fakellm.Script{Refuse: &fakellm.Refusal{Status: 413, Message: "too many texts"}})
		_, err = c.Embeddings.New(within(t), openai.EmbeddingNewParams{
			Model: model(d), Input: openai.EmbeddingNewParamsInputUnion{OfString: param.NewOpt("x")},
		})
		if e := failure(t, err); e.StatusCode != 413 || e.Message != "too many texts" {
			t.Errorf("%d %s", e.StatusCode, e.RawJSON())
		}
	})
}
