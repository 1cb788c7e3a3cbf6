package failing_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/anthropics/anthropic-sdk-go"
	anthropicoption "github.com/anthropics/anthropic-sdk-go/option"
	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"github.com/gatehouse-ai/gatehouse/fakellm"
	"github.com/gatehouse-ai/gatehouse/gwtest"
)

// again is how long an engine asks a client to wait, so that tests need not.
const again = time.Millisecond

// sdkCase is a failure and what an official client makes of it, which by
// default sends a request up to three times.
type sdkCase struct {
	name   string
	script fakellm.Script
	key    string // gwtest.Key if empty
	model  string // m if empty

	status int
	typ    string
	code   string
	param  string
	engine int // requests at the engine
	sent   int // requests at the gateway
}

func refuse(status int, body string) fakellm.Script {
	return fakellm.Script{Refuse: &fakellm.Refusal{Status: status, Body: body, RetryAfter: again}}
}

func openAICases() []sdkCase {
	nested := func(typ, param, code string) string {
		return `{"error":{"message":"` + cheese + `","type":"` + typ + `","param":` + param + `,"code":` + code + `}}`
	}
	return []sdkCase{
		{name: "400", script: refuse(400, nested("invalid_request_error", `"messages[0].role"`, `"invalid_value"`)), status: 400, typ: "invalid_request_error", code: "invalid_value", param: "messages[0].role", engine: 1, sent: 1},
		{name: "400 of FastAPI", script: refuse(400, `{"detail":"`+cheese+`"}`), status: 400, typ: "invalid_request_error", engine: 1, sent: 1},
		{name: "context length", script: refuse(400, `{"object":"error","message":"This model's maximum context length is 9 tokens","type":"BadRequestError","param":null,"code":400}`), status: 400, typ: "invalid_request_error", code: "context_length_exceeded", engine: 1, sent: 1},
		{name: "404", script: refuse(404, nested("invalid_request_error", "null", `"model_not_found"`)), status: 404, typ: "invalid_request_error", code: "model_not_found", engine: 1, sent: 1},
		{name: "409", script: refuse(409, nested("invalid_request_error", "null", "null")), status: 409, typ: "invalid_request_error", engine: 3, sent: 3},
		{name: "429", script: refuse(429, nested("tokens", "null", `"rate_limit_exceeded"`)), status: 429, typ: "tokens", code: "rate_limit_exceeded", engine: 3, sent: 3},
		{name: "429 that no retry helps", script: refuse(429, nested("insufficient_quota", "null", `"insufficient_quota"`)), status: 429, typ: "insufficient_quota", code: "insufficient_quota", engine: 1, sent: 1},
		{name: "500", script: refuse(500, nested("server_error", "null", "null")), status: 500, typ: "server_error", engine: 3, sent: 3},
		{name: "503 of a proxy", script: refuse(503, "<html><h1>503 Service Temporarily Unavailable</h1></html>"), status: 503, typ: "server_error", engine: 3, sent: 3},
		{name: "credential of the gateway", script: refuse(401, nested("invalid_request_error", "null", `"invalid_api_key"`)), status: 401, typ: "invalid_request_error", code: "upstream_authentication_failed", engine: 1, sent: 1},
		{name: "unknown model", model: "nope", status: 404, typ: "invalid_request_error", code: "model_not_found", param: "model", sent: 1},
		{name: "wrong key", key: "sk-wrong", status: 401, typ: "invalid_request_error", code: "invalid_api_key", param: "api_key", sent: 1},
	}
}

// sent counts the requests that have ended at the gateway. The client has had
// its last answer, so all of them are about to.
func sent(t *testing.T, g *gwtest.Gateway, want int) {
	t.Helper()
	for range want {
		g.Record()
	}
	if n := strings.Count(g.Log(), `"msg":"request"`); n != want {
		t.Errorf("the gateway got %d requests, want %d", n, want)
	}
}

// TestOpenAISDK looks at failures with the eyes of OpenAI's own client.
func TestOpenAISDK(t *testing.T) {
	for _, d := range []fakellm.Dialect{fakellm.OpenAI, fakellm.Ollama, fakellm.Anthropic} {
		for _, c := range openAICases() {
			for _, stream := range []bool{false, true} {
				name := string(d) + " " + c.name
				if stream {
					name += " streamed"
				}
				t.Run(name, func(t *testing.T) {
					g, e := single(t, d, "", "")
					e.Set(c.script)
					if c.key == "" {
						c.key = gwtest.Key
					}
					if c.model == "" {
						c.model = "m"
					}
					client := openai.NewClient(option.WithBaseURL(g.URL), option.WithAPIKey(c.key))
					err := complain(t, client, c.model, stream)
					var got *openai.Error
					if !errors.As(err, &got) {
						t.Fatalf("want an *openai.Error, got %T: %v", err, err)
					}
					if got.StatusCode != c.status || got.Code != c.code || got.Param != c.param || got.Type != c.typ || got.Message == "" {
						t.Errorf("status %d, type %q, code %q, param %q, message %q\nwant   %d, type %q, code %q, param %q",
							got.StatusCode, got.Type, got.Code, got.Param, got.Message, c.status, c.typ, c.code, c.param)
					}
					if e.Count() != c.engine {
						t.Errorf("the engine got %d requests, want %d", e.Count(), c.engine)
					}
					sent(t, g, c.sent)
				})
			}
		}
	}
}

// complain asks for a chat and returns the error.
func complain(t *testing.T, client openai.Client, model string, stream bool) error {
	t.Helper()
	params := openai.ChatCompletionNewParams{Model: model, Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("one two three four")}}
	if !stream {
		_, err := client.Chat.Completions.New(within(t), params)
		return err
	}
	s := client.Chat.Completions.NewStreaming(within(t), params)
	defer s.Close()
	for s.Next() {
		t.Errorf("a chunk instead of an error: %s", s.Current().RawJSON())
	}
	return s.Err()
}

// TestOpenAISDKInStream wants the client to have what came before the failure,
// then the error, and never a stream that looks complete.
func TestOpenAISDKInStream(t *testing.T) {
	for _, d := range []fakellm.Dialect{fakellm.OpenAI, fakellm.Ollama, fakellm.Anthropic} {
		for name, script := range map[string]fakellm.Script{
			"error": {Fail: &fakellm.StreamErr{At: 5, Message: cheese}},
			"FIN":   {Break: &fakellm.Break{How: fakellm.Close, Where: fakellm.AfterEvents, N: 5}},
		} {
			t.Run(string(d)+" "+name, func(t *testing.T) {
				g, e := single(t, d, "", "")
				e.Set(script)
				client := openai.NewClient(option.WithBaseURL(g.URL), option.WithAPIKey(gwtest.Key))
				s := client.Chat.Completions.NewStreaming(within(t), openai.ChatCompletionNewParams{
					Model: "m", Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("one two three four")},
				})
				defer s.Close()
				const whole = "You said: one two three four"
				text, finish := "", ""
				for s.Next() {
					for _, c := range s.Current().Choices {
						text += c.Delta.Content
						finish += c.FinishReason
					}
				}
				if err := s.Err(); err == nil || name == "error" && !strings.Contains(err.Error(), cheese) {
					t.Errorf("the error is %v", err)
				}
				if text == "" || !strings.HasPrefix(whole, text) || finish != "" {
					t.Errorf("the client has %q and the finish reason %q", text, finish)
				}
				if e.Count() != 1 {
					t.Errorf("the engine got %d requests", e.Count())
				}
			})
		}
	}
}

// TestAnthropicSDK looks at failures with the eyes of Anthropic's own client.
func TestAnthropicSDK(t *testing.T) {
	for _, d := range []fakellm.Dialect{fakellm.Anthropic, fakellm.OpenAI} {
		for _, c := range []sdkCase{
			{name: "400", script: refuse(400, `{"type":"error","error":{"type":"invalid_request_error","message":"`+cheese+`"}}`), status: 400, typ: "invalid_request_error", engine: 1, sent: 1},
			{name: "400 of another API", script: refuse(400, `{"detail":"`+cheese+`"}`), status: 400, typ: "invalid_request_error", engine: 1, sent: 1},
			{name: "403", script: refuse(403, `{"error":"`+cheese+`"}`), status: 403, typ: "permission_error", engine: 1, sent: 1},
			{name: "429", script: refuse(429, `{"type":"error","error":{"type":"rate_limit_error","message":"`+cheese+`"}}`), status: 429, typ: "rate_limit_error", engine: 3, sent: 3},
			{name: "500", script: refuse(500, cheese), status: 500, typ: "api_error", engine: 3, sent: 3},
			{name: "529", script: refuse(529, `{"type":"error","error":{"type":"overloaded_error","message":"`+cheese+`"}}`), status: 529, typ: "overloaded_error", engine: 3, sent: 3},
			{name: "unknown model", model: "nope", status: 404, typ: "not_found_error", sent: 1},
			{name: "wrong key", key: "sk-wrong", status: 401, typ: "authentication_error", sent: 1},
		} {
			t.Run(string(d)+" "+c.name, func(t *testing.T) {
				g, e := single(t, d, "", "")
				e.Set(c.script)
				if c.key == "" {
					c.key = gwtest.Key
				}
				if c.model == "" {
					c.model = "m"
				}
				client := anthropic.NewClient(anthropicoption.WithBaseURL(g.Root), anthropicoption.WithAPIKey(c.key))
				_, err := client.Messages.New(within(t), messageParams(c.model))
				var got *anthropic.Error
				if !errors.As(err, &got) {
					t.Fatalf("want an *anthropic.Error, got %T: %v", err, err)
				}
				if got.StatusCode != c.status || string(got.Type()) != c.typ {
					t.Errorf("status %d, type %q, want %d, %q: %s", got.StatusCode, got.Type(), c.status, c.typ, got.RawJSON())
				}
				if e.Count() != c.engine {
					t.Errorf("the engine got %d requests, want %d", e.Count(), c.engine)
				}
				sent(t, g, c.sent)
			})
		}
		t.Run(string(d)+" in stream", func(t *testing.T) {
			g, e := single(t, d, "", "")
			e.Set(fakellm.Script{Fail: &fakellm.StreamErr{At: 5, Message: cheese}})
			client := anthropic.NewClient(anthropicoption.WithBaseURL(g.Root), anthropicoption.WithAPIKey(gwtest.Key))
			s := client.Messages.NewStreaming(within(t), messageParams("m"))
			defer s.Close()
			events := 0
			for s.Next() {
				if events++; s.Current().Type == "message_stop" {
					t.Error("the stream looks complete")
				}
			}
			if err := s.Err(); err == nil || !strings.Contains(err.Error(), cheese) || events == 0 {
				t.Errorf("%d events, then %v", events, err)
			}
		})
	}
}

func messageParams(model string) anthropic.MessageNewParams {
	return anthropic.MessageNewParams{
		Model: model, MaxTokens: 100,
		Messages: []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock("one two three four"))},
	}
}
