package logline

import (
	"context"
	"log/slog"
	"time"

	"github.com/gatehouse-ai/gatehouse/record"
)

// Bounds on what a line shows of texts that others made, in bytes.
const (
	maxText  = 256
	maxError = 1024
)

// Handle hands the line of a request to one of slog's handlers. The message is
// that of Message.
func Handle(h slog.Handler, r *record.Record, message string) {
	line := slog.NewRecord(End(r), Level(r), "request", 0)
	var buffer [28]slog.Attr
	line.AddAttrs(appendAttrs(buffer[:0], r, message)...)
	_ = h.Handle(context.Background(), line) // it writes to memory
}

// Level returns the level of a request's line: what goes with its failure,
// or Info if there was none.
func Level(r *record.Record) slog.Level {
	if r.Fault != nil {
		return r.Fault.Kind.Row().Level
	}
	return slog.LevelInfo
}

// End returns when a request ended, without asking the clock again.
func End(r *record.Record) time.Time {
	if r.Start.IsZero() {
		return r.Start
	}
	return r.Start.Add(r.Duration)
}

// Message returns what a line shows of a request's failure.
func Message(r *record.Record) string {
	if r.Fault == nil {
		return ""
	}
	return Clip(mask(Clip(r.Fault.Error(), 2*maxError)), maxError)
}

// appendAttrs appends what a line has of a request. What is zero is left out.
// The message is that of the request's fault.
func appendAttrs(attrs []slog.Attr, r *record.Record, message string) []slog.Attr {
	text := func(key, s string) {
		if s != "" {
			attrs = append(attrs, slog.String(key, Clip(s, maxText)))
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
		attrs = append(attrs, slog.String("error", message))
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
