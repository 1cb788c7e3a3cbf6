package main

import (
	"crypto/x509"
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/gatehouse-ai/gatehouse/config"
	"github.com/gatehouse-ai/gatehouse/secret"
)

func TestFilesAreUpToDate(t *testing.T) {
	if err := run("../..", false); err != nil {
		t.Error(err)
	}
}

func TestRun(t *testing.T) {
	root := t.TempDir()
	if err := run(root, true); err == nil {
		t.Error("files were made without structs")
	}
	if err := os.CopyFS(filepath.Join(root, source), os.DirFS("../../"+source)); err != nil {
		t.Fatal(err)
	}
	if err := run(root, false); err == nil {
		t.Error("missing files are up to date")
	}
	if err := run(root, true); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{page, sample} {
		if err := run(root, false); err != nil {
			t.Error(err)
		}
		if err := os.WriteFile(filepath.Join(root, name), []byte("stale\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := run(root, false); err == nil || !strings.HasPrefix(err.Error(), name+" is not what") {
			t.Errorf("a stale %s: %v", name, err)
		}
		if err := run(root, true); err != nil {
			t.Fatal(err)
		}
	}
}

// The sample means what an empty file means.
func TestSampleIsTheDefault(t *testing.T) {
	c, err := config.Load("../../" + sample)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(config.Default(), c, cmpopts.IgnoreUnexported(config.Config{})); diff != "" {
		t.Errorf("default -, sample +:\n%s", diff)
	}
	if w := c.Warnings(); len(w) > 0 {
		t.Errorf("%v", w)
	}
}

// With every example taken out of its comment the sample is a configuration
// that uses every section.
func TestExamplesLoad(t *testing.T) {
	text, err := os.ReadFile("../../" + sample)
	if err != nil {
		t.Fatal(err)
	}
	// A comment has one space after the #, an example none or those of its indent.
	text = regexp.MustCompile(`(?m)^( *)#(\S|  )`).ReplaceAll(text, []byte("$1$2"))
	dir := t.TempDir()
	t.Setenv("VLLM_KEY", "key-of-vllm")
	t.Setenv("GATEHOUSE_ALICE", "key-of-alice-which-is-long")
	write(t, dir, "gatehouse.yaml", string(text))
	write(t, dir, "anthropic.key", "key-of-anthropic\n")
	certificate, privateKey := pair(t)
	write(t, dir, "gatehouse.crt", certificate)
	write(t, dir, "gatehouse.key", privateKey)
	write(t, dir, "clients.crt", certificate)
	c, err := config.Load(filepath.Join(dir, "gatehouse.yaml"))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if w := c.Warnings(); len(w) > 0 {
		t.Errorf("%v", w)
	}
	v := reflect.ValueOf(*c)
	for f := range v.Type().Fields() {
		if f.IsExported() && v.FieldByIndex(f.Index).IsZero() {
			t.Errorf("the examples have no %s", f.Name)
		}
	}
	if c.Limits.Memory == 0 || c.TLS.ClientCAFile == "" || len(c.Endpoints) < 4 || len(c.Models) < 5 || len(c.APIKeys) < 2 {
		t.Errorf("%+v", c)
	}
}

// pair returns a certificate and its key in PEM.
func pair(t *testing.T) (certificate, privateKey string) {
	t.Helper()
	s := httptest.NewTLSServer(nil)
	s.Close()
	c := s.TLS.Certificates[0]
	der, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate[0]})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Every key of the structs is on the page, and nothing that is none.
func TestPageHasEveryKey(t *testing.T) {
	docs, err := readComments(os.DirFS("../.."), source)
	if err != nil {
		t.Fatal(err)
	}
	sections, err := walk(reflect.TypeFor[config.Config](), docs)
	if err != nil {
		t.Fatal(err)
	}
	text := string(renderPage(sections))
	rows := 0
	for _, s := range sections {
		for _, k := range s.keys {
			rows++
			if !strings.Contains(text, "\n| `"+k.name+"` | ") {
				t.Errorf("%s.%s is not on the page", s.path(), k.name)
			}
		}
	}
	if n := strings.Count(text, "\n| `"); n != rows || rows < 50 {
		t.Errorf("%d rows on the page for %d keys", n, rows)
	}
	for _, link := range regexp.MustCompile(`\]\((#[^)]*)\)`).FindAllStringSubmatch(text, -1) {
		found := false
		for _, s := range sections {
			found = found || anchor(title(s)) == link[1]
		}
		if !found {
			t.Errorf("%s leads nowhere", link[1])
		}
	}
}

type inner struct {
	// Whether | not.
	On bool `yaml:"on"`
}

type outer struct {
	// In a list.
	//
	//	list:
	//	  - {on: true}
	List []inner `yaml:"list"`
	// In a map.
	Map map[string]inner `yaml:"map"`
	// How long
	// it takes.
	Wait time.Duration `yaml:"wait" default:"3s"`
	// A secret.
	Key secret.Value `yaml:"key" rule:"required" example:"x"`
	// Inside.
	One inner `yaml:"one"`
	// Not a key.
	None int
}

const outerSource = `package config
type inner struct {
	// Whether | not.
	On bool
}
type (
	outer struct {
		// In a list.
		//
		//	list:
		//	  - {on: true}
		List []inner
		// In a map.
		Map map[string]inner
		// How long
		// it takes.
		Wait time.Duration
		// A secret.
		Key secret.Value
		// Inside.
		One inner
	}
)
`

func TestRender(t *testing.T) {
	docs, err := readComments(fstest.MapFS{"x/a.go": {Data: []byte(outerSource)}, "x/a_test.go": {Data: []byte("nonsense")}, "x/a.txt": {}}, "x")
	if err != nil {
		t.Fatal(err)
	}
	sections, err := walk(reflect.TypeFor[outer](), docs)
	if err != nil {
		t.Fatal(err)
	}
	const wantPage = "\n## The file\n" + `
| Key | Type | Default | Meaning |
| --- | --- | --- | --- |
| ` + "`list`" + ` | list of: [mapping](#list) |  | In a list. |
| ` + "`map`" + ` | mapping of names to: [mapping](#list) |  | In a map. |
| ` + "`wait`" + ` | duration | ` + "`3s`" + ` | How long it takes. |
| ` + "`key`" + ` | secret | **required** | A secret. |
| ` + "`one`" + ` | [mapping](#list) |  | Inside. |

## list

In a list.

Also as ` + "`map`, `one`" + `.

| Key | Type | Default | Meaning |
| --- | --- | --- | --- |
| ` + "`on`" + ` | ` + "`true`, `false` | `false`" + ` | Whether \| not. |

` + "```yaml\nlist:\n  - {on: true}\n```\n"
	if diff := cmp.Diff(wantPage, strings.TrimPrefix(string(renderPage(sections)), intro)); diff != "" {
		t.Errorf("page: want -, got +:\n%s", diff)
	}
	const wantSample = `
# In a list.
#list:
#  - {on: true}

# In a map.
#map:

# How long it takes.
wait: 3s

# A secret.
#key: x

# Inside.
#one:
`
	if diff := cmp.Diff(wantSample, strings.TrimPrefix(string(renderSample(sections)), sampleIntro)); diff != "" {
		t.Errorf("sample: want -, got +:\n%s", diff)
	}
	delete(docs, "inner.On")
	if _, err := walk(reflect.TypeFor[outer](), docs); err == nil || err.Error() != "the field On of inner has no comment" {
		t.Errorf("a field without a comment: %v", err)
	}
	if _, err := readComments(fstest.MapFS{"x/a.go": {Data: []byte("nonsense")}}, "x"); err == nil {
		t.Error("what is not Go was read")
	}
}
