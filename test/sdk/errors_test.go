package sdk_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"github.com/gatehouse-ai/gatehouse/fakellm"
	"github.com/gatehouse-ai/gatehouse/gwtest"
)

// failure returns the error as the client surfaces it.
func failure(t *testing.T, err error) *openai.Error {
	t.Helper()
	var e *openai.Error
	if !errors.As(err, &e) {
		t.Fatalf("the client does not take it for an error of the API: %v", err)
	}
	if id := e.Response.Header.Get("X-Request-Id"); !strings.HasPrefix(id, "req_") {
		t.Errorf("the request id is %q", id)
	}
	for _, key := range []string{"message", "type", "param", "code"} {
		if !strings.Contains(e.RawJSON(), `"`+key+`":`) {
			t.Errorf("there is no %s in %s", key, e.RawJSON())
		}
	}
	return e
}

func hello(d fakellm.Dialect, name string) openai.ChatCompletionNewParams {
	return openai.ChatCompletionNewParams{Model: string(d) + "/" + name, Messages: says("hello")}
}

// stream reads a stream to its end.
func stream(t *testing.T, c openai.Client, p openai.ChatCompletionNewParams) (text string, err error) {
	t.Helper()
	s := c.Chat.Completions.NewStreaming(within(t), p)
	var b strings.Builder
	for s.Next() {
		for _, choice := range s.Current().Choices {
			b.WriteString(choice.Delta.Content)
		}
	}
	return b.String(), s.Err()
}

func TestUpstreamErrors(t *testing.T) {
	each(t, func(t *testing.T, w *world, d fakellm.Dialect) {
		c := w.openAI(t)
		for _, test := range []struct {
			status       int
			typ, message string
		}{
			{400, "invalid_request_error", "made up"},
			{401, "invalid_request_error", "The endpoint did not accept the gateway's credential. Tell whoever runs the gateway."},
			{403, "insufficient_permissions", "made up"},
			{404, "invalid_request_error", "made up"},
			{409, "invalid_request_error", "made up"},
			{413, "invalid_request_error", "made up"},
			{422, "invalid_request_error", "made up"},
			{429, "rate_limit_error", "made up"},
			{500, "server_error", "made up"},
			{503, "server_error", "made up"},
		} {
			for _, streamed := range []bool{false, true} {
				w.engines[model(d)].Queue(fakellm.Script{Refuse: &fakellm.Refusal{Status: test.status, Message: "made up"}})
				var err error
				if streamed {
					_, err = stream(t, c, hello(d, "chat"))
				} else {
					_, err = c.Chat.Completions.New(within(t), hello(d, "chat"))
				}
				e := failure(t, err)
				if e.StatusCode != test.status || e.Type != test.typ || e.Message != test.message || e.Param != "" ||
					e.Response.Header.Get("X-Gatehouse-Error-Source") != "upstream" {
					t.Errorf("%d, streamed %t: %d %s", test.status, streamed, e.StatusCode, e.RawJSON())
				}
				if _, err := c.Chat.Completions.New(within(t), hello(d, "chat")); err != nil { // and the endpoint is well again
					t.Fatal(err)
				}
			}
		}
	})
}

// TestErrorShapes sends every form of error that engines and what stands before
// them answer with. Some of them the client could not read itself.
func TestErrorShapes(t *testing.T) {
	each(t, func(t *testing.T, w *world, d fakellm.Dialect) {
		c := w.openAI(t)
		for _, shape := range fakellm.Shapes() {
			w.engines[model(d)].Queue(fakellm.Script{Refuse: &fakellm.Refusal{Status: 422, Shape: shape, Message: "made up"}})
			_, err := c.Chat.Completions.New(within(t), hello(d, "chat"))
			e := failure(t, err)
			readable := shape != fakellm.Empty && shape != fakellm.CutJSON && shape != fakellm.HTML
			if e.StatusCode != 422 || e.Message == "" || e.Type == "" || readable && !strings.Contains(e.Message, "made up") {
				t.Errorf("%s: %d %s", shape, e.StatusCode, e.RawJSON())
			}
		}
	})
}

func TestOwnErrors(t *testing.T) {
	w := newWorld(t).start()
	c, within := w.openAI(t), within(t)
	chat := func(p openai.ChatCompletionNewParams, options ...option.RequestOption) error {
		_, err := c.Chat.Completions.New(within, p, options...)
		return err
	}
	for _, test := range []struct {
		name              string
		err               error
		status            int
		typ, code, param  string
		message, allowing string
	}{
		{"wrong key", chat(hello("openai", "chat"), option.WithAPIKey("sk-wrong")), 401, "invalid_request_error", "invalid_api_key", "api_key", "key", ""},
		{"no key", chat(hello("openai", "chat"), option.WithHeaderDel("Authorization")), 401, "invalid_request_error", "", "", "key", ""},
		{"unknown model", chat(hello("openai", "nothing")), 404, "invalid_request_error", "model_not_found", "model", "openai/nothing", ""},
		{"no model", chat(openai.ChatCompletionNewParams{Messages: says("x")}), 400, "invalid_request_error", "missing_required_parameter", "model", "model", ""},
		{"no messages", chat(openai.ChatCompletionNewParams{Model: "openai/chat"}, option.WithJSONDel("messages")), 400, "invalid_request_error", "missing_required_parameter", "messages", "messages", ""},
		{"bad JSON", c.Post(within, "chat/completions", nil, nil, option.WithRequestBody("application/json", strings.NewReader(`{"model":`))), 400, "invalid_request_error", "invalid_json", "", "JSON", ""},
		{"unknown path", c.Get(within, "nothing", nil, nil), 404, "invalid_request_error", "", "", "/v1/nothing", ""},
		{"wrong method", c.Get(within, "embeddings", nil, nil), 405, "invalid_request_error", "method_not_supported", "", "GET", "POST"},
		{"not served", c.Get(within, "threads/x", nil, nil), 404, "invalid_request_error", "", "", "not served", ""},
		{"not by this endpoint", c.Post(within, "embeddings", map[string]any{"model": "anthropic/chat", "input": "x"}, nil), 400, "invalid_request_error", "unsupported_operation", "model", "anthropic/chat", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := failure(t, test.err)
			if e.StatusCode != test.status || e.Type != test.typ || e.Code != test.code || e.Param != test.param ||
				!strings.Contains(e.Message, test.message) || e.Response.Header.Get("Allow") != test.allowing ||
				e.Response.Header.Get("X-Should-Retry") != "false" || e.Response.Header.Get("X-Gatehouse-Error-Source") != "client" {
				t.Errorf("%d %s, header %v", e.StatusCode, e.RawJSON(), e.Response.Header)
			}
		})
	}
}

// TestNoEndpoint breaks the only endpoint of a model until it is left alone.
func TestNoEndpoint(t *testing.T) {
	each(t, func(t *testing.T, w *world, d fakellm.Dialect) {
		c := w.openAI(t)
		for range 3 {
			w.engines[model(d)].Queue(fakellm.Refused(500, fakellm.Own))
			if _, err := c.Chat.Completions.New(within(t), hello(d, "chat")); failure(t, err).StatusCode != 500 {
				t.Fatal(err)
			}
		}
		_, err := c.Chat.Completions.New(within(t), hello(d, "chat"))
		e := failure(t, err)
		if e.StatusCode != 503 || e.Code != "service_unavailable" || e.Response.Header.Get("Retry-After") == "" ||
			e.Response.Header.Get("X-Gatehouse-Error-Source") != "gateway" || asked(w.engines[model(d)]) != 3 {
			t.Errorf("%d %s, header %v", e.StatusCode, e.RawJSON(), e.Response.Header)
		}
	})
}

// TestBrokenStreams breaks streams off after their beginning. The client must
// not take what it got for the whole.
func TestBrokenStreams(t *testing.T) {
	each(t, func(t *testing.T, w *world, d fakellm.Dialect) {
		c := w.openAI(t)
		for _, test := range []struct {
			name   string
			script fakellm.Script
			want   string
		}{
			{"error event", fakellm.Script{Fail: &fakellm.StreamErr{At: 4, Message: "out of memory"}}, "out of memory"},
			{"reset", fakellm.Script{Break: &fakellm.Break{How: fakellm.Reset, Where: fakellm.AfterEvents, N: 4}}, "complete"},
			{"end", fakellm.Script{Break: &fakellm.Break{How: fakellm.End, Where: fakellm.AfterEvents, N: 4}}, "complete"},
			{"garbled", fakellm.Script{Break: &fakellm.Break{How: fakellm.Garble, Where: fakellm.AfterEvents, N: 4}}, "complete"},
		} {
			t.Run(test.name, func(t *testing.T) {
				test.script.Say.Text = "one two three four five six seven eight"
				w.engines[model(d)].Queue(test.script)
				text, err := stream(t, c, hello(d, "chat"))
				if err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(text, "one") || strings.Contains(text, "eight") {
					t.Errorf("after %q: %v, want an error that says %q", text, err, test.want)
				}
				if _, err := stream(t, c, hello(d, "chat")); err != nil { // and the endpoint is well again
					t.Fatal(err)
				}
			})
		}
	})
}

// asked counts the requests of clients. The gateway has some of its own, to see
// whether an engine is well.
func asked(e *fakellm.Engine) int {
	n := 0
	for _, r := range e.Requests() {
		if r.Method == http.MethodPost {
			n++
		}
	}
	return n
}

// lastAsked is the last request of a client.
func lastAsked(t *testing.T, e *fakellm.Engine) *fakellm.Request {
	t.Helper()
	for _, r := range slices.Backward(e.Requests()) {
		if r.Method == http.MethodPost {
			return r
		}
	}
	t.Fatal("the engine was not asked")
	return nil
}

// TestRetries counts how often the client asks, with its retries on.
func TestRetries(t *testing.T) {
	const quota = `{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}`
	soon := map[string]string{"Retry-After-Ms": "1"}
	each(t, func(t *testing.T, w *world, d fakellm.Dialect) {
		for _, test := range []struct {
			name   string
			script fakellm.Script
			asked  int
			ok     bool
		}{
			{"rate limit", fakellm.RateLimited(time.Millisecond), 2, true},
			{"overloaded", fakellm.Script{Refuse: &fakellm.Refusal{Status: 503, Header: soon}}, 2, true},
			{"quota", fakellm.Script{Refuse: &fakellm.Refusal{Status: 429, Body: quota, Header: soon}}, 1, false},
			{"bad request", fakellm.Refused(400, fakellm.Own), 1, false},
		} {
			t.Run(test.name, func(t *testing.T) {
				e := w.engines[model(d)]
				before := asked(e)
				e.Queue(test.script)
				c := w.openAI(t, option.WithMaxRetries(2))
				res, err := c.Chat.Completions.New(within(t), hello(d, "chat"))
				if n := asked(e) - before; n != test.asked || test.ok != (err == nil) {
					t.Errorf("asked %d times, want %d: %v", n, test.asked, err)
				}
				if test.ok && res.Choices[0].Message.Content != "You said: hello" {
					t.Errorf("the answer is %s", res.RawJSON())
				}
			})
		}
		t.Run("refused by the gateway", func(t *testing.T) {
			tries := 0
			c := w.openAI(t, option.WithMaxRetries(2), option.WithMiddleware(func(r *http.Request, next option.MiddlewareNext) (*http.Response, error) {
				tries++
				return next(r)
			}))
			_, err := c.Chat.Completions.New(within(t), hello(d, "nothing"))
			if failure(t, err).StatusCode != 404 || tries != 1 {
				t.Errorf("%d tries: %v", tries, err)
			}
		})
	})
}

// TestRateLimit looks at what clients do with a rate limit of their own: all
// header fields about it arrive.
func TestRateLimit(t *testing.T) {
	w := newWorld(t).start()
	w.engines["openai/chat"].Queue(fakellm.RateLimited(2500 * time.Millisecond))
	c := w.openAI(t)
	_, err := c.Chat.Completions.New(within(t), hello("openai", "chat"))
	e := failure(t, err)
	for name, want := range map[string]string{
		"Retry-After": "3", "Retry-After-Ms": "2500", "X-Ratelimit-Limit-Requests": "60", "X-Ratelimit-Remaining-Requests": "0",
		"X-Ratelimit-Limit-Tokens": "150000", "X-Ratelimit-Remaining-Tokens": "149984", "X-Ratelimit-Reset-Tokens": "2.5s",
	} {
		if got := e.Response.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if e.StatusCode != 429 || e.Message != "Rate limit reached" {
		t.Errorf("%d %s", e.StatusCode, e.RawJSON())
	}
}

// TestUpstreamKeepsItsKey looks for the keys where they must not be.
func TestUpstreamKeepsItsKey(t *testing.T) {
	each(t, func(t *testing.T, w *world, d fakellm.Dialect) {
		c := w.openAI(t, option.WithOrganization("org-1"), option.WithProject("proj-1"))
		if _, err := c.Chat.Completions.New(within(t), hello(d, "chat")); err != nil {
			t.Fatal(err)
		}
		for name, values := range lastAsked(t, w.engines[model(d)]).Header {
			for _, v := range values {
				if strings.Contains(v, gwtest.Key) || strings.Contains(v, "org-1") || strings.Contains(v, "proj-1") {
					t.Errorf("the engine got %s: %s", name, v)
				}
			}
		}
		if log := w.Log(); strings.Contains(log, gwtest.Key) || strings.Contains(log, upstreamKey) {
			t.Error("a key stands in the log")
		}
	})
}
