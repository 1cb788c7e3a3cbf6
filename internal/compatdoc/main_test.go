package main

import (
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/api"
	"github.com/gatehouse-ai/gatehouse/op"
)

func TestDocumentIsUpToDate(t *testing.T) {
	p, err := document("../..")
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Check("../.."); err != nil {
		t.Error(err)
	}
	// Nothing that is served is left out, and nothing that OpenAI has.
	text := string(p.Content)
	if n := strings.Count(text, "\n| `"); n < 288 {
		t.Errorf("only %d rows", n)
	}
	for _, o := range op.All().Served() {
		if !strings.Contains(text, "| `"+string(o.ID)+"` |") {
			t.Errorf("%s is left out", o.ID)
		}
	}
}

func table() op.Table {
	return op.Table{
		{ID: "listCats", Method: "GET", Path: "/cats", Level: op.V1, Owner: op.Models, Scope: "cats.read", Class: op.Control, Compat: op.Full, Summary: "List."},
		{
			ID: "createCat", Method: "POST", Path: "/cats", Level: op.V1Beta, Owner: op.Inference, Scope: "models.use", Class: op.Upload, Compat: op.Partial,
			Note: "Only | black ones.", DefaultModel: "tom", Deprecated: &op.Deprecation{Since: "2026-01-01", Sunset: "2026-12-31"},
		},
		{ID: "dogs", Path: "/dogs/{rest...}", Level: op.Absent, Note: "They bark."},
		{ID: "createMouse", Method: "POST", Path: "/mice", Level: op.V1Alpha, Scope: op.Public, Class: op.Tokens, Compat: op.Extension},
	}
}

func TestRender(t *testing.T) {
	rows, err := match("POST /cats createCat\nDELETE /dogs/{id} deleteDog\nGET /cats listCats\nPOST /cats beta_createCat\nGET /cats listKittens\n", table())
	if err != nil {
		t.Fatal(err)
	}
	c, err := api.ParseConformance([]byte(`{"gateway":"0.1.0","date":"2026-03-31","results":{"listCats":{"passed":4}}}`))
	if err != nil {
		t.Fatal(err)
	}
	got := string(render(rows, extensions(rows, table()), c))
	for _, want := range []string{
		"each of the 5 operations", "of 2026-03-31 with version 0.1.0", "\n| 2 | 2 | 0 | 1 | 1 |\n", "\n## cats\n", "\n## dogs\n",
		"\n| `listCats` | `GET /cats` | v1 | full | `cats.read` | `control_body` |  | passed (4) | 2026-03-31 |\n",
		"\n| `listKittens` | `GET /cats` | v1 | full | `cats.read` | `control_body` | As `listCats`. | passed (4) | 2026-03-31 |\n",
		"\n| `createCat` | `POST /cats` | v1beta | partial | `models.use` | `upload_body`, `json_body`, rates | Deprecated since 2026-01-01, gone from 2026-12-31. Only \\| black ones. Without a model: `tom`.",
		"\n| `beta_createCat` | `POST /cats` | v1beta | partial | `models.use` | `upload_body`, `json_body`, rates | Deprecated since 2026-01-01, gone from 2026-12-31. The header `OpenAI-Beta` goes on.",
		"\n| `deleteDog` | `DELETE /dogs/{id}` | absent | absent | | | They bark. | | |\n",
		"\n| `createMouse` | `POST /mice` | v1alpha | extension | none | `json_body` |  | not run |  |\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
}

func TestMistakesInTheList(t *testing.T) {
	for list, want := range map[string]string{
		"GET /birds listBirds\n": "GET /birds (listBirds) is in OpenAI's API and has no row",
		"GET /cats\n":            "wanted a method, a path and an ID",
	} {
		if _, err := match(list, table()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", list, err)
		}
	}
}
