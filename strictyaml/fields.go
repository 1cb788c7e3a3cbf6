package strictyaml

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// field is a field of a struct that takes part.
type field struct {
	index    int
	name     string
	required bool
	hidden   bool
	plain    bool
	preset   string // the default
	hasSet   bool   // whether there is one
}

// fields returns the fields of a struct type that take part.
func fields(t reflect.Type) []field {
	var out []field
	for i := range t.NumField() {
		f := t.Field(i)
		name := f.Tag.Get("yaml")
		if name == "" || name == "-" || !f.IsExported() {
			continue
		}
		rules := strings.Split(f.Tag.Get("rule"), ",")
		preset, hasSet := f.Tag.Lookup("default")
		out = append(out, field{
			index: i, name: name, preset: preset, hasSet: hasSet,
			required: slices.Contains(rules, "required"),
			hidden:   slices.Contains(rules, "hidden"),
			plain:    slices.Contains(rules, "plain"),
		})
	}
	return out
}

// isMapping tells whether a type is a struct that is written as a mapping.
func isMapping(t reflect.Type) bool { return t.Kind() == reflect.Struct && len(fields(t)) > 0 }

// texter returns v as something that reads itself from a text, or nil.
func texter(v reflect.Value) encoding.TextUnmarshaler {
	t, _ := reflect.TypeAssert[encoding.TextUnmarshaler](v.Addr())
	return t
}

// SetDefaults gives the fields of the struct that into points to, and of the
// structs in it, the values of their default tags. It panics if a tag cannot be
// read, which is a mistake of the program.
func SetDefaults(into any) { setDefaults(reflect.ValueOf(into).Elem()) }

func setDefaults(v reflect.Value) {
	for _, f := range fields(v.Type()) {
		fv := v.Field(f.index)
		if isMapping(fv.Type()) {
			setDefaults(fv)
		}
		if !f.hasSet {
			continue
		}
		if err := setText(fv, f.preset); err != nil {
			panic(fmt.Sprintf("strictyaml: the default of %s.%s: %v", v.Type(), v.Type().Field(f.index).Name, err))
		}
	}
}
