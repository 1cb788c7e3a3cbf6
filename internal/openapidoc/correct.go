package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-ai/gatehouse/openapi"
)

// nullable lists, by component, properties that must be there and may be null:
// the types of the SDK do not tell null from absence.
func nullable() map[string]string {
	return map[string]string{
		"ChatCompletionChoice":                  "logprobs",
		"ChatCompletionChoiceLogprobs":          "content refusal",
		"ChatCompletionChunkChoiceLogprobs":     "content refusal",
		"ChatCompletionTokenLogprob":            "bytes",
		"ChatCompletionTokenLogprobTopLogprob":  "bytes",
		"ChatCompletionMessage":                 "content refusal",
		"CompletionChoice":                      "logprobs",
		"ModerationCategories":                  "illicit illicit/violent",
		"Response":                              "error incomplete_details instructions metadata temperature top_p",
		"ResponseErrorEvent":                    "code param",
		"FunctionTool":                          "parameters strict",
		"ResponseCodeInterpreterToolCall":       "code outputs",
		"ResponseOutputItemImageGenerationCall": "result",
		"ResponseInputItemImageGenerationCall":  "result",
		"ResponseFunctionShellToolCall":         "environment",
		"ResponseFunctionShellToolCallAction":   "max_output_length timeout_ms",
		"ResponseFunctionShellToolCallOutput":   "max_output_length",
		"ResponseToolSearchCall":                "call_id",
		"ResponseToolSearchOutputItem":          "call_id",
	}
}

// optional lists, by component, properties that the company that made the API
// always sends, and other engines that speak it leave out or set to null.
func optional() map[string]string {
	return map[string]string{
		"AnthropicMessage":                "container stop_details stop_sequence stop_reason diagnostics",
		"AnthropicMessageDeltaEventDelta": "container stop_details stop_sequence stop_reason",
		"Response":                        "access_programs",
		"AnthropicToolUseBlock":           "caller",
		"AnthropicTextBlock":              "citations",
		"AnthropicUsage": "cache_creation cache_creation_input_tokens cache_read_input_tokens inference_geo output_tokens_details " +
			"server_tool_use service_tier speed",
		"AnthropicMessageDeltaUsage": "cache_creation_input_tokens cache_read_input_tokens input_tokens output_tokens_details server_tool_use",
	}
}

// modes lists, by component, the words that a union of a word and objects takes.
func modes() map[string]string {
	return map[string]string{
		"ChatCompletionToolChoiceOptionUnionParam": "none auto required",
		"ChatCompletionNewParamsFunctionCallUnion": "none auto",
		"ToolMcpRequireApprovalUnionParam":         "always never",
		"ToolMcpRequireApprovalUnion":              "always never",
	}
}

// texts lists, by component, lists of blocks in whose place Anthropic's API takes
// a text as well.
func texts() map[string]string {
	return map[string]string{
		"CreateMessageRequest":          "system",
		"CountMessageTokensRequest":     "system",
		"AnthropicMessageParam":         "content",
		"AnthropicToolResultBlockParam": "content",
	}
}

// correct makes schemas say what is sent where the types of an SDK do not tell.
// A correction of what is not there is a mistake: the SDK has changed.
func (b *builder) correct() error {
	for component, names := range nullable() {
		for name := range strings.FieldsSeq(names) {
			p, err := b.property(component, name)
			if err != nil {
				return err
			}
			*p = *p.OrNull()
		}
	}
	for component, names := range optional() {
		for name := range strings.FieldsSeq(names) {
			p, err := b.property(component, name)
			if err != nil {
				return err
			}
			*p = *p.OrNull()
			s := b.schemas.Schemas[component]
			s.Required = slices.DeleteFunc(s.Required, func(r string) bool { return r == name })
		}
	}
	for component, words := range modes() {
		s := b.schemas.Schemas[component]
		if s == nil {
			return fmt.Errorf("there is no component %s to correct", component)
		}
		k := slices.IndexFunc(s.AnyOf, func(v *openapi.Schema) bool { return slices.Equal(v.Type, openapi.Types{openapi.String}) })
		if k < 0 {
			return fmt.Errorf("the component %s takes no word that could be corrected", component)
		}
		s.AnyOf[k].Enum = nil
		for word := range strings.FieldsSeq(words) {
			s.AnyOf[k].Enum = append(s.AnyOf[k].Enum, word)
		}
	}
	for component, name := range texts() {
		p, err := b.property(component, name)
		if err != nil {
			return err
		}
		if slices.Contains(p.Type, openapi.Null) || p.Items != nil {
			blocks := *p
			blocks.Description = ""
			*p = openapi.Schema{Description: p.Description, AnyOf: []*openapi.Schema{openapi.Of(openapi.String), &blocks}}
		}
	}
	return nil
}

// property finds a property of a component.
func (b *builder) property(component, name string) (*openapi.Schema, error) {
	s := b.schemas.Schemas[component]
	if s == nil || s.Properties[name] == nil {
		return nil, fmt.Errorf("there is no property %s of the component %s to correct", name, component)
	}
	return s.Properties[name], nil
}
