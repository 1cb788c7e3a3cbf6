package secret

import (
	"fmt"
	"io"
	"log/slog"
	"unique"
)

const mask = "***"

// Value is a secret text. The zero Value is empty. Values of the same text are
// equal.
//
// The text is behind a handle, since fmt looks through unexported fields when a
// verb does not fit, and then asks no method.
type Value struct{ text unique.Handle[string] }

// New returns text as a secret.
func New(text string) Value {
	if text == "" {
		return Value{}
	}
	return Value{unique.Make(text)}
}

// Reveal returns the text. It belongs where the secret is used: in a header
// that is being written, in a hash that is being taken.
func (v Value) Reveal() string {
	if v.IsZero() {
		return ""
	}
	return v.text.Value()
}

// IsZero tells whether there is no secret.
func (v Value) IsZero() bool { return v == Value{} }

// Equal tells whether two secrets are the same, for those who compare values.
func (v Value) Equal(w Value) bool { return v == w }

// String masks the text.
func (v Value) String() string {
	if v.IsZero() {
		return ""
	}
	return mask
}

// Format masks the text whatever the verb, those included that fmt would
// apply to the fields of a struct.
func (v Value) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, v.String()) }

// MarshalText masks the text for every encoder.
func (v Value) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// LogValue masks the text for log/slog.
func (v Value) LogValue() slog.Value { return slog.StringValue(v.String()) }
