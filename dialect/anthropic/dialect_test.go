package anthropic_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-ai/gatehouse/dialect"
	"github.com/gatehouse-ai/gatehouse/dialect/anthropic"
	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/op"
	"github.com/gatehouse-ai/gatehouse/wire"
)

func TestPaths(t *testing.T) {
	d := anthropic.New(anthropic.Options{})
	for _, c := range []struct{ base, messages, count, probe string }{
		{"", "/v1/messages", "/v1/messages/count_tokens", "/v1/models"},
		{"/v1", "/v1/messages", "/v1/messages/count_tokens", "/v1/models"},
		{"/anthropic", "/anthropic/v1/messages", "/anthropic/v1/messages/count_tokens", "/anthropic/v1/models"},
		{"/api/v1", "/api/v1/messages", "/api/v1/messages/count_tokens", "/api/v1/models"},
	} {
		got := []string{
			d.Path(c.base, &op.Operation{ID: op.Message}), d.Path(c.base, &op.Operation{ID: op.CountTokens}), d.Probe(c.base),
		}
		if diff := cmp.Diff([]string{c.messages, c.count, c.probe}, got); diff != "" {
			t.Errorf("base %q (-want +got):\n%s", c.base, diff)
		}
		r, _, err := d.Translate(c.base, call([]byte(`{"messages":[{"role":"user","content":"x"}]}`)))
		if err != nil || r.Path != c.messages {
			t.Errorf("base %q: translated to %q, %v", c.base, r.Path, err)
		}
	}
}

// Nothing but Anthropic's own operations goes on as it is, and nothing but
// chat completions is translated.
func TestOperations(t *testing.T) {
	d := anthropic.New(anthropic.Options{})
	for _, o := range op.All() {
		own := o.ID == op.Message || o.ID == op.CountTokens
		if got := d.Path("", &o) != ""; got != own {
			t.Errorf("%s goes on as it is: %v", o.ID, got)
		}
		if got := d.Translates(o.ID); got != (o.ID == op.ChatCompletion) {
			t.Errorf("%s is translated: %v", o.ID, got)
		}
	}
	_, _, err := d.Translate("", dialect.Call{Op: op.Embedding, Body: []byte(`{"input":"x"}`)})
	if f := fault.From(err); f == nil || f.Kind != fault.UnsupportedOperation {
		t.Errorf("embeddings: %v", err)
	}
}

func TestCredential(t *testing.T) {
	got := anthropic.New(anthropic.Options{}).Credential("sk-ant-1")
	if got != (wire.Field{Name: "X-Api-Key", Value: "sk-ant-1"}) {
		t.Errorf("got %v", got)
	}
}

func TestErrors(t *testing.T) {
	const own = `{"type":"error","error":{"type":"`
	for _, c := range []struct {
		name       string
		status     int
		body       string
		wantStatus int
		typ        string
		code       string
		param      string
		message    string
	}{
		{"invalid", 400, own + `invalid_request_error","message":"max_tokens: too many"},"request_id":"req_1"}`, 400, "invalid_request_error", "", "", "max_tokens: too many"},
		{"context", 400, own + `invalid_request_error","message":"prompt is too long: 210000 tokens > 200000 maximum"}}`, 400, "invalid_request_error", "context_length_exceeded", "messages", "prompt is too long: 210000 tokens > 200000 maximum"},
		{"context and answer", 400, own + "invalid_request_error\",\"message\":\"input length and `max_tokens` exceed context limit: 199000 + 20000 > 200000\"}}", 400, "invalid_request_error", "context_length_exceeded", "messages", "input length and `max_tokens` exceed context limit: 199000 + 20000 > 200000"},
		{"credit", 400, own + `invalid_request_error","message":"Your credit balance is too low to access the API."}}`, 400, "insufficient_quota", "insufficient_quota", "", "Your credit balance is too low to access the API."},
		{"key", 401, own + `authentication_error","message":"invalid x-api-key"}}`, 401, "invalid_request_error", "invalid_api_key", "", "invalid x-api-key"},
		{"billing", 402, own + `billing_error","message":"pay"}}`, 402, "insufficient_quota", "insufficient_quota", "", "pay"},
		{"permission", 403, own + `permission_error","message":"no"}}`, 403, "insufficient_permissions", "", "", "no"},
		{"model", 404, own + `not_found_error","message":"model: claude-9"}}`, 404, "invalid_request_error", "model_not_found", "model", "model: claude-9"},
		{"path", 404, own + `not_found_error","message":"Not found"}}`, 404, "invalid_request_error", "", "", "Not found"},
		{"large", 413, own + `request_too_large","message":"big"}}`, 413, "invalid_request_error", "", "", "big"},
		{"rate", 429, own + `rate_limit_error","message":"slow down"}}`, 429, "rate_limit_error", "rate_limit_exceeded", "", "slow down"},
		{"internal", 500, own + `api_error","message":"oops"}}`, 500, "server_error", "", "", "oops"},
		{"timeout", 504, own + `timeout_error","message":"late"}}`, 504, "server_error", "", "", "late"},
		{"overloaded", 529, own + `overloaded_error","message":"Overloaded"}}`, 529, "server_error", "service_unavailable", "", "Overloaded"},
		{"overloaded in a 200", 200, own + `overloaded_error","message":"Overloaded"}}`, 529, "server_error", "service_unavailable", "", "Overloaded"},
		{"rate in a 200", 200, own + `rate_limit_error","message":"slow down"}}`, 429, "rate_limit_error", "rate_limit_exceeded", "", "slow down"},
		{"no message", 500, own + `api_error","message":""}}`, 500, "server_error", "", "", `{"type":"error","error":{"type":"api_error","message":""}}`},
		{"OpenAI's form", 400, `{"error":{"message":"bad","type":"invalid_request_error","param":"stop","code":"invalid_value"}}`, 400, "invalid_request_error", "invalid_value", "stop", "bad"},
		{"vLLM's own type", 404, own + "NotFoundError\",\"message\":\"The model `x` does not exist.\"}}", 404, "invalid_request_error", "model_not_found", "", "The model `x` does not exist."},
		{"FastAPI", 422, `{"detail":[{"loc":["body","max_tokens"],"msg":"field required","type":"missing"}]}`, 422, "invalid_request_error", "missing_required_parameter", "max_tokens", "max_tokens: field required"},
		{"web page", 502, `<html><head><title>502 Bad Gateway</title></head></html>`, 502, "server_error", "", "", "502 Bad Gateway"},
		{"nothing", 503, ``, 503, "server_error", "", "", "The endpoint answered with status 503 and no message."},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := anthropic.New(anthropic.Options{}).Error(c.status, []byte(c.body))
			got := value(t, e.AppendOpenAI(nil)).(map[string]any)["error"]
			null := func(s string) any {
				if s == "" {
					return nil
				}
				return s
			}
			want := map[string]any{"message": c.message, "type": c.typ, "code": null(c.code), "param": null(c.param)}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if e.HTTPStatus() != c.wantStatus || e.Kind != fault.UpstreamError {
				t.Errorf("status %d, kind %s", e.HTTPStatus(), e.Kind)
			}
		})
	}
}

// What is no error is not mistaken for one of the endpoint's.
func TestErrorOfSomethingElse(t *testing.T) {
	for _, body := range []string{``, `{}`, `[]`, `null`, `hello`, `{"type":"message"}`} {
		if e := anthropic.New(anthropic.Options{}).Error(200, []byte(body)); e == nil || e.Kind != fault.UpstreamBroken {
			t.Errorf("%q: %v", body, e)
		}
	}
}

// A 200 that carries an error is the endpoint's error.
func TestWholeCarriesAnError(t *testing.T) {
	for _, body := range []string{
		`{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`,
		`{"error":{"type":"overloaded_error","message":"Overloaded"}}`,
		`{"error":"Overloaded"}`,
	} {
		_, err := answer(t, streamed).Whole([]byte(body))
		var f *fault.Error
		if !errors.As(err, &f) || f.Kind != fault.UpstreamError || f.Message != "Overloaded" {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// An answer that is none is an error, but not the endpoint's own.
func TestWholeIsNotUnderstood(t *testing.T) {
	for _, body := range []string{
		``, `{`, `{}`, `[]`, `null`, `"x"`, `<html>`, `{"choices":[]}`, `{"type":"message","content":"text"}`, `{"type":"completion"}`,
		`{"type":"message","content":[{"type":"tool_use","id":"1","input":{}}]}`,
	} {
		out, err := answer(t, streamed).Whole([]byte(body))
		if err == nil || fault.From(err).Kind != fault.Internal {
			t.Errorf("%s: %s, %v", body, out, err)
		}
	}
}
