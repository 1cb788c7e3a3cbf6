package ollama_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-ai/gatehouse/dialect/chat"
	"github.com/gatehouse-ai/gatehouse/dialect/ollama"
	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/op"
)

const (
	refused = "refused"
	hint    = "hint"
	tools   = `"tools":[{"type":"function","function":{"name":"f","parameters":{}}}]`
)

// parameters says of every parameter of OpenAI's chat completions, and of
// Ollama's own, what becomes of a value: a piece of the engine's request,
// nothing because it is a hint, or a refusal that names it.
var parameters = []struct{ name, value, with, want string }{
	{"audio", `{"voice":"alloy","format":"mp3"}`, "", refused},
	{"frequency_penalty", `0.5`, "", `"options":{"frequency_penalty":0.5}`},
	{"function_call", `"auto"`, `"functions":[{"name":"f","parameters":{}}]`, tools},
	{"function_call", `"none"`, `"functions":[{"name":"f","parameters":{}}]`, ""},
	{"function_call", `{"name":"f"}`, `"functions":[{"name":"f","parameters":{}}]`, refused},
	{"functions", `[{"name":"f","parameters":{}}]`, "", tools},
	{"logit_bias", `{"50256":-100}`, "", refused},
	{"logprobs", `true`, "", `"logprobs":true`},
	{"max_completion_tokens", `10`, "", `"options":{"num_predict":10}`},
	{"max_tokens", `10`, "", `"options":{"num_predict":10}`},
	{"messages", `[{"role":"user","content":"hi"}]`, "", ""},
	{"metadata", `{"a":"b"}`, "", hint},
	{"modalities", `["text","audio"]`, "", refused},
	{"model", `"alias"`, "", ""},
	{"moderation", `{"model":"x"}`, "", refused},
	{"n", `2`, "", refused},
	{"parallel_tool_calls", `false`, tools, refused},
	{"prediction", `{"type":"content","content":"x"}`, "", hint},
	{"presence_penalty", `-0.5`, "", `"options":{"presence_penalty":-0.5}`},
	{"prompt_cache_key", `"k"`, "", hint},
	{"prompt_cache_options", `{"mode":"implicit"}`, "", hint},
	{"prompt_cache_retention", `"24h"`, "", hint},
	{"reasoning_effort", `"none"`, "", `"think":false`},
	{"reasoning_effort", `"minimal"`, "", `"think":"low"`},
	{"reasoning_effort", `"low"`, "", `"think":"low"`},
	{"reasoning_effort", `"medium"`, "", `"think":"medium"`},
	{"reasoning_effort", `"high"`, "", `"think":"high"`},
	{"reasoning_effort", `"xhigh"`, "", `"think":"max"`},
	{"reasoning_effort", `"max"`, "", `"think":"max"`},
	{"response_format", `{"type":"text"}`, "", ""},
	{"response_format", `{"type":"json_object"}`, "", `"format":"json"`},
	{"response_format", `{"type":"json_schema","json_schema":{"name":"n"}}`, "", `"format":"json"`},
	{"response_format", `{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object"}}}`, "", `"format":{"type":"object"}`},
	{"safety_identifier", `"s"`, "", hint},
	{"seed", `7`, "", `"options":{"seed":7}`},
	{"service_tier", `"flex"`, "", hint},
	{"stop", `"END"`, "", `"options":{"stop":["END"]}`},
	{"store", `true`, "", hint},
	{"stream", `true`, "", `"stream":true`},
	{"stream_options", `{"include_usage":true,"include_obfuscation":false}`, "", hint},
	{"temperature", `0.5`, "", `"options":{"temperature":0.5}`},
	{"tool_choice", `"auto"`, tools, tools},
	{"tool_choice", `"none"`, tools, ""},
	{"tool_choice", `"required"`, tools, refused},
	{"tool_choice", `{"type":"function","function":{"name":"f"}}`, tools, refused},
	{"tools", `[{"type":"function","function":{"name":"f","parameters":{}}}]`, "", tools},
	{"top_logprobs", `2`, `"logprobs":true`, `"logprobs":true,"top_logprobs":2`},
	{"top_p", `0.5`, "", `"options":{"top_p":0.5}`},
	{"user", `"u"`, "", hint},
	{"verbosity", `"low"`, "", hint},
	{"web_search_options", `{}`, "", refused},

	{"keep_alive", `"5m"`, "", `"keep_alive":"5m"`},
	{"keep_alive", `60`, "", `"keep_alive":60`},
	{"min_p", `0.1`, "", `"options":{"min_p":0.1}`},
	{"num_ctx", `8192`, "", refused},
	{"options", `{"num_gpu":0}`, "", refused},
	{"repeat_last_n", `64`, "", `"options":{"repeat_last_n":64}`},
	{"repeat_penalty", `1.1`, "", `"options":{"repeat_penalty":1.1}`},
	{"repetition_penalty", `1.1`, "", `"options":{"repeat_penalty":1.1}`},
	{"shift", `false`, "", `"shift":false`},
	{"think", `true`, "", `"think":true`},
	{"think", `"max"`, "", `"think":"max"`},
	{"top_k", `40`, "", `"options":{"top_k":40}`},
	{"truncate", `false`, "", `"truncate":false`},
	{"typical_p", `0.9`, "", `"options":{"typical_p":0.9}`},
	{"guided_json", `{}`, "", refused},
}

func TestEveryParameterIsTranslatedAHintOrRefused(t *testing.T) {
	tested := map[string]bool{}
	for _, p := range parameters {
		tested[p.name] = true
		t.Run(p.name+"="+p.value, func(t *testing.T) {
			fields := []string{`"` + p.name + `":` + p.value}
			if p.name != "messages" {
				fields = append(fields, `"messages":[{"role":"user","content":"hi"}]`)
			}
			if p.with != "" {
				fields = append(fields, p.with)
			}
			req, _, err := ollama.Dialect{}.Translate("", call(op.ChatCompletion, []byte("{"+strings.Join(fields, ",")+"}")))
			if p.want == refused {
				if f := fault.From(err); f == nil || f.Kind != fault.UnsupportedParameter || f.Param != p.name {
					t.Errorf("%s, %v", req.Body, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			stream := `"stream":false`
			if p.name == "stream" {
				stream = ""
			}
			want := `{"model":"llama3.1:8b","messages":[{"role":"user","content":"hi"}]`
			for _, piece := range []string{stream, p.want} {
				if piece != "" && piece != hint {
					want += "," + piece
				}
			}
			if d := cmp.Diff(fieldsOf(t, []byte(want+"}")), fieldsOf(t, req.Body)); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
	for _, p := range chat.Params() {
		if !tested[p.Name] {
			t.Errorf("%s is not tested", p.Name)
		}
	}
}

func fieldsOf(t *testing.T, body []byte) map[string]string {
	t.Helper()
	raw := map[string]json.RawMessage{}
	if err := json.Unmarshal(body, &raw); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	out := map[string]string{}
	for k, v := range raw {
		out[k] = string(v)
	}
	return out
}

func TestWhatCannotBeSaidIsRefused(t *testing.T) {
	user := func(part string) string { return `"messages":[{"role":"user","content":[` + part + `]}]` }
	for _, c := range []struct {
		fields string
		kind   fault.Kind
		param  string
	}{
		{`"messages":[]`, fault.InvalidParameter, "messages"},
		{user(`{"type":"image_url","image_url":{"url":"https://example.com/a.png"}}`), fault.UnsupportedParameter, "messages[0].content[0].image_url.url"},
		{user(`{"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}}`), fault.UnsupportedParameter, "messages[0].content[0].input_audio"},
		{user(`{"type":"file","file":{"file_id":"f"}}`), fault.UnsupportedParameter, "messages[0].content[0].file"},
		{`"messages":[{"role":"assistant","audio":{"id":"a"}}]`, fault.UnsupportedParameter, "messages[0].audio"},
		{`"messages":[{"role":"assistant","tool_calls":[{"id":"a","type":"custom","custom":{"name":"f","input":"x"}}]}]`, fault.UnsupportedParameter, "messages[0].tool_calls[0].custom"},
		{`"messages":[{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{"}}]}]`, fault.InvalidParameter, "messages[0].tool_calls[0].function.arguments"},
		{user(`{"type":"text","text":"x"}`) + `,"tools":[{"type":"custom","custom":{"name":"f"}}]`, fault.UnsupportedParameter, "tools[0].custom"},
		{user(`{"type":"text","text":"x"}`) + `,"think":true,"reasoning_effort":"low"`, fault.InvalidParameter, "think"},
		{user(`{"type":"text","text":"x"}`) + `,"think":"xhigh"`, fault.InvalidParameter, "think"},
		{user(`{"type":"text","text":"x"}`) + `,"think":1`, fault.InvalidParameter, "think"},
		{user(`{"type":"text","text":"x"}`) + `,"top_k":-1`, fault.InvalidParameter, "top_k"},
		{user(`{"type":"text","text":"x"}`) + `,"top_k":1.5`, fault.InvalidParameter, "top_k"},
		{user(`{"type":"text","text":"x"}`) + `,"min_p":2`, fault.InvalidParameter, "min_p"},
		{user(`{"type":"text","text":"x"}`) + `,"keep_alive":true`, fault.InvalidParameter, "keep_alive"},
		{user(`{"type":"text","text":"x"}`) + `,"truncate":"no"`, fault.InvalidParameter, "truncate"},
	} {
		_, _, err := ollama.Dialect{}.Translate("", call(op.ChatCompletion, []byte("{"+c.fields+"}")))
		if f := fault.From(err); f == nil || f.Kind != c.kind || f.Param != c.param {
			t.Errorf("%s: %v, want %s about %s", c.fields, err, c.kind, c.param)
		}
	}
}

func TestEmbeddingsParameters(t *testing.T) {
	for _, c := range []struct {
		body  string
		kind  fault.Kind
		param string
	}{
		{`{"input":[1,2]}`, fault.UnsupportedParameter, "input"},
		{`{"input":[[1],[2]]}`, fault.UnsupportedParameter, "input"},
		{`{"input":"a","options":{}}`, fault.UnsupportedParameter, "options"},
		{`{"input":"a","truncate":1}`, fault.InvalidParameter, "truncate"},
		{`{"input":"a","keep_alive":[]}`, fault.InvalidParameter, "keep_alive"},
		{`{}`, fault.MissingParameter, "input"},
	} {
		_, _, err := ollama.Dialect{}.Translate("", call(op.Embedding, []byte(c.body)))
		if f := fault.From(err); f == nil || f.Kind != c.kind || f.Param != c.param {
			t.Errorf("%s: %v, want %s about %s", c.body, err, c.kind, c.param)
		}
	}
}
