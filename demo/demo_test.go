package demo_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"github.com/gatehouse-ai/gatehouse/demo"
)

// patience bounds every wait. It is only ever used up by a test that fails.
const patience = 30 * time.Second

// printed hands on each text that is printed.
type printed chan string

func (p printed) Write(b []byte) (int, error) {
	p <- string(b)
	return len(b), nil
}

// begin runs a demonstration and returns what it prints, and what ends it and
// returns how.
func begin(t *testing.T, asJSON bool) (text string, log *bytes.Buffer, stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, ended := make(printed, 8), make(chan error, 1)
	log = &bytes.Buffer{} // to be read after the end
	go func() {
		ended <- demo.Run(ctx, demo.Options{Listen: "127.0.0.1:0", JSON: asJSON, Out: out, Log: log, Version: "test"})
	}()
	select {
	case text = <-out:
	case err := <-ended:
		t.Fatalf("it has ended: %v", err)
	case <-time.After(patience):
		t.Fatal("it prints nothing")
	}
	stopped := false
	stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		return <-ended
	}
	t.Cleanup(func() { _ = stop() }) // which the test has looked at, if it has come so far
	return text, log, stop
}

func facts(t *testing.T) (f demo.Facts, log *bytes.Buffer, stop func() error) {
	t.Helper()
	text, log, stop := begin(t, true)
	if err := json.Unmarshal([]byte(text), &f); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return f, log, stop
}

// TestFacts uses everything that the JSON object names.
func TestFacts(t *testing.T) {
	f, log, stop := facts(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	client := openai.NewClient(option.WithBaseURL(f.BaseURL), option.WithAPIKey(f.Key), option.WithMaxRetries(0))
	if len(f.Models) < 4 {
		t.Errorf("the models are %q", f.Models)
	}
	for _, model := range f.Models {
		if model == "embed-demo" {
			embed(ctx, t, &client, model)
			continue
		}
		params := openai.ChatCompletionNewParams{Model: model, Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("Hello!")}}
		whole, err := client.Chat.Completions.New(ctx, params)
		if err != nil || whole.Choices[0].Message.Content != "You said: Hello!" || whole.Usage.TotalTokens == 0 {
			t.Errorf("%s: %v, %v", model, whole, err)
		}
		stream := client.Chat.Completions.NewStreaming(ctx, params)
		var all openai.ChatCompletionAccumulator
		chunks := 0
		for stream.Next() {
			all.AddChunk(stream.Current())
			chunks++
		}
		if err := stream.Err(); err != nil || len(all.Choices) != 1 || all.Choices[0].Message.Content != "You said: Hello!" || chunks < 3 {
			t.Errorf("%s, streamed in %d chunks: %v, %v", model, chunks, all.Choices, err)
		}
	}
	var refused *openai.Error
	wrong := openai.NewClient(option.WithBaseURL(f.BaseURL), option.WithAPIKey("sk-gh-wrong"), option.WithMaxRetries(0))
	if _, err := wrong.Models.List(ctx); !errors.As(err, &refused) || refused.StatusCode != 401 || refused.Code != "invalid_api_key" {
		t.Errorf("a wrong key: %v", err)
	}
	resp, err := http.Get(f.AdminURL + "/metrics")
	if err != nil || resp.StatusCode != 200 {
		t.Errorf("the metrics: %v, %v", resp, err)
	} else {
		_ = resp.Body.Close()
	}
	if err := stop(); err != nil {
		t.Errorf("it ended with %v", err)
	}
	if resp, err := http.Get(f.AdminURL + "/healthz"); err == nil {
		_ = resp.Body.Close()
		t.Error("something still listens")
	}
	if log.Len() != 0 {
		t.Errorf("in the midst of what the user reads stands\n%s", log)
	}
}

func embed(ctx context.Context, t *testing.T, client *openai.Client, model string) {
	t.Helper()
	got, err := client.Embeddings.New(ctx, openai.EmbeddingNewParams{
		Model: model, Input: openai.EmbeddingNewParamsInputUnion{OfArrayOfStrings: []string{"one", "two"}},
	})
	if err != nil || len(got.Data) != 2 || len(got.Data[0].Embedding) == 0 || got.Data[1].Index != 1 {
		t.Errorf("%s: %v, %v", model, got, err)
	}
}

// TestPasted runs what the text says to run: the line for curl, and the Python
// snippet as far as Python can tell without its library.
func TestPasted(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	text, _, stop := begin(t, false)
	_, rest, _ := strings.Cut(text, "Try it with curl:\n\n")
	line, rest, _ := strings.Cut(rest, "\n\nor with Python")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	run := func(name string, args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(ctx, name, args...)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s %q: %v\n%s", name, args, err, &stderr)
		}
		return string(out)
	}
	out := run("sh", "-c", line)
	if !strings.HasSuffix(out, "data: [DONE]\n\n") || strings.Count(out, "data: {") < 3 {
		t.Errorf("curl printed %s", out)
	}

	_, rest, _ = strings.Cut(rest, ":\n\n")
	snippet, rest, _ := strings.Cut(rest, "\n\n")
	if rest != "Press Ctrl-C to stop.\n" {
		t.Errorf("the text ends with %q", rest)
	}
	// A line that begins with a space is a mistake when it is pasted.
	if !strings.HasPrefix(snippet, "from openai import OpenAI\nclient = ") || strings.Contains(snippet, "\n ") {
		t.Errorf("the snippet is\n%s", snippet)
	}
	file := filepath.Join(t.TempDir(), "snippet.py")
	if err := os.WriteFile(file, []byte(snippet), 0o600); err != nil {
		t.Fatal(err)
	}
	python(t, run, file)
	if err := stop(); err != nil {
		t.Errorf("it ended with %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("files were left: %v, %v", left, err)
	}
}

// python runs the snippet, against a stand-in for the library, which keeps what
// it is called with.
func python(t *testing.T, run func(string, ...string) string, file string) {
	t.Helper()
	const standIn = `
import json, urllib.request
class Part:
    def __init__(self, v): self.v = v
    def __getattr__(self, name): return wrap(self.v[name])
    def __getitem__(self, i): return wrap(self.v[i])
def wrap(v): return Part(v) if isinstance(v, (dict, list)) else v
class OpenAI:
    def __init__(self, base_url, api_key):
        self.base, self.key = base_url, api_key
        self.chat = self.completions = self
    def create(self, **body):
        q = urllib.request.Request(self.base + "/chat/completions", json.dumps(body).encode(),
            {"Authorization": "Bearer " + self.key, "Content-Type": "application/json"})
        return wrap(json.load(urllib.request.urlopen(q)))
`
	if err := os.WriteFile(filepath.Join(filepath.Dir(file), "openai.py"), []byte(standIn), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := run("python3", file); got != "You said: Hello!\n" {
		t.Errorf("the snippet printed %q", got)
	}
}

// TestCannotBegin has nothing left running when the gateway cannot start.
func TestCannotBegin(t *testing.T) {
	for listen, says := range map[string]string{
		"nowhere":         `the address "nowhere" to listen on is not host:port`,
		"127.0.0.1:70000": "is not one between 0 and 65535",
		"127.0.0.1:http":  "is not one between 0 and 65535",
		"192.0.2.1:0":     "listening on 192.0.2.1:0",
	} {
		var out bytes.Buffer
		err := demo.Run(t.Context(), demo.Options{Listen: listen, Out: &out, Log: &out})
		if err == nil || !strings.Contains(err.Error(), says) || out.Len() != 0 {
			t.Errorf("%s: %v, and it printed %q", listen, err, &out)
		}
	}
}

func TestReachable(t *testing.T) {
	for address, want := range map[string]string{
		"127.0.0.1:80": "127.0.0.1:80", "[::]:80": "127.0.0.1:80", "0.0.0.0:80": "127.0.0.1:80", ":80": "127.0.0.1:80",
		"[::1]:80": "[::1]:80", "10.0.0.1:80": "10.0.0.1:80", "host.example:80": "host.example:80", "odd": "odd",
	} {
		if got := demo.Reachable(address); got != want {
			t.Errorf("%s is reached at %s, wanted %s", address, got, want)
		}
	}
}
