package typeschema

import (
	"go/ast"
	"reflect"
	"slices"
	"strings"

	"github.com/gatehouse-ai/gatehouse/openapi"
)

// variants returns the variants of a union, or nil if the struct is none.
func (b *Builder) variants(d *decl, structure *ast.StructType) []*openapi.Schema {
	var out []*openapi.Schema
	add := func(s *openapi.Schema) {
		if !slices.ContainsFunc(out, func(o *openapi.Schema) bool { return reflect.DeepEqual(o, s) }) {
			out = append(out, s)
		}
	}
	if methods := d.in.pkg.variants[d.name.Type]; len(methods) > 0 {
		for _, m := range methods {
			add(b.schema(m.expr, m.in))
		}
		return out
	}
	for _, f := range structure.Fields.List {
		if len(f.Names) == 0 {
			continue
		}
		name, options, _ := strings.Cut(tagOf(f).Get("json"), ",")
		if name == "-" || !f.Names[0].IsExported() {
			continue
		}
		if name != "" || !strings.Contains(options, "inline") {
			return nil
		}
		s := b.schema(f.Type, d.in)
		if allowed := allowedValues(f.Doc.Text()); len(allowed) > 0 {
			restrict(s, allowed)
		}
		add(s)
	}
	return out
}

// discriminate turns a union of objects into one whose variants are told apart
// by a property, if each of them has a constant of its own there.
func (b *Builder) discriminate(s *openapi.Schema) {
	if len(s.AnyOf) < 2 {
		return
	}
	var first *openapi.Schema
	for _, v := range s.AnyOf {
		o := b.Schemas[v.Name()]
		if o == nil || len(o.Properties) == 0 {
			return
		}
		if first == nil {
			first = o
		}
	}
	for _, name := range first.Required {
		if mapping := b.mapping(s.AnyOf, name); mapping != nil {
			s.OneOf, s.AnyOf = s.AnyOf, nil
			s.Discriminator = &openapi.Discriminator{PropertyName: name, Mapping: mapping}
			return
		}
	}
}

// mapping returns which value of a property means which variant, or nil if the
// property does not tell them apart.
func (b *Builder) mapping(variants []*openapi.Schema, property string) map[string]string {
	out := map[string]string{}
	for _, v := range variants {
		o := b.Schemas[v.Name()]
		p := o.Properties[property]
		if p == nil || !slices.Contains(o.Required, property) {
			return nil
		}
		value, ok := p.Const.(string)
		if _, taken := out[value]; !ok || taken {
			return nil
		}
		out[value] = v.Ref
	}
	return out
}
