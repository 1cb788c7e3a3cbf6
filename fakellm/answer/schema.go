package answer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// maxDepth is how deep an instance nests before only what is required is made.
const maxDepth = 8

// maxInstance is the length after which an instance gets no further members.
const maxInstance = 64 << 10

// Instance returns a JSON value that conforms to a simple JSON schema, always
// the same one: a string is the name of its property, an integer 1, another
// number 0.5, a boolean true, an array as short as allowed but not empty, an
// object has all of its properties in the order of the schema. const, enum, default, $ref within the document, anyOf, oneOf,
// allOf, formats, lengths and bounds are honoured; patterns are not. A schema
// that cannot be read yields {}.
func Instance(schema []byte) string {
	if len(bytes.TrimSpace(schema)) == 0 {
		return "{}"
	}
	dec := json.NewDecoder(bytes.NewReader(schema))
	dec.UseNumber()
	root, err := decode(dec)
	if err != nil {
		return "{}"
	}
	m := maker{root: root}
	m.value(root, "value", 0)
	return m.out.String()
}

// object is a JSON object that keeps the order of its members.
type object struct {
	names  []string
	values map[string]any
}

func decode(dec *json.Decoder) (any, error) {
	t, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch t {
	case json.Delim('{'):
		o := object{values: map[string]any{}}
		for dec.More() {
			name, err := dec.Token()
			if err != nil {
				return nil, err
			}
			v, err := decode(dec)
			if err != nil {
				return nil, err
			}
			o.names = append(o.names, name.(string)) // the decoder allows nothing else
			o.values[name.(string)] = v
		}
		_, err := dec.Token()
		return o, err
	case json.Delim('['):
		a := []any{}
		for dec.More() {
			v, err := decode(dec)
			if err != nil {
				return nil, err
			}
			a = append(a, v)
		}
		_, err := dec.Token()
		return a, err
	}
	return t, nil
}

// maxSteps is how many schemas are looked at; what comes after them is empty.
const maxSteps = 20_000

type maker struct {
	root  any
	out   strings.Builder
	steps int
}

// value writes an instance of a schema. Name is the property that it is for.
func (m *maker) value(schema any, name string, depth int) {
	s := m.resolve(schema, 0)
	for _, key := range []string{"const", "default"} {
		if v, ok := s.values[key]; ok {
			m.literal(v)
			return
		}
	}
	if enum, ok := s.values["enum"].([]any); ok && len(enum) > 0 {
		m.literal(enum[0])
		return
	}
	switch kind(s) {
	case "object":
		m.object(s, depth)
	case "array":
		m.array(s, name, depth)
	case "integer":
		m.out.WriteString(strconv.FormatFloat(math.Ceil(bounded(s, 1)), 'f', -1, 64))
	case "number":
		m.out.WriteString(strconv.FormatFloat(bounded(s, 0.5), 'f', -1, 64))
	case "boolean":
		m.out.WriteString("true")
	case "null":
		m.out.WriteString("null")
	default:
		m.out.WriteString(quote(word(s, name)))
	}
}

// resolve follows references, takes the first alternative that is not null,
// and joins what allOf has. It goes no deeper than maxDepth.
func (m *maker) resolve(schema any, depth int) object {
	s, ok := schema.(object)
	if m.steps++; !ok || depth > maxDepth || m.steps > maxSteps {
		return object{}
	}
	if ref, ok := s.values["$ref"].(string); ok {
		return m.resolve(m.lookup(ref), depth+1)
	}
	for _, key := range []string{"anyOf", "oneOf"} {
		list, _ := s.values[key].([]any)
		for _, alternative := range list {
			if r := m.resolve(alternative, depth+1); kind(r) != "null" {
				return r
			}
		}
	}
	all, _ := s.values["allOf"].([]any)
	for _, part := range all {
		s = merge(s, m.resolve(part, depth+1))
	}
	return s
}

// lookup finds what a reference like #/$defs/name points to.
func (m *maker) lookup(ref string) any {
	path, ok := strings.CutPrefix(ref, "#")
	if !ok {
		return nil
	}
	at := m.root
	for name := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
		if name == "" {
			continue
		}
		o, ok := at.(object)
		if !ok {
			return nil
		}
		at = o.values[strings.NewReplacer("~1", "/", "~0", "~").Replace(name)]
	}
	return at
}

// merge returns a schema with the members of both; properties are joined.
func merge(a, b object) object {
	out := object{values: map[string]any{}}
	for _, o := range []object{a, b} {
		for _, name := range o.names {
			v := o.values[name]
			if was, ok := out.values[name]; ok {
				if p, ok := was.(object); ok && name == "properties" {
					if q, ok := v.(object); ok {
						v = merge(p, q)
					}
				}
			} else {
				out.names = append(out.names, name)
			}
			out.values[name] = v
		}
	}
	return out
}

// kind is the type that a schema asks for; of several the first that is not null.
func kind(s object) string {
	switch t := s.values["type"].(type) {
	case string:
		return t
	case []any:
		for _, v := range t {
			if name, ok := v.(string); ok && name != "null" {
				return name
			}
		}
		return "null"
	}
	if _, ok := s.values["properties"]; ok {
		return "object"
	}
	if _, ok := s.values["items"]; ok {
		return "array"
	}
	return ""
}

func (m *maker) object(s object, depth int) {
	props, _ := s.values["properties"].(object)
	required, _ := s.values["required"].([]any)
	m.out.WriteByte('{')
	n := 0
	for _, name := range props.names {
		if depth >= maxDepth && !contains(required, name) || depth >= 2*maxDepth || m.out.Len() > maxInstance {
			continue
		}
		if n++; n > 1 {
			m.out.WriteString(", ")
		}
		m.out.WriteString(quote(name) + ": ")
		m.value(props.values[name], name, depth+1)
	}
	m.out.WriteByte('}')
}

func contains(list []any, name string) bool {
	for _, v := range list {
		if v == name {
			return true
		}
	}
	return false
}

func (m *maker) array(s object, name string, depth int) {
	n := 1
	if v, ok := number64(s, "minItems"); ok {
		n = int(max(1, min(v, 100)))
	}
	if v, ok := number64(s, "maxItems"); ok && v < 1 || depth >= maxDepth {
		n = 0
	}
	m.out.WriteByte('[')
	for i := range n {
		if m.out.Len() > maxInstance {
			break
		}
		if i > 0 {
			m.out.WriteString(", ")
		}
		m.value(s.values["items"], name, depth+1)
	}
	m.out.WriteByte(']')
}

func number64(s object, key string) (float64, bool) {
	n, ok := s.values[key].(json.Number)
	if !ok {
		return 0, false
	}
	f, err := n.Float64()
	return f, err == nil
}

// bounded returns want, or a number near to it within the schema's bounds.
func bounded(s object, want float64) float64 {
	low, high := math.Inf(-1), math.Inf(1)
	if v, ok := number64(s, "minimum"); ok {
		low = v
	}
	if v, ok := number64(s, "maximum"); ok {
		high = v
	}
	want = max(low, min(want, high))
	if v, ok := number64(s, "exclusiveMaximum"); ok && want >= v {
		want = between(low, v, v-1)
	}
	if v, ok := number64(s, "exclusiveMinimum"); ok && want <= v {
		if most, ok := number64(s, "exclusiveMaximum"); ok {
			high = min(high, most)
		}
		want = between(v, high, v+1)
	}
	return want
}

// between returns a number between low and high, or other if one is infinite.
func between(low, high, other float64) float64 {
	if mid := (low + high) / 2; !math.IsInf(mid, 0) && !math.IsNaN(mid) {
		return mid
	}
	return other
}

// word is a string for the property called name.
func word(s object, name string) string {
	switch s.values["format"] {
	case "date-time":
		return "2026-01-02T03:04:05Z"
	case "date":
		return "2026-01-02"
	case "time":
		return "03:04:05Z"
	case "email":
		return name + "@example.com"
	case "uri", "url":
		return "https://example.com/" + name
	case "uuid":
		return "00000000-0000-4000-8000-000000000000"
	}
	if v, ok := number64(s, "minLength"); ok {
		for want := int(min(v, 10_000)); len(name) < want; {
			name += "x"
		}
	}
	if v, ok := number64(s, "maxLength"); ok && v >= 0 && float64(len(name)) > v {
		name = strings.ToValidUTF8(name[:int(v)], "")
	}
	return name
}

// literal writes a value of the schema as it stands there.
func (m *maker) literal(v any) {
	switch v := v.(type) {
	case object:
		m.out.WriteByte('{')
		for i, name := range v.names {
			if i > 0 {
				m.out.WriteString(", ")
			}
			m.out.WriteString(quote(name) + ": ")
			m.literal(v.values[name])
		}
		m.out.WriteByte('}')
	case []any:
		m.out.WriteByte('[')
		for i, item := range v {
			if i > 0 {
				m.out.WriteString(", ")
			}
			m.literal(item)
		}
		m.out.WriteByte(']')
	case string:
		m.out.WriteString(quote(v))
	case nil:
		m.out.WriteString("null")
	default:
		fmt.Fprint(&m.out, v)
	}
}

// quote returns s as JSON, with the characters that HTML minds left alone.
func quote(s string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return `""` // a string always encodes
	}
	return strings.TrimSuffix(b.String(), "\n")
}
