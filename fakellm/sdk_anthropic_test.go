package fakellm_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"
	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-ai/gatehouse/fakellm"
)

// anthropicSDK is the official client before an engine that asks for a key.
func anthropicSDK(t *testing.T, d fakellm.Dialect) (*fakellm.Engine, anthropic.Client) {
	t.Helper()
	options := []fakellm.Option{fakellm.Models("m", "n", "o")}
	if d == fakellm.Anthropic {
		options = append(options, fakellm.Key("sk-ant"))
	}
	e, s := start(t, d, options...)
	return e, anthropic.NewClient(
		option.WithBaseURL(s.URL), option.WithAPIKey("sk-ant"), option.WithHTTPClient(client(t)), option.WithMaxRetries(0))
}

func message(text string) anthropic.MessageNewParams {
	return anthropic.MessageNewParams{
		Model: "m", MaxTokens: 2000, System: []anthropic.TextBlockParam{{Text: "be kind"}},
		Messages: []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock(text))},
	}
}

func TestAnthropicSDK(t *testing.T) {
	for _, d := range []fakellm.Dialect{fakellm.Anthropic, fakellm.OpenAI, fakellm.Ollama} {
		t.Run(string(d), func(t *testing.T) {
			e, c := anthropicSDK(t, d)
			e.Set(fakellm.Script{Say: fakellm.Says{CachedInput: 2, CacheWrite: 1}})
			res, err := c.Messages.New(within(t), message("hello there you"))
			if err != nil {
				t.Fatal(err)
			}
			if res.Content[0].Text != "You said: hello there you" || res.StopReason != "end_turn" || res.Role != "assistant" {
				t.Errorf("the message is %s", res.RawJSON())
			}
			// Five words, of which three came from or went to the cache.
			u := res.Usage
			if u.InputTokens != 2 || u.CacheReadInputTokens != 2 || u.CacheCreationInputTokens != 1 || u.OutputTokens != 5 {
				t.Errorf("the usage is %s", u.RawJSON())
			}
			n, err := c.Messages.CountTokens(within(t), anthropic.MessageCountTokensParams{Model: "m", Messages: message("hello there").Messages})
			if err != nil || n.InputTokens != 2 {
				t.Errorf("counted: %+v, %v", n, err)
			}
		})
	}
}

func TestAnthropicSDKStream(t *testing.T) {
	for _, d := range []fakellm.Dialect{fakellm.Anthropic, fakellm.OpenAI, fakellm.Ollama} {
		t.Run(string(d), func(t *testing.T) {
			_, c := anthropicSDK(t, d)
			params := message("the weather")
			params.Thinking = anthropic.ThinkingConfigParamOfEnabled(1024)
			params.Tools = []anthropic.ToolUnionParam{anthropic.ToolUnionParamOfTool(anthropic.ToolInputSchemaParam{
				Properties: map[string]any{"city": map[string]any{"type": "string"}},
			}, "weather")}
			s := c.Messages.NewStreaming(within(t), params)
			var whole anthropic.Message
			var kinds []string
			for s.Next() {
				event := s.Current()
				if len(kinds) == 0 || kinds[len(kinds)-1] != event.Type {
					kinds = append(kinds, event.Type)
				}
				if err := whole.Accumulate(event); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.Err(); err != nil {
				t.Fatal(err)
			}
			want := []string{
				"message_start", "content_block_start", "content_block_delta", "content_block_stop",
				"content_block_start", "content_block_delta", "content_block_stop", "message_delta", "message_stop",
			}
			if d := cmp.Diff(want, kinds); d != "" {
				t.Errorf("-want +got\n%s", d)
			}
			if len(whole.Content) != 2 || whole.StopReason != "tool_use" || whole.Usage.OutputTokens != 11 {
				t.Fatalf("the message is %+v", whole)
			}
			thinking, tool := whole.Content[0], whole.Content[1]
			if thinking.Thinking != "The user wants me to repeat what was said." || thinking.Signature == "" ||
				tool.Name != "weather" || string(tool.Input) != `{"city": "city"}` {
				t.Errorf("the blocks are %+v and %+v", thinking, tool)
			}
			// The thinking goes back with its signature, the tool's result after it.
			params.Messages = append(params.Messages, whole.ToParam(),
				anthropic.NewUserMessage(anthropic.NewToolResultBlock(tool.ID, "rain", false)))
			res, err := c.Messages.New(within(t), params)
			if err != nil || res.Content[1].Text != "The tool said: rain" {
				t.Errorf("after the tool: %+v, %v", res, err)
			}
		})
	}
}

func TestAnthropicSDKErrors(t *testing.T) {
	e, c := anthropicSDK(t, fakellm.Anthropic)
	_, s := start(t, fakellm.Anthropic, fakellm.Key("other"))
	for name, k := range map[string]struct {
		options []option.RequestOption
		script  fakellm.Script
		params  anthropic.MessageNewParams
		status  int
		want    string
	}{
		"key":        {params: message("x"), options: []option.RequestOption{option.WithBaseURL(s.URL)}, status: 401, want: "authentication_error"},
		"model":      {params: anthropic.MessageNewParams{Model: "nope", MaxTokens: 1, Messages: message("x").Messages}, status: 404, want: "not_found_error"},
		"max_tokens": {params: anthropic.MessageNewParams{Model: "m", Messages: message("x").Messages}, status: 400, want: "max_tokens"},
		"rate":       {params: message("x"), script: fakellm.RateLimited(time.Second), status: 429, want: "rate_limit_error"},
		"overloaded": {params: message("x"), script: fakellm.Refused(529, fakellm.Own), status: 529, want: "overloaded_error"},
	} {
		e.Set(k.script)
		_, err := c.Messages.New(within(t), k.params, k.options...)
		var apiErr *anthropic.Error
		if !errors.As(err, &apiErr) || apiErr.StatusCode != k.status || !strings.Contains(err.Error(), k.want) ||
			!strings.HasPrefix(apiErr.RequestID, "req_") {
			t.Errorf("%s: %v", name, err)
		}
	}
	e.Set(fakellm.Script{Fail: &fakellm.StreamErr{At: 3, Message: "boom"}})
	stream := c.Messages.NewStreaming(within(t), message("x"))
	n := 0
	for stream.Next() {
		n++
	}
	// The client does not hand pings on.
	if stream.Err() == nil || !strings.Contains(stream.Err().Error(), "boom") || n != 2 {
		t.Errorf("after %d events: %v", n, stream.Err())
	}
}

func TestAnthropicSDKModels(t *testing.T) {
	_, c := anthropicSDK(t, fakellm.Anthropic)
	var names []string
	pages := c.Models.ListAutoPaging(within(t), anthropic.ModelListParams{Limit: anthropic.Int(2)})
	for pages.Next() {
		names = append(names, pages.Current().ID)
	}
	if d := cmp.Diff([]string{"m", "n", "o"}, names); d != "" || pages.Err() != nil {
		t.Errorf("%v: -want +got\n%s", pages.Err(), d)
	}
}
