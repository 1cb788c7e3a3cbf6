package sdk_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"
	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-ai/gatehouse/fakellm"
	"github.com/gatehouse-ai/gatehouse/gwtest"
)

// eachMessenger runs a test for each dialect whose endpoints have Anthropic's
// messages.
func eachMessenger(t *testing.T, f func(t *testing.T, w *world, d fakellm.Dialect, c anthropic.Client)) {
	t.Helper()
	w := newWorld(t).start()
	for _, d := range []fakellm.Dialect{fakellm.Anthropic, fakellm.OpenAI} {
		t.Run(string(d), func(t *testing.T) { f(t, w, d, w.anthropic(t)) })
	}
}

func (w *world) anthropic(t *testing.T, options ...option.RequestOption) anthropic.Client {
	return anthropic.NewClient(append([]option.RequestOption{
		option.WithBaseURL(w.Root), option.WithAPIKey(gwtest.Key), option.WithHTTPClient(transport(t)), option.WithMaxRetries(0),
	}, options...)...)
}

func message(d fakellm.Dialect, text string) anthropic.MessageNewParams {
	return anthropic.MessageNewParams{
		Model: model(d), MaxTokens: 2000, System: []anthropic.TextBlockParam{{Text: "be kind"}},
		Messages: []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock(text))},
	}
}

func TestMessages(t *testing.T) {
	eachMessenger(t, func(t *testing.T, w *world, d fakellm.Dialect, c anthropic.Client) {
		w.engines[model(d)].Queue(fakellm.Script{Say: fakellm.Says{CachedInput: 2, CacheWrite: 1}})
		res, err := c.Messages.New(within(t), message(d, "hello there you"))
		if err != nil {
			t.Fatal(err)
		}
		if res.Content[0].Text != "You said: hello there you" || res.StopReason != "end_turn" || res.Role != "assistant" {
			t.Errorf("the message is %s", res.RawJSON())
		}
		if u := res.Usage; u.InputTokens != 2 || u.CacheReadInputTokens != 2 || u.CacheCreationInputTokens != 1 || u.OutputTokens != 5 {
			t.Errorf("the usage is %s", u.RawJSON())
		}
		if u := w.Record().Usage; u.Input != 5 || u.Output != 5 {
			t.Errorf("the gateway counts %+v", u)
		}
		p := message(d, "one two three")
		p.MaxTokens = 3
		res, err = c.Messages.New(within(t), p)
		if err != nil || res.Content[0].Text != "You said: one" || res.StopReason != "max_tokens" {
			t.Errorf("%+v, %v", res, err)
		}
		p.MaxTokens, p.StopSequences = 2000, []string{" two"}
		res, err = c.Messages.New(within(t), p)
		if err != nil || res.Content[0].Text != "You said: one" || res.StopReason != "stop_sequence" || res.StopSequence != " two" {
			t.Errorf("%+v, %v", res, err)
		}
		n, err := c.Messages.CountTokens(within(t), anthropic.MessageCountTokensParams{Model: p.Model, Messages: message(d, "hello there").Messages})
		if err != nil || n.InputTokens != 2 {
			t.Errorf("counted: %+v, %v", n, err)
		}
		for range 3 { // of the requests after the first
			w.Record()
		}
	})
}

func TestMessageStream(t *testing.T) {
	eachMessenger(t, func(t *testing.T, _ *world, d fakellm.Dialect, c anthropic.Client) {
		p := message(d, "the weather")
		p.Thinking = anthropic.ThinkingConfigParamOfEnabled(1024)
		p.Tools = []anthropic.ToolUnionParam{anthropic.ToolUnionParamOfTool(anthropic.ToolInputSchemaParam{
			Properties: map[string]any{"city": map[string]any{"type": "string"}},
		}, "weather")}
		s := c.Messages.NewStreaming(within(t), p)
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
		if diff := cmp.Diff(want, kinds); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		if len(whole.Content) != 2 || whole.StopReason != "tool_use" || whole.Usage.OutputTokens != 11 {
			t.Fatalf("the message is %+v", whole)
		}
		call := whole.Content[1]
		if whole.Content[0].Thinking != "The user wants me to repeat what was said." || call.Name != "weather" || compact(string(call.Input)) != `{"city":"city"}` {
			t.Errorf("the blocks are %+v", whole.Content)
		}
		p.Messages = append(p.Messages, whole.ToParam(), anthropic.NewUserMessage(anthropic.NewToolResultBlock(call.ID, "rain", false)))
		res, err := c.Messages.New(within(t), p)
		if err != nil || res.Content[1].Text != "The tool said: rain" {
			t.Errorf("after the tool: %+v, %v", res, err)
		}
	})
}

func TestMessageErrors(t *testing.T) {
	eachMessenger(t, func(t *testing.T, w *world, d fakellm.Dialect, c anthropic.Client) {
		for _, test := range []struct {
			name   string
			status int // of the engine, 0 if it is well
			change func(*anthropic.MessageNewParams)
			want   int
			typ    anthropic.ErrorType
		}{
			{"model", 0, func(p *anthropic.MessageNewParams) { p.Model = "nothing" }, 404, "not_found_error"},
			{"rate limit", 429, nil, 429, "rate_limit_error"},
			{"bad request", 400, nil, 400, "invalid_request_error"},
			{"forbidden", 403, nil, 403, "permission_error"},
			{"overloaded", 529, nil, 529, "overloaded_error"},
			{"broken", 500, nil, 500, "api_error"},
		} {
			t.Run(test.name, func(t *testing.T) {
				p := message(d, "hello")
				if test.status != 0 {
					w.engines[model(d)].Queue(fakellm.Script{Refuse: &fakellm.Refusal{Status: test.status, Message: "made up"}})
				}
				if test.change != nil {
					test.change(&p)
				}
				_, err := c.Messages.New(within(t), p)
				messageFailure(t, err, test.want, test.typ)
				if test.status != 0 && !strings.Contains(err.Error(), "made up") {
					t.Errorf("the error is %v", err)
				}
				if _, err := c.Messages.New(within(t), message(d, "hello")); err != nil { // and the endpoint is well again
					t.Fatal(err)
				}
			})
		}
		t.Run("key", func(t *testing.T) {
			_, err := c.Messages.New(within(t), message(d, "hello"), option.WithAPIKey("sk-wrong"))
			messageFailure(t, err, 401, "authentication_error")
		})
	})
	w := newWorld(t).start()
	c := w.anthropic(t)
	_, err := c.Messages.New(within(t), message(fakellm.Ollama, "hello"))
	messageFailure(t, err, 400, "invalid_request_error")
}

// messageFailure checks an error as the client surfaces it.
func messageFailure(t *testing.T, err error, status int, typ anthropic.ErrorType) {
	t.Helper()
	var e *anthropic.Error
	if !errors.As(err, &e) {
		t.Fatalf("the client does not take it for an error of the API: %v", err)
	}
	if e.StatusCode != status || e.Type() != typ || !strings.HasPrefix(e.RequestID, "req_") || !strings.Contains(e.RawJSON(), `"type":"error"`) {
		t.Errorf("%d %s, request %q, want %d %s", e.StatusCode, e.RawJSON(), e.RequestID, status, typ)
	}
}

func TestMessageStreamBreaks(t *testing.T) {
	eachMessenger(t, func(t *testing.T, w *world, d fakellm.Dialect, c anthropic.Client) {
		for name, test := range map[string]struct {
			script fakellm.Script
			want   string
		}{
			"error event": {fakellm.Script{Fail: &fakellm.StreamErr{At: 4, Message: "out of memory"}}, "out of memory"},
			"reset":       {fakellm.Script{Break: &fakellm.Break{How: fakellm.Reset, Where: fakellm.AfterEvents, N: 4}}, "complete"},
			"end":         {fakellm.Script{Break: &fakellm.Break{How: fakellm.End, Where: fakellm.AfterEvents, N: 4}}, "complete"},
		} {
			w.engines[model(d)].Queue(test.script)
			s := c.Messages.NewStreaming(within(t), message(d, "one two three four five six"))
			for s.Next() {
				if s.Current().Type == "message_stop" {
					t.Errorf("%s: the message is complete", name)
				}
			}
			if s.Err() == nil || !strings.Contains(s.Err().Error(), test.want) {
				t.Errorf("%s: %v, want an error that says %q", name, s.Err(), test.want)
			}
		}
	})
}

func TestMessageStreamCancelled(t *testing.T) {
	eachMessenger(t, func(t *testing.T, w *world, d fakellm.Dialect, c anthropic.Client) {
		e := w.engines[model(d)]
		e.Queue(halfway())
		ctx, cancel := context.WithCancel(within(t))
		defer cancel()
		s := c.Messages.NewStreaming(ctx, message(d, "hello"))
		for s.Next() {
			if s.Current().Type == "content_block_delta" {
				break
			}
		}
		cancel()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		left(t, w, e)
	})
}
