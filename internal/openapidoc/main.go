package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/gatehouse-ai/gatehouse/api"
	"github.com/gatehouse-ai/gatehouse/internal/page"
	"github.com/gatehouse-ai/gatehouse/internal/typeschema"
	"github.com/gatehouse-ai/gatehouse/op"
)

const command = "go run ./internal/openapidoc"

func main() {
	pages, err := documents(".")
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
	os.Exit(page.Main(os.Stderr, pages...))
}

// documents are the documents of all levels. root is the root of the repository.
func documents(root string) ([]page.Page, error) {
	modules, err := modules(root)
	if err != nil {
		return nil, err
	}
	examples, err := api.Examples()
	if err != nil {
		return nil, err
	}
	var out []page.Page
	for _, level := range op.Levels() {
		d, err := build(op.All(), level, modules, examples)
		if err != nil {
			return nil, fmt.Errorf("the document of %s: %w", level, err)
		}
		text, err := d.Append(nil)
		if err != nil {
			return nil, err
		}
		out = append(out, page.Page{Path: "api/" + api.OpenAPIFile(level), Command: command, Content: text})
	}
	return out, nil
}

// modules finds the source of the modules whose types have bodies.
func modules(root string) ([]typeschema.Module, error) {
	here, err := filepath.Abs(root)
	if err != nil {
		return nil, fmt.Errorf("the root of the repository: %w", err)
	}
	out := []typeschema.Module{{Path: own, Dir: here, Described: true}}
	for _, path := range []string{openaiSDK, anthropicSDK} {
		cmd := exec.CommandContext(context.Background(), "go", "list", "-m", "-f", "{{.Dir}}", path)
		cmd.Dir = here
		text, err := cmd.Output()
		if dir := strings.TrimSpace(string(text)); err == nil && dir != "" {
			out = append(out, typeschema.Module{Path: path, Dir: dir})
			continue
		}
		return nil, fmt.Errorf("the source of %s is not there: run `go mod download` (%w)", path, err)
	}
	return out, nil
}
