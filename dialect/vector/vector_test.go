package vector_test

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openai/openai-go/v3"

	"github.com/gatehouse-ai/gatehouse/dialect"
	"github.com/gatehouse-ai/gatehouse/dialect/vector"
	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/meter"
	"github.com/gatehouse-ai/gatehouse/wire"
)

func TestParse(t *testing.T) {
	for body, want := range map[string]vector.Request{
		`{"input":"a"}`:       {Input: []string{"a"}},
		`{"input":["a","b"]}`: {Input: []string{"a", "b"}},
		`{"model":"m","input":"a","encoding_format":"base64","dimensions":256,"user":"u","stream":false}`: {
			Model: "m", Input: []string{"a"}, Base64: true, Dimensions: 256, User: "u",
		},
		`{"input":"a","encoding_format":"float","dimensions":null,"user":null}`: {Input: []string{"a"}},
	} {
		r, err := vector.Parse([]byte(body))
		if err != nil {
			t.Errorf("%s: %v", body, err)
			continue
		}
		got := vector.Request{Model: r.Model, Input: r.Input, Base64: r.Base64, Dimensions: r.Dimensions, User: r.User}
		if d := cmp.Diff(want, got, cmp.AllowUnexported(vector.Request{})); d != "" {
			t.Errorf("%s: -want +got:\n%s", body, d)
		}
		if err := r.Refuse("Test"); err != nil {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for _, c := range []struct {
		body  string
		kind  fault.Kind
		param string
	}{
		{`[]`, fault.InvalidJSON, ""},
		{`{}`, fault.MissingParameter, "input"},
		{`{"input":null}`, fault.MissingParameter, "input"},
		{`{"input":1}`, fault.InvalidParameter, "input"},
		{`{"input":""}`, fault.InvalidParameter, "input"},
		{`{"input":[]}`, fault.InvalidParameter, "input"},
		{`{"input":["a",""]}`, fault.InvalidParameter, "input[1]"},
		{`{"input":["a",null]}`, fault.InvalidParameter, "input[1]"},
		{`{"input":[{"text":"a"}]}`, fault.InvalidParameter, "input[0]"},
		{`{"input":[1,2]}`, fault.UnsupportedParameter, "input"},
		{`{"input":[[1,2],[3]]}`, fault.UnsupportedParameter, "input"},
		{`{"input":"a","model":1}`, fault.InvalidParameter, "model"},
		{`{"input":"a","user":1}`, fault.InvalidParameter, "user"},
		{`{"input":"a","encoding_format":"hex"}`, fault.InvalidParameter, "encoding_format"},
		{`{"input":"a","dimensions":0}`, fault.InvalidParameter, "dimensions"},
		{`{"input":"a","dimensions":"256"}`, fault.InvalidParameter, "dimensions"},
		{`{"input":"a","stream":true}`, fault.InvalidParameter, "stream"},
		{`{"input":"a","stream":1}`, fault.InvalidParameter, "stream"},
		{`{"input":"a","input":"b"}`, fault.DuplicateParameter, "input"},
	} {
		_, err := vector.Parse([]byte(c.body))
		if f := fault.From(err); f == nil || f.Kind != c.kind || f.Param != c.param {
			t.Errorf("%s: %v, want %s about %q", c.body, err, c.kind, c.param)
		}
	}
}

func TestRefuse(t *testing.T) {
	r, err := vector.Parse([]byte(`{"input":"a","normalize":true}`))
	if err != nil {
		t.Fatal(err)
	}
	if f := fault.From(r.Refuse("Test")); f == nil || f.Kind != fault.UnsupportedParameter || f.Param != "normalize" {
		t.Errorf("%v", f)
	}
	if err := r.Refuse("Test", "normalize"); err != nil {
		t.Error(err)
	}
	if v, found := r.Extra("normalize"); !found || string(v.Raw) != "true" {
		t.Errorf("%q, %v", v.Raw, found)
	}
	if _, found := r.Extra("truncate"); found {
		t.Error("truncate was found")
	}
}

// vectors is an endpoint's answer: its numbers have digits and forms that a
// decoder would not give back.
const vectors = `[ [0.010071029, -1.0e-3, 1E+2,0], [1,2,3,4.50] ]`

func answer(t *testing.T, body string, reply vector.Reply, err error) *vector.Answer {
	t.Helper()
	r, perr := vector.Parse([]byte(body))
	if perr != nil {
		t.Fatal(perr)
	}
	return vector.NewAnswer(dialect.Call{Model: "m"}, r, func(b []byte) (vector.Reply, error) {
		if string(b) != "raw" {
			t.Errorf("decode got %q", b)
		}
		return reply, err
	})
}

func TestFloatsKeepTheirDigits(t *testing.T) {
	a := answer(t, `{"input":["a","b"]}`, vector.Reply{Vectors: []byte(vectors), Usage: meter.Usage{Input: 7, Known: true}}, nil)
	got, err := a.Whole([]byte("raw"))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.010071029,-1.0e-3,1E+2,0]},` +
		`{"object":"embedding","index":1,"embedding":[1,2,3,4.50]}],"model":"m","usage":{"prompt_tokens":7,"total_tokens":7}}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if u := a.Usage(); u.Input != 7 || !u.Known {
		t.Errorf("%+v", u)
	}
}

func TestBase64HasTheSameNumbers(t *testing.T) {
	read := func(format string) openai.CreateEmbeddingResponse {
		b, err := answer(t, `{"input":["a","b"],"encoding_format":"`+format+`"}`, vector.Reply{Model: "own", Vectors: []byte(vectors)}, nil).Whole([]byte("raw"))
		if err != nil {
			t.Fatal(err)
		}
		var r openai.CreateEmbeddingResponse
		if err := json.Unmarshal(b, &r); err != nil && format == "float" {
			t.Fatal(err)
		}
		if format == "base64" {
			var raw struct {
				Data []struct{ Embedding string }
			}
			if err := json.Unmarshal(b, &raw); err != nil {
				t.Fatal(err)
			}
			for i, e := range raw.Data {
				bytes, err := base64.StdEncoding.DecodeString(e.Embedding)
				if err != nil {
					t.Fatal(err)
				}
				r.Data[i].Embedding = nil
				for ; len(bytes) > 0; bytes = bytes[4:] {
					r.Data[i].Embedding = append(r.Data[i].Embedding, float64(math.Float32frombits(binary.LittleEndian.Uint32(bytes))))
				}
			}
		}
		if r.Model != "own" {
			t.Errorf("model %q", r.Model)
		}
		return r
	}
	floats, packed := read("float"), read("base64")
	if len(floats.Data) != 2 || len(packed.Data) != 2 {
		t.Fatalf("%d and %d vectors", len(floats.Data), len(packed.Data))
	}
	for i := range floats.Data {
		f, p := floats.Data[i].Embedding, packed.Data[i].Embedding
		if len(f) != 4 || len(p) != 4 {
			t.Fatalf("%d and %d numbers", len(f), len(p))
		}
		for j := range f {
			if float32(f[j]) != float32(p[j]) {
				t.Errorf("vector %d: number %d is %v and %v", i, j, f[j], p[j])
			}
		}
	}
}

func TestAnswersThatAreNotUnderstood(t *testing.T) {
	for name, c := range map[string]struct{ body, vectors string }{
		"too few":        {`{"input":["a","b"]}`, `[[1]]`},
		"too many":       {`{"input":"a"}`, `[[1],[2]]`},
		"none":           {`{"input":"a"}`, `[]`},
		"empty":          {`{"input":"a"}`, `[[]]`},
		"text":           {`{"input":"a"}`, `[["1"]]`},
		"text in base64": {`{"input":"a","encoding_format":"base64"}`, `[[1,"x"]]`},
		"null":           {`{"input":"a"}`, `[[null]]`},
		"no list":        {`{"input":"a"}`, `{"0":[1]}`},
		"no vector":      {`{"input":"a"}`, `[1]`},
		"too large":      {`{"input":"a","encoding_format":"base64"}`, `[[1e300]]`},
		"broken":         {`{"input":"a"}`, `[[1]`},
		"NaN":            {`{"input":"a"}`, `[[NaN]]`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := answer(t, c.body, vector.Reply{Vectors: []byte(c.vectors)}, nil).Whole([]byte("raw"))
			var f *fault.Error
			if err == nil || errors.As(err, &f) {
				t.Errorf("%s, %v", got, err)
			}
		})
	}
}

func TestDimensionsAreHonouredOrRefused(t *testing.T) {
	for dimensions, ok := range map[string]bool{"4": true, "2": false} {
		_, err := answer(t, `{"input":["a","b"],"dimensions":`+dimensions+`}`, vector.Reply{Vectors: []byte(vectors)}, nil).Whole([]byte("raw"))
		if f := fault.From(err); ok && err != nil || !ok && (f == nil || f.Kind != fault.UnsupportedParameter || f.Param != "dimensions") {
			t.Errorf("%s: %v", dimensions, err)
		}
	}
}

func TestErrorsOfTheEndpointStay(t *testing.T) {
	own := fault.New(fault.UpstreamError, "busy")
	if _, err := answer(t, `{"input":"a"}`, vector.Reply{}, own).Whole([]byte("raw")); !errors.Is(err, own) {
		t.Error(err)
	}
}

func TestThereAreNoStreams(t *testing.T) {
	a := answer(t, `{"input":"a"}`, vector.Reply{}, nil)
	emit := func([]byte) error { t.Error("a chunk"); return nil }
	if a.Event(wire.Event{Data: []byte("{}")}, emit) == nil || a.End(emit) == nil || a.Framing() != dialect.NDJSON {
		t.Error("a stream is taken")
	}
}

func FuzzWhole(f *testing.F) {
	for _, s := range []string{vectors, `[[1]]`, `[[1e300],[-0]]`, `[["x"]]`, `{}`} {
		f.Add([]byte(s), true)
		f.Add([]byte(s), false)
	}
	f.Fuzz(func(t *testing.T, raw []byte, packed bool) {
		r, err := vector.Parse([]byte(`{"input":["a","b"]}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Base64 = packed
		b, err := vector.NewAnswer(dialect.Call{}, r, func([]byte) (vector.Reply, error) { return vector.Reply{Vectors: raw}, nil }).Whole(nil)
		if err == nil && (!json.Valid(b) || strings.Count(string(b), `"index":`) != 2) {
			t.Errorf("%s became %s", raw, b)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{`{"input":"a"}`, `{"input":["a"],"dimensions":2}`, `{"input":[[1]]}`, `{"input":[]}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := vector.Parse(body)
		if err != nil {
			if fault.From(err).HTTPStatus() != 400 {
				t.Error(err)
			}
			return
		}
		if len(r.Input) == 0 {
			t.Error("no input")
		}
	})
}

func BenchmarkWhole(b *testing.B) {
	row := "[" + strings.Repeat("-0.0123456789,", 1535) + "1]"
	raw := []byte("[" + strings.Repeat(row+",", 99) + row + "]")
	r := &vector.Request{Input: make([]string, 100)}
	for _, packed := range []bool{false, true} {
		b.Run(map[bool]string{false: "float", true: "base64"}[packed], func(b *testing.B) {
			r.Base64 = packed
			b.SetBytes(int64(len(raw)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := vector.NewAnswer(dialect.Call{}, r, func([]byte) (vector.Reply, error) { return vector.Reply{Vectors: raw}, nil }).Whole(nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
