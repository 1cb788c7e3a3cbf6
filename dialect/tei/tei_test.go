package tei_test

import (
	"encoding/json"
	"errors"
	"flag"
	"testing"

	"github.com/gatehouse-ai/gatehouse/dialect"
	"github.com/gatehouse-ai/gatehouse/dialect/dialecttest"
	"github.com/gatehouse-ai/gatehouse/dialect/tei"
	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/op"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, dir string, f func(t *testing.T, in []byte) []byte) {
	t.Helper()
	dialecttest.Golden(t, *update, dir, f)
}

func translate(t *testing.T, body []byte) (dialect.Request, dialect.Answer) {
	t.Helper()
	req, answer, err := tei.Dialect{}.Translate("/base", dialect.Call{Op: op.Embedding, Body: body, Model: "bge"})
	if err != nil {
		t.Fatal(err)
	}
	return req, answer
}

func TestRequest(t *testing.T) {
	golden(t, "request", func(t *testing.T, in []byte) []byte {
		req, _ := translate(t, in)
		if req.Path != "/base/embed" {
			t.Errorf("path %s", req.Path)
		}
		return req.Body
	})
}

func TestWhole(t *testing.T) {
	golden(t, "whole", func(t *testing.T, in []byte) []byte {
		var e struct{ Request, Answer json.RawMessage }
		if err := json.Unmarshal(in, &e); err != nil {
			t.Fatal(err)
		}
		_, answer := translate(t, e.Request)
		b, err := answer.Whole(e.Answer)
		if err != nil {
			t.Fatal(err)
		}
		if u := answer.Usage(); u.Known || u.Total() != 0 {
			t.Errorf("usage %+v, but the engine says none", u)
		}
		return b
	})
}

// Every parameter of OpenAI's embeddings is translated, a hint or refused by
// name.
func TestParameters(t *testing.T) {
	for _, c := range []struct {
		fields string
		kind   fault.Kind
		param  string // "" if the request is taken
		want   string // a piece of the engine's request
	}{
		{`"input":"a"`, 0, "", `{"inputs":["a"]}`},
		{`"input":["a","b"]`, 0, "", `{"inputs":["a","b"]}`},
		{`"input":[1]`, fault.UnsupportedParameter, "input", ""},
		{`"input":[[1]]`, fault.UnsupportedParameter, "input", ""},
		{`"model":"m"`, fault.MissingParameter, "input", ""},
		{`"input":"a","model":"m"`, 0, "", `{"inputs":["a"]}`},
		{`"input":"a","dimensions":64`, 0, "", `{"inputs":["a"],"dimensions":64}`},
		{`"input":"a","encoding_format":"base64"`, 0, "", `{"inputs":["a"]}`},
		{`"input":"a","user":"u"`, 0, "", `{"inputs":["a"]}`},
		{`"input":"a","truncate":true,"normalize":false,"prompt_name":"query"`, 0, "", `{"inputs":["a"],"truncate":true,"normalize":false,"prompt_name":"query"}`},
		{`"input":"a","truncate":1`, fault.InvalidParameter, "truncate", ""},
		{`"input":"a","normalize":"yes"`, fault.InvalidParameter, "normalize", ""},
		{`"input":"a","prompt_name":1`, fault.InvalidParameter, "prompt_name", ""},
		{`"input":"a","input_type":"query"`, fault.UnsupportedParameter, "input_type", ""},
	} {
		req, _, err := tei.Dialect{}.Translate("", dialect.Call{Op: op.Embedding, Body: []byte("{" + c.fields + "}")})
		if c.param == "" {
			if err != nil || string(req.Body) != c.want {
				t.Errorf("%s: %s, %v", c.fields, req.Body, err)
			}
		} else if f := fault.From(err); f == nil || f.Kind != c.kind || f.Param != c.param {
			t.Errorf("%s: %v, want %s about %s", c.fields, err, c.kind, c.param)
		}
	}
}

func TestAnswersThatAreNotUnderstood(t *testing.T) {
	for _, body := range []string{``, `{}`, `{"embeddings":[[1]]}`, `[[1],[2]]`, `[[[1]]]`, `[1]`, `[]`, `nonsense`} {
		_, answer := translate(t, []byte(`{"input":"a"}`))
		got, err := answer.Whole([]byte(body))
		var f *fault.Error
		if err == nil || errors.As(err, &f) {
			t.Errorf("%s: %s, %v", body, got, err)
		}
	}
	_, answer := translate(t, []byte(`{"input":"a"}`))
	if _, err := answer.Whole([]byte(`{"error":"Model is overloaded","error_type":"Overloaded"}`)); fault.From(err).HTTPStatus() != 429 {
		t.Error(err)
	}
}

func TestDialect(t *testing.T) {
	d := tei.Dialect{}
	for i := range op.All() {
		o := &op.All()[i]
		if got := d.Path("", o); got != "" {
			t.Errorf("%s goes on to %s", o.ID, got)
		}
		if want := o.ID == op.Embedding; d.Translates(o.ID) != want {
			t.Errorf("%s is translated: %v", o.ID, !want)
		}
	}
	if _, _, err := d.Translate("", dialect.Call{Op: op.ChatCompletion, Body: []byte(`{"input":"a"}`)}); fault.From(err).Kind != fault.UnsupportedOperation {
		t.Error(err)
	}
	if f := d.Credential("k"); f.Name != "Authorization" || f.Value != "Bearer k" {
		t.Errorf("%v", f)
	}
	if got := d.Probe("/x"); got != "/x/health" {
		t.Error(got)
	}
	for status, body := range map[int]string{
		413: `{"error":"batch size 64 > maximum allowed batch size 32","error_type":"Validation"}`,
		422: `{"error":"Tokenization error","error_type":"Tokenizer"}`,
		424: `{"error":"Inference failed","error_type":"Backend"}`,
		429: `{"error":"Model is overloaded","error_type":"Overloaded"}`,
	} {
		if e := d.Error(status, []byte(body)); e.Kind != fault.UpstreamError || e.HTTPStatus() != status || e.Message == "" || e.Code == "" {
			t.Errorf("%d: %+v", status, e)
		}
	}
}

func FuzzTranslate(f *testing.F) {
	for _, s := range []string{`{"input":"a"}`, `{"input":["a"],"dimensions":2,"normalize":true,"prompt_name":"q"}`, `{"input":[[1]]}`} {
		f.Add([]byte(s), []byte(`[[1,2]]`))
	}
	f.Fuzz(func(t *testing.T, body, reply []byte) {
		req, answer, err := tei.Dialect{}.Translate("", dialect.Call{Op: op.Embedding, Body: body})
		if err != nil {
			if fault.From(err).HTTPStatus() != 400 {
				t.Error(err)
			}
			return
		}
		if !json.Valid(req.Body) {
			t.Errorf("not JSON: %s", req.Body)
		}
		if b, err := answer.Whole(reply); err == nil && !json.Valid(b) {
			t.Errorf("not JSON: %s", b)
		}
	})
}
