package op_test

import (
	"bufio"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/op"
)

func router(t testing.TB) *op.Router {
	t.Helper()
	r, err := op.NewRouter(op.All())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestTableIsWellFormed(t *testing.T) {
	if err := op.All().Validate(); err != nil {
		t.Error(err)
	}
}

// Every operation of OpenAI's document is a row: served under its own ID, or
// absent with a reason.
func TestEveryUpstreamOperationIsARow(t *testing.T) {
	f, err := os.Open("../api/upstream.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := router(t)
	wild := regexp.MustCompile(`\{[^}]+\}`)
	n := 0
	for s := bufio.NewScanner(f); s.Scan(); n++ {
		method, rest, _ := strings.Cut(s.Text(), " ")
		path, id, _ := strings.Cut(rest, " ")
		m := r.Match(method, "/v1"+wild.ReplaceAllString(path, "x"))
		switch {
		case m.Op == nil:
			t.Errorf("no row for %s %s", method, path)
		case m.Op.Level != op.Absent && string(m.Op.ID) != strings.TrimPrefix(id, "beta_"):
			t.Errorf("%s %s is %s upstream, %s here", method, path, id, m.Op.ID)
		}
	}
	if n != 288 {
		t.Errorf("%d operations in the list, want 288", n)
	}
}

func TestEveryRowIsFoundAtItsLevels(t *testing.T) {
	r := router(t)
	wild := regexp.MustCompile(`\{[^}]+\}`)
	for _, o := range op.All().Served() {
		served := map[string]bool{}
		for _, p := range o.Level.Prefixes() {
			served[p] = true
		}
		for _, p := range op.V1.Prefixes() {
			m := r.Match(o.Method, p+wild.ReplaceAllString(o.Path, "a"))
			if got := m.Op != nil && m.Op.ID == o.ID; got != served[p] {
				t.Errorf("%s at %s: found %v, want %v", o.ID, p, got, served[p])
			}
		}
	}
}

func TestMatch(t *testing.T) {
	r := router(t)
	for _, c := range []struct{ method, path, id, allow, param string }{
		{"POST", "/v1/chat/completions", "createChatCompletion", "", ""},
		{"GET", "/v1/chat/completions", "listChatCompletions", "", ""},
		{"PUT", "/v1/chat/completions", "", "POST", ""},
		{"GET", "/v1/embeddings", "", "POST", ""},
		{"GET", "/v1/models/meta/llama:8b", "retrieveModel", "", "meta/llama:8b"},
		{"POST", "/v1/models/x", "", "GET", "x"},
		{"GET", "/v1/models/", "", "", ""},
		{"POST", "/v1/load_lora_adapter", "", "", ""},
		{"POST", "/sleep", "", "", ""},
		{"POST", "/v1beta/embeddings", "createEmbedding", "", ""},
		{"POST", "/v1/pooling", "", "", ""},
		{"POST", "/v1alpha/pooling", "createPooling", "", ""},
		{"POST", "/v1gamma/embeddings", "", "", ""},
		{"POST", "/v1/chat/completions/", "", "", ""},
		{"POST", "/v1/", "", "", ""},
		{"POST", "/v1", "", "", ""},
		{"POST", "", "", "", ""},
		{"GET", "/v1/threads/a/b", "threadsTree", "", "a/b"},
	} {
		m := r.Match(c.method, c.path)
		id := ""
		if m.Op != nil {
			id = string(m.Op.ID)
		}
		if id != c.id || m.Allow != c.allow || m.Param != c.param {
			t.Errorf("%s %s: got %q allow %q param %q, want %q %q %q", c.method, c.path, id, m.Allow, m.Param, c.id, c.allow, c.param)
		}
	}
}

func TestMatchDoesNotAllocate(t *testing.T) {
	r := router(t)
	if n := testing.AllocsPerRun(100, func() { r.Match("POST", "/v1/chat/completions") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
