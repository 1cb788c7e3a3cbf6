package route_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-ai/gatehouse/catalog"
	"github.com/gatehouse-ai/gatehouse/route"
)

// pool is one that New has nothing to say against.
func pool() []catalog.Target {
	return []catalog.Target{{Endpoint: &catalog.Endpoint{Name: "gpu"}, Weight: 1}}
}

func name(s string) catalog.Model    { return catalog.Model{Name: s, Pool: pool()} }
func prefix(s string) catalog.Model  { return catalog.Model{Prefix: s, Pool: pool()} }
func pattern(s string) catalog.Model { return catalog.Model{Pattern: s, Pool: pool()} }
func strip(s string) catalog.Model {
	return catalog.Model{Prefix: s, StripPrefix: true, Pool: pool()}
}

func table(t testing.TB, models []catalog.Model, aliases []catalog.Alias, fallback string) *route.Table {
	t.Helper()
	tab, err := route.New(models, aliases, fallback)
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

func TestLookup(t *testing.T) {
	tab := table(t, []catalog.Model{
		pattern("*-mini"),
		pattern("gpt-*"),
		name("llama-3.1-8b"), name("claude-opus"), name("org/model:8b"),
		prefix("claude-"), prefix("claude-3-"), strip("corp/"), strip("corp/eu/"), prefix("c"),
		pattern("ft:*:acme:*"),
	}, []catalog.Alias{
		{Name: "small", Of: "llama-3.1-8b"},
		{Name: "tiny", Of: "smaller"},
		{Name: "smaller", Of: "small"},
		{Name: "sonnet", Of: "claude-3-sonnet"},
		{Name: "ours", Of: "corp/x"},
		{Name: "gpt-4o-mini", Of: "small"},
		{Name: "tuned", Of: "ft:gpt:acme:1"},
	}, "")
	for _, c := range []struct{ name, label, after, upstream string }{
		{"llama-3.1-8b", "llama-3.1-8b", "llama-3.1-8b", "llama-3.1-8b"},
		{"LLAMA-3.1-8B", "", "", ""},
		{"claude-opus", "claude-opus", "claude-opus", "claude-opus"},
		{"claude-opus-4", "claude-*", "claude-opus-4", "claude-opus-4"},
		{"claude-", "claude-*", "claude-", "claude-"},
		{"claude", "c*", "claude", "claude"},
		{"claude-3-haiku", "claude-3-*", "claude-3-haiku", "claude-3-haiku"},
		{"corp/x/y:z", "corp/*", "corp/x/y:z", "x/y:z"},
		{"corp/eu/x", "corp/eu/*", "corp/eu/x", "x"},
		{"corp/eu/", "corp/*", "corp/eu/", "eu/"},
		{"corp/", "c*", "corp/", "corp/"},
		{"corp/corp/x", "corp/*", "corp/corp/x", "corp/x"},
		{"org/model:8b", "org/model:8b", "org/model:8b", "org/model:8b"},
		{"small", "llama-3.1-8b", "llama-3.1-8b", "llama-3.1-8b"},
		{"tiny", "llama-3.1-8b", "llama-3.1-8b", "llama-3.1-8b"},
		{"sonnet", "claude-3-*", "claude-3-sonnet", "claude-3-sonnet"},
		{"ours", "corp/*", "corp/x", "x"},
		{"gpt-4o-mini", "llama-3.1-8b", "llama-3.1-8b", "llama-3.1-8b"}, // alias before pattern
		{"gpt-5-mini", "*-mini", "gpt-5-mini", "gpt-5-mini"},            // patterns in order
		{"gpt-5", "gpt-*", "gpt-5", "gpt-5"},
		{"claude-mini", "claude-*", "claude-mini", "claude-mini"}, // prefix before pattern
		{"tuned", "ft:*:acme:*", "ft:gpt:acme:1", "ft:gpt:acme:1"},
		{"ft:gpt:other:1", "", "", ""},
		{"unknown", "", "", ""},
		{"", "", "", ""},
	} {
		r, ok := tab.Lookup(c.name)
		if ok != (c.label != "") || r.Fallback {
			t.Errorf("%q: found %v, %+v", c.name, ok, r)
			continue
		}
		if !ok {
			continue
		}
		if got := route.Upstream(r, &r.Model.Pool[0]); r.Model.Label() != c.label || r.Name != c.after || got != c.upstream {
			t.Errorf("%q: got row %q, name %q, upstream %q; want %q, %q, %q",
				c.name, r.Model.Label(), r.Name, got, c.label, c.after, c.upstream)
		}
	}
}

func TestTargetsOwnNameWins(t *testing.T) {
	m := strip("corp/")
	m.Pool = append(m.Pool, catalog.Target{Endpoint: &catalog.Endpoint{Name: "laptop"}, Model: "llama3.1:8b"})
	r, ok := table(t, []catalog.Model{m}, nil, "").Lookup("corp/llama")
	if !ok {
		t.Fatal("not found")
	}
	if got := route.Upstream(r, &r.Model.Pool[1]); got != "llama3.1:8b" {
		t.Errorf("got %q", got)
	}
	if got := route.Upstream(r, &r.Model.Pool[0]); got != "llama" {
		t.Errorf("got %q", got)
	}
}

func TestFallback(t *testing.T) {
	models := []catalog.Model{name("llama"), prefix("claude-"), pattern("gpt-*")}
	aliases := []catalog.Alias{{Name: "small", Of: "llama"}}
	for _, c := range []struct{ fallback, label, after string }{
		{"llama", "llama", "llama"},
		{"small", "llama", "llama"},
		{"claude-haiku", "claude-*", "claude-haiku"},
		{"gpt-4o", "gpt-*", "gpt-4o"},
	} {
		tab := table(t, models, aliases, c.fallback)
		r, ok := tab.Lookup("no-such-model")
		if !ok || !r.Fallback || r.Model.Label() != c.label || r.Name != c.after {
			t.Errorf("%s: got %+v, %v", c.fallback, r, ok)
		}
		if r, ok := tab.Lookup("small"); !ok || r.Fallback {
			t.Errorf("%s: a known name is served by the fallback: %+v, %v", c.fallback, r, ok)
		}
		if _, ok := tab.Lookup(""); ok {
			t.Errorf("%s: a request without a model is served", c.fallback)
		}
	}
}

func TestVisible(t *testing.T) {
	own := name("zeta")
	own.OwnedBy, own.Created = "acme", 1700000000
	tab := table(t, []catalog.Model{own, name("org/b:8b"), prefix("claude-"), pattern("gpt-*")},
		[]catalog.Alias{{Name: "a", Of: "zeta"}, {Name: "m", Of: "claude-x"}}, "zeta")
	type line struct {
		ID, OwnedBy, Row string
		Created          int64
	}
	var got []line
	for _, l := range tab.Visible() {
		got = append(got, line{l.ID, l.OwnedBy, l.Model.Label(), l.Created})
	}
	want := []line{
		{"a", "acme", "zeta", 1700000000},
		{"m", "gatehouse", "claude-*", 0},
		{"org/b:8b", "gatehouse", "org/b:8b", 0},
		{"zeta", "acme", "zeta", 1700000000},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEveryMistakeIsReported(t *testing.T) {
	bare := catalog.Endpoint{Name: "gpu"}
	for _, c := range []struct {
		what     string
		models   []catalog.Model
		aliases  []catalog.Alias
		fallback string
		want     []string // one for each line, in order
	}{
		{"nothing", nil, nil, "", nil},
		{"no name", []catalog.Model{{Pool: pool()}}, nil, "", []string{`model 1: has no name`}},
		{"two names", []catalog.Model{{Name: "a", Prefix: "b", Pool: pool()}}, nil, "", []string{`model "a" and prefix "b": are one row`}},
		{
			"twice",
			[]catalog.Model{name("a"), name("a"), prefix("a"), prefix("a"), pattern("a*"), pattern("a*")},
			nil, "",
			[]string{`model "a": defined twice`, `prefix "a": defined twice`, `pattern "a*": defined twice`},
		},
		{
			"stars",
			[]catalog.Model{name("a*"), prefix("b*"), pattern("c")},
			[]catalog.Alias{{Name: "d*", Of: "b*x"}},
			"",
			[]string{`model "a*": a name has no *`, `prefix "b*": a prefix has no *`, `pattern "c": has no *`, `alias "d*": an alias has no *`},
		},
		{"strip what", []catalog.Model{{Name: "a", StripPrefix: true, Pool: pool()}}, nil, "", []string{`model "a": has no prefix to strip`}},
		{
			"pools",
			[]catalog.Model{{Name: "a"}, {Name: "b", Pool: []catalog.Target{{Weight: 1}, {Endpoint: &bare, Weight: -2}}}},
			nil, "",
			[]string{`model "a": has no endpoints`, `model "b": target 1 has no endpoint`, `model "b": target 2 has weight -2`},
		},
		{
			"texts",
			[]catalog.Model{name("a\xff"), name("b\n"), name(" c")},
			[]catalog.Alias{{Name: "d\x00", Of: " c"}},
			"",
			[]string{`is not valid UTF-8`, `has control characters`, `begins or ends with a space`, `alias "d\x00": has control`},
		},
		{
			"aliases",
			[]catalog.Model{name("a")},
			[]catalog.Alias{{Of: "a"}, {Name: "a", Of: "a"}, {Name: "b"}, {Name: "c", Of: "a"}, {Name: "c", Of: "a"}},
			"",
			[]string{`alias 1: has no name`, `alias "a": is also the name of a model`, `alias "b": does not say`, `alias "c": defined twice`},
		},
		{
			"alias of nothing",
			[]catalog.Model{name("a")},
			[]catalog.Alias{{Name: "c", Of: "b"}, {Name: "b", Of: "none"}},
			"",
			[]string{`alias "b": no model, alias, prefix or pattern serves "none"`},
		},
		{
			"circles",
			[]catalog.Model{prefix("a")},
			[]catalog.Alias{{Name: "x", Of: "y"}, {Name: "y", Of: "z"}, {Name: "z", Of: "y"}, {Name: "s", Of: "s"}},
			"",
			[]string{`alias "y": leads round in a circle: y → z → y`, `alias "s": leads round in a circle: s → s`},
		},
		{
			"no second chance by prefix",
			[]catalog.Model{prefix("a")},
			[]catalog.Alias{{Name: "ab", Of: "ac"}, {Name: "ac", Of: "ab"}},
			"",
			[]string{`alias "ab": leads round in a circle: ab → ac → ab`},
		},
		{"fallback", []catalog.Model{name("a")}, nil, "b", []string{`fallback "b": no model`}},
		{
			"all at once",
			[]catalog.Model{{Name: "a"}},
			[]catalog.Alias{{Name: "b", Of: "c"}},
			"d",
			[]string{`model "a": has no endpoints`, `alias "b": no model`, `fallback "d": no model`},
		},
	} {
		tab, err := route.New(c.models, c.aliases, c.fallback)
		if (err == nil) != (tab != nil) || (err == nil) != (c.want == nil) {
			t.Errorf("%s: table %v, error %v", c.what, tab != nil, err)
		}
		if err == nil {
			continue
		}
		lines := strings.Split(err.Error(), "\n")
		if len(lines) != len(c.want) {
			t.Errorf("%s: got %d mistakes, want %d:\n%v", c.what, len(lines), len(c.want), err)
			continue
		}
		for i, want := range c.want {
			if !strings.Contains(lines[i], want) {
				t.Errorf("%s: got %q, want %q in it", c.what, lines[i], want)
			}
		}
	}
}

func TestLaterChangesOfTheArgumentsDoNotMatter(t *testing.T) {
	models := []catalog.Model{name("a")}
	tab := table(t, models, nil, "")
	models[0].Name = "b"
	if r, ok := tab.Lookup("a"); !ok || r.Model.Name != "a" {
		t.Errorf("got %+v, %v", r, ok)
	}
}

// large returns a table of 10,000 names and 1,000 prefixes, some of them
// within others, as a site with many tenants might have.
func large(t testing.TB) *route.Table {
	var models []catalog.Model
	for i := range 10_000 {
		models = append(models, name(fmt.Sprintf("org-%d/model-%d", i%100, i)))
	}
	for i := range 500 {
		models = append(models, prefix(fmt.Sprintf("tenant-%d/", i)), strip(fmt.Sprintf("tenant-%d/eu/", i)))
	}
	models = append(models, pattern("ft:*:acme:*"), pattern("*-preview"))
	return table(t, models, []catalog.Alias{{Name: "small", Of: "org-1/model-1"}}, "small")
}

// requests are names that take each way through the table.
func requests() map[string]string {
	return map[string]string{
		"exact":    "org-42/model-4242",
		"alias":    "small",
		"prefix":   "tenant-321/some-model-of-theirs",
		"pattern":  "ft:gpt-4o:acme:2024-08-06",
		"fallback": "no-such-model-anywhere",
	}
}

func TestLookupDoesNotAllocate(t *testing.T) {
	tab := large(t)
	for way, n := range requests() {
		r, ok := tab.Lookup(n)
		if !ok || r.Fallback != (way == "fallback") || way == "prefix" && r.Model.Prefix == "" || way == "pattern" && r.Model.Pattern == "" {
			t.Errorf("%s: %q goes another way: %+v, %v", way, n, r, ok)
		}
		if label := r.Model.Label(); tab.Label(r) != label {
			t.Errorf("%s: the label is %q, want %q", way, tab.Label(r), label)
		}
		if a := testing.AllocsPerRun(100, func() {
			r, _ := tab.Lookup(n)
			route.Upstream(r, &r.Model.Pool[0])
			tab.Label(r)
		}); a != 0 {
			t.Errorf("%s: %v allocations", way, a)
		}
	}
}

func BenchmarkLookup(b *testing.B) {
	tab := large(b)
	for _, way := range []string{"exact", "alias", "prefix", "pattern", "fallback"} {
		n := requests()[way]
		b.Run(way, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				tab.Lookup(n)
			}
		})
	}
}

func BenchmarkNew(b *testing.B) {
	var models []catalog.Model
	var aliases []catalog.Alias
	for i := range 10_000 {
		models = append(models, name(fmt.Sprintf("model-%d", i)), prefix(strings.Repeat("a", i%500+1)+strconv.Itoa(i)))
		aliases = append(aliases, catalog.Alias{Name: fmt.Sprintf("alias-%d", i), Of: fmt.Sprintf("alias-%d", i+1)})
	}
	aliases = append(aliases, catalog.Alias{Name: "alias-10000", Of: "model-1"})
	for b.Loop() {
		if _, err := route.New(models, aliases, ""); err != nil {
			b.Fatal(err)
		}
	}
}
