package vllm

import (
	"strings"

	"github.com/gatehouse-ai/gatehouse/fakellm/answer"
	"github.com/gatehouse-ai/gatehouse/fakellm/openai"
	"github.com/gatehouse-ai/gatehouse/fakellm/turn"
)

func tokenize(r *turn.Request) (*turn.Reply, error) {
	var c struct {
		openai.Modelled
		Prompt   *string          `json:"prompt"`
		Messages []openai.Message `json:"messages"`
		Strings  bool             `json:"return_token_strs"`
	}
	if err := flavour.Read(r, &c); err != nil {
		return nil, err
	}
	var text string
	switch {
	case c.Prompt != nil:
		text = *c.Prompt
	default:
		messages, err := openai.Converse(c.Messages)
		if err != nil {
			return nil, err
		}
		var words []string
		for _, m := range messages {
			words = append(words, m.Text)
		}
		text = strings.Join(words, " ")
	}
	ids := r.Words.Encode(text)
	var words []string
	if c.Strings {
		words = answer.Split(text)
	}
	return turn.JSON(200, map[string]any{
		"count": len(ids), "max_model_len": r.Context, "tokens": ids, "token_strs": words,
	}), nil
}

func detokenize(r *turn.Request) (*turn.Reply, error) {
	var c struct {
		openai.Modelled
		Tokens []int `json:"tokens"`
	}
	if err := flavour.Read(r, &c); err != nil {
		return nil, err
	}
	if c.Tokens == nil {
		return nil, turn.Invalid("tokens", "tokens is missing.")
	}
	return turn.JSON(200, map[string]any{"prompt": r.Words.Decode(c.Tokens)}), nil
}
