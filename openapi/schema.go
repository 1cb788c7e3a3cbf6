package openapi

import (
	"encoding/json"
	"slices"
	"strings"
)

// The types of JSON Schema.
const (
	Null    = "null"
	Boolean = "boolean"
	Object  = "object"
	Array   = "array"
	Number  = "number"
	Integer = "integer"
	String  = "string"
)

// Schema is a JSON Schema of draft 2020-12, as far as documents need it. The
// zero value allows everything.
type Schema struct {
	Ref         string `json:"$ref,omitempty"`
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
	Deprecated  bool   `json:"deprecated,omitempty"`

	Type             Types  `json:"type,omitempty"`
	Format           string `json:"format,omitempty"`
	ContentMediaType string `json:"contentMediaType,omitempty"`
	Const            any    `json:"const,omitempty"`
	Enum             []any  `json:"enum,omitempty"`
	Default          any    `json:"default,omitempty"`
	Minimum          *int64 `json:"minimum,omitempty"`
	MinItems         int    `json:"minItems,omitempty"`

	Items                *Schema            `json:"items,omitempty"`
	Properties           map[string]*Schema `json:"properties,omitempty"`
	Required             []string           `json:"required,omitempty"`
	AdditionalProperties *Schema            `json:"additionalProperties,omitempty"`

	AnyOf         []*Schema      `json:"anyOf,omitempty"`
	OneOf         []*Schema      `json:"oneOf,omitempty"`
	Discriminator *Discriminator `json:"discriminator,omitempty"`
}

// Discriminator names the property that tells the variants of a union apart.
type Discriminator struct {
	PropertyName string            `json:"propertyName"`
	Mapping      map[string]string `json:"mapping,omitempty"`
}

// Types are the types that a value may have: one is written as a string.
type Types []string

// MarshalJSON writes a string or a list of strings.
func (t Types) MarshalJSON() ([]byte, error) {
	if len(t) == 1 {
		return json.Marshal(t[0])
	}
	return json.Marshal([]string(t))
}

// UnmarshalJSON reads a string or a list of strings.
func (t *Types) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*t = Types{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(t))
}

// prefix is where schemas stand among the components.
const prefix = "#/components/schemas/"

// Ref returns a reference to the schema of a name.
func Ref(name string) *Schema { return &Schema{Ref: prefix + name} }

// Of returns a schema of one type.
func Of(typ string) *Schema { return &Schema{Type: Types{typ}} }

// ListOf returns the schema of a list.
func ListOf(items *Schema) *Schema { return &Schema{Type: Types{Array}, Items: items} }

// Name returns the name of the schema that s refers to, or "".
func (s *Schema) Name() string {
	name, ok := strings.CutPrefix(s.Ref, prefix)
	if !ok {
		return ""
	}
	return name
}

// OrNull returns a schema that allows null as well.
func (s *Schema) OrNull() *Schema {
	switch {
	case s.Ref != "" || len(s.OneOf) > 0 || s.Const != nil:
		description := s.Description
		inner := *s
		inner.Description = ""
		return &Schema{Description: description, AnyOf: []*Schema{&inner, Of(Null)}}
	case len(s.AnyOf) > 0:
		out := *s
		out.AnyOf = append(slices.Clone(s.AnyOf), Of(Null))
		return &out
	case len(s.Type) == 0 || slices.Contains(s.Type, Null):
		return s // everything is allowed, or null is
	}
	out := *s
	out.Type = append(slices.Clone(s.Type), Null)
	if len(s.Enum) > 0 {
		out.Enum = append(slices.Clone(s.Enum), nil)
	}
	return &out
}

// Walk calls visit for s and every schema within it. It does not follow
// references.
func (s *Schema) Walk(visit func(*Schema)) {
	if s == nil {
		return
	}
	visit(s)
	s.Items.Walk(visit)
	s.AdditionalProperties.Walk(visit)
	for _, p := range s.Properties {
		p.Walk(visit)
	}
	for _, v := range s.AnyOf {
		v.Walk(visit)
	}
	for _, v := range s.OneOf {
		v.Walk(visit)
	}
}
