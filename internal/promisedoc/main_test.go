package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/internal/contract"
	"github.com/gatehouse-ai/gatehouse/op"
)

func TestFilesAreUpToDate(t *testing.T) {
	all, err := files("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		if err := f.page().Check("../.."); err != nil {
			t.Error(err)
		}
		if f.level == op.V1 && len(f.frozen) < 500 {
			t.Errorf("only %d lines are promised of %s", len(f.frozen), f.level)
		}
	}
}

func waivers(t *testing.T) []contract.Waiver {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "api", "waivers.txt"))
	if err != nil {
		t.Fatal(err)
	}
	out, err := contract.ParseWaivers(string(text))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Every promise is kept: what a file says is true.
func TestPromisesAreKept(t *testing.T) {
	all, err := files("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		for _, line := range contract.Broken(f.level, f.frozen, f.current, waivers(t)) {
			if f.level != op.V1Alpha {
				t.Errorf("%s: not true any more: %s", f.path(), line)
			}
		}
	}
}

// No line goes that the last release had.
func TestNoPromiseIsTakenBack(t *testing.T) {
	all, err := files("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		if f.level == op.V1Alpha {
			continue
		}
		text, err := os.ReadFile(filepath.Join("..", "..", "api", "released", f.level.String()+".txt"))
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range contract.Broken(f.level, contract.Lines(string(text)), f.frozen, waivers(t)) {
			t.Errorf("%s: the last release promised: %s", f.path(), line)
		}
	}
}

func TestPage(t *testing.T) {
	f := &file{level: op.V1, frozen: []string{"b", "z"}, own: []string{"a", "b"}}
	if got := contract.Lines(string(f.page().Content)); !slices.Equal(got, []string{"a", "b", "z"}) {
		t.Errorf("got %v: a promise was taken away or not added", got)
	}
	f.level = op.V1Alpha
	p := f.page()
	if got := contract.Lines(string(p.Content)); !slices.Equal(got, []string{"a", "b"}) || !strings.Contains(string(p.Content), "Nothing of it is promised") {
		t.Errorf("%s", p.Content)
	}
}
