package page_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/internal/page"
)

func TestWriteAndCheck(t *testing.T) {
	root := t.TempDir()
	p := page.Page{Path: "docs/x.md", Command: "go run ./internal/xdoc", Content: []byte("# X\n")}
	if err := p.Check(root); err == nil {
		t.Error("a page that is missing is up to date")
	}
	if err := p.Write(root); err != nil {
		t.Fatal(err)
	}
	if err := p.Check(root); err != nil {
		t.Error(err)
	}
	p.Content = []byte("# Y\n")
	if err := p.Check(root); err == nil || !strings.Contains(err.Error(), p.Command) {
		t.Errorf("a stale page: %v", err)
	}
	if err := p.Write(filepath.Join(root, "docs", "x.md")); err == nil {
		t.Error("a page was written below a file")
	}
}

func TestMainWrites(t *testing.T) {
	t.Chdir(t.TempDir())
	var stderr bytes.Buffer
	if code := page.Main(&stderr, page.Page{Path: "a/b.md", Content: []byte("x")}); code != 0 || stderr.Len() > 0 {
		t.Errorf("%d %s", code, stderr.String())
	}
	if err := os.WriteFile("c", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if code := page.Main(&stderr, page.Page{Path: "c/d.md"}); code != 1 || !strings.HasPrefix(stderr.String(), "error: ") {
		t.Errorf("%d %s", code, stderr.String())
	}
}
