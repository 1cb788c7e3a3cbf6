package envelope_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-ai/gatehouse/envelope"
	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/op"
	"github.com/gatehouse-ai/gatehouse/secret"
)

func TestAnswer(t *testing.T) {
	e := fault.New(fault.RateLimited, "slow down")
	e.RetryAfter = 1500 * time.Millisecond
	for shape, want := range map[op.Shape]string{
		op.OpenAIShape:    `{"error":{"message":"slow down","type":"requests","param":null,"code":"rate_limit_exceeded"}}`,
		op.AnthropicShape: `"type":"rate_limit_error"`,
	} {
		status, h, body := envelope.Answer(e, shape, "req_1", nil)
		if status != 429 || !strings.Contains(string(body), want) || !envelope.Is(body, shape) {
			t.Errorf("%d %s", status, body)
		}
		if h.Get("Retry-After") != "2" || h.Get("Retry-After-Ms") != "1500" || h.Get(envelope.Source) != "client" {
			t.Errorf("%v", h)
		}
	}
}

func TestIs(t *testing.T) {
	for body, want := range map[string]bool{
		`{"error":{"message":"m","type":"t","param":null,"code":"c"}}`: true,
		`{"error":{"message":"m","type":"t","param":null}}`:            false,
		`{"error":{"message":1,"type":"t","param":null,"code":"c"}}`:   false,
		`{"error":"m"}`:           false,
		`{}`:                      false,
		`{"error":{"message":"m"`: false,
		``:                        false,
	} {
		if envelope.Is([]byte(body), op.OpenAIShape) != want {
			t.Errorf("%s: want %v", body, want)
		}
	}
	if body := []byte(`{"type":"error","error":{"message":"m","type":"t"}}`); !envelope.Is(body, op.AnthropicShape) || envelope.Is(body, op.OpenAIShape) {
		t.Errorf("%s", body)
	}
}

func TestLastEvent(t *testing.T) {
	e := fault.New(fault.UpstreamBroken, "gone")
	for id, want := range map[op.ID]string{
		op.ChatCompletion: `data: {"error":{"message":"gone"`,
		op.Message:        "event: error\ndata: {\"type\":\"error\"",
		op.Response:       "event: error\n",
	} {
		if got := string(envelope.AppendEvent([]byte("x"), e, id, "req_1", 4)); !strings.HasPrefix(got, "x"+want) || !strings.HasSuffix(got, "\n\n") {
			t.Errorf("%s: %q", id, got)
		}
	}
}

func TestSecretsAreTakenOut(t *testing.T) {
	secrets := []secret.Value{secret.New("canary")}
	e := fault.New(fault.UpstreamError, "Incorrect key canary.")
	e.Code = "canary"
	if got := envelope.Discreet(e, secrets); got.Message != "Incorrect key ***." || got.Code != "***" || e.Code != "canary" {
		t.Errorf("%+v", got)
	}
	if !envelope.Repeats([]byte("a canary"), secrets) || envelope.Repeats([]byte("a bird"), secrets) {
		t.Error("a body that repeats a secret is not told from one that does not")
	}
}

func TestRememberedHasNoPrompt(t *testing.T) {
	e := fault.New(fault.UpstreamError, "You said: hello")
	e.Status, e.Type, e.Code = 400, "t", "c"
	if got := envelope.Remembered(e).Message; got != "The endpoint answered with an error of status 400, type t, code c" {
		t.Error(got)
	}
	own := fault.New(fault.NoEndpoint, "none")
	if envelope.Remembered(own) != own {
		t.Error("an error of the gateway has changed")
	}
}
