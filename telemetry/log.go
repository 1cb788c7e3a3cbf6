package telemetry

import (
	"context"
	"io"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gatehouse-ai/gatehouse/record"
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
	opts := &slog.HandlerOptions{Level: level}
	if format == Text || format != JSON && terminal(w) {
		return slog.New(slog.NewTextHandler(w, opts))
	}
	return slog.New(slog.NewJSONHandler(w, opts))
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

// Bounds on what a line shows of texts that others made, in bytes.
const (
	maxText  = 256
	maxError = 1024
)

// Access writes one line for each request.
type Access struct {
	Logger *slog.Logger
}

// Done writes the line of a request that has ended, at the level that goes
// with its failure, or Info if there was none. What is zero is left out.
func (a *Access) Done(r *record.Record) {
	level := slog.LevelInfo
	if r.Fault != nil {
		level = r.Fault.Kind.Row().Level
	}
	ctx := context.Background()
	h := a.Logger.Handler()
	if !h.Enabled(ctx, level) {
		return
	}
	end := r.Start // the clock need not be asked again
	if !end.IsZero() {
		end = end.Add(r.Duration)
	}
	line := slog.NewRecord(end, level, "request", 0)
	var buffer [28]slog.Attr
	line.AddAttrs(appendAttrs(buffer[:0], r)...)
	_ = h.Handle(ctx, line) // there is nobody to tell that the log is broken
}

// appendAttrs appends what a line has of a request.
func appendAttrs(attrs []slog.Attr, r *record.Record) []slog.Attr {
	text := func(key, s string) {
		if s != "" {
			attrs = append(attrs, slog.String(key, clip(s, maxText)))
		}
	}
	number := func(key string, n int64) {
		if n != 0 {
			attrs = append(attrs, slog.Int64(key, n))
		}
	}
	millis := func(key string, d time.Duration) {
		if d != 0 {
			attrs = append(attrs, slog.Float64(key, float64(d.Microseconds())/1000))
		}
	}
	truth := func(key string, b bool) {
		if b {
			attrs = append(attrs, slog.Bool(key, b))
		}
	}
	text("id", r.ID)
	text("client_id", r.ClientID)
	text("method", r.Method)
	text("path", r.Path)
	text("operation", r.Operation)
	text("key", r.Key)
	text("model", r.Model)
	text("route", r.Route)
	text("endpoint", r.Endpoint)
	text("upstream_model", r.Upstream)
	truth("fallback", r.Fallback)
	number("status", int64(r.Status))
	text("outcome", string(r.Outcome))
	if r.Fault != nil {
		text("fault", r.Fault.Kind.String())
		attrs = append(attrs, slog.String("error", clip(mask(clip(r.Fault.Error(), 2*maxError)), maxError)))
	}
	millis("duration_ms", r.Duration)
	millis("first_ms", r.First)
	number("attempts", int64(r.Attempts))
	number("bytes_in", r.BytesIn)
	number("bytes_out", r.BytesOut)
	number("input_tokens", r.Usage.Input)
	number("output_tokens", r.Usage.Output)
	number("cached_tokens", r.Usage.CachedInput)
	truth("stream", r.Stream)
	text("remote", r.Remote)
	if r.Generation != 0 {
		attrs = append(attrs, slog.Uint64("generation", r.Generation))
	}
	return attrs
}

// credential matches what looks like one in a message: an endpoint may repeat
// the key that it refuses.
var credential = regexp.MustCompile(`(?i)\b(bearer|basic)( +)[^\s"',;]{4,}` +
	`|\b(api[-_ ]?key(?: provided)?|access[-_]?token|password)(["']? ?[=:] ?["']?)[^\s"'&,;]{4,}` +
	`|\b(sk|pk|gh)([-_])[a-z0-9_-]{8,}`)

// signs are texts one of which stands in every match of credential. Looking
// for them takes a fraction of the time, and most messages have none.
var signs = []string{
	"bearer ", "basic ", "sk-", "sk_", "pk-", "pk_", "gh-", "gh_", "password", "accesstoken", "access-token", "access_token",
	"key=", "key:", "key =", "key :", "key\"", "key'", "key provided",
}

// mask hides credentials in a message.
func mask(s string) string {
	lower := strings.ToLower(s)
	if !slices.ContainsFunc(signs, func(sign string) bool { return strings.Contains(lower, sign) }) {
		return s
	}
	return credential.ReplaceAllString(s, "$1$2$3$4$5$6***")
}

// clip returns at most the first most bytes of s, with a mark if some are
// missing. It does not cut through a character.
func clip(s string, most int) string {
	const mark = "…"
	if len(s) <= most {
		return s
	}
	end := most - len(mark)
	for back := 1; back < utf8.UTFMax && !utf8.RuneStart(s[end]); back++ { // what is no UTF-8 is cut anywhere
		end--
	}
	return s[:end] + mark
}
