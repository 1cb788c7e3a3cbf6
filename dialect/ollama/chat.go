package ollama

import (
	"encoding/json"
	"math"

	"github.com/gatehouse-ai/gatehouse/dialect"
	"github.com/gatehouse-ai/gatehouse/dialect/chat"
	"github.com/gatehouse-ai/gatehouse/dialect/param"
	"github.com/gatehouse-ai/gatehouse/fault"
)

// translated are the parameters that are translated, all or some of their
// values.
func translated() []string {
	return []string{
		"frequency_penalty", "function_call", "functions", "logprobs", "max_completion_tokens", "max_tokens",
		"presence_penalty", "reasoning_effort", "response_format", "seed", "stop", "temperature", "tool_choice",
		"tools", "top_logprobs", "top_p",
		"keep_alive", "min_p", "repeat_last_n", "repeat_penalty", "repetition_penalty", "shift", "think", "top_k",
		"truncate", "typical_p",
	}
}

// chatRequest is the body of /api/chat.
type chatRequest struct {
	Model       string          `json:"model"`
	Messages    []message       `json:"messages"`
	Stream      bool            `json:"stream"` // the engine's default is true
	Tools       []tool          `json:"tools,omitempty"`
	Format      json.RawMessage `json:"format,omitempty"`
	Options     map[string]any  `json:"options,omitempty"`
	Think       any             `json:"think,omitempty"` // bool or string
	KeepAlive   json.RawMessage `json:"keep_alive,omitempty"`
	Truncate    json.RawMessage `json:"truncate,omitempty"`
	Shift       json.RawMessage `json:"shift,omitempty"`
	Logprobs    bool            `json:"logprobs,omitempty"`
	TopLogprobs int             `json:"top_logprobs,omitempty"`
}

type tool struct {
	Type     string `json:"type"`
	Function struct {
		Name        string          `json:"name"`
		Description string          `json:"description,omitempty"`
		Parameters  json.RawMessage `json:"parameters"`
	} `json:"function"`
}

// translateChat turns a chat completion into the body of /api/chat.
func translateChat(c dialect.Call) (*chatRequest, dialect.Answer, error) {
	r, err := chat.Parse(c.Body)
	if err == nil {
		err = r.Refuse(name, translated()...)
	}
	if err != nil {
		return nil, nil, err
	}
	out := &chatRequest{Model: c.Model, Stream: c.Stream, Logprobs: r.Logprobs, TopLogprobs: r.TopLogprobs}
	for _, step := range []func(*chat.Request) error{out.addMessages, out.addTools, out.addOptions, out.addThink, out.addExtras} {
		if err := step(r); err != nil {
			return nil, nil, err
		}
	}
	switch {
	case r.Format.Kind == chat.SchemaFormat && r.Format.Schema != nil:
		out.Format = r.Format.Schema
	case r.Format.Kind != chat.TextFormat:
		out.Format = json.RawMessage(`"json"`)
	}
	return out, &answer{out: chat.NewWriter(c, r)}, nil
}

// addTools offers the tools that may be called.
func (out *chatRequest) addTools(r *chat.Request) error {
	if m := r.ToolChoice.Mode; m == chat.ChooseRequired || m == chat.ChooseNamed {
		return fault.Param(fault.UnsupportedParameter, r.ToolChoice.Path,
			"Unsupported parameter: '%s' demands a call of a tool, which the %s protocol cannot express. Use 'auto' or 'none', or a model whose endpoint supports it.", r.ToolChoice.Path, name)
	}
	for _, t := range r.Offered() {
		if t.Custom {
			return chat.Unsupported(name, t.Path)
		}
		o := tool{Type: "function"}
		o.Function.Name, o.Function.Description, o.Function.Parameters = t.Name, t.Description, t.Parameters
		if t.Parameters == nil { // templates of models count on there being some
			o.Function.Parameters = json.RawMessage(`{"type":"object","properties":{}}`)
		}
		out.Tools = append(out.Tools, o)
	}
	return nil
}

// addOptions sets the options of sampling.
func (out *chatRequest) addOptions(r *chat.Request) error {
	o := map[string]any{}
	set := func(name string, v *float64) {
		if v != nil {
			o[name] = *v
		}
	}
	set("temperature", r.Temperature)
	set("top_p", r.TopP)
	set("presence_penalty", r.PresencePenalty)
	set("frequency_penalty", r.FrequencyPenalty)
	if r.MaxTokens != nil {
		o["num_predict"] = *r.MaxTokens
	}
	if r.Seed != nil {
		o["seed"] = *r.Seed
	}
	if len(r.Stop) > 0 {
		o["stop"] = r.Stop
	}
	out.Options = o
	for _, f := range []struct {
		name, option string
		whole        bool
		least, most  float64
	}{
		{"top_k", "top_k", true, 0, math.MaxInt32},
		{"repeat_last_n", "repeat_last_n", true, -1, math.MaxInt32},
		{"min_p", "min_p", false, 0, 1},
		{"typical_p", "typical_p", false, 0, 1},
		{"repetition_penalty", "repeat_penalty", false, 0, math.MaxFloat64},
		{"repeat_penalty", "repeat_penalty", false, 0, math.MaxFloat64},
	} {
		v, found := r.Extra(f.name)
		if !found {
			continue
		}
		var err error
		if f.whole {
			o[f.option], err = v.Int(int64(f.least), int64(f.most))
		} else {
			o[f.option], err = v.Float(f.least, f.most)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// addThink says how much the model is to think before it answers.
func (out *chatRequest) addThink(r *chat.Request) error {
	if v, found := r.Extra("think"); found {
		if r.ReasoningEffort != "" {
			return v.Invalid("cannot be used together with 'reasoning_effort'")
		}
		if err := v.Want(param.Boolean, param.String); err != nil {
			return err
		}
		var err error
		if v.Type() == param.Boolean {
			out.Think, err = v.Bool()
		} else {
			out.Think, err = v.OneOf("low", "medium", "high", "max")
		}
		return err
	}
	switch e := r.ReasoningEffort; e {
	case "":
	case "none":
		out.Think = false
	case "minimal":
		out.Think = "low"
	case "xhigh":
		out.Think = "max"
	default:
		out.Think = e
	}
	return nil
}

// addExtras takes over the engine's own parameters beside the options.
func (out *chatRequest) addExtras(r *chat.Request) error {
	for _, f := range []struct {
		name  string
		to    *json.RawMessage
		types []param.Type
	}{
		{"keep_alive", &out.KeepAlive, []param.Type{param.String, param.Number}},
		{"truncate", &out.Truncate, []param.Type{param.Boolean}},
		{"shift", &out.Shift, []param.Type{param.Boolean}},
	} {
		v, found := r.Extra(f.name)
		if !found {
			continue
		}
		if err := v.Want(f.types...); err != nil {
			return err
		}
		*f.to = v.JSON()
	}
	return nil
}
