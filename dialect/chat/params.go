package chat

import (
	"slices"
	"strings"

	"github.com/gatehouse-ai/gatehouse/dialect/param"
	"github.com/gatehouse-ai/gatehouse/fault"
)

// Use says what a dialect must do with a parameter.
type Use uint8

// The uses.
const (
	// Core parameters are part of every translation.
	Core Use = iota
	// Hint parameters may be left out: the answer means the same without them.
	Hint
	// Optional parameters are translated or, if set to other than their
	// default, refused.
	Optional
)

// Param is one parameter of OpenAI's operation.
type Param struct {
	Name    string
	Use     Use
	Types   []param.Type // that its value may have
	Default []string     // values that are the same as leaving it out, as JSON
	read    func(r *Request, v param.Value) error
}

// types makes a list of types for a row.
func types(t ...param.Type) []param.Type { return t }

// table has the parameters of OpenAI's operation in alphabetical order.
var table = []Param{
	{"audio", Optional, types(param.Object), nil, nil},
	{"frequency_penalty", Optional, types(param.Number), []string{"0"}, func(r *Request, v param.Value) error { return float(&r.FrequencyPenalty, v, -2, 2) }},
	{"function_call", Optional, types(param.String, param.Object), []string{`"auto"`, `"none"`}, readFunctionCall},
	{"functions", Optional, types(param.Array), []string{"[]"}, readFunctions},
	{"logit_bias", Optional, types(param.Object), []string{"{}"}, readLogitBias},
	{"logprobs", Optional, types(param.Boolean), []string{"false"}, func(r *Request, v param.Value) error { return param.Bool(&r.Logprobs)(v) }},
	{"max_completion_tokens", Optional, types(param.Number), nil, readMaxTokens},
	{"max_tokens", Optional, types(param.Number), nil, readMaxTokens},
	{"messages", Core, types(param.Array), nil, readMessages},
	{"metadata", Hint, types(param.Object), nil, nil},
	{"modalities", Optional, types(param.Array), []string{`["text"]`, "[]"}, readModalities},
	{"model", Core, types(param.String), nil, func(r *Request, v param.Value) error { return param.Text(&r.Model)(v) }},
	{"moderation", Optional, types(param.Object), nil, nil},
	{"n", Optional, types(param.Number), []string{"1"}, readN},
	{"parallel_tool_calls", Optional, types(param.Boolean), []string{"true"}, func(r *Request, v param.Value) error { return param.Bool(&r.ParallelToolCalls)(v) }},
	{"prediction", Hint, types(param.Object), nil, nil},
	{"presence_penalty", Optional, types(param.Number), []string{"0"}, func(r *Request, v param.Value) error { return float(&r.PresencePenalty, v, -2, 2) }},
	{"prompt_cache_key", Hint, types(param.String), nil, nil},
	{"prompt_cache_options", Hint, types(param.Object), nil, nil},
	{"prompt_cache_retention", Hint, types(param.String), nil, nil},
	{"reasoning_effort", Optional, types(param.String), nil, readEffort},
	{"response_format", Optional, types(param.Object), []string{`{"type":"text"}`}, readFormat},
	{"safety_identifier", Hint, types(param.String), nil, func(r *Request, v param.Value) error { return param.Text(&r.SafetyIdentifier)(v) }},
	{"seed", Optional, types(param.Number), nil, readSeed},
	{"service_tier", Hint, types(param.String), nil, nil},
	{"stop", Optional, types(param.String, param.Array), []string{"[]", `""`}, readStop},
	{"store", Hint, types(param.Boolean), nil, nil},
	{"stream", Core, types(param.Boolean), nil, func(r *Request, v param.Value) error { return param.Bool(&r.Stream)(v) }},
	{"stream_options", Core, types(param.Object), nil, readStreamOptions},
	{"temperature", Optional, types(param.Number), []string{"1"}, func(r *Request, v param.Value) error { return float(&r.Temperature, v, 0, 2) }},
	{"tool_choice", Optional, types(param.String, param.Object), []string{`"auto"`, `"none"`}, readToolChoice},
	{"tools", Optional, types(param.Array), []string{"[]"}, readTools},
	{"top_logprobs", Optional, types(param.Number), []string{"0"}, readTopLogprobs},
	{"top_p", Optional, types(param.Number), []string{"1"}, func(r *Request, v param.Value) error { return float(&r.TopP, v, 0, 1) }},
	{"user", Hint, types(param.String), nil, func(r *Request, v param.Value) error { return param.Text(&r.User)(v) }},
	{"verbosity", Hint, types(param.String), nil, nil},
	{"web_search_options", Optional, types(param.Object), nil, nil},
}

// row returns the row of a parameter, or nil.
func row(name string) *Param {
	i, found := slices.BinarySearchFunc(table, name, func(p Param, name string) int { return strings.Compare(p.Name, name) })
	if !found {
		return nil
	}
	return &table[i]
}

// Params returns the table of parameters, in alphabetical order.
func Params() []Param { return slices.Clone(table) }

// Refuse returns an error of kind fault.UnsupportedParameter for the first
// parameter that is set to other than its default and is neither a hint nor
// one of those that the dialect translates, and nil if there is none. dialect
// names the protocol in the message.
func (r *Request) Refuse(dialect string, translated ...string) error {
	for _, v := range r.set {
		if slices.Contains(translated, v.Path) {
			continue
		}
		p := row(v.Path)
		switch {
		case p != nil && (p.Use != Optional || v.Is(p.Default...)):
		case v.Path == "parallel_tool_calls" && len(r.Tools) == 0:
		default:
			return Unsupported(dialect, v.Path)
		}
	}
	return nil
}

// Unsupported returns the error for a parameter, named by its path, that a
// dialect cannot express.
func Unsupported(dialect, path string) *fault.Error { return param.Unsupported(dialect, path) }
