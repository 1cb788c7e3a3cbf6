// Package secret holds values that must never be printed.
//
// A Value shows itself as "***" to fmt, encoding/json, log/slog and YAML; the
// text is to be had by Reveal alone, so a reader can find every place that
// uses one.
package secret
