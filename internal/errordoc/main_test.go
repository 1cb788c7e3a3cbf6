package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/fault"
)

func TestPageIsUpToDate(t *testing.T) {
	if err := run("../..", false); err != nil {
		t.Error(err)
	}
}

func TestRun(t *testing.T) {
	root := t.TempDir()
	if err := run(root, false); err == nil {
		t.Error("a missing page is up to date")
	}
	if err := run(root, true); err != nil {
		t.Fatal(err)
	}
	if err := run(root, false); err != nil {
		t.Error(err)
	}
	name := filepath.Join(root, page)
	if err := os.WriteFile(name, []byte("# Errors\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(root, false); err == nil || !strings.Contains(err.Error(), "go run") {
		t.Errorf("a stale page: %v", err)
	}
	if err := run(name, true); err == nil {
		t.Error("a page below a file was written")
	}
}

func TestRender(t *testing.T) {
	got := string(render([]fault.Row{
		{
			Kind: fault.InvalidJSON, Name: "a", Status: 400, Type: "t", Code: "c", Anthropic: "x",
			Source: fault.Client, Level: slog.LevelInfo, Final: true, When: "One | two.",
		},
		{Kind: fault.UpstreamError, Name: "b", Status: 502, Type: "t", Anthropic: "y", Source: fault.Upstream, Level: slog.LevelWarn, Elsewhere: true, When: "Three."},
		{Kind: fault.Busy, Name: "d", Status: 503, Type: "t", Anthropic: "z", Source: fault.Gateway, Level: slog.LevelError, Elsewhere: true, When: "Four."},
	}))
	for _, want := range []string{
		"\n| `a` | 400 | `t` | `c` | `x` | client | info | no | no | One \\| two. |\n",
		"\n| `b` | the endpoint's | the endpoint's | null | `y` | upstream | warn | by its status | yes | Three. |\n",
		"\n| `d` | 503 | `t` | null | `z` | gateway | error | yes | yes | Four. |\n",
		`{"error":{"message":"The model 'llama'`,
		`"request_id":"req_`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
}
