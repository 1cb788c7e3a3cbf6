package main

import (
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/op"
)

func TestPageIsUpToDate(t *testing.T) {
	if err := reference().Check("../.."); err != nil {
		t.Error(err)
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
	}, dialects()))
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
