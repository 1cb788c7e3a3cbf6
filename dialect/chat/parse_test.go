package chat_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/dialect/chat"
	"github.com/gatehouse-ai/gatehouse/dialect/dialecttest"
	"github.com/gatehouse-ai/gatehouse/dialect/param"
	"github.com/gatehouse-ai/gatehouse/fault"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, dir string, f func(t *testing.T, in []byte) []byte) {
	t.Helper()
	dialecttest.Golden(t, *update, dir, f)
}

func TestParse(t *testing.T) {
	golden(t, "parse", func(t *testing.T, in []byte) []byte {
		r, err := chat.Parse(in)
		if err != nil {
			t.Fatal(err)
		}
		b, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		d := json.NewDecoder(bytes.NewReader(b))
		d.UseNumber()
		var v any
		if err := d.Decode(&v); err != nil {
			t.Fatal(err)
		}
		if b, err = json.Marshal(prune(v)); err != nil {
			t.Fatal(err)
		}
		return b
	})
}

// prune leaves out what is empty, so that a golden file shows what was read.
func prune(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			if v[k] = prune(e); v[k] == nil {
				delete(v, k)
			}
		}
		if len(v) == 0 {
			return nil
		}
		return v
	case []any:
		for i := range v {
			v[i] = prune(v[i])
		}
		return v
	case json.Number:
		if v == "0" {
			return nil
		}
	case string:
		if v == "" {
			return nil
		}
	case bool:
		if !v {
			return nil
		}
	}
	return v
}

func TestSchemasStayAsTheyAre(t *testing.T) {
	const schema = `{"type":"object","properties":{"z":{"const":1.10},"a":{"enum":["<",null]}},"required":[]}`
	r, err := chat.Parse([]byte(`{"messages":[{"role":"user","content":"x"}],
		"tools":[{"type":"function","function":{"name":"f","parameters": ` + schema + ` }}],
		"response_format":{"type":"json_schema","json_schema":{"name":"n","schema": ` + schema + `}}}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, got := range []json.RawMessage{r.Tools[0].Parameters, r.Format.Schema} {
		if string(got) != schema {
			t.Errorf("got %s, want %s", got, schema)
		}
	}
}

func TestParseErrors(t *testing.T) {
	const (
		missing     = fault.MissingParameter
		invalid     = fault.InvalidParameter
		unsupported = fault.UnsupportedParameter
		duplicate   = fault.DuplicateParameter
	)
	user := func(content string) string { return `{"messages":[{"role":"user","content":` + content + `}]}` }
	with := func(fields string) string { return `{"messages":[{"role":"user","content":"hi"}],` + fields + `}` }
	message := func(m string) string { return `{"messages":[{"role":"user","content":"hi"},` + m + `]}` }
	for _, c := range []struct {
		body  string
		kind  fault.Kind
		param string
	}{
		{``, fault.InvalidJSON, ""},
		{`[]`, fault.InvalidJSON, ""},
		{`{"messages":[}`, fault.InvalidJSON, ""},
		{"{\"model\":\"\xff\"}", fault.InvalidJSON, ""},
		{`{}`, missing, "messages"},
		{`{"messages":null}`, missing, "messages"},
		{`{"messages":[]}`, invalid, "messages"},
		{`{"messages":[null]}`, invalid, "messages[0]"},
		{`{"messages":["hi"]}`, invalid, "messages[0]"},
		{`{"messages":[{}]}`, missing, "messages[0].role"},
		{`{"messages":[{"role":1}]}`, invalid, "messages[0].role"},
		{`{"messages":[{"role":"User","content":"x"}]}`, invalid, "messages[0].role"},
		{`{"messages":[{"role":"user"}]}`, missing, "messages[0].content"},
		{`{"messages":[{"role":"user","content":null}]}`, missing, "messages[0].content"},
		{`{"messages":[{"role":"system","content":[{"type":"image_url","image_url":{"url":"http://x/y"}}]}]}`, invalid, "messages[0].content[0].type"},
		{`{"messages":[{"role":"user","content":"x"}],"messages":[]}`, duplicate, "messages"},
		{`{"messages":[{"role":"user","content":"x","content":"y"}]}`, duplicate, "messages[0].content"},

		{user(`1`), invalid, "messages[0].content"},
		{user(`[]`), invalid, "messages[0].content"},
		{user(`["x"]`), invalid, "messages[0].content[0]"},
		{user(`[{"text":"x"}]`), missing, "messages[0].content[0].type"},
		{user(`[{"type":"text"}]`), missing, "messages[0].content[0].text"},
		{user(`[{"type":"text","text":1}]`), invalid, "messages[0].content[0].text"},
		{user(`[{"type":"text","text":"x","file":{}}]`), invalid, "messages[0].content[0]"},
		{user(`[{"type":"text","text":"x","bold":true}]`), unsupported, "messages[0].content[0].bold"},
		{user(`[{"type":"refusal","refusal":"x"}]`), invalid, "messages[0].content[0].type"},
		{user(`[{"type":"image_url","image_url":"http://x/y"}]`), invalid, "messages[0].content[0].image_url"},
		{user(`[{"type":"image_url","image_url":{}}]`), missing, "messages[0].content[0].image_url.url"},
		{user(`[{"type":"image_url","image_url":{"url":1}}]`), invalid, "messages[0].content[0].image_url.url"},
		{user(`[{"type":"image_url","image_url":{"url":"file:///etc/passwd"}}]`), invalid, "messages[0].content[0].image_url.url"},
		{user(`[{"type":"image_url","image_url":{"url":"http://"}}]`), invalid, "messages[0].content[0].image_url.url"},
		{user(`[{"type":"image_url","image_url":{"url":"data:image/png;base64,@@"}}]`), invalid, "messages[0].content[0].image_url.url"},
		{user(`[{"type":"image_url","image_url":{"url":"data:image/png"}}]`), invalid, "messages[0].content[0].image_url.url"},
		{user(`[{"type":"image_url","image_url":{"url":"http://x/y","detail":"ultra"}}]`), invalid, "messages[0].content[0].image_url.detail"},
		{user(`[{"type":"input_audio","input_audio":{"format":"wav"}}]`), missing, "messages[0].content[0].input_audio.data"},
		{user(`[{"type":"input_audio","input_audio":{"data":"AAAA"}}]`), missing, "messages[0].content[0].input_audio.format"},
		{user(`[{"type":"input_audio","input_audio":{"data":"A","format":"wav"}}]`), invalid, "messages[0].content[0].input_audio.data"},
		{user(`[{"type":"file","file":{}}]`), missing, "messages[0].content[0].file.file_data"},
		{user(`[{"type":"file","file":{"file_id":""}}]`), invalid, "messages[0].content[0].file.file_id"},

		{message(`{"role":"assistant"}`), missing, "messages[1].content"},
		{message(`{"role":"assistant","content":"x","thoughts":"y"}`), unsupported, "messages[1].thoughts"},
		{message(`{"role":"user","content":"x","tool_calls":[]}`), unsupported, "messages[1].tool_calls"},
		{message(`{"role":"assistant","tool_calls":[{"type":"function","function":{"name":"f","arguments":""}}]}`), missing, "messages[1].tool_calls[0].id"},
		{message(`{"role":"assistant","tool_calls":[{"id":"a","type":"function"}]}`), missing, "messages[1].tool_calls[0].function"},
		{message(`{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":{}}}]}`), invalid, "messages[1].tool_calls[0].function.arguments"},
		{message(`{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"arguments":"{}"}}]}`), missing, "messages[1].tool_calls[0].function.name"},
		{message(`{"role":"assistant","tool_calls":[{"id":"a","type":"web","web":{}}]}`), invalid, "messages[1].tool_calls[0].type"},
		{message(`{"role":"assistant","function_call":{"name":"f"}}`), missing, "messages[1].function_call.arguments"},
		{message(`{"role":"assistant","audio":{}}`), missing, "messages[1].audio.id"},
		{message(`{"role":"tool","content":"x"}`), missing, "messages[1].tool_call_id"},
		{message(`{"role":"tool","tool_call_id":"a"}`), missing, "messages[1].content"},
		{message(`{"role":"function","content":"x"}`), missing, "messages[1].name"},

		{with(`"temperature":2.1`), invalid, "temperature"},
		{with(`"temperature":-1`), invalid, "temperature"},
		{with(`"temperature":1e999`), invalid, "temperature"},
		{with(`"top_p":1.5`), invalid, "top_p"},
		{with(`"presence_penalty":3`), invalid, "presence_penalty"},
		{with(`"n":0`), invalid, "n"},
		{with(`"n":129`), invalid, "n"},
		{with(`"max_tokens":0`), invalid, "max_tokens"},
		{with(`"max_tokens":-1`), invalid, "max_tokens"},
		{with(`"max_tokens":9223372036854775808`), invalid, "max_tokens"},
		{with(`"max_tokens":5,"max_completion_tokens":6`), invalid, "max_tokens"},
		{with(`"seed":1.5`), invalid, "seed"},
		{with(`"logprobs":true,"top_logprobs":21`), invalid, "top_logprobs"},
		{with(`"top_logprobs":2`), invalid, "top_logprobs"},
		{with(`"stop":["a","b","c","d","e"]`), invalid, "stop"},
		{with(`"stop":["a",1]`), invalid, "stop[1]"},
		{with(`"logit_bias":{"1":101}`), invalid, "logit_bias.1"},
		{with(`"logit_bias":{"1":"a"}`), invalid, "logit_bias.1"},
		{with(`"reasoning_effort":"extreme"`), invalid, "reasoning_effort"},
		{with(`"modalities":["video"]`), invalid, "modalities[0]"},
		{with(`"stream_options":{"include_usage":1}`), invalid, "stream_options.include_usage"},
		{with(`"stream_options":{"continuous_usage_stats":true}`), unsupported, "stream_options.continuous_usage_stats"},
		{with(`"response_format":{}`), missing, "response_format.type"},
		{with(`"response_format":{"type":"regex"}`), invalid, "response_format.type"},
		{with(`"response_format":{"type":"json_schema"}`), missing, "response_format.json_schema"},
		{with(`"response_format":{"type":"json_schema","json_schema":{}}`), missing, "response_format.json_schema.name"},
		{with(`"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":[]}}`), invalid, "response_format.json_schema.schema"},
		{with(`"response_format":{"type":"json_schema","json_schema":{"name":"n","strict":"yes"}}`), invalid, "response_format.json_schema.strict"},

		{with(`"tools":[1]`), invalid, "tools[0]"},
		{with(`"tools":[{"function":{"name":"f"}}]`), missing, "tools[0].type"},
		{with(`"tools":[{"type":"function"}]`), missing, "tools[0].function"},
		{with(`"tools":[{"type":"web_search"}]`), invalid, "tools[0].type"},
		{with(`"tools":[{"type":"function","function":{}}]`), missing, "tools[0].function.name"},
		{with(`"tools":[{"type":"function","function":{"name":""}}]`), invalid, "tools[0].function.name"},
		{with(`"tools":[{"type":"function","function":{"name":"f","parameters":"{}"}}]`), invalid, "tools[0].function.parameters"},
		{with(`"tools":[{"type":"custom","custom":{"name":"f","parameters":{}}}]`), unsupported, "tools[0].custom.parameters"},
		{with(`"functions":[{}]`), missing, "functions[0].name"},
		{with(`"functions":[{"name":"f"}],"tools":[{"type":"function","function":{"name":"f"}}]`), invalid, "functions"},
		{with(`"tool_choice":"any"`), invalid, "tool_choice"},
		{with(`"tool_choice":"required"`), invalid, "tool_choice"},
		{with(`"tool_choice":{}`), missing, "tool_choice.type"},
		{with(`"tool_choice":{"type":"function"}`), missing, "tool_choice.function"},
		{with(`"tool_choice":{"type":"function","function":{"name":"g"}}`), invalid, "tool_choice"},
		{with(`"tool_choice":{"type":"allowed_tools"}`), missing, "tool_choice.allowed_tools"},
		{with(`"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"none","tools":[]}}`), invalid, "tool_choice.allowed_tools.mode"},
		{with(`"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto"}}`), missing, "tool_choice.allowed_tools.tools"},
		{with(`"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"g"}}]}}`), invalid, "tool_choice"},
		{with(`"function_call":"required"`), invalid, "function_call"},
		{with(`"function_call":{"name":"g"}`), invalid, "function_call"},
		{with(`"function_call":"auto","tool_choice":"auto"`), invalid, "function_call"},
	} {
		_, err := chat.Parse([]byte(c.body))
		t.Run(c.body, func(t *testing.T) { wantFault(t, err, c.kind, c.param) })
	}
}

func TestOffered(t *testing.T) {
	const tools = `"messages":[{"role":"user","content":"hi"}],"tools":[{"type":"function","function":{"name":"a"}},{"type":"function","function":{"name":"b"}}]`
	for choice, want := range map[string]string{
		``:                      "a b",
		`,"tool_choice":"none"`: "",
		`,"tool_choice":"auto"`: "a b",
		`,"tool_choice":{"type":"function","function":{"name":"b"}}`:                                                                    "a b",
		`,"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"b"}}]}}`: "b",
		`,"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[]}}`:                                            "",
	} {
		r, err := chat.Parse([]byte("{" + tools + choice + "}"))
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, tool := range r.Offered() {
			names = append(names, tool.Name)
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s offers %q, want %q", choice, got, want)
		}
	}
}

func TestCallObject(t *testing.T) {
	for _, c := range []struct{ path, arguments, want, param string }{
		{"messages[0].tool_calls[0]", ``, `{}`, ""},
		{"messages[0].tool_calls[0]", ` {"b": 1, "a": 2} `, `{"b":1,"a":2}`, ""},
		{"messages[0].tool_calls[0]", `{"b":`, "", "messages[0].tool_calls[0].function.arguments"},
		{"messages[0].tool_calls[0]", `[1]`, "", "messages[0].tool_calls[0].function.arguments"},
		{"messages[0].function_call", `null`, "", "messages[0].function_call.arguments"},
	} {
		got, err := chat.Call{Path: c.path, Arguments: c.arguments}.Object()
		if c.param != "" {
			wantFault(t, err, fault.InvalidParameter, c.param)
		} else if err != nil || string(got) != c.want {
			t.Errorf("%q: %s, %v", c.arguments, got, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/parse/*.in.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	for _, s := range samples {
		f.Add(body(s.name, s.value, s.with))
		f.Add(body(s.name, s.wrong, ""))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		r, err := chat.Parse(in)
		if err != nil {
			var e *fault.Error
			if !errors.As(err, &e) || e.HTTPStatus() != 400 || e.Message == "" {
				t.Errorf("not about the request: %v", err)
			}
			return
		}
		if len(r.Messages) == 0 {
			t.Error("no messages")
		}
		raws := []json.RawMessage{r.LogitBias, r.Format.Schema}
		for _, tool := range r.Offered() {
			raws = append(raws, tool.Parameters, tool.Grammar)
		}
		for _, m := range r.Messages {
			for _, c := range m.Calls {
				if b, err := c.Object(); err == nil {
					raws = append(raws, b)
				}
			}
		}
		for _, raw := range raws {
			if raw != nil && (!json.Valid(raw) || (param.Value{Raw: raw}).Type() != param.Object) {
				t.Errorf("not an object: %s", raw)
			}
		}
		if err := r.Refuse("Test"); err != nil && fault.From(err).Kind != fault.UnsupportedParameter {
			t.Error(err)
		}
	})
}
