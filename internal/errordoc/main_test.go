package main

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/fault"
)

func TestPageIsUpToDate(t *testing.T) {
	if err := reference().Check("../.."); err != nil {
		t.Error(err)
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
