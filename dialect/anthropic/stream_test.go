package anthropic_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	sdk "github.com/anthropics/anthropic-sdk-go"
	"github.com/google/go-cmp/cmp"
	"github.com/openai/openai-go/v3"

	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/meter"
	"github.com/gatehouse-ai/gatehouse/wire"
)

// said is what a client makes of an answer, whole or streamed.
type said struct {
	Content, Refusal, Reasoning, Finish string
	Calls                               []string
	Thoughts                            []any
	Usage                               any
}

type saidMessage struct {
	Content   string `json:"content"`
	Refusal   string `json:"refusal"`
	Reasoning string `json:"reasoning_content"`
	Thoughts  []any  `json:"thinking_blocks"`
	Calls     []struct {
		Index    int    `json:"index"`
		ID       string `json:"id"`
		Function struct {
			Name      string `json:"name"`
			Arguments string `json:"arguments"`
		} `json:"function"`
	} `json:"tool_calls"`
}

func (s *said) add(m saidMessage, whole bool) {
	s.Content += m.Content
	s.Refusal += m.Refusal
	s.Reasoning += m.Reasoning
	s.Thoughts = append(s.Thoughts, m.Thoughts...)
	for _, c := range m.Calls {
		if whole || c.ID != "" {
			s.Calls = append(s.Calls, c.ID+" "+c.Function.Name+" ")
			c.Index = len(s.Calls) - 1
		}
		s.Calls[c.Index] += c.Function.Arguments
	}
}

// read decodes completions or chunks as a client does.
func read(t *testing.T, answers ...[]byte) said {
	t.Helper()
	var out said
	for _, b := range answers {
		var c struct {
			Choices []struct {
				Message *saidMessage `json:"message"`
				Delta   *saidMessage `json:"delta"`
				Finish  string       `json:"finish_reason"`
			} `json:"choices"`
			Usage any `json:"usage"`
		}
		if err := json.Unmarshal(b, &c); err != nil {
			t.Fatalf("%v in %s", err, b)
		}
		for _, choice := range c.Choices {
			if choice.Message != nil {
				out.add(*choice.Message, true)
			}
			if choice.Delta != nil {
				out.add(*choice.Delta, false)
			}
			out.Finish += choice.Finish
		}
		if c.Usage != nil {
			out.Usage = c.Usage
		}
	}
	return out
}

// A stream says the same as the whole message that Anthropic's SDK makes of
// it. The fixture of an engine that leaves things out is none for the SDK.
func TestStreamSaysTheSameAsWhole(t *testing.T) {
	inputs(t, "stream", "sse", func(name string, in []byte) {
		if name == "engine" {
			return
		}
		t.Run(name, func(t *testing.T) {
			chunks, err := feed(answer(t, streamed), in, len(in))
			if err != nil {
				t.Fatal(err)
			}
			whole, err := answer(t, streamed).Whole(accumulated(t, in))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(read(t, whole), read(t, chunks...)); diff != "" {
				t.Errorf("-whole +streamed:\n%s", diff)
			}
		})
	})
}

// accumulated returns the message that the SDK makes of a stream.
func accumulated(t *testing.T, stream []byte) []byte {
	t.Helper()
	var m sdk.Message
	var events wire.Events
	done := false
	err := events.Feed(stream, func(e wire.Event) error {
		if len(e.Data) == 0 || done {
			return nil
		}
		var ev sdk.MessageStreamEventUnion
		if err := json.Unmarshal(e.Data, &ev); err != nil {
			return err
		}
		done = ev.Type == "message_stop"
		if ev.Type == "ping" {
			return nil
		}
		return m.Accumulate(ev)
	})
	if err != nil {
		t.Fatal(err)
	}
	var content []json.RawMessage
	for _, b := range m.Content {
		content = append(content, json.RawMessage(b.RawJSON()))
	}
	b, err := json.Marshal(map[string]any{
		"type": "message", "model": m.Model, "content": content, "stop_reason": m.StopReason,
		"stop_details": json.RawMessage(or(m.StopDetails.RawJSON(), "null")),
		"usage": map[string]any{
			"input_tokens": m.Usage.InputTokens, "output_tokens": m.Usage.OutputTokens,
			"cache_creation_input_tokens": m.Usage.CacheCreationInputTokens, "cache_read_input_tokens": m.Usage.CacheReadInputTokens,
			"output_tokens_details": map[string]any{"thinking_tokens": m.Usage.OutputTokensDetails.ThinkingTokens},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// OpenAI's SDK reads the chunks.
func TestStreamIsReadByOpenAI(t *testing.T) {
	inputs(t, "stream", "sse", func(name string, in []byte) {
		chunks, err := feed(answer(t, streamed), in, len(in))
		if err != nil {
			t.Fatal(err)
		}
		var acc openai.ChatCompletionAccumulator
		for _, c := range chunks {
			var chunk openai.ChatCompletionChunk
			if err := json.Unmarshal(c, &chunk); err != nil {
				t.Fatalf("%s: %v in %s", name, err, c)
			}
			if !acc.AddChunk(chunk) {
				t.Fatalf("%s: the SDK does not take %s", name, c)
			}
		}
		want := read(t, chunks...)
		got := acc.Choices[0]
		if got.Message.Content != want.Content || got.FinishReason != want.Finish || len(got.Message.ToolCalls) != len(want.Calls) || acc.Usage.TotalTokens == 0 {
			t.Errorf("%s: the SDK reads %+v, want %+v", name, got, want)
		}
	})
}

// Usage is known as the stream goes on, for one that breaks off.
func TestUsageSoFar(t *testing.T) {
	a := answer(t, streamed)
	step := func(data string) meter.Usage {
		if err := a.Event(wire.Event{Data: []byte(data)}, func([]byte) error { return nil }); err != nil {
			t.Fatal(err)
		}
		return a.Usage()
	}
	if u := a.Usage(); u.Known {
		t.Errorf("known before it was said: %+v", u)
	}
	got := step(`{"type":"message_start","message":{"usage":{"input_tokens":10,"cache_read_input_tokens":5,"output_tokens":1}}}`)
	if diff := cmp.Diff(meter.Usage{Input: 15, Output: 1, CachedInput: 5, Known: true}, got); diff != "" {
		t.Errorf("at the start (-want +got):\n%s", diff)
	}
	got = step(`{"type":"message_delta","delta":{},"usage":{"input_tokens":0,"output_tokens":-4,"cache_creation_input_tokens":99999999999}}`)
	if diff := cmp.Diff(meter.Usage{Input: 15, Output: 1, CachedInput: 5, Known: true}, got); diff != "" {
		t.Errorf("after absurd counts (-want +got):\n%s", diff)
	}
	got = step(`{"type":"message_delta","delta":{},"usage":{"output_tokens":30,"cache_creation_input_tokens":2,"output_tokens_details":{"thinking_tokens":20}}}`)
	if diff := cmp.Diff(meter.Usage{Input: 17, Output: 30, CachedInput: 5, CacheWrite: 2, Reasoning: 20, Known: true}, got); diff != "" {
		t.Errorf("at the end (-want +got):\n%s", diff)
	}
}

const start = `data: {"type":"message_start","message":{"model":"m","usage":{"input_tokens":1,"output_tokens":1}}}` + "\n\n"

func block(body string) string {
	return `data: {"type":"content_block_start","index":0,"content_block":` + body + "}\n\n"
}

func delta(body string) string {
	return `data: {"type":"content_block_delta","index":0,"delta":` + body + "}\n\n"
}

func TestStreamThatFails(t *testing.T) {
	text := block(`{"type":"text","text":"Hi"}`)
	for _, c := range []struct {
		name, stream string
		chunks       int
		status       int // of the endpoint's own error; 0 is none of its own
		code         string
	}{
		{"error at once", "event: error\n" + `data: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}` + "\n\n", 0, 529, "service_unavailable"},
		{"error before content", start + "event: error\n" + `data: {"type":"error","error":{"type":"api_error","message":"x"}}` + "\n\n", 0, 500, ""},
		{"error after content", start + text + `data: {"type":"error","error":{"type":"rate_limit_error","message":"x"}}` + "\n\n", 1, 429, "rate_limit_exceeded"},
		{"error of another form", start + `data: {"error":{"message":"x","code":503}}` + "\n\n", 0, 503, ""},
		{"error without a type inside", start + "event: error\ndata: {\"error\":\"x\"}\n\n", 0, 502, ""},
		{"nothing", "", 0, 0, ""},
		{"only a start", start, 0, 0, ""},
		{"end without stop", start + text + `data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":2}}` + "\n\n", 1, 0, ""},
		{"OpenAI's end", start + text + "data: [DONE]\n\n", 1, 0, ""},
		{"no JSON", start + text + "data: {\"type\n\n", 1, 0, ""},
		{"no object", start + "data: [1]\n\n", 0, 0, ""},
		{"call without a name", start + block(`{"type":"tool_use","id":"x"}`), 0, 0, ""},
		{"arguments of no call", start + delta(`{"type":"input_json_delta","partial_json":"{"}`), 0, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			chunks, err := feed(answer(t, streamed), []byte(c.stream), 9)
			if err == nil || len(chunks) != c.chunks {
				t.Fatalf("error %v after %d chunks, want %d", err, len(chunks), c.chunks)
			}
			var f *fault.Error
			if own := errors.As(err, &f); own != (c.status != 0) {
				t.Fatalf("the endpoint's own error: %v (%v)", own, err)
			}
			if f != nil && (f.HTTPStatus() != c.status || f.Code != c.code) {
				t.Errorf("status %d, code %q, want %d, %q", f.HTTPStatus(), f.Code, c.status, c.code)
			}
		})
	}
}

func TestThinkingIsBounded(t *testing.T) {
	a := answer(t, streamed)
	piece := []byte(`{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"` + strings.Repeat("x", 1<<20) + `"}}`)
	var err error
	n := 0
	for ; err == nil && n < 20; n++ {
		err = a.Event(wire.Event{Data: piece}, func([]byte) error { return nil })
	}
	if err == nil || n != 17 {
		t.Errorf("error %v after %d pieces", err, n)
	}
}

// What the client's side says is passed on, whichever event it comes of.
func TestEmitFails(t *testing.T) {
	gone := errors.New("gone")
	inputs(t, "stream", "sse", func(name string, in []byte) {
		chunks, err := feed(answer(t, streamed), in, len(in))
		if err != nil {
			t.Fatal(err)
		}
		for fail := range chunks {
			a := answer(t, streamed)
			var events wire.Events
			n := 0
			err := events.Feed(in, func(e wire.Event) error {
				return a.Event(e, func([]byte) error {
					if n++; n > fail {
						return gone
					}
					return nil
				})
			})
			if !errors.Is(err, gone) || n != fail+1 {
				t.Errorf("%s: chunk %d: error %v after %d", name, fail, err, n)
			}
		}
	})
}

// Without being asked for, usage is in no chunk.
func TestUsageIsNotAskedFor(t *testing.T) {
	inputs(t, "stream", "sse", func(name string, in []byte) {
		chunks, err := feed(answer(t, `{"model":"m","stream":true,"messages":[{"role":"user","content":"x"}]}`), in, len(in))
		if err != nil {
			t.Fatal(err)
		}
		if all := bytes.Join(chunks, nil); bytes.Contains(all, []byte(`"usage"`)) || len(chunks) < 2 {
			t.Errorf("%s: %s", name, all)
		}
	})
}

func TestStopReasons(t *testing.T) {
	call := block(`{"type":"tool_use","id":"x","name":"f","input":{}}`)
	for _, c := range []struct{ reason, content, want string }{
		{"end_turn", "", "stop"},
		{"stop_sequence", "", "stop"},
		{"pause_turn", "", "stop"},
		{"max_tokens", "", "length"},
		{"max_tokens", call, "length"},
		{"model_context_window_exceeded", "", "length"},
		{"tool_use", call, "tool_calls"},
		{"tool_use", "", "stop"},
		{"end_turn", call, "tool_calls"},
		{"refusal", "", "content_filter"},
		{"something_new", "", "stop"},
		{"", call, "tool_calls"},
	} {
		stream := start + c.content + `data: {"type":"message_delta","delta":{"stop_reason":"` + c.reason + `"}}` + "\n\n" + `data: {"type":"message_stop"}` + "\n\n"
		chunks, err := feed(answer(t, streamed), []byte(stream), 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		if got := read(t, chunks...).Finish; got != c.want {
			t.Errorf("%s after %q: %s, want %s", c.reason, c.content, got, c.want)
		}
	}
}

// The deprecated functions get the deprecated answer.
func TestFunctionCall(t *testing.T) {
	const request = `{"model":"m","messages":[{"role":"user","content":"x"}],"functions":[{"name":"f"}]}`
	out, err := answer(t, request).Whole([]byte(`{"type":"message","content":[{"type":"tool_use","id":"x","name":"f","input":{"a":1}}],"stop_reason":"tool_use"}`))
	if err != nil {
		t.Fatal(err)
	}
	var c openai.ChatCompletion
	if err := json.Unmarshal(out, &c); err != nil {
		t.Fatal(err)
	}
	if f := c.Choices[0].Message.FunctionCall; f.Name != "f" || f.Arguments != `{"a":1}` || c.Choices[0].FinishReason != "function_call" { //nolint:staticcheck // deprecated, and still served
		t.Errorf("got %s", out)
	}
}

// What an answer says of its thinking can be sent back as it is.
func TestThinkingComesBack(t *testing.T) {
	inputs(t, "answer", "json", func(name string, in []byte) {
		if name != "tools" {
			return
		}
		out, err := answer(t, streamed).Whole(in)
		if err != nil {
			t.Fatal(err)
		}
		var c struct {
			Choices []struct {
				Message json.RawMessage `json:"message"`
			} `json:"choices"`
		}
		if err := json.Unmarshal(out, &c); err != nil {
			t.Fatal(err)
		}
		request := `{"model":"m","messages":[{"role":"user","content":"x"},` + string(c.Choices[0].Message) +
			`,{"role":"tool","tool_call_id":"toolu_1","content":"1"},{"role":"tool","tool_call_id":"toolu_2","content":"2"}]}`
		var sent struct {
			Messages []struct {
				Content json.RawMessage `json:"content"`
			} `json:"messages"`
		}
		if err := json.Unmarshal(translated(t, request), &sent); err != nil {
			t.Fatal(err)
		}
		var came struct {
			Content json.RawMessage `json:"content"`
		}
		if err := json.Unmarshal(in, &came); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(value(t, came.Content), value(t, sent.Messages[1].Content)); diff != "" {
			t.Errorf("-came +sent back:\n%s", diff)
		}
	})
}

func translated(t testing.TB, body string) []byte {
	t.Helper()
	r, err := translate([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return r.Body
}
