package telemetry

import (
	"io"
	"log/slog"
	"os"
)

// The formats of logs.
const (
	JSON = "json"
	Text = "text"
	Auto = "auto" // text on a terminal, else JSON
)

// Formats returns the formats of logs, the default first.
func Formats() []string { return []string{Auto, JSON, Text} }

// NewLogger returns a logger that writes lines of at least the given level to
// w. A format that is none of Formats is taken for Auto.
func NewLogger(w io.Writer, format string, level slog.Level) *slog.Logger {
	return slog.New(newHandler(w, resolve(w, format), level))
}

// resolve returns JSON or Text.
func resolve(w io.Writer, format string) string {
	if format == Text || format != JSON && terminal(w) {
		return Text
	}
	return JSON
}

// newHandler returns a handler for JSON or Text, which calls Write once for
// each line.
func newHandler(w io.Writer, format string, level slog.Level) slog.Handler {
	opts := &slog.HandlerOptions{Level: level}
	if format == Text {
		return slog.NewTextHandler(w, opts)
	}
	return slog.NewJSONHandler(w, opts)
}

// terminal tells whether w is one, as far as the file system knows.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
