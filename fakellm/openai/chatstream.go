package openai

import (
	"encoding/json"

	"github.com/gatehouse-ai/gatehouse/fakellm/answer"
	"github.com/gatehouse-ai/gatehouse/fakellm/turn"
)

type chunk struct {
	ID          string          `json:"id"`
	Object      string          `json:"object"`
	Created     int64           `json:"created"`
	Model       string          `json:"model"`
	Fingerprint *string         `json:"system_fingerprint,omitempty"`
	Choices     []chunkChoice   `json:"choices"`
	Usage       json.RawMessage `json:"usage,omitempty"` // null on all but the last, if it is asked for
}

type chunkChoice struct {
	Index    int       `json:"index"`
	Delta    delta     `json:"delta"`
	Logprobs *Logprobs `json:"logprobs"`
	Finish   *string   `json:"finish_reason"`
	Stopped  *string   `json:"stop_reason,omitempty"`
	tokens   int
}

type delta struct {
	Role      string     `json:"role,omitempty"`
	Content   *string    `json:"content,omitempty"`
	ToolCalls []toolCall `json:"tool_calls,omitempty"`
	*thinking
}

// chatStream renders an answer as chunks. Choices take turns.
func (f Flavour) chatStream(r *turn.Request, c *chatRequest, a answer.Answer) []turn.Frame {
	head := chunk{
		ID: "chatcmpl-" + r.ID, Object: "chat.completion.chunk", Created: r.Now.Unix(), Model: c.Model,
		Fingerprint: f.fingerprint(),
	}
	wants := c.Options != nil && c.Options.IncludeUsage && a.Usage != nil
	if wants {
		head.Usage = json.RawMessage("null")
	}
	var each [][]chunkChoice
	for i := range a.Choices {
		each = append(each, f.deltas(r, c, i, &a.Choices[i]))
	}
	var frames []turn.Frame
	for more, k := true, 0; more; k++ {
		more = false
		for i := range each {
			if k >= len(each[i]) {
				continue
			}
			more = true
			head.Choices = each[i][k : k+1]
			frames = append(frames, turn.Frame{Data: turn.Marshal(head), Tokens: each[i][k].tokens})
		}
	}
	if wants {
		head.Choices, head.Usage = []chunkChoice{}, turn.Marshal(Tell(a.Usage))
		frames = append(frames, turn.Frame{Data: turn.Marshal(head), Usage: true})
	}
	return append(frames, done())
}

// deltas renders one choice: its role, reasoning, text and calls, its end.
func (f Flavour) deltas(r *turn.Request, c *chatRequest, i int, choice *answer.Choice) []chunkChoice {
	var out []chunkChoice
	add := func(tokens int, x delta) {
		out = append(out, chunkChoice{Index: i, Delta: x, tokens: tokens})
	}
	empty := ""
	add(0, delta{Role: "assistant", Content: &empty})
	for _, token := range choice.Reasoning {
		add(1, delta{thinking: f.thinking(token)})
	}
	for _, token := range choice.Text {
		add(1, delta{Content: &token})
		if c.Logprobs {
			out[len(out)-1].Logprobs = Likely([]string{token}, c.Top)
		}
	}
	for n, call := range choice.Calls {
		add(0, delta{ToolCalls: []toolCall{{
			Index: &n, ID: CallID(r, i, n), Type: "function", Function: toolName{Name: call.Name},
		}}})
		for _, piece := range call.Pieces() {
			add(1, delta{ToolCalls: []toolCall{{Index: &n, Function: toolName{Arguments: piece}}}})
		}
	}
	add(0, delta{})
	end := &out[len(out)-1]
	end.Finish = &choice.Finish
	if choice.Stopped != "" {
		end.Stopped = &choice.Stopped
	}
	return out
}
