package relaying_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/fakellm"
	"github.com/gatehouse-ai/gatehouse/op"
)

// oddities are chats that only a reader who does not decode them leaves as
// they are. %s is where the model stands.
var oddities = map[string]string{
	"plain":           `{"model":%s,"messages":[{"role":"user","content":"x"}]}`,
	"white space":     "\r\n\t {\n\t\"model\" \r\n:\t%s  ,  \"messages\" : [ { \"role\":\"user\" ,\r\n\"content\":\"x\" } ]\n}\r\n \t",
	"key order":       `{"z":1,"messages":[{"content":"x","role":"user"}],"a":2,"model":%s,"A":3,"":4}`,
	"unknown fields":  `{"model":%s,"messages":[{"role":"user","content":"x","cache_control":{"type":"ephemeral"}}],"guided_json":{"type":"object"},"extra_body":{"x":[[],{},null]},"logit_bias":{},"chat_template_kwargs":{"enable_thinking":false}}`,
	"numbers":         `{"model":%s,"messages":[{"role":"user","content":"x"}],"temperature":1.0,"a":1e400,"b":0.1000000000000000055,"c":-0,"d":1E+2,"e":123456789012345678901234567890,"f":-0.0e-999,"g":1.00}`,
	"escapes":         `{"model":%s,"messages":[{"role":"user","content":"\u0041\u00e9\ud83d\ude00\/\b\f\"\\\u2028\u0000<>&"}],"k\u0065y":"\u003c"}`,
	"lone surrogate":  `{"model":%s,"messages":[{"role":"user","content":"x"}],"user":"\ud800"}`,
	"not ASCII":       "{\"model\":%s,\"messages\":[{\"role\":\"user\",\"content\":\"é😀\u2028\u2029\ufeff\x7f\"}]}",
	"other keys":      `{"seed":1,"seed":2,"model":%s,"messages":[{"role":"user","content":"x"}],"seed":3,"metadata":{"model":"b","model":"c"}}`,
	"model elsewhere": `{"messages":[{"role":"user","content":"\"model\":\"b\"}"}],"x":{"model":"b"},"y":["model","b"],"model":%s}`,
	"nulls":           `{"model":%s,"messages":[{"role":"user","content":"x"}],"stop":null,"tools":null,"stream_options":null,"user":null}`,
	"stream false":    `{"model":%s,"stream" : false,"messages":[{"role":"user","content":"x"}],"stream_options":{ "include_usage" : false }}`,
	"deep":            `{"model":%s,"messages":[{"role":"user","content":"x"}],"deep":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`,
	"large":           `{"messages":[{"role":"user","content":"` + strings.Repeat("é\\n ", 1_250_000) + `"}],"model":%s}`,
	"many members":    `{` + strings.Repeat(`"member":"value" , `, 50_000) + `"model":%s,"messages":[{"role":"user","content":"x"}]}`,
}

// The engine gets the client's bytes; of them the name of the model is
// replaced where the endpoint calls it otherwise, and nothing else.
func TestRequestBytesStayAsTheyAre(t *testing.T) {
	g, e := single(t, fakellm.OpenAI, "")
	for name, body := range oddities {
		for _, c := range []struct{ asks, gets string }{
			{`"m"`, `"m"`},
			{`"\u006d"`, `"\u006d"`},
			{`"renamed"`, `"up"`},
			{`"r\u0065named"`, `"up"`},
		} {
			r := post(t, g, "/chat/completions", strings.Replace(body, "%s", c.asks, 1))
			if got := e.Requests(); len(got) == 0 || r.Header.Get("X-Gatehouse-Error-Source") == "gateway" {
				t.Fatalf("%s, model %s: %d %s", name, c.asks, r.Status, r.Body)
			}
			same(t, name+", model "+c.asks, e.Last().Body(), strings.Replace(body, "%s", c.gets, 1))
		}
	}
	if e.Count() != 4*len(oddities) {
		t.Errorf("%d requests reached the engine, want %d", e.Count(), 4*len(oddities))
	}
}

// same compares long texts without printing them.
func same(t *testing.T, what string, got []byte, want string) {
	t.Helper()
	if string(got) == want {
		return
	}
	at := 0
	for at < len(got) && at < len(want) && got[at] == want[at] {
		at++
	}
	cut := func(s string) string { return s[min(max(0, at-40), len(s)):min(len(s), at+60)] }
	t.Errorf("%s: %d bytes instead of %d, different from byte %d on:\ngot  …%q…\nwant …%q…", what, len(got), len(want), at, cut(string(got)), cut(want))
}

// No operation gets anything that the client did not say.
func TestNoDefaultsAreInjected(t *testing.T) {
	g, e := single(t, fakellm.OpenAI, "")
	for id, a := range inference {
		body, head := a.request(t)
		path := "/v1alpha" + strings.TrimPrefix(a.upstream, "/v1")
		ok(t, do(t, g, "POST", path, strings.NewReader(body), head))
		got := e.Last()
		same(t, string(id), got.Body(), body)
		if ct := got.Header.Get("Content-Type"); ct != head[3] {
			t.Errorf("%s: content type %q, want %q", id, ct, head[3])
		}
		if n := got.Header.Get("Content-Length"); n != strconv.Itoa(len(body)) {
			t.Errorf("%s: content length %q, want %d", id, n, len(body))
		}
	}
}

// replies are bodies that only a reader who does not decode them leaves as
// they are.
var replies = map[string]string{
	"odd":     "\n {\"object\" : \"x\",\"x\":1e400,\"y\":0.1000000000000000055, \"é\":\"\\u00e9\\/\" ,\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2,\"total_tokens\":5,\"odd\":null}, \"id\":\"\",\"id\":null}\r\n\r\n",
	"errors":  `{"id":"x","errors":[],"error_count":0,"error":null,"data":[{"error":{"message":"inner"}}]}`,
	"empty":   `{}`,
	"list":    `[1,2,{"a":[ ]}]`,
	"text":    `"a text"`,
	"large":   `{"data":"` + strings.Repeat("é\\n ", 1_250_000) + `"}`,
	"no JSON": `{"cut":`,
}

// The client gets the engine's bytes, for every operation that answers with
// JSON.
func TestAnswerBytesStayAsTheyAre(t *testing.T) {
	g, e := single(t, fakellm.OpenAI, "")
	for _, o := range op.All().Owned(op.Inference) {
		a := inference[o.ID]
		if o.Reply == op.Binary {
			continue
		}
		body, head := a.request(t)
		for name, want := range replies {
			e.Set(fakellm.Script{Refuse: &fakellm.Refusal{Status: 200, Body: want}})
			r := ok(t, do(t, g, "POST", o.Level.Prefixes()[0]+o.Path, strings.NewReader(body), head))
			same(t, fmt.Sprintf("%s, %s", o.ID, name), r.Body, want)
			if r.Header.Get("Content-Type") != "application/json" || r.Header.Get("Content-Length") != strconv.Itoa(len(want)) {
				t.Errorf("%s, %s: %v", o.ID, name, r.Header)
			}
		}
	}
	// A status of success other than 200 is the engine's to choose, and so are other types.
	e.Set(fakellm.Script{Refuse: &fakellm.Refusal{Status: 202, Body: "a\nb\x00c", Type: "text/plain; charset=latin1"}})
	r := post(t, g, "/chat/completions", named("m"))
	if r.Status != 202 || string(r.Body) != "a\nb\x00c" || r.Header.Get("Content-Type") != "text/plain; charset=latin1" {
		t.Errorf("%d %q %v", r.Status, r.Body, r.Header)
	}
}

// A gzipped answer that nobody asked for reaches the client as it was meant.
func TestGzipIsUndone(t *testing.T) {
	g, e := single(t, fakellm.OpenAI, "")
	want := replies["odd"]
	e.Set(fakellm.Script{Refuse: &fakellm.Refusal{Status: 200, Body: want}, Form: fakellm.Form{Gzip: true}})
	r := ok(t, post(t, g, "/chat/completions", named("m")))
	if same(t, "gzip", r.Body, want); r.Header.Get("Content-Encoding") != "" {
		t.Errorf("%v", r.Header)
	}
	if got := e.Last().Header.Get("Accept-Encoding"); got != "identity" {
		t.Errorf("the engine was told that %q is accepted", got)
	}
}
