package openai

import "github.com/gatehouse-ai/gatehouse/fakellm/answer"

// TokenLogprob is a token with its log probability.
type TokenLogprob struct {
	Token   string         `json:"token"`
	Logprob float64        `json:"logprob"`
	Bytes   []int          `json:"bytes"`
	Top     []TokenLogprob `json:"top_logprobs,omitempty"`
}

// Logprobs is a list of them.
type Logprobs struct {
	Content []TokenLogprob `json:"content"`
}

// Likely returns the log probabilities of tokens, with the top most probable
// ones in the place of each.
func Likely(tokens []string, top int) *Logprobs {
	out := &Logprobs{Content: []TokenLogprob{}}
	for _, token := range tokens {
		t := oneLogprob(token, 0)
		for i := range top {
			t.Top = append(t.Top, oneLogprob(token, i))
		}
		out.Content = append(out.Content, t)
	}
	return out
}

func oneLogprob(token string, i int) TokenLogprob {
	token, p := answer.Alternative(token, i)
	t := TokenLogprob{Token: token, Logprob: p, Bytes: []int{}}
	for _, c := range []byte(token) {
		t.Bytes = append(t.Bytes, int(c))
	}
	return t
}

// textLogprobs is the older form, of completions.
type textLogprobs struct {
	Offset   []int                `json:"text_offset"`
	Logprobs []float64            `json:"token_logprobs"`
	Tokens   []string             `json:"tokens"`
	Top      []map[string]float64 `json:"top_logprobs"`
}

func likelyText(tokens []string, offset, top int) *textLogprobs {
	out := &textLogprobs{Offset: []int{}, Logprobs: []float64{}, Tokens: []string{}, Top: []map[string]float64{}}
	for _, token := range tokens {
		out.Offset = append(out.Offset, offset)
		offset += len(token)
		out.Tokens = append(out.Tokens, token)
		out.Logprobs = append(out.Logprobs, answer.Logprob(token))
		best := map[string]float64{}
		for i := range max(top, 1) {
			t, p := answer.Alternative(token, i)
			best[t] = p
		}
		out.Top = append(out.Top, best)
	}
	return out
}
