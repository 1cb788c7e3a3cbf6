package typeschema

import (
	"fmt"
	"go/ast"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse-ai/gatehouse/openapi"
)

// object fills s with the fields of a struct.
func (b *Builder) object(s *openapi.Schema, structure *ast.StructType, d *decl) {
	s.Type = openapi.Types{openapi.Object}
	asked := requestOnly(structure)
	for _, f := range structure.Fields.List {
		if len(f.Names) == 0 {
			b.embedded(s, f, d)
			continue
		}
		tag := tagOf(f)
		name, options, _ := strings.Cut(tag.Get("json"), ",")
		switch {
		case name == "-" || !f.Names[0].IsExported():
			continue
		case name == "":
			b.fail(fmt.Errorf("%s: the field %s has no name in JSON", d.name, f.Names[0].Name))
			continue
		}
		b.field(s, name, f, field{tag: tag, options: options, asked: asked, in: d.in})
	}
}

// field is what a tag says of a field.
type field struct {
	tag     reflect.StructTag
	options string
	asked   bool // of a type that stands in requests alone
	in      *file
}

// optional tells whether the encoder may leave the field out.
func (f field) optional() bool { return strings.Contains(f.options, "omit") }

// required tells whether the field must be there.
func (f field) required() bool {
	if f.in.pkg.described {
		return !f.optional()
	}
	return f.tag.Get("api") == "required" || f.tag.Get("default") != "" && !f.optional()
}

// nullable tells whether the field may be null.
func (f field) nullable(e ast.Expr) bool {
	_, pointer := e.(*ast.StarExpr)
	if f.asked && !f.required() {
		return true // the SDK can send null there, and clients in other languages do
	}
	return f.tag.Get("api") == "nullable" || pointer && f.in.pkg.described && !f.optional()
}

// field adds the property of a field.
func (b *Builder) field(s *openapi.Schema, name string, f *ast.Field, is field) {
	p := b.schema(f.Type, is.in)
	if allowed := allowedValues(f.Doc.Text() + " " + f.Comment.Text()); len(allowed) > 0 {
		restrict(p, allowed)
	}
	if m := sole.FindStringSubmatch(f.Comment.Text()); m != nil && is.in.pkg.described {
		p.Const = m[1]
	}
	if format := is.tag.Get("format"); format != "" && format != "unixtime" && len(p.Type) > 0 && p.Format == "" {
		p.Format = format
	}
	if text := b.describe(f.Doc.Text()+" "+f.Comment.Text(), is.in); text != "" {
		p.Description = text
	}
	if is.nullable(f.Type) {
		p = p.OrNull()
	}
	if s.Properties == nil {
		s.Properties = map[string]*openapi.Schema{}
	}
	s.Properties[name] = p
	if is.required() {
		s.Required = append(s.Required, name)
	}
}

// requestOnly tells whether the SDK keeps what it keeps in types of requests.
func requestOnly(structure *ast.StructType) bool {
	return slices.ContainsFunc(structure.Fields.List, func(f *ast.Field) bool {
		e, ok := f.Type.(*ast.Ident)
		return ok && len(f.Names) == 0 && e.Name == "paramObj"
	})
}

// embedded adds the fields of an embedded struct.
func (b *Builder) embedded(s *openapi.Schema, f *ast.Field, d *decl) {
	var n Name
	switch e := f.Type.(type) {
	case *ast.Ident:
		if !ast.IsExported(e.Name) {
			return // what the SDK keeps in every struct
		}
		n = Name{d.in.pkg.path, e.Name}
	case *ast.SelectorExpr:
		x, _ := e.X.(*ast.Ident)
		if x == nil || strings.HasPrefix(e.Sel.Name, "API") {
			return
		}
		n = Name{d.in.imports[x.Name], e.Sel.Name}
	default:
		b.fail(fmt.Errorf("%s embeds what is no struct", d.name))
		return
	}
	inner, err := b.packages.find(n)
	if err != nil {
		b.fail(err)
		return
	}
	structure, ok := inner.spec.Type.(*ast.StructType)
	if !ok {
		b.fail(fmt.Errorf("%s embeds %s, which is no struct", d.name, n))
		return
	}
	b.object(s, structure, inner)
}

func tagOf(f *ast.Field) reflect.StructTag {
	if f.Tag == nil {
		return ""
	}
	text, err := strconv.Unquote(f.Tag.Value)
	if err != nil {
		return ""
	}
	return reflect.StructTag(text)
}

var (
	anyOf  = regexp.MustCompile(`(?s)Any of ("[^"]*"(?:,\s*"[^"]*")*)\.`)
	sole   = regexp.MustCompile(`^(?i:always) (\S+?)\.?\s*$`)
	quoted = regexp.MustCompile(`"([^"]*)"`)
)

// allowedValues returns the values that the comment of a field lists.
func allowedValues(doc string) []any {
	m := anyOf.FindStringSubmatch(doc)
	if m == nil {
		return nil
	}
	var out []any
	for _, v := range quoted.FindAllStringSubmatch(m[1], -1) {
		if !slices.Contains(out, any(v[1])) {
			out = append(out, v[1])
		}
	}
	return out
}

// restrict allows some values of a string, or of the strings of a list.
func restrict(s *openapi.Schema, allowed []any) {
	if s.Items != nil && s.Ref == "" {
		restrict(s.Items, allowed)
		return
	}
	if slices.Equal(s.Type, openapi.Types{openapi.String}) && s.Const == nil && len(s.Enum) == 0 && s.Format == "" {
		s.Enum = allowed
	}
}
