package house

import (
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// CheckState returns every init function, every package-level variable that
// something changes, and every one whose type exists to be changed (locks,
// pools, atomics, channels, empty maps).
//
// It is a heuristic: a table that is only read passes, and so does one that is
// changed behind a pointer that was handed out.
func CheckState(t *Tree) []Finding {
	var out []Finding
	for _, p := range t.Packages {
		out = append(out, t.checkState(p)...)
	}
	return out
}

// noImporter makes go/types go on without the packages that are imported:
// names of this package are resolved all the same.
type noImporter struct{}

var errNoImport = errors.New("imports are not read")

// Import always fails.
func (noImporter) Import(string) (*types.Package, error) { return nil, errNoImport }

// stateOf is the check of one package.
type stateOf struct {
	tree *Tree
	pkg  *types.Package
	info *types.Info
	out  []Finding
}

func (t *Tree) checkState(p *Package) []Finding {
	s := stateOf{tree: t, info: &types.Info{Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}}}
	conf := types.Config{Importer: noImporter{}, Error: func(error) {}}
	files := make([]*ast.File, 0, len(p.Files))
	for _, f := range p.Files {
		files = append(files, f.syntax)
	}
	s.pkg, _ = conf.Check(p.Path, t.fset, files, s.info) // its errors are those of the missing imports
	for _, f := range files {
		for _, d := range f.Decls {
			s.declaration(d)
		}
		ast.Inspect(f, s.visit)
	}
	return s.out
}

func (s *stateOf) find(pos token.Pos, format string, args ...any) {
	s.out = append(s.out, Finding{s.tree.at(pos), fmt.Sprintf(format, args...)})
}

// declaration looks at what is declared at the level of the package.
func (s *stateOf) declaration(d ast.Decl) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil && d.Name.Name == "init" {
			s.find(d.Pos(), "init runs before anybody asked: call a function where it is needed")
		}
	case *ast.GenDecl:
		if d.Tok != token.VAR {
			return
		}
		for _, spec := range d.Specs {
			v, ok := spec.(*ast.ValueSpec)
			if !ok {
				continue
			}
			kind := stateful(v.Type)
			for _, x := range v.Values {
				if kind == "" {
					kind = stateful(x)
				}
			}
			if kind != "" {
				s.find(v.Pos(), "%s is a package-level %s, which is there to be changed: make it a field", v.Names[0].Name, kind)
			}
		}
	}
}

// stateful returns what kind of changing thing a type or a first value is, "" if none.
func stateful(x ast.Expr) string {
	switch x := x.(type) {
	case *ast.StarExpr:
		return stateful(x.X)
	case *ast.UnaryExpr:
		return stateful(x.X)
	case *ast.CompositeLit:
		return stateful(x.Type)
	case *ast.IndexExpr: // atomic.Pointer[T]
		return stateful(x.X)
	case *ast.ChanType:
		return "channel"
	case *ast.CallExpr:
		if f, ok := x.Fun.(*ast.Ident); ok && (f.Name == "make" || f.Name == "new") {
			return f.Name + "() result"
		}
	case *ast.SelectorExpr:
		if p, ok := x.X.(*ast.Ident); ok && (p.Name == "sync" || p.Name == "atomic") {
			return p.Name + "." + x.Sel.Name
		}
	}
	return ""
}

// visit looks for changes of package-level variables.
func (s *stateOf) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.AssignStmt:
		if n.Tok != token.DEFINE {
			for _, x := range n.Lhs {
				s.changed(x)
			}
		}
	case *ast.IncDecStmt:
		s.changed(n.X)
	case *ast.RangeStmt:
		if n.Tok == token.ASSIGN {
			s.changed(n.Key)
			s.changed(n.Value)
		}
	case *ast.UnaryExpr:
		if id, ok := n.X.(*ast.Ident); ok && n.Op == token.AND && s.isGlobal(id) {
			s.find(n.Pos(), "the address of package-level %s is taken, so it can be changed: make it a field", id.Name)
		}
	case *ast.CallExpr:
		if f, ok := n.Fun.(*ast.Ident); ok && (f.Name == "delete" || f.Name == "clear") && len(n.Args) > 0 {
			s.changed(n.Args[0])
		}
	}
	return true
}

// changed notes a change of x, if x is a package-level variable or a part of one.
func (s *stateOf) changed(x ast.Expr) {
	for {
		switch y := x.(type) {
		case *ast.ParenExpr:
			x = y.X
		case *ast.IndexExpr:
			x = y.X
		case *ast.StarExpr:
			x = y.X
		case *ast.SelectorExpr:
			if id, ok := y.X.(*ast.Ident); ok {
				if p, ok := s.info.Uses[id].(*types.PkgName); ok {
					s.find(y.Pos(), "%s of package %s is changed: pass a value instead", y.Sel.Name, p.Imported().Path())
					return
				}
			}
			x = y.X
		case *ast.Ident:
			if s.isGlobal(y) {
				s.find(y.Pos(), "package-level %s is changed: make it a field of what owns it", y.Name)
			}
			return
		default:
			return
		}
	}
}

// isGlobal tells whether a name is a package-level variable of this package.
func (s *stateOf) isGlobal(id *ast.Ident) bool {
	v, ok := s.info.Uses[id].(*types.Var)
	return ok && v.Parent() == s.pkg.Scope() && !strings.HasPrefix(v.Name(), "_")
}
