package engines_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openai/openai-go/v3"

	"github.com/gatehouse-ai/gatehouse/test/engines/tinymodel"
)

// gatewayKey is the key that clients of the gateway present.
const gatewayKey = "sk-gh-0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"

// configuration is the gateway's. The engine is there twice, once with a key
// that it does not know.
const configuration = `listen: %s
admin: off
keys:
  - {name: tests, key: "${env:TEST_GATEWAY_KEY}"}
endpoints:
  - {name: llama, url: "%s", auth: {mode: replace, key: "${env:TEST_ENGINE_KEY}"}}
  - {name: locked, url: "%[2]s", auth: {mode: replace, key: "${env:TEST_WRONG_KEY}"}}
models:
  - {name: tiny, endpoints: [llama]}
  - {name: "org/tiny:latest", endpoints: [{name: llama, model: tiny}]}
  - {name: locked, endpoints: [{name: locked, model: tiny}]}
  - {alias: gpt-4o-mini, of: tiny}
`

// TestGateway puts the questions of TestEngine through the gateway, and those
// that only a gateway answers.
func TestGateway(t *testing.T) {
	engine := startEngine(t)
	gateway := startGateway(t, engine)
	for _, check := range checks() {
		t.Run(check.name, func(t *testing.T) { check.do(t, gateway) })
	}
	t.Run("a client that leaves", func(t *testing.T) { cancelled(t, gateway, engine) })
	for _, name := range []string{"org/tiny:latest", "gpt-4o-mini"} {
		t.Run("another name: "+name, func(t *testing.T) {
			x := gateway
			x.model = name
			chat(t, x)
			chatStreamed(t, x)
			oneModel(t, x)
		})
	}
	t.Run("the engine's own key", func(t *testing.T) { engineKeyOnly(t, gateway) })
	t.Run("errors", func(t *testing.T) { refusals(t, gateway) })
	t.Run("paths that operate the engine", func(t *testing.T) { operatingPaths(t, gateway) })
}

// startGateway starts the command before an engine and waits until it is ready.
func startGateway(t *testing.T, engine target) target {
	t.Helper()
	dir := t.TempDir()
	address := freeAddress(t)
	file := filepath.Join(dir, "gatehouse.yaml")
	if err := os.WriteFile(file, fmt.Appendf(nil, configuration, address, engine.url), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(gatehouse(t, dir), "serve", "--config", file)
	cmd.Env = append(os.Environ(), "TEST_GATEWAY_KEY="+gatewayKey, "TEST_ENGINE_KEY="+engine.key, "TEST_WRONG_KEY=wrong")
	start(t, cmd, nil)
	waitReady(t, "http://"+address+"/readyz")
	return target{
		url: "http://" + address + "/v1", key: gatewayKey, model: "tiny",
		models: []string{"gpt-4o-mini", "locked", "org/tiny:latest", "tiny"},
	}
}

// gatehouse returns the path of the command: the one that GATEHOUSE_BIN names,
// or one that is built here.
func gatehouse(t *testing.T, dir string) string {
	t.Helper()
	if name := os.Getenv("GATEHOUSE_BIN"); name != "" {
		return name
	}
	name := filepath.Join(dir, "gatehouse")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", name, "./cmd/gatehouse")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building the command: %v\n%s", err, out)
	}
	return name
}

// freeAddress returns an address of loopback that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// oneModel asks for one model by its name, slashes and colons included.
func oneModel(t *testing.T, x target) {
	t.Helper()
	resp := x.send(t.Context(), t, http.MethodGet, "/models/"+x.model, "")
	var got struct{ ID, Object string }
	if err := json.NewDecoder(resp.Body).Decode(&got); err != nil {
		t.Fatal(err)
	}
	if got.ID != x.model || got.Object != "model" {
		t.Errorf("asked for model %s, got %+v", x.model, got)
	}
}

// engineKeyOnly shows that the gateway takes its own key alone, and that the
// engine sees its own: with a wrong one there it refuses.
func engineKeyOnly(t *testing.T, gateway target) {
	stranger := gateway
	stranger.key = engineKey
	for _, test := range []struct {
		name           string
		x              target
		model          string
		status         int
		source, detail string
	}{
		{"the engine's key shown to the gateway", stranger, "tiny", 401, "client", "invalid_api_key"},
		{"a wrong key shown to the engine", gateway, "locked", 401, "upstream", "upstream_authentication_failed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			resp := test.x.post(t.Context(), t, "/chat/completions", chatBody(test.model, question))
			got := readError(t, resp)
			if resp.StatusCode != test.status || resp.Header.Get("X-Gatehouse-Error-Source") != test.source || got["code"] != test.detail {
				t.Errorf("status %d, source %q, %v; want %d, %q, code %s", resp.StatusCode, resp.Header.Get("X-Gatehouse-Error-Source"), got, test.status, test.source, test.detail)
			}
		})
	}
}

func chatBody(model, content string) string {
	return fmt.Sprintf(`{"model":%q,"temperature":0,"messages":[{"role":"user","content":%q}]}`, model, content)
}

// refusals are errors of the gateway and of the engine: all in one envelope.
func refusals(t *testing.T, gateway target) {
	for _, test := range []struct {
		name, path, body string
		status           int
		source           string
		want             map[string]any // of the error object; a message has to contain it
	}{
		{
			"an unknown model", "/chat/completions", chatBody("no-such-model", question),
			404, "client",
			map[string]any{"code": "model_not_found", "type": "invalid_request_error", "message": "no-such-model"},
		},
		{
			"a prompt that is too long", "/chat/completions", chatBody("tiny", strings.Repeat("a", contextLength)),
			400, "upstream",
			map[string]any{"message": "exceeds the available context size"},
		},
		{
			"messages that are none", "/chat/completions", `{"model":"tiny","messages":"x"}`,
			400, "upstream",
			map[string]any{"type": "invalid_request_error", "message": "messages"},
		},
		{
			"a body that is no JSON", "/chat/completions", `{"model":`,
			400, "client",
			map[string]any{"code": "invalid_json", "type": "invalid_request_error"},
		},
		{
			"a model that does not rerank", "/rerank", `{"model":"tiny","query":"a","documents":["b"]}`,
			501, "upstream",
			map[string]any{"message": "does not support reranking"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			resp := gateway.post(t.Context(), t, test.path, test.body)
			got := readError(t, resp)
			if resp.StatusCode != test.status || resp.Header.Get("X-Gatehouse-Error-Source") != test.source {
				t.Errorf("status %d, source %q; want %d, %q", resp.StatusCode, resp.Header.Get("X-Gatehouse-Error-Source"), test.status, test.source)
			}
			for key, want := range test.want {
				text, _ := got[key].(string)
				if part, _ := want.(string); text != part && (key != "message" || !strings.Contains(text, part)) {
					t.Errorf("%s is %q, want %q", key, got[key], want)
				}
			}
		})
	}
	t.Run("as the SDK sees it", func(t *testing.T) {
		x := gateway
		x.model = "no-such-model"
		client := x.client()
		_, err := client.Chat.Completions.New(t.Context(), x.ask())
		var failure *openai.Error
		if !errors.As(err, &failure) || failure.StatusCode != http.StatusNotFound || failure.Code != "model_not_found" {
			t.Errorf("got %v, want the SDK's error with 404 and model_not_found", err)
		}
	})
}

// readError reads OpenAI's envelope and holds it to its form.
func readError(t *testing.T, resp *http.Response) map[string]any {
	t.Helper()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var envelope map[string]map[string]any
	if err := json.Unmarshal(body, &envelope); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	object := envelope["error"]
	var keys []string
	for key, value := range object {
		keys = append(keys, key)
		if _, ok := value.(string); !ok && (value != nil || key == "message" || key == "type") {
			t.Errorf("%s of the error is %v, want a string", key, value)
		}
	}
	slices.Sort(keys)
	if diff := cmp.Diff([]string{"code", "message", "param", "type"}, keys); diff != "" || len(envelope) != 1 {
		t.Errorf("an envelope of another form: %s", body)
	}
	if resp.Header.Get("X-Request-Id") == "" {
		t.Error("the answer has no X-Request-Id")
	}
	return object
}

// operatingPaths are paths by which this engine is operated, or shows what it
// holds. Clients of the gateway cannot reach them.
func operatingPaths(t *testing.T, gateway target) {
	host := gateway
	host.url = strings.TrimSuffix(gateway.url, "/v1")
	for _, path := range []string{
		"/slots", "/slots/0?action=erase", "/props", "/metrics", "/lora-adapters", "/completion", "/infill",
		"/apply-template", "/models/load", "/models/unload", "/v1/slots", "/v1/props", "/v1/models/load",
		"/v1/../slots", "/v1/%2e%2e/slots", "/v1/chat/completions/../../../slots",
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			t.Run(method+" "+path, func(t *testing.T) {
				resp := host.send(t.Context(), t, method, path, `{"model":"tiny","prompt":"x","content":"x"}`)
				if resp.StatusCode != http.StatusNotFound && resp.StatusCode != http.StatusMethodNotAllowed {
					t.Errorf("status %d, want 404 or 405", resp.StatusCode)
				}
				readError(t, resp)
			})
		}
	}
}

// TestTwoQuestionsAtOnce shows that what waits for the engine's only slot is
// answered as soon as it is free, whoever left before.
func TestTwoQuestionsAtOnce(t *testing.T) {
	engine := startEngine(t)
	gateway := startGateway(t, engine)
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	resp := gateway.post(ctx, t, "/chat/completions", endless(gateway.model))
	readUntil(t, resp.Body, "Hello") // the slot is taken
	answer := make(chan string, 1)
	go func() {
		client := gateway.client()
		got, err := client.Chat.Completions.New(t.Context(), gateway.ask())
		if err != nil {
			answer <- err.Error()
			return
		}
		answer <- got.Choices[0].Message.Content
	}()
	wait, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	until(t, wait, "the second question waits", func() bool { return engine.metric(t, "llamacpp:requests_deferred") == 1 })
	leave()
	if got := <-answer; got != tinymodel.Sentence {
		t.Errorf("the second question was answered with %q", got)
	}
}
