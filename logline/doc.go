// Package logline makes the line of the log about a request out of its record.
//
// It owns which keys a line has, that texts from outside are cut and credentials
// masked, and two ways to write it: with a handler of log/slog, and as JSON
// without allocating, which gives the same bytes. Where lines go, and when, is
// for package telemetry.
package logline
