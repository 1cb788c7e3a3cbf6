package sdk_test

import (
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/packages/param"
	"github.com/openai/openai-go/v3/shared"

	"github.com/gatehouse-ai/gatehouse/fakellm"
)

func tool(name, argument string) openai.ChatCompletionToolUnionParam {
	return openai.ChatCompletionFunctionTool(shared.FunctionDefinitionParam{
		Name: name, Description: param.NewOpt("finds out about " + name),
		Parameters: shared.FunctionParameters{
			"type": "object", "properties": map[string]any{argument: map[string]any{"type": "string"}},
		},
	})
}

func tools() []openai.ChatCompletionToolUnionParam {
	return []openai.ChatCompletionToolUnionParam{tool("weather", "city"), tool("clock", "zone")}
}

func TestTools(t *testing.T) {
	each(t, func(t *testing.T, w *world, d fakellm.Dialect) {
		c := w.openAI(t)
		p := openai.ChatCompletionNewParams{Model: model(d), Messages: says("the weather"), Tools: tools()}
		whole := ask(t, c, p, said{Finish: "tool_calls", Calls: []string{`weather {"city":"city"}`}, In: 4, Out: 2})
		call := whole.Choices[0].Message.ToolCalls[0]
		if call.ID == "" || call.Type != "function" {
			t.Errorf("the call is %s", call.RawJSON())
		}
		p.Messages = append(p.Messages, whole.Choices[0].Message.ToParam(), openai.ToolMessage("rain", call.ID))
		next := ask(t, c, p, said{Text: "The tool said: rain", Finish: "stop"})
		p.Messages = append(p.Messages, next.Choices[0].Message.ToParam(), openai.UserMessage("thanks"))
		ask(t, c, p, said{Text: "You said: thanks", Finish: "stop"})
	})
}

func TestParallelTools(t *testing.T) {
	each(t, func(t *testing.T, w *world, d fakellm.Dialect) {
		c := w.openAI(t)
		p := openai.ChatCompletionNewParams{Model: model(d), Messages: says("weather and clock"), Tools: tools()}
		whole := ask(t, c, p, said{Finish: "tool_calls", Calls: []string{`weather {"city":"city"}`, `clock {"zone":"zone"}`}})
		calls := whole.Choices[0].Message.ToolCalls
		if len(calls) != 2 || calls[0].ID == calls[1].ID {
			t.Fatalf("the calls are %+v", calls)
		}
		p.Messages = append(p.Messages, whole.Choices[0].Message.ToParam(),
			openai.ToolMessage("rain", calls[0].ID), openai.ToolMessage("noon", calls[1].ID))
		ask(t, c, p, said{Text: "The tool said: rain and noon", Finish: "stop"})
	})
}

func TestOneToolAtATime(t *testing.T) {
	each(t, func(t *testing.T, w *world, d fakellm.Dialect) {
		p := openai.ChatCompletionNewParams{
			Model: model(d), Messages: says("weather and clock"), Tools: tools(), ParallelToolCalls: param.NewOpt(false),
		}
		if d == fakellm.Ollama {
			c := w.openAI(t)
			_, err := c.Chat.Completions.New(within(t), p)
			refused(t, err, "parallel_tool_calls")
			return
		}
		ask(t, w.openAI(t), p, said{Finish: "tool_calls", Calls: []string{`weather {"city":"city"}`}})
	})
}

func TestToolChoice(t *testing.T) {
	each(t, func(t *testing.T, w *world, d fakellm.Dialect) {
		c := w.openAI(t)
		for _, test := range []struct {
			name   string
			choice openai.ChatCompletionToolChoiceOptionUnionParam
			text   string
			want   said
		}{
			{"none", mode("none"), "the weather", said{Text: "You said: the weather", Finish: "stop"}},
			{"auto", mode("auto"), "hello", said{Text: "You said: hello", Finish: "stop"}},
			{"required", mode("required"), "hello", said{Finish: "tool_calls", Calls: []string{`weather {"city":"city"}`}}},
			{
				"named", openai.ToolChoiceOptionFunctionToolChoice(openai.ChatCompletionNamedToolChoiceFunctionParam{Name: "clock"}),
				"hello",
				said{Finish: "tool_calls", Calls: []string{`clock {"zone":"zone"}`}},
			},
		} {
			t.Run(test.name, func(t *testing.T) {
				p := openai.ChatCompletionNewParams{Model: model(d), Messages: says(test.text), Tools: tools(), ToolChoice: test.choice}
				if d == fakellm.Ollama && len(test.want.Calls) > 0 {
					_, err := c.Chat.Completions.New(within(t), p)
					refused(t, err, "tool_choice")
					return
				}
				ask(t, c, p, test.want)
			})
		}
	})
}

func mode(s string) openai.ChatCompletionToolChoiceOptionUnionParam {
	return openai.ChatCompletionToolChoiceOptionUnionParam{OfAuto: param.NewOpt(s)}
}
