package operating_test

import (
	"bytes"
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
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-ai/gatehouse/gwtest"
)

// program is the path of the real program, which TestMain builds.
var program string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "operating-*")
		if err == nil {
			defer func() { _ = os.RemoveAll(dir) }() // it is in the folder for temporary files
			program = filepath.Join(dir, "gatehouse")
			var out []byte
			out, err = exec.Command("go", "build", "-o", program, "github.com/gatehouse-ai/gatehouse/cmd/gatehouse").CombinedOutput()
			if err != nil {
				err = fmt.Errorf("building the program: %w\n%s", err, out)
			}
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}())
}

// process is a running program.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	exited chan struct{} // closed at its end
	status int           // once it has exited; -1 by a signal
	dir    string        // its folder for temporary files

	mu     sync.Mutex
	stdout bytes.Buffer
	stderr bytes.Buffer
}

// locked writes to one of the process's buffers.
type locked struct {
	p *process
	b *bytes.Buffer
}

func (l locked) Write(data []byte) (int, error) {
	l.p.mu.Lock()
	defer l.p.mu.Unlock()
	return l.b.Write(data)
}

func (p *process) out() (stdout, stderr string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stdout.String(), p.stderr.String()
}

// start runs the program in an environment that has nothing but its folder for
// temporary files.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.CommandContext(within(t), program, args...), exited: make(chan struct{}), dir: t.TempDir()}
	p.cmd.Env = []string{"TMPDIR=" + p.dir, "HOME=" + p.dir}
	p.cmd.Dir = t.TempDir()
	p.cmd.Stdout, p.cmd.Stderr = locked{p, &p.stdout}, locked{p, &p.stderr}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.exited)
		_ = p.cmd.Wait() // the state has how it ended
		p.status = p.cmd.ProcessState.ExitCode()
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // it is over, unless the test has failed
		<-p.exited
	})
	return p
}

func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatalf("signal %s: %v", s, err)
	}
}

// end waits for the end of the process and returns its status.
func (p *process) end() int {
	p.t.Helper()
	select {
	case <-p.exited:
	case <-within(p.t).Done():
		_, stderr := p.out()
		p.t.Fatalf("the program does not end:\n%s", stderr)
	}
	return p.status
}

// logged waits for a line of the log and returns it.
func (p *process) logged(message string) map[string]any {
	p.t.Helper()
	var found map[string]any
	until(p.t, "the log has the message "+message, func() bool {
		_, stderr := p.out()
		for line := range strings.Lines(stderr) {
			var m map[string]any
			if json.Unmarshal([]byte(line), &m) == nil && m["msg"] == message {
				found = m
				return true
			}
		}
		select {
		case <-p.exited:
			p.t.Fatalf("the program ended with status %d:\n%s", p.status, stderr)
		default:
		}
		return false
	})
	return found
}

// serve runs a gateway whose configuration is written to a file, and returns
// its base URL and that for operators.
func serve(t *testing.T, yaml string) (p *process, file, base, admin string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "gatehouse.yaml")
	replace(t, file, []byte("listen: 127.0.0.1:0\nadmin: 127.0.0.1:0\nkeys: [{name: test, key: "+gwtest.Key+"}]\n"+yaml))
	p = start(t, "serve", "--config", file)
	base, _ = p.logged("serving")["base_url"].(string)
	admin, _ = p.logged("serving operators")["url"].(string)
	return p, file, base, admin
}

func TestSignalHangup(t *testing.T) {
	_, url := engine(t)
	p, _, base, admin := serve(t, only(url, ""))
	if a := do(t, p1(t), request(within(t), t, base, ask)); a.content(t) != "You said: hello" {
		t.Fatalf("status %d: %s", a.status, a.body)
	}
	p.signal(syscall.SIGHUP) // the file is as it was, so nothing else reloads it
	p.logged("configuration reloaded")
	if got := metrics(t, admin)[generation]; got != 2 {
		t.Errorf("the generation is %v", got)
	}
	p.signal(syscall.SIGTERM)
	if got := p.end(); got != 0 {
		t.Errorf("the status is %d", got)
	}
}

// TestBadFileOfTheProgram shows that mistakes are in the line of the log, and
// nowhere else.
func TestBadFileOfTheProgram(t *testing.T) {
	_, url := engine(t)
	p, file, _, admin := serve(t, only(url, ""))
	replace(t, file, []byte("nonsense: 1\n"))
	p.signal(syscall.SIGHUP)
	line := p.logged("the configuration was not reloaded: the last good one stays in use")
	if got, _ := line["error"].(string); !strings.Contains(got, `1:1: unknown key "nonsense"`) {
		t.Errorf("the line is %v", line)
	}
	if got := metrics(t, admin); got[success] != 0 || got[generation] != 1 {
		t.Errorf("success %v, generation %v", got[success], got[generation])
	}
	p.signal(syscall.SIGINT)
	if got := p.end(); got != 0 {
		t.Errorf("the status is %d", got)
	}
	_, stderr := p.out()
	for text := range strings.Lines(stderr) {
		if !json.Valid([]byte(text)) {
			t.Errorf("between the lines of the log stands %q", text)
		}
	}
}

func TestSignalTerminateDrains(t *testing.T) {
	e, url := engine(t)
	p, _, base, admin := serve(t, only(url, ""))
	s, gate := held(t, e, p1(t), base)
	p.signal(syscall.SIGTERM)
	p.logged("draining")
	until(t, "/readyz has status 503", func() bool { return get(t, admin+"/readyz").status == 503 })
	gate.Open()
	if got := s.wantWhole(); got != "You said: hello" {
		t.Errorf("the stream said %q", got)
	}
	if got := p.end(); got != 0 {
		_, stderr := p.out()
		t.Errorf("the status is %d:\n%s", got, stderr)
	}
	if left, err := os.ReadDir(p.dir); err != nil || len(left) != 0 {
		t.Errorf("files were left: %v, %v", left, err)
	}
}

func TestGraceOfTheProgram(t *testing.T) {
	e, url := engine(t)
	p, _, base, _ := serve(t, only(url, "")+"shutdown: {grace: 1ms}\n")
	s, _ := held(t, e, p1(t), base)
	p.signal(syscall.SIGTERM)
	events, err := s.rest()
	if len(events) == 0 || !strings.Contains(parseEnvelope(t, events[len(events)-1]).Message, "shutting down") {
		t.Errorf("the stream ended with %q, %v", events, err)
	}
	if got := p.end(); got != 0 {
		t.Errorf("the status is %d", got)
	}
}

// TestSecondSignal shows that who does not want to wait need not.
func TestSecondSignal(t *testing.T) {
	e, url := engine(t)
	p, _, base, _ := serve(t, only(url, ""))
	s, _ := held(t, e, p1(t), base)
	p.signal(syscall.SIGINT)
	p.logged("draining")
	p.signal(syscall.SIGINT)
	p.end()
	if state, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !state.Signaled() || state.Signal() != syscall.SIGINT {
		t.Errorf("the program ended with %s", p.cmd.ProcessState)
	}
	if events, err := s.rest(); err == nil {
		t.Errorf("the stream ended as if it were complete: %q", events)
	}
}

func TestPortInUse(t *testing.T) {
	l, err := (&net.ListenConfig{}).Listen(within(t), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, url := engine(t)
	file := filepath.Join(t.TempDir(), "gatehouse.yaml")
	replace(t, file, []byte("admin: off\n"+only(url, "")))
	for _, args := range [][]string{
		{"serve", "--config", file, "--listen", l.Addr().String()},
		{"serve", "--config", file, "--listen", "127.0.0.1:0", "--admin", l.Addr().String()},
		{"demo", "--listen", l.Addr().String()},
	} {
		p := start(t, args...)
		if got := p.end(); got != 1 {
			t.Errorf("%q ended with status %d", args, got)
		}
		stdout, stderr := p.out()
		for _, word := range []string{"error: listening on " + l.Addr().String(), "address already in use", "hint: another program has this port"} {
			if !strings.Contains(stderr, word) {
				t.Errorf("%q does not say %q:\n%s", args, word, stderr)
			}
		}
		if stdout != "" {
			t.Errorf("%q printed %s", args, stdout)
		}
	}
}

func TestDemoOfTheProgram(t *testing.T) {
	p := start(t, "demo", "--json", "--listen", "127.0.0.1:0")
	var facts struct {
		BaseURL string   `json:"base_url"`
		Admin   string   `json:"admin_url"`
		Key     string   `json:"key"`
		Models  []string `json:"models"`
	}
	until(t, "the demonstration prints its facts", func() bool {
		stdout, _ := p.out()
		return json.Unmarshal([]byte(stdout), &facts) == nil
	})
	req, err := http.NewRequestWithContext(within(t), http.MethodGet, facts.BaseURL+"/models", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+facts.Key)
	var list struct{ Data []struct{ ID string } }
	if a := do(t, p1(t), req); json.Unmarshal([]byte(a.body), &list) != nil {
		t.Fatalf("status %d: %s", a.status, a.body)
	}
	var ids []string
	for _, m := range list.Data {
		ids = append(ids, m.ID)
	}
	slices.Sort(ids)
	slices.Sort(facts.Models)
	if diff := cmp.Diff(facts.Models, ids); diff != "" {
		t.Errorf("the models that were printed and those that are listed (-printed +listed):\n%s", diff)
	}
	p.signal(syscall.SIGINT)
	if got := p.end(); got != 0 {
		t.Errorf("the status is %d", got)
	}
	if left, err := os.ReadDir(p.dir); err != nil || len(left) != 0 {
		t.Errorf("files were left: %v, %v", left, err)
	}
	if _, err := tryGet(within(t), facts.Admin+"/healthz"); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("something still listens: %v", err)
	}
	if left, err := os.ReadDir(p.cmd.Dir); err != nil || len(left) != 0 {
		t.Errorf("files were left in the working folder: %v, %v", left, err)
	}
}
