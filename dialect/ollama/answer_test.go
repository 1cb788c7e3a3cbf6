package ollama_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/dialect"
	"github.com/gatehouse-ai/gatehouse/dialect/ollama"
	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/meter"
	"github.com/gatehouse-ai/gatehouse/op"
	"github.com/gatehouse-ai/gatehouse/wire"
)

const (
	chatBody  = `{"messages":[{"role":"user","content":"hi"}],"logprobs":true}`
	embedBody = `{"input":["a","b"],"dimensions":2}`
)

func TestUsage(t *testing.T) {
	for body, want := range map[string]meter.Usage{
		`{"message":{},"done":true,"prompt_eval_count":4,"eval_count":2}`:      {Input: 4, Output: 2, Known: true},
		`{"message":{},"done":true,"eval_count":2}`:                            {Output: 2, Known: true},
		`{"message":{},"done":true,"prompt_eval_count":-4,"eval_count":1e300}`: {Known: true},
		`{"message":{},"done":true,"eval_count":9999999999999}`:                {Output: meter.Limit, Known: true},
	} {
		_, answer := translate(t, op.ChatCompletion, []byte(chatBody))
		if answer.Usage().Known {
			t.Error("usage is known before the answer")
		}
		if _, err := answer.Whole([]byte(body)); err != nil {
			t.Fatal(err)
		}
		if got := answer.Usage(); got != want {
			t.Errorf("%s: %+v", body, got)
		}
	}
}

func TestErrorsInAnswersOfSuccess(t *testing.T) {
	const line = `{"error":"an error was encountered while running the model"}`
	check := func(err error) {
		t.Helper()
		var f *fault.Error
		if !errors.As(err, &f) || f.Kind != fault.UpstreamError || !strings.Contains(f.Message, "while running the model") {
			t.Errorf("%v", err)
		}
	}
	for id, body := range map[op.ID]string{op.ChatCompletion: chatBody, op.Embedding: embedBody} {
		_, answer := translate(t, id, []byte(body))
		_, err := answer.Whole([]byte(line))
		check(err)
	}
	_, answer := translate(t, op.ChatCompletion, []byte(chatBody))
	chunks, err := run(answer, []json.RawMessage{json.RawMessage(`{"message":{"content":"Hel"},"done":false}`), json.RawMessage(line)})
	check(err)
	if len(chunks) != 1 {
		t.Errorf("%q", chunks)
	}
}

func TestAnswersThatAreNotUnderstood(t *testing.T) {
	for _, c := range []struct {
		id   op.ID
		body string
	}{
		{op.ChatCompletion, ``},
		{op.ChatCompletion, `nonsense`},
		{op.ChatCompletion, `{}`},
		{op.ChatCompletion, `[]`},
		{op.ChatCompletion, `{"message":{"content":"x"},"done":false}`},
		{op.ChatCompletion, `{"message":{"content":1},"done":true}`},
		{op.ChatCompletion, `{"message":"x","done":true}`},
		{op.Embedding, `{}`},
		{op.Embedding, `nonsense`},
		{op.Embedding, `{"embeddings":[[1,2]]}`},
		{op.Embedding, `{"embeddings":null}`},
		{op.Embedding, `{"embedding":[1,2]}`},
	} {
		body := chatBody
		if c.id == op.Embedding {
			body = embedBody
		}
		_, answer := translate(t, c.id, []byte(body))
		got, err := answer.Whole([]byte(c.body))
		var f *fault.Error
		if err == nil || errors.As(err, &f) {
			t.Errorf("%s: %s, %v", c.body, got, err)
		}
	}
}

func TestDimensionsThatAreNotHonoured(t *testing.T) {
	_, answer := translate(t, op.Embedding, []byte(embedBody))
	_, err := answer.Whole([]byte(`{"embeddings":[[1,2,3],[4,5,6]]}`))
	if f := fault.From(err); f == nil || f.Kind != fault.UnsupportedParameter || f.Param != "dimensions" {
		t.Error(err)
	}
}

func TestStreamsThatBreakOff(t *testing.T) {
	for name, lines := range map[string][]json.RawMessage{
		"nothing":      nil,
		"no last line": {json.RawMessage(`{"message":{"content":"x"},"done":false}`)},
		"broken line":  {json.RawMessage(`{"message":{"content":"x"`)},
		"broken call":  {json.RawMessage(`{"message":{"tool_calls":[{"function":1}]}}`)},
	} {
		_, answer := translate(t, op.ChatCompletion, []byte(chatBody))
		_, err := run(answer, lines)
		var f *fault.Error
		if err == nil || errors.As(err, &f) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBlankLinesAndLinesWithoutAMessageAreNothing(t *testing.T) {
	_, answer := translate(t, op.ChatCompletion, []byte(chatBody))
	chunks, err := run(answer, []json.RawMessage{json.RawMessage(" "), json.RawMessage(`{"model":"m"}`), json.RawMessage(`{"message":{"content":"x"},"done":true}`)})
	if err != nil || len(chunks) != 2 || answer.Framing() != dialect.NDJSON {
		t.Errorf("%q, %v", chunks, err)
	}
}

func TestArgumentsOfCalls(t *testing.T) {
	for arguments, want := range map[string]string{
		`{ "a" : [1.0, "<"] }`: `{\"a\":[1.0,\"<\"]}`, `null`: `{}`, `"{\"a\":1}"`: `{\"a\":1}`, `[]`: `[]`,
	} {
		_, answer := translate(t, op.ChatCompletion, []byte(chatBody))
		got, err := answer.Whole([]byte(`{"message":{"tool_calls":[{"function":{"name":"f","arguments":` + arguments + `}}]},"done":true}`))
		if err != nil || !strings.Contains(string(got), `"arguments":"`+want+`"`) {
			t.Errorf("%s: %s, %v", arguments, got, err)
		}
	}
}

func TestErrorsOfEmitAreReturned(t *testing.T) {
	gone := errors.New("gone")
	_, answer := translate(t, op.ChatCompletion, []byte(chatBody))
	err := answer.Event(wire.Event{Data: []byte(`{"message":{"content":"x"},"done":true}`)}, func([]byte) error { return gone })
	if !errors.Is(err, gone) {
		t.Error(err)
	}
}

func FuzzTranslate(f *testing.F) {
	for _, dir := range []string{"chat", "embed"} {
		files, err := filepath.Glob("testdata/" + dir + "/*.in.json")
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			b, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b, dir == "embed")
		}
	}
	f.Fuzz(func(t *testing.T, body []byte, embed bool) {
		id := op.ChatCompletion
		if embed {
			id = op.Embedding
		}
		req, _, err := ollama.Dialect{}.Translate("", dialect.Call{Op: id, Body: body, Model: "m"})
		if err != nil {
			if f := fault.From(err); f.HTTPStatus() != 400 {
				t.Error(err)
			}
			return
		}
		if !json.Valid(req.Body) {
			t.Errorf("not JSON: %s", req.Body)
		}
	})
}

func FuzzAnswer(f *testing.F) {
	for _, dir := range []string{"whole", "stream"} {
		files, err := filepath.Glob("testdata/" + dir + "/*.in.json")
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			b, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			var e example
			if err := json.Unmarshal(b, &e); err != nil {
				f.Fatal(err)
			}
			f.Add([]byte(e.Answer))
			for _, line := range e.Lines {
				f.Add([]byte(line))
			}
		}
	}
	f.Add([]byte(`{"error":"x"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		for id, body := range map[op.ID]string{op.ChatCompletion: chatBody, op.Embedding: `{"input":"a"}`} {
			_, answer := translate(t, id, []byte(body))
			if b, err := answer.Whole(data); err == nil && !json.Valid(b) {
				t.Errorf("not JSON: %s", b)
			}
		}
		_, answer := translate(t, op.ChatCompletion, []byte(chatBody))
		chunks, _ := run(answer, []json.RawMessage{data, data})
		for _, c := range chunks {
			if !json.Valid([]byte(c)) {
				t.Errorf("not JSON: %s", c)
			}
		}
	})
}
