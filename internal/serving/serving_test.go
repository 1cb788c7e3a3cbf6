package serving_test

import (
	"testing"

	"github.com/gatehouse-ai/gatehouse/internal/serving"
	"github.com/gatehouse-ai/gatehouse/op"
)

func rows() map[op.ID]*op.Operation {
	out := map[op.ID]*op.Operation{}
	for _, o := range op.All().Served() {
		out[o.ID] = o
	}
	return out
}

// Whatever an engine serves can be asked of it through one of its dialects.
func TestEnginesAreReached(t *testing.T) {
	all, dialects := rows(), map[string]serving.Dialect{}
	for _, d := range serving.Dialects() {
		dialects[d.Name] = d
	}
	for _, e := range serving.Engines() {
		for _, id := range e.Operations {
			reached := false
			for _, name := range e.Dialects {
				d, known := dialects[name]
				if !known || all[id] == nil {
					t.Fatalf("%s: there is no dialect %s or no operation %s", e.Name, name, id)
				}
				reached = reached || d.Serves(all[id]) != serving.Not
			}
			if !reached {
				t.Errorf("%s serves %s, and no dialect of %v can ask for it", e.Name, id, e.Dialects)
			}
		}
	}
}

func TestServes(t *testing.T) {
	all := rows()
	for _, d := range serving.Dialects() {
		if got := d.Serves(all["listModels"]); got != serving.Not {
			t.Errorf("%s serves what the gateway itself does: %s", d.Name, got)
		}
		want := serving.Translated
		if d.Name == "openai" {
			want = serving.AsIs
		}
		if got := d.Serves(all[op.Embedding]); d.Name != "anthropic" && got != want {
			t.Errorf("%s: embeddings %s", d.Name, got)
		}
	}
}

func TestResults(t *testing.T) {
	runs, err := serving.ParseRuns([]byte(`{"vLLM":{"version":"1","date":"2026-03-31","passed":["tokenize"],"failed":{"createScore":"500"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	vllm := serving.Engine{Name: "vLLM", Operations: []op.ID{"tokenize", "createScore", "detokenize"}}
	for id, want := range map[op.ID]string{
		"tokenize": "passed 2026-03-31", "createScore": "failed 2026-03-31: 500", "detokenize": "said, not run", "createImage": "",
	} {
		if got := runs.Result(vllm, id); got != want {
			t.Errorf("%s: got %q, want %q", id, got, want)
		}
	}
	if _, err := serving.ParseRuns([]byte("{")); err == nil {
		t.Error("broken text was read")
	}
	if none, err := serving.ParseRuns(nil); err != nil || none.Result(vllm, "tokenize") != "said, not run" {
		t.Errorf("no runs: %v %v", none, err)
	}
}
