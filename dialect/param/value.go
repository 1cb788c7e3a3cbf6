package param

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/wire"
)

// Value is one JSON value of a request. Raw is valid JSON without space around
// it, and a part of the body.
type Value struct {
	Path string // "" is the body itself; else as in messages[2].content
	Raw  []byte
}

// Type is the type of a JSON value.
type Type uint8

// The types.
const (
	Null Type = iota
	Boolean
	Number
	String
	Array
	Object
)

// String returns the name of t with its article, as messages use it.
func (t Type) String() string {
	return [...]string{"null", "a boolean", "a number", "a string", "an array", "an object"}[t]
}

// Body returns the value of a whole request, which must be one JSON object.
func Body(body []byte) (Value, error) {
	if err := wire.Scan(body, func(wire.Member) error { return nil }); err != nil {
		return Value{}, fault.Wrap(fault.InvalidJSON, err, "The body of the request must be a JSON object: %v.", err)
	}
	return Value{Raw: bytes.TrimSpace(body)}, nil
}

// Type returns the type of v.
func (v Value) Type() Type {
	if len(v.Raw) == 0 {
		return Null
	}
	switch v.Raw[0] {
	case 't', 'f':
		return Boolean
	case '"':
		return String
	case '[':
		return Array
	case '{':
		return Object
	case 'n':
		return Null
	}
	return Number
}

// IsNull tells whether v is null, which counts as absent.
func (v Value) IsNull() bool { return v.Type() == Null }

// Want returns nil if v is of one of the types, else an error that says so.
func (v Value) Want(types ...Type) error {
	got := v.Type()
	if slices.Contains(types, got) {
		return nil
	}
	var want strings.Builder
	for i, t := range types {
		switch {
		case i == 0:
		case i == len(types)-1:
			want.WriteString(" or ")
		default:
			want.WriteString(", ")
		}
		want.WriteString(t.String())
	}
	err := v.Invalid("must be %s, not %s", want.String(), got)
	err.Code = "invalid_type"
	return err
}

// Invalid returns an error about v. The format continues a sentence that
// starts with the path, and has no full stop.
func (v Value) Invalid(format string, args ...any) *fault.Error {
	return fault.Param(fault.InvalidParameter, v.Path, "Invalid value: '%s' %s.", v.name(), fmt.Sprintf(format, args...))
}

// Missing returns an error that says that the member called name of v is
// wanted.
func (v Value) Missing(name string) *fault.Error {
	path := join(v.Path, name)
	return fault.Param(fault.MissingParameter, path, "Missing required parameter: '%s'.", path)
}

// Unsupported returns an error that says that v is more than the endpoint's
// dialect can do. The format is a whole sentence.
func (v Value) Unsupported(format string, args ...any) *fault.Error {
	return fault.Param(fault.UnsupportedParameter, v.Path, format, args...)
}

// Unsupported returns the error for a parameter, named by its path, that a
// dialect cannot express. dialect names the protocol.
func Unsupported(dialect, path string) *fault.Error {
	return fault.Param(fault.UnsupportedParameter, path,
		"Unsupported parameter: '%s' is not supported by the endpoint of this model, which speaks the %s protocol. Leave it out, or use a model whose endpoint supports it.", path, dialect)
}

func (v Value) name() string {
	if v.Path == "" {
		return "the body"
	}
	return v.Path
}

// Text returns the text of a string.
func (v Value) Text() (string, error) {
	if err := v.Want(String); err != nil {
		return "", err
	}
	s, err := wire.Unquote(v.Raw)
	if err != nil {
		return "", v.Invalid("is not a valid string: %v", err)
	}
	return string(s), nil
}

// OneOf returns the text of a string that must be one of the words.
func (v Value) OneOf(words ...string) (string, error) {
	s, err := v.Text()
	if err != nil {
		return "", err
	}
	if slices.Contains(words, s) {
		return s, nil
	}
	return "", v.Invalid("is '%s' but must be one of '%s'", Clip(s, 64), strings.Join(words, "', '"))
}

// Bool returns the value of a boolean.
func (v Value) Bool() (bool, error) {
	if err := v.Want(Boolean); err != nil {
		return false, err
	}
	return v.Raw[0] == 't', nil
}

// Float returns a number between least and most.
func (v Value) Float(least, most float64) (float64, error) {
	if err := v.Want(Number); err != nil {
		return 0, err
	}
	f, err := strconv.ParseFloat(string(v.Raw), 64)
	if err != nil || f < least || f > most {
		return 0, v.Invalid("is %s but must be a number %s", Clip(string(v.Raw), 32), span(least, most))
	}
	return f, nil
}

// span says which numbers are meant, leaving out bounds that nobody reaches.
func span(least, most float64) string {
	low, high := least > -math.MaxFloat32, most < math.MaxFloat32
	text := func(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }
	switch {
	case low && high:
		return "from " + text(least) + " to " + text(most)
	case low:
		return "of at least " + text(least)
	case high:
		return "of at most " + text(most)
	}
	return "that fits 64 bits"
}

// Int returns a whole number between least and most. 3.0 and 3e0 are whole.
func (v Value) Int(least, most int64) (int64, error) {
	if err := v.Want(Number); err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(string(v.Raw), 10, 64)
	if err != nil {
		f, ferr := strconv.ParseFloat(string(v.Raw), 64)
		if ferr != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
			return 0, v.Invalid("is %s but must be a whole number%s", Clip(string(v.Raw), 32), bounds(least, most))
		}
		n = int64(f)
	}
	if n < least || n > most {
		return 0, v.Invalid("is %d but must be a whole number%s", n, bounds(least, most))
	}
	return n, nil
}

func bounds(least, most int64) string {
	low, high := least > math.MinInt64, most < math.MaxInt64
	switch {
	case low && high:
		return fmt.Sprintf(" from %d to %d", least, most)
	case low:
		return fmt.Sprintf(" of at least %d", least)
	case high:
		return fmt.Sprintf(" of at most %d", most)
	}
	return " of 64 bits"
}

// JSON returns the value as it stands in the body, without space between its
// tokens.
func (v Value) JSON() json.RawMessage {
	var b bytes.Buffer
	b.Grow(len(v.Raw))
	if json.Compact(&b, v.Raw) != nil { // not reached: Raw is valid
		return json.RawMessage("null")
	}
	return b.Bytes()
}

// Members calls f with each member of an object that is not null, in order. An
// error of f ends the call and is returned.
func (v Value) Members(f func(name string, m Value) error) error {
	if err := v.Want(Object); err != nil {
		return err
	}
	seen := map[string]bool{}
	c := cursor{b: v.Raw, i: 1}
	for c.next('}') {
		quoted := c.value()
		key, err := wire.Unquote(quoted)
		if err != nil {
			return v.Invalid("has a key that is not a valid string")
		}
		name := string(key)
		m := Value{Path: join(v.Path, name)}
		if seen[name] {
			return fault.Param(fault.DuplicateParameter, m.Path, "Duplicate parameter: '%s' stands twice.", m.Path)
		}
		seen[name] = true
		c.colon()
		m.Raw = c.value()
		if m.IsNull() {
			continue
		}
		if err := f(name, m); err != nil {
			return err
		}
	}
	return nil
}

// Elements calls f with each element of an array, in order; nulls are elements.
func (v Value) Elements(f func(i int, e Value) error) error {
	if err := v.Want(Array); err != nil {
		return err
	}
	c := cursor{b: v.Raw, i: 1}
	for i := 0; c.next(']'); i++ {
		if err := f(i, Value{Path: v.Path + "[" + strconv.Itoa(i) + "]", Raw: c.value()}); err != nil {
			return err
		}
	}
	return nil
}

// Texts returns the strings of an array of strings.
func (v Value) Texts() ([]string, error) {
	var out []string
	err := v.Elements(func(_ int, e Value) error {
		s, err := e.Text()
		out = append(out, s)
		return err
	})
	return out, err
}

// Empty tells whether v is null or an array, object or string without content.
func (v Value) Empty() bool {
	switch v.Type() {
	case Null:
		return true
	case String:
		return len(v.Raw) == 2
	case Array, Object:
		return len(bytes.TrimSpace(v.Raw[1:len(v.Raw)-1])) == 0
	case Boolean, Number:
	}
	return false
}
