package param_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-ai/gatehouse/dialect/param"
	"github.com/gatehouse-ai/gatehouse/fault"
)

func value(raw string) param.Value { return param.Value{Path: "a.b", Raw: []byte(raw)} }

func TestTypes(t *testing.T) {
	for raw, want := range map[string]param.Type{
		"null": param.Null, "": param.Null, "true": param.Boolean, "false": param.Boolean, "-1": param.Number, "0": param.Number,
		`""`: param.String, "[]": param.Array, "{}": param.Object,
	} {
		if got := value(raw).Type(); got != want {
			t.Errorf("%q is %s, want %s", raw, got, want)
		}
	}
	err := value("1").Want(param.String, param.Array, param.Null)
	if f := fault.From(err); f.Message != "Invalid value: 'a.b' must be a string, an array or null, not a number." || f.Code != "invalid_type" || f.Param != "a.b" {
		t.Errorf("%+v", f)
	}
}

func TestNumbers(t *testing.T) {
	for raw, want := range map[string]int64{"1": 1, "-5": -5, "3.0": 3, "1e2": 100, "10": 10, "-0": 0} {
		if n, err := value(raw).Int(-5, 100); err != nil || n != want {
			t.Errorf("Int(%s) is %d, %v", raw, n, err)
		}
	}
	for _, raw := range []string{"101", "-6", "1.5", "1e400", "9223372036854775808", "1e18", `"1"`, "true", "[1]"} {
		if n, err := value(raw).Int(-5, 100); fault.From(err) == nil || fault.From(err).Kind != fault.InvalidParameter {
			t.Errorf("Int(%s) is %d, %v", raw, n, err)
		}
	}
	if n, err := value("-9223372036854775808").Int(math.MinInt64, math.MaxInt64); err != nil || n != math.MinInt64 {
		t.Errorf("%d, %v", n, err)
	}
	for raw, want := range map[string]float64{"0": 0, "1": 1, "0.1": 0.1, "1e-1": 0.1} {
		if f, err := value(raw).Float(0, 1); err != nil || f != want {
			t.Errorf("Float(%s) is %v, %v", raw, f, err)
		}
	}
	for _, raw := range []string{"1.0000001", "-1e-9", "1e999", `"0"`, "null"} {
		if f, err := value(raw).Float(0, 1); err == nil {
			t.Errorf("Float(%s) is %v", raw, f)
		}
	}
}

func TestMessagesSayWhatIsWanted(t *testing.T) {
	most, least := math.MaxFloat64, -math.MaxFloat64
	message := func(_ any, err error) string { return fault.From(err).Message }
	for got, want := range map[string]string{
		message(value("3").Float(0, 2)):                              "Invalid value: 'a.b' is 3 but must be a number from 0 to 2.",
		message(value("-1").Float(0, most)):                          "Invalid value: 'a.b' is -1 but must be a number of at least 0.",
		message(value("3").Float(least, 2)):                          "Invalid value: 'a.b' is 3 but must be a number of at most 2.",
		message(value("1e999").Float(least, most)):                   "Invalid value: 'a.b' is 1e999 but must be a number that fits 64 bits.",
		message(value("0").Int(1, 4)):                                "Invalid value: 'a.b' is 0 but must be a whole number from 1 to 4.",
		message(value("0").Int(1, math.MaxInt64)):                    "Invalid value: 'a.b' is 0 but must be a whole number of at least 1.",
		message(value("5").Int(math.MinInt64, 4)):                    "Invalid value: 'a.b' is 5 but must be a whole number of at most 4.",
		message(value("0.5").Int(math.MinInt64, math.MaxInt64)):      "Invalid value: 'a.b' is 0.5 but must be a whole number of 64 bits.",
		message(value(`"z"`).OneOf("x", "y")):                        "Invalid value: 'a.b' is 'z' but must be one of 'x', 'y'.",
		message(0, param.Value{Raw: []byte("1")}.Want(param.String)): "Invalid value: 'the body' must be a string, not a number.",
		message(0, value("1").Missing("c")):                          "Missing required parameter: 'a.b.c'.",
		message(0, value("1").Unsupported("Cannot %s.", "do it")):    "Cannot do it.",
		param.Unsupported("X", "a").Message:                          "Unsupported parameter: 'a' is not supported by the endpoint of this model, which speaks the X protocol. Leave it out, or use a model whose endpoint supports it.",
	} {
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestStrings(t *testing.T) {
	if s, err := value(`"a\u00e9\ud800\n"`).Text(); err != nil || s != "aé\ufffd\n" {
		t.Errorf("%q, %v", s, err)
	}
	if _, err := value(`1`).Text(); err == nil {
		t.Error("a number is a string")
	}
	if all, err := value(`["a", "b"]`).Texts(); err != nil || cmp.Diff([]string{"a", "b"}, all) != "" {
		t.Errorf("%q, %v", all, err)
	}
	if _, err := value(`["a", 1]`).Texts(); fault.From(err).Param != "a.b[1]" {
		t.Error(err)
	}
	if on, err := value("true").Bool(); err != nil || !on {
		t.Error(err)
	}
}

func TestPaths(t *testing.T) {
	v, err := param.Body([]byte(` { "a": {"b-1": [0, {"c d": 1, "": 2, "e.f": 3, "é": 4, "n": null, "` + strings.Repeat("x", 70) + `": 5}]}} `))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	var walk func(v param.Value) error
	walk = func(v param.Value) error {
		switch v.Type() {
		case param.Object:
			return v.Members(func(_ string, m param.Value) error { return walk(m) })
		case param.Array:
			return v.Elements(func(_ int, e param.Value) error { return walk(e) })
		}
		got = append(got, v.Path+"="+string(v.Raw))
		return nil
	}
	if err := walk(v); err != nil {
		t.Fatal(err)
	}
	want := []string{
		`a.b-1[0]=0`, `a.b-1[1]["c d"]=1`, `a.b-1[1][""]=2`, `a.b-1[1]["e.f"]=3`, `a.b-1[1]["é"]=4`,
		`a.b-1[1]["` + strings.Repeat("x", 64) + `…"]=5`,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

func TestBodyMustBeAnObject(t *testing.T) {
	for _, body := range []string{"", "[]", "1", "{", `{"a":1}x`, `{"a":01}`, "{\"a\":\"\xff\"}", `null`} {
		if _, err := param.Body([]byte(body)); fault.From(err) == nil || fault.From(err).Kind != fault.InvalidJSON {
			t.Errorf("%q: %v", body, err)
		}
	}
}

func TestDuplicatesAreRefused(t *testing.T) {
	for _, raw := range []string{`{"a":1,"a":1}`, `{"a":null,"a":1}`, `{"a":1,"\u0061":2}`} {
		err := value(raw).Members(func(string, param.Value) error { return nil })
		if f := fault.From(err); f == nil || f.Kind != fault.DuplicateParameter || f.Param != "a.b.a" {
			t.Errorf("%s: %v", raw, err)
		}
	}
}

func TestErrorsOfCallbacksEndTheWalk(t *testing.T) {
	stop := errors.New("stop")
	n := 0
	if err := value(`{"a":1,"b":2}`).Members(func(string, param.Value) error { n++; return stop }); !errors.Is(err, stop) {
		t.Error(err)
	}
	if err := value(`[1,2]`).Elements(func(int, param.Value) error { n++; return stop }); !errors.Is(err, stop) || n != 2 {
		t.Error(err, n)
	}
}

func TestFields(t *testing.T) {
	type got struct {
		Text, Filled, Word string
		On                 bool
		Object             json.RawMessage
		Kept               string
	}
	read := func(raw string) (got, error) {
		var g got
		var kept param.Value
		err := value(raw).Fields(func(v param.Value) error { return v.Unsupported("Unknown.") },
			param.Need("filled", param.Filled(&g.Filled)), param.May("text", param.Text(&g.Text)), param.May("word", param.OneOf(&g.Word, "x", "y")),
			param.May("on", param.Bool(&g.On)), param.May("object", param.ObjectJSON(&g.Object)), param.May("kept", param.Keep(&kept)),
			param.May("skip", param.Skip(param.Number)))
		if kept.There() {
			g.Kept = string(kept.Raw)
		}
		return g, err
	}
	g, err := read(`{"filled":"f","text":"","word":"y","on":true,"object":{ "a" : 1 },"kept":[1],"skip":1}`)
	want := got{"", "f", "y", true, json.RawMessage(`{"a":1}`), "[1]"}
	if d := cmp.Diff(want, g); err != nil || d != "" {
		t.Errorf("%v, -want +got:\n%s", err, d)
	}
	for raw, want := range map[string]fault.Error{
		`{}`:                         {Kind: fault.MissingParameter, Param: "a.b.filled"},
		`{"filled":null}`:            {Kind: fault.MissingParameter, Param: "a.b.filled"},
		`{"filled":""}`:              {Kind: fault.InvalidParameter, Param: "a.b.filled"},
		`{"filled":"f","on":1}`:      {Kind: fault.InvalidParameter, Param: "a.b.on"},
		`{"filled":"f","text":1}`:    {Kind: fault.InvalidParameter, Param: "a.b.text"},
		`{"filled":"f","word":"z"}`:  {Kind: fault.InvalidParameter, Param: "a.b.word"},
		`{"filled":"f","object":[]}`: {Kind: fault.InvalidParameter, Param: "a.b.object"},
		`{"filled":"f","skip":"s"}`:  {Kind: fault.InvalidParameter, Param: "a.b.skip"},
		`{"filled":"f","Text":"t"}`:  {Kind: fault.UnsupportedParameter, Param: "a.b.Text"},
		`[]`:                         {Kind: fault.InvalidParameter, Param: "a.b"},
	} {
		_, err := read(raw)
		if f := fault.From(err); f == nil || f.Kind != want.Kind || f.Param != want.Param {
			t.Errorf("%s: %v", raw, err)
		}
	}
}

func TestSet(t *testing.T) {
	s := param.Set{{Path: "a", Raw: []byte("1")}}
	if v, found := s.Get("a"); !found || string(v.Raw) != "1" {
		t.Error("a is not found")
	}
	if v, found := s.Get("b"); found || v.There() {
		t.Error("b is found")
	}
	for raw, want := range map[string]bool{"1.0": true, "1e0": true, "2": false, `"1"`: false, `[ 1 ]`: true, `{}`: false} {
		if got := value(raw).Is("1", "[1]"); got != want {
			t.Errorf("%s: %v", raw, got)
		}
	}
}

func TestEmpty(t *testing.T) {
	for raw, want := range map[string]bool{"null": true, `""`: true, `" "`: false, "[ ]": true, "[0]": false, "{\n}": true, `{"a":1}`: false, "0": false, "false": false} {
		if got := value(raw).Empty(); got != want {
			t.Errorf("%s: %v", raw, got)
		}
	}
}

func TestData(t *testing.T) {
	for _, c := range []struct{ url, media, data string }{
		{"data:image/png;base64,AAEC", "image/png", "AAEC"},
		{"DATA:Image/PNG;name=x;BASE64,AAEC", "image/png", "AAEC"},
		{"data:image/png;base64,_-8", "image/png", "/+8="},
		{"data:image/png;base64,AA%3D%3D", "image/png", "AA=="},
		{"data:,a%20b", "text/plain", "YSBi"},
		{"data:text/html,<b>", "text/html", "PGI+"},
	} {
		v := value(`"` + c.url + `"`)
		if media, data, err := v.DataURL(); err != nil || media != c.media || data != c.data || !v.IsDataURL() {
			t.Errorf("%s: %q, %q, %v", c.url, media, data, err)
		}
	}
	for _, bad := range []string{`"data:image/png;base64"`, `"data:image/png;base64,"`, `"data:,%zz"`, `"data:;base64,A"`, `"data:;base64,A==="`, `"data:;base64,é"`, `"http://x"`, `1`, `"dat"`} {
		if media, data, err := value(bad).DataURL(); err == nil {
			t.Errorf("%s: %q, %q", bad, media, data)
		}
	}
	for text, want := range map[string]string{"AA==": "AA==", "AA": "AA==", "AAA": "AAA=", " AA \\nAA ": "AAAA", "-_-_": "+/+/"} {
		if got, err := value(`"` + text + `"`).Base64(); err != nil || got != want {
			t.Errorf("%s: %q, %v", text, got, err)
		}
	}
	for _, bad := range []string{`""`, `"="`, `"===="`, `"A"`, `"AAAAA"`, `"A=AA"`, `"AA*A"`, `1`} {
		if got, err := value(bad).Base64(); err == nil {
			t.Errorf("%s: %q", bad, got)
		}
	}
}

func TestClip(t *testing.T) {
	for _, c := range []struct {
		in   string
		n    int
		want string
	}{{"abc", 3, "abc"}, {"abcd", 3, "abc…"}, {"aéé", 3, "aé…"}, {"a\n\x7f\xff", 20, "a\ufffd\ufffd\ufffd"}, {"", 0, ""}} {
		if got := param.Clip(c.in, c.n); got != c.want {
			t.Errorf("%q: %q, want %q", c.in, got, c.want)
		}
	}
}

// The walk must find in any valid body just what encoding/json finds.
func FuzzWalk(f *testing.F) {
	for _, s := range []string{`{}`, `{"a":[1,{"b":"\\\"]"},"x\\\\"],"c":{"d":null,"e":-1.5e+3,"f":[[],{}]}}`, `{"\u0061" : [ true , false ] }`, `{"a":"\\\\\\\""}`, `{"":0,"":[]}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		v, err := param.Body(body)
		if err != nil {
			return
		}
		if !json.Valid(body) {
			t.Fatal("encoding/json takes it not to be JSON")
		}
		compare(t, v)
	})
}

func compare(t *testing.T, v param.Value) {
	t.Helper()
	switch v.Type() {
	case param.Object:
		want := map[string]json.RawMessage{}
		if err := json.Unmarshal(v.Raw, &want); err != nil {
			t.Fatalf("%s: %v", v.Raw, err)
		}
		n := 0
		if err := v.Members(func(string, param.Value) error { return nil }); err != nil {
			if fault.From(err).Kind != fault.DuplicateParameter {
				t.Error(err)
			}
			return
		}
		if err := v.Members(func(name string, m param.Value) error {
			n++
			if !bytes.Equal(want[name], m.Raw) {
				t.Errorf("%q is %s, want %s", name, m.Raw, want[name])
			}
			compare(t, m)
			return nil
		}); err != nil {
			t.Error(err)
		}
		for _, raw := range want {
			if string(raw) == "null" {
				n++
			}
		}
		if n != len(want) {
			t.Errorf("%d members, want %d: %s", n, len(want), v.Raw)
		}
	case param.Array:
		var want []json.RawMessage
		if err := json.Unmarshal(v.Raw, &want); err != nil {
			t.Fatalf("%s: %v", v.Raw, err)
		}
		n := 0
		if err := v.Elements(func(i int, e param.Value) error {
			n++
			if !bytes.Equal(want[i], e.Raw) {
				t.Errorf("element %d is %s, want %s", i, e.Raw, want[i])
			}
			compare(t, e)
			return nil
		}); err != nil || n != len(want) {
			t.Errorf("%d elements, want %d: %v", n, len(want), err)
		}
	}
}

func FuzzDataURL(f *testing.F) {
	for _, s := range []string{"data:image/png;base64,AAEC", "data:,a%20b", "data:;base64,_-8", "data:;base64,A=A="} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		quoted, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if _, data, err := (param.Value{Raw: quoted}).DataURL(); err == nil {
			if _, err := base64.StdEncoding.DecodeString(data); err != nil {
				t.Errorf("%q is not base64: %v", data, err)
			}
		}
	})
}
