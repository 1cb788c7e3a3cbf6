package page

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Page is one page of the reference.
type Page struct {
	Path    string // below the root of the repository, with slashes
	Command string // that writes it: go run ./internal/…
	Content []byte
}

// Write writes the page below root.
func (p Page) Write(root string) error {
	name := filepath.Join(root, filepath.FromSlash(p.Path))
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return fmt.Errorf("the folder of %s: %w", p.Path, err)
	}
	if err := os.WriteFile(name, p.Content, 0o644); err != nil {
		return fmt.Errorf("writing %s: %w", p.Path, err)
	}
	return nil
}

// Check fails if the page below root is another one than Write would write.
func (p Page) Check(root string) error {
	got, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(p.Path)))
	if err != nil {
		return fmt.Errorf("reading %s: %w", p.Path, err)
	}
	if !bytes.Equal(got, p.Content) {
		return fmt.Errorf("%s is not what its table says: run `%s`", p.Path, p.Command)
	}
	return nil
}

// Main writes pages below the working folder, and returns the exit status.
func Main(stderr io.Writer, pages ...Page) int {
	for _, p := range pages {
		if err := p.Write("."); err != nil {
			fmt.Fprintln(stderr, "error:", err)
			return 1
		}
	}
	return 0
}
