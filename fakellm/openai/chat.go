package openai

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/gatehouse-ai/gatehouse/fakellm/answer"
	"github.com/gatehouse-ai/gatehouse/fakellm/turn"
)

type streamOptions struct {
	IncludeUsage bool `json:"include_usage"`
}

type chatRequest struct {
	Modelled
	Messages  []Message      `json:"messages"`
	Stream    bool           `json:"stream"`
	Options   *streamOptions `json:"stream_options"`
	MaxTokens *int           `json:"max_tokens"`
	MaxNew    *int           `json:"max_completion_tokens"`
	N         *int           `json:"n"`
	Stop      stops          `json:"stop"`
	Tools     []struct {
		Type     string   `json:"type"`
		Function Function `json:"function"`
	} `json:"tools"`
	ToolChoice json.RawMessage `json:"tool_choice"`
	Parallel   *bool           `json:"parallel_tool_calls"`
	Format     *struct {
		Type   string `json:"type"`
		Schema struct {
			Schema json.RawMessage `json:"schema"`
		} `json:"json_schema"`
	} `json:"response_format"`
	Logprobs  bool   `json:"logprobs"`
	Top       int    `json:"top_logprobs"`
	Effort    string `json:"reasoning_effort"`
	Reasoning struct {
		Effort string `json:"effort"`
	} `json:"reasoning"`
	Template struct {
		Thinking bool `json:"enable_thinking"`
	} `json:"chat_template_kwargs"`
	IgnoreEOS bool `json:"ignore_eos"` // go on up to max_tokens
	MinTokens int  `json:"min_tokens"`
}

func (c *chatRequest) question(f Flavour, r *turn.Request) (*answer.Question, error) {
	messages, err := Converse(c.Messages)
	if err != nil {
		return nil, err
	}
	q := &answer.Question{
		Messages: messages, Stop: c.Stop, MinTokens: min(c.MinTokens, r.Context),
		OneCall: c.Parallel != nil && !*c.Parallel,
		Reason:  Thinks(c.Effort) || Thinks(c.Reasoning.Effort) || c.Template.Thinking,
	}
	for _, t := range c.Tools {
		if t.Type != "function" || t.Function.Name == "" {
			return nil, turn.Invalid("tools", "A tool must be a function with a name.")
		}
		q.Tools = append(q.Tools, answer.Tool{Name: t.Function.Name, Schema: t.Function.Parameters})
	}
	if f == Ollama && slices.ContainsFunc(c.Messages, func(m Message) bool { return m.Content.Remote }) {
		return nil, turn.Errorf(400, "invalid image input")
	}
	if f == VLLM {
		if err := Choose(q, c.ToolChoice); err != nil {
			return nil, err
		}
		if c.N != nil && (*c.N < 1 || *c.N > 128) {
			return nil, turn.Invalid("n", "n must be from 1 to 128, got %d.", *c.N)
		} else if c.N != nil {
			q.N = *c.N
		}
		if c.Options != nil && !c.Stream {
			return nil, turn.Invalid("stream_options", "Stream options can only be defined when `stream=True`.")
		}
	}
	if c.Top < 0 || c.Top > 20 || c.Top > 0 && !c.Logprobs {
		return nil, turn.Invalid("top_logprobs", "`top_logprobs` must be from 0 to 20, and needs `logprobs`.")
	}
	if f := c.Format; f != nil {
		switch f.Type {
		case "text":
		case "json_object":
			q.Format = answer.JSON
		case "json_schema":
			q.Format, q.Schema = answer.Schema, f.Schema.Schema
		default:
			return nil, turn.Invalid("response_format", "response_format.type is %q, which is not supported.", f.Type)
		}
	}
	most, param := c.MaxTokens, "max_tokens"
	if c.MaxNew != nil {
		most, param = c.MaxNew, "max_completion_tokens"
	}
	if err := Limit(r, q, param, most); err != nil {
		return nil, err
	}
	if c.IgnoreEOS && most != nil {
		q.MinTokens = q.MaxTokens
	}
	return q, nil
}

// Thinks tells whether an effort is one that reasons.
func Thinks(effort string) bool { return effort != "" && effort != "none" }

func (f Flavour) chat(r *turn.Request) (*turn.Reply, error) {
	var c chatRequest
	if err := f.Read(r, &c); err != nil {
		return nil, err
	}
	q, err := c.question(f, r)
	if err != nil {
		return nil, err
	}
	a := q.Answer(r.Says)
	in, out := Counts(a.Usage)
	if c.Stream {
		reply := turn.Stream(f.chatStream(r, &c, a)).Count(in, out)
		reply.Fail = f.Broken
		return reply, nil
	}
	body := chatBody{
		ID: "chatcmpl-" + r.ID, Object: "chat.completion", Created: r.Now.Unix(), Model: c.Model,
		Choices: []chatChoice{}, Fingerprint: f.fingerprint(), Usage: Tell(a.Usage),
	}
	for i, choice := range a.Choices {
		body.Choices = append(body.Choices, f.wholeChoice(r, &c, i, &choice))
	}
	return turn.JSON(200, body).Count(in, out), nil
}

func (f Flavour) fingerprint() *string {
	if f == Ollama {
		s := "fp_ollama"
		return &s
	}
	return nil
}

type chatBody struct {
	ID          string       `json:"id"`
	Object      string       `json:"object"`
	Created     int64        `json:"created"`
	Model       string       `json:"model"`
	Choices     []chatChoice `json:"choices"`
	Tier        *string      `json:"service_tier"`
	Fingerprint *string      `json:"system_fingerprint"`
	Usage       *Usage       `json:"usage,omitempty"`
	Logprobs    *int         `json:"prompt_logprobs"`
}

type chatChoice struct {
	Index    int         `json:"index"`
	Message  chatMessage `json:"message"`
	Logprobs *Logprobs   `json:"logprobs"`
	Finish   string      `json:"finish_reason"`
	Stopped  *string     `json:"stop_reason"`
}

type chatMessage struct {
	Role      string     `json:"role"`
	Content   *string    `json:"content"`
	Refusal   *string    `json:"refusal"`
	ToolCalls []toolCall `json:"tool_calls"`
	*thinking
}

// thinking is reasoning, under the name that the flavour gives it.
type thinking struct {
	Content   string `json:"reasoning_content,omitempty"`
	Reasoning string `json:"reasoning,omitempty"`
}

func (f Flavour) thinking(text string) *thinking {
	switch {
	case text == "":
		return nil
	case f == Ollama:
		return &thinking{Reasoning: text}
	}
	return &thinking{Content: text}
}

type toolCall struct {
	Index    *int     `json:"index,omitempty"`
	ID       string   `json:"id,omitempty"`
	Type     string   `json:"type,omitempty"`
	Function toolName `json:"function"`
}

type toolName struct {
	Name      string `json:"name,omitempty"`
	Arguments string `json:"arguments"`
}

// CallID is the ID of the n-th call of the i-th choice.
func CallID(r *turn.Request, i, n int) string { return "call_" + r.Child(16*i+n) }

func (f Flavour) wholeChoice(r *turn.Request, c *chatRequest, i int, choice *answer.Choice) chatChoice {
	out := chatChoice{Index: i, Finish: choice.Finish, Message: chatMessage{
		Role: "assistant", ToolCalls: []toolCall{}, thinking: f.thinking(strings.Join(choice.Reasoning, "")),
	}}
	for n, call := range choice.Calls {
		out.Message.ToolCalls = append(out.Message.ToolCalls, toolCall{
			ID: CallID(r, i, n), Type: "function", Function: toolName{call.Name, call.Arguments},
		})
	}
	if text := strings.Join(choice.Text, ""); text != "" || len(choice.Calls) == 0 {
		out.Message.Content = &text
	}
	if c.Logprobs {
		out.Logprobs = Likely(choice.Text, c.Top)
	}
	if choice.Stopped != "" {
		out.Stopped = &choice.Stopped
	}
	return out
}
