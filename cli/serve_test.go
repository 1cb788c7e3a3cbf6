package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-ai/gatehouse/cli"
	"github.com/gatehouse-ai/gatehouse/discover"
	"github.com/gatehouse-ai/gatehouse/fakellm"
)

// patience bounds every wait. It is only ever used up by a test that fails.
const patience = 30 * time.Second

// output is what a command prints, line by line as it is written.
type output struct {
	mu      sync.Mutex
	text    bytes.Buffer
	changed chan struct{} // closed and replaced with each write
}

func newOutput() *output { return &output{changed: make(chan struct{})} }

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	close(o.changed)
	o.changed = make(chan struct{})
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// logged waits for a line of the log with a message, and returns it.
func (o *output) logged(t *testing.T, message string) map[string]any {
	t.Helper()
	late := time.After(patience)
	for {
		o.mu.Lock()
		text, changed := o.text.String(), o.changed
		o.mu.Unlock()
		for line := range strings.Lines(text) {
			var m map[string]any
			if json.Unmarshal([]byte(line), &m) == nil && m["msg"] == message {
				return m
			}
		}
		select {
		case <-changed:
		case <-late:
			t.Fatalf("the log has no message %q:\n%s", message, text)
		}
	}
}

// run is a command that serves.
type run struct {
	stdout, stderr *output
	reload         chan struct{}
	stop           func() int // ends it and returns its status
}

func begin(t *testing.T, env map[string]string, places []discover.Place, args ...string) *run {
	t.Helper()
	return beginWith(t, cli.Env{
		Places:    places,
		LookupEnv: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
		ReadFile:  func(string) ([]byte, error) { return nil, os.ErrNotExist }, // the tests' own memory is not limited
	}, args...)
}

func beginWith(t *testing.T, env cli.Env, args ...string) *run {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r := &run{stdout: newOutput(), stderr: newOutput(), reload: make(chan struct{})}
	status := make(chan int, 1)
	env.Stdin, env.Stdout, env.Stderr, env.Reload = strings.NewReader(""), r.stdout, r.stderr, r.reload
	go func() { status <- cli.Main(ctx, args, env) }()
	r.stop = sync.OnceValue(func() int {
		cancel()
		return <-status
	})
	t.Cleanup(func() { r.stop() })
	return r
}

// ask sends a chat completion for a model and returns the status and what the
// model said.
func ask(t *testing.T, base, key, model string) (int, string) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"model": model, "messages": []any{map[string]string{"role": "user", "content": "hello"}}})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/chat/completions", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+key)
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		Choices []struct{ Message struct{ Content string } }
	}
	if json.Unmarshal(data, &answer) != nil || len(answer.Choices) != 1 {
		return resp.StatusCode, string(data)
	}
	return resp.StatusCode, answer.Choices[0].Message.Content
}

// TestServeWhatIsFound has two engines on the machine and a provider in the
// environment, and no configuration.
func TestServeWhatIsFound(t *testing.T) {
	ollama := fakellm.Start(fakellm.New(fakellm.Ollama, fakellm.Models("llama3:latest", "qwen:7b")))
	t.Cleanup(ollama.Close)
	engine := fakellm.New(fakellm.OpenAI, fakellm.Models("served-by-vllm"))
	vllm := fakellm.Start(engine)
	t.Cleanup(vllm.Close)
	provider := fakellm.New(fakellm.OpenAI, fakellm.Models("gpt-4o-mini"), fakellm.Key("sk-canary-of-the-provider"))
	openai := fakellm.Start(provider)
	t.Cleanup(openai.Close)
	places := []discover.Place{
		{Usual: "ollama", Address: strings.TrimPrefix(ollama.URL, "http://")},
		{Usual: "vllm", Address: strings.TrimPrefix(vllm.URL, "http://")},
		{Usual: "lmstudio", Address: "127.0.0.1:1"},
	}
	r := begin(t, map[string]string{"OPENAI_API_KEY": "sk-canary-of-the-provider", "OPENAI_BASE_URL": openai.URL + "/v1"}, places,
		"serve", "--listen", "127.0.0.1:0", "--admin", "off")
	base, _ := r.stderr.logged(t, "serving")["base_url"].(string)
	for _, line := range []string{
		"ollama (" + places[0].Address + "): Ollama", ": llama3:latest, qwen:7b\n", "1 model: served-by-vllm\n",
		"lmstudio (127.0.0.1:1): nothing listens there\n", "openai (OPENAI_API_KEY): ", "anthropic (ANTHROPIC_API_KEY): not set\n",
	} {
		if !strings.Contains(r.stderr.String(), line) {
			t.Errorf("%q is not said:\n%s", line, r.stderr)
		}
	}
	for _, model := range []string{"llama3:latest", "llama3", "qwen:7b", "served-by-vllm", "gpt-4o-mini"} {
		if status, said := ask(t, base, "any", model); status != 200 || said != "You said: hello" {
			t.Errorf("%s: status %d: %s", model, status, said)
		}
	}
	if strings.Contains(r.stderr.String(), "canary") || r.stdout.String() != "" {
		t.Errorf("stdout %q, stderr:\n%s", r.stdout, r.stderr)
	}
	if strings.Contains(r.stderr.String(), "serving operators") {
		t.Error("there is a listener for operators although it is off")
	}
	r.reload <- struct{}{}
	r.stderr.logged(t, "configuration reloaded")
	if got := r.stop(); got != 0 {
		t.Errorf("the status is %d", got)
	}
}

func TestServeFile(t *testing.T) {
	s := fakellm.Start(fakellm.New(fakellm.OpenAI, fakellm.Models("m")))
	t.Cleanup(s.Close)
	file := filepath.Join(t.TempDir(), "gatehouse.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file+".new", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(file+".new", file); err != nil {
			t.Fatal(err)
		}
	}
	yaml := "listen: 127.0.0.1:1\nadmin: 127.0.0.1:0\nlog: {format: json}\nendpoints: [{name: e, url: \"" + s.URL + "/v1\"}]\nmodels: [{name: m, endpoints: [e]}]\n"
	write(yaml)
	r := begin(t, nil, nil, "serve", "-c", file, "--listen", "localhost:0")
	base, _ := r.stderr.logged(t, "serving")["base_url"].(string)
	if status, said := ask(t, base, "any", "m"); status != 200 || said != "You said: hello" {
		t.Errorf("status %d: %s", status, said)
	}
	if url, _ := r.stderr.logged(t, "serving operators")["url"].(string); !strings.HasPrefix(url, "http://127.0.0.1:") {
		t.Errorf("operators are sent to %q", url)
	}
	write(yaml + "fallback: {unknown_model: m}\n")
	r.reload <- struct{}{}
	r.stderr.logged(t, "configuration reloaded")
	if status, said := ask(t, base, "any", "another"); status != 200 {
		t.Errorf("after the reload: status %d: %s", status, said)
	}
	write("nonsense: 1\n")
	r.reload <- struct{}{}
	bad := r.stderr.logged(t, "the configuration was not reloaded: the last good one stays in use")
	if got, _ := bad["error"].(string); !strings.Contains(got, file+`:1:1: unknown key "nonsense"`) {
		t.Errorf("the log says %v", bad)
	}
	if got := r.stop(); got != 0 {
		t.Errorf("the status is %d", got)
	}
}

// TestMemoryOfTheControlGroup has the garbage collector keep below its limit,
// unless the operator has set another one.
func TestMemoryOfTheControlGroup(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	t.Cleanup(func() { debug.SetMemoryLimit(before) })
	s := fakellm.Start(fakellm.New(fakellm.OpenAI, fakellm.Models("m")))
	t.Cleanup(s.Close)
	file := filepath.Join(t.TempDir(), "gatehouse.yaml")
	yaml := "listen: 127.0.0.1:0\nlog: {format: json}\nendpoints: [{name: e, url: \"" + s.URL + "/v1\"}]\nmodels: [{name: m, endpoints: [e]}]\n"
	if err := os.WriteFile(file, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	const message, group = "the garbage collector keeps below the control group's limit of memory", 1 << 40
	for name, c := range map[string]struct {
		env  map[string]string
		want int64
	}{
		"a limit":                {nil, group - group/10},
		"a limit and GOMEMLIMIT": {map[string]string{"GOMEMLIMIT": "off"}, before},
	} {
		debug.SetMemoryLimit(before)
		r := beginWith(t, cli.Env{
			LookupEnv: func(name string) (string, bool) { v, ok := c.env[name]; return v, ok },
			ReadFile: func(name string) ([]byte, error) {
				if name != "/sys/fs/cgroup/memory.max" {
					return nil, os.ErrNotExist
				}
				return strconv.AppendInt(nil, group, 10), nil
			},
		}, "serve", "-c", file)
		r.stderr.logged(t, "serving")
		if got := debug.SetMemoryLimit(-1); got != c.want {
			t.Errorf("%s: got %d, want %d", name, got, c.want)
		}
		if said := strings.Contains(r.stderr.String(), message); said != (c.want != before) {
			t.Errorf("%s: the log says\n%s", name, r.stderr)
		}
		r.stop()
	}
}

func TestDemoCommand(t *testing.T) {
	r := begin(t, nil, nil, "demo", "--json", "--listen", "0.0.0.0:0")
	var facts map[string]any
	late := time.After(patience)
	for facts == nil {
		r.stdout.mu.Lock()
		text, changed := r.stdout.text.String(), r.stdout.changed
		r.stdout.mu.Unlock()
		if strings.HasSuffix(text, "\n") {
			if err := json.Unmarshal([]byte(text), &facts); err != nil {
				t.Fatalf("%v: %s", err, text)
			}
			break
		}
		select {
		case <-changed:
		case <-late:
			t.Fatal("nothing is printed")
		}
	}
	keys := []string{}
	for k := range facts {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	if diff := cmp.Diff([]string{"admin_url", "base_url", "key", "models"}, keys); diff != "" {
		t.Errorf("what is printed (-want +got):\n%s", diff)
	}
	base, _ := facts["base_url"].(string)
	if !strings.HasPrefix(base, "http://127.0.0.1:") {
		t.Errorf("who listens everywhere is reached at %q", base)
	}
	if got := r.stop(); got != 0 || strings.Count(r.stdout.String(), "\n") != 1 {
		t.Errorf("the status is %d, and it printed %q", got, r.stdout)
	}
}
