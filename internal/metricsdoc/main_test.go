package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/telemetry"
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
	if err := os.WriteFile(name, []byte("# Metrics\n"), 0o600); err != nil {
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
	got := string(render([]telemetry.Metric{
		{Name: "a_total", Type: telemetry.Counter, Labels: []string{"x", "y"}, Series: 7, Help: "One | two."},
		{Name: "b", Type: telemetry.Gauge, Help: "Three."},
		{Name: "c", Type: telemetry.Histogram, Buckets: []float64{0.005, 1, 600}, Help: "Four."},
	}))
	for _, want := range []string{
		"\n| `a_total` | counter | `x`, `y` | ≤ 7 | One \\| two. |\n",
		"\n| `b` | gauge |  |  | Three. |\n",
		"\n- `c`: 0.005, 1, 600\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
}
