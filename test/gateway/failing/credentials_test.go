package failing_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-ai/gatehouse/fakellm"
	"github.com/gatehouse-ai/gatehouse/gwtest"
	"github.com/gatehouse-ai/gatehouse/op"
)

// Credentials that must stay where they belong. They look like no key of any
// provider, so that nothing but knowing them can keep them in.
const (
	upstreamKey = "Upstream0Canary0Xq7w"
	clientKey   = "Client0Canary0Lm3z"
)

// credentials are the fields of a request that an engine got and that carry a
// credential or say whose it is.
func credentials(h http.Header) map[string]string {
	out := map[string]string{}
	for _, name := range []string{
		"Authorization", "X-Api-Key", "Api-Key", "X-Gatehouse-Key", "Openai-Organization", "Openai-Project", "Cookie", "Proxy-Authorization", "X-Goog-Api-Key",
	} {
		if v := h.Values(name); len(v) > 0 {
			out[name] = strings.Join(v, " and ")
		}
	}
	return out
}

// TestCredentials checks which credential an engine gets, by the mode of its
// endpoint and what the client sent.
func TestCredentials(t *testing.T) {
	ours := []string{"X-Gatehouse-Key", gwtest.Key, "OpenAI-Organization", "org-1", "OpenAI-Project", "proj-1", "Cookie", "c=1"}
	whose := map[string]string{"Openai-Organization": "org-1", "Openai-Project": "proj-1"}
	with := func(name, value string) map[string]string {
		return map[string]string{name: value, "Openai-Organization": "org-1", "Openai-Project": "proj-1"}
	}
	for _, c := range []struct {
		name string
		auth string
		sent []string
		want map[string]string
	}{
		{"replace", "{mode: replace, key: " + upstreamKey + "}", nil, map[string]string{"Authorization": "Bearer " + upstreamKey}},
		{"replace, with a credential of the client's", "{mode: replace, key: " + upstreamKey + "}", []string{"Authorization", "Bearer " + clientKey}, map[string]string{"Authorization": "Bearer " + upstreamKey}},
		{"replace, with an x-api-key of the client's", "{mode: replace, key: " + upstreamKey + "}", []string{"X-Api-Key", clientKey}, map[string]string{"Authorization": "Bearer " + upstreamKey}},
		{"none", "none", []string{"Authorization", "Bearer " + clientKey, "Api-Key", clientKey}, map[string]string{}},
		{"passthrough of nothing", "passthrough", nil, whose},
		{"passthrough of Authorization", "passthrough", []string{"Authorization", "Bearer " + clientKey}, with("Authorization", "Bearer "+clientKey)},
		{"passthrough of another scheme", "passthrough", []string{"Authorization", "Basic " + clientKey}, with("Authorization", "Basic "+clientKey)},
		{"passthrough of x-api-key", "passthrough", []string{"X-Api-Key", clientKey}, with("X-Api-Key", clientKey)},
		{"passthrough of api-key", "passthrough", []string{"Api-Key", clientKey}, with("Api-Key", clientKey)},
		{"passthrough of the gateway's key in Authorization", "passthrough", []string{"Authorization", bearer}, whose},
	} {
		for _, stream := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s stream=%t", c.name, stream), func(t *testing.T) {
				g, e := single(t, fakellm.OpenAI, ", auth: "+c.auth, "")
				r := send(t, "POST", g.URL+"/chat/completions", chat(stream), append(c.sent, ours...)...)
				if r.Status != 200 {
					t.Fatalf("status %d: %s", r.Status, r.Body)
				}
				if diff := cmp.Diff(c.want, credentials(e.Last().Header)); diff != "" {
					t.Errorf("what the engine got (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// TestCredentialOfDialect checks that a key of the endpoint's own comes in the
// form that its protocol has, for requests that are translated too.
func TestCredentialOfDialect(t *testing.T) {
	for _, q := range questions() {
		t.Run(q.name, func(t *testing.T) {
			g, e := single(t, q.dialect, ", auth: {mode: replace, key: "+upstreamKey+"}", "", fakellm.Key(upstreamKey))
			if r := ask(t, g, q.path, q.with(false)); r.Status != 200 {
				t.Fatalf("status %d: %s", r.Status, r.Body)
			}
			want := map[string]string{"Authorization": "Bearer " + upstreamKey}
			if q.dialect == fakellm.Anthropic {
				want = map[string]string{"X-Api-Key": upstreamKey}
			}
			if diff := cmp.Diff(want, credentials(e.Last().Header)); diff != "" {
				t.Errorf("what the engine got (-want +got):\n%s", diff)
			}
		})
	}
}

// TestPassthroughNeedsItsOwn checks that a key of the gateway is not taken for
// the client's credential: the client is told where each belongs.
func TestPassthroughNeedsItsOwn(t *testing.T) {
	for _, sent := range [][]string{{"Authorization", bearer}, {"X-Api-Key", gwtest.Key}, {"Api-Key", gwtest.Key}} {
		g, e := single(t, fakellm.OpenAI, ", auth: passthrough", "")
		r := send(t, "POST", g.URL+"/chat/completions", chat(false), sent...)
		if p := envelope(t, r, false); r.Status != 401 || !strings.Contains(p.Message, "X-Gatehouse-Key") || e.Count() != 0 {
			t.Errorf("%s: status %d, message %q, %d requests at the engine", sent[0], r.Status, p.Message, e.Count())
		}
	}
}

// TestKeyless checks an endpoint that knows its users itself.
func TestKeyless(t *testing.T) {
	own, line := engine(t, "own", fakellm.OpenAI, ", auth: {mode: passthrough, keyless: true}", fakellm.Key(clientKey))
	paid, paidLine := engine(t, "paid", fakellm.OpenAI, ", auth: {mode: replace, key: "+upstreamKey+"}")
	g := gwtest.Start(t, "endpoints:\n"+line+paidLine+"models:\n  - {name: m, endpoints: [own]}\n  - {name: paid, endpoints: [paid]}\n  - {name: both, endpoints: [paid, own]}\n")
	for _, c := range []struct {
		name   string
		model  string
		fields []string
		status int
	}{
		{"the client's credential", "m", []string{"Authorization", "Bearer " + clientKey}, 200},
		{"a wrong credential: the endpoint says so", "m", []string{"Authorization", "Bearer nonsense"}, 401},
		{"none: the endpoint says so", "m", nil, 401},
		{"a model that costs the operator", "paid", []string{"Authorization", "Bearer " + clientKey}, 401},
		{"a model that costs the operator, without anything", "paid", nil, 401},
		{"an unknown model tells strangers nothing", "nope", nil, 401},
		{"of two endpoints only the one without keys", "both", []string{"Authorization", "Bearer " + clientKey}, 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := send(t, "POST", g.URL+"/chat/completions", strings.Replace(chat(false), `"m"`, `"`+c.model+`"`, 1), c.fields...)
			if r.Status != c.status {
				t.Errorf("status %d, want %d: %s", r.Status, c.status, r.Body)
			}
			if r.Status == 401 {
				envelope(t, r, false)
			}
		})
	}
	if paid.Count() != 0 {
		t.Errorf("%d requests without a key of the gateway reached an endpoint with a key", paid.Count())
	}
	if own.Count() != 4 {
		t.Errorf("the endpoint without keys got %d requests, want 4", own.Count())
	}
}

// limitHeaders are the fields that tell a client when to come back.
func limitHeaders(h http.Header) map[string]string {
	out := map[string]string{}
	for name := range h {
		lower := strings.ToLower(name)
		if strings.HasPrefix(lower, "retry-after") || strings.Contains(lower, "ratelimit") {
			out[lower] = h.Get(name)
		}
	}
	return out
}

// TestRateLimit checks that what a provider says of its limits reaches the
// client: with passthrough the whole answer, byte for byte.
func TestRateLimit(t *testing.T) {
	for _, c := range []struct {
		name    string
		dialect fakellm.Dialect
		path    string
		body    string
	}{
		{"chat", fakellm.OpenAI, "/chat/completions", chatBody},
		{"responses", fakellm.OpenAI, "/responses", inputBody},
		{"messages", fakellm.Anthropic, "/messages", messageBody},
	} {
		for _, auth := range []string{"passthrough", "{mode: replace, key: " + upstreamKey + "}", "none"} {
			for _, stream := range []bool{false, true} {
				for _, shape := range []fakellm.Shape{fakellm.Own, fakellm.Nested, fakellm.Integer, fakellm.PlainText, fakellm.Empty} {
					t.Run(fmt.Sprintf("%s %s %s stream=%t", c.name, auth, shape, stream), func(t *testing.T) {
						e := fakellm.New(c.dialect)
						s := fakellm.Start(e)
						t.Cleanup(s.Close)
						g := gwtest.Start(t, "endpoints:\n"+endpoint("e", s.URL, c.dialect, ", auth: "+auth)+"models:\n  - {name: m, endpoints: [e]}\n")
						script := fakellm.RateLimited(1500e6)
						script.Refuse.Shape = shape
						e.Set(script)
						q := question{body: c.body}
						fields := []string{"X-Gatehouse-Key", gwtest.Key, "Anthropic-Version", "2023-06-01"}
						want := send(t, "POST", s.URL+"/v1"+c.path, q.with(stream), fields...)
						got := send(t, "POST", g.URL+c.path, q.with(stream), fields...)
						if want.Status != 429 || got.Status != 429 {
							t.Errorf("status %d from the engine, %d from the gateway", want.Status, got.Status)
						}
						if h := limitHeaders(want.Header); len(h) < 8 || h["retry-after-ms"] != "1500" {
							t.Fatalf("the engine does not say enough of its limits: %v", h)
						}
						if c.dialect == fakellm.Anthropic { // the time of a reset moves on
							forget(want.Header)
							forget(got.Header)
						}
						if diff := cmp.Diff(limitHeaders(want.Header), limitHeaders(got.Header)); diff != "" {
							t.Errorf("limits (-engine +gateway):\n%s", diff)
						}
						if source := got.Header.Get("X-Gatehouse-Error-Source"); source != "upstream" {
							t.Errorf("the source is %q", source)
						}
						if auth != "passthrough" {
							envelope(t, got, c.path == "/messages")
							return
						}
						if !sameButIDs(want.Body, got.Body) || got.Header.Get("Content-Type") != want.Header.Get("Content-Type") {
							t.Errorf("the body is %q (%s)\nwant        %q (%s)", got.Body, got.Header.Get("Content-Type"), want.Body, want.Header.Get("Content-Type"))
						}
					})
				}
			}
		}
	}
}

// forget removes the times of resets.
func forget(h http.Header) {
	for name := range h {
		if strings.HasSuffix(strings.ToLower(name), "-reset") {
			h.Set(name, "soon")
		}
	}
}

// sameButIDs compares two bodies that an engine sent for two requests.
func sameButIDs(a, b []byte) bool {
	var x, y map[string]any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil || x["request_id"] == nil {
		return string(a) == string(b)
	}
	delete(x, "request_id")
	delete(y, "request_id")
	return len(a) == len(b) && cmp.Equal(x, y)
}

// TestGatewayKeyNeverLeaves sends the gateway's key in every form, to every
// operation, over every mode of authentication, and searches what the engine
// got for it.
func TestGatewayKeyNeverLeaves(t *testing.T) {
	forms := map[string][]string{
		"Authorization":            {"Authorization", bearer},
		"Authorization, lower":     {"Authorization", "bearer " + gwtest.Key},
		"Authorization, spaces":    {"Authorization", "Bearer   " + gwtest.Key},
		"x-api-key":                {"X-Api-Key", gwtest.Key},
		"api-key":                  {"Api-Key", gwtest.Key},
		"X-Gatehouse-Key":          {"X-Gatehouse-Key", gwtest.Key},
		"all at once":              {"X-Gatehouse-Key", gwtest.Key, "Authorization", bearer, "X-Api-Key", gwtest.Key, "Api-Key", gwtest.Key},
		"bare in Authorization":    {"X-Gatehouse-Key", gwtest.Key, "Authorization", gwtest.Key},
		"bearer in x-api-key":      {"X-Gatehouse-Key", gwtest.Key, "X-Api-Key", bearer},
		"another key":              {"X-Gatehouse-Key", gwtest.Key, "Authorization", "Bearer " + second},
		"in what nobody asked for": {"X-Gatehouse-Key", gwtest.Key, "Cookie", "k=" + gwtest.Key, "X-Goog-Api-Key", gwtest.Key, "Proxy-Authorization", bearer, "X-Auth-Token", gwtest.Key, "X-Gatehouse-More", gwtest.Key},
	}
	modes := map[string]string{
		"replace": "{mode: replace, key: " + upstreamKey + "}", "passthrough": "passthrough", "none": "none",
		"keyless": "{mode: passthrough, keyless: true}",
	}
	for mode, auth := range modes {
		t.Run(mode, func(t *testing.T) {
			e, line := engine(t, "e", fakellm.OpenAI, ", auth: "+auth)
			g := gwtest.Start(t, twoKeys+"endpoints:\n"+line+"models:\n  - {pattern: \"*\", endpoints: [e]}\n")
			reached := map[string]bool{}
			for _, o := range op.All().Served() {
				if o.Owner != op.Inference {
					continue
				}
				for name, fields := range forms {
					before := e.Count()
					r := send(t, o.Method, g.Root+"/v1alpha"+o.Path+"?key="+gwtest.Key+"&api_key="+gwtest.Key+"&a=b", everything(o), fields...)
					if e.Count() > before {
						reached[name] = true
						search(t, o, name, e.Last())
					} else if r.Status != 401 {
						t.Errorf("%s with the key in %s: status %d: %s", o.ID, name, r.Status, r.Body)
					}
					if strings.Contains(string(r.Body), gwtest.Key) {
						t.Errorf("%s with the key in %s: the answer has the key: %s", o.ID, name, r.Body)
					}
				}
			}
			for name := range forms {
				only := name == "Authorization" || strings.HasPrefix(name, "Authorization,") || name == "x-api-key" || name == "api-key"
				if passed := mode == "passthrough" || mode == "keyless"; !reached[name] && !(passed && only) {
					t.Errorf("no request with the key in %s has reached the engine: nothing was proven", name)
				}
			}
		})
	}
}

// everything is a body with every field that an operation may need.
func everything(o *op.Operation) string {
	m := map[string]any{"model": "m"}
	for _, name := range o.Required {
		m[name] = "x"
	}
	b, _ := json.Marshal(m) // texts can be marshalled
	return string(b)
}

// search looks for a key of the gateway in all that an engine got.
func search(t *testing.T, o *op.Operation, form string, q *fakellm.Request) {
	t.Helper()
	var all strings.Builder
	_ = q.Header.Write(&all) // a builder does not fail
	all.WriteString(q.URI)
	all.Write(q.Body())
	for _, key := range []string{gwtest.Key, second} {
		if strings.Contains(all.String(), key) {
			t.Errorf("%s with the key in %s: the engine got it:\n%s", o.ID, form, all.String())
		}
	}
	if !strings.Contains(q.URI, "a=b") {
		t.Errorf("%s: the rest of the query was lost: %s", o.ID, q.URI)
	}
}
