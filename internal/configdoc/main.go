package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"

	"github.com/gatehouse-ai/gatehouse/config"
)

const (
	source = "config" // the folder of the structs
	page   = "docs/reference/config.md"
	sample = "docs/reference/gatehouse.yaml"
)

func main() {
	if err := run(".", true); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// run writes both files below the root of the repository, or compares them with
// what it would write.
func run(root string, write bool) error {
	docs, err := readComments(os.DirFS(root), source)
	if err != nil {
		return err
	}
	sections, err := walk(reflect.TypeFor[config.Config](), docs)
	if err != nil {
		return err
	}
	for name, want := range map[string][]byte{page: renderPage(sections), sample: renderSample(sections)} {
		path := filepath.Join(root, filepath.FromSlash(name))
		if write {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				return err
			}
			if err := os.WriteFile(path, want, 0o644); err != nil {
				return err
			}
			continue
		}
		got, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if !bytes.Equal(got, want) {
			return fmt.Errorf("%s is not what the structs of package config say: run `go run ./internal/configdoc`", name)
		}
	}
	return nil
}
