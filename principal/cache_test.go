package principal_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-ai/gatehouse/apikey"
	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/principal"
	"github.com/gatehouse-ai/gatehouse/wire"
)

func keySet(tb testing.TB, names ...string) *apikey.Set {
	tb.Helper()
	var keys []apikey.Key
	for _, n := range names {
		keys = append(keys, apikey.Key{Name: n, Digest: apikey.Hash(n)})
	}
	s, err := apikey.NewSet(keys)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// agree compares one request's answers of a cache and of Authenticate.
func agree(tb testing.TB, c *principal.Cache, keys *apikey.Set, h wire.Header, keyless bool) {
	tb.Helper()
	want, wrong := principal.Authenticate(keys, h, keyless)
	got, err := c.Authenticate(keys, h, keyless)
	if got != want || !cmp.Equal(wrong, err) {
		tb.Fatalf("%v keyless %v: got %+v %v, want %+v %v", h, keyless, got, err, want, wrong)
	}
}

// Any two requests after each other get what they would get alone.
func TestCacheAnswersAsAuthenticateDoes(t *testing.T) {
	field := func(name, value string) wire.Field { return wire.Field{Name: name, Value: value} }
	long := strings.Repeat("x", 5000)
	requests := []wire.Header{
		nil,
		{field("Accept", "*/*")},
		{field("Authorization", "Bearer a")},
		{field("AUTHORIZATION", "bearer  a ")},
		{field("Authorization", "Bearer b")},
		{field("Authorization", "Basic a")},
		{field("Authorization", "Bearer ")},
		{field("Authorization", "Bearer a"), field("Accept", "*/*")},
		{field("Authorization", "Bearer a"), field("Authorization", "Bearer b")},
		{field("Authorization", "Bearer a"), field("Authorization", "Bearer a")},
		{field("X-Api-Key", "a")},
		{field("Api-Key", "a")},
		{field("X-Api-Key", "b")},
		{field("X-Api-Key", "b"), field("Api-Key", "a")},
		{field("X-Gatehouse-Key", "a")},
		{field("X-Gatehouse-Key", "a"), field("Authorization", "Bearer b")},
		{field("X-Gatehouse-Key", "nobody"), field("Authorization", "Bearer b")},
		{field("Authorization", "Bearer b"), field("X-Gatehouse-Key", "a")},
		{field("Authorization", "Bearer nobody")},
		{field("Authorization", "Bearer nobody"), field("Api-Key", "b")},
		{field("Authorization", long)},
		{field("Authorization", "Bearer a"), field("Api-Key", long)},
		{field("Authorization", "Bearer a"), field("Api-Key", strings.Repeat("x", 3000))},
	}
	// The same names stand for other keys in the second set.
	sets := []*apikey.Set{keySet(t, "a", "b"), keySet(t, "a"), nil}
	for _, first := range requests {
		for _, second := range requests {
			for i, before := range sets {
				for j, after := range sets {
					c := &principal.Cache{}
					agree(t, c, before, first, i%2 == 0)
					agree(t, c, after, second, j%2 == 0)
					agree(t, c, after, second, j%2 == 1)
					agree(t, c, before, first, i%2 == 0)
					agree(t, nil, before, first, i%2 == 0)
				}
			}
		}
	}
}

func TestCacheSkipsTheHash(t *testing.T) {
	keys, h := keySet(t, "a"), wire.Header{{Name: "Authorization", Value: "Bearer a"}}
	c := &principal.Cache{}
	agree(t, c, keys, h, false)
	if n := testing.AllocsPerRun(100, func() {
		if who, err := c.Authenticate(keys, h, false); err != nil || who.Name() != "a" {
			t.Error(who, err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if s := fmt.Sprintf("%+v %#v", c, *c); strings.Contains(s, "Bearer") || strings.Contains(s, "66 101 97") {
		t.Errorf("the credential is shown: %s", s)
	}
	c.Forget()
	agree(t, c, keys, h, false)
}

func TestCacheForgetsAfterARefusal(t *testing.T) {
	keys, c := keySet(t, "a"), &principal.Cache{}
	agree(t, c, keys, wire.Header{{Name: "Api-Key", Value: "a"}}, false)
	if _, err := c.Authenticate(keys, wire.Header{{Name: "Api-Key", Value: "b"}}, false); err == nil || err.Kind != fault.WrongKey {
		t.Error(err)
	}
	if _, err := c.Authenticate(keys, nil, false); err == nil || err.Kind != fault.MissingKey {
		t.Error(err)
	}
}

// FuzzCache sends requests over one connection. Each line of the text is one
// field; an empty line ends a request, and ! changes the keys.
func FuzzCache(f *testing.F) {
	f.Add("0Bearer a\n\n0Bearer a\n\n1b\n2a\n\n!\n0Bearer a\n\n")
	f.Add("3a\n0Bearer b\n\n0Bearer b\n3a\n\n3nobody\n\n2a\n2b\n")
	f.Fuzz(func(t *testing.T, text string) {
		names := []string{"Authorization", "x-api-key", "Api-Key", "X-Gatehouse-Key", "Accept"}
		sets := []*apikey.Set{keySet(t, "a", "b"), keySet(t, "b", "c")}
		c, set, keyless := &principal.Cache{}, 0, false
		var h wire.Header
		for line := range strings.SplitSeq(text+"\n\n", "\n") {
			switch {
			case line == "":
				agree(t, c, sets[set], h, keyless)
				agree(t, c, sets[set], h, keyless)
				h = nil
			case line == "!":
				set = 1 - set
			case line == "?":
				keyless = !keyless
			default:
				h = append(h, wire.Field{Name: names[int(line[0])%len(names)], Value: line[1:]})
			}
		}
	})
}

func BenchmarkAuthenticate(b *testing.B) {
	keys := keySet(b, "sk-gh-0123456789012345678901234567890123456789012")
	h := wire.Header{
		{Name: "Host", Value: "h"},
		{Name: "Accept", Value: "*/*"},
		{Name: "User-Agent", Value: "OpenAI/Python"},
		{Name: "Content-Type", Value: "application/json"},
		{Name: "Authorization", Value: "Bearer sk-gh-0123456789012345678901234567890123456789012"},
		{Name: "Content-Length", Value: "300"},
	}
	for name, c := range map[string]*principal.Cache{"hashed": nil, "remembered": {}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Authenticate(keys, h, false); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
