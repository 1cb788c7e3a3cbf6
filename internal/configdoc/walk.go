package main

import (
	"encoding"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"reflect"
	"slices"
	"strings"
)

// comments are the comments of the fields of structs, by "Type.Field".
type comments map[string]string

// readComments reads the comments of the package in a folder.
func readComments(fsys fs.FS, folder string) (comments, error) {
	entries, err := fs.ReadDir(fsys, folder)
	if err != nil {
		return nil, err
	}
	out := comments{}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		text, err := fs.ReadFile(fsys, folder+"/"+e.Name())
		if err != nil {
			return nil, err
		}
		file, err := parser.ParseFile(token.NewFileSet(), e.Name(), text, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		for _, decl := range file.Decls {
			if g, ok := decl.(*ast.GenDecl); ok {
				out.add(g)
			}
		}
	}
	return out, nil
}

// add takes the comments of the structs of a declaration.
func (c comments) add(g *ast.GenDecl) {
	for _, spec := range g.Specs {
		t, ok := spec.(*ast.TypeSpec)
		if !ok {
			continue
		}
		s, ok := t.Type.(*ast.StructType)
		if !ok {
			continue
		}
		for _, f := range s.Fields.List {
			for _, name := range f.Names {
				c[t.Name.Name+"."+name.Name] = f.Doc.Text()
			}
		}
	}
}

// section is one mapping of the file.
type section struct {
	paths []string // where it stands, "" for the file itself; lists have no index
	doc   string   // of the key at the first of them
	keys  []key
}

// key is one key of a mapping.
type key struct {
	name     string
	doc      string // without the example
	example  string // in YAML, with the key itself
	typ      reflect.Type
	preset   string // the default
	sample   string // a value for a key without one
	required bool
}

// path returns the place of a section that is its title.
func (s *section) path() string { return s.paths[0] }

// walk returns the sections of a configuration type in the order of its keys,
// those inside others after them. A type that stands at several places is one
// section, whose title is the place nearest to the root.
func walk(root reflect.Type, docs comments) ([]*section, error) {
	type place struct {
		path, doc string
		typ       reflect.Type
	}
	seen := map[reflect.Type]*section{}
	var out []*section
	for queue := []place{{typ: root}}; len(queue) > 0; queue = queue[1:] {
		p := queue[0]
		if s := seen[p.typ]; s != nil {
			s.paths = append(s.paths, p.path)
			continue
		}
		s := &section{paths: []string{p.path}, doc: p.doc}
		seen[p.typ] = s
		out = append(out, s)
		for f := range p.typ.Fields() {
			name := f.Tag.Get("yaml")
			if name == "" || name == "-" {
				continue
			}
			text := docs[p.typ.Name()+"."+f.Name]
			if strings.TrimSpace(text) == "" {
				return nil, fmt.Errorf("the field %s of %s has no comment", f.Name, p.typ.Name())
			}
			doc, example := splitExample(text)
			s.keys = append(s.keys, key{
				name: name, doc: doc, example: example, typ: f.Type,
				preset: f.Tag.Get("default"), sample: f.Tag.Get("example"),
				required: slices.Contains(strings.Split(f.Tag.Get("rule"), ","), "required"),
			})
			if m := mapping(f.Type); m != nil {
				queue = append(queue, place{strings.TrimPrefix(p.path+"."+name, "."), doc, m})
			}
		}
	}
	order := func(s *section) int {
		first, _, _ := strings.Cut(s.path(), ".")
		return slices.IndexFunc(out[0].keys, func(k key) bool { return k.name == first })
	}
	sorted := slices.Clone(out)
	slices.SortStableFunc(sorted, func(a, b *section) int { return order(a) - order(b) })
	return sorted, nil
}

// splitExample parts a comment into its sentences, in one line, and its
// indented block.
func splitExample(text string) (doc, example string) {
	var prose, block []string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if indented, ok := strings.CutPrefix(line, "\t"); ok {
			block = append(block, indented)
		} else if line != "" {
			prose = append(prose, line)
		}
	}
	return strings.Join(prose, " "), strings.Join(block, "\n")
}

// mapping returns the struct type that is written as a mapping in a value of
// type t: t itself, or what a list or map of it has. It is nil for others.
func mapping(t reflect.Type) reflect.Type {
	switch t.Kind() {
	case reflect.Slice, reflect.Map:
		return mapping(t.Elem())
	case reflect.Struct:
		for f := range t.Fields() {
			if f.Tag.Get("yaml") != "" {
				return t
			}
		}
		return nil
	default:
		return nil
	}
}

// short tells whether a text can be written for a mapping or a list.
func short(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}
