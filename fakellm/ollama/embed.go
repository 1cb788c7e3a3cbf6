package ollama

import (
	"encoding/json"

	"github.com/gatehouse-ai/gatehouse/fakellm/answer"
	"github.com/gatehouse-ai/gatehouse/fakellm/turn"
)

func embed(r *turn.Request) (*turn.Reply, error) {
	var c struct {
		Model      string          `json:"model"`
		Input      json.RawMessage `json:"input"`
		Truncate   *bool           `json:"truncate"`
		Dimensions int             `json:"dimensions"`
	}
	if err := r.Decode(&c); err != nil {
		return nil, err
	}
	if err := known(r, c.Model); err != nil {
		return nil, err
	}
	var texts []string
	var one string
	switch {
	case len(c.Input) == 0 || string(c.Input) == "null": // the model is loaded
	case json.Unmarshal(c.Input, &one) == nil:
		texts = []string{one}
	case json.Unmarshal(c.Input, &texts) != nil:
		return nil, turn.Errorf(400, "invalid input type")
	}
	vectors, n := [][]float32{}, 0
	for _, text := range texts {
		count := answer.Count(text)
		if count > r.Context {
			if c.Truncate != nil && !*c.Truncate {
				return nil, turn.Errorf(400, "the input length exceeds the context length")
			}
			count = r.Context
		}
		n += count
		vectors = append(vectors, answer.Vector(text, r.Size, c.Dimensions, true))
	}
	body := map[string]any{
		"model": c.Model, "embeddings": vectors, "total_duration": 1_000_000, "load_duration": 100_000,
	}
	if told := r.Says.Count(answer.Usage{Input: n}); told != nil {
		body["prompt_eval_count"] = told.Input
	}
	return reply(200, body).Count(n, 0), nil
}
