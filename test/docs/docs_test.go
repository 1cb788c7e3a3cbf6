package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/config"
)

// root is the root of the repository.
const root = "../.."

// TestConfigurationsInDocuments reads every configuration that a document
// shows: a block of YAML whose first line is "# gatehouse.yaml".
func TestConfigurationsInDocuments(t *testing.T) {
	block := regexp.MustCompile("(?s)```yaml\n(# gatehouse\\.yaml\n.*?)```")
	variable := regexp.MustCompile(`\$\{env:(\w+)\}`)
	found := 0
	for _, name := range documents(t) {
		for _, m := range block.FindAllStringSubmatch(read(t, name), -1) {
			found++
			for _, v := range variable.FindAllStringSubmatch(m[1], -1) {
				t.Setenv(v[1], "sk-"+strings.ToLower(v[1]))
			}
			if _, err := config.Parse("gatehouse.yaml", []byte(m[1])); err != nil {
				t.Errorf("%s shows a configuration with mistakes:\n%v\n%s", name, err, m[1])
			}
		}
	}
	if found == 0 {
		t.Error("no document shows a configuration")
	}
}

// documents returns the README and every page below docs.
func documents(t *testing.T) []string {
	t.Helper()
	names := []string{"README.md"}
	err := fs.WalkDir(os.DirFS(root), "docs", func(name string, _ fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(name) == ".md" {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// TestEveryDocumentIsListed wants a link to each page: in docs/README.md, or in
// the README of the page's own folder.
func TestEveryDocumentIsListed(t *testing.T) {
	for _, name := range documents(t) {
		if filepath.Base(name) == "README.md" {
			continue
		}
		listed := false
		for _, index := range []string{"docs/README.md", filepath.Join(filepath.Dir(name), "README.md")} {
			text, err := os.ReadFile(filepath.Join(root, index))
			if err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
			link, err := filepath.Rel(filepath.Dir(index), name)
			if err != nil {
				t.Fatal(err)
			}
			listed = listed || strings.Contains(string(text), "("+filepath.ToSlash(link)+")")
		}
		if !listed {
			t.Errorf("%s is linked from no index: add it to docs/README.md", name)
		}
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
