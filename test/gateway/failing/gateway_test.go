package failing_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gatehouse-ai/gatehouse/fakellm"
	"github.com/gatehouse-ai/gatehouse/gwtest"
)

// patience bounds how long a test waits for what must happen at once.
const patience = 20 * time.Second

// TestMain checks that no goroutine is left when all gateways and engines are
// closed.
func TestMain(m *testing.M) {
	code := m.Run()
	http.DefaultClient.CloseIdleConnections()
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, "goroutines are left after all tests:", err)
		code = 1
	}
	os.Exit(code)
}

// within returns a context that ends before the test runner loses patience.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// engine starts an engine and returns the line of the configuration that makes
// it an endpoint. more is further members of that line.
func engine(t *testing.T, name string, d fakellm.Dialect, more string, options ...fakellm.Option) (*fakellm.Engine, string) {
	t.Helper()
	e := fakellm.New(d, options...)
	s := fakellm.Start(e)
	t.Cleanup(s.Close)
	return e, endpoint(name, s.URL, d, more)
}

// endpoint is a line of the configuration. There are no active checks, so that
// an engine sees the requests of the test alone.
func endpoint(name, url string, d fakellm.Dialect, more string) string {
	if d == fakellm.OpenAI {
		url += "/v1"
	}
	if !strings.Contains(more, "health:") {
		more += ", health: {interval: 0s}"
	}
	return fmt.Sprintf("  - {name: %s, url: %q, dialect: %s%s}\n", name, url, d, more)
}

// single is a gateway whose model m is served by one engine. top is further
// configuration.
func single(t *testing.T, d fakellm.Dialect, more, top string, options ...fakellm.Option) (*gwtest.Gateway, *fakellm.Engine) {
	t.Helper()
	e, line := engine(t, "e", d, more, options...)
	return gwtest.Start(t, "endpoints:\n"+line+"models:\n  - {name: m, endpoints: [e]}\n"+top), e
}

// pair is a gateway whose model m is served by engine a, and by engine b if a
// does not work.
func pair(t *testing.T, d fakellm.Dialect, more, top string) (g *gwtest.Gateway, a, b *fakellm.Engine) {
	t.Helper()
	a, first := engine(t, "a", d, more)
	b, second := engine(t, "b", d, more)
	g = gwtest.Start(t, "endpoints:\n"+first+second+"models:\n  - {name: m, endpoints: [a, {name: b, weight: 0}]}\n"+top)
	return g, a, b
}

// question is a request that every working engine of the dialect answers.
type question struct {
	name      string
	dialect   fakellm.Dialect
	path      string
	body      string // with a place for "stream":true
	streams   bool
	anthropic bool // errors have Anthropic's shape
}

const (
	bearer = "Bearer " + gwtest.Key

	chatBody    = `{"model":"m","messages":[{"role":"user","content":"one two three four"}]%s}`
	messageBody = `{"model":"m","max_tokens":100,"messages":[{"role":"user","content":"one two three four"}]%s}`
	inputBody   = `{"model":"m","input":"one two three four"%s}`
)

// questions are the ways to ask, over all dialects.
func questions() []question {
	return []question{
		{"chat over openai", fakellm.OpenAI, "/chat/completions", chatBody, true, false},
		{"chat over ollama", fakellm.Ollama, "/chat/completions", chatBody, true, false},
		{"chat over anthropic", fakellm.Anthropic, "/chat/completions", chatBody, true, false},
		{"completions", fakellm.OpenAI, "/completions", `{"model":"m","prompt":"one two three four"%s}`, true, false},
		{"responses", fakellm.OpenAI, "/responses", inputBody, true, false},
		{"embeddings over openai", fakellm.OpenAI, "/embeddings", inputBody, false, false},
		{"embeddings over ollama", fakellm.Ollama, "/embeddings", inputBody, false, false},
		{"embeddings over tei", fakellm.TEI, "/embeddings", inputBody, false, false},
		{"messages over openai", fakellm.OpenAI, "/messages", messageBody, true, true},
		{"messages over anthropic", fakellm.Anthropic, "/messages", messageBody, true, true},
	}
}

// with returns the body of the question.
func (q question) with(stream bool) string {
	if stream {
		return fmt.Sprintf(q.body, `,"stream":true`)
	}
	return fmt.Sprintf(q.body, "")
}

// modes returns whether the question can be asked with a stream and without.
func (q question) modes() []bool {
	if q.streams {
		return []bool{false, true}
	}
	return []bool{false}
}

// chat is the body of a chat, streamed or not.
func chat(stream bool) string { return questions()[0].with(stream) }

// reply is what a client got.
type reply struct {
	Status int
	Header http.Header
	Body   []byte
	Cut    error // why the body could not be read to its end
}

// ask posts a body with the key of the gateway, and reads the whole answer.
func ask(t *testing.T, g *gwtest.Gateway, path, body string) reply {
	t.Helper()
	return send(t, http.MethodPost, g.URL+path, body, "Authorization", bearer, "Anthropic-Version", "2023-06-01")
}

func read(resp *http.Response) reply {
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return reply{resp.StatusCode, resp.Header, body, err}
}

// send sends any request. Fields are name, value, name, value; the
// Content-Type is JSON unless they say otherwise.
func send(t *testing.T, method, url, body string, fields ...string) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(within(t), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(fields); i += 2 {
		req.Header.Set(fields[i], fields[i+1])
		if fields[i] == "Host" {
			req.Host = fields[i+1]
		}
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return read(resp)
}

// well asks an engine that works, so that its earlier failures are forgotten.
func well(t *testing.T, g *gwtest.Gateway, q question) {
	t.Helper()
	if r := ask(t, g, q.path, q.with(false)); r.Status != 200 {
		t.Fatalf("a good request got status %d: %s", r.Status, r.Body)
	}
	g.Record()
}

// problem is the error that a client reads, in any shape.
type problem struct {
	Message, Type, Param, Code string
}

// envelope checks that a reply is one error with all that belongs to it.
func envelope(t *testing.T, r reply, anthropic bool) problem {
	t.Helper()
	if r.Cut != nil {
		t.Errorf("the error broke off: %v", r.Cut)
	}
	if ct := r.Header.Get("Content-Type"); ct != "application/json" {
		t.Errorf("Content-Type is %q, want application/json", ct)
	}
	if id := r.Header.Get("X-Request-Id"); !strings.HasPrefix(id, "req_") {
		t.Errorf("X-Request-Id is %q", id)
	}
	switch source := r.Header.Get("X-Gatehouse-Error-Source"); source {
	case "client", "gateway", "upstream":
	default:
		t.Errorf("X-Gatehouse-Error-Source is %q", source)
	}
	if anthropic {
		return anthropicError(t, r.Body)
	}
	return openAIError(t, r.Body)
}

// openAIError reads {"error":{…}} and wants exactly its four keys.
func openAIError(t *testing.T, body []byte) problem {
	t.Helper()
	var outer map[string]map[string]any
	if err := json.Unmarshal(body, &outer); err != nil || len(outer) != 1 || len(outer["error"]) != 4 {
		t.Errorf("want one envelope with four keys, got %q", body)
		return problem{}
	}
	return fields(t, outer["error"], body)
}

// anthropicError reads Anthropic's shape.
func anthropicError(t *testing.T, body []byte) problem {
	t.Helper()
	var outer struct {
		Type  string         `json:"type"`
		Error map[string]any `json:"error"`
	}
	if err := json.Unmarshal(body, &outer); err != nil || outer.Type != "error" {
		t.Errorf("want an error of Anthropic's shape, got %q", body)
		return problem{}
	}
	outer.Error["param"], outer.Error["code"] = nil, nil
	return fields(t, outer.Error, body)
}

// fields reads an error object: message and type are texts, param and code
// texts or null.
func fields(t *testing.T, o map[string]any, body []byte) problem {
	t.Helper()
	var p problem
	for name, to := range map[string]*string{"message": &p.Message, "type": &p.Type, "param": &p.Param, "code": &p.Code} {
		v, there := o[name]
		text, isText := v.(string)
		nullable := name == "param" || name == "code"
		if !there || !isText && !(v == nil && nullable) || text == "" && !nullable {
			t.Errorf("%s of the error is %#v: %s", name, v, body)
		}
		*to = text
	}
	return p
}

// until waits for a condition that another goroutine is about to make true.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for ctx := within(t); !is(); {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("waited in vain until %s", what)
		}
	}
}
