package relaying_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/fakellm"
	"github.com/gatehouse-ai/gatehouse/gwtest"
)

// chatWith is a chat that asks for a model, given as JSON.
func chatWith(model string) string {
	return `{"model":` + model + `,"messages":[{"role":"user","content":"one two"}]}`
}

// named is a chat that asks for a model by its name.
func named(model string) string { return chatWith(fmt.Sprintf("%q", model)) }

const routes = `models:
  - {name: llama, endpoints: [{name: a, model: "meta/Llama-3.1:8b"}]}
  - {name: corp/special, endpoints: [b]}
  - {prefix: corp/, strip_prefix: true, endpoints: [a]}
  - {prefix: corp/eu/, endpoints: [b]}
  - {prefix: "claude-", endpoints: [{name: b, model: one-for-all}]}
  - {pattern: "*-embed-*", endpoints: [a]}
  - {pattern: "*-embed-large", endpoints: [b]}
  - {alias: gpt-4o-mini, of: llama}
  - {alias: second, of: gpt-4o-mini}
  - {alias: short, of: corp/eu/long}
`

// routed starts a gateway with two engines, a and b.
func routed(t *testing.T, config string) (g *gwtest.Gateway, a, b *fakellm.Engine) {
	t.Helper()
	a, first := engine(t, "a", fakellm.OpenAI, "")
	b, second := engine(t, "b", fakellm.OpenAI, "")
	return gwtest.Start(t, "endpoints:\n"+first+second+config), a, b
}

func TestRouting(t *testing.T) {
	g, a, b := routed(t, routes)
	engines := map[string]*fakellm.Engine{"a": a, "b": b}
	for _, c := range []struct{ asks, endpoint, upstream string }{
		{"llama", "a", "meta/Llama-3.1:8b"},        // a name, rewritten
		{"gpt-4o-mini", "a", "meta/Llama-3.1:8b"},  // an alias
		{"second", "a", "meta/Llama-3.1:8b"},       // an alias of an alias
		{"short", "b", "corp/eu/long"},             // an alias of what a prefix serves
		{"corp/x/y:z", "a", "x/y:z"},               // a prefix, stripped
		{"corp/eu/x", "b", "corp/eu/x"},            // the longer prefix wins, not stripped
		{"corp/eu", "a", "eu"},                     // which needs all of it
		{"corp/special", "b", "corp/special"},      // a name wins over a prefix
		{"claude-3-5", "b", "one-for-all"},         // a prefix, rewritten
		{"claude-", "b", "one-for-all"},            // a prefix alone
		{"x-embed-y", "a", "x-embed-y"},            // a pattern
		{"x-embed-large", "a", "x-embed-large"},    // the first pattern wins
		{"claude-embed-large", "b", "one-for-all"}, // a prefix wins over a pattern
		{"corp/a-embed-b", "a", "a-embed-b"},       // as well
		{"ü-embed-", "a", "ü-embed-"},              // names are text
	} {
		before := a.Count() + b.Count()
		r := ok(t, post(t, g, "/chat/completions", named(c.asks)))
		got := r.Header.Get("X-Gatehouse-Endpoint")
		if got != c.endpoint || r.Header.Get("X-Gatehouse-Model") != c.upstream || r.Header.Get("X-Gatehouse-Fallback") != "" {
			t.Errorf("%s: %v, want endpoint %s, model %s", c.asks, r.Header, c.endpoint, c.upstream)
			continue
		}
		if a.Count()+b.Count() != before+1 || model(t, engines[got].Last().Body()) != c.upstream || model(t, r.Body) != c.upstream {
			t.Errorf("%s: the engine got %s, the client %s", c.asks, engines[got].Last().Body(), r.Body)
		}
		if rec := g.Record(); rec.Model != c.asks || rec.Upstream != c.upstream || rec.Endpoint != c.endpoint || rec.Fallback || rec.Attempts != 1 {
			t.Errorf("%s: the record says %+v", c.asks, rec)
		}
	}
}

func TestUnknownModels(t *testing.T) {
	g, a, b := routed(t, routes)
	for _, name := range []string{"Llama", "llama ", " llama", "llama:latest", "corp/", "corp", "unknown", "*", "*-embed", "a/../llama", "llama\\u0000", "meta/Llama-3.1:8b"} {
		r := post(t, g, "/chat/completions", chatWith(`"`+name+`"`))
		if strings.Contains(name, "u0000") {
			refused(t, name, r, 400, "invalid_value", "model")
			continue
		}
		refused(t, name, r, 404, "model_not_found", "model")
		if p := r.problem(t); p.Type != "invalid_request_error" || !strings.Contains(p.Message, name) || r.Header.Get("X-Should-Retry") != "false" {
			t.Errorf("%s: %+v %v", name, p, r.Header)
		}
	}
	if a.Count()+b.Count() != 0 {
		t.Error("an engine was asked for a model that it does not serve")
	}
}

// The fallback serves unknown names and says so, in a header and by the model
// of the answer.
func TestFallback(t *testing.T) {
	g, a, _ := routed(t, routes+"fallback: {unknown_model: gpt-4o-mini}\n")
	for _, stream := range []bool{false, true} {
		body := named("gpt-5-turbo-max")
		if stream {
			body = strings.Replace(body, "{", `{"stream":true,`, 1)
		}
		r := ok(t, post(t, g, "/chat/completions", body))
		if r.Header.Get("X-Gatehouse-Fallback") != "llama" || r.Header.Get("X-Gatehouse-Model") != "meta/Llama-3.1:8b" {
			t.Errorf("stream %v: the fallback does not show: %v", stream, r.Header)
		}
		if got := model(t, a.Last().Body()); got != "meta/Llama-3.1:8b" {
			t.Errorf("stream %v: the engine was asked for %s", stream, got)
		}
		if !strings.Contains(string(r.Body), `"model":"meta/Llama-3.1:8b"`) || strings.Contains(string(r.Body), "gpt-5") {
			t.Errorf("stream %v: the answer does not name the model that gave it: %s", stream, r.Body)
		}
		if rec := g.Record(); !rec.Fallback || rec.Model != "gpt-5-turbo-max" || rec.Route != "llama" {
			t.Errorf("the record says %+v", rec)
		}
	}
	// Names that are known are not touched by it.
	r := ok(t, post(t, g, "/chat/completions", named("corp/x")))
	if _, there := r.Header["X-Gatehouse-Fallback"]; there || model(t, r.Body) != "x" {
		t.Errorf("a known name was served by the fallback: %v %s", r.Header, r.Body)
	}
	// Nor does it stand in for a name that is missing.
	refused(t, "no model", post(t, g, "/chat/completions", `{"messages":[]}`), 400, "missing_required_parameter", "model")
	// It shows in no list.
	if r := get(t, g, "/models/gpt-5-turbo-max", gwtest.Key); r.Status != 404 {
		t.Errorf("the fallback shows as a model: %s", r.Body)
	}
}

// The model is what the body says, whatever else the request has.
func TestTheModelComesFromTheBody(t *testing.T) {
	g, a, b := routed(t, routes)
	head := append(fields{
		"Model", "llama", "X-Model", "llama", "X-Gatehouse-Model", "llama", "X-Gatehouse-Endpoint", "a", "X-Model-Name", "llama",
		"X-Gateway-Model-Name", "llama", "X-Gatehouse-Fallback", "llama", "Openai-Model", "llama", "Cookie", "model=llama",
	}, asJSON...)
	const path = "/v1/chat/completions?model=llama&deployment=llama"
	r := do(t, g, "POST", path, strings.NewReader(`{"messages":[{"role":"user","content":"x","model":"llama"}],"metadata":{"model":"llama"}}`), head)
	refused(t, "no model in the body", r, 400, "missing_required_parameter", "model")
	r = do(t, g, "POST", path, strings.NewReader(named("unknown")), head)
	refused(t, "an unknown model in the body", r, 404, "model_not_found", "model")
	if a.Count() != 0 {
		t.Fatal("the request was routed by something else than its body")
	}
	r = ok(t, do(t, g, "POST", path, strings.NewReader(named("claude-x")), head))
	if b.Count() != 1 || a.Count() != 0 || model(t, r.Body) != "one-for-all" {
		t.Errorf("another model than that of the body was taken: %s", r.Body)
	}
	for name := range b.Last().Header {
		if strings.HasPrefix(name, "X-Gatehouse") {
			t.Errorf("the engine got %s from the client", name)
		}
	}
}

// A body that one reader takes for a request for one model and another reader
// for one for another is refused.
func TestAmbiguousModels(t *testing.T) {
	g, a, b := routed(t, routes)
	rest := `,"messages":[{"role":"user","content":"x"}]`
	for _, body := range []string{
		`{"model":"llama","model":"claude-x"` + rest + `}`,
		`{"model":"llama"` + rest + `,"model":"llama"}`,
		`{"model":"llama"` + rest + `,"mod\u0065l":"claude-x"}`,
		`{"\u006d\u006f\u0064\u0065\u006c":"llama"` + rest + `,"model":"claude-x"}`,
		`{"model":"llama"` + rest + `,"Model":"claude-x"}`,
		`{"MODEL":"llama"` + rest + `}`,
		`{"model":"llama"` + rest + `,"M\u006fdel":"claude-x"}`,
		`{"model":null,"model":"llama"` + rest + `}`,
	} {
		refused(t, body, post(t, g, "/chat/completions", body), 400, "duplicate_parameter", "model")
	}
	for _, c := range []struct{ body, code string }{
		{`{"model":["llama"]` + rest + `}`, "invalid_value"},
		{`{"model":{"name":"llama"}` + rest + `}`, "invalid_value"},
		{`{"model":7` + rest + `}`, "invalid_value"},
		{`{"model":true` + rest + `}`, "invalid_value"},
		{`{"model":null` + rest + `}`, "missing_required_parameter"},
		{`{"model":""` + rest + `}`, "missing_required_parameter"},
		{`{"model":"` + strings.Repeat("l", 513) + `"` + rest + `}`, "invalid_value"},
	} {
		refused(t, c.body, post(t, g, "/chat/completions", c.body), 400, c.code, "model")
	}
	if a.Count()+b.Count() != 0 {
		t.Error("an engine was reached")
	}
}

// A key that is written with escapes is the same key, and only its value is
// edited.
func TestEscapedModelIsTheModel(t *testing.T) {
	g, a, _ := routed(t, routes)
	body := `{ "mod\u0065l" : "gpt\u002d4o-\u006dini","messages":[{"role":"user","content":"x"}]}`
	r := ok(t, post(t, g, "/chat/completions", body))
	want := strings.Replace(body, `"gpt\u002d4o-\u006dini"`, `"meta/Llama-3.1:8b"`, 1)
	if got := string(a.Last().Body()); got != want {
		t.Errorf("the engine got %s\nwant %s: %s", got, want, r.Body)
	}
}

// The weights of a pool are shares of its requests; a standby gets none while
// the others work.
func TestWeights(t *testing.T) {
	a, first := engine(t, "a", fakellm.OpenAI, "")
	b, second := engine(t, "b", fakellm.OpenAI, "")
	c, third := engine(t, "c", fakellm.OpenAI, "")
	g := gwtest.Start(t, "endpoints:\n"+first+second+third+
		"models:\n  - {name: m, endpoints: [{name: a, weight: 3}, {name: b, model: up}, {name: c, weight: 0}]}\n")
	const n = 400
	for range n {
		r := ok(t, post(t, g, "/chat/completions", named("m")))
		want := map[string]string{"a": "m", "b": "up"}[r.Header.Get("X-Gatehouse-Endpoint")]
		if model(t, r.Body) != want || want == "" {
			t.Fatalf("endpoint %q answered for %q", r.Header.Get("X-Gatehouse-Endpoint"), model(t, r.Body))
		}
	}
	// Seven standard deviations: a wrong share is found, bad luck is not.
	if got := a.Count(); got < n*3/4-60 || got > n*3/4+60 || got+b.Count() != n || c.Count() != 0 {
		t.Errorf("of %d requests with the weights 3, 1 and 0 the engines got %d, %d and %d", n, got, b.Count(), c.Count())
	}
}

// Operations that OpenAI gives a default model have it here.
func TestDefaultModels(t *testing.T) {
	for _, c := range []struct{ path, model, body, rest string }{
		{"/moderations", "omni-moderation-latest", `{"input":"x"}`, `"input":"x"}`},
		{"/moderations", "omni-moderation-latest", ` { "model":null, "input":"x"}`, ""},
		{"/images/generations", "dall-e-2", "{\n \"prompt\":\"x\"}", "\n \"prompt\":\"x\"}"},
		{"/images/edits", "dall-e-2", `{"prompt":"x","images":[{"image_url":"data:,"}]}`, `"prompt":"x","images":[{"image_url":"data:,"}]}`},
	} {
		e, line := engine(t, "e", fakellm.OpenAI, "")
		g := gwtest.Start(t, "endpoints:\n"+line+"models:\n  - {name: "+c.model+", endpoints: [e]}\n")
		ok(t, post(t, g, c.path, c.body))
		if got := string(e.Last().Body()); got != c.body {
			t.Errorf("%s: the engine has the default itself, but got %q instead of %q", c.path, got, c.body)
		}
		// An endpoint that calls the model otherwise must be told.
		g.Write("endpoints:\n" + line + "models:\n  - {name: " + c.model + ", endpoints: [{name: e, model: up}]}\n")
		if err := g.Reload(); err != nil {
			t.Fatal(err)
		}
		ok(t, post(t, g, c.path, c.body))
		want := `{"model":"up",` + c.rest
		if c.rest == "" {
			want = strings.Replace(c.body, "null", `"up"`, 1)
		}
		if got := string(e.Last().Body()); got != want {
			t.Errorf("%s: the engine got %q, want %q", c.path, got, want)
		}
		// Without a route for it, it is as unknown as any other.
		g.Write("endpoints:\n" + line + "models:\n  - {name: other, endpoints: [e]}\n")
		if err := g.Reload(); err != nil {
			t.Fatal(err)
		}
		refused(t, c.path, post(t, g, c.path, c.body), 404, "model_not_found", "model")
	}
}

// A form that names no model is told the endpoint's name for the default, also
// where it is too large to be held.
func TestDefaultModelOfAForm(t *testing.T) {
	e, line := engine(t, "e", fakellm.OpenAI, "")
	g := gwtest.Start(t, "endpoints:\n"+line+"models:\n  - {name: dall-e-2, endpoints: [{name: e, model: up}]}\n")
	for _, size := range []int{10, 3 << 20} {
		file := upload{"image", "x.png", noise(size)}
		body, contentType := form(t, file, field{"prompt", "x"})
		want, _ := form(t, field{"model", "up"}, file, field{"prompt", "x"})
		resp := do(t, g, http.MethodPost, "/v1/images/edits", bytes.NewReader(body), multipartOf(contentType))
		if got := e.Last(); resp.Status != 200 || got.Sum256() != sha256.Sum256(want) {
			t.Errorf("status %d: of %d bytes the engine got %d, wanted %d", resp.Status, len(body), got.Size(), len(want))
		}
	}
}
