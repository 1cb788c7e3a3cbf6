package secret

import (
	"fmt"
	"io"
	"log/slog"
)

const mask = "***"

// Value is a secret text. The zero Value is empty.
type Value struct{ text string }

// New returns text as a secret.
func New(text string) Value { return Value{text} }

// Reveal returns the text. It belongs where the secret is used: in a header
// that is being written, in a hash that is being taken.
func (v Value) Reveal() string { return v.text }

// IsZero tells whether there is no secret.
func (v Value) IsZero() bool { return v.text == "" }

// String masks the text.
func (v Value) String() string {
	if v.text == "" {
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
