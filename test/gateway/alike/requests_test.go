package alike_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/gwtest"
	"github.com/gatehouse-ai/gatehouse/op"
)

// sent is a case that is one connection: bytes to send, and how many answers to
// expect before the connection is asked whether it goes on.
type sent struct {
	name    string
	setup   setup
	send    []string // one after the other
	answers int      // 0 means 1
	head    bool     // the first answer is to a HEAD
}

// last asks on the same connection for the list of models, as the last request:
// so its answer tells that the connection was open, and its end comes at once.
var last = list("Connection: close")

func (c sent) play(d *side) {
	conn := d.dial()
	for _, part := range c.send {
		conn.send(d.fill(part))
	}
	for i := range max(1, c.answers) {
		if !conn.read(c.head && i == 0) {
			break
		}
	}
	if !conn.ended {
		conn.send(last)
		conn.rest()
	}
}

// run plays cases.
func run(t *testing.T, cases []sent) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := alike(t, c.setup, c.play)
			if len(got.Answers) == 0 || got.Ends[0] == "hung" {
				t.Errorf("the gateway has not answered: %+v", got)
			}
		})
	}
}

// hot are the operations that the fast front serves.
func hot() []*op.Operation {
	var out []*op.Operation
	for _, o := range op.All().Served() {
		if o.Owner == op.Inference && o.Class == op.Tokens {
			out = append(out, o)
		}
	}
	return out
}

// everything is a body that every operation takes.
func everything(model string) string {
	return fmt.Sprintf(`{ "input":["a"],"model" : %q , "messages" : [],"prompt":"b","query":"q","documents":["d"],"text_1":"a","text_2":"b","tokens":[1]}`, model)
}

func TestOperations(t *testing.T) {
	var cases []sent
	for _, o := range hot() {
		for _, level := range []string{"/v1", "/v1beta", "/v1alpha", "/v2", ""} {
			path := level + o.Path
			for kind, body := range map[string]string{
				"asked":   everything("m"),
				"renamed": everything("renamed"),
			} {
				cases = append(cases, sent{name: path + " " + kind, send: []string{post(path, body)}})
			}
		}
		cases = append(
			cases,
			sent{name: o.Path + " GET", send: []string{lines("GET /v1"+o.Path+" HTTP/1.1", "Host: localhost", auth)}},
			sent{name: o.Path + " stream", send: []string{post("/v1"+o.Path, strings.Replace(everything("m"), "{", `{"stream":true,`, 1))}, setup: setup{one: []reply{{text: stream(events...)}}}},
			sent{name: o.Path + " slash", send: []string{post("/v1"+o.Path+"/", chatBody)}},
			sent{name: o.Path + " unknown model", send: []string{post("/v1"+o.Path, everything("nobody"))}},
			sent{name: o.Path + " broken", send: []string{post("/v1"+o.Path, `{"model":`)}},
			sent{name: o.Path + " refused", send: []string{post("/v1"+o.Path, everything("m"))}, setup: setup{one: []reply{{text: status(400, jsonType, `{"error":"no"}`)}}}},
		)
	}
	if len(cases) < 250 {
		t.Errorf("only %d cases: are the operations there?", len(cases))
	}
	run(t, cases)
}

func TestBodies(t *testing.T) {
	large := func(n int) string {
		return `{"model":"m","messages":[{"role":"user","content":"` + strings.Repeat("x", n-58-3) + `"}]}`
	}
	embedding := func(n int) string { return `{"model":"m","input":"` + strings.Repeat("y", n-24) + `"}` }
	cases := []sent{
		{name: "empty", send: []string{post(chat, "")}},
		{name: "space", send: []string{post(chat, " ")}},
		{name: "null", send: []string{post(chat, "null")}},
		{name: "array", send: []string{post(chat, "[]")}},
		{name: "object", send: []string{post(chat, "{}")}},
		{name: "text", send: []string{post(chat, "hello")}},
		{name: "cut", send: []string{post(chat, `{"model":"m","messages":[`)}},
		{name: "two values", send: []string{post(chat, chatBody+chatBody)}},
		{name: "line break after", send: []string{post(chat, chatBody+"\r\n")}},
		{name: "byte order mark", send: []string{post(chat, "\ufeff"+chatBody)}},
		{name: "not UTF-8", send: []string{post(chat, "{\"model\":\"m\",\"messages\":[],\"x\":\"\xff\"}")}},
		{name: "not UTF-8 model", send: []string{post(chat, "{\"model\":\"m\xff\"}")}},
		{name: "NUL in text", send: []string{post(chat, "{\"model\":\"m\",\"messages\":[],\"x\":\"\x00\"}")}},
		{name: "model twice", send: []string{post(chat, `{"model":"m","model":"renamed","messages":[]}`)}},
		{name: "model escaped", send: []string{post(chat, `{"\u006dodel":"renamed","stream":false,"messages":[]}`)}},
		{name: "model twice, escaped", send: []string{post(chat, `{"model":"m","m\u006fdel":"renamed","messages":[]}`)}},
		{name: "model in capitals", send: []string{post(chat, `{"Model":"m","messages":[]}`)}},
		{name: "model null", send: []string{post(chat, `{"model":null,"messages":[]}`)}},
		{name: "model number", send: []string{post(chat, `{"model":7,"messages":[]}`)}},
		{name: "model empty", send: []string{post(chat, `{"model":"","messages":[]}`)}},
		{name: "model long", send: []string{post(chat, `{"model":"`+strings.Repeat("m", 3000)+`","messages":[]}`)}},
		{name: "model renamed", send: []string{post(chat, `{"messages":[],"model":"renamed"}`)}},
		{name: "stream text", send: []string{post(chat, `{"model":"m","stream":"yes","messages":[]}`)}},
		{name: "stream twice", send: []string{post(chat, `{"model":"m","stream":true,"stream":false,"messages":[]}`)}},
		{name: "options text", send: []string{post(chat, `{"model":"m","stream":true,"stream_options":"x","messages":[]}`)}},
		{name: "options null", send: []string{post(chat, `{"model":"m","stream":true,"stream_options":null,"messages":[]}`)}},
		{name: "options empty", send: []string{post(chat, `{"model":"m","stream":true,"stream_options":{ },"messages":[]}`)}},
		{name: "options unknown", send: []string{post(chat, `{"model":"m","stream":true,"stream_options":{"x":1},"messages":[]}`)}},
		{name: "unknown members", send: []string{post(chat, `{"zzz":{"model":"x"},"model":"m","extra":[{"model":"y"}],"messages":[]}`)}},
		{name: "no content type", send: []string{lines("POST "+chat+" HTTP/1.1", "Host: localhost", auth, "Content-Length: 2") + "{}"}},
		{name: "no length", send: []string{lines("POST "+chat+" HTTP/1.1", "Host: localhost", auth, "Content-Type: application/json")}},
		{name: "deep", send: []string{post(chat, `{"model":"m","messages":[],"x":`+strings.Repeat("[", 20000)+strings.Repeat("]", 20000)+`}`)}},
	}
	for _, n := range []int{1000, 2000, 4 << 10, 8 << 10, 16 << 10, 33 << 10, 127 << 10, 128 << 10, 129 << 10, 300 << 10, 1<<20 - 1, 1 << 20, 1<<20 + 1, 2 << 20} {
		cases = append(cases,
			sent{name: fmt.Sprintf("chat of %d", n), send: []string{post(chat, large(n))}},
			sent{name: fmt.Sprintf("embedding of %d", n), send: []string{post("/v1/embeddings", embedding(n)), ""}, setup: setup{one: []reply{{text: ok(jsonType, `{"data":[`+strings.Repeat("0.25,", n/10)+`1],"usage":{"prompt_tokens":9,"total_tokens":9}}`)}}}},
		)
	}
	for _, n := range []int{99, 100, 101, 102, 5000} {
		limited := setup{top: "limits: {json_body: 100B}\n"}
		limited.top = "limits: {json_body: 100}\n"
		body := chatBody + strings.Repeat(" ", n-len(chatBody))
		cases = append(cases,
			sent{name: fmt.Sprintf("limit of 100, %d", n), setup: limited, send: []string{post(chat, body)}},
			sent{name: fmt.Sprintf("limit of 100, %d, wrong key", n), setup: limited, send: []string{strings.Replace(post(chat, body), gwtest.Key, "sk-nobody", 1)}},
			sent{name: fmt.Sprintf("limit of 100, %d, head first", n), setup: limited, send: []string{post(chat, body)[:200], post(chat, body)[200:]}},
		)
	}
	run(t, cases)
}

func TestContentTypes(t *testing.T) {
	var cases []sent
	for _, ct := range []string{
		"application/json", "application/json; charset=utf-8", "application/json;charset=latin1", "APPLICATION/JSON", "application/json ;x", "application/json;", " application/json",
		"application/jsonx", "text/plain", "", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/problem+json", "application/json, text/plain",
	} {
		cases = append(cases, sent{name: "type " + ct, send: []string{strings.Replace(post(chat, chatBody), "Content-Type: application/json", "Content-Type: "+ct, 1)}})
	}
	for _, ce := range []string{"gzip", "identity", "", "br", "Identity", "identity, gzip"} {
		cases = append(cases, sent{name: "encoding " + ce, send: []string{post(chat, chatBody, "Content-Encoding: "+ce)}})
	}
	cases = append(cases, sent{name: "two types", send: []string{post(chat, chatBody, "Content-Type: text/plain")}},
		sent{name: "two types, the other first", send: []string{strings.Replace(post(chat, chatBody, "Content-Type: application/json"), "Type: application/json", "Type: text/plain", 1)}})
	run(t, cases)
}

// keyless is a gateway that serves everybody.
const keyless = "keys: []\n"

func TestCredentials(t *testing.T) {
	keys := "keys:\n  - {name: a, key: sk-gh-a-0123456789012345678901234567890123456789012}\n  - {name: b, key: sk-gh-b-0123456789012345678901234567890123456789012, models: [other*]}\n"
	const a, b = "sk-gh-a-0123456789012345678901234567890123456789012", "sk-gh-b-0123456789012345678901234567890123456789012"
	engines, _, _ := strings.Cut(standard, "models:")
	passing := engines +
		"  - {name: pass, url: \"http://{{two}}/v1\", auth: passthrough, health: {interval: 0s}}\n" +
		"  - {name: free, url: \"http://{{two}}/v1\", auth: {mode: passthrough, keyless: true}, health: {interval: 0s}}\n" +
		"  - {name: bare, url: \"http://{{two}}/v1\", auth: none, headers: {X-Department: research}, health: {interval: 0s}}\n" +
		"models:\n  - {name: m, endpoints: [one]}\n  - {name: p, endpoints: [pass]}\n  - {name: f, endpoints: [free]}\n  - {name: n, endpoints: [bare]}\n"
	with := func(body string, fields ...string) string {
		return strings.Replace(post(chat, body, fields...), auth+"\r\n", "", 1)
	}
	var cases []sent
	for _, fields := range [][]string{
		nil,
		{"Authorization: Bearer " + a},
		{"authorization: bearer " + a},
		{"AUTHORIZATION: BEARER   " + a + "  "},
		{"Authorization: Basic " + a},
		{"Authorization: " + a},
		{"Authorization: Bearer"},
		{"Authorization: Bearer "},
		{"Authorization:"},
		{"X-Api-Key: " + a},
		{"Api-Key: " + a},
		{"X-Gatehouse-Key: " + a},
		{"Authorization: Bearer " + b},
		{"X-Api-Key: nobody"},
		{"Authorization: Bearer nobody"},
		{"Authorization: Bearer " + a, "Authorization: Bearer " + b},
		{"Authorization: Bearer " + a, "Authorization: Bearer " + a},
		{"Authorization: Bearer " + a, "X-Api-Key: " + b},
		{"Authorization: Bearer " + b, "X-Api-Key: " + a},
		{"Authorization: Bearer sk-provider", "X-Gatehouse-Key: " + a},
		{"Authorization: Bearer " + a, "X-Gatehouse-Key: nobody"},
		{"X-Gatehouse-Key: " + a, "X-Gatehouse-Key: " + b},
		{"X-Gatehouse-Key: " + a, "X-Api-Key: sk-provider", "Api-Key: sk-third"},
		{"X-Gatehouse-Key: " + a, "OpenAI-Organization: org", "OpenAI-Project: p", "Authorization: Bearer sk-provider"},
		{"Cookie: session=" + a},
		{"Authorization: Bearer " + a, "Cookie: a=b", "X-Forwarded-For: 1.2.3.4", "X-Auth-Token: t", "My-Secret: s"},
	} {
		for _, m := range []string{"m", "p", "f", "n", "other", ""} {
			cases = append(cases, sent{
				name: m + " " + strings.Join(fields, " "), setup: setup{yaml: keys + passing},
				send: []string{with(`{"model":"`+m+`","messages":[]}`, fields...)},
			})
		}
		cases = append(cases, sent{name: "messages " + strings.Join(fields, " "), setup: setup{yaml: keys + passing}, send: []string{strings.Replace(with(chatBody, fields...), chat, "/v1/messages", 1)}},
			sent{name: "open " + strings.Join(fields, " "), setup: setup{yaml: keyless + passing}, send: []string{with(`{"model":"p","messages":[]}`, fields...)}},
			sent{name: "invalid " + strings.Join(fields, " "), setup: setup{yaml: keys + passing}, send: []string{with(`{`, fields...)}},
			sent{name: "twice " + strings.Join(fields, " "), setup: setup{yaml: keys + passing}, send: []string{with(chatBody, fields...), with(chatBody, "Authorization: Bearer "+b), with(chatBody, fields...), with(chatBody)}, answers: 4})
	}
	run(t, cases)
}

func TestKeylessGateway(t *testing.T) {
	var cases []sent
	for _, host := range []string{
		"localhost", "localhost:8080", "127.0.0.1", "127.0.0.1:1", "[::1]:80", "app.localhost", "LOCALHOST", "localhost.", "evil.example", "localhost.evil.example:80",
		"10.0.0.1", "[2001:db8::1]:80", "", ":80", "user@localhost", "localhost/", "local host", "127.0.0.1:http", "127.1", "{{one}}",
	} {
		for _, site := range []string{"", "none", "same-origin", "same-site", "cross-site", "Cross-Site"} {
			fields := []string{"POST " + chat + " HTTP/1.1", "Host: " + host, "Content-Type: application/json", fmt.Sprintf("Content-Length: %d", len(chatBody))}
			if site != "" {
				fields = append(fields, "Sec-Fetch-Site: "+site)
			}
			cases = append(cases, sent{name: host + " " + site, setup: setup{yaml: keyless + standard}, send: []string{lines(fields...) + chatBody}})
		}
	}
	run(t, cases)
}
