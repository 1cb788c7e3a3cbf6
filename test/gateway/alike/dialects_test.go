package alike_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/fakellm"
)

// dialects is a gateway with endpoints of every dialect, all of which are the
// engine one.
const dialects = `
endpoints:
  - {name: o, url: "http://{{one}}/v1", auth: {key: sk-upstream-one}, health: {interval: 0s}}
  - {name: a, url: "http://{{one}}", dialect: anthropic, auth: {key: sk-ant-one}, health: {interval: 0s}}
  - {name: l, url: "http://{{one}}", dialect: ollama, health: {interval: 0s}}
  - {name: t, url: "http://{{one}}", dialect: tei, health: {interval: 0s}}
models:
  - {name: m, endpoints: [o]}
  - {name: a, endpoints: [a]}
  - {name: l, endpoints: [l]}
  - {name: t, endpoints: [t]}
  - {name: mixed, endpoints: [a, {name: o, weight: 0}]}
`

var anthropicAnswer = ok(jsonType, `{"id":"msg_1","type":"message","role":"assistant","model":"a","content":[{"type":"text","text":"Hi"}],"stop_reason":"end_turn","usage":{"input_tokens":3,"output_tokens":5}}`)

// What engines of other dialects stream.
var (
	anthropicStream = []string{
		"event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"a\",\"content\":[],\"usage\":{\"input_tokens\":3,\"output_tokens\":1}}}\n\n",
		"event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
		"event: ping\ndata: {\"type\":\"ping\"}\n\n",
		"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hi\"}}\n\n",
		"event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n",
		"event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":5}}\n\n",
		"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
	}
	ollamaStream = []string{
		`{"model":"l","message":{"role":"assistant","content":"Hi"},"done":false}` + "\n",
		`{"model":"l","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","prompt_eval_count":3,"eval_count":5}` + "\n",
	}
)

func TestTranslated(t *testing.T) {
	overloaded := `{"type":"error","error":{"type":"overloaded_error","message":"no"}}`
	ask := func(model string, stream bool) string {
		return fmt.Sprintf(`{"model":%q,"stream":%v,"max_tokens":9,"input":"x","prompt":"p","messages":[{"role":"user","content":"Hello"}]}`, model, stream)
	}
	replies := map[string]reply{
		"anthropic":                {text: anthropicAnswer},
		"anthropic stream":         {text: chunked(sse, nil, anthropicStream...)},
		"anthropic bytes":          {text: chunked(sse, nil, anthropicStream...), each: 1},
		"anthropic cut":            {text: chunked(sse, nil, anthropicStream[:4]...)},
		"anthropic broken off":     {text: strings.TrimSuffix(chunked(sse, nil, anthropicStream[:4]...), "0\r\n\r\n"), then: shut},
		"anthropic gzip":           {text: ok(sse, zipped(strings.Join(anthropicStream, "")), "Content-Encoding: gzip")},
		"anthropic error":          {text: chunked(sse, nil, "event: error\ndata: "+overloaded+"\n\n")},
		"anthropic error later":    {text: chunked(sse, nil, append(append([]string{}, anthropicStream[:4]...), "event: error\ndata: "+overloaded+"\n\n")...)},
		"anthropic overloaded":     {text: status(529, jsonType, overloaded)},
		"anthropic limited":        {text: status(429, jsonType, overloaded, "Retry-After: 3")},
		"anthropic not JSON":       {text: ok(jsonType, "hello")},
		"anthropic br":             {text: ok(jsonType, "xx", "Content-Encoding: br")},
		"ollama stream":            {text: chunked("application/x-ndjson", nil, ollamaStream...)},
		"ollama bytes":             {text: chunked("application/x-ndjson", nil, ollamaStream...), each: 1},
		"ollama":                   {text: ok(jsonType, ollamaStream[1])},
		"ollama error":             {text: status(404, jsonType, `{"error":"model 'l' not found"}`)},
		"ollama error later":       {text: chunked("application/x-ndjson", nil, ollamaStream[0], `{"error":"no"}`+"\n")},
		"ollama embeddings":        {text: ok(jsonType, `{"model":"l","embeddings":[[0.5,1]],"prompt_eval_count":3}`)},
		"tei embeddings":           {text: ok(jsonType, `[[0.5,1]]`)},
		"tei openai":               {text: ok(jsonType, `{"object":"list","data":[{"object":"embedding","embedding":[0.5,1],"index":0}],"model":"t","usage":{"prompt_tokens":3,"total_tokens":3}}`)},
		"tei rerank":               {text: ok(jsonType, `[{"index":0,"score":0.5}]`)},
		"nothing":                  {then: shut},
		"html":                     {text: ok("text/html", "<html>")},
		"an answer of OpenAI's":    {text: completion},
		"an embedding of OpenAI's": {text: ok(jsonType, `{"object":"list","data":[{"object":"embedding","embedding":[0.1],"index":0}],"usage":{"prompt_tokens":3,"total_tokens":3}}`)},
	}
	var cases []sent
	for name, r := range replies {
		for _, model := range []string{"a", "l", "t", "mixed"} {
			for _, path := range []string{chat, "/v1/embeddings", "/v1/messages", "/v1/rerank", "/v1/completions"} {
				if model != "mixed" && !strings.HasPrefix(name, map[string]string{"a": "anthropic", "l": "ollama", "t": "tei"}[model]) && path != chat {
					continue
				}
				cases = append(cases,
					sent{name: name + " " + model + " " + path, setup: setup{yaml: dialects, one: []reply{r, {text: completion}}}, send: []string{post(path, ask(model, false))}},
					sent{name: name + " stream " + model + " " + path, setup: setup{yaml: dialects, one: []reply{r, {text: stream(events...)}}}, send: []string{post(path, ask(model, true))}})
			}
		}
	}
	cases = append(cases, sent{name: "large", setup: setup{yaml: dialects, one: []reply{{text: anthropicAnswer}}}, send: []string{post(chat, strings.Replace(ask("a", false), "Hello", strings.Repeat("x", 70<<10), 1)) + post(chat, ask("a", false))}, answers: 2},
		sent{name: "unsupported", setup: setup{yaml: dialects}, send: []string{post(chat, strings.Replace(ask("a", false), `"max_tokens"`, `"n":2,"max_tokens"`, 1))}})
	run(t, cases)
}

// Real engines behind both: what they answer depends on the request alone.
func TestEngines(t *testing.T) {
	for _, d := range fakellm.Dialects() {
		t.Run(string(d), func(t *testing.T) {
			t.Parallel()
			server := fakellm.Start(fakellm.New(d, fakellm.AnyModel()))
			t.Cleanup(server.Close)
			url := server.URL
			if d == fakellm.OpenAI {
				url += "/v1"
			}
			yaml := fmt.Sprintf("endpoints:\n  - {name: e, url: %q, dialect: %s, health: {interval: 0s}}\nmodels:\n  - {name: m, endpoints: [e]}\n  - {name: other, endpoints: [{name: e, model: m}]}\n", url, d)
			got := alike(t, setup{yaml: yaml, exempt: engines}, func(s *side) {
				conn := s.dial()
				for _, o := range hot() {
					for _, model := range []string{"m", "other"} {
						for _, stream := range []bool{false, true} {
							conn.send(post("/v1"+o.Path, fmt.Sprintf(`{"model":%q,"stream":%v,"max_tokens":7,"messages":[{"role":"user","content":"Say it"}],"prompt":"once","input":"twice","query":"q","documents":["d"],"text_1":"a","text_2":"b","tokens":[1,2],"voice":"x"}`, model, stream)))
							if !conn.read(false) {
								s.tb.Fatalf("no answer for %s", o.Path)
							}
						}
					}
				}
				conn.send(last)
				conn.rest()
			})
			if len(got.Answers) != 4*len(hot())+1 {
				t.Errorf("%d answers", len(got.Answers))
			}
		})
	}
}
