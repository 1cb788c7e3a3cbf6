package param

import "encoding/json"

// Field is a member that an object may have, and how it is read.
type Field struct {
	Name     string
	Required bool
	Read     func(v Value) error
}

// May returns a field that may be left out.
func May(name string, read func(Value) error) Field { return Field{name, false, read} }

// Need returns a field that must be there.
func Need(name string, read func(Value) error) Field { return Field{name, true, read} }

// Fields reads the members of an object, in the order in which they stand
// there. A member that is none of the fields is given to unknown, and what is
// required but not there is an error.
func (v Value) Fields(unknown func(Value) error, fields ...Field) error {
	seen := make([]bool, len(fields))
	err := v.Members(func(name string, m Value) error {
		for i := range fields {
			if fields[i].Name == name {
				seen[i] = true
				return fields[i].Read(m)
			}
		}
		return unknown(m)
	})
	if err != nil {
		return err
	}
	for i := range fields {
		if fields[i].Required && !seen[i] {
			return v.Missing(fields[i].Name)
		}
	}
	return nil
}

// Text reads a string into to.
func Text(to *string) func(Value) error {
	return func(v Value) (err error) { *to, err = v.Text(); return err }
}

// Filled reads a string that must not be empty into to.
func Filled(to *string) func(Value) error {
	return func(v Value) (err error) {
		if *to, err = v.Text(); err == nil && *to == "" {
			err = v.Invalid("is an empty string")
		}
		return err
	}
}

// OneOf reads a string that must be one of the words into to.
func OneOf(to *string, words ...string) func(Value) error {
	return func(v Value) (err error) { *to, err = v.OneOf(words...); return err }
}

// Bool reads a boolean into to.
func Bool(to *bool) func(Value) error {
	return func(v Value) (err error) { *to, err = v.Bool(); return err }
}

// ObjectJSON reads an object as it stands into to.
func ObjectJSON(to *json.RawMessage) func(Value) error {
	return func(v Value) error {
		err := v.Want(Object)
		*to = v.JSON()
		return err
	}
}

// Keep puts the value itself into to, to be read when more is known.
func Keep(to *Value) func(Value) error {
	return func(v Value) error { *to = v; return nil }
}

// Skip leaves a value out of account, after a look at its type.
func Skip(types ...Type) func(Value) error {
	return func(v Value) error { return v.Want(types...) }
}

// There tells whether a value was there to be kept.
func (v Value) There() bool { return v.Path != "" }
