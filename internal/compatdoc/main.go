package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gatehouse-ai/gatehouse/api"
	"github.com/gatehouse-ai/gatehouse/internal/page"
	"github.com/gatehouse-ai/gatehouse/op"
)

func main() {
	p, err := document(".")
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
	os.Exit(page.Main(os.Stderr, p))
}

// document is the compatibility document. root is the root of the repository.
func document(root string) (page.Page, error) {
	list, err := os.ReadFile(filepath.Join(root, "api", "upstream.txt"))
	if err != nil {
		return page.Page{}, fmt.Errorf("the operations of OpenAI's API: %w", err)
	}
	results, err := os.ReadFile(filepath.Join(root, "api", "conformance.json"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return page.Page{}, fmt.Errorf("the results of conformance: %w", err)
	}
	conformance, err := api.ParseConformance(results)
	if err != nil {
		return page.Page{}, err
	}
	table := op.All()
	rows, err := match(string(list), table)
	if err != nil {
		return page.Page{}, err
	}
	text := render(rows, extensions(rows, table), conformance)
	return page.Page{Path: "api/compatibility.md", Command: "go run ./internal/compatdoc", Content: text}, nil
}
