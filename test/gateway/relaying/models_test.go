package relaying_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-ai/gatehouse/fakellm"
	"github.com/gatehouse-ai/gatehouse/gwtest"
)

// listed is what /v1/models says.
type listed struct {
	Object string           `json:"object"`
	Data   []map[string]any `json:"data"`
}

// ids returns the models that a key sees.
func ids(t *testing.T, g *gwtest.Gateway, key string) []string {
	t.Helper()
	r := ok(t, get(t, g, "/models", key))
	var l listed
	if err := json.Unmarshal(r.Body, &l); err != nil || l.Object != "list" || l.Data == nil {
		t.Fatalf("no list: %s", r.Body)
	}
	var out []string
	for _, m := range l.Data {
		id, isText := m["id"].(string)
		created, isNumber := m["created"].(float64)
		if len(m) != 4 || !isText || m["object"] != "model" || !isNumber || created < 1.7e9 || m["owned_by"] == "" {
			t.Errorf("not a model as OpenAI shows it: %v", m)
		}
		out = append(out, id)
	}
	return out
}

const modelRows = `models:
  - {name: meta-llama/Llama-3.1:8b, owned_by: meta, endpoints: [e]}
  - {name: "a b", endpoints: [e]}
  - {name: "hf.co/x/y%2Fz", endpoints: [e]}
  - {name: ünï/cödé, endpoints: [e]}
  - {prefix: corp/, strip_prefix: true, owned_by: corp, endpoints: [e]}
  - {alias: gpt-4o-mini, of: "meta-llama/Llama-3.1:8b"}
`

func TestModels(t *testing.T) {
	e, line := engine(t, "e", fakellm.OpenAI, "", fakellm.Models("the engine's own"))
	e.Set(fakellm.Script{All: true, Break: &fakellm.Break{How: fakellm.Hang, Where: fakellm.BeforeHeader}})
	g := gwtest.Start(t, "endpoints:\n"+line+modelRows)
	want := []string{"a b", "gpt-4o-mini", "hf.co/x/y%2Fz", "meta-llama/Llama-3.1:8b", "ünï/cödé"}
	if diff := cmp.Diff(want, ids(t, g, gwtest.Key)); diff != "" {
		t.Errorf("want exactly the names of the configuration:\n%s", diff)
	}
	for _, c := range []struct{ path, id, owner string }{
		{"meta-llama/Llama-3.1:8b", "meta-llama/Llama-3.1:8b", "meta"},
		{"meta-llama%2FLlama-3.1%3A8b", "meta-llama/Llama-3.1:8b", "meta"},
		{"meta-llama%2fLlama%2D3.1:8b", "meta-llama/Llama-3.1:8b", "meta"},
		{"gpt-4o-mini", "gpt-4o-mini", "meta"},
		{"a%20b", "a b", "gatehouse"},
		{"hf.co/x/y%252Fz", "hf.co/x/y%2Fz", "gatehouse"},
		{"%C3%BCn%C3%AF/c%C3%B6d%C3%A9", "ünï/cödé", "gatehouse"},
		{"corp/any:thing", "corp/any:thing", "corp"},
		{"corp/a//b/../c", "corp/a//b/../c", "corp"},
	} {
		for _, level := range levels {
			r := dial(t, g, "GET", level+"/models/"+c.path, "", fields{"Authorization", "Bearer " + gwtest.Key}).whole("GET")
			var m struct {
				ID, Object, OwnedBy string
				Created             int64
				Owner               string `json:"owned_by"`
			}
			if err := json.Unmarshal(r.Body, &m); err != nil || r.Status != 200 || m.ID != c.id || m.Object != "model" || m.Owner != c.owner || m.Created == 0 {
				t.Errorf("%s/models/%s: %d %s, want the model %q of %s", level, c.path, r.Status, r.Body, c.id, c.owner)
			}
		}
	}
	for _, path := range []string{"unknown", "corp", "corp/", "meta-llama", "meta-llama/Llama-3.1:8b/", "META-LLAMA/Llama-3.1:8b", "the%20engine's%20own", "a+b"} {
		refused(t, path, get(t, g, "/models/"+path, gwtest.Key), 404, "model_not_found", "model")
	}
	if e.Count() != 0 {
		t.Errorf("the engine was asked %d times for what the gateway knows itself", e.Count())
	}
}

func TestNoModels(t *testing.T) {
	g := gwtest.Start(t, "")
	r := ok(t, get(t, g, "/models", gwtest.Key))
	if string(r.Body) != `{"object":"list","data":[]}` || r.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%s %v", r.Body, r.Header)
	}
}

const (
	aliceKey = "sk-gh-alice-0123456789abcdefghijklmnopqrstuvwxyzABC"
	bobKey   = "sk-gh-bob-0123456789abcdefghijklmnopqrstuvwxyzABCDE"
	rootKey  = "sk-gh-root-0123456789abcdefghijklmnopqrstuvwxyzABCD"
)

// A key sees and uses the models of its list alone, whatever way leads to
// another one.
func TestKeysMayUseTheirModelsAlone(t *testing.T) {
	e, line := engine(t, "e", fakellm.OpenAI, "")
	g := gwtest.Start(t, `keys:
  - {name: alice, key: `+aliceKey+`, models: [cheap, "team-*", ghost]}
  - {name: bob, key: `+bobKey+`, models: [nickname]}
  - {name: root, key: `+rootKey+`}
endpoints:
`+line+`models:
  - {name: cheap, endpoints: [e]}
  - {name: dear, endpoints: [e]}
  - {name: team-a, endpoints: [e]}
  - {prefix: team-, endpoints: [e]}
  - {prefix: x/, strip_prefix: true, endpoints: [e]}
  - {alias: nickname, of: dear}
  - {alias: cheaper, of: cheap}
fallback: {unknown_model: dear}
`)
	for key, want := range map[string][]string{
		aliceKey: {"cheap", "team-a"},
		bobKey:   {"nickname"},
		rootKey:  {"cheap", "cheaper", "dear", "nickname", "team-a"},
	} {
		if diff := cmp.Diff(want, ids(t, g, key)); diff != "" {
			t.Errorf("%s sees other models than it may use:\n%s", key, diff)
		}
	}
	used := 0
	for _, c := range []struct {
		key, model string
		may        bool
	}{
		{aliceKey, "cheap", true},
		{aliceKey, "cheaper", true}, // an alias of what she may use
		{aliceKey, "team-a", true},
		{aliceKey, "team-z", true},
		{aliceKey, "dear", false},
		{aliceKey, "nickname", false},
		{aliceKey, "x/cheap", false},
		{aliceKey, "unknown", false}, // the fallback is a model that she may not use
		{aliceKey, "ghost", false},   // also under a name that her list has
		{aliceKey, "team-", true},
		{aliceKey, "TEAM-a", false},
		{bobKey, "nickname", true}, // what an alias stands for is the operator's business
		{bobKey, "dear", false},
		{bobKey, "cheap", false},
		{bobKey, "unknown", false},
		{rootKey, "dear", true},
		{rootKey, "x/anything", true},
		{rootKey, "unknown", true},
	} {
		head := fields{"Authorization", "Bearer " + c.key, "Content-Type", "application/json"}
		r := do(t, g, http.MethodPost, "/v1/chat/completions", strings.NewReader(named(c.model)), head)
		if c.may {
			if used++; r.Status != 200 {
				t.Errorf("%s may use %s, but got %d %s", c.key, c.model, r.Status, r.Body)
			}
			continue
		}
		refused(t, c.key+" "+c.model, r, 404, "model_not_found", "model")
		if r := get(t, g, "/models/"+c.model, c.key); r.Status != 404 {
			t.Errorf("%s sees %s: %s", c.key, c.model, r.Body)
		}
	}
	if e.Count() != used {
		t.Errorf("the engine got %d requests, %d were allowed", e.Count(), used)
	}
	body, contentType := form(t, upload{"file", "a.wav", []byte("RIFF")}, field{"model", "dear"})
	r := do(t, g, http.MethodPost, "/v1/audio/transcriptions", strings.NewReader(string(body)), fields{"Authorization", "Bearer " + aliceKey, "Content-Type", contentType})
	if refused(t, "a form", r, 404, "model_not_found", "model"); e.Count() != used {
		t.Error("the form reached the engine")
	}
}
