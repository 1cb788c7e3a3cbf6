package anthropic

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/gatehouse-ai/gatehouse/fakellm/answer"
	"github.com/gatehouse-ai/gatehouse/fakellm/turn"
)

// Signature is the signature of a thinking block. The engine refuses thinking
// that comes back with another one.
func Signature(thinking string) string {
	if len(thinking) > 24 {
		thinking = thinking[:24]
	}
	return base64.StdEncoding.EncodeToString([]byte("signed:" + thinking))
}

func (d dialect) read(r *turn.Request) (*request, *answer.Question, error) {
	var c request
	if err := r.Decode(&c); err != nil {
		return nil, nil, err
	}
	if err := d.known(r, c.Model); err != nil {
		return nil, nil, err
	}
	q, err := c.question(d.strict)
	return &c, q, err
}

func (d dialect) count(r *turn.Request) (*turn.Reply, error) {
	_, q, err := d.read(r)
	if err != nil {
		return nil, err
	}
	return headed(r, turn.JSON(200, map[string]int{"input_tokens": q.Input()})), nil
}

func (d dialect) message(r *turn.Request) (*turn.Reply, error) {
	c, q, err := d.read(r)
	if err != nil {
		return nil, err
	}
	switch {
	case c.MaxTokens == nil:
		return nil, turn.Errorf(400, "max_tokens: Field required")
	case *c.MaxTokens < 1:
		return nil, turn.Errorf(400, "max_tokens: Input should be greater than or equal to 1")
	case d.strict && c.Temperature != nil && (*c.Temperature < 0 || *c.Temperature > 1):
		return nil, turn.Errorf(400, "temperature: range: 0..1")
	case q.Input() >= r.Context:
		return nil, turn.Errorf(400, "prompt is too long: %d tokens > %d maximum", q.Input(), r.Context)
	}
	q.MaxTokens = min(*c.MaxTokens, r.Context)
	a := q.Answer(r.Says)
	in, out := 0, 0
	if a.Usage != nil {
		in, out = a.Usage.Input, a.Usage.Output
	}
	if c.Stream {
		reply := turn.Stream(stream(r, c.Model, a)).Count(in, out)
		reply.Fail = broken
		return headed(r, reply), nil
	}
	body := start(r, c.Model)
	choice := &a.Choices[0]
	body["content"] = contents(r, choice)
	body["stop_reason"], body["stop_sequence"] = reason(choice)
	if a.Usage != nil {
		body["usage"] = tell(a.Usage, a.Usage.Output)
	}
	return headed(r, turn.JSON(200, body)).Count(in, out), nil
}

// start is a message that has nothing yet.
func start(r *turn.Request, model string) map[string]any {
	return map[string]any{
		"id": "msg_" + r.ID, "type": "message", "role": "assistant", "model": model,
		"content": []any{}, "stop_reason": nil, "stop_sequence": nil,
	}
}

// tell renders usage: cached input is not part of input_tokens.
func tell(u *answer.Usage, output int) map[string]any {
	return map[string]any{
		"input_tokens":                u.Input - u.CachedInput - u.CacheWrite,
		"cache_read_input_tokens":     u.CachedInput,
		"cache_creation_input_tokens": u.CacheWrite,
		"output_tokens":               output, "service_tier": "standard",
	}
}

func reason(c *answer.Choice) (string, any) {
	switch c.Finish {
	case answer.Stop:
		if c.Stopped != "" {
			return "stop_sequence", c.Stopped
		}
		return "end_turn", nil
	case answer.Length:
		return "max_tokens", nil
	case answer.ToolCalls:
		return "tool_use", nil
	case answer.Filtered:
		return "refusal", nil
	}
	return c.Finish, nil // what a script dictates
}

func toolUse(r *turn.Request, n int, name string, input json.RawMessage) map[string]any {
	return map[string]any{"type": "tool_use", "id": "toolu_" + r.Child(n), "name": name, "input": input}
}

func contents(r *turn.Request, c *answer.Choice) []any {
	out := []any{}
	if thinking := strings.Join(c.Reasoning, ""); thinking != "" {
		out = append(out, map[string]any{"type": "thinking", "thinking": thinking, "signature": Signature(thinking)})
	}
	if text := strings.Join(c.Text, ""); text != "" {
		out = append(out, map[string]any{"type": "text", "text": text})
	}
	for n, call := range c.Calls {
		input := json.RawMessage(call.Arguments)
		if !json.Valid(input) { // max_tokens cut it
			input = json.RawMessage("{}")
		}
		out = append(out, toolUse(r, n, call.Name, input))
	}
	return out
}

// events collects the events of a stream.
type events struct {
	frames []turn.Frame
	blocks int
}

func (e *events) add(name string, tokens int, members map[string]any) *turn.Frame {
	members["type"] = name
	e.frames = append(e.frames, turn.Frame{Name: name, Data: turn.Marshal(members), Tokens: tokens})
	return &e.frames[len(e.frames)-1]
}

// block adds a block: its start, a delta of a kind for each token, more deltas, its end.
func (e *events) block(start map[string]any, kind, member string, tokens []string, more ...map[string]any) {
	e.add("content_block_start", 0, map[string]any{"index": e.blocks, "content_block": start})
	for _, token := range tokens {
		e.add("content_block_delta", 1, map[string]any{
			"index": e.blocks, "delta": map[string]any{"type": kind, member: token},
		})
	}
	for _, delta := range more {
		e.add("content_block_delta", 0, map[string]any{"index": e.blocks, "delta": delta})
	}
	e.add("content_block_stop", 0, map[string]any{"index": e.blocks})
	e.blocks++
}

func stream(r *turn.Request, model string, a answer.Answer) []turn.Frame {
	var e events
	choice := &a.Choices[0]
	message := start(r, model)
	if a.Usage != nil {
		message["usage"] = tell(a.Usage, min(1, a.Usage.Output))
	}
	e.add("message_start", 0, map[string]any{"message": message}).Early = true
	e.add("ping", 0, map[string]any{}).Early = true
	if thinking := strings.Join(choice.Reasoning, ""); thinking != "" {
		e.block(map[string]any{"type": "thinking", "thinking": "", "signature": ""},
			"thinking_delta", "thinking", choice.Reasoning,
			map[string]any{"type": "signature_delta", "signature": Signature(thinking)})
	}
	if len(choice.Text) > 0 {
		e.block(map[string]any{"type": "text", "text": ""}, "text_delta", "text", choice.Text)
	}
	for n, call := range choice.Calls {
		e.block(toolUse(r, n, call.Name, json.RawMessage("{}")), "input_json_delta", "partial_json", call.Pieces())
	}
	why, by := reason(choice)
	end := map[string]any{"delta": map[string]any{"stop_reason": why, "stop_sequence": by}}
	if a.Usage != nil {
		end["usage"] = tell(a.Usage, a.Usage.Output)
		delete(end["usage"].(map[string]any), "service_tier")
	}
	e.add("message_delta", 0, end).Usage = a.Usage != nil
	e.add("message_stop", 0, map[string]any{}).End = true
	return e.frames
}
