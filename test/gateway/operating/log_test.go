package operating_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/fakellm"
	"github.com/gatehouse-ai/gatehouse/gwtest"
)

// lines returns the lines about requests, once there are n of them.
func lines(t *testing.T, g *gwtest.Gateway, n int) []map[string]any {
	t.Helper()
	var out []map[string]any
	until(t, "the lines of the log are written", func() bool {
		out = out[:0]
		for line := range strings.Lines(g.Log()) {
			var m map[string]any
			if err := json.Unmarshal([]byte(line), &m); err != nil {
				t.Fatalf("no line of JSON: %q: %v", line, err)
			}
			if m["msg"] == "request" {
				out = append(out, m)
			}
		}
		return len(out) >= n
	})
	if len(out) != n {
		t.Fatalf("%d lines for %d requests:\n%s", len(out), n, g.Log())
	}
	return out
}

func TestOneLineForEachRequest(t *testing.T) {
	e, url := engine(t)
	g := gwtest.Start(t, only(url, ", auth: {key: sk-upstream-canary-0123456789abcdef}")+"fallback: {unknown_model: m}\n")
	e.Queue(
		fakellm.Script{Say: fakellm.Says{Text: "canary of the answer"}},
		fakellm.Script{Say: fakellm.Says{Text: "canary of the stream"}},
		fakellm.Script{},
		fakellm.Script{Refuse: &fakellm.Refusal{Status: 400, Message: "Incorrect API key provided: sk-upstream-canary-0123456789abcdef"}},
	)
	secret := strings.NewReplacer("hello", "canary of the question")
	chat(t, g, secret.Replace(ask))
	chat(t, g, secret.Replace(askStream))
	chat(t, g, secret.Replace(strings.Replace(ask, `"m"`, `"unheard-of"`, 1)))
	chat(t, g, secret.Replace(ask))
	chat(t, g, `{"model":"canary of a body that is not JSON`)
	got := lines(t, g, 5)
	for i, want := range []map[string]any{
		{"level": "INFO", "status": 200.0, "outcome": "complete", "model": "m", "attempts": 1.0},
		{"level": "INFO", "status": 200.0, "outcome": "complete", "stream": true},
		{"level": "INFO", "status": 200.0, "outcome": "complete", "model": "unheard-of", "fallback": true, "upstream_model": "m"},
		{"level": "INFO", "status": 400.0, "outcome": "upstream_error", "fault": "upstream_error"},
		{"level": "INFO", "status": 400.0, "outcome": "refused", "fault": "invalid_json"},
	} {
		want["method"], want["path"], want["operation"] = "POST", "/v1/chat/completions", "createChatCompletion"
		want["key"], want["remote"], want["generation"] = "test", "127.0.0.1", 1.0
		if i < 4 {
			want["endpoint"] = "e"
		}
		for key, value := range want {
			if got[i][key] != value {
				t.Errorf("line %d: %s is %v, wanted %v", i, key, got[i][key], value)
			}
		}
		for _, key := range []string{"time", "id", "duration_ms", "first_ms", "bytes_in", "bytes_out"} {
			if got[i][key] == nil {
				t.Errorf("line %d has no %s: %v", i, key, got[i])
			}
		}
	}
	for _, key := range []string{"input_tokens", "output_tokens"} {
		if n, _ := got[0][key].(float64); n < 1 {
			t.Errorf("%s is %v", key, got[0][key])
		}
		if n, _ := got[1][key].(float64); n < 1 {
			t.Errorf("of the stream %s is %v", key, got[1][key])
		}
	}
	for _, word := range []string{"canary of", "upstream-canary", gwtest.Key} {
		if strings.Contains(g.Log(), word) {
			t.Errorf("the log has %q:\n%s", word, g.Log())
		}
	}
}

func TestLogIDsAreThoseOfTheAnswers(t *testing.T) {
	e, url := engine(t)
	g := gwtest.Start(t, only(url, ""))
	req := request(within(t), t, g.URL, ask)
	req.Header.Set("X-Client-Request-Id", "the client's own\" \x80")
	a := do(t, p1(t), req)
	line := lines(t, g, 1)[0]
	id := a.header.Get("X-Request-Id")
	if id == "" || line["id"] != id || e.Last().Header.Get("X-Request-Id") != id {
		t.Errorf("the answer has %q, the log %v, the engine %q", id, line["id"], e.Last().Header.Get("X-Request-Id"))
	}
	if got, _ := line["client_id"].(string); !strings.HasPrefix(got, "the client's own") {
		t.Errorf("client_id is %q", got)
	}
}

func TestTextLog(t *testing.T) {
	_, url := engine(t)
	g := gwtest.Start(t, "log: {format: text}\n"+only(url, ""))
	chat(t, g, strings.Replace(ask, `"m"`, `"a b\" msg=request c"`, 1))
	until(t, "the line is written", func() bool { return strings.Contains(g.Log(), "msg=request ") })
	var about []string
	for line := range strings.Lines(g.Log()) {
		if strings.Contains(line, " level=INFO msg=request id=") {
			about = append(about, line)
		}
	}
	if len(about) != 1 {
		t.Fatalf("%d lines for a request:\n%s", len(about), g.Log())
	}
	for _, field := range []string{`model="a b\" msg=request c"`, "status=404", "outcome=refused", "fault=unknown_model", "key=test"} {
		if !strings.Contains(about[0], field) {
			t.Errorf("the line lacks %s: %s", field, about[0])
		}
	}
}

// TestLogLevel leaves out lines about requests that went well.
func TestLogLevel(t *testing.T) {
	e, url := engine(t)
	g := gwtest.Start(t, "log: {format: json, level: warn}\n"+only(url, ""))
	chat(t, g, ask)
	reset := fakellm.Script{Break: &fakellm.Break{How: fakellm.Reset, Where: fakellm.BeforeHeader}}
	e.Queue(reset, reset) // over the connection that was used before, and over a new one
	chat(t, g, ask)
	if got := lines(t, g, 1)[0]; got["level"] != "WARN" || got["fault"] != "upstream_broken" || got["status"] != 502.0 {
		t.Errorf("the line is %v", got)
	}
}

func TestStartIsLogged(t *testing.T) {
	_, url := engine(t)
	g := gwtest.Start(t, only(url, "")+"admin: 0.0.0.0:0\n")
	if !strings.Contains(g.Log(), "can read metrics and health without a key") {
		t.Errorf("the warning about the configuration is not in the log:\n%s", g.Log())
	}
	if slices.Contains(g.App.AdminAddrs(), "") || len(g.App.AdminAddrs()) != 1 {
		t.Errorf("the addresses for operators are %q", g.App.AdminAddrs())
	}
}

func TestEveryAnswerHasARequestID(t *testing.T) {
	_, url := engine(t)
	g := gwtest.Start(t, only(url, ""))
	for _, path := range []string{"/", "/healthz", "/readyz", "/nope", "/v1/nope", "/v1/models"} {
		if id := get(t, g.Root+path).header.Get("X-Request-Id"); !strings.HasPrefix(id, "req_") {
			t.Errorf("%s has the id %q", path, id)
		}
	}
}
