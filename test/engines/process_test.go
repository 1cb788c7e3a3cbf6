package engines_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gatehouse-ai/gatehouse/test/engines/tinymodel"
)

// patience is how long a process may take to start, end or notice something on
// a machine that is busy with other things.
const patience = 60 * time.Second

// root is the root of the repository.
const root = "../.."

// process is a running program whose output is kept.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
	err  error         // how it ended; to be read after done

	mu     sync.Mutex
	output strings.Builder
	found  chan []string // matches of what was waited for
}

// start starts a program and returns when a line of its output matches, with
// the submatches; at once if there is nothing to match. The program is asked to
// end, and waited for, at the end of the test; if the test failed, its output
// is shown.
func start(t *testing.T, cmd *exec.Cmd, ready *regexp.Regexp) []string {
	t.Helper()
	p := &process{cmd: cmd, done: make(chan struct{}), found: make(chan []string, 1)}
	pipe, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout = cmd.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go p.watch(pipe, ready)
	t.Cleanup(func() {
		p.stop(t)
		if t.Failed() {
			t.Logf("output of %s:\n%s", filepath.Base(cmd.Path), p.text())
		}
	})
	if ready == nil {
		return nil
	}
	select {
	case match := <-p.found:
		return match
	case <-p.done:
		t.Fatalf("%s ended (%v) before it was ready", filepath.Base(cmd.Path), p.err)
	case <-time.After(patience):
		t.Fatalf("%s was not ready within %v", filepath.Base(cmd.Path), patience)
	}
	return nil
}

// watch keeps the output and looks for a line, until the program has ended.
func (p *process) watch(pipe io.Reader, ready *regexp.Regexp) {
	defer close(p.done)
	found := false
	lines := bufio.NewScanner(pipe)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		p.mu.Lock()
		fmt.Fprintln(&p.output, lines.Text())
		p.mu.Unlock()
		if ready != nil && !found {
			if match := ready.FindStringSubmatch(lines.Text()); match != nil {
				found = true
				p.found <- match
			}
		}
	}
	_, err := io.Copy(io.Discard, pipe)
	p.err = errors.Join(lines.Err(), err, p.cmd.Wait())
}

func (p *process) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.String()
}

// stop asks the program to end, and ends it if it does not.
func (p *process) stop(t *testing.T) {
	t.Helper()
	select {
	case <-p.done:
		return
	default:
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	select {
	case <-p.done:
	case <-time.After(patience):
		t.Errorf("%s did not end within %v of being asked to", filepath.Base(p.cmd.Path), patience)
		_ = p.cmd.Process.Kill()
		<-p.done
	}
}

// target is something that answers OpenAI's API.
type target struct {
	url    string // with /v1
	key    string
	model  string   // that is asked
	models []string // that are listed
}

// engineKey is the key that the engine wants to see.
const engineKey = "engine-key-9f27"

// contextLength is the engine's context. An answer that goes on until it is
// full takes seconds, so one that was cancelled can be told from it.
const contextLength = 4096

// startEngine starts llama.cpp's server on the tiny model.
func startEngine(t *testing.T) target {
	t.Helper()
	server := findServer(t)
	model := filepath.Join(t.TempDir(), "tiny.gguf")
	f, err := os.Create(model)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(tinymodel.New().Encode(f, contextLength), f.Close()); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(server, "--model", model, "--alias", "tiny", "--host", "127.0.0.1", "--port", "0",
		"--api-key", engineKey, "--ctx-size", strconv.Itoa(contextLength), "--parallel", "1", "--threads", "1",
		"--embeddings", "--pooling", "mean", "--metrics", "--offline", "--no-warmup")
	match := start(t, cmd, regexp.MustCompile(`listening on (http://127\.0\.0\.1:\d+)`))
	e := target{url: match[1] + "/v1", key: engineKey, model: "tiny", models: []string{"tiny"}}
	waitReady(t, match[1]+"/health")
	return e
}

// findServer returns the path of llama.cpp's server.
func findServer(t *testing.T) string {
	t.Helper()
	built, err := filepath.Abs(filepath.Join(root, ".cache", "engines", "llama-server"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{os.Getenv("GATEHOUSE_LLAMA_SERVER"), built, "llama-server"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("llama-server is not installed: `test/deps engines` builds it, or set GATEHOUSE_LLAMA_SERVER to its path")
	return ""
}

// waitReady asks until the answer is 200.
func waitReady(t *testing.T, url string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	until(t, ctx, url+" answers 200", func() bool {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
}

// until asks a process, again and again, for something that it gives no signal of.
func until(t *testing.T, ctx context.Context, what string, holds func() bool) {
	t.Helper()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for !holds() {
		select {
		case <-again.C:
		case <-ctx.Done():
			t.Fatalf("waited in vain until %s", what)
		}
	}
}
