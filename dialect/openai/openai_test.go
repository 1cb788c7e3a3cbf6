package openai_test

import (
	"testing"

	"github.com/gatehouse-ai/gatehouse/dialect/openai"
	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/op"
)

func TestPath(t *testing.T) {
	d := openai.Dialect{}
	for _, c := range []struct {
		base string
		op   op.Operation
		want string
	}{
		{"/v1", op.Operation{Path: "/chat/completions", Level: op.V1}, "/v1/chat/completions"},
		{"", op.Operation{Path: "/chat/completions", Level: op.V1}, "/chat/completions"},
		{"/openai/v1", op.Operation{Path: "/messages", Level: op.V1}, "/openai/v1/messages"},
		{"/v1", op.Operation{Path: "/tokenize", Level: op.V1, Root: true}, "/tokenize"},
		{"/gpu1/v1", op.Operation{Path: "/classify", Level: op.V1, Root: true}, "/gpu1/classify"},
		{"/api/v3", op.Operation{Path: "/pooling", Level: op.V1Alpha, Root: true}, "/api/v3/pooling"},
		{"", op.Operation{Path: "/tokenize", Level: op.V1, Root: true}, "/tokenize"},
		{"/v1", op.Operation{Path: "/files", Level: op.Absent}, ""},
	} {
		if got := d.Path(c.base, &c.op); got != c.want {
			t.Errorf("%q with base %q: %q, want %q", c.op.Path, c.base, got, c.want)
		}
	}
}

// Every operation of inference that has a row goes on to some path.
func TestEveryInferenceOperationHasAPath(t *testing.T) {
	n := 0
	for i, o := range op.All() {
		if o.Owner != op.Inference {
			continue
		}
		n++
		want := "/v1" + o.Path
		if o.Root {
			want = o.Path
		}
		if got := (openai.Dialect{}).Path("/v1", &op.All()[i]); got != want {
			t.Errorf("%s: %q, want %q", o.ID, got, want)
		}
	}
	if n < 10 {
		t.Errorf("only %d operations", n)
	}
}

func TestCredentialAndProbe(t *testing.T) {
	d := openai.Dialect{}
	if f := d.Credential("k"); f.Name != "Authorization" || f.Value != "Bearer k" {
		t.Errorf("%v", f)
	}
	if got := d.Probe("/v1"); got != "/v1/models" {
		t.Error(got)
	}
}

func TestError(t *testing.T) {
	e := openai.Dialect{}.Error(404, []byte(`{"error":{"message":"m","type":"invalid_request_error","param":"model","code":"model_not_found"}}`))
	if e.Kind != fault.UpstreamError || e.HTTPStatus() != 404 || e.Code != "model_not_found" || e.Param != "model" {
		t.Errorf("%+v", e)
	}
}
