package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/gatehouse-ai/gatehouse/api"
	"github.com/gatehouse-ai/gatehouse/internal/contract"
	"github.com/gatehouse-ai/gatehouse/internal/page"
	"github.com/gatehouse-ai/gatehouse/op"
	"github.com/gatehouse-ai/gatehouse/openapi"
)

func main() {
	files, err := files(".")
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
	pages := make([]page.Page, len(files))
	for i, f := range files {
		pages[i] = f.page()
	}
	os.Exit(page.Main(os.Stderr, pages...))
}

// file is the file of promises of one level.
type file struct {
	level   op.Level
	frozen  []string // lines that it has
	current []string // lines that are true
	own     []string // lines that it must have
}

func (f *file) path() string { return "api/" + f.level.String() + ".txt" }

// files reads the files of all levels. root is the root of the repository.
func files(root string) ([]*file, error) {
	var out []*file
	for _, level := range op.Levels() {
		text, err := api.OpenAPI(level)
		if err != nil {
			return nil, err
		}
		d, err := openapi.Parse(text)
		if err != nil {
			return nil, err
		}
		f := &file{level: level}
		f.current = contract.Promises(level, d, func(*openapi.Operation) bool { return true })
		f.own = contract.Promises(level, d, func(o *openapi.Operation) bool { return o.Level == level.String() })
		if level == op.V1 {
			f.current = append(f.current, contract.Errors()...)
			f.own = append(f.own, contract.Errors()...)
		}
		kept, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(f.path())))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("the promises of %s: %w", level, err)
		}
		f.frozen = contract.Lines(string(kept))
		out = append(out, f)
	}
	return out, nil
}

// page is the file as it should be: what it has, and what is promised beyond.
func (f *file) page() page.Page {
	lines := slices.Clone(f.own)
	head := "# What %s promises, a line each. `go run ./internal/promisedoc` adds lines; none is ever\n# changed or taken away. docs/stability.md has the rules.\n"
	if f.level == op.V1Alpha {
		head = "# What is there at %s alone, a line each, as `go run ./internal/promisedoc` finds it.\n# Nothing of it is promised. docs/stability.md has the rules.\n"
	} else {
		lines = append(lines, f.frozen...)
	}
	slices.Sort(lines)
	text := fmt.Appendf(nil, head, f.level)
	for _, line := range slices.Compact(lines) {
		text = append(append(text, line...), '\n')
	}
	return page.Page{Path: f.path(), Command: "go run ./internal/promisedoc", Content: text}
}
