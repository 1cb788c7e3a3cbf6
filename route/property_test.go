package route_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/catalog"
	"github.com/gatehouse-ai/gatehouse/route"
)

// config is what a table is made of.
type config struct {
	models   []catalog.Model
	aliases  []catalog.Alias
	fallback string
}

// lookup says what Table.Lookup should, in the plainest way: it tries everything.
func (c config) lookup(name string) (label, after string, ok bool) {
	label, after, ok = c.find(name, 0)
	if !ok && name != "" && c.fallback != "" {
		return c.find(c.fallback, 0)
	}
	return label, after, ok
}

func (c config) find(name string, aliases int) (label, after string, ok bool) {
	models := c.models
	if name == "" || aliases > len(c.aliases) { // a circle
		return "", "", false
	}
	for _, m := range models {
		if m.Name == name {
			return m.Label(), name, true
		}
	}
	for _, a := range c.aliases {
		if a.Name == name {
			return c.find(a.Of, aliases+1)
		}
	}
	best := -1
	for i, m := range models {
		if m.Prefix != "" && strings.HasPrefix(name, m.Prefix) && !(m.StripPrefix && m.Prefix == name) &&
			(best < 0 || len(m.Prefix) > len(models[best].Prefix)) {
			best = i
		}
	}
	if best >= 0 {
		return models[best].Label(), name, true
	}
	for _, m := range models {
		if m.Pattern != "" && naiveMatch(m.Pattern, name) {
			return m.Label(), name, true
		}
	}
	return "", "", false
}

// valid tells whether every alias and the fallback lead to a row.
func (c config) valid() bool {
	for _, a := range c.aliases {
		if _, _, ok := c.find(a.Name, 0); !ok {
			return false
		}
	}
	_, _, ok := c.find(c.fallback, 0)
	return ok || c.fallback == ""
}

// naiveMatch matches by dynamic programming: can[j] tells whether the pattern
// up to here matches the first j bytes of the name.
func naiveMatch(pattern, name string) bool {
	can := make([]bool, len(name)+1)
	can[0] = true
	for i := range len(pattern) {
		next := make([]bool, len(name)+1)
		for j := range can {
			switch {
			case pattern[i] == '*':
				next[j] = can[j] || j > 0 && next[j-1]
			case j > 0:
				next[j] = can[j-1] && name[j-1] == pattern[i]
			}
		}
		can = next
	}
	return can[len(name)]
}

// word is a random text over a small alphabet, so that texts often meet.
func word(r *rand.Rand, alphabet string, least int) string {
	b := make([]byte, least+r.IntN(6))
	for i := range b {
		b[i] = alphabet[r.IntN(len(alphabet))]
	}
	return string(b)
}

// random returns a configuration whose only mistakes are where aliases and the
// fallback lead.
func random(r *rand.Rand) config {
	var c config
	taken := map[string]bool{}
	fresh := func(s string) bool {
		was := taken[s]
		taken[s] = true
		return !was
	}
	known := []string{word(r, "ab/", 1)}
	for range r.IntN(12) {
		switch w := word(r, "ab/", 1); r.IntN(3) {
		case 0:
			if fresh(w) {
				c.models = append(c.models, name(w))
				known = append(known, w)
			}
		case 1:
			if fresh("prefix " + w) {
				m := prefix(w)
				m.StripPrefix = r.IntN(2) == 0
				c.models = append(c.models, m)
				known = append(known, w+"b")
			}
		default:
			if w = word(r, "ab/*", 0) + "*" + word(r, "ab/*", 0); fresh("pattern " + w) {
				c.models = append(c.models, pattern(w))
				known = append(known, "b"+strings.ReplaceAll(w, "*", "a"))
			}
		}
	}
	for range r.IntN(6) {
		if w := word(r, "ab/", 1); fresh(w) {
			c.aliases = append(c.aliases, catalog.Alias{Name: w, Of: known[r.IntN(len(known))]})
			known = append(known, w)
		}
	}
	if r.IntN(2) == 0 {
		c.fallback = known[r.IntN(len(known))]
	}
	// The order of aliases says nothing.
	r.Shuffle(len(c.aliases), func(i, j int) { c.aliases[i], c.aliases[j] = c.aliases[j], c.aliases[i] })
	return c
}

func TestLookupIsLikeTryingEverything(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	refused, found, missed := 0, 0, 0
	for range 3000 {
		c := random(r)
		tab, err := route.New(c.models, c.aliases, c.fallback)
		if valid := c.valid(); valid != (err == nil) {
			t.Fatalf("valid: %v, error: %v\n%+v", valid, err, c)
		}
		if err != nil {
			refused++
			continue
		}
		for range 30 {
			n := word(r, "ab/", 0)
			label, after, ok := c.lookup(n)
			got, gotOK := tab.Lookup(n)
			if gotOK != ok || ok && (got.Model.Label() != label || got.Name != after) {
				t.Fatalf("%q: got %+v, %v; want %q, %q, %v\n%+v", n, got, gotOK, label, after, ok, c)
			}
			if ok {
				found++
			} else {
				missed++
			}
		}
	}
	if refused < 300 || found < 10000 || missed < 10000 {
		t.Errorf("the test tried too little: %d configurations refused, %d names found, %d missed", refused, found, missed)
	}
}

func FuzzPattern(f *testing.F) {
	f.Add("gpt-*", "gpt-4o")
	f.Add("*-mini", "gpt-4o-mini")
	f.Add("ft:*:acme:*", "ft:gpt:acme:acme:1")
	f.Add("a*a", "a")
	f.Add("*", "")
	f.Add("a**b*b", "ab")
	f.Add("*ab*abc*", "ababc")
	f.Add("ü*ü", "üü")
	f.Fuzz(func(t *testing.T, p, n string) {
		if len(p)*len(n) > 1<<20 {
			return // too much for the naive matcher
		}
		tab, err := route.New([]catalog.Model{pattern(p)}, nil, "")
		if err != nil {
			return
		}
		r, ok := tab.Lookup(n)
		if want := n != "" && naiveMatch(p, n); ok != want || ok && r.Name != n {
			t.Errorf("pattern %q, name %q: got %v, %+v; want %v", p, n, ok, r, want)
		}
	})
}

// A pattern that makes matchers that try again and again take for ever.
func TestPatternTakesLinearTime(t *testing.T) {
	tab := table(t, []catalog.Model{pattern(strings.Repeat("a*", 1000) + "b")}, nil, "")
	if _, ok := tab.Lookup(strings.Repeat("a", 100_000)); ok {
		t.Error("matches without the last letter")
	}
	if _, ok := tab.Lookup(strings.Repeat("a", 100_000) + "b"); !ok {
		t.Error("does not match")
	}
}
