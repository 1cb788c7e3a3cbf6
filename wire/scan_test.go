package wire_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gatehouse-ai/gatehouse/wire"
)

var bodies = []string{
	`{}`, ` { } `, `{"model":"m"}`, `{"a":1,"a":2}`, `{"mod\u0065l":"x","model":"y"}`,
	`{"a":{"model":"in"},"b":[1,{"c":[]},[[]],"x\"y"],"model" : "m" , "n":null,"t":true,"f":false}`,
	`{"n":[-0,0.5,1e9,1E+2,-1.25e-3]}`, `{"e":"\\\\\"\/\b\f\n\r\t\u00e9\ud83d\ude00"}`,
	`{"a":01}`, `{"a":1.}`, `{"a":.5}`, `{"a":+1}`, `{"a":1e}`, `{"a":-}`, `{"a":NaN}`,
	`{"a":1,}`, `{,}`, `{"a"}`, `{"a":}`, `{"a":1 "b":2}`, `{'a':1}`, `{"a":1}x`, `{"a":[1,]}`, `{"a":[1}`,
	`{"a":"\x"}`, `{"a":"\u12g4"}`, `{"a":"` + "\n" + `"}`, `{"a":"` + "\x00" + `"}`, "{\"a\":\"\xff\"}",
	`{"a":"unterminated`, `{"a":"\`, `[1]`, `"s"`, ``, ` `, `nul`, `{"a":tru}`, `{"a":/*c*/1}`,
	`{"` + strings.Repeat("long", 20) + `\"":"` + strings.Repeat("x", 100) + `\\"}`,
	`{"a":` + strings.Repeat("[", 600) + strings.Repeat("]", 600) + `}`,
}

func members(body []byte) (keys, values []string, err error) {
	err = wire.Scan(body, func(m wire.Member) error {
		keys = append(keys, string(m.Key))
		values = append(values, string(body[m.Start:m.End]))
		return nil
	})
	return keys, values, err
}

// check compares Scan with encoding/json.
func check(t *testing.T, body []byte) {
	keys, values, err := members(body)
	var object bool
	if v := bytes.TrimLeft(body, " \t\r\n"); len(v) > 0 {
		object = v[0] == '{'
	}
	want := json.Valid(body) && object && utf8.Valid(body)
	if deep := strings.Count(string(body), "[") + strings.Count(string(body), "{"); deep > wire.MaxDepth {
		return // encoding/json nests deeper
	}
	if (err == nil) != want {
		t.Fatalf("Scan(%q) = %v, want valid=%v", body, err, want)
	}
	if err != nil {
		return
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	_, _ = dec.Token()
	for i := 0; dec.More(); i++ {
		k, _ := dec.Token()
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			t.Fatal(err)
		}
		if i >= len(keys) || keys[i] != k.(string) || values[i] != string(raw) {
			t.Fatalf("member %d of %q: want %q: %s, got %q", i, body, k, raw, keys)
		}
	}
}

func TestScanAgreesWithEncodingJSON(t *testing.T) {
	for _, b := range bodies {
		check(t, []byte(b))
		if got, want := wire.Valid([]byte(b)), json.Valid([]byte(b)) && utf8.ValidString(b); got != want && len(b) < 600 {
			t.Errorf("Valid(%q) = %v", b, got)
		}
	}
}

func FuzzScan(f *testing.F) {
	for _, b := range bodies {
		f.Add([]byte(b))
	}
	f.Fuzz(check)
}

func TestScanStopsAndIsBounded(t *testing.T) {
	stop := errors.New("stop")
	n := 0
	err := wire.Scan([]byte(`{"a":1,"b":2}`), func(wire.Member) error { n++; return stop })
	if !errors.Is(err, stop) || n != 1 {
		t.Errorf("%v after %d members", err, n)
	}
	deep := `{"a":` + strings.Repeat("[", 1<<20)
	var syntax *wire.SyntaxError
	if err := wire.Scan([]byte(deep), func(wire.Member) error { return nil }); !errors.As(err, &syntax) || syntax.Want != "less nesting" {
		t.Errorf("deep nesting: %v", err)
	}
}

func TestScanDoesNotAllocate(t *testing.T) {
	body := []byte(`{"messages":[{"role":"user","content":"hi \" there"}],"model":"m","stream":true}`)
	if n := testing.AllocsPerRun(100, func() {
		_ = wire.Scan(body, func(wire.Member) error { return nil })
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkScan(b *testing.B) {
	for _, c := range []struct{ name, body string }{
		{"small", `{"model":"m","messages":[{"role":"user","content":"` + strings.Repeat("hello ", 60) + `"}]}`},
		{"100KB", `{"messages":[{"role":"user","content":"` + strings.Repeat("hello world ", 8500) + `"}],"model":"m"}`},
		{"escapes", `{"messages":[{"role":"user","content":"` + strings.Repeat(`line \"q\"\n`, 9000) + `"}],"model":"m"}`},
	} {
		b.Run(c.name, func(b *testing.B) {
			body := []byte(c.body)
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if err := wire.Scan(body, func(wire.Member) error { return nil }); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
