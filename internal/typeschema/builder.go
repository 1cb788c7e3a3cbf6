package typeschema

import (
	"errors"
	"fmt"
	"go/ast"
	"regexp"
	"strings"

	"github.com/gatehouse-ai/gatehouse/openapi"
)

// Builder makes schemas. Structs and unions become components that others
// refer to; everything else stands where it is used.
type Builder struct {
	// Schemas are the components by name.
	Schemas map[string]*openapi.Schema
	// Rename, if set, returns the name of the component of a type; "" is the
	// name of the type.
	Rename func(Name) string

	packages packages
	names    map[Name]string // of components
	owner    map[string]Name // of components, so that two types do not share one
	errs     []error
}

// New returns a builder for the types of some modules. A module whose path is
// longer must come before one that its path begins with.
func New(modules ...Module) *Builder {
	return &Builder{
		Schemas:  map[string]*openapi.Schema{},
		packages: packages{modules: modules, parsed: map[string]*pkg{}},
		names:    map[Name]string{}, owner: map[string]Name{},
	}
}

// Schema returns the schema of a type: a reference, if it is a component.
func (b *Builder) Schema(n Name) *openapi.Schema {
	d, err := b.packages.find(n)
	if err != nil {
		return b.fail(err)
	}
	return b.declared(d)
}

// Finish turns every union whose variants one property tells apart into one
// that says so, and returns what went wrong, if anything did.
func (b *Builder) Finish() error {
	for _, s := range b.Schemas {
		s.Walk(b.discriminate)
	}
	return errors.Join(b.errs...)
}

func (b *Builder) fail(err error) *openapi.Schema {
	b.errs = append(b.errs, err)
	return &openapi.Schema{}
}

// declared returns the schema of a declared type.
func (b *Builder) declared(d *decl) *openapi.Schema {
	if name, ok := b.names[d.name]; ok {
		return openapi.Ref(name)
	}
	if structure, ok := d.spec.Type.(*ast.StructType); ok && !d.spec.Assign.IsValid() {
		return b.component(d, structure)
	}
	s := b.schema(d.spec.Type, d.in)
	if d.spec.Assign.IsValid() { // an alias of a string is an open list of names
		return s
	}
	if m := always.FindStringSubmatch(d.doc); m != nil {
		s.Const = m[1]
	} else if values := d.in.pkg.values[d.name.Type]; len(values) > 0 {
		s.Enum = values
	}
	s.Description = b.describe(d.doc, d.in)
	return s
}

// always matches the comment of a type that has one value.
var always = regexp.MustCompile(`^Always "([^"]+)"`)

// component makes the schema of a struct and returns a reference to it.
func (b *Builder) component(d *decl, structure *ast.StructType) *openapi.Schema {
	name := ""
	if b.Rename != nil {
		name = b.Rename(d.name)
	}
	if name == "" {
		name = d.name.Type
	}
	if other, taken := b.owner[name]; taken {
		return b.fail(fmt.Errorf("%s and %s would both be the component %s", other, d.name, name))
	}
	b.names[d.name], b.owner[name] = name, d.name
	s := &openapi.Schema{}
	b.Schemas[name] = s // before its fields, which may refer to it
	if variants := b.variants(d, structure); variants != nil {
		s.AnyOf = variants
	} else {
		b.object(s, structure, d)
	}
	s.Description = b.describe(d.doc, d.in)
	return openapi.Ref(name)
}

// describe makes a description of a comment, if the module's comments are ours.
func (b *Builder) describe(doc string, in *file) string {
	if !in.pkg.described {
		return ""
	}
	return strings.Join(strings.Fields(doc), " ")
}

// schema returns the schema of the type that an expression means.
func (b *Builder) schema(e ast.Expr, in *file) *openapi.Schema {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return b.schema(e.X, in)
	case *ast.StarExpr:
		return b.schema(e.X, in)
	case *ast.Ident:
		if s := basic(e.Name); s != nil {
			return s
		}
		return b.Schema(Name{in.pkg.path, e.Name})
	case *ast.SelectorExpr:
		return b.selected(e, in)
	case *ast.IndexExpr: // an optional value
		if x, ok := e.X.(*ast.SelectorExpr); ok && x.Sel.Name == "Opt" {
			return b.schema(e.Index, in)
		}
	case *ast.ArrayType:
		if item, ok := e.Elt.(*ast.Ident); ok && item.Name == "byte" {
			return &openapi.Schema{Type: openapi.Types{openapi.String}, Format: "byte"}
		}
		return openapi.ListOf(b.schema(e.Elt, in))
	case *ast.MapType:
		return &openapi.Schema{Type: openapi.Types{openapi.Object}, AdditionalProperties: b.schema(e.Value, in)}
	case *ast.InterfaceType:
		return &openapi.Schema{}
	}
	return b.fail(fmt.Errorf("%s: there is no schema of the type %T", in.pkg.path, e))
}

// selected returns the schema of a type of another package.
func (b *Builder) selected(e *ast.SelectorExpr, in *file) *openapi.Schema {
	x, ok := e.X.(*ast.Ident)
	if !ok {
		return b.fail(fmt.Errorf("%s: %s is no type of a package", in.pkg.path, e.Sel.Name))
	}
	n := Name{in.imports[x.Name], e.Sel.Name}
	switch n {
	case Name{"time", "Time"}:
		return &openapi.Schema{Type: openapi.Types{openapi.String}, Format: "date-time"}
	case Name{"encoding/json", "RawMessage"}:
		return &openapi.Schema{}
	case Name{"io", "Reader"}:
		return &openapi.Schema{Type: openapi.Types{openapi.String}, Format: "binary"}
	}
	return b.Schema(n)
}

// basic returns the schema of a predeclared type, or nil.
func basic(name string) *openapi.Schema {
	switch name {
	case "string":
		return openapi.Of(openapi.String)
	case "bool":
		return openapi.Of(openapi.Boolean)
	case "float32", "float64":
		return openapi.Of(openapi.Number)
	case "int", "int8", "int16", "int32", "int64", "uint", "uint8", "uint16", "uint32", "uint64":
		return openapi.Of(openapi.Integer)
	case "any":
		return &openapi.Schema{}
	}
	return nil
}
