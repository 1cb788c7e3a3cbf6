package ollama_test

import (
	"encoding/json"
	"flag"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/dialect"
	"github.com/gatehouse-ai/gatehouse/dialect/dialecttest"
	"github.com/gatehouse-ai/gatehouse/dialect/ollama"
	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/op"
	"github.com/gatehouse-ai/gatehouse/wire"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, dir string, f func(t *testing.T, in []byte) []byte) {
	t.Helper()
	dialecttest.Golden(t, *update, dir, f)
}

// call is the call for a body, as the exchange makes it.
func call(id op.ID, body []byte) dialect.Call {
	var b struct {
		Stream        bool
		StreamOptions struct {
			IncludeUsage bool `json:"include_usage"`
		} `json:"stream_options"`
	}
	_ = json.Unmarshal(body, &b)
	return dialect.Call{Op: id, Body: body, Model: "llama3.1:8b", Stream: b.Stream, IncludeUsage: b.StreamOptions.IncludeUsage, ID: "1", Created: 7}
}

func translate(t *testing.T, id op.ID, body []byte) (dialect.Request, dialect.Answer) {
	t.Helper()
	req, answer, err := ollama.Dialect{}.Translate("/base", call(id, body))
	if err != nil {
		t.Fatal(err)
	}
	return req, answer
}

func TestChatRequest(t *testing.T) {
	golden(t, "chat", func(t *testing.T, in []byte) []byte {
		req, _ := translate(t, op.ChatCompletion, in)
		if req.Path != "/base/api/chat" {
			t.Errorf("path %s", req.Path)
		}
		return req.Body
	})
}

func TestEmbedRequest(t *testing.T) {
	golden(t, "embed", func(t *testing.T, in []byte) []byte {
		req, _ := translate(t, op.Embedding, in)
		if req.Path != "/base/api/embed" {
			t.Errorf("path %s", req.Path)
		}
		return req.Body
	})
}

// example is a request with the answer to it.
type example struct {
	Op      op.ID
	Request json.RawMessage
	Answer  json.RawMessage
	Lines   []json.RawMessage
}

func readExample(t *testing.T, in []byte) example {
	t.Helper()
	e := example{Op: op.ChatCompletion}
	if err := json.Unmarshal(in, &e); err != nil {
		t.Fatal(err)
	}
	return e
}

func TestWhole(t *testing.T) {
	golden(t, "whole", func(t *testing.T, in []byte) []byte {
		e := readExample(t, in)
		_, answer := translate(t, e.Op, e.Request)
		b, err := answer.Whole(e.Answer)
		if err != nil {
			t.Fatal(err)
		}
		return b
	})
}

func TestStream(t *testing.T) {
	golden(t, "stream", func(t *testing.T, in []byte) []byte {
		e := readExample(t, in)
		_, answer := translate(t, e.Op, e.Request)
		chunks, err := run(answer, e.Lines)
		if err != nil {
			t.Fatal(err)
		}
		if u := answer.Usage(); !u.Known {
			t.Errorf("usage %+v", u)
		}
		return []byte("[" + strings.Join(chunks, ",") + "]")
	})
}

// run feeds an answer line by line and ends it.
func run(answer dialect.Answer, lines []json.RawMessage) ([]string, error) {
	var chunks []string
	emit := func(data []byte) error {
		chunks = append(chunks, string(data))
		return nil
	}
	for _, line := range lines {
		if err := answer.Event(wire.Event{Data: line}, emit); err != nil {
			return chunks, err
		}
	}
	return chunks, answer.End(emit)
}

func TestDialect(t *testing.T) {
	d := ollama.Dialect{}
	for i := range op.All() {
		o := &op.All()[i]
		if got := d.Path("", o); got != "" {
			t.Errorf("%s goes on to %s", o.ID, got)
		}
		want := o.ID == op.ChatCompletion || o.ID == op.Embedding
		if d.Translates(o.ID) != want {
			t.Errorf("%s is translated: %v", o.ID, !want)
		}
		if _, _, err := d.Translate("", call(o.ID, []byte(`{"messages":[{"role":"user","content":"x"}],"input":"x"}`))); err == nil && !want {
			t.Errorf("%s is translated", o.ID)
		}
	}
	if f := d.Credential("k"); f.Name != "Authorization" || f.Value != "Bearer k" {
		t.Errorf("%v", f)
	}
	if got := d.Probe("/x"); got != "/x/api/version" {
		t.Error(got)
	}
	if e := d.Error(404, []byte(`{"error":"model 'x' not found"}`)); e.HTTPStatus() != 404 || e.Code != "model_not_found" || e.Kind != fault.UpstreamError {
		t.Errorf("%+v", e)
	}
}
