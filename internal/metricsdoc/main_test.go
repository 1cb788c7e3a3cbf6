package main

import (
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/telemetry"
)

func TestPageIsUpToDate(t *testing.T) {
	if err := reference().Check("../.."); err != nil {
		t.Error(err)
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
