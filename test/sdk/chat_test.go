package sdk_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/packages/param"
	"github.com/openai/openai-go/v3/shared"

	"github.com/gatehouse-ai/gatehouse/fakellm"
	"github.com/gatehouse-ai/gatehouse/fakellm/answer"
)

// said is what a test looks at of an answer.
type said struct {
	Text, Reasoning, Finish string
	Calls                   []string // name and arguments
	In, Out                 int64
}

func says(text string) []openai.ChatCompletionMessageParamUnion {
	return []openai.ChatCompletionMessageParamUnion{openai.SystemMessage("be kind"), openai.UserMessage(text)}
}

func read(c *openai.ChatCompletion) said {
	choice := c.Choices[0]
	s := said{Text: choice.Message.Content, Finish: choice.FinishReason, In: c.Usage.PromptTokens, Out: c.Usage.CompletionTokens}
	if f, ok := choice.Message.JSON.ExtraFields["reasoning_content"]; ok {
		_ = json.Unmarshal([]byte(f.Raw()), &s.Reasoning) // what is no string stays empty, and is told as a difference
	}
	for _, call := range choice.Message.ToolCalls {
		s.Calls = append(s.Calls, call.Function.Name+" "+compact(call.Function.Arguments))
	}
	return s
}

// compact leaves out the space between the tokens of JSON.
func compact(s string) string {
	var b bytes.Buffer
	if err := json.Compact(&b, []byte(s)); err != nil {
		return "no JSON: " + s
	}
	return b.String()
}

// differ compares, without usage where none is expected.
func differ(want, got said) string {
	if want.In == 0 {
		got.In, got.Out = 0, 0
	}
	return cmp.Diff(want, got)
}

// ask asks twice, for a whole answer and for a stream, and expects the same of
// both. It returns the whole answer.
func ask(t *testing.T, c openai.Client, p openai.ChatCompletionNewParams, want said) *openai.ChatCompletion {
	t.Helper()
	whole, err := c.Chat.Completions.New(within(t), p)
	if err != nil {
		t.Fatalf("whole: %v", err)
	}
	if diff := differ(want, read(whole)); diff != "" {
		t.Errorf("whole answer (-want +got):\n%s", diff)
	}
	p.StreamOptions.IncludeUsage = param.NewOpt(true)
	s := c.Chat.Completions.NewStreaming(within(t), p)
	var acc openai.ChatCompletionAccumulator
	var thoughts strings.Builder
	for s.Next() {
		chunk := s.Current()
		if !acc.AddChunk(chunk) {
			t.Fatalf("the chunk does not fit: %s", chunk.RawJSON())
		}
		for _, choice := range chunk.Choices {
			if f, ok := choice.Delta.JSON.ExtraFields["reasoning_content"]; ok {
				var piece string
				if err := json.Unmarshal([]byte(f.Raw()), &piece); err != nil {
					t.Fatalf("reasoning_content is %s", f.Raw())
				}
				thoughts.WriteString(piece)
			}
		}
	}
	if err := s.Err(); err != nil {
		t.Fatalf("stream: %v", err)
	}
	got := read(&acc.ChatCompletion)
	got.Reasoning = thoughts.String()
	if diff := differ(want, got); diff != "" {
		t.Errorf("streamed answer (-want +got):\n%s", diff)
	}
	return whole
}

func TestChat(t *testing.T) {
	each(t, func(t *testing.T, w *world, d fakellm.Dialect) {
		var resp *http.Response
		c := w.openAI(t, option.WithResponseInto(&resp))
		whole := ask(t, c, openai.ChatCompletionNewParams{Model: model(d), Messages: says("hello there")},
			said{Text: "You said: hello there", Finish: "stop", In: 4, Out: 4})
		if whole.ID == "" || whole.Object != "chat.completion" || whole.Created == 0 || whole.Choices[0].Message.Role != "assistant" {
			t.Errorf("the answer is %s", whole.RawJSON())
		}
		if resp.Header.Get("X-Request-Id") == "" || resp.Header.Get("X-Gatehouse-Model") != "own-chat" ||
			resp.Header.Get("X-Gatehouse-Endpoint") != string(d)+"-chat" || resp.Header.Get("X-Accel-Buffering") != "no" ||
			!strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
			t.Errorf("the header of the stream is %v", resp.Header)
		}
	})
}

func TestChatUsageOnlyWhenAsked(t *testing.T) {
	each(t, func(t *testing.T, w *world, d fakellm.Dialect) {
		c := w.openAI(t)
		s := c.Chat.Completions.NewStreaming(within(t), openai.ChatCompletionNewParams{Model: model(d), Messages: says("hello")})
		var text strings.Builder
		for s.Next() {
			chunk := s.Current()
			if chunk.JSON.Usage.Valid() || len(chunk.Choices) != 1 {
				t.Errorf("nobody asked for %s", chunk.RawJSON())
			}
			for _, choice := range chunk.Choices {
				text.WriteString(choice.Delta.Content)
			}
		}
		if s.Err() != nil || text.String() != "You said: hello" {
			t.Errorf("%q, %v", text.String(), s.Err())
		}
	})
}

func TestChatReasoning(t *testing.T) {
	each(t, func(t *testing.T, w *world, d fakellm.Dialect) {
		whole := ask(t, w.openAI(t), openai.ChatCompletionNewParams{
			Model: model(d), Messages: says("hello"), ReasoningEffort: shared.ReasoningEffortLow,
		}, said{Text: "You said: hello", Reasoning: "The user wants me to repeat what was said.", Finish: "stop", In: 3, Out: 12})
		if n := whole.Usage.CompletionTokensDetails.ReasoningTokens; d == fakellm.OpenAI && n != 9 {
			t.Errorf("%d tokens of reasoning, want 9", n)
		}
	})
}

func TestChatCachedUsage(t *testing.T) {
	w := newWorld(t)
	for _, d := range []fakellm.Dialect{fakellm.OpenAI, fakellm.Anthropic} {
		w.add(d, "cached", fakellm.Script{Say: fakellm.Says{CachedInput: 100, CacheWrite: 10}})
	}
	w.start()
	for _, d := range []fakellm.Dialect{fakellm.OpenAI, fakellm.Anthropic} {
		whole := ask(t, w.openAI(t), openai.ChatCompletionNewParams{Model: string(d) + "/cached", Messages: says("hello")},
			said{Text: "You said: hello", Finish: "stop", In: 110, Out: 3})
		if n := whole.Usage.PromptTokensDetails.CachedTokens; n != 100 {
			t.Errorf("%s: %d cached tokens, want 100", d, n)
		}
	}
}

func TestChatEnds(t *testing.T) {
	each(t, func(t *testing.T, w *world, d fakellm.Dialect) {
		c := w.openAI(t)
		for name, set := range map[string]func(*openai.ChatCompletionNewParams){
			"max_completion_tokens": func(p *openai.ChatCompletionNewParams) { p.MaxCompletionTokens = param.NewOpt[int64](2) },
			"max_tokens":            func(p *openai.ChatCompletionNewParams) { p.MaxTokens = param.NewOpt[int64](2) },
		} {
			p := openai.ChatCompletionNewParams{Model: model(d), Messages: says("one two three")}
			set(&p)
			t.Run(name, func(t *testing.T) { ask(t, c, p, said{Text: "You said:", Finish: "length", In: 5, Out: 2}) })
		}
		for name, stop := range map[string]openai.ChatCompletionNewParamsStopUnion{
			"stop":  {OfString: param.NewOpt(" two")},
			"stops": {OfStringArray: []string{"nowhere", " two"}},
		} {
			t.Run(name, func(t *testing.T) {
				ask(t, c, openai.ChatCompletionNewParams{Model: model(d), Messages: says("one two three"), Stop: stop},
					said{Text: "You said: one", Finish: "stop", In: 5, Out: 3})
			})
		}
	})
}

func TestChatSchema(t *testing.T) {
	schema := map[string]any{
		"type": "object", "required": []string{"city"}, "additionalProperties": false,
		"properties": map[string]any{"city": map[string]any{"type": "string"}},
	}
	each(t, func(t *testing.T, w *world, d fakellm.Dialect) {
		raw, err := json.Marshal(schema)
		if err != nil {
			t.Fatal(err)
		}
		want := answer.Instance(raw)
		ask(t, w.openAI(t), openai.ChatCompletionNewParams{
			Model: model(d), Messages: says("where"),
			ResponseFormat: openai.ChatCompletionNewParamsResponseFormatUnion{OfJSONSchema: &shared.ResponseFormatJSONSchemaParam{
				JSONSchema: shared.ResponseFormatJSONSchemaJSONSchemaParam{Name: "place", Schema: schema, Strict: param.NewOpt(true)},
			}},
		}, said{Text: want, Finish: "stop", In: 3, Out: int64(answer.Count(want))})
		if want != `{"city": "city"}` {
			t.Errorf("the engine says %s", want)
		}
	})
}

func TestChatImage(t *testing.T) {
	url := "data:image/png;base64," + base64.StdEncoding.EncodeToString(answer.Picture("a house"))
	each(t, func(t *testing.T, w *world, d fakellm.Dialect) {
		ask(t, w.openAI(t), openai.ChatCompletionNewParams{Model: model(d), Messages: []openai.ChatCompletionMessageParamUnion{
			openai.UserMessage([]openai.ChatCompletionContentPartUnionParam{
				openai.TextContentPart("look here"),
				openai.ImageContentPart(openai.ChatCompletionContentPartImageImageURLParam{URL: url}),
			}),
		}}, said{Text: "You said: look here [image]", Finish: "stop", In: 2 + answer.ImageTokens, Out: 5})
	})
}

// refused expects that a parameter is refused by its name.
func refused(t *testing.T, err error, name string) {
	t.Helper()
	var e *openai.Error
	if !errors.As(err, &e) {
		t.Fatalf("want a refusal of %s, got %v", name, err)
	}
	if e.StatusCode != 400 || e.Param != name || e.Code != "unsupported_parameter" || e.Type != "invalid_request_error" ||
		!strings.Contains(e.Message, name) || e.Response.Header.Get("X-Should-Retry") != "false" ||
		e.Response.Header.Get("X-Gatehouse-Error-Source") != "client" {
		t.Errorf("the refusal of %s is %d %s, header %v", name, e.StatusCode, e.RawJSON(), e.Response.Header)
	}
}

func TestChatChoices(t *testing.T) {
	each(t, func(t *testing.T, w *world, d fakellm.Dialect) {
		c := w.openAI(t)
		res, err := c.Chat.Completions.New(within(t), openai.ChatCompletionNewParams{
			Model: model(d), Messages: says("hi"), N: param.NewOpt[int64](2),
		})
		if d != fakellm.OpenAI {
			refused(t, err, "n")
			return
		}
		if err != nil || len(res.Choices) != 2 || res.Choices[1].Message.Content != "You said: hi [2]" || res.Choices[1].Index != 1 {
			t.Errorf("%+v, %v", res, err)
		}
	})
}

func TestChatLogprobs(t *testing.T) {
	each(t, func(t *testing.T, w *world, d fakellm.Dialect) {
		c := w.openAI(t)
		res, err := c.Chat.Completions.New(within(t), openai.ChatCompletionNewParams{
			Model: model(d), Messages: says("hi"), Logprobs: param.NewOpt(true), TopLogprobs: param.NewOpt[int64](2),
		})
		if d == fakellm.Anthropic {
			refused(t, err, "logprobs")
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		for _, p := range res.Choices[0].Logprobs.Content {
			text.WriteString(p.Token)
			if len(p.TopLogprobs) != 2 || p.TopLogprobs[0].Token != p.Token || p.Logprob > 0 || len(p.Bytes) != len(p.Token) {
				t.Errorf("the token is %s", p.RawJSON())
			}
		}
		if text.String() != "You said: hi" {
			t.Errorf("the tokens are %q", text.String())
		}
	})
}

// TestChatHints sends parameters that an answer does not depend on.
func TestChatHints(t *testing.T) {
	each(t, func(t *testing.T, w *world, d fakellm.Dialect) {
		ask(t, w.openAI(t), openai.ChatCompletionNewParams{
			Model: model(d), Messages: says("hello"), User: param.NewOpt("somebody"), Store: param.NewOpt(false),
			Metadata: shared.Metadata{"a": "b"}, Temperature: param.NewOpt(0.5), Seed: param.NewOpt[int64](7), TopP: param.NewOpt(1.0),
		}, said{Text: "You said: hello", Finish: "stop", In: 3, Out: 3})
	})
}
