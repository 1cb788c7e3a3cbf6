package house

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Finding is one place that breaks a rule.
type Finding struct {
	Where string // file, file and line, or package
	What  string // what is wrong and what to do
}

// String returns the finding as a line that editors can jump to.
func (f Finding) String() string { return f.Where + ": " + f.What }

// Tree is the production code of one module: every package, without tests.
type Tree struct {
	Module   string
	Packages []*Package // by path
	fset     *token.FileSet
}

// Package is the production code of one package.
type Package struct {
	Path  string // below the module; "." is the root
	Name  string
	Files []*File // by name
}

// File is one file of production code.
type File struct {
	Name      string // path from the root of the module
	Lines     int
	Generated bool // says so itself, in the form that Go tools know
	syntax    *ast.File
}

// Load parses the module whose go.mod stands at the root of fsys. Modules
// inside it, hidden folders and testdata are not part of it.
func Load(fsys fs.FS) (*Tree, error) {
	mod, err := fs.ReadFile(fsys, "go.mod")
	if err != nil {
		return nil, fmt.Errorf("house: the root of a module was wanted: %w", err)
	}
	t := &Tree{Module: modulePath(string(mod)), fset: token.NewFileSet()}
	if t.Module == "" {
		return nil, errors.New("house: go.mod has no module line")
	}
	err = fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			if name != "." && isForeign(fsys, name) {
				return fs.SkipDir
			}
			return nil
		case strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go"):
			return t.add(fsys, name)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(t.Packages, func(a, b *Package) int { return strings.Compare(a.Path, b.Path) })
	return t, nil
}

// modulePath returns the module's path out of the text of its go.mod.
func modulePath(mod string) string {
	for line := range strings.Lines(mod) {
		if rest, ok := strings.CutPrefix(line, "module "); ok {
			return strings.TrimSpace(rest)
		}
	}
	return ""
}

// isForeign tells whether a folder is no part of the module's code.
func isForeign(fsys fs.FS, dir string) bool {
	base := path.Base(dir)
	if strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || base == "testdata" || base == "node_modules" {
		return true
	}
	_, err := fs.Stat(fsys, path.Join(dir, "go.mod"))
	return err == nil
}

// add parses one file into its package.
func (t *Tree) add(fsys fs.FS, name string) error {
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		return err
	}
	syntax, err := parser.ParseFile(t.fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return fmt.Errorf("house: %w", err)
	}
	dir := path.Dir(name)
	k := slices.IndexFunc(t.Packages, func(p *Package) bool { return p.Path == dir })
	if k < 0 {
		k = len(t.Packages)
		t.Packages = append(t.Packages, &Package{Path: dir, Name: syntax.Name.Name})
	}
	p := t.Packages[k]
	p.Files = append(p.Files, &File{
		Name:      name,
		Lines:     strings.Count(string(text), "\n"),
		Generated: ast.IsGenerated(syntax),
		syntax:    syntax,
	})
	return nil
}

// within returns the path of an import below the module, if it is of the module.
func (t *Tree) within(imported string) (string, bool) {
	if imported == t.Module {
		return ".", true
	}
	return strings.CutPrefix(imported, t.Module+"/")
}

// at returns where a position is, as file:line.
func (t *Tree) at(pos token.Pos) string {
	p := t.fset.Position(pos)
	return fmt.Sprintf("%s:%d", p.Filename, p.Line)
}

// matches tells whether a package's path fits a pattern: the path itself, or
// "x/..." for x and everything below it, or "..." for everything.
func matches(pattern, pkg string) bool {
	if pattern == "..." {
		return true
	}
	if tree, ok := strings.CutSuffix(pattern, "/..."); ok {
		return pkg == tree || strings.HasPrefix(pkg, tree+"/")
	}
	return pattern == pkg
}

// matchesAny tells whether one of the patterns fits.
func matchesAny(patterns []string, pkg string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, pkg) })
}
