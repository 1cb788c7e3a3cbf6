package strictyaml_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-ai/gatehouse/secret"
	"github.com/gatehouse-ai/gatehouse/strictyaml"
)

// canary is what the environment and the files of the tests hold.
const canary = "canary-4711"

type colour string

func (colour) Values() []string { return []string{"red", "green", "blue"} }

// pair has a short form: its name.
type pair struct {
	Name   string `yaml:"name" rule:"required"`
	Weight int    `yaml:"weight" default:"1"`
}

func (p *pair) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		return errors.New("wanted a name")
	}
	p.Name = string(text)
	return nil
}

// words is a list whose short form is one word.
type words []string

func (w *words) UnmarshalText(text []byte) error {
	*w = words{string(text)}
	return nil
}

type part struct {
	On   bool          `yaml:"on"`
	Wait time.Duration `yaml:"wait" default:"30s"`
}

type file struct {
	Name    string                  `yaml:"name" default:"nobody"`
	Colour  colour                  `yaml:"colour" default:"red"`
	Words   words                   `yaml:"words" default:"word"`
	Pairs   []pair                  `yaml:"pairs"`
	Part    part                    `yaml:"part"`
	Parts   map[string]part         `yaml:"parts"`
	Size    strictyaml.Size         `yaml:"size" default:"32MiB"`
	URL     strictyaml.URL          `yaml:"url" rule:"hidden"`
	Path    strictyaml.Path         `yaml:"path"`
	Key     secret.Value            `yaml:"key"`
	Headers map[string]secret.Value `yaml:"headers" rule:"plain"`
	Small   int8                    `yaml:"small"`
	Count   uint                    `yaml:"count"`
	Share   float64                 `yaml:"share"`
	Ignored chan int
}

func source(text string) strictyaml.Source {
	return strictyaml.Source{
		Name: "f", Data: []byte(text), Dir: "/etc/gate",
		Env: func(name string) (string, bool) {
			v, ok := map[string]string{"CANARY": canary, "TEN": "10s", "EMPTY": "", "DOLLAR": "$${env:CANARY}"}[name]
			return v, ok
		},
		ReadFile: func(path string) ([]byte, error) {
			if path == "/etc/gate/key" || path == "/abs" {
				return []byte(canary + "\r\n"), nil
			}
			return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
		},
	}
}

func TestDecode(t *testing.T) {
	const text = `
name: a
colour: green
words: [b, 1.5, 2024-01-01]
pairs:
  - c
  - {name: d, weight: 0}
  - name: 007
part: {on: true}
parts:
  x: {wait: 1h30m}
  "y z":
size: 1 KiB
url: https://host.example:8443/v1//
path: certs/ca.pem
key: ${file:key}
headers:
  X-A: "${env:CANARY}"
  X-B: 5 $ and $$${env:TEN} and ${env:DOLLAR}
small: -128
count: ${env:TEN}
share: 0.25
`
	var f file
	d := strictyaml.Decode(source(strings.Replace(text, "count: ${env:TEN}\n", "count: 7\n", 1)), &f)
	if err := d.Err(); err != nil {
		t.Fatal(err)
	}
	want := file{
		Name: "a", Colour: "green", Words: words{"b", "1.5", "2024-01-01"},
		Pairs: []pair{{"c", 1}, {"d", 0}, {"007", 1}},
		Part:  part{true, 30 * time.Second},
		Parts: map[string]part{"x": {false, 90 * time.Minute}, "y z": {false, 30 * time.Second}},
		Size:  1 << 10, Path: "/etc/gate/certs/ca.pem", Small: -128, Count: 7, Share: 0.25,
	}
	f.Key, want.Key = reveal(t, f.Key, canary), secret.Value{}
	for name, text := range map[string]string{"X-A": canary, "X-B": "5 $ and $10s and $${env:CANARY}"} {
		reveal(t, f.Headers[name], text)
	}
	if got := f.URL.String(); got != "https://host.example:8443/v1" {
		t.Errorf("url: %s", got)
	}
	f.URL, f.Headers = want.URL, want.Headers
	if diff := cmp.Diff(want, f, cmp.AllowUnexported(secret.Value{})); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"/etc/gate/key"}, d.Files()); diff != "" {
		t.Errorf("files: want -, got +:\n%s", diff)
	}
	if w := d.Warnings(); len(w) > 0 {
		t.Errorf("warnings: %v", w)
	}
}

func reveal(t *testing.T, v secret.Value, want string) secret.Value {
	t.Helper()
	if got := v.Reveal(); got != want {
		t.Errorf("the secret is %q, want %q", got, want)
	}
	return secret.Value{}
}

func TestDefaults(t *testing.T) {
	want := file{Name: "nobody", Colour: "red", Words: words{"word"}, Part: part{Wait: 30 * time.Second}, Size: 32 << 20}
	for _, text := range []string{"", "\n", "# nothing\n", "---\n", "---\n...\n", "{}", "~", "part:\n  # wait: 1s\n", "\ufeff# with a mark of byte order\n"} {
		var f file
		if err := strictyaml.Decode(source(text), &f).Err(); err != nil {
			t.Errorf("%q: %v", text, err)
		}
		if diff := cmp.Diff(want, f, cmp.AllowUnexported(secret.Value{})); diff != "" {
			t.Errorf("%q: want -, got +:\n%s", text, diff)
		}
	}
}

func TestMistakes(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"unknown key", "nmae: x", `f:1:1: unknown key "nmae" (did you mean "name"?)`},
		{"unknown key, inside", "part: {\n  wiat: 1s}", `f:2:3: part: unknown key "wiat" (did you mean "wait"?)`},
		{"unknown key, like none", "part: {zzz: 1s}", `f:1:8: part: unknown key "zzz" (known are on, wait)`},
		{"unknown key, long", strings.Repeat("k", 41) + ": x", `f:1:1: unknown key a long text (known are name, colour, words, pairs, part, parts, size, url, path, key, headers, small, count, share)`},
		{"untagged field", "Ignored: 1", `f:1:1: unknown key "Ignored" (known are name, colour, words, pairs, part, parts, size, url, path, key, headers, small, count, share)`},
		{"key twice", "name: a\nname: b", `f:2:1: name: the key stands twice; first on line 1`},
		{"key twice, flow", "part: {on: true, on: true}", `f:1:18: part.on: the key stands twice; first on line 1`},
		{"key no text", "1: x\n[a]: x\n~: x\n? {a: b}\n: x", strings.Join([]string{
			`f:1:1: unknown key "1" (known are name, colour, words, pairs, part, parts, size, url, path, key, headers, small, count, share)`,
			`f:2:1: wanted a text as the key, got a list`,
			`f:3:1: wanted a text as the key, got nothing`,
			`f:4:3: wanted a text as the key, got a mapping`,
		}, "\n")},
		{"missing", "pairs:\n  - weight: 2", `f:2:5: pairs[0].name: the key is missing`},
		{"text for mapping", "part: " + canary, `f:1:7: part: wanted a mapping, got text`},
		{"text for list", "pairs: " + canary, `f:1:8: pairs: wanted a list, got text`},
		{"list for mapping", "part: [a]", `f:1:7: part: wanted a mapping, got a list`},
		{"mapping for text", "name: {a: b}", `f:1:7: name: wanted text, got a mapping`},
		{"list for number", "small: [1]", `f:1:8: small: wanted a whole number, got a list`},
		{"list for secret", "key: [" + canary + "]", `f:1:6: key: wanted text, got a list`},
		{"list for size", "size: [1]", `f:1:7: size: wanted a size such as 64KiB, 32MiB or 1GiB, got a list`},
		{"boolean for text", "name: true", `f:1:7: name: wanted text, got true or false (quote it if it is meant as text)`},
		{"root no mapping", "- a", `f:1:1: wanted a mapping, got a list`},
		{"root text", canary, `f:1:1: wanted a mapping, got text`},
		{"nothing", "name:\nwords: ~\npairs: [~]", "f:1:6: name: nothing stands here (give it a value or leave it out)\nf:2:8: words: nothing stands here (give it a value or leave it out)\nf:3:9: pairs[0]: nothing stands here (give it a value or leave it out)"},
		{"enum", "colour: gren", `f:1:9: colour: wanted red, green or blue, got "gren" (did you mean "green"?)`},
		{"enum, like none", "colour: 12345678901", `f:1:9: colour: wanted red, green or blue, got "12345678901"`},
		{"boolean", "part: {on: yes}", `f:1:12: part.on: wanted true or false, got "yes"`},
		{"duration", "part: {wait: soon}", `f:1:14: part.wait: wanted a duration such as 30s, 5m or 1h30m, got "soon"`},
		{"duration without unit", "part: {wait: 30}", `f:1:14: part.wait: wanted a duration such as 30s, 5m or 1h30m, got "30" (write 30s for seconds)`},
		{"duration negative", "part: {wait: -1s}", `f:1:14: part.wait: wanted a duration that is not negative, got "-1s"`},
		{"size", "size: 32mb", `f:1:7: size: wanted a size such as 64KiB, 32MiB or 1GiB, got "32mb"`},
		{"int too big", "small: 128", `f:1:8: small: wanted a whole number, got "128"`},
		{"uint negative", "count: -1", `f:1:8: count: wanted a whole number that is not negative, got "-1"`},
		{"float", "share: .inf", `f:1:8: share: wanted a number, got ".inf"`},
		{"url", "url: https://me:" + canary + "@host", `f:1:6: url: wanted a URL without user and password; credentials have settings of their own`},
		{"short form", `pairs: [""]`, `f:1:9: pairs[0]: wanted a name, got ""`},
		{"empty secret", `key: ""`, `f:1:6: key: the secret is empty`},
		{"tag", "name: !x y\nkey: !!binary aGk=", "f:1:7: name: tags (!) have no meaning here (quote a text that begins with !)\nf:2:6: key: tags (!) have no meaning here (quote a text that begins with !)"},
		{"secret as tag", "key: !" + canary, `f:1:6: key: tags (!) have no meaning here (quote a text that begins with !)`},
		{"secret as alias", "key: *" + canary, `f:1:6: is not YAML: an alias (*) names an anchor (&) that is not there (quote a text that begins with *)`},
		{"secret as number", "key: !!int " + canary, `f:1:6: key: tags (!) have no meaning here (quote a text that begins with !)`},
		{"tag of a key", "!x name: a", `f:1:1: wanted a text as the key, got a tag (!)`},
		{"two documents", "name: a\n---\nname: b", `f:2:1: a second document begins here (one file holds one document)`},
		{"reference unquoted in braces", "part: {on: ${env:TEN}}", "f:1:13: is not YAML: while parsing a flow mapping: did not find expected ',' or '}' (inside { } and [ ] a text with ${ needs quotes)"},
		{"no such variable", "name: a${env:NONE}b", `f:1:7: name: the environment variable NONE is not set`},
		{"variable is not the kind", "part:\n  wait: ${env:CANARY}", `f:2:9: part.wait: wanted a duration such as 30s, 5m or 1h30m, got something else from "${env:CANARY}"`},
		{"variable is not the kind, enum", "colour: ${env:CANARY}", `f:1:9: colour: wanted red, green or blue, got something else from "${env:CANARY}"`},
		{"empty variable as secret", "key: ${env:EMPTY}", `f:1:6: key: the secret is empty`},
		{"bad references", "words: ['${env:}', '${env:a b}', '${HOME}', '${file:}', '${x', '${env:NONE}${env:NONE2}']", strings.Join([]string{
			"f:1:9: words[0]: ${env:} wants the name of an environment variable (write ${env:NAME})",
			"f:1:20: words[1]: ${env:} wants the name of an environment variable (write ${env:NAME})",
			"f:1:34: words[2]: ${ begins an unknown reference (write ${env:NAME} or ${file:PATH}, and $$ for a $ of its own)",
			"f:1:45: words[3]: ${ begins an unknown reference (write ${env:NAME} or ${file:PATH}, and $$ for a $ of its own)",
			"f:1:57: words[4]: ${ has no } (write $$ for a $ of its own)",
			"f:1:64: words[5]: the environment variable NONE is not set",
			"f:1:64: words[5]: the environment variable NONE2 is not set",
		}, "\n")},
		{"no such file", "key: ${file:none}", `f:1:6: key: the file "/etc/gate/none" cannot be read: file does not exist`},
		{"several at once", "name: [a]\npart:\n  on: 1\n  wait: 2\nsmall: x\nfoo: bar", strings.Join([]string{
			`f:1:7: name: wanted text, got a list`,
			`f:3:7: part.on: wanted true or false, got "1"`,
			`f:4:9: part.wait: wanted a duration such as 30s, 5m or 1h30m, got "2" (write 2s for seconds)`,
			`f:5:8: small: wanted a whole number, got "x"`,
			`f:6:1: unknown key "foo" (known are name, colour, words, pairs, part, parts, size, url, path, key, headers, small, count, share)`,
		}, "\n")},
		{"merge of no mapping", "part:\n  <<: [a]", `f:2:3: part: << wants an alias (*) of a mapping, got text`},
		{"in an alias", "parts:\n  a: &x {wait: 1}\n  b: *x", "f:2:16: parts.a.wait: wanted a duration such as 30s, 5m or 1h30m, got \"1\" (write 1s for seconds)\nf:2:16: parts.b.wait: wanted a duration such as 30s, 5m or 1h30m, got \"1\" (write 1s for seconds)"},
		{"tab", "part:\n\ton: true", "f:2:1: is not YAML: while scanning for the next token: found character that cannot start any token"},
		{"not UTF-8", "name: a\n# \xff", "f:2:3: is not YAML: invalid leading UTF-8 octet (value: 255)"},
		{"control character", "name: a\nkey: \x01", "f:2:6: is not YAML: control characters are not allowed (value: 1)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var f file
			err := strictyaml.Decode(source(c.text), &f).Err()
			if err == nil {
				t.Fatalf("no mistake found; want\n%s", c.want)
			}
			if got := err.Error(); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
			if strings.Contains(err.Error(), canary) {
				t.Errorf("a secret is in the message")
			}
		})
	}
}

// Where there is a mistake, the default stays.
func TestMistakesLeaveDefaults(t *testing.T) {
	var f file
	if strictyaml.Decode(source("part: {wait: soon}\ncolour: gren\nsize: x"), &f).Err() == nil {
		t.Fatal("no mistake found")
	}
	if f.Part.Wait != 30*time.Second || f.Colour != "red" || f.Size != 32<<20 {
		t.Errorf("got %+v", f)
	}
}

func TestMerge(t *testing.T) {
	const text = `
parts:
  a: &a {on: true, wait: 1s}
  b: &b {wait: 2s}
  c: {<<: *a, wait: 3s}
  d: {<<: [*b, *a]}
  e: {"on": true}
`
	var f file
	d := strictyaml.Decode(source(text), &f)
	if err := d.Err(); err != nil {
		t.Fatal(err)
	}
	want := map[string]part{
		"a": {true, time.Second}, "b": {false, 2 * time.Second},
		"c": {true, 3 * time.Second}, "d": {true, 2 * time.Second}, "e": {true, 30 * time.Second},
	}
	if diff := cmp.Diff(want, f.Parts); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
	d.Mistakef("parts.c.wait", "", "late")
	d.Mistakef("parts.d.none", "", "of d")
	if got, want := d.Err().Error(), "f:5:21: parts.c.wait: late\nf:6:3: parts.d.none: of d"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// A small file may not become a large one.
func TestExpansionIsBounded(t *testing.T) {
	// bomb makes each value out of twelve of the one before.
	bomb := func(first, form string) string {
		var b strings.Builder
		b.WriteString("parts:\n  a0: &a0 " + first + "\n")
		for i := 1; i < 12; i++ {
			aliases := strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 12), ", ")
			fmt.Fprintf(&b, "  a%d: &a%d %s\n", i, i, fmt.Sprintf(form, aliases))
		}
		return b.String()
	}
	type lists struct {
		Parts map[string][][][][][][][][]bool `yaml:"parts"`
	}
	for name, c := range map[string]struct {
		text string
		into any
		want string
	}{
		"laughs":    {bomb("[true]", "[%s]"), new(lists), "with its aliases (*) expanded the file has more than 100000 values"},
		"merged":    {bomb("{on: true}", "{<<: [%s]}"), new(file), "with its aliases (*) expanded the file has more than 100000 values"},
		"in itself": {"parts:\n  a: &a {<<: *a}", new(file), "values are nested more than 64 deep, or an alias (*) is inside what it names"},
		"deep":      {"name: " + strings.Repeat("[", 65), new(file), "is not YAML: while increasing flow level: exceeded max depth of 64"},
		"large":     {"# " + strings.Repeat("x", 9<<20), new(file), "the file has more than 8388608 bytes"},
	} {
		err := strictyaml.Decode(source(c.text), c.into).Err()
		if err == nil || strings.Count(err.Error(), c.want) != 1 {
			t.Errorf("%s: got %.300v", name, err)
		}
	}
}

func TestLiteralSecretIsWarnedOf(t *testing.T) {
	var f file
	d := strictyaml.Decode(source("headers: {X-A: plain}\nkey: "+canary), &f)
	if err := d.Err(); err != nil {
		t.Fatal(err)
	}
	want := []strictyaml.Problem{{File: "f", Line: 2, Column: 6, Path: "key", Message: "a secret stands in the file itself", Hint: "write ${env:NAME} or ${file:PATH} instead"}}
	if diff := cmp.Diff(want, d.Warnings()); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
	if s := fmt.Sprintf("%+v %v", f, d); strings.Contains(s, canary) {
		t.Errorf("a secret was printed: %s", s)
	}
}

func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	small, large := filepath.Join(dir, "small"), filepath.Join(dir, "large")
	if err := errors.Join(os.WriteFile(small, []byte("x\n"), 0o600), os.WriteFile(large, make([]byte, 8<<20+1), 0o600)); err != nil {
		t.Fatal(err)
	}
	if got, err := strictyaml.ReadFile(small); err != nil || string(got) != "x\n" {
		t.Errorf("got %q, %v", got, err)
	}
	for path, want := range map[string]string{
		dir:                        "it is not a regular file",
		large:                      "it has more than 8388608 bytes",
		filepath.Join(dir, "none"): "no such file or directory",
	} {
		if _, err := strictyaml.ReadFile(path); err == nil || strictyaml.Reason(err).Error() != want {
			t.Errorf("%s: got %v, want %s", path, err, want)
		}
	}
	var f file
	d := strictyaml.Decode(strictyaml.Source{Data: []byte("name: ${env:GATEHOUSE_TEST}${file:small}"), Dir: dir}, &f)
	if got := fmt.Sprint(d.Err()); got != "1:7: name: the environment variable GATEHOUSE_TEST is not set" {
		t.Error(got)
	}
	t.Setenv("GATEHOUSE_TEST", "y")
	if d := strictyaml.Decode(strictyaml.Source{Data: []byte("name: ${env:GATEHOUSE_TEST}${file:small}"), Dir: dir}, &f); d.Err() != nil || f.Name != "yx" {
		t.Errorf("got %q, %v", f.Name, d.Err())
	}
}

func TestUnusableStructsPanic(t *testing.T) {
	for name, into := range map[string]any{
		"default": &struct {
			N int `yaml:"n" default:"x"`
		}{},
		"kind": &struct {
			N chan int `yaml:"n"`
		}{},
		"map": &struct {
			N map[int]int `yaml:"n"`
		}{},
	} {
		func() {
			defer func() {
				if r := recover(); r == nil || !strings.HasPrefix(fmt.Sprint(r), "strictyaml: ") {
					t.Errorf("%s: got %v", name, r)
				}
			}()
			text := "n: 1"
			if name == "map" {
				text = "n: {1: 1}"
			}
			strictyaml.Decode(source(text), into)
		}()
	}
}

// Every mistake and warning is about a line of the file, and none shows what a
// reference stands for.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		"", "name: a", "part: {on: true, wait: 1s}", "pairs: [a, {name: b, weight: 2}]\nwords: x",
		"parts:\n  a: &a {on: true}\n  b: {<<: *a}", "key: ${env:CANARY}\nname: ${file:key}", "size: 3MiB\nurl: http://h/",
		"part:\n  wait: ${env:CANARY}\ncolour: '${env:CANARY}'\nsmall: ${file:/abs}\nurl: ${env:CANARY}\nsize: ${env:CANARY}",
		"name: !x y", "a: b\n---\nc: d", "? [a]\n: b", "\tx", "name: &x [*x]", "%YAML 1.1\n---\nname: a", "name: |\n  a\n  b\n", "headers: {X: y}\nshare: 1e400",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var into file
		d := strictyaml.Decode(source(text), &into)
		var all []strictyaml.Problem
		if err := d.Err(); err != nil {
			var e *strictyaml.Error
			if !errors.As(err, &e) || len(e.Mistakes) == 0 {
				t.Fatalf("an error without mistakes: %v", err)
			}
			all = e.Mistakes
		}
		lines := 2 + strings.Count(text, "\n") + strings.Count(text, "\r") + strings.Count(text, "\u0085") + strings.Count(text, "\u2028") + strings.Count(text, "\u2029")
		for _, p := range append(all, d.Warnings()...) {
			if p.Line < 1 || p.Line > lines || p.Column < 1 || p.Message == "" {
				t.Errorf("%q: %+v", text, p)
			}
			if strings.Contains(p.String(), canary) && !strings.Contains(text, canary) {
				t.Errorf("%q: shows a secret: %s", text, p)
			}
			if strings.ContainsAny(p.String(), "\n\r") {
				t.Errorf("%q: more than a line: %q", text, p)
			}
		}
	})
}
