package house_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-ai/gatehouse/internal/house"
)

// TestChecks runs each archive of testdata: the check that its comment names,
// on the files that it holds, with the findings of its file "want".
func TestChecks(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives in testdata (%v)", err)
	}
	for _, name := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			check, fsys := unpack(t, name)
			want := strings.TrimSpace(string(fsys["want"].Data))
			delete(fsys, "want")
			if diff := cmp.Diff(strings.Split(want, "\n"), run(t, check, fsys)); diff != "" {
				t.Errorf("findings of check %q (-want +got):\n%s", check, diff)
			}
		})
	}
}

// unpack reads an archive: a comment whose first line names a check, and files,
// each after a line "-- name --".
func unpack(t *testing.T, archive string) (check string, fsys fstest.MapFS) {
	t.Helper()
	text, err := os.ReadFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	check, _, _ = strings.Cut(string(text), "\n")
	fsys = fstest.MapFS{}
	var file *fstest.MapFile
	for line := range strings.Lines(string(text)) {
		name, ok := strings.CutPrefix(line, "-- ")
		name, end := strings.CutSuffix(name, " --\n")
		switch {
		case ok && end:
			file = &fstest.MapFile{}
			fsys[name] = file
		case file != nil:
			file.Data = append(file.Data, line...)
		}
	}
	if fsys["want"] == nil {
		t.Fatalf("%s has no file \"want\"", archive)
	}
	return check, fsys
}

// run runs one check and returns its findings as lines; "" is none.
func run(t *testing.T, check string, fsys fstest.MapFS) []string {
	t.Helper()
	var found []house.Finding
	tree := func() *house.Tree { return load(t, fsys) }
	text := func(name string) string { return string(fsys[name].Data) }
	switch check {
	case "layers":
		found = house.ParseLayers("layers.txt", text("layers.txt")).Check(tree())
	case "budget":
		b, err := house.ParseBudget("budget.txt", text("budget.txt"))
		if err != nil {
			t.Fatal(err)
		}
		found = b.Check(tree(), house.Sizes{File: 12, Func: 4, Package: 20})
	case "docs":
		found = house.CheckDocs(tree())
	case "state":
		found = house.CheckState(tree())
	case "imports":
		found = house.ImportRule{Imports: []string{"net/...", "os"}, In: []string{"pure/..."}, Except: []string{"pure/shell"}, Linked: true, Why: "no I/O"}.Check(tree())
	case "uses":
		found = house.UseRule{Names: []string{"time.Sleep", "os.Exit"}, In: []string{"..."}, Except: []string{"cmd/..."}, Why: "never"}.Check(tree())
	case "dependencies":
		found = house.CheckDependencies(tree(), []house.Dependency{
			{Module: "example.org/yaml", In: []string{"config"}, Why: "one reader of YAML"},
			{Module: "example.org/idle", In: []string{"config"}, Why: "nobody needs it"},
		})
	case "words":
		g, err := house.ParseGlossary(text("CONTEXT.md"))
		if err != nil {
			t.Fatal(err)
		}
		found = g.Check(tree())
	case "text":
		var err error
		found, err = house.CheckText(fsys, []house.TextRule{
			{Text: regexp.MustCompile(`(?i)\bverboten\b`), Except: []string{"LICENSE", "third/*"}, Why: "say it otherwise"},
		})
		if err != nil {
			t.Fatal(err)
		}
	case "links":
		var err error
		found, err = house.CheckLinks(fsys)
		if err != nil {
			t.Fatal(err)
		}
	default:
		t.Fatalf("there is no check %q", check)
	}
	lines := make([]string, 0, len(found))
	for _, f := range found {
		lines = append(lines, f.String())
	}
	return strings.Split(strings.Join(lines, "\n"), "\n")
}

func load(t *testing.T, fsys fstest.MapFS) *house.Tree {
	t.Helper()
	tree, err := house.Load(fsys)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func TestLoadRefuses(t *testing.T) {
	for name, files := range map[string]fstest.MapFS{
		"no module":     {"a.go": {Data: []byte("package a\n")}},
		"no name":       {"go.mod": {Data: []byte("go 1.26\n")}},
		"broken syntax": {"go.mod": {Data: []byte("module m\n")}, "a.go": {Data: []byte("pack age\n")}},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := house.Load(files); err == nil {
				t.Error("no error")
			}
		})
	}
}

func TestLoadLeavesOut(t *testing.T) {
	p := &fstest.MapFile{Data: []byte("package p\n")}
	tree := load(t, fstest.MapFS{
		"go.mod": {Data: []byte("module m\n")}, "a/a.go": p, "a/a_test.go": p, "a/testdata/b.go": p,
		".cache/c.go": p, "_old/d.go": p, "sub/go.mod": {Data: []byte("module s\n")}, "sub/e.go": p,
	})
	var got []string
	for _, p := range tree.Packages {
		for _, f := range p.Files {
			got = append(got, f.Name)
		}
	}
	if diff := cmp.Diff([]string{"a/a.go"}, got); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestParseBudgetRefuses(t *testing.T) {
	for _, text := range []string{"file x\n", "file x many\n", "file x 1 2\n"} {
		if _, err := house.ParseBudget("budget.txt", text); err == nil || !strings.HasPrefix(err.Error(), "budget.txt:1: ") {
			t.Errorf("%q: got error %v, want one that names budget.txt:1", text, err)
		}
	}
}

func TestParseGlossaryRefuses(t *testing.T) {
	for _, text := range []string{"", "| **pool** | endpoints |\n", "| **pool** | a | |\n| **pool** | b | |\n", "| **pool** | a | `` |\n", "| **pool** | a | `b |\n"} {
		if _, err := house.ParseGlossary(text); err == nil {
			t.Errorf("%q: no error", text)
		}
	}
}

func TestCheckTextRefuses(t *testing.T) {
	if _, err := house.CheckText(fstest.MapFS{}, nil); err == nil {
		t.Error("without .gitignore: no error")
	}
	for _, line := range []string{"!keep", "a/b"} {
		fsys := fstest.MapFS{".gitignore": {Data: []byte(line + "\n")}}
		if _, err := house.CheckText(fsys, nil); err == nil {
			t.Errorf(".gitignore with %q: no error", line)
		}
	}
}

// FuzzParse holds the parsers of the text files to returning on any input.
func FuzzParse(f *testing.F) {
	for _, name := range []string{"layers.txt", "budget.txt", "CONTEXT.md"} {
		text, err := os.ReadFile(filepath.Join("..", "..", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	tree, err := house.Load(fstest.MapFS{"go.mod": {Data: []byte("module m\n")}, "a/a.go": {Data: []byte("package a\n")}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, found := range house.ParseLayers("l", text).Check(tree) {
			if found.Where == "" || found.What == "" {
				t.Errorf("an empty finding: %v", found)
			}
		}
		if b, err := house.ParseBudget("b", text); err == nil {
			b.Check(tree, house.Sizes{File: 1, Func: 1, Package: 1})
		}
		if g, err := house.ParseGlossary(text); err == nil {
			g.Check(tree)
		}
	})
}
