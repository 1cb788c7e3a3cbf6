package anthropic_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-ai/gatehouse/dialect/anthropic"
	"github.com/gatehouse-ai/gatehouse/dialect/chat"
	"github.com/gatehouse-ai/gatehouse/fault"
)

const (
	hi    = `"messages":[{"role":"user","content":"hi"}]`
	fTool = `"tools":[{"type":"function","function":{"name":"f"}}]`
	fOut  = `"tools":[{"name":"f","input_schema":{"type":"object","properties":{}}}]`
)

// paramRow is one value of a parameter and what becomes of it: fields of
// Anthropic's request, or an error. With neither the request is the same as
// without the parameter.
type paramRow struct {
	name   string // of the parameter
	fields string // of the client's request beside the messages
	out    string // further fields of Anthropic's request, or changed ones
	kind   fault.Kind
	at     string // the param of the error
}

func ok(name, fields, out string) paramRow { return paramRow{name: name, fields: fields, out: out} }

func no(name, fields string, kind fault.Kind, at string) paramRow {
	return paramRow{name: name, fields: fields, kind: kind, at: at}
}

var paramRows = []paramRow{
	no("audio", `"audio":{"voice":"x","format":"wav"}`, fault.UnsupportedParameter, "audio"),
	ok("frequency_penalty", `"frequency_penalty":0`, ""),
	no("frequency_penalty", `"frequency_penalty":0.5`, fault.UnsupportedParameter, "frequency_penalty"),
	ok("function_call", `"functions":[{"name":"f"}],"function_call":"none"`, fOut+`,"tool_choice":{"type":"none"}`),
	ok("functions", `"functions":[{"name":"f"}]`, fOut+`,"tool_choice":{"type":"auto","disable_parallel_tool_use":true}`),
	ok("logit_bias", `"logit_bias":{}`, ""),
	no("logit_bias", `"logit_bias":{"50256":-100}`, fault.UnsupportedParameter, "logit_bias"),
	ok("logprobs", `"logprobs":false`, ""),
	no("logprobs", `"logprobs":true`, fault.UnsupportedParameter, "logprobs"),
	ok("max_completion_tokens", `"max_completion_tokens":5`, `"max_tokens":5`),
	no("max_completion_tokens", `"max_completion_tokens":0`, fault.InvalidParameter, "max_completion_tokens"),
	ok("max_tokens", `"max_tokens":6`, `"max_tokens":6`),
	no("messages", `"messages":[]`, fault.InvalidParameter, "messages"),
	ok("metadata", `"metadata":{"a":"b"}`, ""),
	ok("modalities", `"modalities":["text"]`, ""),
	no("modalities", `"modalities":["text","audio"]`, fault.UnsupportedParameter, "modalities"),
	ok("model", `"model":"m"`, ""),
	no("moderation", `"moderation":{"x":1}`, fault.UnsupportedParameter, "moderation"),
	ok("n", `"n":1`, ""),
	no("n", `"n":2`, fault.UnsupportedParameter, "n"),
	ok("parallel_tool_calls", `"parallel_tool_calls":true`, ""),
	ok("parallel_tool_calls", `"parallel_tool_calls":false`, ""),
	ok("parallel_tool_calls", fTool+`,"parallel_tool_calls":true`, fOut),
	ok("parallel_tool_calls", fTool+`,"parallel_tool_calls":false`, fOut+`,"tool_choice":{"type":"auto","disable_parallel_tool_use":true}`),
	ok("prediction", `"prediction":{"type":"content","content":"x"}`, ""),
	ok("presence_penalty", `"presence_penalty":0`, ""),
	no("presence_penalty", `"presence_penalty":-1`, fault.UnsupportedParameter, "presence_penalty"),
	ok("prompt_cache_key", `"prompt_cache_key":"k"`, ""),
	ok("prompt_cache_options", `"prompt_cache_options":{}`, ""),
	ok("prompt_cache_retention", `"prompt_cache_retention":"24h"`, ""),
	ok("reasoning_effort", `"reasoning_effort":"low"`, `"max_tokens":18000,"thinking":{"type":"enabled","budget_tokens":2000}`),
	no("reasoning_effort", `"reasoning_effort":"huge"`, fault.InvalidParameter, "reasoning_effort"),
	ok("response_format", `"response_format":{"type":"text"}`, ""),
	no("response_format", `"response_format":{"type":"json_object"}`, fault.UnsupportedParameter, "response_format"),
	ok("response_format", `"response_format":{"type":"json_schema","json_schema":{"name":"x","schema":{"type":"object"}}}`, `"output_config":{"format":{"type":"json_schema","schema":{"type":"object"}}}`),
	no("response_format", `"response_format":{"type":"json_schema","json_schema":{"name":"x"}}`, fault.MissingParameter, "response_format.json_schema.schema"),
	ok("safety_identifier", `"safety_identifier":"s1","user":"u1"`, `"metadata":{"user_id":"s1"}`),
	ok("seed", `"seed":1`, ""),
	ok("service_tier", `"service_tier":"priority"`, ""),
	ok("stop", `"stop":"END"`, `"stop_sequences":["END"]`),
	ok("stop", `"stop":[]`, ""),
	no("stop", `"stop":["END"," \n"]`, fault.InvalidParameter, "stop"),
	ok("store", `"store":true`, ""),
	ok("stream", `"stream":true`, `"stream":true`),
	ok("stream_options", `"stream":true,"stream_options":{"include_usage":true}`, `"stream":true`),
	ok("temperature", `"temperature":0`, `"temperature":0`),
	ok("temperature", `"temperature":1`, ""),
	no("temperature", `"temperature":1.01`, fault.InvalidParameter, "temperature"),
	ok("tool_choice", fTool+`,"tool_choice":"auto"`, fOut+`,"tool_choice":{"type":"auto"}`),
	ok("tool_choice", fTool+`,"tool_choice":"none","parallel_tool_calls":false`, fOut+`,"tool_choice":{"type":"none"}`),
	ok("tool_choice", fTool+`,"tool_choice":"required","parallel_tool_calls":false`, fOut+`,"tool_choice":{"type":"any","disable_parallel_tool_use":true}`),
	ok("tool_choice", fTool+`,"tool_choice":{"type":"function","function":{"name":"f"}}`, fOut+`,"tool_choice":{"type":"tool","name":"f"}`),
	ok("tool_choice", `"tool_choice":"none"`, ""),
	ok("tools", `"tools":[]`, ""),
	ok("tools", fTool, fOut),
	no("tools", `"tools":[{"type":"custom","custom":{"name":"f"}}]`, fault.UnsupportedParameter, "tools[0].custom"),
	ok("top_logprobs", `"top_logprobs":0`, ""),
	no("top_logprobs", `"top_logprobs":3,"logprobs":true`, fault.UnsupportedParameter, "top_logprobs"),
	ok("top_p", `"top_p":0.5`, `"top_p":0.5`),
	ok("top_p", `"top_p":1`, ""),
	ok("user", `"user":"u1"`, `"metadata":{"user_id":"u1"}`),
	ok("user", `"user":"someone@example.org"`, ""),
	ok("user", `"user":"+49 (171) 555-1234"`, ""),
	ok("user", `"user":"`+strings.Repeat("ü", 257)+`"`, ""),
	ok("verbosity", `"verbosity":"high"`, ""),
	no("web_search_options", `"web_search_options":{}`, fault.UnsupportedParameter, "web_search_options"),
}

// ownRows are of parameters that OpenAI's API does not have.
var ownRows = []paramRow{
	ok("top_k", `"top_k":5`, `"top_k":5`),
	no("top_k", `"top_k":-1`, fault.InvalidParameter, "top_k"),
	ok("thinking", `"thinking":{"type":"disabled"}`, `"thinking":{"type":"disabled"}`),
	no("thinking", `"thinking":true`, fault.InvalidParameter, "thinking"),
	ok("cache_control", `"cache_control":{"type":"ephemeral"}`, `"cache_control":{"type":"ephemeral"}`),
	no("cache_control", `"cache_control":"x"`, fault.InvalidParameter, "cache_control"),
	no("top_a", `"top_a":5`, fault.UnsupportedParameter, "top_a"),
	ok("top_a", `"top_a":null`, ""),
}

func TestEveryParameter(t *testing.T) {
	for i, r := range append(slices.Clone(paramRows), ownRows...) {
		t.Run(fmt.Sprintf("%s_%d", r.name, i), func(t *testing.T) {
			in := "{" + hi + "," + r.fields + "}"
			if r.name == "messages" {
				in = "{" + r.fields + "}"
			}
			c := call([]byte(in))
			c.Model = "m"
			out, _, err := anthropic.New(anthropic.Options{}).Translate("", c)
			if r.at != "" {
				f := fault.From(err)
				if f == nil || f.Kind != r.kind || f.Param != r.at {
					t.Errorf("%s: got %s and error %v, want %s about %s", in, out.Body, err, r.kind, r.at)
				}
				return
			}
			if err != nil {
				t.Fatalf("%s: %v", in, err)
			}
			want := value(t, []byte(`{"model":"m","max_tokens":16000,"messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}]}`)).(map[string]any)
			maps.Copy(want, value(t, []byte("{"+r.out+"}")).(map[string]any))
			if diff := cmp.Diff(want, value(t, out.Body)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", in, diff)
			}
			sameInSDK(t, out.Body)
		})
	}
}

// A parameter that OpenAI adds wants a decision here.
func TestNoParameterIsForgotten(t *testing.T) {
	for _, p := range chat.Params() {
		if !slices.ContainsFunc(paramRows, func(r paramRow) bool { return r.name == p.Name }) {
			t.Errorf("no row for %s", p.Name)
		}
	}
}

func TestMaxTokensOption(t *testing.T) {
	for _, c := range []struct {
		option int
		fields string
		want   float64
	}{
		{0, "", anthropic.DefaultMaxTokens},
		{-1, "", anthropic.DefaultMaxTokens},
		{500, "", 500},
		{500, `,"max_tokens":900`, 900},
		{500, `,"thinking":{"type":"enabled","budget_tokens":2000}`, 2500},
		{500, `,"thinking":{"type":"enabled","budget_tokens":2000},"max_tokens":3000`, 3000},
		{500, `,"thinking":{"type":"enabled","budget_tokens":"x"}`, 500},
	} {
		r, _, err := anthropic.New(anthropic.Options{MaxTokens: c.option}).Translate("", call([]byte("{"+hi+c.fields+"}")))
		if err != nil {
			t.Fatal(err)
		}
		if got := value(t, r.Body).(map[string]any)["max_tokens"]; got != c.want {
			t.Errorf("%d and %s: got %v, want %v", c.option, c.fields, got, c.want)
		}
	}
}

// Every member of a request that is more than a parameter, and wrong.
func TestRefusedMessages(t *testing.T) {
	const calls = `{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}},{"id":"b","type":"function","function":{"name":"f","arguments":"{}"}}]}`
	result := func(id string) string { return `{"role":"tool","tool_call_id":"` + id + `","content":"x"}` }
	content := func(part string) string { return `{"role":"user","content":[` + part + `]}` }
	for _, c := range []struct {
		name, messages string
		kind           fault.Kind
		at             string
	}{
		{"only instructions", `{"role":"system","content":"x"}`, fault.InvalidParameter, "messages"},
		{"only white space", `{"role":"user","content":" \n"}`, fault.InvalidParameter, "messages"},
		{"arguments are no JSON", `{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{x"}}]},` + result("a"), fault.InvalidParameter, "messages[0].tool_calls[0].function.arguments"},
		{"arguments are no object", `{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"[1]"}}]},` + result("a"), fault.InvalidParameter, "messages[0].tool_calls[0].function.arguments"},
		{"one id twice", `{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":""}},{"id":"a","type":"function","function":{"name":"f","arguments":""}}]}`, fault.InvalidParameter, "messages[0].tool_calls[1].id"},
		{"custom call", `{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"custom","custom":{"name":"f","input":"x"}}]},` + result("a"), fault.UnsupportedParameter, "messages[0].tool_calls[0].custom"},
		{"no results at all", calls, fault.InvalidParameter, "messages[0].tool_calls[0]"},
		{"one result missing", calls + "," + result("a"), fault.InvalidParameter, "messages[0].tool_calls[1]"},
		{"result after the next answer", calls + "," + result("b") + `,{"role":"assistant","content":"y"},` + result("a"), fault.InvalidParameter, "messages[0].tool_calls[0]"},
		{"result without a call", `{"role":"user","content":"x"},` + result("a"), fault.InvalidParameter, "messages[1].tool_call_id"},
		{"two results for one call", calls + "," + result("a") + "," + result("b") + "," + result("a"), fault.InvalidParameter, "messages[3].tool_call_id"},
		{"function without a call", `{"role":"function","name":"f","content":"x"}`, fault.InvalidParameter, "messages[0].name"},
		{"spoken answer", `{"role":"assistant","audio":{"id":"audio_1"}}`, fault.UnsupportedParameter, "messages[0].audio"},
		{"sound", content(`{"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}}`), fault.UnsupportedParameter, "messages[0].content[0].input_audio"},
		{"uploaded file", content(`{"type":"file","file":{"file_id":"file-1"}}`), fault.UnsupportedParameter, "messages[0].content[0].file.file_id"},
		{"image of another type", content(`{"type":"image_url","image_url":{"url":"data:image/svg+xml;base64,PHN2Zy8+"}}`), fault.InvalidParameter, "messages[0].content[0].image_url.url"},
		{"file of another type", content(`{"type":"file","file":{"file_data":"data:application/zip;base64,UEsDBA=="}}`), fault.InvalidParameter, "messages[0].content[0].file.file_data"},
		{"file of no type", content(`{"type":"file","file":{"file_data":"UEsDBA=="}}`), fault.InvalidParameter, "messages[0].content[0].file.file_data"},
		{"text that is none", content(`{"type":"file","file":{"file_data":"data:text/plain;base64,/////w=="}}`), fault.InvalidParameter, "messages[0].content[0].file.file_data"},
		{"thinking of a user", `{"role":"user","content":"x","thinking_blocks":[{"type":"redacted_thinking","data":"x"}]}`, fault.UnsupportedParameter, "messages[0].thinking_blocks"},
		{"thinking is no list", `{"role":"assistant","content":"x","thinking_blocks":{}}`, fault.InvalidParameter, "messages[0].thinking_blocks"},
		{"thought of no type", `{"role":"assistant","content":"x","thinking_blocks":[{"thinking":"x"}]}`, fault.MissingParameter, "messages[0].thinking_blocks[0].type"},
		{"thought of another type", `{"role":"assistant","content":"x","thinking_blocks":[{"type":"text"}]}`, fault.InvalidParameter, "messages[0].thinking_blocks[0].type"},
		{"thought without signature", `{"role":"assistant","content":"x","thinking_blocks":[{"type":"thinking","thinking":"x","signature":""}]}`, fault.MissingParameter, "messages[0].thinking_blocks[0].signature"},
		{"redacted thought without data", `{"role":"assistant","content":"x","thinking_blocks":[{"type":"redacted_thinking","data":"x"},{"type":"redacted_thinking"}]}`, fault.MissingParameter, "messages[0].thinking_blocks[1].data"},
		{"member twice beside thinking", `{"role":"assistant","content":"x","content":"y","thinking_blocks":[]}`, fault.DuplicateParameter, "messages[0].content"},
		{"message is no object", `{"role":"assistant","content":"x","thinking_blocks":[]},"x"`, fault.InvalidParameter, "messages[1]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := `{"messages":[` + c.messages + `]}`
			out, _, err := anthropic.New(anthropic.Options{}).Translate("", call([]byte(in)))
			f := fault.From(err)
			if f == nil || f.Kind != c.kind || f.Param != c.at {
				t.Errorf("got %s and error %v about %q, want %s about %s", out.Body, err, f.Param, c.kind, c.at)
			}
		})
	}
}

func TestReasoningEffort(t *testing.T) {
	const (
		none      = ``
		disabled  = `,"thinking":{"type":"disabled"}`
		adaptive  = `,"thinking":{"type":"adaptive","display":"summarized"}`
		effort    = `,"output_config":{"effort":"%s"}`
		forced    = `,"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"required"`
		loop      = `{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":"y"%s,"tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":""}}]},{"role":"tool","tool_call_id":"a","content":"z"}]`
		signed    = `,"thinking_blocks":[{"type":"thinking","thinking":"x","signature":"y"}]`
		withHi    = "{" + hi
		unlimited = 16000
	)
	budget := func(n int) string {
		return fmt.Sprintf(`,"thinking":{"type":"enabled","budget_tokens":%d}`, n)
	}
	for _, c := range []struct {
		model, start, effort, fields string
		max                          int
		want                         string
	}{
		{"claude-opus-5-5", withHi, "none", "", unlimited, disabled},
		{"claude-opus-5-5", withHi, "minimal", "", unlimited, adaptive + fmt.Sprintf(effort, "low")},
		{"claude-opus-5-5", withHi, "max", `,"max_tokens":10`, 10, adaptive + fmt.Sprintf(effort, "max")},
		{"claude-opus-5-5", withHi, "high", forced, unlimited, fmt.Sprintf(effort, "high")},
		{"claude-opus-5-5", fmt.Sprintf(loop, ""), "high", "", unlimited, adaptive + fmt.Sprintf(effort, "high")},
		{"anthropic/claude-fable-5", withHi, "low", "", unlimited, adaptive + fmt.Sprintf(effort, "low")},
		{"claude-opus-4-10", withHi, "none", "", unlimited, disabled},
		{"claude-opus-4-8", withHi, "none", "", unlimited, none},
		{"claude-sonnet-4.6", withHi, "medium", "", unlimited, adaptive + fmt.Sprintf(effort, "medium")},
		{"claude-sonnet-4-6", withHi, "low", `,"thinking":{"type":"adaptive"}`, unlimited, `,"thinking":{"type":"adaptive"}` + fmt.Sprintf(effort, "low")},
		{"claude-haiku-4-5-20251001", withHi, "none", "", unlimited, none},
		{"claude-haiku-4-5-20251001", withHi, "minimal", "", 17024, budget(1024)},
		{"us.anthropic.claude-sonnet-4-5-20250929-v1:0", withHi, "high", "", 32000, budget(16000)},
		{"claude-sonnet-4@20250514", withHi, "xhigh", "", 48000, budget(32000)},
		{"claude-3-7-sonnet-20250219", withHi, "low", `,"max_tokens":3000`, 3000, budget(1500)},
		{"claude-opus-4-5", withHi, "max", `,"max_tokens":1025`, 1025, budget(1024)},
		{"claude-opus-4-5", withHi, "max", `,"max_tokens":1024`, 1024, none},
		{"claude-opus-4-5", withHi, "max", forced, unlimited, none},
		{"claude-opus-4-5", fmt.Sprintf(loop, ""), "low", "", unlimited, none},
		{"claude-opus-4-5", fmt.Sprintf(loop, signed), "low", "", 18000, budget(2000)},
		{"claude-opus-4-5", withHi, "low", `,"thinking":{"type":"enabled","budget_tokens":3000}`, 19000, budget(3000)},
		{"qwen3", withHi, "none", "", unlimited, disabled},
		{"qwen3", fmt.Sprintf(loop, ""), "medium", "", 24000, budget(8000)},
		{"qwen3", withHi, "medium", forced, unlimited, none},
	} {
		t.Run(c.model+" "+c.effort, func(t *testing.T) {
			cl := call([]byte(c.start + `,"reasoning_effort":"` + c.effort + `"` + c.fields + "}"))
			cl.Model = c.model
			r, _, err := anthropic.New(anthropic.Options{}).Translate("", cl)
			if err != nil {
				t.Fatal(err)
			}
			got := value(t, r.Body).(map[string]any)
			want := value(t, fmt.Appendf(nil, `{"max_tokens":%d%s}`, c.max, c.want)).(map[string]any)
			for _, k := range []string{"max_tokens", "thinking", "output_config"} {
				if diff := cmp.Diff(want[k], got[k]); diff != "" {
					t.Errorf("%s (-want +got):\n%s", k, diff)
				}
			}
		})
	}
}

// A conversation of many small messages takes time in proportion to them: each
// of these would take very long if every message looked at all before it.
func TestLargeConversations(t *testing.T) {
	const n = 20000
	const callA = `{"id":"a","type":"function","function":{"name":"f","arguments":""}}`
	numbered := func(format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, ","+format, i)
		}
		return b.String()
	}
	for _, c := range []struct{ name, messages string }{
		{"one id for all calls", strings.Repeat(`,{"role":"assistant","content":null,"tool_calls":[`+callA+`]},{"role":"tool","tool_call_id":"a","content":"x"}`, n)},
		{"one turn of many calls", numbered(`{"role":"assistant","content":"x","tool_calls":[{"id":"c%d","type":"function","function":{"name":"f","arguments":""}}]}`) +
			numbered(`{"role":"user","content":"y"},{"role":"tool","tool_call_id":"c%d","content":"z"}`)},
		{"white space", `,{"role":"user","content":[{"type":"text","text":"x"}` + strings.Repeat(`,{"type":"text","text":" "}`, n) + `]}` + strings.Repeat(`,{"role":"system","content":" "}`, n)},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := translate([]byte(`{"messages":[` + c.messages[1:] + `]}`))
			if err != nil {
				t.Fatal(err)
			}
			checkTurns(t, r.Body)
		})
	}
}
