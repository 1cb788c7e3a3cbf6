package house

import (
	"fmt"
	"go/ast"
	"go/token"
	"slices"
	"strconv"
	"strings"
)

type importSpec struct {
	path string
	name string // how the file calls it
	pos  token.Pos
}

// imports returns what a file imports.
func (f *File) imports() []importSpec {
	out := make([]importSpec, 0, len(f.syntax.Imports))
	for _, s := range f.syntax.Imports {
		p, err := strconv.Unquote(s.Path.Value)
		if err != nil {
			continue
		}
		name := p[strings.LastIndex(p, "/")+1:]
		if s.Name != nil {
			name = s.Name.Name
		}
		out = append(out, importSpec{p, name, s.Pos()})
	}
	return out
}

// ImportRule forbids imports.
type ImportRule struct {
	Imports []string // import paths; "x/..." is a subtree
	In      []string // packages of the module that it is about
	Except  []string // those of them that may
	Linked  bool     // also through other packages of the module
	Why     string
}

// Check returns every import that breaks the rule.
func (r ImportRule) Check(t *Tree) []Finding {
	var out []Finding
	for _, p := range t.Packages {
		if !matchesAny(r.In, p.Path) || matchesAny(r.Except, p.Path) {
			continue
		}
		for _, link := range t.links(p, r.Linked) {
			if matchesAny(r.Imports, link.path) {
				out = append(out, Finding{t.at(link.pos), fmt.Sprintf("%s imports %s%s: %s", p.Path, link.path, link.by, r.Why)})
			}
		}
	}
	return out
}

type link struct {
	importSpec
	by string // " through x", if the import is another package's
}

// links returns the imports of a package; with deep, those of the packages of
// this module that it imports as well.
func (t *Tree) links(p *Package, deep bool) []link {
	var out []link
	seen := map[string]bool{p.Path: true}
	var visit func(p *Package, by string, at token.Pos)
	visit = func(p *Package, by string, at token.Pos) {
		for _, f := range p.Files {
			for _, imp := range f.imports() {
				if at.IsValid() {
					imp.pos = at
				}
				out = append(out, link{imp, by})
				to, ok := t.within(imp.path)
				if !ok || !deep || seen[to] {
					continue
				}
				seen[to] = true
				if next := t.find(to); next != nil {
					visit(next, " through "+to, imp.pos)
				}
			}
		}
	}
	visit(p, "", token.NoPos)
	return out
}

func (t *Tree) find(pkg string) *Package {
	k := slices.IndexFunc(t.Packages, func(p *Package) bool { return p.Path == pkg })
	if k < 0 {
		return nil
	}
	return t.Packages[k]
}

// UseRule forbids functions and variables of packages that may be imported.
type UseRule struct {
	Names  []string // "time.Sleep": import path, dot, name
	In     []string // packages of the module that it is about
	Except []string // those of them that may
	Why    string
}

// Check returns every use that breaks the rule.
func (r UseRule) Check(t *Tree) []Finding {
	var out []Finding
	for _, p := range t.Packages {
		if !matchesAny(r.In, p.Path) || matchesAny(r.Except, p.Path) {
			continue
		}
		for _, f := range p.Files {
			byName := map[string]string{}
			for _, imp := range f.imports() {
				byName[imp.name] = imp.path
			}
			ast.Inspect(f.syntax, func(n ast.Node) bool {
				sel, ok := n.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				x, ok := sel.X.(*ast.Ident)
				if !ok || byName[x.Name] == "" {
					return true
				}
				if name := byName[x.Name] + "." + sel.Sel.Name; slices.Contains(r.Names, name) {
					out = append(out, Finding{t.at(sel.Pos()), fmt.Sprintf("%s uses %s: %s", p.Path, name, r.Why)})
				}
				return true
			})
		}
	}
	return out
}

// Dependency is a module of others that production code may import.
type Dependency struct {
	Module string
	In     []string // packages that may
	Why    string
}

// CheckDependencies returns every import from outside the standard library and
// the module that the list does not allow, and every row that nothing needs.
func CheckDependencies(t *Tree, list []Dependency) []Finding {
	var out []Finding
	used := map[string]bool{}
	for _, p := range t.Packages {
		for _, l := range t.links(p, false) {
			first, _, _ := strings.Cut(l.path, "/")
			if _, own := t.within(l.path); own || !strings.Contains(first, ".") {
				continue
			}
			k := slices.IndexFunc(list, func(d Dependency) bool { return matches(d.Module+"/...", l.path) })
			switch {
			case k < 0:
				out = append(out, Finding{t.at(l.pos), fmt.Sprintf("%s imports %s, which is no dependency of production code: a new one needs an ADR and a row here", p.Path, l.path)})
			case !matchesAny(list[k].In, p.Path):
				out = append(out, Finding{t.at(l.pos), fmt.Sprintf("%s imports %s, which is kept to %s: %s", p.Path, l.path, strings.Join(list[k].In, ", "), list[k].Why)})
			default:
				used[list[k].Module] = true
			}
		}
	}
	for _, d := range list {
		if !used[d.Module] {
			out = append(out, Finding{d.Module, "nothing imports this dependency: remove its row"})
		}
	}
	return out
}
