package peek_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"mime/multipart"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/op"
	"github.com/gatehouse-ai/gatehouse/peek"
)

func operation(t testing.TB, id op.ID) *op.Operation {
	t.Helper()
	for _, o := range op.All().Served() {
		if o.ID == id {
			return o
		}
	}
	t.Fatalf("there is no operation %s", id)
	return nil
}

func TestScan(t *testing.T) {
	for _, c := range []struct {
		name  string
		id    op.ID
		body  string
		kind  fault.Kind
		param string
	}{
		{"plain", op.ChatCompletion, `{"model":"m","messages":[]}`, 0, ""},
		{"escaped key", op.ChatCompletion, `{"mod\u0065l":"m","messages":[]}`, 0, ""},
		{"null stream", op.ChatCompletion, `{"model":"m","messages":[],"stream":null,"stream_options":null}`, 0, ""},
		{"twice", op.ChatCompletion, `{"model":"cheap","messages":[],"model":"dear"}`, fault.DuplicateParameter, "model"},
		{"twice, escaped", op.ChatCompletion, `{"model":"cheap","messages":[],"\u006dodel":"dear"}`, fault.DuplicateParameter, "model"},
		{"other case", op.ChatCompletion, `{"model":"cheap","messages":[],"Model":"dear"}`, fault.DuplicateParameter, "model"},
		{"other case alone", op.ChatCompletion, `{"MODEL":"dear","messages":[]}`, fault.DuplicateParameter, "model"},
		{"folded by Unicode", op.ChatCompletion, `{"model":"m","messages":[],"\u017ftream":true}`, fault.DuplicateParameter, "stream"},
		{"folded by Unicode", op.ChatCompletion, `{"model":"m","messages":[],"max_to\u212aens":9}`, fault.DuplicateParameter, "max_tokens"},
		{"limit twice", op.ChatCompletion, `{"model":"m","messages":[],"max_tokens":1,"max_tokens":9}`, fault.DuplicateParameter, "max_tokens"},
		{"include twice", op.ChatCompletion, `{"model":"m","messages":[],"stream_options":{"include_usage":true,"include_usage":false}}`, fault.DuplicateParameter, "stream_options.include_usage"},
		{"no model", op.ChatCompletion, `{"messages":[]}`, fault.MissingParameter, "model"},
		{"null model", op.ChatCompletion, `{"model":null,"messages":[]}`, fault.MissingParameter, "model"},
		{"empty model", op.ChatCompletion, `{"model":"","messages":[]}`, fault.MissingParameter, "model"},
		{"number as model", op.ChatCompletion, `{"model":4,"messages":[]}`, fault.InvalidParameter, "model"},
		{"long model", op.ChatCompletion, `{"model":"` + strings.Repeat("m", 600) + `","messages":[]}`, fault.InvalidParameter, "model"},
		{"control in model", op.ChatCompletion, `{"model":"a\nb","messages":[]}`, fault.InvalidParameter, "model"},
		{"no messages", op.ChatCompletion, `{"model":"m"}`, fault.MissingParameter, "messages"},
		{"null messages", op.ChatCompletion, `{"model":"m","messages":null}`, fault.MissingParameter, "messages"},
		{"stream is text", op.ChatCompletion, `{"model":"m","messages":[],"stream":"true"}`, fault.InvalidParameter, "stream"},
		{"options is text", op.ChatCompletion, `{"model":"m","messages":[],"stream_options":"x"}`, fault.InvalidParameter, "stream_options"},
		{"usage is text", op.ChatCompletion, `{"model":"m","messages":[],"stream_options":{"include_usage":1}}`, fault.InvalidParameter, "stream_options.include_usage"},
		{"array", op.ChatCompletion, `[]`, fault.InvalidJSON, ""},
		{"empty", op.ChatCompletion, ``, fault.InvalidJSON, ""},
		{"cut", op.ChatCompletion, `{"model":"m","messages":[`, fault.InvalidJSON, ""},
		{"not UTF-8", op.ChatCompletion, "{\"model\":\"m\",\"messages\":[\"\xff\"]}", fault.InvalidJSON, ""},
		{"default model", "createModeration", `{"input":"x"}`, 0, ""},
		{"rerank", "createRerank", `{"model":"m","query":"q"}`, fault.MissingParameter, "documents"},
	} {
		var j peek.JSON
		err := j.Scan([]byte(c.body), operation(t, c.id))
		switch {
		case c.kind == 0 && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.kind != 0 && (err == nil || err.Kind != c.kind || err.Param != c.param):
			t.Errorf("%s: got %v, want %s of %q", c.name, err, c.kind, c.param)
		}
	}
}

func TestSpansSayWhereValuesStand(t *testing.T) {
	body := []byte(` { "stream" : true , "model" : "a\/b" ,"messages":[{"model":"inner"}], "stream_options":{ "x":1, "include_usage" : false } }`)
	var j peek.JSON
	if err := j.Scan(body, operation(t, op.ChatCompletion)); err != nil {
		t.Fatal(err)
	}
	at := func(s peek.Span) string { return string(body[s.Start:s.End]) }
	if j.Model != "a/b" || at(j.ModelAt) != `"a\/b"` || !j.Stream || at(j.StreamAt) != "true" || at(j.IncludeAt) != "false" || j.IncludeUsage || at(j.OptionsAt)[0] != '{' {
		t.Errorf("%+v", j)
	}
}

func TestScanDoesNotAllocate(t *testing.T) {
	o := operation(t, op.ChatCompletion)
	for _, body := range []string{
		`{"model":"one","messages":[{"role":"user","content":"say \"hi\""}],"temperature":1}`,
		`{"metadata":{"model":"x"},"model":"a name that is longer than what the compiler keeps on the stack","messages":[],"stream":true,"stream_options":{"include_usage":true},"a_key_that_is_longer_than_thirty_two_bytes":1,"max_key_that_is_longer_than_thirty_two_bytes":1}`,
	} {
		var j peek.JSON
		b := []byte(body)
		if n := testing.AllocsPerRun(100, func() {
			if err := j.Scan(b, o); err != nil {
				t.Error(err)
			}
		}); n != 0 {
			t.Errorf("%v allocations for %s", n, body)
		}
	}
}

func BenchmarkScan(b *testing.B) {
	o, body := operation(b, op.ChatCompletion), []byte(`{"model":"one","messages":[{"role":"system","content":"You are a helpful assistant."},{"role":"user","content":"`+
		strings.Repeat("Tell me about it. ", 10)+`"}],"temperature":0.7,"max_tokens":100,"stream":true}`)
	var j peek.JSON
	b.ReportAllocs()
	for b.Loop() {
		if err := j.Scan(body, o); err != nil {
			b.Fatal(err)
		}
	}
}

func form(t *testing.T, fields ...string) (contentType string, body []byte) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, f := range fields {
		name, value, _ := strings.Cut(f, "=")
		var err error
		if name == "file" {
			_, err = w.CreateFormFile(name, value)
		} else {
			err = w.WriteField(name, value)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return w.FormDataContentType(), b.Bytes()
}

func TestForm(t *testing.T) {
	for _, c := range []struct {
		name   string
		fields []string
		kind   fault.Kind
		param  string
	}{
		{"model last", []string{"file=a.wav", "model=whisper"}, 0, ""},
		{"model first", []string{"model=whisper", "file=a.wav", "stream=true"}, 0, ""},
		{"twice", []string{"model=a", "file=a.wav", "model=b"}, fault.DuplicateParameter, "model"},
		{"other case", []string{"model=a", "file=a.wav", "Model=b"}, fault.DuplicateParameter, "model"},
		{"no file", []string{"model=a"}, fault.MissingParameter, "file"},
		{"no model", []string{"file=a.wav"}, fault.MissingParameter, "model"},
		{"control", []string{"file=a.wav", "model=a\x01"}, fault.InvalidParameter, "model"},
	} {
		ct, body := form(t, c.fields...)
		f, err := peek.NewForm(ct)
		if err == nil {
			err = f.Feed(body)
		}
		if err == nil {
			err = f.Check(operation(t, "createTranscription"))
		}
		switch {
		case c.kind == 0 && (err != nil || f.Model != "whisper" || string(body[f.ModelAt.Start:f.ModelAt.End]) != "whisper"):
			t.Errorf("%s: %v %+v", c.name, err, f)
		case c.kind != 0 && (err == nil || err.Kind != c.kind || err.Param != c.param):
			t.Errorf("%s: got %v, want %s of %q", c.name, err, c.kind, c.param)
		}
	}
}

// FuzzScan: what is accepted decodes the same with encoding/json, whichever of
// two equal keys a reader prefers.
func FuzzScan(f *testing.F) {
	f.Add([]byte(`{"model":"m","messages":[],"stream":true}`))
	f.Add([]byte(`{"model":"m","messages":[],"Model":"x"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var j peek.JSON
		if j.Scan(body, operation(t, op.ChatCompletion)) != nil {
			return
		}
		var v struct {
			Model  string
			Stream bool
		}
		if err := json.Unmarshal(body, &v); err != nil {
			if _, ok := errors.AsType[*json.UnmarshalTypeError](err); !ok {
				t.Fatalf("%q was accepted: %v", body, err)
			}
			return
		}
		if v.Model != j.Model || v.Stream != j.Stream {
			t.Fatalf("%q: read %q %v, encoding/json reads %q %v", body, j.Model, j.Stream, v.Model, v.Stream)
		}
	})
}

// What is no number that an engine takes is for the endpoint to refuse.
func TestBoundsOfOutput(t *testing.T) {
	for _, c := range []struct {
		more   string
		max, n int64
	}{
		{``, 0, 0},
		{`,"max_tokens":7`, 7, 0},
		{`,"max_completion_tokens":9,"max_tokens":7,"n":3`, 9, 3},
		{`,"max_tokens":7,"max_output_tokens":5,"n":null`, 7, 0},
		{`,"max_tokens":9999999999,"n":9999999999`, 9999999999, 9999999999},
		{`,"max_tokens":10000000000,"n":99999999999999999999`, 0, 0},
		{`,"max_tokens":-7,"n":1.5`, 0, 0},
		{`,"max_tokens":1e3,"n":"3"`, 0, 0},
		{`,"max_tokens":{"max_tokens":4},"n":[3]`, 0, 0},
		{`,"max_tokens":null,"n":true`, 0, 0},
	} {
		body, o := []byte(`{"model":"m","messages":[]`+c.more+`}`), operation(t, op.ChatCompletion)
		var f peek.JSON
		if err := f.Scan(body, o); err != nil || f.MaxTokens != c.max || f.N != c.n {
			t.Errorf("%s: %d and %d, %v", c.more, f.MaxTokens, f.N, err)
		}
		if n := testing.AllocsPerRun(10, func() { _ = f.Scan(body, o) }); n != 0 {
			t.Errorf("%s: %v allocations", c.more, n)
		}
	}
}
