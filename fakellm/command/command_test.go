package command_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/fakellm/command"
)

func TestServe(t *testing.T) {
	script := filepath.Join(t.TempDir(), "script.json")
	if err := os.WriteFile(script, []byte(`{"queue": [{"refuse": {"status": 503, "shape": "empty"}}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	r, w := io.Pipe()
	code := make(chan int, 1)
	go func() {
		code <- command.Main(ctx, []string{
			"--listen", "127.0.0.1:0", "--dialect", "ollama", "--model", "a:1b", "--model", "b", "--key", "k",
			"--script", script, "--dimensions", "3",
		}, w, io.Discard)
	}()
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	before, url, ok := strings.Cut(strings.TrimSpace(line), " at ")
	if !ok || before != "fakellm: ollama engine with a:1b, b" {
		t.Fatalf("it says %q", line)
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	for _, want := range []struct {
		status int
		body   string
	}{{503, ""}, {200, `"model":"b"`}} {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/api/embed", strings.NewReader(`{"model":"b","input":"x"}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer k")
		res, err := transport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(res.Body)
		if err := res.Body.Close(); err != nil {
			t.Error(err)
		}
		if err != nil || res.StatusCode != want.status || !strings.Contains(string(b), want.body) {
			t.Errorf("%d %s, %v", res.StatusCode, b, err)
		}
	}
	stop()
	if got := <-code; got != 0 {
		t.Errorf("the exit status is %d", got)
	}
}

func TestMistakes(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad.json")
	if err := os.WriteFile(bad, []byte(`{"evry": {}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"-h"}, 0, "Usage: fakellm"},
		{[]string{"--wrong"}, 2, "wrong"},
		{[]string{"more"}, 1, `"more" is no flag`},
		{[]string{"--dialect", "grpc"}, 1, "hint: set --dialect"},
		{[]string{"--script", bad}, 1, `unknown field "evry"`},
		{[]string{"--script", bad + "x"}, 1, "opening the script"},
		{[]string{"--listen", "127.0.0.1:99999"}, 1, "hint: choose another address"},
	} {
		var stderr strings.Builder
		if code := command.Main(t.Context(), c.args, io.Discard, &stderr); code != c.code || !strings.Contains(stderr.String(), c.want) {
			t.Errorf("%q: %d %s", c.args, code, stderr.String())
		}
	}
}
