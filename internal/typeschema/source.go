package typeschema

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// Module is a module whose types can be read.
type Module struct {
	Path string // import path
	Dir  string // where its source is
	// Described says that comments become descriptions.
	Described bool
}

// Name is the name of a type.
type Name struct {
	Package string // import path
	Type    string
}

func (n Name) String() string { return n.Package + "." + n.Type }

// decl is the declaration of a type.
type decl struct {
	name Name
	spec *ast.TypeSpec
	doc  string
	in   *file
}

// file is where names of other packages are resolved.
type file struct {
	pkg     *pkg
	imports map[string]string // name → import path
}

// variant is what a method of a union returns.
type variant struct {
	expr ast.Expr
	in   *file
}

type pkg struct {
	path      string
	described bool
	types     map[string]*decl
	values    map[string][]any     // by type: its constants
	variants  map[string][]variant // by type: what its As methods return
}

// packages parses packages when they are asked for.
type packages struct {
	modules []Module
	parsed  map[string]*pkg
}

// dir returns where the source of a package is.
func (p *packages) dir(importPath string) (string, bool, error) {
	for _, m := range p.modules {
		if rest, ok := strings.CutPrefix(importPath, m.Path); ok && (rest == "" || rest[0] == '/') {
			return filepath.Join(m.Dir, filepath.FromSlash(rest)), m.Described, nil
		}
	}
	return "", false, fmt.Errorf("the package %s is in none of the modules whose types can be read", importPath)
}

func (p *packages) find(n Name) (*decl, error) {
	parsed, err := p.load(n.Package)
	if err != nil {
		return nil, err
	}
	d := parsed.types[n.Type]
	if d == nil {
		return nil, fmt.Errorf("there is no type %s", n)
	}
	return d, nil
}

// load parses the source of a package without its tests.
func (p *packages) load(importPath string) (*pkg, error) {
	if found := p.parsed[importPath]; found != nil {
		return found, nil
	}
	dir, described, err := p.dir(importPath)
	if err != nil {
		return nil, err
	}
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, fmt.Errorf("the source of %s: %w", importPath, err)
	}
	out := &pkg{path: importPath, described: described, types: map[string]*decl{}, values: map[string][]any{}, variants: map[string][]variant{}}
	set := token.NewFileSet()
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("the source of %s: %w", importPath, err)
		}
		syntax, err := parser.ParseFile(set, name, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, fmt.Errorf("the source of %s: %w", importPath, err)
		}
		out.add(syntax)
	}
	if len(out.types) == 0 {
		return nil, fmt.Errorf("there are no types of %s in %s", importPath, dir)
	}
	p.parsed[importPath] = out
	return out, nil
}

// add takes what a file declares.
func (p *pkg) add(syntax *ast.File) {
	in := &file{pkg: p, imports: map[string]string{}}
	for _, s := range syntax.Imports {
		target, err := strconv.Unquote(s.Path.Value)
		if err != nil {
			continue
		}
		name := path.Base(target)
		if s.Name != nil {
			name = s.Name.Name
		}
		in.imports[name] = target
	}
	for _, d := range syntax.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			p.addMethod(d, in)
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					doc := s.Doc.Text()
					if doc == "" {
						doc = d.Doc.Text()
					}
					if doc == "" {
						doc = s.Comment.Text()
					}
					p.types[s.Name.Name] = &decl{name: Name{p.path, s.Name.Name}, spec: s, doc: doc, in: in}
				case *ast.ValueSpec:
					p.addValues(s)
				}
			}
		}
	}
}

// addValues takes constants that say their type.
func (p *pkg) addValues(s *ast.ValueSpec) {
	typ, ok := s.Type.(*ast.Ident)
	if !ok {
		return
	}
	for _, v := range s.Values {
		lit, ok := v.(*ast.BasicLit)
		if !ok {
			continue
		}
		c := constant.MakeFromLiteral(lit.Value, lit.Kind, 0)
		if lit.Kind == token.STRING {
			p.values[typ.Name] = append(p.values[typ.Name], constant.StringVal(c))
		} else if n, exact := constant.Int64Val(constant.ToInt(c)); exact && lit.Kind == token.INT {
			p.values[typ.Name] = append(p.values[typ.Name], n)
		}
	}
}

// addMethod takes a method by which a union becomes one of its variants.
func (p *pkg) addMethod(d *ast.FuncDecl, in *file) {
	if d.Recv == nil || len(d.Recv.List) != 1 || !strings.HasPrefix(d.Name.Name, "As") || d.Name.Name == "AsAny" {
		return
	}
	receiver, ok := d.Recv.List[0].Type.(*ast.Ident)
	if !ok || !strings.Contains(receiver.Name, "Union") || len(d.Type.Params.List) > 0 || d.Type.Results == nil || len(d.Type.Results.List) != 1 {
		return
	}
	p.variants[receiver.Name] = append(p.variants[receiver.Name], variant{d.Type.Results.List[0].Type, in})
}
