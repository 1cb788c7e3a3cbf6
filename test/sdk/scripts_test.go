package sdk_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-ai/gatehouse/fakellm"
	"github.com/gatehouse-ai/gatehouse/gwtest"
)

// trouble adds engines that go wrong, each in one way. What the scripts do with
// them they know from the names of the models alone.
func (w *world) trouble() {
	const quota = `{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}`
	words := fakellm.Says{Text: "one two three four five six seven eight"}
	for _, d := range dialects() {
		for _, status := range []int{400, 403, 404, 409, 422, 500} {
			w.add(d, fmt.Sprintf("status-%d", status), fakellm.Script{Refuse: &fakellm.Refusal{Status: status, Message: "made up"}})
		}
		w.add(d, "shapeless", fakellm.Script{Refuse: &fakellm.Refusal{Status: 422, Shape: fakellm.String, Message: "made up"}})
		w.add(d, "flaky", fakellm.Script{}).Queue(fakellm.RateLimited(time.Millisecond))
		w.add(d, "quota", fakellm.Script{Refuse: &fakellm.Refusal{
			Status: 429, Body: quota, Header: map[string]string{"Retry-After-Ms": "1"},
		}})
		w.add(d, "silent", fakellm.Script{Wait: fakellm.Wait{Gate: fakellm.NewGate()}})
		w.add(d, "failing", fakellm.Script{Say: words, Fail: &fakellm.StreamErr{At: 4, Message: "out of memory"}})
		w.add(d, "severed", fakellm.Script{
			Say: words, Break: &fakellm.Break{How: fakellm.Reset, Where: fakellm.AfterEvents, N: 4},
		})
		for _, n := range []string{"1", "2"} {
			w.cancelling(d, n)
		}
	}
}

// cancelling adds an engine that talks without end, and one that answers once
// the client of the first has left.
func (w *world) cancelling(d fakellm.Dialect, n string) {
	gate := fakellm.NewGate()
	endless := w.add(d, "endless-"+n, fakellm.Script{
		Say: fakellm.Says{Text: "word", Tokens: 20_000}, Wait: fakellm.Wait{Token: 5 * time.Millisecond},
	})
	w.add(d, "witness-"+n, fakellm.Script{Wait: fakellm.Wait{Gate: gate}, Say: fakellm.Says{Text: "the engine has stopped"}})
	ctx := w.t.Context()
	go func() {
		if _, err := endless.WaitCancelled(ctx); err == nil {
			gate.Open()
		}
	}()
}

// sum is the last line of a script.
var sum = regexp.MustCompile(`(?m)^(\d+) passed, (\d+) failed$`)

// run runs a script against a gateway of its own, and looks at the engines
// afterwards. least is how many checks there are at least, so that a script
// that does nothing does not pass.
func run(t *testing.T, least int, program string, args ...string) {
	t.Helper()
	w := newWorld(t)
	w.trouble()
	w.start()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Env = append(plain(os.Environ()), "OPENAI_BASE_URL="+w.URL, "OPENAI_API_KEY="+gwtest.Key, "PYTHONDONTWRITEBYTECODE=1")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	m := sum.FindStringSubmatch(out.String())
	if err != nil || m == nil || m[2] != "0" {
		t.Fatalf("%v\n%s", err, out.String())
	}
	if n := strings.Count(out.String(), "\nok   "); n < least || strconv.Itoa(n) != m[1] {
		t.Errorf("%d checks, want %d at least, and as many as %q says", n, least, m[0])
	}
	first, _, _ := strings.Cut(out.String(), "\n")
	t.Logf("%s: %s", first, m[0])
	for _, d := range dialects() {
		for name, want := range map[string]int{"flaky": 2, "quota": 1, "silent": 1} {
			if n := asked(w.engines[string(d)+"/"+name]); n != want {
				t.Errorf("%s/%s was asked %d times, want %d", d, name, n, want)
			}
		}
		for _, name := range []string{"silent", "endless-1", "endless-2"} {
			select {
			case <-lastAsked(t, w.engines[string(d)+"/"+name]).Gone():
			case <-within(t).Done():
				t.Errorf("%s/%s still talks to nobody", d, name)
			}
		}
	}
}

// plain leaves out of an environment what would change how a client is set up.
func plain(environ []string) []string {
	var out []string
	for _, v := range environ {
		name, _, _ := strings.Cut(strings.ToUpper(v), "=")
		if !strings.HasPrefix(name, "OPENAI_") && !strings.HasSuffix(name, "_PROXY") {
			out = append(out, v)
		}
	}
	return out
}

// installed returns the absolute path of a file that test/deps installs, and
// skips the test where it is not there.
func installed(t *testing.T, path string) string {
	t.Helper()
	abs, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(abs); err != nil {
		t.Skipf("%s is not there; test/deps sdk installs it", path)
	}
	return abs
}

func TestPython(t *testing.T) {
	python := installed(t, "../../.cache/sdk-python/bin/python")
	installed(t, "../../.cache/sdk-python/installed") // written when all of it is there
	run(t, 85, python, "python/main.py")
}

func TestNode(t *testing.T) {
	node := installed(t, "node/node_modules/.bin/node")
	installed(t, "node/node_modules/.installed")
	run(t, 85, node, "node/main.js")
}
