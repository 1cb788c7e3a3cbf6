package openai

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math"

	"github.com/gatehouse-ai/gatehouse/fakellm/answer"
	"github.com/gatehouse-ai/gatehouse/fakellm/turn"
)

type embedRequest struct {
	Modelled
	Input      json.RawMessage `json:"input"`
	Encoding   string          `json:"encoding_format"`
	Dimensions *int            `json:"dimensions"`
}

// vectors returns the texts of the input and their vectors, in the encoding
// that was asked for.
func (e *embedRequest) vectors(r *turn.Request) (texts []string, vectors []any, err error) {
	if texts, err = Inputs(r.Words, "input", e.Input); err != nil {
		return nil, nil, err
	}
	dims := 0
	if e.Dimensions != nil {
		if dims = *e.Dimensions; dims < 1 || dims > r.Size {
			return nil, nil, turn.Invalid("dimensions", "dimensions must be from 1 to %d, got %d.", r.Size, dims)
		}
	}
	for _, text := range texts {
		v := answer.Vector(text, r.Size, dims, true)
		switch e.Encoding {
		case "", "float":
			vectors = append(vectors, v)
		case "base64":
			vectors = append(vectors, base64.StdEncoding.EncodeToString(littleEndian(v)))
		default:
			return nil, nil, turn.Invalid("encoding_format", "encoding_format must be float or base64, got %q.", e.Encoding)
		}
	}
	return texts, vectors, nil
}

func littleEndian(v []float32) []byte {
	b := make([]byte, 0, 4*len(v))
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return b
}

func (f Flavour) embed(r *turn.Request) (*turn.Reply, error) {
	return f.List(r, "embd-", func(i int, vector any) any {
		return map[string]any{"object": "embedding", "index": i, "embedding": vector}
	})
}

// List answers a request for embeddings with an item for each vector.
func (f Flavour) List(r *turn.Request, prefix string, item func(int, any) any) (*turn.Reply, error) {
	var e embedRequest
	if err := f.Read(r, &e); err != nil {
		return nil, err
	}
	texts, vectors, err := e.vectors(r)
	if err != nil {
		return nil, err
	}
	data := []any{}
	for i, v := range vectors {
		data = append(data, item(i, v))
	}
	return f.Listed(r, prefix, e.Model, texts, data), nil
}

// Listed returns a list with the usage of its texts.
func (f Flavour) Listed(r *turn.Request, prefix, model string, texts []string, data []any) *turn.Reply {
	body := map[string]any{"object": "list", "data": data, "model": model}
	if f == VLLM {
		body["id"], body["created"] = prefix+r.ID, r.Now.Unix()
	}
	told := r.Says.Count(answer.Usage{Input: CountAll(texts)})
	if told != nil {
		body["usage"] = Tell(told)
	}
	in, out := Counts(told)
	return turn.JSON(200, body).Count(in, out)
}

// CountAll returns how many tokens the texts have.
func CountAll(texts []string) int {
	n := 0
	for _, text := range texts {
		n += answer.Count(text)
	}
	return n
}
