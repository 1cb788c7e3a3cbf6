package chat_test

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openai/openai-go/v3"

	"github.com/gatehouse-ai/gatehouse/dialect"
	"github.com/gatehouse-ai/gatehouse/dialect/chat"
	"github.com/gatehouse-ai/gatehouse/meter"
)

var call = dialect.Call{Model: "m", ID: "1", Created: 7}

const usage = `"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,` +
	`"prompt_tokens_details":{"cached_tokens":4,"cache_write_tokens":3,"audio_tokens":2},` +
	`"completion_tokens_details":{"reasoning_tokens":1,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}`

var known = meter.Usage{Input: 10, Output: 5, CachedInput: 4, CacheWrite: 3, AudioInput: 2, Reasoning: 1, Known: true}

func TestCompletion(t *testing.T) {
	const head = `{"id":"chatcmpl-1","object":"chat.completion","created":7,"model":"m","choices":[{"index":0,"message":{"role":"assistant",`
	for _, c := range []struct {
		name   string
		legacy bool
		in     chat.Completion
		want   string
	}{
		{
			"text", false,
			chat.Completion{Content: "h\"i\n", Finish: chat.FinishStop, Usage: known},
			`"content":"h\"i\u000a","refusal":null},"logprobs":null,"finish_reason":"stop"}],` + usage + `}`,
		},
		{
			"nothing", false,
			chat.Completion{Finish: chat.FinishLength},
			`"content":"","refusal":null},"logprobs":null,"finish_reason":"length"}]}`,
		},
		{
			"reasoning", false,
			chat.Completion{Content: "a", Reasoning: "b", Finish: chat.FinishStop},
			`"content":"a","refusal":null,"reasoning_content":"b"},"logprobs":null,"finish_reason":"stop"}]}`,
		},
		{
			"refusal", false,
			chat.Completion{Refusal: "no", Finish: chat.FinishContentFilter},
			`"content":null,"refusal":"no"},"logprobs":null,"finish_reason":"content_filter"}]}`,
		},
		{
			"calls", false,
			chat.Completion{Calls: []chat.Call{{Name: "f", Arguments: "{}"}, {ID: "x", Name: "g", Arguments: "t", Custom: true}}, Finish: chat.FinishToolCalls},
			`"content":null,"refusal":null,"tool_calls":[{"id":"call_1_0","type":"function","function":{"name":"f","arguments":"{}"}},{"id":"x","type":"custom","custom":{"name":"g","input":"t"}}]},"logprobs":null,"finish_reason":"tool_calls"}]}`,
		},
		{
			"function_call", true,
			chat.Completion{Content: "c", Calls: []chat.Call{{ID: "x", Name: "f", Arguments: "{}"}, {Name: "g"}}, Finish: chat.FinishToolCalls},
			`"content":"c","refusal":null,"function_call":{"name":"f","arguments":"{}"}},"logprobs":null,"finish_reason":"function_call"}]}`,
		},
		{
			"logprobs", false,
			chat.Completion{Content: "é", Finish: chat.FinishStop, Logprobs: []chat.TokenLogprob{
				{Token: "é", Logprob: -0.25, Bytes: []int{195, 169}, Top: []chat.TokenLogprob{{Token: "é", Logprob: -0.25}, {Token: "e", Logprob: math.Inf(-1), Bytes: []int{}}}}, {Token: "", Logprob: 0},
			}},
			`"content":"é","refusal":null},"logprobs":{"content":[{"token":"é","logprob":-0.25,"bytes":[195,169],"top_logprobs":[{"token":"é","logprob":-0.25,"bytes":null},{"token":"e","logprob":-1.7976931348623157e+308,"bytes":[]}]},{"token":"","logprob":0,"bytes":null,"top_logprobs":[]}],"refusal":null},"finish_reason":"stop"}]}`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := chat.NewWriter(call, &chat.Request{LegacyFunctions: c.legacy}).Completion(c.in)
			if d := cmp.Diff(head+c.want, string(got)); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
			var sdk openai.ChatCompletion
			if err := json.Unmarshal(got, &sdk); err != nil || sdk.ID != "chatcmpl-1" || len(sdk.Choices) != 1 {
				t.Errorf("the SDK reads %+v, %v", sdk, err)
			}
		})
	}
}

func TestModelIsTheEndpoints(t *testing.T) {
	w := chat.NewWriter(call, &chat.Request{})
	w.SetModel("m:7b")
	w.SetModel("")
	if b := w.Completion(chat.Completion{}); !strings.Contains(string(b), `"model":"m:7b"`) {
		t.Errorf("%s", b)
	}
}

// collect returns what a stream emits.
func collect(t *testing.T, c dialect.Call, r *chat.Request, f func(w *chat.Writer, emit dialect.Emit) error) []string {
	t.Helper()
	var out []string
	err := f(chat.NewWriter(c, r), func(data []byte) error {
		out = append(out, string(data))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// all runs the deltas of a stream and ends it.
func all(finish chat.Finish, u meter.Usage, deltas ...chat.Delta) func(*chat.Writer, dialect.Emit) error {
	return func(w *chat.Writer, emit dialect.Emit) error {
		for _, d := range deltas {
			if err := w.Delta(emit, d); err != nil {
				return err
			}
		}
		return w.End(emit, finish, u)
	}
}

func TestStream(t *testing.T) {
	const head = `{"id":"chatcmpl-1","object":"chat.completion.chunk","created":7,"model":"m","choices":[`
	chunk := func(delta string) string {
		return head + `{"index":0,"delta":{` + delta + `},"logprobs":null,"finish_reason":null}]}`
	}
	end := func(reason string) string {
		return head + `{"index":0,"delta":{},"logprobs":null,"finish_reason":"` + reason + `"}]}`
	}
	for _, c := range []struct {
		name   string
		legacy bool
		deltas []chat.Delta
		finish chat.Finish
		want   []string
	}{
		{
			"text", false,
			[]chat.Delta{{Content: "a"}, {}, {Content: "b\\"}},
			chat.FinishStop,
			[]string{chunk(`"role":"assistant","content":"a"`), chunk(`"content":"b\\"`), end("stop")},
		},
		{
			"nothing", false, nil, chat.FinishStop,
			[]string{chunk(`"role":"assistant","content":""`), end("stop")},
		},
		{
			"begin", false,
			[]chat.Delta{{}, {Content: "a"}},
			chat.FinishLength,
			[]string{chunk(`"role":"assistant","content":""`), chunk(`"content":"a"`), end("length")},
		},
		{
			"reasoning", false,
			[]chat.Delta{{Reasoning: "r"}, {Content: "a", Reasoning: "s"}},
			chat.FinishStop,
			[]string{chunk(`"role":"assistant","content":"","reasoning_content":"r"`), chunk(`"content":"a","reasoning_content":"s"`), end("stop")},
		},
		{
			"refusal", false,
			[]chat.Delta{{Refusal: "no"}, {Refusal: "!"}},
			chat.FinishContentFilter,
			[]string{chunk(`"role":"assistant","content":null,"refusal":"no"`), chunk(`"refusal":"!"`), end("content_filter")},
		},
		{"calls", false, []chat.Delta{
			{Calls: []chat.CallDelta{{Name: "f"}}},
			{Calls: []chat.CallDelta{{Arguments: "{}"}}},
			{Calls: []chat.CallDelta{{Index: 1, ID: "x", Name: "g", Arguments: "t", Custom: true}, {Index: 1, Arguments: "u", Custom: true}}},
		}, chat.FinishToolCalls, []string{
			chunk(`"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"call_1_0","type":"function","function":{"name":"f","arguments":""}}]`),
			chunk(`"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]`),
			chunk(`"tool_calls":[{"index":1,"id":"x","type":"custom","custom":{"name":"g","input":"t"}},{"index":1,"custom":{"input":"u"}}]`),
			end("tool_calls"),
		}},
		{"function_call", true, []chat.Delta{
			{Calls: []chat.CallDelta{{Name: "f", Arguments: "{"}}},
			{Content: "c", Calls: []chat.CallDelta{{Arguments: "}"}, {Index: 1, Name: "g"}}},
			{Calls: []chat.CallDelta{{Index: 1, Arguments: "x"}}},
		}, chat.FinishToolCalls, []string{
			chunk(`"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{"}`),
			chunk(`"content":"c","function_call":{"arguments":"}"}`),
			end("function_call"),
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := collect(t, call, &chat.Request{LegacyFunctions: c.legacy}, all(c.finish, known, c.deltas...))
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
}

func TestUsageChunkIsLastAndOnlyIfAskedFor(t *testing.T) {
	asked := call
	asked.IncludeUsage = true
	got := collect(t, asked, &chat.Request{}, all(chat.FinishStop, known, chat.Delta{Content: "a"}))
	if len(got) != 3 {
		t.Fatalf("%d chunks: %q", len(got), got)
	}
	for _, chunk := range got[:2] {
		if !strings.HasSuffix(chunk, `],"usage":null}`) {
			t.Errorf("no usage null: %s", chunk)
		}
	}
	if want := `{"id":"chatcmpl-1","object":"chat.completion.chunk","created":7,"model":"m","choices":[],` + usage + `}`; got[2] != want {
		t.Errorf("got  %s\nwant %s", got[2], want)
	}
	if got := collect(t, asked, &chat.Request{}, all(chat.FinishStop, meter.Usage{}, chat.Delta{Content: "a"})); len(got) != 2 {
		t.Errorf("usage that is not known is told: %q", got)
	}
	if got := collect(t, call, &chat.Request{}, all(chat.FinishStop, known, chat.Delta{Content: "a"})); strings.Contains(strings.Join(got, ""), "usage") {
		t.Errorf("usage that was not asked for is told: %q", got)
	}
}

func TestSDKAccumulatesTheStream(t *testing.T) {
	asked := call
	asked.IncludeUsage = true
	acc := openai.ChatCompletionAccumulator{}
	for _, chunk := range collect(t, asked, &chat.Request{}, all(chat.FinishToolCalls, known,
		chat.Delta{Content: "Let me "}, chat.Delta{Content: "see."},
		chat.Delta{Calls: []chat.CallDelta{{ID: "c", Name: "f", Arguments: `{"a"`}}}, chat.Delta{Calls: []chat.CallDelta{{Arguments: `:1}`}}},
		chat.Delta{Calls: []chat.CallDelta{{Index: 1, Name: "g", Arguments: `{}`}}})) {
		var c openai.ChatCompletionChunk
		if err := json.Unmarshal([]byte(chunk), &c); err != nil {
			t.Fatal(err)
		}
		if !acc.AddChunk(c) {
			t.Errorf("the SDK does not take %s", chunk)
		}
	}
	m := acc.Choices[0].Message
	if m.Content != "Let me see." || len(m.ToolCalls) != 2 || m.ToolCalls[0].Function.Arguments != `{"a":1}` || m.ToolCalls[0].ID != "c" ||
		m.ToolCalls[1].Function.Name != "g" || m.ToolCalls[1].ID != "call_1_1" || acc.Choices[0].FinishReason != "tool_calls" || acc.Usage.TotalTokens != 15 {
		t.Errorf("the SDK has %+v", acc.ChatCompletion)
	}
}

func TestErrorsOfEmitEndTheStream(t *testing.T) {
	gone := errors.New("gone")
	for stop := range 3 {
		asked, n := call, 0
		asked.IncludeUsage = true
		err := all(chat.FinishStop, known, chat.Delta{Content: "a"})(chat.NewWriter(asked, &chat.Request{}), func([]byte) error {
			if n++; n > stop {
				return gone
			}
			return nil
		})
		if !errors.Is(err, gone) || n != stop+1 {
			t.Errorf("after %d chunks: %v, %d calls", stop, err, n)
		}
	}
}

func FuzzWriter(f *testing.F) {
	f.Add("text", "why", "call_1", "f", "{}", -0.5, false)
	f.Add("\x00\"\\\u2028", "", "", "", "", math.NaN(), true)
	f.Fuzz(func(t *testing.T, text, reasoning, id, name, arguments string, logprob float64, legacy bool) {
		text, reasoning, id = strings.ToValidUTF8(text, ""), strings.ToValidUTF8(reasoning, ""), strings.ToValidUTF8(id, "")
		name, arguments = strings.ToValidUTF8(name, ""), strings.ToValidUTF8(arguments, "")
		r := &chat.Request{LegacyFunctions: legacy}
		logprobs := []chat.TokenLogprob{{Token: text, Logprob: logprob}}
		b := chat.NewWriter(call, r).Completion(chat.Completion{
			Content: text, Refusal: reasoning, Reasoning: reasoning, Logprobs: logprobs,
			Calls: []chat.Call{{ID: id, Name: name, Arguments: arguments}}, Finish: chat.Finish(name), Usage: known,
		})
		chunks := collect(t, call, r, all(chat.Finish(name), known, chat.Delta{Content: text, Logprobs: logprobs},
			chat.Delta{Content: text, Refusal: reasoning, Reasoning: reasoning, Calls: []chat.CallDelta{{ID: id, Name: name, Arguments: arguments}, {Index: 1, Name: name}}}))
		for _, s := range append(chunks, string(b)) {
			if !json.Valid([]byte(s)) {
				t.Errorf("not JSON: %s", s)
			}
		}
	})
}
