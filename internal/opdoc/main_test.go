package main

import (
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/internal/serving"
	"github.com/gatehouse-ai/gatehouse/op"
)

func TestPagesAreUpToDate(t *testing.T) {
	all, err := pages("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		if err := p.Check("../.."); err != nil {
			t.Error(err)
		}
	}
}

func TestRender(t *testing.T) {
	got := string(render(op.Table{
		{
			ID: op.ChatCompletion, Method: "POST", Path: "/chat", Level: op.V1, Owner: op.Inference, Class: op.Tokens, Reply: op.Stream,
			Compat: op.Forwarded, Model: true, Required: []string{"messages"}, Summary: "Answer | ask.",
		},
		{
			ID: "draw", Method: "POST", Path: "/draw", Level: op.V1Alpha, Owner: op.Inference, Class: op.Upload, Reply: op.JSON,
			Compat: op.Extension, Model: true, DefaultModel: "d", Summary: "Draw.", Note: "With care.",
		},
		{ID: "list", Method: "GET", Path: "/list", Level: op.V1, Owner: op.Models, Class: op.Control, Reply: op.JSON, Compat: op.Full, Summary: "List."},
		{ID: "gone", Path: "/gone/{rest...}", Level: op.Absent, Summary: "Gone.", Note: "It went."},
		{ID: "away", Method: "GET", Path: "/away", Level: op.Absent, Summary: "Away.", Note: "It was."},
	}, serving.Dialects()))
	for _, want := range []string{
		"\n## v1\n\nBelow `/v1`, `/v1beta` and `/v1alpha`.\n",
		"\n## v1alpha\n\nBelow `/v1alpha`.\n",
		"\n| `createChatCompletion` | `POST /chat` | `model`, `messages` | tokens | json or sse | forwarded | as is: openai; translated: anthropic, ollama | Answer \\| ask. |\n",
		"\n| `draw` | `POST /draw` | `model` is `d` if absent | upload | json | extension | as is: openai | Draw. With care. |\n",
		"\n| `list` | `GET /list` |  | control | json | full | the gateway itself | List. |\n",
		"\n| `/gone/{rest...}` | all | Gone. | It went. |\n",
		"\n| `/away` | GET | Away. | It was. |\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
	if strings.Contains(got, "v1beta\n\nBelow") {
		t.Error("a level without operations has a section")
	}
}

func TestDeprecated(t *testing.T) {
	if got := string(deprecated(op.Table{})); !strings.Contains(got, "No operation is deprecated.") {
		t.Error(got)
	}
	got := string(deprecated(op.Table{{
		ID: "old", Method: "GET", Path: "/old", Level: op.V1, Summary: "Old.",
		Deprecated: &op.Deprecation{Since: "2026-01-01", Release: "0.4", Sunset: "2026-12-31", Instead: "fresh", Why: "It is old."},
	}}))
	if want := "| `old` | `GET /old` | v1 | 2026-01-01, 0.4 | 2026-12-31 | `fresh` | It is old. |\n"; !strings.Contains(got, want) {
		t.Errorf("%q is not in\n%s", want, got)
	}
}

func TestParameters(t *testing.T) {
	said, order := verdicts("# X\n\n## Chat completions\n\n| parameter | what | notes |\n| --- | --- | --- |\n| `a`, `b` | translated | |\n| `c` | refused | x |\n\n## Other\n\n| `d` | refused | |\n", "Chat completions")
	if said["a"] != "translated" || said["b"] != "translated" || said["c"] != "refused" || said["d"] != "" || strings.Join(order, "") != "abc" {
		t.Errorf("%v %v", said, order)
	}
}
