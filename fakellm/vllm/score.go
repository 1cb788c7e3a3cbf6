package vllm

import (
	"encoding/json"
	"slices"

	"github.com/gatehouse-ai/gatehouse/fakellm/answer"
	"github.com/gatehouse-ai/gatehouse/fakellm/openai"
	"github.com/gatehouse-ai/gatehouse/fakellm/turn"
)

// texts is a text or a list of texts; a text may be an object that has one.
type texts []string

// UnmarshalJSON reads one or several.
func (t *texts) UnmarshalJSON(b []byte) error {
	if b[0] != '[' {
		b = slices.Concat([]byte("["), b, []byte("]"))
	}
	var list []json.RawMessage
	if err := json.Unmarshal(b, &list); err != nil {
		return err
	}
	*t = texts{}
	for _, raw := range list {
		var text string
		if raw[0] != '"' {
			var o struct{ Text *string }
			if err := json.Unmarshal(raw, &o); err != nil {
				return err
			}
			if o.Text == nil {
				return turn.Errorf(400, "A text must be a string or an object with a text.")
			}
			text = *o.Text
		} else if err := json.Unmarshal(raw, &text); err != nil {
			return err
		}
		*t = append(*t, text)
	}
	return nil
}

func rerank(r *turn.Request) (*turn.Reply, error) {
	var c struct {
		openai.Modelled
		Query     texts `json:"query"`
		Documents texts `json:"documents"`
		TopN      int   `json:"top_n"`
	}
	if err := flavour.Read(r, &c); err != nil {
		return nil, err
	}
	if len(c.Query) != 1 || len(c.Documents) == 0 {
		return nil, turn.Invalid("documents", "A query and documents are needed.")
	}
	type result struct {
		Index    int               `json:"index"`
		Document map[string]string `json:"document"`
		Score    float64           `json:"relevance_score"`
	}
	var results []result
	for i, doc := range c.Documents {
		results = append(results, result{i, map[string]string{"text": doc}, answer.Score(c.Query[0], doc)})
	}
	slices.SortStableFunc(results, func(a, b result) int {
		if a.Score > b.Score {
			return -1
		}
		if a.Score < b.Score {
			return 1
		}
		return 0
	})
	if c.TopN > 0 && c.TopN < len(results) {
		results = results[:c.TopN]
	}
	n := openai.CountAll(c.Documents) + len(c.Documents)*answer.Count(c.Query[0])
	body := map[string]any{"id": "rerank-" + r.ID, "model": c.Model, "results": results}
	if told := r.Says.Count(answer.Usage{Input: n}); told != nil {
		body["usage"] = map[string]int{"prompt_tokens": told.Input, "total_tokens": told.Input + told.Output}
	}
	return turn.JSON(200, body).Count(n, 0), nil
}

func score(r *turn.Request) (*turn.Reply, error) {
	var c struct {
		openai.Modelled
		Queries   texts `json:"queries"`
		Documents texts `json:"documents"`
		Items     texts `json:"items"`
		Text1     texts `json:"text_1"`
		Text2     texts `json:"text_2"`
		Data1     texts `json:"data_1"`
		Data2     texts `json:"data_2"`
	}
	if err := flavour.Read(r, &c); err != nil {
		return nil, err
	}
	left := slices.Concat(c.Queries, c.Text1, c.Data1)
	right := slices.Concat(c.Documents, c.Items, c.Text2, c.Data2)
	if len(left) == 0 || len(right) == 0 {
		return nil, turn.Invalid("documents", "queries and documents are needed.")
	}
	if len(left) == 1 {
		left = slices.Repeat(left, len(right))
	}
	if len(left) != len(right) {
		return nil, turn.Invalid("documents", "Input lengths must be either 1:1, 1:N or N:N, got %d:%d.", len(left), len(right))
	}
	data := []any{}
	for i := range left {
		data = append(data, map[string]any{"object": "score", "index": i, "score": answer.Score(left[i], right[i])})
	}
	return flavour.Listed(r, "score-", c.Model, slices.Concat(left, right), data), nil
}

func classify(r *turn.Request) (*turn.Reply, error) {
	var c struct {
		openai.Modelled
		Input json.RawMessage `json:"input"`
	}
	if err := flavour.Read(r, &c); err != nil {
		return nil, err
	}
	list, err := openai.Inputs(r.Words, "input", c.Input)
	if err != nil {
		return nil, err
	}
	data := []any{}
	for i, text := range list {
		label, probs := answer.Classify(text)
		data = append(data, map[string]any{"index": i, "label": label, "probs": probs, "num_classes": len(probs)})
	}
	return flavour.Listed(r, "classify-", c.Model, list, data), nil
}

func moderate(r *turn.Request) (*turn.Reply, error) {
	var c struct {
		openai.Modelled
		Input json.RawMessage `json:"input"`
	}
	if err := flavour.Read(r, &c); err != nil {
		return nil, err
	}
	list, err := openai.Inputs(r.Words, "input", c.Input)
	if err != nil { // parts of a text, which are judged together
		var parts openai.Content
		if json.Unmarshal(c.Input, &parts) != nil || !parts.Set {
			return nil, err
		}
		list = []string{parts.Text}
	}
	results := []any{}
	for _, text := range list {
		results = append(results, judgement(text))
	}
	return turn.JSON(200, map[string]any{"id": "modr-" + r.ID, "model": c.Model, "results": results}), nil
}

// judgement finds a text harmful in the categories that it names.
func judgement(text string) map[string]any {
	is, scores, kinds, flagged := map[string]bool{}, map[string]float64{}, map[string][]string{}, false
	for _, category := range []string{
		"harassment", "harassment/threatening", "hate", "hate/threatening", "illicit", "illicit/violent",
		"self-harm", "self-harm/instructions", "self-harm/intent", "sexual", "sexual/minors",
		"violence", "violence/graphic",
	} {
		is[category] = answer.Harmful(text, category)
		scores[category] = 0.001
		if is[category] {
			scores[category], flagged = 0.999, true
		}
		kinds[category] = []string{"text"}
	}
	return map[string]any{
		"flagged": flagged, "categories": is, "category_scores": scores, "category_applied_input_types": kinds,
	}
}
