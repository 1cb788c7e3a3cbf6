package responses

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/gatehouse-ai/gatehouse/fakellm/answer"
	"github.com/gatehouse-ai/gatehouse/fakellm/openai"
	"github.com/gatehouse-ai/gatehouse/fakellm/turn"
)

// Routes returns the routes of a flavour.
func Routes(f openai.Flavour) []turn.Route {
	d := dialect{f}
	routes := []turn.Route{d.Post("/v1/responses", d.respond)}
	if f == openai.VLLM {
		routes = append(routes,
			d.Post("/v1/responses/input_tokens", d.countInput), d.Post("/v1/responses/compact", d.compact))
	}
	return routes
}

type dialect struct{ openai.Flavour }

type request struct {
	openai.Modelled
	Input        json.RawMessage `json:"input"`
	Instructions *string         `json:"instructions"`
	Stream       bool            `json:"stream"`
	MaxOutput    *int            `json:"max_output_tokens"`
	Tools        json.RawMessage `json:"tools"`
	ToolChoice   json.RawMessage `json:"tool_choice"`
	Parallel     *bool           `json:"parallel_tool_calls"`
	Text         json.RawMessage `json:"text"`
	Reasoning    *struct {
		Effort  *string `json:"effort"`
		Summary *string `json:"summary"`
	} `json:"reasoning"`
	Previous    *string         `json:"previous_response_id"`
	Background  bool            `json:"background"`
	Include     []string        `json:"include"`
	Top         int             `json:"top_logprobs"`
	Metadata    json.RawMessage `json:"metadata"`
	Temperature *float64        `json:"temperature"`
	TopP        *float64        `json:"top_p"`
	Store       *bool           `json:"store"`
}

// item is one item of the input: a message, a call, its output, or another.
type item struct {
	Type      string         `json:"type"`
	Role      string         `json:"role"`
	Content   openai.Content `json:"content"`
	Output    openai.Content `json:"output"`
	Name      string         `json:"name"`
	Arguments string         `json:"arguments"`
}

// converse turns the input into a conversation.
func (c *request) converse() ([]answer.Message, error) {
	var out []answer.Message
	if c.Instructions != nil {
		out = append(out, answer.Message{Role: answer.System, Text: *c.Instructions})
	}
	raw := bytes.TrimSpace(c.Input)
	if len(raw) == 0 || string(raw) == "null" {
		return nil, turn.Invalid("input", "input is missing.")
	}
	if raw[0] == '"' {
		var text string
		if err := json.Unmarshal(raw, &text); err != nil {
			return nil, err
		}
		return append(out, answer.Message{Role: answer.User, Text: text}), nil
	}
	var kinds []struct{ Type string }
	var raws []json.RawMessage
	if json.Unmarshal(raw, &kinds) != nil || json.Unmarshal(raw, &raws) != nil {
		return nil, turn.Invalid("input", "input must be a string or a list of items.")
	}
	for i, kind := range kinds {
		var it item
		switch kind.Type {
		case "", "message", "function_call_output", "custom_tool_call_output":
			if err := json.Unmarshal(raws[i], &it); err != nil {
				return nil, err
			}
		default: // calls, reasoning and others say nothing that is repeated
			continue
		}
		switch {
		case it.Type == "function_call_output" || it.Type == "custom_tool_call_output":
			out = append(out, answer.Message{Role: answer.ToolRole, Text: it.Output.Text})
		case it.Role == "developer":
			out = append(out, answer.Message{Role: answer.System, Text: it.Content.Text})
		case it.Role == "user" || it.Role == "assistant" || it.Role == "system":
			out = append(out, answer.Message{Role: it.Role, Text: it.Content.Text, Images: it.Content.Images})
		default:
			return nil, turn.Invalid("input", "input[%d].role is %q, which is no role.", i, it.Role)
		}
	}
	return out, nil
}

func (c *request) question(r *turn.Request) (*answer.Question, error) {
	messages, err := c.converse()
	if err != nil {
		return nil, err
	}
	q := &answer.Question{Messages: messages, OneCall: c.Parallel != nil && !*c.Parallel}
	if c.Background {
		return nil, turn.Invalid("background", "This engine does not answer in the background.")
	}
	if c.Previous != nil {
		return nil, &turn.Error{Status: 404, Param: "previous_response_id", Message: "Response with id '" + *c.Previous + "' not found."}
	}
	if c.Reasoning != nil && c.Reasoning.Effort != nil {
		q.Reason = openai.Thinks(*c.Reasoning.Effort)
	}
	var tools []struct {
		Type string `json:"type"`
		openai.Function
	}
	if len(c.Tools) > 0 {
		if err := json.Unmarshal(c.Tools, &tools); err != nil {
			return nil, turn.Invalid("tools", "tools cannot be read: %v", err)
		}
	}
	for _, t := range tools {
		if t.Type == "function" { // clients offer others too, which are not called
			q.Tools = append(q.Tools, answer.Tool{Name: t.Name, Schema: t.Parameters})
		}
	}
	if err := openai.Choose(q, c.ToolChoice); err != nil {
		return nil, err
	}
	if err := c.format(q); err != nil {
		return nil, err
	}
	return q, openai.Limit(r, q, "max_output_tokens", c.MaxOutput)
}

func (c *request) format(q *answer.Question) error {
	var text struct {
		Format struct {
			Type   string          `json:"type"`
			Schema json.RawMessage `json:"schema"`
		} `json:"format"`
	}
	if len(c.Text) > 0 {
		if err := json.Unmarshal(c.Text, &text); err != nil {
			return turn.Invalid("text", "text cannot be read: %v", err)
		}
	}
	switch text.Format.Type {
	case "", "text":
	case "json_object":
		q.Format = answer.JSON
	case "json_schema":
		q.Format, q.Schema = answer.Schema, text.Format.Schema
	default:
		return turn.Invalid("text.format", "text.format.type is %q, which is not supported.", text.Format.Type)
	}
	return nil
}

func (d dialect) respond(r *turn.Request) (*turn.Reply, error) {
	var c request
	if err := d.Read(r, &c); err != nil {
		return nil, err
	}
	q, err := c.question(r)
	if err != nil {
		return nil, err
	}
	a := q.Answer(r.Says)
	in, out := openai.Counts(a.Usage)
	w := &responder{r: r, c: &c, answer: a}
	if c.Stream {
		reply := turn.Stream(w.stream()).Count(in, out)
		reply.Fail = w.broken
		return reply, nil
	}
	w.items()
	return turn.JSON(200, w.body(w.status())).Count(in, out), nil
}

// countInput is the operation that counts the input of a response.
func (d dialect) countInput(r *turn.Request) (*turn.Reply, error) {
	var c request
	if err := d.Read(r, &c); err != nil {
		return nil, err
	}
	q, err := c.question(r)
	if err != nil {
		return nil, err
	}
	return turn.JSON(200, map[string]any{"object": "response.input_tokens", "input_tokens": q.Input()}), nil
}

// compact answers with the user's messages and a compaction item.
func (d dialect) compact(r *turn.Request) (*turn.Reply, error) {
	var c request
	if err := d.Read(r, &c); err != nil {
		return nil, err
	}
	messages, err := c.converse()
	if err != nil {
		return nil, err
	}
	q := answer.Question{Messages: messages}
	var output []any
	for i, m := range messages {
		if m.Role == answer.User {
			output = append(output, map[string]any{
				"id": "msg_" + r.Child(i), "type": "message", "role": "user", "status": "completed",
				"content": []any{map[string]any{"type": "input_text", "text": m.Text}},
			})
		}
	}
	output = append(output, map[string]any{
		"id": "cmp_" + r.ID, "type": "compaction", "encrypted_content": "nothing",
	})
	body := map[string]any{"id": "resp_" + r.ID, "object": "response.compaction", "created_at": r.Now.Unix(), "output": output}
	if told := r.Says.Count(answer.Usage{Input: q.Input(), Output: 1}); told != nil {
		body["usage"] = responseUsage(told)
	}
	return turn.JSON(200, body).Count(q.Input(), 1), nil
}

func responseUsage(u *answer.Usage) any {
	if u == nil {
		return nil
	}
	return map[string]any{
		"input_tokens": u.Input, "output_tokens": u.Output, "total_tokens": u.Input + u.Output,
		"input_tokens_details":  map[string]int{"cached_tokens": u.CachedInput, "cache_write_tokens": u.CacheWrite},
		"output_tokens_details": map[string]int{"reasoning_tokens": u.Reasoning},
	}
}

// body is the response object in a status. All members are there, null or not.
func (w *responder) body(status string) map[string]any {
	c := w.c
	var details, done, usage any
	if status == "completed" || status == "incomplete" {
		done, usage = w.r.Now.Unix(), responseUsage(w.answer.Usage)
	}
	if status == "incomplete" {
		reason := "max_output_tokens"
		if w.answer.Choices[0].Finish == answer.Filtered {
			reason = answer.Filtered
		}
		details = map[string]any{"reason": reason}
	}
	reasoning := map[string]any{"effort": nil, "summary": nil}
	if c.Reasoning != nil {
		reasoning["effort"], reasoning["summary"] = c.Reasoning.Effort, c.Reasoning.Summary
	}
	return map[string]any{
		"id": "resp_" + w.r.ID, "object": "response", "created_at": w.r.Now.Unix(), "completed_at": done,
		"status": status, "error": nil, "incomplete_details": details, "model": c.Model,
		"output": w.output(), "usage": usage, "instructions": c.Instructions, "reasoning": reasoning,
		"max_output_tokens": c.MaxOutput, "parallel_tool_calls": c.Parallel == nil || *c.Parallel,
		"previous_response_id": nil, "background": false, "store": c.Store != nil && *c.Store,
		"temperature": number(c.Temperature, 1), "top_p": number(c.TopP, 1), "top_logprobs": c.Top,
		"text":        raw(c.Text, `{"format":{"type":"text"}}`),
		"tool_choice": raw(c.ToolChoice, `"auto"`), "tools": raw(c.Tools, `[]`), "metadata": raw(c.Metadata, `{}`),
		"truncation": "disabled", "service_tier": "default", "user": nil,
	}
}

func number(v *float64, other float64) float64 {
	if v == nil {
		return other
	}
	return *v
}

func raw(v json.RawMessage, other string) json.RawMessage {
	if s := strings.TrimSpace(string(v)); s == "" || s == "null" {
		return json.RawMessage(other)
	}
	return v
}
