package cli_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/cli"
)

// gatehouse runs the program and returns what it says.
func gatehouse(ctx context.Context, args ...string) (code int, stdout, stderr string) {
	var out, err strings.Builder
	code = cli.Main(ctx, args, cli.Env{
		Stdout: &out, Stderr: &err,
		LookupEnv: func(name string) (string, bool) { return "sk-from-env", name == "BENCH_KEY" },
	})
	return code, out.String(), err.String()
}

func TestBenchMeasuresAndWritesFiles(t *testing.T) {
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	dir := t.TempDir()
	report, plot := filepath.Join(dir, "report.json"), filepath.Join(dir, "plot.svg")
	code, stdout, stderr := gatehouse(t.Context(), "bench", "--upstream", address, "--compare", "one=http://"+address+"/v1#sk-secret",
		"two=http://"+address+"/v1", "--key", "env:BENCH_KEY", "-d", "50ms", "--warmup", "0s", "--rounds", "1", "-c", "2",
		"--scenario", "chat,slow", "--chunks", "3", "--gap", "1ms", "--json", report, "--svg", plot)
	if code != 0 || stderr != "" {
		t.Fatalf("status %d, %s", code, stderr)
	}
	var all strings.Builder
	all.WriteString(stdout)
	for _, name := range []string{report, plot} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	for _, want := range []string{"chat: small chats", " one ", " two ", "streams of 3 chunks, 1ms apart", `"per_second"`, "<polyline"} {
		if !strings.Contains(all.String(), want) {
			t.Errorf("%q is nowhere in\n%s", want, &all)
		}
	}
	if strings.Contains(all.String(), "sk-") {
		t.Errorf("there is a key in\n%s", &all)
	}
}

func TestBenchFailsWhenAnswersAreWrong(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") }))
	defer server.Close()
	code, stdout, stderr := gatehouse(t.Context(), "bench", server.URL+"/v1", "-d", "20ms", "--warmup", "0s", "--rounds", "1", "-c", "1")
	if code != 1 || !strings.Contains(stdout, "wrong answer: the answer has 0 choices") || !strings.Contains(stderr, "error: answers were wrong or missing") {
		t.Errorf("status %d\n%s%s", code, stdout, stderr)
	}
}

func TestBenchUpstreamServesUntilInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, w := io.Pipe()
	code := make(chan int, 1)
	go func() {
		code <- cli.Main(ctx, []string{"bench", "upstream", "--listen", "127.0.0.1:0"}, cli.Env{Stdout: w, Stderr: io.Discard})
	}()
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	_, url, ok := strings.Cut(strings.TrimSpace(line), " at ")
	if !ok {
		t.Fatalf("it says %q", line)
	}
	if code, stdout, stderr := gatehouse(t.Context(), "bench", url, "-d", "20ms", "--warmup", "0s", "--rounds", "1", "-c", "1"); code != 0 {
		t.Errorf("status %d\n%s%s", code, stdout, stderr)
	}
	cancel()
	if got := <-code; got != 0 {
		t.Errorf("status %d", got)
	}
}
