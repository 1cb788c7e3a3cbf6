package fault_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/fault"
)

func TestTableIsInOrderAndComplete(t *testing.T) {
	names := map[string]bool{}
	for i, r := range fault.Table() {
		if int(r.Kind) != i {
			t.Errorf("row %d is of kind %d", i, r.Kind)
		}
		if r.Name == "" || r.Type == "" || r.Anthropic == "" || r.Source == "" || r.Status < 400 || r.When == "" {
			t.Errorf("row %d (%s) is incomplete", i, r.Name)
		}
		if names[r.Name] {
			t.Errorf("name %s stands twice", r.Name)
		}
		names[r.Name] = true
		if r.Final && r.Elsewhere {
			t.Errorf("%s: final, yet to be tried elsewhere", r.Name)
		}
	}
}

func decode(t *testing.T, b []byte) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatalf("%v in %s", err, b)
	}
	return v
}

func TestEnvelopeHasAllKeys(t *testing.T) {
	for _, r := range fault.Table() {
		e := fault.New(r.Kind, "odd \"text\"\n\x00\xff \u2028 <b>")
		o, ok := decode(t, e.AppendOpenAI(nil))["error"].(map[string]any)
		if !ok || len(o) != 4 {
			t.Fatalf("%s: %s", r.Name, e.AppendOpenAI(nil))
		}
		for _, k := range []string{"message", "type"} {
			if s, ok := o[k].(string); !ok || s == "" {
				t.Errorf("%s: %s is %v", r.Name, k, o[k])
			}
		}
		for _, k := range []string{"param", "code"} {
			v, there := o[k]
			if _, ok := v.(string); !there || v != nil && !ok {
				t.Errorf("%s: %s is %v", r.Name, k, v)
			}
		}
		a := decode(t, e.AppendAnthropic(nil, "req_1"))
		if a["type"] != "error" || a["request_id"] != "req_1" || a["error"].(map[string]any)["type"] != r.Anthropic && r.Kind != fault.UpstreamError {
			t.Errorf("%s: %v", r.Name, a)
		}
		s := decode(t, e.AppendResponses(nil, 7))
		if s["type"] != "error" || s["sequence_number"] != 7.0 {
			t.Errorf("%s: %v", r.Name, s)
		}
	}
}

func TestFrom(t *testing.T) {
	if fault.From(nil) != nil {
		t.Error("From(nil) is an error")
	}
	e := fault.From(errors.New("disk on fire"))
	if e.Kind != fault.Internal || strings.Contains(string(e.AppendOpenAI(nil)), "fire") || !strings.Contains(e.Error(), "fire") {
		t.Errorf("the client reads the cause, or the log does not: %s, %s", e.AppendOpenAI(nil), e)
	}
	w := fault.Wrap(fault.NoEndpoint, e, "none")
	if fault.From(errors.Join(w)) != w {
		t.Error("From does not find a wrapped error")
	}
}

func FuzzEnvelopeIsValidJSON(f *testing.F) {
	f.Add("message", "param", "code")
	f.Fuzz(func(t *testing.T, message, param, code string) {
		e := &fault.Error{Kind: fault.UpstreamError, Message: message, Param: param, Code: code}
		for _, b := range [][]byte{e.AppendOpenAI(nil), e.AppendAnthropic(nil, param), e.AppendResponses(nil, 1)} {
			if !json.Valid(b) {
				t.Errorf("not JSON: %q", b)
			}
		}
	})
}
