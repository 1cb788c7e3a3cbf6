package exchange_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-ai/gatehouse/apikey"
	"github.com/gatehouse-ai/gatehouse/catalog"
	"github.com/gatehouse-ai/gatehouse/dialect"
	"github.com/gatehouse-ai/gatehouse/dialect/anthropic"
	"github.com/gatehouse-ai/gatehouse/dialect/ollama"
	"github.com/gatehouse-ai/gatehouse/dialect/openai"
	"github.com/gatehouse-ai/gatehouse/exchange"
	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/health"
	"github.com/gatehouse-ai/gatehouse/op"
	"github.com/gatehouse-ai/gatehouse/pick"
	"github.com/gatehouse-ai/gatehouse/record"
	"github.com/gatehouse-ai/gatehouse/route"
	"github.com/gatehouse-ai/gatehouse/secret"
	"github.com/gatehouse-ai/gatehouse/snapshot"
	"github.com/gatehouse-ai/gatehouse/wire"
)

const key = "sk-gh-exchange-test"

var now = time.Unix(1_800_000_000, 0)

// sink keeps what the client gets.
type sink struct {
	status int
	head   wire.Header
	body   string
	writes []string
}

func (s *sink) Head(status int, h wire.Header) error {
	s.status, s.head = status, append(wire.Header(nil), h...)
	return nil
}

func (s *sink) Write(p []byte, _ bool) error {
	s.body += string(p)
	s.writes = append(s.writes, string(p))
	return nil
}

func endpoint(name string, d catalog.Dialect, auth catalog.Auth) *catalog.Endpoint {
	return &catalog.Endpoint{Name: name, URL: &url.URL{Scheme: "http", Host: name, Path: map[catalog.Dialect]string{catalog.OpenAI: "/v1"}[d]}, Dialect: d, Auth: auth}
}

// world has a model "one" at an OpenAI endpoint that calls it "up", "two" at
// two of them, "olla" at Ollama, and "pass" at one with passthrough.
func world(t testing.TB) *snapshot.Snapshot {
	t.Helper()
	a := endpoint("a", catalog.OpenAI, catalog.Auth{Mode: catalog.Replace, Key: secret.New("upstream-a")})
	b := endpoint("b", catalog.OpenAI, catalog.Auth{Mode: catalog.Replace, Key: secret.New("upstream-b")})
	o := endpoint("o", catalog.Ollama, catalog.Auth{Mode: catalog.NoAuth})
	c := endpoint("c", catalog.Anthropic, catalog.Auth{Mode: catalog.Replace, Key: secret.New("upstream-c")})
	p := endpoint("p", catalog.OpenAI, catalog.Auth{Mode: catalog.Passthrough})
	table, err := route.New([]catalog.Model{
		{Name: "one", Pool: []catalog.Target{{Endpoint: a, Model: "up", Weight: 1}}},
		{Name: "two", Pool: []catalog.Target{{Endpoint: a, Weight: 1}, {Endpoint: b}}},
		{Name: "olla", Pool: []catalog.Target{{Endpoint: o, Weight: 1}}},
		{Name: "mixed", Pool: []catalog.Target{{Endpoint: o, Weight: 1}, {Endpoint: a}}},
		{Name: "claude", Pool: []catalog.Target{{Endpoint: c, Weight: 1}}},
		{Name: "pass", Pool: []catalog.Target{{Endpoint: p, Weight: 1}}},
	}, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	keys, err := apikey.NewSet([]apikey.Key{{Name: "k", Digest: apikey.Hash(key)}})
	if err != nil {
		t.Fatal(err)
	}
	s := &snapshot.Snapshot{
		Generation: 7, Keys: keys, Routes: table, Endpoints: map[*catalog.Endpoint]*snapshot.Endpoint{},
		Bounds:  snapshot.Bounds{JSONBody: 1 << 20, Answer: 1 << 20, Attempts: 3, KeepAlive: time.Second},
		Retries: pick.NewBudget(0.1, 10),
	}
	dialects := map[catalog.Dialect]dialect.Dialect{catalog.OpenAI: openai.Dialect{}, catalog.Ollama: ollama.Dialect{}, catalog.Anthropic: anthropic.New(anthropic.Options{})}
	for _, ep := range []*catalog.Endpoint{a, b, c, o, p} {
		s.Endpoints[ep] = snapshot.NewEndpoint(ep, dialects[ep.Dialect], health.New(health.Config{}))
	}
	return s
}

func operation(t testing.TB, id op.ID) *op.Operation {
	t.Helper()
	for _, o := range op.All().Served() {
		if o.ID == id {
			return o
		}
	}
	t.Fatalf("there is no operation %s", id)
	return nil
}

func open(t testing.TB, id op.ID, body string, header ...wire.Field) (*exchange.Exchange, *record.Record, *fault.Error) {
	t.Helper()
	x, rec := &exchange.Exchange{}, &record.Record{ID: "req_1234"}
	h := append(wire.Header{{Name: "Authorization", Value: "Bearer " + key}}, header...)
	if err := x.Open(world(t), exchange.Request{Op: operation(t, id), Header: h, Now: now}, rec); err != nil {
		return x, rec, err
	}
	return x, rec, x.Body([]byte(body))
}

func sent(a *exchange.Attempt) string {
	var b strings.Builder
	for _, p := range a.Body {
		b.Write(p)
	}
	return b.String()
}

// The client's bytes go on as they are but for the named edits.
func TestNamedEditsAreSpliced(t *testing.T) {
	for _, c := range []struct{ name, body, want string }{
		{"model", `{ "x" : 1e400, "model" : "one" , "messages":[ ] }`, `{ "x" : 1e400, "model" : "up" , "messages":[ ] }`},
		{"nothing", `{"messages":[],"model":"two","é":"\u00e9"}`, `{"messages":[],"model":"two","é":"\u00e9"}`},
		{"usage asked", `{"model":"two","messages":[],"stream":true}`, `{"model":"two","messages":[],"stream":true,"stream_options":{"include_usage":true}}`},
		{"stream before model", `{"stream":true,"messages":[],"model":"one"}`, `{"stream":true,"stream_options":{"include_usage":true},"messages":[],"model":"up"}`},
		{"options", `{"model":"two","messages":[],"stream":true,"stream_options":{"a":1}}`, `{"model":"two","messages":[],"stream":true,"stream_options":{"include_usage":true,"a":1}}`},
		{"empty options", `{"model":"two","messages":[],"stream":true,"stream_options":{ }}`, `{"model":"two","messages":[],"stream":true,"stream_options":{"include_usage":true }}`},
		{"null options", `{"model":"two","messages":[],"stream":true,"stream_options":null}`, `{"model":"two","messages":[],"stream":true,"stream_options":{"include_usage":true}}`},
		{"declined", `{"model":"two","messages":[],"stream":true,"stream_options":{"include_usage":false}}`, `{"model":"two","messages":[],"stream":true,"stream_options":{"include_usage":true}}`},
		{"wanted", `{"model":"two","messages":[],"stream":true,"stream_options":{"include_usage":true}}`, `{"model":"two","messages":[],"stream":true,"stream_options":{"include_usage":true}}`},
	} {
		x, _, err := open(t, op.ChatCompletion, c.body)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		a, err := x.Next(now, 1)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if got := sent(a); got != c.want || int(a.Len()) != len(got) {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
		if a.Path != "/v1/chat/completions" || a.Header.Get("Authorization") != "Bearer upstream-a" || a.Header.Get("X-Request-Id") != "req_1234" {
			t.Errorf("%s: %s %v", c.name, a.Path, a.Header)
		}
	}
}

func TestHeadersThatGoOn(t *testing.T) {
	x, _, err := open(t, op.ChatCompletion, `{"model":"one","messages":[]}`,
		wire.Field{Name: "traceparent", Value: "00-1"}, wire.Field{Name: "OpenAI-Beta", Value: "b"}, wire.Field{Name: "X-Stainless-Lang", Value: "go"},
		wire.Field{Name: "Cookie", Value: "no"}, wire.Field{Name: "X-Api-Key", Value: "no"}, wire.Field{Name: "api-key", Value: "no"}, wire.Field{Name: "X-Amz-Security-Token", Value: "no"},
		wire.Field{Name: "X-Forwarded-For", Value: "no"}, wire.Field{Name: "OpenAI-Organization", Value: "no"}, wire.Field{Name: "Connection", Value: "x-hop"}, wire.Field{Name: "X-Hop", Value: "no"},
		wire.Field{Name: "Accept-Encoding", Value: "no"}, wire.Field{Name: "Host", Value: "no"}, wire.Field{Name: "X-Gatehouse-Key", Value: key})
	if err != nil {
		t.Fatal(err)
	}
	a, err := x.Next(now, 1)
	if err != nil {
		t.Fatal(err)
	}
	if s := fmt.Sprint(a.Header); strings.Contains(s, "no}") || strings.Contains(s, key) || !strings.Contains(s, "{traceparent 00-1} {OpenAI-Beta b} {X-Stainless-Lang go}") {
		t.Error(s)
	}
}

// play runs attempts: each answer is a status, a content type and a body, and
// "cut" as a status of 0 breaks the connection off after the body.
type reply struct {
	status int
	media  string
	body   string
	cut    bool
}

func play(t *testing.T, x *exchange.Exchange, replies ...reply) (*sink, exchange.Verdict) {
	t.Helper()
	s := &sink{}
	for _, r := range replies {
		_, err := x.Next(now, 0)
		if err != nil {
			if err := x.Refuse(err, s); err != nil {
				t.Fatal(err)
			}
			return s, exchange.Done
		}
		if r.status != 0 {
			x.Answer(r.status, wire.Header{{Name: "Content-Type", Value: r.media}}, now)
			for _, piece := range strings.SplitAfter(r.body, "\n") {
				if err := x.Data([]byte(piece), s); err != nil {
					t.Fatal(err)
				}
			}
		}
		var cause *fault.Error
		if r.cut {
			cause = fault.New(fault.UpstreamBroken, "cut")
		}
		v, gone := x.End(cause, now, s)
		if gone != nil {
			t.Fatal(gone)
		}
		if v != exchange.Again {
			return s, v
		}
	}
	_, err := x.Next(now, 0)
	if err == nil {
		t.Fatal("one more attempt than there are replies")
	}
	if err := x.Refuse(err, s); err != nil {
		t.Fatal(err)
	}
	return s, exchange.Done
}

const (
	chunk  = `data: {"choices":[{"index":0,"delta":{"content":"hi"}}],"usage":null}` + "\n\n"
	stop   = `data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}` + "\n\n"
	usage  = `data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}}` + "\n\n"
	done   = "data: [DONE]\n\n"
	plain  = `data: {"choices":[{"index":0,"delta":{"content":"hi"}}]}` + "\n\n"
	answer = `{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}}`
)

func TestAnswers(t *testing.T) {
	const asked = `{"model":"two","messages":[],"stream":true,"stream_options":{"include_usage":true}}`
	const stream, whole = `{"model":"two","messages":[],"stream":true}`, `{"model":"two","messages":[]}`
	sse, js := "text/event-stream", "application/json"
	broken := func(code string) string { return `"code":"` + code + `"` }
	for _, c := range []struct {
		name, body string
		replies    []reply
		status     int
		want       string // the body, or a part of it if it begins with ~
		verdict    exchange.Verdict
		outcome    record.Outcome
	}{
		{"whole", whole, []reply{{200, js, answer, false}}, 200, answer, exchange.Done, record.Complete},
		{"usage stripped", stream, []reply{{200, sse, chunk + stop + usage + done, false}}, 200, plain + stop + done, exchange.Done, record.Complete},
		{"usage kept", asked, []reply{{200, sse, chunk + stop + usage + done, false}}, 200, chunk + stop + usage + done, exchange.Done, record.Complete},
		{"no DONE", stream, []reply{{200, sse, chunk + stop, false}}, 200, plain + stop + done, exchange.Done, record.Complete},
		{"no end", stream, []reply{{200, sse, chunk, false}}, 200, "~" + broken("upstream_stream_interrupted"), exchange.Done, record.UpstreamFailed},
		{"cut stream", stream, []reply{{200, sse, chunk, true}}, 200, "~" + broken("upstream_invalid_response"), exchange.Done, record.UpstreamFailed},
		{"error in stream", stream, []reply{{200, sse, chunk + `data: {"error":{"message":"boom","type":"t","param":null,"code":null}}` + "\n\n" + done, false}}, 200, "~boom", exchange.Done, record.UpstreamFailed},
		{"error first", stream, []reply{{200, sse, `data: {"error":{"message":"boom","code":503}}` + "\n\n", false}, {200, sse, chunk + stop + done, false}}, 200, plain + stop + done, exchange.Done, record.Complete},
		{"200 with an error", whole, []reply{{200, js, `{"error":{"message":"boom","code":500}}`, false}, {200, js, answer, false}}, 200, answer, exchange.Done, record.Complete},
		{"503 elsewhere", whole, []reply{{503, js, `{"error":"busy"}`, false}, {200, js, answer, false}}, 200, answer, exchange.Done, record.Complete},
		{"503 twice", whole, []reply{{503, js, `{"error":"busy"}`, false}, {503, js, `{"error":"busy"}`, false}}, 503, "~busy", exchange.Done, record.UpstreamError},
		{"no connection", whole, []reply{{0, "", "", true}, {200, js, answer, false}}, 200, answer, exchange.Done, record.Complete},
		{"400 stays", whole, []reply{{400, js, `{"detail":"bad"}`, false}}, 400, "~bad", exchange.Done, record.UpstreamError},
		{
			"429 stays", whole,
			[]reply{{429, js, `{"error":{"message":"slow","type":"requests","param":null,"code":"rate_limit_exceeded"}}`, false}},
			429,
			`{"error":{"message":"slow","type":"requests","param":null,"code":"rate_limit_exceeded"}}`, exchange.Done, record.UpstreamError,
		},
		{
			"401 of the gateway's credential", whole,
			[]reply{{401, js, `{"error":{"message":"Incorrect API key upstream-a","type":"x","param":null,"code":"invalid_api_key"}}`, false}},
			401,
			"~" + broken("upstream_authentication_failed"), exchange.Done, record.UpstreamError,
		},
		{"redirect", whole, []reply{{302, js, "", false}, {302, js, "", false}}, 502, "~redirects", exchange.Done, record.UpstreamError},
		{"web page", whole, []reply{{200, "text/html", "<html>", false}, {200, "text/html", "<html>", false}}, 502, "~web page", exchange.Done, record.UpstreamError},
		{"cut binary", whole, []reply{{200, "audio/mpeg", "abc", true}}, 200, "abc", exchange.Abort, record.UpstreamFailed},
		{"cut JSON, held", whole, []reply{{200, js, `{"cho`, true}, {200, js, answer, false}}, 200, answer, exchange.Done, record.Complete},
	} {
		t.Run(c.name, func(t *testing.T) {
			x, rec, err := open(t, op.ChatCompletion, c.body)
			if err != nil {
				t.Fatal(err)
			}
			s, v := play(t, x, c.replies...)
			x.Close(false, now.Add(time.Second))
			part, some := strings.CutPrefix(c.want, "~")
			if s.status != c.status || v != c.verdict || some && !strings.Contains(s.body, part) || !some && s.body != c.want {
				t.Errorf("got %d %q verdict %d", s.status, s.body, v)
			}
			if rec.Outcome != c.outcome {
				t.Errorf("outcome %q", rec.Outcome)
			}
			if s.status >= 400 && !json.Valid([]byte(s.body)) {
				t.Errorf("the error is not JSON: %s", s.body)
			}
			if strings.Contains(s.body, "upstream-a") {
				t.Errorf("the endpoint's key shows: %s", s.body)
			}
			if c.outcome == record.UpstreamFailed && strings.Contains(s.body, "[DONE]") {
				t.Errorf("a broken stream ends as if it were whole: %s", s.body)
			}
			if c.outcome == record.Complete && strings.Contains(c.replies[len(c.replies)-1].body, `"prompt_tokens":3`) && rec.Usage.Input != 3 {
				t.Errorf("usage %+v", rec.Usage)
			}
		})
	}
}

// What one dialect cannot translate, another endpoint of the pool may do.
func TestRefusedByADialectIsTriedElsewhere(t *testing.T) {
	x, rec, err := open(t, op.ChatCompletion, `{"model":"mixed","messages":[{"role":"user","content":"x"}],"logit_bias":{"5":1}}`)
	if err != nil {
		t.Fatal(err)
	}
	if a, err := x.Next(now, 0); err != nil || a.Endpoint.Name != "a" || rec.Attempts != 1 {
		t.Errorf("%v %v", a, err)
	}
	x, _, err = open(t, op.ChatCompletion, `{"model":"olla","messages":[{"role":"user","content":"x"}],"logit_bias":{"5":1}}`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x.Next(now, 0); err == nil || err.Kind != fault.UnsupportedParameter || err.Param != "logit_bias" {
		t.Errorf("%v", err)
	}
}

func TestWhoAndWhat(t *testing.T) {
	for _, c := range []struct {
		name string
		id   op.ID
		body string
		kind fault.Kind
	}{
		{"unknown", op.ChatCompletion, `{"model":"nope","messages":[]}`, fault.UnknownModel},
		{"not at that dialect", op.Response, `{"model":"olla","input":"x"}`, fault.UnsupportedOperation},
		{"gateway key towards passthrough", op.ChatCompletion, `{"model":"pass","messages":[]}`, fault.MissingKey},
	} {
		_, _, err := open(t, c.id, c.body)
		if err == nil || err.Kind != c.kind {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestPassthroughCarriesTheClientsCredentialAlone(t *testing.T) {
	x, rec := &exchange.Exchange{}, &record.Record{ID: "req_1"}
	h := wire.Header{{Name: "X-Gatehouse-Key", Value: key}, {Name: "Authorization", Value: "Bearer corp"}, {Name: "X-Api-Key", Value: key}, {Name: "OpenAI-Project", Value: "p"}}
	if err := x.Open(world(t), exchange.Request{Op: operation(t, op.ChatCompletion), Header: h, Now: now}, rec); err != nil {
		t.Fatal(err)
	}
	if err := x.Body([]byte(`{"model":"pass","messages":[]}`)); err != nil {
		t.Fatal(err)
	}
	a, err := x.Next(now, 0)
	if err != nil {
		t.Fatal(err)
	}
	if s := fmt.Sprint(a.Header); a.Header.Get("Authorization") != "Bearer corp" || a.Header.Get("OpenAI-Project") != "p" || strings.Contains(s, key) {
		t.Error(s)
	}
}

func TestIdleStreams(t *testing.T) {
	x, _, err := open(t, op.ChatCompletion, `{"model":"two","messages":[],"stream":true}`)
	if err != nil {
		t.Fatal(err)
	}
	s := &sink{}
	if _, err := x.Next(now, 0); err != nil {
		t.Fatal(err)
	}
	if err := x.Idle(s); err != nil || x.Committed() {
		t.Fatal("the head of the stream went out at the first call")
	}
	if err := x.Idle(s); err != nil || s.status != 200 || !strings.HasPrefix(s.body, ":") {
		t.Fatalf("%d %q", s.status, s.body)
	}
	x.Answer(503, wire.Header{{Name: "Content-Type", Value: "application/json"}}, now)
	if err := x.Data([]byte(`{"error":"busy"}`), s); err != nil {
		t.Fatal(err)
	}
	if v, err := x.End(nil, now, s); v != exchange.Done || err != nil || !strings.Contains(s.body, `data: {"error":{"message":"busy"`) {
		t.Errorf("%v %v %q", v, err, s.body)
	}
}

// FuzzAnswer: whatever an endpoint sends, the client gets an answer, an error
// in the envelope or a stream that says that it broke off.
func FuzzAnswer(f *testing.F) {
	f.Add(200, "text/event-stream", chunk+stop+usage+done, true, false)
	f.Add(200, "application/json", answer, false, false)
	f.Add(500, "text/html", "<title>x</title>", false, true)
	f.Fuzz(func(t *testing.T, status int, media, body string, stream, cut bool) {
		for _, model := range []string{"one", "olla", "claude"} {
			x, rec, err := open(t, op.ChatCompletion, fmt.Sprintf(`{"model":%q,"messages":[{"role":"user","content":"x"}],"stream":%v}`, model, stream))
			if err != nil {
				t.Fatal(err)
			}
			s, v := play(t, x, reply{100 + (status&0x7fff)%500, media, body, cut})
			x.Close(false, now)
			if v == exchange.Done && s.status == 0 || s.status >= 400 && !json.Valid([]byte(s.body)) {
				t.Fatalf("%s: %d %q", model, s.status, s.body)
			}
			if rec.Usage.Input < 0 || rec.Outcome == "" {
				t.Fatalf("%s: %+v", model, rec)
			}
		}
	})
}
