package docs_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/dialect"
	"github.com/gatehouse-ai/gatehouse/dialect/anthropic"
	"github.com/gatehouse-ai/gatehouse/dialect/chat"
	"github.com/gatehouse-ai/gatehouse/dialect/ollama"
	"github.com/gatehouse-ai/gatehouse/dialect/tei"
	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/op"
)

// sample is a way to set a parameter to other than its default, with what it
// needs beside it.
type sample struct{ with, value string }

const someTool = `"tools":[{"type":"function","function":{"name":"f"}}]`

// samples are ways to set each parameter of chat completions and embeddings: a
// dialect may translate one and refuse another.
func samples() map[op.ID]map[string][]sample {
	return map[op.ID]map[string][]sample{
		op.ChatCompletion: {
			"audio":                  {{"", `{"voice":"alloy","format":"wav"}`}},
			"cache_control":          {{"", `{"type":"ephemeral"}`}},
			"frequency_penalty":      {{"", `0.5`}},
			"function_call":          {{`"functions":[{"name":"f"}]`, `"none"`}, {`"functions":[{"name":"f"}]`, `{"name":"f"}`}},
			"functions":              {{"", `[{"name":"f"}]`}},
			"keep_alive":             {{"", `"5m"`}},
			"logit_bias":             {{"", `{"50256":-100}`}},
			"logprobs":               {{"", `true`}},
			"max_completion_tokens":  {{"", `7`}},
			"max_tokens":             {{"", `7`}},
			"messages":               {{"", `[{"role":"user","content":"Other"}]`}},
			"metadata":               {{"", `{"a":"b"}`}},
			"min_p":                  {{"", `0.1`}},
			"modalities":             {{"", `["text","audio"]`}},
			"model":                  {{"", `"m"`}},
			"moderation":             {{"", `{}`}},
			"n":                      {{"", `2`}},
			"num_ctx":                {{"", `4096`}},
			"parallel_tool_calls":    {{someTool, `false`}},
			"prediction":             {{"", `{"type":"content","content":"x"}`}},
			"presence_penalty":       {{"", `0.5`}},
			"prompt_cache_key":       {{"", `"k"`}},
			"prompt_cache_options":   {{"", `{}`}},
			"prompt_cache_retention": {{"", `"24h"`}},
			"reasoning_effort":       {{"", `"high"`}},
			"repeat_last_n":          {{"", `9`}},
			"repeat_penalty":         {{"", `1.1`}},
			"repetition_penalty":     {{"", `1.1`}},
			"response_format":        {{"", `{"type":"json_schema","json_schema":{"name":"s","schema":{"type":"object"}}}`}, {"", `{"type":"json_object"}`}},
			"safety_identifier":      {{"", `"someone"`}},
			"seed":                   {{"", `1`}},
			"service_tier":           {{"", `"flex"`}},
			"shift":                  {{"", `true`}},
			"stop":                   {{"", `["x"]`}, {"", `[" "]`}},
			"store":                  {{"", `true`}},
			"stream":                 {{"", `true`}},
			"stream_options":         {{`"stream":true`, `{"include_usage":true}`}},
			"temperature":            {{"", `0.5`}, {"", `1.5`}},
			"think":                  {{"", `true`}},
			"thinking":               {{"", `{"type":"enabled","budget_tokens":2000}`}},
			"tool_choice":            {{someTool, `"none"`}, {someTool, `"required"`}},
			"tools":                  {{"", `[{"type":"function","function":{"name":"f"}}]`}, {"", `[{"type":"custom","custom":{"name":"f"}}]`}},
			"top_k":                  {{"", `5`}},
			"top_logprobs":           {{`"logprobs":true`, `3`}},
			"top_p":                  {{"", `0.5`}},
			"truncate":               {{"", `true`}},
			"typical_p":              {{"", `0.5`}},
			"user":                   {{"", `"someone"`}},
			"verbosity":              {{"", `"low"`}},
			"web_search_options":     {{"", `{}`}},
		},
		op.Embedding: {
			"dimensions":      {{"", `8`}},
			"encoding_format": {{"", `"base64"`}},
			"input":           {{"", `["one","two"]`}, {"", `[1,2,3]`}},
			"keep_alive":      {{"", `"5m"`}},
			"model":           {{"", `"m"`}},
			"normalize":       {{"", `false`}},
			"prompt_name":     {{"", `"query"`}},
			"truncate":        {{"", `true`}},
			"user":            {{"", `"someone"`}},
		},
	}
}

// TestParametersOfDialects holds the tables of the dialects' pages to what the
// dialects do with each parameter.
func TestParametersOfDialects(t *testing.T) {
	for _, c := range []struct {
		page, section string
		dialect       dialect.Translator
		op            op.ID
		also          []string // parameters beyond OpenAI's
	}{
		{
			"ollama", "Chat completions",
			ollama.Dialect{},
			op.ChatCompletion,
			[]string{
				"keep_alive", "min_p", "num_ctx", "repeat_last_n", "repeat_penalty", "repetition_penalty", "shift", "think",
				"top_k", "truncate", "typical_p",
			},
		},
		{"ollama", "Embeddings", ollama.Dialect{}, op.Embedding, []string{"keep_alive", "truncate"}},
		{"anthropic", "Chat completions", anthropic.New(anthropic.Options{}), op.ChatCompletion, []string{"cache_control", "thinking", "top_k"}},
		{"tei", "Embeddings", tei.Dialect{}, op.Embedding, []string{"normalize", "prompt_name", "truncate"}},
	} {
		t.Run(c.page+" "+c.section, func(t *testing.T) {
			want := slices.Clone(c.also)
			if c.op == op.ChatCompletion {
				for _, p := range chat.Params() {
					want = append(want, p.Name)
				}
			} else {
				want = append(want, "dimensions", "encoding_format", "input", "model", "user")
			}
			slices.Sort(want)
			said := verdicts(t, "docs/dialects/"+c.page+".md", c.section)
			if got := slices.Sorted(maps.Keys(said)); !slices.Equal(got, want) {
				t.Errorf("the page has\n%v\nand the dialect\n%v", got, want)
			}
			for name, says := range said {
				ways := samples()[c.op][name]
				if len(ways) == 0 {
					t.Errorf("%s: there is no sample of it in this test", name)
					continue
				}
				if is := verdict(t, c.dialect, c.op, name, ways); is != says {
					t.Errorf("%s: the page says %q, but it is %q", name, says, is)
				}
			}
		})
	}
}

// verdicts reads the tables below a heading: rows of a parameter, what becomes
// of it, and more.
func verdicts(t *testing.T, name, section string) map[string]string {
	t.Helper()
	_, text, found := strings.Cut(read(t, name), "\n## "+section+"\n")
	if !found {
		t.Fatalf("%s has no section %q", name, section)
	}
	text, _, _ = strings.Cut(text, "\n## ")
	out := map[string]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| (`[^|]*`) \\| (translated|partly|left out|refused) \\|").FindAllStringSubmatch(text, -1) {
		for param := range strings.SplitSeq(m[1], ", ") {
			if out[strings.Trim(param, "`")] != "" {
				t.Errorf("%s: %s stands there twice", name, param)
			}
			out[strings.Trim(param, "`")] = m[2]
		}
	}
	return out
}

// verdict tries the samples of a parameter and says what becomes of it.
func verdict(t *testing.T, d dialect.Translator, id op.ID, name string, ways []sample) string {
	t.Helper()
	var refused, changed int
	for _, s := range ways {
		before, err := translate(d, id, name, s.with, "")
		if err != nil { // what it needs beside it is refused already
			refused++
			continue
		}
		after, err := translate(d, id, name, s.with, s.value)
		var f *fault.Error
		switch {
		case errors.As(err, &f) && (f.Kind == fault.UnsupportedParameter || f.Kind == fault.InvalidParameter):
			if !strings.HasPrefix(f.Param, name) {
				t.Errorf("%s: the refusal names %q", name, f.Param)
			}
			refused++
		case err != nil:
			t.Fatalf("%s: %v", name, err)
		case after != before || name == "stream_options": // which is about the answer
			changed++
		}
	}
	switch {
	case refused == len(ways):
		return "refused"
	case refused > 0:
		return "partly"
	case changed > 0:
		return "translated"
	}
	return "left out"
}

// translate returns the endpoint's request for one that sets a parameter.
func translate(d dialect.Translator, id op.ID, name, with, value string) (string, error) {
	members := map[string]string{"model": `"m"`, "messages": `[{"role":"user","content":"Hi"}]`}
	if id == op.Embedding {
		members = map[string]string{"model": `"m"`, "input": `"Hi"`}
	}
	if value != "" {
		members[name] = value
	}
	var body []string
	for _, k := range slices.Sorted(maps.Keys(members)) {
		body = append(body, fmt.Sprintf("%q:%s", k, members[k]))
	}
	if with != "" {
		body = append(body, with)
	}
	text := "{" + strings.Join(body, ",") + "}"
	if !json.Valid([]byte(text)) {
		return "", fmt.Errorf("not JSON: %s", text)
	}
	call := dialect.Call{Op: id, Body: []byte(text), Model: "claude-x", Stream: name == "stream" && value != ""}
	if name == "model" {
		call.Model += value
	}
	r, _, err := d.Translate("", call)
	return string(r.Body), err
}
