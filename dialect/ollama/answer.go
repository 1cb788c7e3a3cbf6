package ollama

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/gatehouse-ai/gatehouse/dialect"
	"github.com/gatehouse-ai/gatehouse/dialect/chat"
	"github.com/gatehouse-ai/gatehouse/dialect/failure"
	"github.com/gatehouse-ai/gatehouse/meter"
	"github.com/gatehouse-ai/gatehouse/wire"
)

// chatReply is a whole answer of /api/chat, or one line of a streamed one.
type chatReply struct {
	Model   string `json:"model"`
	Message *struct {
		Content   string `json:"content"`
		Thinking  string `json:"thinking"`
		ToolCalls []struct {
			ID       string `json:"id"`
			Function struct {
				Name      string          `json:"name"`
				Arguments json.RawMessage `json:"arguments"`
			} `json:"function"`
		} `json:"tool_calls"`
	} `json:"message"`
	Done       bool         `json:"done"`
	DoneReason string       `json:"done_reason"`
	Logprobs   []logprob    `json:"logprobs"`
	Input      *json.Number `json:"prompt_eval_count"`
	Output     *json.Number `json:"eval_count"`
}

type logprob struct {
	Token   string    `json:"token"`
	Logprob float64   `json:"logprob"`
	Bytes   []int     `json:"bytes"`
	Top     []logprob `json:"top_logprobs"`
}

// answer translates the answer to a chat completion.
type answer struct {
	out   *chat.Writer
	calls int // tool calls so far
	done  bool
	usage meter.Usage
}

var _ dialect.Answer = (*answer)(nil)

// Framing is one JSON object a line.
func (a *answer) Framing() dialect.Framing { return dialect.NDJSON }

// Usage returns what has been counted so far.
func (a *answer) Usage() meter.Usage { return a.usage }

// Whole writes a chat completion.
func (a *answer) Whole(body []byte) ([]byte, error) {
	r, err := decodeReply(body)
	switch {
	case err != nil:
		return nil, err
	case r.Message == nil:
		return nil, errors.New("the answer has no message")
	case !r.Done:
		return nil, errors.New("the answer is not complete")
	}
	c := chat.Completion{Content: r.Message.Content, Reasoning: r.Message.Thinking, Logprobs: tokens(r.Logprobs)}
	for _, t := range r.Message.ToolCalls {
		arguments, err := argumentText(t.Function.Arguments)
		if err != nil {
			return nil, err
		}
		c.Calls = append(c.Calls, chat.Call{ID: t.ID, Name: t.Function.Name, Arguments: arguments})
	}
	a.finish(r)
	a.calls = len(c.Calls)
	c.Finish, c.Usage = a.reason(r), a.usage
	return a.out.Completion(c), nil
}

// Event writes the chunks for one line.
func (a *answer) Event(e wire.Event, emit dialect.Emit) error {
	if a.done || len(bytes.TrimSpace(e.Data)) == 0 {
		return nil
	}
	r, err := decodeReply(e.Data)
	if err != nil {
		return err
	}
	a.out.SetModel(r.Model)
	if r.Message != nil {
		d := chat.Delta{Content: r.Message.Content, Reasoning: r.Message.Thinking, Logprobs: tokens(r.Logprobs)}
		for _, t := range r.Message.ToolCalls {
			arguments, err := argumentText(t.Function.Arguments)
			if err != nil {
				return err
			}
			d.Calls = append(d.Calls, chat.CallDelta{Index: a.calls, ID: t.ID, Name: t.Function.Name, Arguments: arguments})
			a.calls++
		}
		if err := a.out.Delta(emit, d); err != nil {
			return err
		}
	}
	if !r.Done {
		return nil
	}
	a.finish(r)
	return a.out.End(emit, a.reason(r), a.usage)
}

// End tells whether the last line has come.
func (a *answer) End(dialect.Emit) error {
	if !a.done {
		return errors.New("the stream ended before its last line")
	}
	return nil
}

// decodeReply reads a reply, or the error that came in its place.
func decodeReply(body []byte) (*chatReply, error) {
	if failure.IsError(body) {
		return nil, failure.Read(200, body)
	}
	r := &chatReply{}
	if err := json.Unmarshal(body, r); err != nil {
		return nil, fmt.Errorf("answer of Ollama: %w", err)
	}
	return r, nil
}

// finish notes what the last line says.
func (a *answer) finish(r *chatReply) {
	a.done = true
	a.out.SetModel(r.Model)
	a.usage, _ = meter.Usage{Input: count(r.Input), Output: count(r.Output), Known: true}.Clamp()
}

// count reads a count, which is absent where it is 0: a prompt that was in the
// engine's cache, or an answer of nothing.
func count(n *json.Number) int64 {
	if n == nil {
		return 0
	}
	i, err := n.Int64()
	if err != nil {
		return 0
	}
	return i
}

// reason says why the model stopped.
func (a *answer) reason(r *chatReply) chat.Finish {
	switch {
	case r.DoneReason == "length":
		return chat.FinishLength
	case a.calls > 0:
		return chat.FinishToolCalls
	}
	return chat.FinishStop
}

// argumentText turns the arguments of a call, an object, into the text of it.
func argumentText(raw json.RawMessage) (string, error) {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || string(raw) == "null" {
		return "{}", nil
	}
	if raw[0] == '"' {
		s, err := wire.Unquote(raw)
		return string(s), err
	}
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil {
		return "", fmt.Errorf("arguments of a call: %w", err)
	}
	return b.String(), nil
}

func tokens(in []logprob) []chat.TokenLogprob {
	if in == nil {
		return nil
	}
	out := make([]chat.TokenLogprob, len(in))
	for i, t := range in {
		out[i] = chat.TokenLogprob{Token: t.Token, Logprob: t.Logprob, Bytes: t.Bytes, Top: tokens(t.Top)}
	}
	return out
}
