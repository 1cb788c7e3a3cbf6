package apikey_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-ai/gatehouse/apikey"
)

func TestGenerate(t *testing.T) {
	form := regexp.MustCompile(`^sk-gh-[0-9A-Za-z]{43}$`)
	seen, count := map[string]bool{}, map[rune]int{}
	const n = 2000
	for range n {
		k := apikey.Generate()
		if !form.MatchString(k) {
			t.Fatalf("%q is not of the form %s", k, form)
		}
		if seen[k] {
			t.Fatalf("%q was made twice", k)
		}
		seen[k] = true
		for _, c := range strings.TrimPrefix(k, apikey.Prefix) {
			count[c]++
		}
	}
	// Each character is expected 1387 times with a deviation of 37: ten
	// deviations do not happen by chance, a biased choice is outside them.
	if len(count) != 62 {
		t.Errorf("%d characters are used, want 62", len(count))
	}
	for c, got := range count {
		if want := n * 43 / 62; got < want-370 || got > want+370 {
			t.Errorf("%q came %d times, want about %d", c, got, want)
		}
	}
}

func TestDigestText(t *testing.T) {
	d := apikey.Hash("sk-gh-example")
	sum := sha256.Sum256([]byte("sk-gh-example"))
	want := "sha256:" + hex.EncodeToString(sum[:])
	if d.String() != want {
		t.Errorf("got %s, want %s", d, want)
	}
	var back struct{ D apikey.Digest }
	text, err := json.Marshal(struct{ D apikey.Digest }{d})
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &back); err != nil || back.D != d {
		t.Errorf("%s came back as %s, %v", d, back.D, err)
	}
	if got, err := apikey.ParseDigest(strings.ToUpper(want[7:])); err == nil {
		t.Errorf("a digest without its prefix was read as %s", got)
	}
	if got, err := apikey.ParseDigest("sha256:" + strings.ToUpper(want[7:])); err != nil || got != d {
		t.Errorf("upper case: got %s, %v", got, err)
	}
}

func TestParseDigestDoesNotQuoteKeys(t *testing.T) {
	const canary = "sk-gh-canary4711"
	for _, text := range []string{
		"", "sha256:", canary, "sha256:" + canary, "sha1:00", "sha256:" + strings.Repeat("g", 64),
		"sha256:" + strings.Repeat("0", 63), "sha256:" + strings.Repeat("0", 65),
		"sha256:" + canary + strings.Repeat("0", 64-len(canary)),
	} {
		d, err := apikey.ParseDigest(text)
		if err == nil {
			t.Errorf("%q was read as %s", text, d)
			continue
		}
		if strings.Contains(err.Error(), canary) {
			t.Errorf("the error quotes the text: %v", err)
		}
		if err := d.UnmarshalText([]byte(text)); err == nil || !d.IsZero() {
			t.Errorf("UnmarshalText(%q) gave %s, %v", text, d, err)
		}
	}
}

func TestAllows(t *testing.T) {
	for _, c := range []struct {
		models []string
		model  string
		want   bool
	}{
		{nil, "any", true},
		{[]string{}, "any", true},
		{[]string{"llama"}, "llama", true},
		{[]string{"llama"}, "llama-3", false},
		{[]string{"llama"}, "Llama", false},
		{[]string{"llama-*"}, "llama-3", true},
		{[]string{"llama-*"}, "llama-", true},
		{[]string{"llama-*"}, "llama", false},
		{[]string{"llama-*"}, "x-llama-3", false},
		{[]string{"*"}, "any", true},
		{[]string{"gpt", "claude-*"}, "claude-4", true},
		{[]string{"gpt", "claude-*"}, "gpt-4", false},
		{[]string{"gpt", "claude-*"}, "", false},
	} {
		k := apikey.Key{Models: c.models}
		if got := k.Allows(c.model); got != c.want {
			t.Errorf("%q allows %q: %v", c.models, c.model, got)
		}
	}
}

func TestCheckModel(t *testing.T) {
	for entry, good := range map[string]bool{
		"gpt": true, "gpt-*": true, "*": true, "a/b:c": true,
		"": false, "*x": false, "a*b": false, "a**": false,
	} {
		if err := apikey.CheckModel(entry); (err == nil) != good {
			t.Errorf("%q: %v", entry, err)
		}
	}
}

func TestSet(t *testing.T) {
	one, two := apikey.Generate(), apikey.Generate()
	models := []string{"llama"}
	set, err := apikey.NewSet([]apikey.Key{
		{Name: "one", Digest: apikey.Hash(one), Models: models},
		{Name: "two", Digest: apikey.Hash(two)},
	})
	if err != nil {
		t.Fatal(err)
	}
	models[0] = "changed by the caller"
	want := &apikey.Key{Name: "one", Digest: apikey.Hash(one), Models: []string{"llama"}}
	if diff := cmp.Diff(want, set.Lookup(one)); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
	if k := set.Lookup(two); k == nil || k.Name != "two" {
		t.Errorf("got %v", k)
	}
	for _, wrong := range []string{"", " ", one[1:], one + " ", apikey.Hash(one).String(), strings.ToUpper(one)} {
		if k := set.Lookup(wrong); k != nil {
			t.Errorf("%q found %s", wrong, k.Name)
		}
	}
	if set.Len() != 2 {
		t.Errorf("Len is %d", set.Len())
	}
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			if set.Lookup(one) == nil {
				t.Error("not found")
			}
		})
	}
	wait.Wait()
}

func TestAll(t *testing.T) {
	set, err := apikey.NewSet([]apikey.Key{{Name: "a", Digest: apikey.Hash("1")}, {Name: "b", Digest: apikey.Hash("2")}})
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for k := range set.All() {
		names[k.Name] = true
		if text := map[string]string{"a": "1", "b": "2"}[k.Name]; set.Lookup(text) != k {
			t.Errorf("%s is not the key that is looked up", k.Name)
		}
	}
	if len(names) != 2 {
		t.Errorf("got %v", names)
	}
}

func TestNilSetIsEmpty(t *testing.T) {
	var set *apikey.Set
	for k := range set.All() {
		t.Errorf("a nil set has %s", k.Name)
	}
	if set.Lookup("x") != nil || set.Len() != 0 {
		t.Error("a nil set is not empty")
	}
}

func TestNewSetRefuses(t *testing.T) {
	const canary = "sk-gh-canary4711"
	d := apikey.Hash(canary)
	for name, c := range map[string]struct {
		keys []apikey.Key
		want string
	}{
		"no digest":   {[]apikey.Key{{Name: "a"}}, `the API key "a" has no digest`},
		"one digest":  {[]apikey.Key{{Name: "a", Digest: d}, {Name: "b", Digest: d}}, `the API keys "a" and "b" are the same`},
		"one name":    {[]apikey.Key{{Name: "a", Digest: d}, {Name: "a", Digest: apikey.Hash("x")}}, `two API keys have the name "a"`},
		"empty names": {[]apikey.Key{{Digest: d}, {Digest: apikey.Hash("x")}}, `two API keys have the name ""`},
	} {
		_, err := apikey.NewSet(c.keys)
		if err == nil || err.Error() != c.want {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
}

func TestKeyIsNotPrinted(t *testing.T) {
	const canary = "sk-gh-canary4711"
	set, err := apikey.NewSet([]apikey.Key{{Name: "a", Digest: apikey.Hash(canary)}})
	if err != nil {
		t.Fatal(err)
	}
	if s := fmt.Sprintf("%v %+v %#v %s", set, set, *set.Lookup(canary), *set.Lookup(canary)); strings.Contains(s, "canary") {
		t.Errorf("the key was printed: %s", s)
	}
}

func TestLookupDoesNotAllocate(t *testing.T) {
	key := apikey.Generate()
	long := strings.Repeat("x", 8<<10)
	set, err := apikey.NewSet([]apikey.Key{{Name: "a", Digest: apikey.Hash(key)}})
	if err != nil {
		t.Fatal(err)
	}
	for name, credential := range map[string]string{"key": key, "long": long} {
		if n := testing.AllocsPerRun(100, func() { set.Lookup(credential) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func FuzzParseDigest(f *testing.F) {
	f.Add("sha256:" + strings.Repeat("0a", 32))
	f.Add("sha256:")
	f.Add("sk-gh-x")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := apikey.ParseDigest(text)
		if err != nil {
			return
		}
		if d.String() != strings.ToLower(text) {
			t.Errorf("%q was read as %s", text, d)
		}
	})
}

func BenchmarkLookup(b *testing.B) {
	key := apikey.Generate()
	set, err := apikey.NewSet([]apikey.Key{{Name: "a", Digest: apikey.Hash(key)}})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		set.Lookup(key)
	}
}

func ExampleSet_Lookup() {
	plain := apikey.Generate() // shown to its holder once
	set, err := apikey.NewSet([]apikey.Key{
		{Name: "ci", Digest: apikey.Hash(plain), Models: []string{"llama-*"}},
	})
	if err != nil {
		panic(err)
	}
	k := set.Lookup(plain)
	fmt.Println(k.Name, k.Allows("llama-3.1-8b"), k.Allows("gpt-5"))
	// Output: ci true false
}
