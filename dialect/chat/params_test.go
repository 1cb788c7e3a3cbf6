package chat_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-ai/gatehouse/dialect/chat"
	"github.com/gatehouse-ai/gatehouse/fault"
)

// samples has every parameter of OpenAI's operation, with a value that is set
// to other than its default and one of the wrong type. with is what else the
// request needs for the value to make sense.
var samples = []struct{ name, value, wrong, with string }{
	{"audio", `{"voice":"alloy","format":"mp3"}`, `"alloy"`, ""},
	{"frequency_penalty", `0.5`, `"0.5"`, ""},
	{"function_call", `{"name":"f"}`, `1`, `"functions":[{"name":"f"}]`},
	{"functions", `[{"name":"f"}]`, `{"name":"f"}`, ""},
	{"logit_bias", `{"50256":-100}`, `[1]`, ""},
	{"logprobs", `true`, `2`, ""},
	{"max_completion_tokens", `10`, `"10"`, ""},
	{"max_tokens", `10`, `1.5`, ""},
	{"messages", `[{"role":"user","content":"hi"}]`, `"hi"`, ""},
	{"metadata", `{"a":"b"}`, `"a"`, ""},
	{"modalities", `["text","audio"]`, `"audio"`, ""},
	{"model", `"m"`, `1`, ""},
	{"moderation", `{"model":"omni-moderation-latest"}`, `true`, ""},
	{"n", `2`, `"2"`, ""},
	{"parallel_tool_calls", `false`, `"no"`, `"tools":[{"type":"function","function":{"name":"f"}}]`},
	{"prediction", `{"type":"content","content":"x"}`, `"x"`, ""},
	{"presence_penalty", `-0.5`, `true`, ""},
	{"prompt_cache_key", `"k"`, `1`, ""},
	{"prompt_cache_options", `{"mode":"implicit"}`, `"implicit"`, ""},
	{"prompt_cache_retention", `"24h"`, `24`, ""},
	{"reasoning_effort", `"high"`, `3`, ""},
	{"response_format", `{"type":"json_object"}`, `"json_object"`, ""},
	{"safety_identifier", `"s"`, `1`, ""},
	{"seed", `7`, `"7"`, ""},
	{"service_tier", `"flex"`, `1`, ""},
	{"stop", `"END"`, `1`, ""},
	{"store", `true`, `"true"`, ""},
	{"stream", `true`, `"true"`, ""},
	{"stream_options", `{"include_usage":true}`, `true`, ""},
	{"temperature", `0.5`, `"hot"`, ""},
	{"tool_choice", `"required"`, `1`, `"tools":[{"type":"function","function":{"name":"f"}}]`},
	{"tools", `[{"type":"function","function":{"name":"f"}}]`, `{"type":"function"}`, ""},
	{"top_logprobs", `2`, `true`, `"logprobs":true`},
	{"top_p", `0.5`, `[0.5]`, ""},
	{"user", `"u"`, `1`, ""},
	{"verbosity", `"low"`, `1`, ""},
	{"web_search_options", `{}`, `true`, ""},
}

func TestTheTableHasEveryParameter(t *testing.T) {
	var want, got []string
	for _, s := range samples {
		want = append(want, s.name)
	}
	for _, p := range chat.Params() {
		got = append(got, p.Name)
		if len(p.Types) == 0 {
			t.Errorf("%s has no type", p.Name)
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

// body is a request with one parameter set, and what it needs.
func body(name, value, with string) []byte {
	fields := []string{`"` + name + `":` + value}
	if name != "messages" {
		fields = append(fields, `"messages":[{"role":"user","content":"hi"}]`)
	}
	if with != "" {
		fields = append(fields, with)
	}
	return []byte("{" + strings.Join(fields, ",") + "}")
}

// needs are the names of the parameters in with.
func needs(with string) []string {
	if with == "" {
		return nil
	}
	name, _, _ := strings.Cut(with[1:], `"`)
	return []string{name}
}

func wantFault(t *testing.T, err error, kind fault.Kind, param string) {
	t.Helper()
	var f *fault.Error
	if !errors.As(err, &f) {
		t.Fatalf("got %v, want %s about %s", err, kind, param)
	}
	if f.Kind != kind || f.Param != param {
		t.Errorf("got %s about %q (%s), want %s about %q", f.Kind, f.Param, f.Message, kind, param)
	}
}

// Every parameter is a hint, or refused by name unless the dialect translates
// it; null and the default are as good as absent.
func TestRefuse(t *testing.T) {
	use := map[string]chat.Param{}
	for _, p := range chat.Params() {
		use[p.Name] = p
	}
	for _, s := range samples {
		t.Run(s.name, func(t *testing.T) {
			r, err := chat.Parse(body(s.name, s.value, s.with))
			if err != nil {
				t.Fatal(err)
			}
			rest := needs(s.with)
			if err := r.Refuse("Test", append(rest, s.name)...); err != nil {
				t.Errorf("translated, yet %v", err)
			}
			if err = r.Refuse("Test", rest...); use[s.name].Use == chat.Optional {
				wantFault(t, err, fault.UnsupportedParameter, s.name)
			} else if err != nil {
				t.Errorf("a hint or core, yet %v", err)
			}
			for _, d := range append([]string{"null"}, use[s.name].Default...) {
				if s.name == "messages" {
					continue
				}
				r, err := chat.Parse(body(s.name, d, ""))
				if err != nil {
					t.Fatalf("%s: %v", d, err)
				}
				if err := r.Refuse("Test"); err != nil {
					t.Errorf("%s: %v", d, err)
				}
			}
			_, err = chat.Parse(body(s.name, s.wrong, ""))
			wantFault(t, err, fault.InvalidParameter, s.name)
		})
	}
}

func TestUnknownParametersAreRefused(t *testing.T) {
	for _, name := range []string{"top_k", "guided_json", "Temperature", "messageſ"} {
		r, err := chat.Parse([]byte(`{"messages":[{"role":"user","content":"hi"}],"` + name + `":1}`))
		if err != nil {
			t.Fatal(err)
		}
		param := name
		if name == "messageſ" {
			param = `["messageſ"]`
		}
		wantFault(t, r.Refuse("Test"), fault.UnsupportedParameter, param)
		if err := r.Refuse("Test", param); err != nil {
			t.Error(err)
		}
		if v, found := r.Extra(param); !found || string(v.Raw) != "1" {
			t.Errorf("Extra(%s) is %q, %v", param, v.Raw, found)
		}
	}
}

func TestDefaultsAreComparedByValue(t *testing.T) {
	for field, refused := range map[string]bool{
		`"temperature":1.0`: false, `"temperature":1e0`: false, `"temperature":0`: true, `"presence_penalty":-0.0`: false,
		`"n":1.0`: false, `"modalities":[ "text" ]`: false, `"response_format":{ "type" : "text" }`: false,
		`"logit_bias":{ }`: false, `"parallel_tool_calls":false`: false, `"seed":0`: true, `"tool_choice":"auto"`: false,
	} {
		r, err := chat.Parse([]byte(`{"messages":[{"role":"user","content":"hi"}],` + field + `}`))
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Refuse("Test"); (err != nil) != refused {
			t.Errorf("%s: %v", field, err)
		}
	}
}
